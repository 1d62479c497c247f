//! What somebody has allowed, with the reason, who, and until when.

use std::net::IpAddr;

use base::{Id, Organisation, japan_day};
use ipnet::IpNet;
use jiff::civil::Date;
use registry::Registry;

use crate::judge::GroupFacts;

/// One entry. Every field that is set narrows; the reason and who said so are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// Only this rule.
    pub rule: Option<String>,
    /// Only at these organisations: the one named and its parts. Empty is all.
    pub organisations: Vec<Id<Organisation>>,
    /// Only by this actor.
    pub actor: Option<Who>,
    /// Only against this target.
    pub target: Option<Who>,
    /// Why it is allowed; shown with the judgement.
    pub reason: String,
    /// Who allowed it.
    pub by: String,
    /// The last day it counts, in Japan; `None` is without end.
    pub until: Option<Date>,
}

/// An actor or target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Every address of a block.
    Network(IpNet),
    /// An account or host, ASCII case ignored.
    Name(String),
}

impl Who {
    fn of(written: &str) -> Self {
        let single = || written.parse::<IpAddr>().ok().map(IpNet::from);
        match written.parse().ok().or_else(single) {
            Some(network) => Self::Network(network),
            None => Self::Name(written.to_owned()),
        }
    }

    fn is(&self, text: &str) -> bool {
        match self {
            Self::Network(network) => text
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| network.contains(&address.to_canonical())),
            Self::Name(name) => name.eq_ignore_ascii_case(text),
        }
    }
}

impl Allow {
    /// Whether the entry speaks of this group.
    pub fn covers(&self, group: &GroupFacts) -> bool {
        self.rule.as_ref().is_none_or(|rule| *rule == group.rule_id)
            && (self.organisations.is_empty() || self.organisations.contains(&group.organisation))
            && self.actor.as_ref().is_none_or(|actor| actor.is(&group.actor))
            && self.target.as_ref().is_none_or(|target| target.is(&group.target))
            && self.until.is_none_or(|until| japan_day(group.at) <= until)
    }
}

/// The most entries of one file.
pub const ENTRIES_MAX: usize = 10_000;

/// What is wrong with an allow-list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("allow-list, line {line}: {reason}")]
pub struct AllowError {
    /// Where, from 1; 0 when nobody knows.
    pub line: u64,
    /// What.
    pub reason: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    organisation: Option<String>,
    #[serde(default)]
    actor: Option<String>,
    #[serde(default)]
    target: Option<String>,
    reason: String,
    by: String,
    #[serde(default)]
    until: Option<String>,
}

/// Reads an allow-list: a YAML list of maps with `rule`, `organisation` (key), `actor` and `target` (address, CIDR or
/// name), `reason`, `by` and `until` (day). An entry that narrows by nothing is refused, because it would silence
/// everything; so is a whole file with one wrong entry, because half an allow-list misleads.
pub fn yaml(text: &str, registry: &Registry) -> Result<Vec<Allow>, AllowError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_aliases: 0, max_nodes: ENTRIES_MAX * 20 },
    };
    let written: Vec<serde_saphyr::Spanned<Written>> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| AllowError {
            line: error.location().map_or(0, |location| location.line()),
            reason: error.to_string().lines().next().unwrap_or_default().to_owned(),
        })?;
    if written.len() > ENTRIES_MAX {
        return Err(AllowError { line: 0, reason: format!("more than {ENTRIES_MAX} entries") });
    }
    written
        .into_iter()
        .map(|entry| {
            let line = entry.referenced.line();
            entry_of(entry.value, registry).map_err(|reason| AllowError { line, reason })
        })
        .collect()
}

fn entry_of(written: Written, registry: &Registry) -> Result<Allow, String> {
    let Written { rule, organisation, actor, target, reason, by, until } = written;
    if reason.trim().is_empty() || by.trim().is_empty() {
        return Err("an entry says why (reason) and who allowed it (by)".to_owned());
    }
    if rule.is_none() && actor.is_none() && target.is_none() {
        return Err("an entry names a rule, an actor or a target".to_owned());
    }
    let organisations = match organisation {
        None => Vec::new(),
        Some(key) => {
            let one = registry.by_key(&key).ok_or_else(|| format!("no organisation has the key {key:?}"))?;
            registry.subtree(one.id).into_iter().collect()
        }
    };
    let until = until
        .map(|day| day.parse().map_err(|_| format!("{day:?} is not a day like 2026-04-01")))
        .transpose()?;
    let who = |written: Option<String>| written.as_deref().map(Who::of);
    Ok(Allow { rule, organisations, actor: who(actor), target: who(target), reason, by, until })
}
