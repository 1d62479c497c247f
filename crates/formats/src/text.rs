//! Any line of text, the last resort: its time and level if it begins with them, the addresses in it, and itself.
//!
//! The error logs of Apache and nginx are text of this kind with a known shape, and are read a little further; so are
//! the messages that other programs write alike with and without syslog.

use crate::syslog::{push_addresses, read_anonymous, split_port};
use crate::{Event, Format, Names, access, time};

/// How far into a line its time is looked for.
const TIME_WITHIN_BYTES: usize = 64;

/// How many words after the time may be the level.
const LEVEL_WORDS_MAX: usize = 4;

/// One character in so many may be no text before a line is garbage.
const GARBAGE_SHARE: usize = 10;

/// The words that name a level, in upper case.
const LEVELS: [&str; 18] = [
    "TRACE",
    "DEBUG",
    "INFO",
    "INFORMATION",
    "NOTICE",
    "WARN",
    "WARNING",
    "ERROR",
    "ERR",
    "CRIT",
    "CRITICAL",
    "ALERT",
    "EMERG",
    "FATAL",
    "SEVERE",
    "WRN",
    "INF",
    "PANIC",
];

/// Reads any line of text. Only what is mostly not text is refused.
pub(crate) fn parse(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let text = text.trim();
    refuse_garbage(text)?;
    let mut log = Log { names, event };
    let rest = log.read_time(text);
    log.push("message", text);
    if log.read_apache_error(rest) || log.read_nginx_error(rest) {
        return Ok(());
    }
    if let Some(level) = level(rest) {
        log.push("level", level);
    }
    let anonymous = read_anonymous(Format::Text, rest, log.names, log.event)
        || (rest.len() < text.len() && read_anonymous(Format::Text, text, log.names, log.event));
    if !anonymous {
        push_addresses(Format::Text, text, log.names, log.event);
    }
    Ok(())
}

fn refuse_garbage(text: &str) -> Result<(), String> {
    let strange =
        |c: char| c == '\u{fffd}' || (c.is_control() && !matches!(c, '\t' | '\r' | '\n' | '\u{1b}'));
    // Plain text is told at a glance.
    if text.is_ascii() && !text.bytes().any(|byte| byte < b' ' && byte != b'\t') {
        return Ok(());
    }
    let (mut all, mut bad, mut first) = (0_usize, 0_usize, 0_usize);
    for (at, character) in text.char_indices() {
        all += 1;
        if strange(character) {
            first = if bad == 0 { at + 1 } else { first };
            bad += 1;
        }
    }
    if bad * GARBAGE_SHARE > all {
        return Err(format!("{bad} of {all} characters are not text, the first at column {first}"));
    }
    Ok(())
}

/// The level among the first words: `INFO`, `[warn]`, `ERROR:`, `level=error`.
fn level(rest: &str) -> Option<&str> {
    let words = rest.split([' ', '\t', '|']).filter(|word| !word.is_empty()).take(LEVEL_WORDS_MAX);
    words.map(|word| word.trim_matches(['[', ']', '(', ')', ':', ',', '<', '>', '-'])).find(|word| {
        (3..=11).contains(&word.len()) && LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word))
    })
}

/// The time a text begins with, as read and as written, and what follows it. A bare number is none.
fn time_at(text: &str) -> Option<(time::Stamp, &str, &str)> {
    let (stamp, length) = time::leading(text)?;
    let (written, rest) = text.split_at_checked(length)?;
    written.contains([':', '.']).then_some((stamp, written, rest))
}

struct Log<'a> {
    names: &'a mut Names,
    event: &'a mut Event,
}

