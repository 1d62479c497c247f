//! Whether the program can answer, and whether there is something new.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use base::Right;

use crate::App;
use crate::error::Failure;
use crate::visit::Visit;

/// `ok` when the store answers.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    app.state.store.version().await?;
    Ok("ok\n".into_response())
}

/// The endless answer that says when to look again.
pub(crate) async fn live(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    Ok(app.live.listen(visit.scope().everywhere(Right::ReadWatch)))
}
