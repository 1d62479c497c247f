//! Matches of rules in, matches of correlation rules out: in event time, with bounded memory.
//!
//! Each tenant (an organisation) has its own time and its own memory, so that the flood of one neither delays nor
//! pushes out what another is slow to show. A match waits until its tenant's time has passed it by the stated lateness;
//! then matches are taken in order of their time. A match that comes later than that is counted, not used.
//!
//! What only grows (`gte` of a count, all rules seen) is asked at every match over the time span before it, and fires
//! when it begins to hold, and again when it still holds a time span later. What may become false again (`lt`, an
//! average, `not`) is asked once, when the time span that a group's first match began is over. A group without any
//! match is never asked: nobody knows its values.
//!
//! Who reads several files of one time, one after the other, holds their matches ([`Correlator::hold`]) and lets time go
//! on when all are read ([`Correlator::settle`]). What is remembered can be written down and taken up elsewhere
//! ([`Correlator::write_state`]): the same matches in the same order then give the same answers.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::{FixedState, RandomState};
use hashbrown::{HashMap, HashTable};

use crate::condition::Expr;
use crate::correlation::{Asks, Bound, Correlation, CorrelationKind, Counted, count_needed};
use crate::engine::RuleId;
use crate::limit::{GROUP_VALUE_BYTES_MAX, REFERENCES_MAX};
use crate::pattern::fold_onto;

mod state;
mod tally;

pub use state::{Restored, StateError};
use tally::{Shape, State, Tallied};

/// How long a correlator waits, and how much it remembers.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How much later than a newer match of the same tenant a match may come.
    pub lateness_micros: i64,
    /// Matches and values remembered of one tenant. Past it, groups with a single match go first, then the oldest.
    pub remembered_max: usize,
}

impl Default for Policy {
    /// Ten minutes, and a million matches or values: about 100 MB.
    fn default() -> Self {
        Self { lateness_micros: 600_000_000, remembered_max: 1_000_000 }
    }
}

/// One match of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// Whose it is.
    pub tenant: u64,
    /// The rule that matched.
    pub rule: RuleId,
    /// When its event happened, in microseconds since 1970.
    pub time_micros: i64,
    /// Whatever the caller knows the event by.
    pub reference: u64,
}

/// A correlation that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Fired {
    /// The number of the correlation, in the order they were loaded.
    pub correlation: usize,
    /// Whose matches.
    pub tenant: u64,
    /// The fields of `group-by` and their values, as they were first written.
    pub group: Vec<(String, String)>,
    /// When it began to hold, or when its time span was over.
    pub time_micros: i64,
    /// What was counted. A count that is asked at every match stops at what was asked for.
    pub value: f64,
    /// Whether `value` comes from a sample, because there were too many values to keep.
    pub sampled: bool,
    /// The latest of the events in the time span, oldest first, as the caller knows them.
    pub references: Vec<u64>,
}

/// What became of one match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It waits for its turn, or no correlation counts it; [`Counts`] has the difference.
    Waits,
    /// Its tenant's time had passed it by more than the lateness.
    Late,
    /// It lies further ahead of the caller's clock than the lateness.
    Future,
}

/// What a correlator took and did not take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Matches that counted, once for each correlation.
    pub taken: u64,
    /// Matches later than the stated lateness.
    pub late: u64,
    /// Matches further in the future than the lateness, by the caller's clock.
    pub future: u64,
    /// Matches that lack a field of `group-by`.
    pub ungrouped: u64,
    /// Matches that lack the field that is counted, or have no number there.
    pub valueless: u64,
    /// Groups forgotten because their tenant had too many, and matches that waited for one of them.
    pub forgotten: u64,
    /// How often matches were taken before the lateness had passed, because too many waited.
    pub hurried: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.taken += other.taken;
        self.late += other.late;
        self.future += other.future;
        self.ungrouped += other.ungrouped;
        self.valueless += other.valueless;
        self.forgotten += other.forgotten;
        self.hurried += other.hurried;
    }
}

/// Correlates the matches of one engine's rules.
pub struct Correlator {
    compiled: Arc<Compiled>,
    policy: Policy,
    tenants: HashMap<u64, Tenant, RandomState>,
    key: String,
}

