//! Workbooks: each sheet is a table with a header.

use std::io::{Cursor, Read as _, copy, sink};
use std::sync::Arc;

use calamine::{DataRef, Reader as _, Xlsx};
use jiff::Span;
use jiff::civil::{Date, date};

use super::written::column;
use super::{ROWS_MAX, Written};
use crate::Error;

/// What a workbook may come to when it is unpacked.
pub const EXPANDED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The most files inside a workbook.
const PARTS_MAX: usize = 1000;
const SHEETS_MAX: usize = 50;
/// The most columns of a sheet; the registry knows fewer.
const COLUMNS_MAX: usize = 100;

/// Reads every sheet that has a header of known columns. A sheet without a single cell is nothing.
pub(super) fn rows(file: &[u8]) -> Result<Vec<Written>, Error> {
    check_expansion(file)?;
    let mut book: Xlsx<_> =
        calamine::open_workbook_from_rs(Cursor::new(file)).map_err(|error| unreadable(0, error))?;
    let names = book.sheet_names();
    if names.len() > SHEETS_MAX {
        return Err(Error::TooLarge { limit: SHEETS_MAX, unit: "sheets" });
    }
    let mut rows = Vec::new();
    for name in names {
        sheet(&mut book, &name, &mut rows)?;
    }
    Ok(rows)
}

/// Unpacks everything once into nothing, because what a ZIP says of its sizes is only what it says.
fn check_expansion(file: &[u8]) -> Result<(), Error> {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).map_err(|error| unreadable(0, error))?;
    if archive.len() > PARTS_MAX {
        return Err(Error::TooLarge { limit: PARTS_MAX, unit: "parts" });
    }
    let mut left = EXPANDED_BYTES_MAX;
    for place in 0..archive.len() {
        let part = archive.by_index(place).map_err(|error| unreadable(0, error))?;
        let expanded = copy(&mut part.take(left + 1), &mut sink()).map_err(|error| unreadable(0, error))?;
        let limit = usize::try_from(EXPANDED_BYTES_MAX).unwrap_or(usize::MAX);
        left = left.checked_sub(expanded).ok_or(Error::TooLarge { limit, unit: "bytes when unpacked" })?;
    }
    Ok(())
}

/// Cell by cell: a sheet that claims to reach to the last column of the last row has few cells all the same.
fn sheet(book: &mut Xlsx<Cursor<&[u8]>>, name: &str, rows: &mut Vec<Written>) -> Result<(), Error> {
    let mut cells = book.worksheet_cells_reader(name).map_err(|error| unreadable(0, error))?;
    let mut header: Option<Arc<[&'static str]>> = None;
    let mut row: Option<(u32, Vec<String>)> = None;
    loop {
        let cell = cells.next_cell().map_err(|error| unreadable(0, error))?;
        let at = cell.as_ref().map(calamine::Cell::get_position);
        if let Some((line, texts)) = row.take_if(|(line, _)| at.is_none_or(|(row, _)| row != *line)) {
            finish(line, texts, &mut header, rows)?;
        }
        let (Some(cell), Some((line, place))) = (cell, at) else { return Ok(()) };
        let text = text(cell.get_value());
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        if text.is_empty() {
            continue;
        }
        if place >= COLUMNS_MAX {
            return Err(Error::TooLarge { limit: COLUMNS_MAX, unit: "columns" });
        }
        let (_, texts) = row.get_or_insert_with(|| (line, Vec::new()));
        if texts.len() <= place {
            texts.resize(place + 1, String::new());
        }
        texts[place] = text;
    }
}

fn finish(
    line: u32,
    texts: Vec<String>,
    header: &mut Option<Arc<[&'static str]>>,
    rows: &mut Vec<Written>,
) -> Result<(), Error> {
    let line = u64::from(line) + 1;
    let Some(columns) = header else {
        let columns = texts.iter().map(|name| {
            let reason = || format!("no column is called {name:?}");
            column(name.trim()).ok_or_else(|| Error::Unreadable { line, reason: reason() })
        });
        *header = Some(columns.collect::<Result<_, _>>()?);
        return Ok(());
    };
    if texts.len() > columns.len() {
        return Err(Error::Unreadable {
            line,
            reason: "a cell stands beside the columns of the header".to_owned(),
        });
    }
    if rows.len() == ROWS_MAX {
        return Err(Error::TooLarge { limit: ROWS_MAX, unit: "rows" });
    }
    rows.push(Written::new(line, columns.clone(), texts.into()));
    Ok(())
}

/// A cell as somebody would type it.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Int(number) => number.to_string(),
        // Every number of a workbook is a fraction; `f64` prints whole ones without a point.
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        DataRef::DateTime(time) => {
            day(time.as_f64()).map_or_else(|| time.as_f64().to_string(), |day| day.to_string())
        }
        DataRef::Error(error) => error.to_string(),
        _ => String::new(),
    }
}

/// The day of a serial number. Day 0 is written as 30 December 1899 because spreadsheets believe in 29 February 1900.
fn day(serial: f64) -> Option<Date> {
    const ZERO: Date = date(1899, 12, 30);
    if !(61.0..2_958_466.0).contains(&serial) {
        return None;
    }
    let days = Span::new().try_days(serial as i64).ok()?;
    ZERO.checked_add(days).ok()
}

fn unreadable(line: u64, error: impl std::fmt::Display) -> Error {
    Error::Unreadable { line, reason: error.to_string().chars().take(200).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_the_day_that_the_spreadsheet_shows() {
        assert_eq!(day(61.0), Some(date(1900, 3, 1)));
        assert_eq!(day(46_113.75), Some(date(2026, 4, 1)));
        assert_eq!(day(2_958_465.0), Some(date(9999, 12, 31)));
        assert_eq!((day(f64::NAN), day(-1.0), day(1e300)), (None, None, None));
    }

    #[test]
    fn what_is_no_workbook_is_refused() {
        assert!(matches!(rows(b"record,organisation\n"), Err(Error::Unreadable { .. })));
        assert!(matches!(
            rows(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            Err(Error::Unreadable { .. })
        ));
    }
}
