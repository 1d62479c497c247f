//! Which figures of a table of organisations, or of the units of one, are not shown: those of few people, and those from
//! which a few people's could be computed.
//!
//! Two tables are looked at. In the first a line has a count for each role, and both totals are shown beside it; a count
//! is the number of forms. In the second, one for each role, a line has a count for each item: of the answers that make
//! the share. What the first withholds is withheld in the second altogether. [`suppress`] decides both.

use std::collections::{BTreeMap, BTreeSet};

use crate::figure::of_item;
use crate::formula::Formula;
use crate::suppress::suppress;
use crate::tally::Tally;

/// What is not shown. The line after the last is the totals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withheld {
    lines: BTreeSet<usize>,
    roles: BTreeSet<(usize, String)>,
    items: BTreeSet<(usize, String, usize)>,
}

impl Withheld {
    /// Nothing: for who may see every form anyway.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Whether there is anything.
    pub fn is_nothing(&self) -> bool {
        self.lines.is_empty() && self.roles.is_empty() && self.items.is_empty()
    }

    /// Whether the figure of a line over all roles is not shown.
    pub fn line(&self, line: usize) -> bool {
        self.lines.contains(&line)
    }

    /// Whether the figure of a line in a role is not shown.
    pub fn role(&self, line: usize, role: &str) -> bool {
        self.roles.contains(&(line, role.to_owned()))
    }

    /// Whether the figure of a line and an item of a role is not shown.
    pub fn item(&self, line: usize, role: &str, item: usize) -> bool {
        self.role(line, role) || self.items.contains(&(line, role.to_owned(), item))
    }
}

/// Looks at the counts of each line by role.
pub fn withhold(lines: &[BTreeMap<&str, &Tally>], formula: Formula, minimum: u64) -> Withheld {
    let roles: BTreeSet<&str> = lines.iter().flat_map(|line| line.keys().copied()).collect();
    let mut withheld = of_roles(lines, &roles, minimum);
    for role in roles {
        of_items(lines, role, formula, minimum, &mut withheld);
    }
    withheld
}

fn of_roles(lines: &[BTreeMap<&str, &Tally>], roles: &BTreeSet<&str>, minimum: u64) -> Withheld {
    let forms = |line: &BTreeMap<&str, &Tally>| {
        roles.iter().map(|role| line.get(role).map_or(0, |tally| tally.submitted)).collect()
    };
    let table: Vec<Vec<u64>> = lines.iter().map(forms).collect();
    let mut withheld = Withheld::default();
    for (line, cells) in suppress(&table, minimum).cells.iter().enumerate() {
        let hidden = cells.iter().enumerate().filter(|(_, count)| count.is_none());
        for (column, _) in hidden {
            match roles.iter().nth(column) {
                Some(role) => drop(withheld.roles.insert((line, (*role).to_owned()))),
                None => drop(withheld.lines.insert(line)),
            }
        }
    }
    withheld
}

fn of_items(
    lines: &[BTreeMap<&str, &Tally>],
    role: &str,
    formula: Formula,
    minimum: u64,
    withheld: &mut Withheld,
) {
    let shown: Vec<(usize, &&Tally)> = lines
        .iter()
        .enumerate()
        .filter(|(line, _)| !withheld.role(*line, role))
        .filter_map(|(line, roles)| Some((line, roles.get(role)?)))
        .collect();
    let answers = |tally: &Tally| tally.cells.iter().map(|cell| of_item(*cell, formula).whole).collect();
    let table: Vec<Vec<u64>> = shown.iter().map(|(_, tally)| answers(tally)).collect();
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let totals = (lines.len(), shown.len());
    let places = shown.iter().enumerate().map(|(place, (line, _))| (*line, place)).chain([totals]);
    let suppressed = suppress(&table, minimum).cells;
    for (line, place) in places {
        for (item, count) in suppressed.get(place).into_iter().flatten().enumerate() {
            match count {
                Some(_) => {}
                None if item < columns => drop(withheld.items.insert((line, role.to_owned(), item))),
                // The sum over the items, from which the one that is withheld would follow.
                None => drop(withheld.roles.insert((line, role.to_owned()))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suppress::SMALL_CELL_MIN;
    use crate::{Answer, Packed, Variant, lanes};

    /// So many people who did both items, and so many on whom the second did not fall.
    fn tally(did: usize, spared: usize) -> Tally {
        let did = std::iter::repeat_n([Answer::Done, Answer::Done], did);
        let spared = std::iter::repeat_n([Answer::Done, Answer::NoDuty], spared);
        let forms: Vec<Packed> = did.chain(spared).map(|answers| Packed::of(&answers)).collect();
        Tally { targets: Some(forms.len() as u64), ..Tally::recount(2, &lanes(2), &forms) }
    }

    fn check(lines: &[[(&str, &Tally); 2]]) -> Withheld {
        let lines: Vec<BTreeMap<&str, &Tally>> = lines.iter().map(|line| BTreeMap::from(*line)).collect();
        withhold(&lines, Variant::Nisc.formula(), SMALL_CELL_MIN)
    }

    #[test]
    fn large_groups_are_shown_whole() {
        let (large, other) = (tally(30, 0), tally(20, 10));
        assert!(
            check(&[[("ciso", &large), ("staff", &other)], [("ciso", &other), ("staff", &large)]])
                .is_nothing()
        );
    }

    #[test]
    fn the_only_ciso_is_hidden_with_another_role_so_that_no_sum_tells() {
        let (one, many) = (tally(1, 0), tally(30, 0));
        let withheld = check(&[[("ciso", &one), ("staff", &many)], [("ciso", &one), ("staff", &many)]]);
        for line in 0..2 {
            assert!(withheld.role(line, "ciso") && withheld.item(line, "ciso", 0));
            assert!(withheld.role(line, "staff") || withheld.line(line), "{withheld:?}");
        }
    }

    #[test]
    fn an_item_that_fell_on_few_is_hidden_where_the_rest_is_shown() {
        let (few, many) = (tally(3, 30), tally(40, 0));
        let withheld =
            check(&[[("s", &few), ("t", &many)], [("s", &many), ("t", &many)], [("s", &many), ("t", &many)]]);
        assert!(withheld.item(0, "s", 1) && !withheld.role(1, "t") && !withheld.line(0));
        // Neither the item's sum nor the role's gives it away.
        let others = (1..3).filter(|line| withheld.item(*line, "s", 1)).count();
        assert!(others > 0 || withheld.item(3, "s", 1), "{withheld:?}");
        assert!(withheld.item(0, "s", 0) || withheld.role(0, "s"), "{withheld:?}");
    }
}
