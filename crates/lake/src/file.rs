//! One Parquet file: opened, pruned by what its footer says, and read column by column.
//!
//! Whatever is wrong with a file becomes a [`Trouble`], also when the reader underneath panics on damaged bytes:
//! one bad file never takes an answer down.

use std::any::Any;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::bloom_filter::Sbbf;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;

/// Rows decoded at a time, at most.
const BATCH_ROWS_MAX: usize = 8_192;
/// Bytes decoded at a time, roughly, at most.
const BATCH_BYTES_MAX: u64 = 64 << 20;
/// Bytes fetched at a time where the reader does not say how many it needs.
const READ_AHEAD_BYTES: usize = 8 << 10;

/// Why a file has nothing to say.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It was removed or replaced while the question was asked.
    Gone,
    /// It cannot be read, and why.
    Damaged(String),
}

impl From<ParquetError> for Trouble {
    fn from(error: ParquetError) -> Self {
        Self::Damaged(error.to_string())
    }
}
impl From<arrow_schema::ArrowError> for Trouble {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Damaged(error.to_string())
    }
}
impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Gone,
            _ => Self::Damaged(error.to_string()),
        }
    }
}

/// Runs `work` on a file; a panic in the reader underneath is damage like any other.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    // Nothing `work` touches outlives the panic: it owns what it opened and returns what it found.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Trouble::Damaged(words_of(&*panic))))
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("the reader gave up: {}", words.unwrap_or("no reason given"))
}

/// A file open for reading.
pub(crate) struct Opened {
    input: Input,
    parked: Parked,
}

/// A file that was open and can be again, without holding a file descriptor meanwhile.
#[derive(Clone)]
pub(crate) struct Parked {
    path: PathBuf,
    identity: Identity,
    metadata: ArrowReaderMetadata,
}

impl Parked {
    /// Opens the same file again; [`Trouble::Gone`] when another took its place.
    pub(crate) fn resume(&self) -> Result<Opened, Trouble> {
        let input = Input::open(&self.path)?;
        match input.identity()? == self.identity {
            true => Ok(Opened { input, parked: self.clone() }),
            false => Err(Trouble::Gone),
        }
    }
}

impl Opened {
    /// Opens a file that has the columns of `schema`.
    pub(crate) fn open(path: &Path, schema: &SchemaRef) -> Result<Self, Trouble> {
        let input = Input::open(path)?;
        let identity = input.identity()?;
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&input, options)?;
        if !same_columns(metadata.schema(), schema) {
            return Err(Trouble::Damaged("it has other columns than this lake's".to_owned()));
        }
        Ok(Self { input, parked: Parked { path: path.to_owned(), identity, metadata } })
    }

    /// Closes it for now.
    pub(crate) fn park(self) -> Parked {
        self.parked
    }

    /// How many row groups it has.
    pub(crate) fn groups(&self) -> usize {
        self.parked.metadata.metadata().num_row_groups()
    }

    /// How many rows a row group has.
    pub(crate) fn rows(&self, group: usize) -> usize {
        self.group(group).map_or(0, |group| usize::try_from(group.num_rows()).unwrap_or(0))
    }

    /// Bytes read from it so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.input.bytes.load(Ordering::Relaxed)
    }

    /// Smallest and biggest value of an integer column in a row group, when the footer says.
    pub(crate) fn range(&self, group: usize, column: &str) -> Option<(i64, i64)> {
        let statistics = self.group(group)?.column(self.leaf(column)?).statistics()?;
        match statistics {
            Statistics::Int64(values) => Some((*values.min_opt()?, *values.max_opt()?)),
            _ => None,
        }
    }

    /// Smallest and biggest value of a byte column in a row group, or bounds around them, when the footer says.
    pub(crate) fn bounds(&self, group: usize, column: &str) -> Option<(&[u8], &[u8])> {
        let statistics = self.group(group)?.column(self.leaf(column)?).statistics()?;
        Some((statistics.min_bytes_opt()?, statistics.max_bytes_opt()?))
    }

    /// The Bloom filter of a leaf column in a row group, when it has one.
    pub(crate) fn bloom(&self, group: usize, leaf: &str) -> Result<Option<Sbbf>, Trouble> {
        match (self.group(group), self.leaf(leaf)) {
            (Some(metadata), Some(leaf)) => {
                Ok(Sbbf::read_from_column_chunk(metadata.column(leaf), &self.input)?)
            }
            _ => Ok(None),
        }
    }

    /// Reads columns of the given rows of a row group, batch by batch.
    pub(crate) fn read(
        &self,
        group: usize,
        columns: &[&str],
        rows: &Rows,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Trouble>> + use<>, Trouble> {
        let total = self.rows(group);
        let metadata = &self.parked.metadata;
        let mask = ProjectionMask::columns(metadata.parquet_schema(), columns.iter().copied());
        let bytes = self.group(group).map_or(0, |metadata| {
            let wanted = metadata.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf));
            wanted.map(|(_, column)| u64::try_from(column.uncompressed_size()).unwrap_or(0)).sum()
        });
        let row_bytes = (bytes / (total as u64).max(1)).max(1);
        let batch_rows = usize::try_from(BATCH_BYTES_MAX / row_bytes).unwrap_or(1).clamp(1, BATCH_ROWS_MAX);
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.input.clone(), metadata.clone())
                .with_row_groups(vec![group])
                .with_projection(mask)
                .with_batch_size(batch_rows);
        let reader = match rows.len() == total {
            true => builder.build()?,
            false => builder.with_row_selection(rows.selection(total)).build()?,
        };
        Ok(reader.map(|batch| batch.map_err(Trouble::from)))
    }

    fn group(&self, group: usize) -> Option<&RowGroupMetaData> {
        self.parked.metadata.metadata().row_groups().get(group)
    }

    fn leaf(&self, column: &str) -> Option<usize> {
        let columns = self.parked.metadata.parquet_schema().columns();
        columns.iter().position(|leaf| leaf.path().string() == column)
    }
}

