//! HTTP: pages in two languages, charts, live updates.
//!
//! A handler decodes the request into a [`visit::Visit`], asks one question of `watch`, `registry` or the lake, and
//! renders a view. Pages read and work without script. Everything foreign is shown through [`visible`]; every page
//! carries the headers of [`guard`].

mod asset;
pub mod chart;
mod error;
mod frame;
mod guard;
mod language;
mod live;
pub mod markup;
mod page;
mod query;
mod reason;
mod session;
pub mod visible;
mod visit;
pub mod when;
pub mod words;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use base::{Language, Timestamp};
use registry::Registry;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::compression::CompressionLayer;
use watch::lake::Lake;

use crate::error::Failure;
use crate::live::Live;

/// Bytes of a form.
pub const FORM_BYTES_MAX: usize = 16 * 1024;
/// Searches of the lake that run at the same time; further ones wait for their turn.
pub const SEARCHES_MAX: usize = 3;
/// How long to wait for running answers when stopping; pages that follow the data never end by themselves.
pub const STOP_WAIT_MAX: Duration = Duration::from_secs(2);

/// What the pages need.
#[derive(Clone)]
pub struct State {
    /// The control database.
    pub store: Store,
    /// Events at rest.
    pub lake: Arc<dyn Lake>,
    /// The organisations as they are now; called for every request, so it hands out a snapshot.
    pub registry: Arc<dyn Fn() -> Arc<Registry> + Send + Sync>,
    /// How decisions and judgements weigh; the same that the intake uses.
    pub policy: Arc<watch::Policy>,
    /// The time now.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The language for those who prefer none of ours.
    pub default_language: Language,
    /// Set when the data is invented.
    pub demo: Option<DemoInfo>,
}

/// What to say above every page of a demonstration.
#[derive(Clone, Debug)]
pub struct DemoInfo {
    /// 日本語
    pub note_ja: String,
    /// English
    pub note_en: String,
}

impl DemoInfo {
    fn note(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.note_ja,
            Language::En => &self.note_en,
        }
    }
}

/// What every request shares.
struct App {
    state: State,
    live: Live,
    searches: Semaphore,
}

/// Every page, with its guards. Must be called on a tokio runtime: it starts the task that looks for changes.
pub fn router(state: State) -> Router {
    let live = Live::start(state.store.clone());
    let app = Arc::new(App { state, live, searches: Semaphore::new(SEARCHES_MAX) });
    Router::new()
        .route("/", get(page::home))
        .route("/board", get(page::board::show))
        .route("/threats", get(page::threats::show))
        .route("/threats/{id}", get(page::threat::show))
        .route("/threats/{id}/decision", post(page::threat::decide))
        .route("/organisations", get(page::organisations::show))
        .route("/organisations/{id}", get(page::organisation::show))
        .route("/campaigns", get(page::campaigns::show))
        .route("/campaigns/{id}", get(page::campaign::show))
        .route("/campaigns/{id}/sharing", post(page::campaign::share))
        .route("/search", get(page::search::show))
        .route("/events/{id}", get(page::event::show))
        .route("/events/{id}/raw", get(page::event::raw))
        .route("/unread", get(page::unread::show))
        .route("/unowned", get(page::unowned::show))
        .route("/live", get(page::health::live))
        .route("/healthz", get(page::health::show))
        .route("/static/{name}", get(asset::serve))
        .fallback(|| async { Failure::not_found() })
        .method_not_allowed_fallback(|| async { Failure::new(StatusCode::METHOD_NOT_ALLOWED) })
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn(guard::watch_over))
        .layer(from_fn_with_state(app.clone(), visit::dress))
        .layer(from_fn(guard::add_headers_to))
        .layer(CompressionLayer::new())
        .with_state(app)
}

/// Answers on `listener` until `shutdown` is done, then lets running answers finish for at most [`STOP_WAIT_MAX`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let graceful = async move {
        shutdown.await;
        stopping.send_replace(true);
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let running =
        std::future::IntoFuture::into_future(axum::serve(listener, service).with_graceful_shutdown(graceful));
    tokio::pin!(running);
    tokio::select! {
        result = &mut running => return result,
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    tokio::time::timeout(STOP_WAIT_MAX, running).await.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests;
