//! Correlations as their authors mean them, and against an oracle that looks at everything again at every match.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::modifier::Placeholders;
use crate::rule::Rules;

const SECOND: i64 = 1_000_000;

fn load(correlation: &str) -> Rules {
    let mut text = String::new();
    for name in ["a", "b", "c"] {
        text += &format!("title: {name}\nname: {name}\nlogsource: {{product: x}}\n");
        text += &format!("detection: {{s: {{K: {name}}}, condition: s}}\n---\n");
    }
    text += correlation;
    Rules::load([("test.yml", text.as_bytes())], &Placeholders::new())
}

fn correlator(rules: &Rules, lateness_seconds: i64, remembered_max: usize) -> Correlator {
    let policy = Policy { lateness_micros: lateness_seconds * SECOND, remembered_max };
    Correlator::new(rules.correlations.clone(), rules.rules.len(), policy)
}

/// One match: second, rule (0 is `a`), user, value.
type Seen = (i64, u32, &'static str, &'static str);

fn run(correlator: &mut Correlator, seen: &[Seen]) -> Vec<Fired> {
    let mut fired = Vec::new();
    for (reference, &(second, rule, user, value)) in seen.iter().enumerate() {
        let found = Match {
            tenant: 1,
            rule: RuleId(rule),
            time_micros: second * SECOND,
            reference: reference as u64,
        };
        let field = |name: &str| match name {
            "user" | "account" => Some(user),
            "value" => Some(value).filter(|value| !value.is_empty()),
            _ => None,
        };
        correlator.observe(&found, i64::MAX, field, &mut fired);
    }
    correlator.finish(&mut fired);
    fired
}

/// The seconds at which it fires, with the user.
#[track_caller]
fn check(correlation: &str, seen: &[Seen], expected: &[(i64, &str)]) {
    let text = format!("title: t\nid: t\ncorrelation:\n{correlation}\n");
    let rules = load(&text);
    assert!(rules.refused.is_empty(), "{:?}", rules.refused);
    let fired = run(&mut correlator(&rules, 0, 1_000), seen);
    let shown: Vec<(i64, &str)> = fired
        .iter()
        .map(|fired| (fired.time_micros / SECOND, fired.group.first().map_or("", |(_, user)| user.as_str())))
        .collect();
    assert_eq!(shown, expected, "{correlation}");
}

#[track_caller]
fn refused(correlation: &str, reason: &str) {
    let rules = load(correlation);
    let shown: Vec<_> = rules.refused.iter().map(|refused| refused.refusal.to_string()).collect();
    assert!(shown.iter().any(|shown| shown.contains(reason)), "{shown:?}");
    assert_eq!(rules.rules.len(), 3, "the rules still load");
}

#[test]
fn a_count_fires_when_it_is_reached_and_again_only_a_time_span_later() {
    let rule =
        "  type: event_count\n  rules: [a]\n  group-by: [user]\n  timespan: 10s\n  condition: {gte: 3}";
    check(rule, &[(0, 0, "u", ""), (5, 0, "u", ""), (10, 0, "u", "")], &[(10, "u")]);
    check(rule, &[(0, 0, "u", ""), (5, 0, "u", ""), (11, 0, "u", "")], &[]);
    check(rule, &[(0, 0, "u", ""), (1, 0, "v", ""), (2, 0, "U", ""), (3, 0, "u", "")], &[(3, "u")]);
    let flood: Vec<Seen> = (0..30).map(|second| (second, 0, "u", "")).collect();
    check(rule, &flood, &[(2, "u"), (13, "u"), (24, "u")]);
    check(rule, &[(0, 1, "u", ""), (1, 1, "u", ""), (2, 1, "u", "")], &[]);
}

#[test]
fn different_values_and_sums_are_counted_in_the_time_span() {
    let count = "  type: value_count\n  rules: [a]\n  group-by: [user]\n  timespan: 10s\n  condition: {gt: 2, field: value}";
    check(count, &[(0, 0, "u", "x"), (1, 0, "u", "y"), (2, 0, "u", "X"), (3, 0, "u", "z")], &[(3, "u")]);
    check(count, &[(0, 0, "u", "x"), (1, 0, "u", "y"), (11, 0, "u", "z")], &[]);
    check(count, &[(0, 0, "u", "x"), (1, 0, "u", "y"), (9, 0, "u", "x"), (11, 0, "u", "z")], &[(11, "u")]);
    let sum = "  type: value_sum\n  rules: [a]\n  timespan: 10s\n  condition: {gte: 10, field: value}";
    check(sum, &[(0, 0, "u", "6"), (9, 0, "u", "3"), (12, 0, "u", "6"), (13, 0, "u", "1")], &[(13, "")]);
}

