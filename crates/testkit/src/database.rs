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
        let location = match env::var("NOROSHI_TEST_POSTGRES") {
            Ok(server) if !server.is_empty() => {
                let more = if server.contains('?') { '&' } else { '?' };
                format!("{server}{more}schema={}", schema_for(&folder))
            }
            _ => folder.path().join("control.db").display().to_string(),
        };
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

/// Another name for every call of every process; the folder's random name tells processes with one number apart.
fn schema_for(folder: &TempDir) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = folder.path().file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let random: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("t{}_{next}_{random}", process::id())
}
