//! Who saw what: answered from the small tables of observables, without scanning events.
//!
//! A row says when an observable was first and last seen in one part of one day, and how often. Where the period
//! asked about cuts through that span, the part's events say exactly what lies inside, from their columns of times
//! and observables.

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::{RecordBatch, StringArray, UInt64Array};
use base::{Id, Observable, ObservableKind, Organisation, Period};
use foldhash::{HashMap, HashSet};
use watch::lake::{Sighting, Wanted};

use crate::answer::{Answer, Reading, each};
use crate::encode::Seen;
use crate::file::{Opened, Rows, Trouble};
use crate::indicator::{Indicators, any_in};
use crate::instant::{Instant, Lies, Window};
use crate::layout::{Located, Table};
use crate::question::narrow;
use crate::schema::{EVENTS, Lists, OBSERVABLES, Times, column, observable};

/// Sightings in one answer, at most: a block like `0.0.0.0/0` matches everything ever seen.
pub(crate) const SIGHTINGS_MAX: usize = 100_000;
/// Distinct values that a thread counts at a time; more are counted in several passes over the files.
const VALUES_MAX: usize = if cfg!(test) { 4 } else { 1 << 21 };
/// How many times more passes to try when one was too big.
const SHARES_STEP: u64 = 4;

type Sightings = HashMap<(u32, Observable, Id<Organisation>), Seen>;

/// Finds every sighting of indicators in the files, newest first.
pub(crate) fn hunt(
    root: &Path,
    mut located: Vec<Located>,
    wanted: &[Wanted],
    period: Option<Period>,
) -> Answer<Vec<Sighting>> {
    let (indicators, window) = (Indicators::new(wanted), Window::of(period));
    let few = indicators.few_values();
    // Newest first: should there be too many sightings, the newest are kept.
    located.reverse();
    let all: Mutex<Sightings> = Mutex::default();
    let parts = each(&located, |(): &mut (), reading: &mut Reading, file: &Located| {
        let seen = seen_in(root, file, reading, window, |opened, group| {
            matching(opened, group, &indicators, few.as_deref())
        });
        let mut all = all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (observable, seen) in seen {
            indicators.matches(observable.kind, &observable.value, |number| {
                let key = (number, observable.clone(), file.partition.organisation);
                add(&mut all, key, seen, SIGHTINGS_MAX);
            });
        }
    });
    let mut reading = Reading::over(&located);
    parts.into_iter().for_each(|((), read)| reading.add(read));
    let all = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if all.len() >= SIGHTINGS_MAX {
        tracing::warn!(sightings = all.len(), "a hunt has too many sightings; the oldest are left out");
    }
    reading.answer(in_order(all, &indicators))
}

fn in_order(all: Sightings, indicators: &Indicators) -> Vec<Sighting> {
    let sighting = |((number, observable, organisation), seen): ((u32, Observable, _), Seen)| {
        Some(Sighting {
            indicator: indicators.name(number).to_owned(),
            observable,
            organisation,
            first_at: seen.first.time()?,
            last_at: seen.last.time()?,
            events: seen.events,
        })
    };
    let mut sightings: Vec<Sighting> = all.into_iter().filter_map(sighting).collect();
    sightings.sort_unstable_by(|one, other| {
        let rest = |sighting: &Sighting| {
            (sighting.indicator.clone(), sighting.observable.clone(), sighting.organisation)
        };
        other.last_at.cmp(&one.last_at).then_with(|| rest(one).cmp(&rest(other)))
    });
    sightings
}

fn add<K: std::hash::Hash + Eq>(all: &mut HashMap<K, Seen>, key: K, seen: Seen, keys_max: usize) {
    if let Some(known) = all.get_mut(&key) {
        known.join(seen);
    } else if all.len() < keys_max {
        all.insert(key, seen);
    }
}

/// The rows of a row group whose observables match.
///
/// `few` are the only values that can match, when they are few; `None` says that no row needs to be read.
fn matching(
    opened: &Opened,
    group: usize,
    indicators: &Indicators,
    few: Option<&[String]>,
) -> Result<Option<Rows>, Trouble> {
    if let Some(values) = few
        && let Some(bloom) = opened.bloom(group, "value")?
        && !any_in(&bloom, values)
    {
        return Ok(None);
    }
    let Some(rows) = of_kinds(opened, group, |kind| indicators.has(kind))? else { return Ok(None) };
    let rows = narrow(opened, group, rows, &["kind", "value"], |batch| {
        let (kinds, values) = (kinds(batch)?, column::<StringArray>(batch, "value")?);
        let hit = |(row, kind): (usize, ObservableKind)| {
            let mut hit = false;
            indicators.matches(kind, values.value(row), |_| hit = true);
            hit
        };
        Ok(kinds.into_iter().enumerate().map(hit).collect())
    })?;
    Ok(Some(rows))
}

