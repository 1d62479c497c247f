//! HTTP: pages in two languages, charts, live updates.
//!
//! A handler decodes the request into a [`visit::Visit`], asks one question of `watch`, `registry` or the lake, and
//! renders a view. Pages read and work without script. Everything foreign is shown through [`visible`]; every page
//! carries the headers of [`guard`].

mod api;
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
mod route;
mod session;
mod site;
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
use axum::middleware::from_fn_with_state;
use base::{Actor, Id, Language, Right, Role, Timestamp};
use inspect::reception::Reception;
use registry::Registry;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _};
use watch::lake::Lake;

use crate::error::Failure;
use crate::live::Live;
use crate::route::{Needs, Route, Routes};

pub use crate::api::RequestLimit;
pub use crate::site::Site;

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
    /// Who is recognised, and how.
    pub access: Arc<access::Access>,
    /// The provider of identities, when there is one.
    pub provider: Option<Arc<access::provider::Provider>>,
    /// The name under which people reach the pages.
    pub site: Site,
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
    /// How many requests one token or session may make under `/api`.
    pub request_limit: RequestLimit,
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
    /// Gives out sessions without a proof.
    pub house: Actor,
    /// As whom one can look around; the first is the one that the demonstration is told for.
    pub guests: Vec<Guest>,
}

/// Somebody invented, as whom one can look around.
#[derive(Clone, Debug)]
pub struct Guest {
    /// What they are there for; also their place in the address.
    pub role: Role,
    /// Their account.
    pub account: Id<base::Account>,
    /// Their organisation; `None` at the centre.
    pub organisation: Option<Id<base::Organisation>>,
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
    /// Takes forms that many send at the same time.
    reception: Reception,
    buckets: api::Buckets,
}

/// Every page, with its guards. Must be called on a tokio runtime: it starts the task that looks for changes.
pub fn router(state: State) -> Router {
    let live = Live::start(state.store.clone());
    let searches = Semaphore::new(SEARCHES_MAX);
    let reception = Reception::new(&state.store);
    let app = Arc::new(App { state, live, searches, reception, buckets: api::Buckets::default() });
    routes()
        .0
        .fallback(|| async { Failure::not_found() })
        .method_not_allowed_fallback(|| async { Failure::new(StatusCode::METHOD_NOT_ALLOWED) })
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn_with_state(app.clone(), guard::watch_over))
        .layer(from_fn_with_state(app.clone(), api::hold))
        .layer(from_fn_with_state(app.clone(), visit::dress))
        .layer(from_fn_with_state(app.clone(), session::recognise))
        .layer(from_fn_with_state(app.clone(), guard::add_headers_to))
        // Other bytes under the same strong tag would be a lie (RFC 9110 section 8.8.3).
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(is_untagged)))
        .with_state(app)
}

fn is_untagged(
    _: StatusCode,
    _: axum::http::Version,
    headers: &axum::http::HeaderMap,
    _: &axum::http::Extensions,
) -> bool {
    !headers.contains_key(axum::http::header::ETAG)
}

