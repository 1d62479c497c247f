//! Records that are lines, and the header lines between them.

use std::sync::Arc;

use memchr::{memchr, memchr_iter};

use super::{Dialect, Place, Unread};
use crate::limit::{CSV_RECORD_BYTES_MAX, CSV_RECORD_LINES_MAX, RECORD_BYTES_MAX};
use crate::read::blocks::{Pieces, too_long};
use crate::{Format, csv_file, zeek};

/// Cuts at line ends.
#[derive(Debug)]
pub(crate) struct Lines {
    dialect: Arc<Dialect>,
    /// What header lines said since the last record; it becomes the dialect before the next one.
    coming: Option<Dialect>,
    /// The line the window begins on, from 1.
    line: u64,
    /// Bytes of the window that hold no line end.
    searched: usize,
    /// The beginning of a line that is too long, which is being passed over.
    too_long: Option<Unread>,
    /// The header line of a CSV file, to know it again.
    csv_header: Vec<u8>,
}

impl Lines {
    pub(crate) fn new(dialect: Arc<Dialect>) -> Self {
        Self { dialect, coming: None, line: 1, searched: 0, too_long: None, csv_header: Vec::new() }
    }

    pub(crate) fn dialect(&self) -> &Arc<Dialect> {
        &self.dialect
    }

    /// Cuts what it can of the window, which begins at `offset` of the stream, and returns how much that is.
    pub(crate) fn cut(&mut self, window: &[u8], offset: u64, end: bool, pieces: &mut Pieces) -> usize {
        let mut start = match self.pass_over(window, end, pieces) {
            Some(start) => start,
            None => return window.len(),
        };
        while start < window.len() {
            let Some(length) = self.record_length(window, start, end) else { break };
            let whole = window.get(start..start + length).unwrap_or_default();
            let record = trim_line_end(whole);
            let place = Place { offset: offset + start as u64, line: self.line };
            if is_blank(record) || self.is_header(record) {
            } else if self.coming.is_some() && !pieces.records.is_empty() {
                return start;
            } else {
                if let Some(coming) = self.coming.take() {
                    self.dialect = Arc::new(coming);
                }
                if record.len() > RECORD_BYTES_MAX {
                    pieces.unread.push(Unread::new(place, record, too_long(record.len() as u64)));
                } else {
                    pieces.records.push((place, start..start + record.len()));
                }
            }
            self.line += if self.dialect.format == Format::Csv { count_lines(whole) } else { 1 };
            start += length;
            self.searched = 0;
        }
        if window.len() - start > RECORD_BYTES_MAX && !end {
            let rest = window.get(start..).unwrap_or_default();
            let place = Place { offset: offset + start as u64, line: self.line };
            self.too_long = Some(Unread::new(place, rest, ""));
            return window.len();
        }
        start
    }

    /// The length of the record at `start` with its line end; `None` when more must be read to know.
    fn record_length(&mut self, window: &[u8], start: usize, end: bool) -> Option<usize> {
        let rest = window.get(start..).unwrap_or_default();
        let at_end = end.then_some(rest.len()).filter(|length| *length > 0);
        let unsearched = rest.get(self.searched..).unwrap_or_default();
        let Some(found) = memchr(b'\n', unsearched) else {
            self.searched = rest.len();
            return at_end;
        };
        let line = self.searched + found + 1;
        if self.dialect.format != Format::Csv {
            return Some(line);
        }
        // Looked at again from its start when more has been read; the limits keep that short.
        let mut quotes = memchr_iter(b'"', rest.get(..line).unwrap_or_default()).count();
        let mut length = line;
        for _ in 1..CSV_RECORD_LINES_MAX {
            if quotes.is_multiple_of(2) {
                return Some(length);
            }
            if length > CSV_RECORD_BYTES_MAX {
                break;
            }
            let after = rest.get(length..).unwrap_or_default();
            let Some(found) = memchr(b'\n', after) else {
                return if end { Some(line) } else { None };
            };
            quotes += memchr_iter(b'"', after.get(..found).unwrap_or_default()).count();
            length += found + 1;
        }
        Some(line)
    }

    /// Goes on passing over a line that is too long. `None`: the window is all of that line.
    fn pass_over(&mut self, window: &[u8], end: bool, pieces: &mut Pieces) -> Option<usize> {
        let Some(unread) = &mut self.too_long else { return Some(0) };
        let found = memchr(b'\n', window);
        unread.bytes += found.unwrap_or(window.len()) as u64;
        if found.is_none() && !end {
            return None;
        }
        unread.reason = too_long(unread.bytes);
        pieces.unread.extend(self.too_long.take());
        self.searched = 0;
        self.line += 1;
        found.map(|found| found + 1)
    }

    /// Takes in a header or comment line. Says whether it was one.
    fn is_header(&mut self, line: &[u8]) -> bool {
        match self.dialect.format {
            Format::ZeekTsv | Format::W3c if line.first() == Some(&b'#') => {
                let text = String::from_utf8_lossy(line);
                let mut dialect = self.coming.take().unwrap_or_else(|| (*self.dialect).clone());
                if self.dialect.format == Format::W3c {
                    w3c_header(&text, &mut dialect);
                } else {
                    zeek::header(&text, &mut dialect);
                }
                self.coming = Some(dialect);
                true
            }
            Format::Csv => self.is_csv_header(line),
            _ => false,
        }
    }

    fn is_csv_header(&mut self, line: &[u8]) -> bool {
        if !self.csv_header.is_empty() {
            return line == self.csv_header || line.first() == Some(&b'#');
        }
        let delimiter = self.dialect.delimiter.unwrap_or(b',');
        let text = super::charset::decode(line, self.dialect.charset);
        let columns = match csv_file::header(&text, delimiter) {
            Some(columns) => columns,
            None if line.first() == Some(&b'#') => return true,
            None if self.dialect.given => forced_columns(&text, delimiter),
            None => return false,
        };
        self.csv_header = line.to_vec();
        self.coming = Some(Dialect { columns, ..(*self.dialect).clone() });
        true
    }
}

/// The first line is the header because somebody said so.
fn forced_columns(line: &str, delimiter: u8) -> Vec<String> {
    let mut columns = Vec::new();
    match csv_file::split(line, delimiter, &mut columns) {
        Ok(()) => columns,
        Err(_) => line.split(char::from(delimiter)).map(str::to_owned).collect(),
    }
}

fn w3c_header(line: &str, dialect: &mut Dialect) {
    let fields = line.get(.."#Fields:".len()).filter(|start| start.eq_ignore_ascii_case("#fields:"));
    if let Some(names) = fields.and_then(|start| line.get(start.len()..)) {
        dialect.columns = names.split_whitespace().map(str::to_owned).collect();
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    u64::max(memchr_iter(b'\n', bytes).count() as u64, 1)
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn is_blank(record: &[u8]) -> bool {
    record.first().is_none_or(|first| *first <= b' ' && record.trim_ascii().is_empty())
}
