//! Log files into a data directory: read, detected, kept and judged, each record once.
//!
//! Records are collected into a batch over as many files as it takes. A batch goes into the lake under the number that
//! the database will give it, and then, in one transaction, moves the place of every file, counts, judges and takes
//! the number. A crash in between leaves the number untaken: the next batch writes over what was left.
//!
//! Matches that correlations count go the same way: into the memory's log under a number of their own series, and what
//! comes of them into the same transaction. Time stands still while the files of a run are read, because they may be of
//! one time; at its end it goes on.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use anyhow::Context as _;
use base::{EventId, Id, Organisation, Timestamp};
use formats::Format;
use formats::read::Options;
use jiff::SignedDuration;
use registry::{OrganisationKind, Registry};
use store::Tx;
use watch::correlation::{self, Correlated, Match, Memory, Opened};
use watch::detect::{Detection, Detector, Hit, Pass};
use watch::intake::{HourCount, PartResult, Position, UnreadRecord};
use watch::lake::{Lake as _, StoredEvent};
use watch::observe;

use crate::centre::Centre;
use crate::input::Input;
use crate::pipeline::{self, End, Read1, Step, Work};

/// Bytes of records after which a batch is committed.
const BATCH_BYTES: usize = 32 << 20;
/// Events after which a batch is committed.
const BATCH_EVENTS: usize = 100_000;
/// The most unread records of one batch that are handed on; all are counted.
const UNREAD_NAMED_MAX: usize = 1_000;
/// The beginning of a file that tells it from another of the same name.
const FINGERPRINT_BYTES: u64 = 1_024;
/// Times further back than this are taken for a broken clock: the event counts as of when it was read.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24 * 366 * 20);
/// Times further ahead than this, likewise.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(48);
/// The series of numbers that batches take.
const BATCHES: &str = "intake-batch";
/// The series of numbers that batches of matches take.
const CORRELATED: &str = "correlation-batch";
/// The folder of the data directory in which correlations are remembered.
pub const MEMORY: &str = "correlation";

/// A file to read, and whose it is.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// Whose.
    pub organisation: Id<Organisation>,
    /// Its name as people know it: the path below the folder that was named.
    pub name: String,
    /// Where it is.
    pub input: Input,
}

/// What a run gave.
#[derive(Debug, Default, serde::Serialize)]
pub struct Report {
    /// Files read, wholly or in part.
    pub files: u64,
    /// Files that had nothing new.
    pub files_unchanged: u64,
    /// Files that could not be opened or read to their end, and why.
    pub files_unread: Vec<(String, String)>,
    /// Events read.
    pub events: u64,
    /// Events by format.
    pub events_by_format: BTreeMap<String, u64>,
    /// Records that could not be read.
    pub unread: u64,
    /// Detections.
    pub detections: u64,
    /// What was correlated; nothing when no rule correlates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<CorrelationReport>,
    /// New threats.
    pub threats: u64,
    /// Campaigns that are new or grew.
    pub campaigns: u64,
    /// Bytes of records.
    pub bytes: u64,
}

impl Report {
    fn add(&mut self, raised: &watch::threat::Raised) {
        self.threats += raised.threats.len() as u64;
        self.campaigns += raised.campaigns.len() as u64;
    }
}

/// What was correlated in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct CorrelationReport {
    /// Correlations that held, among the detections.
    pub detections: u64,
    /// Events that rules matched which correlations count.
    pub matches: u64,
    /// Those that came later than the stated lateness.
    pub late: u64,
    /// Those that do not say when they happened.
    pub untimed: u64,
    /// Groups that are remembered.
    pub groups: u64,
    /// Groups forgotten because their organisation had too many, since the memory began.
    pub forgotten: u64,
}

/// Reads files into one data directory; only one process does so at a time.
pub struct Intake<'c> {
    centre: &'c Centre,
    detector: Detector,
    policy: sigma::Policy,
    threads: usize,
    /// What correlations remember; not there while its last batch may not have been committed.
    memory: Option<Memory>,
    _lock: File,
}

impl<'c> Intake<'c> {
    /// Waits for the right to read into the directory.
    pub fn begin(
        centre: &'c Centre,
        detector: &Detector,
        policy: sigma::Policy,
        threads: usize,
    ) -> anyhow::Result<Self> {
        let lock = centre.lock_intake()?;
        Ok(Self { centre, detector: detector.clone(), policy, threads, memory: None, _lock: lock })
    }

