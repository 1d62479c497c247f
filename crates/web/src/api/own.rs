//! One's own account: who one is to the program, where one is signed in, and one's keys for programs.

use access::account;
use access::session::{self as sessions, Method, Session};
use access::token::{self, DAYS_MAX, Token, Wanted};
use base::{Account as AccountKind, Id, Language, Right, Timestamp};

use super::accounts::{HeldRole, held};
use super::asked::Asked;
use super::operation::Operation;
use super::reply::Reply;
use super::schema::{AtMost, Said, Within, Word, request, shape};
use crate::error::Failure;
use crate::page::own_account::person;
use crate::route::Needs;

shape! {
    /// Who asks, and what they may.
    OwnAccount {
        id: Id<AccountKind>, login: String, name: String, language: Word<Language>, roles: Vec<HeldRole>,
        rights: Vec<Word<Right>>, token: Option<OwnToken>
    }
}

shape! {
    /// A browser in which one is signed in.
    OwnSession {
        id: Id<Session>, here: bool, method: Word<Method>, created_at: Timestamp, seen_at: Timestamp,
        address: String, user_agent: String
    }
}

shape! {
    /// All of them.
    OwnSessions { sessions: Vec<OwnSession> }
}

shape! {
    /// A key for a program, without its secret.
    OwnToken {
        id: Id<Token>, name: String, rights: Vec<Word<Right>>, created_at: Timestamp, ends_at: Timestamp,
        used_at: Option<Timestamp>
    }
}

shape! {
    /// All of them.
    OwnTokens { tokens: Vec<OwnToken> }
}

shape! {
    /// A new key, and its secret; told once.
    NewToken { token: OwnToken, secret: String }
}

request! {
    /// A key to make.
    MakeToken {
        name: Said<{ account::NAME_CHARACTERS_MAX }>, rights: AtMost<Word<Right>, { Right::ALL.len() }>,
        days: Within<1, { DAYS_MAX as i64 }>
    }
}

request! {
    /// The language to be read.
    SetLanguage { language: Word<Language> }
}

/// The operations about one's own account.
pub(super) fn operations() -> Vec<Operation> {
    let post = |name, path, handler| Operation::post(name, path, Needs::SignIn, handler).by_person();
    let get = |name, path, handler| Operation::get(name, path, Needs::SignIn, handler);
    vec![
        get("get_own_account", "/api/v1/account", |asked| Box::pin(own(asked))).gives::<OwnAccount>(),
        post("set_own_language", "/api/v1/account/language", |asked| Box::pin(set_language(asked)))
            .takes::<SetLanguage>(),
        get("list_own_sessions", "/api/v1/account/sessions", |asked| Box::pin(list_sessions(asked)))
            .by_person()
            .gives::<OwnSessions>(),
        post("end_own_session", "/api/v1/account/sessions/{id}/end", |asked| Box::pin(end_session(asked)))
            .at::<Id<Session>>("id"),
        post("end_other_sessions", "/api/v1/account/sessions/end-others", |asked| {
            Box::pin(end_others(asked))
        }),
        get("list_own_tokens", "/api/v1/account/tokens", |asked| Box::pin(list_tokens(asked)))
            .by_person()
            .gives::<OwnTokens>(),
        post("make_own_token", "/api/v1/account/tokens", |asked| Box::pin(make_token(asked)))
            .takes::<MakeToken>()
            .gives::<NewToken>()
            .succeeding(&[201]),
        post("end_own_token", "/api/v1/account/tokens/{id}/end", |asked| Box::pin(end_token(asked)))
            .at::<Id<Token>>("id"),
    ]
}

async fn own(asked: Asked) -> Result<Reply, Failure> {
    let who = asked.visit.who.as_ref();
    let who = who.ok_or_else(|| Failure::new(axum::http::StatusCode::UNAUTHORIZED))?;
    let account = &who.account;
    Reply::json(&OwnAccount {
        id: account.id,
        login: account.login.clone(),
        name: account.name.clone(),
        language: Word(account.language),
        roles: account.grants.iter().map(held).collect(),
        rights: Right::ALL.into_iter().filter(|right| asked.scope().has(*right)).map(Word).collect(),
        // Without when it was used last: that would be now, and no answer the one before.
        token: who.token.as_ref().map(|token| OwnToken { used_at: None, ..token_of(token) }),
    })
}

async fn set_language(mut asked: Asked) -> Result<Reply, Failure> {
    let sent: SetLanguage = asked.json()?;
    let id = person(&asked.visit)?.account.id;
    account::set_language(&asked.app.state.access, id, sent.language.0).await?;
    Ok(Reply::done())
}

async fn list_sessions(asked: Asked) -> Result<Reply, Failure> {
    let who = person(&asked.visit)?;
    let own = who.session.as_ref().map(|session| session.id);
    let open = sessions::list(&asked.app.state.access, &who.account, asked.now()).await?;
    let session = |one: &Session| OwnSession {
        id: one.id,
        here: own == Some(one.id),
        method: Word(one.method),
        created_at: one.created_at,
        seen_at: one.seen_at,
        address: one.address.clone(),
        user_agent: one.user_agent.clone(),
    };
    Reply::json(&OwnSessions { sessions: open.iter().map(session).collect() })
}

async fn end_session(asked: Asked) -> Result<Reply, Failure> {
    let account = person(&asked.visit)?.account.id;
    sessions::end(&asked.app.state.access, account, asked.id()?, asked.now()).await?;
    Ok(Reply::done())
}

async fn end_others(asked: Asked) -> Result<Reply, Failure> {
    sessions::end_others(&asked.app.state.access, person(&asked.visit)?, asked.now()).await?;
    Ok(Reply::done())
}

fn token_of(one: &Token) -> OwnToken {
    OwnToken {
        id: one.id,
        name: one.name.clone(),
        rights: one.rights.iter().copied().map(Word).collect(),
        created_at: one.created_at,
        ends_at: one.ends_at,
        used_at: one.used_at,
    }
}

async fn list_tokens(asked: Asked) -> Result<Reply, Failure> {
    let account = person(&asked.visit)?.account.id;
    let tokens = token::list(&asked.app.state.access, account, asked.now()).await?;
    Reply::json(&OwnTokens { tokens: tokens.iter().map(token_of).collect() })
}

async fn make_token(mut asked: Asked) -> Result<Reply, Failure> {
    let sent: MakeToken = asked.json()?;
    let wanted = Wanted {
        name: sent.name.0,
        rights: sent.rights.0.into_iter().map(|right| right.0).collect(),
        valid_days: u16::try_from(sent.days.0).unwrap_or(DAYS_MAX),
    };
    let who = person(&asked.visit)?;
    let (made, secret) = token::issue(&asked.app.state.access, who, &wanted, asked.now()).await?;
    Ok(Reply::json(&NewToken { token: token_of(&made), secret })?.made_at("/api/v1/account/tokens"))
}

async fn end_token(asked: Asked) -> Result<Reply, Failure> {
    let account = person(&asked.visit)?.account.id;
    token::end(&asked.app.state.access, account, asked.id()?, asked.now()).await?;
    Ok(Reply::done())
}
