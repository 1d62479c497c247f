//! Statements about what proves who somebody is: passwords, codes, passkeys.

use base::Timestamp;
use sqlx::Row as _;
use store::{Connection, micros, parse};

use super::{AccountId, text, time, time_or_none};
use crate::Error;
use crate::passkey::Passkey;

/// Whether there is anything with which somebody could sign in.
pub(crate) async fn has_proof(connection: &mut Connection, id: AccountId) -> Result<bool, Error> {
    let count: i64 = sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM account_passwords WHERE account = $1)
              + (SELECT COUNT(*) FROM account_passkeys WHERE account = $1)
              + (SELECT COUNT(*) FROM account_identities WHERE account = $1)",
    )
    .bind(id.to_string())
    .fetch_one(connection)
    .await?;
    Ok(count > 0)
}

/// Whether somebody can show more than one thing, by a passkey or by codes; and whether a provider opens their account.
pub(crate) async fn strong_proofs(connection: &mut Connection, id: AccountId) -> Result<(bool, bool), Error> {
    let row = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM account_passkeys WHERE account = $1)
              + (SELECT COUNT(*) FROM account_totp WHERE account = $1 AND confirmed_at IS NOT NULL),
                (SELECT COUNT(*) FROM account_identities WHERE account = $1)",
    )
    .bind(id.to_string())
    .fetch_one(connection)
    .await?;
    Ok((row.try_get::<i64, _>(0)? > 0, row.try_get::<i64, _>(1)? > 0))
}

/// Everything by which somebody proves who they are.
pub(crate) async fn delete_proofs(connection: &mut Connection, id: AccountId) -> Result<(), Error> {
    for statement in [
        "DELETE FROM account_passwords WHERE account = $1",
        "DELETE FROM account_totp WHERE account = $1",
        "DELETE FROM account_recovery WHERE account = $1",
        "DELETE FROM account_passkeys WHERE account = $1",
        "DELETE FROM account_identities WHERE account = $1",
    ] {
        sqlx::query(statement).bind(id.to_string()).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(crate) async fn password(connection: &mut Connection, id: AccountId) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar("SELECT hash FROM account_passwords WHERE account = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?)
}

pub(crate) async fn put_password(
    connection: &mut Connection,
    id: AccountId,
    hash: &str,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO account_passwords (account, hash, changed_at) VALUES ($1, $2, $3)
         ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
    )
    .bind(id.to_string())
    .bind(hash)
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(())
}

/// The sealed secret, whether it was confirmed, and the last step used.
pub(crate) async fn totp(
    connection: &mut Connection,
    id: AccountId,
) -> Result<Option<(String, bool, i64)>, Error> {
    let row = sqlx::query("SELECT secret, confirmed_at, last_step FROM account_totp WHERE account = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        let confirmed_at: Option<i64> = row.try_get(1)?;
        Ok((text(&row, 0)?, confirmed_at.is_some(), row.try_get(2)?))
    })
    .transpose()
}

/// Begins anew with a secret that is not confirmed yet; one that was confirmed stays.
pub(crate) async fn put_totp(
    connection: &mut Connection,
    id: AccountId,
    sealed: &str,
) -> Result<bool, Error> {
    let put = sqlx::query(
        "INSERT INTO account_totp (account, secret, last_step) VALUES ($1, $2, -1)
         ON CONFLICT (account) DO UPDATE SET secret = excluded.secret, last_step = -1
         WHERE account_totp.confirmed_at IS NULL",
    )
    .bind(id.to_string())
    .bind(sealed)
    .execute(connection)
    .await?;
    Ok(put.rows_affected() > 0)
}

