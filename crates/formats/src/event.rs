//! One log record as a flat list of named values.

use base::Timestamp;

use crate::limit::FIELDS_MAX;
use crate::{Format, NameId, SourceId};

/// One log record. Values keep the source's own field names and live in one buffer, so that an `Event` is cleared
/// and filled again without allocating.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// When the source says it happened. `None` when it does not say, or nobody can read it.
    pub time: Option<Timestamp>,
    /// Where it came from, derived from what it says.
    pub source: SourceId,
    /// How it was written.
    pub format: Format,
    fields: Vec<Field>,
    text: String,
    dropped: u32,
}

/// A name and the place of its value.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The source's own name for it.
    pub name: NameId,
    kind: Kind,
    start: u32,
    end: u32,
}

/// What the source wrote the value as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A number; the text is its decimal form.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Present and empty; the text is empty.
    Null,
}

/// A value as text, with what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// What the source wrote it as.
    pub kind: Kind,
    /// Its text, unescaped.
    pub text: &'a str,
}

impl Event {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.time = None;
        self.source = SourceId::default();
        self.format = Format::default();
        self.fields.clear();
        self.text.clear();
        self.dropped = 0;
    }

    /// Adds a value. One name may be added several times: that is how lists are kept. Past
    /// [`FIELDS_MAX`] values are dropped and counted.
    pub fn push(&mut self, name: NameId, kind: Kind, text: &str) {
        let start = self.text.len();
        if self.fields.len() == FIELDS_MAX || start + text.len() > u32::MAX as usize {
            self.dropped += 1;
            return;
        }
        self.text.push_str(text);
        self.fields.push(Field { name, kind, start: start as u32, end: self.text.len() as u32 });
    }

    /// Adds a string.
    pub fn push_text(&mut self, name: NameId, text: &str) {
        self.push(name, Kind::Text, text);
    }

    /// Adds whatever `text` looks like: a decimal number or a string. For formats that do not tell them apart.
    pub fn push_untyped(&mut self, name: NameId, text: &str) {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let number = !digits.is_empty() && digits.len() < 20 && digits.bytes().all(|b| b.is_ascii_digit());
        self.push(name, if number { Kind::Number } else { Kind::Text }, text);
    }

    /// The fields in the order the source wrote them.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The value of one of this event's own fields.
    pub fn value(&self, field: &Field) -> Value<'_> {
        let text = self.text.get(field.start as usize..field.end as usize).unwrap_or_default();
        Value { kind: field.kind, text }
    }

    /// The first value under `name`.
    pub fn get(&self, name: NameId) -> Option<Value<'_>> {
        self.fields.iter().find(|field| field.name == name).map(|field| self.value(field))
    }

    /// Counts a value that is left out because of a limit.
    pub fn leave_out(&mut self) {
        self.dropped += 1;
    }

    /// Values left out because of a limit.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cleared_event_forgets_and_a_full_one_counts_what_it_drops() {
        let mut event = Event::default();
        for _ in 0..FIELDS_MAX + 3 {
            event.push_untyped(NameId::default(), "-12");
        }
        assert_eq!((event.fields().len(), event.dropped()), (FIELDS_MAX, 3));
        assert_eq!(event.get(NameId::default()).unwrap(), Value { kind: Kind::Number, text: "-12" });
        event.clear();
        event.push_untyped(NameId::default(), "-");
        assert_eq!(event.get(NameId::default()).unwrap().kind, Kind::Text);
        assert_eq!(event.dropped(), 0);
    }
}
