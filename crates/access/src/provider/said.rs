//! What a provider says of somebody, as far as it matters here.

use base::Timestamp;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

use super::id_token::{Claims, signed_in_at};
use crate::account::{NAME_CHARACTERS_MAX, normal_login};

/// Groups of one person that are looked at.
pub const GROUPS_MAX: usize = 2_000;
/// What a provider says when more than one thing was shown to it: the value of `amr` for that (RFC 8176).
const SEVERAL: &str = "mfa";
/// Values of `acr` that say the same: resistance to phishing (OpenID Connect EAP ACR Values 1.0), and the profile of the
/// federations of universities.
const STRONG: [&str; 3] = ["phr", "phrh", "https://refeds.org/profile/mfa"];

/// What a provider says of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its name for them, for ever.
    pub subject: String,
    /// Their mail address in its normal form, when the provider has verified it.
    pub address: Option<String>,
    /// What they are called.
    pub name: Option<String>,
    /// Their groups; `None` when nothing is said about groups, which is not the same as none.
    pub groups: Option<Vec<String>>,
    /// When they signed in there.
    pub signed_in_at: Option<Timestamp>,
    /// Whether they showed more than one thing there.
    pub several_factors: bool,
}

/// Reads what is said; `groups` names the claim that holds them.
pub fn read(claims: &Claims, groups: &str) -> Said {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let verified = match claims.get("email_verified") {
        Some(Value::Bool(verified)) => *verified,
        // Some providers write it as a word.
        Some(Value::String(word)) => word == "true",
        _ => false,
    };
    Said {
        subject: text("sub").unwrap_or_default().to_owned(),
        address: text("email").filter(|_| verified).and_then(normal_login),
        name: text("name").or_else(|| text("preferred_username")).and_then(tidy_name),
        groups: claims.get(groups).map(listed),
        signed_in_at: signed_in_at(claims),
        several_factors: several_factors(claims),
    }
}

impl Said {
    /// Whether more must be asked for: nothing is said about groups, or by what address somebody is known.
    pub fn lacks(&self) -> bool {
        self.groups.is_none() || self.address.is_none()
    }

    /// Adds what was said elsewhere about the same person, where nothing was said so far.
    pub fn or(self, other: Self) -> Self {
        Self {
            address: self.address.or(other.address),
            name: self.name.or(other.name),
            groups: self.groups.or(other.groups),
            ..self
        }
    }
}

/// Groups as a list, or the one of somebody who has only one.
fn listed(value: &Value) -> Vec<String> {
    let one = std::slice::from_ref(value);
    let all = value.as_array().map_or(one, Vec::as_slice);
    all.iter().take(GROUPS_MAX).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn several_factors(claims: &Claims) -> bool {
    let ways = claims.get("amr").and_then(Value::as_array);
    ways.is_some_and(|ways| ways.iter().any(|way| way == SEVERAL))
        || claims.get("acr").and_then(Value::as_str).is_some_and(|class| STRONG.contains(&class))
}

fn tidy_name(text: &str) -> Option<String> {
    let text: String = text.nfc().filter(|character| !character.is_control()).collect();
    let name: String = text.trim().chars().take(NAME_CHARACTERS_MAX).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(claims: Value) -> Said {
        read(claims.as_object().unwrap(), "groups")
    }

    #[test]
    fn groups_are_a_list_or_one_and_none_said_is_not_no_groups() {
        assert_eq!(said(json!({ "groups": ["a", 7, "b"] })).groups.unwrap(), ["a", "b"]);
        assert_eq!(said(json!({ "groups": "a b" })).groups.unwrap(), ["a b"]);
        assert_eq!(said(json!({ "groups": [] })).groups, Some(Vec::new()));
        assert_eq!(said(json!({ "roles": ["a"] })).groups, None);
        let many: Vec<_> = (0..=GROUPS_MAX).map(|number| number.to_string()).collect();
        assert_eq!(said(json!({ "groups": many })).groups.unwrap().len(), GROUPS_MAX);
        let elsewhere = json!({ "roles": ["x"] });
        assert_eq!(read(elsewhere.as_object().unwrap(), "roles").groups.unwrap(), ["x"]);
    }

    #[test]
    fn only_a_verified_address_counts() {
        let address = |verified: Value| {
            said(json!({ "email": " Hanako@Naibu.example", "email_verified": verified })).address
        };
        assert_eq!(address(json!(true)).as_deref(), Some("hanako@naibu.example"));
        assert_eq!(address(json!("true")).as_deref(), Some("hanako@naibu.example"));
        for not in [json!(false), json!("false"), json!(1), json!(null)] {
            assert_eq!(address(not.clone()), None, "{not}");
        }
        assert_eq!(said(json!({ "email": "hanako@naibu.example" })).address, None);
        assert_eq!(said(json!({ "email": "hanako", "email_verified": true })).address, None);
    }

    #[test]
    fn a_name_is_short_and_of_letters() {
        assert_eq!(said(json!({ "name": " 佐藤\u{7}花子\n" })).name.as_deref(), Some("佐藤花子"));
        assert_eq!(said(json!({ "name": "\n", "preferred_username": "hanako" })).name, None);
        assert_eq!(said(json!({ "preferred_username": "hanako" })).name.as_deref(), Some("hanako"));
        let long = said(json!({ "name": "花".repeat(500) })).name.unwrap();
        assert_eq!(long.chars().count(), NAME_CHARACTERS_MAX);
    }

    #[test]
    fn more_than_one_thing_was_shown_only_where_that_is_said() {
        for (claims, expected) in [
            (json!({ "amr": ["pwd", "mfa"] }), true),
            (json!({ "acr": "phr" }), true),
            (json!({ "amr": ["pwd"], "acr": "1" }), false),
            (json!({ "amr": "mfa" }), false),
            (json!({}), false),
        ] {
            assert_eq!(said(claims.clone()).several_factors, expected, "{claims}");
        }
    }

    #[test]
    fn what_is_said_later_fills_gaps_and_replaces_nothing() {
        let token = said(json!({ "sub": "1", "name": "A", "acr": "phr" }));
        let later = said(json!({ "sub": "2", "name": "B", "groups": ["g"], "email": "a@b.example",
            "email_verified": true }));
        assert!(token.lacks());
        let all = token.or(later);
        assert_eq!((all.subject.as_str(), all.name.as_deref()), ("1", Some("A")));
        assert!(all.several_factors && !all.lacks());
    }
}
