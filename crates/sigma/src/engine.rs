//! Rules and events in, matching rules out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::compile::{Compiler, Fields, Item, Program, Witness};
use crate::condition::Expr;
use crate::modifier::Test;
use crate::pattern::fold_onto;
use crate::plan::Plan;
use crate::rule::{Leaf, Rule};
use crate::test::compare_fields;

/// A rule of one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u32);

/// A field that some rule of one engine asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u32);

/// What a value was written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A number, given as its decimal text.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Present and empty.
    Null,
}

/// Where an event comes from, in Sigma's words. An event may belong to several services and categories.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    /// `windows`; empty when unknown: then only rules that name no product concern it.
    pub product: &'a str,
    /// `security`, `sysmon` …
    pub services: &'a [&'a str],
    /// `process_creation` …
    pub categories: &'a [&'a str],
}

/// All rules, compiled. Shared by any number of workers.
pub struct Engine {
    rules: Vec<Compiled>,
    fields: Fields,
    items: Vec<Item>,
    plans: Mutex<HashMap<Vec<u32>, Arc<Plan>>>,
}

struct Compiled {
    rule: Rule,
    program: Program,
    witnesses: Option<Vec<Witness>>,
}

/// One event as rules see it: values, and the names rules may call them by.
#[derive(Debug, Default)]
pub struct Event<'a> {
    values: Vec<(Kind, &'a str)>,
    names: Vec<(FieldId, u32)>,
}

impl<'a> Event<'a> {
    /// An empty event with room for so many values.
    pub fn with_capacity(values: usize) -> Self {
        Self { values: Vec::with_capacity(values), names: Vec::with_capacity(values) }
    }

    /// Adds a value under every field id it answers to. Without any it is only seen by rules that look for words in
    /// every value. Its number, from 0 in order of adding, is what [`Matched`] names.
    pub fn push(&mut self, fields: &[FieldId], kind: Kind, text: &'a str) {
        let index = self.values.len() as u32;
        self.values.push((kind, text));
        self.names.extend(fields.iter().map(|&field| (field, index)));
    }

    /// Adds a value by name.
    pub fn push_named(&mut self, engine: &Engine, name: &str, kind: Kind, text: &'a str) {
        let field = engine.field(name);
        self.push(field.as_slice(), kind, text);
    }
}

impl Engine {
    /// Compiles rules.
    pub fn new(rules: Vec<Rule>) -> Self {
        let mut compiler = Compiler::default();
        let rules = rules
            .into_iter()
            .map(|rule| {
                let (program, witnesses) = compiler.rule(&rule);
                Compiled { rule, program, witnesses }
            })
            .collect();
        Self { rules, fields: compiler.fields, items: compiler.items, plans: Mutex::default() }
    }

