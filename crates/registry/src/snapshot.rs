//! The registry in memory: the tree, and who owns what at a time.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use base::{Id, Observable, ObservableKind, Organisation as OrganisationId, Period, Timestamp};
use store::Store;

use crate::asset::{Asset, AssetKind, Criticality, is_private};
use crate::organisation::Organisation;
use crate::prefix::PrefixTable;
use crate::{Error, sql};

/// Every organisation and asset at the moment it was loaded. Load again after an import.
#[derive(Debug, Default)]
pub struct Registry {
    organisations: Vec<Organisation>,
    places: HashMap<Id<OrganisationId>, usize>,
    assets: Vec<Asset>,
    // The period of each asset, so that a question compares two numbers and no calendars.
    periods: Vec<Period>,
    networks: PrefixTable,
    names: HashMap<(AssetKind, String), Vec<u32>>,
}

/// Who owns something at a time, and why that is the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ownership<'r> {
    /// Whose it is; `None` is an answer too.
    pub organisation: Option<Id<OrganisationId>>,
    /// The registration that decided; for [`Why::NotValidThen`] the one that would have.
    pub asset: Option<&'r Asset>,
    /// Why.
    pub why: Why,
}

/// Why an ownership is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Of all registrations valid at that time it is the most specific one.
    MostSpecific,
    /// There is a registration, but not for that day.
    NotValidThen,
    /// A private address that several organisations use, and nobody said where it was seen.
    SharedPrivate,
    /// Nobody has registered it.
    Nobody,
}

impl Ownership<'_> {
    const NOBODY: Self = Self { organisation: None, asset: None, why: Why::Nobody };

    /// The facts behind the answer as name and value, for a sentence in either language.
    pub fn facts(&self) -> Vec<(String, String)> {
        let word = match self.why {
            Why::MostSpecific => "most_specific",
            Why::NotValidThen => "not_valid_then",
            Why::SharedPrivate => "shared_private",
            Why::Nobody => "nobody",
        };
        let mut facts = vec![("why".to_owned(), word.to_owned())];
        if let Some(asset) = self.asset {
            facts.push((asset.kind.word().to_owned(), asset.value.clone()));
            facts.push(("valid_from".to_owned(), asset.validity.from.to_string()));
            facts.push(("valid_until".to_owned(), asset.validity.until.to_string()));
        }
        facts
    }
}

impl Registry {
    /// Reads everything.
    pub async fn load(store: &Store) -> Result<Self, Error> {
        Self::load_in(store.read().await?.connection()).await
    }

    /// As [`Registry::load`], inside a transaction.
    pub async fn load_in(connection: &mut store::Connection) -> Result<Self, Error> {
        let organisations = sql::organisations(connection).await?;
        let assets = sql::assets(connection).await?;
        Ok(Self::of(organisations, assets))
    }

    /// A registry of these.
    pub fn of(organisations: Vec<Organisation>, assets: Vec<Asset>) -> Self {
        let organisations = in_tree_order(organisations);
        let places = organisations.iter().enumerate().map(|(place, one)| (one.id, place)).collect();
        let mut registry = Self { organisations, places, ..Self::default() };
        for asset in assets {
            registry.add(asset);
        }
        registry
    }

    fn add(&mut self, asset: Asset) {
        let Ok(number) = u32::try_from(self.assets.len()) else { return };
        match asset.kind {
            AssetKind::Network => {
                if let Ok(network) = asset.value.parse() {
                    self.networks.insert(network, number);
                }
            }
            kind => self.names.entry((kind, asset.value.clone())).or_default().push(number),
        }
        self.periods.push(asset.validity.period());
        self.assets.push(asset);
    }

    /// Every organisation in tree order: a parent before its parts, siblings by display order.
    pub fn organisations(&self) -> &[Organisation] {
        &self.organisations
    }

    /// Everything owned.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// One organisation.
    pub fn organisation(&self, id: Id<OrganisationId>) -> Option<&Organisation> {
        self.organisations.get(*self.places.get(&id)?)
    }

    /// The organisation with this key.
    pub fn by_key(&self, key: &str) -> Option<&Organisation> {
        self.organisation(Organisation::id_of(key))
    }

    /// Its direct parts, in order.
    pub fn children(&self, id: Id<OrganisationId>) -> impl Iterator<Item = &Organisation> {
        self.organisations.iter().filter(move |one| one.parent == Some(id))
    }