    /// Reads what is new in the files. `progress` is told how many bytes of them are done.
    pub fn read(
        &mut self,
        files: &[LogFile],
        format: Option<Format>,
        now: Timestamp,
        progress: &mut dyn FnMut(u64),
    ) -> anyhow::Result<Report> {
        let mut report = Report::default();
        let mut open = Vec::new();
        for file in files {
            match self.place(file) {
                Ok(Some(place)) => open.push((file, place)),
                Ok(None) => report.files_unchanged += 1,
                Err(error) => report.files_unread.push((file.name.clone(), format!("{error:#}"))),
            }
        }
        let inputs: Vec<Input> = open.iter().map(|(file, _)| file.input.clone()).collect();
        let offsets: Vec<u64> = open.iter().map(|(_, place)| place.position.offset).collect();
        let options =
            |input: usize| Options { format, start_offset: offsets.get(input).copied().unwrap_or(0) };
        let registry = self.centre.registry();
        let shared: Vec<Origin> =
            open.iter().map(|(file, place)| Origin::new(file, place, &registry)).collect();
        let memory = self.remember()?;
        let detector = &self.detector;
        let workers = (0..self.threads.max(1))
            .map(|_| Worker { pass: detector.pass(), detector, origins: &shared, registry: &registry, now })
            .collect();
        let mut batch = Batch::new(self.centre, &registry, now, &open, memory)?;
        let mut done_before = 0;
        pipeline::run(&inputs, &options, workers, now, &mut |step: Step<Made>| {
            progress(done_before + step.file_bytes);
            report.events += step.events.values().sum::<u64>();
            for (format, count) in &step.events {
                *report.events_by_format.entry(format.to_string()).or_default() += count;
            }
            report.unread += step.unread.len() as u64;
            report.bytes += step.bytes;
            if let Some(end) = &step.end {
                done_before += inputs[step.input].bytes;
                report.files += 1;
                let name = || open[step.input].0.name.clone();
                match end {
                    End::Whole => {}
                    End::Unopened(error) => report.files_unread.push((name(), error.to_string())),
                    End::Broken(error) => report.files_unread.push((name(), error.to_string())),
                }
            }
            batch.add(step);
            if batch.is_full() { batch.commit(&mut report) } else { Ok(()) }
        })?;
        batch.commit(&mut report)?;
        batch.settle(&mut report)?;
        self.memory = batch.memory;
        Ok(report)
    }

    /// Goes on with other rules and indicators. What correlations remember that did not change stays.
    pub fn change_rules(&mut self, detector: &Detector) -> anyhow::Result<()> {
        self.detector = detector.clone();
        if detector.correlations().is_empty() {
            // Its folder is left as it is.
            self.memory = None;
        }
        if let Some(memory) = &mut self.memory {
            let dropped = memory.change_rules(detector)?;
            tracing::info!(dropped, groups = memory.groups(), "rules changed; correlations go on");
        }
        Ok(())
    }

    /// What correlations remember: as the last run left it, or from its folder.
    fn remember(&mut self) -> anyhow::Result<Option<Memory>> {
        if self.memory.is_some() || self.detector.correlations().is_empty() {
            return Ok(self.memory.take());
        }
        let folder = self.centre.directory.join(MEMORY);
        let next = u64::try_from(self.centre.runtime.block_on(next_number(self.centre, CORRELATED))?)?;
        let (memory, opened) = Memory::open(&folder, &self.detector, self.policy, next)?;
        match opened {
            Opened::Begun => {}
            Opened::Continued { missing: 0, dropped: 0, groups, batches } => {
                tracing::debug!(groups, batches, "correlations go on");
            }
            Opened::Continued { groups, dropped, missing, .. } => {
                tracing::warn!(groups, dropped, missing, "correlations go on without some of their groups");
            }
            Opened::Lost(reason) => {
                tracing::warn!(folder = %folder.display(), "correlations begin anew: {reason}");
            }
        }
        Ok(Some(memory))
    }

    /// Where to go on in a file; `None` when there is nothing new.
    fn place(&self, file: &LogFile) -> anyhow::Result<Option<Place>> {
        let Some(path) = &file.input.path else {
            return Ok(Some(Place { fingerprint: "stream".into(), position: Position::default() }));
        };
        let runtime = &self.centre.runtime;
        let known = watch::intake::fingerprints(&self.centre.store, file.organisation, &file.name);
        for fingerprint in runtime.block_on(known)? {
            if !fingerprint_fits(path, &fingerprint)? {
                continue;
            }
            let position =
                watch::intake::position(&self.centre.store, file.organisation, &file.name, &fingerprint);
            let position = runtime.block_on(position)?;
            // A plain file that is as long as what was read of it has nothing new; of a compressed one nobody knows.
            let same_length = file.input.bytes == position.offset;
            let whole = fingerprint.starts_with("whole:");
            return Ok((!same_length && !whole).then_some(Place { fingerprint, position }));
        }
        Ok(Some(Place { fingerprint: fingerprint(path)?, position: Position::default() }))
    }
}

