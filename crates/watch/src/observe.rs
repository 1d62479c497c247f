//! What of an event could be seen elsewhere too, and who did it to whom.

use std::net::IpAddr;

use base::{Observable, ObservableKind};
use formats::{Event, Names, Role};

/// Observables kept of one event; the rest stays searchable as text.
pub const OBSERVABLES_MAX: usize = 64;

/// The longest URL kept as an observable.
pub const URL_BYTES_MAX: usize = 2_048;

/// A value in the normal form of its kind, or `None` when it is not of that kind or says nothing (loopback,
/// unspecified and multicast addresses; names without a dot; digests of zeros).
pub fn normal(kind: ObservableKind, text: &str) -> Option<Observable> {
    let text = text.trim();
    let value = match kind {
        ObservableKind::Address => address(text)?,
        ObservableKind::Domain => domain(text)?,
        ObservableKind::Url => url(text)?,
        ObservableKind::Hash => hash(text)?,
        ObservableKind::Mail => mail(text)?,
    };
    Some(Observable { kind, value })
}

fn address(text: &str) -> Option<String> {
    let text = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = text.split('%').next()?.parse::<IpAddr>().ok()?.to_canonical();
    let says_something = !address.is_loopback()
        && !address.is_unspecified()
        && !address.is_multicast()
        && address != IpAddr::V4(std::net::Ipv4Addr::BROADCAST);
    says_something.then(|| address.to_string())
}

fn domain(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let last = text.rsplit('.').next()?;
    let labels_are_sound = text.split('.').all(|label| {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte >= 0x80;
        !label.is_empty() && label.len() <= 63 && label.bytes().all(sound)
    });
    let looks_like_a_name = last.bytes().any(|byte| byte.is_ascii_alphabetic() || byte >= 0x80);
    (text.len() <= 253 && text.contains('.') && labels_are_sound && looks_like_a_name)
        .then(|| text.to_lowercase())
}

/// The host of a URL, without user, port and brackets.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    if let Some(inside) = host.strip_prefix('[') {
        return inside.split(']').next();
    }
    host.split(':').next()
}

fn url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let sound = !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && text.len() <= URL_BYTES_MAX
        && !text.bytes().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control());
    host_of(text).filter(|host| sound && !host.is_empty())?;
    let rest = rest.split('#').next()?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    Some(format!("{}://{}{path}", scheme.to_ascii_lowercase(), authority.to_lowercase()))
}

fn hash(text: &str) -> Option<String> {
    let hex = matches!(text.len(), 32 | 40 | 64 | 128) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hex && text.bytes().any(|byte| byte != b'0')).then(|| text.to_ascii_lowercase())
}

fn mail(text: &str) -> Option<String> {
    let inner = text.rsplit_once('<').map_or(text, |(_, rest)| rest.trim_end_matches('>'));
    let (local, host) = inner.rsplit_once('@')?;
    let sound = !local.is_empty() && local.len() <= 64 && !local.contains([' ', '<', '>', ',', ';', '"']);
    let host = domain(host).filter(|_| sound)?;
    Some(format!("{}@{host}", local.to_lowercase()))
}

/// Everything in the event that could be seen elsewhere too, each once, at most [`OBSERVABLES_MAX`].
pub fn observables(names: &Names, event: &Event) -> Vec<Observable> {
    let mut found = Vec::new();
    for field in event.fields() {
        if let Some(role) = names.role(field.name) {
            observe(role, event.value(field).text, &mut found);
        }
    }
    found
}

fn observe(role: Role, text: &str, found: &mut Vec<Observable>) {
    let mut keep = |kind, text: &str| {
        if let Some(observable) = normal(kind, text)
            && found.len() < OBSERVABLES_MAX
            && !found.contains(&observable)
        {
            found.push(observable);
        }
    };
    match role {
        Role::SourceAddress | Role::DestinationAddress | Role::Address => keep(ObservableKind::Address, text),
        // A name field may hold an address (HTTP's Host, TLS's SNI), and a port behind it.
        Role::Domain => {
            let host = text.split_once(':').map_or(text, |(host, _)| host);
            keep(ObservableKind::Domain, host);
            keep(ObservableKind::Address, host);
        }
        Role::Url => {
            keep(ObservableKind::Url, text);
            // CONNECT names a host and a port only.
            let host = host_of(text).or_else(|| connect_host(text)).unwrap_or_default();
            keep(ObservableKind::Domain, host);
            keep(ObservableKind::Address, host);
        }
        // Sysmon writes `MD5=…,SHA256=…,IMPHASH=…`; an import hash is not a file's digest.
        Role::Hash => {
            for part in text.split([',', ' ', ';', '|']) {
                let (name, digest) = part.split_once('=').unwrap_or(("", part));
                if !name.eq_ignore_ascii_case("imphash") {
                    keep(ObservableKind::Hash, digest);
                }
            }
        }
        Role::Mail => {
            for part in text.split([',', ' ']) {
                keep(ObservableKind::Mail, part);
                let host = part.rsplit_once('@').map_or("", |(_, host)| host.trim_end_matches('>'));
                keep(ObservableKind::Domain, host);
            }
        }
        Role::Time | Role::SourcePort | Role::DestinationPort | Role::Host | Role::User => {}
    }
}

