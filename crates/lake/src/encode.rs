//! Writes the two Parquet files of one organisation's day.

use std::fs::File;
use std::io;

use arrow_array::{RecordBatch, StringArray};
use base::{Observable, ObservableKind};
use foldhash::{HashMap, HashSet};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use std::sync::Arc;
use watch::lake::StoredEvent;

use crate::instant::Instant;
use crate::schema::{EVENTS, OBSERVABLE_LEAF, OBSERVABLES, counts_of, encode, times_of};

/// Rows in a row group, at most. Few in tests, so that every question there crosses row groups.
pub(crate) const GROUP_ROWS_MAX: usize = if cfg!(test) { 48 } else { 131_072 };
/// Bytes of raw records and fields in a row group, at most (one record may exceed it alone).
const GROUP_BYTES_MAX: usize = 128 << 20;
/// Rows handed to the encoder at a time.
const BATCH_ROWS_MAX: usize = 8_192;
/// Bytes of raw records and fields handed to the encoder at a time (one record may exceed it alone).
const BATCH_BYTES_MAX: usize = 32 << 20;
/// Bytes of one event: Arrow counts the bytes of a column of a batch in 31 bits.
const EVENT_BYTES_MAX: usize = 1 << 30;
/// One look-up in a hundred for something absent reads the column in vain.
const BLOOM_FALSE_RATE: f64 = 0.01;
/// Distinct observables that one Bloom filter is made for, at most.
const BLOOM_VALUES_MAX: u64 = 1 << 20;
/// zstd beyond 3 costs more time than it saves space (measured on proxy and Windows logs).
const ZSTD_LEVEL: i32 = 3;

/// Writes events, sorted by time, to a file.
pub(crate) fn write_events(file: &File, events: &[&StoredEvent]) -> io::Result<()> {
    if let Some(event) = events.iter().find(|event| bytes_of(event) > EVENT_BYTES_MAX) {
        let words = format!("{} is bigger than {EVENT_BYTES_MAX} bytes", event.id);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
    }
    let observables = events.iter().map(|event| event.observables.len() as u64).sum();
    let mut writer =
        ArrowWriter::try_new(file, EVENTS.clone(), Some(event_properties(events.len() as u64, observables)?))
            .map_err(io_error)?;
    let mut group_bytes = 0;
    for batch in batches(events) {
        let bytes: usize = batch.iter().map(|event| bytes_of(event)).sum();
        if group_bytes > 0 && group_bytes + bytes > GROUP_BYTES_MAX {
            writer.flush().map_err(io_error)?;
            group_bytes = 0;
        }
        group_bytes += bytes;
        let rows = encode(batch).map_err(|error| io_error(error.into()))?;
        writer.write(&rows).map_err(io_error)?;
    }
    writer.close().map_err(io_error).map(drop)
}

/// Splits events so that no batch is too long or, unless one event alone is, too big.
fn batches<'e, 's>(events: &'e [&'s StoredEvent]) -> impl Iterator<Item = &'e [&'s StoredEvent]> {
    let mut rest = events;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fitting = rest.iter().take(BATCH_ROWS_MAX).take_while(|event| {
            bytes += bytes_of(event);
            bytes <= BATCH_BYTES_MAX
        });
        let count = fitting.count().max(1).min(rest.len());
        let (batch, after) = rest.split_at(count);
        rest = after;
        (!batch.is_empty()).then_some(batch)
    })
}

fn bytes_of(event: &StoredEvent) -> usize {
    let fields: usize = event.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    let observables: usize = event.observables.iter().map(|observable| observable.value.len()).sum();
    event.raw.len() + event.file.len() + fields + observables
}

/// When and how often an observable was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) first: Instant,
    pub(crate) last: Instant,
    pub(crate) events: u64,
}

impl Seen {
    /// Adds what was seen elsewhere.
    pub(crate) fn join(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.events += other.events;
    }
}

