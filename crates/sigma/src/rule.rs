//! Rule files into rules; what cannot be a rule is refused by name and the rest loads.

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::condition::{self, Expr};
use crate::limit::{FILE_BYTES_MAX, VALUES_MAX};
use crate::modifier::{self, Placeholders, Test};
use crate::yaml::{self, Key, Node, Position, Refusal, Value};

/// Sigma's `level`, mild first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Enriches other events; also what a rule without a level has.
    #[default]
    Informational,
    /// Notable, rarely an incident.
    Low,
    /// Worth a look when there is time.
    Medium,
    /// Look today.
    High,
    /// Look now.
    Critical,
}

impl Level {
    /// The word a rule writes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical]
            .into_iter()
            .find(|level| level.word().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a rule is about. An absent word is about everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogSource {
    /// `windows`, `linux`, `zeek` …
    pub product: Option<String>,
    /// `process_creation`, `proxy` …
    pub category: Option<String>,
    /// `security`, `sshd` …
    pub service: Option<String>,
}

impl fmt::Display for LogSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |word: &Option<String>| word.as_deref().unwrap_or("-").to_owned();
        write!(f, "{}/{}/{}", word(&self.product), word(&self.service), word(&self.category))
    }
}

/// One rule, ready to be compiled.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The rule's `id`, or its title when it has none.
    pub id: String,
    /// One line.
    pub title: String,
    /// What it detects, in sentences.
    pub description: String,
    /// How bad.
    pub level: Level,
    /// `stable`, `test`, `experimental` …
    pub status: String,
    /// Who wrote it.
    pub author: String,
    /// `attack.t1059.001`, `cve.2021-44228` …
    pub tags: Vec<String>,
    /// Known harmless causes.
    pub false_positives: Vec<String>,
    /// What it is about.
    pub log_source: LogSource,
    /// The file it was read from.
    pub file: String,
    /// Where in that file.
    pub position: Position,
    pub(crate) detection: Expr<Leaf>,
}

impl Rule {
    /// The names of the fields it asks for, each once, in the order they stand.
    pub fn fields(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.detection.each(&mut |leaf: &Leaf| {
            let referred = match leaf.tests.first() {
                Some(Test::FieldRef { field, .. }) => Some(field.as_str()),
                _ => None,
            };
            for name in leaf.field.as_deref().into_iter().chain(referred) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        });
        names
    }

    /// Whether it also looks for words in any field.
    pub fn has_keywords(&self) -> bool {
        let mut keywords = false;
        self.detection.each(&mut |leaf: &Leaf| keywords |= leaf.field.is_none());
        keywords
    }

    /// ATT&CK technique ids among the tags: `T1059.001`.
    pub fn techniques(&self) -> Vec<String> {
        let technique = |tag: &String| {
            let id = tag.strip_prefix("attack.t")?;
            id.starts_with(|digit: char| digit.is_ascii_digit()).then(|| format!("T{id}"))
        };
        self.tags.iter().filter_map(technique).collect()
    }
}

/// One question about an event: whether a field (or, without one, any value) passes one of the tests.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) field: Option<String>,
    pub(crate) tests: Vec<Test>,
}

/// A rule that is not evaluated, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file it was read from.
    pub file: String,
    /// Its id, when it has one that can be read.
    pub id: Option<String>,
    /// Its title, as above.
    pub title: Option<String>,
    /// Where, and why.
    pub refusal: Refusal,
}

/// What was loaded and what was not. Every document of every file is in one of the two, or is a filter or a
/// `global` part that went into rules.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Rules to evaluate, in the order they were read.
    pub rules: Vec<Rule>,
    /// Rules and files that are not, with the reason.
    pub refused: Vec<Refused>,
}

impl Rules {
    /// Reads rule files: pairs of name and content.
    pub fn load<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        placeholders: &Placeholders,
    ) -> Self {
        let mut loading =
            Loading { placeholders, rules: Rules::default(), ids: HashMap::new(), filters: Vec::new() };
        for (name, bytes) in files {
            loading.file(name, bytes);
        }
        loading.apply_filters();
        loading.rules
    }
}

struct Loading<'p> {
    placeholders: &'p Placeholders,
    rules: Rules,
    ids: HashMap<String, String>,
    filters: Vec<Filter>,
}

/// A Sigma filter: what the rules it names shall not (or only) say.
struct Filter {
    rules: HashSet<String>,
    any: bool,
    log_source: LogSource,
    condition: Expr<Leaf>,
}

