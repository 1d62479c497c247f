//! What stands around every page.

use base::{Language, Right, Scope};

use crate::asset::addresses;
use crate::visit::Visit;
use crate::words::Words;

/// Around a page: title, navigation, language.
pub(crate) struct Frame {
    /// The heading of the page.
    pub title: String,
    /// Only the inner part is asked for, by a page that follows the data.
    pub part: bool,
    /// A line above everything that says that this is a demonstration; empty when it is none.
    pub demo: String,
    /// Who is shown to be asking.
    pub signed_as: String,
    /// What stands in the search box.
    pub query: String,
    words: &'static Words,
    scope: Scope,
    current: &'static str,
    other_language_href: String,
}

/// One entry of the navigation.
pub(crate) struct Place {
    /// Where it leads.
    pub href: &'static str,
    /// What it is called.
    pub name: String,
    /// Whether this is where the reader is.
    pub current: bool,
}

/// Where the navigation leads, and the right without which there is nothing to see there.
const PLACES: [(&str, &str, Right); 13] = [
    ("/board", "nav-board", Right::ReadWatch),
    ("/threats", "nav-threats", Right::ReadWatch),
    ("/campaigns", "nav-campaigns", Right::ReadWatch),
    ("/organisations", "nav-organisations", Right::ReadWatch),
    ("/registry", "nav-registry", Right::ReadPeople),
    ("/inspect", "nav-inspect", Right::ReadInspection),
    ("/findings", "nav-findings", Right::ReadInspection),
    ("/inspect/answer", "nav-answer", Right::Answer),
    ("/search", "nav-search", Right::ReadEvents),
    ("/unread", "nav-unread", Right::ReadEvents),
    ("/unowned", "nav-unowned", Right::KeepRegistry),
    ("/accounts", "nav-accounts", Right::KeepAccounts),
    ("/audit", "nav-audit", Right::ReadAudit),
];

/// The first place in the navigation at which there is something to see.
pub(crate) fn home(scope: &Scope) -> Option<&'static str> {
    PLACES.iter().find(|(_, _, right)| scope.has(*right)).map(|(href, _, _)| *href)
}

impl Frame {
    /// The frame of a page under the entry `current` of the navigation.
    pub(crate) fn new(visit: &Visit, current: &'static str, title: String) -> Self {
        let other = other(visit.words.language());
        Self {
            title,
            part: visit.part,
            demo: visit.demo.clone(),
            signed_as: match &visit.who {
                Some(who) => visit.words.with("signed-as", &[("name", who.actor.name().into())]),
                None => String::new(),
            },
            query: String::new(),
            words: visit.words,
            scope: visit.scope().clone(),
            current,
            other_language_href: visit.query.href(&visit.path, &[("lang", other.tag())]),
        }
    }

    /// A sentence without variables.
    pub(crate) fn t(&self, key: &str) -> String {
        self.words.get(key)
    }

    /// A sentence about one value.
    pub(crate) fn with(&self, key: &str, value: &str) -> String {
        self.words.with(key, &[("value", value.into())])
    }

    /// The language of the page.
    pub(crate) fn lang(&self) -> &'static str {
        self.words.language().tag()
    }

    /// The language it could be in.
    pub(crate) fn other_lang(&self) -> &'static str {
        other(self.words.language()).tag()
    }

    /// What that language calls itself.
    pub(crate) fn other_language_name(&self) -> &'static str {
        match other(self.words.language()) {
            Language::Ja => "日本語",
            Language::En => "English",
        }
    }

    /// The same page in that language.
    pub(crate) fn other_language_href(&self) -> &str {
        &self.other_language_href
    }

    /// The navigation.
    pub(crate) fn places(&self) -> Vec<Place> {
        PLACES
            .iter()
            .filter(|(_, _, right)| self.scope.has(*right))
            .map(|(href, key, _)| Place { href, name: self.words.get(key), current: *href == self.current })
            .collect()
    }

    /// Whether the reader may search the logs.
    pub(crate) fn searches(&self) -> bool {
        self.scope.has(Right::ReadEvents)
    }

    /// The style sheet.
    pub(crate) fn style_href(&self) -> &'static str {
        &addresses().style
    }

    /// The script.
    pub(crate) fn script_href(&self) -> &'static str {
        &addresses().script
    }

    /// The icon.
    pub(crate) fn icon_href(&self) -> &'static str {
        &addresses().icon
    }
}

fn other(language: Language) -> Language {
    match language {
        Language::Ja => Language::En,
        Language::En => Language::Ja,
    }
}