#[test]
fn what_may_become_false_again_is_asked_when_the_time_span_is_over() {
    let few = "  type: event_count\n  rules: [a]\n  group-by: [user]\n  timespan: 10s\n  condition: {lt: 2}";
    check(few, &[(0, 0, "u", ""), (20, 0, "v", ""), (21, 0, "v", "")], &[(10, "u")]);
    let average = "  type: value_avg\n  rules: [a]\n  timespan: 10s\n  condition: {gte: 5, field: value}";
    check(average, &[(0, 0, "u", "1"), (1, 0, "u", "9"), (20, 0, "u", "4")], &[(10, "")]);
    let median = "  type: value_median\n  rules: [a]\n  timespan: 10s\n  condition: {eq: 2.5, field: value}";
    check(median, &[(0, 0, "u", "2"), (1, 0, "u", "90"), (2, 0, "u", "3"), (3, 0, "u", "1")], &[(10, "")]);
    let tail = "  type: value_percentile\n  rules: [a]\n  timespan: 10s\n  condition: {gte: 90, field: value, percentile: 75}";
    check(tail, &[(0, 0, "u", "2"), (1, 0, "u", "90"), (2, 0, "u", "3"), (3, 0, "u", "91")], &[(10, "")]);
    check(tail, &[(0, 0, "u", "2"), (1, 0, "u", "90"), (2, 0, "u", "3"), (3, 0, "u", "4")], &[]);
}

#[test]
fn rules_are_seen_together_in_any_order_or_in_one() {
    let any = "  type: temporal\n  rules: [a, b]\n  group-by: [user]\n  timespan: 10s";
    check(any, &[(0, 1, "u", ""), (10, 0, "u", "")], &[(10, "u")]);
    check(any, &[(0, 1, "u", ""), (1, 0, "v", "")], &[]);
    let ordered = "  type: temporal_ordered\n  rules: [a, b, c]\n  group-by: [user]\n  timespan: 10s";
    check(ordered, &[(0, 0, "u", ""), (5, 1, "u", ""), (10, 2, "u", "")], &[(10, "u")]);
    check(ordered, &[(0, 1, "u", ""), (5, 0, "u", ""), (10, 2, "u", "")], &[]);
    check(ordered, &[(0, 0, "u", ""), (5, 0, "u", ""), (6, 1, "u", ""), (14, 2, "u", "")], &[(14, "u")]);
    let two_of = "  type: temporal\n  rules: [a, b, c]\n  timespan: 10s\n  condition: {gte: 2}";
    check(two_of, &[(0, 0, "u", ""), (1, 0, "u", ""), (2, 2, "u", "")], &[(2, "")]);
}

#[test]
fn the_absence_of_a_match_is_known_when_the_time_span_is_over() {
    let absent =
        "  type: temporal\n  rules: [a, b]\n  group-by: [user]\n  timespan: 10s\n  condition: a and not b";
    check(absent, &[(0, 0, "u", ""), (0, 0, "v", ""), (5, 1, "u", "")], &[(10, "v")]);
    check(absent, &[(0, 0, "u", ""), (11, 1, "u", "")], &[(10, "u")]);
}

#[test]
fn an_alias_gives_one_name_to_fields_of_different_rules() {
    let rule = "  type: temporal\n  rules: [a, b]\n  aliases: {who: {a: user, b: account}}\n  group-by: [who]\n  \
                timespan: 10s";
    check(rule, &[(0, 0, "u", ""), (1, 1, "u", "")], &[(1, "u")]);
    let lacking = "  type: temporal\n  rules: [a, b]\n  aliases: {who: {a: nowhere, b: user}}\n  group-by: [who]\n  \
                   timespan: 10s";
    check(lacking, &[(0, 0, "u", ""), (1, 1, "u", "")], &[]);
}

