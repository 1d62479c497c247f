//! JSON text straight into an [`Event`], without a tree in between.
//!
//! Nested objects become dotted names, lists repeat their name, numbers keep the digits they were written with. More
//! is accepted than the standard allows, because it is met in logs and its meaning is plain: control characters
//! inside strings, escapes nobody defined (`"C:\Users"`), `NaN`.

use memchr::memchr2;

use crate::limit::DEPTH_MAX;
use crate::{Event, Format, Kind, NameId, Names};

/// Reads JSON objects; keeps its memory between them.
#[derive(Debug, Default)]
pub(crate) struct Json {
    frames: Vec<Frame>,
    unescaped: String,
}

/// An object or list that is being read.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// The name of the thing itself: parent of an object's names, name of a list's values.
    name: NameId,
    list: bool,
}

/// Reading goes on here.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl Json {
    /// Adds the fields of one object to `event`. The error names the byte.
    pub(crate) fn read(
        &mut self,
        text: &str,
        format: Format,
        names: &mut Names,
        event: &mut Event,
    ) -> Result<(), String> {
        let mut cursor = Cursor { text, at: 0 };
        cursor.skip_space();
        if cursor.peek() != Some(b'{') {
            return Err(cursor.wrong("a JSON object was expected"));
        }
        cursor.at += 1;
        self.frames.clear();
        self.frames.push(Frame { name: NameId::default(), list: false });
        let mut first = true;
        while let Some(&frame) = self.frames.last() {
            cursor.skip_space();
            let close = if frame.list { b']' } else { b'}' };
            if cursor.peek() == Some(close) {
                cursor.at += 1;
                if first && self.frames.len() > 1 {
                    event.push(frame.name, Kind::Null, "");
                }
                self.frames.pop();
                first = false;
                continue;
            }
            if !first {
                cursor.expect(b',', frame.list)?;
                cursor.skip_space();
            }
            first = false;
            let name = if frame.list { frame.name } else { self.name(&mut cursor, format, frame, names)? };
            cursor.skip_space();
            match cursor.peek() {
                Some(b'"') => {
                    let value = cursor.string(&mut self.unescaped)?;
                    event.push(name, Kind::Text, value.unwrap_or(&self.unescaped));
                }
                Some(open @ (b'{' | b'[')) if self.frames.len() < DEPTH_MAX => {
                    cursor.at += 1;
                    self.frames.push(Frame { name, list: open == b'[' });
                    first = true;
                }
                Some(b'{' | b'[') => {
                    cursor.pass_over()?;
                    event.leave_out();
                }
                _ => cursor.scalar(name, event)?,
            }
        }
        cursor.skip_space();
        match cursor.peek() {
            None => Ok(()),
            Some(_) => Err(cursor.wrong("something follows the JSON object")),
        }
    }

    /// Reads `"name":`.
    fn name(
        &mut self,
        cursor: &mut Cursor<'_>,
        format: Format,
        frame: Frame,
        names: &mut Names,
    ) -> Result<NameId, String> {
        if cursor.peek() != Some(b'"') {
            return Err(cursor.wrong("a name in double quotes was expected"));
        }
        let name = cursor.string(&mut self.unescaped)?.unwrap_or(&self.unescaped);
        cursor.skip_space();
        if cursor.peek() != Some(b':') {
            return Err(cursor.wrong("a colon was expected"));
        }
        cursor.at += 1;
        // XML turned into JSON: the text of an element that also has attributes is the element's own value.
        if name == "#text" && frame.name != NameId::default() {
            return Ok(frame.name);
        }
        Ok(names.below(format, frame.name, name))
    }
}

