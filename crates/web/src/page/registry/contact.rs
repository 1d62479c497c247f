//! Contacts that are to confirm, and the link with which they do.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use registry::contact;

use super::place::standing_text;
use super::shown;
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::Link;
use crate::query::href;
use crate::visible::Foreign;
use crate::visit::{Visit, render};
use crate::when;
use crate::words::count;

/// Lines of the page.
pub(crate) const ROWS_MAX: u32 = 100;

#[derive(Template)]
#[template(path = "registry/contacts.html")]
struct OverduePage {
    frame: Frame,
    total: String,
    rows: Vec<Row>,
}

struct Row {
    organisation: Link,
    name: Foreign,
    href: String,
    standing: String,
    asked: String,
    bounces: String,
    ask_href: String,
}

pub(crate) async fn overdue(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let (found, total) = contact::overdue(&app.state.store, visit.scope(), visit.now, ROWS_MAX).await?;
    let rows = found.iter().map(|(record, known)| {
        let place = format!("/registry/of/{}", record.organisation);
        let may_ask = super::place::may_write(&visit, record.organisation);
        Row {
            organisation: Link { name: visit.organisation_name(record.organisation), href: place.clone() },
            name: Foreign(shown::name(&visit, record.value("name_ja"), record.value("name_en"))),
            href: if may_ask {
                href(&format!("{place}/contact"), &[("key", &record.key)])
            } else {
                String::new()
            },
            standing: standing_text(&visit, known),
            asked: known.asked_at.map(|at| when::short(visit.language(), at)).unwrap_or_default(),
            bounces: count(known.bounces),
            ask_href: if may_ask { format!("/registry/contacts/{}/ask", record.id()) } else { String::new() },
        }
    });
    render(&OverduePage {
        frame: visit.frame("/registry", visit.words.get("registry-contacts-title")),
        total: visit.words.with("registry-overdue-count", &[("n", total.into())]),
        rows: rows.collect(),
    })
}

#[derive(Template)]
#[template(path = "registry/message.html")]
struct MessagePage {
    frame: Frame,
    sentence: String,
    code: String,
    /// The secret that a button sends; empty when there is no button.
    token: String,
}

/// Makes the link and shows it once.
pub(crate) async fn ask(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    let asked = contact::ask(&app.state.store, visit.actor()?, id, visit.now).await?;
    let ends = when::full(visit.language(), asked.ends_at);
    render(&MessagePage {
        frame: visit.frame("/registry", visit.words.get("registry-ask-title")),
        sentence: visit.words.with("registry-ask-done", &[("ends", ends.into())]),
        code: format!("{}/contacts/confirm?token={}", visit.origin, asked.token),
        token: String::new(),
    })
}

/// Notes that a mail came back.
pub(crate) async fn bounced(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    let record = contact::came_back(&app.state.store, visit.actor()?, id, visit.now).await?;
    Ok(Redirect::to(&format!("/registry/of/{}?tab=contact", record.organisation)).into_response())
}

/// The page behind the link. Only the button uses it up: programs that look into mails follow links.
pub(crate) async fn asked(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let token = visit.query.text("token");
    let record = contact::by_link(&app.state.store, token, visit.now).await?;
    let name = shown::name(&visit, record.value("name_ja"), record.value("name_en"));
    render(&MessagePage {
        frame: visit.frame("", visit.words.get("registry-confirm-title")),
        sentence: visit
            .words
            .with("registry-confirm-ask", &[("name", crate::visible::neutral_short(&name, 80).into())]),
        code: record.value("channels").replace("; ", "\n"),
        token: token.to_owned(),
    })
}

/// What the button sends.
#[derive(serde::Deserialize)]
pub(crate) struct Confirmed {
    token: String,
}

pub(crate) async fn confirm(
    State(app): State<Arc<App>>,
    visit: Visit,
    Form(confirmed): Form<Confirmed>,
) -> Result<Response, Failure> {
    contact::confirm(&app.state.store, &confirmed.token, visit.now).await?;
    render(&MessagePage {
        frame: visit.frame("", visit.words.get("registry-confirm-title")),
        sentence: visit.words.get("registry-confirm-done"),
        code: String::new(),
        token: String::new(),
    })
}