#[test]
fn a_correlation_counts_correlations_and_what_is_only_counted_is_not_reported() {
    let text = "title: burst\nname: burst\ncorrelation: {type: event_count, rules: [a], group-by: [user], timespan: 5s, \
                condition: {gte: 2}}\n---\ntitle: then\ncorrelation: {type: temporal_ordered, rules: [burst, b], \
                group-by: [user], timespan: 20s}\n";
    let rules = load(text);
    assert!(rules.refused.is_empty(), "{:?}", rules.refused);
    assert_eq!(rules.rules.iter().map(|rule| rule.reported).collect::<Vec<_>>(), [false, false, true]);
    let fired = run(&mut correlator(&rules, 0, 1_000), &[(0, 0, "u", ""), (1, 0, "u", ""), (9, 1, "u", "")]);
    assert_eq!(fired.len(), 1, "{fired:?}");
    assert_eq!(
        (fired[0].correlation, fired[0].time_micros, fired[0].references.clone()),
        (1, 9 * SECOND, vec![1, 2])
    );
    let rules = load(&text.replace("rules: [burst, b]", "generate: true, rules: [burst, b]"));
    assert_eq!(run(&mut correlator(&rules, 0, 1_000), &[(0, 0, "u", ""), (1, 0, "u", "")]).len(), 1);
}

#[test]
fn a_legacy_aggregation_is_the_correlation_it_means() {
    let text = "title: many\nid: m\nlogsource: {product: x}\ndetection: {s: {K: a}, timeframe: 10s, condition: s | \
                count(value) by user > 1}\n";
    let rules = load(text);
    assert!(rules.refused.is_empty(), "{:?}", rules.refused);
    assert_eq!((rules.rules[3].id.as_str(), rules.correlations[0].id.as_str()), ("m#events", "m"));
    let fired = run(&mut correlator(&rules, 0, 100), &[(0, 3, "u", "x"), (1, 3, "u", "x"), (2, 3, "u", "y")]);
    assert_eq!(fired.len(), 1);
    refused(&text.replace("timeframe: 10s, ", ""), "has no timeframe");
    refused(&text.replace("count(value) by user > 1", "near b"), "is not evaluated");
}

#[test]
fn a_match_in_disorder_counts_and_a_late_one_is_counted_as_late() {
    let text = "title: t\ncorrelation: {type: event_count, rules: [a], group-by: [user], timespan: 10s, condition: {gte: \
                3}}\n";
    let rules = load(text);
    let seen = [(5, 0, "u", ""), (0, 0, "u", ""), (3, 0, "u", "")];
    let mut patient = correlator(&rules, 60, 1_000);
    assert_eq!(run(&mut patient, &seen).len(), 1);
    let mut hasty = correlator(&rules, 2, 1_000);
    assert!(run(&mut hasty, &seen).is_empty());
    assert_eq!((hasty.counts().late, hasty.counts().taken), (1, 2));
    let mut fired = Vec::new();
    let future = Match { tenant: 1, rule: RuleId(0), time_micros: 100 * SECOND, reference: 0 };
    hasty.observe(&future, 50 * SECOND, |_| Some("u"), &mut fired);
    assert_eq!(hasty.counts().future, 1);
}

#[test]
fn a_flood_pushes_out_neither_anothers_groups_nor_those_with_several_matches() {
    let text = "title: t\ncorrelation: {type: event_count, rules: [a], group-by: [user], timespan: 1h, condition: {gte: \
                3}}\n";
    let rules = load(text);
    let mut correlator = correlator(&rules, 0, 200);
    let mut fired = Vec::new();
    let mut observe = |tenant, second: i64, user: &str, fired: &mut Vec<Fired>| {
        let found = Match { tenant, rule: RuleId(0), time_micros: second * SECOND, reference: 0 };
        correlator.observe(&found, i64::MAX, |_| Some(user), fired);
        correlator.groups()
    };
    for tenant in [1, 2] {
        observe(tenant, 0, "slow", &mut fired);
        observe(tenant, 1, "slow", &mut fired);
    }
    let users: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
    for (second, user) in users.iter().enumerate() {
        assert!(observe(1, 2 + second as i64 / 10, user, &mut fired) < 300);
    }
    observe(1, 1_000, "slow", &mut fired);
    observe(2, 1_000, "slow", &mut fired);
    assert_eq!(fired.iter().map(|fired| fired.tenant).collect::<Vec<_>>(), [1, 2]);
    assert!(correlator.counts().forgotten > 4_000);
}

