//! Field names, each remembered once and handed around as a number.

use hashbrown::HashTable;
use std::hash::BuildHasher;

use crate::Format;
use crate::alias;
use crate::limit::{NAME_BYTES_MAX, NAMES_MAX};

/// A field name that a [`Names`] remembers: the format it was read in and its dotted path. Number 0 is the nameless
/// field, which holds free text and whatever came after a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u32);

/// What a field says, whatever its source calls it. Decided once per name, from the alias table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// When it happened.
    Time,
    /// Who began it: an address.
    SourceAddress,
    /// Whom it was done to: an address.
    DestinationAddress,
    /// An address of neither, or nobody knows which.
    Address,
    /// A port on the source's side.
    SourcePort,
    /// A port on the destination's side.
    DestinationPort,
    /// The machine that wrote the record, or on which it happened.
    Host,
    /// Who did it: an account.
    User,
    /// A domain name that was asked for, connected to or shown.
    Domain,
    /// A URL, or the path part of one.
    Url,
    /// A file's digest; several may stand in one value (Sysmon's `Hashes`).
    Hash,
    /// A mail address.
    Mail,
}

/// The names one reader has met. Ids of one `Names` mean nothing to another.
#[derive(Debug)]
pub struct Names {
    index: HashTable<u32>,
    entries: Vec<Entry>,
    hasher: foldhash::fast::RandomState,
    /// The name asked for last. Records of one kind name their fields in one order.
    last: u32,
}

#[derive(Debug)]
struct Entry {
    format: Format,
    parent: u32,
    path: String,
    leaf_start: usize,
    role: Option<Role>,
    /// The name that was asked for after this one, the last time.
    followed_by: u32,
}

impl Entry {
    fn leaf(&self) -> &str {
        &self.path[self.leaf_start..]
    }
}

/// The parent of names that stand at the top of a record.
const ROOT: NameId = NameId(0);

impl Default for Names {
    fn default() -> Self {
        let nameless = Entry {
            format: Format::Text,
            parent: 0,
            path: String::new(),
            leaf_start: 0,
            role: None,
            followed_by: 0,
        };
        Self {
            index: HashTable::new(),
            entries: vec![nameless],
            hasher: foldhash::fast::RandomState::default(),
            last: 0,
        }
    }
}

impl Names {
    /// The id of a top-level name.
    pub fn id(&mut self, format: Format, name: &str) -> NameId {
        self.below(format, ROOT, name)
    }

    /// The id of `parent.name`. Past [`NAMES_MAX`] names or [`NAME_BYTES_MAX`] bytes it is the nameless field.
    pub fn below(&mut self, format: Format, parent: NameId, name: &str) -> NameId {
        let likely = self.entries[self.last as usize].followed_by;
        let is_likely = {
            let entry = &self.entries[likely as usize];
            likely != 0 && entry.parent == parent.0 && entry.format == format && entry.leaf() == name
        };
        if !is_likely {
            let found = self.look_up(format, parent, name);
            self.entries[self.last as usize].followed_by = found.0;
            self.last = found.0;
            return found;
        }
        self.last = likely;
        NameId(likely)
    }

    fn look_up(&mut self, format: Format, parent: NameId, name: &str) -> NameId {
        let hash = self.hasher.hash_one((format, parent.0, name));
        let found = self.index.find(hash, |&index| {
            let entry = &self.entries[index as usize];
            entry.parent == parent.0 && entry.format == format && entry.leaf() == name
        });
        if let Some(&index) = found {
            return NameId(index);
        }
        let above = &self.entries[parent.0 as usize].path;
        if name.is_empty() || self.entries.len() >= NAMES_MAX || above.len() + 1 + name.len() > NAME_BYTES_MAX
        {
            return NameId::default();
        }
        let path = if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") };
        let leaf_start = path.len() - name.len();
        let role = alias::role(format, &path);
        let index = self.entries.len() as u32;
        self.entries.push(Entry { format, parent: parent.0, path, leaf_start, role, followed_by: 0 });
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.index.insert_unique(hash, index, |&index| {
            let entry = &entries[index as usize];
            hasher.hash_one((entry.format, entry.parent, entry.leaf()))
        });
        NameId(index)
    }

    /// The dotted path, as the source nests it.
    pub fn path(&self, id: NameId) -> &str {
        self.entries.get(id.0 as usize).map_or("", |entry| &entry.path)
    }

    /// The format the name was met in.
    pub fn format(&self, id: NameId) -> Format {
        self.entries.get(id.0 as usize).map_or(Format::Text, |entry| entry.format)
    }

    /// What the field says, if anybody knows.
    pub fn role(&self, id: NameId) -> Option<Role> {
        self.entries.get(id.0 as usize).and_then(|entry| entry.role)
    }

    /// How many names are remembered; ids are below it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Never: the nameless field is always there.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_id_and_a_path() {
        let mut names = Names::default();
        let alert = names.id(Format::Eve, "alert");
        let signature = names.below(Format::Eve, alert, "signature");
        assert_eq!(names.path(signature), "alert.signature");
        assert_eq!(names.below(Format::Eve, alert, "signature"), signature);
        assert_ne!(names.id(Format::Eve, "signature"), signature);
        assert_ne!(names.id(Format::Json, "alert"), alert);
    }

    #[test]
    fn too_many_or_too_long_names_become_the_nameless_field() {
        let mut names = Names::default();
        assert_eq!(names.id(Format::Json, &"x".repeat(NAME_BYTES_MAX + 1)), NameId::default());
        for number in 0..NAMES_MAX + 10 {
            names.id(Format::Json, &number.to_string());
        }
        assert_eq!(names.len(), NAMES_MAX);
        assert_eq!(names.id(Format::Json, "one more"), NameId::default());
    }
}
