use base::{Observable, ObservableKind};
use store::Options;

use super::*;
use crate::{Why, note_unowned};

const HEADER: &str = "record,organisation,name_ja,name_en,kind,parent,order,value,valid_from,valid_until,criticality,system,device_class\n";
const TWO: &str = "organisation,naibu,内務文化省,Ministry of Home Culture,ministry,,10,,,,,,
organisation,zaimu,財務計画省,Ministry of Planning,ministry,,20,,,,,,
";

fn now() -> Timestamp {
    "2026-04-01T00:00:00Z".parse().unwrap()
}

/// The coordinator of the centre, who keeps the registry.
fn coordinator() -> Actor {
    testkit::actor(base::Role::Coordinator, [])
}

/// What becomes of rows about organisations and assets on an empty registry.
fn plan_of(rows: &[Written]) -> Plan {
    let scope = testkit::house();
    let asker = Asker { scope: &scope, right: Right::KeepRegistry, today: base::japan_day(now()) };
    let mut fates: Vec<Option<Fate>> = rows.iter().map(misfit).collect();
    plan::plan(rows, &mut fates, &Registry::default(), asker);
    let row = |(row, fate): (&Written, Option<Fate>)| Row {
        line: row.line,
        about: row.about(),
        fate: fate.unwrap(),
    };
    Plan { rows: rows.iter().zip(fates).map(row).collect() }
}

/// Plans `rows` after the two ministries, on an empty registry, and compares the fate of the last row.
#[track_caller]
fn check(rows: &str, expected: Result<Fate, (&str, &str)>) {
    let plan = plan_of(&csv::rows(&format!("{HEADER}{TWO}{rows}\n")).unwrap());
    let last = plan.rows.last().unwrap();
    match (&last.fate, expected) {
        (Fate::Wrong { column, reason }, Err((expected_column, part))) => {
            assert_eq!(*column, expected_column, "{reason}");
            assert!(reason.to_string().contains(part), "{reason}");
        }
        (fate, Ok(expected)) => assert_eq!(*fate, expected, "{rows}"),
        (fate, expected) => panic!("{rows}: {fate:?}, not {expected:?}"),
    }
}

#[test]
fn a_right_row_is_new() {
    check("network,naibu,,,,,,192.0.2.0/24,,,high,公開ウェブ,server", Ok(Fate::New));
    check("domain,naibu,,,,,,Naibu.go.example.,2026-04-01,,,,", Ok(Fate::New));
    check("mail_domain,naibu,,,,,,naibu.go.example,,2027-03-31,,,", Ok(Fate::New));
    check("host,naibu,,,,,,DC01,,,,,", Ok(Fate::New));
    check("organisation,eda,江田部,Eda Department,part,naibu,1,,,,,,", Ok(Fate::New));
}

#[test]
fn a_wrong_row_names_its_column_and_the_reason() {
    check("sensor,naibu,,,,,,x,,,,,", Err(("record", "not one of organisation, person")));
    check("domain,naibu,内務,,,,,naibu.go.example,,,,,", Err(("name_ja", "a domain has no such column")));
    check("network,nobody,,,,,,192.0.2.0/24,,,,,", Err(("organisation", "no organisation has the key")));
    check("network,naibu,,,,,,192.0.2.9/24,,,,,", Err(("value", "192.0.2.0/24 is the network")));
    check("network,naibu,,,,,,192.0.2.0/24,令和8年,,,,", Err(("valid_from", "is not a day")));
    check("network,naibu,,,,,,192.0.2.0/24,2026-04-02,2026-04-01,,,", Err(("valid_until", "before")));
    check("network,naibu,,,,,,192.0.2.0/24,,,urgent,,", Err(("criticality", "low, medium, high")));
    check("organisation,Naibu,あ,a,,,,,,,,,", Err(("organisation", "a-z")));
    check("organisation,naibu,あ,a,,,,,,,,,", Err(("organisation", "line 2 already describes")));
    check("organisation,x,あ,,,,,,,,,,", Err(("name_en", "both languages")));
    check("organisation,x,あ,a,planet,,,,,,,,", Err(("kind", "not one of centre")));
    check("organisation,x,あ,a,,nobody,,,,,,,", Err(("parent", "no organisation has the key")));
    check("organisation,x,あ,a,,x,,,,,,,", Err(("parent", "no organisation has the key")));
    check("organisation,x,あ,a,,,first,,,,,,", Err(("order", "whole number")));
}