#[test]
fn what_cannot_be_a_correlation_is_refused_by_name_and_place() {
    let with = |body: &str| format!("title: t\ncorrelation: {{type: event_count, timespan: 5m, {body}}}\n");
    refused(&with("rules: [nobody], condition: {gte: 1}"), "it counts \"nobody\", which is not loaded");
    refused(&with("rules: [a], condition: {about: 1}"), "\"about\" compares nothing");
    refused(&with("rules: [a], condition: {gte: many}"), "a number is expected");
    refused(&with("rules: [a], condition: {gte: 1000000}"), "it counts further than 100000");
    refused(&with("rules: [a], condition: {gte: 1, field: x}"), "event_count takes no field");
    refused(&with("rules: [a]"), "the correlation has no condition");
    refused(&with("rules: [a], condition: {gte: 1}, aliases: {x: {b: y}}"), "the alias names \"b\"");
    refused(
        "title: t\ncorrelation: {type: temporal, rules: [a], timespan: 5 parsecs}\n",
        "is not a time span",
    );
    refused(
        "title: t\ncorrelation: {type: temporal, rules: [a], timespan: 1000000w}\n",
        "is not a time span",
    );
    refused("title: t\ncorrelation: {type: psychic, rules: [a], timespan: 5m}\n", "\"psychic\" is unknown");
    refused(
        "title: t\ncorrelation: {type: temporal, rules: [a], timespan: 5m, condition: a and z}\n",
        "names \"z\", which it does not count",
    );
    let round = "title: p\nname: p\ncorrelation: {type: temporal, rules: [a, q], timespan: 5m}\n---\n\
                 title: q\nname: q\ncorrelation: {type: temporal, rules: [p], timespan: 5m}\n";
    refused(round, "it counts itself");
}

/// What fires, by the definition: every match looks at all matches of its group in the time span before it.
fn oracle(correlation: &Correlation, seen: &[(i64, u32, u8, u8)], lateness: i64) -> Vec<(i64, u8)> {
    let (mut latest, mut accepted) = (i64::MIN, Vec::new());
    let place_of =
        |rule: u32| correlation.counted.iter().position(|counted| *counted == Counted::Rule(rule as usize));
    // Matches of rules that nobody counts do not move the time.
    for &found in seen.iter().filter(|found| place_of(found.1).is_some()) {
        if latest != i64::MIN && found.0 < latest - lateness {
            continue;
        }
        latest = latest.max(found.0);
        accepted.push(found);
    }
    accepted.sort_by_key(|found| found.0);
    let mut groups: BTreeMap<u8, Vec<(i64, usize, u8)>> = BTreeMap::new();
    for (second, rule, user, value) in accepted {
        if let Some(place) = place_of(rule) {
            groups.entry(user).or_default().push((second, place, value));
        }
    }
    let span = correlation.timespan_seconds as i64;
    let mut fired = Vec::new();
    for (user, found) in groups {
        if correlation.is_asked_at_every_match() {
            let (mut last, mut held) = (None, false);
            for end in 0..found.len() {
                let now = found[end].0;
                let inside: Vec<_> =
                    found[..=end].iter().copied().filter(|found| found.0 >= now - span).collect();
                let holds = holds_over(correlation, &inside);
                if holds && (!held || last.is_some_and(|last| now - last > span)) {
                    last = Some(now);
                    fired.push((now, user));
                }
                held = holds;
            }
        } else {
            let mut at = 0;
            while let Some(first) = found.get(at) {
                let inside: Vec<_> =
                    found[at..].iter().copied().take_while(|found| found.0 <= first.0 + span).collect();
                if holds_over(correlation, &inside) {
                    fired.push((first.0 + span, user));
                }
                at += inside.len();
            }
        }
    }
    fired.sort_unstable();
    fired
}

fn holds_over(correlation: &Correlation, found: &[(i64, usize, u8)]) -> bool {
    let mut numbers: Vec<f64> = found.iter().map(|found| f64::from(found.2)).collect();
    let mut values: Vec<u8> = found.iter().map(|found| found.2).collect();
    values.sort_unstable();
    values.dedup();
    let mut places: Vec<usize> = found.iter().map(|found| found.1).collect();
    let chain = || {
        let mut next = 0;
        found.iter().for_each(|found| next += usize::from(found.1 == next));
        next >= correlation.rules.len()
    };
    if correlation.kind == CorrelationKind::TemporalOrdered {
        return chain();
    }
    places.sort_unstable();
    places.dedup();
    let value = match correlation.kind {
        CorrelationKind::EventCount => found.len() as f64,
        CorrelationKind::ValueCount => values.len() as f64,
        CorrelationKind::ValueSum => numbers.iter().sum(),
        CorrelationKind::ValueAverage => numbers.iter().sum::<f64>() / numbers.len() as f64,
        CorrelationKind::ValueMedian => tally::median(&mut numbers),
        CorrelationKind::ValuePercentile(percent) => tally::percentile(&mut numbers, percent),
        CorrelationKind::Temporal | CorrelationKind::TemporalOrdered => places.len() as f64,
    };
    match &correlation.condition {
        Asks::Bounds(bounds) => within(bounds, value),
        Asks::Rules(expr) => holds(expr, &|place| places.contains(&place)),
    }
}

