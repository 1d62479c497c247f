//! What correlations remember: apart for each organisation, once for each event, through restarts and damage.

use std::fs;
use std::path::{Path, PathBuf};

use base::{EventId, Severity, Timestamp};

use super::world::{World, at, observable, org};
use crate::correlation::{Batch, Correlated, Match, Memory, Opened, policy};
use crate::detect::{Detection, Detector, Routing};
use crate::indicator::Indicators;
use crate::intake::commit_correlated;
use crate::{group, threat};

/// A failed logon, and what counts it.
fn detector(correlation: &str) -> Detector {
    let text = format!(
        "title: Failed logon\nid: logon\nlogsource: {{product: windows}}\n\
         detection: {{s: {{EventID: 4625}}, condition: s}}\n---\n\
         title: Many accounts\nid: spraying\nlevel: high\ntags: [attack.t1110.003]\ncorrelation: {{{correlation}}}\n"
    );
    let rules = sigma::Rules::load([("t.yml", text.as_bytes())], &sigma::Placeholders::new());
    assert!(rules.refused.is_empty(), "{:?}", rules.refused);
    Detector::new(rules, Indicators::default(), Routing::BySource)
}

const SPRAYING: &str = "type: value_count, rules: [logon], group-by: [IpAddress], timespan: 10m, \
                        condition: {gte: 5, field: User}";

/// A failed logon of `user` from `address` at `key`, so many seconds after nine.
fn logon(key: &str, address: &str, user: &str, seconds: i64) -> Match {
    let digest = blake3::hash(format!("{key}/{address}/{user}/{seconds}").as_bytes());
    let fields =
        [("IpAddress", address), ("User", user)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    Match {
        event: EventId(digest.as_bytes()[..16].try_into().unwrap()),
        organisation: org(key),
        time: second(seconds),
        actor: address.into(),
        target: "192.0.2.5".into(),
        observables: vec![observable(&format!("address:{address}"))],
        counted: vec![("logon".into(), fields.into())],
    }
}

fn second(seconds: i64) -> Timestamp {
    at(0) + jiff::SignedDuration::from_secs(seconds)
}

fn spray(key: &str, address: &str, from: i64, users: i64) -> Vec<Match> {
    (0..users).map(|user| logon(key, address, &format!("u{user}"), from + user)).collect()
}

struct Keeper {
    folder: tempfile::TempDir,
    detector: Detector,
    policy: sigma::Policy,
}

impl Keeper {
    fn new(correlation: &str) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), detector: detector(correlation), policy: policy() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("correlation")
    }

    fn open(&self, next: u64) -> (Memory, Opened) {
        Memory::open(&self.path(), &self.detector, self.policy, next).unwrap()
    }
}

fn batch(matches: Vec<Match>) -> Batch {
    Batch { matches, ..Batch::default() }
}

/// Counts matches and lets time go on, an hour later by the clock.
fn correlate(memory: &mut Memory, matches: Vec<Match>) -> Correlated {
    let now = matches.last().map_or(second(0), |last| last.time) + jiff::SignedDuration::from_hours(1);
    let Correlated { mut detections, late } = memory.take(batch(matches), now).unwrap();
    detections.extend(memory.settle(now).unwrap().detections);
    memory.committed().unwrap();
    Correlated { detections, late }
}

#[test]
fn a_correlation_is_one_detection_with_the_events_it_counted() {
    let keeper = Keeper::new(SPRAYING);
    let (mut memory, opened) = keeper.open(1);
    assert_eq!(opened, Opened::Begun);
    let matches = spray("naibu", "203.0.113.7", 0, 5);
    let events: Vec<EventId> = matches.iter().map(|one| one.event).collect();
    let found = correlate(&mut memory, matches).detections;
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.organisation, one.time, one.level), (org("naibu"), second(4), Severity::High));
    assert_eq!((one.rule_id.as_str(), one.techniques.join(" ").as_str()), ("spraying", "T1110.003"));
    assert_eq!((one.actor.as_str(), one.target.as_str()), ("203.0.113.7", "192.0.2.5"));
    assert_eq!(one.contributing.iter().map(|one| one.event).collect::<Vec<_>>(), events);
    assert_eq!(one.observables, [observable("address:203.0.113.7")]);
    assert_eq!(Some(&one.event), events.last());
}

