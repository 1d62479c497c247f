//! How fast correlations count, in CPU time of one thread: `cargo bench -p sigma`.

#![allow(clippy::print_stdout)] // It is what a benchmark is for.

use std::hint::black_box;

use sigma::{Correlator, Match, Placeholders, Policy, RuleId, Rules};

const MATCHES: u64 = 2_000_000;

fn main() {
    println!("{:>9} {:>9} {:>8} {:>10} {:>6}  what", "matches", "groups", "CPU s", "per CPU s", "fired");
    // One match every 600 µs: each of 100,000 groups has one a minute, and all live within the hour.
    let count = "type: event_count, group-by: [user], timespan: 1h, condition: {gte: 1000}";
    run("event_count, 100,000 groups", count, 100_000, 1, 600);
    let count = "type: event_count, group-by: [user], timespan: 1m, condition: {gte: 10}";
    run("event_count that fires, 1,000 groups", count, 1_000, 1, 600);
    let values = "type: value_count, group-by: [user], timespan: 1h, condition: {gte: 20000, field: value}";
    run("value_count, 10 groups of 10,000 values", values, 10, 10_000, 600);
    let ordered = "type: temporal_ordered, group-by: [user], timespan: 1h";
    run("temporal_ordered, 100,000 groups", ordered, 100_000, 1, 600);
}

fn run(what: &str, correlation: &str, groups: u64, values: u64, step_micros: i64) {
    let text = format!(
        "title: a\nlogsource: {{product: x}}\ndetection: {{s: {{K: v}}, condition: s}}\n---\ntitle: c\ncorrelation: \
         {{rules: [a], {correlation}}}\n"
    );
    let rules = Rules::load([("bench.yml", text.as_bytes())], &Placeholders::new());
    assert!(rules.refused.is_empty(), "{:?}", rules.refused);
    let mut correlator = Correlator::new(rules.correlations, rules.rules.len(), Policy::default());
    let users: Vec<String> = (0..groups).map(|number| format!("user-{number}")).collect();
    let shown: Vec<String> = (0..values).map(|number| format!("value-{number}")).collect();
    let mut fired = Vec::new();
    let mut firings = 0;
    let before = cpu_seconds();
    for number in 0..MATCHES {
        let user = &users[(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % groups) as usize];
        let value = &shown[(number.wrapping_mul(0xd1b5_4a32_d192_ed03) % values) as usize];
        let found =
            Match { tenant: 1, rule: RuleId(0), time_micros: number as i64 * step_micros, reference: number };
        let field = |name: &str| Some(if name == "user" { user.as_str() } else { value.as_str() });
        correlator.observe(&found, i64::MAX, field, &mut fired);
        firings += fired.len();
        fired.clear();
    }
    let seconds = cpu_seconds() - before;
    let rate = MATCHES as f64 / seconds;
    println!("{MATCHES:>9} {:>9} {seconds:>8.2} {rate:>10.0} {firings:>6}  {what}", correlator.groups());
    black_box(&correlator);
}

/// CPU time of this thread as Linux counts it.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|count| count.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}
