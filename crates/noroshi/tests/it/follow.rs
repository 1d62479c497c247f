//! `noroshi import --follow`: what is added, and rules that change meanwhile.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::centre::begin;
use super::*;

/// Longer than any turn takes.
const PATIENCE: Duration = Duration::from_secs(60);

const COUNTING: &str = "---
title: Again and again
id: 0b0f2f7e-2f4b-4c8e-8a35-2a3c1d5d9b03
level: high
correlation:
  {type: event_count, rules: [5f0c3a52-6f0e-4a0c-9f3b-0d7f1e6a7c11], group-by: [c-ip], timespan: 1h, condition: {gte: 4}}
";

/// Lines until one holds `text`.
#[track_caller]
fn until(lines: &Receiver<String>, text: &str) -> Vec<String> {
    let mut seen = Vec::new();
    while seen.last().is_none_or(|line: &String| !line.contains(text)) {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => seen.push(line),
            Err(error) => panic!("{error} before {text:?}: {seen:#?}"),
        }
    }
    seen
}

#[test]
fn following_reads_what_is_added_and_keeps_what_it_counted_when_rules_change() {
    let folder = tempfile::tempdir().unwrap();
    let (data, logs, _) = begin(folder.path(), 10);
    let rules = folder.path().join("rules");
    let counting = write(folder.path(), "rules/web.yml", format!("{WEB_RULE}{COUNTING}"));
    let arguments = ["import", "--follow", "--data", &data, "--organisation", "shore", "--rules"];
    let arguments = arguments.into_iter().chain([rules.to_str().unwrap(), logs.as_str()]);
    let mut following = command(arguments).stderr(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_child(&following);
    let (tell, lines) = channel();
    let errors = BufReader::new(following.stderr.take().unwrap());
    std::thread::spawn(move || errors.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
    // One injection in ten lines.
    until(&lines, "10 events of 1 files");

    let log = Path::new(&logs).join("www/access.log");
    let append = |line: &str| {
        let mut file = fs::File::options().append(true).open(&log).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    };
    let attack = |second: u32| {
        let time = format!("15/Jul/2026:10:01:{second:02} +0900");
        format!("203.0.113.9 - - [{time}] \"GET /list?id=1+union+select+2 HTTP/1.1\" 200 512 \"-\" \"x\"\n")
    };
    append(&attack(1));
    until(&lines, "1 events of 1 files");

    // A rule beside it is broken, and another one comes: what was counted so far stays counted.
    let half = write(folder.path(), "rules/other.yml", WEB_RULE.replace("5f0c3a52", "6f0c3a52"));
    until(&lines, "rules changed: 2 rules, 1 correlations");
    fs::write(&half, "title: [").unwrap();
    kill_process(pid, Signal::HUP).unwrap();
    let seen = until(&lines, "rules changed: 2 rules, 1 correlations");
    assert!(
        seen.iter().any(|line| line.contains("other.yml") && line.contains("stay as they were")),
        "{seen:#?}"
    );
    append(&(attack(2) + &attack(3)));
    let seen = until(&lines, "2 events of 1 files");
    assert!(seen.last().is_some_and(|line| line.contains("into 1 detections")), "{seen:#?}");

    fs::write(&counting, WEB_RULE).unwrap();
    until(&lines, "rules changed: 2 rules, 0 correlations");
    kill_process(pid, Signal::TERM).unwrap();
    assert!(following.wait().unwrap().success());
}
