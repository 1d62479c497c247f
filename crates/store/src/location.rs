//! Where the control database is: a file, or a schema of a PostgreSQL server.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

use crate::Error;

/// Which database does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// One file, in this process.
    Sqlite,
    /// A server.
    Postgres,
}

/// Where the control database is. What is shown of it never has a password.
#[derive(Clone)]
pub struct Location(Place);

#[derive(Clone)]
enum Place {
    File(PathBuf),
    Server { url: Url, schema: Option<String> },
}

impl Location {
    /// A file of SQLite; its folder must be there when it is opened.
    pub fn file(path: &Path) -> Self {
        Self(Place::File(path.to_owned()))
    }

    /// A PostgreSQL server, `postgres://user:password@host:port/database`. `?schema=name` keeps the tables in a schema
    /// of that name, which is made when it is not there; everything else after `?` is as in libpq (`sslmode`,
    /// `sslrootcert`, `host` for the folder of a socket). A password may also come from [`Location::with_password`],
    /// the environment (`PGPASSWORD`) or `~/.pgpass`.
    pub fn server(url: &str) -> Result<Self, Error> {
        let mut url: Url = url.parse().map_err(|_| Error::Location("this is not a URL"))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(Error::Location("it does not begin with postgres://"));
        }
        let (schemas, others): (Vec<_>, Vec<_>) = url
            .query_pairs()
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .partition(|(key, _)| key == "schema");
        let schema = schemas.into_iter().next_back().map(|(_, name)| name);
        if schema.as_deref().is_some_and(|name| !is_plain(name)) {
            return Err(Error::Location("a schema is named with small letters, digits and _"));
        }
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        if let Some(name) = &schema {
            url.query_pairs_mut().append_pair("options[search_path]", name);
        }
        Ok(Self(Place::Server { url, schema }))
    }

    /// The same server with this password.
    pub fn with_password(mut self, password: &str) -> Result<Self, Error> {
        if let Place::Server { url, .. } = &mut self.0 {
            let refused = Error::Location("a password needs a user and a host");
            url.set_password(Some(password)).map_err(|()| refused)?;
        }
        Ok(self)
    }

    /// Whether a password is written in it.
    pub fn has_password(&self) -> bool {
        matches!(&self.0, Place::Server { url, .. } if url.password().is_some())
    }

    /// Which engine it needs.
    pub fn engine(&self) -> Engine {
        match self.0 {
            Place::File(_) => Engine::Sqlite,
            Place::Server { .. } => Engine::Postgres,
        }
    }

    /// The file, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Place::File(path) => Some(path),
            Place::Server { .. } => None,
        }
    }

    pub(crate) fn schema(&self) -> Option<&str> {
        match &self.0 {
            Place::Server { schema, .. } => schema.as_deref(),
            Place::File(_) => None,
        }
    }

    /// What sqlx connects to. Has the password.
    pub(crate) fn url(&self) -> Result<Url, Error> {
        match &self.0 {
            Place::Server { url, .. } => Ok(url.clone()),
            Place::File(path) => {
                let path =
                    path.to_str().ok_or(Error::Location("the path of a database file must be UTF-8"))?;
                // Every byte escaped that could mean something in a URL, so that any file name is only a name.
                let mut url = String::from("sqlite://");
                for byte in path.bytes() {
                    match byte {
                        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' => url.push(byte.into()),
                        _ => url.push_str(&format!("%{byte:02X}")),
                    }
                }
                url.push_str("?mode=rwc");
                url.parse().map_err(|_| Error::Location("this path cannot be opened as a database"))
            }
        }
    }
}

/// A URL of PostgreSQL, or else the path of a file.
impl FromStr for Location {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once("://") {
            Some(_) => Self::server(text),
            None => Ok(Self::file(Path::new(text))),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::File(path) => path.display().fmt(to),
            Place::Server { url, schema } => {
                let path = url.path().trim_start_matches('/');
                write!(to, "postgres://{}/{path}", url.host_str().unwrap_or_default())?;
                schema.iter().try_for_each(|schema| write!(to, " ({schema})"))
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, to)
    }
}

/// Whether PostgreSQL takes a name without quotes.
fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.len() <= SCHEMA_BYTES_MAX
}

/// The longest name that PostgreSQL keeps whole.
const SCHEMA_BYTES_MAX: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let location =
            Location::server("postgres://noroshi:hi-mi-tsu@db.example:5433/centre?schema=watch").unwrap();
        let location = location.with_password("moxtu-to@himitu/?").unwrap();
        for shown in [format!("{location}"), format!("{location:?}")] {
            assert_eq!(shown, "postgres://db.example/centre (watch)");
        }
        let told = location.url().unwrap();
        assert_eq!(told.password(), Some("moxtu-to%40himitu%2F%3F"));
        assert_eq!(told.query(), Some("options%5Bsearch_path%5D=watch"));
        let wrong = Location::server("postgres://noroshi:hi-mi-tsu@[::1/centre").unwrap_err();
        assert!(!format!("{wrong} {wrong:?}").contains("hi-mi"));
    }

    #[test]
    fn only_what_can_be_a_server_is_taken_for_one() {
        for wrong in
            ["", "noroshi.sqlite", "mysql://x/y", "postgres://h/d?schema=A", "postgres://h/d?schema=a-b"]
        {
            assert!(matches!(Location::server(wrong), Err(Error::Location(_))), "{wrong}");
        }
        let socket =
            Location::server("postgres://noroshi@%2Frun%2Fpostgresql/noroshi?sslmode=disable").unwrap();
        assert_eq!(socket.url().unwrap().query(), Some("sslmode=disable"));
        assert_eq!(socket.engine(), Engine::Postgres);
    }
}
