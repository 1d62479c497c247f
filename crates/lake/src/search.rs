//! Finds events, newest first, and stops as soon as no older file can have a newer one.
//!
//! First only the keys of the newest matches are collected, from row groups taken in the order of their newest
//! event; then whole rows are read for those that made it onto the page.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use arrow_array::FixedSizeBinaryArray;
use base::{EventId, Timestamp};
use watch::lake::{Cost, StoredEvent};

use crate::file::{Opened, Parked, Rows, Trouble, guarded};
use crate::instant::Instant;
use crate::layout::Located;
use crate::question::Question;
use crate::schema::{EVENTS, Times, column, decode, event_id};

/// Rows looked at first in a file; each further step doubles, so that a page near the end costs little and a
/// search through everything is not slowed down by small steps.
const STEP_ROWS_MIN: usize = if cfg!(test) { 4 } else { 4_096 };

/// What was found.
#[derive(Default)]
pub(crate) struct Page {
    /// Newest first.
    pub(crate) events: Vec<StoredEvent>,
    pub(crate) more: bool,
    pub(crate) cost: Cost,
    /// Which file (by its place in the list), and what was wrong with it.
    pub(crate) damaged: Vec<(usize, String)>,
}

type Key = (Instant, EventId);

/// Where a match stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    file: usize,
    group: usize,
    row: u32,
}

/// How far a file has been searched, from its newest row backwards. Ordered by the newest time it may still have.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Cursor {
    newest: Instant,
    // Among equals the file listed first goes first, which makes costs repeatable.
    file: Reverse<usize>,
    next: Option<Next>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    group: usize,
    /// The rows from here on have been searched.
    end: usize,
    step: usize,
}

/// Finds at most `limit` events older than `after`; `None` when a file went away meanwhile and asking again is
/// better than an answer that never was true.
pub(crate) fn search(
    located: &[Located],
    question: &Question,
    limit: usize,
    after: Option<(Timestamp, EventId)>,
) -> Option<Page> {
    let mut searching = Searching {
        located,
        question,
        limit,
        before: after.map(|(time, id)| (Instant::of(time), id)),
        best: BTreeMap::new(),
        parked: vec![None; located.len()],
        contributed: vec![false; located.len()],
        page: Page { cost: Cost { files: located.len() as u64, ..Cost::default() }, ..Page::default() },
    };
    loop {
        match searching.page() {
            Ok(()) => return Some(searching.page),
            Err(Lost::Gone) => return None,
            // What it gave may have pushed better matches off the page: begin again without it.
            Err(Lost::Contributor) => searching.best.clear(),
        }
    }
}

/// Why a search has to begin again.
enum Lost {
    /// A file was replaced or removed.
    Gone,
    /// A file that had given matches turned out to be damaged further in; it is noted and left out from now on.
    Contributor,
}

struct Searching<'q> {
    located: &'q [Located],
    question: &'q Question,
    limit: usize,
    before: Option<Key>,
    best: BTreeMap<Key, Place>,
    parked: Vec<Option<Parked>>,
    contributed: Vec<bool>,
    page: Page,
}

