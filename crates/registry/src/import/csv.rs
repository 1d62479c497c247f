//! One table with a header: each row is an organisation or something it owns.

use super::{Plan, ROWS_MAX, Written, check_size, plan};
use crate::{Error, Registry};

/// Reads a CSV file and plans what becomes of its rows. Columns may come in any order and be left out; a column nobody
/// knows refuses the file, because a misspelt one would silently lose its values.
pub fn csv(text: &str, registry: &Registry) -> Result<Plan, Error> {
    check_size(text)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(false).from_reader(text.as_bytes());
    let header = reader.headers().map_err(unreadable)?.clone();
    if let Some(stranger) = header.iter().find(|name| column(&mut Written::default(), name).is_none()) {
        return Err(Error::Unreadable { line: 1, reason: format!("no column is called {stranger:?}") });
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        if rows.len() == ROWS_MAX {
            return Err(Error::TooLarge { limit: ROWS_MAX, unit: "rows" });
        }
        let mut row =
            Written { line: record.position().map_or(0, csv::Position::line), ..Written::default() };
        for (name, value) in header.iter().zip(record.iter()) {
            if let Some(place) = column(&mut row, name) {
                *place = value.to_owned();
            }
        }
        rows.push(row);
    }
    Ok(plan::plan(rows, registry))
}

fn column<'w>(row: &'w mut Written, name: &str) -> Option<&'w mut String> {
    Some(match name {
        "record" => &mut row.record,
        "organisation" => &mut row.organisation,
        "name_ja" => &mut row.name_ja,
        "name_en" => &mut row.name_en,
        "kind" => &mut row.kind,
        "parent" => &mut row.parent,
        "order" => &mut row.order,
        "value" => &mut row.value,
        "valid_from" => &mut row.valid_from,
        "valid_until" => &mut row.valid_until,
        "criticality" => &mut row.criticality,
        "system" => &mut row.system,
        "device_class" => &mut row.device_class,
        _ => return None,
    })
}

fn unreadable(error: csv::Error) -> Error {
    let line = error.position().map_or(0, csv::Position::line);
    Error::Unreadable { line, reason: error.to_string() }
}
