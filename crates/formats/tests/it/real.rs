//! Real logs of many makers, from the shared test data: nearly all of them must be understood. Skipped, and said so,
//! when the data is absent.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::Path;

use formats::read::{Blocks, Options, Parser, Place, Sink, Unread};
use formats::{Event, Names, Sources};

/// What came out of one data set.
#[derive(Default)]
struct Tally {
    files: u64,
    events: u64,
    untimed: u64,
    formats: BTreeMap<String, u64>,
    routes: BTreeMap<String, u64>,
    unread: u64,
    reasons: BTreeMap<String, (u64, String)>,
    untimed_beginnings: Vec<String>,
    file: String,
    left_out: BTreeMap<&'static str, u64>,
    errors: Vec<String>,
}

impl Sink for Tally {
    fn event(&mut self, _: &Names, sources: &Sources, event: &Event, _: Place, raw: &[u8]) {
        self.events += 1;
        *self.routes.entry(sources.get(event.source).route()).or_default() += 1;
        *self.formats.entry(event.format.to_string()).or_default() += 1;
        if event.time.is_none() {
            self.untimed += 1;
            let beginning = String::from_utf8_lossy(raw.get(..160).unwrap_or(raw));
            let line = format!("{} {}: {beginning}", self.file, event.format);
            if !self.untimed_beginnings.iter().any(|other| other.starts_with(&self.file)) {
                self.untimed_beginnings.push(line);
            }
        }
    }

    fn unread(&mut self, unread: Unread) {
        self.unread += 1;
        let reason: String =
            unread.reason.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
        let example = String::from_utf8_lossy(&unread.beginning);
        let example = format!("{} line {}: {example:.120}", self.file, unread.place.line);
        self.reasons.entry(reason).or_insert((0, example)).0 += 1;
    }
}

impl Tally {
    fn read(&mut self, name: &str, stream: impl Read) {
        self.files += 1;
        name.clone_into(&mut self.file);
        let mut parser = Parser::default();
        parser.written_before = "2026-01-01T00:00:00Z".parse().ok();
        for block in Blocks::new(stream, Options::default()).named(name.rsplit('/').next().unwrap()) {
            match block {
                Ok(block) => parser.parse(&block, self),
                Err(error) => self.errors.push(format!("{name}: {error}")),
            }
        }
    }

    fn report(&self, name: &str) -> String {
        let share = self.unread as f64 * 100.0 / (self.events + self.unread).max(1) as f64;
        let formats: Vec<String> =
            self.formats.iter().map(|(format, count)| format!("{format} {count}")).collect();
        let mut report = format!(
            "{name}: {} files, {} events ({} without a time, {} from nowhere known), {} unread = {share:.3} %; {}\n",
            self.files,
            self.events,
            self.untimed,
            self.routes.get("-/-/-").unwrap_or(&0),
            self.unread,
            formats.join(", ")
        );
        for (why, count) in &self.left_out {
            writeln!(report, "    left out: {count} files, {why}").unwrap();
        }
        for (reason, (count, example)) in &self.reasons {
            writeln!(report, "    unread {count}: {reason}\n        such as {example:?}").unwrap();
        }
        for error in &self.errors {
            writeln!(report, "    error: {error}").unwrap();
        }
        if std::env::var_os("NOROSHI_SHOW_UNTIMED").is_some() {
            writeln!(report, "    routes: {:?}", self.routes).unwrap();
            for line in &self.untimed_beginnings {
                writeln!(report, "    untimed: {line}").unwrap();
            }
        }
        report
    }
}

/// Reads every file of a data set for which `left_out` gives no reason, and wants fewer than 1 in 100 records unread.
#[track_caller]
fn check(name: &str, left_out: impl Fn(&Path) -> Option<&'static str>) {
    let Some(folder) = testkit::shared_data(name) else { return };
    let mut tally = Tally::default();
    for path in testkit::files_below(&folder) {
        if let Some(why) = left_out(&path) {
            *tally.left_out.entry(why).or_default() += 1;
            continue;
        }
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        tally.read(&name, fs::File::open(&path).unwrap());
    }
    judge(name, &tally);
}

