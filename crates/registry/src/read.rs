//! From the text of one column to a value, or to what is wrong with it. Pure.

use std::str::FromStr;

use jiff::civil::Date;

use crate::asset::{AssetKind, Validity};
use crate::reason::{Reason, What, Wrong};

/// The longest key.
pub(crate) const KEY_BYTES_MAX: usize = 64;
/// The longest name or remark.
pub(crate) const NAME_CHARS_MAX: usize = 200;
/// The longest mail address (RFC 5321 section 4.5.3.1.3).
const MAIL_BYTES_MAX: usize = 254;
/// The longest telephone number, with its extension.
const PHONE_BYTES_MAX: usize = 40;
/// How much of a wrong value is repeated in the reason.
const SHOWN_CHARS_MAX: usize = 80;

pub(crate) fn shown(written: &str) -> String {
    written.chars().take(SHOWN_CHARS_MAX).collect()
}

fn not_a(written: &str, what: What) -> Reason {
    Reason::NotA { written: shown(written), what }
}

pub(crate) fn key(column: &'static str, written: &str) -> Result<String, Wrong> {
    let right = (1..=KEY_BYTES_MAX).contains(&written.len())
        && written.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !right {
        return Err((column, Reason::NotAKey { written: shown(written), max: KEY_BYTES_MAX }));
    }
    Ok(written.to_owned())
}

/// A key, or nothing.
pub(crate) fn key_or_empty(column: &'static str, written: &str) -> Result<String, Wrong> {
    if written.is_empty() { Ok(String::new()) } else { key(column, written) }
}

/// Keys with spaces or line ends between them, in order, none twice.
pub(crate) fn keys(column: &'static str, written: &str, max: usize) -> Result<Vec<String>, Wrong> {
    let mut found: Vec<String> = Vec::new();
    for one in written.split_whitespace() {
        let one = key(column, one)?;
        if !found.contains(&one) {
            found.push(one);
        }
    }
    if found.len() > max {
        return Err((column, Reason::TooMany { max }));
    }
    Ok(found)
}

/// A name that must be there in both languages.
pub(crate) fn name(column: &'static str, written: &str) -> Result<String, Wrong> {
    if written.is_empty() {
        return Err((column, Reason::BothLanguages));
    }
    free(column, written)
}

/// Text that must be there.
pub(crate) fn needed(column: &'static str, written: &str) -> Result<String, Wrong> {
    if written.is_empty() {
        return Err((column, Reason::Needed));
    }
    free(column, written)
}

/// Text of one line, or nothing.
pub(crate) fn free(column: &'static str, written: &str) -> Result<String, Wrong> {
    if written.chars().count() > NAME_CHARS_MAX || written.chars().any(char::is_control) {
        return Err((column, Reason::TooLong { max: NAME_CHARS_MAX }));
    }
    Ok(written.to_owned())
}

/// One of the words, or the default when nothing stands there.
pub(crate) fn word<T: FromStr<Err = String> + Default>(
    column: &'static str,
    written: &str,
) -> Result<T, Wrong> {
    if written.is_empty() {
        return Ok(T::default());
    }
    needed_word(column, written)
}

/// One of the words.
pub(crate) fn needed_word<T: FromStr<Err = String>>(column: &'static str, written: &str) -> Result<T, Wrong> {
    if written.is_empty() {
        return Err((column, Reason::Needed));
    }
    shown(written).parse().map_err(|reason: String| match reason.split_once(" is not one of ") {
        Some((_, words)) => (column, Reason::NotOneOf { written: shown(written), words: words.to_owned() }),
        None => (column, Reason::Other(reason)),
    })
}

/// A whole number in its range, or nothing.
pub(crate) fn number(
    column: &'static str,
    written: &str,
    (min, max): (i64, i64),
) -> Result<Option<i64>, Wrong> {
    if written.is_empty() {
        return Ok(None);
    }
    let read: Option<i64> = written.parse().ok().filter(|number| (min..=max).contains(number));
    match read {
        Some(number) => Ok(Some(number)),
        None => Err((column, Reason::NotANumber { written: shown(written), min, max })),
    }
}

/// A day, or nothing.
pub(crate) fn day(column: &'static str, written: &str) -> Result<Option<Date>, Wrong> {
    if written.is_empty() {
        return Ok(None);
    }
    let day: Option<Date> = written.parse().ok();
    match day.filter(|day| *day >= Validity::FIRST && *day <= Validity::LAST) {
        Some(day) => Ok(Some(day)),
        None => Err((column, Reason::NotADay { written: shown(written) })),
    }
}

