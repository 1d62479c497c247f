//! The control database: migrations, transactions, audit chain, outbox.
//!
//! One writer at a time, many readers beside it: [`Store::write`] gives a [`Tx`], [`Store::read`] a [`Read`]. The
//! change, its [`Line`] in the audit trail and its signal go into one `Tx` and become true together.
//!
//! The SQL is one text for SQLite and PostgreSQL: `$1`, `ON CONFLICT`, `RETURNING`; the columns are TEXT and BIGINT:
//! times are microseconds, days and ids are text. What a statement returns is one of these two as well: a count is
//! one by itself, a sum wants `CAST(SUM(…) AS BIGINT)`, a truth `CASE WHEN … THEN 1 ELSE 0 END`, which is a BIGINT
//! when it is read as one. Ids as text cost about twenty bytes a row over a BLOB, and in return a person with a
//! database shell, the audit trail, a URL and a log line all show the same name, and the column type has one spelling
//! in both engines.

mod audit;
mod builder;
pub mod copy;
mod location;
mod migrate;
mod open;
mod outbox;
mod table;
mod tx;
mod value;

pub use audit::{
    Anchor, AuditAfter, AuditEntry, AuditFilter, AuditPage, EXPORT_LINES_MAX, FAULTS_MAX, Fault, FaultKind,
    Head, Line, LineAbout, Mark, MarkKind, Verification, audit_count, audit_export, audit_head,
    audit_head_in, audit_marks, audit_page, mark_audit, verify_audit, verify_audit_against,
};
pub use builder::{Builder, Separated};
pub use location::{Engine, Location};
pub use migrate::{Schema, schema};
pub use open::{Options, Store};
pub use outbox::{LEASE, Waiting};
pub use table::{Column, Kind, Table, tables};
pub use tx::{Read, Tx};
pub use value::{TEXT_BYTES_MAX, clean, day, instant, micros, parse};

/// Whichever engine was opened, named once.
pub type Database = sqlx::Any;
/// One connection of it; what `sqlx` calls want as executor.
pub type Connection = sqlx::AnyConnection;
/// One row of it.
pub type Row = sqlx::any::AnyRow;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or is gone.
    #[error("the database said: {0}")]
    Database(#[from] sqlx::Error),
    /// The folder cannot be used.
    #[error("cannot open {path}: {source}")]
    Open {
        /// The database file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The place of the database cannot be understood. Says nothing of what was written: it may hold a password.
    #[error("the database must be named as postgres://user@host:port/database: {0}")]
    Location(&'static str),
    /// The database server cannot be used.
    #[error("cannot use {server}: {source}")]
    Connect {
        /// Which, without a password.
        server: String,
        /// What it said.
        source: sqlx::Error,
    },
    /// A newer Noroshi has written this database.
    #[error("the database has schema {found}, this program knows up to {known}; use the newer program")]
    NewerSchema {
        /// In the file.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// A migration that was already applied is not the one in this program.
    #[error("migration {number} differs from the one this database was made with")]
    ChangedMigration {
        /// Its number.
        number: i64,
    },
    /// More lines of the audit trail than one file takes.
    #[error("more than {limit} lines of the audit trail; a narrower filter is needed")]
    TooManyLines {
        /// How many one file takes.
        limit: u32,
    },
    /// The system has no randomness to give.
    #[error("the system gives no randomness")]
    NoRandomness,
    /// There is a database already.
    #[error("{location} holds a database already")]
    NotEmpty {
        /// Where.
        location: String,
    },
    /// A table could not be written to, or read from, where its copy is.
    #[error("cannot copy the table {table}: {source}")]
    Copy {
        /// Which.
        table: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A stored value is not what it should be.
    #[error("the database holds {value:?} where {expected} should be")]
    Damaged {
        /// What stands there.
        value: String,
        /// What should.
        expected: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store that nobody else has, on the engine that the tests run on.
    pub(crate) async fn store() -> (testkit::Database, Store) {
        let database = testkit::Database::new();
        let store = open(&database).await.unwrap();
        (database, store)
    }

    /// Opens it as another process would.
    pub(crate) async fn open(database: &testkit::Database) -> Result<Store, Error> {
        Store::open_at(&database.location().parse()?, Options::default()).await
    }
}
