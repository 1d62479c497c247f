//! Files through workers, results back in order: one thread cuts, several understand, the caller takes.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use base::Timestamp;
use formats::read::{Block, Blocks, Options, Parser, Place, ReadError, Sink, Unread};
use formats::{Event, Format, Names, Sources};

use crate::input::Input;

/// What one worker does with events. Each thread has its own.
pub trait Work: Send {
    /// What it makes of a block.
    type Made: Send + Default;
    /// One event.
    fn event(&mut self, read: Read1<'_>, made: &mut Self::Made);
}

/// One event, and everything needed to understand it.
pub struct Read1<'a> {
    /// The names it uses.
    pub names: &'a Names,
    /// The sources it may come from.
    pub sources: &'a Sources,
    /// The event.
    pub event: &'a Event,
    /// Where it stands in its input.
    pub place: Place,
    /// The bytes it was read from.
    pub raw: &'a [u8],
    /// The number of its input.
    pub input: usize,
}

/// What came of one block, handed to the caller in the order of inputs and blocks.
pub struct Step<M> {
    /// The number of the input.
    pub input: usize,
    /// What the worker made.
    pub made: M,
    /// Events, by format.
    pub events: BTreeMap<Format, u64>,
    /// Records that could not be read.
    pub unread: Vec<Unread>,
    /// Bytes of records.
    pub bytes: u64,
    /// The input's offset after this block, to go on from.
    pub end_offset: u64,
    /// Bytes taken from the file so far, compressed as they may be.
    pub file_bytes: u64,
    /// What ended the input: set on its last step.
    pub end: Option<End>,
}

/// How an input ended.
pub enum End {
    /// All of it was read.
    Whole,
    /// It could not be opened.
    Unopened(std::io::Error),
    /// It could not be read to its end.
    Broken(ReadError),
}

enum Task {
    Block { sequence: u64, input: usize, block: Box<Block>, file_bytes: u64 },
    End { sequence: u64, input: usize, end: End, file_bytes: u64 },
}

/// Options by the number of the input.
pub type OptionsOf<'a> = &'a (dyn Fn(usize) -> Options + Sync);

