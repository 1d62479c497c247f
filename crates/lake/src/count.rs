//! Counts events by dimensions, from columns only: the raw record is read only when words are looked for.

use arrow_array::StringArray;
use foldhash::HashMap;
use watch::lake::{Dimension, Search};

use crate::answer::{Answer, Reading, each};
use crate::file::{Opened, Rows, Trouble};
use crate::instant::{Instant, Lies};
use crate::layout::{Located, Table};
use crate::question::Question;
use crate::schema::{EVENTS, Times, column};

/// Microseconds in an hour.
const HOUR_MICROSECONDS: i64 = 3_600_000_000;

/// Names of the dimensions, and how many events.
pub type Counted = Vec<(Vec<String>, u64)>;

/// Counts, biggest first, then by name.
pub(crate) fn count(located: &[Located], search: &Search, by: &[Dimension]) -> Answer<Counted> {
    let question = Question::of(search);
    let parts =
        each(located, |sum: &mut HashMap<Vec<String>, u64>, reading: &mut Reading, file: &Located| {
            let counted = reading.of(file, Table::Events, &EVENTS, |opened, reading| {
                count_file(opened, reading, &question, by)
            });
            for (key, count) in counted.unwrap_or_default() {
                *sum.entry(names(file, by, key)).or_default() += count;
            }
        });
    let mut reading = Reading::over(located);
    let mut total: HashMap<Vec<String>, u64> = HashMap::default();
    for (part, read) in parts {
        reading.add(read);
        for (key, count) in part {
            *total.entry(key).or_default() += count;
        }
    }
    let mut counted: Counted = total.into_iter().collect();
    counted.sort_unstable_by(|(one, more), (other, less)| less.cmp(more).then_with(|| one.cmp(other)));
    reading.answer(counted)
}

/// One value for each dimension that differs within a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Value {
    /// The same in the whole file: its path says it.
    OfFile,
    /// Hours since 1970.
    Hour(i64),
    /// A word.
    Word(String),
}

fn count_file(
    file: &Opened,
    reading: &mut Reading,
    question: &Question,
    by: &[Dimension],
) -> Result<HashMap<Vec<Value>, u64>, Trouble> {
    let mut counts = HashMap::default();
    for group in 0..file.groups() {
        if !question.may_be_in(file, group)? {
            continue;
        }
        let mut rows = Rows::Range(0..file.rows(group));
        if question.lies(file, group) == Lies::Across {
            reading.cost.rows += rows.len() as u64;
            rows = question.in_period(file, group, rows)?;
        } else if !question.only_period() {
            reading.cost.rows += rows.len() as u64;
        }
        rows = question.matching(file, group, rows)?;
        count_rows(file, reading, group, &rows, by, &mut counts)?;
    }
    Ok(counts)
}

fn count_rows(
    file: &Opened,
    reading: &mut Reading,
    group: usize,
    rows: &Rows,
    by: &[Dimension],
    counts: &mut HashMap<Vec<Value>, u64>,
) -> Result<(), Trouble> {
    let columns: Vec<&str> = by.iter().flat_map(|dimension| columns_of(*dimension)).copied().collect();
    if columns.is_empty() || rows.len() == 0 {
        // The footer, or the rows that matched, say it all.
        if rows.len() > 0 {
            *counts.entry(vec![Value::OfFile; by.len()]).or_default() += rows.len() as u64;
        }
        return Ok(());
    }
    reading.cost.rows += rows.len() as u64;
    for batch in file.read(group, &columns, rows)? {
        let batch = batch?;
        let readers = by.iter().map(|dimension| Values::of(&batch, *dimension));
        let readers: Vec<Values> = readers.collect::<Result<_, Trouble>>()?;
        // Neighbours mostly have the same values: runs are counted, and looked up once.
        let mut start = 0;
        for row in 1..=batch.num_rows() {
            if row == batch.num_rows() || !readers.iter().all(|values| values.same(start, row)) {
                let key = readers.iter().map(|values| values.at(start)).collect();
                *counts.entry(key).or_default() += (row - start) as u64;
                start = row;
            }
        }
    }
    Ok(())
}

const fn columns_of(dimension: Dimension) -> &'static [&'static str] {
    match dimension {
        Dimension::Organisation | Dimension::Day => &[],
        Dimension::Hour => &["time", "nanosecond"],
        Dimension::Product => &["product"],
        Dimension::Service => &["service"],
        Dimension::Category => &["category"],
    }
}

/// The values of one dimension in a batch.
enum Values<'a> {
    OfFile,
    Hours(Times<'a>),
    Words(&'a StringArray),
}

impl<'a> Values<'a> {
    fn of(batch: &'a arrow_array::RecordBatch, dimension: Dimension) -> Result<Self, Trouble> {
        Ok(match columns_of(dimension) {
            [] => Self::OfFile,
            ["time", ..] => Self::Hours(Times::of(batch, "time", "nanosecond")?),
            [name, ..] => Self::Words(column(batch, name)?),
        })
    }

    fn same(&self, one: usize, other: usize) -> bool {
        match self {
            Self::OfFile => true,
            Self::Hours(times) => hour(times.at(one)) == hour(times.at(other)),
            Self::Words(words) => words.value(one) == words.value(other),
        }
    }

    fn at(&self, row: usize) -> Value {
        match self {
            Self::OfFile => Value::OfFile,
            Self::Hours(times) => Value::Hour(hour(times.at(row))),
            Self::Words(words) => Value::Word(words.value(row).to_owned()),
        }
    }
}

fn hour(at: Instant) -> i64 {
    at.micros.div_euclid(HOUR_MICROSECONDS)
}

fn names(file: &Located, by: &[Dimension], key: Vec<Value>) -> Vec<String> {
    let name = |(dimension, value): (&Dimension, Value)| match (value, dimension) {
        (Value::Word(word), _) => word,
        (Value::Hour(hour), _) => hour_name(hour),
        (Value::OfFile, Dimension::Day) => file.partition.day.to_string(),
        (Value::OfFile, _) => file.partition.organisation.to_string(),
    };
    by.iter().zip(key).map(name).collect()
}

fn hour_name(hour: i64) -> String {
    let start = Instant { micros: hour.saturating_mul(HOUR_MICROSECONDS), nanos: 0 };
    // The very first hour begins before the first time there is.
    start.time().unwrap_or(base::Timestamp::MIN).to_string()
}