impl Loading<'_> {
    fn file(&mut self, name: &str, bytes: &[u8]) {
        let start = Position { line: 1, column: 1 };
        if bytes.len() > FILE_BYTES_MAX {
            return self.refuse(
                name,
                None,
                Refusal::new(start, format!("longer than {FILE_BYTES_MAX} bytes")),
            );
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.refuse(name, None, Refusal::new(start, "not UTF-8"));
        };
        let (documents, broken) = yaml::documents(text.trim_start_matches('\u{feff}'));
        let mut global: Option<Node> = None;
        let mut previous: Option<Node> = None;
        for document in documents {
            let document = match document.get("action").and_then(Node::text) {
                Some("global") => {
                    global = Some(merge(global.as_ref(), &document));
                    continue;
                }
                Some("reset") => {
                    global = None;
                    continue;
                }
                Some("repeat") => merge(previous.as_ref(), &document),
                _ => merge(global.as_ref(), &document),
            };
            self.document(name, &document);
            previous = Some(document);
        }
        if let Some(refusal) = broken {
            self.refuse(name, None, refusal);
        }
    }

    fn document(&mut self, file: &str, document: &Node) {
        if document.is_null() {
            return;
        }
        let made = if document.get("filter").is_some() {
            self.filter(document).map(|filter| self.filters.push(filter))
        } else {
            self.rule(file, document).and_then(|rule| self.keep(rule))
        };
        if let Err(refusal) = made {
            self.refuse(file, Some(document), refusal);
        }
    }

    fn keep(&mut self, rule: Rule) -> Result<(), Refusal> {
        if let Some(first) = self.ids.get(&rule.id) {
            return Err(Refusal::new(
                rule.position,
                format!("the id {} is already that of {first}", rule.id),
            ));
        }
        self.ids.insert(rule.id.clone(), rule.file.clone());
        self.rules.rules.push(rule);
        Ok(())
    }

    fn refuse(&mut self, file: &str, document: Option<&Node>, refusal: Refusal) {
        let text = |key| document.and_then(|node| node.get(key)).and_then(Node::text).map(str::to_owned);
        self.rules.refused.push(Refused {
            file: file.to_owned(),
            id: text("id"),
            title: text("title"),
            refusal,
        });
    }

    fn rule(&self, file: &str, document: &Node) -> Result<Rule, Refusal> {
        let at = document.position;
        if document.get("correlation").is_some() {
            return Err(Refusal::new(at, "correlation rules are not evaluated yet"));
        }
        let detection = document.get("detection").ok_or_else(|| Refusal::new(at, "it has no detection"))?;
        let title = document.get("title").and_then(Node::text).unwrap_or_default().to_owned();
        let id = document.get("id").and_then(Node::text).map_or_else(|| title.clone(), str::to_owned);
        if id.is_empty() {
            return Err(Refusal::new(at, "it has neither id nor title"));
        }
        let level = match document.get("level") {
            None => Level::default(),
            Some(node) => node.text().and_then(Level::parse).ok_or_else(|| {
                Refusal::new(node.position, format!("{:?} is not a level", node.text().unwrap_or_default()))
            })?,
        };
        let source = document.get("logsource").ok_or_else(|| Refusal::new(at, "it has no logsource"))?;
        Ok(Rule {
            id,
            title,
            description: text_of(document, "description"),
            level,
            status: text_of(document, "status"),
            author: text_of(document, "author"),
            tags: texts_of(document, "tags"),
            false_positives: texts_of(document, "falsepositives"),
            log_source: log_source(source)?,
            file: file.to_owned(),
            position: at,
            detection: self.detection(detection)?,
        })
    }

    fn filter(&self, document: &Node) -> Result<Filter, Refusal> {
        let at = document.position;
        let filter = document.get("filter").ok_or_else(|| Refusal::new(at, "it has no filter"))?;
        let rules = filter.get("rules").ok_or_else(|| Refusal::new(filter.position, "it names no rules"))?;
        let names: HashSet<_> = rules.elements().iter().filter_map(Node::text).map(str::to_owned).collect();
        let source = document.get("logsource").ok_or_else(|| Refusal::new(at, "it has no logsource"))?;
        let any = names.contains("any") || names.is_empty();
        Ok(Filter { rules: names, any, log_source: log_source(source)?, condition: self.detection(filter)? })
    }

    /// Every rule that a filter names must also pass the filter's condition.
    fn apply_filters(&mut self) {
        for filter in &self.filters {
            for rule in &mut self.rules.rules {
                let named =
                    filter.any || filter.rules.contains(&rule.id) || filter.rules.contains(&rule.title);
                if named && narrows(&filter.log_source, &rule.log_source) {
                    rule.detection = Expr::And(vec![rule.detection.clone(), filter.condition.clone()]);
                }
            }
        }
    }

    fn detection(&self, node: &Node) -> Result<Expr<Leaf>, Refusal> {
        let mut selections = HashMap::new();
        let mut names = Vec::new();
        for (key, value) in node.entries() {
            if !matches!(key.text.as_str(), "condition" | "timeframe" | "rules") {
                names.push(key.text.clone());
                selections.insert(key.text.as_str(), value);
            }
        }
        let conditions =
            node.get("condition").ok_or_else(|| Refusal::new(node.position, "it has no condition"))?;
        let mut any = Vec::new();
        let mut values = 0;
        for condition in conditions.elements() {
            let text =
                condition.text().ok_or_else(|| Refusal::new(condition.position, "a condition is a text"))?;
            let expr = condition::parse(text, &names).map_err(|why| Refusal::new(condition.position, why))?;
            any.push(expr.try_map(&mut |name: &String| match selections.get(name.as_str()) {
                Some(node) => self.selection(node, &mut values),
                None => Err(Refusal::new(condition.position, format!("{name:?} is not a selection"))),
            })?);
        }
        match (any.len(), any.pop()) {
            (0, _) | (_, None) => Err(Refusal::new(conditions.position, "the condition is empty")),
            (1, Some(only)) => Ok(only),
            (_, Some(last)) => {
                any.push(last);
                Ok(Expr::Or(any))
            }
        }
    }

    /// A map asks all of its items, a list any of its elements; lone words are keywords.
    fn selection(&self, node: &Node, values: &mut usize) -> Result<Expr<Leaf>, Refusal> {
        match &node.value {
            Value::Map(entries) => {
                let items = entries.iter().map(|(key, value)| self.item(key, value, values));
                Ok(Expr::And(items.collect::<Result<_, _>>()?))
            }
            Value::List(nodes) => {
                let mut any = Vec::new();
                let mut words = Vec::new();
                for element in nodes {
                    match &element.value {
                        Value::Scalar { .. } => words.push(element.clone()),
                        _ => any.push(self.selection(element, values)?),
                    }
                }
                if !words.is_empty() {
                    any.push(self.asked(None, &[], &words, node.position, values)?);
                }
                if any.is_empty() {
                    return Err(Refusal::new(node.position, "the selection is empty"));
                }
                Ok(Expr::Or(any))
            }
            Value::Scalar { .. } => self.asked(None, &[], std::slice::from_ref(node), node.position, values),
        }
    }

    fn item(&self, key: &Key, value: &Node, values: &mut usize) -> Result<Expr<Leaf>, Refusal> {
        let mut parts = key.text.split('|');
        let field = parts.next().unwrap_or_default();
        let modifiers: Vec<_> = parts.collect();
        let field = (!field.is_empty()).then_some(field);
        self.asked(field, &modifiers, value.elements(), key.position, values)
    }

    fn asked(
        &self,
        field: Option<&str>,
        modifiers: &[&str],
        nodes: &[Node],
        at: Position,
        values: &mut usize,
    ) -> Result<Expr<Leaf>, Refusal> {
        let asked = modifier::apply(modifiers, nodes, field.is_none(), self.placeholders)
            .map_err(|why| Refusal::new(at, format!("{}: {why}", field.unwrap_or("keywords"))))?;
        *values += asked.tests.len();
        if *values > VALUES_MAX {
            return Err(Refusal::new(at, format!("the rule has more than {VALUES_MAX} values")));
        }
        let leaf = |tests| Expr::Leaf(Leaf { field: field.map(str::to_owned), tests });
        let expr = if asked.all {
            Expr::And(asked.tests.into_iter().map(|test| leaf(vec![test])).collect())
        } else {
            leaf(asked.tests)
        };
        Ok(if asked.negated { Expr::Not(Box::new(expr)) } else { expr })
    }
}

