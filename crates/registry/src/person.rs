//! Somebody who is responsible for something.

use base::Language;

use crate::Noun;
use crate::read;
use crate::reason::Wrong;
use crate::record::Kept;

/// A person as the registry knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// 氏名
    pub name_ja: String,
    /// The name in Latin letters; empty when not said.
    pub name_en: String,
    /// 官職; empty when not said.
    pub post_ja: String,
    /// The post in English; empty when not said.
    pub post_en: String,
    /// Mail address; empty when not said.
    pub mail: String,
    /// Telephone number; empty when not said.
    pub phone: String,
    /// The language they are written to.
    pub language: Language,
}

impl Person {
    /// The name in one language, in the other when there is none.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::En if !self.name_en.is_empty() => &self.name_en,
            _ => &self.name_ja,
        }
    }

    /// The post in one language, in the other when there is none.
    pub fn post(&self, language: Language) -> &str {
        match language {
            Language::En if !self.post_en.is_empty() => &self.post_en,
            _ => &self.post_ja,
        }
    }
}

impl Kept for Person {
    const NOUN: Noun = Noun::Person;

    fn read<'w>(at: &dyn Fn(&'static str) -> &'w str) -> Result<Self, Wrong> {
        let optional = |column, read: fn(&str) -> Result<String, crate::Reason>| match at(column) {
            "" => Ok(String::new()),
            written => read(written).map_err(|reason| (column, reason)),
        };
        Ok(Self {
            name_ja: read::needed("name_ja", at("name_ja"))?,
            name_en: read::free("name_en", at("name_en"))?,
            post_ja: read::free("post_ja", at("post_ja"))?,
            post_en: read::free("post_en", at("post_en"))?,
            mail: optional("mail", read::mail)?,
            phone: optional("phone", read::phone)?,
            language: language(at("language"))?,
        })
    }

    fn write(&self) -> Vec<String> {
        let Self { name_ja, name_en, post_ja, post_en, mail, phone, language } = self.clone();
        vec![name_ja, name_en, post_ja, post_en, mail, phone, language.tag().to_owned()]
    }
}

/// A language column; Japanese when nothing stands there.
pub(crate) fn language(written: &str) -> Result<Language, Wrong> {
    match written {
        "" | "ja" => Ok(Language::Ja),
        "en" => Ok(Language::En),
        other => Err((
            "language",
            crate::Reason::NotOneOf { written: read::shown(other), words: "ja, en".to_owned() },
        )),
    }
}