#[test]
fn two_owners_of_one_public_prefix_at_one_time_are_refused() {
    let first = "network,naibu,,,,,,192.0.2.0/24,2026-04-01,2026-06-30,,,\n";
    let second = |days| format!("{first}network,zaimu,,,,,,192.0.2.0/24,{days},,,");
    check(
        &second("2026-06-30,"),
        Err(("value", "belongs to naibu from 2026-04-01 to 2026-06-30 (on line 4)")),
    );
    check(&second(",2026-04-01"), Err(("value", "belongs to naibu")));
    check(&second("2026-07-01,"), Ok(Fate::New));
    check(&second(",2026-03-31"), Ok(Fate::New));
    // A part of the block is not the block.
    check(&format!("{first}network,zaimu,,,,,,192.0.2.0/25,,,,,"), Ok(Fate::New));
    check(
        "domain,naibu,,,,,,go.example,,,,,\ndomain,zaimu,,,,,,go.example,,,,,",
        Err(("value", "belongs to naibu")),
    );
}

#[test]
fn private_blocks_and_host_names_may_exist_at_several_organisations() {
    check("network,naibu,,,,,,10.0.0.0/8,,,,,\nnetwork,zaimu,,,,,,10.0.0.0/8,,,,,", Ok(Fate::New));
    check("host,naibu,,,,,,dc01,,,,,\nhost,zaimu,,,,,,DC01,,,,,", Ok(Fate::New));
}

#[test]
fn one_organisation_cannot_register_one_thing_twice_for_one_day() {
    let row = |from| format!("network,naibu,,,,,,10.0.0.0/8,{from},,,,");
    check(&format!("{}\n{}", row(""), row("")), Err(("value", "line 4 already describes")));
    check(&format!("{}\n{}", row(""), row("2026-04-01")), Err(("valid_from", "overlaps")));
}

#[test]
fn a_ring_of_parents_is_refused_and_a_part_may_stand_above_its_parent() {
    let rows = "organisation,a,あ,a,,b,,,,,,,\norganisation,b,い,b,,a,,,,,,,";
    check(rows, Err(("parent", "part of itself")));
    let rows = format!("{HEADER}organisation,a,あ,a,part,b,,,,,,,\norganisation,b,い,b,,,,,,,,,\n");
    let plan = plan_of(&csv::rows(&rows).unwrap());
    assert_eq!(plan.tally(), Tally { new: 2, ..Tally::default() });
}

#[test]
fn a_file_that_is_no_table_is_refused_with_its_line() {
    let refused = |text: &str| match csv::rows(text) {
        Err(Error::Unreadable { line, reason }) => (line, reason),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused("record,organization\n").0, 1);
    assert!(refused("record,organization\n").1.contains("organization"));
    assert_eq!(refused("record,organisation\nnetwork\n").0, 2);
    assert!(csv::rows("\u{feff}record,organisation\n").unwrap().is_empty());
    assert!(matches!(rows(b"record\n\xff", Notation::Csv), Err(Error::Unreadable { line: 2, .. })));
}

const YAML: &str = "\
organisations:
  - key: naibu
    name_ja: 内務文化省
    name_en: Ministry of Home Culture
    kind: ministry
    order: 10
    networks:
      - 192.0.2.0/26
      - value: 10.1.0.0/16
        criticality: high
        system: 基幹業務
        valid_from: 2026-04-01
      - 192.0.2.1/26
    domains: [naibu.go.example]
    mail_domains: [naibu.go.example]
    hosts:
      - { value: DC01, criticality: high, device_class: domain_controller }
  - key: eda
    name_ja: 江田局
    name_en: Eda Bureau
    parent: naibu
";

#[test]
fn yaml_says_the_same_as_csv_with_the_line_of_every_row() {
    let plan = plan_of(&yaml::rows(YAML).unwrap());
    let fates: Vec<(u64, &str, bool)> =
        plan.rows.iter().map(|row| (row.line, row.about.as_str(), row.fate == Fate::New)).collect();
    assert_eq!(
        fates,
        [
            (2, "organisation naibu", true),
            (8, "network 192.0.2.0/26", true),
            (9, "network 10.1.0.0/16", true),
            (13, "network 192.0.2.1/26", false),
            (14, "domain naibu.go.example", true),
            (15, "mail_domain naibu.go.example", true),
            (17, "host DC01", true),
            (18, "organisation eda", true),
        ]
    );
}

#[test]
fn yaml_of_another_shape_is_refused_with_its_line() {
    let refused = |text: &str| match yaml::rows(text) {
        Err(Error::Unreadable { line, reason }) => (line, reason),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused("organisations:\n  - key: a\n    nets: []\n").0, 3);
    assert!(
        refused("organisations: 7\n").1.contains("expected") || !refused("organisations: 7\n").1.is_empty()
    );
    assert!(!refused("{").1.is_empty());
    let bomb = "organisations:\n  - &a { key: a }\n  - *a\n";
    assert!(!refused(bomb).1.is_empty());
}