#[track_caller]
fn judge(name: &str, tally: &Tally) {
    let report = tally.report(name);
    println!("{report}");
    assert!(tally.errors.is_empty(), "{report}");
    assert!(tally.events > 0, "{report}");
    assert!(tally.unread * 100 < tally.events + tally.unread, "{report}");
}

fn all(_: &Path) -> Option<&'static str> {
    None
}

fn not_logs(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    match name {
        "README.md" | "LICENSE" | "SOURCES.txt" | "COPYING-3rdparty" => Some("not a log"),
        _ => None,
    }
}

#[test]
fn suricata_eve_is_read() {
    check("suricata-eve", all);
}

#[test]
fn zeek_wrccdc_is_read() {
    check("zeek-wrccdc-sample", not_logs);
}

#[test]
fn zeek_baselines_are_read() {
    // What a test of Zeek left behind: standard output, debug logs, `zeek-cut` extracts. Its logs name their fields.
    let is_log = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"#fields"))
    };
    let extension = |path: &Path| path.extension().unwrap_or_default().to_owned();
    check("zeek-btest", |path| match extension(path).to_str()? {
        "log" if is_log(path) => None,
        "log" => Some("no #fields line: an extract, not a log"),
        _ => Some("not a log"),
    });
}

#[test]
fn otrf_atomic_is_read() {
    check("otrf-atomic-json", |path| {
        let name = path.file_name()?.to_str()?;
        name.contains("__._").then_some("a macOS resource fork, not a log")
    });
}

#[test]
fn otrf_compound_is_read() {
    check("otrf-compound-json", all);
}

#[test]
fn evtx_attack_samples_are_read() {
    check("evtx-attack-samples", all);
}

#[test]
fn evtx_hayabusa_samples_are_read() {
    check("evtx-hayabusa-samples", all);
}

/// Unread: records and chunks whose bytes were overwritten, for which the samples were collected. In one file eight
/// chunks are other data of the disk it was carved from.
#[test]
fn evtx_edge_samples_are_read() {
    check("evtx-parser-edge-samples", all);
}

/// Unread: two samples edited by hand, one with a comma too few and one with a comma too many, and the carved EVTX
/// file that is also among the edge samples.
#[test]
fn ocsf_examples_are_read() {
    check("ocsf-examples", |path| match path.extension()?.to_str()? {
        "md" => Some("prose"),
        "parquet" => Some("Parquet, not a log"),
        _ => None,
    });
}

#[test]
fn crowdsec_logs_are_read() {
    check("crowdsec-logs", |path| match path.extension()?.to_str()? {
        "log" => None,
        _ => Some("not a log"),
    });
}

#[test]
fn web_and_sshd_logs_are_read() {
    check("elastic-web-auth-logs", all);
}

#[test]
fn loghub_logs_are_read() {
    check("loghub-logs", not_logs);
}

#[test]
fn wazuh_logs_are_read() {
    check("wazuh-logs", all);
}

#[test]
fn tenzir_inputs_are_read() {
    check("tenzirlib-logs", |path| {
        let name = path.to_str()?;
        let input = name.contains("/inputs/") || name.ends_with(".input");
        (!input).then_some("what a test expects, not its input")
    });
}

#[test]
fn sekoia_messages_are_read() {
    let Some(folder) = testkit::shared_data("sekoia-logs") else { return };
    let mut tally = Tally::default();
    for path in testkit::files_below(&folder) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let text = fs::read_to_string(&path).unwrap_or_default();
        let test: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        match test["input"]["message"].as_str() {
            Some(message) => tally.read(&name, message.as_bytes()),
            None => *tally.left_out.entry("no message in the test").or_default() += 1,
        }
    }
    judge("sekoia-logs", &tally);
}

#[test]
fn sigma_regression_events_are_read() {
    check("sigma-regression", |path| match path.extension().unwrap_or_default().to_str()? {
        "evtx" | "json" => None,
        _ => Some("what a test expects, not its input"),
    });
}
