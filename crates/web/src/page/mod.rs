//! One file for each page: decode, ask once, render.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod board;
pub(crate) mod campaign;
pub(crate) mod campaigns;
pub(crate) mod demo;
pub(crate) mod event;
pub(crate) mod finding;
pub(crate) mod health;
pub(crate) mod inspect;
pub(crate) mod invitation;
pub(crate) mod organisation;
pub(crate) mod organisations;
pub(crate) mod own_account;
pub(crate) mod part;
pub(crate) mod passkey;
pub(crate) mod provider;
pub(crate) mod record;
pub(crate) mod registry;
pub(crate) mod search;
pub(crate) mod sign_in;
pub(crate) mod threat;
pub(crate) mod threats;
pub(crate) mod unowned;
pub(crate) mod unread;

use axum::response::{IntoResponse as _, Redirect, Response};

use crate::frame;
use crate::visit::Visit;

/// The first page at which there is something for the reader to see: at least their own account.
pub(crate) async fn home(visit: Visit) -> Response {
    Redirect::to(frame::home(visit.scope()).unwrap_or("/account")).into_response()
}
