//! A statement put together from parts, with its values bound.

use std::fmt::{Display, Write as _};

use sqlx::any::{Any, AnyArguments, AnyRow};
use sqlx::query::{Query, QueryAs, QueryScalar};
use sqlx::{Arguments as _, AssertSqlSafe, Encode, FromRow, Type};

/// Puts a statement together. Written here because the one of sqlx writes `?` for an engine that it does not know,
/// and only SQLite takes that; both take `$1`.
#[derive(Default)]
pub struct Builder {
    sql: String,
    arguments: AnyArguments,
}

impl Builder {
    /// Begins with this.
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), ..Self::default() }
    }

    /// Adds text as it is: never what came from outside.
    pub fn push(&mut self, sql: impl Display) -> &mut Self {
        // A String takes everything.
        let _ = write!(self.sql, "{sql}");
        self
    }

    /// Adds a place for a value, and the value.
    pub fn push_bind<'v, T: Encode<'v, Any> + Type<Any>>(&mut self, value: T) -> &mut Self {
        match self.arguments.add(value) {
            Ok(()) => self.push(format_args!("${}", self.arguments.len())),
            // Text and numbers always can. The statement must then fail, not run with its values shifted.
            Err(_) => self.push("a value that cannot be bound"),
        }
    }

    /// A list: whatever is pushed to it stands between `separator`.
    pub fn separated(&mut self, separator: &'static str) -> Separated<'_> {
        Separated { builder: self, separator, begun: false }
    }

    /// Adds `VALUES (…), (…)`, one row for each of `rows`; `VALUES ` alone for none, which no engine takes.
    pub fn push_values<R>(
        &mut self,
        rows: impl IntoIterator<Item = R>,
        mut push_row: impl FnMut(Separated<'_>, R),
    ) -> &mut Self {
        self.push("VALUES ");
        for (place, row) in rows.into_iter().enumerate() {
            self.push(if place == 0 { "(" } else { ", (" });
            push_row(self.separated(", "), row);
            self.push(")");
        }
        self
    }

    /// The statement, which takes the values with it.
    pub fn build<'q>(&mut self) -> Query<'q, Any, AnyArguments> {
        let (sql, arguments) = self.take();
        sqlx::query_with(sql, arguments)
    }

    /// The statement, each of whose rows becomes a tuple.
    pub fn build_query_as<'q, T: for<'r> FromRow<'r, AnyRow>>(
        &mut self,
    ) -> QueryAs<'q, Any, T, AnyArguments> {
        let (sql, arguments) = self.take();
        sqlx::query_as_with(sql, arguments)
    }

    /// The statement, of which the first column is wanted.
    pub fn build_query_scalar<'q, T>(&mut self) -> QueryScalar<'q, Any, T, AnyArguments>
    where
        (T,): for<'r> FromRow<'r, AnyRow>,
    {
        let (sql, arguments) = self.take();
        sqlx::query_scalar_with(sql, arguments)
    }

    fn take(&mut self) -> (AssertSqlSafe<String>, AnyArguments) {
        // The text holds only what `push` was given, and that never comes from outside.
        (AssertSqlSafe(std::mem::take(&mut self.sql)), std::mem::take(&mut self.arguments))
    }
}

/// A list inside a [`Builder`].
pub struct Separated<'b> {
    builder: &'b mut Builder,
    separator: &'static str,
    begun: bool,
}

impl Separated<'_> {
    /// Adds text as it is.
    pub fn push(&mut self, sql: impl Display) -> &mut Self {
        self.separate();
        self.builder.push(sql);
        self
    }

    /// Adds a place for a value, and the value.
    pub fn push_bind<'v, T: Encode<'v, Any> + Type<Any>>(&mut self, value: T) -> &mut Self {
        self.separate();
        self.builder.push_bind(value);
        self
    }

    /// Adds text to what was pushed last.
    pub fn push_unseparated(&mut self, sql: impl Display) -> &mut Self {
        self.builder.push(sql);
        self
    }

    fn separate(&mut self) {
        if self.begun {
            self.builder.push(self.separator);
        }
        self.begun = true;
    }
}
