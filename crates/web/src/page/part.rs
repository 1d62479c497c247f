//! What several pages show: links, facts, choices, lines of threats and campaigns.

use axum::http::HeaderName;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use base::{Observable, Right, Severity};
use watch::campaign::Campaign;
use watch::judge::Verdict;
use watch::threat::Threat;

use crate::markup::{Markup, escaped};
use crate::query::{PERIODS, href};
use crate::visible::{Foreign, neutral_short};
use crate::visit::{Visit, verdict_word};
use crate::words::count;

/// Members of a campaign named in a list; the rest is a number.
const MEMBERS_SHOWN_MAX: usize = 6;
/// Organisations offered in a list of choices.
pub(crate) const CHOICES_MAX: usize = 500;

/// The headers of a file that holds what others wrote: it is kept and never shown or run under our name.
pub(crate) fn to_keep(kind: &str, name: &str) -> [(HeaderName, String); 3] {
    [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ]
}

/// A name that leads somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    /// What it says.
    pub name: String,
    /// Where it leads; empty when nowhere.
    pub href: String,
}

impl Link {
    /// The name, leading where it leads.
    pub(crate) fn element(&self) -> Markup {
        let name = escaped(&self.name);
        Markup::trusted(match self.href.as_str() {
            "" => name,
            href => format!("<a href=\"{}\">{name}</a>", escaped(href)),
        })
    }
}

/// A name and its value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fact {
    /// Of what.
    pub name: String,
    /// How much, or which.
    pub value: Foreign,
    /// Where a click leads; empty when nowhere.
    pub href: String,
}

/// A list of choices in a form.
pub(crate) struct Select {
    /// Its name in the URL.
    pub name: &'static str,
    /// What it asks.
    pub label: String,
    /// What may be answered.
    pub options: Vec<Choice>,
}

/// One answer.
pub(crate) struct Choice {
    /// In the URL.
    pub value: String,
    /// On the page.
    pub label: String,
    /// Whether it is the answer now.
    pub chosen: bool,
}

impl Select {
    /// Choices whose labels are sentences `prefix-value`, after one for no choice.
    fn of(
        visit: &Visit,
        name: &'static str,
        label: &str,
        none: Option<&str>,
        values: &[(&str, String)],
    ) -> Self {
        let asked = visit.query.text(name);
        let choice = |value: &str, key: &str| Choice {
            value: value.to_owned(),
            label: visit.words.get(key),
            chosen: value == asked,
        };
        let none = none.map(|key| choice("", key));
        let options = none.into_iter().chain(values.iter().map(|(value, key)| choice(value, key))).collect();
        Self { name, label: visit.words.get(label), options }
    }

    /// How far back; `default` is chosen when the URL does not say.
    pub(crate) fn period(visit: &Visit, default: &str) -> Self {
        let asked = visit.query.get("period").unwrap_or(default);
        let choice = |(word, _): (&str, i64)| Choice {
            value: word.to_owned(),
            label: visit.words.get(&format!("period-{word}")),
            chosen: word == asked,
        };
        let label = visit.words.get("filter-period");
        Self { name: "period", label, options: PERIODS.map(choice).into() }
    }

    /// Which organisation, among those whose threats the reader may see.
    pub(crate) fn organisation(visit: &Visit) -> Self {
        Self::organisation_with(visit, Right::ReadWatch)
    }

    /// Which organisation, among those that a right of the reader reaches.
    pub(crate) fn organisation_with(visit: &Visit, right: Right) -> Self {
        let asked = visit.query.text("organisation");
        let everybody = Choice {
            value: String::new(),
            label: visit.words.get("filter-organisation-all"),
            chosen: asked.is_empty(),
        };
        let seen =
            visit.registry.organisations().iter().filter(|one| visit.scope().covers(right, Some(one.id)));
        let choices = seen.take(CHOICES_MAX).map(|one| {
            let value = one.id.to_string();
            let chosen = value == asked;
            Choice { value, label: visit.organisation_name(one.id), chosen }
        });
        let options = std::iter::once(everybody).chain(choices).collect();
        Self { name: "organisation", label: visit.words.get("filter-organisation"), options }
    }

    /// At which level or above.
    pub(crate) fn level(visit: &Visit) -> Self {
        let levels = Severity::ALL.map(|level| (level.word(), format!("level-{}-up", level.word())));
        Self::of(
            visit,
            "level",
            "filter-level",
            Some("filter-level-all"),
            levels.get(1..).unwrap_or_default(),
        )
    }

    /// With which verdict.
    pub(crate) fn verdict(visit: &Visit) -> Self {
        let words = ["threat", "normal", "all"].map(|word| (word, format!("verdict-{word}")));
        Self::of(visit, "verdict", "filter-verdict", None, &words)
    }
}

/// One line of a list of threats.
pub(crate) struct ThreatRow {
    /// Its id.
    pub key: String,
    /// Its page.
    pub href: String,
    /// Its number for people.
    pub number: String,
    /// The word of its level.
    pub level: &'static str,
    /// The same for readers.
    pub level_name: String,
    /// The same for putting lines in order.
    pub level_value: u8,
    /// What it is.
    pub title: Markup,
    /// Whose it is.
    pub organisation: Link,
    /// Who did it.
    pub actor: Foreign,
    /// Whom it was done to.
    pub target: Foreign,
    /// Both, in a few words.
    pub parties: String,
    /// How many detections.
    pub detections: String,
    /// The same in a few words.
    pub detections_short: String,
    /// When last.
    pub last: Markup,
    /// The same in seconds.
    pub last_value: i64,
    /// When last, without the day when it is today's.
    pub last_clock: Markup,
    /// How much weight.
    pub score: u32,
    /// The word of the verdict.
    pub verdict: &'static str,
    /// The same for readers.
    pub verdict_name: String,
    /// Whether it belongs to a campaign.
    pub in_campaign: bool,
    /// What to say aloud when it is new and critical; empty otherwise.
    pub announce: String,
}

