//! Records that are JSON values: elements of a list, of a wrapper such as `{"Records":[…]}`, or one after another,
//! printed over many lines or all on one.

use std::sync::Arc;

use memchr::memmem;

use super::{Dialect, Place, Unread};
use crate::json::{Outcome, Scan};
use crate::limit::{RECOGNISE_BYTES, RECORD_BYTES_MAX, RESYNC_BYTES_MAX};
use crate::read::blocks::{Pieces, too_long};

/// Cuts at the brackets of each value.
#[derive(Debug)]
pub(crate) struct Values {
    dialect: Arc<Dialect>,
    line: u64,
    inside: Vec<Inside>,
    /// What was seen of the value at the window's beginning.
    scan: Option<Scan>,
    /// What was passed over behind the list of a wrapper; nothing is lost with it if the wrapper ends well.
    behind_list: Option<Unread>,
    /// A broken value that is being passed over, and what the next one begins with.
    broken: Option<(Unread, Opening)>,
    /// The white space before the value on its line, when nothing else stands there.
    indent: Option<Vec<u8>>,
    /// Whether top-level objects are wrappers; decided by the first.
    wrapped: Option<bool>,
    /// Bytes looked at more than once, less those since done with.
    looked_at_again: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// Behind the list of a wrapper: what follows up to its end are no records.
    Wrapper,
    List,
}

/// How to know where the next value begins when one is broken: as the broken one began.
#[derive(Clone, Debug)]
struct Opening {
    pattern: Vec<u8>,
    /// Where in the pattern the value begins.
    value_at: usize,
}

/// Indentation beyond this is not remembered.
const INDENT_BYTES_MAX: usize = 64;

impl Values {
    pub(crate) fn new(dialect: Arc<Dialect>) -> Self {
        Self {
            dialect,
            line: 1,
            inside: Vec::new(),
            scan: None,
            behind_list: None,
            broken: None,
            indent: Some(Vec::new()),
            wrapped: None,
            looked_at_again: 0,
        }
    }

    pub(crate) fn dialect(&self) -> &Arc<Dialect> {
        &self.dialect
    }

    pub(crate) fn cut(&mut self, window: &[u8], offset: u64, end: bool, pieces: &mut Pieces) -> usize {
        let mut at = 0;
        loop {
            let from = at;
            if self.scan.is_none() && self.broken.is_none() {
                at += self.skip_between(window.get(at..).unwrap_or_default());
            }
            let rest = window.get(at..).unwrap_or_default();
            let place = Place { offset: offset + at as u64, line: self.line };
            let step = match (self.inside.last(), rest.first()) {
                (_, None) if !end || (self.broken.is_none() && self.behind_list.is_none()) => break,
                _ if self.broken.is_some() => self.pass_over(rest, end, pieces),
                (Some(Inside::Wrapper), _) => self.wrapper_end(rest, place, end, pieces),
                (Some(Inside::List), Some(b']')) => {
                    self.inside.pop();
                    Some(1)
                }
                (None, Some(b'[')) => {
                    self.inside.push(Inside::List);
                    self.indent = None;
                    Some(1)
                }
                (None, Some(b'{')) if self.scan.is_none() && self.wrapped != Some(false) => {
                    match self.open_wrapper(rest, end) {
                        Some(0) => self.value(rest, at, place, end, pieces),
                        other => other,
                    }
                }
                (_, Some(b'{' | b'[')) => self.value(rest, at, place, end, pieces),
                _ => self.junk(rest, at, place, end, pieces),
            };
            let Some(step) = step else { break };
            self.line += count(rest.get(..step).unwrap_or_default());
            at += step;
            self.looked_at_again = self.looked_at_again.saturating_sub((at - from) as u64);
            if at >= window.len() && self.broken.is_none() {
                break;
            }
            if step == 0 && self.broken.is_some() && !end {
                break;
            }
        }
        at
    }

    /// White space and commas, with the indentation they make.
    fn skip_between(&mut self, rest: &[u8]) -> usize {
        let mut length = 0;
        for byte in rest {
            match byte {
                b'\n' => {
                    self.indent = Some(Vec::new());
                    self.line += 1;
                }
                b' ' | b'\t' => {
                    self.indent = self.indent.take().filter(|indent| indent.len() < INDENT_BYTES_MAX);
                    if let Some(indent) = &mut self.indent {
                        indent.push(*byte);
                    }
                }
                b'\r' | 0x1e => {}
                b',' => self.indent = None,
                _ => break,
            }
            length += 1;
        }
        length
    }

