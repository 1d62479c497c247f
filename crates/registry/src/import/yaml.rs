//! Organisations with what they own below them.

use serde::Deserialize;
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde_saphyr::Spanned;

use super::{Plan, ROWS_MAX, Written, check_size, plan};
use crate::asset::AssetKind;
use crate::{Error, Registry};

/// The most YAML nodes: each row has at most two for each of its columns.
const NODES_MAX: usize = ROWS_MAX * 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    organisations: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    // An entry without names is about an organisation that is already registered.
    #[serde(default)]
    name_ja: String,
    #[serde(default)]
    name_en: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    parent: Option<String>,
    #[serde(default)]
    order: Option<i64>,
    #[serde(default)]
    networks: Vec<Spanned<Owned>>,
    #[serde(default)]
    domains: Vec<Spanned<Owned>>,
    #[serde(default)]
    mail_domains: Vec<Spanned<Owned>>,
    #[serde(default)]
    hosts: Vec<Spanned<Owned>>,
}

/// Either the bare value or a map that says more.
#[derive(Default)]
struct Owned {
    value: String,
    valid_from: String,
    valid_until: String,
    criticality: String,
    system: String,
    device_class: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnedMap {
    value: String,
    #[serde(default)]
    valid_from: String,
    #[serde(default)]
    valid_until: String,
    #[serde(default)]
    criticality: String,
    #[serde(default)]
    system: String,
    #[serde(default)]
    device_class: String,
}

impl<'de> Deserialize<'de> for Owned {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrMap;
        impl<'de> Visitor<'de> for TextOrMap {
            type Value = Owned;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value, or a map with a value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Owned, E> {
                Ok(Owned { value: text.to_owned(), ..Owned::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Owned, A::Error> {
                let map = OwnedMap::deserialize(MapAccessDeserializer::new(map))?;
                let OwnedMap { value, valid_from, valid_until, criticality, system, device_class } = map;
                Ok(Owned { value, valid_from, valid_until, criticality, system, device_class })
            }
        }
        deserializer.deserialize_any(TextOrMap)
    }
}

/// Reads a YAML file and plans what becomes of its rows.
pub fn yaml(text: &str, registry: &Registry) -> Result<Plan, Error> {
    check_size(text)?;
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: NODES_MAX,
            max_events: NODES_MAX * 2,
            max_aliases: 0,
        },
    };
    let file: File = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(0, |location| location.line());
        let whole = error.to_string();
        Error::Unreadable { line, reason: whole.lines().next().unwrap_or_default().to_owned() }
    })?;
    let mut rows = Vec::new();
    for entry in file.organisations {
        let line = entry.referenced.line();
        spread(line, entry.value, &mut rows);
        if rows.len() > ROWS_MAX {
            return Err(Error::TooLarge { limit: ROWS_MAX, unit: "rows" });
        }
    }
    Ok(plan::plan(rows, registry))
}

/// One entry as the rows it would be in CSV.
fn spread(line: u64, entry: Entry, rows: &mut Vec<Written>) {
    let key = entry.key;
    if !entry.name_ja.is_empty() || !entry.name_en.is_empty() || !entry.kind.is_empty() {
        rows.push(Written {
            line,
            record: "organisation".to_owned(),
            organisation: key.clone(),
            name_ja: entry.name_ja,
            name_en: entry.name_en,
            kind: entry.kind,
            parent: entry.parent.unwrap_or_default(),
            order: entry.order.map(|order| order.to_string()).unwrap_or_default(),
            ..Written::default()
        });
    }
    let lists = [
        (AssetKind::Network, entry.networks),
        (AssetKind::Domain, entry.domains),
        (AssetKind::MailDomain, entry.mail_domains),
        (AssetKind::Host, entry.hosts),
    ];
    for (kind, list) in lists {
        rows.extend(list.into_iter().map(|owned| Written {
            line: owned.referenced.line(),
            record: kind.word().to_owned(),
            organisation: key.clone(),
            value: owned.value.value,
            valid_from: owned.value.valid_from,
            valid_until: owned.value.valid_until,
            criticality: owned.value.criticality,
            system: owned.value.system,
            device_class: owned.value.device_class,
            ..Written::default()
        }));
    }
}
