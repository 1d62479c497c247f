//! The operations for people to read: what there is to ask for, what it takes, and what can go wrong.

use askama::Template;
use axum::response::Response;

use super::operation::{Body, Gives, Operation};
use super::schema::Schema;
use super::{document, operations, problem};
use crate::error::Failure;
use crate::frame::Frame;
use crate::route::Needs;
use crate::visit::{Visit, render};

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage {
    frame: Frame,
    document: &'static str,
    operations: Vec<Row>,
    problems: Vec<Problem>,
}

struct Row {
    name: &'static str,
    summary: String,
    method: String,
    path: &'static str,
    needs: String,
    takes: Vec<Named>,
    gives: Vec<Named>,
    statuses: String,
}

struct Named {
    name: String,
    about: String,
}

struct Problem {
    anchor: String,
    title: String,
    about: String,
}

pub(crate) async fn show(visit: Visit) -> Result<Response, Failure> {
    let words = visit.words;
    let problem = |word: &&str| Problem {
        anchor: format!("problem-{word}"),
        title: words.get(&format!("api-problem-{word}-title")),
        about: words.get(&format!("api-problem-{word}")),
    };
    render(&ApiPage {
        frame: visit.frame("", words.get("api-title")),
        document: super::DOCUMENT,
        operations: operations().iter().map(|one| row(&visit, one)).collect(),
        problems: problem::WORDS.iter().map(problem).collect(),
    })
}

fn row(visit: &Visit, operation: &Operation) -> Row {
    let parameters = operation.in_path.iter().chain(&operation.in_query);
    let mut takes: Vec<Named> = parameters.map(|one| named(visit, one.name)).collect();
    match &operation.body {
        Body::Json(schema) => takes.extend(fields(visit, schema)),
        Body::File { kinds, .. } => takes.extend(kinds.iter().map(|kind| file(kind))),
        Body::Nothing => {}
    }
    let statuses = operation.statuses();
    Row {
        name: operation.name,
        summary: document::summary(visit, operation),
        method: operation.method.to_string(),
        path: operation.path,
        needs: match operation.needs {
            Needs::Right(right) => visit.words.get(&format!("right-{right}")),
            _ => visit.words.get("api-needs-sign-in"),
        },
        takes,
        gives: match &operation.gives {
            Gives::Json(schema) => fields(visit, schema),
            Gives::File(kinds) => kinds.iter().map(|kind| file(kind)).collect(),
            Gives::Nothing => Vec::new(),
        },
        statuses: statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(" "),
    }
}

fn file(kind: &str) -> Named {
    Named { name: kind.to_owned(), about: String::new() }
}

fn named(visit: &Visit, name: &str) -> Named {
    Named { name: name.to_owned(), about: document::field(visit, name) }
}

/// The fields of an object; of a page, those of its items.
fn fields(visit: &Visit, schema: &Schema) -> Vec<Named> {
    let Schema::Object(object) = schema else { return Vec::new() };
    let items = object.fields.iter().find(|field| field.name == "items").map(|field| &field.schema);
    match items {
        Some(Schema::List { of, .. }) => fields(visit, of),
        _ => object.fields.iter().map(|field| named(visit, field.name)).collect(),
    }
}
