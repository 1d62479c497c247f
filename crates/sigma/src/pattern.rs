//! Strings with Sigma's wildcards: `*` any run, `?` any one character, `\` before either takes it literally.

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Piece {
    /// These characters.
    Text(String),
    /// `*`
    Any,
    /// `?`
    One,
}

/// A value as a rule writes it, cut at its wildcards. No two `Text` pieces and no two `Any` pieces stand together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pub(crate) pieces: Vec<Piece>,
}

impl Pattern {
    /// Reads a value. A backslash is itself unless `*`, `?` or another backslash follows that stands before a
    /// wildcard or backslash (Sigma specification, "Escaping").
    pub(crate) fn parse(text: &str) -> Self {
        let mut pattern = Self::default();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\\' => match characters.peek() {
                    Some(&next @ ('*' | '?' | '\\')) => {
                        characters.next();
                        pattern.push_char(next);
                    }
                    _ => pattern.push_char('\\'),
                },
                '*' => pattern.push(Piece::Any),
                '?' => pattern.push(Piece::One),
                other => pattern.push_char(other),
            }
        }
        pattern
    }

    /// A pattern without wildcards.
    pub(crate) fn literal(text: &str) -> Self {
        let mut pattern = Self::default();
        pattern.push(Piece::Text(text.to_owned()));
        pattern
    }

    /// Adds a piece, joining what belongs together.
    pub(crate) fn push(&mut self, piece: Piece) {
        match (self.pieces.last_mut(), piece) {
            (_, Piece::Text(text)) if text.is_empty() => {}
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (Some(Piece::Any), Piece::Any) => {}
            (_, piece) => self.pieces.push(piece),
        }
    }

    fn push_char(&mut self, character: char) {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            text.push(character);
        } else {
            self.pieces.push(Piece::Text(character.into()));
        }
    }

    pub(crate) fn prepend(&mut self, piece: Piece) {
        let rest = std::mem::take(&mut self.pieces);
        self.push(piece);
        for piece in rest {
            self.push(piece);
        }
    }

    /// Its text when there is no wildcard in it.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Applies a change to every text piece.
    pub(crate) fn map_text(&self, change: impl Fn(&str) -> String) -> Self {
        let mut mapped = Self::default();
        for piece in &self.pieces {
            mapped.push(match piece {
                Piece::Text(text) => Piece::Text(change(text)),
                other => other.clone(),
            });
        }
        mapped
    }
}

/// What `contains`, `startswith` and `endswith` compare by; also how a pattern is matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The whole value.
    Exact(String),
    /// Its beginning.
    Prefix(String),
    /// Its end.
    Suffix(String),
    /// Somewhere in it.
    Contains(Box<Needle>),
    /// Anything at all.
    Anything,
    /// Pieces in order, between anchored ends.
    Glob(Vec<Piece>),
}

/// A text that is looked for, and what was learnt of it for that.
#[derive(Clone, Debug)]
pub(crate) struct Needle {
    pub(crate) text: String,
    finder: memchr::memmem::Finder<'static>,
}

impl Needle {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), finder: memchr::memmem::Finder::new(text).into_owned() }
    }
}

impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Needle {}

impl Shape {
    pub(crate) fn of(pattern: Pattern) -> Self {
        let mut pieces = pattern.pieces;
        match pieces.as_mut_slice() {
            [] => Self::Exact(String::new()),
            [Piece::Any] => Self::Anything,
            [Piece::Text(text)] => Self::Exact(std::mem::take(text)),
            [Piece::Text(text), Piece::Any] => Self::Prefix(std::mem::take(text)),
            [Piece::Any, Piece::Text(text)] => Self::Suffix(std::mem::take(text)),
            [Piece::Any, Piece::Text(text), Piece::Any] => Self::Contains(Box::new(Needle::new(text))),
            _ => Self::Glob(pieces),
        }
    }

