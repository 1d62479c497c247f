//! A stream into blocks of whole records.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use super::elements::{Chunks, Elements};
use super::lines::Lines;
use super::unpack::Unpack;
use super::values::Values;
use super::{Block, Dialect, Options, Place, ReadError, Unread};
use crate::Format;
use crate::limit::{BLOCK_BYTES, RECOGNISE_BYTES};
use crate::recognise::{self, Shape};
use crate::zeek;

/// Cuts a stream into blocks. The memory it takes is bounded by the longest record, never by the stream.
pub struct Blocks<R: Read> {
    stream: Unpack<R>,
    options: Options,
    /// What the file is called, up to its first dot.
    name: String,
    cutter: Option<Cutter>,
    /// Bytes read and not yet cut.
    window: Vec<u8>,
    /// Where in the stream the window begins.
    offset: u64,
    end: bool,
    failure: Option<io::Error>,
}

/// What a cutter found in a window.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    pub(crate) records: Vec<(Place, Range<usize>)>,
    pub(crate) unread: Vec<Unread>,
}

/// The ways of cutting.
#[derive(Debug)]
pub(crate) enum Cutter {
    Lines(Lines),
    Values(Values),
    Elements(Elements),
    Chunks(Chunks),
}

impl Cutter {
    pub(crate) fn new(shape: Shape, dialect: Arc<Dialect>) -> Self {
        match shape {
            Shape::Lines => Self::Lines(Lines::new(dialect)),
            Shape::Values => Self::Values(Values::new(dialect)),
            Shape::Elements => Self::Elements(Elements::new(dialect)),
            Shape::Chunks => Self::Chunks(Chunks::new(dialect)),
        }
    }

    pub(crate) fn dialect(&self) -> &Arc<Dialect> {
        match self {
            Self::Lines(cutter) => cutter.dialect(),
            Self::Values(cutter) => cutter.dialect(),
            Self::Elements(cutter) => cutter.dialect(),
            Self::Chunks(cutter) => cutter.dialect(),
        }
    }

    pub(crate) fn cut(&mut self, window: &[u8], offset: u64, end: bool, pieces: &mut Pieces) -> usize {
        match self {
            Self::Lines(cutter) => cutter.cut(window, offset, end, pieces),
            Self::Values(cutter) => cutter.cut(window, offset, end, pieces),
            Self::Elements(cutter) => cutter.cut(window, offset, end, pieces),
            Self::Chunks(cutter) => cutter.cut(window, offset, end, pieces),
        }
    }
}

impl<R: Read> Blocks<R> {
    /// Reads nothing yet.
    pub fn new(stream: R, options: Options) -> Self {
        Self {
            stream: Unpack::new(stream),
            options,
            name: String::new(),
            cutter: None,
            window: Vec::new(),
            offset: 0,
            end: false,
            failure: None,
        }
    }

    /// Says what the file is called. Zeek's JSON names its log (`dns`) only there.
    #[must_use]
    pub fn named(mut self, file_name: &str) -> Self {
        self.name = file_name.split('.').next().unwrap_or_default().to_owned();
        self
    }

    /// Bytes taken from the stream so far, compressed as they are: how far this is through a file of known size.
    pub fn bytes_read(&self) -> u64 {
        self.stream.bytes_read()
    }

    fn fill(&mut self, count: usize) {
        match self.stream.fill(&mut self.window, count) {
            Ok(0) => self.end = true,
            Ok(_) => {}
            Err(error) => {
                self.end = true;
                self.failure = Some(error);
            }
        }
    }

    fn recognise(&mut self) -> Cutter {
        while self.window.len() < RECOGNISE_BYTES && !self.end {
            self.fill(BLOCK_BYTES);
        }
        let seen = self.window.get(..RECOGNISE_BYTES).unwrap_or(&self.window);
        let (shape, mut dialect) = recognise::stream(seen, self.options.format);
        if dialect.format == Format::ZeekJson && zeek::LOGS.contains(&self.name.as_str()) {
            self.name.clone_into(&mut dialect.zeek.path);
        }
        Cutter::new(shape, Arc::new(dialect))
    }

    /// The next block, whatever is in it; `None` when the window must be filled first.
    fn cut(&mut self, cutter: &mut Cutter) -> Option<Block> {
        let mut pieces = Pieces::default();
        let length = cutter.cut(&self.window, self.offset, self.end, &mut pieces);
        let start = self.options.start_offset;
        if self.offset < start {
            // Of an EVTX chunk that was dealt with in part, the parser leaves out what was.
            let evtx = cutter.dialect().format == Format::Evtx;
            pieces.records.retain(|(place, range)| {
                place.offset >= start || evtx && place.offset + range.len() as u64 > start
            });
            pieces.unread.retain(|unread| unread.place.offset >= start);
        }
        self.offset += length as u64;
        if pieces.records.is_empty() && pieces.unread.is_empty() {
            self.window.drain(..length);
            return None;
        }
        Some(Block {
            dialect: cutter.dialect().clone(),
            bytes: self.take(length),
            records: pieces.records,
            unread: pieces.unread,
            start_offset: start,
            end_offset: self.offset,
        })
    }

    /// Takes the window's first bytes, copying whichever part is smaller.
    fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.window.get(length..).unwrap_or_default().to_vec();
        let mut taken = std::mem::replace(&mut self.window, rest);
        taken.truncate(length);
        if taken.capacity() > 2 * taken.len() {
            taken.shrink_to_fit();
        }
        taken
    }
}

impl<R: Read> Iterator for Blocks<R> {
    type Item = Result<Block, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut cutter = match self.cutter.take() {
            Some(cutter) => cutter,
            None => self.recognise(),
        };
        let result = loop {
            let before = (self.offset, self.window.len());
            if let Some(block) = self.cut(&mut cutter) {
                break Some(Ok(block));
            }
            if self.end && before == (self.offset, self.window.len()) {
                debug_assert!(self.window.is_empty(), "a cutter left bytes behind");
                break self.failure.take().map(|source| Err(ReadError { offset: self.offset, source }));
            }
            if !self.end {
                self.fill(BLOCK_BYTES);
            }
        };
        self.cutter = Some(cutter);
        result
    }
}

/// Why a record beyond [`crate::limit::RECORD_BYTES_MAX`] is unread.
pub(crate) fn too_long(bytes: u64) -> String {
    format!("{bytes} bytes long, which is more than {} MiB", crate::limit::RECORD_BYTES_MAX >> 20)
}
