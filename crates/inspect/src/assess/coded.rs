//! Responses whose values stand in tables of words, as columns of Parquet files do.

use super::collect::Collector;
use crate::answer::Answer;

/// One column of a batch of rows.
#[derive(Clone, Debug, Default)]
pub struct CodedColumn<'c> {
    /// By row, which word; one that is not there means an empty value.
    pub codes: &'c [i32],
    /// The words.
    pub words: Vec<&'c [u8]>,
}

impl CodedColumn<'_> {
    fn code(&self, row: usize) -> i32 {
        self.codes.get(row).copied().unwrap_or(-1)
    }

    fn word(&self, code: i32) -> &[u8] {
        usize::try_from(code).ok().and_then(|code| self.words.get(code)).copied().unwrap_or(&[])
    }
}

/// Reads a batch of responses, its columns in the order of [`RESPONSES`](super::RESPONSES), its rows numbered from
/// `first_row` on. Returns whether to read on.
pub fn read_coded(columns: &[CodedColumn<'_>; 5], first_row: u64, into: &mut Collector) -> bool {
    let [organisations, people, roles, items, answers] = columns;
    let meant: Vec<Option<Answer>> = answers.words.iter().map(|word| Answer::of_bytes(word)).collect();
    let mut known = vec![Vec::new(); roles.words.len() + 1];
    let mut before = None;
    let mut role = None;
    for number in 0..organisations.codes.len() {
        let row = first_row + number as u64;
        let key = (organisations.code(number), people.code(number), roles.code(number));
        if before != Some(key) {
            before = Some(key);
            role = into.turn(organisations.word(key.0), people.word(key.1), roles.word(key.2), row);
        }
        let Some(role) = role else { continue };
        let answer = match usize::try_from(answers.code(number)) {
            Ok(code) => meant.get(code).copied().flatten(),
            Err(_) => Some(Answer::Blank),
        };
        let Some(answer) = answer else {
            let word = String::from_utf8_lossy(answers.word(answers.code(number))).into_owned();
            into.wrong(row, "answer", format!("{word:?} is not done, not_done, no_duty or empty"));
            continue;
        };
        let known =
            &mut known[usize::try_from(key.2).map_or(roles.words.len(), |role| role.min(roles.words.len()))];
        let code = items.code(number);
        let item = usize::try_from(code).ok().and_then(|code| known.get(code).copied().flatten());
        let item = item.or_else(|| {
            let found = into.item(role, items.word(code), row);
            if known.is_empty() {
                known.resize(items.words.len(), None);
            }
            if let Some(place) = usize::try_from(code).ok().and_then(|code| known.get_mut(code)) {
                *place = found;
            }
            found
        });
        if let Some(item) = item {
            into.answer(item, answer, row);
        }
        if into.has_enough() {
            return false;
        }
    }
    !into.has_enough()
}
