//! Records that are `<Event>` elements, and EVTX chunks.

use std::sync::Arc;

use memchr::memmem;

use super::{Dialect, Place, Unread};
use crate::limit::RECORD_BYTES_MAX;
use crate::read::blocks::{Pieces, too_long};

/// Cuts from `<Event` to `</Event>`.
#[derive(Debug)]
pub(crate) struct Elements {
    dialect: Arc<Dialect>,
    line: u64,
    /// Bytes of the element at the window's beginning in which its end does not stand.
    searched: usize,
    /// An element that is too long and is being passed over.
    too_long: Option<Unread>,
}

const END: &[u8] = b"</Event>";

/// The longest declaration or comment that is waited for.
const MARKUP_BYTES_MAX: usize = 4096;

impl Elements {
    pub(crate) fn new(dialect: Arc<Dialect>) -> Self {
        Self { dialect, line: 1, searched: 0, too_long: None }
    }

    pub(crate) fn dialect(&self) -> &Arc<Dialect> {
        &self.dialect
    }

    pub(crate) fn cut(&mut self, window: &[u8], offset: u64, end: bool, pieces: &mut Pieces) -> usize {
        let mut at = match self.pass_over(window, end, pieces) {
            Ok(start) => start,
            Err(passed) => return passed,
        };
        loop {
            let rest = window.get(at..).unwrap_or_default();
            let Some(start) = find_start(rest, 0, end) else {
                // What the window ends with may be the beginning of an element.
                let last = memchr::memrchr(b'<', rest).filter(|last| rest.len() - last <= MARKUP_BYTES_MAX);
                let between = last.filter(|_| !end).unwrap_or(rest.len());
                self.between(window, at, between, offset, pieces);
                return at + between;
            };
            self.between(window, at, start, offset, pieces);
            at += start;
            let rest = window.get(at..).unwrap_or_default();
            let place = Place { offset: offset + at as u64, line: self.line };
            let from = self.searched.saturating_sub(END.len());
            let found = memmem::find(rest.get(from..).unwrap_or_default(), END).map(|found| from + found);
            let Some(length) = found.map(|found| found + END.len()) else {
                if end {
                    pieces.unread.push(Unread::new(place, rest, "the <Event> is cut off"));
                    return window.len();
                }
                if rest.len() > RECORD_BYTES_MAX {
                    self.too_long = Some(Unread::new(place, rest, ""));
                    self.searched = 0;
                    self.count_lines(rest);
                    return window.len();
                }
                self.searched = rest.len();
                return at;
            };
            self.searched = 0;
            // An element that begins inside this one: this one lost its end.
            let whole = rest.get(..length).unwrap_or_default();
            let length = match find_start(whole, 1, true) {
                Some(next) => {
                    let lost = rest.get(..next).unwrap_or_default();
                    pieces.unread.push(Unread::new(place, lost, "the <Event> has no end"));
                    next
                }
                None if length > RECORD_BYTES_MAX => {
                    pieces.unread.push(Unread::new(place, whole, too_long(length as u64)));
                    length
                }
                None => {
                    pieces.records.push((place, at..at + length));
                    length
                }
            };
            self.count_lines(rest.get(..length).unwrap_or_default());
            at += length;
        }
    }

    /// Goes on passing over an element that is too long; `Err` when it takes more.
    fn pass_over(&mut self, window: &[u8], end: bool, pieces: &mut Pieces) -> Result<usize, usize> {
        let Some(unread) = &mut self.too_long else { return Ok(0) };
        let found = memmem::find(window, END).map(|found| found + END.len());
        // The last bytes may be the beginning of the end.
        let keep = if end { 0 } else { usize::min(END.len() - 1, window.len()) };
        let passed = found.unwrap_or(window.len() - keep);
        unread.bytes += passed as u64;
        unread.reason = too_long(unread.bytes);
        self.line += memchr::memchr_iter(b'\n', window.get(..passed).unwrap_or_default()).count() as u64;
        if found.is_none() && !end {
            return Err(passed);
        }
        pieces.unread.extend(self.too_long.take());
        Ok(passed)
    }

