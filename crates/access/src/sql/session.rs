//! Statements about what lets somebody in now: sessions, tokens, sign-ins half done.

use base::{Id, Timestamp};
use sqlx::Row as _;
use store::{Connection, micros, parse};

use super::{AccountId, text, time, time_or_none};
use crate::Error;
use crate::session::{Method, Session, Stored};
use crate::token::Token;

/// Every way in that is open now: sessions, tokens, links, half-done sign-ins.
pub(crate) async fn end_all(connection: &mut Connection, id: AccountId) -> Result<(), Error> {
    for statement in [
        "DELETE FROM sessions WHERE account = $1",
        "DELETE FROM tokens WHERE account = $1",
        "DELETE FROM invitations WHERE account = $1",
        "DELETE FROM sign_in_steps WHERE account = $1",
    ] {
        sqlx::query(statement).bind(id.to_string()).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(crate) async fn put_step(
    connection: &mut Connection,
    digest: &str,
    account: Option<AccountId>,
    kind: &str,
    state: &str,
    ends_at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO sign_in_steps (digest, account, kind, state, tries, ends_at) VALUES ($1, $2, $3, $4, 0, $5)",
    )
    .bind(digest)
    .bind(account.map(|id| id.to_string()))
    .bind(kind)
    .bind(state)
    .bind(micros(ends_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts one more try of a step that has not ended, and says whose it is, its state and how many tries it has had.
pub(crate) async fn try_step(
    connection: &mut Connection,
    digest: &str,
    kind: &str,
    now: Timestamp,
) -> Result<Option<(Option<AccountId>, String, i64)>, Error> {
    let row = sqlx::query(
        "UPDATE sign_in_steps SET tries = tries + 1 WHERE digest = $1 AND kind = $2 AND ends_at > $3
         RETURNING account, state, tries",
    )
    .bind(digest)
    .bind(kind)
    .bind(micros(now))
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let id: Option<String> = row.try_get(0)?;
    let id = id.map(|id| parse(&id, "an account's id")).transpose()?;
    Ok(Some((id, text(&row, 1)?, row.try_get(2)?)))
}

pub(crate) async fn delete_step(connection: &mut Connection, digest: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM sign_in_steps WHERE digest = $1").bind(digest).execute(connection).await?;
    Ok(())
}

pub(crate) async fn insert_session(
    connection: &mut Connection,
    digest: &str,
    session: &Session,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO sessions (digest, id, account, method, created_at, seen_at, fresh_at, user_agent, address)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(digest)
    .bind(session.id.to_string())
    .bind(session.account.to_string())
    .bind(session.method.word())
    .bind(micros(session.created_at))
    .bind(micros(session.seen_at))
    .bind(micros(session.fresh_at))
    .bind(session.user_agent.clone())
    .bind(session.address.clone())
    .execute(connection)
    .await?;
    Ok(())
}

fn session_of(row: &store::Row) -> Result<Stored, Error> {
    let method: Method = parse(&text(row, 3)?, "a way to sign in")?;
    Ok(Stored {
        digest: text(row, 0)?,
        session: Session {
            id: parse(&text(row, 1)?, "a session's id")?,
            account: parse(&text(row, 2)?, "an account's id")?,
            method,
            created_at: time(row, 4)?,
            seen_at: time(row, 5)?,
            fresh_at: time(row, 6)?,
            user_agent: text(row, 7)?,
            address: text(row, 8)?,
        },
    })
}

pub(crate) async fn session(connection: &mut Connection, digest: &str) -> Result<Option<Session>, Error> {
    let row = sqlx::query(
        "SELECT digest, id, account, method, created_at, seen_at, fresh_at, user_agent, address
         FROM sessions WHERE digest = $1",
    )
    .bind(digest)
    .fetch_optional(connection)
    .await?;
    row.map(|row| session_of(&row).map(|stored| stored.session)).transpose()
}

/// The sessions of an account, last seen first.
pub(crate) async fn sessions_of(connection: &mut Connection, id: AccountId) -> Result<Vec<Stored>, Error> {
    let rows = sqlx::query(
        "SELECT digest, id, account, method, created_at, seen_at, fresh_at, user_agent, address
         FROM sessions WHERE account = $1 ORDER BY seen_at DESC, id DESC",
    )
    .bind(id.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter().map(session_of).collect()
}

pub(crate) async fn drop_session(connection: &mut Connection, digest: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM sessions WHERE digest = $1").bind(digest).execute(connection).await?;
    Ok(())
}

/// One of an account's own sessions; false when there is none such.
pub(crate) async fn delete_session(
    connection: &mut Connection,
    account: AccountId,
    session: Id<Session>,
) -> Result<bool, Error> {
    let gone = sqlx::query("DELETE FROM sessions WHERE id = $1 AND account = $2")
        .bind(session.to_string())
        .bind(account.to_string())
        .execute(connection)
        .await?;
    Ok(gone.rows_affected() > 0)
}

pub(crate) async fn delete_sessions_of(
    connection: &mut Connection,
    id: AccountId,
    except: Option<Id<Session>>,
) -> Result<u64, Error> {
    let gone = sqlx::query("DELETE FROM sessions WHERE account = $1 AND id <> $2")
        .bind(id.to_string())
        .bind(except.map(|id| id.to_string()).unwrap_or_default())
        .execute(connection)
        .await?;
    Ok(gone.rows_affected())
}

/// Notes the use of the session or token with this digest.
pub(crate) async fn set_seen(connection: &mut Connection, digest: &str, seen_us: i64) -> Result<(), Error> {
    for statement in [
        "UPDATE sessions SET seen_at = $2 WHERE digest = $1 AND seen_at < $2",
        "UPDATE tokens SET used_at = $2 WHERE digest = $1",
    ] {
        sqlx::query(statement).bind(digest).bind(seen_us).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(crate) async fn set_method(
    connection: &mut Connection,
    session: Id<Session>,
    method: Method,
) -> Result<(), Error> {
    sqlx::query("UPDATE sessions SET method = $2 WHERE id = $1")
        .bind(session.to_string())
        .bind(method.word())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn set_fresh(
    connection: &mut Connection,
    session: Id<Session>,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query("UPDATE sessions SET fresh_at = $2 WHERE id = $1")
        .bind(session.to_string())
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(())
}

fn token_of(row: &store::Row) -> Result<Token, Error> {
    let rights = text(row, 3)?;
    Ok(Token {
        id: parse(&text(row, 0)?, "a token's id")?,
        account: parse(&text(row, 1)?, "an account's id")?,
        name: text(row, 2)?,
        rights: rights.split(' ').map(|word| parse(word, "a right")).collect::<Result<_, _>>()?,
        created_at: time(row, 4)?,
        ends_at: time(row, 5)?,
        used_at: time_or_none(row, 6)?,
        strong: row.try_get::<i64, _>(7)? != 0,
    })
}

pub(crate) async fn token(connection: &mut Connection, digest: &str) -> Result<Option<Token>, Error> {
    let row = sqlx::query(
        "SELECT id, account, name, rights, created_at, ends_at, used_at, strong FROM tokens WHERE digest = $1",
    )
    .bind(digest)
    .fetch_optional(connection)
    .await?;
    row.map(|row| token_of(&row)).transpose()
}

pub(crate) async fn tokens_of(
    connection: &mut Connection,
    id: AccountId,
    now: Timestamp,
) -> Result<Vec<Token>, Error> {
    let rows = sqlx::query(
        "SELECT id, account, name, rights, created_at, ends_at, used_at, strong FROM tokens
         WHERE account = $1 AND ends_at > $2 ORDER BY created_at DESC, id DESC",
    )
    .bind(id.to_string())
    .bind(micros(now))
    .fetch_all(connection)
    .await?;
    rows.iter().map(token_of).collect()
}

pub(crate) async fn insert_token(
    connection: &mut Connection,
    digest: &str,
    token: &Token,
) -> Result<(), Error> {
    let rights: Vec<_> = token.rights.iter().map(|right| right.word()).collect();
    sqlx::query(
        "INSERT INTO tokens (digest, id, account, name, rights, created_at, ends_at, strong)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(digest)
    .bind(token.id.to_string())
    .bind(token.account.to_string())
    .bind(token.name.clone())
    .bind(rights.join(" "))
    .bind(micros(token.created_at))
    .bind(micros(token.ends_at))
    .bind(i64::from(token.strong))
    .execute(connection)
    .await?;
    Ok(())
}

/// One of an account's own tokens; false when there is none such.
pub(crate) async fn delete_token(
    connection: &mut Connection,
    account: AccountId,
    token: Id<Token>,
) -> Result<bool, Error> {
    let gone = sqlx::query("DELETE FROM tokens WHERE id = $1 AND account = $2")
        .bind(token.to_string())
        .bind(account.to_string())
        .execute(connection)
        .await?;
    Ok(gone.rows_affected() > 0)
}

/// Removes what ended: sessions not seen since one moment or begun before another, links and steps.
pub(crate) async fn delete_ended(
    connection: &mut Connection,
    seen_before: Timestamp,
    begun_before: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM sessions WHERE seen_at < $1 OR created_at < $2")
        .bind(micros(seen_before))
        .bind(micros(begun_before))
        .execute(&mut *connection)
        .await?;
    for statement in [
        "DELETE FROM invitations WHERE ends_at <= $1",
        "DELETE FROM sign_in_steps WHERE ends_at <= $1",
        "DELETE FROM tokens WHERE ends_at <= $1",
    ] {
        sqlx::query(statement).bind(micros(now)).execute(&mut *connection).await?;
    }
    Ok(())
}
