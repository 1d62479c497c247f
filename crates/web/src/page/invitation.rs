//! A link that lets somebody in once: they set a password and are in.

use std::sync::Arc;

use access::account::Newcomer;
use access::invitation::{Guest, accept, look};
use access::{Error, sign_in};
use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::sign_in::{device, enter};
use crate::session;
use crate::visible::neutral_short;
use crate::visit::{Visit, render};

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage {
    frame: Frame,
    about: String,
    /// Whether the first administrator still has to say who they are.
    first: bool,
    action: String,
    login: String,
    name: String,
    problem: String,
}

#[derive(serde::Deserialize)]
pub(crate) struct Accepted {
    #[serde(default)]
    login: String,
    #[serde(default)]
    name: String,
    password: String,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(link): Path<String>,
) -> Result<Response, Failure> {
    match look(&app.state.access, &link, visit.now).await {
        Ok(guest) => render(&page(&visit, &link, &guest, None, String::new())),
        Err(Error::LinkGone) => Err(gone()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn take(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(link): Path<String>,
    parts: Parts,
    Form(form): Form<Accepted>,
) -> Result<Response, Failure> {
    let access = &app.state.access;
    let guest = match look(access, &link, visit.now).await {
        Ok(guest) => guest,
        Err(Error::LinkGone) => return Err(gone()),
        Err(error) => return Err(error.into()),
    };
    let newcomer = (guest == Guest::First).then(|| Newcomer {
        login: form.login.clone(),
        name: form.name.clone(),
        language: visit.language(),
    });
    let id = match accept(access, &link, newcomer.as_ref(), &form.password, visit.now).await {
        Ok(id) => id,
        Err(Error::LinkGone) => return Err(gone()),
        Err(error) => {
            let failure = Failure::from(error);
            let Some((key, value)) = failure.detail.clone() else { return Err(failure) };
            let problem = visit.words.with(key, &[("value", value.into())]);
            let page = render(&page(&visit, &link, &guest, Some(&form), problem))?;
            return Ok((failure.status, page).into_response());
        }
    };
    let client = session::client(&app, &parts, device(&app, &parts));
    let opened = sign_in::after_invitation(access, id, &client, visit.now).await?;
    Ok(enter(&app, &opened, "/account"))
}

fn gone() -> Failure {
    Failure { detail: Some(("error-link-gone", String::new())), ..Failure::new(StatusCode::NOT_FOUND) }
}

fn page(
    visit: &Visit,
    link: &str,
    guest: &Guest,
    form: Option<&Accepted>,
    problem: String,
) -> InvitationPage {
    let about = match guest {
        Guest::First => visit.words.get("invitation-first"),
        Guest::Invited(account) => visit.words.with(
            "invitation-about",
            &[
                ("name", neutral_short(&account.name, 100).into()),
                ("login", neutral_short(&account.login, 254).into()),
            ],
        ),
    };
    let login = match (guest, form) {
        (Guest::Invited(account), _) => account.login.clone(),
        (Guest::First, Some(form)) => form.login.clone(),
        (Guest::First, None) => String::new(),
    };
    InvitationPage {
        frame: visit.frame("", visit.words.get("invitation-title")),
        about,
        first: *guest == Guest::First,
        action: format!("/invitation/{}", crate::markup::url_encoded(link)),
        login,
        name: form.map(|form| form.name.clone()).unwrap_or_default(),
        problem,
    }
}
