//! One line of the trail: a sentence that leads to what it speaks of, and what more is known, with before and after.

use std::collections::{BTreeMap, BTreeSet};

use access::account::{Account, State};
use base::{Account as AccountKind, Id, Organisation, Right};
use serde_json::Value;
use store::{AuditEntry, Line};

use super::head::grouped;
use crate::App;
use crate::error::Failure;
use crate::markup::{Markup, escaped};
use crate::page::part::Link;
use crate::visible::{Foreign, neutral_short};
use crate::visit::Visit;

/// Facts of one line that are shown; a file has them all.
const FACTS_MAX: usize = 40;
/// Characters of a name in a sentence.
const NAME_CHARACTERS_MAX: usize = 80;
/// Stand in a sentence where links will be: characters that no sentence has (Unicode, private use).
const ACTOR: &str = "\u{e000}";
const OBJECT: &str = "\u{e001}";

/// A line as a page shows it.
pub(crate) struct Shown {
    /// When.
    pub at: Markup,
    /// Who did what.
    pub sentence: Markup,
    /// More about it.
    pub facts: Vec<Fact>,
    /// Whose it is.
    pub organisations: Vec<Link>,
    /// Its number in the chain; empty for whoever does not read all of it.
    pub number: String,
    /// Its hash in groups of four; empty likewise.
    pub hash: String,
}

/// A name, and a value or what it was and became.
pub(crate) struct Fact {
    /// Of what.
    pub name: String,
    /// What it was; empty when nobody wrote that down.
    pub before: Foreign,
    /// What it is.
    pub value: Foreign,
}

/// Who the accounts are that lines speak of, as far as the reader may know.
pub(crate) struct Names(BTreeMap<Id<AccountKind>, Account>);

impl Names {
    /// Looks up everybody whom these lines speak of.
    pub(crate) async fn load(app: &App, visit: &Visit, entries: &[AuditEntry]) -> Result<Self, Failure> {
        let named = entries.iter().flat_map(|entry| [&entry.line.actor, &entry.line.object]);
        let ids: BTreeSet<Id<AccountKind>> = named.filter_map(|text| text.parse().ok()).collect();
        Ok(Self(access::account::known(&app.state.access, visit.scope(), &ids).await?))
    }

    /// What somebody is called, when the reader may know and it was not erased.
    pub(crate) fn name(&self, label: &str) -> Option<&str> {
        let account = self.0.get(&label.parse().ok()?)?;
        (account.state != State::Erased).then_some(account.name.as_str())
    }

    fn link(&self, visit: &Visit, label: &str) -> Option<Link> {
        let id: Id<AccountKind> = label.parse().ok()?;
        Some(match self.0.get(&id) {
            None => Link { name: visit.words.get("audit-actor-other"), href: String::new() },
            Some(one) => Link {
                name: match one.state {
                    State::Erased => visit.words.get("audit-actor-erased"),
                    _ => neutral_short(&one.name, NAME_CHARACTERS_MAX),
                },
                href: format!("/accounts/{id}"),
            },
        })
    }
}

/// The part of a sentence's key that stands for an action.
pub(crate) fn action_key(action: &str) -> String {
    action.replace(['.', '_'], "-")
}

impl Shown {
    /// How a line is shown to this reader.
    pub(crate) fn new(visit: &Visit, names: &Names, entry: &AuditEntry) -> Self {
        let line = &entry.line;
        Self {
            at: visit.time(line.at),
            sentence: Told::new(visit, names, line).markup(),
            facts: facts(visit, entry),
            organisations: line.concerns.iter().map(|id| place(visit, *id)).collect(),
            number: entry.place.as_ref().map(|head| head.seq.to_string()).unwrap_or_default(),
            hash: entry.place.as_ref().map(|head| grouped(&head.hash)).unwrap_or_default(),
        }
    }
}

fn place(visit: &Visit, id: Id<Organisation>) -> Link {
    let reached = visit.scope().covers(Right::ReadRegistry, Some(id));
    let href = if reached { format!("/registry/of/{id}") } else { String::new() };
    Link { name: visit.organisation_name(id), href }
}

/// A sentence with places for its links.
pub(crate) struct Told {
    text: String,
    actor: Link,
    object: Link,
}

impl Told {
    /// Who did what, as a sentence; of what nobody has a sentence for, the action as it stands.
    pub(crate) fn new(visit: &Visit, names: &Names, line: &Line) -> Self {
        let key = format!("audit-says-{}", action_key(&line.action));
        let own = format!("{key}-self");
        let key = match () {
            () if line.actor == line.object && visit.words.has(&own) => own,
            () if visit.words.has(&key) => key,
            () => "audit-says-unknown".to_owned(),
        };
        let action = neutral_short(&line.action, NAME_CHARACTERS_MAX);
        let values = [("actor", ACTOR.into()), ("object", OBJECT.into()), ("action", action.into())];
        Self {
            text: visit.words.with(&key, &values),
            actor: actor(visit, names, &line.actor),
            object: object(visit, names, line),
        }
    }

    /// With links.
    fn markup(&self) -> Markup {
        let html = escaped(&self.text).replace(ACTOR, self.actor.element().as_str());
        Markup::trusted(html.replace(OBJECT, self.object.element().as_str()))
    }

    /// Without.
    pub(crate) fn plain(&self) -> String {
        self.text.replace(ACTOR, &self.actor.name).replace(OBJECT, &self.object.name)
    }
}

