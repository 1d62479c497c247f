//! One file for each page: decode, ask once, render.

pub(crate) mod board;
pub(crate) mod campaign;
pub(crate) mod campaigns;
pub(crate) mod event;
pub(crate) mod health;
pub(crate) mod organisation;
pub(crate) mod organisations;
pub(crate) mod part;
pub(crate) mod record;
pub(crate) mod search;
pub(crate) mod threat;
pub(crate) mod threats;
pub(crate) mod unowned;
pub(crate) mod unread;
