//! What a question does not need, it does not read.

use base::ObservableKind;
use watch::lake::{Dimension, Lake, Search, StoredEvent, Wanted};

use super::damage::files;
use super::world::{HOUR, at, event, events, hours, observable};
use crate::ParquetLake;
use crate::encode::GROUP_ROWS_MAX;
use crate::file::Opened;
use crate::schema::{EVENTS, OBSERVABLE_LEAF};

fn lake_with(parts: &[(&str, Vec<StoredEvent>)]) -> (tempfile::TempDir, ParquetLake) {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    for (part, events) in parts {
        lake.append(part, events).unwrap();
    }
    (folder, lake)
}

/// Many events that differ in their domain, over several row groups.
fn with_domains(count: u32) -> Vec<StoredEvent> {
    let named = |mut event: StoredEvent| {
        event.observables.push(observable(&format!("domain:host{}.example.jp", event.line)));
        event
    };
    events(0, count).into_iter().map(named).collect()
}

#[test]
fn the_leaf_of_the_list_of_observables_has_a_bloom_filter_that_says_no() {
    let rows = 3 * GROUP_ROWS_MAX as u32;
    let (folder, _) = lake_with(&[("part", with_domains(rows))]);
    let file = Opened::open(&files(folder.path(), "events")[0], &EVENTS).unwrap();
    assert_eq!(file.groups(), 3);
    let mut false_alarms = 0;
    for group in 0..3 {
        let bloom = file.bloom(group, OBSERVABLE_LEAF).unwrap().expect("the leaf has a filter");
        for line in 1..=rows {
            let here = (line as usize - 1) / GROUP_ROWS_MAX == group;
            let says = bloom.check(format!("domain:host{line}.example.jp").as_bytes());
            assert!(says || !here, "line {line} is in group {group}");
            false_alarms += usize::from(says && !here);
        }
        assert!(file.bloom(group, "id").unwrap().is_some());
        assert!(file.bloom(group, "raw").unwrap().is_none());
    }
    assert!(false_alarms < 3 * GROUP_ROWS_MAX / 5, "{false_alarms}");
}

#[test]
fn a_search_for_one_observable_reads_only_the_row_group_that_has_it() {
    let (_folder, lake) = lake_with(&[("part", with_domains(20 * GROUP_ROWS_MAX as u32))]);
    let search = |text: &str| {
        let search = Search { observables: vec![observable(text)], limit: 10, ..Search::default() };
        lake.search(&testkit::house(), &search).unwrap()
    };
    let absent = search("domain:absent.example.jp");
    assert_eq!(absent.events.len(), 0);
    assert!(absent.cost.rows <= 2 * GROUP_ROWS_MAX as u64, "{:?}", absent.cost);
    let present = search("domain:host7.example.jp");
    assert_eq!(present.events.len(), 1);
    assert!(present.cost.rows <= 3 * GROUP_ROWS_MAX as u64, "{:?}", present.cost);
}

#[test]
fn days_outside_the_period_are_not_opened_and_the_newest_page_opens_only_the_newest_day() {
    let day = |day: i128| (0..5).map(|nth| event(day as u32 * 10 + nth, 1, at(day * 24 * HOUR))).collect();
    let parts: Vec<(&str, Vec<StoredEvent>)> =
        vec![("a", day(0)), ("b", day(1)), ("c", day(2)), ("d", day(3))];
    let (_folder, lake) = lake_with(&parts);
    let newest = lake.search(&testkit::house(), &Search { limit: 3, ..Search::default() }).unwrap();
    assert_eq!((newest.events.len(), newest.more), (3, true));
    assert_eq!((newest.cost.files, newest.cost.files_opened), (4, 1));
    let period = Some(hours(24, 48));
    let one_day = lake.search(&testkit::house(), &Search { limit: 30, period, ..Search::default() }).unwrap();
    assert_eq!((one_day.events.len(), one_day.more), (5, false));
    assert_eq!((one_day.cost.files, one_day.cost.files_opened), (1, 1));
}

#[test]
fn counting_never_reads_the_raw_records() {
    // Records that cannot be compressed: reading them would show.
    let noisy = |mut event: StoredEvent| {
        let mut noise = [0; 4_096];
        blake3::Hasher::new().update(&event.offset.to_le_bytes()).finalize_xof().fill(&mut noise);
        event.raw = noise.to_vec();
        event
    };
    let (_folder, lake) = lake_with(&[("part", events(0, 200).into_iter().map(noisy).collect())]);
    let by = [Dimension::Product, Dimension::Service, Dimension::Category, Dimension::Hour];
    let counted = lake.count_with_cost(&testkit::house(), &Search::default(), &by).unwrap();
    assert_eq!(counted.value[0].1, 200);
    assert!(counted.cost.bytes < 200 * 1_024, "{:?}", counted.cost);
    // Days and organisations are in the path, and the footer has the number of rows.
    let by_day = lake.count_with_cost(&testkit::house(), &Search::default(), &[Dimension::Day]).unwrap();
    assert_eq!((by_day.value[0].1, by_day.cost.rows), (200, 0));
}

#[test]
fn a_hunt_opens_no_events_unless_the_period_cuts_through_a_sighting() {
    let (_folder, lake) = lake_with(&[("part", events(0, 100))]);
    let wanted = [Wanted { kind: ObservableKind::Address, value: "192.0.2.0/24".to_owned() }];
    let hunt = |period| lake.hunt_with_cost(&testkit::house(), &wanted, period).unwrap();
    let whole = hunt(Some(hours(0, 24)));
    assert_eq!((whole.value[0].events, whole.cost.files_opened, whole.cost.rows), (100, 1, 1));
    let cut = hunt(Some(base::Period { start: at(0), end: at(50_000_000_000) }));
    assert_eq!((cut.value[0].events, cut.cost.files_opened), (50, 2));
}

#[test]
fn a_hunt_for_an_absent_hash_reads_no_rows_of_the_table() {
    let (_folder, lake) = lake_with(&[("part", with_domains(10 * GROUP_ROWS_MAX as u32))]);
    let hash = |value: &str| vec![Wanted { kind: ObservableKind::Hash, value: value.to_owned() }];
    let absent = lake.hunt_with_cost(&testkit::house(), &hash(&"0".repeat(64)), None).unwrap();
    let domain = vec![Wanted { kind: ObservableKind::Domain, value: "absent.example.jp".to_owned() }];
    let scanned = lake.hunt_with_cost(&testkit::house(), &domain, None).unwrap();
    assert_eq!((absent.value.len(), scanned.value.len()), (0, 0));
    assert!(absent.cost.rows < scanned.cost.rows / 2, "{:?} {:?}", absent.cost, scanned.cost);
}

#[test]
fn a_record_of_many_megabytes_among_small_ones_is_kept_and_found() {
    let mut events = events(0, 40);
    events[20].raw = [vec![b'x'; 40 << 20], b"needle".to_vec()].concat();
    let (_folder, lake) = lake_with(&[("part", events.clone())]);
    let search = Search { words: vec!["NEEDLE".to_owned()], limit: 2, ..Search::default() };
    let found = lake.search(&testkit::house(), &search).unwrap();
    assert!(found.events == [events[20].clone()]);
    let everything = lake.search(&testkit::house(), &Search { limit: 100, ..Search::default() }).unwrap();
    assert_eq!(everything.events.len(), 40);
}