/// From `valid_from` to `valid_until`; what is not said has no end on that side.
pub(crate) fn validity(from: &str, until: &str) -> Result<Validity, Wrong> {
    let from = day("valid_from", from)?.unwrap_or(Validity::FIRST);
    let until = day("valid_until", until)?.unwrap_or(Validity::LAST);
    if until < from {
        return Err(("valid_until", Reason::EndsBefore { until: until.to_string(), from: from.to_string() }));
    }
    Ok(Validity { from, until })
}

/// A day as a file has it: nothing for "always".
pub(crate) fn written_day(day: Date) -> String {
    if day == Validity::FIRST || day == Validity::LAST { String::new() } else { day.to_string() }
}

/// A mail address: what every relay takes, without quoted local parts and address literals.
pub(crate) fn mail(written: &str) -> Result<String, Reason> {
    let refused = || not_a(written, What::Mail);
    let (local, domain) = written.rsplit_once('@').ok_or_else(refused)?;
    let domain = AssetKind::MailDomain.normal(domain).map_err(|_| refused())?;
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let right = !local.is_empty()
        && local.len() <= 64
        && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom));
    let mail = format!("{local}@{domain}");
    if right && mail.len() <= MAIL_BYTES_MAX { Ok(mail) } else { Err(refused()) }
}

/// A telephone or fax number as people write it, with an extension after `ext.` or `内線`.
pub(crate) fn phone(written: &str) -> Result<String, Reason> {
    let (number, extension) = ["ext.", "内線"]
        .iter()
        .find_map(|mark| written.split_once(mark))
        .map_or((written, None), |(number, extension)| (number, Some(extension.trim())));
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let place = |(place, character): (usize, char)| {
        character.is_ascii_digit() || "- ().".contains(character) || (character == '+' && place == 0)
    };
    let right = written.len() <= PHONE_BYTES_MAX
        && (3..=15).contains(&digits)
        && number.trim().char_indices().all(place)
        && extension.is_none_or(|digits| {
            (1..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
    if right { Ok(written.to_owned()) } else { Err(not_a(written, What::Phone)) }
}

/// An address on the web.
pub(crate) fn web(written: &str) -> Result<String, Reason> {
    let refused = || not_a(written, What::Web);
    let rest = written.strip_prefix("https://").ok_or_else(refused)?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let right = written.len() <= 2000
        && AssetKind::Domain.normal(name).is_ok()
        && written
            .chars()
            .all(|character| character.is_ascii_graphic() && !"\"<>\\^`{|}".contains(character));
    if right { Ok(written.to_owned()) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(read: fn(&str) -> Result<String, Reason>, right: &[&str], wrong: &[&str]) {
        for written in right {
            assert!(read(written).is_ok(), "{written}: {:?}", read(written));
        }
        for written in wrong {
            assert!(read(written).is_err(), "{written}");
        }
    }

    #[test]
    fn mail_addresses_are_those_that_every_relay_takes() {
        check(
            mail,
            &["csirt@naibu.go.example", "a.b+c@x.example", "A@B.example"],
            &[
                "",
                "@x.example",
                "a@",
                "a@example",
                "a b@x.example",
                ".a@x.example",
                "a..b@x.example",
                "a@x.example\n",
            ],
        );
        assert_eq!(mail("A@B.Example").unwrap(), "A@b.example");
    }

    #[test]
    fn telephone_numbers_are_written_as_people_write_them() {
        check(
            phone,
            &["03-5555-0100", "+81 3 5555 0100", "(03) 5555.0100", "110", "03-5555-0100 内線1234"],
            &["", "12", "+", "03-5555-010a", "1+2345", "1234567890123456", "03-5555-0100 内線", "０３"],
        );
    }

    #[test]
    fn a_web_address_is_encrypted_and_has_a_host() {
        check(
            web,
            &["https://naibu.go.example/report", "https://naibu.go.example:8443/"],
            &[
                "http://naibu.go.example",
                "https://",
                "https://localhost",
                "javascript:alert(1)",
                "https://a.example/<",
            ],
        );
    }

    #[test]
    fn lists_of_keys_keep_their_order_and_have_a_limit() {
        assert_eq!(keys("deputies", "b a\nb", 3).unwrap(), ["b", "a"]);
        assert_eq!(keys("deputies", "a b c d", 3), Err(("deputies", Reason::TooMany { max: 3 })));
        assert!(keys("deputies", "a,b", 3).is_err());
    }
}
