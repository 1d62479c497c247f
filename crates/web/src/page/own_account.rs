//! One's own account: what one is, how one signs in, where one is signed in, and one's keys for programs.

use std::sync::Arc;

use access::passkey::Passkey;
use access::provider::{self, Purpose};
use access::session::Session;
use access::token::{DAYS_MAX, Token, Wanted};
use access::{Recognised, account, passkey, password, session as sessions, sign_in, token, totp};
use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use base::{Id, Right};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::page::account::role_at;
use crate::page::passkey::party;
use crate::page::provider::{Offer, own_offer};
use crate::page::sign_in::device;
use crate::session;
use crate::visible::Foreign;
use crate::visit::{Visit, render};

/// Days proposed for a new token.
const DAYS_PROPOSED: u16 = 30;
const HERE: &str = "/account";

#[derive(Template)]
#[template(path = "own_account.html")]
struct OwnPage {
    frame: Frame,
    login: Foreign,
    name: Foreign,
    roles: Vec<String>,
    fresh: bool,
    held_back: bool,
    /// Whether how they prove who they are may be changed in this session.
    open: bool,
    has_password: bool,
    codes_on: bool,
    codes: String,
    passkeys: Vec<PasskeyRow>,
    /// What the browser needs to make a passkey; empty where there can be none.
    passkey: String,
    /// The provider, to be linked or to confirm; without a name when there is none.
    provider: Offer,
    provider_linked: bool,
    sessions: Vec<SessionRow>,
    tokens: Vec<TokenRow>,
    rights: Vec<RightRow>,
    days: u16,
    days_max: u16,
}

struct PasskeyRow {
    id: String,
    name: Foreign,
    used: Markup,
}

struct SessionRow {
    action: String,
    here: bool,
    since: Markup,
    seen: Markup,
    address: String,
    browser: Foreign,
    method: String,
}

struct TokenRow {
    action: String,
    name: Foreign,
    rights: Vec<String>,
    ends: Markup,
    used: Markup,
}

struct RightRow {
    word: &'static str,
    name: String,
}

#[derive(Template)]
#[template(path = "own_codes.html")]
struct CodesPage {
    frame: Frame,
    picture: Markup,
    secret: String,
    problem: String,
}

#[derive(Template)]
#[template(path = "own_recovery.html")]
struct RecoveryPage {
    frame: Frame,
    codes: Vec<String>,
}

#[derive(Template)]
#[template(path = "own_token.html")]
struct TokenPage {
    frame: Frame,
    text: String,
    ends: Markup,
}

#[derive(serde::Deserialize)]
pub(crate) struct OfLanguage {
    language: String,
}

#[derive(serde::Deserialize)]
pub(crate) struct OfProof {
    password: String,
}

#[derive(serde::Deserialize)]
pub(crate) struct OfPassword {
    #[serde(default)]
    old: String,
    new: String,
}

#[derive(serde::Deserialize)]
pub(crate) struct OfCode {
    code: String,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let who = person(&visit)?;
    let (access, id) = (&app.state.access, who.account.id);
    let standing = totp::standing(access, id).await?;
    let open = sessions::may_change_proofs(access, who).await?;
    let own = who.session.as_ref().map(|session| session.id);
    let alive = sessions::list(access, &who.account, visit.now).await?;
    let passkeys = passkey::list(access, id).await?;
    let passkey = match party(&visit) {
        Some(party) => passkey::options_for_new(access, who, &party, visit.now).await?.to_string(),
        None => String::new(),
    };
    let provider_linked = match &app.state.provider {
        Some(provider) => provider::is_linked(access, provider, id).await?,
        None => false,
    };
    let purpose = if provider_linked { Purpose::Confirm } else { Purpose::Link };
    let tokens = token::list(access, id, visit.now).await?;
    let left = i64::from(standing.recovery_left);
    render(&OwnPage {
        frame: visit.frame(HERE, visit.words.get("own-title")),
        login: who.account.login.as_str().into(),
        name: who.account.name.as_str().into(),
        roles: who.account.grants.iter().map(|held| role_at(&visit, held)).collect(),
        fresh: who.is_fresh(visit.now),
        held_back: who.held_back,
        open,
        has_password: password::is_set(access, id).await?,
        codes_on: standing.confirmed,
        codes: visit.words.with("own-codes-on", &[("n", left.into())]),
        passkeys: passkeys.iter().map(|one| passkey_row(&visit, one)).collect(),
        passkey,
        provider: own_offer(&app, &visit, who, purpose),
        provider_linked,
        sessions: alive.iter().map(|one| session_row(&visit, one, own)).collect(),
        tokens: tokens.iter().map(|one| token_row(&visit, one)).collect(),
        rights: Right::ALL
            .into_iter()
            .filter(|right| *right != Right::KeepAccounts && visit.scope().has(*right))
            .map(|right| RightRow { word: right.word(), name: right_name(&visit, right) })
            .collect(),
        days: DAYS_PROPOSED,
        days_max: DAYS_MAX,
    })
}

pub(crate) async fn set_language(
    State(app): State<Arc<App>>,
    visit: Visit,
    Form(form): Form<OfLanguage>,
) -> Result<Response, Failure> {
    let language = form.language.parse().map_err(|_| Failure::invalid("error-value", &form.language))?;
    account::set_language(&app.state.access, person(&visit)?.account.id, language).await?;
    // What was chosen on this device before gives way.
    Ok(Redirect::to(&format!("{HERE}?lang={language}")).into_response())
}

pub(crate) async fn refresh(
    State(app): State<Arc<App>>,
    visit: Visit,
    parts: Parts,
    Form(form): Form<OfProof>,
) -> Result<Response, Failure> {
    let client = session::client(&app, &parts, device(&app, &parts));
    sign_in::refresh(&app.state.access, person(&visit)?, &form.password, &client, visit.now).await?;
    back()
}

