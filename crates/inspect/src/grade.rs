//! Grades A to D (figure 2-1 of the report for fiscal 2012), and how figures are printed.

use std::cmp::Ordering;
use std::fmt;

use base::Rate;

use crate::figure::Figure;

/// What a coverage or implementation rate is worth. Always of the exact fraction: 99.96 % is B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Grade {
    /// 100 %: every single one.
    A,
    /// From 80 % on.
    B,
    /// From 60 % on.
    C,
    /// Less than 60 %.
    D,
}

impl Grade {
    /// The grade of a figure; `None` when it is undefined, which is printed `–` and is not D.
    pub fn of(figure: &Figure) -> Option<Self> {
        let reaches = |percent| figure.compare(Rate { part: percent, whole: 100 }).map(Ordering::is_ge);
        Some(match (reaches(100)?, reaches(80)?, reaches(60)?) {
            (true, _, _) => Self::A,
            (_, true, _) => Self::B,
            (_, _, true) => Self::C,
            _ => Self::D,
        })
    }

    /// The letter.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letter())
    }
}

/// The figure in percent with one decimal, rounded half up, but never 100.0 unless it is whole and never 0.0 unless it
/// is nothing: those print as 99.9 and 0.1. `–` when undefined. What it prints decides nothing: 79.95 % prints as 80.0
/// and is C.
pub fn printed(figure: &Figure) -> String {
    match honest(figure, 1_000) {
        Some(steps) => format!("{}.{}", steps / 10, steps % 10),
        None => "–".to_owned(),
    }
}

/// The figure in whole percent, rounded half up and nothing else, as tables 2-6 and 2-7 have it (小数点以下四捨五入): 99.6 %
/// is 100 there. Only for tables that say so in a footnote.
pub fn printed_whole(figure: &Figure) -> String {
    figure.rounded(100).map_or_else(|| "–".to_owned(), |percent| percent.to_string())
}

fn honest(figure: &Figure, scale: u64) -> Option<u64> {
    let steps = figure.rounded(scale)?;
    let is = |part| figure.compare(Rate { part, whole: 1 }) == Some(Ordering::Equal);
    Some(match steps {
        all if all == scale && !is(1) => scale - 1,
        0 if !is(0) => 1,
        steps => steps,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(part: u64, whole: u64, grade: Option<Grade>, text: &str) {
        let figure = Figure::Share(Rate { part, whole });
        assert_eq!((Grade::of(&figure), printed(&figure).as_str()), (grade, text), "{part}/{whole}");
    }

    #[test]
    fn a_grade_is_of_the_exact_fraction_and_never_of_what_is_printed() {
        check(100, 100, Some(Grade::A), "100.0");
        check(9_996, 10_000, Some(Grade::B), "99.9");
        check(999_999, 1_000_000, Some(Grade::B), "99.9");
        check(80, 100, Some(Grade::B), "80.0");
        check(79_995, 100_000, Some(Grade::C), "80.0");
        check(799_999_999, 1_000_000_000, Some(Grade::C), "80.0");
        check(60, 100, Some(Grade::C), "60.0");
        check(59_999, 100_000, Some(Grade::D), "60.0");
        check(u64::MAX - 1, u64::MAX, Some(Grade::B), "99.9");
    }

    #[test]
    fn something_never_prints_as_nothing() {
        check(1, 1_000_000, Some(Grade::D), "0.1");
        check(0, 1_000_000, Some(Grade::D), "0.0");
    }

    #[test]
    fn what_is_undefined_has_no_grade() {
        check(0, 0, None, "–");
        assert_eq!(printed_whole(&Figure::UNDEFINED), "–");
    }

    #[test]
    fn a_table_that_rounds_half_up_shows_100_for_less_than_all() {
        let whole = |part| printed_whole(&Figure::Share(Rate { part, whole: 1_000 }));
        assert_eq!([whole(996), whole(995), whole(994), whole(4), whole(5)], ["100", "100", "99", "0", "1"]);
    }
}
