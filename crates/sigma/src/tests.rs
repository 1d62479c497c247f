//! What rules mean, one line a case; and the engine against the oracle.

use proptest::prelude::*;

use crate::engine::{Engine, Event, Kind, RuleId, Source};
use crate::modifier::Placeholders;
use crate::oracle::{self, Pairs};
use crate::rule::{Level, Rules};

fn load(text: &str) -> Rules {
    Rules::load([("test.yml", text.as_bytes())], &Placeholders::new())
}

fn rule(detection: &str) -> String {
    format!("title: t\nlogsource: {{product: x}}\ndetection:\n{detection}\n")
}

fn event_of<'a>(engine: &Engine, pairs: &'a Pairs) -> Event<'a> {
    let mut event = Event::default();
    for (name, kind, value) in pairs {
        event.push_named(engine, name, *kind, value);
    }
    event
}

/// `Name=value` pairs; `Name=~` is null, `Name=#5` a number.
fn pairs(text: &[&str]) -> Pairs {
    let pair = |text: &&str| {
        let (name, value) = text.split_once('=').unwrap();
        let (kind, value) = match value.strip_prefix('#') {
            Some(number) => (Kind::Number, number),
            None if value == "~" => (Kind::Null, ""),
            None => (Kind::Text, value),
        };
        (name.to_owned(), kind, value.to_owned())
    };
    text.iter().map(pair).collect()
}

#[track_caller]
fn check(detection: &str, event: &[&str], expected: bool) {
    let rules = load(&rule(detection));
    assert!(rules.refused.is_empty(), "{:?}", rules.refused);
    let pairs = pairs(event);
    assert_eq!(oracle::holds(&rules.rules[0], &pairs), expected, "the oracle: {detection} on {event:?}");
    let engine = Engine::new(rules.rules);
    let plan = engine.plan(&Source { product: "x", ..Source::default() });
    let hit = !engine.worker().evaluate(&engine, &plan, &event_of(&engine, &pairs)).is_empty();
    assert_eq!(hit, expected, "{detection} on {event:?}");
}

/// A detection of one selection.
#[track_caller]
fn item(item: &str, event: &[&str], expected: bool) {
    check(&format!("  s:\n    {item}\n  condition: s"), event, expected);
}

#[track_caller]
fn refused(text: &str, reason: &str) {
    let rules = load(text);
    let shown: Vec<_> = rules.refused.iter().map(|refused| refused.refusal.to_string()).collect();
    assert!(rules.rules.is_empty() && shown.iter().any(|shown| shown.contains(reason)), "{shown:?}");
}

#[test]
fn texts_are_compared_without_case_unless_cased() {
    item("A: 'PowerShell'", &["A=POWERSHELL"], true);
    item("A|cased: 'PowerShell'", &["A=POWERSHELL"], false);
    item("A|cased|contains: 'Shell'", &["A=PowerShell.exe"], true);
    item("A|contains: 'ÄÖ'", &["A=xäöx"], true);
    item("a: x", &["A=x"], true);
}

#[test]
fn contains_startswith_endswith_and_wildcards() {
    item("A|contains: b", &["A=abc"], true);
    item("A|startswith: b", &["A=abc"], false);
    item("A|endswith: [x, c]", &["A=abc"], true);
    item(r"A|endswith: '\cmd.exe'", &[r"A=C:\Windows\cmd.exe"], true);
    item("A|contains|all: [a, c]", &["A=abc"], true);
    item("A|contains|all: [a, d]", &["A=abc"], false);
    item("A: 'a*c'", &["A=abc"], true);
    item("A: 'a?c'", &["A=abbc"], false);
    item("A: '*'", &["A="], true);
    item("A: '*'", &["B=x"], false);
}

#[test]
fn numbers_booleans_null_and_absence() {
    item("A: 4688", &["A=#4688"], true);
    item("A: 4688", &["A=4688"], true);
    item("A: true", &["A=True"], true);
    item("A: null", &["B=x"], true);
    item("A: null", &["A=~"], true);
    item("A: null", &["A="], false);
    item("A: ''", &["A=~"], true);
    item("A: ''", &["A="], true);
    item("A: ''", &["B=x"], false);
    item("A: [x, null]", &["B=x"], true);
    item("A|exists: true", &["A=~"], true);
    item("A|exists: false", &["A=x"], false);
    item("A|exists: no", &["B=x"], true);
    item("A|neq: x", &["A=y"], true);
    item("A|neq: [x, y]", &["A=y"], false);
}

