//! Where an event came from, in Sigma's three words: product, service, category.

use foldhash::HashMap;

use crate::limit::SOURCES_MAX;
use crate::{Event, Names};

/// Where events come from, derived from what they say. An event may belong to several services and categories:
/// Sysmon event 13 is `registry_set` and `registry_event`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Source {
    /// `windows`, `zeek`, `suricata`, `linux`, `apache` …; empty when nobody can tell.
    pub product: String,
    /// `security`, `sysmon`, `dns` …
    pub services: Vec<String>,
    /// `process_creation`, `proxy`, `webserver` …
    pub categories: Vec<String>,
}

/// A source that a [`Sources`] remembers. Number 0 is the unknown source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// The sources one reader has met.
#[derive(Debug)]
pub struct Sources {
    index: HashMap<Source, SourceId>,
    entries: Vec<Source>,
}

impl Default for Sources {
    fn default() -> Self {
        let unknown = Source::default();
        Self { index: HashMap::from_iter([(unknown.clone(), SourceId(0))]), entries: vec![unknown] }
    }
}

impl Sources {
    /// The id of a source; the unknown source's past [`SOURCES_MAX`].
    pub fn id(&mut self, source: &Source) -> SourceId {
        if let Some(&id) = self.index.get(source) {
            return id;
        }
        if self.entries.len() >= SOURCES_MAX {
            return SourceId::default();
        }
        let id = SourceId(self.entries.len() as u16);
        self.entries.push(source.clone());
        self.index.insert(source.clone(), id);
        id
    }

    /// What an id stands for.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.entries[usize::from(id.0).min(self.entries.len() - 1)]
    }

    /// How many sources are remembered; ids are below it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Never: the unknown source is always there.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Source {
    /// `product/service/category` for people, `-` where unknown.
    pub fn route(&self) -> String {
        let join = |words: &[String]| if words.is_empty() { "-".to_owned() } else { words.join("+") };
        let product = if self.product.is_empty() { "-" } else { &self.product };
        format!("{product}/{}/{}", join(&self.services), join(&self.categories))
    }
}

/// Derives where events came from, and remembers what it found.
#[derive(Debug, Default)]
pub struct Deriver {}

impl Deriver {
    /// The source of an event.
    pub fn derive(&mut self, _names: &Names, sources: &mut Sources, _event: &Event) -> SourceId {
        sources.id(&Source::default())
    }
}