/// What never changes.
struct Compiled {
    correlations: Vec<Plan>,
    /// By number of rule: the correlations that count it, and as which of their rules.
    by_rule: Vec<Vec<(u32, u8)>>,
    by_correlation: Vec<Vec<(u32, u8)>>,
    hasher: RandomState,
    /// Of values that are told apart. Goes with the state; secret, so that nobody finds two that are taken for one.
    values: FixedState,
    values_seed: u64,
}

struct Plan {
    correlation: Correlation,
    span: i64,
    /// By place of the rule: its fields for `group-by`.
    fields: Vec<Vec<String>>,
    shape: Shape,
}

impl Correlator {
    /// A correlator for what [`crate::Rules::load`] returned: `rules` is how many rules its engine has.
    pub fn new(correlations: Vec<Correlation>, rules: usize, policy: Policy) -> Self {
        let mut by_rule = vec![Vec::new(); rules];
        let mut by_correlation = vec![Vec::new(); correlations.len()];
        for (number, correlation) in correlations.iter().enumerate() {
            for (place, counted) in correlation.counted.iter().enumerate() {
                let list = match *counted {
                    Counted::Rule(rule) => by_rule.get_mut(rule),
                    Counted::Correlation(other) => by_correlation.get_mut(other),
                };
                if let Some(list) = list {
                    list.push((number as u32, place as u8));
                }
            }
        }
        let correlations = correlations.into_iter().map(Plan::new).collect();
        let hasher = RandomState::default();
        let values_seed = hasher.hash_one(0);
        let values = FixedState::with_seed(values_seed);
        let compiled = Compiled { correlations, by_rule, by_correlation, hasher, values, values_seed };
        Self {
            compiled: Arc::new(compiled),
            policy,
            tenants: HashMap::with_hasher(RandomState::default()),
            key: String::new(),
        }
    }

    /// The correlations, in the order of their numbers.
    pub fn correlations(&self) -> impl ExactSizeIterator<Item = &Correlation> {
        self.compiled.correlations.iter().map(|plan| &plan.correlation)
    }

    /// Whether any correlation counts this rule.
    pub fn counts_rule(&self, rule: RuleId) -> bool {
        self.compiled.by_rule.get(rule.0 as usize).is_some_and(|by| !by.is_empty())
    }

    /// The fields of a match that correlations look at, each once: what to keep of an event when it cannot be asked
    /// later.
    pub fn fields(&self, rule: RuleId) -> Vec<&str> {
        let mut fields: Vec<&str> = Vec::new();
        for &(number, place) in self.compiled.by_rule.get(rule.0 as usize).into_iter().flatten() {
            let Some(plan) = self.compiled.correlations.get(number as usize) else { continue };
            fields.extend(plan.fields.get(usize::from(place)).into_iter().flatten().map(String::as_str));
            fields.extend(plan.value_field(usize::from(place)));
        }
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// Takes one match and lets its tenant's time go on; `field` gives the values of its event. What fires is added to
    /// `fired`.
    ///
    /// `now_micros` is the caller's clock: a match from the future would make every later one late.
    pub fn observe<'v>(
        &mut self,
        seen: &Match,
        now_micros: i64,
        field: impl Fn(&str) -> Option<&'v str>,
        fired: &mut Vec<Fired>,
    ) -> Taken {
        let compiled = Arc::clone(&self.compiled);
        let tenant = self.tenants.entry(seen.tenant).or_insert_with(|| Tenant::new(seen.tenant));
        let taken = tenant.hold(&compiled, &self.policy, &mut self.key, seen, now_micros, field);
        let watermark = tenant.latest.saturating_sub(self.policy.lateness_micros);
        tenant.advance(&compiled, &self.policy, watermark, fired);
        tenant.hurry(&compiled, &self.policy, fired);
        taken
    }

