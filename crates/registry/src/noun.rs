//! The kinds of things the registry knows, and the columns each has in a file.

use std::fmt;
use std::str::FromStr;

use base::{Confidentiality, Right};

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noun {
    /// 組織
    Organisation,
    /// ネットワーク
    Network,
    /// ドメイン
    Domain,
    /// メールドメイン
    MailDomain,
    /// 機器
    Host,
    /// 担当者
    Person,
    /// 連絡窓口
    Contact,
    /// 情報システム
    System,
    /// サーバ
    Server,
    /// ソフトウェア
    Software,
    /// 業務
    Function,
    /// サーバ台数
    ServerCount,
}

impl Noun {
    /// Every noun, in an order in which nothing refers to what comes later.
    pub const ALL: [Self; 12] = [
        Self::Organisation,
        Self::Person,
        Self::Contact,
        Self::System,
        Self::Network,
        Self::Domain,
        Self::MailDomain,
        Self::Host,
        Self::Server,
        Self::Software,
        Self::Function,
        Self::ServerCount,
    ];

    /// The nouns that are kept as [`Record`](crate::Record)s, in the same order.
    pub const RECORDS: [Self; 7] = [
        Self::Person,
        Self::Contact,
        Self::System,
        Self::Server,
        Self::Software,
        Self::Function,
        Self::ServerCount,
    ];

    /// The word used in files, URLs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Network => "network",
            Self::Domain => "domain",
            Self::MailDomain => "mail_domain",
            Self::Host => "host",
            Self::Person => "person",
            Self::Contact => "contact",
            Self::System => "system",
            Self::Server => "server",
            Self::Software => "software",
            Self::Function => "function",
            Self::ServerCount => "server_count",
        }
    }

    /// Its columns in a file, after `record` and `organisation`. For records, `key`, `valid_from` and `valid_until`
    /// come first; the others are [`Noun::own_columns`].
    pub fn columns(self) -> Vec<&'static str> {
        match self {
            Self::Organisation => vec!["name_ja", "name_en", "kind", "parent", "order"],
            Self::Network | Self::Domain | Self::MailDomain | Self::Host => {
                vec!["value", "valid_from", "valid_until", "criticality", "system", "device_class"]
            }
            _ => ["key", "valid_from", "valid_until"]
                .into_iter()
                .chain(self.own_columns().iter().copied())
                .collect(),
        }
    }

    /// The columns that only this noun's records have, in the order of its table.
    pub const fn own_columns(self) -> &'static [&'static str] {
        match self {
            Self::Organisation | Self::Network | Self::Domain | Self::MailDomain | Self::Host => &[],
            Self::Person => &["name_ja", "name_en", "post_ja", "post_en", "mail", "phone", "language"],
            Self::Contact => &[
                "kind", "name_ja", "name_en", "person", "channels", "hours", "deputies", "language",
                "openpgp", "smime",
            ],
            Self::System => &[
                "name_ja",
                "name_en",
                "manager",
                "criticality",
                "confidentiality",
                "integrity",
                "availability",
                "rto_minutes",
                "internet_facing",
                "place",
            ],
            Self::Server => &["kind", "name", "system"],
            Self::Software => {
                &["system", "name", "vendor", "version", "cpe", "purl", "purpose", "end_of_support"]
            }
            Self::Function => &["name_ja", "name_en", "priority", "rto_minutes", "systems"],
            Self::ServerCount => &["kind", "day", "servers"],
        }
    }

    /// The columns of which a record that has no key of its own is named by.
    pub(crate) const fn naming_columns(self) -> &'static [&'static str] {
        match self {
            Self::Person => &["name_ja", "name_en", "mail"],
            Self::Server => &["kind", "name"],
            Self::Software => &["system", "name", "vendor", "version", "purpose"],
            Self::ServerCount => &["kind", "day"],
            _ => &[],
        }
    }

    /// Which right lets somebody see it.
    pub const fn right(self) -> Right {
        match self {
            Self::Person | Self::Contact => Right::ReadPeople,
            _ => Right::ReadRegistry,
        }
    }

    /// The degree of what does not say its own.
    pub const fn degree(self) -> Confidentiality {
        Confidentiality::One
    }

    /// Whether the centre has to agree before a change of `columns` counts: what decides who owns an address, who may
    /// see something, and how much it matters. Nobody waits for the centre to correct a telephone number.
    pub fn matters(self, columns: &[&str]) -> bool {
        match self {
            Self::Organisation | Self::Network | Self::Domain | Self::MailDomain => true,
            Self::System => columns.iter().any(|column| {
                ["criticality", "confidentiality", "valid_from", "valid_until"].contains(column)
            }),
            Self::Host => columns.contains(&"criticality"),
            // The consolidation figures stand in the annual report.
            Self::ServerCount => true,
            Self::Person | Self::Contact | Self::Server | Self::Software | Self::Function => false,
        }
    }
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Noun {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|noun| noun.word() == text)
            .ok_or_else(|| format!("{text:?} is not one of {}", Self::ALL.map(Self::word).join(", ")))
    }
}
