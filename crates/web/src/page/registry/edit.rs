//! The form for one thing: new, to be changed, or to be given up.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use base::{Id, Organisation, Right};
use registry::change::{self, Proposal, Proposed};
use registry::{Noun, export};

use super::place::may_write;
use super::{column_name, noun_name, organisation, shown, wrong};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::{Choice, Link};
use crate::query::href;
use crate::visit::{Visit, render};

/// Bytes of a form: two keys of 16 KiB, written for a URL.
pub(crate) const FORM_BYTES_MAX: usize = 128 * 1024;
/// Characters of the field for a reason.
const REASON_CHARACTERS_MAX: usize = change::REASON_CHARS_MAX;

#[derive(Template)]
#[template(path = "registry/edit.html")]
struct EditPage {
    frame: Frame,
    place: Link,
    noun: String,
    action: String,
    version: String,
    fields: Vec<Field>,
    reason: String,
    reason_max: usize,
    error: String,
    waits: bool,
    ask_href: String,
    bounced_href: String,
}

struct Field {
    name: &'static str,
    label: String,
    hint: String,
    value: String,
    options: Vec<Choice>,
    long: bool,
    fixed: bool,
}

pub(crate) async fn form(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path((id, noun)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (id, noun, key) = reached(&visit, &id, &noun)?;
    let names = ["key", "value", "valid_from"];
    let mut named: Vec<(&'static str, &str)> = vec![("organisation", &key)];
    named.extend(names.iter().filter_map(|name| Some((*name, visit.query.get(name)?))));
    let asked = named.len() > 1 || noun == Noun::Organisation;
    let current = match asked {
        false => None,
        true => change::look(&app.state.store, visit.scope(), noun, &named).await?,
    };
    if asked && current.is_none() {
        return Err(Failure::not_found());
    }
    let version = current.as_ref().map(change::Current::version).unwrap_or_default();
    let value =
        |column: &str| current.as_ref().map_or(String::new(), |current| current.get(column).to_owned());
    render(&page(&visit, id, noun, &version, &value, String::new(), String::new()))
}

pub(crate) async fn send(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path((id, noun)): Path<(String, String)>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let (id, noun, key) = reached(&visit, &id, &noun)?;
    let text =
        |name: &str| sent.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let mut cells = vec![("organisation", key.as_str())];
    cells.extend(noun.columns().into_iter().map(|column| (column, text(column))));
    let proposal = Proposal { noun, cells, version: text("version"), reason: text("reason") };
    let place = format!("/registry/of/{id}");
    let tab = match noun {
        Noun::Domain | Noun::MailDomain | Noun::Host => Noun::Network,
        noun => noun,
    };
    match change::propose(&app.state.store, visit.actor()?, &proposal, visit.now).await {
        Ok(Proposed::Waiting(change)) => {
            Ok(Redirect::to(&format!("/registry/changes/{change}")).into_response())
        }
        Ok(_) if noun == Noun::Organisation => Ok(Redirect::to(&place).into_response()),
        Ok(_) => Ok(Redirect::to(&href(&place, &[("tab", tab.word())])).into_response()),
        Err(registry::Error::Wrong { column, reason }) => {
            let error = wrong(&visit, column, &reason);
            let value = |column: &str| text(column).to_owned();
            let page = page(&visit, id, noun, text("version"), &value, text("reason").to_owned(), error);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// The organisation and the noun of the path, when the reader may change something there; and its key.
fn reached(visit: &Visit, id: &str, noun: &str) -> Result<(Id<Organisation>, Noun, String), Failure> {
    let id = organisation(visit, id)?;
    let noun: Noun = noun.parse().map_err(|_| Failure::not_found())?;
    if !may_write(visit, id) {
        return Err(Failure::new(StatusCode::FORBIDDEN));
    }
    let one = visit.registry.organisation(id).ok_or_else(Failure::not_found)?;
    Ok((id, noun, one.key.clone()))
}

fn page(
    visit: &Visit,
    id: Id<Organisation>,
    noun: Noun,
    version: &str,
    value: &dyn Fn(&str) -> String,
    reason: String,
    error: String,
) -> EditPage {
    let words = visit.words;
    let title = if version.is_empty() { "registry-add" } else { "registry-edit" };
    let keeps = visit.scope().covers(Right::KeepRegistry, Some(id));
    let columns = export::header(noun).into_iter().skip(2);
    let of_contact = |what: &str| match noun {
        Noun::Contact if !version.is_empty() => {
            format!("/registry/contacts/{}/{what}", registry::id_of(noun, id, &value("key")))
        }
        _ => String::new(),
    };
    EditPage {
        frame: visit.frame("/registry", words.with(title, &[("noun", noun_name(visit, noun).into())])),
        place: Link { name: visit.organisation_name(id), href: format!("/registry/of/{id}") },
        noun: noun.word().to_owned(),
        action: format!("/registry/of/{id}/{}", noun.word()),
        version: version.to_owned(),
        fields: columns
            .map(|column| field(visit, noun, column, value(column), !version.is_empty()))
            .collect(),
        reason,
        reason_max: REASON_CHARACTERS_MAX,
        error,
        waits: !keeps,
        ask_href: of_contact("ask"),
        bounced_href: of_contact("bounced"),
    }
}

fn field(visit: &Visit, noun: Noun, column: &'static str, value: String, there: bool) -> Field {
    let hint = format!("registry-hint-{}", column.replace('_', "-"));
    let words = shown::choices(noun, column);
    let choice = |word: &str| Choice {
        value: word.to_owned(),
        label: match word {
            "" => visit.words.get("registry-not-said"),
            word => shown::value(visit, noun, column, word),
        },
        chosen: value == word,
    };
    let none = (!words.is_empty()).then_some("");
    Field {
        name: column,
        label: column_name(visit, column),
        hint: if visit.words.has(&hint) { visit.words.get(&hint) } else { String::new() },
        options: none.into_iter().chain(words.iter().copied()).map(choice).collect(),
        long: ["channels", "openpgp", "smime"].contains(&column),
        // The name of a thing is for ever.
        fixed: there && (column == "key" || column == "value" || (column == "valid_from" && is_asset(noun))),
        value: if column == "channels" { value.replace("; ", "\n") } else { value },
    }
}

fn is_asset(noun: Noun) -> bool {
    matches!(noun, Noun::Network | Noun::Domain | Noun::MailDomain | Noun::Host)
}
