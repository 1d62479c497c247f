//! To the provider of identities and back: signing in, linking it to one's own account, confirming that it is oneself.
//!
//! The way out is a link and not a form, because browsers hold `form-action` against where a form is led on to. The way
//! back comes from another site, so the cookies it needs are `Lax`: they come along when somebody is led here, and with
//! nothing else that another site can make a browser send.

use std::sync::Arc;

use access::provider::errand::ERRAND_VALID;
use access::provider::fetch::Trouble;
use access::provider::id_token::Fault;
use access::provider::{self, Caught, Finished, Provider, Purpose, Refusal, Returned};
use access::sign_in::Outcome;
use access::{Error, Recognised};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use crate::App;
use crate::error::Failure;
use crate::page::own_account::{back, person};
use crate::page::sign_in::{code_page, device, enter, page};
use crate::query::href;
use crate::session;
use crate::visible::neutral_short;
use crate::visit::{Visit, render};

const START: &str = "/sign-in/provider";
const RETURN: &str = "/sign-in/provider/return";
const OWN: &str = "/account/provider";
/// Characters shown of what a provider calls its refusal.
const WORD_CHARACTERS_MAX: usize = 64;

/// The provider on a page: what it is called, and where to go for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offer {
    /// Its name; empty when there is no provider.
    pub name: String,
    /// The way there.
    pub href: String,
}

/// The provider on the page that asks people to sign in.
pub(crate) fn offer(app: &App, visit: &Visit, next: &str) -> Offer {
    let Some(provider) = &app.state.provider else { return Offer::default() };
    let name = provider.settings.name(visit.language()).to_owned();
    Offer { name, href: if next == "/" { START.to_owned() } else { href(START, &[("next", next)]) } }
}

/// The provider on the page of one's own account, for one purpose.
pub(crate) fn own_offer(app: &App, visit: &Visit, who: &Recognised, purpose: Purpose) -> Offer {
    let Some(provider) = &app.state.provider else { return Offer::default() };
    let name = provider.settings.name(visit.language()).to_owned();
    let word = word(purpose);
    let mark = app.state.access.mark(&marked(who, word));
    Offer { name, href: href(OWN, &[("for", word), ("mark", &mark)]) }
}

const fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::SignIn => "sign-in",
        Purpose::Link => "link",
        Purpose::Confirm => "confirm",
    }
}

/// What a link of our own page is marked with: another site can send somebody to the address, but not with this mark.
fn marked(who: &Recognised, word: &str) -> String {
    let session = who.session.as_ref().map(|session| session.id.to_string()).unwrap_or_default();
    format!("provider {word} {session}")
}

fn the_provider(app: &App) -> Result<&Provider, Failure> {
    app.state.provider.as_deref().ok_or_else(Failure::not_found)
}

pub(crate) async fn start(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let provider = the_provider(&app)?;
    let next = session::place_after(visit.query.text("next")).to_owned();
    if visit.who.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    send(&app, &visit, provider, Purpose::SignIn, &next).await
}

pub(crate) async fn start_own(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let (provider, who) = (the_provider(&app)?, person(&visit)?);
    let purpose = match visit.query.text("for") {
        "link" => Purpose::Link,
        "confirm" => Purpose::Confirm,
        other => return Err(Failure::invalid("error-value", other)),
    };
    if !app.state.access.is_marked(&marked(who, word(purpose)), visit.query.text("mark")) {
        return Err(Failure::forged());
    }
    send(&app, &visit, provider, purpose, "/account").await
}

pub(crate) async fn unlink(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    provider::unlink(&app.state.access, the_provider(&app)?, person(&visit)?, visit.now).await?;
    back()
}

async fn send(
    app: &App,
    visit: &Visit,
    provider: &Provider,
    purpose: Purpose,
    next: &str,
) -> Result<Response, Failure> {
    let redirect = format!("{}{RETURN}", visit.origin);
    let ways = (redirect.as_str(), next);
    let who = visit.who.as_deref();
    match provider::begin(&app.state.access, provider, purpose, who, ways, visit.now).await {
        Ok(begun) => {
            let mut response = Redirect::to(&begun.address).into_response();
            keep_errand(app, &mut response, &begun.sealed, ERRAND_VALID.as_secs());
            Ok(response)
        }
        Err(error) => refuse(app, visit, error, next),
    }
}

pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    visit: Visit,
    parts: Parts,
) -> Result<Response, Failure> {
    let provider = the_provider(&app)?;
    let sealed = session::cookie(&parts.headers, errand_cookie_name(&app)).unwrap_or_default();
    let returned = Returned {
        sealed,
        state: visit.query.text("state"),
        code: visit.query.get("code"),
        error: visit.query.get("error"),
        issuer: visit.query.get("iss"),
    };
    let client = session::client(&app, &parts, device(&app, &parts));
    let caught = Caught { client: &client, who: visit.who.as_deref(), language: visit.language() };
    let access = &app.state.access;
    let finished = provider::finish(access, provider, &visit.registry, &returned, &caught, visit.now).await;
    let mut response = match finished {
        Ok(Finished::SignedIn(Outcome::Opened(opened), next)) => enter(&app, &opened, &next),
        Ok(Finished::SignedIn(Outcome::Second(step), next)) => {
            render(&code_page(&visit, step.text().to_owned(), next, String::new()))?
        }
        Ok(Finished::Known) => back()?,
        Err(error) => refuse(&app, &visit, error, "/")?,
    };
    keep_errand(&app, &mut response, "", 0);
    Ok(response)
}

/// Keeps an errand in the browser, or makes it forget.
fn keep_errand(app: &App, response: &mut Response, sealed: &str, seconds: i64) {
    let (name, attributes) = (errand_cookie_name(app), session::attributes(app));
    session::set_cookie(response, &format!("{name}={sealed}; Max-Age={seconds}; {attributes}"));
}

fn errand_cookie_name(app: &App) -> &'static str {
    if app.state.site.is_https() { "__Host-noroshi-errand" } else { "noroshi-errand" }
}

/// Says why nobody comes in, where they can try again.
fn refuse(app: &App, visit: &Visit, error: Error, next: &str) -> Result<Response, Failure> {
    let Some((status, key, value)) = told(&error) else { return Err(error.into()) };
    match &error {
        Error::Provider(refusal) if refusal.is_trouble() => {
            tracing::warn!(%refusal, "the provider of identities does not do its part");
        }
        error => tracing::info!(%error, "somebody was turned away at the provider's door"),
    }
    if visit.who.is_some() {
        let sentence = Some("error-provider");
        return Err(Failure { sentence, detail: Some((key, value)), ..Failure::new(status) });
    }
    let problem = visit.words.with(key, &[("value", value.into())]);
    Ok((status, render(&page(app, visit, String::new(), next.to_owned(), problem)?)?).into_response())
}

/// The status and the sentence for each reason; `None` for what has a page of its own.
fn told(error: &Error) -> Option<(StatusCode, &'static str, String)> {
    let (status, key) = match error {
        Error::Wait(seconds) => {
            return Some((StatusCode::TOO_MANY_REQUESTS, "error-wait", seconds.to_string()));
        }
        Error::WrongState(_) => (StatusCode::FORBIDDEN, "provider-closed"),
        Error::Provider(refusal) => match refusal {
            Refusal::Declined(word) => {
                return Some((
                    StatusCode::BAD_REQUEST,
                    "provider-declined",
                    neutral_short(word, WORD_CHARACTERS_MAX),
                ));
            }
            Refusal::Trouble(Trouble::TimedOut) => (StatusCode::GATEWAY_TIMEOUT, "provider-late"),
            Refusal::Trouble(Trouble::Unreachable(_)) => (StatusCode::BAD_GATEWAY, "provider-unreachable"),
            Refusal::Trouble(Trouble::TooLarge)
            | Refusal::Unreadable(_)
            | Refusal::Status(_)
            | Refusal::Misfit(_) => (StatusCode::BAD_GATEWAY, "provider-unfit"),
            Refusal::Busy => (StatusCode::TOO_MANY_REQUESTS, "sign-in-busy"),
            Refusal::Errand => (StatusCode::BAD_REQUEST, "provider-errand"),
            Refusal::Token(Fault::Time) => (StatusCode::BAD_REQUEST, "provider-time"),
            Refusal::Token(Fault::Age) => (StatusCode::BAD_REQUEST, "provider-age"),
            Refusal::Token(_) => (StatusCode::BAD_REQUEST, "provider-token"),
            Refusal::NoRole => (StatusCode::FORBIDDEN, "provider-no-role"),
            Refusal::Early => (StatusCode::FORBIDDEN, "provider-early"),
            Refusal::AddressTaken => (StatusCode::CONFLICT, "provider-address"),
            Refusal::IdentityTaken => (StatusCode::CONFLICT, "provider-identity"),
        },
        _ => return None,
    };
    Some((status, key, String::new()))
}
