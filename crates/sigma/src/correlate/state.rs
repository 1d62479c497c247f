//! What a correlator remembers, as bytes, so that another process goes on exactly where this one stood.
//!
//! A correlation is found again by what it says, not by its number: one that was changed begins anew, the others keep
//! what they remember. The bytes are this program's own; they are checked while reading, but not signed.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::tally::{State, Tally};
use super::{Compiled, Correlator, Counts, Group, Pending, Tenant};

/// Tells these bytes, and their order, from others.
const MARK: &[u8] = b"sigma correlations 1\n";
/// Hashed to see whether values are still told apart in the same way.
const PROBE: &str = "sigma";
/// No counter comes this far.
const COUNTER_MAX: u64 = 1 << 62;

/// Why a state cannot be taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Another version wrote it.
    #[error("another version wrote what was remembered")]
    Foreign,
    /// It ends too early or contradicts itself.
    #[error("what was remembered is damaged")]
    Damaged,
}

/// What was taken up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Groups that go on.
    pub groups: usize,
    /// Groups of correlations that were changed or are gone.
    pub dropped: usize,
}

impl Correlator {
    /// Appends everything that is remembered to `out`.
    pub fn write_state(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(MARK);
        let mut out = Writer(out);
        out.unsigned(self.compiled.values_seed);
        out.unsigned(self.compiled.values.hash_one(PROBE));
        out.count(self.compiled.correlations.len());
        for plan in &self.compiled.correlations {
            out.text(&plan.correlation.definition());
        }
        let mut tenants: Vec<&Tenant> = self.tenants.values().collect();
        tenants.sort_unstable_by_key(|tenant| tenant.number);
        out.count(tenants.len());
        tenants.into_iter().for_each(|tenant| out.tenant(tenant));
    }

    /// Takes up what [`Self::write_state`] wrote, in the place of whatever is remembered now. After an error nothing is.
    pub fn read_state(&mut self, bytes: &[u8]) -> Result<Restored, StateError> {
        self.tenants.clear();
        let read = self.read(bytes);
        if read.is_err() {
            self.tenants.clear();
        }
        read
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Restored, StateError> {
        let mut bytes = Reader(bytes.strip_prefix(MARK).ok_or(StateError::Foreign)?);
        let seed = bytes.unsigned()?;
        let values = FixedState::with_seed(seed);
        if bytes.unsigned()? != values.hash_one(PROBE) {
            return Err(StateError::Foreign);
        }
        let numbers = self.numbers_of(&mut bytes)?;
        let compiled = Arc::get_mut(&mut self.compiled).ok_or(StateError::Damaged)?;
        (compiled.values, compiled.values_seed) = (values, seed);
        let mut restored = Restored::default();
        for _ in 0..bytes.count()? {
            let tenant = bytes.tenant(&self.compiled, &numbers, &mut restored)?;
            self.tenants.insert(tenant.number, tenant);
        }
        if bytes.0.is_empty() { Ok(restored) } else { Err(StateError::Damaged) }
    }

    /// The numbers that the written correlations have here.
    fn numbers_of(&self, bytes: &mut Reader) -> Result<Vec<Option<u32>>, StateError> {
        let here = self.compiled.correlations.iter().enumerate();
        let here: HashMap<String, u32> =
            here.map(|(number, plan)| (plan.correlation.definition(), number as u32)).collect();
        (0..bytes.count()?).map(|_| Ok(here.get(bytes.text()?).copied())).collect()
    }

    /// Every reference that is still remembered, each once, in order.
    pub fn references(&self) -> BTreeSet<u64> {
        let groups = self.tenants.values().flat_map(|tenant| tenant.groups.iter().flatten());
        let waiting = self.tenants.values().flat_map(Tenant::pending).map(|pending| pending.reference);
        let counted = groups.flat_map(|group| group.references.iter().map(|(_, reference)| *reference));
        counted.chain(waiting).collect()
    }

    /// Gives every reference that is remembered another number.
    pub fn map_references(&mut self, map: impl Fn(u64) -> u64) {
        for tenant in self.tenants.values_mut() {
            for group in tenant.groups.iter_mut().flatten() {
                group.references.iter_mut().for_each(|(_, reference)| *reference = map(*reference));
            }
            let waiting =
                std::mem::take(&mut tenant.out_of_order).into_iter().map(|Reverse(pending)| pending);
            let moved = waiting.map(|pending| Pending { reference: map(pending.reference), ..pending });
            tenant.out_of_order = moved.map(Reverse).collect();
            tenant.in_order.iter_mut().for_each(|pending| pending.reference = map(pending.reference));
        }
    }
}

impl Tenant {
    fn pending(&self) -> impl Iterator<Item = &Pending> {
        self.in_order.iter().chain(self.out_of_order.iter().map(|Reverse(pending)| pending))
    }