#[test]
fn numbers_and_parts_of_times_compare() {
    item("A|lt: 10", &["A=#9"], true);
    item("A|lte: 10", &["A=10"], true);
    item("A|gt: 10", &["A=10"], false);
    item("A|gte: 0x10", &["A=ten"], false);
    item("A|gte: 10.5", &["A=0x10"], true);
    item("A|hour: 23", &["A=2026-04-01T23:59:00Z"], true);
    item("A|minute: 59", &["A=2026-04-01 23:59:00"], true);
    item("A|day: 1", &["A=2026-04-01T23:59:00+09:00"], true);
    item("A|week: 14", &["A=2026-04-01T00:00:00Z"], true);
    item("A|month: 4", &["A=2026-04-01T00:00:00Z"], true);
    item("A|year: 2025", &["A=2026-04-01T00:00:00Z"], false);
}

#[test]
fn expressions_blocks_references_and_encodings() {
    item(r"A|re: '^ab+c$'", &["A=abbbc"], true);
    item(r"A|re: 'B'", &["A=abc"], false);
    item(r"A|re|i: 'B'", &["A=abc"], true);
    item("A|re|m: '^b$'", &["A=a\nb\nc"], true);
    item("A|re|s: 'a.b'", &["A=a\nb"], true);
    item("A|cidr: 192.0.2.0/24", &["A=192.0.2.77"], true);
    item("A|cidr: [192.0.2.0/24, '2001:db8::/32']", &["A=2001:db8::1"], true);
    item("A|cidr: 192.0.2.0/24", &["A=::ffff:192.0.2.1"], true);
    item("A|cidr: 192.0.2.0/24", &["A=not an address"], false);
    item("A|fieldref: B", &["A=x", "B=X"], true);
    item("A|fieldref|startswith: B", &["A=xyz", "B=xy"], true);
    item("A|fieldref|endswith: B", &["A=xyz", "B=xy"], false);
    item("A|fieldref: B", &["A=x"], false);
    item("A|base64|contains: 'secret'", &["A=c2VjcmV0"], true);
    item("A|base64offset|contains: 'http://'", &["A=eGh0dHA6Ly9h"], true);
    item("A|wide|base64offset|contains: 'ping'", &["A=cABpAG4AZwA="], true);
    item("A|utf16be|base64offset|contains: 'ping'", &["A=AHAAaQBuAGc="], true);
    item("A|windash|contains: ' -f '", &["A=x \u{2013}f y"], true);
    item("A|contains|windash: ' -f'", &["A=x /force"], true);
}

#[test]
fn keywords_look_at_every_value() {
    check("  k: [needle, other]\n  condition: k", &["A=hay", "B=a Needle in it"], true);
    check("  k:\n    '|all': [one, two]\n  condition: k", &["A=one", "B=two"], true);
    check("  k:\n    '|all': [one, two]\n  condition: k", &["A=one"], false);
    check("  k: [needle]\n  condition: not k", &["A=hay"], true);
}

#[test]
fn selections_join_as_the_specification_says() {
    check("  s:\n    - A: x\n      B: y\n    - C: z\n  condition: s", &["C=z"], true);
    check("  s:\n    - A: x\n      B: y\n    - C: z\n  condition: s", &["A=x"], false);
    check("  s: {A: x}\n  f: {B: y}\n  condition: s and not f", &["A=x", "B=y"], false);
    check("  s: {A: x}\n  f: {B: y}\n  condition: s and not f", &["A=x"], true);
    check("  s: {A: x}\n  t: {B: y}\n  condition: [s, t]", &["B=y"], true);
    item("A: [x, y]", &["A=q", "A=y"], true);
}

#[test]
fn a_filter_narrows_the_rules_it_names() {
    let text = "title: r\nid: r1\nlogsource: {product: x}\ndetection: {s: {A: x}, condition: s}\n---\n\
                title: f\nlogsource: {product: x}\nfilter: {rules: [r1], f: {B: y}, condition: not f}\n";
    let rules = load(text);
    assert!(rules.refused.is_empty(), "{:?}", rules.refused);
    assert!(oracle::holds(&rules.rules[0], &pairs(&["A=x"])));
    assert!(!oracle::holds(&rules.rules[0], &pairs(&["A=x", "B=y"])));
}

