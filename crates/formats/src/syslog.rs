//! Syslog: RFC 5424, and what goes by the name of RFC 3164.
//!
//! The header gives `facility`, `severity`, `timestamp`, `hostname`, `appname`, `procid`, `msgid`; structured data
//! gives `sd_id.param`; the rest is `message`. A message that is itself CEF, LEEF or pairs is read as such on top,
//! and what well-known programs say ([`program`]) becomes fields of its own.

use crate::time::Stamp;
use crate::{Event, Format, Names, cef, key_value, leef, time};

mod cisco;
mod endpoint;
mod program;
mod structured;

pub(crate) use endpoint::{is_address, push_addresses, split_port};
pub(crate) use program::read_anonymous;

/// The words of RFC 5424 table 1, as syslog.conf writes them.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

/// The words of RFC 5424 table 2.
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// The longest program name; a longer word before a colon belongs to the message.
const TAG_BYTES_MAX: usize = 96;

/// Reads RFC 5424: `<165>1 2003-10-11T22:14:15.003Z host app 123 ID47 [sd@1 a="b"] message`. The `<165>1` may be
/// missing, for some collectors cut it away.
pub(crate) fn parse_5424(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    const FORMAT: Format = Format::Syslog5424;
    let text = text.trim_end();
    let mut rest = text.trim_start_matches(['\u{feff}', ' ']);
    if let Some((priority, after)) = priority(rest) {
        push_priority(FORMAT, priority, names, event);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    }
    let mut application = "";
    for name in ["timestamp", "hostname", "appname", "procid", "msgid"] {
        let column = text.len() - rest.len() + 1;
        let (value, after) = rest.split_once(' ').unwrap_or((rest, ""));
        if value.is_empty() {
            return Err(format!("the RFC 5424 header ends before {name}, at column {column}"));
        }
        if name == "timestamp" && value != "-" {
            let stamp = time::read(value);
            event.time = event.time.or(stamp);
            stamp.ok_or_else(|| format!("no RFC 5424 timestamp at column {column}"))?;
        }
        if value != "-" {
            event.push_untyped(names.id(FORMAT, name), value);
        }
        if name == "appname" {
            application = value;
        }
        rest = after;
    }
    let column = text.len() - rest.len() + 1;
    let message = match rest.strip_prefix('-') {
        Some(message) => message.trim_start(),
        None if rest.starts_with('[') => structured::read(rest, names, event)
            .ok_or_else(|| format!("structured data does not end, from column {column}"))?,
        None => rest,
    };
    // Check Point leaves the structured data out and writes its own kind into the message.
    let message = structured::read_check_point(message, names, event).unwrap_or(message);
    push_message(FORMAT, application, message.trim_start_matches([' ', '\u{feff}']), names, event);
    Ok(())
}

/// Reads RFC 3164 and its many relatives: with and without priority, year, zone and host name; ISO times as rsyslog
/// writes them; sequence numbers and mnemonics as Cisco does. A time without a year stays in `timestamp`.
pub(crate) fn parse_3164(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let header = Header::read(text);
    if header.priority.is_none() && header.stamp.is_none() && header.program.is_empty() {
        return Err("no priority, time or program name at column 1".to_owned());
    }
    header.push(names, event);
    push_message(Format::Syslog3164, header.program, header.message, names, event);
    Ok(())
}

/// Reads what stands before a CEF or LEEF record: a header without a message.
pub(crate) fn read_header_before(text: &str, names: &mut Names, event: &mut Event) {
    let text = text.trim();
    if !text.is_empty() {
        let mut header = Header::read(text);
        if header.hostname.is_empty() {
            header.hostname = header.message.split(' ').next().unwrap_or_default();
        }
        header.push(names, event);
    }
}

/// Whether a line begins like RFC 5424: a priority and a version, or its other header fields where a collector cut
/// those away.
pub(crate) fn looks_like_5424(line: &str) -> bool {
    let line = line.trim_start_matches(['\u{feff}', ' ']);
    let is_stamp = |word: &str| word.contains('T') && time::read(word).is_some();
    match priority(line) {
        Some((_, after)) => after.strip_prefix("1 ").is_some_and(|after| {
            let stamp = after.split(' ').next().unwrap_or_default();
            stamp == "-" || is_stamp(stamp)
        }),
        None => {
            let mut words = line.split(' ');
            words.next().is_some_and(is_stamp)
                && words.next().is_some_and(is_host)
                && words.nth(2) == Some("-")
                && words.next().is_some_and(|word| word == "-" || word.starts_with('['))
        }
    }
}

