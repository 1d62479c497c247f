//! From CSV, YAML or XLSX into the registry, with the fate of every row.
//!
//! Right rows go in and wrong ones are listed with their reason, in one transaction. Rows that are in the registry
//! and not in the file stay as they are: what is given up gets a `valid_until`. The columns are described in
//! `docs/operators/registry.md`. [`rehearse`] says the same as [`import`] and changes nothing.

mod csv;
mod plan;
mod records;
pub(crate) mod written;
mod xlsx;
mod yaml;

use base::{Actor, Confidentiality, Id, Organisation as OrganisationId, Right, Scope, Timestamp};
use jiff::civil::Date;
use store::{Connection, Line, Store, Tx};

pub(crate) use self::written::Written;
pub use self::xlsx::EXPANDED_BYTES_MAX;
use crate::asset::Asset;
use crate::organisation::Organisation;
use crate::reason::Reason;
use crate::{Error, Noun, Registry, sql, unowned};

/// The largest file read.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most rows of one file.
pub const ROWS_MAX: usize = 200_000;
/// How many wrong rows the audit trail names.
const WRONG_NAMED_MAX: usize = 20;

/// What becomes of a file: the fate of every row in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// One for each row.
    pub rows: Vec<Row>,
}

/// One row of the file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// The line it stands on, from 1; in a workbook the row of its sheet.
    pub line: u64,
    /// What it is about, as `network 192.0.2.0/24`.
    pub about: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "fate", rename_all = "lowercase")]
pub enum Fate {
    /// It was not there.
    New,
    /// It was there with other values in these columns.
    Changed {
        /// The columns' names.
        columns: Vec<&'static str>,
    },
    /// It was there, and its last day is today or over.
    Retired,
    /// It was there as it is.
    Same,
    /// It does not go in.
    Wrong {
        /// Which column.
        column: &'static str,
        /// What is wrong with it.
        reason: Reason,
    },
}

/// How many rows met which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Not there before.
    pub new: u64,
    /// There with other values.
    pub changed: u64,
    /// There, and given up.
    pub retired: u64,
    /// There as they are.
    pub same: u64,
    /// Left out.
    pub wrong: u64,
}

impl Plan {
    /// How many rows met which fate.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for row in &self.rows {
            match row.fate {
                Fate::New => tally.new += 1,
                Fate::Changed { .. } => tally.changed += 1,
                Fate::Retired => tally.retired += 1,
                Fate::Same => tally.same += 1,
                Fate::Wrong { .. } => tally.wrong += 1,
            }
        }
        tally
    }

    /// The rows that do not go in.
    pub fn wrong(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| matches!(row.fate, Fate::Wrong { .. }))
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// One table with a header.
    Csv,
    /// Organisations with what they own below them.
    Yaml,
    /// A workbook; each sheet is a table with a header.
    Xlsx,
}

impl Notation {
    /// The notation of a file by the end of its name.
    pub fn of_name(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "yml" | "yaml" => Some(Self::Yaml),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }
}

/// Who has rows judged: what they may, and which day it is for them.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'s> {
    pub scope: &'s Scope,
    /// The right that each row needs over its organisation.
    pub right: Right,
    pub today: Date,
}

/// Says what [`import`] would make of a file.
pub async fn rehearse(
    store: &Store,
    actor: &Actor,
    file: &[u8],
    notation: Notation,
    now: Timestamp,
) -> Result<Plan, Error> {
    let asker = keeper(actor, now)?;
    let rows = rows(file, notation)?;
    let mut read = store.read().await?;
    let registry = Registry::load_in(read.connection()).await?;
    judge(read.connection(), &rows, &registry, asker, Outcome::Nothing).await
}