/// Writes the observables of events, sorted by kind and value, to a file.
pub(crate) fn write_observables(file: &File, events: &[&StoredEvent]) -> io::Result<()> {
    let mut rows: Vec<((&str, &str), Seen)> = seen_in(events).into_iter().collect();
    rows.sort_unstable_by_key(|&(key, _)| key);
    let properties = observable_properties(rows.len() as u64)?;
    let mut writer = ArrowWriter::try_new(file, OBSERVABLES.clone(), Some(properties)).map_err(io_error)?;
    for chunk in rows.chunks(BATCH_ROWS_MAX) {
        let (first, first_nanosecond) = times_of(chunk.iter().map(|(_, seen)| seen.first));
        let (last, last_nanosecond) = times_of(chunk.iter().map(|(_, seen)| seen.last));
        let columns = vec![
            Arc::new(StringArray::from_iter_values(chunk.iter().map(|((kind, _), _)| kind))) as _,
            Arc::new(StringArray::from_iter_values(chunk.iter().map(|((_, value), _)| value))) as _,
            first,
            first_nanosecond,
            last,
            last_nanosecond,
            counts_of(chunk.iter().map(|(_, seen)| seen.events)),
        ];
        let batch = RecordBatch::try_new(OBSERVABLES.clone(), columns);
        writer.write(&batch.map_err(|error| io_error(error.into()))?).map_err(io_error)?;
    }
    writer.close().map_err(io_error).map(drop)
}

/// Every observable once, however often an event repeats it.
fn seen_in<'e>(events: &[&'e StoredEvent]) -> HashMap<(&'static str, &'e str), Seen> {
    let mut seen: HashMap<(&'static str, &str), Seen> = HashMap::default();
    let mut of_event: HashSet<(ObservableKind, &str)> = HashSet::default();
    for event in events {
        let at = Instant::of(event.time);
        of_event.clear();
        of_event.extend(event.observables.iter().map(|Observable { kind, value }| (*kind, value.as_str())));
        for (kind, value) in of_event.drain() {
            let now = Seen { first: at, last: at, events: 1 };
            seen.entry((kind.word(), value)).and_modify(|known| known.join(now)).or_insert(now);
        }
    }
    seen
}

fn properties() -> io::Result<WriterPropertiesBuilder> {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(io_error)?;
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP_ROWS_MAX))
        .set_created_by("noroshi".to_owned()))
}

fn event_properties(events: u64, observables: u64) -> io::Result<WriterProperties> {
    let mut builder = properties()?.set_sorting_columns(Some(vec![ascending(0)]));
    // Numbers that grow, or nearly: differences are shorter than a dictionary.
    for column in ["time", "offset", "line"] {
        let path = ColumnPath::from(column);
        builder = builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    // Never twice the same.
    for column in ["id", "raw"] {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(column), false);
    }
    let leaf = || ColumnPath::from(OBSERVABLE_LEAF.split('.').map(str::to_owned).collect::<Vec<_>>());
    Ok(builder
        .set_column_bloom_filter_fpp(ColumnPath::from("id"), BLOOM_FALSE_RATE)
        .set_column_bloom_filter_max_ndv(ColumnPath::from("id"), events.clamp(1, GROUP_ROWS_MAX as u64))
        .set_column_bloom_filter_fpp(leaf(), BLOOM_FALSE_RATE)
        .set_column_bloom_filter_max_ndv(leaf(), observables.clamp(1, BLOOM_VALUES_MAX))
        .build())
}

fn observable_properties(values: u64) -> io::Result<WriterProperties> {
    let value = || ColumnPath::from("value");
    let sorted = vec![ascending(0), ascending(1)];
    Ok(properties()?
        .set_sorting_columns(Some(sorted))
        // Sorted and never twice the same within a kind: what neighbours share is written once.
        .set_column_dictionary_enabled(value(), false)
        .set_column_encoding(value(), Encoding::DELTA_BYTE_ARRAY)
        .set_column_bloom_filter_fpp(value(), BLOOM_FALSE_RATE)
        .set_column_bloom_filter_max_ndv(value(), values.clamp(1, GROUP_ROWS_MAX as u64))
        .build())
}

const fn ascending(column_idx: i32) -> SortingColumn {
    SortingColumn { column_idx, descending: false, nulls_first: false }
}

fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
