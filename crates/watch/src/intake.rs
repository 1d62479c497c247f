//! What was read: the ledger of files, counters by hour, and records that could not be read.
//!
//! A file is read in parts. [`commit_part`] moves the file's place together with everything found in the part, so that
//! a part is counted once whatever happens in between: what was not committed is brought again, what was committed is
//! recognised by its number and left.

use std::collections::BTreeMap;

use base::{Id, Organisation, Period, Scope, Timestamp};
use registry::Registry;
use store::{Store, Tx, clean, micros};

use crate::Error;
use crate::detect::Detection;
use crate::ingest::{Raised, ingest};
use crate::policy::Policy;
use crate::sql::{HOUR_US, intake as sql};

/// Unread records of one file that are kept to be looked at; all are counted.
pub const UNREAD_KEPT_PER_FILE: u64 = 1000;
/// Bytes kept of an unread record.
pub const BEGINNING_BYTES_MAX: usize = 512;

/// What one part of a file gave.
#[derive(Clone, Debug)]
pub struct PartResult {
    /// Whose file it is.
    pub organisation: Id<Organisation>,
    /// The file's name as people know it: the path below the imported folder, or the sensor's stream.
    pub file: String,
    /// What tells this file from another that had the same name before it (a rotated log).
    pub fingerprint: String,
    /// Which part, from 0, without gaps.
    pub part: u64,
    /// Bytes of the (decompressed) file up to the end of this part.
    pub new_offset: u64,
    /// Events by the hour in which they happened.
    pub hours: Vec<HourCount>,
    /// Records that could not be read; as many as the reader kept.
    pub unread: Vec<UnreadRecord>,
    /// How many there were in all.
    pub unread_total: u64,
    /// Events that rules matched too late to be correlated.
    pub late: u64,
    /// What the rules and indicators found.
    pub detections: Vec<Detection>,
}

/// Events of one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourCount {
    /// The hour's first instant; any instant of the hour will do.
    pub hour: Timestamp,
    /// How many.
    pub events: u64,
    /// The last of them.
    pub last_event_at: Timestamp,
}

/// One record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadRecord {
    /// Bytes before it.
    pub offset: u64,
    /// Its line or record number.
    pub line: u64,
    /// What was wrong.
    pub reason: String,
    /// Its first bytes.
    pub beginning: Vec<u8>,
}

/// How far a file was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The part that comes next, from 0.
    pub next_part: u64,
    /// Bytes of the (decompressed) file that were read.
    pub offset: u64,
}

/// What became of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It was counted and judged.
    Done(Raised),
    /// It had been committed before; nothing was changed.
    Already,
}

/// How far a file was read; the beginning when it never was.
pub async fn position(
    store: &Store,
    organisation: Id<Organisation>,
    file: &str,
    fingerprint: &str,
) -> Result<Position, Error> {
    let mut read = store.read().await?;
    sql::position(read.connection(), organisation, &clean(file), &clean(fingerprint)).await
}

/// What tells apart the files that had this name, the one read last first.
pub async fn fingerprints(
    store: &Store,
    organisation: Id<Organisation>,
    file: &str,
) -> Result<Vec<String>, Error> {
    sql::fingerprints(store.read().await?.connection(), organisation, &clean(file)).await
}

/// Counts and judges one part of a file and moves the file's place, all in `tx`. The part's events must already be in
/// the lake under a name made from file and part: then a crash between the two repeats both and doubles neither.
pub async fn commit_part(
    tx: &mut Tx,
    registry: &Registry,
    policy: &Policy,
    part: &PartResult,
    now: Timestamp,
) -> Result<Committed, Error> {
    let (file, fingerprint) = (clean(&part.file), clean(&part.fingerprint));
    let position = sql::position(tx.connection(), part.organisation, &file, &fingerprint).await?;
    if part.part < position.next_part {
        return Ok(Committed::Already);
    }
    if part.part > position.next_part {
        let (expected, got) = (position.next_part, part.part);
        return Err(Error::PartMissing { file: part.file.clone(), expected, got });
    }
    let unread_before = sql::upsert_import(tx.connection(), part, &file, &fingerprint, now).await?;
    for (hour, counts) in by_hour(part, now) {
        sql::add_hour(tx.connection(), part.organisation, hour, counts).await?;
    }
    if let Some((first, last)) = heard(part) {
        sql::hear(tx.connection(), part.organisation, first, last).await?;
    }
    let room = usize::try_from(UNREAD_KEPT_PER_FILE.saturating_sub(unread_before)).unwrap_or(0);
    for unread in part.unread.iter().take(room) {
        let seq = tx.take_numbers("unread", 1).await?;
        sql::insert_unread(tx.connection(), seq, part.organisation, &file, unread, now).await?;
    }
    let raised = ingest(tx, registry, &part.detections, policy, now).await?;
    Ok(Committed::Done(raised))
}