impl<'t> Cursor<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn wrong(&self, what: &str) -> String {
        if self.at >= self.text.len() {
            format!("the JSON is cut off at byte {}", self.at)
        } else {
            format!("{what} at byte {}", self.at)
        }
    }

    fn expect(&mut self, byte: u8, list: bool) -> Result<(), String> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.wrong(if list { "a comma or ] was expected" } else { "a comma or } was expected" }))
    }

    /// Reads a string that begins here: borrowed, or `None` when it had to be written to `unescaped`.
    #[inline]
    fn string(&mut self, unescaped: &mut String) -> Result<Option<&'t str>, String> {
        let start = self.at + 1;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let Some(length) = end_of_plain(rest) else {
            self.at = self.text.len();
            return Err(self.wrong(""));
        };
        let plain = self.text.get(start..start + length).unwrap_or_default();
        self.at = start + length;
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Some(plain));
        }
        unescaped.clear();
        unescaped.push_str(plain);
        self.unescape(unescaped)?;
        Ok(None)
    }

    /// Goes on from a backslash to the end of the string.
    fn unescape(&mut self, unescaped: &mut String) -> Result<(), String> {
        loop {
            let Some(length) = end_of_plain(self.rest()) else {
                self.at = self.text.len();
                return Err(self.wrong(""));
            };
            unescaped.push_str(self.text.get(self.at..self.at + length).unwrap_or_default());
            self.at += length;
            if self.peek() == Some(b'"') {
                self.at += 1;
                return Ok(());
            }
            let (character, length) = match self.rest() {
                [b'\\', b'"', ..] => ('"', 2),
                [b'\\', b'\\', ..] => ('\\', 2),
                [b'\\', b'/', ..] => ('/', 2),
                [b'\\', b'n', ..] => ('\n', 2),
                [b'\\', b'r', ..] => ('\r', 2),
                [b'\\', b't', ..] => ('\t', 2),
                [b'\\', b'b', ..] => ('\u{8}', 2),
                [b'\\', b'f', ..] => ('\u{c}', 2),
                [b'\\', b'u', ..] => self.unicode_escape(),
                _ => ('\\', 1),
            };
            unescaped.push(character);
            self.at += length;
        }
    }

    /// `\u0041`, or a surrogate pair; half a pair is U+FFFD, and what is not hexadecimal is kept as it is written.
    fn unicode_escape(&self) -> (char, usize) {
        let Some(first) = hex4(self.rest()) else { return ('\\', 1) };
        match first {
            0xd800..0xdc00 => match self.rest().get(6..).and_then(hex4) {
                Some(second @ 0xdc00..0xe000) => {
                    let scalar = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                    (char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
                }
                _ => (char::REPLACEMENT_CHARACTER, 6),
            },
            _ => (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
        }
    }

    /// A number, `true`, `false`, `null`, or the numbers that are none.
    fn scalar(&mut self, name: NameId, event: &mut Event) -> Result<(), String> {
        let end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
        let rest = self.rest();
        let length = rest.iter().position(end).unwrap_or(rest.len());
        let word = self.text.get(self.at..self.at + length).unwrap_or_default();
        match word {
            "true" | "false" => event.push(name, Kind::Boolean, word),
            "null" => event.push(name, Kind::Null, ""),
            "NaN" | "Infinity" | "-Infinity" => event.push(name, Kind::Number, word),
            _ if is_number(word) => event.push(name, Kind::Number, word),
            _ => return Err(self.wrong("a JSON value was expected")),
        }
        self.at += length;
        Ok(())
    }

    /// Skips an object or list without looking at what is in it.
    fn pass_over(&mut self) -> Result<(), String> {
        let mut scan = Scan::default();
        match scan.run(self.rest()) {
            Outcome::Complete(length) => {
                self.at += length;
                Ok(())
            }
            Outcome::More => {
                self.at = self.text.len();
                Err(self.wrong(""))
            }
            Outcome::Broken(at, reason) => {
                self.at += at;
                Err(self.wrong(reason))
            }
        }
    }
}

/// Where the first quote or backslash stands. Most strings are short: the call that finds it quickly in long ones
/// costs more than a look at the first words.
#[inline]
fn end_of_plain(rest: &[u8]) -> Option<usize> {
    const WORD: usize = size_of::<u64>();
    const WORDS_FIRST: usize = 4;
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    // Has its lowest set bit in the first byte that is `wanted`; what it has above may be wrong.
    let equal = |word: u64, wanted: u8| {
        let differs = word ^ (ONES * u64::from(wanted));
        differs.wrapping_sub(ONES) & !differs & HIGHS
    };
    let (words, _) = rest.as_chunks::<WORD>();
    for (number, word) in words.iter().take(WORDS_FIRST).enumerate() {
        let word = u64::from_le_bytes(*word);
        let marks = equal(word, b'"') | equal(word, b'\\');
        if marks != 0 {
            return Some(number * WORD + marks.trailing_zeros() as usize / 8);
        }
    }
    let seen = words.len().min(WORDS_FIRST) * WORD;
    memchr2(b'"', b'\\', rest.get(seen..)?).map(|found| seen + found)
}

fn hex4(escape: &[u8]) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = escape else { return None };
    digits.get(..4)?.iter().try_fold(0, |sum, &byte| Some(sum * 16 + char::from(byte).to_digit(16)?))
}

