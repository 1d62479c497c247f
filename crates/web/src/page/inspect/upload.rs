//! Answers from a file: all of them count, or none.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inspect::survey::Survey;
use inspect::upload::upload;

use super::{Upload, crumb, faults, found, href};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::Link;
use crate::visit::{Visit, render};

/// Bytes of an upload; larger files go in organisation by organisation.
pub(crate) const UPLOAD_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Template)]
#[template(path = "inspect/upload.html")]
struct UploadPage {
    frame: Frame,
    crumb: Link,
    action: String,
    errors: Vec<String>,
    tally: String,
}

/// The form for a file.
pub(crate) async fn form(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (survey, _) = found(&app, &visit, &id).await?;
    render(&page(&visit, &survey))
}

/// Takes a file in.
pub(crate) async fn send(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    file: Multipart,
) -> Result<Response, Failure> {
    let (survey, _) = found(&app, &visit, &id).await?;
    let sent = Upload::read(file).await?;
    let Some(file) = &sent.file else { return Err(Failure::new(StatusCode::BAD_REQUEST)) };
    let mut page = page(&visit, &survey);
    match upload(&app.state.store, visit.actor()?, survey.id, &file[..], visit.now).await {
        Ok(done) => {
            page.tally = visit.words.with(
                "inspect-upload-done",
                &[
                    ("counted", done.counted.into()),
                    ("replaced", done.replaced.into()),
                    ("same", done.same.into()),
                ],
            );
            render(&page)
        }
        Err(error) => {
            page.errors = match error {
                inspect::Error::OutOfTime(_) => vec![visit.words.get("inspect-upload-late")],
                error => faults(&visit, error)?,
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)?).into_response())
        }
    }
}

fn page(visit: &Visit, survey: &Survey) -> UploadPage {
    UploadPage {
        frame: visit.frame("/inspect", visit.words.get("inspect-upload-title")),
        crumb: crumb(visit, survey),
        action: format!("{}/answers", href(survey.id)),
        errors: Vec::new(),
        tally: String::new(),
    }
}
