//! What the counts add up to: the figures of an organisation, and of all of them by role, in both ways of adding.

use std::collections::BTreeMap;

use base::{Id, Organisation, Rate};

use crate::count::Counted;
use crate::figure::{Figure, Government, MARKS, Reach, all_roles, coverage, government, reach};
use crate::formula::Formula;
use crate::tally::Tally;

/// The figures of one organisation, or unit, in one role or in several together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Forms that are asked for.
    pub asked: u64,
    /// Not asked, for a reason.
    pub excluded: u64,
    /// Forms that count.
    pub answered: u64,
    /// 把握率
    pub coverage: Figure,
    /// 実施率
    pub implementation: Figure,
    /// 到達率
    pub reach: Reach,
}

impl Summary {
    /// Over these counts together; coverage over several roles is of the sums, as implementation is when it is pooled.
    pub fn of<'t>(tallies: impl IntoIterator<Item = &'t Tally>, formula: Formula) -> Self {
        let tallies: Vec<&Tally> = tallies.into_iter().collect();
        let known = tallies.iter().try_fold(Rate { part: 0, whole: 0 }, |sum, tally| {
            let Figure::Share(share) = coverage(tally, formula) else { return None };
            tally.targets.map(|_| Rate { part: sum.part + share.part, whole: sum.whole + share.whole })
        });
        Self {
            asked: tallies.iter().filter_map(|tally| tally.targets).sum(),
            excluded: tallies.iter().map(|tally| tally.excluded).sum(),
            answered: tallies.iter().map(|tally| tally.submitted).sum(),
            coverage: known.map_or(Figure::UNDEFINED, Figure::Share),
            implementation: all_roles(tallies.iter().copied(), formula),
            reach: reach(tallies, formula),
        }
    }
}

/// The figures of one role over all organisations; each says over how many it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfRole {
    /// Which; empty for all roles together.
    pub role: String,
    /// Forms that are asked for.
    pub asked: u64,
    /// Forms that count.
    pub answered: u64,
    /// 把握率
    pub coverage: Government,
    /// 実施率
    pub implementation: Government,
    /// 到達率, in the order of [`MARKS`].
    pub reach: [Government; MARKS.len()],
}

/// Everything that tables 2-2, 2-3 and 2-5 of the report say, of one survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Results {
    /// All roles of each organisation together.
    pub organisations: BTreeMap<Id<Organisation>, Summary>,
    /// Each role over all organisations, in the order asked for.
    pub roles: Vec<OfRole>,
    /// All roles over all organisations.
    pub all: OfRole,
}

/// Adds counts up by organisation and by these roles.
pub fn results(counted: &[Counted], roles: &[&str], formula: Formula) -> Results {
    let mut by_organisation: BTreeMap<_, Vec<&Tally>> = BTreeMap::new();
    for one in counted {
        by_organisation.entry(one.organisation).or_default().push(&one.tally);
    }
    let organisations: BTreeMap<_, _> = by_organisation
        .into_iter()
        .map(|(organisation, tallies)| (organisation, Summary::of(tallies, formula)))
        .collect();
    let of_role = |role: &&str| {
        let of_it = counted.iter().filter(|one| one.role == **role);
        let summaries: Vec<Summary> = of_it.map(|one| Summary::of([&one.tally], formula)).collect();
        over_all(role, summaries.iter())
    };
    Results {
        roles: roles.iter().map(of_role).collect(),
        all: over_all("", organisations.values()),
        organisations,
    }
}

fn over_all<'s>(role: &str, summaries: impl Iterator<Item = &'s Summary> + Clone) -> OfRole {
    let marks = |mark: usize| {
        government(
            summaries.clone().filter_map(|one| one.reach.by_mark.get(mark).copied().map(Figure::Share)),
        )
    };
    OfRole {
        role: role.to_owned(),
        asked: summaries.clone().map(|one| one.asked).sum(),
        answered: summaries.clone().map(|one| one.answered).sum(),
        coverage: government(summaries.clone().map(|one| one.coverage.clone())),
        implementation: government(summaries.clone().map(|one| one.implementation.clone())),
        reach: std::array::from_fn(marks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Cell, Packed, Variant, lanes};

    fn counted(organisation: u8, role: &str, targets: u64, forms: &[&[Answer]]) -> Counted {
        let forms: Vec<Packed> = forms.iter().map(|answers| Packed::of(answers)).collect();
        let tally = Tally { targets: Some(targets), ..Tally::recount(2, &lanes(2), &forms) };
        Counted { organisation: Id::from_digest([organisation; 16]), role: role.to_owned(), tally }
    }

    #[test]
    fn organisations_are_added_up_and_averaged_and_both_are_told() {
        use Answer::{Done, NotDone};
        let all = [
            counted(1, "staff", 4, &[&[Done, Done], &[Done, Done], &[Done, NotDone]]),
            counted(1, "ciso", 1, &[&[Done, Done]]),
            counted(2, "staff", 1, &[&[NotDone, NotDone]]),
        ];
        let results = results(&all, &["ciso", "staff"], Variant::Nisc.formula());
        let first = &results.organisations[&Id::from_digest([1; 16])];
        assert_eq!((first.asked, first.answered), (5, 4));
        assert_eq!(first.coverage, Figure::Share(Rate { part: 4, whole: 5 }));
        assert_eq!(first.implementation, Figure::Share(Rate { part: 7, whole: 8 }));
        let [ciso, staff] = &results.roles[..] else { panic!("two roles") };
        assert_eq!((ciso.implementation.mean.n(), staff.implementation.mean.n()), (1, 2));
        assert_eq!(staff.implementation.pooled, Some(Rate { part: 5, whole: 8 }));
        assert_eq!(
            staff.implementation.mean.rounded(1_000),
            Some(417),
            "5/6 and 0/2, each counting the same"
        );
        assert_eq!(staff.reach[0].pooled, Some(Rate { part: 1, whole: 4 }));
        assert_eq!(results.all.coverage.pooled, Some(Rate { part: 5, whole: 6 }));
    }

    #[test]
    fn an_organisation_of_whom_nobody_is_asked_has_no_figures() {
        let nobody = Tally { targets: Some(0), cells: vec![Cell::default()], ..Tally::default() };
        let summary = Summary::of([&nobody], Variant::Nisc.formula());
        assert!(!summary.coverage.is_defined() && !summary.implementation.is_defined());
    }
}
