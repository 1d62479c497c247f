//! A process is killed in the middle of an import, again and again, and the result is that of an undisturbed one.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use base::Severity::High;

use super::world::{World, detection, part, with};
use crate::intake::{Committed, PartResult, position};
use crate::{detect::Detection, tests::world::org};

const PARTS: u64 = 30;
const DATABASE: &str = "NOROSHI_TEST_CRASH_DATABASE";

/// Detections of five groups; those of the second part onward join groups of the parts before.
fn parts() -> impl Iterator<Item = PartResult> {
    (0..PARTS).map(|number| {
        let detections: Vec<Detection> = (0..40)
            .map(|step| {
                let minutes = (number as i64) * 7 + step / 8;
                let actor = format!("203.0.113.{}", step % 5);
                let one = detection("naibu", &format!("r{}", step % 5), High, minutes);
                let key = format!("{number}/{step}");
                let event = base::EventId(blake3::hash(key.as_bytes()).as_bytes()[..16].try_into().unwrap());
                with(&["domain:c2.example"], Detection { actor, event, ..one })
            })
            .collect();
        part("eve.json", number, detections)
    })
}

/// Imports what is missing, saying each part before and after its commit.
async fn import_rest(location: &str, say: impl Fn(String)) {
    let world = World::open(location).await;
    let next = position(&world.store, org("naibu"), "eve.json", "f").await.unwrap().next_part;
    // A resumed reader may bring parts again that it is not sure about.
    for part in parts().skip(usize::try_from(next.saturating_sub(2)).unwrap()) {
        say(format!("begin {}", part.part));
        let committed = world.commit(&part).await;
        assert_eq!(committed == Committed::Already, part.part < next);
        say(format!("done {}", part.part));
    }
}

/// Not a test of its own: the process that `a_killed_import…` kills.
#[tokio::test]
async fn import_in_a_child_process() {
    let Some(location) = std::env::var(DATABASE).ok() else { return };
    import_rest(&location, |line| println!("{line}")).await;
}

/// Starts the child and kills it (SIGKILL) once it has said `line`. Whether it got that far.
fn import_until(location: &str, line: &str) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::crash::import_in_a_child_process", "--nocapture"])
        .env(DATABASE, location)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let reached = output.lines().map_while(Result::ok).any(|said| said.trim_end().ends_with(line));
    child.kill().ok();
    child.wait().unwrap();
    reached
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_that_is_repeated_counts_everything_once() {
    let (disturbed, undisturbed) = (testkit::Database::new(), testkit::Database::new());
    let (disturbed, undisturbed) = (disturbed.location(), undisturbed.location());
    for line in ["begin 0", "done 3", "begin 9", "begin 10", "done 17", "begin 29"] {
        let (location, line) = (disturbed.to_owned(), line.to_owned());
        let reached = tokio::task::spawn_blocking(move || import_until(&location, &line)).await.unwrap();
        assert!(reached, "the child process did not get so far; without it this test proves nothing");
    }
    import_rest(disturbed, |_| ()).await;

    import_rest(undisturbed, |_| ()).await;
    let expected = World::open(undisturbed).await.contents().await;
    assert_eq!(World::open(disturbed).await.contents().await, expected);
    let total =
        World::open(disturbed).await.number("SELECT CAST(SUM(detections) AS BIGINT) FROM threats").await;
    assert_eq!(total, 40 * PARTS as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_and_a_reader_at_once_lose_nothing() {
    let database = Arc::new(testkit::Database::new());
    World::open(database.location()).await;
    let writers: Vec<_> = ["a.json", "b.json", "c.json"]
        .into_iter()
        .map(|file| {
            let database = Arc::clone(&database);
            tokio::spawn(async move {
                let world = World::open(database.location()).await;
                for mut one in parts() {
                    one.file = file.into();
                    for detection in &mut one.detections {
                        let key = format!("{file}{}", detection.event);
                        detection.event =
                            base::EventId(blake3::hash(key.as_bytes()).as_bytes()[..16].try_into().unwrap());
                    }
                    world.commit(&one).await;
                }
            })
        })
        .collect();
    let reader = World::open(database.location()).await;
    while writers.iter().any(|writer| !writer.is_finished()) {
        let board =
            crate::board::board(&reader.store, &reader.registry, &testkit::house(), super::world::at(0), 5)
                .await
                .unwrap();
        let counted = reader.number("SELECT CAST(COALESCE(SUM(detections), 0) AS BIGINT) FROM imports").await;
        assert!(board.intake.detections <= 3 * 40 * PARTS && counted % 40 == 0);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(
        reader.number("SELECT CAST(SUM(detections) AS BIGINT) FROM threats").await,
        3 * 40 * PARTS as i64
    );
}
