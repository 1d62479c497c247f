//! Counts and costs of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use watch::detect::{RuleStanding, Standing};

use crate::pipeline::{End, Step};

/// How many unread records are named; the rest are counted.
const UNREAD_NAMED: usize = 20;

/// What a run read, found and cost.
#[derive(Debug, Default, serde::Serialize)]
pub struct Summary {
    /// Files read, wholly or in part.
    pub files: u64,
    /// Files that could not be opened or read to their end.
    pub files_unread: Vec<FileUnread>,
    /// Bytes of records, decompressed.
    pub bytes: u64,
    /// Events read.
    pub events: u64,
    /// Detections printed.
    pub detections: u64,
    /// Records that could not be read.
    pub unread: UnreadCount,
    /// Events by the format they were read as.
    pub events_by_format: BTreeMap<String, u64>,
    /// Events by `product/service/category`.
    pub events_by_route: BTreeMap<String, u64>,
    /// Where the rules stand.
    pub rules: RuleCount,
    /// What correlations took and did not take; absent without correlations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<CorrelationCount>,
    /// Wall-clock time of the whole run.
    pub seconds: f64,
    /// CPU time of the whole run, all threads.
    pub cpu_seconds: f64,
    /// Of it, CPU time to load and compile rules.
    pub cpu_seconds_load: f64,
    /// Events per CPU second, loading of rules aside.
    pub events_per_cpu_second: f64,
    /// The most memory held.
    pub peak_memory_bytes: Option<u64>,
}

/// A file that was not read, or not wholly.
#[derive(Debug, serde::Serialize)]
pub struct FileUnread {
    /// Its name.
    pub file: String,
    /// What the system said.
    pub reason: String,
}

/// Records that could not be read.
#[derive(Debug, Default, serde::Serialize)]
pub struct UnreadCount {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Vec<UnreadNamed>,
}

/// One record that could not be read.
#[derive(Debug, serde::Serialize)]
pub struct UnreadNamed {
    /// Its file.
    pub file: String,
    /// Bytes before it.
    pub offset: u64,
    /// Its line.
    pub line: u64,
    /// How long it is.
    pub bytes: u64,
    /// What was wrong.
    pub reason: String,
}

/// How many rules stand where.
#[derive(Debug, Default, serde::Serialize)]
pub struct RuleCount {
    /// Asked about events that have what they need.
    pub active: u64,
    /// Of them, those that matched.
    pub matched: u64,
    /// Never asked, or in vain.
    pub blind: u64,
    /// Not evaluated.
    pub unsupported: u64,
}

/// Matches that correlations took, each once for every correlation that counts it, and those they did not.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct CorrelationCount {
    /// Counted.
    pub taken: u64,
    /// Of events that do not say when they happened.
    pub untimed: u64,
    /// Of events later than the lateness allows.
    pub late: u64,
    /// Of events from the future.
    pub future: u64,
    /// Without a value of the group's fields.
    pub ungrouped: u64,
    /// Without the value that is counted.
    pub valueless: u64,
    /// Groups given up for lack of memory.
    pub forgotten: u64,
}

impl Summary {
    /// Adds what came of one block, and how many detections of it were printed.
    pub fn add<T>(&mut self, file: &str, step: &Step<T>, detections: usize) {
        self.detections += detections as u64;
        self.bytes += step.bytes;
        for (format, count) in &step.events {
            self.events += count;
            *self.events_by_format.entry(format.to_string()).or_default() += count;
        }
        self.unread.count += step.unread.len() as u64;
        for unread in step.unread.iter().take(UNREAD_NAMED - self.unread.first.len()) {
            self.unread.first.push(UnreadNamed {
                file: file.to_owned(),
                offset: unread.place.offset,
                line: unread.place.line,
                bytes: unread.bytes,
                reason: unread.reason.clone(),
            });
        }
        let reason = match &step.end {
            None => return,
            Some(End::Whole) => None,
            Some(End::Unopened(error)) => Some(error.to_string()),
            Some(End::Broken(error)) => Some(error.to_string()),
        };
        self.files += 1;
        if let Some(reason) = reason {
            self.files_unread.push(FileUnread { file: file.to_owned(), reason });
        }
    }

    /// Counts where the rules stand.
    pub fn count_rules(&mut self, standings: &[RuleStanding]) {
        for standing in standings {
            match standing.standing {
                Standing::Active { hits } => {
                    self.rules.active += 1;
                    self.rules.matched += u64::from(hits > 0);
                }
                Standing::Blind { .. } => self.rules.blind += 1,
                Standing::Unsupported { .. } => self.rules.unsupported += 1,
            }
        }
    }

    /// Notes what the run cost.
    pub fn finish(&mut self, wall: Duration, cpu: Duration, load: (Duration, Duration), peak: Option<u64>) {
        self.seconds = wall.as_secs_f64();
        self.cpu_seconds = cpu.as_secs_f64();
        self.cpu_seconds_load = load.1.as_secs_f64();
        self.events_per_cpu_second =
            self.events as f64 / (self.cpu_seconds - self.cpu_seconds_load).max(1e-6);
        self.peak_memory_bytes = peak;
    }

    /// The run in one sentence.
    pub fn sentence(&self) -> String {
        format!(
            "{} detections in {} events of {} files ({:.1} MB) in {:.2} s; {} records not read; rules: {} active ({} \
             matched), {} blind, {} unsupported",
            self.detections,
            self.events,
            self.files,
            self.bytes as f64 / 1e6,
            self.seconds,
            self.unread.count,
            self.rules.active,
            self.rules.matched,
            self.rules.blind,
            self.rules.unsupported,
        )
    }
}
