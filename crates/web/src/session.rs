//! Who is asking: the cookie of a session, or the token of a program, made into somebody recognised.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use access::sign_in::Client;
use access::{Recognised, Secret};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, COOKIE, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::App;
use crate::api;
use crate::error::Failure;
use crate::query::href;

/// The page that asks people to sign in.
pub(crate) const SIGN_IN: &str = "/sign-in";
/// How a program shows who it is (RFC 6750 section 3).
pub(crate) const CHALLENGE: &str = "Bearer realm=\"noroshi\"";
/// Bytes of a path that people are brought back to after signing in.
const NEXT_BYTES_MAX: usize = 1_024;

/// Somebody recognised, as it travels with the request.
#[derive(Clone)]
struct Who(Arc<Recognised>);

/// Who sent the request, when they were recognised.
pub(crate) fn recognised(extensions: &Extensions) -> Option<&Arc<Recognised>> {
    extensions.get::<Who>().map(|Who(who)| who)
}

/// Recognises whoever sends the request, before anything else looks at it.
pub(crate) async fn recognise(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let now = (app.state.clock)();
    let registry = (app.state.registry)();
    let found = match bearer(request.headers()) {
        Some(token) => access::token::recognise(&app.state.access, &registry, token, now).await,
        None => match cookie(request.headers(), cookie_name(&app)) {
            Some(secret) => access::session::recognise(&app.state.access, &registry, secret, now).await,
            None => Ok(None),
        },
    };
    match found {
        Ok(Some(who)) => {
            request.extensions_mut().insert(Who(who));
        }
        Ok(None) => {}
        // Told where answers are dressed, so that this one has its page, too.
        Err(error) => {
            request.extensions_mut().insert(Failure::from(error));
        }
    }
    next.run(request).await
}

/// The answer to somebody unknown: people are led to the way in and afterwards back, programs are told.
pub(crate) fn ask_to_sign_in(request: &Request) -> Response {
    let accepts = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let is_program = api::is_of_it(request.uri().path());
    if is_program || request.method() != Method::GET || !accepts.contains("text/html") {
        return Failure::new(StatusCode::UNAUTHORIZED).into_response();
    }
    let next = request.uri().path_and_query().map_or("/", |place| place.as_str());
    let place = if next.len() > NEXT_BYTES_MAX || next == "/" {
        SIGN_IN.to_owned()
    } else {
        href(SIGN_IN, &[("next", next)])
    };
    Redirect::to(&place).into_response()
}

/// Where to go after signing in: a place of ours that somebody named, or the beginning.
pub(crate) fn place_after(next: &str) -> &str {
    // Browsers read `\` as `/`, and `//name` as another machine.
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']);
    if ours && next.len() <= NEXT_BYTES_MAX && !next.starts_with(SIGN_IN) { next } else { "/" }
}

/// Keeps the secret of a session in the browser.
pub(crate) fn keep(app: &App, response: &mut Response, secret: &Secret) {
    set_cookie(response, &format!("{}={}; {}", cookie_name(app), secret.text(), attributes(app)));
}

/// Makes the browser forget the secret.
pub(crate) fn forget(app: &App, response: &mut Response) {
    set_cookie(response, &format!("{}=; Max-Age=0; {}", cookie_name(app), attributes(app)));
}

/// Adds a cookie to an answer.
pub(crate) fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// What every cookie of ours says besides its value.
pub(crate) fn attributes(app: &App) -> &'static str {
    // Lax, so that a link in a mail leads a person who is signed in to the page and not to the sign-in.
    if app.state.site.is_https() {
        "Path=/; HttpOnly; SameSite=Lax; Secure"
    } else {
        "Path=/; HttpOnly; SameSite=Lax"
    }
}

fn cookie_name(app: &App) -> &'static str {
    // The prefix makes browsers refuse the cookie from anywhere but this very host, over TLS.
    if app.state.site.is_https() { "__Host-noroshi-session" } else { "noroshi-session" }
}

/// A cookie's value.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The token of a program (RFC 6750 section 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Where a request comes from.
pub(crate) fn client(app: &App, parts: &Parts, device: Option<&str>) -> Client {
    let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    // Only the last address was written by our own proxy; those before it are whatever the client said.
    let forwarded = app
        .state
        .site
        .behind_proxy
        .then(|| text(HeaderName::from_static("x-forwarded-for")))
        .flatten()
        .and_then(|line| line.rsplit(',').next())
        .and_then(|address| address.trim().parse().ok());
    Client {
        address: forwarded.or(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        user_agent: text(USER_AGENT).unwrap_or_default().to_owned(),
        device: device.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_people_stay_here() {
        assert_eq!(place_after("/threats?period=all"), "/threats?period=all");
        for elsewhere in
            ["", "https://evil.example/", "//evil.example", "/\\evil.example", "/sign-in?next=/", "/a\r\nb"]
        {
            assert_eq!(place_after(elsewhere), "/", "{elsewhere:?}");
        }
        assert_eq!(place_after(&format!("/{}", "a".repeat(NEXT_BYTES_MAX))), "/");
    }
}
