//! What judging reads and writes.

use std::collections::HashSet;

use base::{Id, Observable, Organisation, Threat, Timestamp};
use sqlx::Row as _;
use store::{Builder, Connection, instant, micros, parse};

use super::{column, count, json, severity, to_json};
use crate::Error;
use crate::group::{Key, Span};
use crate::ingest::{Group, Kept};
use crate::judge::{Earlier, Verdict};

/// More standing groups of one key than could lie within reach of one batch; a limit for damaged data.
const STANDING_MAX: i64 = 1000;
/// Rows of one INSERT; SQLite takes 32,766 values in a statement.
const ROWS_PER_INSERT: usize = 200;

/// Groups of this key that reach into the time between, earliest first.
pub(crate) async fn groups_near(
    connection: &mut Connection,
    group_key: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Group>, Error> {
    let rows = sqlx::query(
        "SELECT id, number, first_at, last_at, detections, level, techniques, observables, verdict, raised_at,
            decided_verdict, title, score, reasons
         FROM threats WHERE group_key = $1 AND last_at >= $2 AND first_at <= $3 ORDER BY first_at LIMIT $4",
    )
    .bind(group_key)
    .bind(micros(from))
    .bind(micros(until))
    .bind(STANDING_MAX)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let decided: Option<String> = row.try_get(10)?;
            Ok(Group {
                id: parse(row.try_get(0)?, "a threat's id")?,
                number: row.try_get(1)?,
                span: Span { first_at: instant(row.try_get(2)?)?, last_at: instant(row.try_get(3)?)? },
                detections: count(row.try_get(4)?),
                level: severity(row.try_get(5)?)?,
                techniques: json(row.try_get(6)?, "techniques")?,
                observables: json(row.try_get(7)?, "observables")?,
                verdict: parse(row.try_get(8)?, "a verdict")?,
                raised: row.try_get::<Option<i64>, _>(9)?.is_some(),
                decision: decided.map(|word| parse(&word, "a verdict")).transpose()?,
                title: row.try_get(11)?,
                score: u32::try_from(row.try_get::<i64, _>(12)?).unwrap_or(0),
                reasons: json(row.try_get(13)?, "reasons")?,
            })
        })
        .collect()
}

/// How many groups of a rule at an organisation reach into the time between.
pub(crate) async fn open_groups_of_rule(
    connection: &mut Connection,
    organisation: Id<Organisation>,
    rule_id: &str,
    from: Timestamp,
    until: Timestamp,
    at_most: usize,
) -> Result<usize, Error> {
    let open: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM (
            SELECT 1 FROM threats WHERE rule_id = $1 AND organisation = $2 AND last_at >= $3 AND first_at <= $4
            LIMIT $5) AS open",
    )
    .bind(rule_id)
    .bind(organisation.to_string())
    .bind(micros(from))
    .bind(micros(until))
    .bind(i64::try_from(at_most).unwrap_or(i64::MAX))
    .fetch_one(connection)
    .await?;
    Ok(usize::try_from(open).unwrap_or(0))
}

/// The events whose detections are kept for a threat.
pub(crate) async fn kept_events(
    connection: &mut Connection,
    threat: Id<Threat>,
) -> Result<HashSet<String>, Error> {
    let events = sqlx::query_scalar("SELECT event FROM detections WHERE threat = $1")
        .bind(threat.to_string())
        .fetch_all(connection)
        .await?;
    Ok(events.into_iter().collect())
}

