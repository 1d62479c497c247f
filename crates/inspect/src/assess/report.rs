//! From everybody's answers to figures and grades.

use base::Rate;

use super::collect::Collector;
use crate::answer::{ITEMS_MAX, lanes};
use crate::figure::{Figure, Reach, all_roles, coverage, government, implementation, reach};
use crate::formula::Formula;
use crate::grade::{Grade, printed};
use crate::mean::Mean;
use crate::tally::{Cell, Tally};

/// Everything that is said about a file of responses.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Assessment {
    /// By which formula.
    pub formula: Formula,
    /// Answers that were read.
    pub answers: u64,
    /// Answers that only said again what was said.
    pub repeated: u64,
    /// By organisation, in the order of the file.
    pub organisations: Vec<OrganisationFigures>,
    /// All organisations together, by role; the last, without a role, over all roles.
    pub government: Vec<GovernmentFigures>,
}

/// An organisation.
#[derive(Clone, Debug, serde::Serialize)]
pub struct OrganisationFigures {
    /// As the file names it.
    pub organisation: String,
    /// By role.
    pub roles: Vec<RoleFigures>,
    /// Over all roles (全主体).
    pub all_roles: Figures,
}

/// An organisation in one role.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RoleFigures {
    /// As the file names it.
    pub role: String,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// What was said about each item.
    pub items: Vec<ItemCount>,
}

/// What was said about one item.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ItemCount {
    /// As the file names it.
    pub item: String,
    /// 実施
    pub done: u64,
    /// 未実施
    pub not_done: u64,
    /// 責務なし
    pub no_duty: u64,
    /// 未回答
    pub blank: u64,
}

/// Coverage, implementation, reach.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Figures {
    /// 報告対象; `null` without a roster.
    pub targets: Option<u64>,
    /// Excluded from it.
    pub excluded: u64,
    /// 把握
    pub submitted: u64,
    /// 把握率
    pub coverage: Shown,
    /// 実施率
    pub implementation: Shown,
    /// 到達率, by mark.
    pub reach: Vec<ShownReach>,
}

/// A reach rate.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ShownReach {
    /// In percent.
    pub mark: u64,
    /// Items that reach it, of the items anybody had to do.
    #[serde(flatten)]
    pub share: Shown,
}

/// All organisations together.
#[derive(Clone, Debug, serde::Serialize)]
pub struct GovernmentFigures {
    /// `null` over all roles.
    pub role: Option<String>,
    /// Coverage, each organisation counting the same.
    pub coverage_mean: Shown,
    /// Coverage, each person counting the same.
    pub coverage_pooled: Shown,
    /// Implementation, each organisation counting the same.
    pub implementation_mean: Shown,
    /// Implementation over everything counted; undefined for a formula that has only means.
    pub implementation_pooled: Shown,
}

/// A figure as it is given out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    /// Counted, when it is a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<u64>,
    /// Of how many, when it is a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<u64>,
    /// Of how many organisations, or items, it is the mean, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_of: Option<u64>,
    /// As printed: one decimal, `–` when undefined.
    pub percent: String,
    /// `null` when undefined.
    pub grade: Option<Grade>,
}

impl Shown {
    fn of(figure: &Figure) -> Self {
        let (part, whole, mean_of) = match figure {
            Figure::Share(Rate { part, whole }) => (Some(*part), Some(*whole), None),
            Figure::Mean(mean) => (None, None, Some(mean.n())),
        };
        Self { part, whole, mean_of, percent: printed(figure), grade: Grade::of(figure) }
    }

    fn of_mean(mean: Mean) -> Self {
        Self::of(&Figure::Mean(mean))
    }
}

impl Assessment {
    /// Counts and grades what was collected.
    pub fn of(collected: &Collector, formula: Formula, with_roster: bool) -> Self {
        let tallies = tallies(collected, with_roster);
        let organisations = tallies
            .iter()
            .enumerate()
            .map(|(number, roles)| organisation(collected, number, roles, formula))
            .collect();
        let mut government: Vec<_> = (0..collected.roles.len())
            .map(|role| {
                let of_role = tallies.iter().map(|roles| roles.get(role).and_then(Option::as_ref));
                let of_role: Vec<Vec<&Tally>> = of_role.map(|tally| tally.into_iter().collect()).collect();
                together(Some(collected.role_names.text(role)), &of_role, formula)
            })
            .collect();
        let all: Vec<Vec<&Tally>> = tallies.iter().map(|roles| roles.iter().flatten().collect()).collect();
        government.push(together(None, &all, formula));
        Self { formula, answers: collected.rows, repeated: collected.repeated, organisations, government }
    }
}

