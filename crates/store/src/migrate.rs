//! Forward-only numbered migrations, in the program.

use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use crate::open::begin_write;
use crate::{Connection, Engine, Error};

struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migration {
    ($number:literal, $name:literal) => {
        Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../../migrations/", $name, ".sql")),
        }
    };
}

/// Every migration, in order. A file is never edited once it is released; the next number corrects it.
const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_foundation"),
    migration!(2, "0002_registry"),
    migration!(3, "0003_watch"),
    migration!(4, "0004_sharing"),
    migration!(5, "0005_access"),
    migration!(6, "0006_registry"),
    migration!(7, "0007_answers"),
    migration!(8, "0008_audit"),
    migration!(9, "0009_counting"),
    migration!(10, "0010_survey"),
    migration!(11, "0011_strong_tokens"),
    migration!(12, "0012_finding"),
    migration!(13, "0013_inspection"),
    migration!(14, "0014_correlation"),
    migration!(15, "0015_registry_indexes"),
];

/// Brings the schema up to date in one transaction: another process sees the old schema or the new one.
pub(crate) async fn run(connection: &mut Connection, engine: Engine) -> Result<(), Error> {
    let mut tx = connection.begin_with(begin_write(engine)).await?;
    apply(&mut tx, engine, i64::MAX).await?;
    Ok(tx.commit().await?)
}

/// Applies what is missing up to migration number `last`, in a transaction that somebody has begun.
pub(crate) async fn apply(tx: &mut Connection, engine: Engine, last: i64) -> Result<(), Error> {
    sqlx::raw_sql(AssertSqlSafe(in_words_of(
        engine,
        "CREATE TABLE IF NOT EXISTS migrations (
            number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL)",
    )))
    .execute(&mut *tx)
    .await?;
    let applied =
        sqlx::query("SELECT number, digest FROM migrations ORDER BY number").fetch_all(&mut *tx).await?;
    let known = MIGRATIONS.last().map_or(0, |migration| migration.number);
    if last != i64::MAX && last > known {
        return Err(Error::NewerSchema { found: last, known });
    }
    let mut done = 0;
    for row in applied {
        let (number, digest): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        let Some(migration) = MIGRATIONS.iter().find(|migration| migration.number == number) else {
            return Err(Error::NewerSchema { found: number, known });
        };
        if digest != digest_of(migration) {
            return Err(Error::ChangedMigration { number });
        }
        done = number;
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.number > done && migration.number <= last)
    {
        sqlx::raw_sql(AssertSqlSafe(in_words_of(engine, migration.sql))).execute(&mut *tx).await?;
        sqlx::query("INSERT INTO migrations (number, name, digest) VALUES ($1, $2, $3)")
            .bind(migration.number)
            .bind(migration.name)
            .bind(digest_of(migration))
            .execute(&mut *tx)
            .await?;
        tracing::info!(migration = migration.name, "schema migrated");
    }
    Ok(())
}

/// Where the schema of a database stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// As this program leaves it.
    Current,
    /// Opening it will bring it up to date.
    Older {
        /// In the database.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// A newer program has written it.
    Newer {
        /// In the database.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// A migration was applied that is not the one in this program.
    Changed {
        /// Its number.
        number: i64,
    },
}

/// Where the schema stands; changes nothing.
pub(crate) async fn look(connection: &mut Connection) -> Result<Schema, Error> {
    let applied: Vec<(i64, String)> =
        sqlx::query_as("SELECT number, digest FROM migrations ORDER BY number").fetch_all(connection).await?;
    let known = MIGRATIONS.last().map_or(0, |migration| migration.number);
    let found = applied.last().map_or(0, |(number, _)| *number);
    let changed =
        MIGRATIONS.iter().zip(&applied).find(|(migration, (_, digest))| digest_of(migration) != *digest);
    Ok(match changed {
        Some((migration, _)) => Schema::Changed { number: migration.number },
        None if found > known => Schema::Newer { found, known },
        None if found < known => Schema::Older { found, known },
        None => Schema::Current,
    })
}

/// A migration as an engine needs it. SQLite compares text byte by byte; PostgreSQL does as the language of its
/// database demands, unless told otherwise: then `ORDER BY id` would be another order on every server.
fn in_words_of(engine: Engine, sql: &str) -> String {
    match engine {
        Engine::Sqlite => sql.to_owned(),
        Engine::Postgres => sql.replace(" TEXT", " TEXT COLLATE \"C\""),
    }
}

fn digest_of(migration: &Migration) -> String {
    blake3::hash(migration.sql.as_bytes()).to_hex().to_string()
}

/// The schema as the migrations leave it, for the golden file `migrations/schema.sql`.
pub async fn schema(connection: &mut Connection) -> Result<String, Error> {
    let rows = sqlx::query_scalar::<_, String>(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(|sql| format!("{sql};\n")).collect())
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;
    use crate::tests::{open, store};
    use crate::{Options, Store, tables};

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");

    #[test]
    fn every_file_in_the_folder_is_applied_in_the_order_of_its_number() {
        let mut files: Vec<String> = fs::read_dir(FOLDER)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "schema.sql")
            .collect();
        files.sort();
        let listed: Vec<String> =
            MIGRATIONS.iter().map(|migration| format!("{}.sql", migration.name)).collect();
        assert_eq!(files, listed);
        for (place, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.number, place as i64 + 1);
            assert!(migration.name.starts_with(&format!("{:04}_", migration.number)));
        }
    }

    #[tokio::test]
    async fn the_golden_schema_is_what_the_migrations_make() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("control.db"), Options::default()).await.unwrap();
        let actual = schema(store.read().await.unwrap().connection()).await.unwrap();
        let golden = format!("{FOLDER}/schema.sql");
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &actual).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert!(
            actual == expected,
            "migrations/schema.sql differs; run with UPDATE_GOLDEN=1 and read the diff"
        );
    }

    #[tokio::test]
    async fn every_engine_has_the_same_tables_and_columns() {
        let folder = tempfile::tempdir().unwrap();
        let file = Store::open(&folder.path().join("control.db"), Options::default()).await.unwrap();
        let expected = tables(file.read().await.unwrap().connection(), file.engine()).await.unwrap();
        assert!(
            expected.iter().any(|table| table.name == "audit" && table.columns.len() == 8),
            "{expected:?}"
        );
        let (_database, store) = store().await;
        let actual = tables(store.read().await.unwrap().connection(), store.engine()).await.unwrap();
        assert_eq!(actual, expected);
    }

    #[tokio::test]
    async fn a_database_of_a_newer_program_is_refused() {
        let (database, store) = store().await;
        let mut tx = store.write().await.unwrap();
        sqlx::query("INSERT INTO migrations VALUES (9999, 'x', 'y')").execute(tx.connection()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(open(&database).await, Err(Error::NewerSchema { found: 9999, .. })));
    }

    #[tokio::test]
    async fn a_migration_edited_after_release_is_refused() {
        let (database, store) = store().await;
        let mut tx = store.write().await.unwrap();
        sqlx::query("UPDATE migrations SET digest = 'x' WHERE number = 1")
            .execute(tx.connection())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let refused = open(&database).await;
        assert!(matches!(refused, Err(Error::ChangedMigration { number: 1 })));
    }
}
