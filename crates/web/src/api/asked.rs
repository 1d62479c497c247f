//! A request, held against its operation: whoever handles it gets only what the document allows.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, FromRequestParts as _, Query as RawQuery, RawPathParams, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use base::{Actor, Id, Kind, Scope, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::cursor;
use super::operation::{Body, Operation, Parameter};
use super::reply::{Reply, is_one_of};
use super::schema::{Fault, Page, Schema};
use crate::App;
use crate::error::Failure;
use crate::visit::Visit;

/// Lines of a list when nobody says how many.
const LIMIT: u32 = 50;

/// Characters of `If-Match`.
pub(crate) const TAGS_CHARACTERS_MAX: usize = 200;

/// A request that its operation allows.
pub(crate) struct Asked {
    /// What every request shares.
    pub app: Arc<App>,
    /// Who asks, in which language, at what time.
    pub visit: Visit,
    /// The name of the operation: what a cursor belongs to.
    name: &'static str,
    path: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    if_match: Option<String>,
    body: Sent,
}

/// What was sent.
pub(crate) enum Sent {
    /// Nothing that matters.
    Nothing,
    /// JSON that fits the operation's schema.
    Json(Value),
    /// A file, and its media type.
    File(String, Bytes),
}

impl Asked {
    /// Reads everything but the body.
    pub(crate) async fn read(
        app: &Arc<App>,
        visit: Visit,
        operation: &Operation,
        parts: &mut Parts,
    ) -> Result<Self, Failure> {
        let path = RawPathParams::from_request_parts(parts, app).await;
        let path = path.map_err(|_| Failure::new(StatusCode::BAD_REQUEST))?;
        let path: BTreeMap<String, String> =
            path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        // What cannot be an id is the id of nothing.
        let fits =
            |one: &Parameter| path.get(one.name).is_some_and(|text| one.schema.read(one.name, text).is_ok());
        if !operation.in_path.iter().all(fits) {
            return Err(Failure::not_found());
        }
        let if_match = match parts.headers.get(IF_MATCH).filter(|_| operation.if_match) {
            None => None,
            Some(tags) => {
                let tags = tags.to_str().ok().filter(|tags| (1..=TAGS_CHARACTERS_MAX).contains(&tags.len()));
                Some(tags.ok_or_else(|| wrong("If-Match", "api-wrong-header"))?.to_owned())
            }
        };
        let query = query(operation, parts)?;
        let (app, name) = (app.clone(), operation.name);
        Ok(Self { app, visit, name, path, query, if_match, body: Sent::Nothing })
    }

    /// Takes the body that was read.
    pub(crate) fn with(self, body: Sent) -> Self {
        Self { body, ..self }
    }

    /// Who asks.
    pub(crate) fn actor(&self) -> Result<&Actor, Failure> {
        self.visit.actor()
    }

    /// What they may see.
    pub(crate) fn scope(&self) -> &Scope {
        self.visit.scope()
    }

    /// When they ask.
    pub(crate) fn now(&self) -> Timestamp {
        self.visit.now
    }

    /// The `{id}` of the path.
    pub(crate) fn id<T: Kind>(&self) -> Result<Id<T>, Failure> {
        self.at("id").parse().map_err(|_| Failure::not_found())
    }

