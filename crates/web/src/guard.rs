//! What every request must satisfy and every answer carries, whatever the page.

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::Failure;

/// Nothing from anywhere else, nothing inline, nobody frames us.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Refuses what did not come from this machine and our own pages.
pub(crate) async fn watch_over(request: Request, next: Next) -> Response {
    match check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

/// Adds the headers of every answer, also of those that refuse.
pub(crate) async fn add_headers_to(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add_headers(response.headers_mut());
    response
}

fn check(method: &Method, headers: &HeaderMap) -> Result<(), Failure> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_loopback(host) {
        return Err(Failure::new(StatusCode::MISDIRECTED_REQUEST));
    }
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    if changes && !is_own(headers, host) {
        return Err(Failure::new(StatusCode::FORBIDDEN));
    }
    Ok(())
}

/// There is no sign-in yet, so only this machine may ask, under its own names: a name from elsewhere that resolves to
/// this machine (DNS rebinding) is somebody else's page asking.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a request that changes something was sent by one of our own pages. Browsers always say where such a
/// request comes from; who does not say is refused.
fn is_own(headers: &HeaderMap, host: &str) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let same_site = text(HeaderName::from_static("sec-fetch-site")).is_none_or(|site| site == "same-origin");
    let same_origin = text(ORIGIN)
        .and_then(|origin| origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")))
        .is_some_and(|origin| origin.eq_ignore_ascii_case(host));
    same_site && same_origin
}

fn add_headers(headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(REFERRER_POLICY, "same-origin");
    set(CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
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
            check(&method, &headers).err().map(|failure| failure.status.as_u16()),
            expected,
            "{pairs:?}"
        );
    }

    #[test]
    fn only_this_machine_under_its_own_name_is_answered() {
        for host in ["127.0.0.1:8420", "localhost", "LOCALHOST:1", "[::1]:8420", "127.8.8.8"] {
            check_request(Method::GET, &[("host", host)], None);
        }
        for host in ["", "evil.example", "127.0.0.1.evil.example", "192.0.2.1:8420", "[::1", "localhost:x"] {
            check_request(Method::GET, &[("host", host)], Some(421));
        }
    }

    #[test]
    fn a_change_is_taken_from_our_own_pages_only() {
        let host = ("host", "127.0.0.1:8420");
        check_request(Method::POST, &[host, ("origin", "http://127.0.0.1:8420")], None);
        let own = ("sec-fetch-site", "same-origin");
        check_request(Method::POST, &[host, ("origin", "http://127.0.0.1:8420"), own], None);
        check_request(Method::POST, &[host], Some(403));
        check_request(Method::POST, &[host, ("origin", "null")], Some(403));
        check_request(Method::POST, &[host, ("origin", "http://127.0.0.1:9999")], Some(403));
        check_request(Method::POST, &[host, ("origin", "http://evil.example")], Some(403));
        let cross = ("sec-fetch-site", "cross-site");
        check_request(Method::POST, &[host, ("origin", "http://127.0.0.1:8420"), cross], Some(403));
    }
}
