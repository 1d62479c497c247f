//! A member organisation or a part of one.

use std::fmt;
use std::str::FromStr;

use base::{Id, Language, Organisation as OrganisationId};

/// One organisation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Organisation {
    /// Its name for ever, made from its key: the same registry gives the same ids on every machine.
    pub id: Id<OrganisationId>,
    /// The short name people type, as `naibu`; lower-case ASCII letters, digits and `-`. Never given to another.
    pub key: String,
    /// 日本語名
    pub name_ja: String,
    /// English name.
    pub name_en: String,
    /// What it is.
    pub kind: OrganisationKind,
    /// The organisation it is a part of.
    pub parent: Option<Id<OrganisationId>>,
    /// Its place among its siblings, small first.
    pub display_order: i64,
}

impl Organisation {
    /// The id that belongs to a key.
    pub fn id_of(key: &str) -> Id<OrganisationId> {
        let digest = blake3::derive_key("noroshi organisation id v1", key.as_bytes());
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        Id::from_digest(half)
    }

    /// Its name in one language.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.name_ja,
            Language::En => &self.name_en,
        }
    }
}

/// What an organisation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    /// センター
    Centre,
    /// 府省
    Ministry,
    /// 庁・外局・委員会
    Agency,
    /// 独立行政法人等
    Incorporated,
    /// 地方公共団体
    Local,
    /// 会社
    Company,
    /// 部局・地方支分部局
    Part,
    /// その他
    #[default]
    Other,
}

impl OrganisationKind {
    /// Every kind, in order.
    pub const ALL: [Self; 8] = [
        Self::Centre,
        Self::Ministry,
        Self::Agency,
        Self::Incorporated,
        Self::Local,
        Self::Company,
        Self::Part,
        Self::Other,
    ];

    /// The word used in files, URLs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Centre => "centre",
            Self::Ministry => "ministry",
            Self::Agency => "agency",
            Self::Incorporated => "incorporated",
            Self::Local => "local",
            Self::Company => "company",
            Self::Part => "part",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for OrganisationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for OrganisationKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.word() == text)
            .ok_or_else(|| format!("{text:?} is not one of {}", Self::ALL.map(Self::word).join(", ")))
    }
}
