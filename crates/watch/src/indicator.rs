//! Values known to be bad, and whether an observable is one of them.

use std::net::IpAddr;
use std::str::FromStr;

use base::{Observable, ObservableKind, Period, Severity, Timestamp};
use foldhash::HashMap;
use ipnet::IpNet;

use crate::observe;

/// The longest list of indicators read from one file; the rest is refused by line.
pub const INDICATORS_MAX: usize = 5_000_000;

/// A value known to be bad.
#[derive(Clone, Debug, PartialEq)]
pub struct Indicator {
    /// What kind of value; an address may be a block, a domain stands for everything below it too.
    pub kind: ObservableKind,
    /// The value in normal form, or the block in CIDR form.
    pub value: String,
    /// What is known about it.
    pub description: String,
    /// How bad a match is.
    pub level: Severity,
    /// Who said so.
    pub source: String,
    /// When it holds; a match outside is none.
    pub valid: Option<Period>,
}

/// A line of an indicator file that is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongLine {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Indicators, indexed by value.
#[derive(Clone, Debug, Default)]
pub struct Indicators {
    entries: Vec<Indicator>,
    exact: HashMap<Observable, usize>,
    blocks: HashMap<(bool, u8, u128), usize>,
    /// Prefix lengths that occur, IPv6 or not, longest first.
    block_lengths: Vec<(bool, u8)>,
}

impl Indicators {
    /// Reads a file: CSV with a header line that has `value` (and, if it likes, `kind`, `description`, `level`,
    /// `source`, `valid_from`, `valid_until`), or one value per line. `#` begins a comment; values may be defanged
    /// (`hxxp`, `[.]`). Wrong lines are returned and the rest is kept.
    pub fn read(&mut self, file: &str, text: &str) -> Vec<WrongLine> {
        let mut wrong = Vec::new();
        let mut columns: Option<Vec<String>> = None;
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let cells = cells(line);
            if columns.is_none() {
                let header: Vec<_> = cells.iter().map(|cell| cell.to_ascii_lowercase()).collect();
                if header.iter().any(|cell| cell == "value") {
                    columns = Some(header);
                    continue;
                }
                columns = Some(vec!["value".into(), "description".into()]);
            }
            let known = columns.as_deref().unwrap_or_default();
            let made = if self.entries.len() >= INDICATORS_MAX {
                Err(format!("more than {INDICATORS_MAX} indicators"))
            } else {
                indicator(known, &cells)
            };
            match made {
                Ok(indicator) => self.add(indicator),
                Err(reason) => wrong.push(WrongLine { file: file.to_owned(), line: number, reason }),
            }
        }
        wrong
    }

    /// Adds one; the same value again replaces it.
    pub fn add(&mut self, indicator: Indicator) {
        let index = self.entries.len();
        match block_key(&indicator) {
            Some(key) => {
                self.blocks.insert(key, index);
                if !self.block_lengths.contains(&(key.0, key.1)) {
                    self.block_lengths.push((key.0, key.1));
                    self.block_lengths.sort_unstable_by(|a, b| b.cmp(a));
                }
            }
            None => {
                let observable = Observable { kind: indicator.kind, value: indicator.value.clone() };
                self.exact.insert(observable, index);
            }
        }
        self.entries.push(indicator);
    }

    /// The indicators, in the order they were added.
    pub fn all(&self) -> &[Indicator] {
        &self.entries
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The indicator that an observable seen at `time` is: itself, the smallest block around it, or the nearest domain above it.
    pub fn find(&self, observable: &Observable, time: Timestamp) -> Option<&Indicator> {
        let valid = |&index: &usize| {
            let indicator = self.entries.get(index)?;
            indicator.valid.is_none_or(|period| period.contains(time)).then_some(indicator)
        };
        if let Some(found) = self.exact.get(observable).and_then(valid) {
            return Some(found);
        }
        match observable.kind {
            ObservableKind::Address if !self.blocks.is_empty() => {
                let (v6, bits) = bits(observable.value.parse().ok()?);
                let lengths = self.block_lengths.iter().filter(|(family, _)| *family == v6);
                lengths
                    .filter_map(|&(_, length)| self.blocks.get(&(v6, length, masked(v6, length, bits))))
                    .find_map(valid)
            }
            ObservableKind::Domain => {
                let mut above = observable.value.as_str();
                while let Some((_, parent)) = above.split_once('.') {
                    above = parent;
                    let parent = Observable { kind: ObservableKind::Domain, value: parent.to_owned() };
                    if let Some(found) = self.exact.get(&parent).and_then(valid) {
                        return Some(found);
                    }
                }
                None
            }
            _ => None,
        }
    }
}

