//! Addresses and ports in running text.

use std::net::{IpAddr, Ipv6Addr};

use crate::{Event, Format, Names};

/// How many addresses are taken from one message.
const ADDRESSES_MAX: usize = 8;

/// Whether a text is an IPv4 or IPv6 address and nothing else.
pub(crate) fn is_address(text: &str) -> bool {
    text.len() >= 2 && text.len() <= 45 && text.parse::<IpAddr>().is_ok()
}

/// `10.0.0.1:443`, `[2001:db8::1]:443`, `10.0.0.1#53`, `10.0.0.1/443`, `10.0.0.1`: address or host, and port.
pub(crate) fn split_port(text: &str) -> (&str, &str) {
    if is_address(text) {
        return (text, "");
    }
    if let Some((host, port)) = text.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        return (host, port.trim_start_matches(':'));
    }
    match text.rsplit_once([':', '#', '/']) {
        Some((host, port))
            if !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()) =>
        {
            (host, port)
        }
        _ => (text, ""),
    }
}

/// Adds host and port under two names; nothing for an empty host.
pub(super) fn push_endpoint(
    format: Format,
    (host_name, port_name): (&str, &str),
    text: &str,
    names: &mut Names,
    event: &mut Event,
) {
    let (host, port) = split_port(text);
    if !host.is_empty() {
        event.push_text(names.id(format, host_name), host);
    }
    if !port.is_empty() {
        event.push_untyped(names.id(format, port_name), port);
    }
}

/// Adds the addresses a message mentions as `related.ip`, each once: nobody knows their part in what happened, and
/// still they can be found again.
pub(crate) fn push_addresses(format: Format, message: &str, names: &mut Names, event: &mut Event) {
    let mut found = [""; ADDRESSES_MAX];
    let mut count = 0;
    let mut from = 0;
    while count < ADDRESSES_MAX
        && let Some((word, end)) = next_candidate(message, from)
    {
        from = end;
        let Some(address) = address_in(word) else { continue };
        if !found.contains(&address)
            && let Some(place) = found.get_mut(count)
        {
            *place = address;
            count += 1;
        }
    }
    if count > 0 {
        let name = names.id(format, "related.ip");
        found.iter().take(count).for_each(|address| event.push_text(name, address));
    }
}

/// The next word at or after `from` that has a full stop or a colon among hexadecimal digits, and where it ends.
fn next_candidate(message: &str, mut from: usize) -> Option<(&str, usize)> {
    let bytes = message.as_bytes();
    let belongs = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    loop {
        let mark = from + memchr::memchr2(b'.', b':', bytes.get(from..)?)?;
        let before = bytes.get(from..mark)?.iter().rev().take_while(|byte| belongs(byte)).count();
        let after = bytes.get(mark..)?.iter().take_while(|byte| belongs(byte)).count();
        from = mark + after;
        // The shortest are `1.1.1.1` and, to keep clear of clocks and ratios, `fe80::1`.
        if before + after >= 7 {
            return Some((message.get(mark - before..from)?, from));
        }
    }
}

/// An address at the start of a word: a port or a full stop may follow it.
fn address_in(word: &str) -> Option<&str> {
    let word = word.trim_matches(['.', ':']);
    let colons = word.bytes().filter(|b| *b == b':').count();
    if colons >= 2 {
        // A clock (12:34:56) is no address.
        let groups = word.contains("::") || colons == 7;
        return (groups && word.len() <= 45 && word.parse::<Ipv6Addr>().is_ok()).then_some(word);
    }
    let host = word.split(':').next()?;
    let dotted =
        host.starts_with(|c: char| c.is_ascii_digit()) && host.bytes().filter(|b| *b == b'.').count() == 3;
    (dotted && is_address(host) && !host.starts_with("0.")).then_some(host)
}
