//! How values look in columns.

use std::borrow::Cow;
use std::str::FromStr;

use base::Timestamp;
use jiff::civil::Date;

use crate::Error;

/// The longest foreign text one column keeps.
pub const TEXT_BYTES_MAX: usize = 4096;

/// A time as it is stored: microseconds since 1970 in UTC. The last second of the calendar is its first instant,
/// because that is the last one that can be read back.
pub fn micros(time: Timestamp) -> i64 {
    time.as_microsecond().min(Timestamp::MAX.as_second().saturating_mul(1_000_000))
}

/// A stored time.
pub fn instant(micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(micros)
        .map_err(|_| Error::Damaged { value: micros.to_string(), expected: "a time in microseconds" })
}

/// A stored day, `2026-04-01`.
pub fn day(text: &str) -> Result<Date, Error> {
    parse(text, "a day")
}

/// A stored id, word or number in its text form.
pub fn parse<T: FromStr>(text: &str, expected: &'static str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::Damaged { value: text.chars().take(64).collect(), expected })
}

/// Foreign text as a column can hold it in either engine: at most [`TEXT_BYTES_MAX`] bytes, cut at a character and
/// marked with `…`, and the NUL that PostgreSQL refuses shown as `␀`.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.len() <= TEXT_BYTES_MAX && !text.contains('\0') {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    for character in text.chars() {
        let character = if character == '\0' { '␀' } else { character };
        if kept.len() + character.len_utf8() + '…'.len_utf8() > TEXT_BYTES_MAX {
            kept.push('…');
            break;
        }
        kept.push(character);
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_cut_at_a_character_and_loses_its_nuls() {
        assert_eq!(clean("a\0b"), "a␀b");
        assert_eq!(clean("狼煙"), "狼煙");
        let whole = "x".repeat(TEXT_BYTES_MAX);
        assert_eq!(clean(&whole), whole);
        let long = clean(&"煙".repeat(TEXT_BYTES_MAX)).into_owned();
        assert!(long.len() <= TEXT_BYTES_MAX && long.ends_with("煙…"), "{}", long.len());
    }

    #[test]
    fn a_time_survives_the_column_and_nonsense_is_named() {
        let time: Timestamp = "2026-04-01T00:00:00.000001Z".parse().unwrap();
        assert_eq!(instant(micros(time)).unwrap(), time);
        assert!(instant(micros(Timestamp::MIN)).is_ok() && instant(micros(Timestamp::MAX)).is_ok());
        assert!(matches!(instant(i64::MAX), Err(Error::Damaged { .. })));
        assert!(matches!(day("tomorrow"), Err(Error::Damaged { .. })));
    }
}
