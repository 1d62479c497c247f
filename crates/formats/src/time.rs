//! Every shape in which logs write a time.
//!
//! [`read`] wants the whole text to be a time; [`leading`] finds one at the start of a line. What names no zone is
//! UTC. What names no year (`Oct 11 22:14:15`) is a [`Yearless`], which only a caller who knows roughly when the
//! record was written can complete.

use base::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

mod cursor;

use cursor::Cursor;

/// Times outside these years are taken for garbage: no log is older, and none tells the far future.
const YEARS: std::ops::RangeInclusive<i16> = 1971..=2199;

/// How far ahead of the reference a time without a year may lie: clocks and zones differ by a day at most.
const AHEAD_SECONDS_MAX: i64 = 86_400;

/// A month, a day and a clock time of an unnamed year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Yearless {
    month: i8,
    day: i8,
    clock: Clock,
}

/// A time as far as the text says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// An instant.
    Exact(Timestamp),
    /// An instant of some year.
    Yearless(Yearless),
}

impl Stamp {
    /// The instant, when the text says it.
    pub(crate) fn exact(self) -> Option<Timestamp> {
        match self {
            Self::Exact(time) => Some(time),
            Self::Yearless(_) => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
}

/// When a text says it is; without a zone it is UTC. `None` for what is not a time, is absurd, or names no year.
pub fn read(text: &str) -> Option<Timestamp> {
    whole(text)?.exact()
}

/// As [`read`], and a time without a year is the latest one not after `latest` (and a day, for clocks differ).
pub(crate) fn read_before(text: &str, latest: Timestamp) -> Option<Timestamp> {
    match whole(text)? {
        Stamp::Exact(time) => Some(time),
        Stamp::Yearless(time) => time.before(latest),
    }
}

impl Yearless {
    /// The instant in that year; `None` for 29 February of a common year.
    fn in_year(self, year: i16) -> Option<Timestamp> {
        instant(year, self.month, self.day, self.clock, 0)
    }

    /// The latest such instant not after `latest` and a day; a leap day may lie eight years back (1896 to 1904).
    fn before(self, latest: Timestamp) -> Option<Timestamp> {
        let this_year = Offset::UTC.to_datetime(latest).year();
        let bound = latest.as_second().saturating_add(AHEAD_SECONDS_MAX);
        (0..=8).filter_map(|back| self.in_year(this_year + 1 - back)).find(|time| time.as_second() <= bound)
    }
}

/// The whole text as a time; white space, brackets and quotes around it are let pass.
fn whole(text: &str) -> Option<Stamp> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '[' | ']' | '"'));
    if let Some(time) = rfc3339(text.as_bytes()) {
        return Some(Stamp::Exact(time));
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return epoch(text).map(Stamp::Exact);
    }
    if let Some(inner) = text.trim_start_matches('\\').strip_prefix("/Date(") {
        let digits = inner.split([')', '+', '-']).next()?;
        let milliseconds: i64 = digits.parse().ok()?;
        return sane(Timestamp::from_millisecond(milliseconds).ok()?).map(Stamp::Exact);
    }
    let (stamp, length) = leading(text)?;
    let rest = text.get(length..)?.trim();
    // RFC 9557 and Java write the zone's name after the offset.
    let done = rest.is_empty() || (rest.starts_with('[') || rest.starts_with('(')) && !rest.contains(' ');
    done.then_some(stamp)
}

/// The time a line begins with, and how many bytes it takes. What follows must not be a letter or a digit.
pub(crate) fn leading(text: &str) -> Option<(Stamp, usize)> {
    let bytes = text.as_bytes();
    let mut cursor = Cursor::new(bytes);
    let stamp = match bytes.first()? {
        b'0'..=b'9' => numeric(&mut cursor)?,
        b'A'..=b'Z' | b'a'..=b'z' => worded(&mut cursor)?,
        _ => return None,
    };
    let clean = !cursor.peek().is_some_and(|b| b.is_ascii_alphanumeric());
    clean.then_some((stamp, cursor.at()))
}

/// `2026-11-23T04:05:06.789Z` and its kin at fixed places: most of what is ever read.
fn rfc3339(bytes: &[u8]) -> Option<Timestamp> {
    let (date, rest) = bytes.split_at_checked(19)?;
    let &[a, b, c, d, b'-', e, f, b'-', g, h, b'T' | b' ', i, j, b':', k, l, b':', m, n] = date else {
        return None;
    };
    let two = |x: u8, y: u8| {
        (x.is_ascii_digit() && y.is_ascii_digit()).then(|| ((x - b'0') * 10 + (y - b'0')) as i8)
    };
    let year = i16::from(two(a, b)?) * 100 + i16::from(two(c, d)?);
    let mut cursor = Cursor::new(rest);
    let nanosecond = cursor.fraction(b".,").unwrap_or(0);
    let clock = Clock { hour: two(i, j)?, minute: two(k, l)?, second: two(m, n)?, nanosecond };
    let offset_seconds = match cursor.rest() {
        b"" => 0,
        b"Z" | b"z" => {
            cursor.skip(1);
            0
        }
        _ => cursor.offset()?,
    };
    if !cursor.rest().is_empty() {
        return None;
    }
    instant(year, two(e, f)?, two(g, h)?, clock, offset_seconds)
}

