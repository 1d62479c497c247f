//! `noroshi rules`, as those who write rules use it.

use super::*;

#[test]
fn a_check_names_file_line_and_column_and_tells_errors_from_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let good = write(folder.path(), "good.yml", format!("description: d\n{WEB_RULE}"));
    assert_eq!(noroshi(["rules", "check", &good]).status.code(), Some(0));
    let broken = WEB_RULE.replace("contains", "contians");
    let wrong = write(folder.path(), "wrong.yml", format!("status: old\n{broken}"));
    let output = noroshi(["rules", "check", &wrong]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(
        text.contains("wrong.yml:") && text.contains(": error: ") && text.contains("\"contians\""),
        "{text}"
    );
    let doubtful = WEB_RULE.replace("attack.t1190", "attack.t11");
    let doubtful = write(folder.path(), "doubtful.yml", format!("status: old\n{doubtful}"));
    let output = noroshi(["rules", "check", "--json", &doubtful]);
    assert_eq!(output.status.code(), Some(0));
    let reasons: Vec<_> = rows(&output).iter().map(|row| row["reason"].to_string()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("attack.t11")), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains("status")), "{reasons:?}");
}

#[test]
fn a_rule_is_tested_over_the_events_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let rule = format!("regression_tests_path: data/info.yml\n{WEB_RULE}");
    let rule = write(folder.path(), "rules/web/rule.yml", rule);
    let info = "regression_tests_info:\n  - {path: data/access.log, match_count: 2}\n";
    write(folder.path(), "data/info.yml", info);
    write(folder.path(), "data/access.log", access_log(4, 2));
    let output = noroshi(["rules", "test", &rule]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    write(folder.path(), "data/info.yml", info.replace("2}", "3}"));
    let output = noroshi(["rules", "test", "--json", &rule]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        (rows(&output)[0]["found"].as_u64(), rows(&output)[0]["expected"].as_u64()),
        (Some(2), Some(3))
    );
    write(folder.path(), "data/info.yml", info.replace("data/access.log", "../../etc/passwd"));
    assert!(stdout(&noroshi(["rules", "test", &rule])).contains("there is no such file"));
}

#[test]
fn an_explanation_says_what_was_missing() {
    let folder = tempfile::tempdir().unwrap();
    let rule = write(folder.path(), "rule.yml", WEB_RULE);
    let log = write(folder.path(), "access.log", access_log(4, 3));
    let rows = rows(&noroshi(["rules", "explain", "--rules", &rule, "--events", "2", "--json", &log]));
    assert_eq!((rows[0]["line"].as_u64(), rows[0]["missing"].as_u64()), (Some(3), Some(0)));
    assert_eq!(rows[1]["missing"].as_u64(), Some(1));
    let question = "cs-uri-query contains \"union+select\"";
    assert!(rows[1]["steps"].as_array().unwrap().iter().any(|step| step["question"] == question), "{rows:?}");
}

#[test]
fn coverage_is_counted_by_technique_and_written_as_a_layer() {
    let folder = tempfile::tempdir().unwrap();
    let rule = write(folder.path(), "rule.yml", WEB_RULE);
    let layer = folder.path().join("layer.json").display().to_string();
    let rows = rows(&noroshi(["rules", "coverage", "--navigator", &layer, "--json", &rule]));
    assert_eq!((rows[0]["technique"].as_str(), rows[0]["rules"].as_u64()), (Some("T1190"), Some(1)));
    let layer: serde_json::Value = serde_json::from_slice(&std::fs::read(layer).unwrap()).unwrap();
    assert_eq!(layer["techniques"][0]["techniqueID"], "T1190");
    // What layer format 4.5 requires.
    assert_eq!(layer["versions"], serde_json::json!({"layer": "4.5", "navigator": "4.9.0"}));
    assert_eq!((layer["domain"].as_str(), layer["name"].is_string()), (Some("enterprise-attack"), true));
    let gradient = &layer["gradient"];
    assert!(gradient["minValue"].as_f64() < gradient["maxValue"].as_f64(), "{gradient}");
    assert_eq!(gradient["colors"].as_array().map(Vec::len), Some(2));
}
