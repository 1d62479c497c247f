//! What is known about each name once it has been met: which kind of log it betrays, and how well it tells the time.

use base::Timestamp;

use crate::{Event, Field, Format, Kind, Names, Role, time};

/// Facts by [`crate::NameId`], filled in as names are met.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    known: Vec<Fact>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Fact {
    mark: u32,
    /// 0: does not tell the time. Otherwise smaller is better.
    time_rank: u8,
}

/// What an event's names say together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    marks: u32,
    /// The field that tells the time best, by position.
    time: Option<usize>,
    /// The field that holds a record of its own, by position.
    pub(crate) message: Option<usize>,
}

const EVENT_TYPE: u32 = 1;
const TIMESTAMP: u32 = 1 << 1;
const TS: u32 = 1 << 2;
const ZEEK: u32 = 1 << 3;
const LEVEL: u32 = 1 << 4;
const WINLOG: u32 = 1 << 5;
const EVENT_ID: u32 = 1 << 6;
const CHANNEL: u32 = 1 << 7;
const BEATS_EVENT_ID: u32 = 1 << 8;
const BEATS_LOG: u32 = 1 << 9;
const MESSAGE: u32 = 1 << 10;

fn mark(path: &str) -> u32 {
    match path {
        "event_type" => EVENT_TYPE,
        "timestamp" => TIMESTAMP,
        "ts" => TS,
        "level" => LEVEL,
        "_path"
        | "uid"
        | "fuid"
        | "id.orig_h"
        | "_write_ts"
        | "peer"
        | "analyzer_kind"
        | "fingerprint"
        | "certificate.version"
        | "init"
        | "host"
        | "mac"
        | "client_fqdn"
        | "id" => ZEEK,
        "EventID" | "EventId" | "eventID" => EVENT_ID,
        "Channel" | "SourceName" | "ProviderName" | "Provider_Name" | "ProviderGuid" | "Computer" => CHANNEL,
        "winlog.event_id"
        | "winlog.channel"
        | "Event.System.EventID"
        | "Event.System.Channel"
        | "System.EventID"
        | "Event.EventData" => WINLOG,
        "event_id" => BEATS_EVENT_ID,
        "log_name" | "source_name" | "provider_guid" => BEATS_LOG,
        "message" | "MESSAGE" | "@message" | "_raw" | "event.original" | "log" | "raw" | "rawLog" => MESSAGE,
        _ => 0,
    }
}

fn time_rank(path: &str, role: Option<Role>) -> u8 {
    let (top, leaf) = match path.rsplit_once('.') {
        Some((_, leaf)) => (false, leaf),
        None => (true, path),
    };
    match leaf {
        "SystemTime" => 1,
        "TimeCreated" => 2,
        "UtcTime" => 3,
        "timestamp" | "@timestamp" | "ts" | "time" | "_time" | "eventTime" | "timestamp_utc" if top => 4,
        "EventTime" => 5,
        _ if role == Some(Role::Time) => 6 + u8::from(!top),
        _ if sounds_like_time(leaf) => 8 + u8::from(!top),
        _ => 0,
    }
}

/// `createdAt`, `query_timestamp`, `activityDateTime`: the last resort when nothing better is there.
fn sounds_like_time(leaf: &str) -> bool {
    let lower = leaf.to_ascii_lowercase();
    let endings = ["time", "timestamp", "date", "_at", "_ts", "seen", "created", "occurred", "occured"];
    let whole = ["t", "when", "start", "logged"];
    leaf.ends_with("At") || whole.contains(&&*lower) || endings.iter().any(|ending| lower.ends_with(ending))
}

impl Facts {
    /// Looks at every field once.
    pub(crate) fn summary(&mut self, names: &Names, event: &Event) -> Summary {
        let mut summary = Summary::default();
        let mut best = u8::MAX;
        for (position, field) in event.fields().iter().enumerate() {
            let fact = self.of(names, field.name.0);
            summary.marks |= fact.mark;
            if fact.mark == MESSAGE && summary.message.is_none() {
                summary.message = Some(position);
            }
            if fact.time_rank != 0 && fact.time_rank < best {
                best = fact.time_rank;
                summary.time = Some(position);
            }
        }
        summary
    }

