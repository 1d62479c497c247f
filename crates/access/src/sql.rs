//! Every statement about accounts, proofs and sessions.

use std::collections::BTreeSet;

use base::{Id, Language, Organisation, Role, Timestamp};
use sqlx::Row as _;
use store::{Builder, Connection, instant, micros, parse};

use crate::Error;
use crate::account::{Account, Filter, Held, Newcomer, Source, State};
use crate::passkey::Passkey;
use crate::session::{Method, Session, Stored};
use crate::token::Token;

type AccountId = Id<base::Account>;

const ACCOUNT: &str = "id, login, name, language, state, created_at, signed_in_at";

fn text(row: &store::Row, place: usize) -> Result<String, Error> {
    Ok(row.try_get(place)?)
}

fn time(row: &store::Row, place: usize) -> Result<Timestamp, Error> {
    Ok(instant(row.try_get(place)?)?)
}

fn time_or_none(row: &store::Row, place: usize) -> Result<Option<Timestamp>, Error> {
    let micros: Option<i64> = row.try_get(place)?;
    Ok(micros.map(instant).transpose()?)
}

fn account_of(row: &store::Row) -> Result<Account, Error> {
    Ok(Account {
        id: parse(&text(row, 0)?, "an account's id")?,
        login: text(row, 1)?,
        name: text(row, 2)?,
        language: parse(&text(row, 3)?, "a language")?,
        state: parse(&text(row, 4)?, "a state of an account")?,
        grants: Vec::new(),
        created_at: time(row, 5)?,
        signed_in_at: time_or_none(row, 6)?,
    })
}

pub(crate) async fn account(connection: &mut Connection, id: AccountId) -> Result<Option<Account>, Error> {
    let row = sqlx::query(
        "SELECT id, login, name, language, state, created_at, signed_in_at FROM accounts WHERE id = $1",
    )
    .bind(id.to_string())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let mut account = account_of(&row)?;
    account.grants = grants(connection, id).await?;
    Ok(Some(account))
}

pub(crate) async fn account_of_login(
    connection: &mut Connection,
    login: &str,
) -> Result<Option<AccountId>, Error> {
    let id: Option<String> = sqlx::query_scalar("SELECT id FROM accounts WHERE login = $1")
        .bind(login)
        .fetch_optional(connection)
        .await?;
    Ok(id.map(|id| parse(&id, "an account's id")).transpose()?)
}

/// Where somebody has a role, besides the centre.
pub(crate) async fn organisations_of(
    connection: &mut Connection,
    id: AccountId,
) -> Result<BTreeSet<Id<Organisation>>, Error> {
    let held = grants(connection, id).await?;
    Ok(held.into_iter().filter_map(|held| held.organisation).collect())
}

async fn grants(connection: &mut Connection, id: AccountId) -> Result<Vec<Held>, Error> {
    let rows = sqlx::query(
        "SELECT role, organisation, source, given_at FROM account_grants
         WHERE account = $1 ORDER BY role, organisation",
    )
    .bind(id.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let organisation = text(row, 1)?;
            Ok(Held {
                role: parse(&text(row, 0)?, "a role")?,
                organisation: match organisation.as_str() {
                    "" => None,
                    id => Some(parse(id, "an organisation's id")?),
                },
                source: parse(&text(row, 2)?, "a source of roles")?,
                given_at: time(row, 3)?,
            })
        })
        .collect()
}

