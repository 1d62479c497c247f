//! What every answer carries besides the answer: its cost, and the files that could not be read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use arrow_schema::SchemaRef;
use watch::lake::Cost;

use crate::file::{Opened, Trouble, guarded};
use crate::layout::{Located, Table};

/// Threads that read files for one question, at most.
const THREADS_MAX: usize = 8;
/// Fewer files than this are read quicker by one thread than threads are started.
const FILES_PER_THREAD_MIN: usize = 2;

/// An answer and what it cost.
#[derive(Clone, Debug, Default)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// What it cost.
    pub cost: Cost,
    /// Files that could not be read and are missing from the answer: the path below the root, and why.
    pub damaged: Vec<String>,
}

/// What a question read so far.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) cost: Cost,
    pub(crate) damaged: Vec<String>,
}

impl Reading {
    /// Of a question about these files.
    pub(crate) fn over(located: &[Located]) -> Self {
        Self { cost: Cost { files: located.len() as u64, ..Cost::default() }, damaged: Vec::new() }
    }

    /// Opens a file and asks it; `None` when it is gone or damaged, which is noted.
    pub(crate) fn of<T>(
        &mut self,
        file: &Located,
        table: Table,
        schema: &SchemaRef,
        ask: impl FnOnce(&Opened, &mut Self) -> Result<T, Trouble>,
    ) -> Option<T> {
        let answer = guarded(|| {
            let opened = Opened::open(&file.path, schema)?;
            self.cost.files_opened += 1;
            let answer = ask(&opened, self);
            self.cost.bytes += opened.bytes();
            answer
        });
        match answer {
            Ok(answer) => Some(answer),
            Err(Trouble::Gone) => None,
            Err(Trouble::Damaged(reason)) => {
                self.damaged.push(format!("{}: {reason}", file.name(table)));
                None
            }
        }
    }

    /// Adds what another thread read.
    pub(crate) fn add(&mut self, other: Self) {
        self.cost.files += other.cost.files;
        self.cost.files_opened += other.cost.files_opened;
        self.cost.rows += other.cost.rows;
        self.cost.bytes += other.cost.bytes;
        self.damaged.extend(other.damaged);
    }

    /// The answer to the question.
    pub(crate) fn answer<T>(mut self, value: T) -> Answer<T> {
        self.damaged.sort_unstable();
        Answer { value, cost: self.cost, damaged: self.damaged }
    }
}

/// Reads files on all cores, and returns what each thread summed up.
pub(crate) fn each<S: Default + Send>(
    files: &[Located],
    read: impl Fn(&mut S, &mut Reading, &Located) + Sync,
) -> Vec<(S, Reading)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut sum, mut reading) = (S::default(), Reading::default());
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            read(&mut sum, &mut reading, file);
        }
        (sum, reading)
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(THREADS_MAX).min(files.len() / FILES_PER_THREAD_MIN);
    if threads < 2 {
        return vec![work()];
    }
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut sums = vec![work()];
        // `read` guards itself; a panic beyond that is a mistake of ours and must be seen.
        sums.extend(others.into_iter().map(|other| other.join().unwrap_or_else(resume)));
        sums
    })
}

fn resume<T>(panic: Box<dyn std::any::Any + Send>) -> T {
    std::panic::resume_unwind(panic)
}