fn block_key(indicator: &Indicator) -> Option<(bool, u8, u128)> {
    let block =
        (indicator.kind == ObservableKind::Address).then(|| IpNet::from_str(&indicator.value).ok())??;
    let (v6, bits) = bits(block.network());
    Some((v6, block.prefix_len(), bits))
}

fn bits(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(address) => (false, u128::from(address.to_bits())),
        IpAddr::V6(address) => (true, address.to_bits()),
    }
}

fn masked(v6: bool, length: u8, bits: u128) -> u128 {
    let width: u32 = if v6 { 128 } else { 32 };
    let drop = width.saturating_sub(u32::from(length));
    bits.checked_shr(drop).unwrap_or(0).checked_shl(drop).unwrap_or(0)
}

/// The cells of one CSV line; a quoted cell may hold commas and doubled quotes.
fn cells(line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(str::to_owned).collect(),
        _ => vec![line.to_owned()],
    }
}

fn indicator(columns: &[String], cells: &[String]) -> Result<Indicator, String> {
    let cell = |name: &str| {
        let place = columns.iter().position(|column| column == name)?;
        cells.get(place).map(String::as_str).filter(|cell| !cell.is_empty())
    };
    let written = cell("value").ok_or("the value is missing")?;
    let text = written.replace("[.]", ".").replace("(.)", ".").replace("[:]", ":").replace("hxxp", "http");
    let (kind, value) = match cell("kind") {
        Some(word) => {
            let kind = kind_of_word(word)?;
            (kind, normal(kind, &text).ok_or_else(|| format!("{written:?} is not of the kind {kind}"))?)
        }
        None => guess(&text).ok_or_else(|| format!("{written:?} is not an indicator of any kind"))?,
    };
    let level = match cell("level") {
        Some(word) => word.to_ascii_lowercase().parse()?,
        None => Severity::High,
    };
    let time = |name: &str, otherwise: Timestamp| match cell(name) {
        None => Ok(otherwise),
        Some(text) => time_of(text).ok_or_else(|| format!("{name} {text:?} is not a time")),
    };
    let valid = match (cell("valid_from"), cell("valid_until")) {
        (None, None) => None,
        _ => Some(Period {
            start: time("valid_from", Timestamp::MIN)?,
            end: time("valid_until", Timestamp::MAX)?,
        }),
    };
    let owned = |name: &str| cell(name).unwrap_or_default().to_owned();
    Ok(Indicator { kind, value, description: owned("description"), level, source: owned("source"), valid })
}

/// A time, or a day, which begins at midnight UTC.
fn time_of(text: &str) -> Option<Timestamp> {
    let day = || {
        let day: jiff::civil::Date = text.parse().ok()?;
        day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
    };
    formats::time::read(text).or_else(day)
}

/// Our words, and the ones MISP, STIX and spreadsheets use for the same.
fn kind_of_word(word: &str) -> Result<ObservableKind, String> {
    Ok(match word.to_ascii_lowercase().as_str() {
        "address" | "ip" | "ip-src" | "ip-dst" | "ipv4" | "ipv6" | "ipv4-addr" | "ipv6-addr" | "cidr" => {
            ObservableKind::Address
        }
        "domain" | "hostname" | "domain-name" | "fqdn" => ObservableKind::Domain,
        "url" | "uri" => ObservableKind::Url,
        "hash" | "md5" | "sha1" | "sha256" | "sha512" | "file" => ObservableKind::Hash,
        "mail" | "email" | "email-src" | "email-addr" => ObservableKind::Mail,
        other => return Err(format!("{other:?} is not a kind of indicator")),
    })
}

