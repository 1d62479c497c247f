//! Correlation rules: matches of other rules that mean more together, within a time span, for one group of values.

use std::collections::{HashMap, HashSet};

use crate::condition::{self, Expr};
use crate::limit::{CORRELATED_RULES_MAX, CORRELATION_COUNT_MAX, TIMESPAN_SECONDS_MAX};
use crate::rule::{Level, Rule};
use crate::yaml::{Node, Position, Refusal};

/// What a correlation rule asks of the matches in its time span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CorrelationKind {
    /// How many there are.
    EventCount,
    /// How many different values a field has in them.
    ValueCount,
    /// The sum of a field.
    ValueSum,
    /// The average of a field.
    ValueAverage,
    /// The value below which this share of a field's values lies, in percent.
    ValuePercentile(f64),
    /// The value in the middle.
    ValueMedian,
    /// Which rules are among them.
    Temporal,
    /// Whether every rule is among them, in this order.
    TemporalOrdered,
}

/// One correlation rule. What it counts are matches of rules, or of other correlation rules.
#[derive(Clone, Debug)]
pub struct Correlation {
    /// The rule's `id`, or its title when it has none.
    pub id: String,
    /// The word other correlations may call it by.
    pub name: String,
    /// One line.
    pub title: String,
    /// What it detects, in sentences.
    pub description: String,
    /// How bad.
    pub level: Level,
    /// ATT&CK and other tags.
    pub tags: Vec<String>,
    /// Known harmless causes.
    pub false_positives: Vec<String>,
    /// The file it was read from.
    pub file: String,
    /// Where in that file.
    pub position: Position,
    /// What it asks.
    pub kind: CorrelationKind,
    /// The rules it counts, by id or name, as written.
    pub rules: Vec<String>,
    /// Matches count together when these fields, or aliases, have the same values. Case does not count.
    pub group_by: Vec<String>,
    /// The field whose values are counted or added.
    pub field: Option<String>,
    /// How far apart the first and the last match may be.
    pub timespan_seconds: u64,
    /// Whether the rules it counts are reported by themselves too.
    pub generate: bool,
    /// Whether it is reported itself: not when only other correlations want it.
    pub reported: bool,
    /// Alias, and for each rule the field it stands for.
    pub(crate) aliases: Vec<Alias>,
    pub(crate) condition: Asks,
    /// What `rules` are, once everything is loaded.
    pub(crate) counted: Vec<Counted>,
}

/// A name, and the field it stands for in each of some rules.
pub(crate) type Alias = (String, Vec<(String, String)>);

/// Something that a correlation counts, by its place among what was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Rule(usize),
    Correlation(usize),
}

/// What must hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asks {
    /// The count, sum … lies within all of these.
    Bounds(Vec<(Bound, f64)>),
    /// These rules, by place in `rules`, are there or not.
    Rules(Expr<usize>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    AtLeast,
    MoreThan,
    AtMost,
    LessThan,
    Equal,
    NotEqual,
}

impl Bound {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "gte" | ">=" => Self::AtLeast,
            "gt" | ">" => Self::MoreThan,
            "lte" | "<=" => Self::AtMost,
            "lt" | "<" => Self::LessThan,
            "eq" | "=" | "==" => Self::Equal,
            "neq" | "!=" => Self::NotEqual,
            _ => return None,
        })
    }

    pub(crate) fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::AtLeast => value >= bound,
            Self::MoreThan => value > bound,
            Self::AtMost => value <= bound,
            Self::LessThan => value < bound,
            Self::Equal => value == bound,
            Self::NotEqual => value != bound,
        }
    }
}

impl Asks {
    /// Whether more matches can only help: then it is asked at every match, otherwise when the time span is over.
    fn only_grows(&self) -> bool {
        fn positive(expr: &Expr<usize>) -> bool {
            match expr {
                Expr::And(parts) | Expr::Or(parts) => parts.iter().all(positive),
                Expr::Not(_) => false,
                Expr::Leaf(_) => true,
            }
        }
        match self {
            Self::Bounds(bounds) => {
                bounds.iter().all(|(bound, _)| matches!(bound, Bound::AtLeast | Bound::MoreThan))
            }
            Self::Rules(expr) => positive(expr),
        }
    }
}

impl Correlation {
    /// Whether it is asked at every match, over the time span before it. Otherwise it is asked once, when the time
    /// span that its group's first match began is over: what may still become false cannot be said earlier.
    pub fn is_asked_at_every_match(&self) -> bool {
        use CorrelationKind::{ValueAverage, ValueMedian, ValuePercentile};
        let settles = matches!(self.kind, ValueAverage | ValueMedian | ValuePercentile(_));
        !settles && self.condition.only_grows()
    }

