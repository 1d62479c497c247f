//! The parts of one organisation (課室): what each has answered, counted when it is asked for.
//!
//! A unit is the first word of a person's section, `総務部` of `総務部/会計課`. There are no kept counts of units: an
//! organisation's own people look at them, and reading its forms takes less than keeping two sets of counts in step.

use std::collections::BTreeMap;

use base::{Id, Organisation, Right, Scope};
use store::Store;

use crate::answer::lanes;
use crate::{Error, Tally, count, sql};

/// Units of one organisation that are told apart; people of further ones are counted together, under no name.
pub const UNITS_MAX: usize = 500;
/// Forms that are read at once.
const PAGE_FORMS: u32 = 10_000;

/// What the people of one part of an organisation say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// What it is called; empty for those of whom no section is known.
    pub name: String,
    /// Its counts by role.
    pub tallies: BTreeMap<String, Tally>,
}

/// The units of an organisation, in the order of their names.
pub async fn units(
    store: &Store,
    scope: &Scope,
    survey: Id<base::Survey>,
    organisation: Id<Organisation>,
) -> Result<Vec<Unit>, Error> {
    scope.require(Right::ReadInspection, Some(organisation))?;
    let mut read = store.read().await?;
    count::known(read.connection(), scope, survey).await?;
    let items = sql::items_by_role(read.connection(), survey).await?;
    let Some(part) = sql::part(read.connection(), survey, organisation).await? else { return Ok(Vec::new()) };
    let mut units = Units { items: &items, found: BTreeMap::new() };
    for (section, roles, excluded, people) in sql::reading::sections(read.connection(), part).await? {
        units.ask(&section, &roles, excluded, people);
    }
    let mut after = Default::default();
    loop {
        let page = sql::reading::placed(read.connection(), part, &items, &after, PAGE_FORMS).await?;
        for form in &page {
            let tally = units.tally(&form.section, &form.role);
            tally.add(form.answers.words(), &lanes(form.answers.items()));
        }
        match page.last() {
            Some(last) if page.len() == PAGE_FORMS as usize => {
                after = (last.person.clone(), last.role.clone())
            }
            _ => break,
        }
    }
    Ok(units.found.into_iter().map(|(name, tallies)| Unit { name, tallies }).collect())
}

struct Units<'i> {
    items: &'i BTreeMap<String, usize>,
    found: BTreeMap<String, BTreeMap<String, Tally>>,
}

impl Units<'_> {
    fn ask(&mut self, section: &str, roles: &str, excluded: bool, people: u64) {
        for role in roles.split(' ') {
            let tally = self.tally(section, role);
            match excluded {
                true => tally.excluded += people,
                false => tally.targets = tally.targets.map(|targets| targets + people),
            }
        }
    }

    fn tally(&mut self, section: &str, role: &str) -> &mut Tally {
        let name = section.split('/').next().unwrap_or_default().trim();
        let fits = self.found.len() < UNITS_MAX || self.found.contains_key(name);
        let unit = self.found.entry(if fits { name.to_owned() } else { String::new() }).or_default();
        let items = self.items.get(role).copied().unwrap_or(0);
        unit.entry(role.to_owned()).or_insert_with(|| Tally { targets: Some(0), ..Tally::new(items) })
    }
}