    /// What it is a part of, nearest first.
    pub fn ancestors(&self, id: Id<OrganisationId>) -> impl Iterator<Item = &Organisation> {
        // The number of organisations bounds the walk even if the tree were damaged into a ring.
        std::iter::successors(self.organisation(id), |one| self.organisation(one.parent?))
            .skip(1)
            .take(self.organisations.len())
    }

    /// It and everything below it.
    pub fn subtree(&self, id: Id<OrganisationId>) -> BTreeSet<Id<OrganisationId>> {
        let mut found = BTreeSet::from([id]);
        // Tree order puts a parent before its parts, so one pass is enough.
        for one in &self.organisations {
            if one.parent.is_some_and(|parent| found.contains(&parent)) {
                found.insert(one.id);
            }
        }
        found
    }

    /// Who owns an address. A private one that several organisations use belongs to none of them here; see
    /// [`Registry::owner_of_address_seen_at`].
    pub fn owner_of_address(&self, address: IpAddr, at: Timestamp) -> Ownership<'_> {
        self.owner_of_address_by(address, at, None)
    }

    /// Who owns an address that a sensor of `seen_at` saw: a private address belongs to that organisation, its parts
    /// or what it is a part of, never to a stranger who uses the same block.
    pub fn owner_of_address_seen_at(
        &self,
        address: IpAddr,
        at: Timestamp,
        seen_at: Id<OrganisationId>,
    ) -> Ownership<'_> {
        self.owner_of_address_by(address, at, Some(seen_at))
    }

    fn owner_of_address_by(
        &self,
        address: IpAddr,
        at: Timestamp,
        seen_at: Option<Id<OrganisationId>>,
    ) -> Ownership<'_> {
        let mut otherwise = Ownership::NOBODY;
        let private = is_private(address);
        for block in self.networks.containing(address) {
            let answer = self.most_fitting(block, at, |asset| match seen_at {
                Some(seen_at) if private => self.related(asset.organisation, seen_at),
                _ => true,
            });
            match answer.why {
                Why::MostSpecific | Why::SharedPrivate => return answer,
                Why::NotValidThen if otherwise.why == Why::Nobody => otherwise = answer,
                Why::NotValidThen | Why::Nobody => {}
            }
        }
        otherwise
    }

    /// Who owns a domain: the longest registered suffix of whole labels.
    pub fn owner_of_domain(&self, domain: &str, at: Timestamp) -> Ownership<'_> {
        self.owner_of_name(AssetKind::Domain, domain, at)
    }

    /// Who owns a mail address or its domain; a domain registered without a mail domain counts too.
    pub fn owner_of_mail(&self, mail: &str, at: Timestamp) -> Ownership<'_> {
        let domain = mail.rsplit_once('@').map_or(mail, |(_, domain)| domain);
        let answer = self.owner_of_name(AssetKind::MailDomain, domain, at);
        if answer.organisation.is_some() { answer } else { self.owner_of_domain(domain, at) }
    }

    /// Who owns what an observable names; a URL belongs to the owner of its host. A hash has no owner.
    pub fn owner_of(
        &self,
        observable: &Observable,
        at: Timestamp,
        seen_at: Id<OrganisationId>,
    ) -> Ownership<'_> {
        match observable.kind {
            ObservableKind::Address => self.owner_of_host_text(&observable.value, at, seen_at),
            ObservableKind::Domain => self.owner_of_domain(&observable.value, at),
            ObservableKind::Url => self.owner_of_host_text(host_of(&observable.value), at, seen_at),
            ObservableKind::Mail => self.owner_of_mail(&observable.value, at),
            ObservableKind::Hash => Ownership::NOBODY,
        }
    }

    fn owner_of_host_text(&self, text: &str, at: Timestamp, seen_at: Id<OrganisationId>) -> Ownership<'_> {
        match text.parse() {
            Ok(address) => self.owner_of_address_seen_at(address, at, seen_at),
            Err(_) => self.owner_of_domain(text, at),
        }
    }

    /// How much an address, host or domain matters, seen from one organisation; `None` when nobody registered it.
    pub fn criticality_of(
        &self,
        text: &str,
        at: Timestamp,
        seen_at: Id<OrganisationId>,
    ) -> Option<(Criticality, &Asset)> {
        let by_value = match text.parse::<IpAddr>() {
            Ok(address) => self.owner_of_address_seen_at(address, at, seen_at),
            Err(_) => self.host_or_domain(text, at, seen_at),
        };
        let asset = by_value.asset.filter(|_| by_value.organisation.is_some())?;
        Some((asset.criticality, asset))
    }

    fn host_or_domain(&self, text: &str, at: Timestamp, seen_at: Id<OrganisationId>) -> Ownership<'_> {
        let lower = text.to_lowercase();
        let numbers = self.names.get(&(AssetKind::Host, lower));
        let host = numbers.map_or(Ownership::NOBODY, |numbers| {
            self.most_fitting(numbers, at, |asset| self.related(asset.organisation, seen_at))
        });
        if host.organisation.is_some() { host } else { self.owner_of_domain(text, at) }
    }

    fn owner_of_name(&self, kind: AssetKind, name: &str, at: Timestamp) -> Ownership<'_> {
        let lower = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let mut otherwise = Ownership::NOBODY;
        let mut rest = Some(lower.as_str());
        while let Some(suffix) = rest {
            if let Some(numbers) = self.names.get(&(kind, suffix.to_owned())) {
                let answer = self.most_fitting(numbers, at, |_| true);
                match answer.why {
                    Why::MostSpecific => return answer,
                    Why::NotValidThen if otherwise.why == Why::Nobody => otherwise = answer,
                    _ => {}
                }
            }
            rest = suffix.split_once('.').map(|(_, parent)| parent);
        }
        otherwise
    }

    /// The one of equally specific assets that was valid then, among those that may be considered.
    fn most_fitting(&self, numbers: &[u32], at: Timestamp, fits: impl Fn(&Asset) -> bool) -> Ownership<'_> {
        let mut answer = Ownership::NOBODY;
        for &number in numbers {
            let (Some(asset), Some(period)) =
                (self.assets.get(number as usize), self.periods.get(number as usize))
            else {
                continue;
            };
            if !fits(asset) {
                continue;
            }
            match (period.contains(at), answer.organisation) {
                (true, None) if answer.why != Why::SharedPrivate => {
                    let organisation = Some(asset.organisation);
                    answer = Ownership { organisation, asset: Some(asset), why: Why::MostSpecific };
                }
                (true, Some(other)) if other != asset.organisation => {
                    answer = Ownership { organisation: None, asset: None, why: Why::SharedPrivate };
                }
                (false, None) if answer.why == Why::Nobody => {
                    answer = Ownership { organisation: None, asset: Some(asset), why: Why::NotValidThen };
                }
                _ => {}
            }
        }
        answer
    }

    /// Whether one is the other, a part of it, or what it is a part of.
    fn related(&self, one: Id<OrganisationId>, other: Id<OrganisationId>) -> bool {
        one == other
            || self.ancestors(one).any(|above| above.id == other)
            || self.ancestors(other).any(|above| above.id == one)
    }
}

/// The host part of a URL in its normal form; the whole text when it has none.
fn host_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or(after_scheme);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some(bracketed) = host.strip_prefix('[') {
        return bracketed.split_once(']').map_or(bracketed, |(address, _)| address);
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

/// Parents before parts, siblings by display order and key; what hangs in no tree comes last.
fn in_tree_order(mut organisations: Vec<Organisation>) -> Vec<Organisation> {
    organisations.sort_by(|one, other| (one.display_order, &one.key).cmp(&(other.display_order, &other.key)));
    let mut parts: HashMap<Option<Id<OrganisationId>>, Vec<Organisation>> = HashMap::new();
    for one in organisations {
        parts.entry(one.parent).or_default().push(one);
    }
    let mut ordered = Vec::new();
    let mut waiting = parts.remove(&None).unwrap_or_default();
    waiting.reverse();
    while let Some(one) = waiting.pop() {
        waiting.extend(parts.remove(&Some(one.id)).unwrap_or_default().into_iter().rev());
        ordered.push(one);
    }
    let mut lost: Vec<Organisation> = parts.into_values().flatten().collect();
    lost.sort_by(|one, other| one.key.cmp(&other.key));
    ordered.extend(lost);
    ordered
}

#[cfg(test)]
mod tests;