struct Place {
    fingerprint: String,
    position: Position,
}

/// `length:digest` of the beginning, which stays the same while a file grows; `whole:digest` for a Windows event
/// log, whose beginning changes with every record.
fn fingerprint(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut beginning = Vec::new();
    file.by_ref().take(FINGERPRINT_BYTES).read_to_end(&mut beginning)?;
    if beginning.starts_with(b"ElfFile\0") {
        return Ok(format!("whole:{}", digest_of_file(&mut file)?));
    }
    Ok(format!("{}:{}", beginning.len(), blake3::hash(&beginning)))
}

fn fingerprint_fits(path: &Path, fingerprint: &str) -> anyhow::Result<bool> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let Some((length, digest)) = fingerprint.split_once(':') else { return Ok(false) };
    let Ok(length) = length.parse::<u64>() else {
        return Ok(digest == digest_of_file(&mut file)?);
    };
    let mut beginning = Vec::new();
    file.take(length.min(FINGERPRINT_BYTES)).read_to_end(&mut beginning)?;
    Ok(beginning.len() as u64 == length && blake3::hash(&beginning).to_hex().as_str() == digest)
}

fn digest_of_file(file: &mut File) -> std::io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// What every event of one file shares.
struct Origin {
    organisation: Id<Organisation>,
    /// The centre's own sensors see many organisations: whose an event is, its addresses say.
    of_centre: bool,
    name: String,
    seed: blake3::Hasher,
}

impl Origin {
    fn new(file: &LogFile, place: &Place, registry: &Registry) -> Self {
        let mut seed = blake3::Hasher::new();
        seed.update(file.organisation.uuid().as_bytes());
        for part in [&file.name, &place.fingerprint] {
            seed.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        let of_centre =
            registry.organisation(file.organisation).is_some_and(|one| one.kind == OrganisationKind::Centre);
        Self { organisation: file.organisation, of_centre, name: file.name.clone(), seed }
    }

    fn event_id(&self, place: formats::read::Place) -> EventId {
        let mut hasher = self.seed.clone();
        hasher.update(&place.offset.to_le_bytes()).update(&place.line.to_le_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        EventId(id)
    }
}

#[derive(Default)]
struct Made {
    events: Vec<StoredEvent>,
    detections: Vec<Detection>,
    matches: Vec<Match>,
    /// Matches of events that do not say when they happened.
    untimed: u64,
}

struct Worker<'r> {
    pass: Pass,
    detector: &'r Detector,
    origins: &'r [Origin],
    registry: &'r Registry,
    now: Timestamp,
}

impl Work for Worker<'_> {
    type Made = Made;

    fn event(&mut self, read: Read1<'_>, made: &mut Made) {
        let Read1 { names, sources, event, place, raw, input } = read;
        let origin = &self.origins[input];
        let id = origin.event_id(place);
        let stated = event.time.filter(|time| believable(*time, self.now));
        let time = stated.unwrap_or(self.now);
        let observables = observe::observables(names, event);
        let hits = self.pass.hits(names, sources, event, &observables, time);
        let counted = self.pass.take_counted();
        if !hits.is_empty() || !counted.is_empty() {
            let route = self.pass.route_name(sources, event.source).to_owned();
            let (actor, target) = observe::parties(names, event);
            let organisation = self.owner(origin, &actor, &target, time);
            for hit in hits {
                let parties = (actor.clone(), target.clone());
                made.detections.push(detection(hit, id, organisation, time, &route, parties, &observables));
            }
            if !counted.is_empty() && stated.is_none() {
                made.untimed += 1;
            } else if !counted.is_empty() {
                let (what, parties) = ((id, organisation, time), (actor, target));
                made.matches.push(Match::new(what, parties, &observables, counted, self.detector));
            }
        }
        let source = sources.get(event.source);
        made.events.push(StoredEvent {
            id,
            organisation: origin.organisation,
            time,
            time_stated: stated.is_some(),
            product: source.product.clone(),
            service: source.services.join("+"),
            category: source.categories.join("+"),
            format: event.format.word().to_owned(),
            file: origin.name.clone(),
            offset: place.offset,
            line: place.line,
            raw: raw.to_vec(),
            fields: kept_fields(names, event),
            observables,
        });
    }
}

