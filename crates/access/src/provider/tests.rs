//! A provider in the same process: real keys, real signatures, no network.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base::{Language, Right, Role, Timestamp};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use url::Url;

use super::jwk::{Algorithm, Jwk};
use super::*;
use crate::account::{Newcomer, Source, State};
use crate::session::Method;
pub(crate) use crate::tests::now;
use crate::tests::{Desk, after, client, desk, house};
use crate::{account, invitation, session, sign_in, totp};

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

/// A provider that answers in this process: it remembers what it was asked, and lies when it is told to.
#[derive(Debug)]
struct House {
    state: Mutex<Inside>,
}

struct Inside {
    signer: Signer,
    set: Value,
    /// Of whoever signs in next: what the token says, and what is told beside it.
    claims: Value,
    beside: Value,
    /// Codes given out: the proof key, the nonce, where they were sent back to.
    codes: BTreeMap<String, (String, String, String)>,
    asked: Vec<String>,
    /// What is answered instead, by the end of the address.
    instead: BTreeMap<&'static str, Result<Answer, Trouble>>,
    now: Timestamp,
}

impl std::fmt::Debug for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inside")
    }
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer { status, body: body.to_string().into_bytes() }
}

impl House {
    fn new() -> Arc<Self> {
        let signer = Signer::new(Algorithm::Es256, "first");
        let set = signer.set();
        let inside = Inside {
            signer,
            set,
            claims: json!({}),
            beside: json!({}),
            codes: BTreeMap::new(),
            asked: Vec::new(),
            instead: BTreeMap::new(),
            now: now(),
        };
        Arc::new(Self { state: Mutex::new(inside) })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.state.lock().unwrap()
    }

    /// Whom the token and what is told beside it speak of from now on.
    fn say(&self, claims: Value) {
        self.inside().claims = claims;
    }

    /// How often it was asked for what ends like this.
    fn asked(&self, end: &str) -> usize {
        self.inside().asked.iter().filter(|url| url.ends_with(end)).count()
    }

    /// What a browser that is sent there comes back with: state and code.
    fn visit(&self, address: &str) -> (String, String) {
        let url = Url::parse(address).unwrap();
        let value = |name: &str| {
            url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap()
        };
        let mut inside = self.inside();
        let code = format!("code{}", inside.asked.len() + inside.codes.len());
        let kept = (value("code_challenge"), value("nonce"), value("redirect_uri"));
        inside.codes.insert(code.clone(), kept);
        (value("state"), code)
    }
}

impl Inside {
    fn token(&mut self, call: &Call) -> Answer {
        // `noroshi` and `hi-mi/tsu`, each as in a form.
        let right = format!("Basic {}", BASE64_STANDARD.encode("noroshi:hi-mi%2Ftsu"));
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(call.form.as_deref().unwrap().as_bytes()).into_owned().collect();
        let kept = self.codes.remove(&form["code"]);
        let proof = BASE64_URL_SAFE_NO_PAD
            .encode(ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes()));
        match kept {
            Some((key, nonce, redirect))
                if call.authorization.as_ref() == Some(&right)
                    && key == proof
                    && redirect == form["redirect_uri"] =>
            {
                let second = self.now.as_second();
                let mut claims = json!({ "iss": "https://id.example", "aud": "noroshi", "nonce": nonce,
                    "iat": second, "exp": second + 60, "auth_time": second });
                for (name, value) in self.claims.as_object().unwrap() {
                    claims[name] = value.clone();
                }
                let token = self.signer.token(&claims);
                answer(200, &json!({ "token_type": "Bearer", "access_token": "key", "id_token": token }))
            }
            _ => answer(400, &json!({ "error": "invalid_grant" })),
        }
    }
}

