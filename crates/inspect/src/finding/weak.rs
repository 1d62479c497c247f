//! Weak items of a closed survey become findings, once however often it is asked.

use std::collections::BTreeMap;

use base::{Actor, Id, Organisation, Rate, Right, Signal, Timestamp};
use jiff::civil::Date;
use serde_json::json;
use store::{Connection, Store, Tx};

use super::{Act, Finding, Gravity, Source, State, id_of, no_such_organisation, numbered, series, step};
use crate::catalogue::{Catalogue, Item};
use crate::count::{Counted, known};
use crate::formula::Formula;
use crate::{Error, SMALL_CELL_MIN, of_item, sql};

/// An item is weak below this implementation rate, in percent, unless somebody says otherwise: the lowest of the three
/// marks of the reach rate.
pub const WEAK_BELOW_PERCENT: u64 = 90;
/// Organisations times items that become findings at one time, at most.
const FINDINGS_MAX: usize = 100_000;

/// Which items of a survey become findings, and what is asked of their organisations.
#[derive(Clone, Copy, Debug)]
pub struct Weak {
    /// Below this implementation rate in percent, 1 to 100; [`WEAK_BELOW_PERCENT`] unless there is a reason.
    pub below_percent: u64,
    /// How grave they are.
    pub gravity: Gravity,
    /// By which day they are to be fixed.
    pub due: Date,
}

/// What became of the weak items of a survey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Raised {
    /// Those of which there is a finding now.
    pub raised: u64,
    /// Those of which there was one already, however far it is.
    pub known: u64,
}

/// Raises a finding for every weak item of every organisation over which the actor has [`Right::KeepInspection`], once
/// the survey is closed. Who has failed an item is said by a signal for each organisation; see
/// [`failed`](crate::count::failed).
pub async fn raise_weak(
    store: &Store,
    actor: &Actor,
    survey: Id<base::Survey>,
    weak: Weak,
    now: Timestamp,
) -> Result<Raised, Error> {
    if !(1..=100).contains(&weak.below_percent) {
        return Err(Error::Malformed { field: "below_percent", reason: "is not 1 to 100".to_owned() });
    }
    if !actor.scope().has(Right::KeepInspection) {
        return Err(base::Denied { right: Right::KeepInspection }.into());
    }
    let mut tx = store.write().await?;
    let found = weak_items(tx.connection(), actor, survey, weak).await?;
    let subject = format!("{survey}/");
    let there = sql::finding::raised_about(tx.connection(), Source::SurveyItem, &subject).await?;
    let mut all = Raised::default();
    for (organisation, items) in found {
        let before = items.len();
        let new = items.into_iter().filter(|one| !there.contains(&(organisation, one.about(survey))));
        let new: Vec<WeakItem> = new.collect();
        all.raised += new.len() as u64;
        all.known += (before - new.len()) as u64;
        if !new.is_empty() {
            raise_at(&mut tx, actor, survey, organisation, (&new, weak), now).await?;
        }
    }
    if all.raised > 0 {
        tx.commit().await?;
    }
    Ok(all)
}

/// An item that was done too seldom, in one organisation and role.
struct WeakItem {
    item: Item,
    share: Rate,
}

impl Finding {
    /// The survey, role and reference of the item that it is about, when a survey left it.
    pub fn item(&self) -> Option<(Id<base::Survey>, &str, &str)> {
        let (survey, item) = self.about.split_once('/').filter(|_| self.source == Source::SurveyItem)?;
        let (role, reference) = item.split_once('/')?;
        Some((survey.parse().ok()?, role, reference))
    }
}

impl WeakItem {
    /// What [`Finding::item`] takes apart.
    fn about(&self, survey: Id<base::Survey>) -> String {
        format!("{survey}/{}/{}", self.item.role, self.item.reference)
    }
}

type WeakItems = BTreeMap<Id<Organisation>, Vec<WeakItem>>;

async fn weak_items(
    connection: &mut Connection,
    actor: &Actor,
    survey: Id<base::Survey>,
    weak: Weak,
) -> Result<WeakItems, Error> {
    let found = known(connection, actor.scope(), survey).await?;
    if found.state != crate::survey::State::Closed {
        return Err(Error::WrongState(found.state));
    }
    let catalogue = Catalogue { items: sql::items(connection, survey).await? };
    let sizes = sql::items_by_role(connection, survey).await?;
    let mut items = WeakItems::new();
    let mut findings = 0;
    for counted in sql::tallies(connection, actor.scope(), survey, &sizes).await? {
        if actor.scope().covers(Right::KeepInspection, Some(counted.organisation)) {
            let weak = weak_of(&counted, &catalogue, found.terms.variant.formula(), weak.below_percent);
            findings += weak.len();
            items.entry(counted.organisation).or_default().extend(weak);
        }
    }
    match findings > FINDINGS_MAX {
        true => Err(Error::TooMany { limit: FINDINGS_MAX, unit: "weak items" }),
        false => Ok(items),
    }
}

/// The weak items of a role. One whose duty fell on nobody is not weak.
fn weak_of(counted: &Counted, catalogue: &Catalogue, formula: Formula, below_percent: u64) -> Vec<WeakItem> {
    let is_weak =
        |share: Rate| u128::from(share.part) * 100 < u128::from(share.whole) * u128::from(below_percent);
    let shares = counted.tally.cells.iter().map(|cell| of_item(*cell, formula));
    catalogue
        .of_role(&counted.role)
        .zip(shares)
        .filter(|(_, share)| is_weak(*share))
        .map(|(item, share)| WeakItem { item: item.clone(), share })
        .collect()
}

/// Writes the findings of one organisation, its line in the audit trail, and the signal for those who failed.
async fn raise_at(
    tx: &mut Tx,
    actor: &Actor,
    survey: Id<base::Survey>,
    organisation: Id<Organisation>,
    (items, weak): (&[WeakItem], Weak),
    now: Timestamp,
) -> Result<(), Error> {
    let keys = sql::finding::keys(tx.connection(), &[organisation]).await?;
    let key = keys.get(&organisation).ok_or_else(no_such_organisation)?;
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let first = tx.take_numbers(&series(organisation), count).await?;
    let findings: Vec<_> = (first..)
        .zip(items)
        .map(|(number, one)| {
            let evidence = format!("{} / {}", one.share.part, one.share.whole);
            let number = numbered(key, number);
            let finding = Finding {
                id: id_of(&number),
                number,
                organisation,
                source: Source::SurveyItem,
                about: one.about(survey),
                title: one.item.title.clone(),
                gravity: weak.gravity,
                state: State::Open,
                owner: String::new(),
                due: weak.due,
                raised_at: now,
                closed_at: None,
                answered_by: String::new(),
                is_of_few: one.share.whole < SMALL_CELL_MIN,
            };
            (finding, step(actor, Act::Raise, "", evidence, now))
        })
        .collect();
    let rows: Vec<_> = findings.iter().map(|(finding, step)| (finding, step)).collect();
    sql::finding::insert(tx.connection(), &rows).await?;
    let detail = json!({ "findings": count, "below_percent": weak.below_percent, "due": weak.due });
    let line = super::line(actor, Act::Raise, &survey.to_string(), detail, now).of([organisation]);
    tx.audit(&line).await?;
    let items = items.iter().map(|one| (one.item.role.clone(), one.item.reference.clone())).collect();
    tx.signal(&Signal::ItemsFailed { survey, organisation, items }, now).await?;
    Ok(())
}