    /// The id of a field, if any rule asks for it. ASCII case does not count.
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.fields.get(name)
    }

    /// How many fields rules ask for; ids are below it.
    pub fn field_count(&self) -> usize {
        self.fields.names.len()
    }

    /// The name of a field as the first rule wrote it.
    pub fn field_name(&self, field: FieldId) -> &str {
        self.fields.names.get(field.0 as usize).map_or("", String::as_str)
    }

    /// The rule behind an id of this engine.
    ///
    /// # Panics
    /// With an id of another engine.
    pub fn rule(&self, id: RuleId) -> &Rule {
        &self.rules[id.0 as usize].rule
    }

    /// Whether a rule has to be asked about every event of its source, because nothing that must be in an event for it
    /// to hold can be looked up: slow.
    pub fn is_always_asked(&self, id: RuleId) -> bool {
        self.rules.get(id.0 as usize).is_some_and(|compiled| compiled.witnesses.is_none())
    }

    pub(crate) fn program(&self, id: RuleId) -> Option<&Program> {
        self.rules.get(id.0 as usize).map(|compiled| &compiled.program)
    }

    pub(crate) fn item(&self, number: u32) -> Option<&Item> {
        self.items.get(number as usize)
    }

    /// Every rule, in the order of ids.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.rules.iter().map(|compiled| &compiled.rule)
    }

    /// The plan for events of one source: made when first asked for.
    pub fn plan(&self, source: &Source<'_>) -> Arc<Plan> {
        let concerned: Vec<u32> = self
            .rules
            .iter()
            .enumerate()
            .filter(|(_, compiled)| concerns(&compiled.rule, source))
            .map(|(id, _)| id as u32)
            .collect();
        self.plan_of(concerned)
    }

    /// The plan with every rule, whatever its log source: slower, and full of false hits.
    pub fn plan_of_all(&self) -> Arc<Plan> {
        self.plan_of((0..self.rules.len() as u32).collect())
    }

    fn plan_of(&self, concerned: Vec<u32>) -> Arc<Plan> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(&concerned) {
            return Arc::clone(plan);
        }
        let rules = concerned.iter().filter_map(|&id| {
            let compiled = self.rules.get(id as usize)?;
            Some((RuleId(id), compiled.witnesses.clone(), compiled.rule.has_keywords()))
        });
        let mut asked = vec![false; self.fields.names.len()];
        let mut ask = |item: &u32| {
            let item = &self.items[*item as usize];
            let referred = item.refers.map(|(field, ..)| field);
            item.field.into_iter().chain(referred).for_each(|field| asked[field.0 as usize] = true);
        };
        concerned.iter().for_each(|&id| self.rules[id as usize].program.each(&mut ask));
        let plan = Arc::new(Plan::new(asked, rules));
        plans.insert(concerned, Arc::clone(&plan));
        plan
    }

    /// A worker for one thread.
    pub fn worker(&self) -> Worker {
        Worker {
            epoch: 0,
            items: vec![0; self.items.len()],
            woken: vec![0; self.rules.len()],
            heads: vec![(0, 0); self.fields.names.len()],
            next: Vec::new(),
            folded: String::new(),
            folds: Vec::new(),
            candidates: Vec::new(),
            hits: Vec::new(),
        }
    }
}

fn concerns(rule: &Rule, source: &Source<'_>) -> bool {
    let log_source = &rule.log_source;
    log_source.product.as_deref().is_none_or(|product| product == source.product)
        && log_source.service.as_deref().is_none_or(|service| source.services.contains(&service))
        && log_source.category.as_deref().is_none_or(|category| source.categories.contains(&category))
}

/// Why a rule matched: one of its questions, and the value that answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched<'e> {
    /// The field as a rule writes it; empty for a word looked for in every value.
    pub field: &'e str,
    /// The number of the value in the event.
    pub value: usize,
}

/// Evaluates events, one at a time, without allocating once warm. What it remembers is valid until the next event.
pub struct Worker {
    /// Number of the present event; what carries another number is forgotten.
    epoch: u32,
    /// Twice the epoch of the answer, plus the answer.
    items: Vec<u64>,
    woken: Vec<u32>,
    /// By field: epoch, and the place of its first name plus one.
    heads: Vec<(u32, u32)>,
    /// By place in the event's names: the place of the next of the same field plus one.
    next: Vec<u32>,
    folded: String,
    /// By value: its fold in `folded`.
    folds: Vec<Option<(usize, usize)>>,
    candidates: Vec<RuleId>,
    hits: Vec<RuleId>,
}

impl Worker {
    /// The rules of the plan that hold for the event, in order of id.
    pub fn evaluate(&mut self, engine: &Engine, plan: &Plan, event: &Event<'_>) -> &[RuleId] {
        self.begin(event);
        self.wake(plan, event);
        let mut candidates = std::mem::take(&mut self.candidates);
        candidates.sort_unstable();
        for &rule in &candidates {
            if let Some(compiled) = engine.rules.get(rule.0 as usize)
                && self.holds(engine, event, &compiled.program)
            {
                self.hits.push(rule);
            }
        }
        candidates.clear();
        self.candidates = candidates;
        &self.hits
    }

