//! Text that is not UTF-8.

use std::borrow::Cow;

use encoding_rs::{EUC_JP, Encoding, SHIFT_JIS, WINDOWS_1252};

/// An 8-bit encoding that logs are still written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    ShiftJis,
    EucJp,
    Windows1252,
}

impl Charset {
    const JAPANESE: [Self; 2] = [Self::ShiftJis, Self::EucJp];

    fn encoding(self) -> &'static Encoding {
        match self {
            Self::ShiftJis => SHIFT_JIS,
            Self::EucJp => EUC_JP,
            Self::Windows1252 => WINDOWS_1252,
        }
    }

    fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        self.encoding().decode_without_bom_handling_and_without_replacement(bytes)
    }
}

/// The most likely encoding of these bytes; `None` when they are UTF-8, or nobody can tell.
pub(crate) fn guess(bytes: &[u8]) -> Option<Charset> {
    let end = match std::str::from_utf8(bytes) {
        Ok(_) => return None,
        Err(error) if error.error_len().is_none() => return None,
        Err(_) => bytes.len(),
    };
    let lines: Vec<&[u8]> =
        bytes.get(..end)?.split(|&byte| byte == b'\n').filter(|line| !line.is_ascii()).take(200).collect();
    let whole: Vec<u8> = lines.join(&b'\n');
    let japanese = Charset::JAPANESE
        .into_iter()
        .filter_map(|charset| Some((japanese_share(&charset.decode(&whole)?), charset)))
        .max_by_key(|(share, _)| *share)
        .filter(|(share, _)| *share >= 60);
    match japanese {
        Some((_, charset)) => Some(charset),
        None => (latin_share(&whole) >= 60).then_some(Charset::Windows1252),
    }
}

/// Of the characters beyond ASCII, how many in a hundred are full-width Japanese ones.
fn japanese_share(text: &str) -> usize {
    let mut beyond = 0;
    let mut japanese = 0;
    for character in text.chars().filter(|character| !character.is_ascii()) {
        beyond += 1;
        japanese += usize::from(matches!(character,
            '\u{3000}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ff01}'..='\u{ff5e}'));
    }
    japanese * 100 / usize::max(beyond, 1)
}

/// Of the bytes beyond ASCII, how many in a hundred stand alone and are Latin letters in windows-1252.
fn latin_share(bytes: &[u8]) -> usize {
    let mut beyond = 0;
    let mut letters = 0;
    let mut previous = b' ';
    for &byte in bytes {
        if byte >= 0x80 {
            beyond += 1;
            letters += usize::from(byte >= 0xa0 && previous < 0x80);
        }
        previous = byte;
    }
    letters * 100 / usize::max(beyond, 1)
}

/// The text of a record: as it is when it is UTF-8, else in `hint` or the encoding it looks like, else with U+FFFD
/// for what is not text.
pub(crate) fn decode(bytes: &[u8], hint: Option<Charset>) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    hint.or_else(|| guess(bytes))
        .and_then(|charset| charset.decode(bytes))
        .unwrap_or_else(|| String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], charset: Option<Charset>, text: &str) {
        assert_eq!(guess(bytes), charset);
        assert_eq!(decode(bytes, None), text);
    }

    #[test]
    fn japanese_and_western_lines_are_read_in_the_encoding_they_were_written_in() {
        let text = "2013-01-05 利用者 山田太郎 がログインしました";
        check(text.as_bytes(), None, text);
        check(&SHIFT_JIS.encode(text).0, Some(Charset::ShiftJis), text);
        check(&EUC_JP.encode(text).0, Some(Charset::EucJp), text);
        let text = "Fenêtre fermée par l'opérateur Müller";
        check(&WINDOWS_1252.encode(text).0, Some(Charset::Windows1252), text);
    }

    #[test]
    fn binary_bytes_become_replacement_characters_and_nothing_worse() {
        check(b"abc\x80\x81\xff\xfe\x00\x01", None, "abc\u{fffd}\u{fffd}\u{fffd}\u{fffd}\0\u{1}");
    }
}
