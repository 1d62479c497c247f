//! Small cells (少数セルの秘匿): a table that tells how few did something may tell who they were.
//!
//! Every count from 1 to below a minimum is withheld. That alone is not enough: with the totals beside it, a single
//! withheld count in a row is a subtraction away. So more is withheld, the smallest counts first and totals last, until
//! no withheld count follows from those that are shown.
//!
//! Think of rows and columns as points and of each withheld count as a line between its row and its column, the totals
//! being one more row and one more column. A withheld count can be computed exactly when its line is on no ring: along a
//! ring, adding one and taking one away in turns gives another table with the same shown counts. Only counts above zero
//! may be on a ring, as nothing can be taken from zero.

use std::collections::BinaryHeap;

/// Counts below this, and above zero, are withheld unless somebody decides otherwise: nobody is singled out in a group of
/// five.
pub const SMALL_CELL_MIN: u64 = 5;

/// A table with its totals: the last column of each row is the row's sum, the last row is the columns'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// `None` is withheld.
    pub cells: Vec<Vec<Option<u64>>>,
}

/// Adds the totals to a table of counts and withholds what is small and what small counts could be computed from. Rows
/// that are shorter than the longest are filled up with zeros.
pub fn suppress(table: &[Vec<u64>], minimum: u64) -> Suppressed {
    let counts = with_totals(table);
    let small = |count: u64| count > 0 && count < minimum;
    let mut withheld: Vec<Vec<bool>> =
        counts.iter().map(|row| row.iter().map(|count| small(*count)).collect()).collect();
    let (rows, columns) = (counts.len(), counts.first().map_or(0, Vec::len));
    for row in 0..rows {
        for column in 0..columns {
            if small(counts[row][column]) {
                protect(&counts, &mut withheld, row, column);
            }
        }
    }
    let shown = |(row, withheld): (&Vec<u64>, &Vec<bool>)| {
        row.iter().zip(withheld).map(|(count, withheld)| (!withheld).then_some(*count)).collect()
    };
    Suppressed { cells: counts.iter().zip(&withheld).map(shown).collect() }
}

fn with_totals(table: &[Vec<u64>]) -> Vec<Vec<u64>> {
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let mut totals = vec![0; columns + 1];
    let mut rows: Vec<Vec<u64>> = Vec::with_capacity(table.len() + 1);
    for row in table {
        let mut row = row.clone();
        row.resize(columns, 0);
        row.push(row.iter().sum());
        totals.iter_mut().zip(&row).for_each(|(total, count)| *total += count);
        rows.push(row);
    }
    rows.push(totals);
    rows
}

/// Closes the cheapest ring through a withheld count: the way from its row to its column over other counts. There always
/// is one: the totals of a row and of a column that are not empty are not zero.
fn protect(counts: &[Vec<u64>], withheld: &mut [Vec<bool>], row: usize, column: usize) {
    let way = cheapest_way(counts, withheld, row, column);
    for (row, column) in way {
        withheld[row][column] = true;
    }
}

