//! "Something has changed": pages that follow the data without a reload.
//!
//! One task asks the store for its version once a second for everybody, and only while somebody listens. The answer
//! says no more than that there is something new; the page then fetches itself, within its own scope.

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use store::Store;
use tokio::sync::watch;
use tokio_stream::wrappers::{IntervalStream, WatchStream};

use crate::error::Failure;

/// How often the store is asked.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the pages of members look again.
pub(crate) const MEMBERS_LOOK_EVERY: Duration = Duration::from_secs(10);
/// How often a silent connection is shown to be alive.
const BREATHE_EVERY: Duration = Duration::from_secs(15);
/// Pages that may listen at the same time.
pub(crate) const LISTENERS_MAX: usize = 1_000;

/// Tells listeners that the store has changed.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    versions: Arc<watch::Sender<u64>>,
}

impl Live {
    /// Starts looking; the task ends after the last clone of this value.
    pub(crate) fn start(store: Store) -> Self {
        let versions = Arc::new(watch::Sender::new(0));
        tokio::spawn(look(store, Arc::downgrade(&versions)));
        Self { versions }
    }

    /// The endless answer of `/live`. `everything` says whether the reader may know whenever anything changes: how
    /// often that is would tell a member how busy the others are, so members look again at a steady pace.
    pub(crate) fn listen(&self, everything: bool) -> Response {
        if self.versions.receiver_count() >= LISTENERS_MAX {
            return Failure::new(StatusCode::SERVICE_UNAVAILABLE).into_response();
        }
        let changed = || Ok::<_, Infallible>(Event::default().event("changed").data("1"));
        let versions = WatchStream::from_changes(self.versions.subscribe());
        let alive = KeepAlive::new().interval(BREATHE_EVERY);
        if everything {
            return Sse::new(versions.map(move |_| changed())).keep_alive(alive).into_response();
        }
        let first = tokio::time::Instant::now() + MEMBERS_LOOK_EVERY;
        let paces = IntervalStream::new(tokio::time::interval_at(first, MEMBERS_LOOK_EVERY));
        // The stream of versions is held all the same: it counts as a listener.
        let paces = paces.map(move |_| {
            let _ = &versions;
            changed()
        });
        Sse::new(paces).keep_alive(alive).into_response()
    }
}

async fn look(store: Store, versions: Weak<watch::Sender<u64>>) {
    let mut every = tokio::time::interval(LOOK_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let Some(versions) = versions.upgrade() else { return };
        if versions.receiver_count() == 0 {
            continue;
        }
        match store.version().await {
            Ok(version) => {
                versions.send_if_modified(|known| std::mem::replace(known, version) != version);
            }
            Err(error) => tracing::warn!(%error, "the store does not say its version"),
        }
    }
}