    /// The values that made a rule match: asked right after [`Worker::evaluate`] of the same event.
    pub fn matched<'e>(&mut self, engine: &'e Engine, event: &Event<'_>, rule: RuleId) -> Vec<Matched<'e>> {
        let mut matched = Vec::new();
        if let Some(compiled) = engine.rules.get(rule.0 as usize) {
            self.explain(engine, event, &compiled.program, &mut matched);
        }
        matched
    }

    pub(crate) fn begin(&mut self, event: &Event<'_>) {
        if self.epoch == u32::MAX {
            self.items.fill(0);
            self.woken.fill(0);
            self.heads.fill((0, 0));
            self.epoch = 0;
        }
        self.epoch += 1;
        self.hits.clear();
        self.folded.clear();
        self.folds.clear();
        self.folds.resize(event.values.len(), None);
        self.next.clear();
        self.next.resize(event.names.len(), 0);
        for (place, (field, _)) in event.names.iter().enumerate().rev() {
            if let Some(head) = self.heads.get_mut(field.0 as usize) {
                self.next[place] = if head.0 == self.epoch { head.1 } else { 0 };
                *head = (self.epoch, place as u32 + 1);
            }
        }
    }

    fn wake(&mut self, plan: &Plan, event: &Event<'_>) {
        for &rule in &plan.always {
            self.wake_rule(rule);
        }
        for &(field, value) in &event.names {
            if let Some(matcher) = plan.matcher(field) {
                let (start, end) = self.fold(event, value);
                let Self { folded, woken, candidates, epoch, .. } = self;
                matcher.wake(&folded[start..end], &mut |rule| note(rule, *epoch, woken, candidates));
            }
        }
        if let Some(matcher) = &plan.any_field {
            for value in 0..event.values.len() as u32 {
                let (start, end) = self.fold(event, value);
                let Self { folded, woken, candidates, epoch, .. } = self;
                matcher.wake(&folded[start..end], &mut |rule| note(rule, *epoch, woken, candidates));
            }
        }
    }

    fn wake_rule(&mut self, rule: RuleId) {
        note(rule, self.epoch, &mut self.woken, &mut self.candidates);
    }

    /// Where the fold of a value stands in `folded`; made when first asked for.
    fn fold(&mut self, event: &Event<'_>, value: u32) -> (usize, usize) {
        let Some(slot) = self.folds.get_mut(value as usize) else { return (0, 0) };
        if let Some(span) = *slot {
            return span;
        }
        let start = self.folded.len();
        fold_onto(event.values[value as usize].1, &mut self.folded);
        let span = (start, self.folded.len());
        *slot = Some(span);
        span
    }

    fn holds(&mut self, engine: &Engine, event: &Event<'_>, program: &Program) -> bool {
        match program {
            Expr::And(parts) => parts.iter().all(|part| self.holds(engine, event, part)),
            Expr::Or(parts) => parts.iter().any(|part| self.holds(engine, event, part)),
            Expr::Not(part) => !self.holds(engine, event, part),
            Expr::Leaf(item) => self.item_holds(engine, event, *item),
        }
    }

    fn item_holds(&mut self, engine: &Engine, event: &Event<'_>, number: u32) -> bool {
        let known = self.items[number as usize];
        if known >> 1 == u64::from(self.epoch) {
            return known & 1 == 1;
        }
        let answer = self.answer(&engine.items[number as usize], event).is_some();
        self.items[number as usize] = u64::from(self.epoch) << 1 | u64::from(answer);
        answer
    }

    pub(crate) fn answer_of(
        &mut self,
        engine: &Engine,
        event: &Event<'_>,
        number: u32,
    ) -> Option<Option<u32>> {
        engine.item(number).and_then(|item| self.answer(item, event))
    }

