//! Times as an official reads them: Japan time, 年月日, wareki in headings.

use base::{Language, Timestamp, Wareki, japan};
use jiff::Zoned;
use jiff::civil::{Date, Weekday};

use crate::markup::Markup;

/// `7月15日 14:32`, `15 Jul 14:32`: for tables.
pub fn short(language: Language, time: Timestamp) -> String {
    let at = japan(time);
    let clock = format!("{:02}:{:02}", at.hour(), at.minute());
    match language {
        Language::Ja => format!("{}月{}日 {clock}", at.month(), at.day()),
        Language::En => format!("{} {} {clock}", at.day(), month(at.date())),
    }
}

/// `14:32:05`.
pub fn clock(time: Timestamp) -> String {
    let at = japan(time);
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// `2026年7月15日（水）14時32分05秒`, `Wed 15 Jul 2026 14:32:05 JST`: where a time must stand alone.
pub fn full(language: Language, time: Timestamp) -> String {
    let at = japan(time);
    match language {
        Language::Ja => format!(
            "{}年{}月{}日（{}）{}時{:02}分{:02}秒",
            at.year(),
            at.month(),
            at.day(),
            weekday(language, &at),
            at.hour(),
            at.minute(),
            at.second()
        ),
        Language::En => format!(
            "{} {} {} {} {:02}:{:02}:{:02} JST",
            weekday(language, &at),
            at.day(),
            month(at.date()),
            at.year(),
            at.hour(),
            at.minute(),
            at.second()
        ),
    }
}

/// `令和8年7月15日（水）14時32分`, `Wed 15 July 2026, 14:32 JST`: as a document is dated.
pub fn formal(language: Language, time: Timestamp) -> String {
    let at = japan(time);
    match language {
        Language::Ja => {
            let day = Wareki::of(at.date()).map_or_else(|| at.date().to_string(), |day| day.to_string());
            format!("{day}（{}）{}時{:02}分", weekday(language, &at), at.hour(), at.minute())
        }
        Language::En => format!(
            "{} {} {} {}, {:02}:{:02} JST",
            weekday(language, &at),
            at.day(),
            month(at.date()),
            at.year(),
            at.hour(),
            at.minute()
        ),
    }
}

/// `7月15日`, `15 Jul`: a day on an axis.
pub fn day(language: Language, day: Date) -> String {
    match language {
        Language::Ja => format!("{}月{}日", day.month(), day.day()),
        Language::En => format!("{} {}", day.day(), month(day)),
    }
}

/// `2026年7月15日`, `15 Jul 2026`: a day that stands alone.
pub fn date(language: Language, day: Date) -> String {
    match language {
        Language::Ja => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        Language::En => format!("{} {} {}", day.day(), month(day), day.year()),
    }
}

/// `14時`, `14:00`: the beginning of an hour on an axis.
pub fn hour(language: Language, time: Timestamp) -> String {
    let at = japan(time);
    match language {
        Language::Ja => format!("{}時", at.hour()),
        Language::En => format!("{:02}:00", at.hour()),
    }
}

/// How long, in the two biggest units.
pub fn duration(language: Language, from: Timestamp, to: Timestamp) -> String {
    let seconds = to.as_second().saturating_sub(from.as_second()).max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (language, days, hours, minutes) {
        (Language::Ja, 0, 0, 0) => format!("{seconds}秒"),
        (Language::Ja, 0, 0, _) => format!("{minutes}分{}秒", seconds % 60),
        (Language::Ja, 0, _, _) => format!("{hours}時間{minutes}分"),
        (Language::Ja, _, _, _) => format!("{days}日{hours}時間"),
        (Language::En, 0, 0, 0) => format!("{seconds} s"),
        (Language::En, 0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (Language::En, 0, _, _) => format!("{hours} h {minutes} min"),
        (Language::En, _, _, _) => format!("{days} d {hours} h"),
    }
}

/// A `<time>` element: short to read, with the year when it is not that of `now`; full on hover, exact for machines.
pub fn element(language: Language, time: Timestamp, now: Timestamp) -> Markup {
    let at = japan(time);
    let text = if at.year() == base::japan_day(now).year() {
        short(language, time)
    } else {
        format!("{} {:02}:{:02}", date(language, at.date()), at.hour(), at.minute())
    };
    Markup::trusted(format!("<time datetime=\"{time}\" title=\"{}\">{text}</time>", full(language, time)))
}

/// As [`element`], in as few characters as the day allows: only the clock when it is that of `now`.
pub fn element_near(language: Language, time: Timestamp, now: Timestamp) -> Markup {
    let at = japan(time);
    let clock = format!("{:02}:{:02}", at.hour(), at.minute());
    let text = match language {
        _ if at.date() == base::japan_day(now) => clock,
        Language::Ja => format!("{}/{} {clock}", at.month(), at.day()),
        Language::En => format!("{} {} {clock}", at.day(), month(at.date())),
    };
    Markup::trusted(format!("<time datetime=\"{time}\" title=\"{}\">{text}</time>", full(language, time)))
}

fn weekday(language: Language, at: &Zoned) -> &'static str {
    let (ja, en) = match at.weekday() {
        Weekday::Monday => ("月", "Mon"),
        Weekday::Tuesday => ("火", "Tue"),
        Weekday::Wednesday => ("水", "Wed"),
        Weekday::Thursday => ("木", "Thu"),
        Weekday::Friday => ("金", "Fri"),
        Weekday::Saturday => ("土", "Sat"),
        Weekday::Sunday => ("日", "Sun"),
    };
    match language {
        Language::Ja => ja,
        Language::En => en,
    }
}

fn month(day: Date) -> &'static str {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    usize::try_from(day.month() - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_japans_in_either_language() {
        let time: Timestamp = "2026-07-14T15:02:05Z".parse().unwrap();
        assert_eq!(short(Language::Ja, time), "7月15日 00:02");
        assert_eq!(short(Language::En, time), "15 Jul 00:02");
        assert_eq!(full(Language::Ja, time), "2026年7月15日（水）0時02分05秒");
        assert_eq!(full(Language::En, time), "Wed 15 Jul 2026 00:02:05 JST");
        assert_eq!(formal(Language::Ja, time), "令和8年7月15日（水）0時02分");
        assert_eq!(formal(Language::En, time), "Wed 15 Jul 2026, 00:02 JST");
        assert_eq!(clock(time), "00:02:05");
        assert_eq!(hour(Language::Ja, time), "0時");
    }

    #[test]
    fn a_time_of_another_year_says_so() {
        let time: Timestamp = "2025-08-05T01:00:00Z".parse().unwrap();
        let shown = |language, now: &str| element(language, time, now.parse().unwrap()).as_str().to_owned();
        assert!(shown(Language::Ja, "2025-12-31T14:59:59Z").contains(">8月5日 10:00<"));
        assert!(shown(Language::Ja, "2025-12-31T15:00:00Z").contains(">2025年8月5日 10:00<"));
        assert!(shown(Language::En, "2026-07-15T00:00:00Z").contains(">5 Aug 2025 10:00<"));
    }

    #[test]
    fn a_duration_is_said_in_its_two_biggest_units() {
        let start: Timestamp = "2026-07-14T15:00:00Z".parse().unwrap();
        let after = |text: &str| duration(Language::Ja, start, text.parse().unwrap());
        assert_eq!(after("2026-07-14T15:00:00Z"), "0秒");
        assert_eq!(after("2026-07-14T15:01:05Z"), "1分5秒");
        assert_eq!(after("2026-07-14T18:01:05Z"), "3時間1分");
        assert_eq!(after("2026-07-17T16:00:00Z"), "3日1時間");
        assert_eq!(after("2020-01-01T00:00:00Z"), "0秒");
    }
}
