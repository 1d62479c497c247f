//! One table that gives a source's own field names their Sigma, ECS and OCSF names, and says what a field says.
//!
//! Events are never rewritten: they keep their source's names, and a rule that asks for `c-uri` is led to Squid's
//! URL, Zeek's `uri` and FortiGate's `url`. The rows stand in five files by where the names come from; [`windows`]
//! also takes the many wrappings off Windows fields, and [`guess`] gives a role to names nobody listed.
//!
//! Two things a row cannot say. Sysmon's `Hashes` holds several digests in one value; whoever takes observables from
//! it, or compares one digest, splits it. SigmaHQ's web rules look for paths in `cs-uri-query` as often as for
//! queries, so the whole target answers to that name too.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::{Format, Role};

mod cloud;
mod device;
mod guess;
mod network;
mod web;
mod windows;

/// What a field says, from its format and dotted path.
pub fn role(format: Format, path: &str) -> Option<Role> {
    let path = plain(path);
    let inner = cloud::unwrapped(format, path);
    let row = std::iter::once(path)
        .chain(inner.iter().map(String::as_str))
        .find_map(|path| rows(format, path).find_map(|row| row.role));
    row.or_else(|| if windows::speaks(format) { windows::role(path) } else { None })
        .or_else(|| guess::role(path))
}

/// The other names under which a rule may ask for the field: Sigma's, ECS's and OCSF's, in that order. The path
/// itself is not among them.
pub fn names(format: Format, path: &str) -> Vec<String> {
    let plain_path = plain(path);
    let mut names = Vec::new();
    let mut add = |name: &str| {
        if !name.is_empty() && name != path && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    if plain_path != path {
        add(plain_path);
    }
    if windows::speaks(format) {
        windows::names(plain_path).iter().for_each(|name| add(name));
    }
    let inner = cloud::unwrapped(format, plain_path);
    inner.iter().for_each(|name| add(name));
    for path in std::iter::once(plain_path).chain(inner.iter().map(String::as_str)) {
        for row in rows(format, path) {
            row.sigma.split(' ').chain([row.ecs, row.ocsf]).for_each(&mut add);
        }
    }
    names
}

/// A path without what XML and its translations hang on values.
fn plain(path: &str) -> &str {
    path.strip_suffix(".#text").or_else(|| path.strip_suffix("._")).unwrap_or(path)
}

fn rows(format: Format, path: &str) -> impl Iterator<Item = &'static Row> {
    let rows = index().get(path).map_or(&[][..], Vec::as_slice);
    rows.iter().copied().filter(move |row| row.formats & set(format) != 0)
}

/// Every row by its path, in the order of the tables. Names are learnt by the thousand, rows stand by the hundred.
fn index() -> &'static HashMap<&'static str, Vec<&'static Row>> {
    static INDEX: OnceLock<HashMap<&'static str, Vec<&'static Row>>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index: HashMap<_, Vec<_>> = HashMap::new();
        for row in [network::ROWS, web::ROWS, device::ROWS, cloud::ROWS].into_iter().flatten() {
            index.entry(row.path).or_default().push(row);
        }
        index
    })
}

/// One field of one or more formats under all its names.
#[derive(Debug)]
struct Row {
    formats: u32,
    path: &'static str,
    /// Blank-separated.
    sigma: &'static str,
    ecs: &'static str,
    ocsf: &'static str,
    role: Option<Role>,
}

const fn row(
    formats: u32,
    path: &'static str,
    sigma: &'static str,
    ecs: &'static str,
    ocsf: &'static str,
    role: Option<Role>,
) -> Row {
    Row { formats, path, sigma, ecs, ocsf, role }
}

/// The set that holds one format.
const fn set(format: Format) -> u32 {
    1 << format as u32
}

const ANY: u32 = u32::MAX;
const EVE: u32 = set(Format::Eve);
const ZEEK: u32 = set(Format::ZeekTsv) | set(Format::ZeekJson);
const WEB: u32 = set(Format::WebAccess) | set(Format::Squid) | set(Format::W3c) | SYSLOG | set(Format::Text);
/// Where columns in W3C's names stand.
const COLUMNS: u32 = WEB | JSON;
const SYSLOG: u32 = set(Format::Syslog5424) | set(Format::Syslog3164);
const CEF: u32 = set(Format::Cef);
const LEEF: u32 = set(Format::Leef);
const PAIRS: u32 = set(Format::KeyValue);
/// JSON of any maker, and the CSV that the same makers export.
const JSON: u32 = set(Format::Json) | set(Format::Csv);

/// Roles in the tables' own shorthand.
mod say {
    use crate::Role;

    pub(super) const NIL: Option<Role> = None;
    pub(super) const TIME: Option<Role> = Some(Role::Time);
    pub(super) const SRC: Option<Role> = Some(Role::SourceAddress);
    pub(super) const DST: Option<Role> = Some(Role::DestinationAddress);
    pub(super) const ADR: Option<Role> = Some(Role::Address);
    pub(super) const SPT: Option<Role> = Some(Role::SourcePort);
    pub(super) const DPT: Option<Role> = Some(Role::DestinationPort);
    pub(super) const HOST: Option<Role> = Some(Role::Host);
    pub(super) const USER: Option<Role> = Some(Role::User);
    pub(super) const DOM: Option<Role> = Some(Role::Domain);
    pub(super) const URL: Option<Role> = Some(Role::Url);
    pub(super) const HASH: Option<Role> = Some(Role::Hash);
    pub(super) const MAIL: Option<Role> = Some(Role::Mail);
}

#[cfg(test)]
mod tests;