fn same_columns(found: &Schema, expected: &Schema) -> bool {
    let columns = |schema: &Schema| -> Vec<_> {
        schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect()
    };
    columns(found) == columns(expected)
}

/// Rows of one row group, in order.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    /// All from the first up to the second.
    Range(Range<usize>),
    /// These, ascending.
    List(Vec<u32>),
}

impl Rows {
    /// How many.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::List(list) => list.len(),
        }
    }

    /// Their numbers.
    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            // A row group has at most 131,072 rows.
            Self::Range(range) => Box::new(range.clone().map(|row| row as u32)),
            Self::List(list) => Box::new(list.iter().copied()),
        }
    }

    fn selection(&self, total: usize) -> RowSelection {
        match self {
            Self::Range(range) => {
                RowSelection::from_consecutive_ranges(std::iter::once(range.clone()), total)
            }
            Self::List(list) => {
                let runs = list.chunk_by(|one, next| one + 1 == *next).filter_map(|run| {
                    let (first, last) = (*run.first()? as usize, *run.last()? as usize);
                    Some(first..last + 1)
                });
                RowSelection::from_consecutive_ranges(runs, total)
            }
        }
    }
}

/// What tells that a path still means the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    bytes: u64,
    written_at: Option<SystemTime>,
    #[cfg(unix)]
    node: (u64, u64),
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            bytes: metadata.len(),
            written_at: metadata.modified().ok(),
            #[cfg(unix)]
            node: (metadata.dev(), metadata.ino()),
        }
    }
}

/// The bytes of a file: counted, and never asked for beyond its end, whatever a damaged footer says.
#[derive(Clone)]
struct Input {
    file: Arc<File>,
    length: u64,
    bytes: Arc<AtomicU64>,
}

impl Input {
    fn open(path: &Path) -> Result<Self, Trouble> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), length, bytes: Arc::default() })
    }

    fn identity(&self) -> Result<Identity, Trouble> {
        Ok(Identity::of(&self.file.metadata()?))
    }

    fn read_at(&self, start: u64, length: usize) -> io::Result<Vec<u8>> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends too early"));
        }
        let mut buffer = vec![0; length];
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut buffer)?;
        self.bytes.fetch_add(length as u64, Ordering::Relaxed);
        Ok(buffer)
    }
}

impl Length for Input {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Input {
    type T = ReadAhead;

    fn get_read(&self, start: u64) -> Result<ReadAhead, ParquetError> {
        Ok(ReadAhead { input: self.clone(), next: start, buffer: io::Cursor::default() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        Ok(self.read_at(start, length)?.into())
    }
}

/// Reads on from a place in the file, a little ahead.
struct ReadAhead {
    input: Input,
    next: u64,
    buffer: io::Cursor<Vec<u8>>,
}

impl Read for ReadAhead {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.buffer.position() >= self.buffer.get_ref().len() as u64 {
            let left = usize::try_from(self.input.length.saturating_sub(self.next)).unwrap_or(usize::MAX);
            let ahead = self.input.read_at(self.next, left.min(into.len().max(READ_AHEAD_BYTES)))?;
            self.next += ahead.len() as u64;
            self.buffer = io::Cursor::new(ahead);
        }
        self.buffer.read(into)
    }
}
