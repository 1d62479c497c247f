//! ArcSight Common Event Format: `CEF:0|vendor|product|version|class|name|severity|key=value key=value`.

use std::borrow::Cow;

use crate::{Event, Format, Names, syslog};

/// The seven header fields, by the names the format's guide gives them.
const HEADER: [&str; 7] = [
    "CefVersion",
    "DeviceVendor",
    "DeviceProduct",
    "DeviceVersion",
    "DeviceEventClassID",
    "Name",
    "Severity",
];

/// Reads one CEF record; a syslog header before it is read as well. Some relays cut the word `CEF:` away.
pub(crate) fn parse(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let text = text.trim();
    let record = match text.find("CEF:") {
        Some(at) => {
            syslog::read_header_before(text.get(..at).unwrap_or_default(), names, event);
            text.get(at + 4..).unwrap_or_default()
        }
        None => text,
    };
    let mut rest = record;
    for name in HEADER {
        // The last field may end the record when there is no extension.
        let last = (name == "Severity" && !rest.is_empty()).then_some((Cow::Borrowed(rest), ""));
        let (value, after) = header_field(rest).or(last).ok_or_else(|| {
            let column = text.len() - rest.len() + 1;
            format!("the CEF header ends in {name}, which begins at column {column}")
        })?;
        event.push_untyped(names.id(Format::Cef, name), value.trim());
        rest = after;
    }
    for (key, value) in Extension::new(rest) {
        let value = unescape(value);
        event.push_untyped(names.id(Format::Cef, key), &value);
    }
    Ok(())
}

/// Whether a line holds a CEF record, perhaps after a syslog header.
pub(crate) fn looks_like(line: &str) -> bool {
    let Some(at) = line.find("CEF:") else { return false };
    let after = line.get(at + 4..).unwrap_or_default().trim_start();
    let mut bytes = after.bytes();
    matches!(bytes.next(), Some(b'0'..=b'9'))
        && after.bytes().take(8).any(|b| b == b'|')
        && after.bytes().filter(|b| *b == b'|').take(6).count() == 6
}

/// Up to the next bar that no backslash precedes.
fn header_field(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'|' => return Some((unescape(text.get(..at)?), text.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

/// The pairs after the header. A value runs up to the blank before the next `key=`, so it may hold blanks.
pub(crate) struct Extension<'a> {
    rest: &'a str,
}

impl<'a> Extension<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }
}

impl<'a> Iterator for Extension<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let (key, value_at) = next_key(self.rest, 0)?;
        let after = self.rest.get(value_at..)?;
        let (end, next) = match next_key(after, 1) {
            Some((following, following_value_at)) => {
                let start = following_value_at - 1 - following.len();
                (start, start)
            }
            None => (after.len(), after.len()),
        };
        let value = after.get(..end)?.trim();
        self.rest = after.get(next..)?;
        Some((key, value))
    }
}

/// The first `key=` at or after `from` that stands at the start or after a blank; where its value begins.
fn next_key(text: &str, from: usize) -> Option<(&str, usize)> {
    let bytes = text.as_bytes();
    let mut search = 0;
    loop {
        let equals = search + memchr::memchr(b'=', bytes.get(search..)?)?;
        let before = bytes.get(..equals)?;
        let length = before.iter().rev().take_while(|b| is_key_byte(**b)).count();
        let start = equals - length;
        let fresh = start == 0 || before.get(start.wrapping_sub(1)).is_some_and(u8::is_ascii_whitespace);
        if length > 0 && fresh && (start >= from || start == 0 && from == 0) {
            return Some((text.get(start..equals)?, equals + 1));
        }
        search = equals + 1;
    }
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b']' | b'@')
}

/// Takes the backslashes away before `=`, `|`, `\` and makes line ends of `\n` and `\r`. A value with a backslash
/// before anything else was never escaped (`C:\Temp\new.exe`) and stays as it is.
fn unescape(text: &str) -> Cow<'_, str> {
    if !is_escaped(text) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some(escaped) => plain.push(escaped),
            None => plain.push('\\'),
        }
    }
    Cow::Owned(plain)
}

/// Whether backslashes stand in the text, and only where the format puts them.
fn is_escaped(text: &str) -> bool {
    let mut bytes = text.bytes();
    let mut found = false;
    while let Some(byte) = bytes.next() {
        if byte == b'\\' {
            found = true;
            if !matches!(bytes.next(), Some(b'=' | b'|' | b'\\' | b'n' | b'r')) {
                return false;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        let (mut names, mut event) = (Names::default(), Event::default());
        if let Err(reason) = parse(line, &mut names, &mut event) {
            return format!("error: {reason}");
        }
        let value = |field| event.value(field).text.to_owned();
        let fields: Vec<_> = event
            .fields()
            .iter()
            .map(|field| format!("{}={}", names.path(field.name), value(field)))
            .collect();
        fields.join(" · ")
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        assert_eq!(read(line), expected);
    }

    #[test]
    fn header_and_extension_are_read() {
        check(
            r"CEF:0|Ver\|tex|Fire\\wall|1.0|100|worm stopped|10|src=10.0.0.1 msg=a b \= c spt=1232 request=http://x/?a=1&b=2",
            r"CefVersion=0 · DeviceVendor=Ver|tex · DeviceProduct=Fire\wall · DeviceVersion=1.0 · DeviceEventClassID=100 · Name=worm stopped · Severity=10 · src=10.0.0.1 · msg=a b = c · spt=1232 · request=http://x/?a=1&b=2",
        );
        check(
            "0|Check Point|VPN|R80|Log|Log|Unknown|act=Decrypt duser= suser=x",
            "CefVersion=0 · DeviceVendor=Check Point · DeviceProduct=VPN · DeviceVersion=R80 · DeviceEventClassID=Log · Name=Log · Severity=Unknown · act=Decrypt · duser= · suser=x",
        );
        check(
            r"CEF:0|a|b|c|d|e|1|filePath=C:\\Temp\\new.exe raw=C:\Temp\new.exe msg=one\ntwo",
            "CefVersion=0 · DeviceVendor=a · DeviceProduct=b · DeviceVersion=c · DeviceEventClassID=d · Name=e · Severity=1 · filePath=C:\\Temp\\new.exe · raw=C:\\Temp\\new.exe · msg=one\ntwo",
        );
    }

    #[test]
    fn a_short_header_is_an_error_that_says_where() {
        check("CEF:0|a|b", "error: the CEF header ends in DeviceProduct, which begins at column 9");
        check("", "error: the CEF header ends in CefVersion, which begins at column 1");
    }

    #[test]
    fn only_whole_headers_look_like_cef() {
        assert!(looks_like("<134>Feb 12 10:00:00 fw CEF:0|a|b|c|d|e|1|src=1"));
        assert!(looks_like("CEF: 0|a|b|c|d|e|1|"));
        assert!(!looks_like("the CEF:0 format"));
        assert!(!looks_like("0|a|b|c|d|e|1|"));
    }

    proptest::proptest! {
        #[test]
        fn no_line_can_hurt(line in "\\PC{0,80}", dense in "[a=\\\\| é]{0,60}") {
            let _ = (read(&line), read(&format!("CEF:0|a|b|c|d|e|1|{dense}")), read(&dense), looks_like(&dense));
        }
    }
}
