//! Whether an ID token says what it says to us, about this sign-in, now (OpenID Connect Core 1.0 section 3.1.3.7).

use base::Timestamp;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::jwk::{Algorithm, Jwk};

/// Bytes of a token; one with more groups than fit belongs to a provider that should be asked for fewer.
pub const TOKEN_BYTES_MAX: usize = 128 * 1024;
/// By how much the provider's clock may differ from ours.
pub const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// What a token says of somebody.
pub type Claims = Map<String, Value>;

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be read, is too large, or asks for something that is not known here.
    #[error("it cannot be read")]
    Unreadable,
    /// It is not signed, or not in a way that is taken.
    #[error("it is signed in a way that is not taken")]
    Algorithm,
    /// None of the provider's keys has its name.
    #[error("its key is not among the provider's")]
    UnknownKey,
    /// Its signature is not the key's.
    #[error("its signature is wrong")]
    Signature,
    /// It is somebody else's.
    #[error("it was made by another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("it was made for another client")]
    Audience,
    /// It has ended, has not begun or is made in the future: one of the two clocks is wrong.
    #[error("its time is not now")]
    Time,
    /// It belongs to another sign-in.
    #[error("it belongs to another sign-in")]
    Nonce,
    /// The person signed in at the provider too long ago, or nobody knows when.
    #[error("the sign-in at the provider is too old")]
    Age,
    /// It does not say whom it is about.
    #[error("it names nobody")]
    Subject,
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    /// Who made it.
    pub issuer: &'e str,
    /// For whom.
    pub client: &'e str,
    /// For which sign-in.
    pub nonce: &'e str,
    /// How long ago the person may have signed in at the provider, where it says when.
    pub age_max: SignedDuration,
}

/// Checks a token against the provider's keys and gives what it says.
pub fn check(token: &str, keys: &[Jwk], expected: &Expected<'_>, now: Timestamp) -> Result<Claims, Fault> {
    let (message, head, body, signature) = split(token).ok_or(Fault::Unreadable)?;
    // An extension that must be understood is not (RFC 7515 section 4.1.11).
    if head.contains_key("crit") {
        return Err(Fault::Unreadable);
    }
    let algorithm = head.get("alg").and_then(Value::as_str).and_then(Algorithm::of);
    let algorithm = algorithm.ok_or(Fault::Algorithm)?;
    let name = head.get("kid").and_then(Value::as_str);
    let mut named = keys
        .iter()
        .filter(|key| key.fits(algorithm) && (name.is_none() || key.id.as_deref() == name))
        .peekable();
    if named.peek().is_none() {
        return Err(Fault::UnknownKey);
    }
    if !named.any(|key| key.signed(algorithm, message.as_bytes(), &signature)) {
        return Err(Fault::Signature);
    }
    check_claims(&body, expected, now)?;
    Ok(body)
}

/// The bytes that are signed, the head, the claims, and the signature.
fn split(token: &str) -> Option<(&str, Claims, Claims, Vec<u8>)> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let (head, body) = message.split_once('.')?;
    let object = |text: &str| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    Some((message, object(head)?, object(body)?, BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?))
}

fn check_claims(claims: &Claims, expected: &Expected<'_>, now: Timestamp) -> Result<(), Fault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(Fault::Issuer);
    }
    if !is_for(claims, expected.client) {
        return Err(Fault::Audience);
    }
    check_time(claims, now)?;
    if text("nonce") != Some(expected.nonce) {
        return Err(Fault::Nonce);
    }
    if signed_in_at(claims).is_some_and(|at| now.duration_since(at) > expected.age_max + LEEWAY) {
        return Err(Fault::Age);
    }
    // Section 2: at most 255 ASCII characters.
    match text("sub") {
        Some(subject) if (1..=255).contains(&subject.len()) => Ok(()),
        _ => Err(Fault::Subject),
    }
}

/// Whether we are the audience; among several, also the party it was given to.
fn is_for(claims: &Claims, client: &str) -> bool {
    let party = claims.get("azp").map(Value::as_str);
    match claims.get("aud") {
        Some(Value::String(one)) => one == client && party.is_none_or(|party| party == Some(client)),
        Some(Value::Array(all)) => {
            let among = all.iter().any(|one| one.as_str() == Some(client));
            let to_us = match party {
                Some(party) => party == Some(client),
                None => all.len() == 1,
            };
            among && to_us
        }
        _ => false,
    }
}

fn check_time(claims: &Claims, now: Timestamp) -> Result<(), Fault> {
    let (Some(ends), Some(made)) = (moment(claims, "exp"), moment(claims, "iat")) else {
        return Err(Fault::Time);
    };
    let begins = moment(claims, "nbf").unwrap_or(made);
    let ended = now.duration_since(ends) >= LEEWAY;
    let early = made.max(begins).duration_since(now) > LEEWAY;
    if ended || early { Err(Fault::Time) } else { Ok(()) }
}

/// When the person signed in at the provider, if it says so.
pub fn signed_in_at(claims: &Claims) -> Option<Timestamp> {
    moment(claims, "auth_time")
}

