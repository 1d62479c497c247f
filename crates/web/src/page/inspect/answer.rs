//! One's own forms: the list, and each of them.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use inspect::form::{Form as Kept, Sheet, own};

use super::sheet::{Desk, Posted};
use super::{role_name, said};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::page::part::Link;
use crate::query::href;
use crate::visit::{Visit, render};

#[derive(Template)]
#[template(path = "inspect/own.html")]
struct OwnPage {
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    link: Link,
    role: String,
    organisation: String,
    state: String,
    closes: Markup,
}

/// The forms that are for the reader to answer.
pub(crate) async fn list(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let mut rows = Vec::new();
    for (sheet, form) in own(&app.state.store, visit.actor()?).await? {
        let (survey, _) = inspect::survey::survey(&app.state.store, visit.scope(), sheet.survey).await?;
        rows.push(Row {
            link: Link { name: said(&visit, &survey.terms.title), href: sheet_href(&sheet) },
            role: role_name(&visit, &sheet.role),
            organisation: visit.organisation_name(sheet.organisation),
            state: visit.words.get(state_key(&form)),
            closes: visit.time(survey.terms.closes_at),
        });
    }
    render(&OwnPage { frame: visit.frame("/inspect/answer", visit.words.get("inspect-own-title")), rows })
}

fn state_key(form: &Kept) -> &'static str {
    match (&form.answers, &form.draft) {
        (Some(_), _) => "inspect-form-state-sent",
        (None, Some(_)) => "inspect-form-state-draft",
        (None, None) => "inspect-form-state-none",
    }
}

fn sheet_href(sheet: &Sheet) -> String {
    let pairs = [("role", sheet.role.as_str()), ("organisation", &sheet.organisation.to_string())];
    href(&format!("/inspect/answer/{}", sheet.survey), &pairs)
}

/// One form.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (role, organisation) = (visit.query.text("role"), visit.query.text("organisation"));
    desk(&app, &visit, &id, role, organisation).await?.show(&visit)
}

/// Saves, submits or withdraws it.
pub(crate) async fn send(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let posted = Posted::new(&pairs);
    let desk = desk(&app, &visit, &id, posted.text("role"), posted.text("organisation")).await?;
    desk.take(&app, &visit, &posted).await
}

/// The reader's own form of a survey; the first when they have several and do not say which.
async fn desk(app: &App, visit: &Visit, id: &str, role: &str, organisation: &str) -> Result<Desk, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    let forms = own(&app.state.store, visit.actor()?).await?;
    let mut forms: Vec<_> = forms.into_iter().filter(|(sheet, _)| sheet.survey == id).collect();
    let wanted = forms.iter().position(|(sheet, _)| {
        (role.is_empty() || sheet.role == role)
            && (organisation.is_empty() || sheet.organisation.to_string() == organisation)
    });
    let (sheet, form) = forms.swap_remove(wanted.ok_or_else(Failure::not_found)?);
    let (survey, catalogue) = inspect::survey::survey(&app.state.store, visit.scope(), id).await?;
    let other = |(sheet, _): &(Sheet, Kept)| Link {
        name: visit.words.with("inspect-form-other", &[("role", role_name(visit, &sheet.role).into())]),
        href: sheet_href(sheet),
    };
    Ok(Desk {
        author: visit.actor()?.clone(),
        path: format!("/inspect/answer/{id}"),
        names: vec![("role", sheet.role.clone()), ("organisation", sheet.organisation.to_string())],
        others: forms.iter().map(other).collect(),
        survey,
        catalogue,
        sheet,
        form,
    })
}
