//! Rule files into rules; what cannot be a rule is refused by name and the rest loads.

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::condition::{self, Expr};
use crate::correlation::{self, Correlation};
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
    /// The word correlations may call it by; often empty.
    pub name: String,
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
    /// Where its own test events are described, relative to the folder that holds the rules' folders; often empty.
    pub regression_tests_path: String,
    /// Whether its matches are reported: not when only correlations want them.
    pub reported: bool,
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
        techniques(&self.tags)
    }
}

pub(crate) fn techniques(tags: &[String]) -> Vec<String> {
    let technique = |tag: &String| {
        let id = tag.strip_prefix("attack.t")?;
        id.starts_with(|digit: char| digit.is_ascii_digit()).then(|| format!("T{id}"))
    };
    tags.iter().filter_map(technique).collect()
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
    /// Correlations of their matches, in the order they were read.
    pub correlations: Vec<Correlation>,
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
        loading.resolve_correlations();
        loading.rules
    }

    /// For those who do not correlate: every correlation is refused for this reason, and rules that were only to be
    /// counted are reported by themselves, except those that a legacy aggregation was taken from.
    #[must_use]
    pub fn without_correlations(mut self, reason: &str) -> Self {
        for correlation in std::mem::take(&mut self.correlations) {
            self.refused.push(Refused {
                file: correlation.file,
                id: Some(correlation.id),
                title: Some(correlation.title),
                refusal: Refusal::new(correlation.position, reason),
            });
        }
        self.rules.retain(|rule| rule.reported || !rule.id.ends_with(EVENTS));
        self.rules.iter_mut().for_each(|rule| rule.reported = true);
        self
    }
}

/// Ends the id of a rule whose matches a legacy aggregation counts; the id itself is the correlation's.
const EVENTS: &str = "#events";

struct Loading<'p> {
    placeholders: &'p Placeholders,
    rules: Rules,
    ids: HashMap<String, String>,
    filters: Vec<Filter>,
}