    /// Something of the path.
    pub(crate) fn at(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The text of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A parameter as whatever it should be.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        match self.text(name) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| wrong(name, "api-wrong-form")),
        }
    }

    /// The period between `from` and `to`; `None` when neither is there.
    pub(crate) fn period(&self) -> Result<Option<base::Period>, Failure> {
        let (from, to) = (self.parsed("from")?, self.parsed("to")?);
        if from.is_none() && to.is_none() {
            return Ok(None);
        }
        Ok(Some(base::Period { start: from.unwrap_or(Timestamp::MIN), end: to.unwrap_or(Timestamp::MAX) }))
    }

    /// How many lines are wanted.
    pub(crate) fn limit(&self) -> u32 {
        self.text("limit").and_then(|text| text.parse().ok()).unwrap_or(LIMIT)
    }

    /// Where the list goes on; a cursor that is not one of ours, or of another list, is refused.
    pub(crate) fn cursor<T: FromStr>(&self) -> Result<Option<T>, Failure> {
        let Some(text) = self.text("cursor") else { return Ok(None) };
        let place = cursor::open(&self.app.state.access, &self.list(), text);
        let place = place.and_then(|place| place.parse().ok());
        place.map(Some).ok_or_else(|| wrong("cursor", "api-wrong-cursor"))
    }

    /// One page of a list, which goes on at `next`.
    pub(crate) fn page<T: serde::Serialize>(
        &self,
        items: Vec<T>,
        next: Option<impl ToString>,
    ) -> Result<Reply, Failure> {
        let next = next.map(|place| cursor::seal(&self.app.state.access, &self.list(), &place.to_string()));
        let mut kept: Vec<(&str, &str)> =
            self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        kept.retain(|(name, _)| *name != "cursor");
        let link = next.as_deref().map(|next| {
            kept.push(("cursor", next));
            crate::query::href(&self.visit.path, &kept)
        });
        Ok(Reply::json(&Page { items, next })?.with_next(link))
    }

    /// One page of a list that is there as a whole: `key` names each line for ever, and the page begins after the line
    /// that the cursor names.
    pub(crate) fn page_of<S, T: serde::Serialize>(
        &self,
        all: &[S],
        key: impl Fn(&S) -> String,
        show: impl Fn(&S) -> T,
    ) -> Result<Reply, Failure> {
        let (shown, next) = self.part_of(all, key)?;
        self.page(shown.iter().map(show).collect(), next)
    }

    /// What one page shows of a list that is there as a whole, and where the next goes on.
    pub(crate) fn part_of<'a, S>(
        &self,
        all: &'a [S],
        key: impl Fn(&S) -> String,
    ) -> Result<(&'a [S], Option<String>), Failure> {
        let after: Option<String> = self.cursor()?;
        let begin = match after {
            None => 0,
            // The line is gone: where the list went on cannot be known.
            Some(after) => match all.iter().position(|one| key(one) == after) {
                Some(place) => place + 1,
                None => return Err(wrong("cursor", "api-wrong-cursor")),
            },
        };
        let rest = all.get(begin..).unwrap_or_default();
        let limit = usize::try_from(self.limit()).unwrap_or(usize::MAX);
        let shown = rest.get(..limit).unwrap_or(rest);
        let next = shown.last().filter(|_| rest.len() > shown.len()).map(&key);
        Ok((shown, next))
    }

    /// One page of a list that is there as a whole: sorted by the text of each line, and going on after the one that the
    /// cursor names, whether that is still there or not.
    pub(crate) fn page_sorted<T: serde::Serialize>(
        &self,
        mut all: Vec<(String, T)>,
    ) -> Result<Reply, Failure> {
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        let after: Option<String> = self.cursor()?;
        let begin = after.map_or(0, |after| all.partition_point(|(key, _)| *key <= after));
        let mut rest = all.split_off(begin);
        let limit = usize::try_from(self.limit()).unwrap_or(usize::MAX);
        let more = rest.len() > limit;
        rest.truncate(limit);
        let next = rest.last().filter(|_| more).map(|(key, _)| key.clone());
        self.page(rest.into_iter().map(|(_, shown)| shown).collect(), next)
    }

    /// Which list, whose, with which filter: a cursor of one is none of another.
    fn list(&self) -> String {
        let account = self.visit.who.as_ref().map(|who| who.account.id.to_string()).unwrap_or_default();
        let mut list = format!("{account} {}", self.name);
        let filter = self.query.iter().filter(|(name, _)| !["cursor", "limit"].contains(&name.as_str()));
        for (name, value) in self.path.iter().chain(filter) {
            // With its length, so that no two filters read the same.
            list.push_str(&format!(" {name}={}:{value}", value.len()));
        }
        list
    }

    /// The body, which fits the operation's schema.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let body = std::mem::replace(&mut self.body, Sent::Nothing);
        let value = if let Sent::Json(value) = body { value } else { Value::Null };
        // The schema lets through nothing that the type does not take; a test holds the two together.
        serde_json::from_value(value).map_err(|error| {
            tracing::error!(%error, operation = self.name, "a body that fits its schema does not fit its type");
            Failure::new(StatusCode::BAD_REQUEST)
        })
    }

    /// The file that was sent, and its media type.
    pub(crate) fn file(&mut self) -> (String, Bytes) {
        match std::mem::replace(&mut self.body, Sent::Nothing) {
            Sent::File(kind, bytes) => (kind, bytes),
            _ => (String::new(), Bytes::new()),
        }
    }

    /// Whether the asker says to have seen this answer (RFC 9110 section 13.1.1); `None` when they say nothing.
    pub(crate) fn has_seen(&self, answer: Option<&Reply>) -> Option<bool> {
        let tags = self.if_match.as_deref()?;
        Some(answer.is_some_and(|answer| is_one_of(&answer.tag(), tags, false)))
    }
}

