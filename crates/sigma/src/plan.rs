//! The rules that concern one source, indexed by their witnesses.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;
use hashbrown::HashMap as FastMap;

use crate::compile::{How, Witness};
use crate::engine::{FieldId, RuleId};

/// The rules for events of one source, and how they are woken. Made once for a source, shared by all workers.
#[derive(Debug, Default)]
pub struct Plan {
    rules: Vec<RuleId>,
    /// By field number; `u32::MAX` where no witness asks.
    by_field: Vec<u32>,
    matchers: Vec<Matcher>,
    pub(crate) any_field: Option<Matcher>,
    pub(crate) always: Vec<RuleId>,
    wants_every_value: bool,
}

/// Looks for all witnesses of one field in one value.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    present: Vec<RuleId>,
    exact: FastMap<String, Vec<RuleId>, foldhash::fast::FixedState>,
    prefix: Ends,
    suffix: Ends,
    contains: Option<(AhoCorasick, Vec<Vec<RuleId>>)>,
}

/// Texts at one end of a value, by length.
#[derive(Debug, Default)]
struct Ends {
    lengths: Vec<usize>,
    texts: FastMap<String, Vec<RuleId>, foldhash::fast::FixedState>,
}

impl Plan {
    pub(crate) fn new(
        field_count: usize,
        rules: impl Iterator<Item = (RuleId, Option<Vec<Witness>>, bool)>,
    ) -> Self {
        let mut plan = Self { by_field: vec![u32::MAX; field_count], ..Self::default() };
        let mut witnesses: HashMap<Option<FieldId>, Vec<(How, String, RuleId)>> = HashMap::new();
        for (rule, needed, keywords) in rules {
            plan.rules.push(rule);
            plan.wants_every_value |= keywords;
            match needed {
                None => plan.always.push(rule),
                Some(needed) => {
                    for Witness { field, how, text } in needed {
                        witnesses.entry(field).or_default().push((how, text, rule));
                    }
                }
            }
        }
        for (field, wanted) in witnesses {
            let matcher = Matcher::new(wanted);
            match field {
                None => plan.any_field = Some(matcher),
                Some(field) => {
                    if let Some(slot) = plan.by_field.get_mut(field.0 as usize) {
                        *slot = plan.matchers.len() as u32;
                        plan.matchers.push(matcher);
                    }
                }
            }
        }
        plan
    }

    pub(crate) fn matcher(&self, field: FieldId) -> Option<&Matcher> {
        self.by_field.get(field.0 as usize).and_then(|&index| self.matchers.get(index as usize))
    }

    /// The rules that concern this source.
    pub fn rules(&self) -> &[RuleId] {
        &self.rules
    }

    /// Whether any of them looks for words in every value, so that values of fields that no rule names matter too.
    pub fn wants_every_value(&self) -> bool {
        self.wants_every_value
    }
}

impl Matcher {
    fn new(wanted: Vec<(How, String, RuleId)>) -> Self {
        let mut matcher = Self::default();
        let mut contains: HashMap<String, Vec<RuleId>> = HashMap::new();
        for (how, text, rule) in wanted {
            let rules = match how {
                How::Present => &mut matcher.present,
                How::Exact => matcher.exact.entry(text).or_default(),
                How::Prefix => matcher.prefix.rules(text),
                How::Suffix => matcher.suffix.rules(text),
                How::Contains => contains.entry(text).or_default(),
            };
            if rules.last() != Some(&rule) {
                rules.push(rule);
            }
        }
        if !contains.is_empty() {
            let (texts, rules): (Vec<_>, Vec<_>) = contains.into_iter().unzip();
            match AhoCorasick::new(&texts) {
                Ok(automaton) => matcher.contains = Some((automaton, rules)),
                // Too many texts for one automaton: look at those rules whenever the field is there.
                Err(_) => matcher.present.extend(rules.into_iter().flatten()),
            }
        }
        matcher
    }

    /// Calls `wake` for every rule whose witness stands in the value; some more than once.
    pub(crate) fn wake(&self, folded: &str, wake: &mut impl FnMut(RuleId)) {
        self.present.iter().for_each(|&rule| wake(rule));
        if !self.exact.is_empty()
            && let Some(rules) = self.exact.get(folded)
        {
            rules.iter().for_each(|&rule| wake(rule));
        }
        for &length in &self.prefix.lengths {
            if let Some(rules) = folded.get(..length).and_then(|start| self.prefix.texts.get(start)) {
                rules.iter().for_each(|&rule| wake(rule));
            }
        }
        for &length in &self.suffix.lengths {
            let Some(start) = folded.len().checked_sub(length) else { break };
            if let Some(rules) = folded.get(start..).and_then(|end| self.suffix.texts.get(end)) {
                rules.iter().for_each(|&rule| wake(rule));
            }
        }
        if let Some((automaton, rules)) = &self.contains {
            for found in automaton.find_overlapping_iter(folded) {
                if let Some(rules) = rules.get(found.pattern().as_usize()) {
                    rules.iter().for_each(|&rule| wake(rule));
                }
            }
        }
    }
}

impl Ends {
    fn rules(&mut self, text: String) -> &mut Vec<RuleId> {
        if let Err(place) = self.lengths.binary_search(&text.len()) {
            self.lengths.insert(place, text.len());
        }
        self.texts.entry(text).or_default()
    }
}