/// A number of seconds since 1970; some providers write a fraction.
fn moment(claims: &Claims, name: &str) -> Option<Timestamp> {
    let value = claims.get(name)?;
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::tests::{Signer, now};

    const EXPECTED: Expected<'static> = Expected {
        issuer: "https://id.example",
        client: "noroshi",
        nonce: "n",
        age_max: SignedDuration::from_hours(12),
    };

    fn claims() -> Value {
        let second = now().as_second();
        json!({ "iss": "https://id.example", "aud": "noroshi", "sub": "24400320", "nonce": "n",
            "iat": second - 1, "exp": second + 300 })
    }

    #[track_caller]
    fn check_claim(name: &str, value: Value, expected: Option<Fault>) {
        let signer = Signer::new(Algorithm::EdDsa, "k");
        let mut claims = claims();
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            ref value => claims.as_object_mut().unwrap().insert(name.to_owned(), value.clone()),
        };
        let checked = check(&signer.token(&claims), &signer.keys(), &EXPECTED, now());
        assert_eq!(checked.err(), expected, "{name} = {value}");
    }

    #[test]
    fn a_token_for_us_is_taken_however_it_is_signed() {
        for algorithm in Algorithm::ALL {
            let signer = Signer::new(algorithm, "k");
            let taken = check(&signer.token(&claims()), &signer.keys(), &EXPECTED, now()).unwrap();
            assert_eq!(taken["sub"], "24400320", "{algorithm:?}");
            let other = Signer::new(algorithm, "other");
            let unknown = check(&other.token(&claims()), &signer.keys(), &EXPECTED, now());
            assert_eq!(unknown, Err(Fault::UnknownKey), "{algorithm:?}");
        }
    }

    #[test]
    fn a_token_of_somebody_else_or_for_somebody_else_is_refused() {
        check_claim("iss", json!("https://id.example/"), Some(Fault::Issuer));
        check_claim("iss", json!(null), Some(Fault::Issuer));
        check_claim("aud", json!("another"), Some(Fault::Audience));
        check_claim("aud", json!([]), Some(Fault::Audience));
        check_claim("aud", json!(["noroshi"]), None);
        check_claim("aud", json!(["noroshi", "another"]), Some(Fault::Audience));
        check_claim("azp", json!("another"), Some(Fault::Audience));
        check_claim("azp", json!(7), Some(Fault::Audience));
        check_claim("azp", json!("noroshi"), None);
        check_claim("nonce", json!("m"), Some(Fault::Nonce));
        check_claim("nonce", json!(null), Some(Fault::Nonce));
        check_claim("sub", json!(""), Some(Fault::Subject));
        check_claim("sub", json!("s".repeat(256)), Some(Fault::Subject));
        check_claim("sub", json!(17), Some(Fault::Subject));
    }

    #[test]
    fn a_token_of_another_time_is_refused_but_for_the_leeway() {
        let at = |seconds: i64| json!(now().as_second() + seconds);
        check_claim("exp", at(-59), None);
        check_claim("exp", at(-60), Some(Fault::Time));
        check_claim("exp", json!(null), Some(Fault::Time));
        check_claim("exp", json!("soon"), Some(Fault::Time));
        check_claim("iat", at(60), None);
        check_claim("iat", at(61), Some(Fault::Time));
        check_claim("iat", json!(null), Some(Fault::Time));
        check_claim("iat", json!(now().as_second() as f64 + 0.5), None);
        check_claim("nbf", at(61), Some(Fault::Time));
        check_claim("nbf", at(-5), None);
        check_claim("exp", json!(i64::MAX), Some(Fault::Time));
        check_claim("auth_time", at(-12 * 3_600 - 60), None);
        check_claim("auth_time", at(-12 * 3_600 - 61), Some(Fault::Age));
    }

    #[test]
    fn a_token_that_was_touched_or_not_signed_by_the_named_key_is_refused() {
        let signer = Signer::new(Algorithm::Es256, "k");
        let keys = signer.keys();
        let token = signer.token(&claims());
        let fault = |token: &str| check(token, &keys, &EXPECTED, now()).err();
        let (head, rest) = token.split_once('.').unwrap();
        let (body, signature) = rest.split_once('.').unwrap();
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let mut other = claims();
        other["sub"] = json!("1");
        assert_eq!(fault(&format!("{head}.{}.{signature}", encode(&other))), Some(Fault::Signature));
        assert_eq!(fault(&format!("{head}.{body}.")), Some(Fault::Signature));
        // Another key under the same name.
        let forged = Signer::new(Algorithm::Es256, "k").token(&claims());
        assert_eq!(fault(&forged), Some(Fault::Signature));
        for (head, expected) in [
            (json!({ "alg": "none" }), Fault::Algorithm),
            (json!({ "alg": "HS256", "kid": "k" }), Fault::Algorithm),
            (json!({ "kid": "k" }), Fault::Algorithm),
            (json!({ "alg": "RS256", "kid": "k" }), Fault::UnknownKey),
            (json!({ "alg": "ES256", "kid": "k", "crit": ["b64"] }), Fault::Unreadable),
            (json!([]), Fault::Unreadable),
        ] {
            let touched = format!("{}.{body}.{signature}", encode(&head));
            assert_eq!(fault(&touched), Some(expected), "{head}");
            assert!(fault(&format!("{}.{body}.", encode(&head))).is_some(), "{head}");
        }
        for broken in ["", ".", "..", "a.b", "a.b.c.d.e", "*.*.*", &"a".repeat(TOKEN_BYTES_MAX + 1)] {
            assert_eq!(fault(broken), Some(Fault::Unreadable), "{broken:.20}");
        }
    }

    #[test]
    fn without_a_name_any_fitting_key_may_have_signed() {
        let signer = Signer::new(Algorithm::EdDsa, "");
        let mut keys = Signer::new(Algorithm::EdDsa, "first").keys();
        keys.extend(Signer::new(Algorithm::Es256, "second").keys());
        assert_eq!(check(&signer.token(&claims()), &keys, &EXPECTED, now()), Err(Fault::Signature));
        keys.extend(signer.keys());
        assert!(check(&signer.token(&claims()), &keys, &EXPECTED, now()).is_ok());
    }
}