#[test]
fn a_collection_shares_its_global_part() {
    let text = "action: global\ntitle: r\nlogsource: {product: x}\nlevel: high\n---\nid: r1\ndetection: {s: {A: x}, \
                condition: s}\n---\nid: r2\nlogsource: {service: y}\ndetection: {s: {A: y}, condition: s}\n";
    let rules = load(text);
    assert_eq!(rules.rules.len(), 2, "{:?}", rules.refused);
    assert_eq!(rules.rules[1].level, Level::High);
    assert_eq!(rules.rules[1].log_source.to_string(), "x/y/-");
}

#[test]
fn a_rule_is_only_asked_about_the_sources_it_names() {
    let text = "title: r\nlogsource: {product: windows, category: process_creation}\n\
                detection: {s: {A: x}, condition: s}\n";
    let engine = Engine::new(load(text).rules);
    let rules = |source: &Source<'_>| engine.plan(source).rules().len();
    assert_eq!(
        rules(&Source { product: "windows", services: &["sysmon"], categories: &["process_creation"] }),
        1
    );
    assert_eq!(rules(&Source { product: "windows", services: &["sysmon"], categories: &["image_load"] }), 0);
    assert_eq!(rules(&Source { product: "linux", services: &[], categories: &["process_creation"] }), 0);
    assert_eq!(rules(&Source::default()), 0);
    assert_eq!(engine.plan_of_all().rules().len(), 1);
}

#[test]
fn a_match_names_the_values_that_made_it() {
    let text = rule("  s: {A|contains: x, B: [y, z]}\n  f: {C: q}\n  condition: s and not f");
    let engine = Engine::new(load(&text).rules);
    let plan = engine.plan_of_all();
    let pairs = pairs(&["D=0", "A=axa", "B=z"]);
    let event = event_of(&engine, &pairs);
    let mut worker = engine.worker();
    let hit = worker.evaluate(&engine, &plan, &event)[0];
    let mut matched: Vec<_> =
        worker.matched(&engine, &event, hit).iter().map(|m| (m.field.to_owned(), m.value)).collect();
    matched.sort();
    assert_eq!(matched, [("A".to_owned(), 1), ("B".to_owned(), 2)]);
}

#[test]
fn a_trace_says_which_answers_are_missing() {
    let text = rule("  s: {A|contains: x, B: [y, z]}\n  f: {C|re: 'q+'}\n  condition: s and not f");
    let engine = Engine::new(load(&text).rules);
    let trace = |event: &[&str]| {
        let pairs = pairs(event);
        engine.worker().trace(&engine, &event_of(&engine, &pairs), RuleId(0))
    };
    assert_eq!(trace(&["A=x", "B=y"]).missing, 0);
    let near = trace(&["A=x", "B=n", "C=qq"]);
    assert_eq!(near.missing, 2);
    let wrong: Vec<_> = near
        .steps
        .iter()
        .filter(|step| !step.holds && step.depth > 1)
        .map(|step| step.question.as_str())
        .collect();
    assert_eq!(wrong, ["B is \"y\" or is \"z\""]);
    assert!(
        near.steps
            .iter()
            .any(|step| step.holds && step.question == "C matches \"q+\"" && step.value == Some(2))
    );
}

#[test]
fn a_rule_is_blind_when_a_field_it_needs_never_occurs() {
    let possible = |detection: &str, seen: &[&str]| {
        load(&rule(detection)).rules[0].possible(&|name| seen.contains(&name))
    };
    assert!(!possible("  s: {A: x, B: y}\n  condition: s", &["A"]));
    assert!(possible("  s: {A: x, B: y}\n  condition: s", &["A", "B"]));
    assert!(possible("  s: {A: x}\n  f: {B: y}\n  condition: s and not f", &["A"]));
    assert!(possible("  s: {A: x}\n  t: {B: y}\n  condition: s or t", &["B"]));
    assert!(possible("  s: {A: null}\n  condition: s", &[]));
    assert!(possible("  k: [word]\n  condition: k", &[]));
}

