//! Damaged files are named and left out; everything else is still answered.

use std::fs;
use std::path::{Path, PathBuf};

use base::ObservableKind;
use watch::lake::{Dimension, Lake, Search, Wanted};

use super::world::{HOUR, at, event, events, hours};
use crate::ParquetLake;

/// Every Parquet file of a table, in order.
pub(crate) fn files(root: &Path, table: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.join(table)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

fn everything() -> Search {
    Search { limit: 1_000, ..Search::default() }
}

/// Two parts of 100 events each on different days; the second's files are given to `damage`.
fn check(damage: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    lake.append("whole", &events(0, 100)).unwrap();
    let later: Vec<_> = (100..200).map(|number| event(number, 1, at(30 * HOUR))).collect();
    lake.append("hurt", &later).unwrap();
    for table in ["events", "observables"] {
        for path in files(folder.path(), table).iter().filter(|path| path.ends_with("hurt.parquet")) {
            damage(path);
        }
    }
    let centre = testkit::house();
    let found = lake.search(&centre, &everything()).unwrap();
    assert_eq!(found.events.len(), 100, "{:?}", found.damaged);
    let hurt = |damaged: &[String]| damaged.len() == 1 && damaged[0].contains("hurt.parquet: ");
    assert!(hurt(&found.damaged), "{:?}", found.damaged);
    let counted = lake.count_with_cost(&centre, &everything(), &[Dimension::Hour]).unwrap();
    assert_eq!(counted.value.iter().map(|(_, count)| count).sum::<u64>(), 100);
    assert!(hurt(&counted.damaged), "{:?}", counted.damaged);
    let wanted = [Wanted { kind: ObservableKind::Address, value: "192.0.2.1".to_owned() }];
    let hunted = lake.hunt_with_cost(&centre, &wanted, None).unwrap();
    assert_eq!((hunted.value.len(), hunted.value[0].events), (1, 100));
    assert!(hurt(&hunted.damaged), "{:?}", hunted.damaged);
    let top = lake.top_with_cost(&centre, hours(0, 48), ObservableKind::Address, 5).unwrap();
    assert_eq!(top.value[0].1, 100);
    assert!(hurt(&top.damaged), "{:?}", top.damaged);
    // Writing the part again mends it.
    lake.append("hurt", &later).unwrap();
    assert_eq!(lake.search(&centre, &everything()).unwrap().events.len(), 200);
}

#[test]
fn a_file_cut_off_anywhere_is_left_out() {
    for keep in [0, 4, 100] {
        check(|path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..keep]).unwrap();
        });
    }
    check(|path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
    });
}

#[test]
fn a_file_that_is_not_parquet_is_left_out() {
    check(|path| fs::write(path, vec![b'x'; 5_000]).unwrap());
}

#[test]
fn a_parquet_file_with_other_columns_is_left_out() {
    use arrow_array::{RecordBatch, RecordBatchOptions};
    use parquet::arrow::ArrowWriter;
    check(|path| {
        let schema = std::sync::Arc::new(arrow_schema::Schema::empty());
        let rows = RecordBatchOptions::new().with_row_count(Some(5));
        let batch = RecordBatch::try_new_with_options(schema.clone(), Vec::new(), &rows).unwrap();
        let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), schema, None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    });
}

/// Whatever bytes rot, wherever, answers come: the reader underneath does panic on some of them.
#[test]
fn rotten_bytes_never_take_an_answer_down() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    let original = events(0, 100);
    lake.append("part", &original).unwrap();
    let centre = testkit::house();
    let wanted = [Wanted { kind: ObservableKind::Address, value: "192.0.2.0/24".to_owned() }];
    let mut noticed = 0;
    for table in ["events", "observables"] {
        let path = files(folder.path(), table).remove(0);
        let bytes = fs::read(&path).unwrap();
        // Every byte of the footer, and a sample of the data before it.
        let footer = bytes.len().saturating_sub(6_000);
        for at in (0..footer).step_by(61).chain((footer..bytes.len()).step_by(11)) {
            let mut rotten = bytes.clone();
            rotten[at] ^= 0x55;
            fs::write(&path, rotten).unwrap();
            let words = Search { words: vec!["record".to_owned()], ..everything() };
            let found = lake.search(&centre, &words).unwrap();
            noticed += usize::from(!found.damaged.is_empty());
            let counted = lake.count(&centre, &everything(), &[Dimension::Product, Dimension::Hour]).unwrap();
            assert!(counted.len() <= 100);
            lake.hunt(&centre, &wanted, Some(hours(0, 1))).unwrap();
            lake.top(&centre, hours(0, 1), ObservableKind::Address, 3).unwrap();
        }
        fs::write(&path, bytes).unwrap();
    }
    assert!(noticed > 50, "only {noticed} were noticed");
    assert_eq!(lake.search(&centre, &everything()).unwrap().events.len(), original.len());
}
