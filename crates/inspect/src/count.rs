//! What was counted: who has answered and who has not, the tallies of which figures are made, and counting it all again.

use std::collections::BTreeMap;

use base::{Id, Organisation, Right, Scope};
use store::{Connection, Store};

use crate::answer::{Answer, lanes};
use crate::catalogue::Catalogue;
use crate::formula::Blank;
use crate::survey::knows;
use crate::{Error, Tally, sql};

/// People or forms that are read at once.
const PAGE_ROWS: u32 = 10_000;
/// The most people one page of those who have not answered holds.
pub const UNANSWERED_MAX: u32 = 1_000;

/// The counts of one organisation in one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Whose.
    pub organisation: Id<Organisation>,
    /// In which role.
    pub role: String,
    /// The counts, as [`coverage`](crate::coverage), [`implementation`](crate::implementation) and
    /// [`reach`](crate::reach()) take them. Its targets are always known here.
    pub tally: Tally,
}

/// Somebody who was asked and has not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// The name or number their organisation knows them by.
    pub person: String,
    /// In which role.
    pub role: String,
    /// Where in the organisation.
    pub section: String,
    /// Whether they have begun.
    pub begun: bool,
}

/// The counts of a survey as far as the scope reaches, by organisation and role: how many are asked, how many have
/// answered, and what.
pub async fn counts(store: &Store, scope: &Scope, survey: Id<base::Survey>) -> Result<Vec<Counted>, Error> {
    let mut read = store.read().await?;
    known(read.connection(), scope, survey).await?;
    let items = sql::items_by_role(read.connection(), survey).await?;
    sql::tallies(read.connection(), scope, survey, &items).await
}

/// Those of one organisation who have not answered, in the order of their names, at most [`UNANSWERED_MAX`]; `after` is
/// the last person of the page before. Who has several roles and has answered in some is there for the others; all
/// roles of one person stand on one page.
pub async fn unanswered(
    store: &Store,
    scope: &Scope,
    survey: Id<base::Survey>,
    organisation: Id<Organisation>,
    after: &str,
    limit: u32,
) -> Result<Vec<Unanswered>, Error> {
    scope.require(Right::ReadInspection, Some(organisation))?;
    let mut read = store.read().await?;
    known(read.connection(), scope, survey).await?;
    let Some(part) = sql::part(read.connection(), survey, organisation).await? else { return Ok(Vec::new()) };
    let people = sql::lacking(read.connection(), part, after, limit.min(UNANSWERED_MAX)).await?;
    let (Some(first), Some(last)) = (people.first(), people.last()) else { return Ok(Vec::new()) };
    let begun = sql::begun(read.connection(), part, &first.person, &last.person).await?;
    let mut found = Vec::new();
    for one in &people {
        for role in one.roles.split(' ') {
            let form = begun.get(&(one.person.clone(), role.to_owned()));
            if form != Some(&true) {
                found.push(Unanswered {
                    person: one.person.clone(),
                    role: role.to_owned(),
                    section: one.section.clone(),
                    begun: form.is_some(),
                });
            }
        }
    }
    Ok(found)
}

/// Those of one organisation of whom an item of their role is known not to be done, in the order of their names, at most
/// [`UNANSWERED_MAX`]; `after` is the last person of the page before. Who left it blank is among them where the survey's
/// formula counts blanks so. It tells what people have answered, so it is for who could open their forms.
pub async fn failed(
    store: &Store,
    scope: &Scope,
    survey: Id<base::Survey>,
    organisation: Id<Organisation>,
    (role, reference): (&str, &str),
    after: &str,
    limit: u32,
) -> Result<Vec<String>, Error> {
    scope.require(Right::KeepInspection, Some(organisation))?;
    let mut read = store.read().await?;
    let formula = known(read.connection(), scope, survey).await?.terms.variant.formula();
    let Some(part) = sql::part(read.connection(), survey, organisation).await? else { return Ok(Vec::new()) };
    let catalogue = Catalogue { items: sql::items(read.connection(), survey).await? };
    let item = catalogue.of_role(role).position(|item| item.reference == reference);
    let item = item.ok_or_else(|| Error::Malformed { field: "item", reason: "is not asked".to_owned() })?;
    let items = sql::items_by_role(read.connection(), survey).await?;
    let is_failed = |answer| match answer {
        Answer::NotDone => true,
        Answer::Blank => formula.blank == Blank::NotDone,
        Answer::Done | Answer::NoDuty => false,
    };
    let (mut found, mut after) = (Vec::new(), (after.to_owned(), role.to_owned()));
    while found.len() < limit.min(UNANSWERED_MAX) as usize {
        let page = sql::answers(read.connection(), part, &items, &after, PAGE_ROWS).await?;
        let Some((person, role_of_last, _)) = page.last() else { break };
        after = (person.clone(), role_of_last.clone());
        let of_role = page.into_iter().filter(|(_, of, answers)| of == role && is_failed(answers.get(item)));
        found.extend(of_role.map(|(person, ..)| person));
    }
    found.truncate(limit.min(UNANSWERED_MAX) as usize);
    Ok(found)
}

