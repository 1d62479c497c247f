//! The rules that concern one source, indexed by their witnesses.

use std::collections::HashMap;

use hashbrown::HashMap as FastMap;

use crate::compile::{How, Witness};
use crate::engine::{FieldId, RuleId};
use crate::search::Search;

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
    /// By field number: whether one of the rules asks for it.
    asked: Vec<bool>,
}

/// Looks for all witnesses of one field in one value.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    present: Vec<RuleId>,
    exact: FastMap<String, Vec<RuleId>, foldhash::fast::FixedState>,
    /// The longest of `exact`, in bytes: a longer value is none of them.
    exact_bytes_max: usize,
    prefix: Ends,
    suffix: Ends,
    contains: Search,
    /// By the number of the text in `contains`.
    contained: Vec<Vec<RuleId>>,
}

/// Texts at one end of a value, by their last bytes: a file's name says more than the folders before it.
#[derive(Debug, Default)]
struct Ends {
    /// The lengths of texts, each once, in order. Of suffixes, only those shorter than [`TAIL_BYTES`].
    lengths: Vec<usize>,
    /// Texts that end in these bytes.
    tails: FastMap<u64, Vec<Ending>, foldhash::fast::FixedState>,
}

/// A text, and the rules that ask for it.
type Ending = (Box<str>, Vec<RuleId>);

/// The last bytes by which a text is looked up.
const TAIL_BYTES: usize = 8;

impl Plan {
    pub(crate) fn new(
        asked: Vec<bool>,
        rules: impl Iterator<Item = (RuleId, Option<Vec<Witness>>, bool)>,
    ) -> Self {
        let mut plan = Self { by_field: vec![u32::MAX; asked.len()], asked, ..Self::default() };
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

    /// Whether any of them asks for this field.
    pub fn asks(&self, field: FieldId) -> bool {
        self.asked.get(field.0 as usize).is_some_and(|asked| *asked)
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
                How::Exact => {
                    matcher.exact_bytes_max = matcher.exact_bytes_max.max(text.len());
                    matcher.exact.entry(text).or_default()
                }
                How::Prefix => {
                    let length = text.len();
                    matcher.prefix.rules(text, length)
                }
                How::Suffix => {
                    let length = text.len().min(TAIL_BYTES);
                    matcher.suffix.rules(text, length)
                }
                How::Contains => contains.entry(text).or_default(),
            };
            if rules.last() != Some(&rule) {
                rules.push(rule);
            }
        }
        let (texts, rules): (Vec<_>, Vec<_>) = contains.into_iter().unzip();
        matcher.contains = Search::new(texts.iter().map(String::as_str));
        matcher.contained = rules;
        matcher
    }

    /// Calls `wake` for every rule whose witness stands in the value; some more than once.
    pub(crate) fn wake(&self, folded: &str, wake: &mut impl FnMut(RuleId)) {
        let mut all = |rules: &[RuleId]| rules.iter().for_each(|&rule| wake(rule));
        all(&self.present);
        if folded.len() <= self.exact_bytes_max
            && let Some(rules) = self.exact.get(folded)
        {
            all(rules);
        }
        for &length in &self.prefix.lengths {
            let Some(start) = folded.as_bytes().get(..length) else { break };
            for (text, rules) in self.prefix.ending_like(start) {
                if text.as_bytes() == start {
                    all(rules);
                }
            }
        }
        for &length in &self.suffix.lengths {
            let Some(start) = folded.len().checked_sub(length) else { break };
            let tail = folded.as_bytes().get(start..).unwrap_or_default();
            for (text, rules) in self.suffix.ending_like(tail) {
                if text.len().min(TAIL_BYTES) == length && folded.ends_with(&**text) {
                    all(rules);
                }
            }
        }
        if !self.contains.is_empty() {
            self.contains.find(folded, &mut |number| {
                all(&self.contained[number]);
                true
            });
        }
    }
}

impl Ends {
    /// The rules of a text, which is found by looking at ends of this length.
    fn rules(&mut self, text: String, length: usize) -> &mut Vec<RuleId> {
        if let Err(place) = self.lengths.binary_search(&length) {
            self.lengths.insert(place, length);
        }
        let texts = self.tails.entry(tail(text.as_bytes())).or_default();
        let place = match texts.iter().position(|(known, _)| **known == *text) {
            Some(place) => place,
            None => {
                texts.push((text.into_boxed_str(), Vec::new()));
                texts.len() - 1
            }
        };
        &mut texts[place].1
    }

    fn ending_like(&self, bytes: &[u8]) -> &[Ending] {
        self.tails.get(&tail(bytes)).map_or(&[], Vec::as_slice)
    }
}

/// The last bytes as a number; of a shorter text, all of them.
fn tail(bytes: &[u8]) -> u64 {
    match bytes.last_chunk::<TAIL_BYTES>() {
        Some(tail) => u64::from_le_bytes(*tail),
        None => bytes.iter().fold(bytes.len() as u64, |sum, byte| sum << 8 | u64::from(*byte)),
    }
}
