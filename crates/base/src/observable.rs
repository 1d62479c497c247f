//! A value seen in an event that could also be seen elsewhere.

use std::fmt;
use std::str::FromStr;

/// What kind of value an observable is. The order is the order of columns on pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObservableKind {
    /// IPv4 or IPv6, in the text form of RFC 5952.
    Address,
    /// Lower case, A-labels, without the final dot.
    Domain,
    /// As written, scheme and host in lower case, without a fragment.
    Url,
    /// MD5, SHA-1, SHA-256 or SHA-512 in lower-case hexadecimal.
    Hash,
    /// `local@domain`, lower case.
    Mail,
}

impl ObservableKind {
    /// Every kind, in order.
    pub const ALL: [Self; 5] = [Self::Address, Self::Domain, Self::Url, Self::Hash, Self::Mail];

    /// The word used in files, URLs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Domain => "domain",
            Self::Url => "url",
            Self::Hash => "hash",
            Self::Mail => "mail",
        }
    }
}

impl fmt::Display for ObservableKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for ObservableKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.word() == text)
            .ok_or_else(|| format!("{text:?} is not a kind of observable"))
    }
}

/// A value seen, in its normal form; compare with `==`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Observable {
    /// What kind of value it is.
    pub kind: ObservableKind,
    /// The value in the normal form its kind states.
    pub value: String,
}

impl fmt::Display for Observable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}
