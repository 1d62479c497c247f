//! `key=value` pairs: logfmt, firewalls (FortiGate, Stormshield, Sophos, SonicWall), Linux audit records.
//!
//! Nobody agrees on how a value ends. Here a quoted value ends at its quote; a bare one at white space, and takes the
//! words after it along when they can only be its continuation (`msg=User timeout expired action=drop`).

use std::borrow::Cow;

use crate::limit::FIELDS_MAX;
use crate::{Event, Format, Names, time};

mod audit;

/// The longest key; a longer one is no key.
const KEY_BYTES_MAX: usize = 128;

/// The longest value between apostrophes; past it an apostrophe is one of a word. Bounds what a hostile line costs.
const APOSTROPHE_BYTES_MAX: usize = 16 << 10;

/// How many pairs a line needs before it is taken for key=value.
const PAIRS_MIN: usize = 3;

/// Reads one line of pairs. Words before the first pair are kept as `message`.
pub(crate) fn parse(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let text = text.trim();
    if audit::looks_like(text) {
        return audit::parse(text, names, event);
    }
    let mut pairs = Pairs::new(text);
    let Some(first) = pairs.next() else {
        return Err("no key=value pair in the line".to_owned());
    };
    let words = text.get(..first.start).unwrap_or_default().trim();
    if !words.is_empty() {
        event.time = event.time.or_else(|| time::leading(words)?.0.exact());
        event.push_text(names.id(Format::KeyValue, "message"), words);
    }
    let mut clock = DeviceClock::default();
    for pair in std::iter::once(first).chain(pairs).take(FIELDS_MAX) {
        clock.note(&pair);
        push(&pair, names, event);
    }
    event.time = event.time.or_else(|| clock.time());
    Ok(())
}

/// Adds the pairs found in a text to an event; how many there were.
pub(crate) fn push_pairs(text: &str, names: &mut Names, event: &mut Event) -> usize {
    Pairs::new(text).take(FIELDS_MAX).inspect(|pair| push(pair, names, event)).count()
}

fn push(pair: &Pair<'_>, names: &mut Names, event: &mut Event) {
    let name = names.id(Format::KeyValue, pair.key);
    if pair.quoted {
        event.push_text(name, &pair.value);
    } else {
        event.push_untyped(name, &pair.value);
    }
}

/// Whether a line is mostly pairs and begins with one, or with a time and a few words before many pairs.
pub(crate) fn looks_like(line: &str) -> bool {
    if audit::looks_like(line) {
        return true;
    }
    let line = line.trim_start();
    if memchr::memchr_iter(b'=', line.as_bytes()).take(PAIRS_MIN).count() < PAIRS_MIN {
        return false;
    }
    let (timed, begin) = match time::leading(line) {
        Some((_, length)) => (true, line.get(length..).unwrap_or_default().trim_start()),
        None => (false, line),
    };
    let mut pairs = Pairs::new(begin);
    let Some(first) = pairs.next() else { return false };
    let words = begin.get(..first.start).unwrap_or_default();
    let bracketed = words.starts_with('[') && words.trim_end().ends_with(']');
    let early =
        words.is_empty() || ((timed || bracketed) && words.len() < 64 && !words.contains([':', '"', '{']));
    early && pairs.take(PAIRS_MIN - 1).count() == PAIRS_MIN - 1
}

/// FortiGate and its kin tell `date=`, `time=` and `tz=` apart.
#[derive(Default)]
struct DeviceClock<'a> {
    date: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    zone: Option<Cow<'a, str>>,
}

impl<'a> DeviceClock<'a> {
    fn note(&mut self, pair: &Pair<'a>) {
        match pair.key {
            "date" => self.date = Some(pair.value.clone()),
            "time" => self.time = Some(pair.value.clone()),
            "tz" => self.zone = Some(pair.value.clone()),
            _ => {}
        }
    }

    fn time(&self) -> Option<base::Timestamp> {
        let (date, clock) = (self.date.as_ref()?, self.time.as_ref()?);
        let zone = self.zone.as_deref().unwrap_or_default();
        time::read(&format!("{date} {clock}{zone}"))
    }
}

/// One pair and where its key begins.
#[derive(Clone, Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: Cow<'a, str>,
    pub(crate) quoted: bool,
    pub(crate) start: usize,
}

