//! A role for names that stand in no table, from the words in them.
//!
//! A guess is careful because it is only ever half of the answer: whoever takes an observable checks that the value is
//! an address, a digest or a URL before keeping it.

use crate::Role;

/// The most words of a name that are looked at, from its end.
const WORDS_MAX: usize = 6;

/// What a field says, as far as its name tells.
pub(super) fn role(path: &str) -> Option<Role> {
    let words = words(path);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let (last, before) = (word(0), word(1));
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    if has(&["md5", "sha1", "sha256", "sha512", "hash", "hashes"]) {
        return Some(Role::Hash);
    }
    if has(&["mac", "macaddr", "agent", "useragent", "count", "type", "length", "size", "id", "version"]) {
        return None;
    }
    if has(&["email", "mail", "mailfrom", "emailaddress", "upn"])
        || matches!((before, last), ("from" | "to", "address"))
    {
        return Some(Role::Mail);
    }
    let source = has(SOURCE);
    let destination = !source && has(DESTINATION);
    match last {
        "ip" | "ips" | "ipaddr" | "ipaddress" | "ipv4" | "ipv6" | "clientip" | "srcip" | "dstip" | "addr"
        | "sourceip" | "destip" | "remoteip" | "srcaddr" | "dstaddr" => {
            Some(address(&words, source, destination))
        }
        "address" | "addresses" if before == "ip" || source || destination => {
            Some(address(&words, source, destination))
        }
        "port" if source => Some(Role::SourcePort),
        "port" if destination => Some(Role::DestinationPort),
        "srcport" | "sport" | "spt" => Some(Role::SourcePort),
        "dstport" | "dport" | "dpt" | "destport" => Some(Role::DestinationPort),
        "url" | "uri" | "urls" | "href" | "referer" | "referrer" | "link" => Some(Role::Url),
        "domain" | "domains" | "fqdn" | "sni" | "qname" | "rrname" | "domainname" => Some(Role::Domain),
        "name" if before == "domain" || before == "dns" => Some(Role::Domain),
        "host" | "hostname" if destination => Some(Role::Domain),
        "host" | "hostname" | "computer" | "computername" | "devicename" => Some(Role::Host),
        "name" if matches!(before, "host" | "computer" | "device" | "machine") => Some(Role::Host),
        "user" | "username" | "usr" | "login" | "account" | "accountname" | "userid" => Some(Role::User),
        "name" if matches!(before, "user" | "account" | "login") => Some(Role::User),
        "timestamp" | "datetime" | "eventtime" if words.len() == 1 => Some(Role::Time),
        "time"
            if words.len() == 2 && matches!(before, "event" | "log" | "date" | "receipt" | "generated") =>
        {
            Some(Role::Time)
        }
        _ => None,
    }
}

const SOURCE: &[&str] = &[
    "src",
    "source",
    "client",
    "remote",
    "orig",
    "originating",
    "caller",
    "attacker",
    "peer",
    "srcip",
    "srcaddr",
    "clientip",
    "sourceip",
    "remoteip",
    "forwarded",
    "actor",
    "login",
];
const DESTINATION: &[&str] = &[
    "dst",
    "dest",
    "destination",
    "resp",
    "server",
    "target",
    "dstip",
    "dstaddr",
    "destip",
    "victim",
    "request",
];

fn address(words: &[String], source: bool, destination: bool) -> Role {
    // A translated address is neither side's own.
    let translated = words.iter().any(|word| word == "nat" || word == "translated");
    match (source, destination) {
        _ if translated => Role::Address,
        (true, _) => Role::SourceAddress,
        (_, true) => Role::DestinationAddress,
        _ => Role::Address,
    }
}

/// The words of a name in small letters, last first: `sourceIPAddress` is `address`, `ip`, `source`.
fn words(path: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let characters: Vec<char> = path.chars().rev().take(96).collect();
    for (at, &character) in characters.iter().enumerate() {
        if words.len() == WORDS_MAX {
            break;
        }
        if !character.is_alphanumeric() {
            finish(&mut word, &mut words);
            continue;
        }
        word.insert(0, character.to_ascii_lowercase());
        // Read backwards: a capital begins a word when what precedes it is small, or what follows it is.
        let previous_small = characters.get(at + 1).is_some_and(|c| c.is_ascii_lowercase());
        let next_small = at > 0 && characters.get(at - 1).is_some_and(|c| c.is_ascii_lowercase());
        if character.is_ascii_uppercase() && (previous_small || next_small) {
            finish(&mut word, &mut words);
        }
    }
    if words.len() < WORDS_MAX {
        finish(&mut word, &mut words);
    }
    words
}

fn finish(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}
