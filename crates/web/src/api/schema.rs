//! What a value looks like: written once, shown in the document and held against every request.
//!
//! A [`Schema`] is the small part of JSON Schema (2020-12) that the operations need. [`shape!`] makes the type and its
//! schema from one list of fields, so that the document cannot speak of a field that is not there.

use base::{EventId, Id, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// What a value looks like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Schema {
    /// A text.
    Text(Form),
    /// A whole number.
    Number {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// True or false.
    Truth,
    /// Several of one kind.
    List {
        /// Of what.
        of: Box<Schema>,
        /// How many there may be in a request; answers have their own limits.
        at_most: usize,
    },
    /// Values under names that the data give.
    Map {
        /// The names there may be; empty when any may.
        names: Vec<&'static str>,
        /// What stands under each.
        of: Box<Schema>,
    },
    /// The value, or `null`.
    OrNull(Box<Schema>),
    /// Values under names that are always the same.
    Object(Object),
    /// Whatever the action wrote.
    Anything,
}

/// What a text looks like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    /// Any text.
    Free,
    /// Text from a request: between so many characters, and no NUL, which no database of ours keeps.
    Between(usize, usize),
    /// The same, and more than white space.
    Said(usize),
    /// One of these words.
    OneOf(Vec<&'static str>),
    /// An id with this word before it.
    Id(&'static str),
    /// A moment (RFC 3339).
    Moment,
    /// A day, as `2026-04-01`.
    Day,
}

/// Values under names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object {
    /// Its name in the document.
    pub name: String,
    /// Its fields, in their order.
    pub fields: Vec<Field>,
}

/// One field of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    /// Its name.
    pub name: &'static str,
    /// What stands there.
    pub schema: Schema,
    /// Whether it must be there.
    pub needed: bool,
}

/// What is wrong with a value: the end of a sentence's key, and the value it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where: a JSON Pointer (RFC 6901) into the body, or the name of a parameter.
    pub at: String,
    /// Which sentence.
    pub key: &'static str,
    /// What it names; empty when it names nothing.
    pub value: String,
}

impl Fault {
    /// A fault at a place.
    pub(crate) fn new(at: &str, key: &'static str, value: impl ToString) -> Self {
        Self { at: at.to_owned(), key, value: value.to_string() }
    }
}

/// Faults that one answer names.
const FAULTS_MAX: usize = 20;

impl Schema {
    /// A text of a request with at most so many characters, and at least one.
    pub(crate) fn text(characters_max: usize) -> Self {
        Self::Text(Form::Between(1, characters_max))
    }

