//! Foreign text made harmless to look at: what cannot be seen is shown, what would reorder the page is named.
//!
//! A log line may hold anything. Control characters and bytes that are not UTF-8 become escapes (`\x1B`,
//! `\n`) that every font can show, and characters that are invisible or turn the direction of text (U+202E …) become a mark with their code
//! point, so that `cod.exe` cannot pass for `exe.doc`.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::markup::{Markup, push, push_escaped};

/// Characters of one value shown in a table cell before it is shortened.
pub const CELL_CHARACTERS_MAX: usize = 80;
/// Characters of one value shown where it stands alone.
pub const VALUE_CHARACTERS_MAX: usize = 600;
/// Characters of one raw record shown on a page that lists several.
pub const EXCERPT_CHARACTERS_MAX: usize = 1_000;
/// Characters of one raw record shown on its own page, at a time.
pub const RECORD_CHARACTERS_MAX: usize = 8_000;
/// Texts to highlight in one record.
pub const MARKS_MAX: usize = 64;

/// A foreign value for a page. Displaying it neutralises and escapes, so a template cannot forget to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Foreign(pub String);

impl Foreign {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// At most [`CELL_CHARACTERS_MAX`] characters; an ellipsis says that there is more, one click away.
    pub fn short(&self) -> Markup {
        marked(self.0.as_bytes(), &[], CELL_CHARACTERS_MAX).markup
    }
}

impl From<&str> for Foreign {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(marked(self.0.as_bytes(), &[], VALUE_CHARACTERS_MAX).markup.as_str())
    }
}

impl HtmlSafe for Foreign {}

/// How a character is to be shown.
enum Look {
    Plain,
    Escape,
    Named,
    Break,
    Tab,
    Return,
}

fn look(character: char) -> Look {
    match character {
        '\n' => Look::Break,
        '\t' => Look::Tab,
        '\r' => Look::Return,
        '\u{0}'..='\u{1f}' | '\u{7f}' => Look::Escape,
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => Look::Named,
        _ => Look::Plain,
    }
}

/// Foreign text as plain text, for a title or an attribute: the same pictures and names, without markup.
pub fn neutral(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match look(character) {
            Look::Plain => plain.push(character),
            Look::Escape => push(&mut plain, format_args!("\\x{:02X}", u32::from(character))),
            Look::Break => plain.push_str("\\n"),
            Look::Tab => plain.push_str("\\t"),
            Look::Return => plain.push_str("\\r"),
            Look::Named => push(&mut plain, format_args!("[U+{:04X}]", u32::from(character))),
        }
    }
    plain
}

/// At most `characters_max` characters of a text as plain text; an ellipsis says that there was more.
pub fn neutral_short(text: &str, characters_max: usize) -> String {
    let mut short = neutral(&text.chars().take(characters_max).collect::<String>());
    if text.chars().nth(characters_max).is_some() {
        short.push('…');
    }
    short
}

/// A record made visible.
#[derive(Clone, Debug, Default)]
pub struct Visible {
    /// What to place in the page.
    pub markup: Markup,
    /// Bytes of the record that did not fit; 0 when all of it is shown.
    pub bytes_left: usize,
}

/// Shows bytes with every occurrence of `marks` highlighted (ASCII case ignored), at most `characters_max`.
pub fn marked(bytes: &[u8], marks: &[&str], characters_max: usize) -> Visible {
    let spans = spans_of(bytes, marks);
    let mut pen = Pen { html: String::with_capacity(bytes.len().min(characters_max) + 64), ..Pen::default() };
    let mut spans = spans.iter().copied().peekable();
    let (mut shown, mut at) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if shown == characters_max {
                return pen.finish(bytes.len() - at);
            }
            pen.mark(is_inside(&mut spans, at));
            pen.character(character);
            at += character.len_utf8();
            shown += 1;
        }
        for byte in chunk.invalid() {
            if shown == characters_max {
                return pen.finish(bytes.len() - at);
            }
            pen.mark(is_inside(&mut spans, at));
            pen.odd(format_args!("\\x{byte:02X}"));
            at += 1;
            shown += 1;
        }
    }
    pen.finish(0)
}

type Spans<'a> = std::iter::Peekable<std::iter::Copied<std::slice::Iter<'a, (usize, usize)>>>;

/// Whether the byte at `at` is to be highlighted; called with growing `at`.
fn is_inside(spans: &mut Spans<'_>, at: usize) -> bool {
    while spans.next_if(|(_, end)| *end <= at).is_some() {}
    spans.peek().is_some_and(|(start, _)| *start <= at)
}

/// Writes visible text: `<b>` for what should not be there, `<i>` for tabs and line ends, short because there may be
/// thousands; neighbours of one kind share their element, so that a record of nothing but oddities does
/// not make a page of nothing but tags.
#[derive(Default)]
struct Pen {
    html: String,
    in_mark: bool,
    in_odd: bool,
}