/// A request of which one thing is wrong.
pub(crate) fn wrong(at: &str, key: &'static str) -> Failure {
    Failure::at(StatusCode::BAD_REQUEST, vec![Fault::new(at, key, "")])
}

/// The query: every name known, none twice, every value as its schema says.
fn query(operation: &Operation, parts: &Parts) -> Result<BTreeMap<String, String>, Failure> {
    let pairs = RawQuery::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let RawQuery(pairs) = pairs.map_err(|_| Failure::new(StatusCode::BAD_REQUEST))?;
    // A broken escape or byte reads as U+FFFD; what was meant cannot be known.
    let is_text = parts.uri.query().is_none_or(is_utf8_when_decoded);
    let mut query = BTreeMap::new();
    let mut faults = Vec::new();
    if !is_text {
        return Err(wrong("query", "api-wrong-utf8"));
    }
    for (name, value) in pairs {
        let known = operation.in_query.iter().find(|one| one.name == name);
        let short = crate::visible::neutral_short(&name, 64);
        match known.map(|one| one.schema.read(one.name, &value)) {
            None => faults.push(Fault::new(&short, "api-wrong-unknown", "")),
            Some(Err(fault)) => faults.push(fault),
            Some(Ok(_)) if query.contains_key(&name) => {
                faults.push(Fault::new(&short, "api-wrong-twice", ""))
            }
            Some(Ok(_)) => {
                query.insert(name, value);
            }
        }
    }
    let missing = operation.in_query.iter().filter(|one| one.needed && !query.contains_key(one.name));
    if faults.is_empty() {
        faults.extend(missing.map(|one| Fault::new(one.name, "api-wrong-missing", "")));
    }
    if faults.is_empty() { Ok(query) } else { Err(Failure::at(StatusCode::BAD_REQUEST, faults)) }
}

/// Whether the bytes that a query stands for are text.
fn is_utf8_when_decoded(query: &str) -> bool {
    let mut bytes = Vec::with_capacity(query.len());
    let mut rest = query.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |at: usize| tail.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    std::str::from_utf8(&bytes).is_ok()
}

/// Reads the body as the operation takes it; gives also its bytes, by which a repetition is recognised.
pub(crate) async fn body(operation: &Operation, request: Request) -> Result<(Sent, Bytes), Failure> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // The route has set how much of it is read.
    let bytes = Bytes::from_request(request, &()).await.map_err(|refused| Failure::new(refused.status()))?;
    let sent = match &operation.body {
        Body::Nothing => Sent::Nothing,
        Body::Json(schema) if kind == "application/json" => Sent::Json(json(schema, &bytes)?),
        Body::File { kinds, .. } if kinds.contains(&kind.as_str()) => Sent::File(kind, bytes.clone()),
        _ => return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    };
    Ok((sent, bytes))
}

fn json(schema: &Schema, bytes: &[u8]) -> Result<Value, Failure> {
    // `serde_json` goes 128 levels deep and no deeper.
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("{}:{}", error.line(), error.column());
        Failure::at(StatusCode::BAD_REQUEST, vec![Fault::new("", "api-wrong-json", place)])
    })?;
    let faults = schema.faults(&value);
    if faults.is_empty() { Ok(value) } else { Err(Failure::at(StatusCode::BAD_REQUEST, faults)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_must_be_text_once_it_is_decoded() {
        for text in ["", "a=%E7%8B%BC", "a=100%", "a=%zz", "%41=b"] {
            assert!(is_utf8_when_decoded(text), "{text}");
        }
        for bytes in ["a=%ff", "%E7%8B", "a=%C0%80", "a=%ED%A0%80"] {
            assert!(!is_utf8_when_decoded(bytes), "{bytes}");
        }
    }
}
