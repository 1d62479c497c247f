//! What is remembered of one group's matches: never more than is needed to answer.

use std::collections::{HashSet, VecDeque};

use hashbrown::HashMap;

use super::{holds, within};
use crate::condition::Expr;
use crate::correlation::{Asks, Correlation, CorrelationKind};
use crate::limit::SAMPLE_MAX;

/// How the matches of one group are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The times of so many latest matches: there are `n` in a time span when the `n`th latest is.
    Recent(usize),
    /// So many different values, those last seen latest, with that time.
    Distinct(usize),
    /// Numbers with their times.
    Sum,
    /// When each of so many rules was last seen.
    Seen(usize),
    /// When the latest chain that leads up to each of so many rules began.
    Chain(usize),
    /// Everything since the first match, until the time span is over.
    Window(Tallied),
}

/// What a time span adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tallied {
    Count,
    /// Different values, up to so many.
    Distinct(usize),
    Sum,
    Values,
    Places,
}

#[derive(Debug)]
pub(super) enum State {
    Recent(VecDeque<i64>),
    Distinct { latest: HashMap<u64, i64, foldhash::fast::FixedState>, order: VecDeque<(i64, u64)> },
    Sum { entries: VecDeque<(i64, f64)>, total: f64, merged: bool },
    Seen(Box<[i64]>),
    Chain(Box<[i64]>),
    Window(Tally),
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) count: u64,
    pub(super) distinct: HashSet<u64>,
    pub(super) sum: f64,
    pub(super) values: Vec<f64>,
    pub(super) places: u64,
}

const NEVER: i64 = i64::MIN;

impl State {
    pub(super) fn new(shape: Shape) -> Self {
        match shape {
            Shape::Recent(_) => Self::Recent(VecDeque::new()),
            Shape::Distinct(_) => {
                Self::Distinct { latest: HashMap::with_hasher(Default::default()), order: VecDeque::new() }
            }
            Shape::Sum => Self::Sum { entries: VecDeque::new(), total: 0.0, merged: false },
            Shape::Seen(rules) => Self::Seen(vec![NEVER; rules].into()),
            Shape::Chain(rules) => Self::Chain(vec![NEVER; rules].into()),
            Shape::Window(_) => Self::Window(Tally::default()),
        }
    }

    /// Adds a match; nothing before `since` counts any more.
    pub(super) fn add(&mut self, shape: Shape, time: i64, since: i64, place: usize, value: u64) {
        match (self, shape) {
            (Self::Recent(times), Shape::Recent(most)) => {
                times.push_back(time);
                while times.len() > most || times.front().is_some_and(|first| *first < since) {
                    times.pop_front();
                }
            }
            (Self::Distinct { latest, order }, Shape::Distinct(most)) => {
                latest.insert(value, time);
                order.push_back((time, value));
                while let Some(&(at, first)) = order.front() {
                    let stale = latest.get(&first) != Some(&at);
                    if !stale && at >= since && latest.len() <= most {
                        break;
                    }
                    order.pop_front();
                    if !stale {
                        latest.remove(&first);
                    }
                }
                // Values seen again leave their older places behind.
                if order.len() > 2 * latest.len() + 16 {
                    order.retain(|(at, value)| latest.get(value) == Some(at));
                    let mut before = None;
                    order.retain(|entry| before.replace(*entry) != Some(*entry));
                }
            }
            (Self::Sum { entries, total, merged }, Shape::Sum) => {
                entries.push_back((time, f64::from_bits(value)));
                *total += f64::from_bits(value);
                while let Some(&(at, number)) = entries.front()
                    && at < since
                {
                    entries.pop_front();
                    *total = if entries.is_empty() { 0.0 } else { *total - number };
                }
                if entries.len() > SAMPLE_MAX
                    && let (Some((_, first)), Some(second)) = (entries.pop_front(), entries.front_mut())
                {
                    second.1 += first;
                    *merged = true;
                }
            }
            (Self::Seen(times), Shape::Seen(_)) => {
                if let Some(seen) = times.get_mut(place) {
                    *seen = time;
                }
            }
            (Self::Chain(begins), Shape::Chain(_)) => {
                let begin = match place.checked_sub(1) {
                    None => time,
                    Some(before) => {
                        begins.get(before).copied().filter(|begin| *begin >= since).unwrap_or(NEVER)
                    }
                };
                if let Some(known) = begins.get_mut(place) {
                    *known = begin.max(*known);
                }
            }
            (Self::Window(tally), Shape::Window(tallied)) => tally.add(tallied, place, value),
            _ => {}
        }
    }

