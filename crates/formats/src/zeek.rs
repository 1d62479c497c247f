//! Zeek logs as tab-separated values.

use crate::read::Dialect;
use crate::{Event, Kind, NameId};

/// What the header lines of a Zeek log say besides the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ZeekHeader {
    /// The log's name: `conn`, `dns` …
    pub(crate) path: String,
    separator: u8,
    set_separator: u8,
    empty: String,
    unset: String,
    types: Vec<Type>,
}

impl Default for ZeekHeader {
    fn default() -> Self {
        Self {
            path: String::new(),
            separator: b'\t',
            set_separator: b',',
            empty: "(empty)".to_owned(),
            unset: "-".to_owned(),
            types: Vec::new(),
        }
    }
}

/// What matters of a column's type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Type {
    list: bool,
    element: Element,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Element {
    #[default]
    Text,
    Number,
    Boolean,
}

/// Takes in one line that begins with `#`. Says whether it was one of Zeek's.
pub(crate) fn header(line: &str, dialect: &mut Dialect) -> bool {
    let zeek = &mut dialect.zeek;
    if let Some(separator) = line.strip_prefix("#separator ") {
        zeek.separator = unescape(separator.trim()).bytes().next().unwrap_or(b'\t');
        return true;
    }
    let mut parts = line.split(char::from(zeek.separator));
    let (word, first) = (parts.next().unwrap_or_default(), parts.next());
    match (word, first) {
        ("#set_separator", Some(text)) => zeek.set_separator = text.bytes().next().unwrap_or(b','),
        ("#empty_field", Some(text)) => text.clone_into(&mut zeek.empty),
        ("#unset_field", Some(text)) => text.clone_into(&mut zeek.unset),
        ("#path", Some(text)) => text.clone_into(&mut zeek.path),
        ("#fields", Some(first)) => {
            dialect.columns = std::iter::once(first).chain(parts).map(str::to_owned).collect();
            zeek.types.clear();
        }
        ("#types", Some(first)) => zeek.types = std::iter::once(first).chain(parts).map(read_type).collect(),
        ("#open" | "#close", _) => {}
        _ => return false,
    }
    true
}

fn read_type(word: &str) -> Type {
    let element = |word: &str| match word {
        "bool" => Element::Boolean,
        "time" | "interval" | "count" | "int" | "double" | "port" => Element::Number,
        _ => Element::Text,
    };
    let inner = word.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']'));
    match inner {
        Some(inner) => Type { list: true, element: element(inner) },
        None => Type { list: false, element: element(word) },
    }
}

/// Reads one row. `ids` are the names of the columns, `path` the name under which the log's own name goes.
pub(crate) fn parse(
    text: &str,
    dialect: &Dialect,
    ids: &[NameId],
    path: NameId,
    event: &mut Event,
) -> Result<(), String> {
    let zeek = &dialect.zeek;
    if ids.is_empty() {
        return Err("no #fields line stands before this Zeek row".to_owned());
    }
    let columns = memchr::memchr_iter(zeek.separator, text.as_bytes()).count() + 1;
    if columns != ids.len() {
        return Err(format!("the row has {columns} columns where #fields names {}", ids.len()));
    }
    if !zeek.path.is_empty() {
        event.push_text(path, &zeek.path);
    }
    for (column, (value, &id)) in text.split(char::from(zeek.separator)).zip(ids).enumerate() {
        let kind = zeek.types.get(column).copied().unwrap_or_default();
        if value == zeek.unset {
        } else if value == zeek.empty {
            event.push(id, if kind.list { Kind::Null } else { Kind::Text }, "");
        } else if kind.list {
            for element in value.split(char::from(zeek.set_separator)) {
                push(event, id, kind.element, element, &zeek.unset);
            }
        } else {
            push(event, id, kind.element, value, &zeek.unset);
        }
    }
    Ok(())
}

fn push(event: &mut Event, id: NameId, element: Element, value: &str, unset: &str) {
    match element {
        _ if value == unset => {}
        Element::Boolean if value == "T" => event.push(id, Kind::Boolean, "true"),
        Element::Boolean if value == "F" => event.push(id, Kind::Boolean, "false"),
        Element::Number if value.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
            event.push(id, Kind::Number, value);
        }
        _ if value.contains("\\x") => event.push_text(id, &unescape(value)),
        _ => event.push_text(id, value),
    }
}

/// Undoes `\x09`.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match rest {
            [b'\\', b'x', high, low, ..] => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { rest.get(4..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// What Zeek calls its logs, for files that are named after them.
pub(crate) const LOGS: [&str; 62] = [
    "analyzer",
    "bacnet",
    "capture_loss",
    "conn",
    "dce_rpc",
    "dhcp",
    "dnp3",
    "dns",
    "dpd",
    "enip",
    "files",
    "ftp",
    "http",
    "intel",
    "ipsec",
    "irc",
    "kerberos",
    "known_certs",
    "known_hosts",
    "known_modbus",
    "known_services",
    "ldap",
    "ldap_search",
    "loaded_scripts",
    "modbus",
    "modbus_register_change",
    "mqtt_connect",
    "mqtt_publish",
    "mqtt_subscribe",
    "mysql",
    "netcontrol",
    "notice",
    "notice_alarm",
    "ntlm",
    "ntp",
    "ocsp",
    "packet_filter",
    "pe",
    "postgresql",
    "profinet",
    "quic",
    "radius",
    "rdp",
    "redis",
    "reporter",
    "rfb",
    "signatures",
    "sip",
    "smb_cmd",
    "smb_files",
    "smb_mapping",
    "smtp",
    "snmp",
    "socks",
    "software",
    "ssh",
    "ssl",
    "stats",
    "syslog",
    "tunnel",
    "weird",
    "x509",
];
