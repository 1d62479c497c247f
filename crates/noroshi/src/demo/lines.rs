//! All lines of a day in the order of time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::clock::{DAY, MINUTE, Moment};
use super::dice::Dice;
use super::site::Site;
use super::{Line, World, ordinary};

/// Lives the day minute by minute, so that a day of any size takes the memory of a few minutes.
pub(crate) struct Lines<'a> {
    world: &'a World,
    scale: f64,
    /// One stream of chance for each organisation.
    dice: Vec<Dice>,
    /// The next minute to live.
    minute: i64,
    waiting: BinaryHeap<Waiting>,
    sequence: u64,
}

struct Waiting {
    at: Moment,
    sequence: u64,
    line: Line,
}

impl<'a> Lines<'a> {
    /// `scale` 0 leaves only `told`, and headers where it is told.
    pub(super) fn new(world: &'a World, scale: f64, told: Vec<(Moment, Line)>) -> Self {
        let dice = world.places.iter().map(|place| Dice::new(world.seed, u64::from(place.number))).collect();
        let mut lines = Self { world, scale, dice, minute: 0, waiting: BinaryHeap::new(), sequence: 0 };
        let headers =
            lines.headers(|key| scale > 0.0 || told.iter().any(|(_, line)| line.organisation == key));
        lines.wait(headers);
        lines.wait(told);
        lines
    }

    fn headers(&self, wanted: impl Fn(&str) -> bool) -> Vec<(Moment, Line)> {
        let midnight = Moment::at(0, 0);
        let mut lines = Vec::new();
        for place in self.world.places.iter().filter(|place| wanted(place.member.key)) {
            for (file, texts) in self.world.headers_of(place) {
                lines.extend(texts.into_iter().map(|text| {
                    let at = self.world.day.instant(midnight);
                    (midnight, Line { at, organisation: place.member.key, file, text })
                }));
            }
        }
        lines
    }

    fn wait(&mut self, lines: Vec<(Moment, Line)>) {
        for (at, line) in lines {
            // What ends after midnight belongs to the next day's files.
            if (0..DAY).contains(&at.0) {
                self.sequence += 1;
                self.waiting.push(Waiting { at, sequence: self.sequence, line });
            }
        }
    }

    fn live(&mut self) {
        let mut lines = Vec::new();
        for (place, dice) in self.world.places.iter().zip(&mut self.dice) {
            let mut site = Site { day: &self.world.day, place, dice, lines: &mut lines };
            ordinary::minute(&mut site, self.minute, self.scale);
        }
        self.wait(lines);
        self.minute += 1;
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        // Nothing written later can be earlier than the minute that is lived next.
        while self.minute * MINUTE < DAY
            && self.waiting.peek().is_none_or(|first| first.at.0 >= self.minute * MINUTE)
        {
            self.live();
        }
        self.waiting.pop().map(|waiting| waiting.line)
    }
}

impl Ord for Waiting {
    /// The earliest is the greatest: `BinaryHeap` gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}