pub(crate) async fn accounts(
    connection: &mut Connection,
    limit_to: Option<&BTreeSet<Id<Organisation>>>,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Account>, Error> {
    let mut query = Builder::new(format!("SELECT {ACCOUNT} FROM accounts WHERE state <> 'erased'"));
    if let Some(organisations) = limit_to {
        if organisations.is_empty() {
            return Ok(Vec::new());
        }
        query.push(
            " AND EXISTS (SELECT 1 FROM account_grants WHERE account = accounts.id AND organisation IN (",
        );
        let mut list = query.separated(", ");
        for organisation in organisations {
            list.push_bind(organisation.to_string());
        }
        query.push("))");
    }
    if let Some(organisation) = filter.organisation {
        query.push(
            " AND EXISTS (SELECT 1 FROM account_grants WHERE account = accounts.id AND organisation = ",
        );
        query.push_bind(organisation.to_string());
        query.push(")");
    }
    if let Some(text) = &filter.text {
        let pattern = format!("%{}%", escaped(&text.to_lowercase()));
        query.push(" AND (login LIKE ");
        query.push_bind(pattern.clone());
        query.push(" ESCAPE '!' OR lower(name) LIKE ");
        query.push_bind(pattern);
        query.push(" ESCAPE '!')");
    }
    if let Some(after) = &filter.after {
        query.push(" AND login > ");
        query.push_bind(after.clone());
    }
    query.push(" ORDER BY login LIMIT ");
    query.push_bind(i64::from(limit));
    let rows = query.build().fetch_all(&mut *connection).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut account = account_of(row)?;
        account.grants = grants(connection, account.id).await?;
        found.push(account);
    }
    Ok(found)
}

fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

pub(crate) async fn any_account(connection: &mut Connection) -> Result<bool, Error> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM accounts").fetch_one(connection).await?;
    Ok(count > 0)
}

pub(crate) async fn count_administrators(connection: &mut Connection) -> Result<i64, Error> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM account_grants JOIN accounts ON accounts.id = account_grants.account
         WHERE role = $1 AND state = 'active'",
    )
    .bind(Role::Administrator.word())
    .fetch_one(connection)
    .await?)
}