    /// Takes one match as [`Self::observe`] does, but time stands still: it waits for [`Self::settle`], unless too many
    /// do.
    pub fn hold<'v>(
        &mut self,
        seen: &Match,
        now_micros: i64,
        field: impl Fn(&str) -> Option<&'v str>,
        fired: &mut Vec<Fired>,
    ) -> Taken {
        let compiled = Arc::clone(&self.compiled);
        let tenant = self.tenants.entry(seen.tenant).or_insert_with(|| Tenant::new(seen.tenant));
        let taken = tenant.hold(&compiled, &self.policy, &mut self.key, seen, now_micros, field);
        tenant.hurry(&compiled, &self.policy, fired);
        taken
    }

    /// Says that something happened at a tenant, whether or not a rule matched it: its time goes on with the next
    /// [`Self::settle`].
    pub fn hear(&mut self, tenant: u64, time_micros: i64, now_micros: i64) {
        if time_micros <= now_micros.saturating_add(self.policy.lateness_micros) {
            let tenant = self.tenants.entry(tenant).or_insert_with(|| Tenant::new(tenant));
            tenant.latest = tenant.latest.max(time_micros);
        }
    }

    /// Lets every tenant's time go on to its latest event, less the lateness. Where that event is longer ago than the
    /// lateness by the caller's clock, nothing older can be in time any more, and nothing waits.
    ///
    /// A time span ends when events go past it, not by the clock: an old file may be followed by the next one.
    pub fn settle(&mut self, now_micros: i64, fired: &mut Vec<Fired>) {
        let compiled = Arc::clone(&self.compiled);
        let policy = self.policy;
        for tenant in self.tenants_in_order() {
            let due = tenant.due(&policy, now_micros);
            tenant.advance(&compiled, &policy, due, fired);
        }
    }

    /// Whether [`Self::settle`] would do nothing.
    pub fn is_settled(&self, now_micros: i64) -> bool {
        self.tenants.values().all(|tenant| {
            let waits_in_vain = tenant.earliest().is_some_and(|earliest| earliest <= tenant.watermark);
            tenant.watermark >= tenant.due(&self.policy, now_micros) && !waits_in_vain
        })
    }

    /// Takes everything that still waits and asks every open time span, as if no match would come any more.
    pub fn finish(&mut self, fired: &mut Vec<Fired>) {
        let (compiled, policy) = (Arc::clone(&self.compiled), self.policy);
        for tenant in self.tenants_in_order() {
            tenant.advance(&compiled, &policy, i64::MAX, fired);
        }
    }

    fn tenants_in_order(&mut self) -> Vec<&mut Tenant> {
        let mut tenants: Vec<&mut Tenant> = self.tenants.values_mut().collect();
        tenants.sort_unstable_by_key(|tenant| tenant.number);
        tenants
    }

    /// What was taken and what was not, over all tenants.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.tenants.values().for_each(|tenant| counts.add(&tenant.counts));
        counts
    }

    /// Groups that are remembered now, over all tenants.
    pub fn groups(&self) -> usize {
        self.tenants.values().map(|tenant| tenant.index.len()).sum()
    }
}

impl Plan {
    fn new(correlation: Correlation) -> Self {
        let fields = (0..correlation.rules.len())
            .map(|place| {
                let names = correlation.group_by.iter();
                names.map(|name| correlation.field_of(name, place).to_owned()).collect()
            })
            .collect();
        let rules = correlation.rules.len();
        let needed = match &correlation.condition {
            Asks::Bounds(bounds) => count_needed(bounds),
            Asks::Rules(_) => 0,
        };
        let tallied = match correlation.kind {
            CorrelationKind::EventCount => Tallied::Count,
            CorrelationKind::ValueCount => Tallied::Distinct(needed),
            CorrelationKind::ValueSum | CorrelationKind::ValueAverage => Tallied::Sum,
            CorrelationKind::ValueMedian | CorrelationKind::ValuePercentile(_) => Tallied::Values,
            CorrelationKind::Temporal | CorrelationKind::TemporalOrdered => Tallied::Places,
        };
        let shape = match correlation.kind {
            _ if !correlation.is_asked_at_every_match() => Shape::Window(tallied),
            CorrelationKind::EventCount => Shape::Recent(needed),
            CorrelationKind::ValueCount => Shape::Distinct(needed),
            CorrelationKind::Temporal => Shape::Seen(rules),
            CorrelationKind::TemporalOrdered => Shape::Chain(rules),
            _ => Shape::Sum,
        };
        Self { span: correlation.timespan_seconds as i64 * 1_000_000, fields, shape, correlation }
    }

    fn value_field(&self, place: usize) -> Option<&str> {
        let field = self.correlation.field.as_deref()?;
        Some(self.correlation.field_of(field, place))
    }