/// Every route with what it needs.
fn routes() -> (Router<Arc<App>>, Vec<Route>) {
    use Needs::{Nothing, SignIn};
    use page::inspect::{keep, roster, sheet, upload};
    use page::registry::{edit, file};
    let watching = Needs::Right(Right::ReadWatch);
    let reading = Needs::Right(Right::ReadEvents);
    let accounts = Needs::Right(Right::KeepAccounts);
    let registry = Needs::Right(Right::ReadRegistry);
    let keeping = Needs::Right(Right::KeepRegistry);
    let auditing = Needs::Right(Right::ReadAudit);
    let inspecting = Needs::Right(Right::ReadInspection);
    let surveying = Needs::Right(Right::KeepInspection);
    let answering = Needs::Right(Right::Answer);
    api::add_to(Routes::new())
        .get("/", SignIn, page::home)
        .get("/board", watching, page::board::show)
        .get("/threats", watching, page::threats::show)
        .get("/threats/{id}", watching, page::threat::show)
        .post("/threats/{id}/decision", Needs::Right(Right::Decide), page::threat::decide)
        .get("/organisations", watching, page::organisations::show)
        .get("/organisations/{id}", watching, page::organisation::show)
        .get("/campaigns", watching, page::campaigns::show)
        .get("/campaigns/{id}", watching, page::campaign::show)
        .post("/campaigns/{id}/sharing", Needs::Right(Right::Share), page::campaign::share)
        .get("/search", reading, page::search::show)
        .get("/events/{id}", reading, page::event::show)
        .get("/events/{id}/raw", reading, page::event::raw)
        .get("/unread", reading, page::unread::show)
        .get("/unowned", Needs::Right(Right::KeepRegistry), page::unowned::show)
        // People and systems are two rights; what is asked for decides which.
        .get("/registry", SignIn, page::registry::show)
        .get("/registry/of/{id}", SignIn, page::registry::place::show)
        .get("/registry/of/{id}/{noun}", SignIn, page::registry::edit::form)
        .post_up_to(edit::FORM_BYTES_MAX, "/registry/of/{id}/{noun}", SignIn, edit::send)
        .get("/registry/export/{name}", SignIn, page::registry::file::export)
        .get("/registry/contacts", Needs::Right(Right::ReadPeople), page::registry::contact::overdue)
        .post("/registry/contacts/{id}/ask", Needs::Right(Right::ReadPeople), page::registry::contact::ask)
        .post(
            "/registry/contacts/{id}/bounced",
            Needs::Right(Right::ReadPeople),
            page::registry::contact::bounced,
        )
        .get("/registry/changes", registry, page::registry::change::list)
        .get("/registry/changes/{id}", registry, page::registry::change::show)
        .post("/registry/changes/{id}", registry, page::registry::change::decide)
        .get("/registry/servers", registry, page::registry::server::show)
        .get("/registry/import", keeping, page::registry::file::form)
        .post_up_to(file::UPLOAD_BYTES_MAX, "/registry/import", keeping, file::import)
        // Whoever has the link stands for the contact.
        .get("/contacts/confirm", Nothing, page::registry::contact::asked)
        .post("/contacts/confirm", Nothing, page::registry::contact::confirm)
        .get("/findings", inspecting, page::finding::show)
        .get("/findings/new", surveying, page::finding::raise::form)
        .post("/findings/new", surveying, page::finding::raise::send)
        .get("/findings/{id}", inspecting, page::finding::one::show)
        .post("/findings/{id}", surveying, page::finding::one::act)
        .get("/inspect", inspecting, page::inspect::show)
        .get("/inspect/new", surveying, keep::form)
        .post_up_to(keep::UPLOAD_BYTES_MAX, "/inspect/new", surveying, keep::send)
        .get("/inspect/surveys/{id}", inspecting, page::inspect::survey::show)
        .post("/inspect/surveys/{id}/open", surveying, page::inspect::survey::open)
        .post("/inspect/surveys/{id}/close", surveying, page::inspect::survey::close)
        .post("/inspect/surveys/{id}/findings", surveying, page::inspect::weak::raise)
        .get("/inspect/surveys/{id}/map", inspecting, page::inspect::map::show)
        .get("/inspect/surveys/{id}/items/{item}", inspecting, page::inspect::item::show)
        .get("/inspect/surveys/{id}/roster", surveying, roster::form)
        .post_up_to(roster::UPLOAD_BYTES_MAX, "/inspect/surveys/{id}/roster", surveying, roster::send)
        .get("/inspect/surveys/{id}/answers", surveying, upload::form)
        .post_up_to(upload::UPLOAD_BYTES_MAX, "/inspect/surveys/{id}/answers", surveying, upload::send)
        .get("/inspect/surveys/{id}/of/{organisation}", inspecting, page::inspect::place::show)
        .get(
            "/inspect/surveys/{id}/of/{organisation}/unanswered",
            inspecting,
            page::inspect::unanswered::show,
        )
        .post("/inspect/surveys/{id}/of/{organisation}/links", surveying, page::inspect::link::make)
        .get("/inspect/answer", answering, page::inspect::answer::list)
        .get("/inspect/answer/{id}", answering, page::inspect::answer::show)
        .post_up_to(sheet::FORM_BYTES_MAX, "/inspect/answer/{id}", answering, page::inspect::answer::send)
        // Whoever has the link answers that person's forms.
        .get("/inspect/link", Nothing, page::inspect::link::show)
        .post_up_to(sheet::FORM_BYTES_MAX, "/inspect/link", Nothing, page::inspect::link::send)
        .get("/live", watching, page::health::live)
        .get("/healthz", Nothing, page::health::show)
        .get("/static/{name}", Nothing, asset::serve)
        .get("/sign-in", Nothing, page::sign_in::show)
        .post("/sign-in", Nothing, page::sign_in::with_password)
        .post("/sign-in/code", Nothing, page::sign_in::with_code)
        .post("/sign-in/passkey", Nothing, page::passkey::sign_in)
        .get("/sign-in/provider", Nothing, page::provider::start)
        .get("/sign-in/provider/return", Nothing, page::provider::receive)
        .post("/sign-out", Nothing, page::sign_in::sign_out)
        .get("/invitation/{link}", Nothing, page::invitation::show)
        .post("/invitation/{link}", Nothing, page::invitation::take)
        .get("/account", SignIn, page::own_account::show)
        .post("/account/language", SignIn, page::own_account::set_language)
        .post("/account/fresh", SignIn, page::own_account::refresh)
        .post("/account/password", SignIn, page::own_account::change_password)
        .post("/account/codes", SignIn, page::own_account::begin_codes)
        .post("/account/codes/confirm", SignIn, page::own_account::confirm_codes)
        .post("/account/codes/remove", SignIn, page::own_account::remove_codes)
        .post("/account/recovery-codes", SignIn, page::own_account::renew_recovery)
        .post("/account/sessions/end-others", SignIn, page::own_account::end_other_sessions)
        .post("/account/sessions/{id}/end", SignIn, page::own_account::end_session)
        .post("/account/passkeys", SignIn, page::passkey::add)
        .post("/account/passkeys/remove", SignIn, page::passkey::remove)
        .get("/account/provider", SignIn, page::provider::start_own)
        .post("/account/provider/remove", SignIn, page::provider::unlink)
        .post("/account/tokens", SignIn, page::own_account::make_token)
        .post("/account/tokens/{id}/end", SignIn, page::own_account::end_token)
        .get("/accounts", accounts, page::accounts::show)
        .post("/accounts", accounts, page::accounts::add)
        .get("/accounts/{id}", accounts, page::account::show)
        .post("/accounts/{id}/roles", accounts, page::account::give)
        .post("/accounts/{id}/roles/take", accounts, page::account::take)
        .post("/accounts/{id}/disable", accounts, page::account::disable)
        .post("/accounts/{id}/enable", accounts, page::account::enable)
        .post("/accounts/{id}/reset", accounts, page::account::reset)
        .post("/accounts/{id}/link", accounts, page::account::renew_link)
        .post("/accounts/{id}/sessions/end", accounts, page::account::end_sessions)
        .post("/accounts/{id}/erase", accounts, page::account::erase)
        .get("/audit", auditing, page::audit::show)
        .get("/audit/head", auditing, page::audit::head::show)
        .get("/audit/export/{name}", auditing, page::audit::file::export)
        .get("/demo", Nothing, page::demo::show)
        .get("/demo/as/{role}", Nothing, page::demo::enter)
        .finish()
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
