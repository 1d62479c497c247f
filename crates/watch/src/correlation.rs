//! What correlations remember of each organisation, through restarts and crashes.
//!
//! Matches that correlations count come in batches, one for each commit of an import. A [`Memory`] writes a batch to its
//! log, durably, and only then counts it; the caller commits what came of it together with the batch's number. Whatever
//! was logged and not committed is cut off at the next start, because its file is read again from where it was left;
//! what was committed is counted again, silently. So the same matches are counted once, in the same order, whatever
//! happens in between.
//!
//! Each organisation is a tenant of its own: nobody's events count towards another's, and nobody's flood makes another's
//! forgotten.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use base::{EventId, Id, Observable, Organisation, Timestamp};
use sigma::{Correlator, Policy, RuleId};

use crate::Error;
use crate::detect::{Contributing, Counted, Detection, Detector, severity};
use crate::group::MANY;

mod files;

use files::{Files, Frame, Header};

/// How a detection by correlation names its source.
pub const ROUTE: &str = "correlation";
/// Bytes kept of one field, actor or target of a match.
pub const VALUE_BYTES_MAX: usize = 512;
/// Observables kept of one match.
pub const OBSERVABLES_MAX: usize = 20;
/// Rules that are counted of one event.
pub const RULES_PER_EVENT_MAX: usize = 256;
/// Matches and values remembered of one organisation: about ten megabytes.
pub const REMEMBERED_MAX: usize = 100_000;
/// How much later than a newer event of its organisation an event may come, in seconds.
pub const LATENESS_SECONDS: i64 = 600;

/// The policy that the settings begin with.
pub fn policy() -> Policy {
    Policy { lateness_micros: LATENESS_SECONDS * 1_000_000, remembered_max: REMEMBERED_MAX }
}

/// An event that rules matched which correlations count.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Match {
    /// The event.
    pub event: EventId,
    /// Whose it is.
    pub organisation: Id<Organisation>,
    /// When it happened, as it says itself.
    pub time: Timestamp,
    /// Who did it; empty when the event does not say.
    pub actor: String,
    /// Whom it was done to; empty when the event does not say.
    pub target: String,
    /// What in it could be seen elsewhere too.
    pub observables: Vec<Observable>,
    /// By the id of each rule: those of the event's fields that correlations look at.
    pub counted: Vec<(String, Vec<(String, String)>)>,
}

impl Match {
    /// A match as it is kept: what is too long is cut, as the limits here say.
    pub fn new(
        (event, organisation, time): (EventId, Id<Organisation>, Timestamp),
        (actor, target): (String, String),
        observables: &[Observable],
        counted: Vec<Counted>,
        detector: &Detector,
    ) -> Self {
        let short = |observable: &&Observable| observable.value.len() <= VALUE_BYTES_MAX;
        let kept = |counted: Counted| {
            let fields = counted.fields.into_iter().map(|(name, value)| (name, cut(value)));
            (detector.engine().rule(counted.rule).id.clone(), fields.collect())
        };
        Self {
            event,
            organisation,
            time,
            actor: cut(actor),
            target: cut(target),
            observables: observables.iter().filter(short).take(OBSERVABLES_MAX).cloned().collect(),
            counted: counted.into_iter().take(RULES_PER_EVENT_MAX).map(kept).collect(),
        }
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(VALUE_BYTES_MAX));
    text
}

/// What one commit of an import brings.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Matches, in the order they were read.
    pub matches: Vec<Match>,
    /// The latest event of each organisation, as it says itself, whether or not a rule matched it.
    pub heard: BTreeMap<Id<Organisation>, Timestamp>,
}

/// What came of a batch.
#[derive(Clone, Debug, Default)]
pub struct Correlated {
    /// Correlations that hold, as detections of the organisation whose events they are.
    pub detections: Vec<Detection>,
    /// The places of matches that came later than the stated lateness, and did not count.
    pub late: Vec<usize>,
}

/// What was found when a memory was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// Nothing: it begins.
    Begun,
    /// It goes on.
    Continued {
        /// Groups that are remembered.
        groups: usize,
        /// Groups of correlations that were changed or are gone.
        dropped: usize,
        /// Batches that were counted again from the log.
        batches: u64,
        /// Committed batches that the log does not have any more.
        missing: u64,
    },
    /// What was there could not be used, for this reason, and is kept beside; it begins anew.
    Lost(String),
}