/// `-? digits (. digits)? ([eE] [+-]? digits)?`, with leading zeros and a leading point let pass.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let exponent_fits = exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)));
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole.is_empty() || digits(whole)) && digits(fraction),
        None => digits(mantissa),
    };
    exponent_fits && mantissa_fits
}

/// Finds the end of an object or list by its brackets, over as many pieces as it takes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scan {
    /// Bytes looked at.
    pub(crate) at: usize,
    depth: usize,
    /// One bit for each of the outermost 128 brackets: set for `[`. Deeper ones are only counted.
    lists: u128,
    in_string: bool,
}

/// What a [`Scan`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The value ends before this byte.
    Complete(usize),
    /// It goes on.
    More,
    /// It cannot be JSON, seen at this byte.
    Broken(usize, &'static str),
}

impl Scan {
    /// A scan that begins inside an object that is already open.
    pub(crate) fn inside_object() -> Self {
        Self { depth: 1, ..Self::default() }
    }

    /// Looks on. `bytes` begins where the value begins, also when some of it was looked at before.
    pub(crate) fn run(&mut self, bytes: &[u8]) -> Outcome {
        loop {
            if self.in_string && !self.pass_string(bytes) {
                return match bytes.get(self.at) {
                    Some(b'\n') => Outcome::Broken(self.at, "a line ends inside a JSON string"),
                    _ => Outcome::More,
                };
            }
            let rest = bytes.get(self.at..).unwrap_or_default();
            let Some(skip) = rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))
            else {
                self.at = bytes.len();
                return Outcome::More;
            };
            let byte = rest.get(skip).copied().unwrap_or_default();
            let here = self.at + skip;
            self.at = here + 1;
            let bit = 1_u128.checked_shl(self.depth as u32).unwrap_or(0);
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    self.lists = if byte == b'[' { self.lists | bit } else { self.lists & !bit };
                    self.depth += 1;
                }
                _ => {
                    self.depth = self.depth.saturating_sub(1);
                    let opened = 1_u128.checked_shl(self.depth as u32).unwrap_or(0);
                    if opened != 0 && (self.lists & opened != 0) != (byte == b']') {
                        return Outcome::Broken(here, "a JSON bracket is closed that was not opened");
                    }
                    if self.depth == 0 {
                        return Outcome::Complete(self.at);
                    }
                }
            }
        }
    }

    /// Moves past the end of the string, or stays before what cannot be decided yet.
    fn pass_string(&mut self, bytes: &[u8]) -> bool {
        loop {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let Some(skip) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
                self.at = bytes.len();
                return false;
            };
            self.at += skip;
            match rest.get(skip..).unwrap_or_default() {
                [b'"', ..] => {
                    self.at += 1;
                    self.in_string = false;
                    return true;
                }
                [b'\\', b'\n', ..] => self.at += 1,
                [b'\\', _, ..] => self.at += 2,
                _ => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests;
