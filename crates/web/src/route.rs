//! Every route, each with what it needs: there is no way to add one without saying so.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use base::Right;

use crate::App;
use crate::error::Failure;
use crate::session;

/// What somebody must be to be answered at all; what they are shown is then a matter of their scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: the way in, and what every page is drawn with.
    Nothing,
    /// To be signed in.
    SignIn,
    /// To have this right over something.
    Right(Right),
}

/// One route.
#[derive(Clone, Debug)]
#[cfg_attr(not(test), allow(dead_code, reason = "the tests ask every route"))]
pub(crate) struct Route {
    /// GET or POST.
    pub method: Method,
    /// With `{id}` where an id stands.
    pub path: &'static str,
    /// What it needs.
    pub needs: Needs,
}

/// Routes being put together.
pub(crate) struct Routes {
    router: Router<Arc<App>>,
    table: Vec<Route>,
}

impl Routes {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { router: Router::new(), table: Vec::new() }
    }

    /// A page or a piece of data.
    pub(crate) fn get<H, T>(self, path: &'static str, needs: Needs, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::GET, path, needs, get(handler))
    }

    /// A change.
    pub(crate) fn post<H, T>(self, path: &'static str, needs: Needs, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::POST, path, needs, post(handler))
    }

    /// A change whose form may have more bytes than others.
    pub(crate) fn post_up_to<H, T>(
        self,
        bytes_max: usize,
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::POST, path, needs, post(handler).layer(DefaultBodyLimit::max(bytes_max)))
    }

    /// A route whose method is chosen by whoever calls.
    pub(crate) fn add(
        mut self,
        method: Method,
        path: &'static str,
        needs: Needs,
        handler: MethodRouter<Arc<App>, Infallible>,
    ) -> Self {
        self.table.push(Route { method, path, needs });
        let guarded = handler.layer(from_fn(move |request: Request, next: Next| check(needs, request, next)));
        self.router = self.router.route(path, guarded);
        self
    }

    /// The router, and the list of what it answers.
    pub(crate) fn finish(self) -> (Router<Arc<App>>, Vec<Route>) {
        (self.router, self.table)
    }
}

async fn check(needs: Needs, request: Request, next: Next) -> Response {
    let right = match needs {
        Needs::Nothing => return next.run(request).await,
        Needs::SignIn => None,
        Needs::Right(right) => Some(right),
    };
    let Some(who) = session::recognised(request.extensions()) else {
        return session::ask_to_sign_in(&request);
    };
    if right.is_some_and(|right| !who.actor.scope().has(right)) {
        return Failure::new(StatusCode::FORBIDDEN).into_response();
    }
    next.run(request).await
}
