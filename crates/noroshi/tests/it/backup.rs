//! A backup, its restoration, and what `noroshi doctor` says.

use std::process::Stdio;

use super::centre::{begin, count, import};
use super::*;

fn head(data: &str) -> String {
    let output = noroshi(["verify-audit", "--data", data, "--json"]);
    let row = rows(&output).remove(0);
    assert_eq!(row["sound"], true, "{row}");
    row["detail"].as_str().unwrap().to_owned()
}

#[test]
fn a_restored_backup_holds_what_was_there_and_a_touched_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (data, logs, rule) = begin(folder.path(), 400);
    import(&data, &logs, &rule);
    let kept = folder.path().join("backup").display().to_string();
    let output = noroshi(["backup", "--data", &data, "--verify", "--json", &kept]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(rows(&output)[0]["verified"], true);
    let again = noroshi(["backup", "--data", &data, &kept]);
    assert!(!again.status.success(), "a backup was overwritten");

    let restored = folder.path().join("restored").display().to_string();
    let output = noroshi(["restore", "--data", &restored, &kept]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(head(&restored), head(&data));
    assert_eq!(count(&restored, &["union+select"]), 40);
    assert_eq!(import(&restored, &logs, &rule)["files_unchanged"], 1);
    let onto = noroshi(["restore", "--data", &restored, &kept]);
    assert!(stderr(&onto).contains("not empty"), "{}", stderr(&onto));

    let about: serde_json::Value =
        serde_json::from_slice(&std::fs::read(Path::new(&kept).join("manifest.json")).unwrap()).unwrap();
    let paths = |key: &str| about[key].as_array().unwrap().clone();
    for name in [
        format!("files/{}", paths("files")[0]["path"].as_str().unwrap()),
        paths("tables")[0]["file"]["path"].as_str().unwrap().to_owned(),
    ] {
        let path = Path::new(&kept).join(&name);
        let whole = std::fs::read(&path).unwrap();
        // Another file in its place, so that the one it is linked with stays as it is.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
        let output = noroshi(["backup", "--verify-only", &kept]);
        assert!(stderr(&output).contains(&name), "{}", stderr(&output));
        std::fs::write(&path, whole).unwrap();
    }
    assert!(noroshi(["backup", "--verify-only", &kept]).status.success());
}

#[test]
fn a_backup_taken_in_the_middle_of_an_import_goes_on_from_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (data, logs, rule) = begin(folder.path(), 60_000);
    let mut importing =
        command(["import", "--data", &data, "--organisation", "shore", "--rules", &rule, &logs])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
    let restored: Vec<String> = (0..3)
        .map(|number| {
            let kept = folder.path().join(format!("backup-{number}")).display().to_string();
            let output = noroshi(["backup", "--data", &data, &kept]);
            assert!(output.status.success(), "{}", stderr(&output));
            let restored = folder.path().join(format!("restored-{number}")).display().to_string();
            let output = noroshi(["restore", "--data", &restored, &kept]);
            assert!(output.status.success(), "{}", stderr(&output));
            restored
        })
        .collect();
    assert!(importing.wait().unwrap().success());
    for restored in restored {
        import(&restored, &logs, &rule);
        let bad = write(folder.path(), "bad.csv", "value\n203.0.113.9\n");
        let seen = rows(&noroshi(["hunt", "--data", &restored, "--indicators", &bad, "--output", "jsonl"]));
        let events: u64 = seen.iter().map(|one| one["events"].as_u64().unwrap()).sum();
        assert_eq!(events, 60_000, "{restored}");
    }
}

#[test]
fn the_doctor_names_what_is_wrong_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let (data, logs, rule) = begin(folder.path(), 100);
    import(&data, &logs, &rule);
    let settings = write(folder.path(), "noroshi.toml", "[serve]\nlisten = \"127.0.0.1:0\"\n");
    // What depends on the machine is left out: its disk, its umask, and the server that the tests started in a hurry.
    let asked = |settings: &str| {
        let output = noroshi(["doctor", "--data", &data, "--config", settings, "--json"]);
        let findings = rows(&output)[0]["findings"].as_array().unwrap().clone();
        let here = ["little_space", "open_to_all", "commits_not_kept"];
        let named: Vec<_> = findings
            .iter()
            .filter(|one| one["ja"] != one["en"])
            .map(|one| one["fact"]["finding"].as_str().unwrap().to_owned())
            .filter(|name| !here.contains(&name.as_str()))
            .collect();
        assert!(output.status.code() == Some(i32::from(!rows(&output)[0]["sound"].as_bool().unwrap())));
        named
    };
    assert_eq!(asked(&settings), Vec::<String>::new());
    let unknown = write(folder.path(), "unknown.toml", "[serve]\nlissten = \"127.0.0.1:0\"\n");
    assert_eq!(asked(&unknown), ["settings"]);
    let open = write(folder.path(), "open.toml", "[serve]\nlisten = \"0.0.0.0:0\"\n");
    assert_eq!(asked(&open), ["not_loopback"]);
    let table = testkit::files_below(&Path::new(&data).join("events")).remove(0);
    let whole = std::fs::read(&table).unwrap();
    std::fs::write(&table, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(asked(&settings), ["lake_damaged"]);
    let nowhere = folder.path().join("nowhere").display().to_string();
    let output = noroshi(["doctor", "--data", &nowhere, "--language", "ja"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("データディレクトリ"), "{}", stderr(&output));
}
