//! The whole database as text that either engine can read: one JSON array a line for each row, in the order of the
//! columns. What was written from a file can be read into a server, and back.

use std::io::{BufRead, Write};

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};

use crate::open::{begin_write, connect_alone};
use crate::{
    Builder, Connection, Engine, Error, Kind, Location, Options, Read, Store, Table, migrate, tables,
};

/// Rows of one INSERT.
const ROWS_PER_INSERT: usize = 200;
/// A line longer than this was not written here: every column of every table is far smaller together.
const LINE_BYTES_MAX: usize = 64 << 20;

/// The table that says which migrations were applied. It is made by applying them, never copied.
const MIGRATIONS: &str = "migrations";

/// What a table holds, for comparing two databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// How many rows.
    pub rows: u64,
    /// The sum of the digests of all rows: it does not depend on their order.
    pub digest: String,
}

/// Which tables a database has to copy, and the number of its last migration.
pub async fn contents(read: &mut Read, engine: Engine) -> Result<(i64, Vec<Table>), Error> {
    let schema = sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM migrations")
        .fetch_one(read.connection())
        .await?;
    let mut all = tables(read.connection(), engine).await?;
    all.retain(|table| table.name != MIGRATIONS);
    Ok((schema, all))
}

/// Writes every row of a table as it is in this moment's state.
pub async fn write(read: &mut Read, table: &Table, to: &mut (dyn Write + Send)) -> Result<Copied, Error> {
    let failed = |source| Error::Copy { table: table.name.clone(), source };
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    // Names of tables and columns come from the database's own catalogue.
    let sql = format!("SELECT {} FROM {}", columns.join(", "), table.name);
    let mut sum = Sum::default();
    let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(read.connection());
    while let Some(row) = rows.try_next().await? {
        let mut values = Vec::with_capacity(table.columns.len());
        for (place, column) in table.columns.iter().enumerate() {
            values.push(match column.kind {
                Kind::Text => row.try_get::<Option<String>, _>(place)?.into(),
                Kind::Number => row.try_get::<Option<i64>, _>(place)?.into(),
            });
        }
        let mut line = serde_json::Value::Array(values).to_string();
        sum.add(line.as_bytes());
        line.push('\n');
        to.write_all(line.as_bytes()).map_err(failed)?;
    }
    Ok(sum.finish())
}

/// Fills a place where no database is yet with what `source` has for each table (`None`: nothing), under the schema
/// that migration number `schema` left; opening it afterwards brings it up to date. All of it is there, or nothing.
pub async fn fill(
    location: &Location,
    schema: i64,
    mut source: impl FnMut(&Table) -> std::io::Result<Option<Box<dyn BufRead + Send>>>,
) -> Result<Vec<(Table, Copied)>, Error> {
    if Store::is_at(location).await? {
        return Err(Error::NotEmpty { location: location.to_string() });
    }
    let engine = location.engine();
    let (mut connection, lock) = connect_alone(location, Options::default()).await?;
    let mut tx = connection.begin_with(begin_write(engine)).await?;
    migrate::apply(&mut tx, engine, schema).await?;
    let mut all = tables(&mut tx, engine).await?;
    all.retain(|table| table.name != MIGRATIONS);
    // Rows name rows of other tables that come later, and of their own.
    let again = suspend_references(&mut tx, engine).await?;
    let mut filled = Vec::new();
    for table in all {
        let failed = |source| Error::Copy { table: table.name.clone(), source };
        let copied = match source(&table).map_err(failed)? {
            Some(mut from) => fill_table(&mut tx, &table, &mut from).await?,
            None => Sum::default().finish(),
        };
        filled.push((table, copied));
    }
    for constraint in again {
        tx.execute(AssertSqlSafe(constraint)).await?;
    }
    tx.commit().await?;
    connection.close().await?;
    drop(lock);
    Ok(filled)
}

