//! Writes that are repeated, interrupted, or find the disk full.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use watch::lake::{Lake, LakeError, Search, StoredEvent, Wanted};

use super::damage::files;
use super::world::{HOUR, at, event, events};
use crate::ParquetLake;

/// Where a child process of these tests finds its lake.
const CHILD_ROOT: &str = "NOROSHI_TEST_LAKE";

fn numbers(lake: &ParquetLake) -> Vec<u32> {
    let search = Search { limit: 10_000, ..Search::default() };
    let found = lake.search(&testkit::house(), &search).unwrap();
    assert_eq!(found.damaged, Vec::<String>::new());
    let mut numbers: Vec<u32> = found.events.iter().map(|event| event.line as u32 - 1).collect();
    numbers.sort_unstable();
    numbers
}

/// In how many events the observable of every test event was seen, by the small table.
fn sighted(lake: &ParquetLake) -> u64 {
    let wanted = [Wanted { kind: base::ObservableKind::Address, value: "192.0.2.1".to_owned() }];
    lake.hunt(&testkit::house(), &wanted, None).unwrap().iter().map(|sighting| sighting.events).sum()
}

fn names_in(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_part_written_again_replaces_itself_also_where_it_had_events_before() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    let spread = [event(1, 1, at(0)), event(2, 1, at(30 * HOUR)), event(3, 2, at(0))];
    for _ in 0..3 {
        lake.append("a/b", &spread).unwrap();
        assert_eq!(numbers(&lake), [1, 2, 3]);
    }
    lake.append("other", &[event(9, 1, at(0))]).unwrap();
    lake.append("a/b", &spread[..1]).unwrap();
    assert_eq!((numbers(&lake), sighted(&lake)), (vec![1, 9], 2));
    lake.append("a/b", &[]).unwrap();
    assert_eq!((numbers(&lake), sighted(&lake)), (vec![9], 1));
}

#[test]
fn a_part_whose_list_is_damaged_still_replaces_itself() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    lake.append("part", &[event(1, 1, at(0)), event(2, 1, at(30 * HOUR))]).unwrap();
    fs::write(folder.path().join("parts/part.json"), b"{").unwrap();
    lake.append("part", &[event(1, 1, at(0))]).unwrap();
    assert_eq!((numbers(&lake), sighted(&lake)), (vec![1], 1));
}

#[test]
fn an_event_given_twice_in_a_part_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    lake.append("part", &[event(1, 1, at(0)), event(2, 1, at(0)), event(1, 1, at(0))]).unwrap();
    assert_eq!((numbers(&lake), sighted(&lake)), (vec![1, 2], 2));
}

#[test]
fn what_an_interrupted_write_left_in_staging_is_removed_when_the_lake_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    lake.append("part", &events(0, 3)).unwrap();
    fs::write(folder.path().join("staging/4711-0"), b"half a file").unwrap();
    assert_eq!(numbers(&lake), [0, 1, 2]);
    let lake = ParquetLake::open(folder.path()).unwrap();
    assert_eq!((numbers(&lake), names_in(&folder.path().join("staging"))), (vec![0, 1, 2], 0));
}

/// Puts a finished write back to where it stood after its first file had been moved into place.
fn undo_half(root: &Path, part: &str) {
    let done = root.join(format!("parts/{part}.json"));
    let commit: serde_json::Value = serde_json::from_slice(&fs::read(&done).unwrap()).unwrap();
    for moved in &commit["moves"].as_array().unwrap()[1..] {
        let path = |key: &str| root.join(moved[key].as_str().unwrap());
        fs::rename(path("to"), path("from")).unwrap();
    }
    fs::rename(done, root.join(format!("pending/{part}.json"))).unwrap();
}

#[test]
fn a_committed_write_is_finished_by_whoever_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    let spread = [event(1, 1, at(0)), event(2, 1, at(30 * HOUR)), event(3, 2, at(0))];
    lake.append("part", &spread).unwrap();
    undo_half(folder.path(), "part");
    let lake = ParquetLake::open(folder.path()).unwrap();
    assert_eq!((numbers(&lake), sighted(&lake)), (vec![1, 2, 3], 3));
    // By the next write, too, when the lake stays open.
    undo_half(folder.path(), "part");
    lake.append("other", &[event(4, 1, at(0))]).unwrap();
    assert_eq!((numbers(&lake), sighted(&lake)), (vec![1, 2, 3, 4], 4));
    assert_eq!(names_in(&folder.path().join("pending")), 0);
}

#[test]
fn a_damaged_commit_stops_no_other_part() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    fs::write(folder.path().join("pending/part.json"), b"{").unwrap();
    lake.append("other", &events(0, 1)).unwrap();
    lake.append("part", &events(1, 1)).unwrap();
    assert_eq!(numbers(&lake), [0, 1]);
}

#[test]
fn two_lakes_on_one_folder_write_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let root = folder.path();
            scope.spawn(move || {
                for part in 0..5 {
                    // Opening tidies up, which must not take away what the others are writing.
                    let lake = ParquetLake::open(root).unwrap();
                    let first = (writer * 5 + part) * 10;
                    lake.append(&format!("{writer}-{part}"), &events(first, 10)).unwrap();
                }
            });
        }
    });
    let lake = ParquetLake::open(folder.path()).unwrap();
    assert_eq!(numbers(&lake), (0..200).collect::<Vec<u32>>());
    assert_eq!(names_in(&folder.path().join("staging")), 0);
}

