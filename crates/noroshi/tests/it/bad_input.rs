//! What is broken is named and costs nothing else.

use super::*;

/// Runs `detect --json --summary` over one file and hands back the output and the summary.
fn read(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> (Output, serde_json::Value) {
    let rule = write(folder, "rule.yml", WEB_RULE);
    let log = write(folder, name, content);
    let summary = folder.join("summary.json");
    let output =
        noroshi(["detect", "--rules", &rule, "--json", "--summary", summary.to_str().unwrap(), &log]);
    let summary = serde_json::from_slice(&std::fs::read(summary).unwrap()).unwrap();
    (output, summary)
}

#[test]
fn a_broken_line_is_named_with_its_line_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{\"event_type\":\"dns\",\"timestamp\":\"2026-07-15T00:00:00Z\",\"src_ip\":\"192.0.2.1\"}\n"
        .repeat(5);
    let broken = text.replacen("\"192.0.2.1\"}\n", "\"192.0.\n", 1);
    let (output, summary) = read(folder.path(), "eve.json", broken);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(summary["unread"]["count"], 1, "{summary}");
    assert_eq!(summary["unread"]["first"][0]["line"], 1);
    assert!(stderr(&output).contains("eve.json:1: not read: "), "{}", stderr(&output));
    assert_eq!(summary["events"], 4);
}

#[test]
fn a_line_without_end_costs_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.json");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    use std::io::Write as _;
    file.write_all(b"{\"a\":1}\n{\"b\":\"").unwrap();
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..300 {
        file.write_all(&chunk).unwrap();
    }
    file.write_all(b"\"}\n{\"c\":1}\n").unwrap();
    file.into_inner().unwrap().sync_all().unwrap();
    let rule = write(folder.path(), "rule.yml", WEB_RULE);
    let summary = folder.path().join("summary.json");
    let output =
        noroshi(["detect", "--rules", &rule, "--summary", summary.to_str().unwrap(), path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(summary).unwrap()).unwrap();
    assert_eq!(
        (summary["events"].as_u64(), summary["unread"]["count"].as_u64()),
        (Some(2), Some(1)),
        "{summary}"
    );
    let peak = summary["peak_memory_bytes"].as_u64().unwrap();
    assert!(peak < 200 << 20, "{peak} bytes for a line of 300 MB");
}

#[test]
fn a_truncated_archive_gives_what_came_before_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("access.log");
    std::fs::write(&whole, access_log(20_000, 10)).unwrap();
    assert!(Command::new("gzip").arg(&whole).status().unwrap().success());
    let bytes = std::fs::read(folder.path().join("access.log.gz")).unwrap();
    let (output, summary) = read(folder.path(), "cut.log.gz", &bytes[..bytes.len() / 2]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(summary["events"].as_u64().unwrap() > 1_000, "{summary}");
    assert_eq!(summary["files_unread"].as_array().unwrap().len(), 1, "{summary}");
}

#[test]
fn garbage_is_counted_and_never_fatal() {
    let folder = tempfile::tempdir().unwrap();
    let noise: Vec<u8> =
        (0..200_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (output, summary) = read(folder.path(), "noise.bin", noise);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", stderr(&output));
    assert!(summary["unread"]["count"].as_u64().unwrap() > 0, "{summary}");
    let (output, _) = read(folder.path(), "empty.log", "");
    assert_eq!(output.status.code(), Some(0));
    let deep = "[".repeat(100_000);
    let (output, _) = read(folder.path(), "deep.json", deep);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", stderr(&output));
}

#[test]
fn a_wrong_rule_is_named_and_the_others_work() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rules/good.yml", WEB_RULE);
    write(folder.path(), "rules/yaml.yml", "title: [unclosed");
    write(
        folder.path(),
        "rules/regex.yml",
        WEB_RULE.replace("5f0c", "5f0d").replace("|contains: 'union+select'", "|re: '(a+)+$((('"),
    );
    write(folder.path(), "rules/binary.yml", [0_u8, 159, 146, 150]);
    let log = write(folder.path(), "access.log", access_log(2, 2));
    let report = folder.path().join("report.jsonl");
    let rules = folder.path().join("rules").display().to_string();
    let output =
        noroshi(["detect", "--rules", &rules, "--json", "--rule-report", report.to_str().unwrap(), &log]);
    assert_eq!(rows(&output).len(), 1, "{}", stderr(&output));
    let report = std::fs::read_to_string(report).unwrap();
    for name in ["yaml.yml", "regex.yml", "binary.yml"] {
        let line = report.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.contains("unsupported") && line.contains("\"reason\":\"line "), "{line}");
    }
}

#[test]
fn a_wrong_setting_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = write(folder.path(), "noroshi.toml", "[serve]\nlissten = \"127.0.0.1:1\"\n");
    let output = noroshi(["serve", "--config", &config]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("lissten"), "{}", stderr(&output));
    let data = folder.path().join("data").display().to_string();
    let output = noroshi(["serve", "--data", &data, "--listen", "192.0.2.1:80"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("loopback"), "{}", stderr(&output));
}