/// Imports a file in one transaction and says what became of every row.
pub async fn import(
    store: &Store,
    actor: &Actor,
    file: &[u8],
    notation: Notation,
    now: Timestamp,
) -> Result<Plan, Error> {
    let asker = keeper(actor, now)?;
    // A file that is no table is refused before anybody has to wait for it.
    let rows = rows(file, notation)?;
    let mut tx = store.write().await?;
    let registry = Registry::load_in(tx.connection()).await?;
    let plan = judge(tx.connection(), &rows, &registry, asker, Outcome::Written).await?;
    let wrong: Vec<&Row> = plan.wrong().take(WRONG_NAMED_MAX).collect();
    let detail = serde_json::json!({
        "file": blake3::hash(file).to_hex().as_str(),
        "rows": plan.tally(),
        "wrong": wrong,
    });
    audit(&mut tx, actor, "registry.import", "registry", (None, Confidentiality::One), detail, now).await?;
    let registry = Registry::load_in(tx.connection()).await?;
    unowned::settle(&mut tx, &registry).await?;
    tx.commit().await?;
    Ok(plan)
}

fn keeper(actor: &Actor, now: Timestamp) -> Result<Asker<'_>, Error> {
    let (scope, right) = (actor.scope(), Right::KeepRegistry);
    if !scope.has(right) {
        return Err(Error::Denied(base::Denied { right }));
    }
    Ok(Asker { scope, right, today: base::japan_day(now) })
}

pub(crate) async fn audit(
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    object: &str,
    (organisation, degree): (Option<Id<OrganisationId>>, Confidentiality),
    detail: serde_json::Value,
    now: Timestamp,
) -> Result<(), Error> {
    let line = Line {
        at: now,
        actor: actor.label(),
        action: action.to_owned(),
        object: object.to_owned(),
        detail,
        concerns: organisation.into_iter().collect(),
        degree,
    };
    tx.audit(&line).await?;
    Ok(())
}

fn rows(file: &[u8], notation: Notation) -> Result<Vec<Written>, Error> {
    if file.len() > FILE_BYTES_MAX {
        return Err(Error::TooLarge { limit: FILE_BYTES_MAX, unit: "bytes" });
    }
    if notation == Notation::Xlsx {
        return xlsx::rows(file);
    }
    let text = std::str::from_utf8(file).map_err(|error| {
        let before = &file[..error.valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        Error::Unreadable { line, reason: "is not UTF-8; save the file as \"CSV UTF-8\"".to_owned() }
    })?;
    match notation {
        Notation::Csv => csv::rows(text),
        _ => yaml::rows(text),
    }
}

/// Whether what is judged also goes into the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Nothing,
    Written,
}

/// Judges rows one after the other as if those before were in already. `registry` is what the asker may be told of.
pub(crate) async fn judge(
    connection: &mut Connection,
    written: &[Written],
    registry: &Registry,
    asker: Asker<'_>,
    outcome: Outcome,
) -> Result<Plan, Error> {
    let mut fates: Vec<Option<Fate>> = written.iter().map(misfit).collect();
    let (tree, effects) = plan::plan(written, &mut fates, registry, asker);
    if outcome == Outcome::Written {
        put(connection, &effects.organisations, &effects.assets).await?;
    }
    records::judge(connection, written, &mut fates, &tree, asker, outcome).await?;
    let rows = written.iter().zip(fates).map(|(row, fate)| Row {
        line: row.line,
        about: row.about(),
        fate: fate.unwrap_or(Fate::Same),
    });
    Ok(Plan { rows: rows.collect() })
}

/// A row of an unknown noun, or with a value in a column that its noun does not have.
fn misfit(row: &Written) -> Option<Fate> {
    let wrong = |column, reason| Some(Fate::Wrong { column, reason });
    let Ok(noun) = row.get("record").parse::<Noun>() else {
        let words = Noun::ALL.map(Noun::word).join(", ");
        return wrong("record", Reason::NotOneOf { written: crate::read::shown(row.get("record")), words });
    };
    let columns = noun.columns();
    let stranger = row
        .said()
        .find(|(column, _)| *column != "record" && *column != "organisation" && !columns.contains(column));
    stranger.and_then(|(column, _)| wrong(column, Reason::NoSuchColumn { noun }))
}

async fn put(
    connection: &mut Connection,
    organisations: &[Organisation],
    assets: &[Asset],
) -> Result<(), Error> {
    for one in organisations {
        sql::upsert_organisation(connection, one).await?;
    }
    for asset in assets {
        sql::upsert_asset(connection, asset).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
