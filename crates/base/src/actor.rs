//! Who is asking, in which roles, and what follows from them.
//!
//! A [`Role`] gives [`Right`]s; a [`Grant`] says over which organisations. An [`Actor`] is somebody who was
//! recognised, with all their grants; the [`Scope`] of an actor answers every question of the kind "may they?". There
//! is no other way to a scope, and no question about members' data without one.

use std::fmt;
use std::str::FromStr;

use crate::{Id, Organisation, Scope};

/// Somebody, or some program, that can sign in.
pub enum Account {}

impl crate::Kind for Account {
    const PREFIX: &'static str = "account";
}

/// What a role may do. A right is always over some organisations, and read rights up to some [`Confidentiality`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// See threats, campaigns, and how many there are.
    ReadWatch,
    /// See the logs themselves: search, hunt, raw records, unread records.
    ReadEvents,
    /// Judge a threat.
    Decide,
    /// Say how far a campaign may be told.
    Share,
    /// See organisations, systems, networks, domains.
    ReadRegistry,
    /// See who is responsible for what and how they are reached.
    ReadPeople,
    /// Ask for a change of the registry.
    ProposeRegistry,
    /// Change the registry, and approve what others ask for.
    KeepRegistry,
    /// See who did what.
    ReadAudit,
    /// Invite people, give and take roles, end sessions.
    KeepAccounts,
    /// Deliver logs.
    Deliver,
    /// Answer the forms that are one's own.
    Answer,
    /// See who has answered, what was counted, and the figures made of it.
    ReadInspection,
    /// Say who is asked, and answer for others; over everything, also make, open and close surveys.
    KeepInspection,
}

impl Right {
    /// Every right, in order.
    pub const ALL: [Self; 14] = [
        Self::ReadWatch,
        Self::ReadEvents,
        Self::Decide,
        Self::Share,
        Self::ReadRegistry,
        Self::ReadPeople,
        Self::ProposeRegistry,
        Self::KeepRegistry,
        Self::ReadAudit,
        Self::KeepAccounts,
        Self::Deliver,
        Self::Answer,
        Self::ReadInspection,
        Self::KeepInspection,
    ];

    /// The word used in tokens, files and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ReadWatch => "read_watch",
            Self::ReadEvents => "read_events",
            Self::Decide => "decide",
            Self::Share => "share",
            Self::ReadRegistry => "read_registry",
            Self::ReadPeople => "read_people",
            Self::ProposeRegistry => "propose_registry",
            Self::KeepRegistry => "keep_registry",
            Self::ReadAudit => "read_audit",
            Self::KeepAccounts => "keep_accounts",
            Self::Deliver => "deliver",
            Self::Answer => "answer",
            Self::ReadInspection => "read_inspection",
            Self::KeepInspection => "keep_inspection",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Right {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|right| right.word() == text)
            .ok_or_else(|| format!("{text:?} is not one of {}", Self::ALL.map(Self::word).join(", ")))
    }
}

/// How carefully information is handled: 機密性 1 to 3 of the common standards for government agencies.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "u8", into = "u8")]
pub enum Confidentiality {
    /// 機密性1情報: may be published.
    One,
    /// 機密性2情報: a leak would harm rights of citizens or the work of the government.
    #[default]
    Two,
    /// 機密性3情報: as confidential as a secret document.
    Three,
}

impl Confidentiality {
    /// Every degree, open first.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::Three];

    /// 1 to 3.
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }
}

impl From<Confidentiality> for u8 {
    fn from(degree: Confidentiality) -> Self {
        degree.number()
    }
}

impl TryFrom<u8> for Confidentiality {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|degree| degree.number() == number)
            .ok_or_else(|| format!("{number} is not a degree of confidentiality; those are 1, 2 and 3"))
    }
}

impl fmt::Display for Confidentiality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl FromStr for Confidentiality {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<u8>()
            .ok()
            .and_then(|number| Self::try_from(number).ok())
            .ok_or_else(|| format!("{text:?} is not a degree of confidentiality; those are 1, 2 and 3"))
    }
}

/// Where a role belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seat {
    /// The centre: over every organisation, and over what belongs to none yet.
    Centre,
    /// One organisation and everything below it.
    Organisation,
    /// A machine at one organisation.
    Machine,
}

/// What somebody is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 監視担当: watches, and judges what is a threat.
    WatchOfficer,
    /// 調整担当: speaks with the organisations; keeps the registry.
    Coordinator,
    /// 検査担当: inspects and scans.
    Inspector,
    /// 企画担当: risks, plans, requirements.
    Planner,
    /// 編集担当: writes the report.
    Editor,
    /// システム管理者: accounts and the installation; does not read anybody's logs.
    Administrator,
    /// 最高情報セキュリティ責任者 of an organisation.
    Ciso,
    /// CSIRT or point of contact of an organisation.
    Csirt,
    /// 情報システムセキュリティ責任者
    SystemManager,
    /// 課室情報セキュリティ責任者
    SectionManager,
    /// 職員
    Staff,
    /// A sensor that delivers logs.
    Sensor,
}

impl Role {
    /// Every role, the centre's first.
    pub const ALL: [Self; 12] = [
        Self::WatchOfficer,
        Self::Coordinator,
        Self::Inspector,
        Self::Planner,
        Self::Editor,
        Self::Administrator,
        Self::Ciso,
        Self::Csirt,
        Self::SystemManager,
        Self::SectionManager,
        Self::Staff,
        Self::Sensor,
    ];

