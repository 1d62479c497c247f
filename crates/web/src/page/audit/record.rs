//! One line of the trail as a record: what files and programs are given of it.

use base::{Id, Organisation, Timestamp};
use serde_json::Value;
use store::AuditEntry;

use super::line::{Names, Told};
use crate::visit::Visit;

/// One line of the trail. Its number and hash only for who reads all of it.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct AuditLine {
    /// Its place in the chain.
    pub number: Option<u64>,
    /// What it is in the chain.
    pub hash: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Who, as the trail names them.
    pub actor: String,
    /// What they are called, when the reader may know.
    pub actor_name: Option<String>,
    /// What they did.
    pub action: String,
    /// To what.
    pub object: String,
    /// Whose it is.
    pub organisations: Vec<Id<Organisation>>,
    /// More.
    pub detail: Value,
    /// Whether words about a person stood there that were erased.
    pub personal_erased: bool,
    /// All of it for people.
    pub sentence: String,
}

impl AuditLine {
    /// A line as its reader may see it.
    pub(crate) fn new(visit: &Visit, names: &Names, entry: &AuditEntry) -> Self {
        let line = &entry.line;
        Self {
            number: entry.place.as_ref().map(|head| number(head.seq)),
            hash: entry.place.as_ref().map(|head| head.hash.clone()),
            at: line.at,
            actor: line.actor.clone(),
            actor_name: names.name(&line.actor).map(str::to_owned),
            action: line.action.clone(),
            object: line.object.clone(),
            organisations: line.concerns.clone(),
            detail: line.detail.clone(),
            personal_erased: entry.forgotten,
            sentence: Told::new(visit, names, line).plain(),
        }
    }
}

/// The number of a line; the first is 1.
pub(crate) fn number(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}