/// The counts on the cheapest way (Dijkstra) from a row to a column that does not use the count where the two meet. What
/// is withheld already costs nothing; a total costs more than all counts together.
fn cheapest_way(counts: &[Vec<u64>], withheld: &[Vec<bool>], from: usize, to: usize) -> Vec<(usize, usize)> {
    let (rows, columns) = (counts.len(), counts[from].len());
    let everything = counts[rows - 1][columns - 1];
    let cost = |row: usize, column: usize| match (counts[row][column], withheld[row][column]) {
        (0, _) => None,
        (_, true) => Some(0),
        (count, _) if row + 1 == rows || column + 1 == columns => Some(everything.saturating_add(count)),
        (count, _) => Some(count),
    };
    // Rows are the first points, columns follow.
    let mut best: Vec<Option<(u64, usize)>> = vec![None; rows + columns];
    let mut queue = BinaryHeap::from([(std::cmp::Reverse(0), from, from)]);
    while let Some((std::cmp::Reverse(so_far), point, before)) = queue.pop() {
        if best[point].is_some() {
            continue;
        }
        best[point] = Some((so_far, before));
        if point == rows + to {
            break;
        }
        let others = if point < rows { rows..rows + columns } else { 0..rows };
        for other in others.filter(|other| best[*other].is_none()) {
            let (row, column) = (point.min(other), point.max(other) - rows);
            if (row, column) == (from, to) {
                continue;
            }
            if let Some(cost) = cost(row, column) {
                queue.push((std::cmp::Reverse(so_far.saturating_add(cost)), other, point));
            }
        }
    }
    let mut way = Vec::new();
    let mut point = rows + to;
    while let Some((_, before)) = best[point].filter(|_| point != from) {
        way.push((point.min(before), point.max(before) - rows));
        point = before;
    }
    way
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(table: &[&[u64]], expected: &[&str]) {
        let table: Vec<Vec<u64>> = table.iter().map(|row| row.to_vec()).collect();
        let word = |count: &Option<u64>| count.map_or("*".to_owned(), |count| count.to_string());
        let shown = suppress(&table, SMALL_CELL_MIN).cells;
        let shown: Vec<String> =
            shown.iter().map(|row| row.iter().map(word).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_small_count_takes_others_with_it_so_that_no_total_gives_it_away() {
        check(&[&[9, 8], &[7, 6]], &["9 8 17", "7 6 13", "16 14 30"]);
        check(
            &[&[3, 20, 30], &[40, 10, 60], &[9, 50, 70]],
            &["* * 30 53", "* * 60 110", "9 50 70 129", "52 80 160 292"],
        );
    }

    #[test]
    fn nothing_is_told_by_zero_and_five_is_not_small() {
        check(&[&[0, 5], &[5, 0]], &["0 5 5", "5 0 5", "5 5 10"]);
        check(&[], &["0"]);
        check(&[&[0]], &["0 0", "0 0"]);
    }

    #[test]
    fn where_nothing_else_hides_a_count_its_totals_do() {
        check(&[&[4]], &["* *", "* *"]);
        check(&[&[3, 0], &[0, 90]], &["* 0 *", "0 90 90", "* 90 *"]);
    }

    /// Whether a count follows from those shown: whether its unknown is a combination of the equations "a row, or a
    /// column, less its total, is zero". Computed modulo a prime, independently of rings.
    fn follows(cells: &[Vec<Option<u64>>], row: usize, column: usize) -> bool {
        const P: i64 = 1_000_003;
        let (rows, columns) = (cells.len(), cells[0].len());
        let hidden: Vec<(usize, usize)> = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (row, column)))
            .filter(|(row, column)| cells[*row][*column].is_none())
            .collect();
        let sign = |last: bool| if last { P - 1 } else { 1 };
        let of_row = |number: usize| {
            hidden.iter().map(|(r, c)| i64::from(*r == number) * sign(c + 1 == columns)).collect::<Vec<_>>()
        };
        let of_column = |number: usize| {
            hidden.iter().map(|(r, c)| i64::from(*c == number) * sign(r + 1 == rows)).collect::<Vec<_>>()
        };
        let equations: Vec<Vec<i64>> = (0..rows).map(of_row).chain((0..columns).map(of_column)).collect();
        let unit: Vec<i64> = hidden.iter().map(|place| i64::from(*place == (row, column))).collect();
        let with = equations.iter().cloned().chain([unit]).collect();
        rank(equations, P) == rank(with, P)
    }

    fn rank(mut rows: Vec<Vec<i64>>, p: i64) -> usize {
        let mut rank = 0;
        for column in 0..rows.first().map_or(0, Vec::len) {
            let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column] != 0) else { continue };
            rows.swap(rank, pivot);
            let (pivot, inverse) = (rows[rank].clone(), power(rows[rank][column], p - 2, p));
            for row in rows.iter_mut().skip(rank + 1) {
                let times = row[column] * inverse % p;
                row.iter_mut().zip(&pivot).for_each(|(own, other)| *own = (*own + (p - times) * other) % p);
            }
            rank += 1;
        }
        rank
    }

    fn power(base: i64, exponent: i64, p: i64) -> i64 {
        match exponent {
            0 => 1,
            even if even % 2 == 0 => power(base * base % p, even / 2, p),
            odd => base * power(base, odd - 1, p) % p,
        }
    }

    #[test]
    fn what_follows_is_seen() {
        let open = vec![
            vec![None, Some(5), Some(8)],
            vec![Some(7), Some(6), Some(13)],
            vec![Some(10), Some(11), Some(21)],
        ];
        assert!(follows(&open, 0, 0));
    }

    proptest! {
        #[test]
        fn no_withheld_count_can_be_computed_and_no_small_one_is_shown(
            table in (1..5_usize, 1..6_usize).prop_flat_map(|(rows, columns)| {
                let count = prop_oneof![Just(0_u64), 1..8_u64, 1..200_u64];
                proptest::collection::vec(proptest::collection::vec(count, columns), rows)
            }),
        ) {
            let (counts, shown) = (with_totals(&table), suppress(&table, SMALL_CELL_MIN).cells);
            for (row, column) in
                (0..counts.len()).flat_map(|row| (0..counts[0].len()).map(move |column| (row, column)))
            {
                let count = counts[row][column];
                match shown[row][column] {
                    Some(shown) => {
                        prop_assert_eq!(shown, count);
                        prop_assert!(count == 0 || count >= SMALL_CELL_MIN);
                    }
                    None => {
                        prop_assert!(count > 0, "a zero is withheld");
                        prop_assert!(!follows(&shown, row, column), "{:?} at {} {}", shown, row, column);
                    }
                }
            }
        }
    }
}
