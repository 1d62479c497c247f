//! Streams into records, records into events.
//!
//! [`Blocks`] (one thread, cheap) decompresses, recognises and cuts; [`Parser`] (one per worker) understands.

use std::io::Read;
use std::sync::Arc;

use crate::{Event, Format, Names, Sources};

/// How the records of a block are to be read: the format, and what header lines said.
#[derive(Clone, Debug, Default)]
pub struct Dialect {
    /// Recognised by content, or given.
    pub format: Format,
    /// Column names from a header (Zeek, CSV, W3C); empty otherwise.
    pub columns: Vec<String>,
}

/// Where a record stands in its (decompressed) stream.
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
    /// Each record: place, and range in `bytes`.
    pub records: Vec<(Place, std::ops::Range<usize>)>,
}

/// Cuts a stream into blocks.
pub struct Blocks<R: Read> {
    _stream: R,
}

/// Why a record could not be read, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Where it stands.
    pub place: Place,
    /// What was wrong, in a sentence without a full stop.
    pub reason: String,
    /// The first bytes of it, for people.
    pub beginning: Vec<u8>,
}

/// Takes what a parser understands.
pub trait Sink {
    /// One event, with the bytes it was read from. `event` is reused after this returns.
    fn event(&mut self, names: &Names, sources: &Sources, event: &Event, place: Place, raw: &[u8]);
    /// One record that could not be read.
    fn unread(&mut self, unread: Unread);
}

/// Understands records. Each worker has its own, with its own names and sources.
#[derive(Debug, Default)]
pub struct Parser {
    /// The field names met so far.
    pub names: Names,
    /// The sources met so far.
    pub sources: Sources,
}

impl Parser {
    /// Reads every record of a block, in order.
    pub fn parse(&mut self, _block: &Block, _sink: &mut dyn Sink) {}
}