/// What a detection asks, and the aggregation its condition ends in, with its place.
type Detection = (Expr<Leaf>, Option<(String, Position)>);

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
        } else if document.get("correlation").is_some() {
            self.correlation(file, document).and_then(|correlation| self.keep_correlation(correlation))
        } else {
            self.rule(file, document).and_then(|(rule, legacy)| match legacy {
                None => self.keep(rule),
                Some(correlation) => self.keep(rule).and_then(|()| self.keep_correlation(correlation)),
            })
        };
        if let Err(refusal) = made {
            self.refuse(file, Some(document), refusal);
        }
    }

    fn keep(&mut self, rule: Rule) -> Result<(), Refusal> {
        self.claim(&rule.id, &rule.file, rule.position)?;
        self.rules.rules.push(rule);
        Ok(())
    }

    fn keep_correlation(&mut self, correlation: Correlation) -> Result<(), Refusal> {
        self.claim(&correlation.id, &correlation.file, correlation.position)?;
        self.rules.correlations.push(correlation);
        Ok(())
    }

    fn claim(&mut self, id: &str, file: &str, position: Position) -> Result<(), Refusal> {
        if let Some(first) = self.ids.get(id) {
            return Err(Refusal::new(position, format!("the id {id} is already that of {first}")));
        }
        self.ids.insert(id.to_owned(), file.to_owned());
        Ok(())
    }

    fn resolve_correlations(&mut self) {
        let correlations = std::mem::take(&mut self.rules.correlations);
        let (kept, refused) = correlation::resolve(&mut self.rules.rules, correlations);
        self.rules.correlations = kept;
        for (correlation, why) in refused {
            self.rules.refused.push(Refused {
                file: correlation.file,
                id: Some(correlation.id),
                title: Some(correlation.title),
                refusal: Refusal::new(correlation.position, why),
            });
        }
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

    fn correlation(&self, file: &str, document: &Node) -> Result<Correlation, Refusal> {
        let node =
            document.get("correlation").ok_or_else(|| Refusal::new(document.position, "no correlation"))?;
        let (id, title) = id_and_title(document)?;
        // Some write `generate` beside the correlation, as the first specification had it.
        let beside = document.get("generate").and_then(Node::text) == Some("true");
        let parsed = correlation::parse(node)?;
        Ok(Correlation {
            id,
            title,
            name: text_of(document, "name"),
            description: text_of(document, "description"),
            level: level(document)?,
            tags: texts_of(document, "tags"),
            false_positives: texts_of(document, "falsepositives"),
            file: file.to_owned(),
            position: document.position,
            generate: parsed.generate || beside,
            ..parsed
        })
    }

    /// A rule; and when its condition ends in an aggregation, the correlation that this means.
    fn rule(&self, file: &str, document: &Node) -> Result<(Rule, Option<Correlation>), Refusal> {
        let at = document.position;
        let detection = document.get("detection").ok_or_else(|| Refusal::new(at, "it has no detection"))?;
        let (id, title) = id_and_title(document)?;
        let mut rule = Rule {
            id,
            name: text_of(document, "name"),
            title,
            description: text_of(document, "description"),
            level: level(document)?,
            status: text_of(document, "status"),
            author: text_of(document, "author"),
            tags: texts_of(document, "tags"),
            false_positives: texts_of(document, "falsepositives"),
            log_source: LogSource::default(),
            file: file.to_owned(),
            position: at,
            regression_tests_path: text_of(document, "regression_tests_path"),
            reported: true,
            detection: Expr::And(Vec::new()),
        };
        let source = document.get("logsource").ok_or_else(|| Refusal::new(at, "it has no logsource"))?;
        rule.log_source = log_source(source)?;
        let (expr, aggregation) = self.detection(detection)?;
        rule.detection = expr;
        let Some((aggregation, position)) = aggregation else { return Ok((rule, None)) };
        let timeframe = detection.get("timeframe").or_else(|| document.get("timeframe"));
        let correlation = correlation::legacy(&aggregation, timeframe, position)?;
        let events = format!("{}{EVENTS}", rule.id);
        let correlation = Correlation {
            id: std::mem::replace(&mut rule.id, events.clone()),
            name: std::mem::take(&mut rule.name),
            title: rule.title.clone(),
            description: rule.description.clone(),
            level: rule.level,
            tags: rule.tags.clone(),
            false_positives: rule.false_positives.clone(),
            file: rule.file.clone(),
            rules: vec![events],
            ..correlation
        };
        Ok((rule, Some(correlation)))
    }

    fn filter(&self, document: &Node) -> Result<Filter, Refusal> {
        let at = document.position;
        let filter = document.get("filter").ok_or_else(|| Refusal::new(at, "it has no filter"))?;
        let rules = filter.get("rules").ok_or_else(|| Refusal::new(filter.position, "it names no rules"))?;
        let names: HashSet<_> = rules.elements().iter().filter_map(Node::text).map(str::to_owned).collect();
        let source = document.get("logsource").ok_or_else(|| Refusal::new(at, "it has no logsource"))?;
        let any = names.contains("any") || names.is_empty();
        let (condition, aggregation) = self.detection(filter)?;
        if let Some((_, position)) = aggregation {
            return Err(Refusal::new(position, "a filter counts nothing"));
        }
        Ok(Filter { rules: names, any, log_source: log_source(source)?, condition })
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

    fn detection(&self, node: &Node) -> Result<Detection, Refusal> {
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
        let mut aggregation = None;
        for condition in conditions.elements() {
            let text =
                condition.text().ok_or_else(|| Refusal::new(condition.position, "a condition is a text"))?;
            let text = match text.split_once('|') {
                Some((text, counted)) if conditions.elements().len() == 1 => {
                    aggregation = Some((counted.to_owned(), condition.position));
                    text
                }
                _ => text,
            };
            let expr = condition::parse(text, &names).map_err(|why| Refusal::new(condition.position, why))?;
            any.push(expr.try_map(&mut |name: &String| match selections.get(name.as_str()) {
                Some(node) => self.selection(node, &mut values),
                None => Err(Refusal::new(condition.position, format!("{name:?} is not a selection"))),
            })?);
        }
        match (any.len(), any.pop()) {
            (0, _) | (_, None) => Err(Refusal::new(conditions.position, "the condition is empty")),
            (1, Some(only)) => Ok((only, aggregation)),
            (_, Some(last)) => {
                any.push(last);
                Ok((Expr::Or(any), aggregation))
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

/// The id is the title when there is none.
fn id_and_title(document: &Node) -> Result<(String, String), Refusal> {
    let title = text_of(document, "title");
    let id = document.get("id").and_then(Node::text).map_or_else(|| title.clone(), str::to_owned);
    if id.is_empty() {
        return Err(Refusal::new(document.position, "it has neither id nor title"));
    }
    Ok((id, title))
}

fn level(document: &Node) -> Result<Level, Refusal> {
    match document.get("level") {
        None => Ok(Level::default()),
        Some(node) => node.text().and_then(Level::parse).ok_or_else(|| {
            Refusal::new(node.position, format!("{:?} is not a level", node.text().unwrap_or_default()))
        }),
    }
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
