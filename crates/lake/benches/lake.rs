//! How fast the lake is kept and asked: `cargo bench -p lake -- [EVENTS]` (a million unless told).
//!
//! CPU seconds are the figure to compare: wall time depends on who else is using the machine.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::fs;
use std::path::Path;
use std::time::Instant;

use base::{EventId, Id, Observable, ObservableKind, Organisation, Period, Timestamp};
use lake::ParquetLake;
use watch::lake::{Cost, Dimension, Lake, Search, StoredEvent, Wanted};

/// Events unless the command line says otherwise.
const EVENTS: u64 = 1_000_000;
/// Events in one part: about what an import or a busy minute hands over.
const PART_EVENTS: u64 = 50_000;
/// As many as the ministries of the report.
const ORGANISATIONS: u64 = 21;
/// Days the events are spread over.
const DAYS: u64 = 10;
/// Indicators of one hunt, as a large feed has them.
const INDICATORS: u64 = 10_000;
/// 2026-07-15 00:00 in Japan, in microseconds.
const MIDNIGHT: i64 = 1_784_041_200_000_000;
const DAY_MICROSECONDS: u64 = 86_400_000_000;

fn main() {
    let asked = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let events: u64 = asked.unwrap_or(EVENTS);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lake = ParquetLake::open(folder.path()).expect("an empty lake");
    write(&lake, folder.path(), events);
    search(&lake, events);
    group(&lake);
    hunt(&lake, events);
}

/// Runs something twice and prints the second: the files are in memory then, as on a busy server.
fn measure(what: &str, mut run: impl FnMut() -> (u64, Cost)) {
    run();
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let (found, cost) = run();
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let Cost { files, files_opened, rows, bytes } = cost;
    println!(
        "{what:<44} {:>9.1} ms {:>7.2} CPU-s {found:>9} found  {files_opened}/{files} files {rows} rows {:.1} MB",
        wall * 1e3,
        cpu,
        bytes as f64 / 1e6
    );
}

fn write(lake: &ParquetLake, root: &Path, events: u64) {
    let (mut wall, mut cpu, mut raw_bytes) = (0.0, 0.0, 0);
    for first in (0..events).step_by(PART_EVENTS as usize) {
        let part: Vec<StoredEvent> =
            (first..events.min(first + PART_EVENTS)).map(|nth| event(nth, events)).collect();
        raw_bytes += part.iter().map(|event| event.raw.len() as u64).sum::<u64>();
        let (wall_before, cpu_before) = (Instant::now(), cpu_seconds());
        lake.append(&format!("part-{first}"), &part).expect("room on the disk");
        wall += wall_before.elapsed().as_secs_f64();
        cpu += cpu_seconds() - cpu_before;
    }
    let (kept, files) = bytes_under(root);
    println!(
        "written: {events} events in {files} files, {:.0} bytes raw each",
        raw_bytes as f64 / events as f64
    );
    println!("  {:.0} events/s, {:.0} events/CPU-s", events as f64 / wall, events as f64 / cpu);
    println!("  {:.1} bytes/event on disk (observables included)", kept as f64 / events as f64);
}

fn search(lake: &ParquetLake, events: u64) {
    let page = |what: &str, search: Search| {
        measure(what, || {
            let found =
                lake.search(&testkit::house(), &Search { limit: 100, ..search.clone() }).expect("an answer");
            (found.events.len() as u64, found.cost)
        });
    };
    let once =
        |event: &StoredEvent| event.observables.iter().find(|seen| seen.value.starts_with("cdn")).cloned();
    let rare = (events / 3..events).find_map(|nth| once(&event(nth, events)));
    let often = event(events / 3, events).observables.remove(1);
    page("newest 100", Search::default());
    page(
        "newest 100 of one organisation",
        Search { organisations: vec![organisation(7)], ..Search::default() },
    );
    page("an observable seen once", Search { observables: rare.into_iter().collect(), ..Search::default() });
    page("an observable seen often", Search { observables: vec![often], ..Search::default() });
    page(
        "an observable nobody saw",
        Search { observables: vec![domain("absent.example.org")], ..Search::default() },
    );
    page("a common word, newest 100", Search { words: vec!["Mozilla".to_owned()], ..Search::default() });
    page("a word in no raw record", Search { words: vec!["xyzzy".to_owned()], ..Search::default() });
    page(
        "a word in no raw record, one organisation-day",
        Search {
            words: vec!["xyzzy".to_owned()],
            organisations: vec![organisation(7)],
            period: Some(days(3, 4)),
            ..Search::default()
        },
    );
}