/// Whether a line begins like RFC 3164: a priority, or a time and then a program's or a device's mark.
pub(crate) fn looks_like(line: &str) -> bool {
    let line = line.trim_start_matches(['\u{feff}', ' ']);
    if looks_like_5424(line) || is_dated_without_mark(line) {
        return false;
    }
    let header = Header::read(line);
    let marked = !header.program.is_empty();
    // After a full date, a host and a program with a number or a known form; else it is some application's own log.
    let dated = header.stamp.is_some_and(|stamp| stamp.exact().is_some()) && !header.mnemonic;
    header.priority.is_some()
        || header.mnemonic
        || (header.stamp.is_some() && program::is_palo_alto(header.message))
        || (header.stamp.is_some() && marked && (!dated || (!header.hostname.is_empty() && header.iso)))
}

/// Whether a line begins with a date in digits that no relay of syslog writes: most applications' own logs do.
fn is_dated_without_mark(line: &str) -> bool {
    let bytes = line.as_bytes();
    let digits = bytes.first().is_some_and(u8::is_ascii_digit) && bytes.get(10) != Some(&b'T');
    digits && !bytes.iter().take(TAG_BYTES_MAX).any(|byte| *byte == b'%')
}

/// What stands before the message.
#[derive(Debug, Default)]
struct Header<'a> {
    priority: Option<u8>,
    stamp: Option<Stamp>,
    /// The time as written.
    stamp_text: &'a str,
    /// The time is written in ISO 8601 with a `T`, as rsyslog and syslog-ng do.
    iso: bool,
    hostname: &'a str,
    /// A severity word between host and program, as F5 and Solaris relays write.
    severity: Option<&'static str>,
    program: &'a str,
    process: &'a str,
    /// The message begins with `%FACILITY-SEVERITY-MNEMONIC`.
    mnemonic: bool,
    message: &'a str,
}

impl<'a> Header<'a> {
    fn read(text: &'a str) -> Self {
        let mut header = Self::default();
        let mut rest = text;
        if let Some((priority, after)) = priority(rest) {
            header.priority = Some(priority);
            rest = after.trim_start_matches([' ', ':']);
        }
        // Cisco counts its messages, and marks a clock that is not set.
        rest = after_sequence(rest).trim_start_matches(['*', '.', ' ']);
        if !header.read_time(&mut rest)
            && let Some(host_end) = rest.bytes().take(TAG_BYTES_MAX).position(|b| b == b':' || b == b' ')
            && let Some((host, after)) = rest.split_at_checked(host_end)
            && let Some(after) = after.strip_prefix(": ")
            && is_host(host)
        {
            let mut after = after_sequence(after).trim_start_matches(['*', '.', ' ']);
            if header.read_time(&mut after) {
                header.hostname = host;
                rest = after;
            }
        }
        if header.hostname.is_empty() && (header.stamp.is_some() || header.priority.is_some()) {
            header.read_host(&mut rest);
        }
        header.read_program(&mut rest);
        header.message = rest;
        header
    }

