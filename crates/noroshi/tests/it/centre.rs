//! A data directory: import, search, hunt, once, through crashes.

use std::process::Stdio;

use super::*;

const REGISTRY: &str = "kind,key,name_ja,name_en,value\n";

/// A data directory with one organisation, and a log to import.
pub fn begin(folder: &Path, lines: usize) -> (String, String, String) {
    let registry = write(
        folder,
        "registry.yaml",
        "organisations:\n  - key: shore\n    name_ja: 海岸庁\n    name_en: Shore Agency\n    kind: agency\n",
    );
    let data = folder.join("data").display().to_string();
    let output = noroshi(["registry", "import", "--data", &data, &registry]);
    assert!(output.status.success(), "{}", stderr(&output));
    let rule = write(folder, "rule.yml", WEB_RULE);
    write(folder, "logs/www/access.log", access_log(lines, 10));
    (data, folder.join("logs").display().to_string(), rule)
}

pub fn import(data: &str, logs: &str, rule: &str) -> serde_json::Value {
    let output =
        noroshi(["import", "--data", data, "--organisation", "shore", "--rules", rule, "--json", logs]);
    assert!(output.status.success(), "{}", stderr(&output));
    rows(&output).remove(0)
}

pub fn count(data: &str, words: &[&str]) -> usize {
    let mut arguments = vec!["search", "--data", data, "--limit", "10000", "--json"];
    arguments.extend(words);
    rows(&noroshi(&arguments)).len()
}

#[test]
fn what_is_imported_is_found_and_importing_it_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, logs, rule) = begin(folder.path(), 500);
    let first = import(&data, &logs, &rule);
    assert_eq!((first["events"].as_u64(), first["detections"].as_u64()), (Some(500), Some(50)), "{first}");
    assert_eq!(count(&data, &[]), 500);
    assert_eq!(count(&data, &["union+select"]), 50);
    assert_eq!(count(&data, &["203.0.113.9"]), 500);
    let again = import(&data, &logs, &rule);
    assert_eq!((again["events"].as_u64(), again["files_unchanged"].as_u64()), (Some(0), Some(1)), "{again}");
    assert_eq!(count(&data, &[]), 500);
    // A file that has grown is read from where it was left.
    let log = folder.path().join("logs/www/access.log");
    let grown = std::fs::read_to_string(&log).unwrap() + &access_log(20, 10);
    std::fs::write(&log, grown).unwrap();
    assert_eq!(import(&data, &logs, &rule)["events"], 20);
    assert_eq!(count(&data, &[]), 520);
    let output = noroshi(["verify-audit", "--data", &data, "--json"]);
    assert_eq!(rows(&output)[0]["sound"], true, "{}", stdout(&output));
}

#[test]
fn indicators_are_hunted_over_the_past() {
    let folder = tempfile::tempdir().unwrap();
    let (data, logs, rule) = begin(folder.path(), 100);
    import(&data, &logs, &rule);
    let bad = write(folder.path(), "bad.csv", "value\n203.0.113.0/24\nnever.example\n");
    let seen = rows(&noroshi(["hunt", "--data", &data, "--indicators", &bad, "--output", "jsonl"]));
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((seen[0]["organisation"].as_str(), seen[0]["events"].as_u64()), (Some("shore"), Some(100)));
    let bare = noroshi(["hunt", "--lake", &data, "--indicators", &bad, "--output", "jsonl"]);
    assert_eq!(rows(&bare).len(), 1, "{}", stderr(&bare));
}

#[test]
fn killed_imports_lose_nothing_and_count_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (data, logs, rule) = begin(folder.path(), 60_000);
    for delay_ms in [30_u64, 90, 150, 250, 400, 600] {
        let mut child =
            command(["import", "--data", &data, "--organisation", "shore", "--rules", &rule, &logs])
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
        let (tell, told) = std::sync::mpsc::channel::<()>();
        // A wait that nobody cuts short: the moment of the kill is the point of the test.
        let _ = told.recv_timeout(std::time::Duration::from_millis(delay_ms));
        drop(tell);
        let _ = child.kill();
        let _ = child.wait();
    }
    import(&data, &logs, &rule);
    let bad = write(folder.path(), "bad.csv", "value\n203.0.113.9\n");
    let seen = rows(&noroshi(["hunt", "--data", &data, "--indicators", &bad, "--output", "jsonl"]));
    let events: u64 = seen.iter().map(|one| one["events"].as_u64().unwrap()).sum();
    assert_eq!(events, 60_000);
    assert_eq!(count(&data, &["union+select"]), 6_000);
}

#[test]
fn an_unknown_organisation_and_a_foreign_directory_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (data, logs, rule) = begin(folder.path(), 10);
    let output = noroshi(["import", "--data", &data, "--organisation", "nobody", "--rules", &rule, &logs]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nobody"), "{}", stderr(&output));
    let elsewhere = folder.path().join("logs").display().to_string();
    let output = noroshi(["search", "--data", &elsewhere, "x"]);
    assert_eq!(output.status.code(), Some(2));
    let wrong = write(folder.path(), "wrong.csv", format!("{REGISTRY}planet,x,x,x,x\n"));
    let output = noroshi(["registry", "import", "--data", &data, &wrong]);
    assert!(matches!(output.status.code(), Some(2 | 3)), "{}", stderr(&output));
}
