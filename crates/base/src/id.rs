//! `Id<T>`: one text form everywhere, `org_0197…`, which refuses to parse as another kind.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

/// What an id names. The prefix is part of the text form.
pub trait Kind {
    /// Lower case, without the underscore: `org`.
    const PREFIX: &'static str;
}

/// A member organisation or a part of one.
pub enum Organisation {}
/// Somebody responsible for something.
pub enum Person {}
/// A person or a duty desk through which an organisation is reached.
pub enum PointOfContact {}
/// A change of the registry that somebody asks for.
pub enum Change {}
/// The judged group of detections that is counted.
pub enum Threat {}
/// The same observable at two or more organisations.
pub enum Campaign {}
/// Many people asked the same, once.
pub enum Survey {}
/// What an inspection, an audit, a scan or an incident leaves to be fixed.
pub enum Finding {}

impl Kind for Organisation {
    const PREFIX: &'static str = "org";
}
impl Kind for Person {
    const PREFIX: &'static str = "person";
}
impl Kind for PointOfContact {
    const PREFIX: &'static str = "contact";
}
impl Kind for Change {
    const PREFIX: &'static str = "change";
}
impl Kind for Threat {
    const PREFIX: &'static str = "threat";
}
impl Kind for Campaign {
    const PREFIX: &'static str = "campaign";
}
impl Kind for Survey {
    const PREFIX: &'static str = "survey";
}
impl Kind for Finding {
    const PREFIX: &'static str = "finding";
}

/// A UUIDv7 that knows what it names.
pub struct Id<T: Kind> {
    uuid: Uuid,
    kind: PhantomData<fn() -> T>,
}

impl<T: Kind> Id<T> {
    /// A new id that sorts by `now`.
    pub fn new(now: Timestamp) -> Self {
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        let stamp = uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds);
        Self::from_uuid(Uuid::new_v7(stamp))
    }

    /// The id that these bytes always give: for things named by what they are, so that doing it twice is
    /// doing it once. UUIDv8 (RFC 9562 section 5.8).
    pub fn from_digest(digest: [u8; 16]) -> Self {
        Self::from_uuid(uuid::Builder::from_custom_bytes(digest).into_uuid())
    }

    /// Wraps a stored value.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    /// The bare value.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<T: Kind> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Kind> Copy for Id<T> {}
impl<T: Kind> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<T: Kind> Eq for Id<T> {}
impl<T: Kind> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T: Kind> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<T: Kind> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<T: Kind> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", T::PREFIX, self.uuid.simple())
    }
}
impl<T: Kind> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text was not an id of this kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an id of the form {prefix}_<32 hexadecimal digits>")]
pub struct ParseIdError {
    /// What was given.
    pub text: String,
    /// What it should have begun with.
    pub prefix: &'static str,
}

impl<T: Kind> FromStr for Id<T> {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let refused = || ParseIdError { text: text.chars().take(64).collect(), prefix: T::PREFIX };
        let (prefix, hex) = text.split_once('_').ok_or_else(refused)?;
        if prefix != T::PREFIX || hex.len() != 32 {
            return Err(refused());
        }
        Uuid::try_parse(hex).map(Self::from_uuid).map_err(|_| refused())
    }
}

impl<T: Kind> serde::Serialize for Id<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, T: Kind> serde::Deserialize<'de> for Id<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_form_and_is_refused_as_another_kind() {
        let id = Id::<Organisation>::new("2026-04-01T00:00:00Z".parse().unwrap());
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().starts_with("org_019d"), "{id}");
        assert!(id.to_string().parse::<Id<Threat>>().is_err());
        assert!("org_".parse::<Id<Organisation>>().is_err());
        assert!("org_zz".parse::<Id<Organisation>>().is_err());
    }

    #[test]
    fn ids_made_later_sort_later() {
        let early = Id::<Threat>::new("2026-04-01T00:00:00Z".parse().unwrap());
        let late = Id::<Threat>::new("2026-04-01T00:00:01Z".parse().unwrap());
        assert!(early < late);
    }
}