impl Worker<'_> {
    /// Whose detection it is: the log's owner, or, for the centre's own logs, the owner of an address in it.
    fn owner(&self, origin: &Origin, actor: &str, target: &str, at: Timestamp) -> Id<Organisation> {
        if !origin.of_centre {
            return origin.organisation;
        }
        [target, actor]
            .into_iter()
            .filter_map(|party| party.parse().ok())
            .find_map(|address| self.registry.owner_of_address(address, at).organisation)
            .unwrap_or(origin.organisation)
    }
}

fn believable(time: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(time);
    -AHEAD_MAX <= age && age <= AGE_MAX
}

/// Fields are kept where the record alone does not say its columns' names.
fn kept_fields(names: &formats::Names, event: &formats::Event) -> Vec<(String, String)> {
    if !matches!(event.format, Format::ZeekTsv | Format::Csv | Format::W3c) {
        return Vec::new();
    }
    let pair =
        |field: &formats::Field| (names.path(field.name).to_owned(), event.value(field).text.to_owned());
    event.fields().iter().map(pair).collect()
}

fn detection(
    hit: Hit,
    event: EventId,
    organisation: Id<Organisation>,
    time: Timestamp,
    route: &str,
    (actor, target): (String, String),
    observables: &[base::Observable],
) -> Detection {
    Detection {
        event,
        organisation,
        time,
        rule_id: hit.rule_id,
        rule_title: hit.rule_title,
        level: hit.level,
        techniques: hit.techniques,
        route: route.to_owned(),
        fields: hit.fields,
        actor,
        target,
        observables: observables.to_vec(),
        indicator: hit.indicator,
        contributing: Vec::new(),
    }
}

/// What was read and not yet committed, over several files.
struct Batch<'b> {
    centre: &'b Centre,
    registry: &'b Registry,
    now: Timestamp,
    files: Vec<Going<'b>>,
    /// The parts of this batch, by the number of their file.
    parts: BTreeMap<usize, PartResult>,
    hours: HashMap<(usize, Timestamp), HourCount>,
    events: Vec<StoredEvent>,
    bytes: usize,
    number: i64,
    memory: Option<Memory>,
    correlated: correlation::Batch,
    /// By match: the number of its file.
    inputs: Vec<usize>,
    untimed: u64,
}

struct Going<'b> {
    file: &'b LogFile,
    fingerprint: &'b str,
    next_part: u64,
    offset: u64,
}

