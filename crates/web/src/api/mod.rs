//! What programs ask for, under `/api/v1`: the same questions and decisions as the pages, answered with JSON.
//!
//! [`operations`] is the one table: the router, the document at `/api/openapi.json`, the page at `/api` and the tests are
//! made of it. A handler gets an [`asked::Asked`] that fits its operation, calls what the page calls, and gives a
//! [`reply::Reply`]. It has no question of its own, so it cannot show what the pages hide.

mod accounts;
mod asked;
mod audit;
mod cursor;
mod document;
mod event;
mod limit;
mod once;
mod operation;
mod organisation;
mod own;
pub(crate) mod page;
mod problem;
mod registry;
mod reply;
mod schema;
mod survey;
mod watch;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use self::asked::Asked;
use self::operation::Operation;
use crate::App;
use crate::error::Failure;
use crate::route::{Needs, Routes};
use crate::visit::Visit;

pub use self::limit::RequestLimit;
pub(crate) use self::limit::{Buckets, hold};
pub(crate) use self::schema::Fault;

/// Where the document is.
pub(crate) const DOCUMENT: &str = "/api/openapi.json";

/// Every operation.
pub(crate) fn operations() -> Vec<Operation> {
    [
        watch::operations(),
        organisation::operations(),
        event::operations(),
        registry::operations(),
        survey::operations(),
        accounts::operations(),
        audit::operations(),
        own::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether a path is answered for programs: then whatever goes wrong is a problem document, and never a page.
pub(crate) fn is_of_it(path: &str) -> bool {
    path.starts_with("/api/")
}

/// A failure, as a program reads it.
pub(crate) fn problem(visit: &Visit, failed: Response) -> Response {
    let kind = failed.headers().get(CONTENT_TYPE).map(|kind| kind.as_bytes());
    if kind == Some(problem::KIND.as_bytes()) { failed } else { problem::of(visit, failed) }
}

/// The operations, the document and its page among the routes.
pub(crate) fn add_to(routes: Routes) -> Routes {
    let routes = routes.get("/api", Needs::Nothing, page::show).get(DOCUMENT, Needs::Nothing, document::show);
    operations().into_iter().fold(routes, |routes, operation| {
        let (path, needs, bytes_max) = (operation.path, operation.needs, operation.body_bytes_max());
        let (method, operation) = (operation.method.clone(), Arc::new(operation));
        let handler = move |State(app): State<Arc<App>>, visit: Visit, request: Request| {
            let operation = operation.clone();
            async move { answer(&app, &visit, operation, request).await }
        };
        let handler = if method == Method::GET { get(handler) } else { post(handler) };
        routes.add(method, path, needs, handler.layer(DefaultBodyLimit::max(bytes_max)))
    })
}

/// Holds the request against its operation, does it, and writes what came of it.
async fn answer(app: &Arc<App>, visit: &Visit, operation: Arc<Operation>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let asked = match Asked::read(app, visit.clone(), &operation, &mut parts).await {
        Ok(asked) => asked,
        Err(failure) => return problem::of(visit, failure.into_response()),
    };
    // Before a key is looked at: what was answered to the person is nothing for a program of theirs.
    if operation.by_person && !visit.is_in_session() {
        return problem::of(visit, Failure::new(StatusCode::FORBIDDEN).into_response());
    }
    let done = if operation.method == Method::GET {
        (operation.handler)(asked).await.map(|reply| reply.tagged(&parts))
    } else {
        change(app, visit, operation, asked, Request::from_parts(parts, body)).await
    };
    done.unwrap_or_else(|failure| problem::of(visit, failure.into_response()))
}

/// Makes a change, once for each key.
async fn change(
    app: &Arc<App>,
    visit: &Visit,
    operation: Arc<Operation>,
    asked: Asked,
    request: Request,
) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    let key = once::key(&parts)?;
    let (sent, bytes) = asked::body(&operation, Request::from_parts(parts.clone(), body)).await?;
    if let Some(key) = &key {
        let fingerprint = once::fingerprint(&operation, &parts, &bytes);
        if let Some(kept) = once::begin(app, visit, key, &fingerprint).await? {
            return Ok(kept);
        }
    }
    let (app, visit) = (app.clone(), visit.clone());
    // Whoever asked may hang up; what was begun is still brought to its end, and its answer kept.
    let done = tokio::spawn(async move {
        let response = match (operation.handler)(asked.with(sent)).await {
            Ok(reply) => reply.into_response(),
            Err(failure) => problem::of(&visit, failure.into_response()),
        };
        match key {
            Some(key) => once::finish(&app, &visit, &key, response).await,
            None => Ok(response),
        }
    });
    done.await?
}

/// Every name of a field or a parameter, for the test that looks for their words.
#[cfg(test)]
pub(crate) fn field_names() -> std::collections::BTreeSet<String> {
    use self::operation::{Body, Gives};
    let mut parts = serde_json::Map::new();
    problem::schema().json(&mut parts);
    let mut names: std::collections::BTreeSet<String> =
        ["idempotency-key", "if-match"].map(str::to_owned).into();
    for operation in operations() {
        if let Body::Json(schema) = &operation.body {
            schema.json(&mut parts);
        }
        if let Gives::Json(schema) = &operation.gives {
            schema.json(&mut parts);
        }
        names.extend(operation.in_path.iter().chain(&operation.in_query).map(|one| one.name.to_owned()));
    }
    let properties = parts.values().filter_map(|part| part["properties"].as_object());
    names.extend(properties.flat_map(|properties| properties.keys().cloned()));
    names
}

/// The words of all problems, for the same test.
#[cfg(test)]
pub(crate) fn problem_words() -> [&'static str; 16] {
    problem::WORDS
}
