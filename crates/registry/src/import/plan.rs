//! What becomes of each row, given what is registered and what stands above it. Pure.

use std::collections::{HashMap, HashSet};

use base::{Id, Organisation as OrganisationId, Right};
use ipnet::IpNet;

use super::{Asker, Fate, Written};
use crate::asset::{Asset, AssetKind, Criticality, is_private};
use crate::organisation::Organisation;
use crate::read::{free, key, name, number, validity, word};
use crate::reason::{Reason, Wrong};
use crate::{Noun, Registry};

/// How deep the tree may be.
const DEPTH_MAX: usize = 16;

/// What goes in.
pub(super) struct Effects {
    pub organisations: Vec<Organisation>,
    pub assets: Vec<Asset>,
}

/// The organisations by key as they will be.
pub(super) type Tree = HashMap<String, Organisation>;

/// Settles the rows about organisations and assets that have no fate yet.
pub(super) fn plan(
    written: &[Written],
    fates: &mut [Option<Fate>],
    registry: &Registry,
    asker: Asker<'_>,
) -> (Tree, Effects) {
    let mut planner = Planner::over(registry, asker);
    // Organisations first, wherever they stand in the file, and each after its parent.
    planner.organisations(written, fates);
    for (row, fate) in written.iter().zip(fates) {
        if fate.is_none()
            && let Ok(kind) = row.get("record").parse()
        {
            *fate = Some(planner.asset(kind, row).unwrap_or_else(wrong));
        }
    }
    let effects = Effects { organisations: planner.changed_organisations, assets: planner.changed_assets };
    (planner.organisations, effects)
}

pub(super) fn wrong((column, reason): Wrong) -> Fate {
    Fate::Wrong { column, reason }
}

/// The organisation of a row, when the asker's right reaches it.
pub(super) fn owner<'t>(tree: &'t Tree, row: &Written, asker: Asker<'_>) -> Result<&'t Organisation, Wrong> {
    let key = row.get("organisation");
    let unknown =
        || ("organisation", Reason::NoSuch { noun: Noun::Organisation, key: crate::read::shown(key) });
    let Some(owner) = tree.get(key) else { return Err(unknown()) };
    if asker.scope.covers(asker.right, Some(owner.id)) {
        return Ok(owner);
    }
    // Who may see the organisation may know why; to everybody else it is not there.
    if asker.scope.covers(Right::ReadRegistry, Some(owner.id)) {
        return Err(("organisation", Reason::NotYours));
    }
    Err(unknown())
}

/// An asset, and the line of this file that says it.
type Said = (Asset, Option<u64>);

struct Planner<'r> {
    registry: &'r Registry,
    asker: Asker<'r>,
    organisations: HashMap<String, Organisation>,
    parents: HashMap<Id<OrganisationId>, Option<Id<OrganisationId>>>,
    // Where in this file an organisation was said already.
    said_on: HashMap<String, u64>,
    // Every asset of the registry as it will be, by what two owners could quarrel about.
    assets: HashMap<(AssetKind, String), Vec<Said>>,
    changed_organisations: Vec<Organisation>,
    changed_assets: Vec<Asset>,
}

impl<'r> Planner<'r> {
    fn over(registry: &'r Registry, asker: Asker<'r>) -> Self {
        let mut assets: HashMap<_, Vec<Said>> = HashMap::new();
        for asset in registry.assets() {
            assets.entry((asset.kind, asset.value.clone())).or_default().push((asset.clone(), None));
        }
        Self {
            registry,
            asker,
            organisations: registry
                .organisations()
                .iter()
                .map(|one| (one.key.clone(), one.clone()))
                .collect(),
            parents: registry.organisations().iter().map(|one| (one.id, one.parent)).collect(),
            said_on: HashMap::new(),
            assets,
            changed_organisations: Vec::new(),
            changed_assets: Vec::new(),
        }
    }

    /// Settles rows whose parent is known, until no more can be settled; what is left has no parent or is a ring.
    fn organisations(&mut self, written: &[Written], fates: &mut [Option<Fate>]) {
        let mut waiting: Vec<usize> = (0..written.len())
            .filter(|&place| fates[place].is_none() && is_organisation(&written[place]))
            .collect();
        for _ in 0..=DEPTH_MAX {
            let mut next = Vec::new();
            let keys_waiting: HashSet<&str> =
                waiting.iter().map(|&place| written[place].get("organisation")).collect();
            for place in waiting {
                let row = &written[place];
                let parent_waits =
                    row.get("parent") != row.get("organisation") && keys_waiting.contains(row.get("parent"));
                if parent_waits {
                    next.push(place);
                } else {
                    fates[place] = Some(self.organisation(row).unwrap_or_else(wrong));
                }
            }
            waiting = next;
            if waiting.is_empty() {
                return;
            }
        }
        for place in waiting {
            let reason = format!("is part of itself, or the tree is deeper than {DEPTH_MAX}");
            fates[place] = Some(wrong(("parent", reason.into())));
        }
    }

    fn organisation(&mut self, row: &Written) -> Result<Fate, Wrong> {
        let key = key("organisation", row.get("organisation"))?;
        if let Some(line) = self.said_on.get(&key) {
            return Err(("organisation", Reason::Twice { line: *line, key }));
        }
        let one = Organisation {
            id: Organisation::id_of(&key),
            name_ja: name("name_ja", row.get("name_ja"))?,
            name_en: name("name_en", row.get("name_en"))?,
            kind: word("kind", row.get("kind"))?,
            parent: self.parent(row)?,
            display_order: number("order", row.get("order"), (i64::MIN, i64::MAX))?.unwrap_or(0),
            key: key.clone(),
        };
        self.reached(&one)?;
        self.said_on.insert(key.clone(), row.line);
        let fate = match self.organisations.get(&key) {
            None => Fate::New,
            Some(before) => changed(&[
                ("name_ja", before.name_ja != one.name_ja),
                ("name_en", before.name_en != one.name_en),
                ("kind", before.kind != one.kind),
                ("parent", before.parent != one.parent),
                ("order", before.display_order != one.display_order),
            ]),
        };
        if fate != Fate::Same {
            self.changed_organisations.push(one.clone());
        }
        self.parents.insert(one.id, one.parent);
        self.organisations.insert(key, one);
        Ok(fate)
    }

