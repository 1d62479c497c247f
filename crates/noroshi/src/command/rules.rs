//! `noroshi rules`: for those who write rules.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use formats::read::{Options, Place};
use serde_json::json;
use sigma::{Placeholders, Rule, RuleId};
use watch::detect::{Detector, Pass, Routing};
use watch::indicator::Indicators;

use super::{Exit, say};
use crate::args::RulesCommand;
use crate::input::{self, Input};
use crate::pipeline::{self, Read1, Work};
use crate::{clock, rules};

/// Runs the command.
pub fn run(command: &RulesCommand) -> anyhow::Result<Exit> {
    match command {
        RulesCommand::Check { rules, placeholder, json } => check(rules, placeholder, *json),
        RulesCommand::Test { rules, root, json } => test(rules, root.as_deref(), *json),
        RulesCommand::Explain { rules, rule, events, files, json } => {
            explain(rules, rule.as_deref(), *events, files, *json)
        }
        RulesCommand::Coverage { rules, navigator, json } => coverage(rules, navigator.as_deref(), *json),
    }
}

/// Why correlations are left out where one rule is looked at.
const UNCORRELATED: &str = "one rule is asked about one event here";

/// Something about a rule that its author should know.
#[derive(Debug, serde::Serialize)]
struct Finding {
    file: String,
    line: u32,
    column: u32,
    /// `error`: the rule is not used. `warning`: it is.
    severity: &'static str,
    rule_id: String,
    title: String,
    reason: String,
}

fn check(paths: &[PathBuf], placeholders: &[String], json: bool) -> anyhow::Result<Exit> {
    let loaded = rules::load(paths, &rules::placeholders(placeholders)?)?;
    let mut findings: Vec<Finding> = loaded.refused.iter().map(refused).collect();
    let (count, correlations) = (loaded.rules.len(), loaded.correlations.len());
    let errors = findings.len();
    let engine = sigma::Engine::new(loaded.rules);
    for (number, rule) in engine.rules().enumerate() {
        let always = engine.is_always_asked(RuleId(number as u32));
        for reason in doubts(rule, always) {
            findings.push(Finding {
                file: rule.file.clone(),
                line: rule.position.line,
                column: rule.position.column,
                severity: "warning",
                rule_id: rule.id.clone(),
                title: rule.title.clone(),
                reason,
            });
        }
    }
    findings.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    let mut out = BufWriter::new(std::io::stdout().lock());
    for finding in &findings {
        if json {
            serde_json::to_writer(&mut out, finding)?;
            writeln!(out)?;
        } else {
            let Finding { file, line, column, severity, reason, .. } = finding;
            writeln!(out, "{file}:{line}:{column}: {severity}: {reason}")?;
        }
    }
    out.flush()?;
    let warnings = findings.len() - errors;
    say(&format!("{count} rules, {correlations} correlations, {errors} errors, {warnings} warnings"));
    Ok(if errors > 0 { Exit::Found } else { Exit::Done })
}

fn refused(refused: &sigma::Refused) -> Finding {
    Finding {
        file: refused.file.clone(),
        line: refused.refusal.position.line,
        column: refused.refusal.position.column,
        severity: "error",
        rule_id: refused.id.clone().unwrap_or_default(),
        title: refused.title.clone().unwrap_or_default(),
        reason: refused.refusal.reason.clone(),
    }
}

/// Statuses that the Sigma specification knows.
const STATUSES: [&str; 6] = ["", "stable", "test", "experimental", "deprecated", "unsupported"];

/// The longest title the specification allows, in characters.
const TITLE_CHARACTERS_MAX: usize = 256;

fn doubts(rule: &Rule, always_asked: bool) -> Vec<String> {
    let mut doubts = Vec::new();
    let mut doubt = |says: bool, reason: String| {
        if says {
            doubts.push(reason);
        }
    };
    let written = rule.id.trim_end_matches("#events");
    doubt(!is_uuid(written), format!("the id {written:?} is not a UUID"));
    doubt(rule.title.is_empty(), "it has no title".into());
    let long = rule.title.chars().count() > TITLE_CHARACTERS_MAX;
    doubt(long, format!("the title is longer than {TITLE_CHARACTERS_MAX} characters"));
    doubt(rule.description.trim().is_empty(), "it has no description".into());
    let status = rule.status.as_str();
    doubt(!STATUSES.contains(&status), format!("the status {status:?} is unknown"));
    let attack: Vec<_> = rule.tags.iter().filter(|tag| tag.starts_with("attack.t")).collect();
    for tag in attack {
        let digits = tag.strip_prefix("attack.t").unwrap_or_default();
        let looks_like_one = digits.starts_with(|c: char| c.is_ascii_digit());
        doubt(looks_like_one && !is_technique(digits), format!("{tag:?} is not a technique of ATT&CK"));
    }
    doubt(rule.log_source == sigma::LogSource::default(), "its log source is everything".into());
    doubt(
        always_asked,
        "nothing that must be in an event can be looked up: it is asked about every event of its source"
            .into(),
    );
    doubts
}

