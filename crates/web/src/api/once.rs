//! A change that is sent twice is made once: `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! The answer to the first is kept for its account and given again to whoever repeats the request word for word. While
//! the first is under way, or nobody can say how it ended because the program stopped or failed, a repetition is refused.

use std::sync::Arc;

use access::once::{Begun, Kept};
use axum::body::{Bytes, to_bytes};
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::asked::wrong;
use super::operation::Operation;
use super::reply::KEPT;
use crate::App;
use crate::error::Failure;
use crate::visit::Visit;

/// The header.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Characters of a key.
pub(crate) const KEY_CHARACTERS_MAX: usize = 200;
/// Bytes of an answer that is kept. No change is answered with more: an import names at most a thousand rows. One that
/// were longer would be given once and leave its key taken.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The key of a request, as a structured string (RFC 8941) or bare; `None` when there is none.
pub(crate) fn key(parts: &Parts) -> Result<Option<String>, Failure> {
    let Some(value) = parts.headers.get(HEADER) else { return Ok(None) };
    let refused = || wrong("Idempotency-Key", "api-wrong-header");
    let text = value.to_str().map_err(|_| refused())?.trim();
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let fits = (1..=KEY_CHARACTERS_MAX).contains(&bare.len()) && !bare.contains(['"', '\\']);
    if fits { Ok(Some(bare.to_owned())) } else { Err(refused()) }
}

/// What makes two requests the same.
pub(crate) fn fingerprint(operation: &Operation, parts: &Parts, body: &Bytes) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("noroshi web request v2");
    let place = parts.uri.path_and_query().map_or("", |place| place.as_str());
    let head = |name: HeaderName| parts.headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    // What somebody saw is part of what they ask for; an operation that does not look at it does not tell them apart.
    let seen = if operation.if_match { head(IF_MATCH) } else { b"" };
    for part in [operation.name.as_bytes(), place.as_bytes(), head(CONTENT_TYPE), seen, body] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_hex().to_string()
}

/// The answer that was kept; `None` when the request is to be done now.
pub(crate) async fn begin(
    app: &Arc<App>,
    visit: &Visit,
    key: &str,
    fingerprint: &str,
) -> Result<Option<Response>, Failure> {
    let account = account(visit)?;
    match access::once::begin(&app.state.access, account, key, fingerprint, visit.now).await? {
        Begun::First => Ok(None),
        Begun::Kept(kept) => Ok(Some(read(&kept)?)),
        Begun::UnderWay => {
            let detail = Some(("api-under-way", String::new()));
            Err(Failure { detail, ..Failure::new(StatusCode::CONFLICT) })
        }
        Begun::Other => {
            let sentence = Some("api-problem-key-reused");
            Err(Failure { sentence, ..Failure::new(StatusCode::UNPROCESSABLE_ENTITY) })
        }
    }
}

/// Keeps the answer for whoever asks again. One that speaks of a fault of ours, or cannot be kept, leaves the key taken:
/// the change may have been made all the same, and must not be made twice.
pub(crate) async fn finish(
    app: &Arc<App>,
    visit: &Visit,
    key: &str,
    response: Response,
) -> Result<Response, Failure> {
    let account = account(visit)?;
    let (head, body) = response.into_parts();
    let body =
        to_bytes(body, usize::MAX).await.map_err(|_| Failure::new(StatusCode::INTERNAL_SERVER_ERROR))?;
    let text = std::str::from_utf8(&body).ok().filter(|text| text.len() <= ANSWER_BYTES_MAX);
    if let Some(text) = text.filter(|_| !head.status.is_server_error()) {
        let (status, written) = (head.status.as_u16(), write_head(&head.headers));
        let kept = Kept { status, head: written, body: text.to_owned() };
        access::once::finish(&app.state.access, account, key, &kept).await?;
    }
    Ok(Response::from_parts(head, body.into()))
}

fn account(visit: &Visit) -> Result<base::Id<base::Account>, Failure> {
    visit.who.as_ref().map(|who| who.account.id).ok_or_else(|| Failure::new(StatusCode::UNAUTHORIZED))
}

fn write_head(headers: &axum::http::HeaderMap) -> String {
    let kept = KEPT.iter().filter_map(|name| {
        let value = headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), Value::from(value)))
    });
    json!(kept.collect::<serde_json::Map<_, _>>()).to_string()
}

fn read(kept: &Kept) -> Result<Response, Failure> {
    let damaged = || Failure::new(StatusCode::INTERNAL_SERVER_ERROR);
    let status = StatusCode::from_u16(kept.status).map_err(|_| damaged())?;
    let head: serde_json::Map<String, Value> = serde_json::from_str(&kept.head).map_err(|_| damaged())?;
    let mut response = (status, kept.body.clone()).into_response();
    response.headers_mut().remove(CONTENT_TYPE);
    for name in KEPT {
        let value = head.get(name.as_str()).and_then(Value::as_str);
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}
