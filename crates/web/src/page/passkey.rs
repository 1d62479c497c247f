//! Passkeys: signing in with one, and keeping one's own.

use std::sync::Arc;

use access::passkey::{self, Party};
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use crate::App;
use crate::error::Failure;
use crate::page::own_account::{back, person};
use crate::page::sign_in::{device, enter, page, problem};
use crate::session;
use crate::visit::{Visit, render};

#[derive(serde::Deserialize)]
pub(crate) struct Used {
    credential: String,
    #[serde(default)]
    next: String,
}

#[derive(serde::Deserialize)]
pub(crate) struct Made {
    credential: String,
    name: String,
}

#[derive(serde::Deserialize)]
pub(crate) struct Chosen {
    id: String,
}

pub(crate) async fn sign_in(
    State(app): State<Arc<App>>,
    visit: Visit,
    parts: Parts,
    Form(form): Form<Used>,
) -> Result<Response, Failure> {
    let party = party(&visit).ok_or_else(Failure::not_found)?;
    let client = session::client(&app, &parts, device(&app, &parts));
    let next = session::place_after(&form.next).to_owned();
    match passkey::sign_in(&app.state.access, &party, &form.credential, &client, visit.now).await {
        Ok(opened) => Ok(enter(&app, &opened, &next)),
        Err(access::Error::Passkey(reason)) => {
            tracing::info!(reason, "a passkey was refused");
            let page = page(&app, &visit, String::new(), next, refused(&visit))?;
            Ok((StatusCode::BAD_REQUEST, render(&page)?).into_response())
        }
        Err(error) => {
            let (status, problem) = problem(&visit, error, "passkey-refused")?;
            let page = page(&app, &visit, String::new(), next, problem)?;
            Ok((status, render(&page)?).into_response())
        }
    }
}

pub(crate) async fn add(
    State(app): State<Arc<App>>,
    visit: Visit,
    Form(form): Form<Made>,
) -> Result<Response, Failure> {
    let party = party(&visit).ok_or_else(Failure::not_found)?;
    let who = person(&visit)?;
    passkey::add(&app.state.access, who, &party, &form.name, &form.credential, visit.now).await?;
    back()
}

pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    visit: Visit,
    Form(form): Form<Chosen>,
) -> Result<Response, Failure> {
    passkey::remove(&app.state.access, person(&visit)?, &form.id, visit.now).await?;
    Ok(Redirect::to("/account").into_response())
}

/// The site as passkeys know it: a host that is a name. `None` under a bare address, where browsers offer none.
pub(crate) fn party(visit: &Visit) -> Option<Party> {
    let host = visit.origin.split_once("://")?.1;
    let id = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_name = id.parse::<std::net::IpAddr>().is_err() && !id.starts_with('[') && !id.is_empty();
    is_name.then(|| Party { id: id.to_owned(), origin: visit.origin.clone() })
}

fn refused(visit: &Visit) -> String {
    visit.words.get("passkey-refused")
}
