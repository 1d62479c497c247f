//! What is known of whether contacts are right.

use base::{Confidentiality, Right, Scope, Timestamp};
use jiff::civil::Date;
use sqlx::Row as _;
use store::{Builder, Connection, instant, micros};

use super::record::{by_ids, record, within};
use crate::contact::{After, Verification};
use crate::{Error, Noun, Record};

pub(crate) async fn by_id(connection: &mut Connection, id: &str) -> Result<Option<Record>, Error> {
    Ok(by_ids(connection, Noun::Contact, &[id.to_owned()]).await?.pop())
}

pub(crate) async fn due(
    connection: &mut Connection,
    verified_before: Timestamp,
    asked_before: Timestamp,
    today: Date,
    limit: u32,
) -> Result<Vec<Record>, Error> {
    let rows = sqlx::query(
        "SELECT t.organisation, t.key, t.valid_from, t.valid_until,
            t.kind, t.name_ja, t.name_en, t.person, t.channels, t.hours, t.deputies, t.language, t.openpgp, t.smime
         FROM contacts t
         WHERE (t.last_verified_at IS NULL OR t.last_verified_at < $1)
            AND (t.asked_at IS NULL OR t.asked_at < $2) AND t.valid_from <= $3 AND t.valid_until >= $3
         ORDER BY COALESCE(t.last_verified_at, 0), t.organisation, t.key LIMIT $4",
    )
    .bind(micros(verified_before))
    .bind(micros(asked_before))
    .bind(today.to_string())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| record(Noun::Contact, row)).collect()
}

pub(crate) async fn overdue(
    connection: &mut Connection,
    scope: &Scope,
    verified_before: Timestamp,
    today: Date,
    (after, limit): (Option<&After>, u32),
) -> Result<Vec<(Record, Verification)>, Error> {
    let mut query = Builder::new(
        "SELECT t.organisation, t.key, t.valid_from, t.valid_until,
            t.kind, t.name_ja, t.name_en, t.person, t.channels, t.hours, t.deputies, t.language, t.openpgp, t.smime,
            t.last_verified_at, t.verified_by, t.asked_at, t.bounces
         FROM contacts t WHERE (t.last_verified_at IS NULL OR t.last_verified_at < ",
    );
    query.push_bind(micros(verified_before)).push(")");
    overdue_within(&mut query, scope, today);
    if let Some(After { last_verified_at, organisation, key }) = after {
        query.push(" AND (COALESCE(t.last_verified_at, 0), t.organisation, t.key) > (");
        query.push_bind(last_verified_at.map_or(0, micros)).push(", ");
        query.push_bind(organisation.to_string()).push(", ");
        query.push_bind(store::clean(key).into_owned()).push(")");
    }
    query.push(" ORDER BY COALESCE(t.last_verified_at, 0), t.organisation, t.key LIMIT ");
    query.push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(|row| Ok((record(Noun::Contact, row)?, known(row, 14)?))).collect()
}

pub(crate) async fn count_overdue(
    connection: &mut Connection,
    scope: &Scope,
    verified_before: Timestamp,
    today: Date,
) -> Result<u64, Error> {
    let mut query = Builder::new(
        "SELECT COUNT(*) FROM contacts t WHERE (t.last_verified_at IS NULL OR t.last_verified_at < ",
    );
    query.push_bind(micros(verified_before)).push(")");
    overdue_within(&mut query, scope, today);
    let count: i64 = query.build().fetch_one(connection).await?.try_get(0)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn overdue_within(query: &mut Builder, scope: &Scope, today: Date) {
    query.push(" AND t.valid_from <= ").push_bind(today.to_string());
    query.push(" AND t.valid_until >= ").push_bind(today.to_string());
    within(query, scope, Right::ReadPeople, Confidentiality::One, "t.organisation", " AND ");
}

pub(crate) async fn verification(connection: &mut Connection, id: &str) -> Result<Verification, Error> {
    let row =
        sqlx::query("SELECT last_verified_at, verified_by, asked_at, bounces FROM contacts WHERE id = $1")
            .bind(id)
            .fetch_optional(connection)
            .await?
            .ok_or(Error::NotFound)?;
    known(&row, 0)
}

fn known(row: &store::Row, first: usize) -> Result<Verification, Error> {
    let time = |place| -> Result<Option<Timestamp>, Error> {
        let stored: Option<i64> = row.try_get(place)?;
        Ok(stored.map(instant).transpose()?)
    };
    let bounces: i64 = row.try_get(first + 3)?;
    Ok(Verification {
        last_verified_at: time(first)?,
        verified_by: row.try_get(first + 1)?,
        asked_at: time(first + 2)?,
        bounces: u64::try_from(bounces).unwrap_or(0),
    })
}

pub(crate) async fn verified(
    connection: &mut Connection,
    id: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE contacts SET last_verified_at = $2, verified_by = $3, asked_at = NULL, bounces = 0 WHERE id = $1",
    )
    .bind(id)
    .bind(micros(now))
    .bind(by)
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn asked(connection: &mut Connection, id: &str, now: Timestamp) -> Result<(), Error> {
    sqlx::query("UPDATE contacts SET asked_at = $2 WHERE id = $1")
        .bind(id)
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn bounced(connection: &mut Connection, id: &str) -> Result<(), Error> {
    let done = sqlx::query("UPDATE contacts SET bounces = bounces + 1 WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await?;
    if done.rows_affected() == 0 { Err(Error::NotFound) } else { Ok(()) }
}

pub(crate) async fn replace_link(
    connection: &mut Connection,
    contact: &str,
    digest: &str,
    asked_by: &str,
    ends_at: Timestamp,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM contact_confirmations WHERE contact = $1")
        .bind(contact)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO contact_confirmations (digest, contact, asked_by, ends_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(digest)
    .bind(contact)
    .bind(asked_by)
    .bind(micros(ends_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses a link up and gives the contact's id; `None` when it does not work any more.
pub(crate) async fn take_link(
    connection: &mut Connection,
    digest: &str,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let row =
        sqlx::query("DELETE FROM contact_confirmations WHERE digest = $1 AND ends_at > $2 RETURNING contact")
            .bind(digest)
            .bind(micros(now))
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

pub(crate) async fn by_link(
    connection: &mut Connection,
    digest: &str,
    now: Timestamp,
) -> Result<Option<Record>, Error> {
    let row = sqlx::query("SELECT contact FROM contact_confirmations WHERE digest = $1 AND ends_at > $2")
        .bind(digest)
        .bind(micros(now))
        .fetch_optional(&mut *connection)
        .await?;
    match row {
        Some(row) => by_id(connection, row.try_get(0)?).await,
        None => Ok(None),
    }
}
