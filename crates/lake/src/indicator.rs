//! Many indicators at once, prepared so that each observable is compared with all of them in a few look-ups.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base::ObservableKind;
use foldhash::{HashMap, HashSet};
use ipnet::IpNet;
use parquet::bloom_filter::Sbbf;
use watch::lake::Wanted;

/// Asking a Bloom filter for more values than this costs more than reading the column.
const BLOOM_VALUES_MAX: usize = 256;

/// Everything that is hunted, by number of the indicator.
pub(crate) struct Indicators {
    indicators: Vec<String>,
    exact: BTreeMap<ObservableKind, HashMap<String, u32>>,
    blocks: Vec<Blocks>,
}

/// The blocks of one size.
struct Blocks {
    prefix_bits: u8,
    numbers: HashMap<IpNet, Vec<u32>>,
}

impl Indicators {
    /// Prepares indicators; the same one twice counts once.
    pub(crate) fn new(wanted: &[Wanted]) -> Self {
        let mut this = Self { indicators: Vec::new(), exact: BTreeMap::new(), blocks: Vec::new() };
        let mut known = HashSet::default();
        for wanted in wanted {
            if known.insert((wanted.kind, wanted.value.as_str())) {
                this.add(wanted);
            }
        }
        this
    }

    fn add(&mut self, wanted: &Wanted) {
        let Ok(number) = u32::try_from(self.indicators.len()) else { return };
        self.indicators.push(wanted.value.clone());
        if wanted.kind == ObservableKind::Address
            && let Some(block) = block_of(&wanted.value)
        {
            self.add_block(block, number);
        } else {
            self.exact.entry(wanted.kind).or_default().insert(wanted.value.clone(), number);
        }
    }

    fn add_block(&mut self, block: IpNet, number: u32) {
        let prefix_bits = block.prefix_len();
        let of_size = match self.blocks.iter_mut().find(|blocks| blocks.prefix_bits == prefix_bits) {
            Some(blocks) => blocks,
            None => self.blocks.push_mut(Blocks { prefix_bits, numbers: HashMap::default() }),
        };
        of_size.numbers.entry(block.trunc()).or_default().push(number);
    }

    /// The indicator as it was asked for.
    pub(crate) fn name(&self, number: u32) -> &str {
        self.indicators.get(number as usize).map_or("", String::as_str)
    }

    /// Whether any indicator is of this kind.
    pub(crate) fn has(&self, kind: ObservableKind) -> bool {
        self.exact.contains_key(&kind) || (kind == ObservableKind::Address && !self.blocks.is_empty())
    }

    /// The few values that alone can match, when that is all there is: then a Bloom filter can answer.
    pub(crate) fn few_values(&self) -> Option<Vec<String>> {
        if self.exact.contains_key(&ObservableKind::Domain) {
            return None;
        }
        let blocks = || self.blocks.iter().flat_map(|blocks| blocks.numbers.keys());
        let values = || self.exact.values().flat_map(HashMap::keys);
        let single = |block: &IpNet| block.prefix_len() == block.max_prefix_len();
        if values().count() + blocks().count() > BLOOM_VALUES_MAX || !blocks().all(single) {
            return None;
        }
        Some(values().cloned().chain(blocks().map(|block| block.addr().to_string())).collect())
    }

    /// Calls `hit` with the number of every indicator that an observable matches.
    pub(crate) fn matches(&self, kind: ObservableKind, value: &str, mut hit: impl FnMut(u32)) {
        match kind {
            ObservableKind::Address if !self.blocks.is_empty() => {
                if let Ok(address) = value.parse() {
                    self.blocks_around(address).for_each(&mut hit);
                }
                self.exact(kind, value).into_iter().for_each(hit);
            }
            ObservableKind::Domain => {
                for name in with_parents(value) {
                    self.exact(kind, name).into_iter().for_each(&mut hit);
                }
            }
            _ => self.exact(kind, value).into_iter().for_each(hit),
        }
    }

    fn exact(&self, kind: ObservableKind, value: &str) -> Option<u32> {
        self.exact.get(&kind)?.get(value).copied()
    }

    fn blocks_around(&self, address: IpAddr) -> impl Iterator<Item = u32> + '_ {
        self.blocks.iter().flat_map(move |blocks| {
            let block = IpNet::new(address, blocks.prefix_bits).ok().map(|block| block.trunc());
            block.and_then(|block| blocks.numbers.get(&block)).into_iter().flatten().copied()
        })
    }
}

/// Whether any of the values may be among those a filter was made from.
pub(crate) fn any_in(bloom: &Sbbf, values: &[String]) -> bool {
    values.iter().any(|value| bloom.check(value.as_bytes()))
}

/// `192.0.2.0/24`, or an address as the block of that one address.
fn block_of(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// A domain, then what stands after each of its dots.
fn with_parents(domain: &str) -> impl Iterator<Item = &str> {
    let parents = domain.match_indices('.').filter_map(|(dot, _)| domain.get(dot + 1..));
    std::iter::once(domain).chain(parents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &[(ObservableKind, &str)], kind: ObservableKind, value: &str, expected: &[&str]) {
        let wanted: Vec<Wanted> =
            wanted.iter().map(|(kind, value)| Wanted { kind: *kind, value: (*value).to_owned() }).collect();
        let indicators = Indicators::new(&wanted);
        let mut hits = Vec::new();
        indicators.matches(kind, value, |number| hits.push(indicators.name(number).to_owned()));
        hits.sort_unstable();
        assert_eq!(hits, expected, "{value}");
    }

    use ObservableKind::{Address, Domain, Hash, Mail};

    #[test]
    fn an_address_matches_itself_and_every_block_around_it() {
        let wanted = [(Address, "192.0.2.0/24"), (Address, "192.0.0.0/16"), (Address, "192.0.2.7")];
        check(&wanted, Address, "192.0.2.7", &["192.0.0.0/16", "192.0.2.0/24", "192.0.2.7"]);
        check(&wanted, Address, "192.0.3.7", &["192.0.0.0/16"]);
        check(&wanted, Address, "192.1.2.7", &[]);
        check(&[(Address, "192.0.2.99/24")], Address, "192.0.2.7", &["192.0.2.99/24"]);
        check(&[(Address, "0.0.0.0/0"), (Address, "::/0")], Address, "2001:db8::1", &["::/0"]);
        check(&[(Address, "2001:DB8::1")], Address, "2001:db8::1", &["2001:DB8::1"]);
    }

    #[test]
    fn a_domain_matches_its_subdomains_but_not_names_that_only_end_alike() {
        let wanted = [(Domain, "example.jp"), (Domain, "www.example.jp")];
        check(&wanted, Domain, "example.jp", &["example.jp"]);
        check(&wanted, Domain, "a.www.example.jp", &["example.jp", "www.example.jp"]);
        check(&wanted, Domain, "badexample.jp", &[]);
        check(&wanted, Domain, "jp", &[]);
    }

    #[test]
    fn a_value_of_another_kind_never_matches_and_a_repeated_indicator_counts_once() {
        check(&[(Mail, "a@example.jp")], Domain, "a@example.jp", &[]);
        check(&[(Hash, "ab"), (Hash, "ab")], Hash, "ab", &["ab"]);
        check(&[(Address, "not an address")], Address, "not an address", &["not an address"]);
    }
}
