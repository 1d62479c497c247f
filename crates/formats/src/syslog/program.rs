//! What well-known programs say in their messages, as fields with ECS names.
//!
//! Only what is cheap and certain; a message nobody here knows still gives the addresses in it.

use super::cisco;
use super::endpoint::{push_addresses, push_endpoint};
use crate::{Event, Format, Names, access, key_value};

mod daemon;
mod mail;
mod palo_alto;

pub(super) use daemon::is_packet;
pub(super) use palo_alto::looks_like as is_palo_alto;

/// Reads the message of a program.
pub(super) fn read(format: Format, program: &str, message: &str, names: &mut Names, event: &mut Event) {
    let mut fields = Fields { format, names, event };
    if cisco::mnemonic(message).is_some() {
        return cisco::read(format, program, message, fields.names, fields.event);
    }
    // `postfix/smtpd`, `crond(pam_unix)`, `/usr/sbin/cron` and `sshd-session` are what they begin or end with.
    let name = program.split('(').next().unwrap_or_default();
    let (family, part) = name.split_once('/').unwrap_or((name, ""));
    let known = match family {
        "sshd" | "sshd-session" | "sshd-auth" => daemon::sshd(message, &mut fields),
        "sudo" => daemon::sudo(message, &mut fields),
        "su" => daemon::su(message, &mut fields),
        "CRON" | "cron" | "crond" | "CROND" | "anacron" => daemon::cron(message, &mut fields),
        "postfix" | "dovecot" | "exim" | "sendmail" | "sm-mta" => mail::read(part, message, &mut fields),
        "named" => daemon::named(message, &mut fields),
        "unbound" => daemon::unbound(message, &mut fields),
        "dnsmasq" => daemon::dnsmasq(message, &mut fields),
        "dhcpd" | "dnsmasq-dhcp" => daemon::dhcpd(message, &mut fields),
        "haproxy" => daemon::haproxy(message, &mut fields),
        "kernel" => daemon::packet(message, &mut fields),
        _ if name.ends_with("httpd") || name.starts_with("nginx") || name.starts_with("apache") => {
            access::looks_like(message) && access::parse_web(message, fields.names, fields.event).is_ok()
        }
        _ => false,
    };
    let known = known
        || palo_alto::read(message, &mut fields)
        || daemon::pam(message, &mut fields)
        || daemon::packet(message, &mut fields);
    if !known {
        push_addresses(format, message, fields.names, fields.event);
    }
}

/// Reads the message of a program that is not named: what some write to a file of their own. Whether it was known.
pub(crate) fn read_anonymous(format: Format, message: &str, names: &mut Names, event: &mut Event) -> bool {
    let mut fields = Fields { format, names, event };
    let fields = &mut fields;
    let has = |mark: u8| memchr::memchr(mark, message.as_bytes()).is_some();
    palo_alto::read(message, fields)
        || (has(b'@') && message.contains("client @") && daemon::named(message, fields))
        || (has(b'=') && daemon::packet(message, fields))
        || (message.starts_with("DHCP") && daemon::dhcpd(message, fields))
        || daemon::haproxy(message, fields)
}

/// The event being filled.
struct Fields<'a> {
    format: Format,
    names: &'a mut Names,
    event: &'a mut Event,
}

impl Fields<'_> {
    /// Adds a value; an empty one is left out.
    fn push(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.event.push_untyped(self.names.id(self.format, name), value);
        }
    }

    fn source(&mut self, endpoint: &str) {
        let pair = ("source.ip", "source.port");
        push_endpoint(self.format, pair, endpoint, self.names, self.event);
    }

    fn pairs(&mut self, text: &str) -> usize {
        key_value::push_pairs(text, self.names, self.event)
    }
}

/// The text between two marks.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inside, _)| inside)
}

/// The word after a mark: up to a blank or a comma.
fn word_after<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    let word = rest.split([' ', ',']).next()?;
    (!word.is_empty()).then_some(word)
}
