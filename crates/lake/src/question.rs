//! A question, made ready to be asked of one row group after the other.
//!
//! Cheap columns first: each stage reads its columns only for the rows that the stages before it left. The raw record
//! is read last, and only when words are looked for.

use arrow_array::{Array, BinaryArray, FixedSizeBinaryArray, RecordBatch, StringArray, StructArray};
use base::{EventId, Observable, Period};
use foldhash::HashSet;
use watch::lake::Search;

use crate::file::{Opened, Rows, Trouble};
use crate::instant::{Instant, Lies, Window};
use crate::schema::{Lists, OBSERVABLE_LEAF, Times, column};
use crate::word::Word;

/// Asking a Bloom filter for more ids than this costs more than reading the column.
const BLOOM_IDS_MAX: usize = 1_024;

/// What every event found must be.
pub(crate) struct Question {
    /// When.
    pub(crate) window: Window,
    /// One of these; `None` is any.
    ids: Option<HashSet<EventId>>,
    /// Column, and the word that must be in it.
    sources: Vec<(&'static str, String)>,
    /// All of these, as `kind:value`.
    observables: Vec<String>,
    /// All of these.
    words: Vec<Word>,
}

impl Question {
    /// From what an analyst looks for.
    pub(crate) fn of(search: &Search) -> Self {
        let source = |column, word: &Option<String>| word.clone().map(|word| (column, word));
        let sources = [
            source("product", &search.product),
            source("service", &search.service),
            source("category", &search.category),
        ];
        Self {
            window: Window::of(search.period),
            ids: None,
            sources: sources.into_iter().flatten().collect(),
            observables: search.observables.iter().map(Observable::to_string).collect(),
            words: search.words.iter().filter(|word| !word.is_empty()).map(|word| Word::new(word)).collect(),
        }
    }

    /// From event ids.
    pub(crate) fn for_ids(ids: &[EventId], near: Period) -> Self {
        let ids = Some(ids.iter().copied().collect());
        Self { ids, ..Self::of(&Search { period: Some(near), ..Search::default() }) }
    }

    /// Whether the period is all that narrows.
    pub(crate) fn only_period(&self) -> bool {
        self.ids.is_none() && self.sources.is_empty() && self.observables.is_empty() && self.words.is_empty()
    }

    /// How the times of a row group lie to the period.
    pub(crate) fn lies(&self, file: &Opened, group: usize) -> Lies {
        match file.range(group, "time") {
            Some((min, max)) => {
                self.window.span(Instant { micros: min, nanos: 0 }, Instant { micros: max, nanos: 999 })
            }
            None => Lies::Across,
        }
    }

    /// Whether statistics and Bloom filters leave a chance that a row group has an answer.
    pub(crate) fn may_be_in(&self, file: &Opened, group: usize) -> Result<bool, Trouble> {
        if self.lies(file, group) == Lies::Outside || !self.product_may_be_in(file, group) {
            return Ok(false);
        }
        if let Some(ids) = self.ids.as_ref().filter(|ids| ids.len() <= BLOOM_IDS_MAX)
            && let Some(bloom) = file.bloom(group, "id")?
            && !ids.iter().any(|id| bloom.check(&id.0[..]))
        {
            return Ok(false);
        }
        if !self.observables.is_empty()
            && let Some(bloom) = file.bloom(group, OBSERVABLE_LEAF)?
            && !self.observables.iter().all(|text| bloom.check(text.as_bytes()))
        {
            return Ok(false);
        }
        Ok(true)
    }

    fn product_may_be_in(&self, file: &Opened, group: usize) -> bool {
        let wanted = self.sources.iter().find(|(column, _)| *column == "product");
        let (Some((_, wanted)), Some((min, max))) = (wanted, file.bounds(group, "product")) else {
            return true;
        };
        // Only a plain product: `a+b` would also be found under `b`.
        max.contains(&b'+') || min.contains(&b'+') || (min..=max).contains(&wanted.as_bytes())
    }

