//! What can be wrong with a column, as a fact that becomes a sentence in either language.

use crate::Noun;

/// A column and what is wrong with it.
pub type Wrong = (&'static str, Reason);

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Nothing stands there.
    #[error("must be said")]
    Needed,
    /// A name is missing in one language.
    #[error("names in both languages are needed")]
    BothLanguages,
    /// It is not one of the words.
    #[error("{written:?} is not one of {words}")]
    NotOneOf {
        /// What stands there.
        written: String,
        /// The words, with commas.
        words: String,
    },
    /// It is too long, or not text.
    #[error("longer than {max} characters, or with control characters")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// A list is too long.
    #[error("more than {max}")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// It is no number, or out of its range.
    #[error("{written:?} is not a whole number from {min} to {max}")]
    NotANumber {
        /// What stands there.
        written: String,
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// It is no day.
    #[error("{written:?} is not a day like 2026-04-01")]
    NotADay {
        /// What stands there.
        written: String,
    },
    /// It ends before it begins.
    #[error("{until} is before valid_from {from}")]
    EndsBefore {
        /// The last day.
        until: String,
        /// The first.
        from: String,
    },
    /// It is no key.
    #[error("{written:?} is not 1 to {max} of a-z, 0-9 and -")]
    NotAKey {
        /// What stands there.
        written: String,
        /// The limit.
        max: usize,
    },
    /// It does not look as such a thing looks.
    #[error("{written:?} is not {what}")]
    NotA {
        /// What stands there.
        written: String,
        /// What should, as `a mail address`.
        what: What,
    },
    /// It refers to something that is not there, or that whoever asks may not know of.
    #[error("no {noun} has the key {key:?}")]
    NoSuch {
        /// Of which kind.
        noun: Noun,
        /// The key.
        key: String,
    },
    /// Another row of the same file is about the same thing.
    #[error("line {line} already describes {key}")]
    Twice {
        /// Where.
        line: u64,
        /// What.
        key: String,
    },
    /// The asker's rights do not reach it.
    #[error("this is not yours to change")]
    NotYours,
    /// The noun has no such column.
    #[error("a {noun} has no such column")]
    NoSuchColumn {
        /// The noun.
        noun: Noun,
    },
    /// A sentence of its own.
    #[error("{0}")]
    Other(String),
}

/// What a value should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// `csirt@naibu.go.example`
    Mail,
    /// `03-5555-0100`, `+81-3-5555-0100`
    Phone,
    /// `https://…`
    Web,
    /// `mail:…`, `phone:…`, `fax:…` or `web:…`
    Channel,
    /// CPE 2.3, formatted string binding.
    Cpe,
    /// A package URL.
    Purl,
    /// An armoured OpenPGP public key.
    OpenPgp,
    /// A certificate in PEM.
    Certificate,
}

impl What {
    /// The word used in the files of sentences.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Phone => "phone",
            Self::Web => "web",
            Self::Channel => "channel",
            Self::Cpe => "cpe",
            Self::Purl => "purl",
            Self::OpenPgp => "openpgp",
            Self::Certificate => "certificate",
        }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mail => "a mail address",
            Self::Phone => "a telephone number",
            Self::Web => "a web address that begins with https://",
            Self::Channel => "a channel like mail:…, phone:…, fax:… or web:…",
            Self::Cpe => "a CPE 2.3 name",
            Self::Purl => "a package URL",
            Self::OpenPgp => "an armoured OpenPGP public key",
            Self::Certificate => "a PEM certificate",
        })
    }
}

impl Reason {
    /// The word and the facts from which a page makes its sentence.
    pub fn facts(&self) -> (&'static str, Vec<(&'static str, String)>) {
        match self {
            Self::Needed => ("needed", vec![]),
            Self::BothLanguages => ("both-languages", vec![]),
            Self::NotOneOf { written, words } => {
                ("not-one-of", vec![("written", written.clone()), ("words", words.clone())])
            }
            Self::TooLong { max } => ("too-long", vec![("max", max.to_string())]),
            Self::TooMany { max } => ("too-many", vec![("max", max.to_string())]),
            Self::NotANumber { written, min, max } => (
                "not-a-number",
                vec![("written", written.clone()), ("min", min.to_string()), ("max", max.to_string())],
            ),
            Self::NotADay { written } => ("not-a-day", vec![("written", written.clone())]),
            Self::EndsBefore { until, from } => {
                ("ends-before", vec![("until", until.clone()), ("from", from.clone())])
            }
            Self::NotAKey { written, max } => {
                ("not-a-key", vec![("written", written.clone()), ("max", max.to_string())])
            }
            Self::NotA { written, what } => {
                ("not-a", vec![("written", written.clone()), ("what", what.word().to_owned())])
            }
            Self::NoSuch { noun, key } => {
                ("no-such", vec![("noun", noun.word().to_owned()), ("key", key.clone())])
            }
            Self::Twice { line, key } => ("twice", vec![("line", line.to_string()), ("key", key.clone())]),
            Self::NotYours => ("not-yours", vec![]),
            Self::NoSuchColumn { noun } => ("no-such-column", vec![("noun", noun.word().to_owned())]),
            Self::Other(sentence) => ("other", vec![("sentence", sentence.clone())]),
        }
    }
}

impl From<String> for Reason {
    fn from(sentence: String) -> Self {
        Self::Other(sentence)
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
