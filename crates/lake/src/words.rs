//! Columns of text of any Parquet file, as numbers and a table of words: for files that people bring.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use crate::file::{Trouble, guarded};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 64 << 10;

/// Why a file cannot be read.
#[derive(Debug)]
pub enum WordsError {
    /// A column that is not there.
    NoColumn(String),
    /// A column that holds no text, and what it holds.
    NoText(String, String),
    /// Anything else.
    Unreadable(String),
}

impl std::fmt::Display for WordsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoColumn(column) => write!(f, "there is no column {column}"),
            Self::NoText(column, kind) => write!(f, "the column {column} holds {kind} and not text"),
            Self::Unreadable(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for WordsError {}

impl From<Trouble> for WordsError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Gone => Self::Unreadable("it is not there any more".to_owned()),
            Trouble::Damaged(reason) => Self::Unreadable(reason),
        }
    }
}

/// One column of a batch.
#[derive(Clone, Debug)]
pub struct Column<'b> {
    /// By row, which word; -1 where there is no value.
    pub codes: &'b [i32],
    /// The words.
    pub words: Vec<&'b [u8]>,
}

/// A Parquet file and the columns of it that are wanted.
#[derive(Clone, Debug)]
pub struct WordsFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    columns: Vec<String>,
}

impl WordsFile {
    /// Opens a file that has columns of text with these names, and perhaps others.
    pub fn open(path: &Path, columns: &[&str]) -> Result<Self, WordsError> {
        let file = File::open(path).map_err(Trouble::from)?;
        let plain = guarded(|| Ok(ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?))?;
        for column in columns {
            let Ok(field) = plain.schema().field_with_name(column) else {
                return Err(WordsError::NoColumn((*column).to_owned()));
            };
            if !is_text(field.data_type()) {
                return Err(WordsError::NoText((*column).to_owned(), field.data_type().to_string()));
            }
        }
        let fields = plain.schema().fields().iter().map(|field| {
            if columns.contains(&field.name().as_str()) {
                Arc::new(in_words(field))
            } else {
                Arc::clone(field)
            }
        });
        let options =
            ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields.collect::<Vec<_>>())));
        let metadata = guarded(|| Ok(ArrowReaderMetadata::load(&file, options)?))?;
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Ok(Self { path: path.to_owned(), metadata, columns })
    }

    /// How many row groups there are: each can be read beside the others.
    pub fn groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// How many rows stand before a row group.
    pub fn rows_before(&self, group: usize) -> u64 {
        let groups = self.metadata.metadata().row_groups().iter().take(group);
        groups.map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum()
    }

    /// Hands over the wanted columns of these row groups, batch after batch in the order that was asked for, with the
    /// number of rows before the batch; stops when told to.
    pub fn read(
        &self,
        groups: Range<usize>,
        each: &mut dyn FnMut(u64, &[Column<'_>]) -> bool,
    ) -> Result<(), WordsError> {
        let mut row = self.rows_before(groups.start);
        let mut batches = guarded(|| {
            let file = File::open(&self.path)?;
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
            let mask = ProjectionMask::columns(
                self.metadata.parquet_schema(),
                self.columns.iter().map(String::as_str),
            );
            Ok(builder
                .with_row_groups(groups.collect())
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS)
                .build()?)
        })?;
        while let Some(batch) = guarded(|| Ok(batches.next().transpose()?))? {
            if !self.hand_over(&batch, row, each)? {
                break;
            }
            row += batch.num_rows() as u64;
        }
        Ok(())
    }

    fn hand_over(
        &self,
        batch: &RecordBatch,
        row: u64,
        each: &mut dyn FnMut(u64, &[Column<'_>]) -> bool,
    ) -> Result<bool, WordsError> {
        let other = || WordsError::Unreadable("a column is not decoded as words".to_owned());
        let mut without = Vec::new();
        let arrays = self.columns.iter().map(|column| {
            let array = batch.column_by_name(column).and_then(|array| array.as_dictionary_opt::<Int32Type>());
            array.ok_or_else(other)
        });
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        for array in &arrays {
            let code = |row| if array.keys().is_null(row) { -1 } else { array.keys().value(row) };
            let absent = array.keys().null_count() > 0;
            without.push(absent.then(|| (0..array.len()).map(code).collect::<Vec<i32>>()));
        }
        let columns = arrays.iter().zip(&without).map(|(array, without)| {
            let words = array.values().as_string_opt::<i32>().ok_or_else(other)?;
            let codes = without.as_deref().unwrap_or_else(|| array.keys().values());
            Ok(Column { codes, words: words.iter().map(|word| word.unwrap_or("").as_bytes()).collect() })
        });
        Ok(each(row, &columns.collect::<Result<Vec<_>, WordsError>>()?))
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, value) => is_text(value),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        _ => false,
    }
}

fn in_words(field: &Field) -> Field {
    let words = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Field::new(field.name(), words, field.is_nullable())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Int64Array, LargeStringArray, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    fn file(folder: &Path) -> PathBuf {
        let path = folder.join("any.parquet");
        let schema = Schema::new(vec![
            Field::new("number", DataType::Int64, false),
            Field::new("word", DataType::LargeUtf8, true),
            Field::new("other", DataType::Utf8, false),
        ]);
        let batch = RecordBatch::try_new(
            Arc::new(schema),
            vec![
                Arc::new(Int64Array::from(vec![1, 2, 3])),
                Arc::new(LargeStringArray::from(vec![Some("狼煙"), None, Some("a")])),
                Arc::new(StringArray::from(vec!["x", "x", "y"])),
            ],
        )
        .unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
        let mut writer =
            ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path
    }

    #[test]
    fn text_of_any_width_comes_as_words_and_what_is_absent_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let opened = WordsFile::open(&file(folder.path()), &["other", "word"]).unwrap();
        assert_eq!((opened.groups(), opened.rows_before(1)), (2, 2));
        let mut rows = Vec::new();
        let mut take = |row: u64, columns: &[Column<'_>]| {
            for number in 0..columns[0].codes.len() {
                let word = |column: &Column<'_>| {
                    let code = usize::try_from(column.codes[number]).ok();
                    code.map(|code| String::from_utf8(column.words[code].to_vec()).unwrap())
                };
                rows.push((row + number as u64, word(&columns[0]), word(&columns[1])));
            }
            true
        };
        opened.read(0..2, &mut take).unwrap();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(rows, [(0, text("x"), text("狼煙")), (1, text("x"), None), (2, text("y"), text("a"))]);
    }

    #[test]
    fn a_column_that_is_absent_or_holds_numbers_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        let refused = |column| WordsFile::open(&path, &[column]).unwrap_err().to_string();
        assert_eq!(refused("nothing"), "there is no column nothing");
        assert_eq!(refused("number"), "the column number holds Int64 and not text");
        std::fs::write(&path, b"PAR1 nothing PAR1").unwrap();
        assert!(matches!(WordsFile::open(&path, &["word"]), Err(WordsError::Unreadable(_))));
    }
}