/// The most seen values of a kind in the files, and in how many events.
pub(crate) fn top(
    root: &Path,
    located: &[Located],
    period: Period,
    kind: ObservableKind,
    limit: usize,
) -> Answer<Vec<(Observable, u64)>> {
    let mut shares = 1;
    loop {
        if let Some(answer) = top_in_shares(root, located, period, kind, limit, shares) {
            return answer;
        }
        shares *= SHARES_STEP;
    }
}

/// Counts the values share by share, so that memory stays bounded; `None` when the shares are too big.
fn top_in_shares(
    root: &Path,
    located: &[Located],
    period: Period,
    kind: ObservableKind,
    limit: usize,
    shares: u64,
) -> Option<Answer<Vec<(Observable, u64)>>> {
    let hasher = foldhash::fast::FixedState::default();
    let mut reading = Reading::over(located);
    let mut best: BTreeSet<(std::cmp::Reverse<u64>, String)> = BTreeSet::new();
    for share in 0..shares {
        let in_share = |value: &str| shares == 1 || hasher.hash_one(value) % shares == share;
        let (counts, read) = count_values(root, located, period, kind, in_share)?;
        // Every pass opens the same files.
        reading.add(read);
        for (value, count) in counts {
            best.insert((std::cmp::Reverse(count), value));
            if best.len() > limit {
                best.pop_last();
            }
        }
    }
    reading.damaged.sort_unstable();
    reading.damaged.dedup();
    let named = |(count, value): (std::cmp::Reverse<u64>, String)| (Observable { kind, value }, count.0);
    Some(reading.answer(best.into_iter().map(named).collect()))
}

fn count_values(
    root: &Path,
    located: &[Located],
    period: Period,
    kind: ObservableKind,
    in_share: impl Fn(&str) -> bool + Sync,
) -> Option<(HashMap<String, u64>, Reading)> {
    let too_many = AtomicBool::new(false);
    let window = Window::of(Some(period));
    let parts = each(located, |counts: &mut HashMap<String, u64>, reading: &mut Reading, file: &Located| {
        if too_many.load(Ordering::Relaxed) {
            return;
        }
        let seen = seen_in(root, file, reading, window, |opened, group| {
            let rows = of_kinds(opened, group, |found| found == kind)?;
            let Some(rows) = rows else { return Ok(None) };
            let rows = narrow(opened, group, rows, &["value"], |batch| {
                let values: &StringArray = column(batch, "value")?;
                Ok((0..batch.num_rows()).map(|row| in_share(values.value(row))).collect())
            })?;
            Ok(Some(rows))
        });
        for (observable, seen) in seen {
            *counts.entry(observable.value).or_default() += seen.events;
        }
        if counts.len() > VALUES_MAX {
            too_many.store(true, Ordering::Relaxed);
        }
    });
    if too_many.into_inner() {
        return None;
    }
    let mut reading = Reading::default();
    let mut total: HashMap<String, u64> = HashMap::default();
    for (counts, read) in parts {
        reading.add(read);
        for (value, count) in counts {
            *total.entry(value).or_default() += count;
        }
    }
    Some((total, reading))
}

/// What the chosen rows of an observables file saw within a window, exactly.
fn seen_in(
    root: &Path,
    file: &Located,
    reading: &mut Reading,
    window: Window,
    choose: impl Fn(&Opened, usize) -> Result<Option<Rows>, Trouble>,
) -> Vec<(Observable, Seen)> {
    let split = reading.of(file, Table::Observables, &OBSERVABLES, |opened, reading| {
        let (mut inside, mut across) = (Vec::new(), HashSet::default());
        for group in 0..opened.groups() {
            let Some(rows) = choose(opened, group)? else { continue };
            reading.cost.rows += opened.rows(group) as u64;
            split_rows(opened, group, &rows, window, &mut inside, &mut across)?;
        }
        Ok((inside, across))
    });
    let Some((mut inside, across)) = split else { return Vec::new() };
    if !across.is_empty() {
        let events = file.events(root);
        let exact = reading.of(&events, Table::Events, &EVENTS, |opened, reading| {
            seen_in_events(opened, reading, window, &across)
        });
        inside.extend(exact.unwrap_or_default());
    }
    inside
}