    /// Holds a value against it; everything that is wrong is named, at most [`FAULTS_MAX`].
    pub(crate) fn faults(&self, value: &Value) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.look(value, "", &mut faults);
        faults.truncate(FAULTS_MAX);
        faults
    }

    /// Reads the text of a parameter.
    pub(crate) fn read(&self, name: &str, text: &str) -> Result<Value, Fault> {
        let value = match self {
            // `+1` and `01` are numbers to Rust, and not to JSON.
            Self::Number { .. } => serde_json::from_str(text).ok().filter(Value::is_i64),
            Self::Truth => serde_json::from_str(text).ok().filter(Value::is_boolean),
            _ => Some(Value::from(text)),
        };
        let value = value.ok_or_else(|| Fault::new(name, self.kind(), ""))?;
        let mut faults = Vec::new();
        self.look(&value, name, &mut faults);
        faults.into_iter().next().map_or(Ok(value), Err)
    }

    /// The sentence that says which kind of value is wanted.
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(Form::OneOf(_)) => "api-wrong-word",
            Self::Text(_) => "api-wrong-text",
            Self::Number { .. } => "api-wrong-number",
            Self::Truth => "api-wrong-truth",
            Self::List { .. } => "api-wrong-list",
            _ => "api-wrong-object",
        }
    }

    fn look(&self, value: &Value, at: &str, faults: &mut Vec<Fault>) {
        if faults.len() >= FAULTS_MAX {
            return;
        }
        match (self, value) {
            (Self::Anything, _) | (Self::OrNull(_), Value::Null) | (Self::Truth, Value::Bool(_)) => {}
            (Self::OrNull(of), value) => of.look(value, at, faults),
            (Self::Text(form), Value::String(text)) => faults.extend(form.fault(text, at)),
            (Self::Number { min, max }, Value::Number(number)) => {
                if !number.as_i64().is_some_and(|number| (*min..=*max).contains(&number)) {
                    faults.push(Fault::new(at, "api-wrong-range", format!("{min}–{max}")));
                }
            }
            (Self::List { of, at_most }, Value::Array(list)) => {
                if list.len() > *at_most {
                    faults.push(Fault::new(at, "api-wrong-many", at_most));
                    return;
                }
                list.iter().enumerate().for_each(|(n, one)| of.look(one, &format!("{at}/{n}"), faults));
            }
            (Self::Map { names, of }, Value::Object(map)) => {
                for (name, one) in map {
                    let at = below(at, name);
                    if !names.is_empty() && !names.contains(&name.as_str()) {
                        faults.push(Fault::new(&at, "api-wrong-unknown", ""));
                    } else {
                        of.look(one, &at, faults);
                    }
                }
            }
            (Self::Object(object), Value::Object(map)) => object.look(map, at, faults),
            _ => faults.push(Fault::new(at, self.kind(), "")),
        }
    }

    /// The same as JSON Schema; objects are named and put into `parts`.
    pub(crate) fn json(&self, parts: &mut serde_json::Map<String, Value>) -> Value {
        match self {
            Self::Text(form) => form.json(),
            Self::Number { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
            Self::Truth => json!({ "type": "boolean" }),
            Self::List { of, at_most } if *at_most == usize::MAX => {
                json!({ "type": "array", "items": of.json(parts) })
            }
            Self::List { of, at_most } => {
                json!({ "type": "array", "items": of.json(parts), "maxItems": at_most })
            }
            Self::Map { names, of } => {
                let mut schema = json!({ "type": "object", "additionalProperties": of.json(parts) });
                if !names.is_empty() {
                    schema["propertyNames"] = json!({ "enum": names });
                }
                schema
            }
            Self::OrNull(of) => json!({ "anyOf": [of.json(parts), { "type": "null" }] }),
            Self::Object(object) => object.json(parts),
            Self::Anything => json!({}),
        }
    }
}

