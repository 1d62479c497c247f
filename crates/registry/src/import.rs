//! From CSV or YAML into the registry, with the fate of every row.
//!
//! Right rows go in and wrong ones are listed with their reason, in one transaction. Rows that are in the registry
//! and not in the file stay as they are: what is given up gets a `valid_until`. The columns are described in
//! `docs/operators/registry.md`.

mod csv;
mod plan;
mod yaml;

use base::Timestamp;
use store::{Line, Store, Tx};

pub use self::csv::csv;
pub use self::yaml::yaml;
use crate::asset::Asset;
use crate::organisation::Organisation;
use crate::{Error, Registry, sql, unowned};

/// The largest file read.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most rows of one file.
pub const ROWS_MAX: usize = 200_000;
/// How many wrong rows the audit trail names.
const WRONG_NAMED_MAX: usize = 20;

/// What will become of a file: the fate of every row in the order of the file, and the rows that go in.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// One for each row.
    pub rows: Vec<Row>,
    organisations: Vec<Organisation>,
    assets: Vec<Asset>,
}

/// One row of the file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// The line it stands on, from 1.
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
    /// It was there as it is.
    Same,
    /// It does not go in.
    Wrong {
        /// Which column.
        column: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// How many rows met which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Not there before.
    pub new: u64,
    /// There with other values.
    pub changed: u64,
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

    /// Puts the right rows in and writes the audit line. The plan must have been made from the registry as `tx` sees
    /// it; [`import`] does both.
    pub async fn apply(&self, tx: &mut Tx, actor: &str, now: Timestamp) -> Result<(), Error> {
        for one in &self.organisations {
            sql::upsert_organisation(tx.connection(), one).await?;
        }
        for asset in &self.assets {
            sql::upsert_asset(tx.connection(), asset).await?;
        }
        let wrong: Vec<&Row> = self.wrong().take(WRONG_NAMED_MAX).collect();
        let detail = serde_json::json!({ "rows": self.tally(), "wrong": wrong });
        let line = Line {
            at: now,
            actor: actor.to_owned(),
            action: "registry.import".to_owned(),
            object: "registry".to_owned(),
            detail,
        };
        tx.audit(&line).await?;
        Ok(())
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// One table with a header.
    Csv,
    /// Organisations with what they own below them.
    Yaml,
}

/// Imports a file in one transaction and says what became of every row.
pub async fn import(
    store: &Store,
    text: &str,
    notation: Notation,
    actor: &str,
    now: Timestamp,
) -> Result<Plan, Error> {
    let mut tx = store.write().await?;
    let registry = Registry::load_in(tx.connection()).await?;
    let plan = match notation {
        Notation::Csv => csv(text, &registry)?,
        Notation::Yaml => yaml(text, &registry)?,
    };
    plan.apply(&mut tx, actor, now).await?;
    let registry = Registry::load_in(tx.connection()).await?;
    unowned::settle(&mut tx, &registry).await?;
    tx.commit().await?;
    Ok(plan)
}

/// A row as written, before anything is understood. Empty is the same as not there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    line: u64,
    record: String,
    organisation: String,
    name_ja: String,
    name_en: String,
    kind: String,
    parent: String,
    order: String,
    value: String,
    valid_from: String,
    valid_until: String,
    criticality: String,
    system: String,
    device_class: String,
}

fn check_size(text: &str) -> Result<(), Error> {
    if text.len() > FILE_BYTES_MAX {
        return Err(Error::TooLarge { limit: FILE_BYTES_MAX, unit: "bytes" });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
