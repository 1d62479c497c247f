//! `noroshi detect` on small files of our own.

use super::*;

#[test]
fn a_detection_names_rule_level_time_place_route_and_fields() {
    let folder = tempfile::tempdir().unwrap();
    let rule = write(folder.path(), "rule.yml", WEB_RULE);
    let log = write(folder.path(), "access.log", access_log(3, 2));
    let output = noroshi(["detect", "--rules", &rule, "--output", "jsonl", &log]);
    assert!(output.status.success(), "{}", stderr(&output));
    let rows = rows(&output);
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(row["rule_title"], "SQL in a query");
    assert_eq!(row["level"], "high");
    assert_eq!(row["time"], "2026-07-15T01:00:02Z");
    assert_eq!((row["file"].as_str(), row["line"].as_u64()), (Some(log.as_str()), Some(2)));
    assert_eq!(row["techniques"][0], "T1190");
    assert!(row["route"].as_str().unwrap().ends_with("webserver"), "{row}");
    assert!(
        row["fields"].as_object().unwrap().values().any(|value| value.as_str().unwrap().contains("union"))
    );
}

#[test]
fn every_form_of_output_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let rule = write(folder.path(), "rule.yml", WEB_RULE);
    let log = write(folder.path(), "access.log", access_log(10, 5));
    let run = |form: &str| noroshi(["detect", "--rules", &rule, "--output", form, "--explain", &log]);
    assert_eq!(stdout(&run("table")).matches("SQL in a query").count(), 2);
    assert_eq!(stdout(&run("csv")).lines().count(), 3);
    let findings = rows(&run("ocsf"));
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0]["class_uid"], 2004);
    assert_eq!(findings[0]["severity_id"], 4);
    assert_eq!(rows(&run("jsonl"))[0]["explain"]["log_source"], "-/-/webserver");
}

#[test]
fn indicators_are_looked_for_in_the_same_pass() {
    let folder = tempfile::tempdir().unwrap();
    let rule = write(folder.path(), "rule.yml", WEB_RULE);
    let log = write(folder.path(), "access.log", access_log(4, 4));
    let bad = write(
        folder.path(),
        "bad.csv",
        "kind,value,description,level\naddress,203.0.113.0/24,scanners,low\n",
    );
    let output = noroshi(["detect", "--rules", &rule, "--indicators", &bad, "--json", &log]);
    let rows = rows(&output);
    let indicators = rows.iter().filter(|row| row["rule_id"] == "indicator").count();
    assert_eq!((rows.len(), indicators), (5, 4));
}

#[test]
fn correlations_fire_over_all_files_in_order_of_time_and_what_they_count_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let correlation = "---\ntitle: SQL again and again\nid: again\nlevel: critical\ncorrelation:\n  type: event_count\n  \
                       rules: [5f0c3a52-6f0e-4a0c-9f3b-0d7f1e6a7c11]\n  timespan: 1m\n  condition: {gte: 3}\n";
    let rules = write(folder.path(), "rules.yml", format!("{WEB_RULE}{correlation}"));
    let log = write(folder.path(), "access.log", access_log(10, 2));
    let summary = folder.path().join("summary.json");
    let (rules, summary) = (rules.as_str(), summary.to_str().unwrap());
    let output = noroshi(["detect", "--rules", rules, "--json", "--summary", summary, &log]);
    let rows = rows(&output);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((rows[0]["rule_id"].as_str(), rows[0]["line"].as_u64()), (Some("again"), Some(6)));
    assert_eq!(
        (rows[0]["time"].as_str(), rows[0]["level"].as_str()),
        (Some("2026-07-15T01:00:06Z"), Some("critical"))
    );
    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(summary).unwrap()).unwrap();
    assert_eq!(
        (summary["correlation"]["taken"].as_u64(), summary["detections"].as_u64()),
        (Some(5), Some(1))
    );
}

#[test]
fn exit_codes_tell_scripts_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let rule = write(folder.path(), "rule.yml", WEB_RULE);
    let log = write(folder.path(), "access.log", access_log(2, 2));
    let code = |arguments: &[&str]| noroshi(arguments).status.code();
    assert_eq!(code(&["detect", "--rules", &rule, &log]), Some(0));
    assert_eq!(code(&["detect", "--rules", &rule, "--fail-level", "high", &log]), Some(1));
    assert_eq!(code(&["detect", "--rules", &rule, "--fail-level", "critical", &log]), Some(0));
    assert_eq!(code(&["detect", "--rules", &rule, "/nowhere/at/all"]), Some(2));
    assert_eq!(code(&["detect", "--rules", "/nowhere/at/all", &log]), Some(2));
    assert_eq!(code(&["detect", "--nonsense"]), Some(2));
}

#[test]
fn the_rule_report_lists_active_blind_and_unsupported_rules() {
    let folder = tempfile::tempdir().unwrap();
    let log = write(folder.path(), "access.log", access_log(2, 2));
    write(folder.path(), "rules/web.yml", WEB_RULE);
    let other = WEB_RULE
        .replace("5f0c3a52", "5f0c3a53")
        .replace("category: webserver", "product: zeek, service: dns");
    write(folder.path(), "rules/zeek.yml", other);
    let fieldless =
        WEB_RULE.replace("5f0c3a52", "5f0c3a54").replace("cs-uri-query|contains", "no-such-field");
    write(folder.path(), "rules/field.yml", fieldless);
    let wrong = WEB_RULE.replace("5f0c3a52", "5f0c3a55").replace("|contains", "|frobnicate");
    write(folder.path(), "rules/wrong.yml", wrong);
    let report = folder.path().join("report.jsonl");
    let summary = folder.path().join("summary.json");
    let rules = folder.path().join("rules").display().to_string();
    let output = noroshi([
        "detect",
        "--rules",
        &rules,
        "--rule-report",
        report.to_str().unwrap(),
        "--summary",
        summary.to_str().unwrap(),
        &log,
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report = std::fs::read_to_string(report).unwrap();
    let standing = |file: &str| {
        let line = report.lines().find(|line| line.contains(file)).unwrap();
        serde_json::from_str::<serde_json::Value>(line).unwrap()
    };
    assert_eq!(standing("web.yml")["standing"], "active");
    assert_eq!(standing("web.yml")["hits"], 1);
    assert_eq!(standing("zeek.yml")["reason"], "no event of zeek/dns/- occurred");
    assert_eq!(standing("field.yml")["reason"], "its events never had no-such-field");
    assert!(
        standing("wrong.yml")["reason"].as_str().unwrap().contains("line 5 column 15"),
        "{}",
        standing("wrong.yml")
    );
    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(summary).unwrap()).unwrap();
    for key in ["files", "bytes", "events", "seconds", "cpu_seconds", "peak_memory_bytes"] {
        assert!(summary[key].as_f64().unwrap() > 0.0, "{key}: {summary}");
    }
    assert_eq!(summary["rules"]["blind"], 2);
}

#[test]
fn completions_and_manual_pages_are_there() {
    assert!(stdout(&noroshi(["completions", "bash"])).contains("noroshi__subcmd__detect"));
    let folder = tempfile::tempdir().unwrap();
    assert!(noroshi(["man", folder.path().to_str().unwrap()]).status.success());
    assert!(folder.path().join("noroshi-detect.1").is_file());
}
