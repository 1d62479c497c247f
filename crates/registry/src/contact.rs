//! Who is reached at an organisation, how, and whether that is still right.

mod certificate;
mod verification;

use std::fmt;

use base::Language;

pub use self::certificate::{certificate_fingerprint, openpgp_fingerprint};
pub use self::verification::{
    ASK_AGAIN_AFTER_DAYS, After, Asked, LINK_DAYS, Standing, VERIFY_AFTER_DAYS, Verification, ask, bounced,
    by_link, came_back, check, confirm, due, overdue, overdue_page, standing, verification,
};
use crate::person::language;
use crate::reason::{Reason, What, Wrong};
use crate::record::Kept;
use crate::{Noun, read};

/// The most channels of one contact.
pub const CHANNELS_MAX: usize = 10;
/// The most deputies of one contact.
pub const DEPUTIES_MAX: usize = 10;

/// 連絡窓口: a person, or a desk where somebody is on duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// What it is there for.
    pub kind: ContactKind,
    /// 日本語名
    pub name_ja: String,
    /// English name.
    pub name_en: String,
    /// The key of the person; empty for a duty desk.
    pub person: String,
    /// How it is reached, first choice first; at least one.
    pub channels: Vec<Channel>,
    /// When it is reached, in words; empty when not said.
    pub hours: String,
    /// The keys of the people who stand in, in order.
    pub deputies: Vec<String>,
    /// The language it is written to.
    pub language: Language,
    /// OpenPGP public key, armoured; empty when there is none.
    pub openpgp: String,
    /// S/MIME certificate in PEM; empty when there is none.
    pub smime: String,
}

impl Contact {
    /// Its name in one language.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.name_ja,
            Language::En => &self.name_en,
        }
    }
}

/// What a contact is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContactKind {
    /// 最高情報セキュリティ責任者室
    CisoOffice,
    /// CSIRT
    Csirt,
    /// 情報システム担当
    System,
    /// 脆弱性情報の受付
    Vulnerability,
    /// 24時間連絡先
    AroundTheClock,
}

crate::system::words!(ContactKind: CisoOffice = "ciso_office", Csirt = "csirt", System = "system",
    Vulnerability = "vulnerability", AroundTheClock = "around_the_clock");

/// One way to reach somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Which way.
    pub kind: ChannelKind,
    /// The address or number.
    pub value: String,
}

/// A way to reach somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// メール
    Mail,
    /// 電話
    Phone,
    /// ファクシミリ
    Fax,
    /// A form on the web.
    Web,
}

crate::system::words!(ChannelKind: Mail = "mail", Phone = "phone", Fax = "fax", Web = "web");

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}

/// Channels as they are written: one on a line, or with semicolons between them.
fn channels(written: &str) -> Result<Vec<Channel>, Wrong> {
    let mut found = Vec::new();
    for one in written.split([';', '\n']).map(str::trim).filter(|one| !one.is_empty()) {
        let refused = || ("channels", Reason::NotA { written: read::shown(one), what: What::Channel });
        let (kind, value) = one.split_once(':').ok_or_else(refused)?;
        let kind: ChannelKind = kind.trim().parse().map_err(|_| refused())?;
        let value = match kind {
            ChannelKind::Mail => read::mail(value.trim()),
            ChannelKind::Phone | ChannelKind::Fax => read::phone(value.trim()),
            ChannelKind::Web => read::web(value.trim()),
        };
        let channel = Channel { kind, value: value.map_err(|reason| ("channels", reason))? };
        if !found.contains(&channel) {
            found.push(channel);
        }
    }
    match found.len() {
        0 => Err(("channels", Reason::Needed)),
        1..=CHANNELS_MAX => Ok(found),
        _ => Err(("channels", Reason::TooMany { max: CHANNELS_MAX })),
    }
}

impl Kept for Contact {
    const NOUN: Noun = Noun::Contact;

    fn read<'w>(at: &dyn Fn(&'static str) -> &'w str) -> Result<Self, Wrong> {
        Ok(Self {
            kind: read::needed_word("kind", at("kind"))?,
            name_ja: read::name("name_ja", at("name_ja"))?,
            name_en: read::name("name_en", at("name_en"))?,
            person: read::key_or_empty("person", at("person"))?,
            channels: channels(at("channels"))?,
            hours: read::free("hours", at("hours"))?,
            deputies: read::keys("deputies", at("deputies"), DEPUTIES_MAX)?,
            language: language(at("language"))?,
            openpgp: certificate::openpgp(at("openpgp")).map_err(|reason| ("openpgp", reason))?,
            smime: certificate::smime(at("smime")).map_err(|reason| ("smime", reason))?,
        })
    }

    fn write(&self) -> Vec<String> {
        let channels: Vec<String> = self.channels.iter().map(Channel::to_string).collect();
        vec![
            self.kind.word().to_owned(),
            self.name_ja.clone(),
            self.name_en.clone(),
            self.person.clone(),
            channels.join("; "),
            self.hours.clone(),
            self.deputies.join(" "),
            self.language.tag().to_owned(),
            self.openpgp.clone(),
            self.smime.clone(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_keep_their_order_and_a_wrong_one_is_named() {
        let read =
            channels("phone: 03-5555-0100\nmail:csirt@naibu.go.example; web:https://naibu.go.example/")
                .unwrap();
        let kinds: Vec<&str> = read.iter().map(|channel| channel.kind.word()).collect();
        assert_eq!(kinds, ["phone", "mail", "web"]);
        assert_eq!(channels(""), Err(("channels", Reason::Needed)));
        for wrong in ["pigeon:loft 3", "mail", "mail:nobody", "fax:-", "web:http://naibu.go.example"] {
            assert!(channels(wrong).is_err(), "{wrong}");
        }
    }
}
