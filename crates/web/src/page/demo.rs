//! The way into a demonstration: as anybody, without a proof, from this machine only.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use base::Role;

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::Link;
use crate::session;
use crate::visit::{Visit, render};

#[derive(Template)]
#[template(path = "demo.html")]
struct DemoPage {
    frame: Frame,
    guests: Vec<GuestRow>,
}

struct GuestRow {
    link: Link,
    organisation: String,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let demo = app.state.demo.as_ref().ok_or_else(Failure::not_found)?;
    let row = |guest: &crate::Guest| GuestRow {
        link: Link {
            name: visit.words.get(&format!("role-{}", guest.role)),
            href: format!("/demo/as/{}", guest.role),
        },
        organisation: match guest.organisation {
            Some(organisation) => visit.organisation_name(organisation),
            None => visit.words.get("demo-centre"),
        },
    };
    let guests = demo.guests.iter().map(row).collect();
    render(&DemoPage { frame: visit.frame("", visit.words.get("demo-title")), guests })
}

pub(crate) async fn enter(
    State(app): State<Arc<App>>,
    Path(role): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    // Only for whoever is at this machine: a demonstration never has a public name, and `guard` has looked at the
    // name that was asked for.
    let demo =
        app.state.demo.as_ref().filter(|_| !app.state.site.is_https()).ok_or_else(Failure::not_found)?;
    let role: Role = role.parse().map_err(|_| Failure::not_found())?;
    let guest = demo.guests.iter().find(|guest| guest.role == role).ok_or_else(Failure::not_found)?;
    let (parts, _) = request.into_parts();
    let client = session::client(&app, &parts, None);
    if !client.address.is_loopback() {
        return Err(Failure::not_found());
    }
    let now = (app.state.clock)();
    let secret =
        access::session::open_by_house(&app.state.access, &demo.house, guest.account, &client, now).await?;
    let mut response = Redirect::to("/").into_response();
    session::keep(&app, &mut response, &secret);
    Ok(response)
}