#[test]
fn many_addresses_that_try_one_account_are_told_apart_by_the_account() {
    let keeper = Keeper::new(
        "type: event_count, rules: [logon], group-by: [User], timespan: 10m, condition: {gte: 3}",
    );
    let (mut memory, _) = keeper.open(1);
    let from = |address: &str, target: &str, seconds| Match {
        target: target.into(),
        ..logon("naibu", address, "root", seconds)
    };
    let (one, two) = ("203.0.113.1", "203.0.113.2");
    let found = correlate(&mut memory, vec![from(one, "a", 0), from(two, "a", 1), from(one, "a", 2)]);
    assert_eq!((found.detections[0].actor.as_str(), found.detections[0].target.as_str()), (group::MANY, "a"));
    let found =
        correlate(&mut memory, vec![from(one, "a", 2000), from(two, "b", 2001), from(one, "c", 2002)]);
    assert_eq!(
        (found.detections[0].actor.as_str(), found.detections[0].target.as_str()),
        (group::MANY, "root")
    );
    let found =
        correlate(&mut memory, vec![from(one, "a", 4000), from(one, "b", 4001), from(one, "c", 4002)]);
    assert_eq!((found.detections[0].actor.as_str(), found.detections[0].target.as_str()), (one, group::MANY));
}

#[test]
fn events_of_one_organisation_never_count_towards_anothers() {
    let keeper = Keeper::new(SPRAYING);
    let (mut memory, _) = keeper.open(1);
    let mut both = spray("naibu", "203.0.113.7", 0, 4);
    both.extend(spray("zaimu", "203.0.113.7", 4, 4));
    assert_eq!(correlate(&mut memory, both).detections, []);
    // Nor does the time of one make another's late.
    let found = correlate(&mut memory, vec![logon("naibu", "203.0.113.7", "u4", 60)]);
    assert_eq!((found.detections[0].organisation, found.late.len()), (org("naibu"), 0));
}

#[test]
fn a_flood_at_one_organisation_makes_nobody_forget_what_is_slow_at_another() {
    let mut keeper = Keeper::new(SPRAYING);
    keeper.policy.remembered_max = 200;
    let (mut memory, _) = keeper.open(1);
    let mut found = correlate(&mut memory, spray("zaimu", "203.0.113.7", 0, 4)).detections;
    for round in 0..20 {
        let flood = (0..500).map(|number| {
            logon(
                "naibu",
                &format!("198.18.{}.{}", number / 250, number % 250),
                "x",
                round * 20 + number / 25,
            )
        });
        found.extend(correlate(&mut memory, flood.collect()).detections);
    }
    assert!(memory.counts().forgotten > 1_000, "{:?}", memory.counts());
    assert_eq!(found, []);
    let found = correlate(&mut memory, vec![logon("zaimu", "203.0.113.7", "u4", 400)]).detections;
    assert_eq!(found.iter().map(|one| one.organisation).collect::<Vec<_>>(), [org("zaimu")]);
}

#[test]
fn what_comes_later_than_the_stated_lateness_is_counted_and_nothing_else() {
    let keeper = Keeper::new(SPRAYING);
    let (mut memory, _) = keeper.open(1);
    // Files of one time in one run: in whatever order they are read, nothing is late.
    let mut run = spray("naibu", "203.0.113.7", 1_000, 3);
    run.extend(spray("naibu", "203.0.113.7", 900, 5).split_off(3));
    let now = second(1_100);
    assert_eq!(memory.take(batch(run), now).unwrap().late, Vec::<usize>::new());
    assert!(!memory.is_settled(second(5_000)));
    // Ten minutes before the latest event nothing ends yet; an hour later, everything that waits does.
    assert_eq!(memory.settle(now).unwrap().detections, []);
    let found = memory.settle(second(5_000)).unwrap().detections;
    assert_eq!(found.iter().map(|one| one.time).collect::<Vec<_>>(), [second(1_002)]);
    assert!(memory.is_settled(second(5_000)));
    let late = vec![logon("naibu", "203.0.113.9", "a", 1_001), logon("naibu", "203.0.113.9", "b", 1_003)];
    assert_eq!(memory.take(batch(late), second(5_000)).unwrap().late, [0]);
    assert_eq!(memory.counts().late, 1);
}