/// What correlations remember, in memory and in a folder.
pub struct Memory {
    detector: Detector,
    rules: HashMap<String, RuleId>,
    correlator: Correlator,
    policy: Policy,
    /// Organisations by the number that the correlator knows them by.
    tenants: Vec<Id<Organisation>>,
    numbers: HashMap<Id<Organisation>, u64>,
    files: Files,
    /// The number of the batch that comes next.
    next: u64,
}

impl Memory {
    /// Opens what is remembered in a folder, or begins. `next` is the number of the next batch, counted from 1: those
    /// before it were committed.
    pub fn open(
        folder: &Path,
        detector: &Detector,
        policy: Policy,
        next: u64,
    ) -> Result<(Self, Opened), Error> {
        let (files, found) = Files::open(folder)?;
        let mut memory = Self {
            rules: rules(detector),
            correlator: detector.correlator(policy),
            detector: detector.clone(),
            policy,
            tenants: Vec::new(),
            numbers: HashMap::new(),
            files,
            next,
        };
        let opened = match found {
            None if next > 1 => Opened::Lost("it is gone".to_owned()),
            None => Opened::Begun,
            Some(Err(reason)) => Opened::Lost(reason),
            Some(Ok((header, state))) => match memory.go_on(header, &state)? {
                Opened::Lost(reason) => {
                    memory.files.set_aside()?;
                    Opened::Lost(reason)
                }
                opened => opened,
            },
        };
        let missing = matches!(opened, Opened::Continued { missing, .. } if missing > 0);
        if missing || !matches!(opened, Opened::Continued { .. }) {
            memory.snapshot()?;
        }
        Ok((memory, opened))
    }

    fn go_on(&mut self, header: Header, state: &[u8]) -> Result<Opened, Error> {
        if header.next > self.next {
            let reason = "it is newer than the database: a backup was restored";
            return Ok(Opened::Lost(reason.to_owned()));
        }
        let restored = match self.correlator.read_state(state) {
            Ok(restored) => restored,
            Err(error) => return Ok(Opened::Lost(error.to_string())),
        };
        header.tenants.into_iter().for_each(|organisation| _ = self.number(organisation));
        let (from, until) = (header.next, self.next);
        let mut batches = 0;
        while let Some((frame, places)) = self.files.next_frame(from + batches, until)? {
            // What fires was raised when the batch was committed.
            self.count(&frame, &places, &mut Vec::new());
            batches += 1;
        }
        self.files.end_replay()?;
        let missing = until - from - batches;
        let sigma::Restored { dropped, .. } = restored;
        Ok(Opened::Continued { groups: self.correlator.groups(), dropped, batches, missing })
    }

    /// The number that the caller commits together with what came of the next batch.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Logs a batch and counts it. Time stands still until [`Self::settle`], so that the files of one time may be read one
    /// after the other. After an error, or when the caller cannot commit, open the memory again.
    pub fn take(&mut self, batch: Batch, now: Timestamp) -> Result<Correlated, Error> {
        let Batch { matches, heard } = batch;
        self.log(Frame { number: self.next, now, settles: false, heard, matches })
    }