impl Pen {
    fn mark(&mut self, inside: bool) {
        if inside != self.in_mark {
            self.plain();
            self.html.push_str(if inside { "<mark>" } else { "</mark>" });
            self.in_mark = inside;
        }
    }

    fn plain(&mut self) {
        if self.in_odd {
            self.html.push_str("</b>");
            self.in_odd = false;
        }
    }

    fn odd(&mut self, shown: fmt::Arguments<'_>) {
        if !self.in_odd {
            self.html.push_str("<b>");
            self.in_odd = true;
        }
        push(&mut self.html, shown);
    }

    /// What ordinary records are laid out with: shown, but no alarm.
    fn soft(&mut self, shown: &str) {
        self.plain();
        push(&mut self.html, format_args!("<i>{shown}</i>"));
    }

    fn character(&mut self, character: char) {
        match look(character) {
            Look::Plain => {
                self.plain();
                push_escaped(&mut self.html, character.encode_utf8(&mut [0; 4]));
            }
            Look::Escape => self.odd(format_args!("\\x{:02X}", u32::from(character))),
            Look::Return => self.soft("\\r"),
            // A tab separates columns, so it also lets the line break.
            Look::Tab => {
                self.soft("\\t");
                self.html.push(' ');
            }
            Look::Named => self.odd(format_args!("[U+{:04X}]", u32::from(character))),
            Look::Break => {
                self.soft("\\n");
                self.html.push('\n');
            }
        }
    }

    fn finish(mut self, bytes_left: usize) -> Visible {
        self.mark(false);
        self.plain();
        if bytes_left > 0 {
            self.html.push('…');
        }
        Visible { markup: Markup::trusted(self.html), bytes_left }
    }
}

/// Where the marks stand, in order, overlapping ones joined.
fn spans_of(bytes: &[u8], marks: &[&str]) -> Vec<(usize, usize)> {
    let lower = bytes.to_ascii_lowercase();
    let mut spans = Vec::new();
    for mark in marks.iter().filter(|mark| !mark.is_empty()).take(MARKS_MAX) {
        let mark = mark.to_ascii_lowercase().into_bytes();
        let mut from = 0;
        while let Some(found) = lower.get(from..).and_then(|rest| find(rest, &mark)) {
            spans.push((from + found, from + found + mark.len()));
            from += found + mark.len();
        }
    }
    spans.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], marks: &[&str], expected: &str) {
        assert_eq!(marked(bytes, marks, 100).markup.as_str(), expected);
    }

    #[test]
    fn controls_directions_and_broken_bytes_are_shown_for_what_they_are() {
        check(b"a\0\x1b[2Jb", &[], "a<b>\\x00\\x1B</b>[2Jb");
        check("\u{202e}cod.exe".as_bytes(), &[], "<b>[U+202E]</b>cod.exe");
        check(b"\xff\xfe<", &[], "<b>\\xFF\\xFE</b>&lt;");
        check(b"\x7f", &[], "<b>\\x7F</b>");
        check(b"a\tb\r\n", &[], "a<i>\\t</i> b<i>\\r</i><i>\\n</i>\n");
        assert_eq!(neutral("x\u{200b}\r\n"), "x[U+200B]\\r\\n");
    }

    #[test]
    fn marks_are_found_whatever_their_case_and_never_break_escaping() {
        check(b"GET /a?<Evil>", &["<evil>", "get"], "<mark>GET</mark> /a?<mark>&lt;Evil&gt;</mark>");
        check(b"aaaa", &["aa", "aaa", ""], "<mark>aaaa</mark>");
        check("狼煙と狼".as_bytes(), &["狼"], "<mark>狼</mark>煙と<mark>狼</mark>");
    }

    #[test]
    fn a_mark_that_ends_inside_a_character_closes_after_it() {
        check("é!".as_bytes(), &["\u{e9}"], "<mark>é</mark>!");
        check(b"\xc3", &["x"], "<b>\\xC3</b>");
    }

    #[test]
    fn a_long_record_says_how_much_is_left() {
        let visible = marked("長い記録".as_bytes(), &["記"], 3);
        assert_eq!(visible.markup.as_str(), "長い<mark>記</mark>…");
        assert_eq!(visible.bytes_left, 3);
        assert_eq!(marked(b"ab", &[], 2).bytes_left, 0);
    }

    #[test]
    fn a_value_in_a_cell_is_short_and_escaped() {
        let long = Foreign("x".repeat(CELL_CHARACTERS_MAX + 1));
        assert_eq!(long.short().as_str().chars().count(), CELL_CHARACTERS_MAX + 1);
        assert!(long.short().as_str().ends_with('…'));
        assert_eq!(Foreign::from("<b>").to_string(), "&lt;b&gt;");
    }
}
