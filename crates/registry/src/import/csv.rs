//! One table with a header: each row is an organisation or something that belongs to one.

use super::written::column;
use super::{ROWS_MAX, Written};
use crate::Error;

/// Reads a CSV file. Columns may come in any order and be left out; a column nobody knows refuses the file, because a
/// misspelt one would silently lose its values.
pub(super) fn rows(text: &str) -> Result<Vec<Written>, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(false).from_reader(text.as_bytes());
    let header = reader.headers().map_err(unreadable)?;
    let header = header
        .iter()
        .map(|name| {
            let stranger = || Error::Unreadable { line: 1, reason: format!("no column is called {name:?}") };
            column(name).ok_or_else(stranger)
        })
        .collect::<Result<std::sync::Arc<[_]>, _>>()?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        if rows.len() == ROWS_MAX {
            return Err(Error::TooLarge { limit: ROWS_MAX, unit: "rows" });
        }
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(Written::new(line, header.clone(), record));
    }
    Ok(rows)
}

fn unreadable(error: csv::Error) -> Error {
    let line = error.position().map_or(0, csv::Position::line);
    Error::Unreadable { line, reason: error.to_string() }
}
