//! The list of campaigns.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use watch::campaign::{Filter, List};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::CampaignRow;
use crate::visit::{Visit, render};

/// Campaigns on one page.
pub(crate) const CAMPAIGNS_MAX: u32 = 50;

#[derive(Template)]
#[template(path = "campaigns.html")]
struct CampaignsPage {
    frame: Frame,
    campaigns: Vec<CampaignRow>,
    first_page: bool,
    next_href: String,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let after = visit.query.parsed("after")?;
    let everything = Filter::default();
    let list =
        watch::campaign::list(&app.state.store, visit.scope(), &everything, CAMPAIGNS_MAX, after).await?;
    render(&page(&visit, &list))
}

fn page(visit: &Visit, list: &List) -> CampaignsPage {
    CampaignsPage {
        frame: visit.frame("/campaigns", visit.words.get("campaigns-title")),
        campaigns: list.campaigns.iter().map(|campaign| CampaignRow::new(visit, campaign)).collect(),
        first_page: visit.query.get("after").is_none(),
        next_href: list
            .next
            .map(|after| visit.query.href("/campaigns", &[("after", &after.to_string())]))
            .unwrap_or_default(),
    }
}