async fn fill_table(
    connection: &mut Connection,
    table: &Table,
    from: &mut (dyn BufRead + Send),
) -> Result<Copied, Error> {
    let failed = |source| Error::Copy { table: table.name.clone(), source };
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let insert = format!("INSERT INTO {} ({}) ", table.name, columns.join(", "));
    let mut sum = Sum::default();
    let mut rows: Vec<Vec<serde_json::Value>> = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = std::io::Read::take(&mut *from, LINE_BYTES_MAX as u64);
        let read = limited.read_until(b'\n', &mut line).map_err(failed)?;
        if read > 0 {
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            sum.add(text);
            let row: Vec<serde_json::Value> = serde_json::from_slice(text).unwrap_or_default();
            if row.len() != table.columns.len() {
                let value = String::from_utf8_lossy(text).chars().take(64).collect();
                return Err(Error::Damaged { value, expected: "a row of the table" });
            }
            rows.push(row);
        }
        if rows.len() == ROWS_PER_INSERT || (read == 0 && !rows.is_empty()) {
            let mut query = Builder::new(insert.as_str());
            query.push_values(rows.drain(..), |mut values, row| {
                for (value, column) in row.into_iter().zip(&table.columns) {
                    // NULL has a type as well: PostgreSQL takes no NULL of another.
                    match column.kind {
                        Kind::Text => values.push_bind(value.as_str()),
                        Kind::Number => values.push_bind(value.as_i64()),
                    };
                }
            });
            query.build().execute(&mut *connection).await?;
        }
        if read == 0 {
            return Ok(sum.finish());
        }
    }
}