fn is_uuid(text: &str) -> bool {
    let dash = |place: usize| matches!(place, 8 | 13 | 18 | 23);
    text.len() == 36
        && text.bytes().enumerate().all(
            |(place, byte)| {
                if dash(place) { byte == b'-' } else { byte.is_ascii_hexdigit() }
            },
        )
}

/// `1059` or `1059.001`.
fn is_technique(digits: &str) -> bool {
    let (technique, sub) =
        digits.split_once('.').map_or((digits, None), |(technique, sub)| (technique, Some(sub)));
    let all =
        |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    all(technique, 4) && sub.is_none_or(|sub| all(sub, 3))
}

/// What came of one test of a rule.
#[derive(Debug, serde::Serialize)]
struct Tested {
    rule_id: String,
    title: String,
    file: String,
    expected: u64,
    found: u64,
    /// Why it could not be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Tested {
    fn passed(&self) -> bool {
        self.reason.is_none() && self.expected == self.found
    }
}

fn test(paths: &[PathBuf], root: Option<&Path>, json: bool) -> anyhow::Result<Exit> {
    let loaded = rules::load(paths, &Placeholders::new())?;
    // A rule that only feeds a correlation is tested by itself all the same.
    let detector =
        Detector::new(loaded.without_correlations(UNCORRELATED), Indicators::default(), Routing::BySource);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut passed, mut failed, mut untested) = (0, 0, 0);
    for rule in detector.engine().rules() {
        if rule.regression_tests_path.is_empty() {
            untested += 1;
            continue;
        }
        for tested in tests_of(&detector, rule, root)? {
            let ok = tested.passed();
            passed += u64::from(ok);
            failed += u64::from(!ok);
            if json {
                serde_json::to_writer(&mut out, &tested)?;
                writeln!(out)?;
            } else {
                let Tested { title, file, expected, found, .. } = &tested;
                let what = match &tested.reason {
                    Some(reason) => reason.clone(),
                    None => format!("{found} of {expected} matches"),
                };
                writeln!(out, "{} {title}: {file}: {what}", if ok { "ok    " } else { "FAILED" })?;
            }
        }
    }
    out.flush()?;
    say(&format!("{passed} tests passed, {failed} failed, {untested} rules have none"));
    Ok(if failed > 0 { Exit::Found } else { Exit::Done })
}

fn tests_of(detector: &Detector, rule: &Rule, root: Option<&Path>) -> anyhow::Result<Vec<Tested>> {
    let tested = |file: &str, expected, found, reason| Tested {
        rule_id: rule.id.clone(),
        title: rule.title.clone(),
        file: file.to_owned(),
        expected,
        found,
        reason,
    };
    let info = &rule.regression_tests_path;
    let missing = |file: &str, why: &str| Ok(vec![tested(file, 1, 0, Some(why.to_owned()))]);
    // The path is the rule's author's: it must not lead out of the folder.
    let inside =
        |path: &str| Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let above = || Path::new(&rule.file).ancestors().skip(1).find(|folder| folder.join(info).is_file());
    let Some(root) = root.or_else(above).filter(|_| inside(info)) else {
        return missing(info, "there is no such file in a folder above the rule; see --root");
    };
    let cases = match std::fs::read_to_string(root.join(info)) {
        Err(error) => return missing(info, &error.to_string()),
        Ok(text) => match sigma::regression::cases(&text) {
            Err(refusal) => return missing(info, &refusal.to_string()),
            Ok(cases) => cases,
        },
    };
    let mut all = Vec::new();
    for case in cases {
        if !inside(&case.path) || !root.join(&case.path).is_file() {
            all.push(tested(&case.path, case.match_count, 0, Some("there is no such file".into())));
            continue;
        }
        let inputs = input::files(&[root.join(&case.path)])?;
        let found = matches_of(detector, &rule.id, &inputs)?;
        all.push(tested(&case.path, case.match_count, found, None));
    }
    Ok(all)
}

