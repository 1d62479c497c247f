//! What can go wrong here that somebody can act on.

use base::{Denied, Id, Organisation, Role};

use crate::password::Weakness;
use crate::provider::Refusal;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Unknown, or outside the asker's scope: the two are not told apart.
    #[error("account {0} does not exist")]
    NoSuchAccount(Id<base::Account>),
    /// As above.
    #[error("organisation {0} does not exist")]
    NoSuchOrganisation(Id<Organisation>),
    /// Not this account's, ended, or never there.
    #[error("there is no such session")]
    NoSuchSession,
    /// Unknown, used, replaced or too old; nobody is told which.
    #[error("the link is not valid or no longer valid")]
    LinkGone,
    /// Each login is given once, for ever.
    #[error("the login {0} is taken")]
    LoginTaken(String),
    /// Not of the form of a mail address, or no name.
    #[error("{0:?} cannot be a {1}")]
    Malformed(String, &'static str),
    /// A role of the centre was to be given at an organisation, or the other way round.
    #[error("the role {0} does not belong there")]
    WrongSeat(Role),
    /// Somebody must be left who can keep the accounts.
    #[error("this is the last active administrator")]
    LastAdministrator,
    /// The account is not in a state in which this can be done.
    #[error("the account is {0}")]
    WrongState(crate::account::State),
    /// The password cannot be taken.
    #[error("the password {0}")]
    Weak(#[from] Weakness),
    /// What a browser handed over about a passkey is not what it should be.
    #[error("the passkey cannot be taken: {0}")]
    Passkey(&'static str),
    /// The provider of identities did not do its part, or what it says does not let them in.
    #[error("nobody comes in through the provider: {0}")]
    Provider(#[from] Refusal),
    /// The password or code that should prove it is wrong.
    #[error("the password or code is wrong")]
    Refused,
    /// Too many attempts from there.
    #[error("too many attempts; the next may be made in {0} seconds")]
    Wait(u64),
    /// There are as many as there may be.
    #[error("there may be no more {0}")]
    TooMany(&'static str),
    /// The account has a passkey, codes or a provider, and this session began with less.
    #[error("this asks for the passkey, the code or the provider that the account has")]
    ShowMore,
    /// More sign-ins are waiting than may wait.
    #[error("too many people sign in at once")]
    Busy,
    /// The right is not there.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The key file cannot be used.
    #[error("cannot use the key file {path}: {reason}")]
    Key {
        /// Where it is.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// What is stored cannot be opened with this key, or the system has no randomness.
    #[error("a secret cannot be made or opened: {0}")]
    Secret(&'static str),
    /// The database.
    #[error("the store is unavailable")]
    Store(#[from] store::Error),
}

/// What a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// It is not there.
    NotFound,
    /// The request is wrong.
    Invalid,
    /// The asker may not.
    Denied,
    /// It does not fit what is there.
    Conflict,
    /// Slower, please.
    TooMany,
    /// Try again later.
    Unavailable,
}

impl Error {
    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoSuchAccount(_) | Self::NoSuchOrganisation(_) | Self::NoSuchSession | Self::LinkGone => {
                ErrorKind::NotFound
            }
            Self::Malformed(..) | Self::WrongSeat(_) | Self::Weak(_) | Self::Refused | Self::Passkey(_) => {
                ErrorKind::Invalid
            }
            Self::Provider(Refusal::IdentityTaken | Refusal::AddressTaken) => ErrorKind::Conflict,
            Self::Provider(Refusal::Busy) => ErrorKind::TooMany,
            Self::Provider(refusal) if refusal.is_trouble() => ErrorKind::Unavailable,
            Self::Provider(Refusal::NoRole | Refusal::Early) | Self::Denied(_) | Self::ShowMore => {
                ErrorKind::Denied
            }
            Self::Provider(_) => ErrorKind::Invalid,
            Self::LoginTaken(_) | Self::LastAdministrator | Self::WrongState(_) | Self::TooMany(_) => {
                ErrorKind::Conflict
            }
            Self::Wait(_) | Self::Busy => ErrorKind::TooMany,
            Self::Key { .. } | Self::Secret(_) | Self::Store(_) => ErrorKind::Unavailable,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
