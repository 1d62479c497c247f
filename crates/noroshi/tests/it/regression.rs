//! SigmaHQ's own regression cases: each rule fires as often as its author says.

use std::collections::BTreeMap;

use super::*;

/// How a case differs from what its author says, and why that is right.
const EXPLAINED: &[(&str, u64, &str)] = &[(
    "5bac7a56-da88-4c27-922e-c81e113b20cb",
    2,
    "its author states no count; both recorded processes, Runner.Listener and Runner.Worker, are what it describes",
)];

#[test]
fn every_sigma_regression_case_fires_as_often_as_its_author_says() {
    let (Some(rules), Some(cases)) =
        (testkit::shared_data("sigma-rules"), testkit::shared_data("sigma-regression"))
    else {
        return;
    };
    let infos = testkit::files_below(&cases).into_iter().filter(|path| path.ends_with("info.yml"));
    let mut expected = BTreeMap::new();
    for info in infos {
        let text = std::fs::read_to_string(&info).unwrap();
        let value = |key: &str| {
            let line = text.lines().map(|line| line.trim_start().trim_start_matches("- "));
            line.filter_map(|line| line.strip_prefix(key)).map(|rest| rest.trim().to_owned()).next_back()
        };
        let rule = value("id:").expect("a rule id");
        let stated: u64 = value("match_count:").map_or(1, |count| count.parse().unwrap());
        let explained = EXPLAINED.iter().find(|(id, ..)| *id == rule).map(|(_, count, _)| *count);
        let event_log = info.with_file_name(format!("{rule}.evtx"));
        for file in [event_log.clone(), event_log.with_extension("json")] {
            expected.insert((file.display().to_string(), rule.clone()), explained.unwrap_or(stated));
        }
    }
    assert_eq!(expected.len(), 202, "101 cases, each as EVTX and as JSON");

    let folder = |name: &str| rules.join(name).display().to_string();
    let mut arguments = vec!["detect".to_owned(), "--json".to_owned()];
    for name in ["rules", "rules-emerging-threats", "rules-threat-hunting"] {
        arguments.extend(["--rules".to_owned(), folder(name)]);
    }
    let files: std::collections::BTreeSet<_> = expected.keys().map(|(file, _)| file.clone()).collect();
    arguments.extend(files);
    let output = noroshi(&arguments);
    let mut found: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in rows(&output) {
        let key = (row["file"].as_str().unwrap().to_owned(), row["rule_id"].as_str().unwrap().to_owned());
        *found.entry(key).or_default() += 1;
    }
    let differing: Vec<_> = expected
        .iter()
        .filter(|(key, count)| found.get(*key).copied().unwrap_or(0) != **count)
        .map(|(key, count)| format!("{key:?}: expected {count}, found {:?}", found.get(key)))
        .collect();
    assert!(differing.is_empty(), "{}\n{}", differing.join("\n"), stderr(&output));
}

#[test]
fn sigmahq_loads_with_every_rule_accounted_for() {
    let Some(rules) = testkit::shared_data("sigma-rules") else { return };
    let folder = tempfile::tempdir().unwrap();
    let log = write(folder.path(), "access.log", access_log(2, 2));
    let report = folder.path().join("report.jsonl");
    let rules_path = rules.display().to_string();
    let output = noroshi(["detect", "--rules", &rules_path, "--rule-report", report.to_str().unwrap(), &log]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report = std::fs::read_to_string(report).unwrap();
    let files = testkit::files_below(&rules)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "yml"));
    let missing: Vec<_> = files.filter(|file| !report.contains(&*file.to_string_lossy())).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let unsupported = report.lines().filter(|line| line.contains("\"standing\":\"unsupported\""));
    let silent: Vec<_> = unsupported.filter(|line| line.contains("\"reason\":\"\"")).collect();
    assert!(silent.is_empty(), "{silent:?}");
}
