//! Personal links: made by who keeps the roster, and the form behind one.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use base::Right;
use inspect::form::{Form as Kept, Sheet};
use inspect::link;
use registry::guard::guarded;

use super::role_name;
use super::sheet::{Desk, Posted};
use super::{found, place, require};
use crate::App;
use crate::error::Failure;
use crate::page::part::Link;
use crate::query::href;
use crate::visit::Visit;

/// Where links lead.
const PATH: &str = "/inspect/link";

/// What is asked for.
#[derive(serde::Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    person: String,
}

/// Makes links for those who have no account, and gives them once, as a file.
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path((id, organisation)): Path<(String, String)>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    let organisation = place(&visit, &organisation)?;
    require(&visit, Right::KeepInspection, Some(organisation))?;
    let (survey, _) = found(&app, &visit, &id).await?;
    let person = Some(wanted.person.trim()).filter(|person| !person.is_empty());
    let made =
        link::make(&app.state.store, visit.actor()?, survey.id, organisation, person, visit.now).await?;
    let mut file = String::from("\u{feff}person,language,link\r\n");
    for one in made {
        let place = href(PATH, &[("token", &one.token), ("lang", one.language.tag())]);
        let person = guarded(&one.person).replace('"', "\"\"");
        // Writing to a string cannot fail.
        let _ = write!(file, "\"{person}\",{},{}{place}\r\n", one.language, visit.origin);
    }
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"links.csv\""),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, file).into_response())
}

/// The form behind a link.
pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    desk(&app, &visit, visit.query.text("token"), visit.query.text("role")).await?.show(&visit)
}

/// Saves, submits or withdraws it.
pub(crate) async fn send(
    State(app): State<Arc<App>>,
    visit: Visit,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let posted = Posted::new(&pairs);
    let desk = desk(&app, &visit, posted.text("token"), posted.text("role")).await?;
    desk.take(&app, &visit, &posted).await
}

async fn desk(app: &App, visit: &Visit, token: &str, role: &str) -> Result<Desk, Failure> {
    let opened = link::open(&app.state.store, token).await?;
    let mut forms = opened.forms;
    let wanted = forms.iter().position(|(sheet, _)| role.is_empty() || sheet.role == role);
    let (sheet, form) = forms.swap_remove(wanted.ok_or_else(Failure::not_found)?);
    let other = |(sheet, _): &(Sheet, Kept)| Link {
        name: visit.words.with("inspect-form-other", &[("role", role_name(visit, &sheet.role).into())]),
        href: href(PATH, &[("token", token), ("role", &sheet.role)]),
    };
    Ok(Desk {
        author: opened.holder,
        survey: opened.survey,
        catalogue: opened.catalogue,
        path: PATH.to_owned(),
        names: vec![("token", token.to_owned()), ("role", sheet.role.clone())],
        others: forms.iter().map(other).collect(),
        sheet,
        form,
    })
}