/// Counts the matches of one rule.
struct Counting<'r> {
    pass: Pass,
    rule: &'r str,
}

impl Work for Counting<'_> {
    type Made = u64;

    fn event(&mut self, read: Read1<'_>, made: &mut u64) {
        let time = read.event.time.unwrap_or(base::Timestamp::UNIX_EPOCH);
        let hits = self.pass.hits(read.names, read.sources, read.event, &[], time);
        *made += hits.iter().filter(|hit| hit.rule_id == self.rule).count() as u64;
    }
}

fn matches_of(detector: &Detector, rule: &str, inputs: &[Input]) -> anyhow::Result<u64> {
    let mut found = 0;
    let workers = vec![Counting { pass: detector.pass(), rule }];
    pipeline::run(inputs, &|_| Options::default(), workers, clock::now(), &mut |step| {
        found += step.made;
        Ok(())
    })?;
    Ok(found)
}

/// One event as a rule sees it.
#[derive(Clone, Debug, serde::Serialize)]
struct Explained {
    file: String,
    line: u64,
    /// `product/service/category` of the event.
    route: String,
    /// Whether the rule is asked about events of that source at all.
    routed: bool,
    /// How many answers are missing for a match.
    missing: usize,
    steps: Vec<ExplainedStep>,
}

#[derive(Clone, Debug, serde::Serialize)]
struct ExplainedStep {
    depth: usize,
    holds: bool,
    question: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<(String, String)>,
}

struct Explaining {
    pass: Pass,
    rule: RuleId,
    events_max: usize,
}

impl Work for Explaining {
    type Made = Vec<(usize, Explained)>;

    fn event(&mut self, read: Read1<'_>, made: &mut Self::Made) {
        let Read1 { names, sources, event, place, input, .. } = read;
        let Place { line, .. } = place;
        let (trace, values) = self.pass.trace(names, event, self.rule);
        let route = self.pass.route_name(sources, event.source).to_owned();
        let routed = self.pass.asks(sources, event.source, self.rule);
        let step = |step: &sigma::Step| ExplainedStep {
            depth: step.depth,
            holds: step.holds,
            question: step.question.clone(),
            answer: step.value.and_then(|value| values.get(value)).cloned(),
        };
        let steps = trace.steps.iter().map(step).collect();
        let missing = trace.missing;
        made.push((input, Explained { file: String::new(), line, route, routed, missing, steps }));
        keep_nearest(made, self.events_max);
    }
}

/// Keeps the events of which least is missing, those of the rule's own source first.
fn keep_nearest(made: &mut Vec<(usize, Explained)>, events_max: usize) {
    if made.len() > events_max.saturating_mul(2) {
        made.sort_by_key(|(_, event)| (!event.routed, event.missing));
        made.truncate(events_max);
    }
}

