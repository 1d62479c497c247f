//! One campaign: who was hit, and when.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use base::{Right, Tlp};
use watch::campaign::{Member, Page, Sharing};

use crate::App;
use crate::chart::Chart;
use crate::chart::timeline::{self, Line, Timeline};
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::{CampaignRow, ThreatRow, search_href};
use crate::page::threat::REASON_CHARACTERS_MAX;
use crate::visible::neutral_short;
use crate::visit::{Visit, render};
use crate::when;

/// Threats on the page.
pub(crate) const THREATS_MAX: u32 = 50;
/// Lines of the chart.
const LINES_MAX: usize = 60;

#[derive(Template)]
#[template(path = "campaign.html")]
struct CampaignPage {
    frame: Frame,
    campaign: CampaignRow,
    summary: String,
    others: String,
    timeline: Chart,
    search_href: String,
    threats: Vec<ThreatRow>,
    shared: String,
    /// What it may be shared as, and whether it is; empty for whoever may not change it.
    labels: Vec<(&'static str, bool)>,
    share_href: String,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    let found = watch::campaign::page(&app.state.store, visit.scope(), id, THREATS_MAX).await?;
    render(&page(&visit, &found))
}

fn page(visit: &Visit, found: &Page) -> CampaignPage {
    let (words, campaign) = (visit.words, &found.campaign);
    let value = neutral_short(&campaign.observable.value, 80);
    let time = |at| when::short(visit.language(), at);
    let mut facts = vec![
        ("kind", visit.kind_name(campaign.observable.kind).into()),
        ("value", value.as_str().into()),
        ("first", time(campaign.first_at).into()),
        ("n", campaign.organisations_total.into()),
    ];
    let key = match campaign.raised_at {
        Some(raised_at) => {
            facts.push(("raised", time(raised_at).into()));
            "campaign-summary"
        }
        None => "campaign-summary-own",
    };
    let summary = words.with(key, &facts);
    CampaignPage {
        frame: visit.frame("/campaigns", format!("{} {value}", campaign.number)),
        campaign: CampaignRow::new(visit, campaign),
        summary,
        others: match campaign
            .organisations_total
            .saturating_sub(campaign.members.len().min(LINES_MAX) as u64)
        {
            0 => String::new(),
            others => words.with("campaign-others", &[("n", others.into())]),
        },
        timeline: chart(visit, found),
        search_href: search_href(&campaign.observable),
        threats: found
            .threats
            .iter()
            .take(THREATS_MAX as usize)
            .map(|one| ThreatRow::new(visit, one))
            .collect(),
        shared: words.with("share-now", &[("tlp", campaign.tlp.label().into())]),
        labels: match visit.scope().everywhere(Right::Share) {
            true => Tlp::ALL.map(|tlp| (tlp.label(), tlp == campaign.tlp)).into(),
            false => Vec::new(),
        },
        share_href: format!("/campaigns/{}/sharing", campaign.id),
    }
}

/// What the form sends.
#[derive(serde::Deserialize)]
pub(crate) struct Shared {
    tlp: String,
    #[serde(default)]
    reason: String,
}

pub(crate) async fn share(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(shared): Form<Shared>,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    let tlp = shared.tlp.parse().map_err(|_| Failure::invalid("error-value", &shared.tlp))?;
    let reason = shared.reason.trim().chars().take(REASON_CHARACTERS_MAX).collect();
    let sharing = Sharing { tlp, reason, at: visit.now };
    let mut tx = app.state.store.write().await?;
    watch::campaign::share(&mut tx, visit.actor()?, id, &sharing).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/campaigns/{id}")).into_response())
}

fn chart(visit: &Visit, found: &Page) -> Chart {
    let words = visit.words;
    let headings =
        ["column-organisation", "column-first", "column-last", "column-detections"].map(|key| words.get(key));
    let title = words.get("campaign-who");
    timeline::draw(&Timeline {
        title: &title,
        headings: headings.each_ref().map(String::as_str),
        language: visit.language(),
        lines: found
            .campaign
            .members
            .iter()
            .take(LINES_MAX)
            .map(|member| line(visit, found, member))
            .collect(),
    })
}

fn line(visit: &Visit, found: &Page, member: &Member) -> Line {
    let organisation = visit.organisation(member.organisation);
    let own = found.threats.iter().filter(|threat| threat.organisation == member.organisation);
    Line {
        label: organisation.name,
        href: organisation.href,
        start: member.first_at,
        end: member.last_at,
        moments: own.map(|threat| threat.first_at).filter(|at| *at >= member.first_at).collect(),
        count: member.detections,
    }
}