impl<'b> Batch<'b> {
    fn new(
        centre: &'b Centre,
        registry: &'b Registry,
        now: Timestamp,
        open: &'b [(&'b LogFile, Place)],
        memory: Option<Memory>,
    ) -> anyhow::Result<Self> {
        let going = |(file, place): &'b (&'b LogFile, Place)| Going {
            file,
            fingerprint: &place.fingerprint,
            next_part: place.position.next_part,
            offset: place.position.offset,
        };
        Ok(Self {
            centre,
            registry,
            now,
            files: open.iter().map(going).collect(),
            parts: BTreeMap::new(),
            hours: HashMap::new(),
            events: Vec::new(),
            bytes: 0,
            number: centre.runtime.block_on(next_number(centre, BATCHES))?,
            memory,
            correlated: correlation::Batch::default(),
            inputs: Vec::new(),
            untimed: 0,
        })
    }

    fn add(&mut self, step: Step<Made>) {
        let file = &mut self.files[step.input];
        file.offset = file.offset.max(step.end_offset);
        if step.made.events.is_empty() && step.unread.is_empty() {
            return;
        }
        let part = self.parts.entry(step.input).or_insert_with(|| PartResult {
            organisation: file.file.organisation,
            file: file.file.name.clone(),
            fingerprint: file.fingerprint.to_owned(),
            part: file.next_part,
            new_offset: 0,
            hours: Vec::new(),
            unread: Vec::new(),
            unread_total: 0,
            late: 0,
            detections: Vec::new(),
        });
        part.new_offset = file.offset;
        part.unread_total += step.unread.len() as u64;
        let room = UNREAD_NAMED_MAX.saturating_sub(part.unread.len());
        part.unread.extend(step.unread.into_iter().take(room).map(|unread| UnreadRecord {
            offset: unread.place.offset,
            line: unread.place.line,
            reason: unread.reason,
            beginning: unread.beginning,
        }));
        part.detections.extend(step.made.detections);
        self.untimed += step.made.untimed;
        self.inputs.extend(step.made.matches.iter().map(|_| step.input));
        self.correlated.matches.extend(step.made.matches);
        for event in &step.made.events {
            let second = event.time.as_second();
            let hour = Timestamp::from_second(second - second.rem_euclid(3_600)).unwrap_or(event.time);
            let count = self.hours.entry((step.input, hour)).or_insert(HourCount {
                hour,
                events: 0,
                last_event_at: event.time,
            });
            count.events += 1;
            count.last_event_at = count.last_event_at.max(event.time);
            if event.time_stated {
                let heard = self.correlated.heard.entry(event.organisation).or_insert(event.time);
                *heard = event.time.max(*heard);
            }
            self.bytes += event.raw.len() + 256;
        }
        self.events.extend(step.made.events);
    }

    fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES || self.events.len() >= BATCH_EVENTS
    }

    fn commit(&mut self, report: &mut Report) -> anyhow::Result<()> {
        if self.parts.is_empty() {
            return Ok(());
        }
        self.centre.lake.append(&format!("batch-{:010}", self.number), &self.events)?;
        for ((input, _), count) in self.hours.drain() {
            if let Some(part) = self.parts.get_mut(&input) {
                part.hours.push(count);
            }
        }
        let mut parts = std::mem::take(&mut self.parts);
        let correlated = self.correlate(&mut parts, report)?;
        self.centre.runtime.block_on(self.commit_parts(&parts, correlated.as_ref(), report))?;
        if let Some(memory) = &mut self.memory {
            memory.committed()?;
        }
        for input in parts.keys() {
            self.files[*input].next_part += 1;
        }
        self.number = self.centre.runtime.block_on(next_number(self.centre, BATCHES))?;
        self.events.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Logs and counts the matches of the batch; what came too late is counted with its file.
    fn correlate(
        &mut self,
        parts: &mut BTreeMap<usize, PartResult>,
        report: &mut Report,
    ) -> anyhow::Result<Option<Correlated>> {
        let batch = std::mem::take(&mut self.correlated);
        let inputs = std::mem::take(&mut self.inputs);
        let untimed = std::mem::take(&mut self.untimed);
        let Some(memory) = &mut self.memory else { return Ok(None) };
        let correlated = memory.take(batch, self.now)?;
        for place in &correlated.late {
            let part = inputs.get(*place).and_then(|input| parts.get_mut(input));
            part.into_iter().for_each(|part| part.late += 1);
        }
        let told = report.correlation.get_or_insert_default();
        told.matches += inputs.len() as u64;
        told.late += correlated.late.len() as u64;
        told.untimed += untimed;
        Ok(Some(correlated))
    }

    /// Lets time go on when everything is read, and commits what that ends.
    fn settle(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let Some(memory) = &mut self.memory else { return Ok(()) };
        if !memory.is_settled(self.now) {
            let correlated = memory.settle(self.now)?;
            self.centre.runtime.block_on(async {
                let mut tx = self.centre.store.write().await?;
                self.commit_correlated(&mut tx, &correlated, report).await?;
                anyhow::Ok(tx.commit().await?)
            })?;
        }
        let Some(memory) = &mut self.memory else { return Ok(()) };
        memory.committed()?;
        let told = report.correlation.get_or_insert_default();
        told.groups = memory.groups() as u64;
        told.forgotten = memory.counts().forgotten;
        Ok(())
    }

    async fn commit_parts(
        &self,
        parts: &BTreeMap<usize, PartResult>,
        correlated: Option<&Correlated>,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let mut tx = self.centre.store.write().await?;
        for part in parts.values() {
            report.detections += part.detections.len() as u64;
            let committed =
                watch::intake::commit_part(&mut tx, self.registry, &self.centre.policy, part, self.now)
                    .await?;
            if let watch::intake::Committed::Done(raised) = committed {
                report.add(&raised);
            }
        }
        if let Some(correlated) = correlated {
            self.commit_correlated(&mut tx, correlated, report).await?;
        }
        tx.take_numbers(BATCHES, 1).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn commit_correlated(
        &self,
        tx: &mut Tx,
        correlated: &Correlated,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let (found, policy) = (&correlated.detections, &self.centre.policy);
        report.detections += found.len() as u64;
        report.correlation.get_or_insert_default().detections += found.len() as u64;
        let raised = watch::intake::commit_correlated(tx, self.registry, policy, found, self.now).await?;
        report.add(&raised);
        tx.take_numbers(CORRELATED, 1).await?;
        Ok(())
    }
}

/// The number that the next commit will take. Nobody else takes one meanwhile: the intake lock is held.
async fn next_number(centre: &Centre, series: &str) -> anyhow::Result<i64> {
    let mut tx: Tx = centre.store.write().await?;
    Ok(tx.take_numbers(series, 1).await?)
    // Dropped without a commit, so the number is still there to be taken.
}
