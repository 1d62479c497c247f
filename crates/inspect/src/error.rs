//! What can be wrong with a survey's files and requests.

/// The most wrong rows that one error names.
pub const WRONG_MAX: usize = 20;

/// A row that cannot be counted. One is enough for no figure to be given: a share that leaves rows out is another share.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct WrongRow {
    /// Which: the line of a CSV file, its header being 1, or the row of a Parquet file, from 1.
    pub row: u64,
    /// The column that is wrong.
    pub column: &'static str,
    /// What is wrong there.
    pub reason: String,
}

impl std::fmt::Display for WrongRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row {}: {}: {}", self.row, self.column, self.reason)
    }
}

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file without a column that is needed.
    #[error("there is no column {column}; the header must name {needed}")]
    NoColumn {
        /// Which.
        column: &'static str,
        /// All that are needed.
        needed: String,
    },
    /// Rows that cannot be counted, the first [`WRONG_MAX`] of them.
    #[error("{}", rows(.0))]
    Rows(Vec<WrongRow>),
    /// More of something than is planned for.
    #[error("there are more than {limit} {unit}")]
    TooMany {
        /// The limit.
        limit: usize,
        /// Of what.
        unit: &'static str,
    },
    /// The file cannot be read.
    #[error("cannot read it: {0}")]
    Read(#[from] std::io::Error),
}

fn rows(rows: &[WrongRow]) -> String {
    rows.iter().map(WrongRow::to_string).collect::<Vec<_>>().join("\n")
}