fn group(lake: &ParquetLake) {
    let count = |what: &str, by: &[Dimension], search: Search| {
        measure(what, || {
            let answer = lake.count_with_cost(&testkit::house(), &search, by).expect("an answer");
            (answer.value.len() as u64, answer.cost)
        });
    };
    count("count by organisation and day", &[Dimension::Organisation, Dimension::Day], Search::default());
    count("count by organisation and hour", &[Dimension::Organisation, Dimension::Hour], Search::default());
    count("count by product and category", &[Dimension::Product, Dimension::Category], Search::default());
    measure("most seen addresses of a day", || {
        let top = lake.top_with_cost(&testkit::house(), days(3, 4), ObservableKind::Address, 20);
        let top = top.expect("an answer");
        (top.value.len() as u64, top.cost)
    });
}

fn hunt(lake: &ParquetLake, events: u64) {
    let hunt = |what: &str, wanted: &[Wanted]| {
        measure(what, || {
            let answer = lake.hunt_with_cost(&testkit::house(), wanted, None).expect("an answer");
            (answer.value.len() as u64, answer.cost)
        });
    };
    let feed = |nth: u64| match nth % 4 {
        0 => Wanted { kind: ObservableKind::Domain, value: format!("bad{nth}.example.net") },
        1 => Wanted {
            kind: ObservableKind::Address,
            value: format!("203.0.{}.{}", nth / 256 % 256, nth % 256),
        },
        2 => Wanted {
            kind: ObservableKind::Address,
            value: format!("198.{}.{}.0/24", nth / 256 % 256, nth % 256),
        },
        _ => Wanted { kind: ObservableKind::Hash, value: format!("{nth:064x}") },
    };
    let mut wanted: Vec<Wanted> = (0..INDICATORS).map(feed).collect();
    let Observable { kind, value } = event(events / 3, events).observables.remove(1);
    wanted.push(Wanted { kind, value });
    hunt("hunt 10,001 indicators", &wanted);
    hunt("hunt one hash", &wanted[3..4]);
}

fn organisation(number: u64) -> Id<Organisation> {
    Id::from_digest([number as u8; 16])
}

fn days(start: u64, end: u64) -> Period {
    let at = |day: u64| time(MIDNIGHT + (day * DAY_MICROSECONDS) as i64);
    Period { start: at(start), end: at(end) }
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).expect("a time of this century")
}

fn domain(value: &str) -> Observable {
    Observable { kind: ObservableKind::Domain, value: value.to_owned() }
}

/// A proxy line; parts follow one another in time, organisations and values are mixed.
fn event(nth: u64, events: u64) -> StoredEvent {
    let dice = nth.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let dice = (dice ^ (dice >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let micros =
        MIDNIGHT + (u128::from(nth) * u128::from(DAYS * DAY_MICROSECONDS) / u128::from(events)) as i64;
    let client = format!("10.{}.{}.{}", dice % 21, dice >> 8 & 15, dice >> 16 & 255);
    // A few hosts get most of the visits, and one in a hundred is visited once.
    let host = match dice >> 24 & 127 {
        0 => format!("cdn{nth}.example.com"),
        often => format!("www{}.example.jp", often * (dice >> 40 & 31)),
    };
    let path = format!("/{:x}/{:x}.html?session={:016x}", dice >> 50 & 63, dice >> 44 & 4095, dice);
    let raw = format!(
        "{} {} TCP_MISS/200 {} GET http://{host}{path} - HIER_DIRECT/203.0.113.9 text/html \"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36\"",
        micros / 1_000_000,
        client,
        dice >> 33 & 65_535
    );
    let mut id = [0; 16];
    id[..8].copy_from_slice(&dice.to_be_bytes());
    id[8..].copy_from_slice(&nth.to_be_bytes());
    StoredEvent {
        id: EventId(id),
        organisation: organisation(dice % ORGANISATIONS),
        time: time(micros),
        time_stated: true,
        product: if dice & 7 == 0 { "windows" } else { "squid" }.to_owned(),
        service: String::new(),
        category: "proxy".to_owned(),
        format: "squid".to_owned(),
        file: format!("access-{}.log", nth / 500_000),
        offset: nth * 260,
        line: nth + 1,
        raw: raw.into_bytes(),
        fields: Vec::new(),
        observables: vec![
            Observable { kind: ObservableKind::Address, value: client },
            domain(&host),
            Observable { kind: ObservableKind::Url, value: format!("http://{host}{path}") },
        ],
    }
}

fn bytes_under(folder: &Path) -> (u64, u64) {
    let mut sum = (0, 0);
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let (bytes, files) = if path.is_dir() {
            bytes_under(&path)
        } else {
            (
                entry.metadata().map_or(0, |metadata| metadata.len()),
                u64::from(path.extension() == Some("parquet".as_ref())),
            )
        };
        sum = (sum.0 + bytes, sum.1 + files);
    }
    sum
}

/// User and system time of this process, all threads; 0 where the system does not say.
fn cpu_seconds() -> f64 {
    // utime and stime in ticks of a hundredth, the 12th and 13th words after the name in brackets.
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
