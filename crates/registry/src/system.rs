//! An information system, what it is made of, and what needs it.

use base::{Confidentiality, Language};
use jiff::civil::Date;

use crate::asset::Criticality;
use crate::reason::{Reason, Wrong};
use crate::record::Kept;
use crate::{Noun, identifier, read};

/// The longest recovery time objective: a year of minutes.
pub const RTO_MINUTES_MAX: i64 = 366 * 24 * 60;
/// The most systems one function needs.
const SYSTEMS_MAX: usize = 50;
/// The largest number of servers one count holds.
const SERVERS_MAX: i64 = 1_000_000;

/// 情報システム
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// 日本語名
    pub name_ja: String,
    /// English name.
    pub name_en: String,
    /// The key of the person responsible (情報システムセキュリティ責任者); empty when not said.
    pub manager: String,
    /// How much it matters.
    pub criticality: Criticality,
    /// 機密性: 1 to 3.
    pub confidentiality: Confidentiality,
    /// 完全性: 1 or 2.
    pub integrity: u8,
    /// 可用性: 1 or 2.
    pub availability: u8,
    /// 目標復旧時間 in minutes; `None` when nobody has said.
    pub rto_minutes: Option<i64>,
    /// Whether it can be reached from the internet.
    pub internet_facing: bool,
    /// Where it stands.
    pub place: Place,
}

impl System {
    /// Its name in one language.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.name_ja,
            Language::En => &self.name_en,
        }
    }
}

/// Where a system stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// In rooms of the organisation.
    #[default]
    Own,
    /// At a provider of cloud services.
    Cloud,
    /// Parts here, parts there.
    Both,
}

/// What a server is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerKind {
    /// 公開ウェブサーバ
    Web,
    /// メールサーバ
    Mail,
    /// DNS サーバ
    Dns,
    /// ファイルサーバ
    File,
    /// データベースサーバ
    Database,
    /// 認証サーバ
    Directory,
    /// その他
    Other,
}

/// What software is registered for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// It runs on a system.
    #[default]
    Installed,
    /// The organisation asks citizens to install it (利用者に導入を求めるもの).
    Recommended,
}

macro_rules! words {
    ($kind:ident: $($variant:ident = $word:literal),+) => {
        impl $kind {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in files, URLs and tables.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $kind {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|one| one.word() == text)
                    .ok_or_else(|| format!("{text:?} is not one of {}", [$($word),+].join(", ")))
            }
        }
    };
}
pub(crate) use words;

words!(Place: Own = "own", Cloud = "cloud", Both = "both");
words!(Purpose: Installed = "installed", Recommended = "recommended");
words!(ServerKind: Web = "web", Mail = "mail", Dns = "dns", File = "file", Database = "database",
    Directory = "directory", Other = "other");

impl Kept for System {
    const NOUN: Noun = Noun::System;

    fn read<'w>(at: &dyn Fn(&'static str) -> &'w str) -> Result<Self, Wrong> {
        let degree = |column, max| Ok::<_, Wrong>(read::number(column, at(column), (1, max))?.unwrap_or(2));
        let confidentiality = u8::try_from(degree("confidentiality", 3)?).unwrap_or(3);
        Ok(Self {
            name_ja: read::name("name_ja", at("name_ja"))?,
            name_en: read::name("name_en", at("name_en"))?,
            manager: read::key_or_empty("manager", at("manager"))?,
            criticality: read::word("criticality", at("criticality"))?,
            confidentiality: Confidentiality::try_from(confidentiality)
                .map_err(|reason| ("confidentiality", Reason::Other(reason)))?,
            integrity: u8::try_from(degree("integrity", 2)?).unwrap_or(2),
            availability: u8::try_from(degree("availability", 2)?).unwrap_or(2),
            rto_minutes: read::number("rto_minutes", at("rto_minutes"), (0, RTO_MINUTES_MAX))?,
            internet_facing: match at("internet_facing") {
                "" | "no" => false,
                "yes" => true,
                other => {
                    let words = "yes, no".to_owned();
                    return Err(("internet_facing", Reason::NotOneOf { written: read::shown(other), words }));
                }
            },
            place: read::word("place", at("place"))?,
        })
    }

    fn write(&self) -> Vec<String> {
        vec![
            self.name_ja.clone(),
            self.name_en.clone(),
            self.manager.clone(),
            self.criticality.word().to_owned(),
            self.confidentiality.to_string(),
            self.integrity.to_string(),
            self.availability.to_string(),
            number(self.rto_minutes),
            if self.internet_facing { "yes" } else { "no" }.to_owned(),
            self.place.word().to_owned(),
        ]
    }
}

