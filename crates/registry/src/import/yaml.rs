//! Organisations with what they own below them.

use serde::Deserialize;
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde_saphyr::Spanned;

use super::{ROWS_MAX, Written};
use crate::Error;
use crate::asset::AssetKind;

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

/// Reads a YAML file.
pub(super) fn rows(text: &str) -> Result<Vec<Written>, Error> {
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
    Ok(rows)
}

/// One entry as the rows it would be in CSV.
fn spread(line: u64, entry: Entry, rows: &mut Vec<Written>) {
    let key = entry.key.as_str();
    if !entry.name_ja.is_empty() || !entry.name_en.is_empty() || !entry.kind.is_empty() {
        let order = entry.order.map(|order| order.to_string()).unwrap_or_default();
        rows.push(Written::of(
            line,
            [
                ("record", "organisation"),
                ("organisation", key),
                ("name_ja", &entry.name_ja),
                ("name_en", &entry.name_en),
                ("kind", &entry.kind),
                ("parent", entry.parent.as_deref().unwrap_or_default()),
                ("order", &order),
            ],
        ));
    }
    let lists = [
        (AssetKind::Network, &entry.networks),
        (AssetKind::Domain, &entry.domains),
        (AssetKind::MailDomain, &entry.mail_domains),
        (AssetKind::Host, &entry.hosts),
    ];
    for (kind, list) in lists {
        rows.extend(list.iter().map(|owned| {
            let value = &owned.value;
            let cells = [
                ("record", kind.word()),
                ("organisation", key),
                ("value", &value.value),
                ("valid_from", &value.valid_from),
                ("valid_until", &value.valid_until),
                ("criticality", &value.criticality),
                ("system", &value.system),
                ("device_class", &value.device_class),
            ];
            Written::of(owned.referenced.line(), cells)
        }));
    }
}
