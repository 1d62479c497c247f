//! A new survey: its terms, and a catalogue that is looked at before it is frozen.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use base::Right;
use inspect::Variant;
use inspect::catalogue::{Catalogue, Words};
use inspect::survey::{Kind, Terms, create};

use super::{Upload, faults, href, require, role_name, said};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::Choice;
use crate::query::local;
use crate::visit::{Visit, render};

/// Bytes of a catalogue that is brought in on a page: it travels along with the preview.
const CATALOGUE_BYTES_MAX: usize = 128 * 1024;
/// Bytes of the form with it.
pub(crate) const UPLOAD_BYTES_MAX: usize = 4 * CATALOGUE_BYTES_MAX;
/// Items of a preview.
const ITEMS_MAX: usize = 300;

#[derive(Template)]
#[template(path = "inspect/new.html")]
struct NewPage {
    frame: Frame,
    errors: Vec<String>,
    kinds: Vec<Choice>,
    variants: Vec<Choice>,
    fields: Vec<Field>,
    /// The text of the catalogue; empty until one was read.
    catalogue: String,
    summary: String,
    rows: Vec<Row>,
}

struct Field {
    name: &'static str,
    label: String,
    kind: &'static str,
    value: String,
}

struct Row {
    reference: String,
    role: String,
    clause: String,
    title: String,
}

/// The fields and their kinds in a browser.
const FIELDS: [(&str, &str); 6] = [
    ("title_ja", "text"),
    ("title_en", "text"),
    ("edition", "text"),
    ("reference_day", "date"),
    ("opens_at", "datetime-local"),
    ("closes_at", "datetime-local"),
];

/// The empty form.
pub(crate) async fn form(visit: Visit) -> Result<Response, Failure> {
    require(&visit, Right::KeepInspection, None)?;
    let nothing = Upload { file: None, fields: Default::default() };
    render(&page(&visit, &nothing, String::new(), None, Vec::new()))
}

/// Shows what would be asked, or makes the survey.
pub(crate) async fn send(
    State(app): State<Arc<App>>,
    visit: Visit,
    upload: Multipart,
) -> Result<Response, Failure> {
    require(&visit, Right::KeepInspection, None)?;
    let upload = Upload::read(upload).await?;
    let text = match &upload.file {
        Some(file) => String::from_utf8_lossy(file).into_owned(),
        None => upload.text("catalogue").to_owned(),
    };
    if text.len() > CATALOGUE_BYTES_MAX {
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let catalogue = match Catalogue::read_csv(text.as_bytes()) {
        Ok(catalogue) => catalogue,
        Err(error) => return refused(&visit, &upload, String::new(), None, faults(&visit, error)?),
    };
    let terms = match terms(&visit, &upload) {
        Ok(terms) => terms,
        Err(fault) => return refused(&visit, &upload, text, Some(&catalogue), vec![fault]),
    };
    if upload.text("do") != "create" {
        return render(&page(&visit, &upload, text, Some(&catalogue), Vec::new()));
    }
    match create(&app.state.store, visit.actor()?, &terms, &catalogue, visit.now).await {
        Ok(id) => Ok(Redirect::to(&href(id)).into_response()),
        Err(error) => refused(&visit, &upload, text, Some(&catalogue), faults(&visit, error)?),
    }
}

fn refused(
    visit: &Visit,
    upload: &Upload,
    text: String,
    catalogue: Option<&Catalogue>,
    errors: Vec<String>,
) -> Result<Response, Failure> {
    let page = render(&page(visit, upload, text, catalogue, errors))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn terms(visit: &Visit, upload: &Upload) -> Result<Terms, String> {
    let wrong = |name: &str| visit.words.get(&format!("inspect-wrong-{}", name.replace('_', "-")));
    let moment = |name| local(upload.text(name)).ok_or_else(|| wrong(name));
    let text = |name| upload.text(name).trim().to_owned();
    Ok(Terms {
        kind: upload.text("kind").parse::<Kind>().map_err(|_| wrong("kind"))?,
        title: Words { ja: text("title_ja"), en: text("title_en") },
        edition: text("edition"),
        variant: upload.text("variant").parse::<Variant>().map_err(|_| wrong("variant"))?,
        reference_day: upload.text("reference_day").parse().map_err(|_| wrong("reference_day"))?,
        opens_at: moment("opens_at")?,
        closes_at: moment("closes_at")?,
    })
}

fn page(
    visit: &Visit,
    upload: &Upload,
    text: String,
    catalogue: Option<&Catalogue>,
    errors: Vec<String>,
) -> NewPage {
    let words = visit.words;
    let choice = |name: &str, prefix: &str, word: &str| Choice {
        value: word.to_owned(),
        label: words.get(&format!("inspect-{prefix}-{}", word.replace('_', "-"))),
        chosen: upload.text(name) == word,
    };
    let items = catalogue.map_or(&[][..], |catalogue| &catalogue.items);
    let row = |item: &inspect::catalogue::Item| Row {
        reference: item.reference.clone(),
        role: role_name(visit, &item.role),
        clause: said(visit, &item.clause),
        title: said(visit, &item.title),
    };
    NewPage {
        frame: visit.frame("/inspect", words.get("inspect-new-title")),
        errors,
        kinds: Kind::ALL.map(|kind| choice("kind", "kind", kind.word())).into(),
        variants: Variant::ALL.map(|variant| choice("variant", "variant", variant.word())).into(),
        fields: FIELDS
            .map(|(name, kind)| Field {
                name,
                label: words.get(&format!("inspect-field-{}", name.replace('_', "-"))),
                kind,
                value: upload.text(name).to_owned(),
            })
            .into(),
        summary: match catalogue {
            None => String::new(),
            Some(catalogue) => words.with(
                "inspect-new-summary",
                &[
                    ("items", (catalogue.items.len() as u64).into()),
                    ("roles", (catalogue.roles().len() as u64).into()),
                ],
            ),
        },
        rows: items.iter().take(ITEMS_MAX).map(row).collect(),
        catalogue: text,
    }
}
