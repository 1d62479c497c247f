//! One threat: what, why judged so, where else, the events; and the analyst's decision.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use base::{EventId, Id, Observable, Period, Right, Threat as ThreatKind, Timestamp, japan};
use watch::detect::Detection;
use watch::judge::{Reason, Verdict};
use watch::lake::StoredEvent;
use watch::threat::{Decision, Page, Ruling, Threat};

use crate::App;
use crate::chart::Chart;
use crate::chart::hour_bars::{self, Bar, HourBars};
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::{Link, ObservableRow, ThreatRow, search_href};
use crate::page::record::{Record, near};
use crate::query::href;
use crate::visible::{Foreign, neutral_short};
use crate::visit::{Visit, render, verdict_word};
use crate::when;
use crate::words::count;

/// Detections looked at for the chart.
pub(crate) const DETECTIONS_MAX: u32 = 500;
/// Events shown with their raw text.
const EVENTS_MAX: usize = 8;
/// Observables in the table.
const OBSERVABLES_MAX: usize = 20;
/// Organisations in the table of who else.
const ELSEWHERE_MAX: usize = 40;
/// Decisions in the list of earlier ones.
const EARLIER_MAX: usize = 20;
/// Characters of the reason for a decision.
pub(crate) const REASON_CHARACTERS_MAX: usize = 2_000;
/// Bars of the chart.
const BARS: i64 = 48;

#[derive(Template)]
#[template(path = "threat.html")]
struct ThreatPage {
    frame: Frame,
    threat: ThreatRow,
    actor_href: String,
    target_href: String,
    period: String,
    detections: String,
    rule_id: Foreign,
    rule_href: String,
    techniques: Vec<Foreign>,
    campaigns: Vec<Link>,
    judged: String,
    reasons: Vec<ReasonRow>,
    bars_title: String,
    bars: Chart,
    decided: String,
    decided_reason: Foreign,
    decide_href: String,
    may_decide: bool,
    may_read: bool,
    earlier: Vec<DecisionRow>,
    elsewhere: Vec<ElsewhereRow>,
    observables: Vec<ObservableRow>,
    observables_left: String,
    events_title: String,
    events_missing: String,
    records: Vec<Record>,
}

struct ReasonRow {
    sign: &'static str,
    points: String,
    angle: String,
    sentence: String,
}

struct DecisionRow {
    verdict: &'static str,
    verdict_name: String,
    at: String,
    by: Foreign,
    reason: Foreign,
}

struct ElsewhereRow {
    name: String,
    href: String,
    shared: Foreign,
    threats: String,
    last: crate::markup::Markup,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: Id<ThreatKind> = id.parse().map_err(|_| Failure::not_found())?;
    let found = watch::threat::page(&app.state.store, visit.scope(), id, DETECTIONS_MAX).await?;
    let events = events(&app, &visit, &found).await?;
    render(&page(&visit, &found, &events))
}

/// The newest events of a threat; one that the lake does not have is left out.
async fn events(app: &Arc<App>, visit: &Visit, found: &Page) -> Result<Vec<StoredEvent>, Failure> {
    let ids: Vec<EventId> = found.events.iter().take(EVENTS_MAX).copied().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let shown = found.detections.iter().flat_map(times_of).filter(|(event, _)| ids.contains(event));
    let shown = shown.map(|(_, at)| at);
    let period = Period {
        start: near(shown.clone().min().unwrap_or(found.threat.first_at)).start,
        end: near(shown.max().unwrap_or(found.threat.last_at)).end,
    };
    let (lake, scope) = (app.state.lake.clone(), visit.scope().clone());
    let mut events = tokio::task::spawn_blocking(move || lake.events(&scope, &ids, period)).await??;
    events.sort_by_key(|event| std::cmp::Reverse((event.time, event.id)));
    Ok(events)
}

/// The events of a detection, and when they happened.
fn times_of(detection: &Detection) -> impl Iterator<Item = (EventId, base::Timestamp)> + Clone {
    let counted = detection.contributing.iter().map(|one| (one.event, one.at));
    std::iter::once((detection.event, detection.time)).chain(counted)
}