pub(crate) async fn confirm_totp(
    connection: &mut Connection,
    id: AccountId,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query("UPDATE account_totp SET confirmed_at = $2 WHERE account = $1")
        .bind(id.to_string())
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Uses a time step; false when it or a later one was used already.
pub(crate) async fn use_step(connection: &mut Connection, id: AccountId, step: i64) -> Result<bool, Error> {
    let used = sqlx::query("UPDATE account_totp SET last_step = $2 WHERE account = $1 AND last_step < $2")
        .bind(id.to_string())
        .bind(step)
        .execute(connection)
        .await?;
    Ok(used.rows_affected() > 0)
}

pub(crate) async fn delete_totp(connection: &mut Connection, id: AccountId) -> Result<(), Error> {
    for statement in
        ["DELETE FROM account_totp WHERE account = $1", "DELETE FROM account_recovery WHERE account = $1"]
    {
        sqlx::query(statement).bind(id.to_string()).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(crate) async fn put_recovery(
    connection: &mut Connection,
    id: AccountId,
    digests: &[String],
) -> Result<(), Error> {
    sqlx::query("DELETE FROM account_recovery WHERE account = $1")
        .bind(id.to_string())
        .execute(&mut *connection)
        .await?;
    for digest in digests {
        sqlx::query("INSERT INTO account_recovery (account, digest) VALUES ($1, $2)")
            .bind(id.to_string())
            .bind(digest.clone())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Uses a recovery code; false when there is none such left.
pub(crate) async fn use_recovery(
    connection: &mut Connection,
    id: AccountId,
    digest: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let used = sqlx::query(
        "UPDATE account_recovery SET used_at = $3 WHERE account = $1 AND digest = $2 AND used_at IS NULL",
    )
    .bind(id.to_string())
    .bind(digest)
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(used.rows_affected() > 0)
}

pub(crate) async fn count_recovery(connection: &mut Connection, id: AccountId) -> Result<u32, Error> {
    let count: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM account_recovery WHERE account = $1 AND used_at IS NULL")
            .bind(id.to_string())
            .fetch_one(connection)
            .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Writes that something was answered; false when it was already.
pub(crate) async fn note_answer(
    connection: &mut Connection,
    digest: &str,
    kind: &str,
    ends_at: Timestamp,
) -> Result<bool, Error> {
    let noted = sqlx::query(
        "INSERT INTO sign_in_steps (digest, kind, state, tries, ends_at) VALUES ($1, $2, '', 0, $3)
         ON CONFLICT (digest) DO NOTHING",
    )
    .bind(digest)
    .bind(kind)
    .bind(micros(ends_at))
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() > 0)
}

/// Whose passkey it is, and its public half.
pub(crate) async fn passkey(
    connection: &mut Connection,
    passkey: &str,
) -> Result<Option<(AccountId, String)>, Error> {
    let row = sqlx::query("SELECT account, credential FROM account_passkeys WHERE id = $1")
        .bind(passkey)
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok((parse(&text(&row, 0)?, "an account's id")?, text(&row, 1)?))).transpose()
}

pub(crate) async fn passkeys_of(connection: &mut Connection, id: AccountId) -> Result<Vec<Passkey>, Error> {
    let rows = sqlx::query(
        "SELECT id, name, created_at, used_at FROM account_passkeys WHERE account = $1 ORDER BY created_at, id",
    )
    .bind(id.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Passkey {
                id: text(row, 0)?,
                name: text(row, 1)?,
                created_at: time(row, 2)?,
                used_at: time_or_none(row, 3)?,
            })
        })
        .collect()
}

pub(crate) async fn insert_passkey(
    connection: &mut Connection,
    passkey: &str,
    id: AccountId,
    name: &str,
    credential: &str,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO account_passkeys (id, account, name, credential, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(passkey)
    .bind(id.to_string())
    .bind(name)
    .bind(credential)
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn use_passkey(
    connection: &mut Connection,
    passkey: &str,
    credential: &str,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query("UPDATE account_passkeys SET credential = $2, used_at = $3 WHERE id = $1")
        .bind(passkey)
        .bind(credential)
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// One of an account's own passkeys; false when there is none such.
pub(crate) async fn delete_passkey(
    connection: &mut Connection,
    id: AccountId,
    passkey: &str,
) -> Result<bool, Error> {
    let gone = sqlx::query("DELETE FROM account_passkeys WHERE id = $1 AND account = $2")
        .bind(passkey)
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(gone.rows_affected() > 0)
}
