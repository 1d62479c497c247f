//! The end of the audit trail, kept in a file: what it notices that the trail by itself cannot.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::centre::begin;
use super::*;

/// A data directory whose trail grows by a line with each import of its registry.
struct Trail {
    folder: tempfile::TempDir,
    data: String,
    registry: String,
    anchors: String,
}

impl Trail {
    fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, _, _) = begin(folder.path(), 1);
        let registry = folder.path().join("registry.yaml").display().to_string();
        let anchors = folder.path().join("anchors").display().to_string();
        Self { folder, data, registry, anchors }
    }

    fn grow(&self) {
        let output = noroshi(["registry", "import", "--data", &self.data, &self.registry]);
        assert!(output.status.success(), "{}", stderr(&output));
    }

    fn anchor(&self) -> Output {
        noroshi(["audit", "anchor", "--data", &self.data, "--to", &self.anchors])
    }

    /// Grows and is anchored so many times.
    fn anchored(times: usize) -> Self {
        let trail = Self::begin();
        for _ in 0..times {
            trail.grow();
            let output = trail.anchor();
            assert!(output.status.success(), "{}", stderr(&output));
        }
        trail
    }

    fn verify(&self, against: &str) -> Output {
        noroshi(["verify-audit", "--data", &self.data, "--against", against])
    }

    /// Does to the database what nobody should be able to.
    fn tamper(&self, statements: &[&str]) {
        let location = match testkit::server_schema(&format!("it_{:x}", fnv(self.data.as_bytes()))) {
            Some(server) => server,
            None => Path::new(&self.data).join("noroshi.sqlite").display().to_string(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let place = location.parse().unwrap();
            let store = store::Store::open_at(&place, store::Options::default()).await.unwrap();
            let mut tx = store.write().await.unwrap();
            for statement in statements {
                store::Builder::new(*statement).build().execute(tx.connection()).await.unwrap();
            }
            tx.commit().await.unwrap();
            store.close().await;
        });
    }

    fn check(&self, status: i32, said: &str) {
        let output = self.verify(&self.anchors);
        assert_eq!(output.status.code(), Some(status), "{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{said}: {}", stderr(&output));
    }
}

#[test]
fn an_untouched_trail_goes_through_every_head_that_was_kept() {
    let trail = Trail::anchored(3);
    trail.grow();
    trail.check(0, "3 kept elsewhere, all in the chain");
    let head = noroshi(["audit", "head", "--data", &trail.data]);
    let [seq, hash, _] =
        stdout(&head).split_whitespace().map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    assert!(trail.verify(&format!("{seq}:{hash}")).status.success());
    let json = rows(&noroshi(["audit", "head", "--data", &trail.data, "--json"])).remove(0);
    assert_eq!((json["seq"].to_string(), json["hash"].as_str()), (seq, Some(hash.as_str())));
    let mail =
        noroshi(["audit", "head", "--data", &trail.data, "--mail", "a@example.jp", "--language", "en"]);
    assert!(stdout(&mail).contains("\r\nTo: a@example.jp\r\n"), "{}", stdout(&mail));
    let other = format!("1:{hash}");
    let output = trail.verify(&other);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&format!("{other} is not in the chain")), "{}", stderr(&output));
}

#[test]
fn a_changed_removed_or_moved_line_is_named_and_nothing_more_is_anchored() {
    for (statements, said) in [
        (&["UPDATE audit SET actor = 'nobody' WHERE seq = 2"][..], "line 2: Changed"),
        (&["DELETE FROM audit WHERE seq = 2"], "line 2: Missing"),
        (
            &[
                "UPDATE audit SET seq = -2 WHERE seq = 2",
                "UPDATE audit SET seq = 2 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = -2",
            ],
            "line 2: Moved { from: 3 }",
        ),
    ] {
        let trail = Trail::anchored(3);
        trail.tamper(statements);
        trail.check(1, said);
        let before = fs::read(&trail.anchors).unwrap();
        let output = trail.anchor();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert_eq!(fs::read(&trail.anchors).unwrap(), before);
    }
}