#[test]
fn what_cannot_be_a_rule_is_refused_by_name_and_place() {
    refused(
        &rule("  s: {A|frobnicate: x}\n  condition: s"),
        "line 4 column 7: A: the modifier \"frobnicate\" is unknown",
    );
    refused(
        &rule("  s: {A|re: '(a'}\n  condition: s"),
        "the expression \"(a\" cannot be used: error: unclosed group",
    );
    refused(&rule("  s: {A|re: '(?=a)b'}\n  condition: s"), "look-around");
    refused(&rule("  s: {A|re: '((((a{100}){100}){100}){100})'}\n  condition: s"), "needs more than");
    refused(&rule("  s: {A: [[x]]}\n  condition: s"), "a list or map stands where a value is expected");
    refused(&rule("  s: {A: []}\n  condition: s"), "no value to compare with");
    refused(&rule("  s: {A: x}\n  condition: t"), "the condition names \"t\"");
    refused(&rule("  s: {A: x}"), "it has no condition");
    refused("title: t\nlogsource: {product: x}\n", "it has no detection");
    refused("title: t\ndetection: {s: {A: x}, condition: s}\n", "it has no logsource");
    refused(&(rule("  s: {A: x}\n  condition: s") + "level: terrible\n"), "\"terrible\" is not a level");
    refused("\u{0}\u{1}\u{2}", "line 1");
    refused("title: [", "not YAML");
    refused("just words", "it has no detection");
    refused("title: c\ncorrelation: {type: event_count}\n", "a correlation counts 1 to");
    let items: Vec<_> = (0..30_000).map(|number| format!("v{number}")).collect();
    refused(&rule(&format!("  s: {{A: [{}]}}\n  condition: s", items.join(", "))), "more than 20000 values");
    let twice = format!("id: same\n{0}---\nid: same\n{0}", rule("  s: {A: x}\n  condition: s"));
    let rules = load(&twice);
    assert_eq!((rules.rules.len(), rules.refused.len()), (1, 1));
    assert!(
        Rules::load([("b.yml", [0xff, 0xfe].as_slice())], &Placeholders::new()).refused[0].refusal.reason
            == "not UTF-8"
    );
}

/// Rules and events over so few names and letters that most of them meet.
fn any_detection() -> impl Strategy<Value = String> {
    let modifiers = prop::sample::select(vec![
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|contains|all",
        "|cased",
        "|contains|cased",
        "|windash",
        "|re",
        "|exists",
        "|lt",
        "|gte",
        "|fieldref",
        "|fieldref|contains",
        "|neq",
        "|base64offset|contains",
        "|all",
    ]);
    let value = prop::sample::select(vec![
        "'a'", "'b'", "'A*'", "'*b'", "'a?'", "''", "null", "'*'", "'ab'", "'B'", "'?*a'", "'a*b*'", "-a",
        "'Ä'", "1", "'1'",
    ]);
    let values = prop::collection::vec(value, 1..4);
    let item = (prop::sample::select(vec!["A", "B", "C", ""]), modifiers, values).prop_map(
        |(field, modifier, values)| {
            let values = match modifier {
                "|re" => "'a.?b|^1'".to_owned(),
                "|exists" => "true".to_owned(),
                "|lt" | "|gte" => "5".to_owned(),
                "|fieldref" | "|fieldref|contains" => "[B, C]".to_owned(),
                "|base64offset|contains" => "[a, ab]".to_owned(),
                _ if field.is_empty() => format!("[{}]", values.join(", ").replace("null", "b")),
                _ => format!("[{}]", values.join(", ")),
            };
            let modifier = if field.is_empty() && modifier.contains("fieldref") { "" } else { modifier };
            let values = if field.is_empty() && values.starts_with("[B") { "[a]".to_owned() } else { values };
            if field.is_empty() && modifier == "|exists" {
                "'|all': [a]".to_owned()
            } else {
                format!("'{field}{modifier}': {values}")
            }
        },
    );
    let selection = prop::collection::vec(item, 1..3).prop_map(|items| {
        let mut items = items;
        let name = |item: &String| item.split(':').next().unwrap_or_default().to_owned();
        items.sort();
        items.dedup_by_key(|item| name(item));
        format!("{{{}}}", items.join(", "))
    });
    let condition = prop::sample::select(vec![
        "s",
        "s and t",
        "s or t",
        "s and not t",
        "not s",
        "not (s and not t)",
        "1 of them",
        "all of them",
        "not 1 of them",
        "(s or t) and not (s and t)",
    ]);
    (selection.clone(), selection, condition)
        .prop_map(|(s, t, condition)| format!("  s: {s}\n  t: {t}\n  condition: {condition}"))
}

