//! PAN-OS firewalls write values by position: `1,2024/01/12 11:21:15,serial,THREAT,url,…`.

use super::Fields;
use crate::time;

/// The kinds of record.
const TYPES: [&str; 14] = [
    "TRAFFIC",
    "THREAT",
    "SYSTEM",
    "CONFIG",
    "USERID",
    "GLOBALPROTECT",
    "HIPMATCH",
    "HIP-MATCH",
    "AUTH",
    "AUTHENTICATION",
    "DECRYPTION",
    "WILDFIRE",
    "CORRELATION",
    "SCTP",
];

/// The most values looked at.
const VALUES_MAX: usize = 56;

/// Where a value of traffic and threat records stands, and its ECS name.
const COMMON: [(usize, &str); 20] = [
    (7, "source.ip"),
    (8, "destination.ip"),
    (9, "source.nat.ip"),
    (10, "destination.nat.ip"),
    (11, "rule.name"),
    (12, "source.user.name"),
    (13, "destination.user.name"),
    (14, "network.application"),
    (15, "panos.virtual_sys"),
    (16, "observer.ingress.zone"),
    (17, "observer.egress.zone"),
    (18, "observer.ingress.interface.name"),
    (19, "observer.egress.interface.name"),
    (22, "panos.session_id"),
    (24, "source.port"),
    (25, "destination.port"),
    (26, "source.nat.port"),
    (27, "destination.nat.port"),
    (29, "network.transport"),
    (30, "event.action"),
];

const TRAFFIC: [(usize, &str); 3] = [(32, "source.bytes"), (33, "destination.bytes"), (37, "panos.category")];

const THREAT: [(usize, &str); 9] = [
    (32, "panos.threat.name"),
    (33, "panos.category"),
    (34, "log.level"),
    (35, "network.direction"),
    (43, "file.hash.sha256"),
    (46, "user_agent.original"),
    (49, "http.request.referrer"),
    (50, "email.from.address"),
    (52, "email.to.address"),
];

/// Whether a message is such a record.
pub(in super::super) fn looks_like(message: &str) -> bool {
    if !message.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let mut values = message.splitn(5, ',');
    let short = |value: Option<&str>| value.is_some_and(|value| (1..=4).contains(&value.trim().len()));
    short(values.next())
        && values.next().is_some_and(|time| time.contains('/') && time.contains(':'))
        && values.nth(1).is_some_and(|kind| TYPES.contains(&kind))
}

/// Reads the values that have a name here.
pub(super) fn read(message: &str, fields: &mut Fields<'_>) -> bool {
    if !looks_like(message) {
        return false;
    }
    let values = split(message);
    let value = |at: usize| values.get(at).map_or("", String::as_str);
    let when = time::read(value(6)).or_else(|| time::read(value(1)));
    fields.event.time = when.or(fields.event.time);
    fields.push("observer.vendor", "Palo Alto Networks");
    fields.push("observer.serial_number", value(2));
    fields.push("panos.type", value(3));
    fields.push("panos.subtype", value(4));
    let own: &[(usize, &str)] = match value(3) {
        "TRAFFIC" => &TRAFFIC,
        "THREAT" => &THREAT,
        _ => {
            super::push_addresses(fields.format, message, fields.names, fields.event);
            return true;
        }
    };
    for (at, name) in COMMON.iter().chain(own) {
        fields.push(name, value(*at));
    }
    if value(3) == "THREAT" {
        // One place holds the URL of a web request and the name of a file.
        let name = if value(4) == "url" { "url.original" } else { "file.name" };
        fields.push(name, value(31));
    }
    true
}

/// The values between commas; quotes hold commas together and a doubled quote stands for one.
fn split(message: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut quoted = false;
    let mut characters = message.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                values.last_mut().into_iter().for_each(|value| value.push('"'));
            }
            '"' => quoted = !quoted,
            ',' if !quoted => {
                if values.len() == VALUES_MAX {
                    break;
                }
                values.push(String::new());
            }
            other => values.last_mut().into_iter().for_each(|value| value.push(other)),
        }
    }
    values
}
