//! Opening the database: one writer, several readers.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyPool, AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

use crate::{Connection, Engine, Error, Location, Read, Schema, Tx, migrate};

/// How much of a SQLite file each connection keeps in memory, in KiB. The default of two megabytes has a registry of half a
/// million people read from the system page by page.
const CACHE_KIB: u32 = 16 * 1024;

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

/// The control database. Cheap to clone; several processes may have the same one open.
#[derive(Clone, Debug)]
pub struct Store {
    reader: AnyPool,
    writer: AnyPool,
    engine: Engine,
}

impl Store {
    /// Opens a file of SQLite, making it and bringing its schema up to date where needed. The folder must exist.
    pub async fn open(path: &Path, options: Options) -> Result<Self, Error> {
        Self::open_at(&Location::file(path), options).await
    }

    /// Opens a database wherever it is, making its tables and bringing its schema up to date where needed.
    pub async fn open_at(location: &Location, options: Options) -> Result<Self, Error> {
        let engine = location.engine();
        let (mut single, lock) = connect_alone(location, options).await?;
        migrate::run(&mut single, engine).await?;
        single.close().await?;
        drop(lock);

        let connect = connect_options(location)?;
        let writer = pool(engine, options, Right::Write, 1).connect_with(connect.clone()).await?;
        let reader = pool(engine, options, Right::Read, options.readers.max(1)).connect_with(connect).await?;
        Ok(Self { reader, writer, engine })
    }

    /// Whether a control database was begun there. Begins none.
    pub async fn is_at(location: &Location) -> Result<bool, Error> {
        if let Some(path) = location.path() {
            return Ok(path.is_file());
        }
        let unusable = |source| Error::Connect { server: location.to_string(), source };
        let mut single = connect_options(location)?.connect().await.map_err(unusable)?;
        let begun: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM information_schema.tables
             WHERE table_schema = current_schema() AND table_name = 'migrations'",
        )
        .fetch_one(&mut single)
        .await?;
        single.close().await?;
        Ok(begun > 0)
    }

    /// Where the schema of a database stands that is there ([`Store::is_at`]); changes nothing.
    pub async fn schema_at(location: &Location) -> Result<Schema, Error> {
        let unusable = |source| Error::Connect { server: location.to_string(), source };
        let mut single = connect_options(location)?.connect().await.map_err(unusable)?;
        let schema = migrate::look(&mut single).await?;
        single.close().await?;
        Ok(schema)
    }

    /// Whether what was committed is still there after the power failed. Every connection asks for that; a server that
    /// was told never to sync its files does not give it.
    pub async fn keeps_commits(&self) -> Result<bool, Error> {
        if self.engine == Engine::Sqlite {
            return Ok(true);
        }
        let fsync: String =
            sqlx::query_scalar("SELECT current_setting('fsync')").fetch_one(&self.reader).await?;
        Ok(fsync == "on")
    }

    /// Which engine is behind it. The statements do not ask; what looks after the database itself does.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The one transaction that may write; others wait for it, also those of other processes.
    pub async fn write(&self) -> Result<Tx, Error> {
        Ok(Tx::begun(self.writer.begin_with(begin_write(self.engine)).await?))
    }

    /// The state at one moment, for any number of questions that must agree with each other. Cannot write.
    pub async fn read(&self) -> Result<Read, Error> {
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        Ok(Read::begun(self.reader.begin_with(begin).await?))
    }

    /// A number that grows with every commit of any process; the same number means that nothing has changed.
    pub async fn version(&self) -> Result<u64, Error> {
        let version: Option<i64> = sqlx::query_scalar("SELECT value FROM counters WHERE name = 'version'")
            .fetch_optional(&self.reader)
            .await?;
        Ok(version.and_then(|version| u64::try_from(version).ok()).unwrap_or(0))
    }

    /// Waits for running work and closes; a file's log is folded into it.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

fn connect_options(location: &Location) -> Result<AnyConnectOptions, Error> {
    sqlx::any::install_default_drivers();
    // Its statements are nobody's business in a log; they carry what organisations told.
    Ok(AnyConnectOptions::from_url(&location.url()?)?.disable_statement_logging())
}