#[test]
fn only_what_was_kept_elsewhere_notices_a_cut_end_or_a_chain_written_anew() {
    let cut = Trail::anchored(3);
    cut.tamper(&[
        "DELETE FROM audit WHERE seq = (SELECT seq FROM audit_head)",
        "UPDATE audit_head SET seq = seq - 1, hash = (SELECT hash FROM audit a WHERE a.seq = audit_head.seq - 1)",
    ]);
    assert!(noroshi(["verify-audit", "--data", &cut.data]).status.success());
    cut.check(1, "the first that is not in the chain is line 3 of the file: ");

    let anew = Trail::anchored(3);
    anew.tamper(&["DELETE FROM audit", "DELETE FROM audit_head", "DELETE FROM audit_concerns"]);
    for _ in 0..6 {
        anew.grow();
    }
    assert!(noroshi(["verify-audit", "--data", &anew.data]).status.success());
    anew.check(1, "the first that is not in the chain is line 1 of the file: ");
    let output = anew.anchor();
    assert!(stderr(&output).contains("no longer goes through line 1 of"), "{}", stderr(&output));
}

#[test]
fn what_was_not_written_to_its_end_does_not_count_and_nonsense_is_refused() {
    let trail = Trail::anchored(1);
    let whole = fs::read_to_string(&trail.anchors).unwrap();
    fs::write(&trail.anchors, format!("{whole}17 6d5f")).unwrap();
    trail.check(0, "1 kept elsewhere");
    assert!(trail.anchor().status.success());
    let lines = fs::read_to_string(&trail.anchors).unwrap();
    assert!(
        lines.starts_with(&whole) && lines.lines().count() == 2 && !lines.contains("17 6d5f\n"),
        "{lines}"
    );
    fs::write(&trail.anchors, format!("{lines}nonsense\n")).unwrap();
    for output in [trail.anchor(), trail.verify(&trail.anchors)] {
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("anchors line 3: "), "{}", stderr(&output));
    }
    assert_eq!(trail.verify("no such file").status.code(), Some(2));
    fs::write(&trail.anchors, "# emptied\n").unwrap();
    let output = trail.verify(&trail.anchors);
    assert_eq!(output.status.code(), Some(2), "a file without an anchor vouches for nothing");
    assert!(stderr(&output).contains("anchors holds no anchor"), "{}", stderr(&output));
    let output = trail.anchor();
    assert!(output.status.success() && stderr(&output).contains("not in this file"), "{}", stderr(&output));
}

#[test]
fn a_file_that_may_only_grow_takes_anchors() {
    let trail = Trail::anchored(1);
    let only_grow = |sign: &str| {
        let changed = Command::new("chattr").args([sign, &trail.anchors]).output();
        changed.is_ok_and(|output| output.status.success())
    };
    let torn = fs::read_to_string(&trail.anchors).unwrap() + "17 6d5f";
    fs::write(&trail.anchors, &torn).unwrap();
    if !only_grow("+a") {
        eprintln!("skipped: this file system or this user knows no files that may only grow");
        return;
    }
    trail.grow();
    let outputs = [trail.anchor(), trail.anchor()];
    assert!(only_grow("-a"));
    for output in outputs {
        assert!(output.status.success(), "{}", stderr(&output));
    }
    assert!(fs::read_to_string(&trail.anchors).unwrap().starts_with(&torn));
    trail.check(0, "3 kept elsewhere, all in the chain");
}

#[test]
fn the_service_keeps_the_head_by_itself() {
    let trail = Trail::begin();
    let settings = "[audit]\nanchor_file = \"kept\"\nanchor_every = \"1h\"\n";
    let settings = write(trail.folder.path(), "noroshi.toml", settings);
    let arguments = ["serve", "--data", &trail.data, "--config", &settings, "--listen", "127.0.0.1:0"];
    let mut service =
        command(arguments).env("NOROSHI_LOG", "noroshi=info").stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(service.stderr.take().unwrap()).lines();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let kept = |line: &String| line.contains("was kept elsewhere");
        lines.map_while(Result::ok).filter(kept).try_for_each(|line| tell.send(line))
    });
    let said = told.recv_timeout(Duration::from_secs(60));
    service.kill().unwrap();
    service.wait().unwrap();
    assert!(said.is_ok(), "nothing was kept within a minute");
    let kept = trail.folder.path().join("kept").display().to_string();
    assert!(trail.verify(&kept).status.success());
}