    /// A number as its bits, anything else as its hash: two texts that share one are taken for the same.
    fn value(&self, text: &str, hasher: &FixedState) -> Option<u64> {
        if self.correlation.kind == CorrelationKind::ValueCount {
            let mut folded = String::with_capacity(text.len());
            fold_onto(text, &mut folded);
            return Some(hasher.hash_one(&*folded));
        }
        crate::test::number(text).filter(|number| number.is_finite()).map(f64::to_bits)
    }

    /// Writes the folded values of the group; `false` when one is lacking.
    fn write_key<'v>(
        &self,
        place: usize,
        field: &impl Fn(&str) -> Option<&'v str>,
        key: &mut String,
    ) -> bool {
        key.clear();
        self.fields.get(place).into_iter().flatten().all(|name| match field(name) {
            Some(text) => {
                let end =
                    (0..=GROUP_VALUE_BYTES_MAX.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
                fold_onto(text.get(..end.unwrap_or(0)).unwrap_or_default(), key);
                key.push('\0');
                true
            }
            None => false,
        })
    }
}

/// A match that waits for its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    time: i64,
    /// In order of arrival: decides between matches of one time.
    sequence: u64,
    place: u8,
    group: u32,
    generation: u32,
    value: u64,
    reference: u64,
}

/// One group of one correlation.
struct Group {
    correlation: u32,
    generation: u32,
    hash: u64,
    key: Box<str>,
    shown: Box<[Box<str>]>,
    state: State,
    /// Matches that wait for their time.
    waiting: u32,
    /// Matches taken.
    taken: u64,
    /// The latest of them.
    last: i64,
    fired: Option<i64>,
    holds: bool,
    /// The latest matches that count: when, and what the caller knows them by.
    references: VecDeque<(i64, u64)>,
}

/// What one tenant's matches are remembered by.
struct Tenant {
    number: u64,
    latest: i64,
    watermark: i64,
    sequence: u64,
    in_order: VecDeque<Pending>,
    out_of_order: BinaryHeap<Reverse<Pending>>,
    groups: Vec<Option<Group>>,
    free: Vec<u32>,
    generation: u32,
    index: HashTable<u32>,
    /// When a group is over, or its time span is: time, group, generation.
    timers: BinaryHeap<Reverse<(i64, u32, u32)>>,
    /// Groups in the order they were made, with their generation: those with one match, and those with more.
    single: VecDeque<(u32, u32)>,
    several: VecDeque<(u32, u32)>,
    remembered: usize,
    counts: Counts,
}

impl Tenant {
    fn new(number: u64) -> Self {
        Self {
            number,
            latest: i64::MIN,
            watermark: i64::MIN,
            sequence: 0,
            in_order: VecDeque::new(),
            out_of_order: BinaryHeap::new(),
            groups: Vec::new(),
            free: Vec::new(),
            generation: 0,
            index: HashTable::new(),
            timers: BinaryHeap::new(),
            single: VecDeque::new(),
            several: VecDeque::new(),
            remembered: 0,
            counts: Counts::default(),
        }
    }

