//! Responses and rosters as CSV.
//!
//! A value may stand in quotation marks, but a row ends where its line does: so a file can be cut at any line and its
//! parts be read side by side.

use std::io::{BufRead, Read};

use memchr::{memchr, memchr_iter};

use super::collect::Collector;
use crate::answer::Answer;
use crate::error::Error;

/// The columns of a file of responses.
pub const RESPONSES: [&str; 5] = ["organisation", "person", "role", "item", "answer"];
/// The columns of a roster. What stands under `excluded` is the reason; empty means asked.
pub const ROSTER: [&str; 4] = ["organisation", "person", "role", "excluded"];

/// The longest line.
const LINE_BYTES_MAX: usize = 64 << 10;
/// Columns that are looked at, at most.
const COLUMNS_MAX: usize = 64;
/// Bytes read at a time.
const BLOCK_BYTES: usize = 1 << 20;

/// Where the columns that are wanted stand, in a file and its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<const N: usize> {
    columns: [usize; N],
    width: usize,
}

/// Reads the header line and finds the columns; others may stand beside them.
pub fn header<const N: usize>(line: &[u8], needed: [&'static str; N]) -> Result<Part<N>, Error> {
    let line = trimmed(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line));
    let mut fields = Fields::default();
    fields.split(line);
    let mut columns = [0; N];
    for (place, column) in columns.iter_mut().zip(needed) {
        let found = (0..fields.len).position(|number| fields.get(number).trim_ascii() == column.as_bytes());
        *place = found.ok_or_else(|| Error::NoColumn { column, needed: needed.join(", ") })?;
    }
    Ok(Part { columns, width: fields.len })
}

/// Reads rows of responses that follow a header, up to the end, into `into`. Rows are numbered from `first_row` on.
pub fn read_responses(
    input: impl Read,
    part: &Part<5>,
    first_row: u64,
    into: &mut Collector,
) -> Result<u64, Error> {
    let plain = part.columns == [0, 1, 2, 3, 4] && part.width == 5;
    let mut reader =
        Reader { fields: Fields::default(), part, seen: Default::default(), prefix: Vec::new(), role: None };
    each_line(input, first_row, |line, row| {
        if !(plain && reader.same_person(line, row, into)) {
            reader.whole_row(line, row, plain, into);
        }
        !into.has_enough()
    })
}

/// Reads the rows of a roster that follow its header.
pub fn read_roster(
    input: impl Read,
    part: &Part<4>,
    first_row: u64,
    into: &mut Collector,
) -> Result<u64, Error> {
    let mut fields = Fields::default();
    each_line(input, first_row, |line, row| {
        if fields.check(line, part.width, row, into) {
            let [organisation, person, role, excluded] = part.columns.map(|column| fields.get(column));
            let found = (into.organisation(organisation, row), into.role(role, row));
            if let (Some(organisation), Some(role)) = found
                && into.turn_to(organisation, role, person, row).is_some()
            {
                into.enrol(!excluded.trim_ascii().is_empty(), row);
            }
        }
        !into.has_enough()
    })
}

/// Calls `each` with every line that is not empty, without its end, until it says false. Returns the number of lines.
fn each_line(
    input: impl Read,
    first_row: u64,
    mut each: impl FnMut(&[u8], u64) -> bool,
) -> Result<u64, Error> {
    let mut input = std::io::BufReader::with_capacity(BLOCK_BYTES, input);
    let mut rest: Vec<u8> = Vec::new();
    let mut row = first_row;
    loop {
        let block = input.fill_buf()?;
        let used = block.len();
        if used == 0 {
            break;
        }
        let mut start = 0;
        for end in memchr_iter(b'\n', block) {
            let line = match rest.is_empty() {
                true => &block[start..end],
                false => {
                    rest.extend_from_slice(&block[start..end]);
                    &rest[..]
                }
            };
            let line = trimmed(line);
            if !line.is_empty() && !each(line, row) {
                return Ok(row + 1 - first_row);
            }
            rest.clear();
            row += 1;
            start = end + 1;
        }
        rest.extend_from_slice(&block[start..]);
        if rest.len() > LINE_BYTES_MAX {
            return Err(Error::TooMany { limit: LINE_BYTES_MAX, unit: "bytes in a line" });
        }
        input.consume(used);
    }
    let last = trimmed(&rest);
    if !last.is_empty() {
        each(last, row);
        row += 1;
    }
    Ok(row - first_row)
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

struct Reader<'p> {
    fields: Fields,
    part: &'p Part<5>,
    /// Organisation, person and role of the row before, when they could be counted.
    seen: [Vec<u8>; 3],
    /// The same as the row begins in a file of these five columns in this order; empty when unknown.
    prefix: Vec<u8>,
    role: Option<usize>,
}