/// Writes a group as it now is: a new row, or the new state of one that stands.
pub(crate) async fn upsert_group(
    connection: &mut Connection,
    key: &Key,
    rule_id: &str,
    group: &Group,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO threats (id, number, organisation, group_key, shape, rule_id, title, level, techniques, actor,
            target, first_at, last_at, detections, observables, verdict, score, reasons, raised_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, level = excluded.level,
            techniques = excluded.techniques, first_at = excluded.first_at, last_at = excluded.last_at,
            detections = excluded.detections, observables = excluded.observables, verdict = excluded.verdict,
            score = excluded.score, reasons = excluded.reasons,
            raised_at = COALESCE(threats.raised_at, excluded.raised_at)",
    )
    .bind(group.id.to_string())
    .bind(&group.number)
    .bind(key.organisation.to_string())
    .bind(key.digest())
    .bind(key.shape())
    .bind(rule_id)
    .bind(&group.title)
    .bind(group.level as i64)
    .bind(to_json(&group.techniques))
    .bind(&key.actor)
    .bind(&key.target)
    .bind(micros(group.span.first_at))
    .bind(micros(group.span.last_at))
    .bind(column(group.detections))
    .bind(to_json(&group.observables))
    .bind(group.verdict.word())
    .bind(i64::from(group.score))
    .bind(to_json(&group.reasons))
    .bind(group.raised.then(|| micros(now)))
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps detections; those already kept stay as they are.
pub(crate) async fn insert_detections(
    connection: &mut Connection,
    threat: Id<Threat>,
    rule: &str,
    kept: &[(String, Timestamp, Kept)],
) -> Result<(), Error> {
    for chunk in kept.chunks(ROWS_PER_INSERT) {
        let mut query = Builder::new("INSERT INTO detections (event, rule, threat, at, body) ");
        query.push_values(chunk, |mut row, (event, at, body)| {
            row.push_bind(event.as_str())
                .push_bind(rule)
                .push_bind(threat.to_string())
                .push_bind(micros(*at))
                .push_bind(to_json(body));
        });
        query.push(" ON CONFLICT (event, rule) DO NOTHING");
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Leaves the first and the latest detections of a threat.
pub(crate) async fn trim_detections(
    connection: &mut Connection,
    threat: Id<Threat>,
    first: usize,
    latest: usize,
) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM detections WHERE threat = $1 AND event IN (
            SELECT event FROM (
                SELECT event, ROW_NUMBER() OVER (ORDER BY at, event) AS early,
                    ROW_NUMBER() OVER (ORDER BY at DESC, event DESC) AS late
                FROM detections WHERE threat = $1) AS ranked
            WHERE early > $2 AND late > $3)",
    )
    .bind(threat.to_string())
    .bind(i64::try_from(first).unwrap_or(i64::MAX))
    .bind(i64::try_from(latest).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(())
}

/// An observable of a group, when and how often it was seen there.
pub(crate) struct Seen {
    pub(crate) observable: Observable,
    pub(crate) span: Span,
    pub(crate) seen: u64,
}

/// The observables of a threat that are already sighted.
pub(crate) async fn sighted(
    connection: &mut Connection,
    threat: Id<Threat>,
) -> Result<HashSet<(String, String)>, Error> {
    let rows = sqlx::query("SELECT kind, value FROM sightings WHERE threat = $1")
        .bind(threat.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Adds to the sightings of a threat.
pub(crate) async fn upsert_sightings(
    connection: &mut Connection,
    threat: Id<Threat>,
    organisation: Id<Organisation>,
    seen: &[Seen],
) -> Result<(), Error> {
    if seen.is_empty() {
        return Ok(());
    }
    let mut query =
        Builder::new("INSERT INTO sightings (threat, kind, value, organisation, first_at, last_at, seen) ");
    query.push_values(seen, |mut row, one| {
        row.push_bind(threat.to_string())
            .push_bind(one.observable.kind.word())
            .push_bind(one.observable.value.as_str())
            .push_bind(organisation.to_string())
            .push_bind(micros(one.span.first_at))
            .push_bind(micros(one.span.last_at))
            .push_bind(column(one.seen));
    });
    query.push(
        " ON CONFLICT (threat, kind, value) DO UPDATE SET seen = sightings.seen + excluded.seen,
            first_at = CASE WHEN excluded.first_at < sightings.first_at
                THEN excluded.first_at ELSE sightings.first_at END,
            last_at = CASE WHEN excluded.last_at > sightings.last_at
                THEN excluded.last_at ELSE sightings.last_at END",
    );
    query.build().execute(connection).await?;
    Ok(())
}

/// Other organisations where this actor met this rule in the time between.
pub(crate) async fn organisations_elsewhere(
    connection: &mut Connection,
    organisation: Id<Organisation>,
    actor: &str,
    rule_id: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<u32, Error> {
    let elsewhere: i64 = sqlx::query_scalar(
        "SELECT COUNT(DISTINCT organisation) FROM threats
         WHERE actor = $1 AND rule_id = $2 AND last_at >= $3 AND first_at <= $4 AND organisation <> $5",
    )
    .bind(actor)
    .bind(rule_id)
    .bind(micros(from))
    .bind(micros(until))
    .bind(organisation.to_string())
    .fetch_one(connection)
    .await?;
    Ok(u32::try_from(elsewhere).unwrap_or(u32::MAX))
}

/// On how many days between, the last one left out, a rule fired at an organisation.
pub(crate) async fn days_of_rule(
    connection: &mut Connection,
    organisation: Id<Organisation>,
    rule_id: &str,
    from_day: i64,
    before_day: i64,
) -> Result<u32, Error> {
    let days: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM rule_days WHERE organisation = $1 AND rule_id = $2 AND day >= $3 AND day < $4",
    )
    .bind(organisation.to_string())
    .bind(rule_id)
    .bind(from_day)
    .bind(before_day)
    .fetch_one(connection)
    .await?;
    Ok(u32::try_from(days).unwrap_or(u32::MAX))
}

/// Notes that a rule fired on a day.
pub(crate) async fn insert_day_of_rule(
    connection: &mut Connection,
    organisation: Id<Organisation>,
    rule_id: &str,
    day: i64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO rule_days (organisation, rule_id, day) VALUES ($1, $2, $3)
         ON CONFLICT (organisation, rule_id, day) DO NOTHING",
    )
    .bind(organisation.to_string())
    .bind(rule_id)
    .bind(day)
    .execute(connection)
    .await?;
    Ok(())
}

/// The latest decisions on a shape, each threat's standing decision once, its own left out.
pub(crate) async fn earlier(
    connection: &mut Connection,
    shape: &str,
    but: Id<Threat>,
    at_most: u32,
) -> Result<Earlier, Error> {
    let words: Vec<String> = sqlx::query_scalar(
        "SELECT verdict FROM decisions AS one
         WHERE shape = $1 AND threat <> $2
            AND seq = (SELECT MAX(seq) FROM decisions AS other
                       WHERE other.shape = one.shape AND other.threat = one.threat)
         ORDER BY seq DESC LIMIT $3",
    )
    .bind(shape)
    .bind(but.to_string())
    .bind(i64::from(at_most))
    .fetch_all(connection)
    .await?;
    let mut earlier = Earlier::default();
    for word in words {
        match parse(&word, "a verdict")? {
            Verdict::Threat => earlier.threat += 1,
            Verdict::Normal => earlier.normal += 1,
        }
    }
    Ok(earlier)
}
