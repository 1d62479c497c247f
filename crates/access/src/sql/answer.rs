//! Statements about keys of requests and the answers that were given to them.

use base::Timestamp;
use store::{Connection, micros};

use super::{AccountId, text};
use crate::Error;

/// The fingerprint and the sealed answer of a key.
pub(crate) async fn answer(
    connection: &mut Connection,
    account: AccountId,
    key: &str,
) -> Result<Option<(String, String)>, Error> {
    let row = sqlx::query("SELECT fingerprint, answer FROM once WHERE account = $1 AND key = $2")
        .bind(account.to_string())
        .bind(key.to_owned())
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok((text(&row, 0)?, text(&row, 1)?))).transpose()
}

pub(crate) async fn count_answers(connection: &mut Connection, account: AccountId) -> Result<u64, Error> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM once WHERE account = $1")
        .bind(account.to_string())
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(crate) async fn insert_answer(
    connection: &mut Connection,
    account: AccountId,
    key: &str,
    fingerprint: &str,
    ends_at: Timestamp,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO once (account, key, fingerprint, answer, ends_at) VALUES ($1, $2, $3, '', $4)")
        .bind(account.to_string())
        .bind(key.to_owned())
        .bind(fingerprint.to_owned())
        .bind(micros(ends_at))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn set_answer(
    connection: &mut Connection,
    account: AccountId,
    key: &str,
    sealed: &str,
) -> Result<(), Error> {
    sqlx::query("UPDATE once SET answer = $3 WHERE account = $1 AND key = $2")
        .bind(account.to_string())
        .bind(key.to_owned())
        .bind(sealed.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn delete_old_answers(connection: &mut Connection, now: Timestamp) -> Result<(), Error> {
    sqlx::query("DELETE FROM once WHERE ends_at <= $1").bind(micros(now)).execute(connection).await?;
    Ok(())
}
