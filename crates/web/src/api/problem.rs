//! What went wrong, for programs: `application/problem+json` (RFC 9457), in the language of whoever reads their log.

use axum::http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::schema::{Fault, Form, Schema, object};
use crate::error::Failure;
use crate::session;
use crate::visit::Visit;

/// The media type.
pub(crate) const KIND: &str = "application/problem+json";

/// The words of every problem: the end of its type, and of its sentences' keys.
pub(crate) const WORDS: [&str; 16] = [
    "invalid",
    "unauthenticated",
    "forbidden",
    "forged",
    "not-found",
    "method",
    "conflict",
    "precondition",
    "too-large",
    "media-type",
    "misdirected",
    "refused",
    "too-many",
    "unavailable",
    "internal",
    "key-reused",
];

/// Its schema in the document.
pub(crate) fn schema() -> Schema {
    let text = || Schema::Text(Form::Free);
    let fault = object("Fault", vec![("field", text(), true), ("detail", text(), true)]);
    object(
        "Problem",
        vec![
            ("type", text(), true),
            ("title", text(), true),
            ("status", Schema::Number { min: 400, max: 599 }, true),
            ("detail", text(), true),
            ("instance", text(), true),
            ("errors", Schema::List { of: Box::new(fault), at_most: usize::MAX }, true),
        ],
    )
}

/// The word of a failure.
fn word(failure: &Failure) -> &'static str {
    match failure.sentence {
        Some("error-forged") => "forged",
        Some("api-problem-key-reused") => "key-reused",
        _ => word_of(failure.status.as_u16()),
    }
}

/// The word of a status.
pub(crate) fn word_of(status: u16) -> &'static str {
    match status {
        401 => "unauthenticated",
        403 => "forbidden",
        404 => "not-found",
        405 => "method",
        409 => "conflict",
        412 => "precondition",
        413 => "too-large",
        415 => "media-type",
        421 => "misdirected",
        422 => "refused",
        429 => "too-many",
        503 => "unavailable",
        500.. => "internal",
        _ => "invalid",
    }
}

/// The document of a failure, with what else its answer says in its head.
pub(crate) fn of(visit: &Visit, failed: Response) -> Response {
    let (mut head, _) = failed.into_parts();
    let status = head.status;
    let failure = head.extensions.remove::<Failure>().unwrap_or_else(|| Failure::new(status));
    let body = write(visit, &failure).to_string();
    let mut response = (status, body).into_response();
    for (name, value) in &head.headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(KIND));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(visit.language().tag()));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(session::CHALLENGE));
    }
    response
}

fn write(visit: &Visit, failure: &Failure) -> Value {
    let word = word(failure);
    let said = failure.detail.as_ref().map(|(key, value)| sentence(visit, key, value));
    let errors: Vec<Value> = failure
        .faults
        .iter()
        .map(|Fault { at, key, value }| json!({ "field": at, "detail": sentence(visit, key, value) }))
        .collect();
    json!({
        "type": format!("/api#problem-{word}"),
        "title": visit.words.get(&format!("api-problem-{word}-title")),
        "status": failure.status.as_u16(),
        "detail": said.unwrap_or_else(|| visit.words.get(&format!("api-problem-{word}"))),
        "instance": visit.path,
        "errors": errors,
    })
}

fn sentence(visit: &Visit, key: &str, value: &str) -> String {
    visit.words.with(key, &[("value", value.into())]).trim_end().to_owned()
}
