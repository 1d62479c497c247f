//! Every statement of the watch, by what it is for. All of them take the asker's scope or an organisation, except
//! those inside a transaction that judges.

pub(crate) mod board;
pub(crate) mod campaign;
pub(crate) mod ingest;
pub(crate) mod intake;
pub(crate) mod threat;

use base::{Right, Scope, Severity};
use store::Builder;

use crate::Error;

pub(crate) const HOUR_US: i64 = 3_600_000_000;
pub(crate) const DAY_US: i64 = 24 * HOUR_US;
/// Japan's distance from UTC.
pub(crate) const JAPAN_US: i64 = 9 * HOUR_US;

/// Adds ` AND column IN (…)` for what the right reaches; nothing for the centre. A scope of nobody finds nothing.
pub(crate) fn within(query: &mut Builder, column: &'static str, scope: &Scope, right: Right) {
    let Some(organisations) = scope.limit(right) else { return };
    if organisations.is_empty() {
        query.push(" AND 1 = 0");
        return;
    }
    query.push(" AND ").push(column).push(" IN (");
    let mut list = query.separated(", ");
    for organisation in organisations {
        list.push_bind(organisation.to_string());
    }
    query.push(")");
}

/// A count as a column holds it.
pub(crate) fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count from a column.
pub(crate) fn count(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

pub(crate) fn severity(column: i64) -> Result<Severity, Error> {
    let level = usize::try_from(column).ok().and_then(|place| Severity::ALL.get(place));
    level
        .copied()
        .ok_or_else(|| store::Error::Damaged { value: column.to_string(), expected: "a level" }.into())
}

pub(crate) fn json<T: serde::de::DeserializeOwned>(text: &str, expected: &'static str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|_| store::Error::Damaged { value: text.chars().take(64).collect(), expected }.into())
}

/// A value as JSON text. What Noroshi keeps this way (strings, numbers, lists) always has a JSON form.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
