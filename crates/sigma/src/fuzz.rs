//! Random rules and events for as long as somebody wants: two targets, on the compiler everybody has.
//!
//! `NOROSHI_FUZZ_SECONDS` says how long each target runs; a second otherwise, so that it runs with every test. Each input
//! comes from a seed that a failure names; `NOROSHI_FUZZ_SEED` begins with it. Rules are the house's own, cut, doubled and
//! mixed, so that most of them still get past the first line.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::engine::{Engine, Event, Kind, RuleId};
use crate::modifier::Placeholders;
use crate::oracle::{self, Pairs};
use crate::rule::Rules;
use crate::{Correlator, Match, Policy};

/// How long one input may take; the slowest that is meant to load takes a hundredth of it.
const INPUT_SECONDS_MAX: u64 = 10;
/// A rule file that grew longer is cut.
const RULE_BYTES_MAX: usize = 16 << 10;

/// Numbers that are the same for one seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.number() % limit.max(1) as u64) as usize
    }

    fn one_of<'t, T: ?Sized>(&mut self, list: &[&'t T]) -> &'t T {
        list[self.below(list.len())]
    }
}

/// Rules to begin from: those of `content/rules`, whole files.
fn corpus() -> Vec<Vec<u8>> {
    let mut files = testkit::files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/rules"));
    files.sort();
    let corpus: Vec<_> = files.iter().map(|file| std::fs::read(file).expect("a rule can be read")).collect();
    assert!(corpus.len() > 40, "{} rules", corpus.len());
    corpus
}

/// Words that mean something in a rule, to be put anywhere.
const WORDS: [&str; 24] = [
    "|contains|all",
    "|re",
    "|cidr",
    "|windash",
    "|base64offset|contains",
    "|fieldref",
    "|exists",
    "|expand",
    "|gte",
    " and not ",
    "1 of sel*",
    "all of them",
    "(",
    ")",
    "*",
    "\\",
    "%x%",
    "null",
    "[",
    "{",
    "&a",
    "*a",
    "---\n",
    "count() by x > 3",
];

/// A rule file made of others.
fn rule(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = corpus[dice.below(corpus.len())].clone();
    for _ in 0..dice.below(6) {
        let (at, other) = (dice.below(bytes.len()), &corpus[dice.below(corpus.len())]);
        match dice.below(6) {
            0 => bytes.truncate(at),
            1 => bytes[at] = dice.number() as u8,
            2 => drop(bytes.splice(at..at, dice.one_of(&WORDS).bytes())),
            3 => drop(bytes.drain(at..(at + dice.below(20)).min(bytes.len()))),
            4 => {
                let from = dice.below(other.len());
                let piece = other[from..(from + dice.below(200)).min(other.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                bytes.extend_from_slice(b"\n---\n");
                bytes.extend_from_slice(other);
            }
        }
        bytes.truncate(RULE_BYTES_MAX);
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

/// Runs `target` over one seed after the other until its time is over; says how many there were.
fn run(name: &str, target: impl Fn(&mut Dice)) {
    let told = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let time = Duration::from_secs(told("NOROSHI_FUZZ_SECONDS").unwrap_or(1));
    let first = told("NOROSHI_FUZZ_SEED").unwrap_or(0);
    let (began, mut seed) = (Instant::now(), first);
    while began.elapsed() < time {
        let input = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| target(&mut Dice(seed))));
        assert!(ended.is_ok(), "{name}: NOROSHI_FUZZ_SEED={seed} fails");
        let took = input.elapsed();
        assert!(took.as_secs() < INPUT_SECONDS_MAX, "{name}: NOROSHI_FUZZ_SEED={seed} takes {took:?}");
        seed += 1;
    }
    println!("{name}: {} inputs in {} seconds", seed - first, time.as_secs());
    assert!(seed > first, "{name} had no time");
}

#[test]
fn no_rule_file_stops_the_parser_and_every_rule_is_loaded_or_named() {
    let corpus = corpus();
    run("rule parser", |dice| {
        let bytes = rule(dice, &corpus);
        let rules = Rules::load([("fuzz.yml", bytes.as_slice())], &Placeholders::new());
        for refused in &rules.refused {
            assert!(!refused.refusal.reason.is_empty());
        }
        let engine = Engine::new(rules.rules);
        let count = engine.rules().len();
        drop(Correlator::new(rules.correlations, count, Policy::default()));
    });
}

#[test]
fn the_engine_agrees_with_the_oracle_on_rules_that_nobody_would_write() {
    let corpus = corpus();
    run("evaluator", |dice| {
        let bytes = rule(dice, &corpus);
        let rules = Rules::load([("fuzz.yml", bytes.as_slice())], &Placeholders::new());
        let known = rules.rules.clone();
        let (correlations, engine) = (rules.correlations, Engine::new(rules.rules));
        let mut correlator = Correlator::new(correlations, engine.rules().len(), Policy::default());
        let (plan, mut worker) = (engine.plan_of_all(), engine.worker());
        let fields: Vec<&str> = known.iter().flat_map(|rule| rule.fields()).collect();
        for number in 0..8 {
            let written = event(dice, &fields, &bytes);
            let mut event = Event::default();
            written.iter().for_each(|(name, kind, text)| event.push_named(&engine, name, *kind, text));
            let matched: Vec<RuleId> = worker.evaluate(&engine, &plan, &event).to_vec();
            for (place, rule) in known.iter().enumerate() {
                let found = matched.contains(&RuleId(place as u32));
                assert_eq!(found, oracle::holds(rule, &written), "{}: {written:?}", rule.title);
            }
            for rule in matched {
                let found = Match { tenant: 1, rule, time_micros: number * 1_000_000, reference: 0 };
                let value = |name: &str| {
                    written.iter().find(|(known, ..)| known == name).map(|(.., text)| text.as_str())
                };
                correlator.observe(&found, i64::MAX, value, &mut Vec::new());
            }
        }
        correlator.finish(&mut Vec::new());
    });
}

/// An event with some of the fields that are asked for, and pieces of the rule itself as values.
fn event(dice: &mut Dice, fields: &[&str], rule: &[u8]) -> Pairs {
    let text = String::from_utf8_lossy(rule);
    let words: Vec<&str> = text.split(['\'', '"', '\n', ' ', ',']).filter(|word| !word.is_empty()).collect();
    (0..dice.below(6))
        .map(|_| {
            let name = fields.get(dice.below(fields.len())).copied().unwrap_or("Other").to_owned();
            match dice.below(8) {
                0 => return (name, Kind::Null, String::new()),
                1 => return (name, Kind::Number, dice.below(70_000).to_string()),
                2 => return (name, Kind::Boolean, dice.one_of(&["true", "false"]).to_owned()),
                _ => {}
            }
            let mut value = String::new();
            for _ in 0..dice.below(4) {
                value += words.get(dice.below(words.len())).copied().unwrap_or("x");
                value += dice.one_of(&["", "", "\\", " ", "*", "1"]);
            }
            (name, Kind::Text, value)
        })
        .collect()
}