fn organisation(
    collected: &Collector,
    number: usize,
    roles: &[Option<Tally>],
    formula: Formula,
) -> OrganisationFigures {
    let there = |role: usize| Some((role, roles.get(role)?.as_ref()?));
    let by_role = (0..roles.len()).filter_map(there).map(|(role, tally)| RoleFigures {
        role: collected.role_names.text(role),
        figures: figures(&[tally], formula),
        items: items(collected, role, tally),
    });
    let all: Vec<&Tally> = roles.iter().flatten().collect();
    OrganisationFigures {
        organisation: collected.organisations.text(number),
        roles: by_role.collect(),
        all_roles: figures(&all, formula),
    }
}

fn items(collected: &Collector, role: usize, tally: &Tally) -> Vec<ItemCount> {
    let name = |item: usize| collected.roles.get(role).map(|role| role.items.text(item)).unwrap_or_default();
    let asked = tally.cells.iter().enumerate().filter(|(_, cell)| cell.known() > 0);
    asked
        .map(|(item, Cell { done, not_done, no_duty, blank })| ItemCount {
            item: name(item),
            done: *done,
            not_done: *not_done,
            no_duty: *no_duty,
            blank: *blank,
        })
        .collect()
}

/// The counts of several roles in one: for coverage, which knows no items.
fn people(tallies: &[&Tally]) -> Tally {
    let mut all = Tally { targets: Some(0), ..Tally::default() };
    for tally in tallies {
        all.absorb(&Tally { cells: Vec::new(), ..(*tally).clone() });
    }
    all
}

fn figures(tallies: &[&Tally], formula: Formula) -> Figures {
    let people = people(tallies);
    let Reach { by_mark } = reach(tallies.iter().copied(), formula);
    let reach = crate::MARKS
        .into_iter()
        .zip(by_mark)
        .map(|(mark, share)| ShownReach { mark, share: Shown::of(&Figure::Share(share)) })
        .collect();
    Figures {
        targets: people.targets,
        excluded: people.excluded,
        submitted: people.submitted,
        coverage: Shown::of(&coverage(&people, formula)),
        implementation: Shown::of(&all_roles(tallies.iter().copied(), formula)),
        reach,
    }
}

fn together(role: Option<String>, organisations: &[Vec<&Tally>], formula: Formula) -> GovernmentFigures {
    let known = government(organisations.iter().map(|tallies| coverage(&people(tallies), formula)));
    let done = government(organisations.iter().map(|tallies| match tallies[..] {
        [one] => implementation(one, formula),
        _ => all_roles(tallies.iter().copied(), formula),
    }));
    let pooled = |rate: Option<Rate>| Shown::of(&rate.map_or(Figure::UNDEFINED, Figure::Share));
    GovernmentFigures {
        role,
        coverage_mean: Shown::of_mean(known.mean),
        coverage_pooled: pooled(known.pooled),
        implementation_mean: Shown::of_mean(done.mean),
        implementation_pooled: pooled(done.pooled),
    }
}

/// By organisation and role; `None` where the organisation has nobody in the role.
fn tallies(collected: &Collector, with_roster: bool) -> Vec<Vec<Option<Tally>>> {
    let masks = masks(collected);
    let mut tallies = vec![vec![None; collected.roles.len()]; collected.organisations.len()];
    for form in &collected.forms {
        let (organisation, role) = (form.organisation as usize, form.role as usize);
        let Some(data) = collected.roles.get(role) else { continue };
        let Some(tally) = tallies.get_mut(organisation).and_then(|roles| roles.get_mut(role)) else {
            continue;
        };
        let tally = tally.get_or_insert_with(|| Tally {
            targets: with_roster.then_some(0),
            ..Tally::new(data.items.len())
        });
        match (form.excluded, &mut tally.targets) {
            (true, _) => tally.excluded += 1,
            (false, Some(targets)) => *targets += 1,
            (false, None) => {}
        }
        // Who is excluded may have answered all the same: it is not counted.
        if form.submitted && !form.excluded {
            tally.add(data.answers(form), &masks[organisation][role]);
        }
    }
    tallies
}

/// Which items anybody of an organisation and role has answered: those asked there.
fn masks(collected: &Collector) -> Vec<Vec<Vec<u64>>> {
    let empty: Vec<Vec<u64>> =
        collected.roles.iter().map(|role| vec![0; lanes(role.items.len().min(ITEMS_MAX)).len()]).collect();
    let mut masks = vec![empty; collected.organisations.len()];
    for form in collected.forms.iter().filter(|form| form.submitted) {
        let mask =
            masks.get_mut(form.organisation as usize).and_then(|roles| roles.get_mut(form.role as usize));
        let (Some(mask), Some(role)) = (mask, collected.roles.get(form.role as usize)) else { continue };
        for (mask, word) in mask.iter_mut().zip(role.answers(form)) {
            *mask |= (word | (word >> 1)) & 0x5555_5555_5555_5555;
        }
    }
    masks
}