    /// Everything that decides what is remembered of its matches, as text: two that say the same may share a state.
    pub(crate) fn definition(&self) -> String {
        let counted = (&self.kind, &self.rules, &self.group_by, &self.field, &self.aliases);
        format!("{} {counted:?} {} {:?}", self.id, self.timespan_seconds, self.condition)
    }

    /// ATT&CK technique ids among the tags: `T1059.001`.
    pub fn techniques(&self) -> Vec<String> {
        crate::rule::techniques(&self.tags)
    }

    /// The field that `name` in `group-by` stands for in the rule at this place.
    pub(crate) fn field_of<'a>(&'a self, name: &'a str, place: usize) -> &'a str {
        let alias = self.aliases.iter().find(|(alias, _)| alias == name);
        let rule = self.rules.get(place);
        let field = alias.and_then(|(_, fields)| fields.iter().find(|(of, _)| Some(of) == rule));
        field.map_or(name, |(_, field)| field.as_str())
    }
}

/// Reads the part under `correlation`; the caller fills in what every rule has.
pub(crate) fn parse(node: &Node) -> Result<Correlation, Refusal> {
    let at = node.position;
    let wrong = |node: &Node, what: &str| Refusal::new(node.position, what);
    let text = |key: &str| node.get(key).and_then(Node::text);
    let word = text("type").ok_or_else(|| Refusal::new(at, "the correlation has no type"))?;
    let rules = names(node, "rules");
    if rules.is_empty() || rules.len() > CORRELATED_RULES_MAX {
        return Err(Refusal::new(at, format!("a correlation counts 1 to {CORRELATED_RULES_MAX} rules")));
    }
    let condition = node.get("condition");
    let part = |key: &str| condition.and_then(|condition| condition.get(key));
    let kind = match word {
        "event_count" => CorrelationKind::EventCount,
        "value_count" => CorrelationKind::ValueCount,
        "value_sum" => CorrelationKind::ValueSum,
        "value_avg" => CorrelationKind::ValueAverage,
        "value_median" => CorrelationKind::ValueMedian,
        "value_percentile" => {
            let node =
                part("percentile").ok_or_else(|| Refusal::new(at, "the condition has no percentile"))?;
            let percent =
                node.text().and_then(|text| text.parse().ok()).filter(|p| (0.0..=100.0).contains(p));
            CorrelationKind::ValuePercentile(percent.ok_or_else(|| wrong(node, "a percentile is 0 to 100"))?)
        }
        "temporal" | "temporal_extended" => CorrelationKind::Temporal,
        "temporal_ordered" | "temporal_ordered_extended" => CorrelationKind::TemporalOrdered,
        other => return Err(Refusal::new(at, format!("the correlation type {other:?} is unknown"))),
    };
    let temporal = matches!(kind, CorrelationKind::Temporal | CorrelationKind::TemporalOrdered);
    let counts_values = !temporal && kind != CorrelationKind::EventCount;
    let field = part("field").map(|node| {
        node.elements().first().and_then(Node::text).filter(|_| node.elements().len() == 1).map(str::to_owned)
    });
    if field == Some(None) {
        return Err(Refusal::new(at, "the condition's field is one field"));
    }
    let field = field.flatten();
    if counts_values != field.is_some() {
        let what = if counts_values { "needs a field in its condition" } else { "takes no field" };
        return Err(Refusal::new(at, format!("{word} {what}")));
    }
    let asks = match condition {
        None if temporal => all(rules.len()),
        None => return Err(Refusal::new(at, "the correlation has no condition")),
        Some(_) if kind == CorrelationKind::TemporalOrdered => {
            return Err(Refusal::new(at, "temporal_ordered takes no condition: every rule, in order"));
        }
        Some(node) => match node.text() {
            Some(text) if temporal => {
                let expr = condition::parse(text, &rules).map_err(|why| {
                    wrong(node, &why.replace("which is not a selection", "which it does not count"))
                })?;
                Asks::Rules(expr.try_map(&mut |name: &String| {
                    let place = rules.iter().position(|rule| rule == name);
                    place.map(Expr::Leaf).ok_or_else(|| wrong(node, "the condition names an unknown rule"))
                })?)
            }
            Some(_) => return Err(wrong(node, "the condition compares a number: `gte: 10`")),
            None => bounds(node)?,
        },
    };
    if matches!(kind, CorrelationKind::EventCount | CorrelationKind::ValueCount)
        && let Asks::Bounds(bounds) = &asks
        && bounds.iter().any(|(_, number)| *number > CORRELATION_COUNT_MAX as f64)
    {
        return Err(Refusal::new(at, format!("it counts further than {CORRELATION_COUNT_MAX}")));
    }
    let timespan = node.get("timespan").or_else(|| node.get("timeframe"));
    let timespan = timespan.ok_or_else(|| Refusal::new(at, "the correlation has no timespan"))?;
    Ok(Correlation {
        id: String::new(),
        name: String::new(),
        title: String::new(),
        description: String::new(),
        level: Level::default(),
        tags: Vec::new(),
        false_positives: Vec::new(),
        file: String::new(),
        position: at,
        kind,
        group_by: names(node, "group-by"),
        field,
        timespan_seconds: timespan_seconds(timespan)?,
        generate: text("generate").is_some_and(|text| matches!(text, "true" | "True" | "yes")),
        reported: true,
        aliases: aliases(node, &rules)?,
        rules,
        condition: asks,
        counted: Vec::new(),
    })
}

