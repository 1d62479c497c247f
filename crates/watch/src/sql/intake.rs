//! What was read.

use base::{Id, Organisation, Period, Right, Scope, Timestamp};
use sqlx::Row as _;
use store::{Builder, Connection, clean, instant, micros, parse};

use super::{column, count, within};
use crate::Error;
use crate::intake::{Counts, Import, PartResult, Position, UnreadRecord, UnreadRow, readable};

pub(crate) async fn position(
    connection: &mut Connection,
    organisation: Id<Organisation>,
    file: &str,
    fingerprint: &str,
) -> Result<Position, Error> {
    let row = sqlx::query(
        "SELECT parts, offset_bytes FROM imports WHERE organisation = $1 AND file = $2 AND fingerprint = $3",
    )
    .bind(organisation.to_string())
    .bind(file)
    .bind(fingerprint)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(Position::default()) };
    Ok(Position { next_part: count(row.try_get(0)?), offset: count(row.try_get(1)?) })
}

/// Files of one name that are told apart, at most: a log that rotates every minute has this many in a week.
const FINGERPRINTS_MAX: i64 = 10_000;

pub(crate) async fn fingerprints(
    connection: &mut Connection,
    organisation: Id<Organisation>,
    file: &str,
) -> Result<Vec<String>, Error> {
    let rows = sqlx::query_scalar(
        "SELECT fingerprint FROM imports WHERE organisation = $1 AND file = $2 ORDER BY last_at DESC LIMIT $3",
    )
    .bind(organisation.to_string())
    .bind(file)
    .bind(FINGERPRINTS_MAX)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Moves the place of a file and adds to its counts; says how many of its records were unread before.
pub(crate) async fn upsert_import(
    connection: &mut Connection,
    part: &PartResult,
    file: &str,
    fingerprint: &str,
    now: Timestamp,
) -> Result<u64, Error> {
    let events: u64 = part.hours.iter().map(|hour| hour.events).sum();
    let unread: i64 = sqlx::query_scalar(
        "INSERT INTO imports (organisation, file, fingerprint, parts, offset_bytes, events, unread, detections,
            first_at, last_at, late)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)
         ON CONFLICT (organisation, file, fingerprint) DO UPDATE SET parts = excluded.parts,
            offset_bytes = excluded.offset_bytes, events = imports.events + excluded.events,
            unread = imports.unread + excluded.unread, detections = imports.detections + excluded.detections,
            last_at = excluded.last_at, late = imports.late + excluded.late
         RETURNING unread",
    )
    .bind(part.organisation.to_string())
    .bind(file)
    .bind(fingerprint)
    .bind(column(part.part.saturating_add(1)))
    .bind(column(part.new_offset))
    .bind(column(events))
    .bind(column(part.unread_total))
    .bind(column(part.detections.len() as u64))
    .bind(micros(now))
    .bind(column(part.late))
    .fetch_one(connection)
    .await?;
    Ok(count(unread).saturating_sub(part.unread_total))
}

pub(crate) async fn add_hour(
    connection: &mut Connection,
    organisation: Id<Organisation>,
    hour_us: i64,
    counts: Counts,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO intake_hours (hour, organisation, events, unread, detections, late)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (hour, organisation) DO UPDATE SET events = intake_hours.events + excluded.events,
            unread = intake_hours.unread + excluded.unread,
            detections = intake_hours.detections + excluded.detections,
            late = intake_hours.late + excluded.late",
    )
    .bind(hour_us)
    .bind(organisation.to_string())
    .bind(column(counts.events))
    .bind(column(counts.unread))
    .bind(column(counts.detections))
    .bind(column(counts.late))
    .execute(connection)
    .await?;
    Ok(())
}

/// Widens the time in which an organisation was heard.
pub(crate) async fn hear(
    connection: &mut Connection,
    organisation: Id<Organisation>,
    first: Timestamp,
    last: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO intake_heard (organisation, first_event_at, last_event_at) VALUES ($1, $2, $3)
         ON CONFLICT (organisation) DO UPDATE SET
            first_event_at = CASE WHEN excluded.first_event_at < intake_heard.first_event_at
                THEN excluded.first_event_at ELSE intake_heard.first_event_at END,
            last_event_at = CASE WHEN excluded.last_event_at > intake_heard.last_event_at
                THEN excluded.last_event_at ELSE intake_heard.last_event_at END",
    )
    .bind(organisation.to_string())
    .bind(micros(first))
    .bind(micros(last))
    .execute(connection)
    .await?;
    Ok(())
}

