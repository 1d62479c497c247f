//! One request: who asks, in which language, at what time; and the page around whatever comes of it.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};

use access::Recognised;
use askama::Template;
use axum::extract::{FromRequestParts, Query as RawQuery, Request, State};
use axum::http::header::{CONTENT_TYPE, HOST, SET_COOKIE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use base::{Actor, Id, Language, ObservableKind, Organisation, Right, Scope, Severity, Timestamp};
use registry::Registry;
use watch::judge::Verdict;

use crate::App;
use crate::api;
use crate::error::Failure;
use crate::frame::Frame;
use crate::language;
use crate::markup::Markup;
use crate::page::part::Link;
use crate::query::Query;
use crate::session;
use crate::when;
use crate::words::Words;

/// The header with which a page that follows the data asks for its inner part only.
pub(crate) const PART_HEADER: &str = "noroshi-part";

/// One request, decoded.
#[derive(Clone)]
pub(crate) struct Visit {
    /// Who asks; nobody yet on the way in.
    pub who: Option<Arc<Recognised>>,
    /// The sentences of their language.
    pub words: &'static Words,
    /// The organisations as they are now.
    pub registry: Arc<Registry>,
    /// The time of the question.
    pub now: Timestamp,
    /// The origin under which they reached us; links to be handed on begin with it.
    pub origin: String,
    /// The path asked for.
    pub path: String,
    /// What the URL asks for.
    pub query: Query,
    /// Whether only the inner part of the page is wanted.
    pub part: bool,
    /// The line that says that this is a demonstration.
    pub demo: String,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        // A query that cannot be read asks for nothing; the page then shows its beginning.
        let pairs = RawQuery::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let query = Query::new(pairs.map(|RawQuery(pairs)| pairs).unwrap_or_default());
        let who = session::recognised(&parts.extensions).cloned();
        let own = who.as_ref().map_or(app.state.default_language, |who| who.account.language);
        let language = language::choose(query.get("lang"), &parts.headers, own);
        Ok(Self {
            who,
            words: Words::of(language),
            registry: (app.state.registry)(),
            now: (app.state.clock)(),
            // `guard` has seen that the name is one of ours.
            origin: app
                .state
                .site
                .origin_for(parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()),
            path: parts.uri.path().to_owned(),
            query,
            part: parts.headers.contains_key(PART_HEADER),
            demo: app.state.demo.as_ref().map(|demo| demo.note(language).to_owned()).unwrap_or_default(),
        })
    }
}

impl Visit {
    /// Who asks, where only somebody signed in gets to.
    pub(crate) fn actor(&self) -> Result<&Actor, Failure> {
        self.who.as_ref().map(|who| &who.actor).ok_or_else(|| Failure::new(StatusCode::UNAUTHORIZED))
    }

    /// Whether a person asks in a session of theirs, and no program with a token.
    pub(crate) fn is_in_session(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.session.is_some())
    }

    /// What the asker may see: nothing, until they have signed in.
    pub(crate) fn scope(&self) -> &Scope {
        static NOTHING: LazyLock<Scope> = LazyLock::new(Scope::nothing);
        self.who.as_ref().map_or(&NOTHING, |who| who.actor.scope())
    }

    /// The language of the answer.
    pub(crate) fn language(&self) -> Language {
        self.words.language()
    }

    /// The frame of a page whose heading is the sentence `title`.
    pub(crate) fn frame(&self, current: &'static str, title: String) -> Frame {
        Frame::new(self, current, title)
    }

    /// A moment for a table.
    pub(crate) fn time(&self, time: Timestamp) -> Markup {
        when::element(self.language(), time, self.now)
    }

    /// An organisation by its name, leading to its page where the asker may see that.
    pub(crate) fn organisation(&self, id: Id<Organisation>) -> Link {
        let reached = self.scope().covers(Right::ReadWatch, Some(id));
        let href = if reached { format!("/organisations/{id}") } else { String::new() };
        Link { name: self.organisation_name(id), href }
    }

    /// The name of an organisation; its id when the registry no longer has it.
    pub(crate) fn organisation_name(&self, id: Id<Organisation>) -> String {
        match self.registry.organisation(id) {
            Some(organisation) => organisation.name(self.language()).to_owned(),
            None => id.to_string(),
        }
    }

    /// The word for a level.
    pub(crate) fn level_name(&self, level: Severity) -> String {
        self.words.get(&format!("level-{}", level.word()))
    }

    /// The word for a verdict.
    pub(crate) fn verdict_name(&self, verdict: Verdict) -> String {
        self.words.get(&format!("verdict-{}", verdict_word(verdict)))
    }

    /// The word for a kind of observable.
    pub(crate) fn kind_name(&self, kind: ObservableKind) -> String {
        self.words.get(&format!("kind-{}", kind.word()))
    }
}

/// The word used in URLs and classes.
pub(crate) fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Threat => "threat",
        Verdict::Normal => "normal",
    }
}

/// Writes a page.
pub(crate) fn render<T: Template>(template: &T) -> Result<Response, Failure> {
    Ok(Html(template.render()?).into_response())
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    status: u16,
    sentence: String,
    detail: String,
}

/// Gives every failure its page, and remembers a language that was chosen.
pub(crate) async fn dress(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(visit) = Visit::from_request_parts(&mut parts, &app).await;
    let mut response = match parts.extensions.get::<Failure>() {
        Some(failure) => failure.clone().into_response(),
        None => next.run(Request::from_parts(parts, body)).await,
    };
    if response.status().as_u16() >= 400 && api::is_of_it(&visit.path) {
        response = api::problem(&visit, response);
    } else if response.status().as_u16() >= 400 && !is_html(&response) {
        response = error_page(&visit, response);
    }
    if visit.query.get("lang").is_some_and(|lang| lang == visit.language().tag())
        && let Ok(cookie) = HeaderValue::from_str(&language::cookie(visit.language()))
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("Cookie, Accept-Language, Noroshi-Part"));
    response
}

fn is_html(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

fn error_page(visit: &Visit, response: Response) -> Response {
    let status = response.status();
    let failure = response.extensions().get::<Failure>().cloned().unwrap_or_else(|| Failure::new(status));
    let key = failure.key();
    let page = ErrorPage {
        frame: visit.frame("", visit.words.get(&format!("{key}-title"))),
        status: status.as_u16(),
        sentence: visit.words.get(key),
        detail: failure
            .detail
            .map(|(key, value)| visit.words.with(key, &[("value", value.into())]))
            .unwrap_or_default(),
    };
    match render(&page) {
        Ok(page) => (status, page).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