/// A history of batches over two organisations, with what fires now and then.
fn history() -> Vec<Vec<Match>> {
    (0..12)
        .map(|number| {
            let mut matches = spray("naibu", "203.0.113.7", number * 100, 2 + number % 4);
            matches.extend(spray("zaimu", &format!("203.0.113.{}", number % 3), number * 90, 3 + number % 3));
            matches
        })
        .collect()
}

fn texts(detections: &[Detection]) -> Vec<String> {
    detections.iter().map(|one| serde_json::to_string(one).unwrap()).collect()
}

/// Goes through the history and calls `between` with the number of each batch before it is taken.
fn live(keeper: &Keeper, mut between: impl FnMut(&Path, &mut Memory, u64)) -> Vec<String> {
    let (mut memory, _) = keeper.open(1);
    let mut found = Vec::new();
    for matches in history() {
        let next = memory.next();
        between(&keeper.path(), &mut memory, next);
        let now = matches.last().unwrap().time;
        found.extend(texts(&memory.take(batch(matches), now).unwrap().detections));
        found.extend(texts(&memory.settle(now).unwrap().detections));
    }
    found.extend(texts(&memory.settle(second(100_000)).unwrap().detections));
    found
}

#[test]
fn a_restart_at_any_batch_changes_nothing() {
    let undisturbed = live(&Keeper::new(SPRAYING), |_, _, _| {});
    assert!(undisturbed.len() > 3, "{undisturbed:?}");
    let keeper = Keeper::new(SPRAYING);
    let restarted = live(&keeper, |_, memory, next| {
        let opened;
        (*memory, opened) = keeper.open(next);
        assert!(matches!(opened, Opened::Continued { dropped: 0, missing: 0, .. }), "{opened:?}");
        // A snapshot where there was a log.
        if next % 4 == 1 {
            assert_eq!(memory.change_rules(&keeper.detector).unwrap(), 0);
        }
    });
    assert_eq!(restarted, undisturbed);
}

#[test]
fn what_was_logged_and_not_committed_is_counted_once() {
    let undisturbed = live(&Keeper::new(SPRAYING), |_, _, _| {});
    let keeper = Keeper::new(SPRAYING);
    let crashed = live(&keeper, |_, memory, next| {
        let batches = history();
        // It is logged, and then the process dies before the database has it.
        memory.take(batch(batches[(next / 2) as usize].clone()), second(0)).unwrap();
        *memory = keeper.open(next).0;
        assert_eq!(memory.next(), next);
    });
    assert_eq!(crashed, undisturbed);
}

#[test]
fn a_log_that_is_torn_at_any_byte_loses_only_what_was_not_committed() {
    let keeper = Keeper::new(SPRAYING);
    let (mut memory, _) = keeper.open(1);
    memory.take(batch(spray("naibu", "203.0.113.7", 0, 4)), second(4)).unwrap();
    let log = keeper.path().join("log-1");
    let whole = fs::metadata(&log).unwrap().len() as usize;
    memory.take(batch(spray("naibu", "203.0.113.8", 5, 2)), second(7)).unwrap();
    drop(memory);
    let bytes = fs::read(&log).unwrap();
    for torn in whole..=bytes.len() {
        fs::write(&log, &bytes[..torn]).unwrap();
        let (mut memory, opened) = keeper.open(2);
        assert_eq!(opened, Opened::Continued { groups: 1, dropped: 0, batches: 1, missing: 0 }, "at {torn}");
        assert_eq!(fs::metadata(&log).unwrap().len() as usize, whole);
        if torn % 50 == 0 {
            let found = correlate(&mut memory, vec![logon("naibu", "203.0.113.7", "u4", 8)]);
            assert_eq!(found.detections.len(), 1);
        }
    }
    // Torn where it was committed: what is left goes on, and says what it misses.
    for torn in [0, 1, whole / 2, whole - 1] {
        fs::write(&log, &bytes[..torn]).unwrap();
        fs::copy(keeper.path().join("snapshot"), keeper.folder.path().join("kept")).unwrap();
        let (_, opened) = keeper.open(3);
        assert_eq!(opened, Opened::Continued { groups: 0, dropped: 0, batches: 0, missing: 2 }, "at {torn}");
        fs::copy(keeper.folder.path().join("kept"), keeper.path().join("snapshot")).unwrap();
    }
}

