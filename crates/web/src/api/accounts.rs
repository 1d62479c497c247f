//! Who can sign in, for who keeps accounts. Only for people: no token has the right to let others in.

use access::account::{self, Filter, Held, Newcomer, Place};
use access::{Secret, invitation};
use base::{Account as AccountKind, Id, Language, Organisation, Right, Role, Seat, Timestamp};

use super::asked::Asked;
use super::operation::Operation;
use super::reply::Reply;
use super::schema::{Page, Said, Schema, Shape as _, Word, request, shape};
use super::watch::TEXT_CHARACTERS_MAX;
use crate::error::Failure;
use crate::route::Needs;

/// Accounts of one page.
const ACCOUNTS_MAX: u32 = 200;

shape! {
    /// Somebody who can sign in.
    Account {
        id: Id<AccountKind>, login: String, name: String, language: Word<Language>,
        state: Word<account::State>, roles: Vec<HeldRole>, created_at: Timestamp, signed_in_at: Option<Timestamp>
    }
}

shape! {
    /// A role somebody holds.
    HeldRole {
        role: Word<Role>, organisation: Option<Id<Organisation>>, source: Word<account::Source>, given_at: Timestamp
    }
}

shape! {
    /// An account, and the link with which its owner comes in; told once.
    AccountLink { account: Account, link: String }
}

request! {
    /// Somebody new.
    Invite {
        login: Said<{ account::LOGIN_BYTES_MAX }>, name: Said<{ account::NAME_CHARACTERS_MAX }>,
        language: Word<Language>, role: Word<Role>, organisation: Option<Id<Organisation>>
    }
}

request! {
    /// A role, and where.
    OfRole { role: Word<Role>, organisation: Option<Id<Organisation>> }
}

/// The operations about accounts.
pub(super) fn operations() -> Vec<Operation> {
    let keeping = Needs::Right(Right::KeepAccounts);
    let change = |name, path, handler| {
        Operation::post(name, path, keeping, handler).at::<Id<AccountKind>>("id").by_person()
    };
    vec![
        Operation::get("list_accounts", "/api/v1/accounts", keeping, |asked| Box::pin(list(asked)))
            .may_have("text", Schema::text(TEXT_CHARACTERS_MAX))
            .may_have("organisation", Id::<Organisation>::schema())
            .in_pages(ACCOUNTS_MAX)
            .by_person()
            .gives::<Page<Account>>(),
        Operation::post("invite", "/api/v1/accounts", keeping, |asked| Box::pin(invite(asked)))
            .takes::<Invite>()
            .by_person()
            .gives::<AccountLink>()
            .succeeding(&[201]),
        Operation::get("get_account", "/api/v1/accounts/{id}", keeping, |asked| Box::pin(one(asked)))
            .at::<Id<AccountKind>>("id")
            .by_person()
            .gives::<Account>(),
        change("give_role", "/api/v1/accounts/{id}/roles", |asked| Box::pin(give(asked))).takes::<OfRole>(),
        change("take_role", "/api/v1/accounts/{id}/roles/take", |asked| Box::pin(take(asked)))
            .takes::<OfRole>(),
        change("disable_account", "/api/v1/accounts/{id}/disable", |asked| Box::pin(disable(asked))),
        change("enable_account", "/api/v1/accounts/{id}/enable", |asked| Box::pin(enable(asked))),
        change("reset_account", "/api/v1/accounts/{id}/reset", |asked| Box::pin(reset(asked)))
            .gives::<AccountLink>(),
        change("renew_link", "/api/v1/accounts/{id}/link", |asked| Box::pin(renew_link(asked)))
            .gives::<AccountLink>(),
        change("end_account_sessions", "/api/v1/accounts/{id}/sessions/end", |asked| {
            Box::pin(end_sessions(asked))
        }),
        change("erase_account", "/api/v1/accounts/{id}/erase", |asked| Box::pin(erase(asked))),
    ]
}

async fn list(asked: Asked) -> Result<Reply, Failure> {
    let filter = Filter {
        text: asked.text("text").map(str::to_owned),
        organisation: asked.parsed("organisation")?,
        after: asked.cursor()?,
    };
    let limit = asked.limit();
    let mut found =
        account::list(&asked.app.state.access, asked.scope(), &filter, limit.saturating_add(1)).await?;
    let more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|last| last.login.clone());
    asked.page(found.iter().map(account_of).collect(), next)
}

