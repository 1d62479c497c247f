//! Opening the file: one writer, several readers.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::{Error, Read, Tx, migrate};

/// How to open a store.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections that read at the same time.
    pub readers: u32,
    /// How long to wait for another process that is writing, or for a free connection.
    pub wait_max: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 4, wait_max: Duration::from_secs(60) }
    }
}

/// The control database. Cheap to clone; several processes may have the same file open.
#[derive(Clone, Debug)]
pub struct Store {
    reader: SqlitePool,
    writer: SqlitePool,
}

impl Store {
    /// Opens the file, making it and bringing its schema up to date where needed. The folder must exist.
    pub async fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(options.wait_max);
        // Migrations run on a connection of their own, closed before any other opens: pooled connections would
        // keep the schema they saw first. The lock makes a second process wait until the first has finished, also
        // with switching the file to WAL, which SQLite does not wait for by itself.
        let lock = lock_beside(path).await?;
        let mut single = connect.clone().connect().await?;
        migrate::run(&mut single).await?;
        sqlx::Connection::close(single).await?;
        drop(lock);

        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(options.wait_max)
            .connect_with(connect.clone())
            .await?;
        let reader = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .acquire_timeout(options.wait_max)
            .connect_with(connect.pragma("query_only", "ON"))
            .await?;
        Ok(Self { reader, writer })
    }

    /// The one transaction that may write; others wait for it, also those of other processes.
    pub async fn write(&self) -> Result<Tx, Error> {
        // Deferred transactions that read and then write fail at once when somebody else wrote in between.
        Ok(Tx::begun(self.writer.begin_with("BEGIN IMMEDIATE").await?))
    }

    /// The state at one moment, for any number of questions that must agree with each other. Cannot write.
    pub async fn read(&self) -> Result<Read, Error> {
        Ok(Read::begun(self.reader.begin().await?))
    }

    /// A number that grows with every commit of any process; the same number means that nothing has changed.
    pub async fn version(&self) -> Result<u64, Error> {
        let version: Option<i64> = sqlx::query_scalar("SELECT value FROM counters WHERE name = 'version'")
            .fetch_optional(&self.reader)
            .await?;
        Ok(version.and_then(|version| u64::try_from(version).ok()).unwrap_or(0))
    }

    /// Waits for running work and closes the file; the log is folded into it.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

async fn lock_beside(path: &Path) -> Result<File, Error> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let beside = PathBuf::from(beside);
    let shown = beside.display().to_string();
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::options().create(true).truncate(false).write(true).open(&beside)?;
        file.lock()?;
        Ok(file)
    })
    .await
    .unwrap_or_else(|stopped| Err(std::io::Error::other(stopped)));
    locked.map_err(|source| Error::Open { path: shown, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn many_openers_at_once_agree_and_many_writers_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.db");
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                tokio::spawn(async move {
                    // Each task is a stranger to the others, as another process would be.
                    let store = Store::open(&path, Options::default()).await.unwrap();
                    for _ in 0..10 {
                        let mut tx = store.write().await.unwrap();
                        let before: i64 = sqlx::query_scalar(
                            "SELECT COALESCE((SELECT value FROM counters WHERE name = 'test'), 0)",
                        )
                        .fetch_one(tx.connection())
                        .await
                        .unwrap();
                        sqlx::query(
                            "INSERT INTO counters (name, value) VALUES ('test', $1)
                             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                        )
                        .bind(before + 1)
                        .execute(tx.connection())
                        .await
                        .unwrap();
                        tx.commit().await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let store = Store::open(&path, Options::default()).await.unwrap();
        let total: i64 = sqlx::query_scalar("SELECT value FROM counters WHERE name = 'test'")
            .fetch_one(store.read().await.unwrap().connection())
            .await
            .unwrap();
        assert_eq!((total, store.version().await.unwrap()), (80, 80));
    }

    #[tokio::test]
    async fn a_reader_cannot_write_and_a_dropped_transaction_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("control.db"), Options::default()).await.unwrap();
        let insert = "INSERT INTO counters (name, value) VALUES ('test', 1)";
        let mut read = store.read().await.unwrap();
        assert!(sqlx::query(insert).execute(read.connection()).await.is_err());
        drop(read);
        let mut tx = store.write().await.unwrap();
        sqlx::query(insert).execute(tx.connection()).await.unwrap();
        drop(tx);
        assert_eq!(store.version().await.unwrap(), 0);
        let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM counters")
            .fetch_one(store.read().await.unwrap().connection())
            .await
            .unwrap();
        assert_eq!(left, 0);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let refused = Store::open(&folder.path().join("no/control.db"), Options::default()).await;
        assert!(matches!(refused, Err(Error::Open { path, .. }) if path.ends_with("control.db.lock")));
    }
}