    fn of(&mut self, names: &Names, id: u32) -> Fact {
        while self.known.len() < names.len() {
            let id = crate::NameId(self.known.len() as u32);
            let path = names.path(id);
            self.known.push(Fact { mark: mark(path), time_rank: time_rank(path, names.role(id)) });
        }
        self.known.get(id as usize).copied().unwrap_or_default()
    }

    /// Reads the event's time from the field that tells it best.
    pub(crate) fn set_time(
        &mut self,
        names: &Names,
        event: &mut Event,
        summary: &Summary,
        written_before: Option<Timestamp>,
    ) {
        let time_at = |event: &Event, position: usize| {
            let text = event.value(event.fields().get(position)?).text;
            match written_before {
                Some(latest) => time::read_before(text, latest),
                None => time::read(text),
            }
        };
        event.time = summary.time.and_then(|position| time_at(event, position));
        if event.time.is_some() || summary.time.is_none() {
            return;
        }
        // The best one cannot be read: day and clock time may stand apart, or another may be readable.
        event.time = day_and_clock(names, event);
        if event.time.is_some() {
            return;
        }
        let mut others: Vec<(u8, usize)> = event
            .fields()
            .iter()
            .enumerate()
            .map(|(position, field)| (self.of(names, field.name.0).time_rank, position))
            .filter(|(rank, _)| *rank != 0)
            .collect();
        others.sort_unstable();
        event.time = others.iter().find_map(|(_, position)| time_at(event, *position));
    }
}

/// `date` and `time` of one object, as one time.
fn day_and_clock(names: &Names, event: &Event) -> Option<Timestamp> {
    let field = |wanted: &str| {
        let same = |field: &&Field| names.path(field.name).eq_ignore_ascii_case(wanted);
        event.fields().iter().find(same).map(|field| event.value(field).text)
    };
    time::read(&format!("{} {}", field("date")?, field("time")?))
}

/// What `event_type` may be in Suricata's EVE.
const EVE_TYPES: [&str; 53] = [
    "alert",
    "anomaly",
    "arp",
    "bittorrent_dht",
    "dcerpc",
    "dhcp",
    "dnp3",
    "dns",
    "doh2",
    "drop",
    "enip",
    "engine",
    "file",
    "fileinfo",
    "files",
    "flow",
    "frame",
    "ftp",
    "ftp_data",
    "http",
    "http2",
    "ike",
    "ikev2",
    "ip_pair",
    "krb5",
    "ldap",
    "lua",
    "mdns",
    "metadata",
    "modbus",
    "mqtt",
    "netflow",
    "nfs",
    "packet",
    "pgsql",
    "pop3",
    "quic",
    "rdp",
    "rfb",
    "sdp",
    "sip",
    "smb",
    "smtp",
    "snmp",
    "ssh",
    "sslh",
    "stats",
    "template",
    "tftp",
    "tls",
    "verdict",
    "vxlan",
    "websocket",
];

/// Which kind of JSON log an object is, by its names.
pub(crate) fn family(names: &Names, event: &Event, summary: &Summary) -> Format {
    let marks = summary.marks;
    let has = |wanted: u32| marks & wanted == wanted;
    let text_of = |path: &str| {
        let field = event.fields().iter().find(|field| names.path(field.name) == path)?;
        Some(event.value(field))
    };
    if has(WINLOG) || has(EVENT_ID | CHANNEL) || has(BEATS_EVENT_ID | BEATS_LOG) {
        return Format::WindowsJson;
    }
    if has(EVENT_TYPE | TIMESTAMP)
        && text_of("event_type").is_some_and(|value| EVE_TYPES.contains(&value.text))
    {
        return Format::Eve;
    }
    if has(TS | ZEEK) && !has(LEVEL) {
        // Zeek writes epoch seconds by default, ISO 8601 when told to.
        let zeek = text_of("ts").is_some_and(|value| value.kind == Kind::Number || value.text.len() > 18);
        if zeek {
            return Format::ZeekJson;
        }
    }
    Format::Json
}