fn any_event() -> impl Strategy<Value = Pairs> {
    let value = prop_oneof![
        prop::sample::select(vec![
            "a", "b", "ab", "aab", "A", "", "1", "7", "xYWI=", "/a", "ä", "abab", "zb"
        ])
        .prop_map(|text| (Kind::Text, text.to_owned())),
        Just((Kind::Null, String::new())),
    ];
    let pair = (prop::sample::select(vec!["A", "B", "C", "D", "a"]), value);
    prop::collection::vec(pair.prop_map(|(name, (kind, text))| (name.to_owned(), kind, text)), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn the_engine_agrees_with_the_oracle_on_generated_rules(
        detections in prop::collection::vec(any_detection(), 1..4),
        events in prop::collection::vec(any_event(), 1..6),
    ) {
        let text = |(number, detection): (usize, &String)| format!("id: r{number}\n{}", rule(detection));
        let file = detections.iter().enumerate().map(text).collect::<Vec<_>>().join("---\n");
        let rules = load(&file);
        prop_assert!(rules.refused.is_empty(), "{:?}\n{}", rules.refused, file);
        let oracle_rules = rules.rules.clone();
        let engine = Engine::new(rules.rules);
        let plan = engine.plan_of_all();
        let mut worker = engine.worker();
        for pairs in &events {
            let expected: Vec<_> = oracle_rules.iter().filter(|rule| oracle::holds(rule, pairs)).map(|rule| &rule.id).collect();
            let event = event_of(&engine, pairs);
            let hits: Vec<_> = worker.evaluate(&engine, &plan, &event).to_vec();
            let hits: Vec<_> = hits.iter().map(|&hit| &engine.rule(hit).id).collect();
            prop_assert_eq!(hits, expected, "{:?}\n{}", pairs, file);
        }
    }
}

/// An `evtx_dump` record as rules see it.
fn windows_pairs(record: &serde_json::Value) -> Pairs {
    let pair = |name: &str, value: &serde_json::Value| match value {
        serde_json::Value::String(text) => (name.to_owned(), Kind::Text, text.clone()),
        serde_json::Value::Null => (name.to_owned(), Kind::Null, String::new()),
        other => (name.to_owned(), Kind::Number, other.to_string()),
    };
    let system = &record["Event"]["System"];
    let mut pairs: Pairs = ["EventID", "Channel", "Computer"].map(|name| pair(name, &system[name])).into();
    pairs.push(pair("Provider_Name", &system["Provider"]["#attributes"]["Name"]));
    let data = record["Event"]["EventData"].as_object().or(record["Event"]["UserData"].as_object());
    pairs.extend(data.into_iter().flatten().map(|(name, value)| pair(name, value)));
    pairs
}

/// Every SigmaHQ rule, unrouted, on every event of SigmaHQ's own regression cases.
#[test]
fn the_engine_agrees_with_the_oracle_on_sigmahq() {
    let (Some(rules), Some(cases)) =
        (testkit::shared_data("sigma-rules"), testkit::shared_data("sigma-regression"))
    else {
        return;
    };
    let named = |folder, end: &str| {
        let paths =
            testkit::files_below(folder).into_iter().filter(|path| path.to_string_lossy().ends_with(end));
        paths.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect::<Vec<_>>()
    };
    let files = named(&rules, ".yml");
    let rules = Rules::load(
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
        &Placeholders::new(),
    );
    assert!(rules.rules.len() > 3_900 && rules.refused.len() < 100, "{:?}", rules.refused);
    let oracle_rules = rules.rules.clone();
    let engine = Engine::new(rules.rules);
    let plan = engine.plan_of_all();
    let mut worker = engine.worker();
    let cases = named(&cases, ".json");
    assert!(cases.len() > 100, "{}", cases.len());
    let records = cases.iter().flat_map(|(name, bytes)| {
        serde_json::Deserializer::from_slice(bytes).into_iter().map(move |record| (name, record.unwrap()))
    });
    for (name, record) in records {
        let pairs = windows_pairs(&record);
        let expected: Vec<_> =
            oracle_rules.iter().filter(|rule| oracle::holds(rule, &pairs)).map(|rule| &rule.id).collect();
        let event = event_of(&engine, &pairs);
        let hits: Vec<_> = worker.evaluate(&engine, &plan, &event).to_vec();
        let hits: Vec<_> = hits.iter().map(|&hit| &engine.rule(hit).id).collect();
        assert_eq!(hits, expected, "{name}");
    }
}