/// What the child writes the `turn`-th time: always the same part, each time other days and other numbers.
fn turn_of(turn: u32) -> Vec<StoredEvent> {
    let days = 1 + i128::from(turn % 3);
    let of_day = |day: i128| (0..20).map(move |number| (turn * 100 + number, at((day * 24 + 1) * HOUR)));
    (0..days)
        .flat_map(of_day)
        .enumerate()
        .map(|(nth, (number, time))| event(number + nth as u32, 1 + (nth % 2) as u8, time))
        .collect()
}

#[test]
#[ignore = "run by the test that kills it"]
fn child_that_writes_until_it_is_killed() {
    let lake = ParquetLake::open(Path::new(&std::env::var(CHILD_ROOT).unwrap())).unwrap();
    for turn in 0.. {
        lake.append("part", &turn_of(turn)).unwrap();
        println!("kept {turn}");
    }
}

fn child(test: &str, root: &Path, shell: Option<&str>) -> Child {
    let this = std::env::current_exe().unwrap();
    let mut command = match shell {
        None => Command::new(this),
        Some(script) => {
            let mut sh = Command::new("sh");
            sh.args(["-c", &format!("{script}; exec \"$0\" \"$@\"")]).arg(this);
            sh
        }
    };
    command
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env(CHILD_ROOT, root)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The number in the last whole `kept` line.
fn last_kept(lines: &mut BufReader<ChildStdout>, at_least: u32) -> Option<u32> {
    let mut line = String::new();
    let mut last = None;
    while lines.read_line(&mut line).unwrap() > 0 {
        // The harness writes its own words before the first of ours.
        let number = line.strip_suffix('\n').and_then(|line| line.rsplit_once("kept ")?.1.parse().ok());
        last = number.or(last);
        line.clear();
        if last >= Some(at_least) {
            break;
        }
    }
    last
}

#[test]
fn a_killed_writer_leaves_the_last_acknowledged_write_or_the_one_it_was_at() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..10u64 {
        let mut writer =
            child("tests::durability::child_that_writes_until_it_is_killed", folder.path(), None);
        let mut lines = BufReader::new(writer.stdout.take().unwrap());
        let early = last_kept(&mut lines, 1).unwrap();
        // Nobody sends: this only lets the writer run on to a moment that differs from round to round.
        let (_nobody, never) = mpsc::channel::<()>();
        let _ = never.recv_timeout(Duration::from_micros(700 * round + 130 * (round % 4)));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let last = last_kept(&mut lines, u32::MAX).unwrap_or(early);

        let lake = ParquetLake::open(folder.path()).unwrap();
        let found = numbers(&lake);
        let expected = |turn| {
            let mut numbers: Vec<u32> = turn_of(turn).iter().map(|event| event.line as u32 - 1).collect();
            numbers.sort_unstable();
            numbers
        };
        assert!(
            found == expected(last) || found == expected(last + 1),
            "round {round}, turn {last}: {found:?}"
        );
        assert_eq!(sighted(&lake), found.len() as u64);
        assert_eq!(names_in(&folder.path().join("staging")), 0);
        assert_eq!(names_in(&folder.path().join("pending")), 0);
    }
}

#[test]
#[ignore = "run by the test that limits its files"]
fn child_that_finds_the_disk_full() {
    let root = std::env::var(CHILD_ROOT).unwrap();
    let lake = ParquetLake::open(Path::new(&root)).unwrap();
    let noise = |seed: u32| blake3::hash(&seed.to_le_bytes()).as_bytes().to_vec();
    let big: Vec<StoredEvent> = (0..4_000)
        .map(|number| StoredEvent {
            raw: (0..16).flat_map(|part| noise(number * 16 + part)).collect(),
            ..event(number, 1, at(0))
        })
        .collect();
    let Err(LakeError::Write { path, source }) = lake.append("big", &big) else { panic!("it fitted") };
    assert!(path.ends_with("big.parquet"), "{path}");
    assert_eq!(source.kind(), std::io::ErrorKind::FileTooLarge, "{source}");
    assert_eq!(numbers(&lake), [0, 1, 2]);
    assert_eq!(names_in(&Path::new(&root).join("staging")), 0);
    lake.append("small", &events(3, 1)).unwrap();
    println!("all as it should be");
}

/// A file-size limit stands in for a full disk: both fail in the middle of writing a file.
#[cfg(unix)]
#[test]
fn a_full_disk_names_the_file_and_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    lake.append("before", &events(0, 3)).unwrap();
    let test = "tests::durability::child_that_finds_the_disk_full";
    let output = child(test, folder.path(), Some("trap '' XFSZ; ulimit -f 400")).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("all as it should be"), "{said}");
    assert_eq!(numbers(&lake), [0, 1, 2, 3]);
    assert_eq!(files(folder.path(), "events").len(), 2);
}