fn all(rules: usize) -> Asks {
    Asks::Rules(Expr::And((0..rules).map(Expr::Leaf).collect()))
}

fn names(node: &Node, key: &str) -> Vec<String> {
    let list = node.get(key).map(Node::elements).unwrap_or_default();
    list.iter().filter_map(Node::text).map(str::to_owned).collect()
}

fn bounds(node: &Node) -> Result<Asks, Refusal> {
    let mut bounds = Vec::new();
    for (key, value) in node.entries() {
        if matches!(key.text.as_str(), "field" | "percentile") {
            continue;
        }
        let bound = Bound::parse(&key.text)
            .ok_or_else(|| Refusal::new(key.position, format!("{:?} compares nothing", key.text)))?;
        let number: Option<f64> =
            value.text().and_then(|text| text.parse().ok()).filter(|n: &f64| n.is_finite());
        bounds.push((bound, number.ok_or_else(|| Refusal::new(value.position, "a number is expected"))?));
    }
    if bounds.is_empty() {
        return Err(Refusal::new(node.position, "the condition compares nothing"));
    }
    Ok(Asks::Bounds(bounds))
}

fn aliases(node: &Node, rules: &[String]) -> Result<Vec<Alias>, Refusal> {
    let mut aliases = Vec::new();
    for (alias, fields) in node.get("aliases").map(Node::entries).unwrap_or_default() {
        let mut of_rules = Vec::new();
        for (rule, field) in fields.entries() {
            if !rules.contains(&rule.text) {
                return Err(Refusal::new(
                    rule.position,
                    format!("the alias names {:?}, which it does not count", rule.text),
                ));
            }
            let field =
                field.text().ok_or_else(|| Refusal::new(field.position, "an alias stands for a field"))?;
            of_rules.push((rule.text.clone(), field.to_owned()));
        }
        aliases.push((alias.text.clone(), of_rules));
    }
    Ok(aliases)
}

/// `30s`, `5m`, `1h`, `7d`, `2w`.
fn timespan_seconds(node: &Node) -> Result<u64, Refusal> {
    let text = node.text().unwrap_or_default().trim();
    let wrong = || Refusal::new(node.position, format!("{text:?} is not a time span like 30s, 5m, 1h or 7d"));
    let digits = text.trim_end_matches(|unit: char| !unit.is_ascii_digit());
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err(wrong()),
    };
    let seconds = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
    seconds.filter(|seconds| (1..=TIMESPAN_SECONDS_MAX).contains(seconds)).ok_or_else(wrong)
}

