//! Where an event came from, in Sigma's three words: product, service, category.
//!
//! Rules are routed by it, so a wrong word is a flood of false hits and a missing one is a blind rule. It follows from
//! a few telling fields ([`Clue`]): each file below turns those of one family into a [`Source`].

use foldhash::HashMap;

use crate::limit::SOURCES_MAX;
use crate::{Event, Format, Names};

mod cloud;
mod clue;
mod device;
mod host;
mod sensor;
mod windows;

use clue::{Clue, Clues};

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
    fn new(product: &str, services: &[&str], categories: &[&str]) -> Self {
        let owned = |words: &[&str]| {
            words.iter().filter(|word| !word.is_empty()).map(|word| (*word).to_owned()).collect()
        };
        Self { product: product.to_owned(), services: owned(services), categories: owned(categories) }
    }

    /// `product/service/category` for people, `-` where unknown.
    pub fn route(&self) -> String {
        let join = |words: &[String]| if words.is_empty() { "-".to_owned() } else { words.join("+") };
        let product = if self.product.is_empty() { "-" } else { &self.product };
        format!("{product}/{}/{}", join(&self.services), join(&self.categories))
    }
}

/// How many combinations of clues are remembered before they are forgotten and learnt again.
const CACHE_MAX: usize = 16_384;

/// The longest value that tells anything about a source.
const CLUE_BYTES_MAX: usize = 128;

/// Derives where events came from and remembers what it found, so that most events cost one look-up. Belongs to one
/// [`Names`] and one [`Sources`].
#[derive(Debug, Default)]
pub struct Deriver {
    /// By name id: the clue a field is, once that is known.
    clues: Vec<Option<Option<Clue>>>,
    known: HashMap<Vec<u8>, SourceId>,
    key: Vec<u8>,
}

impl Deriver {
    /// The source of an event.
    pub fn derive(&mut self, names: &Names, sources: &mut Sources, event: &Event) -> SourceId {
        let mut clues = Clues::default();
        for field in event.fields() {
            if let Some(clue) = self.clue(names, field.name) {
                let text = event.value(field).text;
                clues.add(clue, if text.len() > CLUE_BYTES_MAX { "" } else { text });
            }
        }
        clues.write_key(event.format, &mut self.key);
        if let Some(&id) = self.known.get(&self.key) {
            return id;
        }
        if self.known.len() >= CACHE_MAX {
            self.known.clear();
        }
        let id = sources.id(&source(event.format, &clues));
        self.known.insert(self.key.clone(), id);
        id
    }

    fn clue(&mut self, names: &Names, name: crate::NameId) -> Option<Clue> {
        let index = name.0 as usize;
        if index >= self.clues.len() {
            self.clues.resize(names.len().max(index + 1), None);
        }
        let place = self.clues.get_mut(index)?;
        *place.get_or_insert_with(|| clue::of(names.format(name), names.path(name), names.role(name)))
    }
}

/// What the clues of an event say. A record inside a record (CEF in syslog) tells more than its envelope.
fn source(format: Format, clues: &Clues<'_>) -> Source {
    let inner = match format {
        Format::Evtx | Format::WindowsJson | Format::WindowsXml => return windows::source(clues),
        Format::Eve => return sensor::suricata(clues.value(Clue::Kind)),
        Format::ZeekTsv | Format::ZeekJson => return sensor::zeek(clues.value(Clue::Kind)),
        Format::W3c => return device::columns(clues),
        Format::Squid => return Source::new("squid", &["access"], &["proxy"]),
        _ if !clues.value(Clue::Channel).is_empty() => return windows::source(clues),
        Format::Cef | Format::Leef | Format::KeyValue => return device::source(clues),
        Format::WebAccess if clues.has(Clue::ProxyRequest) => {
            return Source::new("", &[], &["proxy", "webserver"]);
        }
        Format::WebAccess => return Source::new("", &[], &["webserver"]),
        Format::Json | Format::Csv => return cloud::source(clues),
        Format::Text | Format::Syslog5424 | Format::Syslog3164 => device::source(clues),
    };
    let outer = if format == Format::Text { host::text } else { host::syslog };
    [inner, cloud::source(clues)]
        .into_iter()
        .find(|source| *source != Source::default())
        .unwrap_or_else(|| outer(clues))
}

#[cfg(test)]
mod tests;
