//! Events at rest, as `watch` needs them: the trait that `lake` implements.

use base::{EventId, Id, Observable, ObservableKind, Organisation, Period, Scope, Timestamp};

/// One event as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// Its name for ever.
    pub id: EventId,
    /// Whose sensor or log it came from.
    pub organisation: Id<Organisation>,
    /// When it happened; when it was read, if it does not say (`time_stated` is false then).
    pub time: Timestamp,
    /// Whether the event itself said when.
    pub time_stated: bool,
    /// Sigma's product; empty when unknown.
    pub product: String,
    /// Sigma's services, `+` between several.
    pub service: String,
    /// Sigma's categories, `+` between several.
    pub category: String,
    /// The word of the format it was read as.
    pub format: String,
    /// The file (or sensor stream) it was read from.
    pub file: String,
    /// Bytes before it in that stream.
    pub offset: u64,
    /// Line or record number.
    pub line: u64,
    /// The original bytes.
    pub raw: Vec<u8>,
    /// The record as flat JSON of the source's own names, when `raw` alone does not say (TSV columns, EVTX).
    pub fields: Vec<(String, String)>,
    /// Everything in it that could be seen elsewhere too.
    pub observables: Vec<Observable>,
}

/// What to look for. Every field narrows; nothing set finds everything.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Only within this period.
    pub period: Option<Period>,
    /// Only of these organisations (the scope narrows further); empty is all.
    pub organisations: Vec<Id<Organisation>>,
    /// Only events that contain all of these observables.
    pub observables: Vec<Observable>,
    /// Only events whose raw record (or a value of `fields`) contains all of these, ASCII case ignored.
    pub words: Vec<String>,
    /// Only this product, service or category; one of several joined by `+` is enough.
    pub product: Option<String>,
    /// As above.
    pub service: Option<String>,
    /// As above.
    pub category: Option<String>,
    /// At most this many events, newest first.
    pub limit: usize,
    /// Continue after this event of the previous page.
    pub after: Option<(Timestamp, EventId)>,
}

/// One page of what was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Newest first.
    pub events: Vec<StoredEvent>,
    /// Whether there are more.
    pub more: bool,
    /// What the question cost.
    pub cost: Cost,
    /// Files that could not be read and are missing from the answer: which, and why.
    pub damaged: Vec<String>,
}

/// What a question cost, so that it can be shown and bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Files in the lake within scope and on the days asked about.
    pub files: u64,
    /// Files opened: those that could still have an answer when it was their turn.
    pub files_opened: u64,
    /// Rows decoded.
    pub rows: u64,
    /// Bytes read.
    pub bytes: u64,
}

/// By what to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The organisation's id text.
    Organisation,
    /// Japan's calendar day, `2026-04-01`.
    Day,
    /// The hour, as RFC 3339 in UTC.
    Hour,
    /// The product.
    Product,
    /// The service.
    Service,
    /// The category.
    Category,
}

/// One observable of the indicators that was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    /// The indicator as it was asked for: a CIDR block or a parent domain may stand for many values.
    pub indicator: String,
    /// What was seen.
    pub observable: Observable,
    /// Where.
    pub organisation: Id<Organisation>,
    /// The first time.
    pub first_at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
    /// How many events.
    pub events: u64,
}

/// What to hunt for: exact observables; addresses may be CIDR blocks, domains include their subdomains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The kind.
    pub kind: ObservableKind,
    /// The value, or the block, in normal form.
    pub value: String,
}

/// Why the lake could not do it.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The disk is full, read-only or gone.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {reason}")]
    Read {
        /// Which file.
        path: String,
        /// What was wrong with it.
        reason: String,
    },
}

/// Events at rest. Every question takes the asker's scope. Calls block; callers on an async runtime move them to a
/// blocking thread.
pub trait Lake: Send + Sync {
    /// Keeps events, durably when it returns. `part` names the write: the same part written again replaces itself,
    /// so that repeating an interrupted import counts nothing twice.
    fn append(&self, part: &str, events: &[StoredEvent]) -> Result<(), LakeError>;
    /// Finds events.
    fn search(&self, scope: &Scope, search: &Search) -> Result<Found, LakeError>;
    /// Fetches events by id, newest first; those out of scope, and those that did not happen in `near`, are left out.
    fn events(&self, scope: &Scope, ids: &[EventId], near: Period) -> Result<Vec<StoredEvent>, LakeError>;
    /// Counts events of `search` (its limit and `after` are ignored) by dimensions, biggest first.
    fn count(
        &self,
        scope: &Scope,
        search: &Search,
        by: &[Dimension],
    ) -> Result<Vec<(Vec<String>, u64)>, LakeError>;
    /// The most seen observables of a kind.
    fn top(
        &self,
        scope: &Scope,
        period: Period,
        kind: ObservableKind,
        limit: usize,
    ) -> Result<Vec<(Observable, u64)>, LakeError>;
    /// Whether anybody has seen any of these, from the small observables table, without scanning events.
    fn hunt(
        &self,
        scope: &Scope,
        wanted: &[Wanted],
        period: Option<Period>,
    ) -> Result<Vec<Sighting>, LakeError>;
}
