//! Correlations in a data directory: counted once, through kills, in whatever order files are read.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use super::centre::begin;
use super::*;

/// Five injections from one address within a minute, and twenty from one within a day.
const RULES: &str = "title: SQL in a query
id: 5f0c3a52-6f0e-4a0c-9f3b-0d7f1e6a7c11
logsource: {category: webserver}
detection:
  selection: {cs-uri-query|contains: 'union+select'}
  condition: selection
---
title: Many at once
id: 0b0f2f7e-2f4b-4c8e-8a35-2a3c1d5d9b01
level: high
tags: [attack.t1190]
correlation:
  {type: event_count, rules: [5f0c3a52-6f0e-4a0c-9f3b-0d7f1e6a7c11], group-by: [c-ip], timespan: 1m, condition: {gte: 5}}
---
title: Slowly
id: 0b0f2f7e-2f4b-4c8e-8a35-2a3c1d5d9b02
level: high
correlation:
  {type: event_count, rules: [5f0c3a52-6f0e-4a0c-9f3b-0d7f1e6a7c11], group-by: [c-ip], timespan: 1d, condition: {gte: 20}}
";

/// Lines of a day, five a second: bursts from seven addresses, and one that comes back every 10,000 lines.
fn log(lines: std::ops::Range<usize>) -> String {
    let line = |number: usize| {
        let (second, burst) = (number / 5, number / 5_000 % 7);
        let (address, attack) = match number {
            _ if number.is_multiple_of(10_000) => ("198.51.100.9".to_owned(), true),
            _ if number % 5_000 > 4_994 => (format!("203.0.113.{burst}"), true),
            _ => ("192.0.2.77".to_owned(), false),
        };
        let query = if attack { "id=1+union+select+2" } else { "id=1" };
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!(
            "{address} - - [15/Jul/2026:{hour:02}:{minute:02}:{second:02} +0900] \"GET /list?{query} HTTP/1.1\" 200 512 \"-\" \"x\"\n"
        )
    };
    lines.map(line).collect()
}

fn import(data: &str, logs: &str, rules: &str) -> serde_json::Value {
    let output =
        noroshi(["import", "--data", data, "--organisation", "shore", "--rules", rules, "--json", logs]);
    assert!(output.status.success(), "{}", stderr(&output));
    rows(&output).remove(0)
}

/// Every threat: its rule, actor, target, first and last event and count. The number for people depends on the order of
/// commits and is left out.
fn threats(data: &str) -> Vec<String> {
    let told = command(["search", "--data", data]);
    let database = told.get_envs().find(|(name, _)| *name == "NOROSHI_DATABASE").and_then(|(_, value)| value);
    let place = match database {
        Some(server) => store::Location::server(server.to_str().unwrap()).unwrap(),
        None => store::Location::file(&Path::new(data).join("noroshi.sqlite")),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = store::Store::open_at(&place, store::Options::default()).await.unwrap();
        let filter = watch::threat::Filter::default();
        let list = watch::threat::list(&store, &testkit::house(), &filter, 10_000, None).await.unwrap();
        let mut threats: Vec<_> = list
            .threats
            .iter()
            .map(|one| {
                let parties = format!("{} {} {}", one.rule_id, one.actor, one.target);
                format!("{} {parties} {} {} {}", one.id, one.first_at, one.last_at, one.detections)
            })
            .collect();
        threats.sort();
        threats
    })
}

