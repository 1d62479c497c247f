//! A control database that is nobody else's: a file in a folder of its own, or a schema of its own on the PostgreSQL
//! server that `NOROSHI_TEST_POSTGRES` names. `./test postgres` starts such a server and runs the tests again.

use std::env;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// Where a test's database is. The file goes when this is dropped; a schema stays until its server goes.
pub struct Database {
    location: String,
    folder: TempDir,
}

impl Database {
    /// A place where no database is yet.
    #[allow(clippy::new_without_default)] // Each is another.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let in_folder = || folder.path().join("control.db").display().to_string();
        let location = server_schema(&schema_for(&folder)).unwrap_or_else(in_folder);
        Self { location, folder }
    }

    /// What the program takes as the place of a database: a path, or a URL of PostgreSQL.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// A folder of its own, for whatever else the test keeps.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        !self.location.contains("://")
    }
}

/// The schema of this name on the PostgreSQL server that `NOROSHI_TEST_POSTGRES` names; `None` when the tests run on
/// files.
pub fn server_schema(name: &str) -> Option<String> {
    let server = env::var("NOROSHI_TEST_POSTGRES").ok().filter(|server| !server.is_empty())?;
    let more = if server.contains('?') { '&' } else { '?' };
    Some(format!("{server}{more}schema={name}"))
}

/// Another name for every call of every process; the folder's random name tells processes with one number apart.
fn schema_for(folder: &TempDir) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = folder.path().file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let random: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("t{}_{next}_{random}", process::id())
}