/// Counts and judges what correlations found, in the transaction that takes the number of their batch.
pub async fn commit_correlated(
    tx: &mut Tx,
    registry: &Registry,
    policy: &Policy,
    detections: &[Detection],
    now: Timestamp,
) -> Result<Raised, Error> {
    let mut hours: BTreeMap<(Id<Organisation>, i64), Counts> = BTreeMap::new();
    for detection in detections {
        hours.entry((detection.organisation, hour_of(detection.time))).or_default().detections += 1;
    }
    for ((organisation, hour), counts) in hours {
        sql::add_hour(tx.connection(), organisation, hour, counts).await?;
    }
    ingest(tx, registry, detections, policy, now).await
}

/// Counters of one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Events read.
    pub events: u64,
    /// Records that could not be read.
    pub unread: u64,
    /// Detections, whatever they were judged.
    pub detections: u64,
    /// Events that rules matched too late to be correlated.
    pub late: u64,
}

fn by_hour(part: &PartResult, now: Timestamp) -> BTreeMap<i64, Counts> {
    let mut hours: BTreeMap<i64, Counts> = BTreeMap::new();
    for count in &part.hours {
        hours.entry(hour_of(count.hour)).or_default().events += count.events;
    }
    for detection in &part.detections {
        hours.entry(hour_of(detection.time)).or_default().detections += 1;
    }
    if part.unread_total + part.late > 0 {
        let counts = hours.entry(hour_of(now)).or_default();
        counts.unread += part.unread_total;
        counts.late += part.late;
    }
    hours
}

fn hour_of(time: Timestamp) -> i64 {
    micros(time).div_euclid(HOUR_US) * HOUR_US
}

fn heard(part: &PartResult) -> Option<(Timestamp, Timestamp)> {
    let first = part.hours.iter().map(|count| count.hour).min()?;
    let last = part.hours.iter().map(|count| count.last_event_at).max()?;
    Some((first, last))
}

/// A record that could not be read, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct UnreadRow {
    /// Its number; the newest has the highest.
    pub seq: i64,
    /// When it was met.
    pub at: Timestamp,
    /// Whose file.
    pub organisation: Id<Organisation>,
    /// Which file.
    pub file: String,
    /// Bytes before it.
    pub offset: u64,
    /// Its line or record number.
    pub line: u64,
    /// What was wrong.
    pub reason: String,
    /// Its first bytes; those that are no text are written `\x82`.
    pub beginning: String,
}

/// Unread records, newest first, after `before` when it is given.
pub async fn unread(
    store: &Store,
    scope: &Scope,
    limit: u32,
    before: Option<i64>,
) -> Result<Vec<UnreadRow>, Error> {
    sql::unread(store.read().await?.connection(), scope, limit, before).await
}

/// A file that was read, with what it gave.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Import {
    /// Whose file.
    pub organisation: Id<Organisation>,
    /// Which file.
    pub file: String,
    /// What tells it from another of that name.
    pub fingerprint: String,
    /// Bytes read.
    pub offset: u64,
    /// What it gave.
    pub counts: Counts,
    /// When its first part came.
    pub first_at: Timestamp,
    /// When its last part came.
    pub last_at: Timestamp,
}

/// Files that were read, the latest first.
pub async fn imports(store: &Store, scope: &Scope, limit: u32) -> Result<Vec<Import>, Error> {
    sql::imports(store.read().await?.connection(), scope, limit).await
}

/// What was read at each hour of a period, oldest first; hours in which nothing was read are left out.
pub async fn hours(
    store: &Store,
    scope: &Scope,
    organisation: Option<Id<Organisation>>,
    period: Period,
) -> Result<Vec<(Timestamp, Counts)>, Error> {
    sql::hours(store.read().await?.connection(), scope, organisation, period).await
}

/// Bytes as text that any column holds and a person can read.
pub(crate) fn readable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.get(..BEGINNING_BYTES_MAX).unwrap_or(bytes).utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    clean(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_written_in_hexadecimal() {
        assert_eq!(readable(b"ok \x82\xa0 \xe7\x8b\xbc"), "ok \\x82\\xa0 狼");
        assert_eq!(readable(b"a\0b"), "a␀b");
        assert_eq!(readable(&[b'x'; BEGINNING_BYTES_MAX + 1]).len(), BEGINNING_BYTES_MAX);
    }
}
