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
    let mut found: Vec<&str> = Vec::new();
    let words = message.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | ':')));
    for word in words.filter(|word| word.len() >= 7) {
        let Some(address) = address_in(word) else { continue };
        if found.len() == ADDRESSES_MAX {
            break;
        }
        if !found.contains(&address) {
            found.push(address);
        }
    }
    if !found.is_empty() {
        let name = names.id(format, "related.ip");
        found.into_iter().for_each(|address| event.push_text(name, address));
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
    (is_address(host) && !host.starts_with("0.")).then_some(host)
}