#[test]
fn a_damaged_or_newer_snapshot_is_kept_beside_and_nothing_stops() {
    let keeper = Keeper::new(SPRAYING);
    let (mut memory, _) = keeper.open(1);
    correlate(&mut memory, spray("naibu", "203.0.113.7", 0, 4));
    memory.change_rules(&keeper.detector).unwrap();
    let (snapshot, damaged) = (keeper.path().join("snapshot"), keeper.path().join("snapshot.damaged"));
    let whole = fs::read(&snapshot).unwrap();
    for place in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x01;
        fs::write(&snapshot, &bytes).unwrap();
        let (mut memory, opened) = keeper.open(3);
        assert!(matches!(opened, Opened::Lost(_)), "at {place}: {opened:?}");
        assert_eq!(fs::read(&damaged).unwrap(), bytes);
        assert_eq!(correlate(&mut memory, spray("naibu", "203.0.113.7", 0, 5)).detections.len(), 1);
    }
    fs::write(&snapshot, &whole).unwrap();
    // The database is older than what is remembered: a backup was restored.
    let (_, opened) = keeper.open(2);
    assert!(matches!(&opened, Opened::Lost(reason) if reason.contains("restored")), "{opened:?}");
    fs::remove_dir_all(keeper.path()).unwrap();
    assert!(matches!(keeper.open(3).1, Opened::Lost(_)));
}

#[test]
fn rules_change_and_what_correlations_remember_that_did_not_stays() {
    let mut keeper = Keeper::new(SPRAYING);
    let (mut memory, _) = keeper.open(1);
    correlate(&mut memory, spray("naibu", "203.0.113.7", 0, 4));
    assert_eq!(memory.change_rules(&detector(&SPRAYING.replace("gte: 5", "gte: 6"))).unwrap(), 1);
    assert_eq!(memory.change_rules(&keeper.detector).unwrap(), 0);
    assert_eq!(correlate(&mut memory, vec![logon("naibu", "203.0.113.7", "u4", 9)]).detections, []);
    // While nobody reads, too.
    assert_eq!(memory.change_rules(&keeper.detector).unwrap(), 0);
    let next = memory.next();
    drop(memory);
    keeper.detector = detector(&SPRAYING.replace("10m", "11m"));
    assert!(matches!(keeper.open(next).1, Opened::Continued { dropped: 1, .. }));
}

#[tokio::test]
async fn what_fires_again_and_again_is_one_threat_with_its_events() {
    let (world, keeper) = (World::new().await, Keeper::new(SPRAYING));
    let (mut memory, _) = keeper.open(1);
    let matches = (0..600).map(|step| logon("naibu", "203.0.113.7", &format!("u{}", step % 40), step * 10));
    let found = correlate(&mut memory, matches.collect()).detections;
    assert!(found.len() > 5, "{}", found.len());
    let mut tx = world.store.write().await.unwrap();
    let raised = commit_correlated(&mut tx, &world.registry, &world.policy, &found, at(0)).await.unwrap();
    tx.commit().await.unwrap();
    let [id] = raised.threats.as_slice() else { panic!("{raised:?}") };
    let page = threat::page(&world.store, &testkit::house(), *id, 10).await.unwrap();
    assert_eq!((page.threat.detections, page.threat.rule_id.as_str()), (found.len() as u64, "spraying"));
    let newest = found.last().unwrap();
    let expected: Vec<_> = newest.contributing.iter().rev().map(|one| one.event).collect();
    assert_eq!(page.events[..expected.len()], expected);
    assert_eq!(page.detections[0].contributing, newest.contributing);
    let hours = world.number("SELECT CAST(SUM(detections) AS BIGINT) FROM intake_hours").await;
    assert_eq!(hours as usize, found.len());
}