pub(crate) async fn insert_account(
    connection: &mut Connection,
    id: AccountId,
    newcomer: &Newcomer,
    state: State,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO accounts (id, login, name, language, state, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.to_string())
    .bind(newcomer.login.clone())
    .bind(newcomer.name.clone())
    .bind(newcomer.language.tag())
    .bind(state.word())
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn set_state(connection: &mut Connection, id: AccountId, state: State) -> Result<(), Error> {
    sqlx::query("UPDATE accounts SET state = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(state.word())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn set_language(
    connection: &mut Connection,
    id: AccountId,
    language: Language,
) -> Result<(), Error> {
    sqlx::query("UPDATE accounts SET language = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(language.tag())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn set_signed_in(
    connection: &mut Connection,
    id: AccountId,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query("UPDATE accounts SET signed_in_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// The id stays; it is its own login, so that the old one can be given again.
pub(crate) async fn erase(connection: &mut Connection, id: AccountId) -> Result<(), Error> {
    sqlx::query(
        "UPDATE accounts SET login = id, name = '', signed_in_at = NULL, state = 'erased' WHERE id = $1",
    )
    .bind(id.to_string())
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM account_grants WHERE account = $1")
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// What a provider says does not take away what a person gave.
pub(crate) async fn upsert_grant(
    connection: &mut Connection,
    id: AccountId,
    held: &Held,
    by: &str,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO account_grants (account, role, organisation, source, given_at, given_by)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (account, role, organisation) DO UPDATE SET source = excluded.source,
            given_at = excluded.given_at, given_by = excluded.given_by
         WHERE account_grants.source = $7",
    )
    .bind(id.to_string())
    .bind(held.role.word())
    .bind(held.organisation.map(|id| id.to_string()).unwrap_or_default())
    .bind(held.source.word())
    .bind(micros(held.given_at))
    .bind(by)
    .bind(Source::Provider.word())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn delete_grant(
    connection: &mut Connection,
    id: AccountId,
    role: Role,
    organisation: Option<Id<Organisation>>,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM account_grants WHERE account = $1 AND role = $2 AND organisation = $3")
        .bind(id.to_string())
        .bind(role.word())
        .bind(organisation.map(|id| id.to_string()).unwrap_or_default())
        .execute(connection)
        .await?;
    Ok(())
}

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

/// Whom a provider knows by this name.
pub(crate) async fn account_of_identity(
    connection: &mut Connection,
    issuer: &str,
    subject: &str,
) -> Result<Option<AccountId>, Error> {
    let id: Option<String> =
        sqlx::query_scalar("SELECT account FROM account_identities WHERE issuer = $1 AND subject = $2")
            .bind(issuer)
            .bind(subject)
            .fetch_optional(connection)
            .await?;
    Ok(id.map(|id| parse(&id, "an account's id")).transpose()?)
}

/// By which name a provider knows an account.
pub(crate) async fn identity_of(
    connection: &mut Connection,
    id: AccountId,
    issuer: &str,
) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar("SELECT subject FROM account_identities WHERE account = $1 AND issuer = $2")
        .bind(id.to_string())
        .bind(issuer)
        .fetch_optional(connection)
        .await?)
}

pub(crate) async fn insert_identity(
    connection: &mut Connection,
    issuer: &str,
    subject: &str,
    id: AccountId,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO account_identities (issuer, subject, account) VALUES ($1, $2, $3)")
        .bind(issuer)
        .bind(subject)
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// One of an account's own identities; false when there is none such.
pub(crate) async fn delete_identity(
    connection: &mut Connection,
    id: AccountId,
    issuer: &str,
) -> Result<bool, Error> {
    let gone = sqlx::query("DELETE FROM account_identities WHERE account = $1 AND issuer = $2")
        .bind(id.to_string())
        .bind(issuer)
        .execute(connection)
        .await?;
    Ok(gone.rows_affected() > 0)
}

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

/// An older link for the same account ends.
pub(crate) async fn put_invitation(
    connection: &mut Connection,
    digest: &str,
    account: Option<AccountId>,
    by: &str,
    now: Timestamp,
    ends_at: Timestamp,
) -> Result<(), Error> {
    match account {
        Some(id) => {
            sqlx::query("DELETE FROM invitations WHERE account = $1")
                .bind(id.to_string())
                .execute(&mut *connection)
                .await?;
        }
        None => {
            sqlx::query("DELETE FROM invitations WHERE account IS NULL").execute(&mut *connection).await?;
        }
    }
    sqlx::query(
        "INSERT INTO invitations (digest, account, created_at, created_by, ends_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(digest)
    .bind(account.map(|id| id.to_string()))
    .bind(micros(now))
    .bind(by)
    .bind(micros(ends_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Whose link it is, while it is valid; `Some(None)` is the first administrator's.
pub(crate) async fn invitation(
    connection: &mut Connection,
    digest: &str,
    now: Timestamp,
) -> Result<Option<Option<AccountId>>, Error> {
    let row = sqlx::query("SELECT account FROM invitations WHERE digest = $1 AND ends_at > $2")
        .bind(digest)
        .bind(micros(now))
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let id: Option<String> = row.try_get(0)?;
    Ok(Some(id.map(|id| parse(&id, "an account's id")).transpose()?))
}

pub(crate) async fn delete_invitation(connection: &mut Connection, digest: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM invitations WHERE digest = $1").bind(digest).execute(connection).await?;
    Ok(())
}

/// Whether a link for this account is still valid.
pub(crate) async fn is_invited(
    connection: &mut Connection,
    id: AccountId,
    now: Timestamp,
) -> Result<bool, Error> {
    let count: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM invitations WHERE account = $1 AND ends_at > $2")
            .bind(id.to_string())
            .bind(micros(now))
            .fetch_one(connection)
            .await?;
    Ok(count > 0)
}

pub(crate) async fn delete_invitations_of(connection: &mut Connection, id: AccountId) -> Result<(), Error> {
    sqlx::query("DELETE FROM invitations WHERE account = $1")
        .bind(id.to_string())
        .execute(connection)
        .await?;
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
    })
}

pub(crate) async fn token(connection: &mut Connection, digest: &str) -> Result<Option<Token>, Error> {
    let row = sqlx::query(
        "SELECT id, account, name, rights, created_at, ends_at, used_at FROM tokens WHERE digest = $1",
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
        "SELECT id, account, name, rights, created_at, ends_at, used_at FROM tokens
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
        "INSERT INTO tokens (digest, id, account, name, rights, created_at, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(digest)
    .bind(token.id.to_string())
    .bind(token.account.to_string())
    .bind(token.name.clone())
    .bind(rights.join(" "))
    .bind(micros(token.created_at))
    .bind(micros(token.ends_at))
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
