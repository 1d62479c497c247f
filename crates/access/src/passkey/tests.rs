//! Passkeys made by an authenticator of ours, honest and otherwise.

use std::sync::Arc;

use base::Role;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};

use super::*;
use crate::tests::{Desk, after, client, desk, now};

/// A device that does what it is told.
struct Device {
    key: Pair,
    id: Vec<u8>,
    handle: String,
    flags: u8,
    counter: u32,
}

enum Pair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

fn party() -> Party {
    Party { id: "noroshi.example".into(), origin: "https://noroshi.example".into() }
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn client_data(kind: &str, challenge: &str, origin: &str) -> Vec<u8> {
    json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false })
        .to_string()
        .into_bytes()
}

impl Device {
    fn p256(id: &[u8]) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { key: Pair::P256(key), id: id.to_vec(), handle: String::new(), flags: 0x05, counter: 0 }
    }

    fn ed25519(id: &[u8]) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        Self { key: Pair::Ed25519(key), id: id.to_vec(), handle: String::new(), flags: 0x05, counter: 0 }
    }

    fn data(&self, site: &str, more_flags: u8) -> Vec<u8> {
        let site = ring::digest::digest(&ring::digest::SHA256, site.as_bytes());
        [site.as_ref(), &[self.flags | more_flags], &self.counter.to_be_bytes()].concat()
    }

    fn cose(&self) -> Vec<u8> {
        match &self.key {
            Pair::P256(key) => {
                let point = key.public_key().as_ref();
                let head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
                [&head[..], &point[1..33], &[0x22, 0x58, 0x20], &point[33..]].concat()
            }
            Pair::Ed25519(key) => {
                let head = [0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
                [&head[..], key.public_key().as_ref()].concat()
            }
        }
    }

    /// What the browser sends after making it.
    fn register(&self, challenge: &str, origin: &str, site: &str) -> String {
        let id_length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let data = [&self.data(site, 0x40)[..], &[0; 16], &id_length, &self.id, &self.cose()].concat();
        let data_length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let object = [
            &[0xa3, 0x63][..],
            b"fmt",
            &[0x64],
            b"none",
            &[0x67],
            b"attStmt",
            &[0xa0, 0x68],
            b"authData",
            &[0x59],
            &data_length,
            &data,
        ]
        .concat();
        json!({ "id": encode(&self.id), "type": "public-key", "response": {
            "clientDataJSON": encode(&client_data("webauthn.create", challenge, origin)),
            "attestationObject": encode(&object),
        }})
        .to_string()
    }

    /// What the browser sends after using it.
    fn assert(&self, kind: &str, challenge: &str, origin: &str, site: &str) -> Value {
        let (client_data, data) = (client_data(kind, challenge, origin), self.data(site, 0));
        let hash = ring::digest::digest(&ring::digest::SHA256, &client_data);
        let signed = [&data[..], hash.as_ref()].concat();
        let signature = match &self.key {
            Pair::P256(key) => key.sign(&SystemRandom::new(), &signed).unwrap().as_ref().to_vec(),
            Pair::Ed25519(key) => key.sign(&signed).as_ref().to_vec(),
        };
        json!({ "id": encode(&self.id), "type": "public-key", "response": {
            "clientDataJSON": encode(&client_data), "authenticatorData": encode(&data),
            "signature": encode(&signature), "userHandle": self.handle,
        }})
    }
}

fn challenge_in(options: &Value) -> String {
    options["challenge"].as_str().unwrap().to_owned()
}

async fn added(desk: &Desk, who: &Recognised, device: &mut Device) {
    let options = options_for_new(&desk.access, who, &party(), now()).await.unwrap();
    device.handle = options["user"]["id"].as_str().unwrap().to_owned();
    let given = device.register(&challenge_in(&options), &party().origin, &party().id);
    add(&desk.access, who, &party(), "手元の鍵", &given, now()).await.unwrap();
}

async fn somebody(desk: &Desk) -> Arc<Recognised> {
    let id = desk.person("officer@centre.example", &[(Role::WatchOfficer, None)]).await;
    desk.by_link(id).await
}

fn fresh(desk: &Desk) -> String {
    challenge_in(&options_for_sign_in(&desk.access, &party(), now()).unwrap())
}

async fn try_with(desk: &Desk, given: &str) -> Result<Opened, Error> {
    super::sign_in(&desk.access, &party(), given, &client("192.0.2.1"), now()).await
}

