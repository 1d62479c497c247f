//! Coverage, implementation and reach: what the counts of an organisation say.

use base::Rate;

use crate::formula::{Aggregation, Blank, Duty, Formula, Known};
use crate::mean::Mean;
use crate::tally::{Cell, Standing, Tally};

/// The marks of the reach rate, in percent (the report's page on 厚生労働省).
pub const MARKS: [u64; 3] = [100, 95, 90];

/// A figure that keeps what it was made of. Undefined when there was nothing to count, which is neither 0 nor 100 %.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Figure {
    /// A share of things that were counted.
    Share(Rate),
    /// A mean of such shares.
    Mean(Mean),
}

impl Figure {
    /// Nothing was counted.
    pub const UNDEFINED: Self = Self::Share(Rate { part: 0, whole: 0 });

    /// Whether anything was counted.
    pub fn is_defined(&self) -> bool {
        match self {
            Self::Share(share) => share.whole > 0,
            Self::Mean(mean) => mean.n() > 0,
        }
    }

    /// Steps of 1/`scale`, rounded half up; `None` when undefined.
    pub fn rounded(&self, scale: u64) -> Option<u64> {
        self.mean().rounded(scale)
    }

    /// How the figure compares with `mark`, exactly; `None` when undefined.
    pub fn compare(&self, mark: Rate) -> Option<std::cmp::Ordering> {
        self.mean().compare(mark)
    }

    pub(crate) fn mean(&self) -> Mean {
        match self {
            Self::Share(share) => Mean::of([*share]),
            Self::Mean(mean) => mean.clone(),
        }
    }
}

/// 把握率: of those who were asked, those of whom it is known what they did. Undefined when nobody was asked, and when
/// nobody has said who was.
pub fn coverage(tally: &Tally, formula: Formula) -> Figure {
    let Some(targets) = tally.targets else { return Figure::UNDEFINED };
    let whole = match formula.known {
        Known::OfTargets => targets,
        Known::OfEverybody => targets + tally.excluded,
    };
    Figure::Share(Rate { part: tally.submitted, whole })
}

/// 実施率 of one item. Undefined when the duty fell on nobody.
pub fn of_item(cell: Cell, formula: Formula) -> Rate {
    let no_duty = if formula.duty == Duty::Ignored { cell.no_duty } else { 0 };
    let blank = if formula.blank == Blank::NotDone { cell.blank } else { 0 };
    Rate { part: cell.done, whole: cell.done + cell.not_done + no_duty + blank }
}

/// 実施率 of an organisation in one role.
pub fn implementation(tally: &Tally, formula: Formula) -> Figure {
    all_roles([tally], formula)
}

/// 実施率 of an organisation over several roles (全主体). Pooled and by persons, it is made of sums, so that it is whole
/// only when everything was done; by items, it is the mean over the items of all roles. A person with two roles counts
/// once in each.
pub fn all_roles<'t>(tallies: impl IntoIterator<Item = &'t Tally>, formula: Formula) -> Figure {
    let tallies = tallies.into_iter();
    match formula.aggregation {
        Aggregation::Pooled => Figure::Share(sum(items(tallies, formula))),
        Aggregation::ItemMean => Figure::Mean(Mean::of(items(tallies, formula))),
        Aggregation::AllItems => Figure::Share(sum(tallies.map(|tally| everything_done(tally, formula)))),
    }
}

fn items<'t>(tallies: impl Iterator<Item = &'t Tally>, formula: Formula) -> impl Iterator<Item = Rate> {
    tallies.flat_map(move |tally| tally.cells.iter().map(move |cell| of_item(*cell, formula)))
}

fn everything_done(tally: &Tally, formula: Formula) -> Rate {
    let count = |standing| tally.standing(standing);
    let (complete, blanks) = (count(Standing::Complete), count(Standing::CompleteButBlank));
    let no_duty = if formula.duty == Duty::Ignored { count(Standing::NoDuty) } else { 0 };
    let some = complete + blanks + count(Standing::Incomplete) + no_duty;
    match formula.blank {
        Blank::NotDone => Rate { part: complete, whole: some + count(Standing::NothingSaid) },
        Blank::Excluded => Rate { part: complete + blanks, whole: some },
    }
}

fn sum(shares: impl IntoIterator<Item = Rate>) -> Rate {
    shares.into_iter().fold(Rate { part: 0, whole: 0 }, |sum, share| Rate {
        part: sum.part + share.part,
        whole: sum.whole + share.whole,
    })
}

/// 到達率: of the items that had anybody to do them, those done to at least a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// By mark, in the order of [`MARKS`].
    pub by_mark: [Rate; 3],
}

/// 到達率 over the items of these roles. An item whose duty fell on nobody is not counted.
pub fn reach<'t>(tallies: impl IntoIterator<Item = &'t Tally>, formula: Formula) -> Reach {
    let shares: Vec<Rate> = items(tallies.into_iter(), formula).filter(|share| share.whole > 0).collect();
    let whole = shares.len() as u64;
    let by_mark = MARKS.map(|mark| {
        let reached =
            |share: &&Rate| u128::from(share.part) * 100 >= u128::from(share.whole) * u128::from(mark);
        Rate { part: shares.iter().filter(reached).count() as u64, whole }
    });
    Reach { by_mark }
}

/// A figure of many organisations together, both ways: which of the two was published must always be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Government {
    /// Every organisation counts the same. `n()` says how many it was defined for.
    pub mean: Mean,
    /// Every answer, or person, counts the same; `None` for figures that are means themselves.
    pub pooled: Option<Rate>,
}

/// The mean of organisations, and their sum beside it. An organisation for which the figure is undefined, as one without
/// the role, drops out of both.
pub fn government(figures: impl IntoIterator<Item = Figure>) -> Government {
    let figures: Vec<Figure> = figures.into_iter().filter(Figure::is_defined).collect();
    let shares: Option<Vec<Rate>> = figures
        .iter()
        .map(|figure| match figure {
            Figure::Share(share) => Some(*share),
            Figure::Mean(_) => None,
        })
        .collect();
    Government { mean: Mean::of_means(figures.iter().map(Figure::mean)), pooled: shares.map(sum) }
}