pub(crate) async fn change_password(
    State(app): State<Arc<App>>,
    visit: Visit,
    parts: Parts,
    Form(form): Form<OfPassword>,
) -> Result<Response, Failure> {
    let client = session::client(&app, &parts, device(&app, &parts));
    let who = person(&visit)?;
    password::change(&app.state.access, who, &form.old, &form.new, &client, visit.now).await?;
    back()
}

pub(crate) async fn end_session(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let who = person(&visit)?;
    let id: Id<Session> = id.parse().map_err(|_| Failure::not_found())?;
    sessions::end(&app.state.access, who.account.id, id, visit.now).await?;
    back()
}

pub(crate) async fn end_other_sessions(
    State(app): State<Arc<App>>,
    visit: Visit,
) -> Result<Response, Failure> {
    sessions::end_others(&app.state.access, person(&visit)?, visit.now).await?;
    back()
}

pub(crate) async fn begin_codes(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let enrolment = totp::enrol(&app.state.access, person(&visit)?, visit.now).await?;
    render(&codes_page(&visit, enrolment, String::new()))
}

pub(crate) async fn confirm_codes(
    State(app): State<Arc<App>>,
    visit: Visit,
    Form(form): Form<OfCode>,
) -> Result<Response, Failure> {
    let (access, who) = (&app.state.access, person(&visit)?);
    match totp::confirm(access, who, &form.code, visit.now).await {
        Ok(codes) => render(&recovery_page(&visit, codes)),
        Err(access::Error::Refused) => match totp::waiting(access, who).await? {
            Some(enrolment) => {
                let page = codes_page(&visit, enrolment, visit.words.get("sign-in-code-refused"));
                Ok((StatusCode::BAD_REQUEST, render(&page)?).into_response())
            }
            None => back(),
        },
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn remove_codes(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    totp::remove(&app.state.access, person(&visit)?, visit.now).await?;
    back()
}

pub(crate) async fn renew_recovery(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let codes = totp::renew_recovery(&app.state.access, person(&visit)?, visit.now).await?;
    render(&recovery_page(&visit, codes))
}

pub(crate) async fn make_token(
    State(app): State<Arc<App>>,
    visit: Visit,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let days = value("days").unwrap_or_default();
    let rights = pairs.iter().filter(|(name, _)| name == "right").take(Right::ALL.len());
    let wanted = Wanted {
        name: value("name").unwrap_or_default().to_owned(),
        rights: rights
            .map(|(_, word)| word.parse().map_err(|_| Failure::invalid("error-value", word)))
            .collect::<Result<_, _>>()?,
        valid_days: days.parse().map_err(|_| Failure::invalid("error-value", days))?,
    };
    let (made, text) = token::issue(&app.state.access, person(&visit)?, &wanted, visit.now).await?;
    let frame = visit.frame(HERE, visit.words.get("own-token-made-title"));
    render(&TokenPage { frame, text, ends: visit.time(made.ends_at) })
}

pub(crate) async fn end_token(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let who = person(&visit)?;
    let id: Id<Token> = id.parse().map_err(|_| Failure::not_found())?;
    token::end(&app.state.access, who.account.id, id, visit.now).await?;
    back()
}

/// Somebody in a session; a program does not change the account it belongs to.
pub(crate) fn person(visit: &Visit) -> Result<&Recognised, Failure> {
    let who = visit.who.as_ref().ok_or_else(|| Failure::new(StatusCode::UNAUTHORIZED))?;
    if who.session.is_some() { Ok(who) } else { Err(Failure::new(StatusCode::FORBIDDEN)) }
}

/// To the page of one's own account.
pub(crate) fn back() -> Result<Response, Failure> {
    Ok(Redirect::to(HERE).into_response())
}

fn codes_page(visit: &Visit, enrolment: totp::Enrolment, problem: String) -> CodesPage {
    CodesPage {
        frame: visit.frame(HERE, visit.words.get("own-codes-title")),
        // Made of numbers alone.
        picture: Markup::trusted(enrolment.svg),
        secret: enrolment.secret,
        problem,
    }
}

fn recovery_page(visit: &Visit, codes: Vec<String>) -> RecoveryPage {
    RecoveryPage { frame: visit.frame(HERE, visit.words.get("own-recovery-title")), codes }
}

fn passkey_row(visit: &Visit, one: &Passkey) -> PasskeyRow {
    PasskeyRow {
        id: one.id.clone(),
        name: one.name.as_str().into(),
        used: one.used_at.map(|at| visit.time(at)).unwrap_or_default(),
    }
}

fn session_row(visit: &Visit, one: &Session, own: Option<Id<Session>>) -> SessionRow {
    SessionRow {
        action: format!("{HERE}/sessions/{}/end", one.id),
        here: own == Some(one.id),
        since: visit.time(one.created_at),
        seen: visit.time(one.seen_at),
        address: one.address.clone(),
        browser: one.user_agent.as_str().into(),
        method: visit.words.get(&format!("method-{}", one.method)),
    }
}

fn token_row(visit: &Visit, one: &Token) -> TokenRow {
    TokenRow {
        action: format!("{HERE}/tokens/{}/end", one.id),
        name: one.name.as_str().into(),
        rights: one.rights.iter().map(|&right| right_name(visit, right)).collect(),
        ends: visit.time(one.ends_at),
        used: one.used_at.map(|at| visit.time(at)).unwrap_or_default(),
    }
}

fn right_name(visit: &Visit, right: Right) -> String {
    visit.words.get(&format!("right-{right}"))
}