    fn has(&self, number: u32, generation: u32) -> bool {
        let group = self.groups.get(number as usize).and_then(Option::as_ref);
        group.is_some_and(|group| group.generation == generation)
    }
}

/// Numbers are written seven bits to a byte, signed ones with their sign last.
struct Writer<'o>(&'o mut Vec<u8>);

impl Writer<'_> {
    fn unsigned(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn signed(&mut self, number: i64) {
        self.unsigned(((number << 1) ^ (number >> 63)) as u64);
    }

    fn all(&mut self, numbers: impl IntoIterator<Item = u64>) {
        numbers.into_iter().for_each(|number| self.unsigned(number));
    }

    fn count(&mut self, count: usize) {
        self.unsigned(count as u64);
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn tenant(&mut self, tenant: &Tenant) {
        self.unsigned(tenant.number);
        self.signed(tenant.latest);
        self.signed(tenant.watermark);
        self.unsigned(tenant.sequence);
        self.unsigned(tenant.generation.into());
        self.counts(&tenant.counts);
        self.count(tenant.groups.len());
        for group in &tenant.groups {
            self.unsigned(group.is_some().into());
            group.iter().for_each(|group| self.group(group));
        }
        self.count(tenant.free.len());
        tenant.free.iter().for_each(|number| self.unsigned((*number).into()));
        let mut pending: Vec<&Pending> = tenant.pending().collect();
        pending.sort_unstable();
        self.count(pending.len());
        pending.into_iter().for_each(|pending| self.pending(pending));
        let mut timers: Vec<_> = tenant.timers.iter().map(|Reverse(timer)| *timer).collect();
        timers.retain(|&(_, number, generation)| tenant.has(number, generation));
        timers.sort_unstable();
        self.count(timers.len());
        for (at, number, generation) in timers {
            self.signed(at);
            self.place(number, generation);
        }
        for list in [&tenant.single, &tenant.several] {
            let there = || list.iter().filter(|(number, generation)| tenant.has(*number, *generation));
            self.count(there().count());
            there().for_each(|&(number, generation)| self.place(number, generation));
        }
    }

    fn place(&mut self, number: u32, generation: u32) {
        self.unsigned(number.into());
        self.unsigned(generation.into());
    }

    fn counts(&mut self, counts: &Counts) {
        let Counts { taken, late, future, ungrouped, valueless, forgotten, hurried } = *counts;
        self.all([taken, late, future, ungrouped, valueless, forgotten, hurried]);
    }

    fn pending(&mut self, pending: &Pending) {
        let Pending { time, sequence, place, group, generation, value, reference } = *pending;
        self.signed(time);
        self.all([sequence, place.into(), group.into(), generation.into(), value, reference]);
    }

    fn group(&mut self, group: &Group) {
        self.place(group.correlation, group.generation);
        self.text(&group.key);
        self.count(group.shown.len());
        group.shown.iter().for_each(|shown| self.text(shown));
        self.unsigned(group.taken);
        self.signed(group.last);
        self.unsigned(u64::from(group.holds) | u64::from(group.fired.is_some()) << 1);
        group.fired.iter().for_each(|at| self.signed(*at));
        self.valued(group.references.iter());
        self.state(&group.state);
    }

    fn state(&mut self, state: &State) {
        match state {
            State::Recent(times) => {
                self.0.push(0);
                self.count(times.len());
                times.iter().for_each(|time| self.signed(*time));
            }
            State::Distinct { latest, order } => {
                self.0.push(1);
                let mut latest: Vec<_> = latest.iter().map(|(value, time)| (*time, *value)).collect();
                latest.sort_unstable();
                self.valued(latest.iter());
                self.valued(order.iter());
            }
            State::Sum { entries, total, merged } => {
                self.0.extend([2, (*merged).into()]);
                self.unsigned(total.to_bits());
                let entries: Vec<_> = entries.iter().map(|(time, value)| (*time, value.to_bits())).collect();
                self.valued(entries.iter());
            }
            State::Seen(times) | State::Chain(times) => {
                self.0.push(if matches!(state, State::Seen(_)) { 3 } else { 4 });
                self.count(times.len());
                times.iter().for_each(|time| self.signed(*time));
            }
            State::Window(Tally { count, distinct, sum, values, places }) => {
                self.0.push(5);
                self.all([*count, sum.to_bits(), *places]);
                let mut distinct: Vec<_> = distinct.iter().collect();
                distinct.sort_unstable();
                self.count(distinct.len());
                distinct.into_iter().for_each(|value| self.unsigned(*value));
                self.count(values.len());
                values.iter().for_each(|value| self.unsigned(value.to_bits()));
            }
        }
    }

    fn valued<'v>(&mut self, entries: impl ExactSizeIterator<Item = &'v (i64, u64)>) {
        self.count(entries.len());
        for (time, value) in entries {
            self.signed(*time);
            self.unsigned(*value);
        }
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn byte(&mut self) -> Result<u8, StateError> {
        let (first, rest) = self.0.split_first().ok_or(StateError::Damaged)?;
        self.0 = rest;
        Ok(*first)
    }

    fn unsigned(&mut self) -> Result<u64, StateError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(StateError::Damaged)
    }

    fn signed(&mut self) -> Result<i64, StateError> {
        let number = self.unsigned()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Result<T, StateError> {
        self.unsigned()?.try_into().map_err(|_| StateError::Damaged)
    }

    /// Something that is counted further: never so large that it would overflow.
    fn counter(&mut self) -> Result<u64, StateError> {
        Some(self.unsigned()?).filter(|count| *count <= COUNTER_MAX).ok_or(StateError::Damaged)
    }

    /// How many follow: never more than there are bytes left, so that a wrong number asks for no memory.
    fn count(&mut self) -> Result<usize, StateError> {
        let count: usize = self.small()?;
        if count > self.0.len() { Err(StateError::Damaged) } else { Ok(count) }
    }

    fn text(&mut self) -> Result<&'b str, StateError> {
        let length = self.count()?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(StateError::Damaged)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| StateError::Damaged)
    }

    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, StateError>) -> Result<Vec<T>, StateError> {
        (0..self.count()?).map(|_| one(self)).collect()
    }

    fn tenant(
        &mut self,
        compiled: &Compiled,
        numbers: &[Option<u32>],
        restored: &mut Restored,
    ) -> Result<Tenant, StateError> {
        let mut tenant = Tenant::new(self.unsigned()?);
        tenant.latest = self.signed()?;
        tenant.watermark = self.signed()?;
        tenant.sequence = self.counter()?;
        tenant.generation = self.small()?;
        tenant.counts = self.counts()?;
        let mut gone = Vec::new();
        for number in 0..self.count()? as u32 {
            if self.unsigned()? != 1 {
                tenant.groups.push(None);
                continue;
            }
            let group = self.group(compiled, numbers)?;
            gone.extend(group.is_none().then_some(number));
            tenant.groups.push(group);
        }
        tenant.free = self.list(Self::small)?;
        let groups = tenant.groups.len();
        if tenant.free.iter().any(|&free| tenant.groups.get(free as usize).is_none_or(Option::is_some)) {
            return Err(StateError::Damaged);
        }
        restored.groups += tenant.groups.iter().flatten().count();
        restored.dropped += gone.len();
        tenant.free.extend(gone);
        if tenant.free.iter().collect::<HashSet<_>>().len() + tenant.groups.iter().flatten().count() != groups
        {
            return Err(StateError::Damaged);
        }
        tenant.index_groups();
        tenant.remembered = tenant.groups.iter().flatten().map(|group| 1 + group.state.cells()).sum();
        // Those whose group is gone wait too, to be counted as forgotten in their turn.
        tenant.in_order = self.list(Self::pending)?.into();
        for pending in &tenant.in_order {
            let group = tenant.groups.get_mut(pending.group as usize).and_then(Option::as_mut);
            let group = group.filter(|group| group.generation == pending.generation);
            group.into_iter().for_each(|group| group.waiting += 1);
        }
        let timers = self.list(|bytes| Ok((bytes.signed()?, bytes.small()?, bytes.small()?)))?;
        let timers = timers.into_iter().filter(|&(_, number, generation)| tenant.has(number, generation));
        tenant.timers = timers.map(Reverse).collect::<BinaryHeap<_>>();
        tenant.single = self.places(&tenant)?;
        tenant.several = self.places(&tenant)?;
        Ok(tenant)
    }

    fn places(&mut self, tenant: &Tenant) -> Result<VecDeque<(u32, u32)>, StateError> {
        let places = self.list(|bytes| Ok((bytes.small()?, bytes.small()?)))?;
        Ok(places.into_iter().filter(|&(number, generation)| tenant.has(number, generation)).collect())
    }

    fn counts(&mut self) -> Result<Counts, StateError> {
        Ok(Counts {
            taken: self.counter()?,
            late: self.counter()?,
            future: self.counter()?,
            ungrouped: self.counter()?,
            valueless: self.counter()?,
            forgotten: self.counter()?,
            hurried: self.counter()?,
        })
    }

    fn pending(&mut self) -> Result<Pending, StateError> {
        Ok(Pending {
            time: self.signed()?,
            sequence: self.counter()?,
            place: self.small()?,
            group: self.small()?,
            generation: self.small()?,
            value: self.unsigned()?,
            reference: self.unsigned()?,
        })
    }

    /// One group; `None` when its correlation was changed or is gone.
    fn group(&mut self, compiled: &Compiled, numbers: &[Option<u32>]) -> Result<Option<Group>, StateError> {
        let written: usize = self.small()?;
        let correlation = *numbers.get(written).ok_or(StateError::Damaged)?;
        let generation = self.small()?;
        let key: Box<str> = self.text()?.into();
        let shown = self.list(|bytes| Ok(bytes.text()?.into()))?;
        let taken = self.counter()?;
        let last = self.signed()?;
        let flags = self.unsigned()?;
        let fired = if flags & 2 == 2 { Some(self.signed()?) } else { None };
        let references = self.valued()?.into();
        let state = self.state()?;
        let Some(number) = correlation else { return Ok(None) };
        let plan = compiled.correlations.get(number as usize).ok_or(StateError::Damaged)?;
        // The same definition makes the same shape.
        let made = State::new(plan.shape);
        let rules = |state: &State| matches!(state, State::Seen(_) | State::Chain(_)).then(|| state.cells());
        if std::mem::discriminant(&made) != std::mem::discriminant(&state) || rules(&made) != rules(&state) {
            return Err(StateError::Damaged);
        }
        Ok(Some(Group {
            correlation: number,
            generation,
            hash: compiled.hasher.hash_one((number, &*key)),
            key,
            shown: shown.into(),
            state,
            waiting: 0,
            taken,
            last,
            fired,
            holds: flags & 1 == 1,
            references,
        }))
    }

    fn state(&mut self) -> Result<State, StateError> {
        Ok(match self.byte()? {
            0 => State::Recent(self.list(Self::signed)?.into()),
            1 => {
                let latest = self.valued()?.into_iter().map(|(time, value)| (value, time)).collect();
                State::Distinct { latest, order: self.valued()?.into() }
            }
            2 => {
                let merged = self.byte()? == 1;
                let total = f64::from_bits(self.unsigned()?);
                let entries = self.valued()?.into_iter().map(|(time, value)| (time, f64::from_bits(value)));
                State::Sum { entries: entries.collect(), total, merged }
            }
            3 => State::Seen(self.list(Self::signed)?.into()),
            4 => State::Chain(self.list(Self::signed)?.into()),
            5 => {
                let (count, sum, places) = (self.counter()?, self.unsigned()?, self.unsigned()?);
                let distinct = self.list(Self::unsigned)?.into_iter().collect();
                let values = self.list(Self::unsigned)?.into_iter().map(f64::from_bits).collect();
                State::Window(Tally { count, distinct, sum: f64::from_bits(sum), values, places })
            }
            _ => return Err(StateError::Damaged),
        })
    }

    fn valued(&mut self) -> Result<Vec<(i64, u64)>, StateError> {
        self.list(|bytes| Ok((bytes.signed()?, bytes.unsigned()?)))
    }
}