    /// Whether time has nothing to end.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        self.correlator.is_settled(now.as_microsecond())
    }

    /// Lets time go on up to the lateness before each organisation's latest event; logged as a batch of its own.
    pub fn settle(&mut self, now: Timestamp) -> Result<Correlated, Error> {
        let (heard, matches) = (BTreeMap::new(), Vec::new());
        self.log(Frame { number: self.next, now, settles: true, heard, matches })
    }

    fn log(&mut self, frame: Frame) -> Result<Correlated, Error> {
        let places = self.files.append(&frame)?;
        let mut fired = Vec::new();
        let late = self.count(&frame, &places, &mut fired);
        self.next += 1;
        let detections = fired.iter().map(|fired| self.detection(fired)).collect::<Result<Vec<_>, _>>()?;
        Ok(Correlated { detections: detections.into_iter().flatten().collect(), late })
    }

    /// To be called when the last batch is committed: makes a snapshot when the log has become long.
    pub fn committed(&mut self) -> Result<(), Error> {
        if self.files.is_log_long() { self.snapshot() } else { Ok(()) }
    }

    /// What was taken and what was not, since the memory began.
    pub fn counts(&self) -> sigma::Counts {
        self.correlator.counts()
    }

    /// Groups that are remembered.
    pub fn groups(&self) -> usize {
        self.correlator.groups()
    }

    /// Goes on with other rules: what correlations remember that did not change stays. Between commits only. Returns how
    /// many groups were dropped.
    pub fn change_rules(&mut self, detector: &Detector) -> Result<usize, Error> {
        let mut state = Vec::new();
        self.correlator.write_state(&mut state);
        let mut correlator = detector.correlator(self.policy);
        // What was written a moment ago can be read.
        let restored = correlator.read_state(&state).unwrap_or_default();
        (self.correlator, self.rules, self.detector) = (correlator, rules(detector), detector.clone());
        self.snapshot()?;
        Ok(restored.dropped)
    }

    fn snapshot(&mut self) -> Result<(), Error> {
        let moved = self.files.begin_snapshot(&self.correlator.references())?;
        self.correlator.map_references(|reference| moved.of(reference));
        let mut state = Vec::new();
        self.correlator.write_state(&mut state);
        self.files.end_snapshot(moved, self.next, &self.tenants, &state)
    }

    fn count(&mut self, frame: &Frame, places: &[u64], fired: &mut Vec<sigma::Fired>) -> Vec<usize> {
        let now = frame.now.as_microsecond();
        let mut late = Vec::new();
        for (place, (one, reference)) in frame.matches.iter().zip(places).enumerate() {
            let tenant = self.number(one.organisation);
            let mut is_late = false;
            for (rule, fields) in &one.counted {
                // A rule that is gone since counts nothing.
                let Some(&rule) = self.rules.get(rule) else { continue };
                let time_micros = one.time.as_microsecond();
                let seen = sigma::Match { tenant, rule, time_micros, reference: *reference };
                let value = |name: &str| {
                    let field = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                    field.map(|(_, value)| value.as_str())
                };
                is_late |= self.correlator.hold(&seen, now, value, fired) == sigma::Taken::Late;
            }
            late.extend(is_late.then_some(place));
        }
        for (organisation, time) in &frame.heard {
            let tenant = self.number(*organisation);
            self.correlator.hear(tenant, time.as_microsecond(), now);
        }
        if frame.settles {
            self.correlator.settle(now, fired);
        }
        late
    }

    fn number(&mut self, organisation: Id<Organisation>) -> u64 {
        *self.numbers.entry(organisation).or_insert_with(|| {
            self.tenants.push(organisation);
            self.tenants.len() as u64 - 1
        })
    }

    /// One detection for everything that made the correlation hold; `None` only for what this program does not write.
    fn detection(&self, fired: &sigma::Fired) -> Result<Option<Detection>, Error> {
        let matches = fired
            .references
            .iter()
            .map(|&reference| self.files.read(reference))
            .collect::<Result<Vec<_>, _>>()?;
        let correlation = self.detector.correlations().get(fired.correlation);
        let time = Timestamp::from_microsecond(fired.time_micros).ok();
        let (Some(last), Some(correlation), Some(time)) = (matches.last(), correlation, time) else {
            return Ok(None);
        };
        let (actor, target) = parties(&matches, &fired.group);
        let mut observables: Vec<Observable> =
            matches.iter().flat_map(|one| one.observables.iter().cloned()).collect();
        observables.sort();
        observables.dedup();
        let about = if fired.sampled { "about " } else { "" };
        let mut fields = fired.group.clone();
        fields.push(("matches".to_owned(), format!("{about}{}", fired.value)));
        let mut contributing: Vec<_> =
            matches.iter().map(|one| Contributing { event: one.event, at: one.time }).collect();
        // Two rules may have matched one event.
        contributing.dedup();
        Ok(Some(Detection {
            event: last.event,
            organisation: last.organisation,
            time,
            rule_id: correlation.id.clone(),
            rule_title: correlation.title.clone(),
            level: severity(correlation.level),
            techniques: correlation.techniques(),
            route: ROUTE.to_owned(),
            fields,
            actor,
            target,
            observables,
            indicator: None,
            contributing,
        }))
    }
}

fn rules(detector: &Detector) -> HashMap<String, RuleId> {
    let rules = detector.engine().rules().enumerate();
    rules.map(|(number, rule)| (rule.id.clone(), RuleId(number as u32))).collect()
}

/// The actor and the target that the events share. Where they share neither, the values that they were counted by stand
/// for the target: an account that many addresses try.
fn parties(matches: &[Match], group: &[(String, String)]) -> (String, String) {
    let shared = |party: fn(&Match) -> &String| {
        let (first, rest) = matches.split_first()?;
        let same = rest.iter().all(|one| party(one) == party(first));
        same.then(|| party(first).clone())
    };
    let (actor, target) = (shared(|one| &one.actor), shared(|one| &one.target));
    let counted_by = || group.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ");
    let target = match (&actor, target) {
        (_, Some(target)) => target,
        (None, None) if !group.is_empty() => counted_by(),
        _ => MANY.to_owned(),
    };
    (actor.unwrap_or_else(|| MANY.to_owned()), target)
}
