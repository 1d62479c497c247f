//! Changes that were asked for.

use base::{
    Change as ChangeKind, Confidentiality, Id, Organisation as OrganisationId, Right, Scope, Timestamp,
};
use sqlx::Row as _;
use store::{Builder, Connection, instant, micros, parse};

use super::record::within;
use crate::Error;
use crate::change::{After, Change, State};

const SELECT: &str =
    "SELECT t.id, t.number, t.organisation, t.noun, t.about, t.action, t.written, t.version, t.reason,
        t.state, t.asked_by, t.asked_by_name, t.asked_at, t.decided_at, t.answer
     FROM changes t WHERE 1 = 1";

pub(crate) async fn insert(
    connection: &mut Connection,
    change: &Change,
    degree: Confidentiality,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO changes (id, number, organisation, noun, about, action, degree, written, version, reason,
            state, asked_by, asked_by_name, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(change.id.to_string())
    .bind(&change.number)
    .bind(change.organisation.to_string())
    .bind(change.noun.word())
    .bind(&change.about)
    .bind(change.action.word())
    .bind(i64::from(degree.number()))
    .bind(serde_json::json!(change.written).to_string())
    .bind(&change.version)
    .bind(&change.reason)
    .bind(change.state.word())
    .bind(&change.asked_by)
    .bind(&change.asked_by_name)
    .bind(micros(change.asked_at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn decided(
    connection: &mut Connection,
    id: Id<ChangeKind>,
    state: State,
    by: &str,
    answer: &str,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query("UPDATE changes SET state = $2, decided_by = $3, answer = $4, decided_at = $5 WHERE id = $1")
        .bind(id.to_string())
        .bind(state.word())
        .bind(by)
        .bind(answer)
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn list(
    connection: &mut Connection,
    scope: &Scope,
    (organisation, state): (Option<Id<OrganisationId>>, Option<State>),
    after: Option<After>,
    limit: u32,
) -> Result<Vec<Change>, Error> {
    const DECIDED: &str = "CASE WHEN t.state = 'waiting' THEN 0 ELSE 1 END";
    let mut query = Builder::new(SELECT);
    visible(&mut query, scope);
    if let Some(organisation) = organisation {
        query.push(" AND t.organisation = ").push_bind(organisation.to_string());
    }
    if let Some(state) = state {
        query.push(" AND t.state = ").push_bind(state.word());
    }
    if let Some(after) = after {
        let (decided, asked_at) = (i64::from(after.is_decided), micros(after.asked_at));
        query.push(format_args!(" AND ({DECIDED} > ")).push_bind(decided);
        query.push(format_args!(" OR ({DECIDED} = ")).push_bind(decided);
        query.push(" AND (t.asked_at < ").push_bind(asked_at);
        query.push(" OR (t.asked_at = ").push_bind(asked_at);
        query.push(" AND t.id > ").push_bind(after.id.to_string()).push("))))");
    }
    query.push(format_args!(" ORDER BY {DECIDED}, t.asked_at DESC, t.id LIMIT "));
    query.push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(change).collect()
}

pub(crate) async fn by_id(
    connection: &mut Connection,
    scope: &Scope,
    id: Id<ChangeKind>,
) -> Result<Option<Change>, Error> {
    let mut query = Builder::new(SELECT);
    visible(&mut query, scope);
    query.push(" AND t.id = ").push_bind(id.to_string());
    query.build().fetch_optional(connection).await?.as_ref().map(change).transpose()
}

pub(crate) async fn count(connection: &mut Connection, scope: &Scope, state: State) -> Result<u64, Error> {
    let mut query = Builder::new("SELECT COUNT(*) FROM changes t WHERE t.state = ");
    query.push_bind(state.word());
    visible(&mut query, scope);
    let count: i64 = query.build().fetch_one(connection).await?.try_get(0)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// How confidential what a change tells is.
pub(crate) async fn degree(
    connection: &mut Connection,
    id: Id<ChangeKind>,
) -> Result<Confidentiality, Error> {
    let degree: Option<String> = sqlx::query_scalar("SELECT CAST(degree AS TEXT) FROM changes WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(parse(degree.as_deref().unwrap_or("3"), "a degree of confidentiality")?)
}

/// How many of an organisation wait, whoever asks.
pub(crate) async fn count_waiting(
    connection: &mut Connection,
    organisation: Id<OrganisationId>,
) -> Result<u64, Error> {
    let count: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM changes WHERE organisation = $1 AND state = 'waiting'")
            .bind(organisation.to_string())
            .fetch_one(connection)
            .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn visible(query: &mut Builder, scope: &Scope) {
    if scope.limit_at(Right::ReadRegistry, Confidentiality::Three).is_none() {
        return;
    }
    query.push(" AND (1 = 0");
    for degree in Confidentiality::ALL {
        query.push(" OR (t.degree = ").push_bind(i64::from(degree.number()));
        within(query, scope, Right::ReadRegistry, degree, "t.organisation", " AND ");
        query.push(")");
    }
    query.push(")");
}

fn change(row: &store::Row) -> Result<Change, Error> {
    let written: String = row.try_get(6)?;
    let decided_at: Option<i64> = row.try_get(13)?;
    Ok(Change {
        id: parse(row.try_get(0)?, "a change's id")?,
        number: row.try_get(1)?,
        organisation: parse(row.try_get(2)?, "an organisation's id")?,
        noun: parse(row.try_get(3)?, "a noun of the registry")?,
        about: row.try_get(4)?,
        action: parse(row.try_get(5)?, "an action")?,
        written: serde_json::from_str(&written).map_err(|_| store::Error::Damaged {
            value: written.chars().take(64).collect(),
            expected: "a row of the registry",
        })?,
        version: row.try_get(7)?,
        reason: row.try_get(8)?,
        state: parse(row.try_get(9)?, "a state of a change")?,
        asked_by: row.try_get(10)?,
        asked_by_name: row.try_get(11)?,
        asked_at: instant(row.try_get(12)?)?,
        decided_at: decided_at.map(instant).transpose()?,
        answer: row.try_get(14)?,
    })
}