    /// Whether the asker's right reaches an organisation, or the one under which a new one is put.
    fn reached(&self, one: &Organisation) -> Result<(), Wrong> {
        let covers = |id| self.asker.scope.covers(self.asker.right, id);
        let place = if self.organisations.contains_key(&one.key) { Some(one.id) } else { one.parent };
        if covers(place) { Ok(()) } else { Err(("organisation", Reason::NotYours)) }
    }

    fn parent(&self, row: &Written) -> Result<Option<Id<OrganisationId>>, Wrong> {
        let (key, own) = (row.get("parent"), row.get("organisation"));
        if key.is_empty() {
            return Ok(None);
        }
        let Some(parent) = self.organisations.get(key) else {
            let key = crate::read::shown(key);
            return Err(("parent", Reason::NoSuch { noun: Noun::Organisation, key }));
        };
        let (own_key, own) = (own, Organisation::id_of(own));
        let mut above = Some(parent.id);
        for _ in 0..DEPTH_MAX {
            match above {
                None => return Ok(Some(parent.id)),
                Some(id) if id == own => break,
                Some(id) => above = self.parents.get(&id).copied().flatten(),
            }
        }
        let reason = format!("{own_key} would be part of itself, or deeper than {DEPTH_MAX}");
        Err(("parent", reason.into()))
    }

    fn asset(&mut self, kind: AssetKind, row: &Written) -> Result<Fate, Wrong> {
        let owner = owner(&self.organisations, row, self.asker)?;
        let asset = Asset {
            kind,
            value: kind.normal(row.get("value")).map_err(|reason| ("value", reason.into()))?,
            organisation: owner.id,
            validity: validity(row.get("valid_from"), row.get("valid_until"))?,
            criticality: match row.get("criticality") {
                "" => Criticality::default(),
                written => word("criticality", written)?,
            },
            system: free("system", row.get("system"))?,
            device_class: free("device_class", row.get("device_class"))?,
        };
        let fate = self.quarrel(&asset)?;
        let same_value = self.assets.entry((kind, asset.value.clone())).or_default();
        same_value.retain(|(other, _)| !same_registration(other, &asset));
        same_value.push((asset.clone(), Some(row.line)));
        if fate != Fate::Same {
            self.changed_assets.push(asset);
        }
        Ok(fate)
    }

    /// Whether somebody else, or another row, already says something about the same value and time.
    fn quarrel(&self, asset: &Asset) -> Result<Fate, Wrong> {
        let mut fate = Fate::New;
        let same_value = self.assets.get(&(asset.kind, asset.value.clone())).map_or(&[][..], Vec::as_slice);
        for (other, line) in same_value {
            let place = line.map_or("in the registry".to_owned(), |line| format!("on line {line}"));
            if same_registration(other, asset) {
                if let Some(line) = line {
                    return Err(("value", Reason::Twice { line: *line, key: asset.value.clone() }));
                }
                fate = changed(&[
                    ("valid_until", other.validity.until != asset.validity.until),
                    ("criticality", other.criticality != asset.criticality),
                    ("system", other.system != asset.system),
                    ("device_class", other.device_class != asset.device_class),
                ]);
                let today = self.asker.today;
                if other.validity.until > today && asset.validity.until <= today {
                    fate = Fate::Retired;
                }
            } else if other.validity.overlaps(&asset.validity) {
                if other.organisation == asset.organisation {
                    let from = other.validity.from;
                    let reason =
                        format!("overlaps the same organisation's registration from {from} ({place})");
                    return Err(("valid_from", reason.into()));
                }
                if !may_be_shared(asset) {
                    let owner = self.registry.organisation(other.organisation).map(|one| one.key.as_str());
                    let owner =
                        owner.or_else(|| self.key_of(other.organisation)).unwrap_or("another organisation");
                    let (from, until) = (other.validity.from, other.validity.until);
                    let reason =
                        format!("{} belongs to {owner} from {from} to {until} ({place})", asset.value);
                    return Err(("value", reason.into()));
                }
            }
        }
        Ok(fate)
    }

    fn key_of(&self, id: Id<OrganisationId>) -> Option<&str> {
        self.organisations.values().find(|one| one.id == id).map(|one| one.key.as_str())
    }
}

/// Private blocks and host names mean something only inside their organisation, so several may have the same.
fn may_be_shared(asset: &Asset) -> bool {
    match asset.kind {
        AssetKind::Host => true,
        AssetKind::Network => asset
            .value
            .parse::<IpNet>()
            .is_ok_and(|network| is_private(network.network()) && is_private(network.broadcast())),
        AssetKind::Domain | AssetKind::MailDomain => false,
    }
}

fn same_registration(one: &Asset, other: &Asset) -> bool {
    one.organisation == other.organisation && one.validity.from == other.validity.from
}

pub(super) fn changed(columns: &[(&'static str, bool)]) -> Fate {
    let columns: Vec<_> = columns.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect();
    if columns.is_empty() { Fate::Same } else { Fate::Changed { columns } }
}

fn is_organisation(row: &Written) -> bool {
    row.get("record") == Noun::Organisation.word()
}