#[tokio::test]
async fn a_passkey_lets_its_owner_in_and_each_answer_counts_once() {
    let desk = desk().await;
    let who = somebody(&desk).await;
    for (place, mut device) in [Device::p256(b"first"), Device::ed25519(b"second")].into_iter().enumerate() {
        added(&desk, &who, &mut device).await;
        let challenge = fresh(&desk);
        let given = device.assert("webauthn.get", &challenge, &party().origin, &party().id).to_string();
        let opened = try_with(&desk, &given).await.unwrap();
        let session = desk.who(opened.token.text(), now()).await.unwrap().session.clone().unwrap();
        assert_eq!((session.account, session.method), (who.account.id, Method::Passkey));
        assert!(matches!(
            try_with(&desk, &given).await,
            Err(Error::Passkey("its challenge was answered already"))
        ));
        let late = super::sign_in(&desk.access, &party(), &given, &client("192.0.2.1"), after(600)).await;
        assert!(matches!(late, Err(Error::Passkey("its challenge is not ours or too old"))));
        assert_eq!(list(&desk.access, who.account.id).await.unwrap().len(), place + 1);
    }
    let thief =
        desk.who(desk.opened("officer@centre.example", now()).await.token.text(), now()).await.unwrap();
    let options = options_for_new(&desk.access, &thief, &party(), now()).await.unwrap();
    let theirs = Device::p256(b"theirs").register(&challenge_in(&options), &party().origin, &party().id);
    let refused = add(&desk.access, &thief, &party(), "x", &theirs, now()).await;
    assert!(matches!(refused, Err(Error::ShowMore)), "a password alone puts no passkey beside another");
    let first = encode(b"first");
    assert!(matches!(remove(&desk.access, &thief, &first, now()).await, Err(Error::ShowMore)));
    assert!(remove(&desk.access, &who, &first, after(901)).await.is_err(), "signed in too long ago");
    remove(&desk.access, &who, &first, now()).await.unwrap();
    assert!(remove(&desk.access, &who, &first, now()).await.is_err());
}

#[tokio::test]
async fn an_answer_that_is_not_exactly_right_lets_nobody_in() {
    let desk = desk().await;
    let who = somebody(&desk).await;
    let mut device = Device::p256(b"first");
    added(&desk, &who, &mut device).await;
    let (origin, site) = (party().origin, party().id);
    let new = challenge_in(&options_for_new(&desk.access, &who, &party(), now()).await.unwrap());
    let other_installation = Access::new(desk.access.store.clone(), crate::Key::random().unwrap()).unwrap();
    let foreign = challenge_in(&options_for_sign_in(&other_installation, &party(), now()).unwrap());
    let ours = |device: &Device| device.assert("webauthn.get", &fresh(&desk), &origin, &site);
    let with = |part: &str, value: Value| {
        let mut given = ours(&device);
        given["response"][part] = value;
        given
    };
    let mut stranger = Device::p256(b"first");
    stranger.handle = device.handle.clone();
    let mut unverified = Device::p256(b"x");
    unverified.flags = 0x01;
    for (given, reason) in [
        (device.assert("webauthn.create", &fresh(&desk), &origin, &site), "it was made for something else"),
        (
            device.assert("webauthn.get", &fresh(&desk), "https://evil.example", &site),
            "it was made for another site",
        ),
        (
            device.assert("webauthn.get", &fresh(&desk), &origin, "evil.example"),
            "it was made for another site",
        ),
        (device.assert("webauthn.get", &new, &origin, &site), "its challenge is not ours or too old"),
        (device.assert("webauthn.get", &foreign, &origin, &site), "its challenge is not ours or too old"),
        (device.assert("webauthn.get", "AAAA", &origin, &site), "its challenge is not ours or too old"),
        (ours(&stranger), "its signature is wrong"),
        (with("signature", "AAAA".into()), "its signature is wrong"),
        (with("userHandle", Value::Null), "it belongs to somebody else"),
        (with("userHandle", handle(Id::from_digest([9; 16])).into()), "it belongs to somebody else"),
        (with("authenticatorData", "AAAA".into()), "its data are too short"),
        (with("clientDataJSON", "e30".into()), "its client data cannot be read"),
        (json!({ "id": encode(b"first") }), "it cannot be read"),
    ] {
        let refused = try_with(&desk, &given.to_string()).await;
        assert!(matches!(refused, Err(Error::Passkey(found)) if found == reason), "{reason}: {refused:?}");
        desk.access.throttle.forgive(Whom::Network(Network::of([192, 0, 2, 1].into())));
    }
    let unknown = Device::p256(b"unknown");
    assert!(matches!(try_with(&desk, &ours(&unknown).to_string()).await, Err(Error::Refused)));
    device.flags = 0x01;
    let refused = try_with(&desk, &ours(&device).to_string()).await;
    assert!(matches!(refused, Err(Error::Passkey("its user was not verified"))));
    device.flags = 0x15;
    let refused = try_with(&desk, &ours(&device).to_string()).await;
    assert!(matches!(refused, Err(Error::Passkey("it was copied and says that it cannot be"))));
    device.flags = 0x1d;
    try_with(&desk, &ours(&device).to_string()).await.unwrap();

    // A counter that moves must go on moving: the copy that lags behind is noticed.
    device.flags = 0x05;
    device.counter = 7;
    try_with(&desk, &ours(&device).to_string()).await.unwrap();
    for counter in [7, 6, 0] {
        device.counter = counter;
        let refused = try_with(&desk, &ours(&device).to_string()).await;
        assert!(matches!(refused, Err(Error::Passkey("its counter went back"))), "{counter}");
    }
    device.counter = 8;
    try_with(&desk, &ours(&device).to_string()).await.unwrap();
    crate::account::disable(&desk.access, &crate::tests::house(), who.account.id, now()).await.unwrap();
    device.counter = 9;
    assert!(matches!(try_with(&desk, &ours(&device).to_string()).await, Err(Error::Refused)));
}