    fn read_time(&mut self, rest: &mut &'a str) -> bool {
        let Some((stamp, length)) = time::leading(rest) else { return false };
        let (text, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        // `1 host` and such: a bare number is a time only in other formats.
        if !text.contains(':') || !after.starts_with([' ', ':']) {
            return false;
        }
        self.stamp = Some(stamp);
        self.stamp_text = text;
        self.iso = text.contains('T') && text.starts_with(|c: char| c.is_ascii_digit());
        let after = after.trim_start();
        // A zone after a time without a year belongs to it.
        let zoned = after.split_once(": ").filter(|(zone, _)| {
            (2..=5).contains(&zone.len()) && zone.bytes().all(|b| b.is_ascii_uppercase()) && !self.iso
        });
        *rest = zoned.map_or(after, |(_, after)| after).trim_start_matches([':', ' ']);
        true
    }

    /// The host, unless the next word is already a program.
    fn read_host(&mut self, rest: &mut &'a str) {
        let Some((word, after)) = rest.split_once(' ') else { return };
        let bare = word.trim_end_matches(':');
        if word.starts_with('%')
            || tag(rest).is_some_and(|(_, process, _)| !process.is_empty())
            || !is_host(bare)
        {
            return;
        }
        let after = after.trim_start_matches([' ', ':']);
        // `host: %ASA-…` names a host; `program: text` does not.
        let named = !word.ends_with(':') || after.starts_with('%');
        let plausible = self.stamp.is_some() || tag(after).is_some() || after.starts_with(['%', '{']);
        if named && plausible {
            self.hostname = bare;
            *rest = after;
        }
    }

    fn read_program(&mut self, rest: &mut &'a str) {
        if let Some((word, after)) = rest.split_once(' ')
            && let Some(severity) = SEVERITIES.iter().find(|severity| **severity == word)
            && tag(after).is_some()
        {
            self.severity = Some(severity);
            *rest = after;
        }
        if let Some(mnemonic) = cisco::mnemonic(rest) {
            self.mnemonic = true;
            self.program = mnemonic;
        } else if let Some((program, process, message)) = tag(rest) {
            (self.program, self.process) = (program, process);
            *rest = message;
        }
    }

    fn push(&self, names: &mut Names, event: &mut Event) {
        const FORMAT: Format = Format::Syslog3164;
        if let Some(priority) = self.priority {
            push_priority(FORMAT, priority, names, event);
        } else if let Some(severity) = self.severity {
            event.push_text(names.id(FORMAT, "severity"), severity);
        }
        event.time = event.time.or_else(|| self.stamp?.exact());
        for (name, value) in [
            ("timestamp", self.stamp_text),
            ("hostname", self.hostname),
            ("appname", self.program),
            ("procid", self.process),
        ] {
            if !value.is_empty() {
                event.push_untyped(names.id(FORMAT, name), value);
            }
        }
    }
}

/// `<165>` and what follows it.
fn priority(text: &str) -> Option<(u8, &str)> {
    let (digits, after) = text.strip_prefix('<')?.split_once('>')?;
    let priority: u8 = digits.parse().ok()?;
    (priority < 192 && digits.len() <= 3).then_some((priority, after))
}

fn push_priority(format: Format, priority: u8, names: &mut Names, event: &mut Event) {
    let facility = FACILITIES.get(usize::from(priority / 8)).copied().unwrap_or_default();
    let severity = SEVERITIES.get(usize::from(priority % 8)).copied().unwrap_or_default();
    event.push_text(names.id(format, "facility"), facility);
    event.push_text(names.id(format, "severity"), severity);
}

/// What follows `123: ` or `000123: `.
fn after_sequence(text: &str) -> &str {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let after = text.get(digits..).and_then(|after| after.strip_prefix(": "));
    after.filter(|_| (1..=10).contains(&digits)).unwrap_or(text)
}

/// `program[123]: message` or `program: message`: the program, its process id and the message.
fn tag(text: &str) -> Option<(&str, &str, &str)> {
    let end = text
        .bytes()
        .take(TAG_BYTES_MAX)
        .position(|b| matches!(b, b'[' | b':' | b' ' | b'=' | b'"' | b'{' | b'|'))?;
    let (program, rest) = text.split_at_checked(end)?;
    if program.is_empty()
        || !program.bytes().any(|b| b.is_ascii_alphabetic())
        || program.starts_with(['%', '<', '['])
    {
        return None;
    }
    let (process, rest) = match rest.strip_prefix('[') {
        Some(inside) => inside.split_once(']').filter(|(process, _)| process.len() <= 48)?,
        None => ("", rest),
    };
    match rest.strip_prefix(':') {
        // `CEF:0|` and `http://` are no programs.
        Some(message) if message.is_empty() || message.starts_with([' ', '\t']) => {
            Some((program, process, message.trim_start()))
        }
        // Some write no colon after the process id.
        None if !process.is_empty() => Some((program, process, rest.trim_start())),
        _ => None,
    }
}

fn is_host(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 255
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'/' | b'%' | b'@'))
}

/// Keeps the message of an application and reads what it holds.
fn push_message(format: Format, application: &str, message: &str, names: &mut Names, event: &mut Event) {
    if message.is_empty() {
        return;
    }
    event.push_text(names.id(format, "message"), message);
    // What cannot be read further is still there as the message.
    if cef::looks_like(message) {
        let _ = cef::parse(message, names, event);
    } else if leef::looks_like(message) {
        let _ = leef::parse(message, names, event);
    } else if key_value::looks_like(message) && !program::is_packet(message) {
        let _ = key_value::parse(message, names, event);
    } else {
        program::read(format, application, message, names, event);
    }
}

#[cfg(test)]
mod tests;