impl Searching<'_> {
    fn page(&mut self) -> Result<(), Lost> {
        self.keys()?;
        self.rows()
    }

    /// Collects the keys of the page, and of one event more.
    fn keys(&mut self) -> Result<(), Lost> {
        let sound = |file: &usize| !self.page.damaged.iter().any(|(damaged, _)| damaged == file);
        let unopened = |file: usize| Cursor {
            newest: newest_of_day(&self.located[file]),
            file: Reverse(file),
            next: None,
        };
        let mut cursors: BinaryHeap<Cursor> = (0..self.located.len()).filter(sound).map(unopened).collect();
        while let Some(cursor) = cursors.pop() {
            if self.worst().is_some_and(|worst| cursor.newest < worst) {
                return Ok(());
            }
            match guarded(|| self.step(&cursor)) {
                Ok(next) => cursors.extend(next),
                Err(trouble) => self.lose(cursor.file.0, trouble)?,
            }
        }
        Ok(())
    }

    /// The oldest time worth looking at once the page is full.
    fn worst(&self) -> Option<Instant> {
        (self.best.len() > self.limit).then(|| self.best.first_key_value().map(|((at, _), _)| *at)).flatten()
    }

    fn lose(&mut self, file: usize, trouble: Trouble) -> Result<(), Lost> {
        match trouble {
            Trouble::Gone => Err(Lost::Gone),
            Trouble::Damaged(reason) => {
                self.page.damaged.push((file, reason));
                match self.contributed[file] {
                    true => Err(Lost::Contributor),
                    false => Ok(()),
                }
            }
        }
    }

    /// Searches a file one step further back.
    fn step(&mut self, cursor: &Cursor) -> Result<Option<Cursor>, Trouble> {
        let file_number = cursor.file.0;
        let file = self.open(file_number)?;
        let result = match cursor.next {
            None => self.group_before(&file, file.groups()),
            Some(next) => self.look(&file, file_number, next),
        };
        self.page.cost.bytes += file.bytes();
        self.parked[file_number] = Some(file.park());
        let cursor = |(newest, next)| Cursor { newest, file: cursor.file, next: Some(next) };
        Ok(result?.map(cursor))
    }

    fn open(&mut self, file: usize) -> Result<Opened, Trouble> {
        match &self.parked[file] {
            Some(parked) => parked.resume(),
            None => {
                let opened = Opened::open(&self.located[file].path, &EVENTS)?;
                self.page.cost.files_opened += 1;
                Ok(opened)
            }
        }
    }

    /// The newest row group below `end` that may have an answer.
    fn group_before(&self, file: &Opened, end: usize) -> Result<Option<(Instant, Next)>, Trouble> {
        for group in (0..end).rev() {
            let (oldest, newest) = file.range(group, "time").unwrap_or((i64::MIN, i64::MAX));
            let too_new = self.before.is_some_and(|(at, _)| oldest > at.micros);
            if !too_new && self.question.may_be_in(file, group)? {
                let next = Next { group, end: file.rows(group), step: STEP_ROWS_MIN };
                return Ok(Some((Instant { micros: newest, nanos: 999 }, next)));
            }
        }
        Ok(None)
    }

    /// Searches the next rows backwards, and says where to go on and what is the newest time there.
    fn look(&mut self, file: &Opened, number: usize, at: Next) -> Result<Option<(Instant, Next)>, Trouble> {
        let start = at.end.saturating_sub(at.step);
        let range = start..at.end;
        self.page.cost.rows += range.len() as u64;
        let times = times(file, at.group, &Rows::Range(range.clone()))?;
        let (window, worst) = (self.question.window, self.worst());
        let in_time = |time: Instant| {
            window.contains(time)
                && self.before.is_none_or(|(before, _)| time <= before)
                && worst.is_none_or(|worst| time >= worst)
        };
        let candidates = range.zip(&times).filter(|&(_, &time)| in_time(time)).map(|(row, _)| row as u32);
        let rows = Rows::List(candidates.collect());
        let rows = self.question.matching(file, at.group, rows)?;
        self.take(file, Place { file: number, group: at.group, row: 0 }, &rows, |row| {
            times.get((row as usize).checked_sub(start)?).copied()
        })?;
        match (start, times.first()) {
            (1.., Some(&oldest)) => {
                Ok(Some((oldest, Next { group: at.group, end: start, step: at.step.saturating_mul(2) })))
            }
            _ => self.group_before(file, at.group),
        }
    }

    /// Keeps the matches that are among the newest so far.
    fn take(
        &mut self,
        file: &Opened,
        place: Place,
        rows: &Rows,
        time_of: impl Fn(u32) -> Option<Instant>,
    ) -> Result<(), Trouble> {
        let mut numbers = rows.iter();
        if rows.len() == 0 {
            return Ok(());
        }
        self.contributed[place.file] = true;
        for batch in file.read(place.group, &["id"], rows)? {
            let batch = batch?;
            let ids: &FixedSizeBinaryArray = column(&batch, "id")?;
            for (bytes, row) in ids.iter().zip(numbers.by_ref()) {
                let (Some(bytes), Some(time)) = (bytes, time_of(row)) else { continue };
                let key = (time, event_id(bytes)?);
                if self.before.is_none_or(|before| key < before) {
                    self.best.insert(key, Place { row, ..place });
                }
                if self.best.len() > self.limit + 1 {
                    self.best.pop_first();
                }
            }
        }
        Ok(())
    }

    /// Reads the whole rows of the page.
    fn rows(&mut self) -> Result<(), Lost> {
        self.page.more = self.best.len() > self.limit;
        while self.best.len() > self.limit {
            self.best.pop_first();
        }
        let mut places: BTreeMap<(usize, usize), Vec<u32>> = BTreeMap::new();
        for place in self.best.values() {
            places.entry((place.file, place.group)).or_default().push(place.row);
        }
        let mut events = Vec::with_capacity(self.best.len());
        for ((number, group), mut rows) in places {
            rows.sort_unstable();
            match guarded(|| self.fetch(number, group, rows)) {
                Ok(found) => events.extend(found),
                Err(trouble) => self.lose(number, trouble)?,
            }
        }
        events.sort_unstable_by_key(|event| Reverse((event.time, event.id)));
        self.page.events = events;
        Ok(())
    }

    fn fetch(&mut self, number: usize, group: usize, rows: Vec<u32>) -> Result<Vec<StoredEvent>, Trouble> {
        let file = self.open(number)?;
        let organisation = self.located[number].partition.organisation;
        let columns: Vec<&str> = EVENTS.fields().iter().map(|field| field.name().as_str()).collect();
        let mut events = Vec::with_capacity(rows.len());
        for batch in file.read(group, &columns, &Rows::List(rows))? {
            events.extend(decode(&batch?, organisation)?);
        }
        self.page.cost.bytes += file.bytes();
        Ok(events)
    }
}

/// The times of some rows.
fn times(file: &Opened, group: usize, rows: &Rows) -> Result<Vec<Instant>, Trouble> {
    let mut instants = Vec::with_capacity(rows.len());
    for batch in file.read(group, &["time", "nanosecond"], rows)? {
        let batch = batch?;
        let times = Times::of(&batch, "time", "nanosecond")?;
        instants.extend((0..batch.num_rows()).map(|row| times.at(row)));
    }
    Ok(instants)
}

/// Nothing in a file is newer than the last instant of its day.
fn newest_of_day(file: &Located) -> Instant {
    let japan = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(9));
    let midnight = file.partition.day.tomorrow().ok().and_then(|day| day.to_zoned(japan).ok());
    midnight.map_or(Instant::MAX, |midnight| {
        let midnight = Instant::of(midnight.timestamp());
        Instant { micros: midnight.micros - 1, nanos: 999 }
    })
}