fn page(visit: &Visit, found: &Page, events: &[StoredEvent]) -> ThreatPage {
    let (words, threat) = (visit.words, &found.threat);
    let marks: Vec<&str> =
        found.observables.iter().map(|(observable, _)| observable.value.as_str()).collect();
    let record = |event: &StoredEvent| {
        let own = found.detections.iter().filter(|one| times_of(one).any(|(id, _)| id == event.id));
        let own: Vec<&Detection> = own.collect();
        Record::new(visit, event, &marks, &own)
    };
    let wanted = found.events.len().min(EVENTS_MAX);
    let missing = wanted.saturating_sub(events.len()) as u64;
    let decided = threat.decision.as_ref();
    let shown = found.detections.len() as u64;
    let counts = found.detections.iter().any(|detection| !detection.contributing.is_empty());
    ThreatPage {
        frame: visit.frame("/threats", format!("{} {}", threat.number, neutral_short(&threat.title, 80))),
        may_decide: visit.scope().covers(Right::Decide, Some(threat.organisation)),
        may_read: visit.scope().covers(Right::ReadEvents, Some(threat.organisation)),
        actor_href: text_href(&threat.actor),
        target_href: text_href(&threat.target),
        period: words.with(
            "threat-period-text",
            &[
                ("first", when::full(visit.language(), threat.first_at).into()),
                ("last", when::full(visit.language(), threat.last_at).into()),
                ("duration", when::duration(visit.language(), threat.first_at, threat.last_at).into()),
            ],
        ),
        detections: count(threat.detections),
        rule_id: threat.rule_id.as_str().into(),
        rule_href: href("/threats", &[("rule", &threat.rule_id), ("period", "all")]),
        techniques: threat.techniques.iter().map(|technique| technique.as_str().into()).collect(),
        campaigns: threat
            .campaigns
            .iter()
            .map(|id| Link { name: id.to_string(), href: format!("/campaigns/{id}") })
            .collect(),
        judged: judged(visit, threat),
        reasons: threat.reasons.iter().map(|reason| reason_row(visit, reason)).collect(),
        bars_title: if shown < threat.detections {
            words.with("threat-timeline-shown", &[("n", shown.into())])
        } else {
            words.get("threat-timeline")
        },
        bars: bars(visit, found),
        decided: decided.map(|decision| decided_text(visit, decision)).unwrap_or_default(),
        decided_reason: decided.map(|decision| decision.reason.as_str().into()).unwrap_or_default(),
        decide_href: format!("/threats/{}/decision", threat.id),
        earlier: found
            .earlier_decisions
            .iter()
            .take(EARLIER_MAX)
            .map(|one| decision_row(visit, one))
            .collect(),
        elsewhere: elsewhere(visit, found),
        observables_left: match found.observables.len().saturating_sub(OBSERVABLES_MAX) as u64 {
            0 => String::new(),
            left => words.with("and-more", &[("n", left.into())]),
        },
        observables: found
            .observables
            .iter()
            .take(OBSERVABLES_MAX)
            .map(|(observable, times)| ObservableRow::new(visit, observable, *times))
            .collect(),
        events_title: words.with(
            if counts { "threat-events-counted" } else { "threat-events" },
            &[("n", (events.len() as u64).into()), ("all", threat.detections.into())],
        ),
        events_missing: if missing > 0 {
            words.with("threat-events-missing", &[("n", missing.into())])
        } else {
            String::new()
        },
        records: events.iter().map(record).collect(),
        threat: ThreatRow::new(visit, threat),
    }
}

/// The search for an actor or a target: by address when it is one, as text otherwise.
fn text_href(text: &str) -> String {
    if text.parse::<std::net::IpAddr>().is_ok() {
        let observable = Observable { kind: base::ObservableKind::Address, value: text.to_owned() };
        return search_href(&observable);
    }
    href(
        "/search",
        &[("q", &format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))), ("period", "all")],
    )
}

fn judged(visit: &Visit, threat: &Threat) -> String {
    let key = if threat.decision.is_some() { "judged-analyst" } else { "judged-machine" };
    let verdict = visit.verdict_name(threat.verdict);
    visit.words.with(key, &[("verdict", verdict.into()), ("score", threat.score.into())])
}

fn reason_row(visit: &Visit, reason: &Reason) -> ReasonRow {
    ReasonRow {
        sign: match reason.weight {
            0 => "",
            1.. => "plus",
            _ => "minus",
        },
        points: format!("{:+}", reason.weight),
        angle: crate::reason::angle(visit, reason),
        sentence: crate::reason::sentence(visit, reason),
    }
}