impl Log<'_> {
    fn push(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.event.push_untyped(self.names.id(Format::Text, name), value);
        }
    }

    /// The first time that stands near the start, after a blank or a bracket; what follows it.
    fn read_time<'t>(&mut self, text: &'t str) -> &'t str {
        let mut fresh = true;
        for (at, byte) in text.bytes().enumerate().take(TIME_WITHIN_BYTES) {
            let begins = fresh && byte.is_ascii_alphanumeric();
            fresh = matches!(byte, b' ' | b'\t' | b'[' | b'(' | b'<' | b'"' | b'\'' | b'*' | b'|' | b'=');
            let found = if begins { text.get(at..).and_then(time_at) } else { None };
            let Some((stamp, written, rest)) = found else { continue };
            self.event.time = self.event.time.or(stamp.exact());
            self.push("timestamp", written);
            return rest.trim_start_matches([']', ')', '>', '"', '\'', ',', ':', '-', '|', ' ']);
        }
        text
    }

    /// `[core:error] [pid 7005:tid 1] [client 10.0.0.1:14532] AH00126: Invalid URI …`, after its time.
    fn read_apache_error(&mut self, rest: &str) -> bool {
        let Some((module, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] [")) else {
            return false;
        };
        let (module, level) = module.split_once(':').unwrap_or(("", module));
        let plausible = after.starts_with("pid ") || after.starts_with("client ");
        if !plausible || !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
            return false;
        }
        self.push("apache.error.module", if module.is_empty() { "core" } else { module });
        self.push("level", level);
        if let Some((client, said)) =
            rest.split_once("[client ").and_then(|(_, client)| client.split_once("] "))
        {
            let (address, port) = split_port(client);
            self.push("source.ip", address);
            self.push("source.port", port);
            let code = said.split_once(": ").filter(|(code, _)| code.starts_with("AH"));
            self.push("apache.error.code", code.map_or("", |(code, _)| code));
        }
        true
    }

    /// `[error] 298#298: *1093 open() failed, client: 10.0.0.1, server: _, request: "POST / HTTP/1.1", host: "h"`.
    fn read_nginx_error(&mut self, rest: &str) -> bool {
        let Some((level, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) else {
            return false;
        };
        let process = after.split(": ").next().unwrap_or_default();
        if process.split_once('#').is_none_or(|(pid, _)| pid.parse::<u32>().is_err()) {
            return false;
        }
        self.push("nginx.error.process", process);
        self.push("level", level);
        let field = |mark: &str| after.split_once(mark).map(|(_, value)| value);
        let plain = |value: Option<&'_ str>| {
            value.and_then(|value| value.split([',', ' ']).next()).unwrap_or_default().to_owned()
        };
        let client = plain(field(", client: "));
        self.push("source.ip", split_port(&client).0);
        let host = plain(field(", host: \""));
        self.push("cs-host", split_port(host.trim_end_matches('"')).0);
        if let Some(request) = field(", request: \"").and_then(|value| value.split("\",").next()) {
            access::push_request(Format::Text, request.trim_end_matches('"'), self.names, self.event);
        }
        true
    }
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
        let fields = event.fields().iter().filter(|field| names.path(field.name) != "message");
        let fields: Vec<_> =
            fields.map(|field| format!("{}={}", names.path(field.name), value(field))).collect();
        format!("{} · {}", event.time.map(|time| time.to_string()).unwrap_or_default(), fields.join(" · "))
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        assert_eq!(read(line), expected);
    }

    #[test]
    fn a_line_gives_its_time_level_and_addresses() {
        check(
            "2015-10-18 18:01:47,978 INFO [main] up",
            "2015-10-18T18:01:47.978Z · timestamp=2015-10-18 18:01:47,978 · level=INFO",
        );
        check(
            "[2025-07-17 13:17:11,562]  WARN {x} failed from 10.1.2.3.",
            "2025-07-17T13:17:11.562Z · timestamp=2025-07-17 13:17:11,562 · level=WARN · related.ip=10.1.2.3",
        );
        check("nothing to see at 12:34:56", " · ");
        check(
            "W, [2023-03-13T09:25:23.2 #1]  WARN -- : no",
            "2023-03-13T09:25:23.2Z · timestamp=2023-03-13T09:25:23.2 · level=WARN",
        );
        check(
            "web_1  | 2023-04-06T09:13:34,820Z up",
            "2023-04-06T09:13:34.82Z · timestamp=2023-04-06T09:13:34,820Z",
        );
        check(
            "api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO x",
            "2017-05-16T00:00:00.008Z · timestamp=2017-05-16 00:00:00.008 · level=INFO",
        );
        check("17/06/09 20:10:40 INFO x", "2017-06-09T20:10:40Z · timestamp=17/06/09 20:10:40 · level=INFO");
        check(
            "to 2001:db8::5 and 10.9.8.7:80 and 10.9.8.7",
            " · related.ip=2001:db8::5 · related.ip=10.9.8.7",
        );
    }

    #[test]
    fn error_logs_of_web_servers_are_read_further() {
        check(
            "[Fri Oct 08 17:08:41.203277 2021] [core:error] [pid 7005:tid 14] [client 10.168.206.87:14532] AH00126: Invalid URI",
            "2021-10-08T17:08:41.203277Z · timestamp=Fri Oct 08 17:08:41.203277 2021 · apache.error.module=core · level=error · source.ip=10.168.206.87 · source.port=14532 · apache.error.code=AH00126",
        );
        check(
            "2023/09/23 09:58:51 [error] 298#298: *1093 open() failed, client: 10.0.0.1, server: _, request: \"POST /a HTTP/1.1\", host: \"h.example:80\"",
            "2023-09-23T09:58:51Z · timestamp=2023/09/23 09:58:51 · nginx.error.process=298#298 · level=error · source.ip=10.0.0.1 · cs-host=h.example · cs-method=POST · cs-uri=/a · cs-uri-stem=/a · cs-version=HTTP/1.1",
        );
    }

    #[test]
    fn messages_of_known_programs_are_read_without_syslog_too() {
        check(
            "19-Oct-2022 05:34:02.425 queries: info: client @0x7f 10.0.0.9#3076 (a.example): query: a.example IN A +",
            "2022-10-19T05:34:02.425Z · timestamp=19-Oct-2022 05:34:02.425 · level=info · source.ip=10.0.0.9 · source.port=3076 · query=a.example · record_type=A",
        );
        check(
            "10.0.0.9:14853 [14/Jan/2015:12:48:57.127] front~ back/srv 170/0/0/3/173 200 739 - - ---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"",
            "2015-01-14T12:48:57.127Z · timestamp=14/Jan/2015:12:48:57.127 · source.ip=10.0.0.9 · source.port=14853 · haproxy.frontend_name=front~ · haproxy.backend_name=back/srv · sc-status=200 · sc-bytes=739 · cs-method=GET · cs-uri=/ · cs-uri-stem=/ · cs-version=HTTP/1.1",
        );
    }

    #[test]
    fn garbage_is_refused_and_japanese_is_not() {
        check("\u{0}\u{1}\u{2}abc", "error: 3 of 6 characters are not text, the first at column 1");
        check("日本語のログ", " · ");
    }

    proptest::proptest! {
        #[test]
        fn no_line_can_hurt(line in "\\PC{0,80}", dense in "[\\[\\]a:#, \"é\u{0}]{0,40}") {
            let _ = (read(&line), read(&dense), read(&format!("[error] 1#1: {dense}, request: \"{dense}")));
        }
    }
}
