//! How figures are shown: in percent, with the counts they are made of and the grade, or not at all.

use base::Rate;
use inspect::{Figure, Formula, Government, Grade, Tally, of_item, printed};

use crate::words::count;

/// Stands where a figure is withheld, as in official statistics (秘匿).
pub(super) const WITHHELD: &str = "x";

/// A figure as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// `98.5`, `–` when undefined, `x` when withheld.
    pub percent: String,
    /// `1,234/1,253`; empty when it is not made of two counts, or withheld.
    pub counts: String,
    /// `A` to `D`, or `–`.
    pub grade: String,
    /// The class of the cell: `a` to `d`, `none` or `withheld`.
    pub class: &'static str,
}

impl Shown {
    /// `B 98.5` in a narrow cell; of what has neither grade nor percent its mark alone.
    pub(super) fn label(&self) -> String {
        if self.grade == self.percent {
            self.percent.clone()
        } else {
            format!("{} {}", self.grade, self.percent)
        }
    }
}

/// A figure, unless it is withheld.
pub(super) fn shown(figure: &Figure, withheld: bool) -> Shown {
    if withheld {
        let mark = WITHHELD.to_owned();
        return Shown { percent: mark.clone(), counts: String::new(), grade: mark, class: "withheld" };
    }
    let grade = Grade::of(figure);
    Shown {
        percent: printed(figure),
        counts: match figure {
            Figure::Share(share) if share.whole > 0 => counts(*share),
            _ => String::new(),
        },
        grade: grade.map_or("–", Grade::letter).to_owned(),
        class: class(grade),
    }
}

/// The share of one item, unless it is withheld.
pub(super) fn of_cell(tally: Option<&Tally>, item: usize, formula: Formula, withheld: bool) -> Shown {
    let share = tally.and_then(|tally| tally.cells.get(item)).map(|cell| of_item(*cell, formula));
    shown(&share.map_or(Figure::UNDEFINED, Figure::Share), withheld)
}

/// A figure of many organisations: the mean of organisations, and the pooled one.
pub(super) struct Both {
    /// Every organisation counting the same.
    pub mean: Shown,
    /// Every answer counting the same.
    pub pooled: Shown,
    /// Of how many organisations.
    pub n: String,
}

/// Both ways of adding, unless they are withheld.
pub(super) fn both(figure: &Government, withheld: bool) -> Both {
    Both {
        mean: shown(&Figure::Mean(figure.mean.clone()), withheld),
        pooled: shown(&figure.pooled.map_or(Figure::UNDEFINED, Figure::Share), withheld),
        n: count(figure.mean.n()),
    }
}

/// `1,234/1,253`.
pub(super) fn counts(share: Rate) -> String {
    format!("{}/{}", count(share.part), count(share.whole))
}

fn class(grade: Option<Grade>) -> &'static str {
    match grade {
        Some(Grade::A) => "a",
        Some(Grade::B) => "b",
        Some(Grade::C) => "c",
        Some(Grade::D) => "d",
        None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(part: u64, whole: u64, withheld: bool, expected: [&str; 4]) {
        let shown = shown(&Figure::Share(Rate { part, whole }), withheld);
        assert_eq!([&*shown.percent, &*shown.counts, &*shown.grade, shown.class], expected);
    }

    #[test]
    fn a_figure_carries_its_counts_unless_there_are_none_to_show() {
        check(1_234, 1_253, false, ["98.5", "1,234/1,253", "B", "b"]);
        check(0, 0, false, ["–", "", "–", "none"]);
        check(1, 1, true, ["x", "", "x", "withheld"]);
    }
}
