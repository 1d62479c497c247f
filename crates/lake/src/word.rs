//! Finds a word in bytes, ASCII case ignored, without copying them.

use memchr::{memchr_iter, memchr2_iter};

/// How often a byte occurs in logs, roughly: the search looks for the word's rarest byte first.
const COMMON_FIRST: &[u8] = b"etaoinsrlcdpum01 2\".h,:-/fgb345678ywv9_=kxjqz";

/// A word to look for.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    /// In ASCII lower case.
    lower: Vec<u8>,
    /// Where its rarest byte stands.
    rare_at: usize,
}

impl Word {
    /// Prepares a word. The empty word is in everything.
    pub(crate) fn new(word: &str) -> Self {
        let lower = word.to_ascii_lowercase().into_bytes();
        let commonness = |byte: u8| COMMON_FIRST.iter().rev().position(|&common| common == byte);
        let rare_at = (0..lower.len()).min_by_key(|&at| commonness(lower[at]).map_or(0, |rank| rank + 1));
        Self { rare_at: rare_at.unwrap_or(0), lower }
    }

    /// Whether `text` contains the word.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        let Some(&rare) = self.lower.get(self.rare_at) else { return true };
        let Some(last_start) = text.len().checked_sub(self.lower.len()) else { return false };
        // The rare byte can only stand where the whole word still fits around it.
        let window = &text[self.rare_at..=last_start + self.rare_at];
        let starts_here = |start: usize| {
            text.get(start..start + self.lower.len())
                .is_some_and(|part| part.eq_ignore_ascii_case(&self.lower))
        };
        match rare.to_ascii_uppercase() {
            upper if upper == rare => memchr_iter(rare, window).any(starts_here),
            upper => memchr2_iter(rare, upper, window).any(starts_here),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, text: &[u8], expected: bool) {
        assert_eq!(Word::new(word).is_in(text), expected, "{word:?} in {text:?}");
    }

    #[test]
    fn a_word_is_found_at_the_edges_and_in_any_ascii_case() {
        check("", b"", true);
        check("", b"x", true);
        check("a", b"", false);
        check("a", b"A", true);
        check("PowerShell", b"c:\\windows\\powershell.exe", true);
        check("powershell", b"POWERSHEL", false);
        check("end", b"at the END", true);
        check("at", b"AT the end", true);
        check("zz", b"zazbzz", true);
        check("zz", b"zazbz", false);
        check("@[`{", b"@[`{", true);
        check("@[`{", b"`{@[", false);
    }

    #[test]
    fn letters_outside_ascii_are_compared_byte_by_byte() {
        check("狼煙", "合図は狼煙".as_bytes(), true);
        check("É", "é".as_bytes(), false);
        check("\u{c9}a", "\u{c9}A".as_bytes(), true);
    }

    proptest::proptest! {
        #[test]
        fn the_search_agrees_with_comparing_everywhere(word in "[a-cA-C1]{0,4}", text in "[a-cA-C1]{0,40}") {
            let expected = text.to_ascii_lowercase().contains(&word.to_ascii_lowercase());
            proptest::prop_assert_eq!(Word::new(&word).is_in(text.as_bytes()), expected);
        }
    }
}