/// Runs every input through `threads` workers. `take` gets each step in order and may stop everything with an error.
/// A record without a year was written before `now`. Returns the workers, with what they have learnt.
pub fn run<W: Work>(
    inputs: &[Input],
    options: OptionsOf<'_>,
    workers: Vec<W>,
    now: Timestamp,
    take: &mut dyn FnMut(Step<W::Made>) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<W>> {
    let waiting_max = workers.len() * 2;
    let (tasks, work) = sync_channel::<Task>(waiting_max);
    let (results, done) = sync_channel::<(u64, Step<W::Made>)>(waiting_max);
    let work = Mutex::new(work);
    std::thread::scope(|scope| {
        scope.spawn(|| cut(inputs, options, tasks));
        let threads: Vec<_> = workers
            .into_iter()
            .map(|worker| {
                let results = results.clone();
                let work = &work;
                scope.spawn(move || understand(worker, now, work, &results))
            })
            .collect();
        drop(results);
        let taken = in_order(&done, take);
        // Dropping the receivers ends the other threads when `take` has failed.
        drop(done);
        if taken.is_err() {
            let work = work.lock().unwrap_or_else(PoisonError::into_inner);
            while work.recv().is_ok() {}
        }
        let workers = threads.into_iter().map(|thread| thread.join());
        let workers: Result<Vec<_>, _> = workers.collect();
        taken?;
        workers.map_err(|_| anyhow::anyhow!("a worker failed; this is a mistake in noroshi"))
    })
}

fn cut(inputs: &[Input], options: OptionsOf<'_>, tasks: SyncSender<Task>) {
    let mut sequence = 0;
    let mut next = || {
        sequence += 1;
        sequence - 1
    };
    for (input, file) in inputs.iter().enumerate() {
        let mut file_bytes = 0;
        let end = match file.open() {
            Err(error) => End::Unopened(error),
            Ok(stream) => {
                let mut blocks = Blocks::new(stream, options(input)).named(base_name(&file.name));
                match cut_blocks(&mut blocks, &mut |block, bytes| {
                    file_bytes = bytes;
                    tasks
                        .send(Task::Block { sequence: next(), input, block: Box::new(block), file_bytes })
                        .is_ok()
                }) {
                    Ok(true) => End::Whole,
                    Ok(false) => return,
                    Err(error) => End::Broken(error),
                }
            }
        };
        if tasks.send(Task::End { sequence: next(), input, end, file_bytes }).is_err() {
            return;
        }
    }
}

fn base_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// `Ok(false)` when nobody wants more.
fn cut_blocks(
    blocks: &mut Blocks<Box<dyn Read + Send>>,
    send: &mut dyn FnMut(Block, u64) -> bool,
) -> Result<bool, ReadError> {
    while let Some(block) = blocks.next() {
        let block = block?;
        if !send(block, blocks.bytes_read()) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn understand<W: Work>(
    mut worker: W,
    now: Timestamp,
    work: &Mutex<Receiver<Task>>,
    results: &SyncSender<(u64, Step<W::Made>)>,
) -> W {
    let mut parser = Parser::default();
    parser.written_before = Some(now);
    loop {
        let task = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let step = match task {
            Err(_) => return worker,
            Ok(Task::Block { sequence, input, block, file_bytes }) => {
                (sequence, understand_block(&mut worker, &mut parser, input, &block, file_bytes))
            }
            Ok(Task::End { sequence, input, end, file_bytes }) => {
                let mut step = empty(input, file_bytes);
                step.end = Some(end);
                (sequence, step)
            }
        };
        if results.send(step).is_err() {
            return worker;
        }
    }
}

fn empty<M: Default>(input: usize, file_bytes: u64) -> Step<M> {
    Step {
        input,
        made: M::default(),
        events: BTreeMap::new(),
        unread: Vec::new(),
        bytes: 0,
        end_offset: 0,
        file_bytes,
        end: None,
    }
}

struct Taking<'w, W: Work> {
    worker: &'w mut W,
    input: usize,
    made: W::Made,
    counts: [u64; Format::ALL.len()],
    unread: Vec<Unread>,
}

impl<W: Work> Sink for Taking<'_, W> {
    fn event(&mut self, names: &Names, sources: &Sources, event: &Event, place: Place, raw: &[u8]) {
        self.counts[event.format as usize] += 1;
        self.worker.event(Read1 { names, sources, event, place, raw, input: self.input }, &mut self.made);
    }

    fn unread(&mut self, unread: Unread) {
        self.unread.push(unread);
    }
}

fn understand_block<W: Work>(
    worker: &mut W,
    parser: &mut Parser,
    input: usize,
    block: &Block,
    file_bytes: u64,
) -> Step<W::Made> {
    let mut sink = Taking {
        worker,
        input,
        made: W::Made::default(),
        counts: [0; Format::ALL.len()],
        unread: Vec::new(),
    };
    parser.parse(block, &mut sink);
    let Taking { made, counts, unread, .. } = sink;
    let counted = Format::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0);
    let bytes = block.records.iter().map(|(_, range)| range.len() as u64).sum();
    Step {
        made,
        events: counted.collect(),
        unread,
        bytes,
        end_offset: block.end_offset,
        ..empty(input, file_bytes)
    }
}

fn in_order<M>(
    done: &Receiver<(u64, Step<M>)>,
    take: &mut dyn FnMut(Step<M>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut early: HashMap<u64, Step<M>> = HashMap::new();
    let mut next = 0;
    for (sequence, step) in done {
        early.insert(sequence, step);
        while let Some(step) = early.remove(&next) {
            next += 1;
            take(step)?;
        }
    }
    Ok(())
}

/// As many workers as there are processors.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