    /// The word used in files, URLs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::WatchOfficer => "watch_officer",
            Self::Coordinator => "coordinator",
            Self::Inspector => "inspector",
            Self::Planner => "planner",
            Self::Editor => "editor",
            Self::Administrator => "administrator",
            Self::Ciso => "ciso",
            Self::Csirt => "csirt",
            Self::SystemManager => "system_manager",
            Self::SectionManager => "section_manager",
            Self::Staff => "staff",
            Self::Sensor => "sensor",
        }
    }

    /// Where it belongs.
    pub const fn seat(self) -> Seat {
        match self {
            Self::WatchOfficer
            | Self::Coordinator
            | Self::Inspector
            | Self::Planner
            | Self::Editor
            | Self::Administrator => Seat::Centre,
            Self::Ciso | Self::Csirt | Self::SystemManager | Self::SectionManager | Self::Staff => {
                Seat::Organisation
            }
            Self::Sensor => Seat::Machine,
        }
    }

    /// What it may do. This table is the policy.
    pub const fn rights(self) -> &'static [Right] {
        use Right::{
            Answer, Decide, Deliver, KeepAccounts, KeepInspection, KeepRegistry, ProposeRegistry, ReadAudit,
            ReadEvents, ReadInspection, ReadPeople, ReadRegistry, ReadWatch, Share,
        };
        match self {
            Self::WatchOfficer => &[ReadWatch, ReadEvents, Decide, Share, ReadRegistry, ReadPeople],
            Self::Coordinator => &[
                ReadWatch,
                ReadEvents,
                Decide,
                Share,
                ReadRegistry,
                ReadPeople,
                KeepRegistry,
                ReadInspection,
            ],
            Self::Inspector => &[ReadWatch, ReadRegistry, ReadPeople, ReadInspection, KeepInspection],
            Self::Planner | Self::Editor => &[ReadWatch, ReadRegistry, ReadInspection],
            Self::Administrator => {
                &[ReadWatch, ReadRegistry, ReadPeople, KeepRegistry, ReadAudit, KeepAccounts]
            }
            Self::Ciso => &[
                ReadWatch,
                ReadEvents,
                ReadRegistry,
                ReadPeople,
                ProposeRegistry,
                ReadAudit,
                KeepAccounts,
                Answer,
                ReadInspection,
                KeepInspection,
            ],
            Self::Csirt => &[
                ReadWatch,
                ReadEvents,
                ReadRegistry,
                ReadPeople,
                ProposeRegistry,
                Answer,
                ReadInspection,
                KeepInspection,
            ],
            Self::SystemManager => &[ReadWatch, ReadRegistry, ReadPeople, ProposeRegistry, Answer],
            Self::SectionManager => &[ReadPeople, Answer, ReadInspection],
            Self::Staff => &[Answer],
            Self::Sensor => &[Deliver],
        }
    }

    /// The most confidential information it may read.
    pub const fn confidentiality_max(self) -> Confidentiality {
        match self {
            Self::WatchOfficer | Self::Coordinator | Self::Inspector | Self::Ciso | Self::Csirt => {
                Confidentiality::Three
            }
            Self::Planner | Self::Editor | Self::Administrator | Self::SystemManager => Confidentiality::Two,
            Self::SectionManager | Self::Staff | Self::Sensor => Confidentiality::One,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.word() == text)
            .ok_or_else(|| format!("{text:?} is not one of {}", Self::ALL.map(Self::word).join(", ")))
    }
}

/// A role, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which role.
    pub role: Role,
    /// The organisation and everything below it, expanded by whoever knows the tree. Of no meaning for a role of the
    /// centre, which is over all.
    pub subtree: Vec<Id<Organisation>>,
}

/// Somebody who was recognised.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Their account; `None` for the house itself.
    account: Option<Id<Account>>,
    name: String,
    scope: Scope,
    /// What a personal link lets its holder do; empty for everybody else.
    link: String,
}

impl Actor {
    /// Somebody who has just shown who they are, with the roles they hold at this moment. `only` narrows the rights,
    /// as a token does that was made for one purpose; `None` leaves them whole.
    ///
    /// Only the place that checks sessions and tokens may call this; clippy refuses it elsewhere.
    pub fn recognised(account: Id<Account>, name: String, grants: &[Grant], only: Option<&[Right]>) -> Self {
        Self { account: Some(account), name, scope: Scope::of(grants, only), link: String::new() }
    }

    /// The house itself, or whoever has the data directory in their hands: everything. `name` is what the audit
    /// trail calls it, as `command line`.
    ///
    /// Never for what somebody asks over the network; clippy refuses it outside the commands.
    pub fn house(name: &str) -> Self {
        Self { account: None, name: name.to_owned(), scope: Scope::everything(), link: String::new() }
    }

    /// Whoever holds a personal link: no account and no right over anything, but the one thing the link is for.
    /// `subject` names that thing in the words of the capability that made the link.
    ///
    /// Only the capability that has looked the link up may call this; clippy refuses it elsewhere.
    pub fn by_link(subject: String) -> Self {
        Self { account: None, name: "link".to_owned(), scope: Scope::nothing(), link: subject }
    }

    /// Whether they hold a personal link for this very thing.
    pub fn holds(&self, subject: &str) -> bool {
        !subject.is_empty() && self.link == subject
    }

    /// The account, unless it is the house itself.
    pub fn account(&self) -> Option<Id<Account>> {
        self.account
    }

    /// What they are called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the audit trail names them: the account, which stays when the person's data is erased.
    pub fn label(&self) -> String {
        match self.account {
            Some(account) => account.to_string(),
            None => self.name.clone(),
        }
    }

    /// What they may see and do.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
}

/// A right that is not there. Who may not know that a thing exists is told "not found" instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the right {right}")]
pub struct Denied {
    /// Which.
    pub right: Right,
}