fn any_correlation() -> impl Strategy<Value = String> {
    let bound =
        prop::sample::select(vec!["gte: 2", "gt: 3", "lt: 3", "lte: 1", "eq: 2", "neq: 2", "gte: 2, lt: 4"]);
    let kind = prop::sample::select(vec![
        "event_count",
        "value_count",
        "value_sum",
        "value_avg",
        "value_median",
        "value_percentile",
        "temporal",
        "temporal_ordered",
        "temporal and not",
        "temporal bounds",
    ]);
    (kind, bound, 1..12_u32).prop_map(|(kind, bound, span)| {
        let body = match kind {
            "event_count" => format!("type: {kind}, rules: [a, b], condition: {{{bound}}}"),
            "temporal" | "temporal_ordered" => format!("type: {kind}, rules: [a, b, c]"),
            "temporal and not" => {
                "type: temporal, rules: [a, b, c], condition: (a or c) and not b".to_owned()
            }
            "temporal bounds" => format!("type: temporal, rules: [a, b, c], condition: {{{bound}}}"),
            _ => {
                let percentile = if kind == "value_percentile" { ", percentile: 60" } else { "" };
                format!("type: {kind}, rules: [a, b], condition: {{{bound}, field: value{percentile}}}")
            }
        };
        format!("title: t\ncorrelation: {{{body}, group-by: [user], timespan: {span}s}}\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]
    #[test]
    fn a_correlator_agrees_with_the_oracle(
        correlation in any_correlation(),
        steps in prop::collection::vec((-6..9_i64, 0..3_u32, 0..2_u8, 0..5_u8), 0..40),
        lateness in 0..8_i64,
    ) {
        let rules = load(&correlation);
        prop_assert!(rules.refused.is_empty(), "{:?}", rules.refused);
        let mut second = 100;
        let seen: Vec<_> = steps
            .iter()
            .map(|&(step, rule, user, value)| {
                second += step;
                (second, rule, user, value)
            })
            .collect();
        let mut correlator = correlator(&rules, lateness, 10_000);
        let mut fired = Vec::new();
        for &(second, rule, user, value) in &seen {
            let found = Match { tenant: 0, rule: RuleId(rule), time_micros: second * SECOND, reference: 0 };
            let (user, value) = (user.to_string(), value.to_string());
            let field = |name: &str| Some(if name == "user" { user.as_str() } else { value.as_str() });
            correlator.observe(&found, i64::MAX, field, &mut fired);
        }
        correlator.finish(&mut fired);
        let mut shown: Vec<(i64, u8)> =
            fired.iter().map(|fired| (fired.time_micros / SECOND, fired.group[0].1.parse().unwrap())).collect();
        shown.sort_unstable();
        prop_assert_eq!(shown, oracle(&rules.correlations[0], &seen, lateness));
        prop_assert_eq!(correlator.groups(), 0, "everything is forgotten in the end");
    }
}

/// Feeds one match a step, one in three of them held, and lets time go on every seventh.
fn feed(correlator: &mut Correlator, steps: &[(i64, u32, u8, u8)], from: usize, fired: &mut Vec<Fired>) {
    let second = |place: usize| 100 + steps[..=place].iter().map(|step| step.0).sum::<i64>();
    for (place, &(_, rule, user, value)) in steps.iter().enumerate().skip(from) {
        let time_micros = second(place) * SECOND;
        let found =
            Match { tenant: u64::from(user) / 2, rule: RuleId(rule), time_micros, reference: place as u64 };
        let (user, value) = (user.to_string(), value.to_string());
        let field = |name: &str| Some(if name == "user" { user.as_str() } else { value.as_str() });
        match place % 3 {
            0 => correlator.hold(&found, i64::MAX, field, fired),
            _ => correlator.observe(&found, i64::MAX, field, fired),
        };
        if place % 7 == 0 {
            correlator.hear(found.tenant, found.time_micros + SECOND, i64::MAX);
            correlator.settle(time_micros + 5 * SECOND, fired);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]
    #[test]
    fn a_state_that_is_written_and_read_goes_on_as_if_nothing_had_happened(
        correlation in any_correlation(),
        steps in prop::collection::vec((-6..9_i64, 0..3_u32, 0..4_u8, 0..5_u8), 1..60),
        stop in 0..60_usize,
        lateness in 0..8_i64,
        remembered_max in 3..40_usize,
    ) {
        let chained = "---\ntitle: more\ncorrelation: {type: event_count, rules: [t], timespan: 30s, condition: {gte: 2}}\n";
        let rules = load(&(correlation.replace("title: t\n", "title: t\nname: t\n") + chained));
        prop_assert!(rules.refused.is_empty(), "{:?}", rules.refused);
        let stop = stop.min(steps.len());
        let (mut through, mut expected) = (correlator(&rules, lateness, remembered_max), Vec::new());
        feed(&mut through, &steps, 0, &mut expected);
        let (mut first, mut fired, mut state) = (correlator(&rules, lateness, remembered_max), Vec::new(), Vec::new());
        feed(&mut first, &steps[..stop], 0, &mut fired);
        first.write_state(&mut state);
        let mut second = correlator(&rules, lateness, remembered_max);
        let restored = second.read_state(&state).expect("it was just written");
        prop_assert_eq!(restored, Restored { groups: first.groups(), dropped: 0 });
        prop_assert_eq!(second.references(), first.references());
        let mut again = Vec::new();
        second.write_state(&mut again);
        prop_assert_eq!(&state, &again);
        feed(&mut second, &steps, stop, &mut fired);
        for correlator in [&mut through, &mut second] {
            correlator.settle(i64::MAX, &mut Vec::new());
        }
        prop_assert_eq!(&fired, &expected);
        prop_assert_eq!(second.counts(), through.counts());
        for cut in (0..state.len()).step_by(13) {
            let read = second.read_state(&state[..cut]);
            prop_assert!(read.is_err() && second.groups() == 0, "cut at {cut}: {read:?}");
        }
    }

    #[test]
    fn damaged_states_are_refused_or_read_and_never_panic(
        steps in prop::collection::vec((-6..9_i64, 0..3_u32, 0..4_u8, 0..5_u8), 1..40),
        place in 0..4_000_usize,
        byte in 0..=255_u8,
    ) {
        let rules = load("title: t\ncorrelation: {type: value_count, rules: [a, b], group-by: [user], timespan: 9s, \
                          condition: {gte: 3, field: value}}\n");
        let (mut first, mut state) = (correlator(&rules, 5, 100), Vec::new());
        feed(&mut first, &steps, 0, &mut Vec::new());
        first.write_state(&mut state);
        let place = place % state.len();
        state[place] = byte;
        let mut second = correlator(&rules, 5, 100);
        if second.read_state(&state).is_ok() {
            feed(&mut second, &steps, 0, &mut Vec::new());
            second.finish(&mut Vec::new());
        }
    }
}

#[test]
fn a_changed_correlation_begins_anew_and_the_others_go_on() {
    let rule = |name: &str, count: u32| {
        format!(
            "title: {name}\ncorrelation: {{type: event_count, rules: [a], group-by: [user], timespan: 10s, \
             condition: {{gte: {count}}}}}\n---\n"
        )
    };
    let (before, after) = (load(&(rule("p", 2) + &rule("q", 2))), load(&(rule("q", 2) + &rule("p", 3))));
    let seen = |correlator: &mut Correlator, second: i64| {
        let (mut fired, user) = (Vec::new(), Some("u"));
        let found = Match { tenant: 1, rule: RuleId(0), time_micros: second * SECOND, reference: 7 };
        correlator.observe(&found, i64::MAX, |_| user, &mut fired);
        let titles: Vec<_> = correlator.correlations().map(|one| one.title.clone()).collect();
        fired.iter().map(|fired| titles[fired.correlation].clone()).collect::<Vec<_>>()
    };
    let (mut old, mut state) = (correlator(&before, 0, 100), Vec::new());
    assert_eq!(seen(&mut old, 1), Vec::<String>::new());
    old.write_state(&mut state);
    let mut new = correlator(&after, 0, 100);
    assert_eq!(new.read_state(&state), Ok(Restored { groups: 1, dropped: 1 }));
    new.map_references(|reference| reference * 10);
    assert_eq!(new.references().into_iter().collect::<Vec<_>>(), [70]);
    assert_eq!(seen(&mut new, 2), ["q"]);
    assert_eq!(
        seen(&mut new, 3),
        Vec::<String>::new(),
        "what p counted before it was changed does not count"
    );
    assert_eq!(seen(&mut new, 4), ["p"]);
    assert_eq!(new.read_state(b"something else"), Err(StateError::Foreign));
}
