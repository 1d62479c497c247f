//! One account, for who keeps it: roles, state, a new link, the end of its sessions and of its data.

use std::sync::Arc;

use access::account::{self, Account, Held, Place, Source, State as Standing};
use access::{Secret, invitation};
use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use base::{Id, Right, Seat};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::page::accounts::{places, roles};
use crate::page::part::Choice;
use crate::visible::{Foreign, neutral_short};
use crate::visit::{Visit, render};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    id: String,
    login: Foreign,
    name: Foreign,
    state: &'static str,
    state_name: String,
    since: Markup,
    signed_in: Markup,
    held: Vec<HeldRow>,
    roles: Vec<Choice>,
    places: Vec<Choice>,
    /// Whether the asker may do what concerns the account as a whole.
    whole: bool,
}

struct HeldRow {
    name: String,
    role: &'static str,
    organisation: String,
    from_provider: bool,
    may_take: bool,
}

/// A link that is shown once.
#[derive(Template)]
#[template(path = "account_link.html")]
pub(crate) struct LinkPage {
    frame: Frame,
    about: String,
    link: String,
}

#[derive(serde::Deserialize)]
pub(crate) struct OfPlace {
    role: String,
    #[serde(default)]
    organisation: String,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let account = account::find(&app.state.access, visit.scope(), id_of(&id)?).await?;
    render(&page(&visit, &account))
}

pub(crate) async fn give(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<OfPlace>,
) -> Result<Response, Failure> {
    let place = place_of(&form.role, &form.organisation)?;
    let (access, actor) = (&app.state.access, visit.actor()?);
    account::grant(access, &visit.registry, actor, id_of(&id)?, place, visit.now).await?;
    back(&id)
}

pub(crate) async fn take(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<OfPlace>,
) -> Result<Response, Failure> {
    let place = place_of(&form.role, &form.organisation)?;
    account::revoke(&app.state.access, visit.actor()?, id_of(&id)?, place, visit.now).await?;
    // Taking the last role out of one's own reach takes the account out of sight.
    match account::find(&app.state.access, visit.scope(), id_of(&id)?).await {
        Ok(_) => back(&id),
        Err(_) => Ok(Redirect::to("/accounts").into_response()),
    }
}

pub(crate) async fn disable(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    account::disable(&app.state.access, visit.actor()?, id_of(&id)?, visit.now).await?;
    back(&id)
}

pub(crate) async fn enable(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    account::enable(&app.state.access, visit.actor()?, id_of(&id)?, visit.now).await?;
    back(&id)
}

pub(crate) async fn end_sessions(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    account::end_sessions(&app.state.access, visit.actor()?, id_of(&id)?, visit.now).await?;
    back(&id)
}

pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    account::erase(&app.state.access, visit.actor()?, id_of(&id)?, visit.now).await?;
    Ok(Redirect::to("/accounts").into_response())
}

pub(crate) async fn reset(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (access, id) = (&app.state.access, id_of(&id)?);
    let link = account::reset(access, visit.actor()?, id, visit.now).await?;
    let account = account::find(access, visit.scope(), id).await?;
    render(&LinkPage::new(&visit, &account.name, &link))
}

pub(crate) async fn renew_link(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (access, id) = (&app.state.access, id_of(&id)?);
    let link = invitation::renew(access, visit.actor()?, id, visit.now).await?;
    let account = account::find(access, visit.scope(), id).await?;
    render(&LinkPage::new(&visit, &account.name, &link))
}

impl LinkPage {
    /// The page for the link of somebody called `name`.
    pub(crate) fn new(visit: &Visit, name: &str, link: &Secret) -> Self {
        let name = neutral_short(name, access::account::NAME_CHARACTERS_MAX);
        Self {
            frame: visit.frame("/accounts", visit.words.get("accounts-link-title")),
            about: visit.words.with("accounts-link-about", &[("name", name.into())]),
            link: format!("{}/invitation/{}", visit.origin, link.text()),
        }
    }
}

/// A role and where it is held, in words.
pub(crate) fn role_at(visit: &Visit, held: &Held) -> String {
    let role = visit.words.get(&format!("role-{}", held.role));
    match held.organisation {
        None => role,
        Some(organisation) => {
            let place = visit.organisation_name(organisation);
            visit.words.with("role-at", &[("role", role.into()), ("place", place.into())])
        }
    }
}

/// The role and organisation of a form. A role of the centre is over all, whatever organisation was chosen beside it.
pub(crate) fn place_of(role: &str, organisation: &str) -> Result<Place, Failure> {
    let role: base::Role = role.parse().map_err(|_| Failure::invalid("error-value", role))?;
    match (role.seat(), organisation) {
        (Seat::Centre, _) | (_, "") => Ok((role, None)),
        (_, id) => Ok((role, Some(id.parse().map_err(|_| Failure::invalid("error-value", id))?))),
    }
}

fn id_of(text: &str) -> Result<Id<base::Account>, Failure> {
    text.parse().map_err(|_| Failure::not_found())
}

fn back(id: &str) -> Result<Response, Failure> {
    Ok(Redirect::to(&format!("/accounts/{id}")).into_response())
}

fn page(visit: &Visit, account: &Account) -> AccountPage {
    let keeps = |held: &Held| visit.scope().covers(Right::KeepAccounts, held.organisation);
    let title = visit.words.with("account-title", &[("login", neutral_short(&account.login, 80).into())]);
    AccountPage {
        frame: visit.frame("/accounts", title),
        id: account.id.to_string(),
        login: account.login.as_str().into(),
        name: account.name.as_str().into(),
        state: account.state.word(),
        state_name: visit.words.get(&format!("account-state-{}", account.state)),
        since: visit.time(account.created_at),
        signed_in: account.signed_in_at.map(|at| visit.time(at)).unwrap_or_default(),
        held: account
            .grants
            .iter()
            .map(|held| HeldRow {
                name: role_at(visit, held),
                role: held.role.word(),
                organisation: held.organisation.map(|id| id.to_string()).unwrap_or_default(),
                from_provider: held.source == Source::Provider,
                may_take: keeps(held),
            })
            .collect(),
        roles: roles(visit),
        places: places(visit),
        whole: account.state != Standing::Erased && account.grants.iter().all(keeps),
    }
}