fn actor(visit: &Visit, names: &Names, label: &str) -> Link {
    let name = match label {
        "command line" => visit.words.get("audit-actor-house"),
        "link" => visit.words.get("audit-actor-link"),
        "provider" => visit.words.get("audit-actor-provider"),
        _ => match names.link(visit, label) {
            Some(link) => return link,
            None => neutral_short(label, NAME_CHARACTERS_MAX),
        },
    };
    Link { name, href: String::new() }
}

/// What something was done to, leading to its page where it has one that the reader may open.
fn object(visit: &Visit, names: &Names, line: &Line) -> Link {
    let (id, whose) = (&line.object, line.concerns.first().copied());
    let text = |name: &str| line.detail.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let link = |name: &str, right: Right, href: String| Link {
        name: neutral_short(name, NAME_CHARACTERS_MAX),
        href: if visit.scope().covers(right, whose) { href } else { String::new() },
    };
    match id.split_once('_').map_or(id.as_str(), |(kind, _)| kind) {
        "threat" => link(text("number").unwrap_or(id), Right::ReadWatch, format!("/threats/{id}")),
        "campaign" => link(text("number").unwrap_or(id), Right::ReadWatch, format!("/campaigns/{id}")),
        "change" => link(text("about").unwrap_or(id), Right::ReadRegistry, format!("/registry/changes/{id}")),
        "org" => {
            let name = id.parse().map_or_else(|_| id.clone(), |id| visit.organisation_name(id));
            link(text("about").unwrap_or(&name), Right::ReadRegistry, format!("/registry/of/{id}"))
        }
        "account" => names.link(visit, id).unwrap_or_default(),
        "contact" => match whose {
            Some(whose) => {
                let name = visit.words.get("audit-object-contact");
                link(&name, Right::ReadPeople, format!("/registry/of/{whose}?tab=contact"))
            }
            None => link(id, Right::ReadPeople, String::new()),
        },
        "registry" => Link { name: visit.words.get("audit-object-registry"), href: String::new() },
        _ => Link { name: neutral_short(id, NAME_CHARACTERS_MAX), href: String::new() },
    }
}

/// What more a line says.
fn facts(visit: &Visit, entry: &AuditEntry) -> Vec<Fact> {
    let Some(detail) = entry.line.detail.as_object() else {
        return vec![fact(visit, "detail", &Value::Null, &entry.line.detail)];
    };
    let mut facts = Vec::new();
    for (name, value) in detail {
        match (name.as_str(), value) {
            // Beside what it became.
            ("before", _) => {}
            ("personal", Value::Null) => facts.push(Fact {
                name: name_of(visit, name),
                before: Foreign::default(),
                value: Foreign(visit.words.get("audit-personal-erased")),
            }),
            ("columns", Value::Object(columns)) => {
                facts.extend(columns.iter().map(|(column, value)| column_fact(visit, column, value)));
            }
            ("verdict" | "tlp", after) => {
                facts.push(fact(visit, name, detail.get("before").unwrap_or(&Value::Null), after));
            }
            (_, value) => facts.push(fact(visit, name, &Value::Null, value)),
        }
    }
    facts.retain(|fact| !fact.value.is_empty() || !fact.before.is_empty());
    facts.truncate(FACTS_MAX);
    facts
}

fn fact(visit: &Visit, name: &str, before: &Value, value: &Value) -> Fact {
    let shown = |value: &Value| Foreign(value_of(visit, name, value));
    Fact { name: name_of(visit, name), before: shown(before), value: shown(value) }
}

/// A column of the registry, `[before, after]`.
fn column_fact(visit: &Visit, column: &str, value: &Value) -> Fact {
    let side = |place: usize| Foreign(value.get(place).map(text_of).unwrap_or_default());
    Fact { name: column_name(visit, column), before: side(0), value: side(1) }
}

fn column_name(visit: &Visit, column: &str) -> String {
    let key = format!("registry-column-{}", column.replace('_', "-"));
    if visit.words.has(&key) { visit.words.get(&key) } else { neutral_short(column, NAME_CHARACTERS_MAX) }
}

fn name_of(visit: &Visit, name: &str) -> String {
    let key = format!("audit-detail-{}", name.replace('_', "-"));
    if visit.words.has(&key) { visit.words.get(&key) } else { neutral_short(name, NAME_CHARACTERS_MAX) }
}

/// A value as its reader knows it; one that nobody has a word for, as it stands.
fn value_of(visit: &Visit, name: &str, value: &Value) -> String {
    if let Value::Array(several) = value {
        let several: Vec<String> = several
            .iter()
            .map(|one| match name {
                "columns" => one.as_str().map_or_else(String::new, |column| column_name(visit, column)),
                _ => value_of(visit, name, one),
            })
            .collect();
        return several.join(&visit.words.get("list-comma"));
    }
    let text = text_of(value);
    let key = match name {
        "verdict" => format!("verdict-{text}"),
        "role" => format!("role-{text}"),
        "rights" => format!("right-{text}"),
        "method" => format!("method-{text}"),
        "state" => format!("registry-state-{text}"),
        "organisation" => {
            return text.parse().map_or(text, |id| visit.organisation_name(id));
        }
        _ => format!("audit-value-{}", text.replace([' ', '_'], "-")),
    };
    if visit.words.has(&key) { visit.words.get(&key) } else { text }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
