//! UTC inside; Japan time, wareki and fiscal years for people.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// Japan Standard Time, UTC+9 the whole year.
pub fn japan(time: Timestamp) -> Zoned {
    time.to_zoned(TimeZone::fixed(Offset::constant(9)))
}

/// The day it was in Japan.
pub fn japan_day(time: Timestamp) -> Date {
    japan(time).date()
}

/// From `start` up to but not including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Period {
    /// The first instant inside.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Period {
    /// Whether `time` lies inside.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }
}

/// 1 April to 31 March in Japan, named by the year it begins in: 平成24年度 is 2012.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct FiscalYear(pub i16);

impl FiscalYear {
    /// The fiscal year that a day belongs to.
    pub fn of(day: Date) -> Self {
        Self(if day.month() < 4 { day.year() - 1 } else { day.year() })
    }

    /// The fiscal year's name in Japan: 令和8年度.
    pub fn wareki(self) -> Option<String> {
        // An era's first fiscal year is named by 1 April: 2019 began in Heisei and is 平成31年度 or, by
        // the government's own rule of 2019-04-02, 令和元年度 as a whole.
        let day = if self.0 == 2019 { Date::constant(2019, 5, 1) } else { Date::new(self.0, 4, 1).ok()? };
        Some(Wareki::of(day)?.year_text() + "年度")
    }
}

/// A Japanese era and the year in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wareki {
    /// 令和, 平成, 昭和, 大正 or 明治.
    pub era: &'static str,
    /// 1 is written 元.
    pub year: i16,
    day: Date,
}

impl Wareki {
    /// First days of the eras (改元の政令), latest first.
    const ERAS: [(Date, &'static str); 5] = [
        (Date::constant(2019, 5, 1), "令和"),
        (Date::constant(1989, 1, 8), "平成"),
        (Date::constant(1926, 12, 25), "昭和"),
        (Date::constant(1912, 7, 30), "大正"),
        (Date::constant(1868, 10, 23), "明治"),
    ];

    /// `None` before Meiji.
    pub fn of(day: Date) -> Option<Self> {
        let (first, era) = Self::ERAS.into_iter().find(|(first, _)| *first <= day)?;
        Some(Self { era, year: day.year() - first.year() + 1, day })
    }

    fn year_text(&self) -> String {
        match self.year {
            1 => format!("{}元", self.era),
            year => format!("{}{year}", self.era),
        }
    }
}

impl fmt::Display for Wareki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}年{}月{}日", self.year_text(), self.day.month(), self.day.day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(day: &str, wareki: &str, fiscal: &str) {
        let day: Date = day.parse().unwrap();
        assert_eq!(Wareki::of(day).unwrap().to_string(), wareki);
        assert_eq!(FiscalYear::of(day).wareki().unwrap(), fiscal);
    }

    #[test]
    fn days_have_the_names_an_official_writes() {
        check("2013-03-31", "平成25年3月31日", "平成24年度");
        check("2013-04-01", "平成25年4月1日", "平成25年度");
        check("2019-04-30", "平成31年4月30日", "令和元年度");
        check("2019-05-01", "令和元年5月1日", "令和元年度");
        check("2026-11-23", "令和8年11月23日", "令和8年度");
        check("1989-01-07", "昭和64年1月7日", "昭和63年度");
    }

    #[test]
    fn the_day_in_japan_begins_nine_hours_before_utc() {
        let late: Timestamp = "2026-03-31T15:00:00Z".parse().unwrap();
        assert_eq!(japan_day(late).to_string(), "2026-04-01");
    }
}