/// A place below another (RFC 6901 section 3).
fn below(at: &str, name: &str) -> String {
    let name: String = name.chars().take(64).collect();
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl Object {
    fn look(&self, map: &serde_json::Map<String, Value>, at: &str, faults: &mut Vec<Fault>) {
        for field in &self.fields {
            let at = below(at, field.name);
            match map.get(field.name) {
                Some(value) => field.schema.look(value, &at, faults),
                None if field.needed => faults.push(Fault::new(&at, "api-wrong-missing", "")),
                None => {}
            }
        }
        let unknown = map.keys().filter(|name| !self.fields.iter().any(|field| field.name == *name));
        faults.extend(unknown.map(|name| Fault::new(&below(at, name), "api-wrong-unknown", "")));
    }

    fn json(&self, parts: &mut serde_json::Map<String, Value>) -> Value {
        if !parts.contains_key(&self.name) {
            // Its place is taken first: what it is made of may be made of it.
            parts.insert(self.name.clone(), Value::Null);
            let properties: serde_json::Map<String, Value> =
                self.fields.iter().map(|one| (one.name.to_owned(), one.schema.json(parts))).collect();
            let needed = self.fields.iter().filter(|field| field.needed).map(|field| field.name);
            let schema = json!({
                "type": "object",
                "properties": properties,
                "required": needed.collect::<Vec<_>>(),
                "additionalProperties": false,
            });
            parts.insert(self.name.clone(), schema);
        }
        json!({ "$ref": format!("#/components/schemas/{}", self.name) })
    }
}

impl Form {
    fn fault(&self, text: &str, at: &str) -> Option<Fault> {
        let fits = |min: usize, max: usize| (min..=max).contains(&text.chars().count());
        match self {
            Self::Free => None,
            Self::Between(_, max) | Self::Said(max) if text.contains('\0') => {
                Some(Fault::new(at, "api-wrong-length", max))
            }
            Self::Between(min, max) => (!fits(*min, *max)).then(|| Fault::new(at, "api-wrong-length", max)),
            Self::Said(max) => {
                (text.trim().is_empty() || !fits(1, *max)).then(|| Fault::new(at, "api-wrong-length", max))
            }
            Self::OneOf(words) => {
                (!words.contains(&text)).then(|| Fault::new(at, "api-wrong-word", words.join(", ")))
            }
            Self::Id(word) => (!is_id(text, word)).then(|| Fault::new(at, "api-wrong-id", word)),
            Self::Moment => {
                text.parse::<Timestamp>().is_err().then(|| Fault::new(at, "api-wrong-moment", ""))
            }
            Self::Day => (text.len() != 10 || text.parse::<jiff::civil::Date>().is_err())
                .then(|| Fault::new(at, "api-wrong-day", "")),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Free => json!({ "type": "string" }),
            Self::Between(min, max) => {
                json!({ "type": "string", "minLength": min, "maxLength": max, "pattern": "^[^\\u0000]*$" })
            }
            Self::Said(max) => json!({
                "type": "string",
                "minLength": 1,
                "maxLength": max,
                "pattern": "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$",
            }),
            Self::OneOf(words) => json!({ "type": "string", "enum": words }),
            Self::Id(word) => json!({ "type": "string", "pattern": format!("^{word}_[0-9a-f]{{32}}$") }),
            Self::Moment => json!({ "type": "string", "format": "date-time" }),
            Self::Day => json!({ "type": "string", "format": "date" }),
        }
    }
}

fn is_id(text: &str, word: &str) -> bool {
    let digits = text.strip_prefix(word).and_then(|rest| rest.strip_prefix('_'));
    digits.is_some_and(|digits| {
        digits.len() == 32 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Something whose values look alike.
pub(crate) trait Shape {
    /// What they look like.
    fn schema() -> Schema;
}

macro_rules! shapes {
    ($($kind:ty => $schema:expr),+ $(,)?) => {
        $(impl Shape for $kind {
            fn schema() -> Schema {
                $schema
            }
        })+
    };
}

shapes! {
    String => Schema::Text(Form::Free),
    &'static str => Schema::Text(Form::Free),
    bool => Schema::Truth,
    u64 => Schema::Number { min: 0, max: i64::MAX },
    u32 => Schema::Number { min: 0, max: i64::from(u32::MAX) },
    u16 => Schema::Number { min: 0, max: i64::from(u16::MAX) },
    i32 => Schema::Number { min: i64::from(i32::MIN), max: i64::from(i32::MAX) },
    Timestamp => Schema::Text(Form::Moment),
    jiff::civil::Date => Schema::Text(Form::Day),
    EventId => Schema::Text(Form::Id("event")),
    Value => Schema::Anything,
}

impl<T: base::Kind> Shape for Id<T> {
    fn schema() -> Schema {
        Schema::Text(Form::Id(T::PREFIX))
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn schema() -> Schema {
        Schema::List { of: Box::new(T::schema()), at_most: usize::MAX }
    }
}

impl<T: Shape> Shape for Option<T> {
    fn schema() -> Schema {
        Schema::OrNull(Box::new(T::schema()))
    }
}

impl<T: Shape> Shape for std::collections::BTreeMap<String, T> {
    fn schema() -> Schema {
        Schema::Map { names: Vec::new(), of: Box::new(T::schema()) }
    }
}

/// Text of a request that says something, in at most so many characters.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Said<const MAX: usize>(pub String);

impl<const MAX: usize> Shape for Said<MAX> {
    fn schema() -> Schema {
        Schema::Text(Form::Said(MAX))
    }
}

/// Text of a request in at most so many characters; it may be empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct UpTo<const MAX: usize>(pub String);

impl<const MAX: usize> Shape for UpTo<MAX> {
    fn schema() -> Schema {
        Schema::Text(Form::Between(0, MAX))
    }
}

/// A whole number of a request.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Within<const MIN: i64, const MAX: i64>(pub i64);

impl<const MIN: i64, const MAX: i64> Shape for Within<MIN, MAX> {
    fn schema() -> Schema {
        Schema::Number { min: MIN, max: MAX }
    }
}

/// At most so many of a kind, in a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct AtMost<T, const MAX: usize>(pub Vec<T>);

impl<T: Shape, const MAX: usize> Shape for AtMost<T, MAX> {
    fn schema() -> Schema {
        Schema::List { of: Box::new(T::schema()), at_most: MAX }
    }
}

/// Something that is one of a few words.
pub(crate) trait Worded: Copy + 'static {
    /// All there are.
    fn all() -> Vec<Self>;
    /// The word of one.
    fn text(self) -> &'static str;
}

macro_rules! worded {
    ($($kind:ty => $all:expr),+ $(,)?) => {
        $(impl Worded for $kind {
            fn all() -> Vec<Self> {
                $all.into()
            }

            fn text(self) -> &'static str {
                self.word()
            }
        })+
    };
}

worded! {
    base::Severity => Self::ALL,
    base::ObservableKind => Self::ALL,
    base::Role => Self::ALL,
    base::Right => Self::ALL,
    watch::judge::Verdict => [Self::Threat, Self::Normal],
    registry::Noun => Self::ALL,
    registry::OrganisationKind => Self::ALL,
    registry::ServerKind => Self::ALL,
    registry::change::Action => [Self::Create, Self::Change, Self::Retire],
    registry::change::State => [Self::Waiting, Self::Approved, Self::Refused, Self::Withdrawn],
    access::account::State => [Self::Invited, Self::Active, Self::Disabled, Self::Erased],
    access::account::Source => [Self::Person, Self::Provider],
    access::session::Method => Self::ALL,
    inspect::survey::Kind => Self::ALL,
    inspect::survey::State => Self::ALL,
    inspect::Variant => Self::ALL,
}

impl Worded for base::Tlp {
    fn all() -> Vec<Self> {
        Self::ALL.into()
    }

    fn text(self) -> &'static str {
        self.label()
    }
}

impl Worded for inspect::Grade {
    fn all() -> Vec<Self> {
        vec![Self::A, Self::B, Self::C, Self::D]
    }

    fn text(self) -> &'static str {
        self.letter()
    }
}

impl Worded for base::Language {
    fn all() -> Vec<Self> {
        vec![Self::Ja, Self::En]
    }

    fn text(self) -> &'static str {
        self.tag()
    }
}

