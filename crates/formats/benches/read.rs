//! How fast files are read, in CPU time: `cargo bench -p formats -- FILE…`. Without files it reads records it makes
//! up. `--beside` also reads each line of JSON as a tree with serde_json, for comparison.

#![allow(clippy::print_stdout)] // It is what a benchmark is for.

use std::fs::File;
use std::io::Read;

use formats::read::{Blocks, Options, Parser, Place, Sink, Unread};
use formats::{Event, Names, Sources};

#[derive(Default)]
struct Count {
    events: u64,
    unread: u64,
    bytes: u64,
    fields: u64,
    untimed: u64,
}

impl Sink for Count {
    fn event(&mut self, _: &Names, _: &Sources, event: &Event, _: Place, raw: &[u8]) {
        self.events += 1;
        self.bytes += raw.len() as u64;
        self.fields += event.fields().len() as u64;
        self.untimed += u64::from(event.time.is_none());
    }

    fn unread(&mut self, unread: Unread) {
        self.unread += 1;
        self.bytes += unread.bytes;
    }
}

fn main() {
    let files: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    println!(
        "{:>10} {:>8} {:>8} {:>9} {:>9} {:>9}  what",
        "events", "unread", "untimed", "MB", "MB/s", "events/s"
    );
    if files.is_empty() {
        let eve = "{\"timestamp\":\"2024-01-01T00:00:00.123456+0900\",\"flow_id\":1234567890,\"event_type\":\"dns\",\
                   \"src_ip\":\"10.0.0.1\",\"src_port\":53211,\"dest_ip\":\"192.0.2.1\",\"dest_port\":53,\"proto\":\"UDP\",\
                   \"dns\":{\"type\":\"query\",\"id\":4242,\"rrname\":\"www.example.jp\",\"rrtype\":\"A\",\"tx_id\":0}}\n";
        run("made-up EVE", &mut eve.repeat(200_000).as_bytes());
        return;
    }
    let mut total = (0, 0.0);
    for name in &files {
        match File::open(name) {
            Ok(mut file) => {
                let (bytes, seconds) = run(name.rsplit('/').next().unwrap_or(name), &mut file);
                total = (total.0 + bytes, total.1 + seconds);
                if std::env::args().any(|argument| argument == "--beside") {
                    beside(name);
                }
            }
            Err(error) => println!("{name}: {error}"),
        }
    }
    println!("{:.1} MB/s over all", total.0 as f64 / 1e6 / total.1);
}

fn run(name: &str, stream: &mut dyn Read) -> (u64, f64) {
    let mut count = Count::default();
    let mut parser = Parser::default();
    let start = cpu_seconds();
    for block in Blocks::new(stream, Options::default()) {
        match block {
            Ok(block) => parser.parse(&block, &mut count),
            Err(error) => println!("{name}: {error}"),
        }
    }
    let seconds = cpu_seconds() - start;
    println!(
        "{:>10} {:>8} {:>8} {:>9.1} {:>9.1} {:>9.0}  {name}",
        count.events,
        count.unread,
        count.untimed,
        count.bytes as f64 / 1e6,
        count.bytes as f64 / 1e6 / seconds,
        count.events as f64 / seconds
    );
    (count.bytes, seconds)
}

/// What serde_json takes to make a tree of each line.
fn beside(name: &str) {
    let Ok(text) = std::fs::read_to_string(name) else { return };
    let start = cpu_seconds();
    let members: usize = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line).ok())
        .map(|object| object.len())
        .sum();
    let seconds = cpu_seconds() - start;
    println!("{:>50.1}  serde_json's tree of it ({members} members)", text.len() as f64 / 1e6 / seconds);
}

/// CPU time of this process, which other work on the machine does not change.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
