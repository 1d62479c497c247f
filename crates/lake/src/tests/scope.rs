//! A member sees its own events and no trace of anybody else's, whatever it asks.

use base::ObservableKind;
use watch::lake::{Dimension, Lake, Search, Wanted};

use super::world::{at, event, hours, observable, organisation};
use crate::ParquetLake;

#[test]
fn no_question_shows_a_member_what_belongs_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    let own = event(1, 1, at(0));
    let mut other = event(2, 2, at(1));
    other.observables = vec![observable("domain:secret.example.jp"), observable("address:192.0.2.1")];
    lake.append("part", &[own.clone(), other.clone()]).unwrap();
    let (period, member) = (hours(0, 1), testkit::member([organisation(1)]));
    let search = Search { limit: 10, ..Search::default() };

    let found = lake.search(&member, &search).unwrap();
    assert_eq!((found.events, found.more, found.cost.files), (vec![own.clone()], false, 1));
    // Naming another organisation does not widen the scope.
    let named = Search { organisations: vec![organisation(2)], ..search.clone() };
    assert_eq!(lake.search(&member, &named).unwrap().events, []);
    assert_eq!(lake.events(&member, &[own.id, other.id], period).unwrap(), [own]);
    let counted = lake.count(&member, &search, &[Dimension::Organisation]).unwrap();
    assert_eq!(counted, [(vec![organisation(1).to_string()], 1)]);
    assert_eq!(lake.top(&member, period, ObservableKind::Domain, 10).unwrap(), []);
    let addresses = lake.top(&member, period, ObservableKind::Address, 10).unwrap();
    assert_eq!(addresses, [(observable("address:192.0.2.1"), 1)]);
    let wanted = [Wanted { kind: ObservableKind::Address, value: "192.0.2.1".to_owned() }];
    let sightings = lake.hunt(&member, &wanted, None).unwrap();
    assert_eq!(sightings.iter().map(|seen| seen.organisation).collect::<Vec<_>>(), [organisation(1)]);

    // The centre sees both, so the silence above is the scope's doing.
    assert_eq!(lake.search(&testkit::house(), &search).unwrap().events.len(), 2);
    assert_eq!(lake.hunt(&testkit::house(), &wanted, None).unwrap().len(), 2);
    assert_eq!(lake.top(&testkit::house(), period, ObservableKind::Domain, 10).unwrap().len(), 1);
}

#[test]
fn a_damaged_file_of_another_organisation_is_not_named_to_a_member() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    lake.append("part", &[event(1, 1, at(0)), event(2, 2, at(1))]).unwrap();
    for path in super::damage::files(folder.path(), "events") {
        if path.to_string_lossy().contains(&organisation(2).to_string()) {
            std::fs::write(path, b"not Parquet").unwrap();
        }
    }
    let search = Search { limit: 10, ..Search::default() };
    let member = testkit::member([organisation(1)]);
    assert_eq!(lake.search(&member, &search).unwrap().damaged, Vec::<String>::new());
    assert_eq!(lake.search(&testkit::house(), &search).unwrap().damaged.len(), 1);
}
