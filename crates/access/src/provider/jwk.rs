//! The keys with which a provider signs (RFC 7517), and the signatures they make (RFC 7518 section 3).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

/// Keys of a provider that are looked at; those after them are not.
pub const KEYS_MAX: usize = 32;

const COORDINATE_BYTES: usize = 32;

/// How a token may be signed. `none` and everything made with a shared secret are deliberately absent: the first proves
/// nothing, and with the others a public key could be taken for the secret (RFC 8725 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, the older padding; what providers use when nothing else is said.
    Rs256,
    /// RSA, the newer padding.
    Ps256,
    /// The curve P-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every one that is taken.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// Its name in tokens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The one with this name; `None` for any that is not taken.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// One public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// By which name tokens refer to it.
    pub id: Option<String>,
    /// The only algorithm it is for, when it says so.
    pub algorithm: Option<String>,
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256 { point: Vec<u8> },
    Ed25519 { key: Vec<u8> },
}

/// The usable keys of a set; those of other kinds or for other uses are passed over. `None` when it is no set.
pub fn keys(set: &Value) -> Option<Vec<Jwk>> {
    let listed = set.get("keys")?.as_array()?;
    Some(listed.iter().take(KEYS_MAX).filter_map(key).collect())
}

fn key(value: &Value) -> Option<Jwk> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let bytes = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(text(name)?).ok();
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let material = match (text("kty")?, text("crv")) {
        ("RSA", _) => Material::Rsa { modulus: bytes("n")?, exponent: bytes("e")? },
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes("x")?, bytes("y")?);
            if x.len() != COORDINATE_BYTES || y.len() != COORDINATE_BYTES {
                return None;
            }
            Material::P256 { point: [&[4][..], &x, &y].concat() }
        }
        ("OKP", Some("Ed25519")) => Material::Ed25519 { key: bytes("x")? },
        _ => return None,
    };
    Some(Jwk { id: text("kid").map(str::to_owned), algorithm: text("alg").map(str::to_owned), material })
}

impl Jwk {
    /// Whether it may have made a signature of this algorithm.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match self.material {
            Material::Rsa { .. } => matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256),
            Material::P256 { .. } => algorithm == Algorithm::Es256,
            Material::Ed25519 { .. } => algorithm == Algorithm::EdDsa,
        };
        kind && self.algorithm.as_deref().is_none_or(|only| only == algorithm.name())
    }

    /// Whether it signed these bytes. A key of another kind signed nothing.
    pub fn signed(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let rsa = |modulus: &[u8], exponent: &[u8], parameters: &RsaParameters| {
            RsaPublicKeyComponents { n: modulus, e: exponent }.verify(parameters, message, signature)
        };
        let verified = match (&self.material, algorithm) {
            (Material::Rsa { modulus, exponent }, Algorithm::Rs256) => {
                rsa(modulus, exponent, &RSA_PKCS1_2048_8192_SHA256)
            }
            (Material::Rsa { modulus, exponent }, Algorithm::Ps256) => {
                rsa(modulus, exponent, &RSA_PSS_2048_8192_SHA256)
            }
            (Material::P256 { point }, Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            (Material::Ed25519 { key }, Algorithm::EdDsa) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(jwk: Value, algorithm: Algorithm, token: &str, expected: bool) {
        let keys = keys(&json!({ "keys": [jwk] })).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        let signed = keys.iter().any(|key| key.signed(algorithm, message.as_bytes(), &signature));
        assert_eq!(signed, expected, "{token}");
    }

    #[test]
    fn the_examples_of_the_standards_are_signed_by_their_keys() {
        // RFC 7515 appendix A.3.
        let curve = json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS\
            9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6\
            NU1Q";
        check(curve.clone(), Algorithm::Es256, token, true);
        check(curve.clone(), Algorithm::EdDsa, token, false);
        check(curve, Algorithm::Es256, &token.replace("eyJpc3Mi", "eyJpc3Mj"), false);
        // RFC 8037 appendix A.4.
        let edwards =
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AI\
            bQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        check(edwards, Algorithm::EdDsa, token, true);
    }

    #[test]
    fn keys_of_other_kinds_and_uses_are_passed_over() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let set = json!({ "keys": [
            { "kty": "oct", "k": "AAAA" },
            { "kty": "OKP", "crv": "Ed25519", "x": x, "use": "enc" },
            { "kty": "OKP", "crv": "X25519", "x": x },
            { "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" },
            { "kty": "RSA", "n": "*", "e": "AQAB" },
            "key", 7, null,
            { "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "good", "use": "sig", "alg": "EdDSA" },
        ]});
        let usable = keys(&set).unwrap();
        assert_eq!(usable.iter().map(|key| key.id.as_deref()).collect::<Vec<_>>(), [Some("good")]);
        assert!(usable[0].fits(Algorithm::EdDsa) && !usable[0].fits(Algorithm::Rs256));
        for none in [json!({}), json!([]), json!({ "keys": {} }), json!(null)] {
            assert_eq!(keys(&none), None);
        }
        let many: Vec<_> =
            (0..=KEYS_MAX).map(|_| json!({ "kty": "OKP", "crv": "Ed25519", "x": x })).collect();
        assert_eq!(keys(&json!({ "keys": many })).unwrap().len(), KEYS_MAX);
    }

    #[test]
    fn nothing_unsigned_and_nothing_made_with_a_shared_secret_is_known() {
        for name in ["none", "None", "HS256", "HS512", "RS1", "rs256", ""] {
            assert_eq!(Algorithm::of(name), None, "{name}");
        }
    }
}