async fn empty() -> (testkit::Database, Store) {
    let database = testkit::Database::new();
    let store = Store::open_at(&database.location().parse().unwrap(), Options::default()).await.unwrap();
    (database, store)
}

#[tokio::test]
async fn importing_twice_changes_nothing_and_a_changed_row_names_its_columns() {
    let (_database, store) = empty().await;
    let first = import(&store, &coordinator(), YAML.as_bytes(), Notation::Yaml, now()).await.unwrap();
    assert_eq!(first.tally(), Tally { new: 7, wrong: 1, ..Tally::default() });
    let second = import(&store, &coordinator(), YAML.as_bytes(), Notation::Yaml, now()).await.unwrap();
    assert_eq!(second.tally(), Tally { same: 7, wrong: 1, ..Tally::default() });
    let edited = YAML.replace("criticality: high\n", "criticality: low\n").replace("江田局", "江田庁");
    let third = import(&store, &coordinator(), edited.as_bytes(), Notation::Yaml, now()).await.unwrap();
    assert_eq!(third.tally(), Tally { same: 5, changed: 2, wrong: 1, ..Tally::default() });
    let changes: Vec<&Fate> =
        third.rows.iter().map(|row| &row.fate).filter(|fate| matches!(fate, Fate::Changed { .. })).collect();
    assert_eq!(
        changes,
        [&Fate::Changed { columns: vec!["criticality"] }, &Fate::Changed { columns: vec!["name_ja"] }]
    );
    let registry = Registry::load(&store).await.unwrap();
    assert_eq!(registry.by_key("eda").unwrap().name_ja, "江田庁");
    assert_eq!(registry.by_key("eda").unwrap().parent, Some(registry.by_key("naibu").unwrap().id));
    let trail = store.audit_lines(None, 9).await.unwrap();
    assert_eq!(trail.len(), 3);
    assert_eq!(trail[0].1.detail["rows"]["changed"], 2);
    assert_eq!(trail[0].1.detail["wrong"][0]["line"], 13);
}

#[tokio::test]
async fn what_the_import_registers_leaves_the_queue_of_the_unowned() {
    let (_database, store) = empty().await;
    import(&store, &coordinator(), format!("{HEADER}{TWO}").as_bytes(), Notation::Csv, now()).await.unwrap();
    let registry = Registry::load(&store).await.unwrap();
    let naibu = registry.by_key("naibu").unwrap().id;
    let seen = |value: &str| Observable { kind: ObservableKind::Address, value: value.into() };
    let mut tx = store.write().await.unwrap();
    note_unowned(&mut tx, &seen("192.0.2.7"), naibu, now(), 2).await.unwrap();
    note_unowned(&mut tx, &seen("192.0.2.7"), naibu, now(), 3).await.unwrap();
    note_unowned(&mut tx, &seen("203.0.113.1"), naibu, now(), 1).await.unwrap();
    tx.commit().await.unwrap();
    let queue = unowned::list(&store, &testkit::house(), 9).await.unwrap();
    assert_eq!(queue.iter().map(|entry| entry.seen).collect::<Vec<_>>(), [5, 1]);
    let (first, next) = unowned::page(&store, &testkit::house(), None, 1).await.unwrap();
    let after = next.unwrap().to_string().parse().unwrap();
    let (second, end) = unowned::page(&store, &testkit::house(), Some(&after), 1).await.unwrap();
    assert_eq!((first, second, end), (vec![queue[0].clone()], vec![queue[1].clone()], None));
    assert_eq!(unowned::list(&store, &testkit::member(registry.subtree(naibu)), 9).await.unwrap(), []);
    assert_eq!(unowned::count(&store, &testkit::member(registry.subtree(naibu))).await.unwrap(), 0);

    import(&store, &coordinator(), YAML.as_bytes(), Notation::Yaml, now()).await.unwrap();
    let queue = unowned::list(&store, &testkit::house(), 9).await.unwrap();
    assert_eq!(
        queue.iter().map(|entry| entry.observable.value.as_str()).collect::<Vec<_>>(),
        ["203.0.113.1"]
    );
    let registry = Registry::load(&store).await.unwrap();
    let owner = registry.owner_of(&seen("192.0.2.7"), now(), naibu);
    assert_eq!((owner.organisation, owner.why), (Some(naibu), Why::MostSpecific));
}