    /// The rows of `rows` in the period, for a row group that lies across its edge.
    pub(crate) fn in_period(&self, file: &Opened, group: usize, rows: Rows) -> Result<Rows, Trouble> {
        narrow(file, group, rows, &["time", "nanosecond"], |batch| {
            let times = Times::of(batch, "time", "nanosecond")?;
            Ok((0..batch.num_rows()).map(|row| self.window.contains(times.at(row))).collect())
        })
    }

    /// The rows of `rows` that answer everything but the period.
    pub(crate) fn matching(&self, file: &Opened, group: usize, mut rows: Rows) -> Result<Rows, Trouble> {
        if let Some(ids) = &self.ids {
            rows = narrow(file, group, rows, &["id"], |batch| has_id(batch, ids))?;
        }
        for (name, word) in &self.sources {
            rows = narrow(file, group, rows, &[name], |batch| has_source(batch, name, word))?;
        }
        if !self.observables.is_empty() {
            rows = narrow(file, group, rows, &["observables"], |batch| self.has_observables(batch))?;
        }
        if !self.words.is_empty() {
            rows = narrow(file, group, rows, &["raw", "fields"], |batch| self.has_words(batch))?;
        }
        Ok(rows)
    }

    fn has_observables(&self, batch: &RecordBatch) -> Result<Vec<bool>, Trouble> {
        let lists = Lists::<StringArray>::of(batch, "observables")?;
        let has = |row: usize, wanted: &String| lists.range(row).any(|at| lists.values.value(at) == wanted);
        Ok((0..batch.num_rows()).map(|row| self.observables.iter().all(|wanted| has(row, wanted))).collect())
    }

    fn has_words(&self, batch: &RecordBatch) -> Result<Vec<bool>, Trouble> {
        let raw: &BinaryArray = column(batch, "raw")?;
        let fields = Lists::<StructArray>::of(batch, "fields")?;
        let values = fields.values.column_by_name("value");
        let values: Option<&StringArray> = values.and_then(|values| values.as_any().downcast_ref());
        let in_fields = |row: usize, word: &Word| {
            values.is_some_and(|values| fields.range(row).any(|at| word.is_in(values.value(at).as_bytes())))
        };
        let has = |row: usize, word: &Word| word.is_in(raw.value(row)) || in_fields(row, word);
        Ok((0..batch.num_rows()).map(|row| self.words.iter().all(|word| has(row, word))).collect())
    }
}

fn has_id(batch: &RecordBatch, wanted: &HashSet<EventId>) -> Result<Vec<bool>, Trouble> {
    let ids: &FixedSizeBinaryArray = column(batch, "id")?;
    let has = |row| crate::schema::event_id(ids.value(row)).map(|id| wanted.contains(&id));
    (0..batch.num_rows()).map(has).collect()
}

fn has_source(batch: &RecordBatch, name: &str, wanted: &str) -> Result<Vec<bool>, Trouble> {
    let words: &StringArray = column(batch, name)?;
    let has = |text: &str| text == wanted || text.split('+').any(|word| word == wanted);
    Ok((0..batch.num_rows()).map(|row| has(words.value(row))).collect())
}

/// Reads columns of `rows` and keeps those rows that `judge` says.
pub(crate) fn narrow(
    file: &Opened,
    group: usize,
    rows: Rows,
    columns: &[&str],
    judge: impl Fn(&RecordBatch) -> Result<Vec<bool>, Trouble>,
) -> Result<Rows, Trouble> {
    if rows.len() == 0 {
        return Ok(rows);
    }
    let mut kept = Vec::new();
    let mut numbers = rows.iter();
    for batch in file.read(group, columns, &rows)? {
        let verdicts = judge(&batch?)?;
        kept.extend(verdicts.into_iter().zip(numbers.by_ref()).filter_map(|(keep, row)| keep.then_some(row)));
    }
    drop(numbers);
    match kept.len() == rows.len() {
        true => Ok(rows),
        false => Ok(Rows::List(kept)),
    }
}