/// An account, for who may know of it.
pub(super) fn account_of(one: &account::Account) -> Account {
    Account {
        id: one.id,
        login: one.login.clone(),
        name: one.name.clone(),
        language: Word(one.language),
        state: Word(one.state),
        roles: one.grants.iter().map(held).collect(),
        created_at: one.created_at,
        signed_in_at: one.signed_in_at,
    }
}

/// A role somebody holds.
pub(super) fn held(one: &Held) -> HeldRole {
    HeldRole {
        role: Word(one.role),
        organisation: one.organisation,
        source: Word(one.source),
        given_at: one.given_at,
    }
}

async fn one(asked: Asked) -> Result<Reply, Failure> {
    let found = account::find(&asked.app.state.access, asked.scope(), asked.id()?).await?;
    Reply::json(&account_of(&found))
}

/// A role of the centre is over all, whatever organisation stands beside it.
fn place((role, organisation): (Word<Role>, Option<Id<Organisation>>)) -> Place {
    if role.0.seat() == Seat::Centre { (role.0, None) } else { (role.0, organisation) }
}

async fn invite(mut asked: Asked) -> Result<Reply, Failure> {
    let sent: Invite = asked.json()?;
    let newcomer = Newcomer { login: sent.login.0, name: sent.name.0, language: sent.language.0 };
    let place = place((sent.role, sent.organisation));
    let (access, actor) = (&asked.app.state.access, asked.actor()?);
    let (id, link) =
        account::invite(access, &asked.visit.registry, actor, &newcomer, &[place], asked.now()).await?;
    Ok(with_link(&asked, id, &link).await?.made_at(&format!("/api/v1/accounts/{id}")))
}

async fn with_link(asked: &Asked, id: Id<AccountKind>, link: &Secret) -> Result<Reply, Failure> {
    let found = account::find(&asked.app.state.access, asked.scope(), id).await?;
    let origin = asked.app.state.site.origin().unwrap_or_default();
    let link = format!("{origin}/invitation/{}", link.text());
    Reply::json(&AccountLink { account: account_of(&found), link })
}

async fn give(mut asked: Asked) -> Result<Reply, Failure> {
    let sent: OfRole = asked.json()?;
    let place = place((sent.role, sent.organisation));
    let (access, actor) = (&asked.app.state.access, asked.actor()?);
    account::grant(access, &asked.visit.registry, actor, asked.id()?, place, asked.now()).await?;
    Ok(Reply::done())
}

async fn take(mut asked: Asked) -> Result<Reply, Failure> {
    let sent: OfRole = asked.json()?;
    let place = place((sent.role, sent.organisation));
    let (access, actor) = (&asked.app.state.access, asked.actor()?);
    account::revoke(access, actor, asked.id()?, place, asked.now()).await?;
    Ok(Reply::done())
}

async fn disable(asked: Asked) -> Result<Reply, Failure> {
    account::disable(&asked.app.state.access, asked.actor()?, asked.id()?, asked.now()).await?;
    Ok(Reply::done())
}

async fn enable(asked: Asked) -> Result<Reply, Failure> {
    account::enable(&asked.app.state.access, asked.actor()?, asked.id()?, asked.now()).await?;
    Ok(Reply::done())
}

async fn reset(asked: Asked) -> Result<Reply, Failure> {
    let id = asked.id()?;
    let link = account::reset(&asked.app.state.access, asked.actor()?, id, asked.now()).await?;
    with_link(&asked, id, &link).await
}

async fn renew_link(asked: Asked) -> Result<Reply, Failure> {
    let id = asked.id()?;
    let link = invitation::renew(&asked.app.state.access, asked.actor()?, id, asked.now()).await?;
    with_link(&asked, id, &link).await
}

async fn end_sessions(asked: Asked) -> Result<Reply, Failure> {
    account::end_sessions(&asked.app.state.access, asked.actor()?, asked.id()?, asked.now()).await?;
    Ok(Reply::done())
}

async fn erase(asked: Asked) -> Result<Reply, Failure> {
    account::erase(&asked.app.state.access, asked.actor()?, asked.id()?, asked.now()).await?;
    Ok(Reply::done())
}
