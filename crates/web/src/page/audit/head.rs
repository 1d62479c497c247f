//! The end of the chain: for comparing, and as a sheet to be signed and kept in a drawer.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base::Right;
use store::{Head, Mark};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::visit::{Visit, render};
use crate::when;

/// The end of the chain, and when somebody last looked.
pub(crate) struct HeadPanel {
    /// The number of the last line; empty when there is none.
    pub number: String,
    /// Its hash in groups of four.
    pub hash: String,
    /// When the chain was last read from the first line to the last, and what was found.
    pub verified: String,
    /// When its head was last kept elsewhere.
    pub anchored: String,
    /// Whether what was found was not as it was written.
    pub broken: bool,
}

impl HeadPanel {
    /// As things stand.
    pub(crate) async fn load(app: &App, visit: &Visit) -> Result<Self, Failure> {
        let head = store::audit_head(&app.state.store).await?;
        let [verified, anchored] = store::audit_marks(&app.state.store).await?;
        Ok(Self {
            number: head.as_ref().map(|head| head.seq.to_string()).unwrap_or_default(),
            hash: head.as_ref().map(|head| grouped(&head.hash)).unwrap_or_default(),
            broken: verified.as_ref().is_some_and(|mark| !mark.sound),
            verified: match verified {
                None => visit.words.get("audit-never-verified"),
                Some(mark) if mark.sound => said(visit, "audit-verified-sound", &mark),
                Some(mark) => said(visit, "audit-verified-broken", &mark),
            },
            anchored: match anchored {
                None => visit.words.get("audit-never-anchored"),
                Some(mark) => said(visit, "audit-anchored", &mark),
            },
        })
    }
}

fn said(visit: &Visit, key: &str, mark: &Mark) -> String {
    let time = when::full(visit.language(), mark.at);
    visit.words.with(key, &[("time", time.into()), ("number", mark.head.seq.to_string().into())])
}

/// A hash as people compare it.
pub(crate) fn grouped(hash: &str) -> String {
    let mut text = String::with_capacity(hash.len() + hash.len() / 4);
    for (place, digit) in hash.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Refuses whoever does not read the whole trail: its number says how much everybody does.
pub(crate) fn require_all(visit: &Visit) -> Result<(), Failure> {
    match visit.scope().everywhere(Right::ReadAudit) {
        true => Ok(()),
        false => Err(Failure::new(StatusCode::FORBIDDEN)),
    }
}

#[derive(Template)]
#[template(path = "audit/head.html")]
struct HeadPage {
    frame: Frame,
    place: String,
    time: String,
    number: String,
    hash: String,
    command: String,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    require_all(&visit)?;
    let head = store::audit_head(&app.state.store).await?;
    let Head { seq, hash } = head.ok_or_else(Failure::not_found)?;
    render(&HeadPage {
        frame: visit.frame("/audit", visit.words.get("audit-sheet-title")),
        place: visit.origin.clone(),
        time: when::formal(visit.language(), visit.now),
        number: seq.to_string(),
        command: format!("noroshi verify-audit --against {seq}:{hash}"),
        hash: grouped(&hash),
    })
}
