//! Small steps over the bytes of a time.

use super::{Clock, small};

/// The longest zone name looked up.
const ZONE_LETTERS_MAX: usize = 5;

/// A place in some bytes. Copy it to look ahead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    pub(super) fn skip(&mut self, count: usize) {
        self.at += count;
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn one_of(&mut self, set: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| set.contains(byte))?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn spaces(&mut self) {
        while self.eat(b' ') {}
    }

    /// A run of digits and its length; more than 19 are no number here.
    pub(super) fn number(&mut self) -> Option<(u64, usize)> {
        let width = self.rest().iter().take_while(|b| b.is_ascii_digit()).count();
        if width == 0 || width > 19 {
            return None;
        }
        self.digits(width).map(|value| (value, width))
    }

    /// Exactly so many digits.
    pub(super) fn digits(&mut self, width: usize) -> Option<u64> {
        let digits = self.rest().get(..width)?;
        let mut value = 0_u64;
        for digit in digits {
            value = value
                .checked_mul(10)?
                .checked_add(u64::from(digit.checked_sub(b'0').filter(|d| *d < 10)?))?;
        }
        self.at += width;
        Some(value)
    }

    /// `.123456789` as nanoseconds; digits after the ninth are passed over.
    pub(super) fn fraction(&mut self, points: &[u8]) -> Option<i32> {
        if !points.contains(&self.peek()?) || !self.peek_at(1)?.is_ascii_digit() {
            return None;
        }
        self.at += 1;
        let (mut value, mut unit) = (0, 100_000_000);
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value += i32::from(digit - b'0') * unit;
            unit /= 10;
            self.at += 1;
        }
        Some(value)
    }

    /// `22:14`, `22:14:15`, `22:14:15.123`, `22:14:15,123`, `22:14:15:123`, `15.42.50.675872`.
    pub(super) fn clock(&mut self) -> Option<Clock> {
        let mut ahead = *self;
        let (hour, hour_width) = ahead.number()?;
        let separator = ahead.one_of(b":.")?;
        let minute = ahead.digits(2)?;
        let mut clock = Clock { hour: small(hour), minute: small(minute), ..Clock::default() };
        if hour_width > 2 || hour > 23 || minute > 59 {
            return None;
        }
        if ahead.peek() == Some(separator) && ahead.peek_at(1).is_some_and(|b| b.is_ascii_digit()) {
            ahead.skip(1);
            clock.second = small(ahead.digits(2)?);
            clock.nanosecond = ahead.fraction(b".,:").unwrap_or(0);
        }
        if clock.second > 60 {
            return None;
        }
        *self = ahead;
        Some(clock)
    }

    /// `Jan`, `january`, `JAN` as 1.
    pub(super) fn month(&mut self) -> Option<u64> {
        const MONTHS: [&str; 12] = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        let letters = self.letters();
        let month = MONTHS.iter().position(|name| shortens(letters, name))?;
        self.at += letters.len();
        Some(month as u64 + 1)
    }

    /// Passes over `Mon`, `Monday`.
    pub(super) fn weekday(&mut self) -> bool {
        const DAYS: [&str; 7] =
            ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let letters = self.letters();
        let found = DAYS.iter().any(|name| shortens(letters, name));
        if found {
            self.at += letters.len();
        }
        found
    }

    /// ` AM` or ` PM`: whether it is afternoon.
    pub(super) fn half_day(&mut self) -> Option<bool> {
        let mut ahead = *self;
        ahead.spaces();
        let afternoon = match ahead.letters() {
            [b'A' | b'a', b'M' | b'm'] => false,
            [b'P' | b'p', b'M' | b'm'] => true,
            _ => return None,
        };
        ahead.skip(2);
        *self = ahead;
        Some(afternoon)
    }

    /// `Z`, ` +0900`, `+09:00`, ` GMT`, ` GMT+09:00`, ` JST` as seconds east of Greenwich.
    pub(super) fn zone(&mut self) -> Option<i32> {
        let mut ahead = *self;
        ahead.spaces();
        let offset_seconds = match ahead.peek()? {
            b'+' | b'-' => ahead.offset()?,
            _ => {
                let letters = ahead.letters();
                let named = zone_named(letters)?;
                ahead.skip(letters.len());
                named + ahead.offset().unwrap_or(0)
            }
        };
        *self = ahead;
        Some(offset_seconds)
    }

    /// `+0900`, `+09:00`, `+09`.
    pub(super) fn offset(&mut self) -> Option<i32> {
        let mut ahead = *self;
        let sign = if ahead.one_of(b"+-")? == b'-' { -1 } else { 1 };
        let (number, width) = ahead.number()?;
        let (hours, minutes) = match width {
            1 | 2 if ahead.eat(b':') => (number, ahead.digits(2)?),
            1 | 2 => (number, 0),
            3 | 4 => (number / 100, number % 100),
            _ => return None,
        };
        if hours > 18 || minutes > 59 {
            return None;
        }
        *self = ahead;
        Some(sign * (hours * 3_600 + minutes * 60) as i32)
    }

    fn letters(&self) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        rest.get(..length).unwrap_or_default()
    }
}

/// Whether the letters are the name or its beginning, three letters at least.
fn shortens(letters: &[u8], name: &str) -> bool {
    letters.len() >= 3
        && name
            .as_bytes()
            .get(..letters.len())
            .is_some_and(|beginning| beginning.eq_ignore_ascii_case(letters))
}

/// The zones whose short names devices write. Ambiguous ones (IST, CST in China) are what most devices mean.
fn zone_named(letters: &[u8]) -> Option<i32> {
    if letters.len() > ZONE_LETTERS_MAX {
        return None;
    }
    let quarter_hours = match letters {
        b"Z" | b"UTC" | b"GMT" | b"UCT" | b"WET" => 0,
        b"CET" | b"MET" | b"BST" | b"WEST" => 4,
        b"CEST" | b"MEST" | b"EET" => 8,
        b"EEST" | b"MSK" => 12,
        b"IST" => 22,
        b"SGT" | b"HKT" | b"AWST" => 32,
        b"JST" | b"KST" => 36,
        b"AEST" => 40,
        b"AEDT" => 44,
        b"NZST" => 48,
        b"EST" => -20,
        b"EDT" => -16,
        b"CST" => -24,
        b"CDT" => -20,
        b"MST" => -28,
        b"MDT" => -24,
        b"PST" => -32,
        b"PDT" => -28,
        _ => return None,
    };
    Some(quarter_hours * 900)
}
