//! Access logs of web servers (Apache and nginx common, combined and their extensions) and of Squid.
//!
//! Fields are named as W3C and Sigma name them: `c-ip`, `cs-method`, `cs-uri`, `cs-uri-stem`, `cs-uri-query`,
//! `sc-status`. A lone `-` means the server had nothing to say: the field is there and empty.

use base::Timestamp;

use crate::syslog::{is_address, split_port};
use crate::{Event, Format, Kind, Names, time};

mod uri;

/// How many brackets are looked into for the time.
const BRACKETS_MAX: usize = 8;

/// How many values after the user agent are kept.
const EXTRAS_MAX: usize = 32;

/// The longest run of words before the time (virtual host, client, ident, user, request id).
const LEADING_WORDS_MAX: usize = 8;

/// Reads `[vhost] host ident user [time] "request" status bytes ["referer" "agent" …]`.
pub(crate) fn parse_web(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let line = Line::read(text.trim())?;
    let mut log = Log { format: Format::WebAccess, names, event };
    log.event.time = log.event.time.or(Some(line.time));
    log.push("timestamp", line.stamp);
    log.push("c-ip", line.client);
    log.push_host(line.host);
    log.push("cs-username", line.user);
    push_request(Format::WebAccess, line.request, log.names, log.event);
    let mut rest = line.rest;
    log.push("sc-status", word(&mut rest));
    log.push("sc-bytes", word(&mut rest));
    for name in ["cs-referer", "cs-user-agent"] {
        if rest.starts_with('"') {
            log.push(name, word(&mut rest));
        }
    }
    for _ in 0..EXTRAS_MAX {
        if rest.is_empty() {
            break;
        }
        let quoted = rest.starts_with('"');
        let extra = word(&mut rest);
        let first = extra.split(',').next().unwrap_or_default();
        if quoted && is_address(first) {
            log.push("x-forwarded-for", extra);
        } else if extra != "-" && !extra.is_empty() {
            log.push("extra", extra);
        }
    }
    Ok(())
}

/// Reads Squid's own format: `time elapsed client action/status bytes method URL user hierarchy/peer type`.
pub(crate) fn parse_squid(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let mut log = Log { format: Format::Squid, names, event };
    let mut words = text.split_ascii_whitespace();
    let mut next = |name: &str| words.next().ok_or_else(|| format!("the line ends before {name}"));
    let stamp = next("the time")?;
    let time = time::read(stamp).ok_or_else(|| format!("{:?} at column 1 is no time", short(stamp)))?;
    let elapsed = next("the duration")?;
    let client = next("the client")?;
    let action = next("the action")?;
    let bytes = next("the size")?;
    let method = next("the method")?;
    let url = next("the URL")?;
    let (result, status) =
        action.split_once('/').ok_or_else(|| format!("{:?} is no action and status", short(action)))?;
    log.event.time = log.event.time.or(Some(time));
    log.push("timestamp", stamp);
    log.push("time-taken", elapsed);
    log.push("c-ip", client);
    log.push("action", result);
    log.push("sc-status", status);
    log.push("sc-bytes", bytes);
    log.push("cs-method", method);
    uri::push(log.format, "c-uri", url, method == "CONNECT", log.names, log.event);
    log.push("cs-username", words.next().unwrap_or("-"));
    if let Some((hierarchy, peer)) = words.next().and_then(|word| word.split_once('/')) {
        log.push("hierarchy", hierarchy);
        log.push(if is_address(peer) { "r-ip" } else { "r-dns" }, peer);
    }
    log.push("rs-content-type", words.next().unwrap_or("-"));
    Ok(())
}

/// Adds `GET /path?query HTTP/1.1` as its parts. What is no request (a TLS hello on port 80) is kept as `cs-uri`.
pub(crate) fn push_request(format: Format, request: &str, names: &mut Names, event: &mut Event) {
    let mut log = Log { format, names, event };
    let (method, rest) = request.split_once(' ').unwrap_or(("", request));
    let is_method = (3..=20).contains(&method.len())
        && method.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'_');
    if !is_method {
        return log.push("cs-uri", request);
    }
    let (target, version) = match rest.rsplit_once(' ') {
        Some((target, version)) if version.starts_with("HTTP/") || version.starts_with("RTSP/") => {
            (target, version)
        }
        _ => (rest, ""),
    };
    log.push("cs-method", method);
    // Only a proxy is asked for a whole URL.
    let name = if target.contains("://") && !target.starts_with('/') { "c-uri" } else { "cs-uri" };
    uri::push(format, name, target, method == "CONNECT", log.names, log.event);
    if !version.is_empty() {
        log.push("cs-version", version);
    }
}

/// Adds the parts of a path and query that stand in two columns as the one `cs-uri` they were.
pub(crate) fn push_joined(format: Format, stem: &str, query: &str, names: &mut Names, event: &mut Event) {
    let name = names.id(format, "cs-uri");
    if query.is_empty() || query == "-" {
        event.push_text(name, stem);
    } else {
        event.push_text(name, &format!("{stem}?{query}"));
    }
}