/// Seconds, milli-, micro- or nanoseconds since 1970, told apart by their size; `20240823110203` too, and the
/// 100-nanosecond count since 1601 that Windows keeps.
fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    if fraction.contains('.') || (!fraction.is_empty() && whole.len() > 13) {
        return None;
    }
    let time = match whole.len() {
        8..=11 => {
            let nanosecond = Cursor::new(text.as_bytes().get(whole.len()..)?).fraction(b".").unwrap_or(0);
            Timestamp::new(number, nanosecond).ok()?
        }
        12 | 13 => Timestamp::from_millisecond(number).ok()?,
        14 => {
            let mut cursor = Cursor::new(text.as_bytes());
            let (year, month, day) = (cursor.digits(4)?, cursor.digits(2)?, cursor.digits(2)?);
            let (hour, minute, second) = (cursor.digits(2)?, cursor.digits(2)?, cursor.digits(2)?);
            let clock =
                Clock { hour: small(hour), minute: small(minute), second: small(second), nanosecond: 0 };
            return instant(i16::try_from(year).ok()?, small(month), small(day), clock, 0);
        }
        15 | 16 => Timestamp::from_microsecond(number).ok()?,
        18 => {
            const SECONDS_1601_TO_1970: i64 = 11_644_473_600;
            let seconds = number / 10_000_000 - SECONDS_1601_TO_1970;
            Timestamp::new(seconds, (number % 10_000_000) as i32 * 100).ok()?
        }
        19 => Timestamp::from_nanosecond(i128::from(number)).ok()?,
        _ => return None,
    };
    sane(time)
}

/// Times that begin with a digit.
fn numeric(cursor: &mut Cursor<'_>) -> Option<Stamp> {
    let (first, width) = cursor.number()?;
    match (width, cursor.peek()) {
        (4, Some(b'-' | b'/' | b'.' | b' ')) => year_first(cursor, first),
        (8, Some(b'T' | b'-')) => {
            let date = (first / 10_000, first / 100 % 100, first % 100);
            cursor.skip(1);
            let clock = cursor.clock().or_else(|| compact_clock(cursor))?;
            finish(cursor, date, clock)
        }
        (1 | 2, Some(separator @ (b'/' | b'-' | b' ')))
            if cursor.peek_at(1).is_some_and(|b| b.is_ascii_alphabetic()) =>
        {
            cursor.skip(1);
            let month = cursor.month()?;
            if !cursor.eat(separator) {
                return None;
            }
            let (year, width) = cursor.number()?;
            let year = if width == 2 { 2_000 + year } else { year };
            cursor.one_of(b": T")?;
            let clock = cursor.clock()?;
            finish(cursor, (year, month, first), clock)
        }
        (1 | 2, Some(separator @ (b'/' | b'-' | b'.'))) => day_month_year(cursor, first, separator),
        (9..=11, _) => {
            let nanosecond = cursor.fraction(b".").unwrap_or(0);
            sane(Timestamp::new(i64::try_from(first).ok()?, nanosecond).ok()?).map(Stamp::Exact)
        }
        (13 | 16 | 19, _) => epoch(&first.to_string()).map(Stamp::Exact),
        _ => None,
    }
}

/// `2025/05/01 14:14:02`, `2005-06-03-15.42.50.675872`, `2023 Jan 11 18:43:54 CET`.
fn year_first(cursor: &mut Cursor<'_>, year: u64) -> Option<Stamp> {
    let separator = cursor.peek()?;
    cursor.skip(1);
    let month = if cursor.peek()?.is_ascii_alphabetic() { cursor.month()? } else { cursor.number()?.0 };
    if !cursor.eat(separator) {
        return None;
    }
    cursor.spaces();
    let (day, _) = cursor.number()?;
    cursor.eat(b',');
    cursor.one_of(b"T t-:_")?;
    cursor.spaces();
    if cursor.eat(b'-') {
        cursor.spaces();
    }
    let clock = cursor.clock()?;
    finish(cursor, (year, month, day), clock)
}

/// `9/28/2010 6:30:29 PM`, `17/06/09 20:10:40`, `25.12.2024 10:00:00`, `03-17 16:13:38.811`.
///
/// Month before day unless the numbers forbid it or dots separate them; two-digit years stand last unless the first
/// number can only be one.
fn day_month_year(cursor: &mut Cursor<'_>, first: u64, separator: u8) -> Option<Stamp> {
    cursor.skip(1);
    let (second, _) = cursor.number()?;
    if cursor.eat(b' ') {
        cursor.spaces();
        let clock = cursor.clock()?;
        let plausible = (1..=12).contains(&first) && (1..=31).contains(&second);
        return plausible.then_some(Stamp::Yearless(Yearless {
            month: small(first),
            day: small(second),
            clock,
        }));
    }
    if !cursor.eat(separator) {
        return None;
    }
    let (third, width) = cursor.number()?;
    let date = match width {
        4 if first > 12 || separator == b'.' => (third, second, first),
        4 => (third, first, second),
        2 if first > 12 && second <= 12 => (2_000 + first, second, third),
        2 => (2_000 + third, first, second),
        _ => return None,
    };
    cursor.eat(b',');
    cursor.one_of(b" T-:")?;
    cursor.spaces();
    let clock = cursor.clock()?;
    finish(cursor, date, clock)
}