fn explain(
    paths: &[PathBuf],
    rule: Option<&str>,
    events_max: usize,
    files: &[PathBuf],
    json: bool,
) -> anyhow::Result<Exit> {
    let loaded = rules::load(paths, &Placeholders::new())?.without_correlations(UNCORRELATED);
    let number = match rule {
        Some(id) => loaded.rules.iter().position(|rule| rule.id == id),
        None if loaded.rules.len() == 1 => Some(0),
        None => bail!("there are {} rules: say which with --rule", loaded.rules.len()),
    };
    let Some(number) = number else {
        let why = loaded.refused.iter().find(|refused| refused.id.as_deref() == rule);
        match why {
            Some(refused) => bail!("{}: {}", refused.file, refused.refusal),
            None => bail!("no rule has the id {}", rule.unwrap_or_default()),
        }
    };
    let detector = Detector::new(loaded, Indicators::default(), Routing::BySource);
    let inputs = input::files(files)?;
    let id = RuleId(number as u32);
    let worker = Explaining { pass: detector.pass(), rule: id, events_max };
    let mut nearest = Vec::new();
    pipeline::run(&inputs, &|_| Options::default(), vec![worker], clock::now(), &mut |step| {
        nearest.extend(step.made);
        keep_nearest(&mut nearest, events_max);
        Ok(())
    })?;
    nearest.sort_by_key(|(_, event)| (!event.routed, event.missing));
    nearest.truncate(events_max);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (input, event) in nearest {
        let event = Explained { file: inputs[input].name.clone(), ..event };
        if json {
            serde_json::to_writer(&mut out, &event)?;
            writeln!(out)?;
            continue;
        }
        let verdict = match (event.missing, event.routed) {
            (0, true) => "matches".to_owned(),
            (0, false) => "would match, but is not asked about this source".to_owned(),
            (missing, true) => format!("{missing} answers missing"),
            (missing, false) => format!("{missing} answers missing, and not asked about this source"),
        };
        writeln!(out, "{}:{} {}: {verdict}", event.file, event.line, event.route)?;
        for step in &event.steps {
            let indent = "  ".repeat(step.depth + 1);
            let mark = if step.holds { "yes" } else { "no " };
            write!(out, "{mark}{indent}{}", step.question)?;
            match &step.answer {
                Some((name, value)) => writeln!(out, "  ({name} = {})", shown(value))?,
                None => writeln!(out)?,
            }
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// A value for people: one line, not too long, nothing that moves the cursor.
fn shown(value: &str) -> String {
    const CHARACTERS_MAX: usize = 120;
    let clean = value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut text: String = clean.take(CHARACTERS_MAX).collect();
    if value.chars().count() > CHARACTERS_MAX {
        text.push('…');
    }
    text
}

/// What covers one technique.
#[derive(Debug, Default, serde::Serialize)]
struct Covered {
    technique: String,
    rules: usize,
    /// The highest level among them.
    level: String,
    /// The products they are about; `-` is any.
    products: Vec<String>,
}

fn coverage(paths: &[PathBuf], navigator: Option<&Path>, json: bool) -> anyhow::Result<Exit> {
    let loaded = rules::load(paths, &Placeholders::new())?;
    let mut techniques: BTreeMap<String, Vec<(sigma::Level, &str)>> = BTreeMap::new();
    for rule in loaded.rules.iter().filter(|rule| rule.reported) {
        let product = rule.log_source.product.as_deref().unwrap_or("-");
        // A rule may name one technique twice.
        for technique in rule.techniques().into_iter().collect::<HashSet<_>>() {
            techniques.entry(technique).or_default().push((rule.level, product));
        }
    }
    for correlation in loaded.correlations.iter().filter(|correlation| correlation.reported) {
        for technique in correlation.techniques().into_iter().collect::<HashSet<_>>() {
            techniques.entry(technique).or_default().push((correlation.level, "-"));
        }
    }
    let covered: Vec<Covered> = techniques
        .into_iter()
        .map(|(technique, rules)| {
            let mut products: Vec<_> = rules.iter().map(|(_, product)| (*product).to_owned()).collect();
            products.sort();
            products.dedup();
            let level = rules.iter().map(|(level, _)| *level).max().unwrap_or_default().to_string();
            Covered { technique, rules: rules.len(), level, products }
        })
        .collect();
    if let Some(path) = navigator {
        let text = serde_json::to_string_pretty(&layer(&covered))?;
        std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    for covered in &covered {
        if json {
            serde_json::to_writer(&mut out, covered)?;
            writeln!(out)?;
        } else {
            let Covered { technique, rules, level, products } = covered;
            writeln!(out, "{technique:<10} {rules:>5}  {level:<13} {}", products.join(" "))?;
        }
    }
    out.flush()?;
    let rules = loaded.rules.len() + loaded.correlations.len();
    say(&format!("{} techniques, {rules} rules", covered.len()));
    Ok(Exit::Done)
}

/// A layer of the ATT&CK Navigator: how many rules look for each technique. Layer format 4.5 asks for the versions of
/// layer and Navigator (4.9.0 or later), and for a gradient that ends higher than it begins.
fn layer(covered: &[Covered]) -> serde_json::Value {
    let techniques: Vec<_> = covered
        .iter()
        .map(|covered| {
            json!({
                "techniqueID": covered.technique,
                "score": covered.rules,
                "comment": format!("{} rules, up to {}: {}", covered.rules, covered.level, covered.products.join(", ")),
                "enabled": true,
            })
        })
        .collect();
    let most = covered.iter().map(|covered| covered.rules).max().unwrap_or(1);
    json!({
        "name": "Sigma rules",
        "versions": {"layer": "4.5", "navigator": "4.9.0"},
        "domain": "enterprise-attack",
        "description": "How many rules look for each technique",
        "techniques": techniques,
        "gradient": {"colors": ["#ffffff", "#66b1ff"], "minValue": 0, "maxValue": most},
    })
}