/// One of a few words, in requests and answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<T>(pub T);

impl<T: Worded> Shape for Word<T> {
    fn schema() -> Schema {
        Schema::Text(Form::OneOf(T::all().into_iter().map(Worded::text).collect()))
    }
}

impl<T: Worded> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text())
    }
}

impl<'de, T: Worded> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = T::all().into_iter().find(|one| one.text() == text);
        found.map(Self).ok_or_else(|| serde::de::Error::custom("not one of the words"))
    }
}

/// Makes the type of an answer and its schema from one list of fields: every field is always there.
macro_rules! shape {
    ($(#[$about:meta])* $name:ident { $($(#[$says:meta])* $field:ident: $kind:ty),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Debug, serde::Serialize)]
        pub(crate) struct $name { $($(#[$says])* pub(crate) $field: $kind),+ }

        impl $crate::api::schema::Shape for $name {
            fn schema() -> $crate::api::schema::Schema {
                $crate::api::schema::object(stringify!($name), vec![
                    $((stringify!($field), <$kind as $crate::api::schema::Shape>::schema(), true)),+
                ])
            }
        }
    };
}
pub(crate) use shape;

/// Makes the schema of a type that stands elsewhere from one list of its fields: what is missing here, is not there or is
/// something else does not compile.
macro_rules! shape_of {
    ($name:ident { $($field:ident: $kind:ty),+ $(,)? }) => {
        impl $crate::api::schema::Shape for $name {
            fn schema() -> $crate::api::schema::Schema {
                let _all = |$name { $($field),+ }: $name| -> ($($kind),+) { ($($field),+) };
                $crate::api::schema::object(stringify!($name), vec![
                    $((stringify!($field), <$kind as $crate::api::schema::Shape>::schema(), true)),+
                ])
            }
        }
    };
}
pub(crate) use shape_of;

/// Makes the type of a request's body and its schema from one list of fields: what may be `null` may be left out.
macro_rules! request {
    ($(#[$about:meta])* $name:ident { $($(#[$says:meta])* $field:ident: $kind:ty),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Debug, serde::Deserialize)]
        pub(crate) struct $name { $($(#[$says])* pub(crate) $field: $kind),+ }

        impl $crate::api::schema::Shape for $name {
            fn schema() -> $crate::api::schema::Schema {
                $crate::api::schema::object(stringify!($name), vec![
                    $((stringify!($field), <$kind as $crate::api::schema::Shape>::schema(), false)),+
                ])
            }
        }
    };
}
pub(crate) use request;

/// An object; of a field that may be `null`, `always` says whether it must be there all the same.
pub(crate) fn object(name: &str, fields: Vec<(&'static str, Schema, bool)>) -> Schema {
    let field = |(name, schema, always): (&'static str, Schema, bool)| {
        let needed = always || !matches!(schema, Schema::OrNull(_));
        Field { name, schema, needed }
    };
    Schema::Object(Object { name: name.to_owned(), fields: fields.into_iter().map(field).collect() })
}

/// One page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The `cursor` with which the next page begins; `null` on the last.
    pub next: Option<String>,
}

impl<T: Shape> Shape for Page<T> {
    fn schema() -> Schema {
        let of = T::schema();
        let name = match &of {
            Schema::Object(object) => format!("{}Page", object.name),
            _ => "Page".to_owned(),
        };
        object(&name, vec![("items", Vec::<T>::schema(), true), ("next", Option::<String>::schema(), true)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    request! {
        /// For the tests.
        Sample { reason: Said<5>, level: Word<base::Severity>, days: Option<Within<1, 90>>, tags: AtMost<String, 2> }
    }

    #[track_caller]
    fn check(body: Value, expected: &[&str]) {
        let faults = Sample::schema().faults(&body);
        let text: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.at, fault.key)).collect();
        assert_eq!(text, expected, "{body}");
        let read = serde_json::from_value::<Sample>(body);
        assert_eq!(read.is_ok(), expected.is_empty() || is_only_limit(&faults));
        if let (Ok(read), []) = (read, expected) {
            let days = read.days.map_or(1, |days| days.0);
            assert!(read.reason.0.len() + read.tags.0.len() > 0 && read.level.0.word() == "high" && days > 0);
        }
    }

    /// What the type itself cannot refuse, the schema must.
    fn is_only_limit(faults: &[Fault]) -> bool {
        faults.iter().all(|fault| {
            ["api-wrong-length", "api-wrong-range", "api-wrong-many", "api-wrong-unknown"]
                .contains(&fault.key)
        })
    }

    #[test]
    fn a_request_is_held_against_its_schema_and_every_fault_has_a_place() {
        check(json!({"reason": "x", "level": "high", "tags": []}), &[]);
        check(json!({"reason": "x", "level": "high", "tags": ["a", "b"], "days": 90}), &[]);
        check(json!({"reason": "x", "level": "high", "tags": [], "days": null}), &[]);
        check(json!({"reason": " \u{3000}", "level": "high", "tags": []}), &["/reason api-wrong-length"]);
        check(json!({"reason": "長い長い長", "level": "high", "tags": []}), &[]);
        check(json!({"reason": "長い長い長い", "level": "high", "tags": []}), &["/reason api-wrong-length"]);
        check(json!({"reason": "a\u{0}", "level": "high", "tags": []}), &["/reason api-wrong-length"]);
        check(json!({"reason": "x", "level": "worst", "tags": []}), &["/level api-wrong-word"]);
        check(json!({"reason": "x", "level": "high", "tags": ["a", "b", "c"]}), &["/tags api-wrong-many"]);
        check(json!({"reason": "x", "level": "high", "tags": [1]}), &["/tags/0 api-wrong-text"]);
        check(json!({"reason": "x", "level": "high", "tags": [], "days": 91}), &["/days api-wrong-range"]);
        check(json!({"reason": "x", "level": "high", "tags": [], "days": "1"}), &["/days api-wrong-number"]);
        check(json!({"level": "high", "tags": []}), &["/reason api-wrong-missing"]);
        check(json!({"reason": "x", "level": "high", "tags": [], "a/b": 1}), &["/a~1b api-wrong-unknown"]);
        check(json!([]), &[" api-wrong-object"]);
    }

    #[test]
    fn a_parameter_is_read_as_what_it_is() {
        let number = Schema::Number { min: 1, max: 9 };
        assert_eq!(number.read("limit", "9"), Ok(json!(9)));
        for wrong in ["", "0", "10", "+1", "01", "1.0", "1e0", "９", "null"] {
            assert!(number.read("limit", wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(Schema::Truth.read("dry_run", "true"), Ok(json!(true)));
        assert!(Schema::Truth.read("dry_run", "1").is_err());
        let id = Id::<base::Threat>::schema();
        assert!(id.read("id", &format!("threat_{}", "0".repeat(32))).is_ok());
        for wrong in ["", "threat_", "threat_0", &format!("org_{}", "0".repeat(32)), &"é".repeat(39)] {
            assert!(id.read("id", wrong).is_err(), "{wrong:?}");
        }
        assert!(Schema::Text(Form::Moment).read("from", "2026-07-15T08:00:00+09:00").is_ok());
        assert!(Schema::Text(Form::Moment).read("from", "2026-07-15").is_err());
        assert!(Schema::Text(Form::Day).read("day", "2026-02-30").is_err());
    }
}
