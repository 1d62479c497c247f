//! The command as its users run it: one binary for all integration tests.

mod assess;
mod audit;
mod backup;
mod bad_input;
mod centre;
mod correlation;
mod detect;
mod follow;
mod provider;
mod regression;
mod rules;

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

/// Runs `noroshi` with arguments.
fn noroshi<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    command(arguments).output().expect("noroshi starts")
}

/// `noroshi` with arguments. When the tests run on a PostgreSQL server, each data directory has a schema of its own
/// there, named by the directory's path.
fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_noroshi"));
    command.args(arguments);
    let data = command.get_args().skip_while(|argument| *argument != "--data").nth(1);
    let schema = data.map(|data| format!("it_{:x}", fnv(data.as_encoded_bytes())));
    if let Some(server) = schema.and_then(|schema| testkit::server_schema(&schema)) {
        command.env("NOROSHI_DATABASE", server);
    }
    command
}

/// A short name for bytes (Fowler, Noll, Vo).
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
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