/// The aggregation of a legacy condition, `count(field) by group > 5`, as the correlation it means.
pub(crate) fn legacy(
    aggregation: &str,
    timeframe: Option<&Node>,
    at: Position,
) -> Result<Correlation, Refusal> {
    let wrong = |why: &str| Refusal::new(at, format!("{:?} {why}", aggregation.trim()));
    let (function, rest) = aggregation
        .trim()
        .split_once('(')
        .ok_or_else(|| wrong("is not evaluated: only count, sum and avg are"))?;
    let (field, rest) = rest.split_once(')').ok_or_else(|| wrong("lacks a parenthesis"))?;
    let field = Some(field.trim()).filter(|field| !field.is_empty()).map(str::to_owned);
    let kind = match (function.trim(), &field) {
        ("count", None) => CorrelationKind::EventCount,
        ("count", Some(_)) => CorrelationKind::ValueCount,
        ("sum", Some(_)) => CorrelationKind::ValueSum,
        ("avg", Some(_)) => CorrelationKind::ValueAverage,
        _ => return Err(wrong("is not evaluated: only count, sum and avg are")),
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (group, compared) = match words.as_slice() {
        ["by", group @ .., _, _] if !group.is_empty() => {
            (group.iter().map(|name| name.trim_matches(',').to_owned()).collect(), words.as_slice())
        }
        [_, _] => (Vec::new(), words.as_slice()),
        _ => return Err(wrong("is not `count() by field > number`")),
    };
    let [.., bound, number] = compared else { return Err(wrong("compares nothing")) };
    let bound = Bound::parse(bound).ok_or_else(|| wrong("compares nothing"))?;
    let number = number.parse().map_err(|_| wrong("compares with no number"))?;
    let timeframe = timeframe.ok_or_else(|| wrong("has no timeframe beside it"))?;
    Ok(Correlation {
        id: String::new(),
        name: String::new(),
        title: String::new(),
        description: String::new(),
        level: Level::default(),
        tags: Vec::new(),
        false_positives: Vec::new(),
        file: String::new(),
        position: at,
        kind,
        rules: Vec::new(),
        group_by: group,
        field,
        timespan_seconds: timespan_seconds(timeframe)?,
        generate: false,
        reported: true,
        aliases: Vec::new(),
        condition: Asks::Bounds(vec![(bound, number)]),
        counted: Vec::new(),
    })
}

/// Finds what every correlation counts. Returns those that count something that is not there, or themselves.
pub(crate) fn resolve(
    rules: &mut [Rule],
    correlations: Vec<Correlation>,
) -> (Vec<Correlation>, Vec<(Correlation, String)>) {
    let mut kept = correlations;
    let mut refused = Vec::new();
    let mut by_name: HashMap<String, Counted> = HashMap::new();
    for (place, rule) in rules.iter().enumerate() {
        by_name.insert(rule.id.clone(), Counted::Rule(place));
        if !rule.name.is_empty() {
            by_name.insert(rule.name.clone(), Counted::Rule(place));
        }
    }
    // Refusing one may make others lack it.
    loop {
        by_name.retain(|_, counted| matches!(counted, Counted::Rule(_)));
        for (place, correlation) in kept.iter().enumerate() {
            for name in [&correlation.id, &correlation.name].into_iter().filter(|name| !name.is_empty()) {
                by_name.insert(name.clone(), Counted::Correlation(place));
            }
        }
        let (whole, lacking): (Vec<_>, Vec<_>) = kept
            .into_iter()
            .partition(|correlation| correlation.rules.iter().all(|name| by_name.contains_key(name)));
        kept = whole;
        if lacking.is_empty() {
            break;
        }
        for correlation in lacking {
            let name = correlation.rules.iter().find(|name| !by_name.contains_key(*name));
            let why = format!("it counts {:?}, which is not loaded", name.cloned().unwrap_or_default());
            refused.push((correlation, why));
        }
    }
    for correlation in &mut kept {
        correlation.counted =
            correlation.rules.iter().filter_map(|name| by_name.get(name).copied()).collect();
    }
    let circular = circular(&kept);
    if !circular.is_empty() {
        let mut place = 0;
        let (fine, round): (Vec<_>, Vec<_>) = kept.into_iter().partition(|_| {
            place += 1;
            !circular.contains(&(place - 1))
        });
        let why = "it counts itself, by way of other correlations";
        refused.extend(round.into_iter().map(|correlation| (correlation, why.to_owned())));
        let (kept, more) = resolve(rules, fine);
        refused.extend(more);
        return (kept, refused);
    }
    report(rules, &mut kept);
    (kept, refused)
}

/// The places of correlations that lead back to themselves.
fn circular(correlations: &[Correlation]) -> HashSet<usize> {
    // Takes away, again and again, what counts nothing that is left.
    let mut left: HashSet<usize> = (0..correlations.len()).collect();
    loop {
        let before = left.len();
        let counts_left = |place: &usize| {
            correlations.get(*place).is_some_and(|correlation| {
                let inside =
                    |counted: &Counted| matches!(counted, Counted::Correlation(at) if left.contains(at));
                correlation.counted.iter().any(inside)
            })
        };
        let next: HashSet<usize> = left.iter().copied().filter(counts_left).collect();
        left = next;
        if left.len() == before {
            return left;
        }
    }
}

/// What is only counted is not reported.
fn report(rules: &mut [Rule], correlations: &mut [Correlation]) {
    let mut wanted: HashMap<(bool, usize), bool> = HashMap::new();
    for correlation in correlations.iter() {
        for counted in &correlation.counted {
            let key = match *counted {
                Counted::Rule(place) => (false, place),
                Counted::Correlation(place) => (true, place),
            };
            *wanted.entry(key).or_default() |= correlation.generate;
        }
    }
    for ((is_correlation, place), generate) in wanted {
        if is_correlation {
            if let Some(correlation) = correlations.get_mut(place) {
                correlation.reported = generate;
            }
        } else if let Some(rule) = rules.get_mut(place) {
            rule.reported = generate;
        }
    }
}

/// How many different values, or matches, must be told apart to answer every bound.
pub(crate) fn count_needed(bounds: &[(Bound, f64)]) -> usize {
    let largest = bounds.iter().map(|(_, number)| *number).fold(0.0, f64::max);
    largest.min(CORRELATION_COUNT_MAX as f64).ceil() as usize + 1
}
