//! Statements about accounts, what they may, invitations to them, and by which names providers know them.

use std::collections::BTreeSet;

use base::{Id, Language, Organisation, Role, Timestamp};
use sqlx::Row as _;
use store::{Builder, Connection, micros, parse};

use super::{AccountId, text, time, time_or_none};
use crate::Error;
use crate::account::{Account, Filter, Held, Newcomer, Source, State};

const ACCOUNT: &str = "id, login, name, language, state, created_at, signed_in_at";

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
