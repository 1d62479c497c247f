//! The demonstration's day, and its moments in every spelling that log files use.

use std::fmt;

use base::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, ToSpan};

/// Microseconds of a day.
pub(super) const DAY: i64 = 24 * HOUR;
/// Microseconds of an hour.
pub(super) const HOUR: i64 = 60 * MINUTE;
/// Microseconds of a minute.
pub(super) const MINUTE: i64 = 60 * SECOND;
/// Microseconds of a second.
pub(super) const SECOND: i64 = 1_000_000;

/// Microseconds since midnight in Japan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) i64);

impl Moment {
    /// So many hours and minutes after midnight in Japan.
    pub(super) const fn at(hour: i64, minute: i64) -> Self {
        Self(hour * HOUR + minute * MINUTE)
    }

    /// Later by so many seconds.
    pub(super) fn plus(self, seconds: f64) -> Self {
        Self(self.0 + (seconds * SECOND as f64) as i64)
    }
}

/// One calendar day in Japan.
#[derive(Clone, Debug)]
pub(super) struct Day {
    /// The day before, the day, the day after.
    dates: [Date; 3],
    midnight: Timestamp,
}

/// A moment as a calendar and a clock show it.
#[derive(Clone, Copy, Debug)]
struct Civil {
    date: Date,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
}

impl Day {
    /// The day `date`. Days at the very edge of the calendar are moved in by one.
    pub(super) fn new(date: Date) -> Self {
        let date = date.clamp(Date::constant(1970, 1, 3), Date::constant(9_000, 12, 31));
        let japan = TimeZone::fixed(Offset::constant(9));
        let midnight = date.to_zoned(japan).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
        let before = date.saturating_sub(1.day());
        Self { dates: [before, date, date.saturating_add(1.day())], midnight }
    }

    /// The day itself.
    pub(super) fn date(&self) -> Date {
        self.dates[1]
    }

    /// The instant.
    pub(super) fn instant(&self, at: Moment) -> Timestamp {
        self.midnight.checked_add(SignedDuration::from_micros(at.0)).unwrap_or(self.midnight)
    }

    /// Microseconds since 1970.
    pub(super) fn epoch(&self, at: Moment) -> i64 {
        self.midnight.as_microsecond() + at.0
    }

    fn civil(&self, micros: i64) -> Civil {
        let date = match micros.div_euclid(DAY) {
            ..0 => self.dates[0],
            0 => self.dates[1],
            _ => self.dates[2],
        };
        let rest = micros.rem_euclid(DAY);
        Civil {
            date,
            hour: rest / HOUR,
            minute: rest / MINUTE % 60,
            second: rest / SECOND % 60,
            micros: rest % SECOND,
        }
    }

    fn japan(&self, at: Moment) -> Civil {
        self.civil(at.0)
    }

    fn utc(&self, at: Moment) -> Civil {
        self.civil(at.0 - 9 * HOUR)
    }

    /// `2026-11-23T09:00:00.123456+09:00`: rsyslog, nxlog with a `DateFormat`.
    pub(super) fn rfc3339(&self, at: Moment) -> impl fmt::Display {
        let c = self.japan(at);
        fmt::from_fn(move |f| write!(f, "{}T{}.{:06}+09:00", c.date, c.clock(), c.micros))
    }

    /// `2026-11-23T09:00:00.123456+0900`: Suricata.
    pub(super) fn suricata(&self, at: Moment) -> impl fmt::Display {
        let c = self.japan(at);
        fmt::from_fn(move |f| write!(f, "{}T{}.{:06}+0900", c.date, c.clock(), c.micros))
    }

    /// `2026-11-23T00:00:00.123456Z`: Zeek's JSON.
    pub(super) fn zulu(&self, at: Moment) -> impl fmt::Display {
        let c = self.utc(at);
        fmt::from_fn(move |f| write!(f, "{}T{}.{:06}Z", c.date, c.clock(), c.micros))
    }

    /// `2026-11-23T00:00:00.123Z`: winlogbeat.
    pub(super) fn zulu_millis(&self, at: Moment) -> impl fmt::Display {
        let c = self.utc(at);
        fmt::from_fn(move |f| write!(f, "{}T{}.{:03}Z", c.date, c.clock(), c.micros / 1_000))
    }

    /// `2026-11-23 00:00:00.123`, in UTC: Sysmon's `UtcTime`.
    pub(super) fn sysmon(&self, at: Moment) -> impl fmt::Display {
        let c = self.utc(at);
        fmt::from_fn(move |f| write!(f, "{} {}.{:03}", c.date, c.clock(), c.micros / 1_000))
    }

    /// `2026-11-23 00:00:00`, in UTC: W3C extended.
    pub(super) fn w3c(&self, at: Moment) -> impl fmt::Display {
        let c = self.utc(at);
        fmt::from_fn(move |f| write!(f, "{} {}", c.date, c.clock()))
    }

    /// `23/Nov/2026:09:00:00 +0900`: Apache.
    pub(super) fn apache(&self, at: Moment) -> impl fmt::Display {
        let c = self.japan(at);
        fmt::from_fn(move |f| {
            let month = MONTHS.get(c.date.month() as usize - 1).copied().unwrap_or_default();
            write!(f, "{:02}/{month}/{:04}:{} +0900", c.date.day(), c.date.year(), c.clock())
        })
    }

    /// `date=2026-11-23 time=09:00:00`: FortiGate.
    pub(super) fn fortigate(&self, at: Moment) -> impl fmt::Display {
        let c = self.japan(at);
        fmt::from_fn(move |f| write!(f, "date={} time={}", c.date, c.clock()))
    }

    /// `1763856000.123456`: Zeek's TSV.
    pub(super) fn seconds(&self, at: Moment) -> impl fmt::Display {
        let micros = self.epoch(at);
        fmt::from_fn(move |f| write!(f, "{}.{:06}", micros.div_euclid(SECOND), micros.rem_euclid(SECOND)))
    }

    /// `1763856000.123`: squid, auditd.
    pub(super) fn seconds_millis(&self, at: Moment) -> impl fmt::Display {
        let millis = self.epoch(at).div_euclid(1_000);
        fmt::from_fn(move |f| write!(f, "{}.{:03}", millis.div_euclid(1_000), millis.rem_euclid(1_000)))
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Civil {
    fn clock(self) -> impl fmt::Display {
        fmt::from_fn(move |f| write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_reads_the_same_in_every_spelling() {
        let day = Day::new(Date::constant(2026, 3, 1));
        let at = Moment::at(8, 59).plus(7.25);
        assert_eq!(day.instant(at).to_string(), "2026-02-28T23:59:07.25Z");
        assert_eq!(day.rfc3339(at).to_string(), "2026-03-01T08:59:07.250000+09:00");
        assert_eq!(day.suricata(at).to_string(), "2026-03-01T08:59:07.250000+0900");
        assert_eq!(day.zulu(at).to_string(), "2026-02-28T23:59:07.250000Z");
        assert_eq!(day.zulu_millis(at).to_string(), "2026-02-28T23:59:07.250Z");
        assert_eq!(day.sysmon(at).to_string(), "2026-02-28 23:59:07.250");
        assert_eq!(day.w3c(at).to_string(), "2026-02-28 23:59:07");
        assert_eq!(day.apache(at).to_string(), "01/Mar/2026:08:59:07 +0900");
        assert_eq!(day.fortigate(at).to_string(), "date=2026-03-01 time=08:59:07");
        assert_eq!(day.seconds(at).to_string(), "1772323147.250000");
        assert_eq!(day.seconds_millis(at).to_string(), "1772323147.250");
    }
}