/// Lets rows come in any order. Returns what has to be said at the end so that references hold again; what does not
/// hold is refused then.
async fn suspend_references(connection: &mut Connection, engine: Engine) -> Result<Vec<String>, Error> {
    if engine == Engine::Sqlite {
        connection.execute("PRAGMA defer_foreign_keys = ON").await?;
        return Ok(Vec::new());
    }
    let references = sqlx::query(
        "SELECT CAST(conrelid AS regclass)::TEXT, CAST(conname AS TEXT), pg_get_constraintdef(oid) FROM pg_constraint
         WHERE contype = 'f' AND connamespace = current_schema()::regnamespace",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut again = Vec::new();
    for row in references {
        let (table, name, definition): (String, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let drop = format!("ALTER TABLE {table} DROP CONSTRAINT {name}");
        connection.execute(AssertSqlSafe(drop)).await?;
        again.push(format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"));
    }
    Ok(again)
}

/// Adds up the digests of rows, so that two databases that return them in different orders agree.
#[derive(Default)]
struct Sum {
    rows: u64,
    parts: [u64; 4],
}

impl Sum {
    fn add(&mut self, row: &[u8]) {
        self.rows += 1;
        for (part, bytes) in self.parts.iter_mut().zip(blake3::hash(row).as_bytes().chunks_exact(8)) {
            *part = part.wrapping_add(u64::from_le_bytes(bytes.try_into().unwrap_or_default()));
        }
    }

    fn finish(&self) -> Copied {
        let digest = self.parts.iter().map(|part| format!("{part:016x}")).collect();
        Copied { rows: self.rows, digest }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::Line;
    use crate::tests::{open, store};

    /// Every table as text, and what it says.
    async fn written(store: &Store) -> (i64, HashMap<String, Vec<u8>>, Vec<(Table, Copied)>) {
        let mut read = store.read().await.unwrap();
        let (schema, all) = contents(&mut read, store.engine()).await.unwrap();
        let (mut texts, mut said) = (HashMap::new(), Vec::new());
        for table in all {
            let mut text = Vec::new();
            let copied = write(&mut read, &table, &mut text).await.unwrap();
            texts.insert(table.name.clone(), text);
            said.push((table, copied));
        }
        (schema, texts, said)
    }

    async fn filled(location: &str, schema: i64, texts: &HashMap<String, Vec<u8>>) -> Vec<(Table, Copied)> {
        let source = |table: &Table| {
            let text = texts.get(&table.name).cloned();
            Ok(text.map(|text| Box::new(std::io::Cursor::new(text)) as Box<dyn BufRead + Send>))
        };
        fill(&location.parse().unwrap(), schema, source).await.unwrap()
    }

    /// One row in every table of a database. With the same word in every text and one number in every number, each
    /// reference finds its row.
    fn one_row_each(all: &[Table]) -> HashMap<String, Vec<u8>> {
        let row = |table: &Table| {
            let values = table.columns.iter().map(|column| match column.kind {
                Kind::Text => serde_json::Value::from("狼煙 \"1\"\n"),
                Kind::Number => serde_json::Value::from(1),
            });
            serde_json::Value::Array(values.collect()).to_string().into_bytes()
        };
        all.iter().map(|table| (table.name.clone(), row(table))).collect()
    }

    #[tokio::test]
    async fn a_database_moves_between_engines_and_back_and_nobody_can_tell() {
        let (_database, here) = store().await;
        for number in 1..=3 {
            let mut tx = here.write().await.unwrap();
            let at = base::Timestamp::from_second(1_775_000_000 + number).unwrap();
            let detail = serde_json::json!({ "reason": "定期\u{1}点検 \"x\"", "number": i64::MAX });
            let (actor, action, object) = ("当直".to_owned(), "threat.decide".to_owned(), "x".to_owned());
            let (concerns, degree) = (vec![base::Id::from_digest([7; 16])], base::Confidentiality::Two);
            tx.audit(&Line { at, actor, action, object, detail, concerns, degree }).await.unwrap();
            sqlx::raw_sql(
                "INSERT INTO outbox (seq, at, signal, taken_until) VALUES (9, 1, '狼煙', NULL)
                ON CONFLICT (seq) DO UPDATE SET at = -9223372036854775807",
            )
            .execute(tx.connection())
            .await
            .unwrap();
            tx.commit().await.unwrap();
        }
        let head = crate::audit_head(&here).await.unwrap();
        let (schema, texts, said) = written(&here).await;
        // To a file, from there to the other engine (a file again when the tests have no server), and back.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("moved.db").display().to_string();
        let server = testkit::Database::new();
        let last = folder.path().join("back.db").display().to_string();
        let mut texts = texts;
        for place in [file.as_str(), server.location(), last.as_str()] {
            assert_eq!(filled(place, schema, &texts).await, said);
            let moved = Store::open_at(&place.parse().unwrap(), Options::default()).await.unwrap();
            assert_eq!(crate::audit_head(&moved).await.unwrap(), head);
            assert!(matches!(crate::verify_audit(&moved).await.unwrap(), crate::Verification::Whole { .. }));
            let (_, again, said_again) = written(&moved).await;
            assert_eq!(said_again, said, "{place}");
            texts = again;
        }
        let refused = fill(&server.location().parse().unwrap(), schema, |_| Ok(None)).await;
        assert!(matches!(refused, Err(Error::NotEmpty { .. })));
    }

    #[tokio::test]
    async fn a_database_of_any_earlier_program_is_brought_up_to_date_with_its_rows() {
        let (_database, newest) = store().await;
        let expected = contents(&mut newest.read().await.unwrap(), newest.engine()).await.unwrap();
        assert!(expected.0 >= 5);
        for schema in 1..=expected.0 {
            let database = testkit::Database::new();
            let location: Location = database.location().parse().unwrap();
            let empty = testkit::Database::new();
            let old = filled(empty.location(), schema, &HashMap::new()).await;
            let old: Vec<Table> = old.into_iter().map(|(table, _)| table).collect();
            let before = filled(database.location(), schema, &one_row_each(&old)).await;
            assert!(before.iter().all(|(_, copied)| copied.rows == 1), "{before:?}");
            // Opened by this program.
            let store = open(&database).await.unwrap();
            let mut read = store.read().await.unwrap();
            assert_eq!(contents(&mut read, store.engine()).await.unwrap(), expected, "from {schema}");
            for (table, copied) in before {
                // What a later migration added to a table is not asked for.
                let now = write(&mut read, &table, &mut std::io::sink()).await.unwrap();
                assert_eq!(now, copied, "{} from {schema}", table.name);
            }
            if let Some(path) = location.path() {
                drop(read);
                let golden = include_str!("../../../migrations/schema.sql");
                let mut read = store.read().await.unwrap();
                assert!(
                    path.is_file() && crate::schema(read.connection()).await.unwrap() == golden,
                    "{schema}"
                );
            }
        }
    }
}