fn normal(kind: ObservableKind, text: &str) -> Option<String> {
    if kind == ObservableKind::Address
        && let Ok(block) = IpNet::from_str(text)
    {
        let whole = block.prefix_len() == block.max_prefix_len();
        return if whole { Some(block.addr().to_string()) } else { Some(block.trunc().to_string()) };
    }
    // `*.example` and `.example` mean the domain and what is below it.
    let text = if kind == ObservableKind::Domain {
        text.trim_start_matches("*.").trim_start_matches('.')
    } else {
        text
    };
    observe::normal(kind, text).map(|observable| observable.value)
}

/// The kind a bare value has, by its form.
fn guess(text: &str) -> Option<(ObservableKind, String)> {
    let order = [
        ObservableKind::Url,
        ObservableKind::Address,
        ObservableKind::Mail,
        ObservableKind::Hash,
        ObservableKind::Domain,
    ];
    order.into_iter().find_map(|kind| normal(kind, text).map(|value| (kind, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-07-15T00:00:00Z".parse().unwrap()
    }

    #[track_caller]
    fn check(list: &str, kind: ObservableKind, seen: &str, expected: Option<&str>) {
        let mut indicators = Indicators::default();
        assert_eq!(indicators.read("list", list), []);
        let observable = observe::normal(kind, seen).unwrap();
        assert_eq!(indicators.find(&observable, now()).map(|found| found.value.as_str()), expected, "{seen}");
    }

    #[test]
    fn a_list_may_be_bare_or_have_a_header_and_be_defanged() {
        let bare = "# bad\n203.0.113.7\nevil[.]example\nhxxp://evil.example/x,a dropper\n";
        check(bare, ObservableKind::Address, "203.0.113.7", Some("203.0.113.7"));
        check(bare, ObservableKind::Domain, "c2.evil.example", Some("evil.example"));
        check(bare, ObservableKind::Url, "http://evil.example/x", Some("http://evil.example/x"));
        check(
            "kind,value,level\nip-dst,198.51.100.0/24,low\n",
            ObservableKind::Address,
            "198.51.100.9",
            Some("198.51.100.0/24"),
        );
        check("value\n*.evil.example\n", ObservableKind::Domain, "evil.example", Some("evil.example"));
    }

    #[test]
    fn the_smallest_block_and_the_nearest_domain_win() {
        let list = "203.0.113.0/24\n203.0.113.128/25\n2001:db8::/32\na.b.example\nb.example\n";
        check(list, ObservableKind::Address, "203.0.113.200", Some("203.0.113.128/25"));
        check(list, ObservableKind::Address, "203.0.113.1", Some("203.0.113.0/24"));
        check(list, ObservableKind::Address, "203.0.114.1", None);
        check(list, ObservableKind::Address, "2001:db8:1::1", Some("2001:db8::/32"));
        check("0.0.0.0/0\n", ObservableKind::Address, "203.0.113.1", Some("0.0.0.0/0"));
        check("0.0.0.0/0\n", ObservableKind::Address, "2001:db8::1", None);
        check("b.example\n", ObservableKind::Domain, "x.a.b.example", Some("b.example"));
        check("b.example\n", ObservableKind::Domain, "xb.example", None);
    }

    #[test]
    fn an_indicator_holds_only_in_its_time() {
        let list =
            "value,valid_from,valid_until\nold.example,2025-01-01,2026-01-01\nnew.example,2026-07-01,\n";
        check(list, ObservableKind::Domain, "old.example", None);
        check(list, ObservableKind::Domain, "new.example", Some("new.example"));
    }

    #[test]
    fn wrong_lines_are_named_and_the_rest_is_kept() {
        let mut indicators = Indicators::default();
        let text = "kind,value,level\naddress,not an address,\nplanet,mars,\nhash,d41d8cd98f00b204e9800998ecf8427e,terrible\ndomain,good.example,high\naddress\n";
        let wrong = indicators.read("feed.csv", text);
        let lines: Vec<_> = wrong.iter().map(|wrong| wrong.line).collect();
        assert_eq!((lines, indicators.all().len()), (vec![2, 3, 4, 6], 1), "{wrong:?}");
    }
}
