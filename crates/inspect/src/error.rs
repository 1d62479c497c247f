//! What can be wrong with a survey's files and requests.

use base::Id;

use crate::finding;
use crate::survey::State;

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
    /// A value of a survey that cannot be.
    #[error("{field}: {reason}")]
    Malformed {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such survey, or the asker may not know of it.
    #[error("survey {0} does not exist")]
    NoSuchSurvey(Id<base::Survey>),
    /// Nobody of that name is asked in that role, or the asker may not know of them.
    #[error("{person:?} is not asked as {role:?}")]
    NotAsked {
        /// By what name they were looked for.
        person: String,
        /// In which role.
        role: String,
    },
    /// The survey is not in a state in which this can be done.
    #[error("the survey is {0}")]
    WrongState(State),
    /// The survey has not begun to take answers, or takes none any more.
    #[error("survey {0} takes no answers now")]
    OutOfTime(Id<base::Survey>),
    /// It does not follow the form that is kept; look again before sending.
    #[error("the form is at version {kept}")]
    Outdated {
        /// The version that is kept.
        kept: u64,
    },
    /// It is not known whether a form was taken: too many are being sent, or the program is stopping. Sent twice is sent
    /// once.
    #[error("it is not known whether the form was taken; send it again")]
    SendAgain,
    /// The counts are not those of the answers. Nothing was changed; somebody has to look at the database.
    #[error("the counts of {organisation} as {role} are not those of the answers")]
    CountsDiffer {
        /// Whose.
        organisation: Id<base::Organisation>,
        /// In which role.
        role: String,
    },
    /// There is no such finding, or the asker may not know of it.
    #[error("finding {0} does not exist")]
    NoSuchFinding(Id<base::Finding>),
    /// The finding is not in a state in which this can be done.
    #[error("the finding is {0}")]
    FindingIs(finding::State),
    /// Who has answered a finding does not verify it.
    #[error("finding {0} is to be verified by somebody else than who answered it")]
    OwnAnswer(Id<base::Finding>),
    /// There is no such personal link: it was never made, another has replaced it, or its person is not asked.
    #[error("there is no such link")]
    NoSuchLink,
    /// The system gives no randomness for a link.
    #[error("the system gives no randomness")]
    NoRandomness,
    /// The actor's roles do not give the right.
    #[error(transparent)]
    Denied(#[from] base::Denied),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What sort of failure it is, for whoever has to answer in another language or with a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// It is not there, or not for this asker.
    NotFound,
    /// What was sent makes no sense here.
    Invalid,
    /// The asker may not.
    Denied,
    /// The state of things does not allow it.
    Conflict,
    /// Not the asker's fault.
    Unavailable,
}

impl Error {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoColumn { .. } | Self::Rows(_) | Self::TooMany { .. } | Self::Malformed { .. } => {
                ErrorKind::Invalid
            }
            Self::NoSuchSurvey(_) | Self::NoSuchFinding(_) | Self::NotAsked { .. } | Self::NoSuchLink => {
                ErrorKind::NotFound
            }
            Self::WrongState(_) | Self::FindingIs(_) | Self::OutOfTime(_) | Self::Outdated { .. } => {
                ErrorKind::Conflict
            }
            Self::Denied(_) | Self::OwnAnswer(_) => ErrorKind::Denied,
            Self::Read(_)
            | Self::SendAgain
            | Self::CountsDiffer { .. }
            | Self::NoRandomness
            | Self::Store(_) => ErrorKind::Unavailable,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

fn rows(rows: &[WrongRow]) -> String {
    rows.iter().map(WrongRow::to_string).collect::<Vec<_>>().join("\n")
}
