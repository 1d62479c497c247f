//! What comes back: its bytes, the tag by which it is recognised, and 304 for who has it already.

use axum::http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::error::Failure;
use crate::page::part::to_keep;

/// What an answer to a change says in its head besides what every answer says: kept with it.
pub(crate) const KEPT: [HeaderName; 3] = [CONTENT_TYPE, CONTENT_LANGUAGE, LOCATION];

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: Vec<u8>,
}

impl Reply {
    /// A value.
    pub(crate) fn json<T: Serialize>(value: &T) -> Result<Self, Failure> {
        let body = serde_json::to_vec(value).map_err(|error| {
            tracing::error!(%error, "an answer could not be written");
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR)
        })?;
        let headers = vec![(CONTENT_TYPE, "application/json".to_owned())];
        Ok(Self { status: StatusCode::OK, headers, body })
    }

    /// That it was done, and nothing more.
    pub(crate) fn done() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: Vec::new(), body: Vec::new() }
    }

    /// A file: only for keeping, never for running.
    pub(crate) fn file(kind: &str, name: &str, body: Vec<u8>) -> Self {
        Self { status: StatusCode::OK, headers: to_keep(kind, name).into(), body }
    }

    /// It was made, and this is its place.
    pub(crate) fn made_at(mut self, place: &str) -> Self {
        self.status = StatusCode::CREATED;
        self.headers.push((LOCATION, place.to_owned()));
        self
    }

    /// It waits for somebody to decide, and this is where one sees whether they did.
    pub(crate) fn waits_at(mut self, place: &str) -> Self {
        self.status = StatusCode::ACCEPTED;
        self.headers.push((LOCATION, place.to_owned()));
        self
    }

    /// The next page of a list (RFC 8288).
    pub(crate) fn with_next(mut self, href: Option<String>) -> Self {
        self.headers.extend(href.map(|href| (LINK, format!("<{href}>; rel=\"next\""))));
        self
    }

    /// The tag of these very bytes: strong (RFC 9110 section 8.8.3). The bytes are what this reader may see, so the tag
    /// says no more than they do.
    pub(crate) fn tag(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("noroshi web entity tag v1");
        hasher.update(&self.body);
        let digest: String = hasher.finalize().to_hex().chars().take(32).collect();
        format!("\"{digest}\"")
    }

    /// The answer to a question, which its asker may have already.
    pub(crate) fn tagged(self, parts: &Parts) -> Response {
        let tag = self.tag();
        let seen = parts.headers.get_all(IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
        let has_it = seen.into_iter().any(|tags| is_one_of(&tag, tags, true));
        let mut response = if has_it {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            set(&mut response, &self.headers, |name| *name == LINK);
            response
        } else {
            self.into_response()
        };
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }

    /// The answer to a change.
    pub(crate) fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        // Bytes without a kind of their own are none.
        response.headers_mut().remove(CONTENT_TYPE);
        set(&mut response, &self.headers, |_| true);
        response
    }
}

fn set(response: &mut Response, headers: &[(HeaderName, String)], wanted: impl Fn(&HeaderName) -> bool) {
    for (name, value) in headers.iter().filter(|(name, _)| wanted(name)) {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name.clone(), value);
        }
    }
}

/// Whether `tag` is among `tags`, as `If-Match` and `If-None-Match` write them; a weak one counts where `weakly`.
pub(crate) fn is_one_of(tag: &str, tags: &str, weakly: bool) -> bool {
    let strong = |one: &str| if weakly { one.strip_prefix("W/").unwrap_or(one) == tag } else { one == tag };
    tags.trim() == "*" || tags.split(',').any(|one| strong(one.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_others() {
        assert!(is_one_of("\"a\"", "\"b\", \"a\"", false));
        assert!(is_one_of("\"a\"", " * ", false));
        assert!(is_one_of("\"a\"", "W/\"a\"", true) && !is_one_of("\"a\"", "W/\"a\"", false));
        assert!(!is_one_of("\"a\"", "a", true) && !is_one_of("\"a\"", "", true));
    }

    #[test]
    fn the_same_bytes_have_the_same_tag_and_others_another() {
        let tag = |value: &str| Reply::json(&value).unwrap().tag();
        assert_eq!(tag("狼煙"), tag("狼煙"));
        assert_ne!(tag("狼煙"), tag("狼"));
        assert_eq!(tag("").len(), 34);
    }
}