    /// Puts a match in the queue of every correlation that counts it.
    fn hold<'v>(
        &mut self,
        compiled: &Compiled,
        policy: &Policy,
        key: &mut String,
        seen: &Match,
        now_micros: i64,
        field: impl Fn(&str) -> Option<&'v str>,
    ) -> Taken {
        let Some(counting) = compiled.by_rule.get(seen.rule.0 as usize).filter(|by| !by.is_empty()) else {
            return Taken::Waits;
        };
        if seen.time_micros > now_micros.saturating_add(policy.lateness_micros) {
            self.counts.future += 1;
            return Taken::Future;
        }
        if seen.time_micros < self.watermark {
            self.counts.late += 1;
            return Taken::Late;
        }
        for &(number, place) in counting {
            let Some(plan) = compiled.correlations.get(number as usize) else { continue };
            if !plan.write_key(usize::from(place), &field, key) {
                self.counts.ungrouped += 1;
                continue;
            }
            let value = match plan.value_field(usize::from(place)) {
                None => 0,
                Some(name) => match field(name).and_then(|text| plan.value(text, &compiled.values)) {
                    Some(value) => value,
                    None => {
                        self.counts.valueless += 1;
                        continue;
                    }
                },
            };
            let group = self.group(compiled, number, key, |name| {
                field(plan.correlation.field_of(name, usize::from(place))).unwrap_or_default().to_owned()
            });
            self.queue(Pending {
                time: seen.time_micros,
                sequence: 0,
                place,
                group,
                generation: self.generation_of(group),
                value,
                reference: seen.reference,
            });
        }
        self.latest = self.latest.max(seen.time_micros);
        Taken::Waits
    }

    /// How far time may go on.
    fn due(&self, policy: &Policy, now_micros: i64) -> i64 {
        let is_quiet = self.latest < now_micros.saturating_sub(policy.lateness_micros);
        if is_quiet { self.latest } else { self.latest.saturating_sub(policy.lateness_micros) }
    }

    /// A flood does not wait: what is oldest is taken at once, and what comes still later is late.
    fn hurry(&mut self, compiled: &Compiled, policy: &Policy, fired: &mut Vec<Fired>) {
        while self.waiting() > policy.remembered_max {
            let Some(earliest) = self.earliest() else { return };
            self.counts.hurried += 1;
            self.advance(compiled, policy, earliest, fired);
        }
    }

    /// The group of these values, made when it is new.
    fn group(
        &mut self,
        compiled: &Compiled,
        correlation: u32,
        key: &str,
        shown: impl Fn(&str) -> String,
    ) -> u32 {
        let hash = compiled.hasher.hash_one((correlation, key));
        let groups = &self.groups;
        let found = self.index.find(hash, |&number| {
            let group = groups.get(number as usize).and_then(Option::as_ref);
            group.is_some_and(|group| group.correlation == correlation && *group.key == *key)
        });
        if let Some(&number) = found {
            return number;
        }
        let plan = &compiled.correlations[correlation as usize];
        self.generation = self.generation.wrapping_add(1);
        let shown = plan.correlation.group_by.iter().map(|name| shown(name).into_boxed_str()).collect();
        let group = Group {
            correlation,
            generation: self.generation,
            hash,
            key: key.into(),
            shown,
            state: State::new(plan.shape),
            waiting: 0,
            taken: 0,
            last: i64::MIN,
            fired: None,
            holds: false,
            references: VecDeque::new(),
        };
        self.remembered += 1 + group.state.cells();
        let number = self.free.pop().unwrap_or(self.groups.len() as u32);
        match self.groups.get_mut(number as usize) {
            Some(slot) => *slot = Some(group),
            None => self.groups.push(Some(group)),
        }
        let groups = &self.groups;
        self.index.insert_unique(hash, number, |&number| {
            groups.get(number as usize).and_then(Option::as_ref).map_or(0, |group| group.hash)
        });
        number
    }

    /// Makes the groups findable by their values.
    fn index_groups(&mut self) {
        let groups = &self.groups;
        for (number, group) in groups.iter().enumerate() {
            let Some(group) = group else { continue };
            self.index.insert_unique(group.hash, number as u32, |&number| {
                groups.get(number as usize).and_then(Option::as_ref).map_or(0, |group| group.hash)
            });
        }
    }

    fn generation_of(&self, number: u32) -> u32 {
        self.groups.get(number as usize).and_then(Option::as_ref).map_or(0, |group| group.generation)
    }

    fn queue(&mut self, mut pending: Pending) {
        pending.sequence = self.sequence;
        self.sequence += 1;
        if let Some(Some(group)) = self.groups.get_mut(pending.group as usize) {
            group.waiting += 1;
        }
        if self.in_order.back().is_none_or(|last| last.time <= pending.time) {
            self.in_order.push_back(pending);
        } else {
            self.out_of_order.push(Reverse(pending));
        }
    }

    fn waiting(&self) -> usize {
        self.in_order.len() + self.out_of_order.len()
    }

    fn earliest(&self) -> Option<i64> {
        let disordered = self.out_of_order.peek().map(|Reverse(pending)| pending.time);
        self.in_order.front().map(|pending| pending.time).into_iter().chain(disordered).min()
    }

    /// The next match that is not after `watermark`.
    fn next_due(&mut self, watermark: i64) -> Option<Pending> {
        let disordered = self.out_of_order.peek().map(|Reverse(pending)| *pending);
        let (next, from_heap) = match (self.in_order.front().copied(), disordered) {
            (None, None) => return None,
            (Some(next), None) => (next, false),
            (None, Some(next)) => (next, true),
            (Some(a), Some(b)) => {
                if a < b {
                    (a, false)
                } else {
                    (b, true)
                }
            }
        };
        if next.time > watermark {
            return None;
        }
        if from_heap {
            self.out_of_order.pop();
        } else {
            self.in_order.pop_front();
        }
        Some(next)
    }

    fn advance(&mut self, compiled: &Compiled, policy: &Policy, watermark: i64, fired: &mut Vec<Fired>) {
        self.watermark = self.watermark.max(watermark);
        while let Some(pending) = self.next_due(watermark) {
            self.run_timers(compiled, pending.time, fired);
            match self.groups.get_mut(pending.group as usize) {
                Some(Some(group)) if group.generation == pending.generation => group.waiting -= 1,
                _ => {
                    // Its group was forgotten while it waited.
                    self.counts.forgotten += 1;
                    continue;
                }
            }
            self.take(compiled, pending, fired);
            if self.remembered > policy.remembered_max {
                self.forget(policy.remembered_max);
            }
        }
        self.run_timers(compiled, watermark, fired);
        self.tidy();
        if watermark == i64::MAX {
            // Nothing more comes: time stands at the last match, so that a correlator can go on.
            self.watermark = self.latest;
        }
    }

    /// Drops what the lists still say of groups that are gone.
    fn tidy(&mut self) {
        let worth_it = 2 * self.index.len() + 1_024;
        for list in [&mut self.single, &mut self.several] {
            if list.len() > worth_it {
                let groups = &self.groups;
                list.retain(|(number, generation)| {
                    let group = groups.get(*number as usize).and_then(Option::as_ref);
                    group.is_some_and(|group| group.generation == *generation)
                });
            }
        }
    }

    /// Ends what ended before `time`.
    fn run_timers(&mut self, compiled: &Compiled, time: i64, fired: &mut Vec<Fired>) {
        while let Some(&Reverse((at, number, generation))) = self.timers.peek() {
            if at >= time {
                return;
            }
            self.timers.pop();
            let Some(Some(group)) = self.groups.get_mut(number as usize) else { continue };
            if group.generation != generation {
                continue;
            }
            let plan = &compiled.correlations[group.correlation as usize];
            if matches!(plan.shape, Shape::Window(_)) {
                self.remembered -= group.state.cells();
                let answer = group.state.close(&plan.correlation);
                let again = group.waiting > 0;
                let references = std::mem::take(&mut group.references);
                if let Some((value, sampled)) = answer {
                    group.references = references;
                    let event = group.fired(self.number, plan, at, value, sampled);
                    group.references.clear();
                    let correlation = group.correlation;
                    self.fire(compiled, correlation, number, event, fired);
                }
                if !again {
                    self.remove(number);
                }
                continue;
            }
            let over = group.last.saturating_add(plan.span);
            if over > at {
                self.timers.push(Reverse((over, number, generation)));
            } else if group.waiting > 0 {
                self.timers.push(Reverse((at.saturating_add(plan.span.max(1)), number, generation)));
            } else {
                self.remove(number);
            }
        }
    }

    /// Counts one match, in its turn.
    fn take(&mut self, compiled: &Compiled, pending: Pending, fired: &mut Vec<Fired>) {
        let number = pending.group;
        let Some(Some(group)) = self.groups.get_mut(number as usize) else { return };
        let plan = &compiled.correlations[group.correlation as usize];
        self.counts.taken += 1;
        let first = group.taken == 0 || (matches!(plan.shape, Shape::Window(_)) && group.state.cells() == 0);
        if first {
            self.timers.push(Reverse((pending.time.saturating_add(plan.span), number, group.generation)));
        }
        let generation = group.generation;
        let list = match group.taken {
            0 => Some(&mut self.single),
            1 => Some(&mut self.several),
            _ => None,
        };
        if let Some(list) = list {
            list.push_back((number, generation));
        }
        group.taken += 1;
        group.last = pending.time;
        let before = group.state.cells();
        let since = pending.time.saturating_sub(plan.span);
        while group.references.len() >= REFERENCES_MAX
            || group.references.front().is_some_and(|(time, _)| *time < since)
        {
            group.references.pop_front();
        }
        group.references.push_back((pending.time, pending.reference));
        group.state.add(plan.shape, pending.time, since, usize::from(pending.place), pending.value);
        self.remembered = (self.remembered + group.state.cells()).saturating_sub(before);
        let Some(value) = group.state.value(since) else { return };
        let holds = match &plan.correlation.condition {
            Asks::Bounds(bounds) => within(bounds, value),
            Asks::Rules(expr) => group.state.rules_hold(expr, since),
        };
        let began = holds && !group.holds;
        let still = holds && group.fired.is_some_and(|fired| pending.time.saturating_sub(fired) > plan.span);
        group.holds = holds;
        if began || still {
            group.fired = Some(pending.time);
            let event = group.fired(self.number, plan, pending.time, value, group.state.is_sampled());
            let correlation = group.correlation;
            self.fire(compiled, correlation, number, event, fired);
        }
    }

    /// Reports a correlation that holds, and counts it where others want it.
    fn fire(
        &mut self,
        compiled: &Compiled,
        correlation: u32,
        from: u32,
        event: Fired,
        fired: &mut Vec<Fired>,
    ) {
        let chained = compiled.by_correlation.get(correlation as usize).map_or(&[][..], Vec::as_slice);
        for &(number, place) in chained {
            let plan = &compiled.correlations[number as usize];
            let field = |name: &str| {
                event
                    .group
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.as_str())
            };
            let mut key = String::new();
            if !plan.write_key(usize::from(place), &field, &mut key) {
                self.counts.ungrouped += 1;
                continue;
            }
            let value = match plan.value_field(usize::from(place)) {
                None => Some(0),
                Some(name) => field(name).and_then(|text| plan.value(text, &compiled.values)),
            };
            let Some(value) = value else {
                self.counts.valueless += 1;
                continue;
            };
            let group = self.group(compiled, number, &key, |name| {
                field(plan.correlation.field_of(name, usize::from(place))).unwrap_or_default().to_owned()
            });
            debug_assert_ne!(group, from, "a correlation does not count itself");
            let reference = event.references.last().copied().unwrap_or(0);
            let time = event.time_micros;
            let generation = self.generation_of(group);
            let pending = Pending { time, sequence: 0, place, group, generation, value, reference };
            self.take(compiled, pending, fired);
        }
        if compiled.correlations[correlation as usize].correlation.reported {
            fired.push(event);
        }
    }

    fn remove(&mut self, number: u32) {
        let Some(group) = self.groups.get_mut(number as usize).and_then(Option::take) else { return };
        self.remembered = self.remembered.saturating_sub(group.state.cells() + 1);
        if let Ok(entry) = self.index.find_entry(group.hash, |&known| known == number) {
            entry.remove();
        }
        self.free.push(number);
    }

    /// Forgets groups until there is room: those with a single match, oldest first, then the others.
    fn forget(&mut self, remembered_max: usize) {
        while self.remembered > remembered_max {
            let (number, generation, single) = match (self.single.pop_front(), self.several.front()) {
                (Some((number, generation)), _) => (number, generation, true),
                (None, Some(&(number, generation))) => {
                    self.several.pop_front();
                    (number, generation, false)
                }
                (None, None) => return,
            };
            let Some(Some(group)) = self.groups.get(number as usize) else { continue };
            if group.generation != generation || single && group.taken > 1 {
                continue;
            }
            self.counts.forgotten += 1;
            self.remove(number);
        }
    }
}

impl Group {
    fn fired(&self, tenant: u64, plan: &Plan, time: i64, value: f64, sampled: bool) -> Fired {
        let values = self.shown.iter().map(|value| value.to_string());
        Fired {
            correlation: self.correlation as usize,
            tenant,
            group: plan.correlation.group_by.iter().cloned().zip(values).collect(),
            time_micros: time,
            value,
            sampled,
            references: self.references.iter().map(|(_, reference)| *reference).collect(),
        }
    }
}

fn within(bounds: &[(Bound, f64)], value: f64) -> bool {
    bounds.iter().all(|(bound, number)| bound.holds(value, *number))
}

fn holds(expr: &Expr<usize>, seen: &impl Fn(usize) -> bool) -> bool {
    match expr {
        Expr::And(parts) => parts.iter().all(|part| holds(part, seen)),
        Expr::Or(parts) => parts.iter().any(|part| holds(part, seen)),
        Expr::Not(part) => !holds(part, seen),
        Expr::Leaf(place) => seen(*place),
    }
}

#[cfg(test)]
mod tests;
