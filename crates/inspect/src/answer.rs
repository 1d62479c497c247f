//! What somebody says about one item, and all they say, at two bits an item.

use std::fmt;
use std::str::FromStr;

/// The most items one role is asked about.
pub const ITEMS_MAX: usize = 1_024;

/// Items in one word.
const LANES: usize = 32;
/// The lower bit of every item in a word.
const LOW: u64 = 0x5555_5555_5555_5555;

/// What somebody says about one item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing. Inside a form that was sent it counts as the campaign's [`Blank`](crate::Blank) says.
    #[default]
    Blank,
    /// 実施: the duty arose and was done.
    Done,
    /// 未実施: the duty arose and was not done.
    NotDone,
    /// 責務なし: the duty did not arise, as for who handled no classified information.
    NoDuty,
}

impl Answer {
    /// All, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Blank, Self::Done, Self::NotDone, Self::NoDuty];

    /// The word in files and forms; empty for nothing.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Blank => "",
            Self::Done => "done",
            Self::NotDone => "not_done",
            Self::NoDuty => "no_duty",
        }
    }

    /// The two bits.
    pub const fn code(self) -> u8 {
        self as u8
    }

    pub(crate) const fn of_code(code: u64) -> Self {
        match code & 3 {
            1 => Self::Done,
            2 => Self::NotDone,
            3 => Self::NoDuty,
            _ => Self::Blank,
        }
    }

    /// The answer that stands in a file, in either language.
    pub fn of_bytes(text: &[u8]) -> Option<Self> {
        match text {
            b"done" => Some(Self::Done),
            b"not_done" => Some(Self::NotDone),
            b"no_duty" => Some(Self::NoDuty),
            b"" | b"blank" => Some(Self::Blank),
            other => match std::str::from_utf8(other).ok()? {
                "実施" => Some(Self::Done),
                "未実施" => Some(Self::NotDone),
                "責務なし" | "該当なし" => Some(Self::NoDuty),
                "未回答" => Some(Self::Blank),
                _ => None,
            },
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Answer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::of_bytes(text.as_bytes())
            .ok_or_else(|| format!("{text:?} is not done, not_done, no_duty or empty"))
    }
}

/// Everything one person says in one role: two bits an item, 25 bytes for 100 items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    words: Vec<u64>,
    items: usize,
}

impl Packed {
    /// All blank.
    pub fn blank(items: usize) -> Self {
        Self { words: vec![0; items.div_ceil(LANES)], items }
    }

    /// The answers in order.
    pub fn of(answers: &[Answer]) -> Self {
        let mut packed = Self::blank(answers.len());
        for (item, answer) in answers.iter().enumerate() {
            packed.set(item, *answer);
        }
        packed
    }

    /// The first `items` answers of words that [`Packed::words`] gave; what is missing is blank.
    pub(crate) fn of_words(words: &[u64], items: usize) -> Self {
        let asked = lanes(items);
        let mask =
            |(word, asked): (usize, &u64)| words.get(word).copied().unwrap_or(0) & (asked | asked << 1);
        Self { words: asked.iter().enumerate().map(mask).collect(), items }
    }

    /// How many items there are.
    pub fn items(&self) -> usize {
        self.items
    }

    /// What was said about an item; beyond the last, nothing.
    pub fn get(&self, item: usize) -> Answer {
        let word = self.words.get(item / LANES).copied().unwrap_or(0);
        Answer::of_code(word >> (2 * (item % LANES)))
    }

    /// Replaces what was said about an item. An item beyond the last is not there to be answered: nothing happens.
    pub fn set(&mut self, item: usize, answer: Answer) {
        if item >= self.items {
            return;
        }
        if let Some(word) = self.words.get_mut(item / LANES) {
            let shift = 2 * (item % LANES);
            *word = (*word & !(3 << shift)) | (u64::from(answer.code()) << shift);
        }
    }