impl Fetch for House {
    fn fetch(&self, call: &Call) -> Result<Answer, Trouble> {
        let mut inside = self.inside();
        inside.asked.push(call.url.clone());
        if let Some((_, told)) = inside.instead.iter().find(|(end, _)| call.url.ends_with(**end)) {
            return told.clone();
        }
        Ok(match call.url.strip_prefix("https://id.example").unwrap() {
            "/.well-known/openid-configuration" => answer(
                200,
                &json!({ "issuer": "https://id.example",
                    "authorization_endpoint": "https://id.example/authorize",
                    "token_endpoint": "https://id.example/token",
                    "jwks_uri": "https://id.example/keys",
                    "userinfo_endpoint": "https://id.example/me",
                    "response_types_supported": ["code"],
                    "id_token_signing_alg_values_supported": ["ES256"] }),
            ),
            "/keys" => answer(200, &inside.set),
            "/token" => inside.token(call),
            "/me" if call.authorization.as_deref() == Some("Bearer key") => answer(200, &inside.beside),
            _ => answer(404, &json!({})),
        })
    }
}

/// A desk, a provider beside it, and a browser.
struct Scene {
    desk: Desk,
    house: Arc<House>,
    provider: Provider,
}

const RETURN: &str = "http://127.0.0.1:8420/sign-in/provider/return";

impl Scene {
    async fn new() -> Self {
        Self::with(settings()).await
    }

    /// With a first administrator, as every installation has before others come in.
    async fn with(settings: Settings) -> Self {
        let scene = Self::bare(settings).await;
        scene.desk.person("first@centre.example", &[(Role::Administrator, None)]).await;
        scene
    }

    async fn bare(settings: Settings) -> Self {
        let house = House::new();
        let provider = Provider::new(settings, Arc::<House>::clone(&house));
        Self { desk: desk().await, house, provider }
    }

    async fn begin(&self, purpose: Purpose, who: Option<&Recognised>, at: Timestamp) -> Result<Begun, Error> {
        begin(&self.desk.access, &self.provider, purpose, who, (RETURN, "/board"), at).await
    }

    async fn finish(
        &self,
        returned: &Returned<'_>,
        who: Option<&Recognised>,
        at: Timestamp,
    ) -> Result<Finished, Error> {
        self.house.inside().now = at;
        let client = client("192.0.2.1");
        let caught = Caught { client: &client, who, language: Language::Ja };
        finish(&self.desk.access, &self.provider, self.desk.registry(), returned, &caught, at).await
    }

    /// There and back.
    async fn walk(
        &self,
        purpose: Purpose,
        who: Option<&Recognised>,
        at: Timestamp,
    ) -> Result<Finished, Error> {
        let begun = self.begin(purpose, who, at).await?;
        let (state, code) = self.house.visit(&begun.address);
        let returned =
            Returned { sealed: &begun.sealed, state: &state, code: Some(&code), ..Returned::default() };
        self.finish(&returned, who, at).await
    }

    async fn enter(&self, at: Timestamp) -> Result<Arc<Recognised>, Error> {
        match self.walk(Purpose::SignIn, None, at).await? {
            Finished::SignedIn(Outcome::Opened(opened), next) => {
                assert_eq!(next, "/board");
                Ok(self.desk.who(opened.token.text(), at).await.unwrap())
            }
            other => panic!("{other:?}"),
        }
    }

