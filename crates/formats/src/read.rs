//! Streams into records, records into events.
//!
//! [`Blocks`] (one thread, cheap) decompresses, recognises and cuts; [`Parser`] (one per worker) understands. Between
//! them every byte of a stream is accounted for: it belongs to a record, to an [`Unread`] one, or to what stands
//! between records (blank lines, header and comment lines, brackets and commas).

use std::ops::Range;
use std::sync::Arc;

use crate::zeek::ZeekHeader;
use crate::{Event, Format, Names, Sources};

mod blocks;
mod charset;
mod elements;
mod facts;
mod lines;
mod parser;
mod unpack;
mod values;

pub use blocks::Blocks;
pub use parser::Parser;

pub(crate) use blocks::{Cutter, Pieces};
pub(crate) use charset::guess as guess_charset;
pub(crate) use elements::{EVTX_CHUNK_BYTES, begins_with_event};
pub(crate) use facts::{Facts, family};
pub(crate) use values::{Wrapper, wrapper};

/// How a stream is to be read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format, when somebody knows it; recognised by content otherwise.
    pub format: Option<Format>,
    /// Decompressed bytes already dealt with: records that begin before it are passed over, while headers count.
    pub start_offset: u64,
}

/// How the records of a block are to be read: the format, and what header lines said.
#[derive(Clone, Debug, Default)]
pub struct Dialect {
    /// Recognised by content, or given.
    pub format: Format,
    /// The format was given: no record is tried as anything else.
    pub given: bool,
    /// Column names from a header (Zeek, CSV, W3C); empty otherwise.
    pub columns: Vec<String>,
    /// What stands between the columns of a CSV file.
    pub delimiter: Option<u8>,
    /// What a Zeek header said besides its columns.
    pub(crate) zeek: ZeekHeader,
    /// How bytes that are not UTF-8 are most likely to be read.
    pub(crate) charset: Option<charset::Charset>,
}

/// Where a record stands in its stream, after decompression. In a UTF-16 stream, bytes are counted as UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Bytes before it.
    pub offset: u64,
    /// Its number: the line it begins on, from 1; for EVTX the record number.
    pub line: u64,
}

/// A run of whole records of one dialect.
#[derive(Debug)]
pub struct Block {
    /// How to read them.
    pub dialect: Arc<Dialect>,
    /// The bytes the records stand in.
    pub bytes: Vec<u8>,
    /// Each record: place, and range in `bytes`. For EVTX a chunk of records.
    pub records: Vec<(Place, Range<usize>)>,
    /// What could not even be cut into records: too long, or broken.
    pub unread: Vec<Unread>,
    /// Records that begin before this are left out ([`Options::start_offset`]).
    pub(crate) start_offset: u64,
    /// The offset after the last byte dealt with, to go on from another day.
    pub end_offset: u64,
}

/// Why a record could not be read, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Where it stands.
    pub place: Place,
    /// How long it is.
    pub bytes: u64,
    /// What was wrong, in a sentence without a full stop.
    pub reason: String,
    /// The first bytes of it, for people.
    pub beginning: Vec<u8>,
}

impl Unread {
    /// An unread record with its first bytes.
    pub fn new(place: Place, raw: &[u8], reason: impl Into<String>) -> Self {
        let beginning = raw.get(..crate::limit::BEGINNING_BYTES).unwrap_or(raw).to_vec();
        Self { place, bytes: raw.len() as u64, reason: reason.into(), beginning }
    }
}

/// The stream ended before its time. Everything before `offset` has been delivered.
#[derive(Debug, thiserror::Error)]
#[error("cannot read on after byte {offset}: {source}")]
pub struct ReadError {
    /// Bytes (decompressed) that were delivered.
    pub offset: u64,
    /// What the stream or the decompressor said.
    pub source: std::io::Error,
}

/// Takes what a parser understands.
pub trait Sink {
    /// One event, with the bytes it was read from (for EVTX, the record as JSON). `event` is reused after this
    /// returns.
    fn event(&mut self, names: &Names, sources: &Sources, event: &Event, place: Place, raw: &[u8]);
    /// One record that could not be read.
    fn unread(&mut self, unread: Unread);
}