    /// An object or list that is a record.
    fn value(
        &mut self,
        rest: &[u8],
        at: usize,
        place: Place,
        end: bool,
        pieces: &mut Pieces,
    ) -> Option<usize> {
        let scan = self.scan.get_or_insert_default();
        let (seen, reason) = match scan.run(rest) {
            Outcome::Complete(length) => {
                self.scan = None;
                if length > RECORD_BYTES_MAX {
                    let reason = too_long(length as u64);
                    pieces.unread.push(Unread::new(place, rest.get(..length).unwrap_or_default(), reason));
                } else {
                    pieces.records.push((place, at..at + length));
                }
                self.indent = None;
                return Some(length);
            }
            Outcome::Broken(seen, reason) => (seen, reason),
            Outcome::More if end => (rest.len(), "the JSON is cut off"),
            Outcome::More if rest.len() > RECORD_BYTES_MAX => {
                (rest.len(), "longer than 16 MiB, or its end is missing")
            }
            Outcome::More => return None,
        };
        self.scan = None;
        // Look for the next value from inside the broken one, unless that has been done too often already.
        self.looked_at_again += seen as u64;
        let from = if self.looked_at_again > RESYNC_BYTES_MAX { seen } else { 1 };
        let opening = self.opening(rest);
        let unread =
            Unread::new(place, rest.get(..from).unwrap_or_default(), format!("{reason} at byte {seen}"));
        let beginning = rest.get(..crate::limit::BEGINNING_BYTES).unwrap_or(rest).to_vec();
        self.broken = Some((Unread { beginning, ..unread }, opening));
        Some(usize::min(from, rest.len()))
    }

    /// Goes on to where the next value begins.
    fn pass_over(&mut self, rest: &[u8], end: bool, pieces: &mut Pieces) -> Option<usize> {
        let (unread, opening) = self.broken.as_mut()?;
        let found = opening.find(rest);
        let keep = if end { 0 } else { opening.pattern.len() };
        let passed = found.unwrap_or(rest.len().saturating_sub(keep));
        unread.bytes += passed as u64;
        if found.is_some() || end {
            pieces.unread.extend(self.broken.take().map(|(unread, _)| unread));
            self.indent = Some(Vec::new());
        }
        Some(passed)
    }

    /// How the value at `rest` begins.
    fn opening(&self, rest: &[u8]) -> Opening {
        if let Some(indent) = &self.indent {
            let pattern = [b"\n".as_slice(), indent, b"{"].concat();
            return Opening { value_at: pattern.len() - 1, pattern };
        }
        let beginning = rest.get(..INDENT_BYTES_MAX).unwrap_or(rest);
        let key = memchr::memchr_iter(b'"', beginning).nth(1).and_then(|close| rest.get(..=close));
        match key {
            Some(key) => Opening { pattern: key.to_vec(), value_at: 0 },
            None => Opening { pattern: b"\n{".to_vec(), value_at: 1 },
        }
    }

    /// Something that is neither object nor list: a value for the parser to judge, up to where it seems to end.
    fn junk(
        &mut self,
        rest: &[u8],
        at: usize,
        place: Place,
        end: bool,
        pieces: &mut Pieces,
    ) -> Option<usize> {
        let listed = self.inside.last() == Some(&Inside::List);
        let mut searched = rest.iter().enumerate().skip(1);
        let quoted = listed && rest.first() == Some(&b'"');
        let found = searched.find(|(index, byte)| match byte {
            b'\n' => true,
            b'"' if quoted => rest.get(index - 1) != Some(&b'\\'),
            b',' | b']' => listed && !quoted,
            _ => false,
        });
        let length = match found {
            Some((index, b'"')) => index + 1,
            Some((index, _)) => index,
            None if end || rest.len() > RECORD_BYTES_MAX => rest.len(),
            None => return None,
        };
        let junk = rest.get(..length).unwrap_or_default().trim_ascii_end();
        if junk.len() > RECORD_BYTES_MAX {
            pieces.unread.push(Unread::new(place, junk, too_long(junk.len() as u64)));
        } else {
            pieces.records.push((place, at..at + junk.len()));
        }
        Some(length)
    }

    /// Decides whether the object at `rest` is a wrapper. If so, moves to its first element; if not, by 0 bytes.
    fn open_wrapper(&mut self, rest: &[u8], end: bool) -> Option<usize> {
        match wrapper(rest) {
            Wrapper::List(length) => {
                self.wrapped = Some(true);
                self.inside.extend([Inside::Wrapper, Inside::List]);
                self.indent = None;
                Some(length)
            }
            Wrapper::Unclear if !end && rest.len() < RECOGNISE_BYTES => None,
            _ => {
                self.wrapped.get_or_insert(false);
                Some(0)
            }
        }
    }