/// Splits rows into those inside the window and, as `kind:value`, those across its edge.
fn split_rows(
    opened: &Opened,
    group: usize,
    rows: &Rows,
    window: Window,
    inside: &mut Vec<(Observable, Seen)>,
    across: &mut HashSet<String>,
) -> Result<(), Trouble> {
    if rows.len() == 0 {
        return Ok(());
    }
    let columns: Vec<&str> = OBSERVABLES.fields().iter().map(|field| field.name().as_str()).collect();
    for batch in opened.read(group, &columns, rows)? {
        let batch = batch?;
        let values: &StringArray = column(&batch, "value")?;
        let first = Times::of(&batch, "first", "first_nanosecond")?;
        let last = Times::of(&batch, "last", "last_nanosecond")?;
        let counts: &UInt64Array = column(&batch, "count")?;
        for (row, kind) in kinds(&batch)?.into_iter().enumerate() {
            let observable = Observable { kind, value: values.value(row).to_owned() };
            let seen = Seen { first: first.at(row), last: last.at(row), events: counts.value(row) };
            match window.span(seen.first, seen.last) {
                Lies::Inside => inside.push((observable, seen)),
                Lies::Across => drop(across.insert(observable.to_string())),
                Lies::Outside => {}
            }
        }
    }
    Ok(())
}

/// When events within a window had these observables.
fn seen_in_events(
    opened: &Opened,
    reading: &mut Reading,
    window: Window,
    wanted: &HashSet<String>,
) -> Result<Vec<(Observable, Seen)>, Trouble> {
    let mut seen: HashMap<&str, Seen> = HashMap::default();
    for group in 0..opened.groups() {
        let in_window = opened.range(group, "time").is_none_or(|(min, max)| {
            let (first, last) = (Instant { micros: min, nanos: 0 }, Instant { micros: max, nanos: 999 });
            window.span(first, last) != Lies::Outside
        });
        if !in_window {
            continue;
        }
        let rows = Rows::Range(0..opened.rows(group));
        reading.cost.rows += rows.len() as u64;
        for batch in opened.read(group, &["time", "nanosecond", "observables"], &rows)? {
            let batch = batch?;
            let times = Times::of(&batch, "time", "nanosecond")?;
            let lists = Lists::<StringArray>::of(&batch, "observables")?;
            for row in (0..batch.num_rows()).filter(|&row| window.contains(times.at(row))) {
                let once: BTreeSet<&str> = lists
                    .range(row)
                    .filter_map(|at| wanted.get(lists.values.value(at)).map(String::as_str))
                    .collect();
                let at = times.at(row);
                for text in once {
                    add(&mut seen, text, Seen { first: at, last: at, events: 1 }, usize::MAX);
                }
            }
        }
    }
    seen.into_iter().map(|(text, seen)| Ok((observable(text)?, seen))).collect()
}

/// The rows of some kinds; `None` when the footer says that there are none.
fn of_kinds(
    opened: &Opened,
    group: usize,
    wanted: impl Fn(ObservableKind) -> bool,
) -> Result<Option<Rows>, Trouble> {
    let (min, max) = opened.bounds(group, "kind").unzip();
    let may_be_there = |kind: &ObservableKind| {
        let word = kind.word().as_bytes();
        wanted(*kind) && min.is_none_or(|min| min <= word) && max.is_none_or(|max| word <= max)
    };
    if !ObservableKind::ALL.iter().any(may_be_there) {
        return Ok(None);
    }
    let all = Rows::Range(0..opened.rows(group));
    let of = |batch: &RecordBatch| Ok(kinds(batch)?.into_iter().map(&wanted).collect());
    narrow(opened, group, all, &["kind"], of).map(Some)
}

fn kinds(batch: &RecordBatch) -> Result<Vec<ObservableKind>, Trouble> {
    let words: &StringArray = column(batch, "kind")?;
    let kind = |row| words.value(row).parse().map_err(Trouble::Damaged);
    (0..batch.num_rows()).map(kind).collect()
}