impl ThreatRow {
    /// How a threat is shown to this reader.
    pub(crate) fn new(visit: &Visit, threat: &Threat) -> Self {
        let organisation = visit.organisation(threat.organisation);
        let critical = threat.level == Severity::Critical && threat.verdict == Verdict::Threat;
        let title = Foreign::from(threat.title.as_str());
        Self {
            key: threat.id.to_string(),
            href: format!("/threats/{}", threat.id),
            number: threat.number.clone(),
            level: threat.level.word(),
            level_name: visit.level_name(threat.level),
            level_value: threat.level as u8,
            announce: if critical {
                visit.words.with(
                    "announce-threat",
                    &[
                        ("title", neutral_short(&threat.title, 80).into()),
                        ("organisation", organisation.name.as_str().into()),
                    ],
                )
            } else {
                String::new()
            },
            title: title.short(),
            organisation,
            actor: party(visit, &threat.actor),
            target: party(visit, &threat.target),
            parties: parties(visit, threat),
            detections: count(threat.detections),
            detections_short: visit.words.with("count-detections", &[("n", threat.detections.into())]),
            last: visit.time(threat.last_at),
            last_value: threat.last_at.as_second(),
            last_clock: crate::when::element_near(visit.language(), threat.last_at, visit.now),
            score: threat.score,
            verdict: verdict_word(threat.verdict),
            verdict_name: visit.verdict_name(threat.verdict),
            in_campaign: !threat.campaigns.is_empty(),
        }
    }
}

/// An actor or a target; a group of many says so.
fn party(visit: &Visit, text: &str) -> Foreign {
    if text == watch::group::MANY { Foreign(visit.words.get("many-values")) } else { text.into() }
}

/// `192.0.2.1 → 198.51.100.2`; one of them when only one is known.
fn parties(visit: &Visit, threat: &Threat) -> String {
    let short = |text: &str| neutral_short(&party(visit, text).0, 48);
    let (actor, target) = (short(&threat.actor), short(&threat.target));
    match (actor.is_empty(), target.is_empty()) {
        (false, false) => format!("{actor} → {target}"),
        _ => actor + &target,
    }
}

/// One line of a list of campaigns.
pub(crate) struct CampaignRow {
    /// Its id.
    pub key: String,
    /// Its page.
    pub href: String,
    /// Its number for people.
    pub number: String,
    /// The word of its level.
    pub level: &'static str,
    /// The same for readers.
    pub level_name: String,
    /// The same for putting lines in order.
    pub level_value: u8,
    /// What kind of value was seen.
    pub kind_name: String,
    /// The value.
    pub value: Markup,
    /// Who was hit, in order.
    pub members: Vec<Link>,
    /// How many more; empty when all are named.
    pub others: String,
    /// How many in all.
    pub organisations: String,
    /// When first.
    pub first: Markup,
    /// The same in seconds.
    pub first_value: i64,
    /// When last.
    pub last: Markup,
    /// The same in seconds.
    pub last_value: i64,
    /// Organisations and time in one sentence.
    pub moving: String,
}

impl CampaignRow {
    /// How a campaign is shown to this reader.
    pub(crate) fn new(visit: &Visit, campaign: &Campaign) -> Self {
        Self::with_members(visit, campaign, MEMBERS_SHOWN_MAX)
    }

    /// The same, with at most so many members named.
    pub(crate) fn with_members(visit: &Visit, campaign: &Campaign, members_max: usize) -> Self {
        let shown = campaign.members.len().min(members_max) as u64;
        let others = campaign.organisations_total.saturating_sub(shown);
        Self {
            key: campaign.id.to_string(),
            href: format!("/campaigns/{}", campaign.id),
            number: campaign.number.clone(),
            level: campaign.level.word(),
            level_name: visit.level_name(campaign.level),
            level_value: campaign.level as u8,
            kind_name: visit.kind_name(campaign.observable.kind),
            value: Foreign::from(campaign.observable.value.as_str()).short(),
            members: campaign
                .members
                .iter()
                .take(members_max)
                .map(|member| visit.organisation(member.organisation))
                .collect(),
            others: if others > 0 {
                visit.words.with("campaign-others", &[("n", others.into())])
            } else {
                String::new()
            },
            organisations: count(campaign.organisations_total),
            first: visit.time(campaign.first_at),
            first_value: campaign.first_at.as_second(),
            last: visit.time(campaign.last_at),
            last_value: campaign.last_at.as_second(),
            moving: visit.words.with(
                "campaign-moving",
                &[
                    ("n", campaign.organisations_total.into()),
                    ("last", crate::when::short(visit.language(), campaign.last_at).into()),
                ],
            ),
        }
    }
}

/// One observable, leading to the events that contain it.
pub(crate) struct ObservableRow {
    /// What kind of value.
    pub kind_name: String,
    /// The value.
    pub value: Foreign,
    /// The events that contain it.
    pub href: String,
    /// How often, where that is known.
    pub times: String,
}

impl ObservableRow {
    /// How an observable is shown to this reader.
    pub(crate) fn new(visit: &Visit, observable: &Observable, times: u64) -> Self {
        Self {
            kind_name: visit.kind_name(observable.kind),
            value: Foreign::from(observable.value.as_str()),
            href: search_href(observable),
            times: count(times),
        }
    }
}

/// The search for an observable over all time.
pub(crate) fn search_href(observable: &Observable) -> String {
    let asked = crate::page::search::written(observable);
    href("/search", &[("q", &asked), ("period", "all")])
}