impl Reader<'_> {
    /// The row of the same person as the one before, without quotation marks: nearly every row. False when it is not
    /// one, and nothing was done.
    fn same_person(&mut self, line: &[u8], row: u64, into: &mut Collector) -> bool {
        let Some(role) = self.role.filter(|_| !self.prefix.is_empty()) else { return false };
        let Some(rest) = line.strip_prefix(&self.prefix[..]) else { return false };
        let (expected, name) = into.next_item();
        let (item, answer) = match rest.strip_prefix(name) {
            Some([b',', answer @ ..]) if !name.is_empty() => (Some(expected), answer),
            _ => {
                let Some(comma) = memchr(b',', rest) else { return false };
                if rest.first() == Some(&b'"') {
                    return false;
                }
                (None, &rest[comma + 1..])
            }
        };
        let Some(answer) = Answer::of_bytes(answer) else { return false };
        let item = item.or_else(|| into.item(role, &rest[..memchr(b',', rest).unwrap_or(0)], row));
        if let Some(item) = item {
            into.answer(item, answer, row);
        }
        true
    }

    fn whole_row(&mut self, line: &[u8], row: u64, plain: bool, into: &mut Collector) {
        if !self.fields.check(line, self.part.width, row, into) {
            return;
        }
        let [organisation, person, role, item, answer] =
            self.part.columns.map(|column| self.fields.get(column));
        let key = [organisation, person, role];
        if self.role.is_none() || !self.seen.iter().zip(key).all(|(seen, now)| seen == now) {
            self.prefix.clear();
            self.role = into.turn(organisation, person, role, row);
            for (seen, now) in self.seen.iter_mut().zip(key) {
                seen.clear();
                seen.extend_from_slice(now);
            }
            if plain && memchr(b'"', line).is_none() {
                self.prefix = [organisation, b",", person, b",", role, b","].concat();
            }
        }
        let Some(role) = self.role else { return };
        let Some(answer) = Answer::of_bytes(answer) else {
            let shown = String::from_utf8_lossy(answer.get(..40).unwrap_or(answer)).into_owned();
            into.wrong(row, "answer", format!("{shown:?} is not done, not_done, no_duty or empty"));
            return;
        };
        if let Some(item) = into.item(role, item, row) {
            into.answer(item, answer, row);
        }
    }
}

/// The values of one row; those in quotation marks are unpacked.
#[derive(Default)]
struct Fields {
    text: Vec<u8>,
    ends: Vec<usize>,
    len: usize,
    /// A quotation mark stands where none may.
    broken: bool,
}

impl Fields {
    fn get(&self, number: usize) -> &[u8] {
        let start = if number == 0 { 0 } else { self.ends.get(number - 1).copied().unwrap_or(0) };
        let end = self.ends.get(number).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or(&[])
    }

    /// Splits a row and notes it when it is none.
    fn check(&mut self, line: &[u8], width: usize, row: u64, into: &mut Collector) -> bool {
        self.split(line);
        if self.broken {
            into.wrong(
                row,
                "row",
                "a quotation mark is not closed before the line ends, or stands inside a value",
            );
        } else if self.len != width {
            into.wrong(row, "row", format!("has {} values, the header has {width}", self.len));
        }
        !self.broken && self.len == width
    }

    fn split(&mut self, line: &[u8]) {
        self.text.clear();
        self.ends.clear();
        (self.len, self.broken) = (0, false);
        let mut rest = Some(line);
        while let Some(line) = rest {
            rest = match line {
                [b'"', quoted @ ..] => self.quoted(quoted),
                plain => {
                    let end = memchr(b',', plain).unwrap_or(plain.len());
                    self.text.extend_from_slice(&plain[..end]);
                    plain.get(end + 1..)
                }
            };
            self.len += 1;
            if self.len > COLUMNS_MAX {
                self.broken = true;
                return;
            }
            self.ends.push(self.text.len());
        }
    }

    /// Unpacks a value up to its closing mark, and returns what follows the comma after it.
    fn quoted<'l>(&mut self, mut rest: &'l [u8]) -> Option<&'l [u8]> {
        loop {
            let Some(mark) = memchr(b'"', rest) else {
                self.broken = true;
                return None;
            };
            self.text.extend_from_slice(&rest[..mark]);
            rest = &rest[mark + 1..];
            match rest {
                [b'"', more @ ..] => {
                    self.text.push(b'"');
                    rest = more;
                }
                [b',', next @ ..] => return Some(next),
                [] => return None,
                _ => {
                    self.broken = true;
                    return None;
                }
            }
        }
    }
}
