//! The way in: password, then a code for whoever has an authenticator app; and the way out.

use std::sync::Arc;

use access::sign_in::{Opened, Outcome};
use access::{Error, passkey, sign_in};
use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::passkey::party;
use crate::page::provider::{Offer, offer};
use crate::session;
use crate::visit::{Visit, render};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    frame: Frame,
    login: String,
    next: String,
    problem: String,
    /// What the browser needs to use a passkey; empty where there can be none.
    passkey: String,
    provider: Offer,
}

#[derive(Template)]
#[template(path = "sign_in_code.html")]
pub(crate) struct CodePage {
    frame: Frame,
    step: String,
    next: String,
    problem: String,
}

#[derive(serde::Deserialize)]
pub(crate) struct WithPassword {
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(serde::Deserialize)]
pub(crate) struct WithCode {
    step: String,
    code: String,
    #[serde(default)]
    next: String,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let next = session::place_after(visit.query.text("next")).to_owned();
    if visit.who.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    render(&page(&app, &visit, String::new(), next, String::new())?)
}

pub(crate) async fn with_password(
    State(app): State<Arc<App>>,
    visit: Visit,
    parts: Parts,
    Form(form): Form<WithPassword>,
) -> Result<Response, Failure> {
    let client = session::client(&app, &parts, device(&app, &parts));
    let next = session::place_after(&form.next).to_owned();
    let outcome =
        sign_in::with_password(&app.state.access, &form.login, &form.password, &client, visit.now).await;
    match outcome {
        Ok(Outcome::Opened(opened)) => Ok(enter(&app, &opened, &next)),
        Ok(Outcome::Second(step)) => render(&code_page(&visit, step.text().to_owned(), next, String::new())),
        Err(error) => {
            let (status, problem) = problem(&visit, error, "sign-in-refused")?;
            let login = form.login.chars().take(access::account::LOGIN_BYTES_MAX).collect();
            Ok((status, render(&page(&app, &visit, login, next, problem)?)?).into_response())
        }
    }
}

pub(crate) async fn with_code(
    State(app): State<Arc<App>>,
    visit: Visit,
    parts: Parts,
    Form(form): Form<WithCode>,
) -> Result<Response, Failure> {
    let client = session::client(&app, &parts, device(&app, &parts));
    let next = session::place_after(&form.next).to_owned();
    match sign_in::with_code(&app.state.access, &form.step, &form.code, &client, visit.now).await {
        Ok(opened) => Ok(enter(&app, &opened, &next)),
        Err(Error::LinkGone) => {
            let problem = visit.words.get("sign-in-code-ended");
            let page = render(&page(&app, &visit, String::new(), next, problem)?)?;
            Ok((StatusCode::BAD_REQUEST, page).into_response())
        }
        Err(error) => {
            let (status, problem) = problem(&visit, error, "sign-in-code-refused")?;
            Ok((status, render(&code_page(&visit, form.step, next, problem))?).into_response())
        }
    }
}

pub(crate) async fn sign_out(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    if let Some(who) = &visit.who {
        sign_in::sign_out(&app.state.access, who, visit.now).await?;
    }
    let mut response = Redirect::to(session::SIGN_IN).into_response();
    session::forget(&app, &mut response);
    Ok(response)
}

/// The mark of a device that signed in before.
pub(crate) fn device<'p>(app: &App, parts: &'p Parts) -> Option<&'p str> {
    session::cookie(&parts.headers, device_cookie_name(app))
}

/// Leads somebody in: their session and the mark of their device stay in the browser.
pub(crate) fn enter(app: &App, opened: &Opened, next: &str) -> Response {
    let mut response = Redirect::to(next).into_response();
    session::keep(app, &mut response, &opened.token);
    let (name, seconds) = (device_cookie_name(app), sign_in::DEVICE_KNOWN.as_secs());
    let attributes = session::attributes(app);
    session::set_cookie(&mut response, &format!("{name}={}; Max-Age={seconds}; {attributes}", opened.device));
    response
}

fn device_cookie_name(app: &App) -> &'static str {
    if app.state.site.is_https() { "__Host-noroshi-device" } else { "noroshi-device" }
}

/// What to say about an attempt that did not succeed; what is nobody's fault here becomes a page of its own.
pub(crate) fn problem(
    visit: &Visit,
    error: Error,
    refused: &'static str,
) -> Result<(StatusCode, String), Failure> {
    match error {
        Error::Refused => Ok((StatusCode::BAD_REQUEST, visit.words.get(refused))),
        Error::Wait(seconds) => {
            let sentence = visit.words.with("sign-in-wait", &[("seconds", seconds.into())]);
            Ok((StatusCode::TOO_MANY_REQUESTS, sentence))
        }
        Error::Busy => Ok((StatusCode::TOO_MANY_REQUESTS, visit.words.get("sign-in-busy"))),
        other => Err(other.into()),
    }
}

/// The page that asks for a password or a passkey.
pub(crate) fn page(
    app: &App,
    visit: &Visit,
    login: String,
    next: String,
    problem: String,
) -> Result<SignInPage, Failure> {
    let passkey = match party(visit) {
        Some(party) => passkey::options_for_sign_in(&app.state.access, &party, visit.now)?.to_string(),
        None => String::new(),
    };
    let (frame, provider) = (visit.frame("", visit.words.get("sign-in-title")), offer(app, visit, &next));
    Ok(SignInPage { frame, login, next, problem, passkey, provider })
}

/// The page that asks for a code.
pub(crate) fn code_page(visit: &Visit, step: String, next: String, problem: String) -> CodePage {
    CodePage { frame: visit.frame("", visit.words.get("sign-in-code-title")), step, next, problem }
}