/// The pairs of a text, in order. What is no pair is passed over.
#[derive(Clone, Debug)]
pub(crate) struct Pairs<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Pairs<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The key that begins at `at`, if one does, and where its value begins.
    fn key_at(&self, at: usize) -> Option<(&'a str, usize)> {
        let rest = self.text.get(at..)?;
        let bytes = rest.as_bytes();
        if !bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_') {
            return None;
        }
        let length = bytes.iter().take(KEY_BYTES_MAX + 1).take_while(|b| is_key_byte(**b)).count();
        let assigned = bytes.get(length) == Some(&b'=') && bytes.get(length + 1) != Some(&b'=');
        (length <= KEY_BYTES_MAX && assigned).then_some((rest.get(..length)?, at + length + 1))
    }

    /// A quoted value: its text and where what follows begins.
    fn quoted(&self, at: usize) -> Option<(Cow<'a, str>, usize)> {
        let rest = self.text.get(at..)?;
        let bytes = rest.as_bytes();
        let quote = *bytes.first().filter(|b| matches!(b, b'"' | b'\''))?;
        // `key=""value""` is the export of an export.
        let from = if bytes.get(1) == Some(&quote) && bytes.get(2).is_some_and(|b| !is_separator(*b)) {
            2
        } else {
            1
        };
        let mut end = from;
        loop {
            // A quote that is never closed holds the rest of the line; an apostrophe is no quote then.
            let far = quote == b'\'' && end > APOSTROPHE_BYTES_MAX;
            let Some(&byte) = bytes.get(end).filter(|_| !far) else {
                let rest = rest.get(from..).filter(|_| quote == b'"')?;
                return Some((unescape(rest), self.text.len()));
            };
            match byte {
                b'\\' if quote == b'"' => end += 2,
                // An apostrophe inside a word ends nothing.
                byte if byte == quote
                    && (quote == b'"' || bytes.get(end + 1).is_none_or(|b| is_separator(*b))) =>
                {
                    break;
                }
                _ => end += 1,
            }
        }
        let value = unescape(rest.get(from..end)?);
        Some((value, at + end + from))
    }

    /// A bare value: up to white space, or to a comma or semicolon before the next key; then the words that follow,
    /// unless the value begins like a number.
    fn bare(&self, at: usize) -> (&'a str, usize) {
        let bytes = self.text.as_bytes();
        let mut end = at;
        let mut last = at;
        let takes_words = bytes.get(at).is_some_and(|b| b.is_ascii_alphabetic());
        while let Some(&byte) = bytes.get(end) {
            if is_blank(byte) {
                let next =
                    end + bytes.get(end..).unwrap_or_default().iter().take_while(|b| is_blank(**b)).count();
                if !takes_words || byte == GROUP_SEPARATOR || self.key_at(next).is_some() {
                    break;
                }
                end = next;
                continue;
            }
            if matches!(byte, b',' | b';') {
                let next = end
                    + 1
                    + bytes.get(end + 1..).unwrap_or_default().iter().take_while(|b| is_blank(**b)).count();
                if self.key_at(next).is_some() {
                    break;
                }
            }
            end += 1;
            last = end;
        }
        let value = self.text.get(at..last).unwrap_or_default();
        (value.trim_end_matches([',', ';', ' ']), end)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        let bytes = self.text.as_bytes();
        let mut search = self.at;
        loop {
            let equals = search + memchr::memchr(b'=', bytes.get(search..)?)?;
            let key = bytes.get(self.at..equals)?.iter().rev().take(KEY_BYTES_MAX + 1);
            let start = equals - key.take_while(|b| is_key_byte(**b)).count();
            search = equals + 1;
            let fresh = start == 0 || bytes.get(start - 1).is_some_and(|b| is_separator(*b));
            let Some((key, value_at)) = self.key_at(start).filter(|_| fresh) else { continue };
            let (value, quoted, end) = match self.quoted(value_at) {
                Some((value, end)) => (value, true, end),
                None => {
                    let (value, end) = self.bare(value_at);
                    (Cow::Borrowed(value), false, end)
                }
            };
            self.at = end;
            return Some(Pair { key, value, quoted, start });
        }
    }
}

/// What the audit daemon puts before the names it looked up.
const GROUP_SEPARATOR: u8 = 0x1d;

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == GROUP_SEPARATOR
}

fn is_separator(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b',' | b';' | b'[' | b']' | b'(' | b'{' | b'}' | b'|' | b'"')
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'-' | b'.' | b'@' | b'(' | b')' | b':' | b'/' | b'%')
}

/// Takes the backslashes before quotes away; those before backslashes only when every one is doubled, for
/// `"C:\Windows"` and `"\\server\share"` are written as they are.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut doubled = true;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' {
            doubled &= matches!(bytes.get(at + 1), Some(b'\\' | b'"'));
            at += 1;
        }
        at += 1;
    }
    let unquoted = text.replace("\\\"", "\"");
    Cow::Owned(if doubled { unquoted.replace("\\\\", "\\") } else { unquoted })
}

#[cfg(test)]
mod tests;