/// When an organisation was heard for the first time.
pub(crate) async fn heard_since(
    connection: &mut Connection,
    organisation: Id<Organisation>,
) -> Result<Option<Timestamp>, Error> {
    let since: Option<i64> =
        sqlx::query_scalar("SELECT first_event_at FROM intake_heard WHERE organisation = $1")
            .bind(organisation.to_string())
            .fetch_optional(connection)
            .await?;
    Ok(since.map(instant).transpose()?)
}

pub(crate) async fn insert_unread(
    connection: &mut Connection,
    seq: i64,
    organisation: Id<Organisation>,
    file: &str,
    unread: &UnreadRecord,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO unread (seq, at, organisation, file, offset_bytes, line, reason, beginning)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(seq)
    .bind(micros(now))
    .bind(organisation.to_string())
    .bind(file)
    .bind(column(unread.offset))
    .bind(column(unread.line))
    .bind(clean(&unread.reason).as_ref())
    .bind(readable(&unread.beginning))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn unread(
    connection: &mut Connection,
    scope: &Scope,
    limit: u32,
    before: Option<i64>,
) -> Result<Vec<UnreadRow>, Error> {
    let mut query = Builder::new(
        "SELECT seq, at, organisation, file, offset_bytes, line, reason, beginning FROM unread WHERE seq < ",
    );
    query.push_bind(before.unwrap_or(i64::MAX));
    within(&mut query, "organisation", scope, Right::ReadEvents);
    query.push(" ORDER BY seq DESC LIMIT ").push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(UnreadRow {
                seq: row.try_get(0)?,
                at: instant(row.try_get(1)?)?,
                organisation: parse(row.try_get(2)?, "an organisation's id")?,
                file: row.try_get(3)?,
                offset: count(row.try_get(4)?),
                line: count(row.try_get(5)?),
                reason: row.try_get(6)?,
                beginning: row.try_get(7)?,
            })
        })
        .collect()
}

pub(crate) async fn imports(
    connection: &mut Connection,
    scope: &Scope,
    limit: u32,
) -> Result<Vec<Import>, Error> {
    let mut query = Builder::new(
        "SELECT organisation, file, fingerprint, offset_bytes, events, unread, detections, first_at, last_at, late
         FROM imports WHERE 1 = 1",
    );
    within(&mut query, "organisation", scope, Right::ReadEvents);
    query.push(" ORDER BY last_at DESC, organisation, file LIMIT ").push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Import {
                organisation: parse(row.try_get(0)?, "an organisation's id")?,
                file: row.try_get(1)?,
                fingerprint: row.try_get(2)?,
                offset: count(row.try_get(3)?),
                counts: Counts {
                    events: count(row.try_get(4)?),
                    unread: count(row.try_get(5)?),
                    detections: count(row.try_get(6)?),
                    late: count(row.try_get(9)?),
                },
                first_at: instant(row.try_get(7)?)?,
                last_at: instant(row.try_get(8)?)?,
            })
        })
        .collect()
}

pub(crate) async fn hours(
    connection: &mut Connection,
    scope: &Scope,
    organisation: Option<Id<Organisation>>,
    period: Period,
) -> Result<Vec<(Timestamp, Counts)>, Error> {
    let mut query = Builder::new(
        "SELECT hour, CAST(SUM(events) AS BIGINT), CAST(SUM(unread) AS BIGINT), CAST(SUM(detections) AS BIGINT),
            CAST(SUM(late) AS BIGINT)
         FROM intake_hours WHERE hour >= ",
    );
    query.push_bind(micros(period.start)).push(" AND hour < ").push_bind(micros(period.end));
    if let Some(organisation) = organisation {
        query.push(" AND organisation = ").push_bind(organisation.to_string());
    }
    within(&mut query, "organisation", scope, Right::ReadWatch);
    query.push(" GROUP BY hour ORDER BY hour");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let counts = Counts {
                events: count(row.try_get(1)?),
                unread: count(row.try_get(2)?),
                detections: count(row.try_get(3)?),
                late: count(row.try_get(4)?),
            };
            Ok((instant(row.try_get(0)?)?, counts))
        })
        .collect()
}
