//! The document of all operations: OpenAPI 3.1, in the language of the reader, made of the one table.

use axum::http::HeaderName;
use axum::http::header::IF_MATCH;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::asked::TAGS_CHARACTERS_MAX;
use super::once::{HEADER, KEY_CHARACTERS_MAX};
use super::operation::{Body, Gives, Operation, Parameter};
use super::reply::Reply;
use super::{operations, problem};
use crate::error::Failure;
use crate::route::Needs;
use crate::visit::Visit;

/// The document.
pub(crate) async fn show(visit: Visit, request: axum::extract::Request) -> Result<Response, Failure> {
    let (parts, _) = request.into_parts();
    Ok(Reply::json(&write(&visit))?.tagged(&parts))
}

/// The document in the reader's language.
pub(crate) fn write(visit: &Visit) -> Value {
    let mut schemas = Map::new();
    problem::schema().json(&mut schemas);
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let one = operation_json(visit, &operation, &mut schemas);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] = one;
    }
    describe(visit, &mut schemas);
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": visit.words.get("api-title"),
            "description": visit.words.get("api-about"),
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": visit.words.get("api-by-token") },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "noroshi-session",
                    "description": visit.words.get("api-by-session"),
                },
            },
        },
    })
}

/// Every field gets its sentence, by its name: one noun has one name, and one meaning.
fn describe(visit: &Visit, schemas: &mut Map<String, Value>) {
    for schema in schemas.values_mut() {
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, property) in properties.into_iter().flatten() {
            property["description"] = field(visit, name).into();
        }
    }
}

/// What a field or a parameter is, in words.
pub(crate) fn field(visit: &Visit, name: &str) -> String {
    visit.words.get(&format!("api-field-{}", name.replace('_', "-")))
}

/// What an operation does, in words.
pub(crate) fn summary(visit: &Visit, operation: &Operation) -> String {
    visit.words.get(&format!("api-operation-{}", operation.name.replace('_', "-")))
}

fn operation_json(visit: &Visit, operation: &Operation, schemas: &mut Map<String, Value>) -> Value {
    let mut parameters: Vec<Value> = Vec::new();
    for (place, list) in [("path", &operation.in_path), ("query", &operation.in_query)] {
        parameters.extend(list.iter().map(|one| parameter(visit, place, one, schemas)));
    }
    if operation.is_change() {
        parameters.push(header(visit, &HEADER, KEY_CHARACTERS_MAX));
    }
    if operation.if_match {
        parameters.push(header(visit, &IF_MATCH, TAGS_CHARACTERS_MAX));
    }
    let responses: Map<String, Value> = operation
        .statuses()
        .into_iter()
        .map(|status| (status.to_string(), response(visit, operation, status, schemas)))
        .collect();
    let mut one = json!({
        "operationId": operation.name,
        "summary": summary(visit, operation),
        "parameters": parameters,
        "responses": responses,
        "security": security(operation),
    });
    if let Needs::Right(right) = operation.needs {
        one["description"] = visit.words.get(&format!("right-{right}")).into();
    }
    let content = match &operation.body {
        Body::Nothing => return one,
        Body::Json(schema) => json!({ "application/json": { "schema": schema.json(schemas) } }),
        Body::File { kinds, .. } => files(kinds),
    };
    one["requestBody"] = json!({ "required": true, "content": content });
    one
}

fn files(kinds: &[&str]) -> Value {
    kinds.iter().map(|kind| ((*kind).to_owned(), json!({}))).collect::<Map<_, _>>().into()
}

fn security(operation: &Operation) -> Value {
    match (operation.needs, operation.by_person) {
        (Needs::Nothing, _) => json!([]),
        (_, true) => json!([{ "session": [] }]),
        (_, false) => json!([{ "token": [] }, { "session": [] }]),
    }
}

fn parameter(visit: &Visit, place: &str, one: &Parameter, schemas: &mut Map<String, Value>) -> Value {
    json!({
        "name": one.name,
        "in": place,
        "required": one.needed,
        "description": field(visit, one.name),
        "schema": one.schema.json(schemas),
    })
}

fn header(visit: &Visit, name: &HeaderName, characters_max: usize) -> Value {
    json!({
        "name": if *name == HEADER { "Idempotency-Key" } else { "If-Match" },
        "in": "header",
        "required": false,
        "description": field(visit, name.as_str()),
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": characters_max,
            // A tag has quotes of its own; a key is written without any.
            "pattern": if *name == HEADER { "^[!#-\\[\\]-~]+$" } else { "^[!-~]+$" },
        },
    })
}

fn response(visit: &Visit, operation: &Operation, status: u16, schemas: &mut Map<String, Value>) -> Value {
    let succeeds = operation.succeeds.contains(&status);
    let content = match (&operation.gives, status) {
        _ if !succeeds && status >= 400 => {
            json!({ problem::KIND: { "schema": problem::schema().json(schemas) } })
        }
        (Gives::Json(schema), _) if succeeds => {
            json!({ "application/json": { "schema": schema.json(schemas) } })
        }
        (Gives::File(kinds), _) if succeeds => files(kinds),
        _ => Value::Null,
    };
    let key = match status {
        200..300 => "api-status-done".to_owned(),
        304 => "api-status-same".to_owned(),
        status => format!("api-problem-{}-title", problem::word_of(status)),
    };
    let mut response = json!({ "description": visit.words.get(&key) });
    if !content.is_null() {
        response["content"] = content;
    }
    response
}