/// A connection for changing the schema, to be closed before any other opens: pooled connections would keep the schema
/// they saw first. The lock makes a second process wait until the first has finished, also with switching a file to
/// WAL, which SQLite does not wait for by itself.
pub(crate) async fn connect_alone(
    location: &Location,
    options: Options,
) -> Result<(Connection, Option<File>), Error> {
    let lock = match location.path() {
        Some(path) => Some(lock_beside(path).await?),
        None => None,
    };
    let engine = location.engine();
    let unusable = |source| Error::Connect { server: location.to_string(), source };
    let mut single = connect_options(location)?.connect().await.map_err(unusable)?;
    single.execute(AssertSqlSafe(settings(engine, options, Right::Write))).await.map_err(unusable)?;
    if let Some(schema) = location.schema() {
        make_schema(&mut single, schema).await.map_err(unusable)?;
    }
    Ok((single, lock))
}

/// Begins the one transaction that may write.
///
/// A writer reads what the one before it has committed, and then writes: the head of the audit chain, numbers without
/// gaps, the groups that a detection joins. On both engines the whole transaction therefore waits for the one before.
/// SQLite: `IMMEDIATE`; deferred transactions that read and then write fail at once when somebody else wrote in
/// between. PostgreSQL: an advisory lock of this schema, held until the commit can be seen; every statement after it
/// (READ COMMITTED) sees all that was committed before. Not a lock on a table: autovacuum would stand in its way.
pub(crate) fn begin_write(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 8420))",
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Right {
    Read,
    Write,
}

fn pool(engine: Engine, options: Options, right: Right, connections: u32) -> AnyPoolOptions {
    let settings = settings(engine, options, right);
    AnyPoolOptions::new().max_connections(connections).acquire_timeout(options.wait_max).after_connect(
        move |connection, _| {
            let settings = settings.clone();
            Box::pin(async move {
                connection.execute(AssertSqlSafe(settings)).await?;
                Ok(())
            })
        },
    )
}

/// What every new connection is told first. A commit is on disk when it returns, on both engines.
fn settings(engine: Engine, options: Options, right: Right) -> String {
    let wait_ms = options.wait_max.as_millis();
    match engine {
        Engine::Sqlite => format!(
            "PRAGMA busy_timeout = {wait_ms}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON; PRAGMA cache_size = -{CACHE_KIB}; PRAGMA query_only = {}",
            if right == Right::Read { "ON" } else { "OFF" }
        ),
        // A server whose default is not to wait for the disk is overruled; one that waits for its standbys is not.
        Engine::Postgres => format!(
            "SET lock_timeout = {wait_ms}; SET client_min_messages = warning; SET application_name = 'noroshi';
             SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        ),
    }
}

/// Two that make the same schema at once must both succeed, which `IF NOT EXISTS` alone does not promise.
async fn make_schema(connection: &mut Connection, schema: &str) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin_with("BEGIN; SELECT pg_advisory_xact_lock(8420)").await?;
    // The name was checked to be a plain one.
    tx.execute(AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS {schema}"))).await?;
    tx.commit().await
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
    use std::sync::Arc;

    use super::*;
    use crate::tests::{open, store};

    #[tokio::test(flavor = "multi_thread")]
    async fn many_openers_at_once_agree_and_many_writers_lose_nothing() {
        let database = Arc::new(testkit::Database::new());
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let database = Arc::clone(&database);
                tokio::spawn(async move {
                    // Each task is a stranger to the others, as another process would be.
                    let store = open(&database).await.unwrap();
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
        let store = open(&database).await.unwrap();
        let total: i64 = sqlx::query_scalar("SELECT value FROM counters WHERE name = 'test'")
            .fetch_one(store.read().await.unwrap().connection())
            .await
            .unwrap();
        assert_eq!((total, store.version().await.unwrap()), (80, 80));
    }

    #[tokio::test]
    async fn a_reader_cannot_write_and_a_dropped_transaction_leaves_nothing() {
        let (_database, store) = store().await;
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
