//! What every request must satisfy and every answer carries, whatever the page.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::error::Failure;
use crate::session::bearer;
use crate::site::Site;

/// Nothing from anywhere else, nothing inline, nobody frames us.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Refuses what was not meant for us, and changes that did not come from our own pages.
pub(crate) async fn watch_over(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match check(&app.state.site, request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

/// Adds the headers of every answer, also of those that refuse.
pub(crate) async fn add_headers_to(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add_headers(&app.state.site, response.headers_mut());
    response
}

fn check(site: &Site, method: &Method, headers: &HeaderMap) -> Result<(), Failure> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !site.is_host(host) {
        return Err(Failure::new(StatusCode::MISDIRECTED_REQUEST));
    }
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    // A program sends its token itself; a browser cannot be made to.
    if changes && bearer(headers).is_none() && !is_own(site, headers, host) {
        return Err(Failure::forged());
    }
    Ok(())
}

/// Whether a request that changes something was sent by one of our own pages. Browsers always say where such a
/// request comes from; who does not say is refused.
fn is_own(site: &Site, headers: &HeaderMap, host: &str) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let same_site = text(HeaderName::from_static("sec-fetch-site")).is_none_or(|site| site == "same-origin");
    same_site && text(ORIGIN).is_some_and(|origin| site.is_own(origin, host))
}

fn add_headers(site: &Site, headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(REFERRER_POLICY, "same-origin");
    set(CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), usb=()");
    if site.is_https() {
        // Two years (RFC 6797), as browsers' preload lists ask.
        set(STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_request(method: Method, pairs: &[(&str, &str)], expected: Option<u16>) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        assert_eq!(
            check(&Site::loopback(), &method, &headers).err().map(|failure| failure.status.as_u16()),
            expected,
            "{pairs:?}"
        );
    }

    #[test]
    fn a_change_is_taken_from_our_own_pages_only() {
        let host = ("host", "127.0.0.1:8420");
        check_request(Method::POST, &[host, ("origin", "http://127.0.0.1:8420")], None);
        let own = ("sec-fetch-site", "same-origin");
        check_request(Method::POST, &[host, ("origin", "http://127.0.0.1:8420"), own], None);
        check_request(Method::POST, &[host], Some(403));
        check_request(Method::POST, &[host, ("authorization", "Bearer x")], None);
        check_request(Method::GET, &[("host", "evil.example")], Some(421));
        check_request(Method::POST, &[host, ("origin", "null")], Some(403));
        check_request(Method::POST, &[host, ("origin", "http://127.0.0.1:9999")], Some(403));
        check_request(Method::POST, &[host, ("origin", "http://evil.example")], Some(403));
        let cross = ("sec-fetch-site", "cross-site");
        check_request(Method::POST, &[host, ("origin", "http://127.0.0.1:8420"), cross], Some(403));
    }
}
