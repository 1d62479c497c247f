use base::{Period, Severity::High};

use super::world::{World, at, detection, org, part};
use crate::Error;
use crate::intake::{
    Committed, Counts, PartResult, Position, UNREAD_KEPT_PER_FILE, UnreadRecord, commit_part, hours, imports,
    position, unread,
};

#[tokio::test]
async fn one_commit_moves_the_place_the_counters_and_the_threats() {
    let world = World::new().await;
    let one =
        part("eve.json", 0, vec![detection("naibu", "r1", High, 0), detection("naibu", "r1", High, 70)]);
    let one = PartResult { late: 3, ..one };
    assert!(matches!(world.commit(&one).await, Committed::Done(raised) if raised.counted == 2));
    let place = position(&world.store, org("naibu"), "eve.json", "f").await.unwrap();
    assert_eq!(place, Position { next_part: 1, offset: 1000 });
    let day = Period { start: at(-600), end: at(600) };
    let counted = hours(&world.store, &testkit::house(), None, day).await.unwrap();
    let first = Counts { events: 10, unread: 2, detections: 1, late: 3 };
    assert_eq!(counted, [(at(0), first), (at(60), Counts { detections: 1, ..Counts::default() })]);
    let read = imports(&world.store, &testkit::house(), 9).await.unwrap();
    assert_eq!((read.len(), read[0].counts), (1, Counts { events: 10, unread: 2, detections: 2, late: 3 }));
}

#[tokio::test]
async fn a_part_brought_again_is_recognised_and_a_missing_one_is_named() {
    let world = World::new().await;
    let first = part("eve.json", 0, vec![detection("naibu", "r1", High, 0)]);
    world.commit(&first).await;
    let before = world.contents().await;
    assert_eq!(world.commit(&first).await, Committed::Already);
    assert_eq!(world.contents().await, before);
    let mut tx = world.store.write().await.unwrap();
    let third = part("eve.json", 2, Vec::new());
    let refused = commit_part(&mut tx, &world.registry, &world.policy, &third, at(0)).await;
    assert!(matches!(refused, Err(Error::PartMissing { expected: 1, got: 2, .. })));
    drop(tx);
    // The same name with other contents is another file, as after a rotation.
    let mut rotated = part("eve.json", 0, vec![detection("naibu", "r1", High, 1)]);
    rotated.fingerprint = "g".into();
    assert!(matches!(world.commit(&rotated).await, Committed::Done(_)));
}

#[tokio::test]
async fn a_transaction_that_was_not_committed_leaves_nothing_and_is_repeated_whole() {
    let world = World::new().await;
    let before = world.contents().await;
    let one = part("eve.json", 0, vec![detection("naibu", "r1", High, 0)]);
    let mut tx = world.store.write().await.unwrap();
    commit_part(&mut tx, &world.registry, &world.policy, &one, at(0)).await.unwrap();
    drop(tx);
    assert_eq!(world.contents().await, before);
    assert!(matches!(world.commit(&one).await, Committed::Done(_)));
}

#[tokio::test]
async fn unread_records_are_counted_in_full_and_kept_up_to_a_limit() {
    let world = World::new().await;
    for number in 0..3 {
        let mut bad = part("bad.log", number, Vec::new());
        bad.unread = (0..600)
            .map(|line| UnreadRecord {
                offset: 7,
                line,
                reason: "not JSON".into(),
                beginning: b"\x82\0{".into(),
            })
            .collect();
        bad.unread_total = 100_000;
        world.commit(&bad).await;
    }
    world.commit(&part("good.log", 0, Vec::new())).await;
    let centre = testkit::house();
    let read = imports(&world.store, &centre, 9).await.unwrap();
    assert_eq!(read.iter().map(|file| file.counts.unread).sum::<u64>(), 300_002);
    let kept = unread(&world.store, &centre, 10_000, None).await.unwrap();
    assert!(kept.len() as u64 <= UNREAD_KEPT_PER_FILE + 2, "{}", kept.len());
    assert_eq!((kept[0].file.as_str(), kept[0].beginning.as_str()), ("good.log", "\\x82\\xa0{"));
    assert_eq!(kept.last().unwrap().beginning, "\\x82␀{");
    let next = unread(&world.store, &centre, 5, Some(kept[1].seq)).await.unwrap();
    assert_eq!(next, kept[2..7]);
}
