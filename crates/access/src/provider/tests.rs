//! A provider in the same process: real keys, real signatures, no network.

use base::Role;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

use super::jwk::{self, Algorithm, Jwk};
use super::settings::{ClientSecret, Mapping, Settings};
pub(crate) use crate::tests::now;

/// Made with `openssl genpkey -algorithm RSA` for these tests alone: ring signs with RSA keys but makes none.
const RSA_KEY: &[u8] = include_bytes!("../../testdata/rsa.pk8");

pub(crate) fn settings() -> Settings {
    let naibu = registry::Organisation::id_of("naibu");
    Settings {
        name_ja: "職員認証基盤".into(),
        name_en: "Staff identity".into(),
        issuer: "https://id.example".into(),
        client: "noroshi".into(),
        secret: ClientSecret("hi-mi/tsu".into()),
        scopes: vec!["groups".into()],
        groups_claim: "groups".into(),
        create_accounts: true,
        second_factor: false,
        map: vec![
            Mapping { group: "naibu-csirt".into(), place: (Role::Csirt, Some(naibu)) },
            Mapping { group: "watch".into(), place: (Role::WatchOfficer, None) },
        ],
    }
}

/// Somebody who signs tokens.
pub(crate) struct Signer {
    name: String,
    algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Curve(EcdsaKeyPair),
    Edwards(Ed25519KeyPair),
}

impl Signer {
    /// A new key of this name; without one, tokens do not name it.
    pub(crate) fn new(algorithm: Algorithm, name: &str) -> Self {
        let random = SystemRandom::new();
        let pair = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => {
                Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(RSA_KEY).unwrap()))
            }
            Algorithm::Es256 => {
                let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
                Pair::Curve(EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap())
            }
            Algorithm::EdDsa => {
                let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
                Pair::Edwards(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
            }
        };
        Self { name: name.into(), algorithm, pair }
    }

    /// The set with its public half.
    pub(crate) fn set(&self) -> Value {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let mut key = match &self.pair {
            Pair::Rsa(pair) => {
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "n": encode(&public.n), "e": encode(&public.e) })
            }
            Pair::Curve(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) })
            }
            Pair::Edwards(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref()) })
            }
        };
        if !self.name.is_empty() {
            key["kid"] = json!(self.name);
        }
        json!({ "keys": [key] })
    }

    pub(crate) fn keys(&self) -> Vec<Jwk> {
        jwk::keys(&self.set()).unwrap()
    }

    /// A signed token.
    pub(crate) fn token(&self, claims: &Value) -> String {
        let mut head = json!({ "alg": self.algorithm.name(), "typ": "JWT" });
        if !self.name.is_empty() {
            head["kid"] = json!(self.name);
        }
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&head), encode(claims));
        let (bytes, random) = (message.as_bytes(), SystemRandom::new());
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let padding: &dyn ring::signature::RsaEncoding = match self.algorithm {
                    Algorithm::Ps256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                pair.sign(padding, &random, bytes, &mut signature).unwrap();
                signature
            }
            Pair::Curve(pair) => pair.sign(&random, bytes).unwrap().as_ref().to_vec(),
            Pair::Edwards(pair) => pair.sign(bytes).as_ref().to_vec(),
        };
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}
