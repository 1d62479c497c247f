//! Events at rest: Parquet written, filtered, grouped and counted.
//!
//! [`ParquetLake`] keeps one folder for each day (of Japan) and organisation. A question is answered by opening as
//! little as possible: the path prunes by day and organisation, so scope is a matter of which folders are named at
//! all; a file's footer prunes by time, product and Bloom filters; then columns are read, cheapest first, the raw
//! record last.
//!
//! | table | one row is | sorted by |
//! | --- | --- | --- |
//! | `events/` | an event | time |
//! | `observables/` | an observable in one part of one day: first, last, how many events | kind, value |
//!
//! What is deliberately absent: a catalogue (folders are the catalogue), SQL (any engine can read the files), and
//! merging of small files.
//!
//! A file that is damaged, cut off or not ours is left out of answers, named in them ([`Answer::damaged`],
//! `Found::damaged`) and logged; it never takes the rest down.

mod answer;
mod append;
mod count;
mod encode;
mod file;
mod indicator;
mod instant;
mod layout;
mod question;
mod schema;
mod search;
mod sighting;
mod word;
pub mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base::{EventId, Observable, ObservableKind, Period, Scope};
use watch::lake::{Dimension, Found, Lake, LakeError, Search, Sighting, StoredEvent, Wanted};

pub use crate::answer::Answer;
pub use crate::count::Counted;
use crate::layout::{Located, Reach, Table};
use crate::question::Question;

/// Events on one page, at most; whoever wants more asks for the next page.
pub const EVENTS_MAX: usize = 10_000;
/// Values in a list of the most seen, at most.
pub const TOP_MAX: usize = 10_000;
/// How often a search begins again because a file was replaced under it.
const REPLACED_MAX: usize = 5;

/// A lake in a folder on a local disk. Several processes may read and write it at the same time.
#[derive(Debug)]
pub struct ParquetLake {
    root: PathBuf,
    /// Damaged files already logged: once is enough.
    logged: Mutex<BTreeSet<String>>,
}

impl ParquetLake {
    /// Opens the lake in `root`, or begins one there, and tidies up what an interrupted write left.
    pub fn open(root: &Path) -> Result<Self, LakeError> {
        append::open(root)?;
        Ok(Self { root: root.to_owned(), logged: Mutex::default() })
    }

    /// While what is returned lives, no part comes into the lake, changes or goes: for copying its files. Parts go on
    /// being written aside (`staging/`, `pending/`), which is nothing to be copied.
    pub fn hold_still(&self) -> Result<File, LakeError> {
        append::hold_still(&self.root)
    }

    /// [`Lake::count`], with its cost.
    pub fn count_with_cost(
        &self,
        scope: &Scope,
        search: &Search,
        by: &[Dimension],
    ) -> Result<Answer<Counted>, LakeError> {
        let files = self.files_of(scope, search)?;
        Ok(self.noted(count::count(&files, search, by)))
    }

    /// [`Lake::top`], with its cost.
    pub fn top_with_cost(
        &self,
        scope: &Scope,
        period: Period,
        kind: ObservableKind,
        limit: usize,
    ) -> Result<Answer<Vec<(Observable, u64)>>, LakeError> {
        let files = layout::files(&self.root, Table::Observables, &Reach::new(scope, Some(period)))?;
        Ok(self.noted(sighting::top(&self.root, &files, period, kind, limit.min(TOP_MAX))))
    }

    /// [`Lake::hunt`], with its cost.
    pub fn hunt_with_cost(
        &self,
        scope: &Scope,
        wanted: &[Wanted],
        period: Option<Period>,
    ) -> Result<Answer<Vec<Sighting>>, LakeError> {
        let files = layout::files(&self.root, Table::Observables, &Reach::new(scope, period))?;
        Ok(self.noted(sighting::hunt(&self.root, files, wanted, period)))
    }

    fn files_of(&self, scope: &Scope, search: &Search) -> Result<Vec<Located>, LakeError> {
        let organisations = search.organisations.iter().copied().collect();
        layout::files(&self.root, Table::Events, &Reach { organisations, ..Reach::new(scope, search.period) })
    }

    /// Searches, again when a file was replaced meanwhile.
    fn find(
        &self,
        files: impl Fn() -> Result<Vec<Located>, LakeError>,
        question: &Question,
        limit: usize,
        after: Option<(base::Timestamp, EventId)>,
    ) -> Result<Found, LakeError> {
        for _ in 0..REPLACED_MAX {
            let files = files()?;
            if let Some(page) = search::search(&files, question, limit, after) {
                let name = |(file, reason): (usize, String)| {
                    Some(format!("{}: {reason}", files.get(file)?.name(Table::Events)))
                };
                let damaged = page.damaged.into_iter().filter_map(name).collect();
                let found = Answer { value: page.events, cost: page.cost, damaged };
                let found = self.noted(found);
                return Ok(Found {
                    events: found.value,
                    more: page.more,
                    cost: found.cost,
                    damaged: found.damaged,
                });
            }
        }
        let reason = format!("its files were replaced {REPLACED_MAX} times while they were searched");
        Err(LakeError::Read { path: self.root.display().to_string(), reason })
    }

    /// Logs damaged files, each once.
    fn noted<T>(&self, answer: Answer<T>) -> Answer<T> {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        for file in &answer.damaged {
            if logged.insert(file.clone()) {
                tracing::warn!(file, "a file of the lake is damaged and left out of answers");
            }
        }
        answer
    }
}

impl Lake for ParquetLake {
    fn append(&self, part: &str, events: &[StoredEvent]) -> Result<(), LakeError> {
        append::append(&self.root, part, events)
    }

    fn search(&self, scope: &Scope, search: &Search) -> Result<Found, LakeError> {
        let limit = search.limit.min(EVENTS_MAX);
        self.find(|| self.files_of(scope, search), &Question::of(search), limit, search.after)
    }

    fn events(&self, scope: &Scope, ids: &[EventId], near: Period) -> Result<Vec<StoredEvent>, LakeError> {
        let files = || layout::files(&self.root, Table::Events, &Reach::new(scope, Some(near)));
        let mut found = Vec::with_capacity(ids.len().min(EVENTS_MAX));
        for ids in ids.chunks(EVENTS_MAX) {
            found.extend(self.find(files, &Question::for_ids(ids, near), ids.len(), None)?.events);
        }
        Ok(found)
    }

    fn count(
        &self,
        scope: &Scope,
        search: &Search,
        by: &[Dimension],
    ) -> Result<Vec<(Vec<String>, u64)>, LakeError> {
        self.count_with_cost(scope, search, by).map(|answer| answer.value)
    }

    fn top(
        &self,
        scope: &Scope,
        period: Period,
        kind: ObservableKind,
        limit: usize,
    ) -> Result<Vec<(Observable, u64)>, LakeError> {
        self.top_with_cost(scope, period, kind, limit).map(|answer| answer.value)
    }

    fn hunt(
        &self,
        scope: &Scope,
        wanted: &[Wanted],
        period: Option<Period>,
    ) -> Result<Vec<Sighting>, LakeError> {
        self.hunt_with_cost(scope, wanted, period).map(|answer| answer.value)
    }
}