    /// The value that passes the item; `Some(None)` when it passes because the field is absent.
    fn answer(&mut self, item: &Item, event: &Event<'_>) -> Option<Option<u32>> {
        let Some(field) = item.field else {
            return (0..event.values.len() as u32)
                .find(|&value| self.value_passes(item, event, value))
                .map(Some);
        };
        let mut place = self.head(field);
        if place == 0 {
            return item.tests.iter().any(Test::accepts_absence).then_some(None);
        }
        let mut all_null = true;
        while place > 0 {
            let value = event.names[place as usize - 1].1;
            all_null &= event.values[value as usize].0 == Kind::Null;
            let passes = match item.refers {
                Some((other, how, cased)) => self.refers(event, value, other, how, cased),
                None => self.value_passes(item, event, value),
            };
            if passes {
                return Some(Some(value));
            }
            place = self.next[place as usize - 1];
        }
        (all_null && item.tests.iter().any(|test| matches!(test, Test::Null))).then_some(None)
    }

    fn head(&self, field: FieldId) -> u32 {
        self.heads.get(field.0 as usize).filter(|head| head.0 == self.epoch).map_or(0, |head| head.1)
    }

    fn value_passes(&mut self, item: &Item, event: &Event<'_>, value: u32) -> bool {
        let (start, end) = self.fold(event, value);
        let folded = &self.folded[start..end];
        let (kind, text) = event.values[value as usize];
        match item.many() {
            Some(search) => kind != Kind::Null && search.finds_any(folded),
            None => item.tests.iter().any(|test| test.passes(kind, text, folded)),
        }
    }

    fn refers(
        &mut self,
        event: &Event<'_>,
        value: u32,
        other: FieldId,
        how: crate::modifier::FieldRef,
        cased: bool,
    ) -> bool {
        let mut place = self.head(other);
        while place > 0 {
            let compared = event.names[place as usize - 1].1;
            let passes = if cased {
                compare_fields(how, event.values[value as usize].1, event.values[compared as usize].1)
            } else {
                let (a, b) = (self.fold(event, value), self.fold(event, compared));
                compare_fields(how, &self.folded[a.0..a.1], &self.folded[b.0..b.1])
            };
            if passes {
                return true;
            }
            place = self.next[place as usize - 1];
        }
        false
    }

    /// Collects the values that answered the questions that hold, in the order of the program.
    fn explain<'e>(
        &mut self,
        engine: &'e Engine,
        event: &Event<'_>,
        program: &Program,
        matched: &mut Vec<Matched<'e>>,
    ) {
        match program {
            Expr::And(parts) | Expr::Or(parts) => {
                for part in parts {
                    if self.holds(engine, event, part) {
                        self.explain(engine, event, part, matched);
                    }
                }
            }
            Expr::Not(_) => {}
            Expr::Leaf(number) => {
                let item = &engine.items[*number as usize];
                if let Some(Some(value)) = self.answer(item, event) {
                    let field = item.field.map_or("", |field| engine.field_name(field));
                    let found = Matched { field, value: value as usize };
                    if !matched.contains(&found) {
                        matched.push(found);
                    }
                }
            }
        }
    }
}

fn note(rule: RuleId, epoch: u32, woken: &mut [u32], candidates: &mut Vec<RuleId>) {
    if let Some(stamp) = woken.get_mut(rule.0 as usize)
        && *stamp != epoch
    {
        *stamp = epoch;
        candidates.push(rule);
    }
}

impl Rule {
    /// Whether the rule can hold for any event in which only the fields that `seen` knows occur: `false` means that
    /// it is blind there.
    pub fn possible(&self, seen: &impl Fn(&str) -> bool) -> bool {
        fn possible(expr: &Expr<Leaf>, seen: &impl Fn(&str) -> bool) -> bool {
            match expr {
                Expr::And(parts) => parts.iter().all(|part| possible(part, seen)),
                Expr::Or(parts) => parts.iter().any(|part| possible(part, seen)),
                Expr::Not(_) => true,
                Expr::Leaf(leaf) => {
                    leaf.field.as_deref().is_none_or(seen) || leaf.tests.iter().any(Test::accepts_absence)
                }
            }
        }
        possible(&self.detection, seen)
    }
}