    /// Whether a value (folded the same way as the pattern was) has this shape.
    pub(crate) fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exact(text) => value == text,
            Self::Prefix(text) => value.starts_with(text.as_str()),
            Self::Suffix(text) => value.ends_with(text.as_str()),
            Self::Contains(needle) => needle.finder.find(value.as_bytes()).is_some(),
            Self::Anything => true,
            Self::Glob(pieces) => glob(pieces, value),
        }
    }

    /// A text that every matching value contains, the longest there is.
    pub(crate) fn required(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Prefix(text) | Self::Suffix(text) => text,
            Self::Contains(needle) => &needle.text,
            Self::Anything => "",
            Self::Glob(pieces) => pieces
                .iter()
                .filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None })
                .max_by_key(|text| text.len())
                .unwrap_or_default(),
        }
    }
}

/// Matches greedily from the left and, when stuck, moves only the last `*`: never exponential.
fn glob(pieces: &[Piece], value: &str) -> bool {
    let (mut piece, mut rest) = (0, value);
    let mut retry: Option<(usize, &str)> = None;
    loop {
        let advanced = match pieces.get(piece) {
            None if rest.is_empty() => return true,
            None => None,
            Some(Piece::Any) => {
                retry = Some((piece + 1, rest));
                Some(rest)
            }
            Some(Piece::One) => skip_char(rest),
            Some(Piece::Text(text)) => rest.strip_prefix(text.as_str()),
        };
        if let Some(after) = advanced {
            (piece, rest) = (piece + 1, after);
            continue;
        }
        let Some((after_any, from)) = retry else { return false };
        let Some(shorter) = skip_char(from) else { return false };
        // A text right after `*` is looked for, not stepped towards.
        let resume = match pieces.get(after_any) {
            Some(Piece::Text(text)) => match memchr::memmem::find(shorter.as_bytes(), text.as_bytes()) {
                Some(at) => shorter.get(at..).unwrap_or_default(),
                None => return false,
            },
            _ => shorter,
        };
        retry = Some((after_any, resume));
        (piece, rest) = (after_any, resume);
    }
}

fn skip_char(text: &str) -> Option<&str> {
    let mut characters = text.chars();
    characters.next().map(|_| characters.as_str())
}

/// The form in which texts are compared when case does not count.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_onto(text, &mut folded);
    folded
}

/// As [`fold`], added to a buffer.
pub(crate) fn fold_onto(text: &str, folded: &mut String) {
    let start = folded.len();
    folded.push_str(text);
    if let Some(added) = folded.get_mut(start..) {
        added.make_ascii_lowercase();
    }
    // Japanese has no case: what is folded already stays as it was copied.
    let has_case = |character: char| !character.is_ascii() && !character.to_lowercase().eq([character]);
    if !text.is_ascii() && text.chars().any(has_case) {
        folded.truncate(start);
        // One character at a time, so that the fold of a part is the part of the fold (a final sigma is context).
        folded.extend(text.chars().flat_map(char::to_lowercase));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, value: &str, expected: bool) {
        let shape = Shape::of(Pattern::parse(pattern));
        assert_eq!(shape.matches(value), expected, "{pattern} on {value}: {shape:?}");
    }

    #[test]
    fn wildcards_match_as_the_specification_says() {
        check("abc", "abc", true);
        check("abc", "abcd", false);
        check("a*c", "abbbc", true);
        check("a?c", "ac", false);
        check("a?c", "aあc", true);
        check("*b*", "abc", true);
        check("*", "", true);
        check("", "", true);
        check("?*", "", false);
        check("*a*b", "xaxbxb", true);
        check("*ab", "aab", true);
        check("a*b*c", "a-c-b", false);
        check("*?b", "b", false);
        check("a*a", "a", false);
    }

    #[test]
    fn a_backslash_is_itself_unless_it_stands_before_a_wildcard_or_another() {
        check(r"C:\Windows\x", r"C:\Windows\x", true);
        check(r"a\*c", "a*c", true);
        check(r"a\*c", "abc", false);
        check(r"a\\*c", r"a\bc", true);
        check(r"\\\\server", r"\\server", true);
        check(r"\\server", r"\server", true);
        check(r"end\", r"end\", true);
    }

    #[test]
    fn a_pattern_that_would_explode_stays_quick() {
        let pattern = Pattern::parse(&"*a".repeat(50));
        let value = "a".repeat(2_000) + "b";
        assert!(!Shape::of(pattern).matches(&value));
    }
}