    /// Why nobody comes in.
    async fn refusal(&self, at: Timestamp) -> Refusal {
        match self.enter(at).await.map(|who| who.account.clone()) {
            Err(Error::Provider(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    /// What the provider or those it spoke of did, newest first.
    async fn audited(&self, action: &str) -> Vec<store::Line> {
        let lines = self.desk.access.store.audit_lines(None, 100).await.unwrap();
        let lines = lines.into_iter().map(|(_, line)| line);
        lines.filter(|line| line.action == action && line.actor != house().label()).collect()
    }
}

fn hanako(groups: &[&str]) -> Value {
    json!({ "sub": "24400320", "name": "佐藤花子", "email": "hanako@naibu.example", "email_verified": true,
        "groups": groups })
}

fn places_of(who: &Recognised) -> Vec<(Role, Source)> {
    who.account.grants.iter().map(|held| (held.role, held.source)).collect()
}

#[tokio::test]
async fn the_first_sign_in_makes_the_account_and_each_one_brings_the_roles_up_to_date() {
    let scene = Scene::new().await;
    scene.house.say(hanako(&["naibu-csirt", "choir"]));
    let first = scene.enter(now()).await.unwrap();
    let account = &first.account;
    assert_eq!((account.login.as_str(), account.name.as_str()), ("hanako@naibu.example", "佐藤花子"));
    assert_eq!(places_of(&first), [(Role::Csirt, Source::Provider)]);
    assert_eq!(first.session.as_ref().unwrap().method, Method::Provider);
    assert!(first.actor.scope().has(Right::ReadWatch) && first.is_fresh(now()));

    scene.house.say(hanako(&["watch"]));
    let second = scene.enter(after(60)).await.unwrap();
    assert_eq!(
        (second.account.id, places_of(&second)),
        (account.id, vec![(Role::WatchOfficer, Source::Provider)])
    );
    let third = scene.enter(after(120)).await.unwrap();
    assert_eq!(places_of(&third), places_of(&second));
    assert_eq!(
        (scene.audited("account.grant").await.len(), scene.audited("account.revoke").await.len()),
        (2, 1)
    );

    // What a person gave stays, and lets them in without a group.
    let naibu = registry::Organisation::id_of("naibu");
    let access = &scene.desk.access;
    let place = (Role::Staff, Some(naibu));
    account::grant(access, scene.desk.registry(), &house(), account.id, place, now()).await.unwrap();
    scene.house.say(hanako(&[]));
    let fourth = scene.enter(after(180)).await.unwrap();
    assert_eq!(places_of(&fourth), [(Role::Staff, Source::Person)]);
    account::revoke(access, &house(), account.id, place, now()).await.unwrap();
    assert_eq!(scene.refusal(after(240)).await, Refusal::NoRole);
    assert_eq!(scene.audited("session.refuse").await.len(), 1);
    assert_eq!(scene.house.asked("/.well-known/openid-configuration"), 1);
    assert_eq!((scene.house.asked("/keys"), scene.house.asked("/token")), (1, 5));
}

#[tokio::test]
async fn who_loses_their_groups_loses_the_rights_of_the_sessions_they_are_in() {
    let scene = Scene::new().await;
    scene.house.say(hanako(&["naibu-csirt"]));
    let begun = scene.begin(Purpose::SignIn, None, now()).await.unwrap();
    let (state, code) = scene.house.visit(&begun.address);
    let returned =
        Returned { sealed: &begun.sealed, state: &state, code: Some(&code), ..Returned::default() };
    let Finished::SignedIn(Outcome::Opened(opened), _) = scene.finish(&returned, None, now()).await.unwrap()
    else {
        panic!("not in")
    };
    assert!(scene.desk.who(opened.token.text(), now()).await.unwrap().actor.scope().has(Right::ReadWatch));
    scene.house.say(hanako(&[]));
    assert_eq!(scene.refusal(now()).await, Refusal::NoRole);
    let who = scene.desk.who(opened.token.text(), now()).await.unwrap();
    assert!(!who.actor.scope().has(Right::ReadWatch) && who.account.grants.is_empty());
}

#[tokio::test]
async fn nobody_without_a_group_of_meaning_gets_an_account() {
    let scene = Scene::new().await;
    scene.house.say(hanako(&["choir"]));
    assert_eq!(scene.refusal(now()).await, Refusal::NoRole);
    let closed = Scene::with(Settings { create_accounts: false, ..settings() }).await;
    closed.house.say(hanako(&["watch"]));
    assert_eq!(closed.refusal(now()).await, Refusal::NoRole);
    let refused = &closed.audited("session.refuse").await[0];
    assert_eq!((refused.actor.as_str(), refused.object.as_str()), ("provider", "https://id.example"));
    assert!(
        !refused.detail.to_string().contains("24400320") && !refused.detail.to_string().contains("hanako")
    );
}

#[tokio::test]
async fn nobody_comes_in_before_the_first_administrator() {
    let scene = Scene::bare(settings()).await;
    let access = &scene.desk.access;
    let link = invitation::first_administrator(access, &house(), now()).await.unwrap().unwrap();
    scene.house.say(hanako(&["watch"]));
    assert_eq!(scene.refusal(now()).await, Refusal::Early);
    assert!(matches!(invitation::look(access, link.text(), now()).await, Ok(invitation::Guest::First)));
}

#[tokio::test]
async fn groups_and_address_may_be_told_beside_the_token_but_about_the_same_person() {
    let scene = Scene::new().await;
    scene.house.say(json!({ "sub": "24400320" }));
    scene.house.inside().beside = hanako(&["watch"]);
    assert_eq!(scene.enter(now()).await.unwrap().account.login, "hanako@naibu.example");
    scene.house.say(json!({ "sub": "1" }));
    assert_eq!(scene.refusal(now()).await, Refusal::Unreadable("is about somebody else"));
    // Somebody whose address nobody stands for is known by a login of ours.
    scene.house.say(json!({ "sub": "2", "groups": ["watch"] }));
    scene.house.inside().beside = json!({ "sub": "2", "email": "ceo@naibu.example" });
    let unknown = scene.enter(now()).await.unwrap();
    assert!(unknown.account.login.ends_with("@provider.invalid"), "{}", unknown.account.login);
}

#[tokio::test]
async fn each_errand_is_received_once_and_in_its_own_browser() {
    let scene = Scene::new().await;
    scene.house.say(hanako(&["watch"]));
    let begun = scene.begin(Purpose::SignIn, None, now()).await.unwrap();
    let other = scene.begin(Purpose::SignIn, None, now()).await.unwrap();
    let (state, code) = scene.house.visit(&begun.address);
    let right = Returned { sealed: &begun.sealed, state: &state, code: Some(&code), ..Returned::default() };
    for wrong in [
        Returned { sealed: &other.sealed, ..right },
        Returned { sealed: "", ..right },
        Returned { state: "", ..right },
        Returned::default(),
    ] {
        let refused = scene.finish(&wrong, None, now()).await;
        assert!(matches!(refused, Err(Error::Provider(Refusal::Errand))), "{wrong:?}");
    }
    let late = scene.finish(&right, None, after(600)).await;
    assert!(matches!(late, Err(Error::Provider(Refusal::Errand))));
    assert_eq!(scene.house.asked("/token"), 0);
    assert!(scene.finish(&right, None, after(599)).await.is_ok());
    let again = scene.finish(&right, None, after(599)).await;
    assert!(matches!(again, Err(Error::Provider(Refusal::Errand))));
    assert_eq!(scene.house.asked("/token"), 1);
    let (state, _) = scene.house.visit(&other.address);
    // A code that the provider never gave.
    let invented =
        Returned { sealed: &other.sealed, state: &state, code: Some("invented"), ..Returned::default() };
    let refused = scene.finish(&invented, None, now()).await;
    assert!(matches!(refused, Err(Error::Provider(Refusal::Declined(word))) if word == "invalid_grant"));
}

#[tokio::test]
async fn what_the_provider_calls_its_refusal_is_passed_on_in_few_characters() {
    let scene = Scene::new().await;
    let begun = scene.begin(Purpose::SignIn, None, now()).await.unwrap();
    let (state, code) = scene.house.visit(&begun.address);
    let error = format!("access_denied\u{202e}\n{}", "x".repeat(200));
    let returned =
        Returned { sealed: &begun.sealed, state: &state, error: Some(&error), ..Returned::default() };
    match scene.finish(&returned, None, now()).await {
        Err(Error::Provider(Refusal::Declined(word))) => {
            assert!(word.starts_with("access_deniedxxx") && word.len() == DECLINED_CHARACTERS_MAX);
        }
        other => panic!("{other:?}"),
    }
    let begun = scene.begin(Purpose::SignIn, None, now()).await.unwrap();
    let (state, _) = scene.house.visit(&begun.address);
    let mixed = Returned {
        sealed: &begun.sealed,
        state: &state,
        code: Some(&code),
        issuer: Some("https://evil.example"),
        ..Returned::default()
    };
    let refused = scene.finish(&mixed, None, now()).await;
    assert!(matches!(refused, Err(Error::Provider(Refusal::Token(Fault::Issuer)))));
    assert_eq!(scene.house.asked("/token"), 0);
}

#[tokio::test]
async fn a_false_token_opens_nothing() {
    let scene = Scene::new().await;
    let mut false_ones = 0;
    for (name, value, expected) in [
        ("nonce", json!("of another sign-in"), Fault::Nonce),
        ("aud", json!("another"), Fault::Audience),
        ("iss", json!("https://evil.example"), Fault::Issuer),
        ("exp", json!(now().as_second() - 3_600), Fault::Time),
        ("iat", json!(now().as_second() + 3_600), Fault::Time),
        ("auth_time", json!(now().as_second() - 13 * 3_600), Fault::Age),
    ] {
        let mut claims = hanako(&["watch"]);
        claims[name] = value;
        scene.house.say(claims);
        assert_eq!(scene.refusal(now()).await, Refusal::Token(expected), "{name}");
        false_ones += 1;
    }
    assert_eq!((false_ones, scene.audited("session.open").await.len()), (6, 0));
}

#[tokio::test]
async fn new_keys_are_looked_for_once_a_minute() {
    let scene = Scene::new().await;
    scene.house.say(hanako(&["watch"]));
    scene.enter(now()).await.unwrap();
    let second = Signer::new(Algorithm::Es256, "second");
    scene.house.inside().set = second.set();
    scene.house.inside().signer = second;
    // Within the minute the keys are taken for known, and whoever comes is refused.
    assert_eq!(scene.refusal(after(59)).await, Refusal::Token(Fault::UnknownKey));
    assert_eq!(scene.house.asked("/keys"), 1);
    scene.enter(after(60)).await.unwrap();
    assert_eq!(scene.house.asked("/keys"), 2);
    scene.house.inside().signer = Signer::new(Algorithm::Es256, "invented");
    for second in [61, 90, 119] {
        assert_eq!(scene.refusal(after(second)).await, Refusal::Token(Fault::UnknownKey));
    }
    assert_eq!(scene.house.asked("/keys"), 2);
    assert_eq!(scene.refusal(after(120)).await, Refusal::Token(Fault::UnknownKey));
    assert_eq!(scene.house.asked("/keys"), 3);
}

#[tokio::test]
async fn a_provider_that_does_not_do_its_part_is_trouble_and_nobodys_guess() {
    let html = Answer { status: 200, body: b"<html>".to_vec() };
    for (end, told, expected) in [
        ("/token", Err(Trouble::TimedOut), Refusal::Trouble(Trouble::TimedOut)),
        ("/token", Err(Trouble::TooLarge), Refusal::Trouble(Trouble::TooLarge)),
        ("/token", Ok(answer(503, &json!({}))), Refusal::Status(503)),
        ("/token", Ok(html.clone()), Refusal::Unreadable("is not JSON")),
        ("/token", Ok(answer(200, &json!([]))), Refusal::Unreadable("holds no ID token")),
        ("/keys", Ok(answer(200, &json!({}))), Refusal::Unreadable("is no set of keys")),
        ("/keys", Ok(html), Refusal::Unreadable("is not JSON")),
        ("/me", Ok(answer(401, &json!({}))), Refusal::Status(401)),
        ("/me", Ok(answer(200, &json!(7))), Refusal::Unreadable("says nothing about anybody")),
    ] {
        let scene = Scene::new().await;
        scene.house.say(json!({ "sub": "24400320" }));
        scene.house.inside().instead.insert(end, told);
        for _ in 0..3 {
            let refusal = scene.refusal(now()).await;
            assert!(refusal.is_trouble(), "{refusal}");
            assert_eq!(refusal, expected);
        }
    }
    let scene = Scene::new().await;
    let gone = Trouble::Unreachable("connection refused".into());
    scene.house.inside().instead.insert("/openid-configuration", Err(gone.clone()));
    let begun = scene.begin(Purpose::SignIn, None, now()).await;
    assert!(matches!(begun, Err(Error::Provider(Refusal::Trouble(trouble))) if trouble == gone));
    // It is back, and it is asked.
    scene.house.inside().instead.clear();
    assert!(scene.begin(Purpose::SignIn, None, now()).await.is_ok());
    assert_eq!(scene.provider.look(now()).await, Ok(1));
}

#[tokio::test]
async fn an_invitation_that_waits_is_taken_up_and_a_used_account_is_not() {
    let scene = Scene::new().await;
    let access = &scene.desk.access;
    let newcomer =
        Newcomer { login: "hanako@naibu.example".into(), name: "花子".into(), language: Language::En };
    let place = (Role::Staff, Some(registry::Organisation::id_of("naibu")));
    let (id, link) =
        account::invite(access, scene.desk.registry(), &house(), &newcomer, &[place], now()).await.unwrap();
    // Not verified: somebody else, who is told nothing about the account.
    let mut unverified = hanako(&[]);
    unverified["email_verified"] = json!(false);
    scene.house.say(unverified);
    scene.house.inside().beside = json!({ "sub": "24400320" });
    assert_eq!(scene.refusal(now()).await, Refusal::NoRole);
    scene.house.say(hanako(&["watch"]));
    let who = scene.enter(now()).await.unwrap();
    assert_eq!((who.account.id, who.account.name.as_str()), (id, "花子"));
    assert_eq!(places_of(&who), [(Role::Staff, Source::Person), (Role::WatchOfficer, Source::Provider)]);
    assert!(matches!(invitation::look(access, link.text(), now()).await, Err(Error::LinkGone)));

    // An account that has a password is not opened by an address, nor is one whose link has ended.
    scene.desk.person("taro@naibu.example", &[place]).await;
    let mut taro = hanako(&["watch"]);
    (taro["sub"], taro["email"]) = (json!("7"), json!("taro@naibu.example"));
    scene.house.say(taro.clone());
    assert_eq!(scene.refusal(now()).await, Refusal::AddressTaken);
    let late = Newcomer { login: "late@naibu.example".into(), ..newcomer };
    account::invite(access, scene.desk.registry(), &house(), &late, &[place], now()).await.unwrap();
    taro["email"] = json!("late@naibu.example");
    scene.house.say(taro.clone());
    assert_eq!(scene.refusal(after(72 * 3_600)).await, Refusal::AddressTaken);
    // Nor one that was used and is begun anew.
    let (used, _) = scene.desk.used("used@naibu.example", &[place]).await;
    account::reset(access, &house(), used, now()).await.unwrap();
    taro["email"] = json!("used@naibu.example");
    scene.house.say(taro);
    assert_eq!(scene.refusal(now()).await, Refusal::AddressTaken);
}

#[tokio::test]
async fn somebody_signed_in_links_the_provider_and_unlinks_it() {
    let scene = Scene::new().await;
    let access = &scene.desk.access;
    let place = (Role::Staff, Some(registry::Organisation::id_of("naibu")));
    let (id, who) = scene.desk.used("taro@naibu.example", &[place]).await;
    scene.house.say(hanako(&["naibu-csirt"]));
    assert!(matches!(scene.begin(Purpose::Link, None, now()).await, Err(Error::NoSuchSession)));
    let stale = scene.begin(Purpose::Link, Some(&who), after(900)).await;
    assert!(matches!(stale, Err(Error::Refused)));
    // Brought back into another session, or into none.
    let (_, another) = scene.desk.used("jiro@naibu.example", &[place]).await;
    for elsewhere in [Some(&*another), None] {
        let begun = scene.begin(Purpose::Link, Some(&who), now()).await.unwrap();
        let (state, code) = scene.house.visit(&begun.address);
        let returned =
            Returned { sealed: &begun.sealed, state: &state, code: Some(&code), ..Returned::default() };
        let refused = scene.finish(&returned, elsewhere, now()).await;
        assert!(matches!(refused, Err(Error::Provider(Refusal::Errand))));
    }
    assert!(matches!(scene.walk(Purpose::Link, Some(&who), now()).await, Ok(Finished::Known)));
    assert!(is_linked(access, &scene.provider, id).await.unwrap());
    let entered = scene.enter(now()).await.unwrap();
    assert_eq!(entered.account.id, id);
    assert_eq!(places_of(&entered), [(Role::Csirt, Source::Provider), (Role::Staff, Source::Person)]);
    // The same person for a second account, and a second person for this account.
    let taken = |linked: Result<Finished, Error>| {
        assert!(matches!(linked, Err(Error::Provider(Refusal::IdentityTaken))), "{linked:?}");
    };
    taken(scene.walk(Purpose::Link, Some(&another), now()).await);
    let mut other = hanako(&[]);
    other["sub"] = json!("other");
    scene.house.say(other);
    let own = scene.desk.by_link(id).await;
    taken(scene.walk(Purpose::Link, Some(&own), now()).await);

    // The password alone neither replaces the provider nor ends it; who came back from there may.
    let thief = scene.desk.opened("taro@naibu.example", now()).await;
    let thief = scene.desk.who(thief.token.text(), now()).await.unwrap();
    assert!(matches!(scene.begin(Purpose::Link, Some(&thief), now()).await, Err(Error::ShowMore)));
    assert!(matches!(unlink(access, &scene.provider, &thief, now()).await, Err(Error::ShowMore)));
    let own_id = who.session.as_ref().map(|session| session.id);
    let sessions = session::list(access, &who.account, now()).await.unwrap();
    let session = sessions.iter().find(|session| Some(session.id) == own_id).unwrap();
    assert_eq!(session.method, Method::Provider);
    assert!(matches!(unlink(access, &scene.provider, &own, after(900)).await, Err(Error::Refused)));
    unlink(access, &scene.provider, &own, now()).await.unwrap();
    assert!(!is_linked(access, &scene.provider, id).await.unwrap());
    assert!(matches!(unlink(access, &scene.provider, &who, now()).await, Err(Error::NoSuchSession)));
    // Whoever has nothing else to sign in with keeps it.
    scene.house.say(hanako(&["watch"]));
    let only = scene.enter(now()).await.unwrap();
    assert_ne!(only.account.id, id);
    assert!(matches!(unlink(access, &scene.provider, &only, now()).await, Err(Error::WrongState(_))));
    assert_eq!(scene.audited("account.identity").await.len(), 3);
}

#[tokio::test]
async fn who_signed_in_long_ago_at_the_provider_confirms_that_it_is_they() {
    let scene = Scene::new().await;
    let mut claims = hanako(&["watch"]);
    claims["auth_time"] = json!(now().as_second() - 3_600);
    scene.house.say(claims.clone());
    let stale = scene.enter(now()).await.unwrap();
    assert!(!stale.is_fresh(now()));
    // A provider that does not ask them again confirms nothing.
    let walked = scene.walk(Purpose::Confirm, Some(&stale), now()).await;
    assert!(matches!(walked, Err(Error::Provider(Refusal::Token(Fault::Age)))));
    claims.as_object_mut().unwrap().remove("auth_time");
    scene.house.say(hanako(&["watch"]));
    let session = stale.session.as_ref().unwrap().id;
    assert!(matches!(scene.walk(Purpose::Confirm, Some(&stale), after(60)).await, Ok(Finished::Known)));
    let sessions = session::list(&scene.desk.access, &stale.account, after(60)).await.unwrap();
    let fresh = sessions.iter().find(|one| one.id == session).unwrap();
    assert_eq!(fresh.fresh_at, after(60));
    // And nobody confirms for somebody else.
    let mut other = hanako(&["watch"]);
    other["sub"] = json!("other");
    scene.house.say(other);
    let walked = scene.walk(Purpose::Confirm, Some(&stale), after(120)).await;
    assert!(matches!(walked, Err(Error::Provider(Refusal::IdentityTaken))));
}

#[tokio::test]
async fn a_disabled_account_stays_disabled_and_the_last_administrator_stays_one() {
    let mut settings = settings();
    settings.map.push(Mapping { group: "keepers".into(), place: (Role::Administrator, None) });
    let scene = Scene::bare(settings).await;
    let access = &scene.desk.access;
    scene.house.say(hanako(&["keepers"]));
    let keeper = scene.enter(now()).await.unwrap();
    scene.house.say(hanako(&["watch"]));
    let kept = places_of(&scene.enter(now()).await.unwrap());
    assert_eq!(kept, [(Role::Administrator, Source::Provider), (Role::WatchOfficer, Source::Provider)]);
    scene.desk.person("second@centre.example", &[(Role::Administrator, None)]).await;
    let kept = places_of(&scene.enter(now()).await.unwrap());
    assert_eq!(kept, [(Role::WatchOfficer, Source::Provider)]);
    account::disable(access, &house(), keeper.account.id, now()).await.unwrap();
    let refused = scene.enter(now()).await.map(|who| who.account.clone());
    assert!(matches!(refused, Err(Error::WrongState(State::Disabled))), "{refused:?}");
    let refused = &scene.audited("session.refuse").await[0];
    assert_eq!(refused.object, keeper.account.id.to_string());
}

#[tokio::test]
async fn a_session_is_strong_only_where_the_provider_or_the_operator_says_so() {
    let scene = Scene::new().await;
    scene.house.say(hanako(&["watch"]));
    assert!(!scene.enter(now()).await.unwrap().session.as_ref().unwrap().method.is_strong());
    let mut strong = hanako(&["watch"]);
    strong["amr"] = json!(["pwd", "mfa"]);
    scene.house.say(strong);
    assert!(scene.enter(now()).await.unwrap().session.as_ref().unwrap().method.is_strong());
    let trusted = Scene::with(Settings { second_factor: true, ..settings() }).await;
    trusted.house.say(hanako(&["watch"]));
    assert!(trusted.enter(now()).await.unwrap().session.as_ref().unwrap().method.is_strong());
}

#[tokio::test]
async fn whoever_has_an_authenticator_app_is_asked_for_its_code_unless_more_was_shown_there() {
    let scene = Scene::new().await;
    scene.house.say(hanako(&["watch"]));
    let who = scene.enter(now()).await.unwrap();
    let enrolment = totp::enrol(&scene.desk.access, &who, now()).await.unwrap();
    let code = |at| totp::tests::code_of(&enrolment.secret, at);
    totp::confirm(&scene.desk.access, &who, &code(now()), now()).await.unwrap();
    let asked = scene.walk(Purpose::SignIn, None, after(60)).await.unwrap();
    let Finished::SignedIn(Outcome::Second(step), _) = asked else { panic!("{asked:?}") };
    let (access, client) = (&scene.desk.access, client("192.0.2.1"));
    let opened = sign_in::with_code(access, step.text(), &code(after(60)), &client, after(60)).await.unwrap();
    assert_eq!(opened.account, who.account.id);
    let mut strong = hanako(&["watch"]);
    strong["amr"] = json!(["mfa"]);
    scene.house.say(strong);
    assert!(scene.enter(after(120)).await.is_ok());
}
