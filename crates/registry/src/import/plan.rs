//! What becomes of each row, given what is registered and what stands above it. Pure.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use base::{Id, Organisation as OrganisationId};
use ipnet::IpNet;
use jiff::civil::Date;

use super::{Fate, Plan, Row, Written};
use crate::Registry;
use crate::asset::{Asset, AssetKind, Criticality, Validity, is_private};
use crate::organisation::Organisation;

const KEY_BYTES_MAX: usize = 64;
const NAME_CHARS_MAX: usize = 200;
/// How deep the tree may be.
const DEPTH_MAX: usize = 16;

/// A column and what is wrong with it.
type Wrong = (&'static str, String);

pub(super) fn plan(written: Vec<Written>, registry: &Registry) -> Plan {
    let mut planner = Planner::over(registry);
    let mut fates: Vec<Option<Fate>> = vec![None; written.len()];
    // Organisations first, wherever they stand in the file, and each after its parent.
    planner.organisations(&written, &mut fates);
    for (row, fate) in written.iter().zip(&mut fates) {
        if fate.is_none() {
            *fate = Some(planner.asset(row).unwrap_or_else(wrong));
        }
    }
    let rows = written.iter().zip(fates).map(|(row, fate)| Row {
        line: row.line,
        about: about(row),
        fate: fate.unwrap_or(Fate::Same),
    });
    Plan {
        rows: rows.collect(),
        organisations: planner.changed_organisations,
        assets: planner.changed_assets,
    }
}

fn wrong((column, reason): Wrong) -> Fate {
    Fate::Wrong { column, reason }
}

fn about(row: &Written) -> String {
    let value = if row.value.is_empty() { &row.organisation } else { &row.value };
    format!("{} {value}", row.record).chars().take(NAME_CHARS_MAX).collect()
}

/// An asset, and the line of this file that says it.
type Said = (Asset, Option<u64>);

struct Planner<'r> {
    registry: &'r Registry,
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
    fn over(registry: &'r Registry) -> Self {
        let mut assets: HashMap<_, Vec<Said>> = HashMap::new();
        for asset in registry.assets() {
            assets.entry((asset.kind, asset.value.clone())).or_default().push((asset.clone(), None));
        }
        Self {
            registry,
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
        let mut waiting: Vec<usize> =
            (0..written.len()).filter(|&place| written[place].record == "organisation").collect();
        for _ in 0..=DEPTH_MAX {
            let mut next = Vec::new();
            let keys_waiting: HashSet<&str> =
                waiting.iter().map(|&place| written[place].organisation.as_str()).collect();
            for place in waiting {
                let row = &written[place];
                let parent_waits =
                    row.parent != row.organisation && keys_waiting.contains(row.parent.as_str());
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
            fates[place] = Some(wrong(("parent", reason)));
        }
    }

    fn organisation(&mut self, row: &Written) -> Result<Fate, Wrong> {
        let key = key(&row.organisation)?;
        if let Some(line) = self.said_on.get(&key) {
            return Err(("organisation", format!("line {line} already describes {key}")));
        }
        let one = Organisation {
            id: Organisation::id_of(&key),
            name_ja: name("name_ja", &row.name_ja)?,
            name_en: name("name_en", &row.name_en)?,
            kind: word("kind", &row.kind)?,
            parent: self.parent(row)?,
            display_order: match row.order.as_str() {
                "" => 0,
                text => text.parse().map_err(|_| ("order", format!("{text:?} is not a whole number")))?,
            },
            key: key.clone(),
        };
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

    fn parent(&self, row: &Written) -> Result<Option<Id<OrganisationId>>, Wrong> {
        if row.parent.is_empty() {
            return Ok(None);
        }
        let Some(parent) = self.organisations.get(&row.parent) else {
            return Err(("parent", format!("no organisation has the key {:?}", row.parent)));
        };
        let own = Organisation::id_of(&row.organisation);
        let mut above = Some(parent.id);
        for _ in 0..DEPTH_MAX {
            match above {
                None => return Ok(Some(parent.id)),
                Some(id) if id == own => break,
                Some(id) => above = self.parents.get(&id).copied().flatten(),
            }
        }
        let reason = format!("{} would be part of itself, or deeper than {DEPTH_MAX}", row.organisation);
        Err(("parent", reason))
    }

    fn asset(&mut self, row: &Written) -> Result<Fate, Wrong> {
        let kind = AssetKind::from_str(&row.record).map_err(|_| {
            let known = AssetKind::ALL.map(AssetKind::word).join(", ");
            ("record", format!("{:?} is not one of organisation, {known}", row.record))
        })?;
        let Some(owner) = self.organisations.get(&row.organisation) else {
            return Err(("organisation", format!("no organisation has the key {:?}", row.organisation)));
        };
        let asset = Asset {
            kind,
            value: kind.normal(&row.value).map_err(|reason| ("value", reason))?,
            organisation: owner.id,
            validity: validity(row)?,
            criticality: match row.criticality.as_str() {
                "" => Criticality::default(),
                _ => word("criticality", &row.criticality)?,
            },
            system: free("system", &row.system)?,
            device_class: free("device_class", &row.device_class)?,
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
                    return Err(("value", format!("line {line} already registers {}", asset.value)));
                }
                fate = changed(&[
                    ("valid_until", other.validity.until != asset.validity.until),
                    ("criticality", other.criticality != asset.criticality),
                    ("system", other.system != asset.system),
                    ("device_class", other.device_class != asset.device_class),
                ]);
            } else if other.validity.overlaps(&asset.validity) {
                if other.organisation == asset.organisation {
                    let from = other.validity.from;
                    let reason =
                        format!("overlaps the same organisation's registration from {from} ({place})");
                    return Err(("valid_from", reason));
                }
                if !may_be_shared(asset) {
                    let owner = self.registry.organisation(other.organisation).map(|one| one.key.as_str());
                    let owner =
                        owner.or_else(|| self.key_of(other.organisation)).unwrap_or("another organisation");
                    let (from, until) = (other.validity.from, other.validity.until);
                    let reason =
                        format!("{} belongs to {owner} from {from} to {until} ({place})", asset.value);
                    return Err(("value", reason));
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

fn changed(columns: &[(&'static str, bool)]) -> Fate {
    let columns: Vec<_> = columns.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect();
    if columns.is_empty() { Fate::Same } else { Fate::Changed { columns } }
}

fn key(written: &str) -> Result<String, Wrong> {
    let right = (1..=KEY_BYTES_MAX).contains(&written.len())
        && written.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !right {
        let reason = format!("{written:?} is not 1 to {KEY_BYTES_MAX} of a-z, 0-9 and -");
        return Err(("organisation", reason));
    }
    Ok(written.to_owned())
}

fn name(column: &'static str, written: &str) -> Result<String, Wrong> {
    if written.is_empty() {
        return Err((column, "names in both languages are needed".to_owned()));
    }
    free(column, written)
}

fn free(column: &'static str, written: &str) -> Result<String, Wrong> {
    if written.chars().count() > NAME_CHARS_MAX || written.chars().any(char::is_control) {
        return Err((column, format!("longer than {NAME_CHARS_MAX} characters, or with control characters")));
    }
    Ok(written.to_owned())
}

fn word<T: FromStr<Err = String> + Default>(column: &'static str, written: &str) -> Result<T, Wrong> {
    if written.is_empty() {
        return Ok(T::default());
    }
    written.parse().map_err(|reason| (column, reason))
}

fn validity(row: &Written) -> Result<Validity, Wrong> {
    let read = |column, written: &str, otherwise| {
        if written.is_empty() {
            return Ok(otherwise);
        }
        let day: Option<Date> = written.parse().ok();
        day.filter(|day| *day >= Validity::FIRST && *day <= Validity::LAST)
            .ok_or_else(|| (column, format!("{written:?} is not a day like 2026-04-01")))
    };
    let from = read("valid_from", &row.valid_from, Validity::FIRST)?;
    let until = read("valid_until", &row.valid_until, Validity::LAST)?;
    if until < from {
        return Err(("valid_until", format!("{until} is before valid_from {from}")));
    }
    Ok(Validity { from, until })
}