/// Whether a value in this role gave the observable.
pub(crate) fn holds(role: Role, text: &str, observable: &Observable) -> bool {
    let mut found = Vec::new();
    observe(role, text, &mut found);
    found.contains(observable)
}

fn connect_host(text: &str) -> Option<&str> {
    let (host, port) = text.rsplit_once(':')?;
    (!port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())).then_some(host)
}

/// Who did it and to whom, as far as the event says: the source address, or the account, or the machine; the
/// destination address, or the machine.
pub fn parties(names: &Names, event: &Event) -> (String, String) {
    let first = |wanted: &[Role]| {
        wanted.iter().find_map(|role| {
            let told = |text: &&str| !matches!(*text, "" | "-" | "::" | "0.0.0.0" | "127.0.0.1" | "::1");
            let field = |field: &&formats::Field| names.role(field.name) == Some(*role);
            event.fields().iter().filter(field).map(|field| event.value(field).text).find(told)
        })
    };
    let actor = first(&[Role::SourceAddress, Role::User, Role::Host]);
    let target = first(&[Role::DestinationAddress, Role::Domain, Role::Host]);
    (actor.unwrap_or_default().to_owned(), target.unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ObservableKind::{Address, Domain, Hash, Mail, Url};

    #[track_caller]
    fn check(kind: ObservableKind, text: &str, expected: &str) {
        let value = normal(kind, text).map(|observable| observable.value).unwrap_or_default();
        assert_eq!(value, expected, "{kind} {text:?}");
    }

    #[test]
    fn a_value_has_one_normal_form() {
        check(Address, "::ffff:192.0.2.1", "192.0.2.1");
        check(Address, "[2001:DB8::0:1]", "2001:db8::1");
        check(Address, "fe80::1%eth0", "fe80::1");
        check(Domain, "WWW.Example.", "www.example");
        check(Domain, "日本.example", "日本.example");
        check(Url, "HTTP://User@Host.Example:8080/Path?q=A#frag", "http://user@host.example:8080/Path?q=A");
        check(Url, "https://host.example", "https://host.example/");
        check(Hash, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e");
        check(Mail, "Taro <TARO@Example.jp>", "taro@example.jp");
    }

    #[test]
    fn what_says_nothing_or_is_something_else_is_left_out() {
        for text in ["127.0.0.1", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "1.2.3", "host"] {
            check(Address, text, "");
        }
        for text in ["localhost", "1.2.3.4", "a..b", "-", "", "a b.c", "x".repeat(300).as_str()] {
            check(Domain, text, "");
        }
        for text in ["/path/only", "://x", "http://", "http://a b/"] {
            check(Url, text, "");
        }
        check(Hash, &"0".repeat(32), "");
        check(Hash, "abc", "");
        check(Mail, "@example.jp", "");
        check(Mail, "a@b", "");
    }

    fn seen(role: Role, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        observe(role, text, &mut found);
        found.iter().map(Observable::to_string).collect()
    }

    #[test]
    fn a_value_may_hold_several_observables() {
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(seen(Role::Hash, &format!("MD5={md5},IMPHASH={md5}")), [format!("hash:{md5}")]);
        assert_eq!(seen(Role::Hash, &format!("IMPHASH={md5}")), [""; 0]);
        assert_eq!(seen(Role::Url, "mail.example.jp:443"), ["domain:mail.example.jp"]);
        assert_eq!(seen(Role::Url, "http://192.0.2.7/a"), ["url:http://192.0.2.7/a", "address:192.0.2.7"]);
        assert_eq!(seen(Role::Domain, "www.example.jp:8080"), ["domain:www.example.jp"]);
        assert_eq!(seen(Role::Mail, "<a@evil.example>"), ["mail:a@evil.example", "domain:evil.example"]);
    }
}
