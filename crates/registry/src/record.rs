//! What is kept of one thing that belongs to an organisation: its name there, its days, and the text of its columns.
//!
//! A [`Record`] is one row of a file and one row of a table. Its text is in normal form: who holds one knows that
//! [`Kept::of`] can read it. Files, forms, requests for changes and the database all speak of records; whoever wants
//! to know what a contact's first channel is reads it as a [`Contact`](crate::Contact).

use base::{Confidentiality, Id, Organisation as OrganisationId};

use crate::asset::Validity;
use crate::read;
use crate::reason::Wrong;
use crate::{BusinessFunction, Contact, Noun, Person, Reason, Server, ServerCount, Software, System};

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub noun: Noun,
    /// Whose it is.
    pub organisation: Id<OrganisationId>,
    /// Its name there, for ever.
    pub key: String,
    /// From when to when.
    pub validity: Validity,
    /// The text of [`Noun::own_columns`], in their order.
    pub values: Vec<String>,
}

/// A thing that is kept as records.
pub trait Kept: Sized {
    /// Which.
    const NOUN: Noun;

    /// Reads the text of its columns; `at` gives the text of a column, empty when nothing stands there.
    fn read<'w>(at: &dyn Fn(&'static str) -> &'w str) -> Result<Self, Wrong>;

    /// The text of its columns in normal form, in the order of [`Noun::own_columns`].
    fn write(&self) -> Vec<String>;

    /// Reads a record; a stored one that cannot be read is damage.
    fn of(record: &Record) -> Result<Self, store::Error> {
        Self::read(&|column| record.value(column)).map_err(|(column, _)| store::Error::Damaged {
            value: format!("{} {}: {column}", record.noun, record.key).chars().take(128).collect(),
            expected: "a record of the registry",
        })
    }
}

impl Record {
    /// Reads a row. `organisation` owns it.
    pub(crate) fn read<'w>(
        noun: Noun,
        organisation: Id<OrganisationId>,
        at: &dyn Fn(&'static str) -> &'w str,
    ) -> Result<Self, Wrong> {
        let values = match noun {
            Noun::Person => Person::read(at)?.write(),
            Noun::Contact => Contact::read(at)?.write(),
            Noun::System => System::read(at)?.write(),
            Noun::Server => Server::read(at)?.write(),
            Noun::Software => Software::read(at)?.write(),
            Noun::Function => BusinessFunction::read(at)?.write(),
            Noun::ServerCount => ServerCount::read(at)?.write(),
            Noun::Organisation | Noun::Network | Noun::Domain | Noun::MailDomain | Noun::Host => {
                return Err(("record", Reason::NotYours));
            }
        };
        let mut record = Self {
            noun,
            organisation,
            key: String::new(),
            validity: read::validity(at("valid_from"), at("valid_until"))?,
            values,
        };
        record.key = match (at("key"), noun) {
            // A count is what it counts: two counts of one day cannot stand under two keys.
            ("", _) | (_, Noun::ServerCount) => record.key_from_columns()?,
            (written, _) => read::key("key", written)?,
        };
        Ok(record)
    }

    /// A key for what nobody gave one: of the columns by which people would tell it from its like.
    fn key_from_columns(&self) -> Result<String, Wrong> {
        let columns = self.noun.naming_columns();
        if columns.is_empty() {
            return Err(("key", Reason::Needed));
        }
        if self.noun == Noun::ServerCount {
            return Ok(columns.iter().map(|column| self.value(column)).collect::<Vec<_>>().join("-"));
        }
        let mut hasher = blake3::Hasher::new_derive_key("noroshi registry key v1");
        for column in columns {
            let value = self.value(column);
            hasher.update(&(value.len() as u64).to_be_bytes());
            hasher.update(value.as_bytes());
        }
        Ok(hasher.finalize().to_hex().chars().take(16).collect())
    }

    /// Its id, which follows from whose it is and its key.
    pub fn id(&self) -> String {
        id_of(self.noun, self.organisation, &self.key)
    }

    /// The text of a column; empty when the noun has no such column.
    pub fn value(&self, column: &str) -> &str {
        let place = self.noun.own_columns().iter().position(|own| *own == column);
        place.and_then(|place| self.values.get(place)).map_or("", String::as_str)
    }

    /// The text of a column of the file.
    pub fn written(&self, column: &str) -> String {
        match column {
            "key" => self.key.clone(),
            "valid_from" => read::written_day(self.validity.from),
            "valid_until" => read::written_day(self.validity.until),
            _ => self.value(column).to_owned(),
        }
    }

    /// How carefully it is handled, as far as it says so itself. What belongs to a system is handled as the system.
    pub fn confidentiality(&self) -> Confidentiality {
        self.value("confidentiality").parse().unwrap_or(self.noun.degree())
    }

    /// The keys of the systems it belongs to or needs.
    pub(crate) fn systems(&self) -> Vec<&str> {
        match self.noun {
            Noun::Server | Noun::Software => {
                Some(self.value("system")).filter(|key| !key.is_empty()).into_iter().collect()
            }
            Noun::Function => self.value("systems").split(' ').filter(|key| !key.is_empty()).collect(),
            _ => Vec::new(),
        }
    }

    /// What it refers to: column, noun and key.
    pub(crate) fn references(&self) -> Vec<(&'static str, Noun, &str)> {
        let column = |column: &'static str, noun: Noun| {
            self.value(column).split(' ').filter(|key| !key.is_empty()).map(move |key| (column, noun, key))
        };
        match self.noun {
            Noun::Contact => column("person", Noun::Person).chain(column("deputies", Noun::Person)).collect(),
            Noun::System => column("manager", Noun::Person).collect(),
            Noun::Server | Noun::Software => column("system", Noun::System).collect(),
            Noun::Function => column("systems", Noun::System).collect(),
            _ => Vec::new(),
        }
    }

    /// The columns of the file in which it differs from `before`.
    pub(crate) fn differences(&self, before: &Self) -> Vec<&'static str> {
        let columns = self.noun.columns();
        columns.into_iter().filter(|column| self.written(column) != before.written(column)).collect()
    }
}

/// The id of the thing that an organisation knows by this key.
pub fn id_of(noun: Noun, organisation: Id<OrganisationId>, key: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("noroshi registry record id v1");
    for part in [noun.word(), &organisation.to_string(), key] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut digest = [0; 16];
    hasher.finalize_xof().fill(&mut digest);
    // The bytes of an organisation's id and of a record's are made alike; only the word before them differs.
    let uuid = Id::<OrganisationId>::from_digest(digest).uuid();
    format!("{}_{}", noun.word().replace('_', ""), uuid.simple())
}
