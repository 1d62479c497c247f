//! Who can sign in; and inviting somebody.

use std::sync::Arc;

use access::account::{Account, Filter, Newcomer, invite, list};
use askama::Template;
use axum::extract::{Form, State};
use axum::response::Response;
use base::{Right, Role, Seat};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::page::account::{LinkPage, place_of, role_at};
use crate::page::part::Choice;
use crate::visible::Foreign;
use crate::visit::{Visit, render};

/// Lines of one page.
pub(crate) const ROWS_MAX: u32 = 100;

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    frame: Frame,
    text: String,
    rows: Vec<Row>,
    next_href: String,
    roles: Vec<Choice>,
    places: Vec<Choice>,
    languages: Vec<Choice>,
}

struct Row {
    key: String,
    href: String,
    login: Foreign,
    name: Foreign,
    state: &'static str,
    state_name: String,
    roles: Vec<String>,
    signed_in: Markup,
}

#[derive(serde::Deserialize)]
pub(crate) struct Invited {
    login: String,
    name: String,
    language: String,
    role: String,
    #[serde(default)]
    organisation: String,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let filter = Filter {
        text: visit.query.get("text").map(str::to_owned),
        organisation: visit.query.parsed("organisation")?,
        after: visit.query.get("after").map(str::to_owned),
    };
    let mut found = list(&app.state.access, visit.scope(), &filter, ROWS_MAX + 1).await?;
    let more = found.len() > ROWS_MAX as usize;
    found.truncate(ROWS_MAX as usize);
    let last = found.last().filter(|_| more).map(|account| account.login.as_str());
    render(&AccountsPage {
        frame: visit.frame("/accounts", visit.words.get("accounts-title")),
        text: filter.text.clone().unwrap_or_default(),
        next_href: last.map(|login| visit.query.href("/accounts", &[("after", login)])).unwrap_or_default(),
        rows: found.iter().map(|account| row(&visit, account)).collect(),
        roles: roles(&visit),
        places: places(&visit),
        languages: ["ja", "en"]
            .map(|tag| Choice {
                value: tag.into(),
                label: if tag == "ja" { "日本語" } else { "English" }.into(),
                chosen: tag == "ja",
            })
            .into(),
    })
}

pub(crate) async fn add(
    State(app): State<Arc<App>>,
    visit: Visit,
    Form(form): Form<Invited>,
) -> Result<Response, Failure> {
    let newcomer = Newcomer {
        login: form.login.clone(),
        name: form.name.clone(),
        language: form.language.parse().map_err(|_| Failure::invalid("error-value", &form.language))?,
    };
    let place = place_of(&form.role, &form.organisation)?;
    let (_, link) =
        invite(&app.state.access, &visit.registry, visit.actor()?, &newcomer, &[place], visit.now).await?;
    render(&LinkPage::new(&visit, &form.name, &link))
}

fn row(visit: &Visit, account: &Account) -> Row {
    Row {
        key: account.id.to_string(),
        href: format!("/accounts/{}", account.id),
        login: account.login.as_str().into(),
        name: account.name.as_str().into(),
        state: account.state.word(),
        state_name: visit.words.get(&format!("account-state-{}", account.state)),
        roles: account.grants.iter().map(|held| role_at(visit, held)).collect(),
        signed_in: account.signed_in_at.map(|at| visit.time(at)).unwrap_or_default(),
    }
}

/// The roles that the asker may give: those of the centre only to who keeps all accounts. Machines are not invited.
pub(crate) fn roles(visit: &Visit) -> Vec<Choice> {
    let everywhere = visit.scope().everywhere(Right::KeepAccounts);
    Role::ALL
        .into_iter()
        .filter(|role| role.seat() == Seat::Organisation || (everywhere && role.seat() == Seat::Centre))
        .map(|role| Choice {
            value: role.word().into(),
            label: visit.words.get(&format!("role-{role}")),
            chosen: role == Role::Csirt,
        })
        .collect()
}

/// Where the asker may give roles, in the order of the tree.
pub(crate) fn places(visit: &Visit) -> Vec<Choice> {
    let everywhere = visit.scope().everywhere(Right::KeepAccounts);
    let centre = everywhere.then(|| Choice {
        value: String::new(),
        label: visit.words.get("accounts-place-centre"),
        chosen: false,
    });
    let organisations = visit
        .registry
        .organisations()
        .iter()
        .filter(|one| visit.scope().covers(Right::KeepAccounts, Some(one.id)));
    let organisations = organisations.map(|one| Choice {
        value: one.id.to_string(),
        label: one.name(visit.language()).to_owned(),
        chosen: false,
    });
    centre.into_iter().chain(organisations).collect()
}