/// `Oct 11 22:14:15`, `Dec 01 2022 13:35:20 GMT`, `Thu Feb 29 11:47:27.072780 2024`, `Sun, 06 Nov 1994 08:49:37 GMT`.
fn worded(cursor: &mut Cursor<'_>) -> Option<Stamp> {
    if cursor.weekday() {
        cursor.eat(b',');
        cursor.spaces();
    }
    if cursor.peek()?.is_ascii_digit() {
        return numeric(cursor);
    }
    let month = cursor.month()?;
    cursor.eat(b'.');
    cursor.one_of(b" -")?;
    cursor.spaces();
    let (day, width) = cursor.number()?;
    if width > 2 {
        return None;
    }
    cursor.eat(b',');
    cursor.one_of(b" -")?;
    cursor.spaces();
    if cursor.peek_at(4).is_some_and(|b| matches!(b, b' ' | b',' | b':')) && cursor.peek_at(2) != Some(b':') {
        let (year, _) = cursor.number()?;
        cursor.eat(b',');
        cursor.one_of(b" :")?;
        cursor.spaces();
        let clock = cursor.clock()?;
        return finish(cursor, (year, month, day), clock);
    }
    let clock = cursor.clock()?;
    year_last(cursor, month, day, clock)
}

/// What may follow `Oct 11 22:14:15`: a zone, a year, both or neither.
fn year_last(cursor: &mut Cursor<'_>, month: u64, day: u64, clock: Clock) -> Option<Stamp> {
    let mut after = *cursor;
    let offset_seconds = after.zone();
    let mut year_follows = after;
    if year_follows.eat(b' ')
        && let Some((year, 4)) = year_follows.number()
        && (1_971..2_200).contains(&year)
        && !year_follows.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
    {
        *cursor = year_follows;
        let offset_seconds = offset_seconds.or_else(|| cursor.zone()).unwrap_or(0);
        let year = i16::try_from(year).ok()?;
        return instant(year, small(month), small(day), clock, offset_seconds).map(Stamp::Exact);
    }
    // A zone without a year cannot be kept; it is left to the reader of the line, who sees it after the time.
    let plausible = DateTime::new(2_000, small(month), small(day), clock.hour, clock.minute, 0, 0).is_ok();
    plausible.then_some(Stamp::Yearless(Yearless { month: small(month), day: small(day), clock }))
}

/// Reads what follows date and clock (AM or PM, a zone) and puts it together.
fn finish(cursor: &mut Cursor<'_>, (year, month, day): (u64, u64, u64), mut clock: Clock) -> Option<Stamp> {
    if let Some(afternoon) = cursor.half_day() {
        clock.hour = match (clock.hour, afternoon) {
            (12, false) => 0,
            (hour @ 1..=11, true) => hour + 12,
            (hour, _) => hour,
        };
    }
    let offset_seconds = cursor.zone().unwrap_or(0);
    instant(i16::try_from(year).ok()?, small(month), small(day), clock, offset_seconds).map(Stamp::Exact)
}

/// `142211` as in `20240823T142211Z`.
fn compact_clock(cursor: &mut Cursor<'_>) -> Option<Clock> {
    let (hour, minute, second) = (cursor.digits(2)?, cursor.digits(2)?, cursor.digits(2)?);
    let nanosecond = cursor.fraction(b".,").unwrap_or(0);
    Some(Clock { hour: small(hour), minute: small(minute), second: small(second), nanosecond })
}

fn instant(year: i16, month: i8, day: i8, clock: Clock, offset_seconds: i32) -> Option<Timestamp> {
    if !YEARS.contains(&year) {
        return None;
    }
    // A leap second has no place in our time line; it is the last second before.
    let second = if clock.second == 60 { 59 } else { clock.second };
    let civil = DateTime::new(year, month, day, clock.hour, clock.minute, second, clock.nanosecond).ok()?;
    Offset::from_seconds(offset_seconds).ok()?.to_timestamp(civil).ok()
}

fn sane(time: Timestamp) -> Option<Timestamp> {
    YEARS.contains(&Offset::UTC.to_datetime(time).year()).then_some(time)
}

/// Into the type the calendar wants; what does not fit becomes what the calendar refuses.
fn small(number: u64) -> i8 {
    i8::try_from(number).unwrap_or(-1)
}

#[cfg(test)]
mod tests;