    /// Moves towards the end of the wrapper, past the members behind its list.
    fn wrapper_end(&mut self, rest: &[u8], place: Place, end: bool, pieces: &mut Pieces) -> Option<usize> {
        if self.scan.is_none() && !matches!(rest.first(), Some(b'"' | b'}')) {
            self.inside.pop();
            return Some(0);
        }
        let mut scan = self.scan.take().unwrap_or_else(Scan::inside_object);
        let mut behind = self.behind_list.take().unwrap_or_else(|| Unread::new(place, &[], ""));
        scan.at = 0;
        let (length, reason) = match scan.run(rest) {
            Outcome::Complete(length) => {
                self.inside.pop();
                return Some(length);
            }
            Outcome::Broken(seen, reason) => (usize::min(seen + 1, rest.len()), reason),
            Outcome::More if end => (rest.len(), "the JSON is cut off"),
            Outcome::More => {
                behind.bytes += scan.at as u64;
                let step = scan.at;
                (self.scan, self.behind_list) = (Some(scan), Some(behind));
                return Some(step).filter(|step| *step > 0);
            }
        };
        behind.bytes += length as u64;
        behind.reason = format!("{reason} behind the records of a wrapper");
        pieces.unread.push(behind);
        self.inside.pop();
        Some(length)
    }
}

impl Opening {
    /// Where the next value begins.
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        memmem::find_iter(bytes, &self.pattern)
            .find(|found| {
                let before = found.checked_sub(1).and_then(|before| bytes.get(before));
                self.value_at > 0
                    || before.is_none_or(|byte| matches!(byte, b',' | b'[' | b' ' | b'\n' | b'\t'))
            })
            .map(|found| found + self.value_at)
    }
}

fn count(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// What an object at the top turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrapper {
    /// A wrapper; its list begins after this byte.
    List(usize),
    /// A record of its own.
    Record,
    /// Too little is seen of it.
    Unclear,
}

/// Names under which wrappers keep their records, whatever stands before them.
const LISTS: [&str; 3] = ["Records", "records", "logEvents"];
/// The same, when only what belongs to an envelope stands before them.
const LISTS_IN_ENVELOPE: [&str; 11] = [
    "value", "events", "Events", "items", "results", "Results", "logs", "data", "entries", "alerts",
    "messages",
];
/// What belongs to an envelope.
const ENVELOPE: [&str; 22] = [
    "kind",
    "etag",
    "status",
    "query_status",
    "success",
    "code",
    "total",
    "count",
    "size",
    "took",
    "page",
    "limit",
    "offset",
    "version",
    "apiVersion",
    "messageType",
    "next",
    "nextLink",
    "nextPageToken",
    "nextToken",
    "cursor",
    "has_more",
];

/// Objects that belong to an envelope.
const ENVELOPE_OBJECTS: [&str; 4] = ["metadata", "meta", "paging", "pagination"];

/// Walks the members of an object up to its first list of objects.
pub(crate) fn wrapper(bytes: &[u8]) -> Wrapper {
    walk_wrapper(bytes).unwrap_or(Wrapper::Unclear)
}

/// `None`: the bytes end too early.
fn walk_wrapper(bytes: &[u8]) -> Option<Wrapper> {
    let space = |at: usize| Some(at + bytes.get(at..)?.iter().position(|byte| !byte.is_ascii_whitespace())?);
    let string_end = |at: usize| {
        let mut end = at + 1;
        loop {
            end += memchr::memchr2(b'"', b'\\', bytes.get(end..)?)?;
            if bytes.get(end) == Some(&b'"') {
                return Some(end + 1);
            }
            end += 2;
        }
    };
    let mut enveloped = true;
    let mut at = space(1)?;
    loop {
        if *bytes.get(at)? != b'"' {
            return Some(Wrapper::Record);
        }
        let end = string_end(at)?;
        let name = std::str::from_utf8(bytes.get(at + 1..end - 1)?).unwrap_or_default();
        let colon = space(end)?;
        at = space(colon + 1)?;
        match bytes.get(at)? {
            b'[' => {
                let first = bytes.get(space(at + 1)?)?;
                let fits = LISTS.contains(&name) || enveloped && LISTS_IN_ENVELOPE.contains(&name);
                if fits && matches!(first, b'{' | b']') {
                    return Some(Wrapper::List(at + 1));
                }
                let Outcome::Complete(length) = Scan::default().run(bytes.get(at..)?) else { return None };
                at += length;
            }
            b'{' if ENVELOPE_OBJECTS.contains(&name) => {
                let Outcome::Complete(length) = Scan::default().run(bytes.get(at..)?) else { return None };
                at += length;
            }
            b'{' => return Some(Wrapper::Record),
            b'"' => at = string_end(at)?,
            _ => at += bytes.get(at..)?.iter().position(|byte| matches!(byte, b',' | b'}' | b'\n'))?,
        }
        enveloped &= name.starts_with('@') || ENVELOPE.contains(&name) || ENVELOPE_OBJECTS.contains(&name);
        at = space(at)?;
        if *bytes.get(at)? != b',' {
            return Some(Wrapper::Record);
        }
        at = space(at + 1)?;
    }
}