/// Counts every form of a survey again and compares with the counts that were kept: how many forms there are, or the
/// first organisation and role for which the two differ. Needs [`Right::ReadInspection`] over everything.
pub async fn recount(store: &Store, scope: &Scope, survey: Id<base::Survey>) -> Result<u64, Error> {
    let right = Right::ReadInspection;
    if !scope.everywhere(right) {
        return Err(base::Denied { right }.into());
    }
    let mut read = store.read().await?;
    known(read.connection(), scope, survey).await?;
    verify(read.connection(), survey).await
}

/// As [`recount`], for whoever has looked at the scope and at the survey.
pub(crate) async fn verify(connection: &mut Connection, survey: Id<base::Survey>) -> Result<u64, Error> {
    let items = sql::items_by_role(connection, survey).await?;
    let mut forms = 0;
    for (part, organisation) in sql::parts(connection, survey).await? {
        let kept = sql::tallies_of(connection, part, &items).await?;
        let counted = of_part(connection, part, &items).await?;
        forms += counted.values().map(|tally| tally.submitted).sum::<u64>();
        let mut roles = kept.keys().chain(counted.keys());
        if let Some(role) = roles.find(|role| !agree(kept.get(*role), counted.get(*role))) {
            return Err(Error::CountsDiffer { organisation, role: role.clone() });
        }
    }
    Ok(forms)
}

/// A role whose last person was taken off the roster keeps a row of zeros.
fn agree(kept: Option<&Tally>, counted: Option<&Tally>) -> bool {
    let nobody = |tally: &Tally| tally.targets == Some(0) && tally.excluded == 0 && tally.submitted == 0;
    match (kept, counted) {
        (Some(kept), Some(counted)) => kept == counted,
        (Some(only), None) | (None, Some(only)) => nobody(only),
        (None, None) => true,
    }
}

/// Counts the roster and the forms of one organisation.
async fn of_part(
    connection: &mut Connection,
    part: i64,
    items: &BTreeMap<String, usize>,
) -> Result<BTreeMap<String, Tally>, Error> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for ((roles, excluded), people) in sql::asked(connection, part).await? {
        for role in roles.split(' ') {
            let items = items.get(role).copied().unwrap_or(0);
            let tally = tallies.entry(role.to_owned()).or_insert_with(|| blank(items));
            match excluded {
                true => tally.excluded += people,
                false => tally.targets = tally.targets.map(|targets| targets + people),
            }
        }
    }
    let mut after = Default::default();
    loop {
        let page = sql::answers(connection, part, items, &after, PAGE_ROWS).await?;
        for (_, role, answers) in &page {
            let tally = tallies.entry(role.clone()).or_insert_with(|| blank(answers.items()));
            tally.add(answers.words(), &lanes(answers.items()));
        }
        match page.last() {
            Some((person, role, _)) if page.len() == PAGE_ROWS as usize => {
                after = (person.clone(), role.clone());
            }
            _ => break,
        }
    }
    Ok(tallies)
}

/// Nobody yet, all of whom are known.
fn blank(items: usize) -> Tally {
    Tally { targets: Some(0), ..Tally::new(items) }
}

/// Refuses whoever may not know of the survey.
pub(crate) async fn known(
    connection: &mut Connection,
    scope: &Scope,
    survey: Id<base::Survey>,
) -> Result<crate::survey::Survey, Error> {
    let found = sql::survey(connection, survey).await?;
    found.filter(|found| knows(scope, found)).ok_or(Error::NoSuchSurvey(survey))
}
