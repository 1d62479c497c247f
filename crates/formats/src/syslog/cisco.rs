//! Cisco's `%FACILITY-SEVERITY-MNEMONIC: text` (IOS, NX-OS, ASA, FTD) and Huawei's `%%01MODULE/SEVERITY/NAME(l): text`.

use super::endpoint::{push_addresses, push_endpoint};
use crate::{Event, Format, Names};

/// `%ASA-6-302013` or `%%01BGP/3/BGP_AUTH_FAILED` at the start of a message, without the percent signs.
pub(super) fn mnemonic(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('%')?;
    if let Some(huawei) = inside.strip_prefix("%01") {
        let end = huawei.bytes().take(64).position(|b| matches!(b, b'(' | b':' | b'[' | b' '))?;
        let word = inside.get(1..end + 3)?;
        return (word.bytes().filter(|b| *b == b'/').count() == 2).then_some(word);
    }
    let end = inside.bytes().take(64).position(|b| b == b':' || b == b' ')?;
    let word = inside.get(..end)?;
    let mut parts = word.split('-');
    let facility = parts.next()?;
    let upper = facility.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let severity = parts.any(|part| matches!(part.as_bytes(), [b'0'..=b'7']));
    (upper && !facility.is_empty() && severity).then_some(word)
}

/// Reads the severity, and the endpoints of the firewalls' messages: `from inside:10.0.0.1/123 to outside:…`.
pub(super) fn read(format: Format, mnemonic: &str, message: &str, names: &mut Names, event: &mut Event) {
    if let Some(severity) = mnemonic.split('-').find(|part| matches!(part.as_bytes(), [b'0'..=b'7'])) {
        event.push_untyped(names.id(format, "event.severity"), severity);
    }
    if let Some(code) = mnemonic.rsplit('-').next() {
        event.push_untyped(names.id(format, "event.code"), code);
    }
    let (mut source, mut destination) = (false, false);
    let mut words = message.split(' ').map(|word| word.trim_matches([',', ';', '(', ')']));
    while let Some(word) = words.next() {
        let side = match word {
            "from" | "src" | "faddr" if !source => ("source.ip", "source.port"),
            "to" | "dst" | "gaddr" if !destination => ("destination.ip", "destination.port"),
            "user" | "User" | "username" | "Username" => {
                if let Some(user) = words.next() {
                    let user = user.trim_matches(['<', '>', '\'', '"']);
                    event.push_text(names.id(format, "user.name"), user);
                }
                continue;
            }
            _ => continue,
        };
        let Some(endpoint) = words.next().map(after_interface) else { break };
        if super::is_address(super::split_port(endpoint).0) {
            source |= side.0 == "source.ip";
            destination |= side.0 == "destination.ip";
            push_endpoint(format, side, endpoint, names, event);
        }
    }
    if !source && !destination {
        push_addresses(format, message, names, event);
    }
}

/// `outside:10.0.0.1/80` without the interface and the name in brackets.
fn after_interface(endpoint: &str) -> &str {
    let endpoint = endpoint.split('(').next().unwrap_or_default().trim_end_matches('.');
    match endpoint.split_once(':') {
        Some((interface, rest))
            if interface.bytes().any(|b| b.is_ascii_alphabetic()) && !super::is_address(endpoint) =>
        {
            rest
        }
        _ => endpoint,
    }
}
