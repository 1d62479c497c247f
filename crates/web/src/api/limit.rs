//! How many requests one token, or one session, may make: a bucket that is filled again all the time.
//!
//! Said in every answer as draft-ietf-httpapi-ratelimit-headers-10 has it: `RateLimit-Policy` is the rule, `RateLimit` what is left
//! (`r`) and in how many seconds all of it is there again (`t`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base::Timestamp;

use crate::error::Failure;
use crate::{App, session};

/// Tokens and sessions remembered; beyond it those that have asked for nothing lately are forgotten.
const HOLDERS_MAX: usize = 20_000;
/// Parts of one request in which a bucket counts.
const PARTS: i64 = 1_000_000;

/// How many requests in how many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimit {
    /// So many at once, when nothing was asked for a while.
    pub requests: u32,
    /// And as many again spread over so many seconds.
    pub window_s: u32,
}

impl Default for RequestLimit {
    fn default() -> Self {
        Self { requests: 600, window_s: 60 }
    }
}

/// What is left to each token and session. Lives in memory: whoever restarts the program gives everybody a full bucket.
#[derive(Debug, Default)]
pub(crate) struct Buckets(Mutex<HashMap<String, Bucket>>);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// In [`PARTS`] of a request.
    left: i64,
    at: Timestamp,
}

/// Where somebody stands after one more request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether it was one too many.
    pub too_many: bool,
    /// Requests left.
    pub left: i64,
    /// Seconds until all are there again.
    pub full_s: i64,
    /// Seconds until there is one.
    pub wait_s: i64,
}

impl Buckets {
    /// Takes one request of `holder` at `now`.
    pub(crate) fn take(&self, limit: RequestLimit, holder: &str, now: Timestamp) -> Standing {
        let full = i64::from(limit.requests).saturating_mul(PARTS);
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= HOLDERS_MAX && !buckets.contains_key(holder) {
            buckets.retain(|_, bucket| filled(limit, *bucket, now) < full);
            if buckets.len() >= HOLDERS_MAX {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(holder.to_owned()).or_insert(Bucket { left: full, at: now });
        let had = filled(limit, *bucket, now);
        let too_many = had < PARTS;
        *bucket = Bucket { left: if too_many { had } else { had - PARTS }, at: bucket.at.max(now) };
        let seconds = |parts: i64| {
            let parts = i128::from(parts.max(0)) * i128::from(limit.window_s);
            let each = i128::from(limit.requests.max(1)) * i128::from(PARTS);
            i64::try_from((parts + each - 1) / each).unwrap_or(i64::MAX)
        };
        Standing {
            too_many,
            left: bucket.left / PARTS,
            full_s: seconds(full - bucket.left),
            wait_s: seconds(PARTS - bucket.left).max(1),
        }
    }
}

/// What a bucket holds at `now`. A clock set back fills nothing.
fn filled(limit: RequestLimit, bucket: Bucket, now: Timestamp) -> i64 {
    let passed_us = i128::from(now.as_microsecond()) - i128::from(bucket.at.as_microsecond());
    let came = passed_us.max(0) * i128::from(limit.requests) / i128::from(limit.window_s.max(1));
    let full = i128::from(limit.requests) * i128::from(PARTS);
    i64::try_from((i128::from(bucket.left) + came).min(full)).unwrap_or(i64::MAX)
}

/// Counts every request to the API, and refuses what is one too many.
pub(crate) async fn hold(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if !super::is_of_it(request.uri().path()) {
        return next.run(request).await;
    }
    let Some(who) = session::recognised(request.extensions()) else { return next.run(request).await };
    let holder = match (&who.token, &who.session) {
        (Some(token), _) => token.id.to_string(),
        (None, Some(session)) => session.id.to_string(),
        (None, None) => who.account.id.to_string(),
    };
    let limit = app.state.request_limit;
    let standing = app.buckets.take(limit, &holder, (app.state.clock)());
    let mut response = if standing.too_many {
        let detail = Some(("error-wait", standing.wait_s.to_string()));
        Failure { detail, ..Failure::new(StatusCode::TOO_MANY_REQUESTS) }.into_response()
    } else {
        next.run(request).await
    };
    say(response.headers_mut(), limit, standing);
    response
}

fn say(headers: &mut HeaderMap, limit: RequestLimit, standing: Standing) {
    let mut set = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    set(
        HeaderName::from_static("ratelimit-policy"),
        format!("\"default\";q={};w={}", limit.requests, limit.window_s),
    );
    set(
        HeaderName::from_static("ratelimit"),
        format!("\"default\";r={};t={}", standing.left, standing.full_s),
    );
    if standing.too_many {
        set(RETRY_AFTER, standing.wait_s.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_A_MINUTE: RequestLimit = RequestLimit { requests: 2, window_s: 60 };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_784_000_000 + second).unwrap()
    }

    #[track_caller]
    fn check(buckets: &Buckets, holder: &str, second: i64, expected: (bool, i64, i64, i64)) {
        let standing = buckets.take(TWO_A_MINUTE, holder, at(second));
        assert_eq!(
            (standing.too_many, standing.left, standing.full_s, standing.wait_s),
            expected,
            "{second}"
        );
    }

    #[test]
    fn a_bucket_is_emptied_at_once_and_filled_bit_by_bit() {
        let buckets = Buckets::default();
        check(&buckets, "a", 0, (false, 1, 30, 1));
        check(&buckets, "a", 0, (false, 0, 60, 30));
        check(&buckets, "a", 0, (true, 0, 60, 30));
        check(&buckets, "a", 27, (true, 0, 33, 3));
        check(&buckets, "a", 30, (false, 0, 60, 30));
        check(&buckets, "a", 1_000, (false, 1, 30, 1));
    }

    #[test]
    fn each_has_a_bucket_of_their_own_and_a_clock_set_back_fills_none() {
        let buckets = Buckets::default();
        check(&buckets, "a", 100, (false, 1, 30, 1));
        check(&buckets, "b", 100, (false, 1, 30, 1));
        check(&buckets, "a", 0, (false, 0, 60, 30));
        check(&buckets, "a", 103, (true, 0, 57, 27));
    }

    #[test]
    fn however_many_ask_no_more_than_so_many_are_remembered() {
        let buckets = Buckets::default();
        for number in 0..HOLDERS_MAX + 10 {
            buckets.take(TWO_A_MINUTE, &number.to_string(), at(0));
        }
        assert!(buckets.0.lock().unwrap().len() <= HOLDERS_MAX);
    }
}