fn number(number: Option<i64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// What it is there for.
    pub kind: ServerKind,
    /// Its host name.
    pub name: String,
    /// The key of the system it belongs to; empty when not said.
    pub system: String,
}

impl Kept for Server {
    const NOUN: Noun = Noun::Server;

    fn read<'w>(at: &dyn Fn(&'static str) -> &'w str) -> Result<Self, Wrong> {
        Ok(Self {
            kind: read::needed_word("kind", at("kind"))?,
            name: read::needed("name", at("name"))?.to_lowercase(),
            system: read::key_or_empty("system", at("system"))?,
        })
    }

    fn write(&self) -> Vec<String> {
        vec![self.kind.word().to_owned(), self.name.clone(), self.system.clone()]
    }
}

/// A product in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Software {
    /// The key of the system it runs on; empty when not said.
    pub system: String,
    /// The product.
    pub name: String,
    /// Who makes it; empty when not said.
    pub vendor: String,
    /// Which version; empty when not said.
    pub version: String,
    /// CPE 2.3, formatted string; empty when not said.
    pub cpe: String,
    /// Package URL; empty when not said.
    pub purl: String,
    /// What it is registered for.
    pub purpose: Purpose,
    /// The last day on which its maker repairs it; `None` when nobody has said.
    pub end_of_support: Option<Date>,
}

impl Kept for Software {
    const NOUN: Noun = Noun::Software;

    fn read<'w>(at: &dyn Fn(&'static str) -> &'w str) -> Result<Self, Wrong> {
        Ok(Self {
            system: read::key_or_empty("system", at("system"))?,
            name: read::needed("name", at("name"))?,
            vendor: read::free("vendor", at("vendor"))?,
            version: read::free("version", at("version"))?,
            cpe: identifier::cpe(at("cpe")).map_err(|reason| ("cpe", reason))?,
            purl: identifier::purl(at("purl")).map_err(|reason| ("purl", reason))?,
            purpose: read::word("purpose", at("purpose"))?,
            end_of_support: read::day("end_of_support", at("end_of_support"))?,
        })
    }

    fn write(&self) -> Vec<String> {
        vec![
            self.system.clone(),
            self.name.clone(),
            self.vendor.clone(),
            self.version.clone(),
            self.cpe.clone(),
            self.purl.clone(),
            self.purpose.word().to_owned(),
            self.end_of_support.map(|day| day.to_string()).unwrap_or_default(),
        ]
    }
}

/// 業務: what an organisation is there to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessFunction {
    /// 日本語名
    pub name_ja: String,
    /// English name.
    pub name_en: String,
    /// 1 is taken up again first, 5 last.
    pub priority: u8,
    /// 目標復旧時間 in minutes; `None` when nobody has said.
    pub rto_minutes: Option<i64>,
    /// The keys of the systems it needs.
    pub systems: Vec<String>,
}

impl BusinessFunction {
    /// Its name in one language.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.name_ja,
            Language::En => &self.name_en,
        }
    }
}

impl Kept for BusinessFunction {
    const NOUN: Noun = Noun::Function;

    fn read<'w>(at: &dyn Fn(&'static str) -> &'w str) -> Result<Self, Wrong> {
        let priority = read::number("priority", at("priority"), (1, 5))?.unwrap_or(3);
        Ok(Self {
            name_ja: read::name("name_ja", at("name_ja"))?,
            name_en: read::name("name_en", at("name_en"))?,
            priority: u8::try_from(priority).unwrap_or(3),
            rto_minutes: read::number("rto_minutes", at("rto_minutes"), (0, RTO_MINUTES_MAX))?,
            systems: read::keys("systems", at("systems"), SYSTEMS_MAX)?,
        })
    }

    fn write(&self) -> Vec<String> {
        vec![
            self.name_ja.clone(),
            self.name_en.clone(),
            self.priority.to_string(),
            number(self.rto_minutes),
            self.systems.join(" "),
        ]
    }
}

/// How many servers of a kind there were on a day, for years whose servers are not registered one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCount {
    /// Of which kind.
    pub kind: ServerKind,
    /// On which day.
    pub day: Date,
    /// How many.
    pub servers: i64,
}

impl Kept for ServerCount {
    const NOUN: Noun = Noun::ServerCount;

    fn read<'w>(at: &dyn Fn(&'static str) -> &'w str) -> Result<Self, Wrong> {
        Ok(Self {
            kind: read::needed_word("kind", at("kind"))?,
            day: read::day("day", at("day"))?.ok_or(("day", Reason::Needed))?,
            servers: read::number("servers", at("servers"), (0, SERVERS_MAX))?
                .ok_or(("servers", Reason::Needed))?,
        })
    }

    fn write(&self) -> Vec<String> {
        vec![self.kind.word().to_owned(), self.day.to_string(), self.servers.to_string()]
    }
}