fn start(data: &str, logs: &str, rules: &str) -> Child {
    command(["import", "--data", data, "--organisation", "shore", "--rules", rules, logs])
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The length of everything in the folder where correlations are remembered.
fn remembered_bytes(data: &str) -> u64 {
    let files = fs::read_dir(PathBuf::from(data).join("correlation"));
    files.map_or(0, |files| {
        files.flatten().filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum()
    })
}

/// Waits, without a clock to read: nobody tells anything.
fn wait(milliseconds: u64, (_tell, told): &(Sender<()>, std::sync::mpsc::Receiver<()>)) {
    let _ = told.recv_timeout(Duration::from_millis(milliseconds));
}

#[test]
fn killed_imports_correlate_as_an_undisturbed_one() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [(data, logs, rules), (killed, killed_logs, _)] = folders.each_ref().map(|folder| {
        let (data, logs, _) = begin(folder.path(), 10);
        // Two files of one day: each has half of every burst.
        let (mut even, mut odd) = (String::new(), String::new());
        for (number, line) in log(0..250_000).split_inclusive('\n').enumerate() {
            if number.is_multiple_of(2) { even += line } else { odd += line }
        }
        write(folder.path(), "logs/www/access.log", even);
        write(folder.path(), "logs/www/other.log", odd);
        (data, logs, write(folder.path(), "rules.yml", RULES))
    });
    let undisturbed = import(&data, &logs, &rules);
    let told = &undisturbed["correlation"];
    assert_eq!((told["late"].as_u64(), told["untimed"].as_u64()), (Some(0), Some(0)), "{undisturbed}");
    let expected = threats(&data);
    // Seven addresses, some in more than one group of an hour, and the slow one.
    assert!(expected.iter().any(|one| one.contains("9b02 198.51.100.9")), "{expected:?}");
    for address in 0..7 {
        assert!(
            expected.iter().any(|one| one.contains(&format!("9b01 203.0.113.{address}"))),
            "{expected:?}"
        );
    }

    // Each is killed as soon as it has written what it remembers; most often before the database knows.
    let (channel, mut kills) = (channel(), 0);
    for round in 0..6_u64 {
        let (before, mut child) = (remembered_bytes(&killed), start(&killed, &killed_logs, &rules));
        while remembered_bytes(&killed) == before && child.try_wait().unwrap().is_none() {
            wait(1, &channel);
        }
        wait(round * 7, &channel);
        kills += u32::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        let _ = child.wait();
    }
    assert!(kills >= 2, "{kills} of six were killed while they ran");
    import(&killed, &killed_logs, &rules);
    assert_eq!(threats(&killed), expected);
    let again = import(&killed, &killed_logs, &rules);
    assert_eq!((again["events"].as_u64(), again["detections"].as_u64()), (Some(0), Some(0)), "{again}");
    assert_eq!(threats(&killed), expected);
}

#[test]
fn what_an_earlier_import_left_open_the_next_one_finishes_and_what_is_too_late_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (data, logs, _) = begin(folder.path(), 10);
    let rules = write(folder.path(), "rules.yml", RULES);
    // A burst lies across two files that are imported one after the other.
    write(folder.path(), "logs/www/access.log", log(4_900..4_998));
    let first = import(&data, &logs, &rules);
    assert_eq!((first["correlation"]["matches"].as_u64(), first["detections"].as_u64()), (Some(3), Some(0)));
    // So it does after a backup was restored.
    let [kept, restored] = ["kept", "restored"].map(|name| folder.path().join(name).display().to_string());
    assert!(noroshi(["backup", "--data", &data, &kept]).status.success());
    assert!(noroshi(["restore", "--data", &restored, &kept]).status.success());
    write(folder.path(), "logs/www/access.log.1", log(4_998..5_100));
    assert_eq!(import(&restored, &logs, &rules)["correlation"]["detections"], 1);
    let second = import(&data, &logs, &rules);
    assert_eq!(
        (second["correlation"]["detections"].as_u64(), second["threats"].as_u64()),
        (Some(1), Some(1))
    );
    // A file of the hour before comes much too late.
    write(folder.path(), "logs/www/late.log", log(0..4_000));
    let third = import(&data, &logs, &rules);
    assert_eq!((third["correlation"]["late"].as_u64(), third["detections"].as_u64()), (Some(1), Some(0)));
    let output = noroshi(["import", "--data", &data, "--organisation", "shore", "--rules", &rules, &logs]);
    assert!(stderr(&output).contains("0 too late"), "{}", stderr(&output));
}