fn decided_text(visit: &Visit, decision: &Decision) -> String {
    visit.words.with(
        "decide-done",
        &[
            ("at", when::full(visit.language(), decision.at).into()),
            ("by", neutral_short(&decision.by, 80).into()),
            ("verdict", visit.verdict_name(decision.verdict).into()),
        ],
    )
}

fn decision_row(visit: &Visit, decision: &Decision) -> DecisionRow {
    DecisionRow {
        verdict: verdict_word(decision.verdict),
        verdict_name: visit.verdict_name(decision.verdict),
        at: when::short(visit.language(), decision.at),
        by: decision.by.as_str().into(),
        reason: decision.reason.as_str().into(),
    }
}

fn elsewhere(visit: &Visit, found: &Page) -> Vec<ElsewhereRow> {
    let row = |one: &watch::threat::Elsewhere| {
        let organisation = visit.organisation(one.organisation);
        let shared = match &one.observable {
            Some(observable) => observable.value.clone(),
            None => visit.words.get("elsewhere-rule"),
        };
        ElsewhereRow {
            name: organisation.name,
            href: href(
                "/threats",
                &[
                    ("organisation", &one.organisation.to_string()),
                    ("rule", if one.observable.is_none() { &found.threat.rule_id } else { "" }),
                    ("period", "all"),
                ],
            ),
            shared: Foreign(shared),
            threats: count(one.threats),
            last: visit.time(one.last_at),
        }
    };
    found.elsewhere.iter().take(ELSEWHERE_MAX).map(row).collect()
}

/// Detections over the time of the threat, in steps that a person would choose.
fn bars(visit: &Visit, found: &Page) -> Chart {
    const STEPS_S: [i64; 9] = [1, 5, 15, 60, 300, 900, 3_600, 10_800, 86_400];
    let seconds = |time: Timestamp| time.as_second();
    let times = || found.detections.iter().map(|detection| seconds(detection.time));
    let (first, last) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
    let step =
        STEPS_S.into_iter().find(|step| (last - first) / step < BARS).unwrap_or((last - first) / BARS + 1);
    // Steps begin on the clock of Japan, nine hours from UTC: three-hour steps and days would be off otherwise.
    let slot = |second: i64| (second + 32_400).div_euclid(step);
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for second in times() {
        *counts.entry(slot(second)).or_default() += 1;
    }
    let (low, high) = (slot(first) - 1, slot(last) + 1);
    let every = ((high - low + 1) / 8).max(1);
    let bar = |at: i64| {
        let time = Timestamp::from_second(at * step - 32_400).unwrap_or(Timestamp::MIN);
        Bar {
            label: if (at - low) % every == 0 { axis_label(step, time) } else { String::new() },
            label_full: format!("{} {}", when::short(visit.language(), time), when::clock(time)),
            value: counts.get(&at).copied().unwrap_or(0),
        }
    };
    let bars = if counts.is_empty() { Vec::new() } else { (low..=high).map(bar).collect() };
    let words = ["threat-timeline", "column-time", "column-detections"].map(|key| visit.words.get(key));
    let [title, hour_heading, value_heading] = words.each_ref().map(String::as_str);
    hour_bars::draw(&HourBars { title, hour_heading, value_heading, bars })
}

fn axis_label(step: i64, time: Timestamp) -> String {
    let at = japan(time);
    match step {
        86_400.. => format!("{}/{}", at.month(), at.day()),
        60.. => format!("{:02}:{:02}", at.hour(), at.minute()),
        _ => when::clock(time),
    }
}

/// What the form sends.
#[derive(serde::Deserialize)]
pub(crate) struct Decided {
    verdict: String,
    #[serde(default)]
    reason: String,
}

pub(crate) async fn decide(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(decided): Form<Decided>,
) -> Result<Response, Failure> {
    let id: Id<ThreatKind> = id.parse().map_err(|_| Failure::not_found())?;
    let verdict = match decided.verdict.as_str() {
        "threat" => Verdict::Threat,
        "normal" => Verdict::Normal,
        other => return Err(Failure::invalid("error-value", other)),
    };
    let reason: String = decided.reason.trim().chars().take(REASON_CHARACTERS_MAX).collect();
    let ruling = Ruling { verdict, reason, at: visit.now };
    let mut tx = app.state.store.write().await?;
    watch::threat::decide(&mut tx, visit.actor()?, id, &ruling, &app.state.policy).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/threats/{id}")).into_response())
}
