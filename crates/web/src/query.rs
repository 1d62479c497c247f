//! The query of a URL: read once, with limits, and written back for links.

use base::{Period, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::error::Failure;
use crate::markup::url_encoded;

/// Names in one query that are looked at.
const NAMES_MAX: usize = 32;
/// Characters of one value.
pub(crate) const VALUE_CHARACTERS_MAX: usize = 400;

/// What a URL asks for. A name given twice counts once; an empty value is the same as none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Keeps what has a value, at most [`NAMES_MAX`] of it.
    pub(crate) fn new(pairs: Vec<(String, String)>) -> Self {
        let mut kept: Vec<(String, String)> = Vec::new();
        for (name, value) in pairs.into_iter().take(NAMES_MAX) {
            let value: String = value.trim().chars().take(VALUE_CHARACTERS_MAX).collect();
            if !value.is_empty() && !kept.iter().any(|(known, _)| *known == name) {
                kept.push((name, value));
            }
        }
        Self { pairs: kept }
    }

    /// The value under a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value under a name, or nothing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The value under a name as whatever it should be; a value that is not is refused by name.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| Failure::invalid("error-value", text)),
        }
    }

    /// This query at `path`, with some values changed; an empty value leaves the name out.
    pub(crate) fn href(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let kept = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = kept.filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let pairs: Vec<_> = kept.chain(changes.iter().copied()).collect();
        href(path, &pairs)
    }

    /// What the `period`, `from`, `to` and `hour` of the query mean at `now`; `default` is the word when none is there.
    pub(crate) fn period(&self, now: Timestamp, default: &str) -> Result<Option<Period>, Failure> {
        if let Some(hour) = self.get("hour") {
            let start = local(hour).ok_or_else(|| Failure::invalid("error-time", hour))?;
            return Ok(Some(Period { start, end: later(start, 3_600) }));
        }
        let moment = |name| match self.get(name) {
            None => Ok(None),
            Some(text) => local(text).map(Some).ok_or_else(|| Failure::invalid("error-time", text)),
        };
        let (from, to) = (moment("from")?, moment("to")?);
        if from.is_some() || to.is_some() {
            let (start, end) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
            return Ok(Some(Period { start, end }));
        }
        let word = self.get("period").unwrap_or(default);
        let seconds = PERIODS.iter().find(|(known, _)| *known == word).map(|(_, seconds)| *seconds);
        match seconds {
            None => Err(Failure::invalid("error-value", word)),
            Some(0) => Ok(None),
            // The last second counts too, so that what has just happened is there.
            Some(seconds) => Ok(Some(Period { start: later(now, -seconds), end: later(now, 1) })),
        }
    }
}

/// The words for periods and how long they are, in seconds; 0 is for ever.
pub(crate) const PERIODS: [(&str, i64); 6] =
    [("1h", 3_600), ("8h", 28_800), ("24h", 86_400), ("7d", 604_800), ("30d", 2_592_000), ("all", 0)];

fn later(time: Timestamp, seconds: i64) -> Timestamp {
    let end = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    time.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(end)
}

/// A moment in Japan as a browser's date field writes it, `2026-07-15T08:00`, or only its hour, `2026-07-15T08`.
pub(crate) fn local(text: &str) -> Option<Timestamp> {
    let whole;
    let text = if text.len() == 13 {
        whole = format!("{text}:00");
        &whole
    } else {
        text
    };
    let moment: DateTime = text.parse().ok()?;
    Offset::constant(9).to_timestamp(moment).ok()
}

/// The hour of a moment as [`local`] reads it.
pub(crate) fn hour_text(time: Timestamp) -> String {
    base::japan(time).strftime("%Y-%m-%dT%H").to_string()
}

/// A path with a query; pairs without a value are left out.
pub(crate) fn href(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut url = path.to_owned();
    let mut sign = '?';
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        url.push(sign);
        url.push_str(&url_encoded(name));
        url.push('=');
        url.push_str(&url_encoded(value));
        sign = '&';
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Query {
        Query::new(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn a_query_keeps_what_has_a_value_and_is_written_back() {
        let asked = query(&[("a", " 1 "), ("b", ""), ("a", "2"), ("c", "x&y")]);
        assert_eq!((asked.get("a"), asked.get("b")), (Some("1"), None));
        assert_eq!(asked.href("/p", &[("lang", "en"), ("a", "")]), "/p?c=x%26y&lang=en");
        assert_eq!(href("/p", &[("a", "")]), "/p");
    }

    fn local_text(time: Timestamp) -> String {
        base::japan(time).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    #[track_caller]
    fn check_period(pairs: &[(&str, &str)], expected: &str) {
        let now = "2026-07-15T03:00:00Z".parse().unwrap();
        let period = query(pairs).period(now, "24h");
        let text = match period {
            Ok(Some(period)) => format!("{} {}", local_text(period.start), local_text(period.end)),
            Ok(None) => "all".into(),
            Err(failure) => failure.status.to_string(),
        };
        assert_eq!(text, expected, "{pairs:?}");
    }

    #[test]
    fn periods_are_words_hours_or_moments_in_japan() {
        check_period(&[], "2026-07-14T12:00 2026-07-15T12:00");
        check_period(&[("period", "1h")], "2026-07-15T11:00 2026-07-15T12:00");
        check_period(&[("period", "all")], "all");
        check_period(&[("hour", "2026-07-15T08")], "2026-07-15T08:00 2026-07-15T09:00");
        check_period(
            &[("from", "2026-07-15T08:00"), ("to", "2026-07-15T08:30")],
            "2026-07-15T08:00 2026-07-15T08:30",
        );
        check_period(&[("period", "2 weeks")], "400 Bad Request");
        check_period(&[("from", "yesterday")], "400 Bad Request");
        check_period(&[("hour", "2026-02-30T08")], "400 Bad Request");
    }
}
