//! `[sign_in.provider]`: settings that cannot be meant are refused by name, and doctor says what is wrong.

use std::net::TcpListener;

use super::*;

const RIGHT: &str = "[sign_in.provider]
name_ja = \"職員認証基盤\"
name_en = \"Staff identity\"
issuer = \"ISSUER\"
client_id = \"noroshi\"
client_secret_file = \"secret\"
[[sign_in.provider.map]]
group = \"shore-csirt\"
role = \"csirt\"
organisation = \"shore\"
";

/// An address at which nobody listens.
fn nobody() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

fn prepare(folder: &Path) -> String {
    let (data, _, _) = centre::begin(folder, 1);
    write(folder, "secret", "hi-mi-tsu\n");
    data
}

/// What doctor says in English, and how it ends.
fn doctor(folder: &Path, data: &str, settings: &str) -> (String, Option<i32>) {
    let listen = "[serve]\nlisten = \"127.0.0.1:0\"\n";
    let config = write(folder, "noroshi.toml", format!("{listen}{settings}"));
    let output = noroshi(["doctor", "--config", &config, "--data", data, "--language", "en"]);
    (stderr(&output), output.status.code())
}

#[test]
fn a_provider_that_does_not_answer_is_named_by_doctor() {
    let folder = tempfile::tempdir().unwrap();
    let data = prepare(folder.path());
    let issuer = nobody();
    let (said, code) = doctor(folder.path(), &data, &RIGHT.replace("ISSUER", &issuer));
    let expected = format!("The identity provider {issuer} cannot be used: it cannot be reached");
    assert!(said.contains(&expected) && code == Some(1), "{said}");
}

#[test]
fn settings_that_cannot_be_meant_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let data = prepare(folder.path());
    let right = RIGHT.replace("ISSUER", &nobody());
    let mapping = right.split_once("[[").unwrap().1;
    for (settings, expected) in [
        (RIGHT.replace("ISSUER", "http://id.example"), "issuer \"http://id.example\""),
        (right.replace("\"csirt\"\n", "\"king\"\n"), "group \"shore-csirt\": role \"king\" is not one of"),
        (right.replace("\"csirt\"\n", "\"sensor\"\n"), "the role sensor is for machines"),
        (right.replace("\"csirt\"\n", "\"editor\"\n"), "belongs to the centre"),
        (right.replace("\"shore\"\n", "\"nowhere\"\n"), "no organisation has the id or key \"nowhere\""),
        (right.replace("organisation = \"shore\"\n", ""), "needs an organisation"),
        (format!("{right}[[{mapping}"), "is there twice"),
        (right.replace("\"secret\"", "\"nothing\""), "client_secret_file: cannot read"),
        (right.replace("[[", "ca_file = \"secret\"\n[["), "ca_file"),
        (right.replace("issuer", "isuer"), "isuer"),
        (right.replace("client_id = \"noroshi\"\n", ""), "client_id"),
    ] {
        assert_ne!(settings, right, "{expected}");
        let (said, code) = doctor(folder.path(), &data, &settings);
        assert!(said.contains(expected) && code == Some(1), "{expected}: {said}");
        assert!(!said.contains("hi-mi-tsu"), "{said}");
        let config = folder.path().join("noroshi.toml").display().to_string();
        let output = noroshi(["serve", "--config", &config, "--data", &data, "--listen", "127.0.0.1:0"]);
        assert_eq!(output.status.code(), Some(2), "{expected}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{expected}: {}", stderr(&output));
    }
}