#[tokio::test]
async fn a_new_passkey_must_be_made_for_us_now_and_by_its_owner() {
    let desk = desk().await;
    let who = somebody(&desk).await;
    let (origin, site) = (party().origin, party().id);
    let challenge =
        async || challenge_in(&options_for_new(&desk.access, &who, &party(), now()).await.unwrap());
    let mut unverified = Device::p256(b"x");
    unverified.flags = 0x01;
    let device = Device::p256(b"x");
    for (given, at, expected) in [
        (device.register(&fresh(&desk), &origin, &site), 0, "its challenge is not ours or too old"),
        (
            device.register(&challenge().await, "https://evil.example", &site),
            0,
            "it was made for another site",
        ),
        (device.register(&challenge().await, &origin, "evil.example"), 0, "it was made for another site"),
        (device.register(&challenge().await, &origin, &site), 600, "its challenge is not ours or too old"),
        (unverified.register(&challenge().await, &origin, &site), 0, "its user was not verified"),
        ("{}".to_owned(), 0, "it cannot be read"),
    ] {
        let refused = add(&desk.access, &who, &party(), "x", &given, after(at)).await;
        assert!(
            matches!(refused, Err(Error::Passkey(found)) if found == expected),
            "{expected}: {refused:?}"
        );
    }
    let given = device.register(&challenge().await, &origin, &site);
    assert!(matches!(add(&desk.access, &who, &party(), "x", &given, after(901)).await, Err(Error::Refused)));
    assert!(matches!(add(&desk.access, &who, &party(), " ", &given, now()).await, Err(Error::Malformed(..))));
    add(&desk.access, &who, &party(), "x", &given, now()).await.unwrap();
    let again = device.register(&challenge().await, &origin, &site);
    let refused = add(&desk.access, &who, &party(), "x", &again, now()).await;
    assert!(matches!(refused, Err(Error::Passkey("it is known already"))));
    // No byte that is missing or changed makes it panic.
    let object: Value = serde_json::from_str(&device.register(&challenge().await, &origin, &site)).unwrap();
    let whole =
        BASE64_URL_SAFE_NO_PAD.decode(object["response"]["attestationObject"].as_str().unwrap()).unwrap();
    for length in 0..whole.len() {
        let mut cut = object.clone();
        cut["response"]["attestationObject"] = encode(&whole[..length]).into();
        assert!(
            add(&desk.access, &who, &party(), "x", &cut.to_string(), now()).await.is_err(),
            "{length} bytes"
        );
        let mut turned = whole.clone();
        turned[length] ^= 0xff;
        cut["response"]["attestationObject"] = encode(&turned).into();
        let _ = add(&desk.access, &who, &party(), "x", &cut.to_string(), now()).await;
    }
}
