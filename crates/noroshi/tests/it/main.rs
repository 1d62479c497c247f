//! The command as its users run it: one binary for all integration tests.

mod bad_input;
mod centre;
mod detect;
mod regression;

use std::path::Path;
use std::process::{Command, Output};

/// Runs `noroshi` with arguments.
fn noroshi<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_noroshi")).args(arguments).output().expect("noroshi starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// JSON lines on standard output.
fn rows(output: &Output) -> Vec<serde_json::Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).unwrap();
    }
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

/// A rule about web servers' logs that fires on `union select`.
const WEB_RULE: &str = "title: SQL in a query
id: 5f0c3a52-6f0e-4a0c-9f3b-0d7f1e6a7c11
logsource: {category: webserver}
detection:
  selection: {cs-uri-query|contains: 'union+select'}
  condition: selection
level: high
tags: [attack.t1190]
";

/// Access log lines; every `attack_each`th is an attack.
fn access_log(lines: usize, attack_each: usize) -> String {
    (1..=lines)
        .map(|number| {
            let query = if number % attack_each == 0 { "id=1+union+select+2" } else { "id=1" };
            let (minute, second) = (number / 60 % 60, number % 60);
            format!(
                "203.0.113.9 - - [15/Jul/2026:10:{minute:02}:{second:02} +0900] \"GET /list?{query} HTTP/1.1\" 200 512 \"-\" \"x\"\n"
            )
        })
        .collect()
}