    /// What stands between elements: declarations and wrappers are nothing; anything else is unread.
    fn between(&mut self, window: &[u8], at: usize, length: usize, offset: u64, pieces: &mut Pieces) {
        let bytes = window.get(at..at + length).unwrap_or_default();
        let mut rest = bytes.trim_ascii();
        while let Some(after) = markup(rest) {
            rest = after.trim_ascii_start();
        }
        if !rest.is_empty() {
            let skipped = memmem::find(bytes, rest).unwrap_or(0);
            let line = self.line + count(bytes.get(..skipped).unwrap_or_default());
            let place = Place { offset: offset + (at + skipped) as u64, line };
            pieces.unread.push(Unread::new(place, rest, "this stands outside every <Event>"));
        }
        self.count_lines(bytes);
    }

    fn count_lines(&mut self, bytes: &[u8]) {
        self.line += count(bytes);
    }
}

fn count(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// What follows one declaration, comment or wrapper tag.
fn markup(bytes: &[u8]) -> Option<&[u8]> {
    let starts = [b"<?xml".as_slice(), b"<Events", b"</Events", b"<!--", b"\xef\xbb\xbf"];
    let start = starts.into_iter().find(|start| bytes.starts_with(start))?;
    let end: &[u8] = match start {
        b"<!--" => b"-->",
        b"\xef\xbb\xbf" => b"\xbf",
        _ => b">",
    };
    bytes.get(memmem::find(bytes, end)? + end.len()..)
}

/// Whether the first element is an `<Event>`, or `<Events>` around them.
pub(crate) fn begins_with_event(bytes: &[u8]) -> bool {
    let mut rest = bytes.trim_ascii_start();
    while let Some(after) = markup(rest) {
        rest = after.trim_ascii_start();
    }
    find_start(rest, 0, false) == Some(0)
}

/// Where `<Event>` or `<Event ` begins, not before `from`.
fn find_start(bytes: &[u8], from: usize, end: bool) -> Option<usize> {
    memmem::find_iter(bytes.get(from..)?, b"<Event").map(|found| from + found).find(|found| {
        match bytes.get(found + b"<Event".len()) {
            Some(byte) => matches!(byte, b'>' | b' ' | b'\t' | b'\r' | b'\n'),
            None => end,
        }
    })
}

/// Cuts an EVTX file into its chunks.
#[derive(Debug)]
pub(crate) struct Chunks {
    dialect: Arc<Dialect>,
    header_seen: bool,
    chunk: u64,
}

/// The header block of an EVTX file.
const EVTX_HEADER_BYTES: usize = 4096;
/// Every chunk is this long.
pub(crate) const EVTX_CHUNK_BYTES: usize = 64 << 10;

impl Chunks {
    pub(crate) fn new(dialect: Arc<Dialect>) -> Self {
        Self { dialect, header_seen: false, chunk: 0 }
    }

    pub(crate) fn dialect(&self) -> &Arc<Dialect> {
        &self.dialect
    }

    pub(crate) fn cut(&mut self, window: &[u8], offset: u64, end: bool, pieces: &mut Pieces) -> usize {
        let mut at = 0;
        if !self.header_seen {
            if window.len() < EVTX_HEADER_BYTES && !end {
                return 0;
            }
            self.header_seen = true;
            at = EVTX_HEADER_BYTES;
            if window.len() < at {
                let reason = "the EVTX file ends inside its header";
                pieces.unread.push(Unread::new(Place { offset, line: 0 }, window, reason));
                return window.len();
            }
        }
        while at < window.len() {
            let length = usize::min(EVTX_CHUNK_BYTES, window.len() - at);
            if length < EVTX_CHUNK_BYTES && !end {
                break;
            }
            let chunk = window.get(at..at + length).unwrap_or_default();
            self.chunk += 1;
            // Space that was reserved and never used.
            if chunk.iter().any(|byte| *byte != 0) {
                pieces
                    .records
                    .push((Place { offset: offset + at as u64, line: self.chunk }, at..at + length));
            }
            at += length;
        }
        at
    }
}
