//! How a record is written.

use std::fmt;
use std::str::FromStr;

/// The formats read here. Recognised by content; the word is what `--format` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Suricata EVE, one JSON object per record with `event_type`.
    Eve,
    /// Zeek logs as tab-separated values with a `#fields` header.
    ZeekTsv,
    /// Zeek logs as JSON.
    ZeekJson,
    /// Windows event log files (binary chunks).
    Evtx,
    /// Windows events as JSON: `Event.System`, winlogbeat, nxlog, OTRF.
    WindowsJson,
    /// Windows events as XML, as Event Viewer exports them.
    WindowsXml,
    /// RFC 5424.
    Syslog5424,
    /// RFC 3164, BSD syslog.
    Syslog3164,
    /// ArcSight Common Event Format.
    Cef,
    /// QRadar Log Event Extended Format.
    Leef,
    /// `key=value` pairs (logfmt, firewalls).
    KeyValue,
    /// Comma- (or tab-, semicolon-) separated with a header line.
    Csv,
    /// Apache and nginx common and combined.
    WebAccess,
    /// Squid's native access log.
    Squid,
    /// W3C extended, with a `#Fields:` header (IIS, proxies).
    W3c,
    /// Any other JSON.
    Json,
    /// A line of text that names its time or not; the last resort.
    #[default]
    Text,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 17] = [
        Self::Eve,
        Self::ZeekTsv,
        Self::ZeekJson,
        Self::Evtx,
        Self::WindowsJson,
        Self::WindowsXml,
        Self::Syslog5424,
        Self::Syslog3164,
        Self::Cef,
        Self::Leef,
        Self::KeyValue,
        Self::Csv,
        Self::WebAccess,
        Self::Squid,
        Self::W3c,
        Self::Json,
        Self::Text,
    ];

    /// The word used on the command line and in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Eve => "eve",
            Self::ZeekTsv => "zeek-tsv",
            Self::ZeekJson => "zeek-json",
            Self::Evtx => "evtx",
            Self::WindowsJson => "windows-json",
            Self::WindowsXml => "windows-xml",
            Self::Syslog5424 => "syslog-5424",
            Self::Syslog3164 => "syslog-3164",
            Self::Cef => "cef",
            Self::Leef => "leef",
            Self::KeyValue => "key-value",
            Self::Csv => "csv",
            Self::WebAccess => "web-access",
            Self::Squid => "squid",
            Self::W3c => "w3c",
            Self::Json => "json",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.word() == text).ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().map(|format| format.word()).collect();
            format!("{text:?} is not a format; one of {} is", words.join(", "))
        })
    }
}