/// Whether a line is an access log's: a client, a time in brackets, a quoted request and a status.
pub(crate) fn looks_like(line: &str) -> bool {
    Line::read(line.trim()).is_ok_and(|line| {
        let mut rest = line.rest;
        let status = word(&mut rest);
        status.len() == 3 && status.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Whether a line is Squid's: an epoch with milliseconds, a duration, a client, `ACTION/status`.
pub(crate) fn looks_like_squid(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let (Some(stamp), Some(elapsed), Some(client), Some(action)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return false;
    };
    let epoch = stamp.split_once('.').is_some_and(|(seconds, _)| (9..=10).contains(&seconds.len()));
    let acted = action.split_once('/').is_some_and(|(result, status)| {
        is_result(result) && status.len() <= 3 && status.parse::<u16>().is_ok()
    });
    epoch
        && time::read(stamp).is_some()
        && elapsed.trim_start_matches('-').parse::<u64>().is_ok()
        && !client.is_empty()
        && acted
}

/// `TCP_MISS`, `TCP_TUNNEL_ABORTED`, `NONE`.
fn is_result(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

/// An access line cut in its parts.
struct Line<'a> {
    host: &'a str,
    client: &'a str,
    user: &'a str,
    stamp: &'a str,
    time: Timestamp,
    request: &'a str,
    rest: &'a str,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Result<Self, String> {
        let (before, stamp, time, after) = bracketed_time(line).ok_or("no time in brackets")?;
        let column = |rest: &str| line.len() - rest.len() + 1;
        let mut rest = after.trim_start();
        if !rest.starts_with('"') {
            return Err(format!("no quoted request at column {}", column(rest)));
        }
        let request = word(&mut rest);
        let (host, client, user) = who(before).ok_or("no client before the time")?;
        Ok(Self { host, client, user, stamp, time, request, rest })
    }
}

/// The first bracket that holds a time: what stands before it, the time as written and as read, what follows.
fn bracketed_time(line: &str) -> Option<(&str, &str, Timestamp, &str)> {
    let mut from = 0;
    for _ in 0..BRACKETS_MAX {
        let at = from + line.get(from..)?.find('[')?;
        let (inside, after) = line.get(at + 1..)?.split_once(']')?;
        if inside.len() <= 48
            && inside.contains(':')
            && let Some(time) = time::read(inside)
        {
            return Some((line.get(..at)?, inside, time, after));
        }
        from = at + 1;
    }
    None
}

/// Virtual host, client and user from the words before the time: usually `client ident user`.
fn who(before: &str) -> Option<(&str, &str, &str)> {
    let mut words: [&str; LEADING_WORDS_MAX] = [""; LEADING_WORDS_MAX];
    let mut count = 0;
    for word in before.split_ascii_whitespace() {
        *words.get_mut(count)? = word;
        count += 1;
    }
    let words = words.get(..count)?;
    let place = words.iter().position(|word| is_address(split_port(word).0));
    let place = place.unwrap_or(usize::from(count > 3));
    let client = *words.get(place)?;
    if !is_address(split_port(client).0) && !is_host_name(client) {
        return None;
    }
    let host = if place > 0 { *words.first()? } else { "-" };
    // client ident user; a request id may stand between ident and user.
    let user = if count > place + 2 { words.last()? } else { "-" };
    Some((host, split_port(client).0, user))
}

fn is_host_name(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// The next word, or the inside of the next quotes with their escapes as written, without what follows it.
fn word<'a>(rest: &mut &'a str) -> &'a str {
    let text = rest.trim_start();
    if let Some(inside) = text.strip_prefix('"') {
        let mut escaped = false;
        let end = inside.bytes().position(|byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        });
        let end = end.unwrap_or(inside.len());
        *rest = inside.get(end + 1..).unwrap_or_default().trim_start();
        return inside.get(..end).unwrap_or_default();
    }
    let (word, after) = text.split_once(' ').unwrap_or((text, ""));
    *rest = after.trim_start();
    word
}

/// The first characters of a value, for a message.
fn short(text: &str) -> &str {
    text.char_indices().nth(32).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// The event being filled, under one format's names.
struct Log<'a> {
    format: Format,
    names: &'a mut Names,
    event: &'a mut Event,
}

impl Log<'_> {
    fn push(&mut self, name: &str, value: &str) {
        let id = self.names.id(self.format, name);
        if value == "-" {
            self.event.push(id, Kind::Null, "");
        } else {
            self.event.push_untyped(id, value);
        }
    }

    /// The virtual host and its port; nothing where the line has no column for it.
    fn push_host(&mut self, host: &str) {
        if host == "-" {
            return;
        }
        let (host, port) = split_port(host);
        self.push("cs-host", host);
        if !port.is_empty() {
            self.push("s-port", port);
        }
    }
}

#[cfg(test)]
mod tests;