    /// The bits, 32 items a word, the first item lowest.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The answers in order.
    pub fn iter(&self) -> impl Iterator<Item = Answer> + '_ {
        (0..self.items).map(|item| self.get(item))
    }

    /// As hexadecimal digits: how a column keeps it.
    pub fn hex(&self) -> String {
        let bytes = self.words.iter().flat_map(|word| word.to_le_bytes()).take(self.items.div_ceil(4));
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads what [`Packed::hex`] wrote for so many items; `None` when it did not.
    pub fn of_hex(text: &str, items: usize) -> Option<Self> {
        let bytes = items.div_ceil(4);
        if items > ITEMS_MAX || text.len() != 2 * bytes || !text.is_ascii() {
            return None;
        }
        let mut packed = Self::blank(items);
        for number in 0..bytes {
            let byte = u8::from_str_radix(text.get(2 * number..2 * number + 2)?, 16).ok()?;
            *packed.words.get_mut(number / 8)? |= u64::from(byte) << (8 * (number % 8));
        }
        let beyond = packed
            .words
            .last()
            .filter(|_| !items.is_multiple_of(LANES))
            .map(|word| word >> (2 * (items % LANES)));
        (beyond.unwrap_or(0) == 0).then_some(packed)
    }
}

/// The mask of the first `items` items, as [`Split::of`] wants it: the lower bit of each.
pub fn lanes(items: usize) -> Vec<u64> {
    let whole = |word: usize| items.saturating_sub(word * LANES).min(LANES);
    (0..items.div_ceil(LANES))
        .map(|word| match whole(word) {
            LANES => LOW,
            some => LOW & ((1 << (2 * some)) - 1),
        })
        .collect()
}

/// One word of answers taken apart: the lower bit of each item stands for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    pub(crate) done: u64,
    pub(crate) not_done: u64,
    pub(crate) no_duty: u64,
    pub(crate) blank: u64,
}

impl Split {
    /// Looks at the items in `asked` only.
    pub(crate) fn of(word: u64, asked: u64) -> Self {
        let (low, high) = (word & LOW, (word >> 1) & LOW);
        Self {
            done: low & !high & asked,
            not_done: high & !low & asked,
            no_duty: low & high & asked,
            blank: asked & !low & !high,
        }
    }
}

/// The items whose bit is set, the word being the `number`th.
pub(crate) fn each_item(number: usize, mut bits: u64, mut found: impl FnMut(usize)) {
    while bits != 0 {
        found(number * LANES + bits.trailing_zeros() as usize / 2);
        bits &= bits - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_survive_packing_at_two_bits_an_item() {
        for items in [0, 1, 31, 32, 33, 100] {
            let answers: Vec<_> = (0..items).map(|item| Answer::ALL[(item * 7 + 1) % 4]).collect();
            let packed = Packed::of(&answers);
            assert_eq!(packed.iter().collect::<Vec<_>>(), answers);
            assert_eq!(packed.hex().len(), 2 * items.div_ceil(4));
            assert_eq!(Packed::of_hex(&packed.hex(), items), Some(packed));
        }
        assert_eq!(Packed::blank(100).hex().len(), 50);
    }

    #[test]
    fn a_column_that_holds_something_else_is_refused() {
        assert_eq!(Packed::of_hex("00", 5), None);
        assert_eq!(Packed::of_hex("zz", 4), None);
        assert_eq!(Packed::of_hex("ff", 3), None, "there is no fourth item");
        assert!(Packed::of_hex("3f", 3).is_some());
        assert_eq!(Packed::of_hex("", ITEMS_MAX + 1), None);
    }

    #[test]
    fn an_item_that_is_not_there_cannot_be_answered() {
        let mut packed = Packed::blank(3);
        packed.set(3, Answer::Done);
        assert_eq!(packed, Packed::blank(3));
        assert_eq!(packed.get(900), Answer::Blank);
    }

    #[test]
    fn a_file_may_be_written_in_either_language() {
        for answer in Answer::ALL {
            assert_eq!(answer.word().parse(), Ok(answer));
        }
        assert_eq!("未実施".parse(), Ok(Answer::NotDone));
        assert_eq!("該当なし".parse(), Ok(Answer::NoDuty));
        assert!("はい".parse::<Answer>().is_err() && "Done".parse::<Answer>().is_err());
    }

    #[test]
    fn a_mask_has_one_bit_for_each_item() {
        for items in [0, 1, 32, 33, 64, 100] {
            assert_eq!(lanes(items).iter().map(|word| word.count_ones() as usize).sum::<usize>(), items);
        }
    }
}