/// Whether everything that `narrow` is about may also be what `wide` names.
fn narrows(wide: &LogSource, narrow: &LogSource) -> bool {
    let covers = |wide: &Option<String>, narrow: &Option<String>| wide.is_none() || wide == narrow;
    covers(&wide.product, &narrow.product)
        && covers(&wide.category, &narrow.category)
        && covers(&wide.service, &narrow.service)
}

fn log_source(node: &Node) -> Result<LogSource, Refusal> {
    let word = |key| match node.get(key) {
        None => Ok(None),
        Some(value) if value.is_null() => Ok(None),
        Some(value) => match value.text() {
            Some(text) => Ok(Some(text.to_lowercase())),
            None => Err(Refusal::new(value.position, format!("{key} is a word"))),
        },
    };
    Ok(LogSource { product: word("product")?, category: word("category")?, service: word("service")? })
}

fn text_of(node: &Node, key: &str) -> String {
    node.get(key).and_then(Node::text).unwrap_or_default().to_owned()
}

fn texts_of(node: &Node, key: &str) -> Vec<String> {
    let list = node.get(key).map(Node::elements).unwrap_or_default();
    list.iter().filter_map(Node::text).map(str::to_owned).collect()
}

/// `over` on top of `base`: maps are merged, anything else is replaced (rule collections).
fn merge(base: Option<&Node>, over: &Node) -> Node {
    let (Some(base), Value::Map(entries)) = (base, &over.value) else { return over.clone() };
    let mut merged: Vec<(Key, Node)> =
        base.entries().iter().filter(|(key, _)| key.text != "action").cloned().collect();
    for (key, value) in entries {
        match merged.iter_mut().find(|(known, _)| known.text == key.text) {
            Some((_, below)) => *below = merge(Some(below), value),
            None => merged.push((key.clone(), value.clone())),
        }
    }
    Node { position: over.position, value: Value::Map(merged) }
}
