//! Times as the lake keeps them: microseconds, which every engine reads, and the nanoseconds below them.

use base::{Period, Timestamp};
use jiff::Timestamp as Moment;

/// Nanoseconds in a microsecond.
const NANOSECONDS: i128 = 1_000;
/// Japan is nine hours ahead of UTC.
const JAPAN_SECONDS: i64 = 9 * 3_600;

/// A time in two columns; sorts as the time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant {
    /// Since 1970.
    pub(crate) micros: i64,
    /// 0 to 999.
    pub(crate) nanos: u16,
}

impl Instant {
    /// The last instant there is.
    pub(crate) const MAX: Self = Self { micros: i64::MAX, nanos: 999 };

    /// Splits a time.
    pub(crate) fn of(time: Timestamp) -> Self {
        let nanoseconds = time.as_nanosecond();
        // Both fit: a timestamp ends in the year 9999, about 2.5e17 microseconds away.
        let micros = i64::try_from(nanoseconds.div_euclid(NANOSECONDS)).unwrap_or(i64::MAX);
        let nanos = u16::try_from(nanoseconds.rem_euclid(NANOSECONDS)).unwrap_or(0);
        Self { micros, nanos }
    }

    /// Joins it again; `None` when it is beyond what a timestamp can say.
    pub(crate) fn time(self) -> Option<Timestamp> {
        Moment::from_nanosecond(i128::from(self.micros) * NANOSECONDS + i128::from(self.nanos)).ok()
    }
}

/// A period in the lake's own times; without limits when nobody asked for any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    start: Instant,
    end: Option<Instant>,
}

/// How a span lies to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lies {
    /// No instant of the span is in the window.
    Outside,
    /// Some may be.
    Across,
    /// All are.
    Inside,
}

impl Window {
    /// The window of a period.
    pub(crate) fn of(period: Option<Period>) -> Self {
        let start = period.map_or(Instant { micros: i64::MIN, nanos: 0 }, |period| Instant::of(period.start));
        Self { start, end: period.map(|period| Instant::of(period.end)) }
    }

    /// Whether an instant is in it.
    pub(crate) fn contains(&self, at: Instant) -> bool {
        self.start <= at && self.end.is_none_or(|end| at < end)
    }

    /// How a span from `first` to `last`, both included, lies to it.
    pub(crate) fn span(&self, first: Instant, last: Instant) -> Lies {
        if self.contains(first) && self.contains(last) {
            Lies::Inside
        } else if last < self.start || self.end.is_some_and(|end| first >= end) {
            Lies::Outside
        } else {
            Lies::Across
        }
    }
}

/// The number of the day it was in Japan, for telling days apart cheaply.
pub(crate) fn japan_day_number(time: Timestamp) -> i64 {
    (time.as_second() + JAPAN_SECONDS - i64::from(time.subsec_nanosecond() < 0)).div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_survives_to_the_nanosecond_before_and_after_1970() {
        for text in
            ["1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00Z", "2026-07-15T00:00:00.123456789Z"]
        {
            assert_eq!(Instant::of(time(text)).time(), Some(time(text)), "{text}");
        }
        for edge in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(Instant::of(edge).time(), Some(edge));
        }
        assert_eq!(Instant::MAX.time(), None);
    }

    #[test]
    fn the_day_number_turns_with_the_day_in_japan() {
        let before = time("1969-12-31T14:59:59.5Z");
        let after = time("1969-12-31T15:00:00Z");
        assert_eq!((japan_day_number(before), japan_day_number(after)), (-1, 0));
        assert_eq!(base::japan_day(before).tomorrow().unwrap(), base::japan_day(after));
    }

    #[test]
    fn a_window_has_its_start_inside_and_its_end_outside() {
        let (start, end) = (time("2026-07-15T00:00:00Z"), time("2026-07-15T01:00:00Z"));
        let window = Window::of(Some(Period { start, end }));
        let (start, end) = (Instant::of(start), Instant::of(end));
        let last = Instant { micros: end.micros - 1, nanos: 999 };
        assert_eq!(window.span(start, last), Lies::Inside);
        assert_eq!(window.span(start, end), Lies::Across);
        assert_eq!(window.span(end, end), Lies::Outside);
        assert_eq!(Window::of(None).span(start, end), Lies::Inside);
    }
}
