//! Another engine reads the same files and finds the same: the lake is not a format of our own.

use std::process::Command;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use watch::lake::{Dimension, Lake, Search};

use super::world;
use crate::ParquetLake;

const SCRIPT: &str = r#"
import duckdb, sys
rows = duckdb.sql(f"""
    select org, day::varchar, product, count(*) from
    read_parquet('{sys.argv[1]}/events/*/*/*.parquet', hive_partitioning=true)
    group by all order by 4 desc, 1, 2, 3""").fetchall()
for row in rows:
    print(*row, sep='|')
values = duckdb.sql(f"""
    select o, count(*) from (select distinct id, unnest(observables) o from
    read_parquet('{sys.argv[1]}/events/*/*/*.parquet')) group by o except
    select kind || ':' || value, sum(count) from
    read_parquet('{sys.argv[1]}/observables/*/*/*.parquet') group by 1""").fetchall()
print('differing observables', len(values))
"#;

/// Needs a Python with the `duckdb` package; `NOROSHI_PYTHON` names one.
#[test]
fn duckdb_counts_the_same_files_alike() {
    let python = std::env::var("NOROSHI_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let installed = Command::new(&python).args(["-c", "import duckdb"]).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: {python} has no duckdb package (pip install duckdb; NOROSHI_PYTHON=<python>)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let lake = ParquetLake::open(folder.path()).unwrap();
    let parts = world::parts().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    for (part, mut events) in parts {
        // DuckDB's calendar and ours differ at the ends of time.
        events.retain(|event| event.time > base::Timestamp::MIN && event.time < base::Timestamp::MAX);
        lake.append(&part, &events).unwrap();
    }
    let by = [Dimension::Organisation, Dimension::Day, Dimension::Product];
    let counted = lake.count(&testkit::house(), &Search::default(), &by).unwrap();
    assert!(counted.len() > 5);
    let line = |(names, count): &(Vec<String>, u64)| format!("{}|{count}\n", names.join("|"));
    let expected = counted.iter().map(line).collect::<String>() + "differing observables 0\n";
    let output = Command::new(&python).args(["-c", SCRIPT]).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}