    /// What is counted now; `None` before the time span is over when that is what counts.
    pub(super) fn value(&self, since: i64) -> Option<f64> {
        match self {
            Self::Recent(times) => Some(times.len() as f64),
            Self::Distinct { latest, .. } => Some(latest.len() as f64),
            Self::Sum { total, .. } => Some(*total),
            Self::Seen(times) => Some(times.iter().filter(|time| **time >= since).count() as f64),
            Self::Chain(begins) => Some(begins.len() as f64),
            Self::Window(_) => None,
        }
    }

    pub(super) fn rules_hold(&self, expr: &Expr<usize>, since: i64) -> bool {
        match self {
            Self::Seen(times) => holds(expr, &|place| times.get(place).is_some_and(|time| *time >= since)),
            Self::Chain(begins) => begins.last().is_some_and(|begin| *begin >= since),
            _ => false,
        }
    }

    pub(super) fn is_sampled(&self) -> bool {
        matches!(self, Self::Sum { merged: true, .. })
    }

    /// How much is remembered; nothing when no time span has begun.
    pub(super) fn cells(&self) -> usize {
        match self {
            Self::Recent(times) => times.len(),
            Self::Distinct { order, .. } => order.len(),
            Self::Sum { entries, .. } => entries.len(),
            Self::Seen(times) | Self::Chain(times) => times.len(),
            Self::Window(tally) => match tally.count {
                0 => 0,
                _ => 1 + tally.distinct.len() + tally.values.len(),
            },
        }
    }

    /// Ends the time span: what was counted, and whether from a sample, if it holds.
    pub(super) fn close(&mut self, correlation: &Correlation) -> Option<(f64, bool)> {
        let Self::Window(tally) = self else { return None };
        let mut tally = std::mem::take(tally);
        if tally.count == 0 {
            return None;
        }
        let (value, sampled) = tally.value(correlation.kind);
        let holds = match &correlation.condition {
            Asks::Bounds(bounds) => within(bounds, value),
            Asks::Rules(expr) => holds(expr, &|place| tally.places >> place & 1 == 1),
        };
        holds.then_some((value, sampled))
    }
}

impl Tally {
    fn add(&mut self, tallied: Tallied, place: usize, value: u64) {
        self.count += 1;
        match tallied {
            Tallied::Count => {}
            Tallied::Distinct(most) => {
                if self.distinct.len() < most {
                    self.distinct.insert(value);
                }
            }
            Tallied::Sum => self.sum += f64::from_bits(value),
            Tallied::Values => {
                self.sum += f64::from_bits(value);
                if self.values.len() < SAMPLE_MAX {
                    self.values.push(f64::from_bits(value));
                } else {
                    // Each value so far has the same chance to be among those kept; the numbers are the same each time.
                    let chosen = scatter(self.count) % self.count;
                    if let Some(kept) = self.values.get_mut(chosen as usize) {
                        *kept = f64::from_bits(value);
                    }
                }
            }
            Tallied::Places => self.places |= 1 << (place % 64),
        }
    }

    fn value(&mut self, kind: CorrelationKind) -> (f64, bool) {
        let sampled = self.count as usize > self.values.len();
        let exact = match kind {
            CorrelationKind::EventCount => self.count as f64,
            CorrelationKind::ValueCount => self.distinct.len() as f64,
            CorrelationKind::ValueSum => self.sum,
            CorrelationKind::ValueAverage => self.sum / self.count as f64,
            CorrelationKind::Temporal | CorrelationKind::TemporalOrdered => {
                f64::from(self.places.count_ones())
            }
            CorrelationKind::ValueMedian => return (median(&mut self.values), sampled),
            CorrelationKind::ValuePercentile(percent) => {
                return (percentile(&mut self.values, percent), sampled);
            }
        };
        (exact, false)
    }
}

/// The value in the middle, or the mean of the two.
pub(super) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    match (values.get(half), half.checked_sub(1).and_then(|before| values.get(before))) {
        (Some(upper), Some(lower)) if values.len().is_multiple_of(2) => f64::midpoint(*lower, *upper),
        (Some(middle), _) => *middle,
        (None, _) => f64::NAN,
    }
}

/// The smallest value that at least this share of all does not exceed (nearest rank).
pub(super) fn percentile(values: &mut [f64], percent: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let rank = (percent / 100.0 * values.len() as f64).ceil().max(1.0) as usize;
    values.get(rank - 1).or(values.last()).copied().unwrap_or(f64::NAN)
}

/// Spreads a number over all of its bits (splitmix64).
fn scatter(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
