//! Passwords: argon2id, long rather than complicated (NIST SP 800-63B section 3.1.1.2).
//!
//! Hashing is made to be expensive, so only a few run at a time and only so many wait: ten thousand attempts cost the
//! attempts, not the machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::{Algorithm, Argon2, Params, Version};
use base::{Id, Timestamp};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use serde_json::json;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

use crate::account::note;
use crate::secret::random;
use crate::session::{Recognised, themselves};
use crate::sign_in::Client;
use crate::{Access, Error, sign_in, sql};

/// Fewest characters of a password.
pub const CHARACTERS_MIN: usize = 12;
/// Most characters of a password.
pub const CHARACTERS_MAX: usize = 256;
/// Hashes computed at the same time; each takes [`MEMORY_KIB`] and a core for some 30 ms.
pub const HASHES_MAX: usize = 2;
/// Sign-ins that may wait for their turn; one more is told to come back.
pub const WAITING_MAX: usize = 64;
/// OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
pub const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// What must be left of a password beside the names of its owner.
const CHARACTERS_BESIDE_NAMES_MIN: usize = 8;
/// A name shorter than this is found in everything.
const NAME_CHARACTERS_MIN: usize = 4;

/// Why a password cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Fewer than [`CHARACTERS_MIN`].
    #[error("is too short")]
    Short,
    /// More than [`CHARACTERS_MAX`].
    #[error("is too long")]
    Long,
    /// Little more than the owner's own login or name, or ours.
    #[error("is made of names that everybody knows")]
    Names,
    /// One of those that are tried first.
    #[error("is one of the commonest")]
    Common,
}

/// What people use when twelve characters are asked for, without case, digits and signs at the end.
const COMMON: &[&str] = &[
    "abcabcabcabc",
    "abcdefghijkl",
    "abcdefghijklmn",
    "administrator",
    "adminadminadmin",
    "asdfghjkl",
    "asdfasdfasdf",
    "changeme",
    "changemechangeme",
    "changemenow",
    "correcthorsebatterystaple",
    "default",
    "football",
    "iloveyou",
    "iloveyouforever",
    "letmein",
    "letmeinletmein",
    "letmeinplease",
    "masterpassword",
    "monkey",
    "mypassword",
    "password",
    "passwordpassword",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "pa$$word",
    "princess",
    "qazwsxedc",
    "qazwsxedcrfv",
    "qwerty",
    "qwertyqwerty",
    "qwertyuiop",
    "qwertyuiopasdf",
    "qwertyuiopasdfghjkl",
    "secret",
    "secretpassword",
    "starwars",
    "summer",
    "sunshine",
    "superman",
    "system",
    "temporary",
    "test",
    "testtest",
    "testtesttest",
    "trustno",
    "welcome",
    "welcomewelcome",
    "welcometojapan",
    "winter",
    "spring",
    "autumn",
    "zaq!xsw@",
    "zxcvbnm",
    "パスワード",
];

/// Refuses what is too short, too long, the owner's own names, or among the first that are guessed.
pub fn check(password: &str, own_names: &[&str]) -> Result<(), Weakness> {
    // Cut before it is looked at: what somebody sends may be of any length.
    let characters = password.chars().take(CHARACTERS_MAX + 1).count();
    if characters < CHARACTERS_MIN {
        return Err(Weakness::Short);
    }
    if characters > CHARACTERS_MAX {
        return Err(Weakness::Long);
    }
    let lower = normal(password).to_lowercase();
    if is_common(&lower) {
        return Err(Weakness::Common);
    }
    let mut rest = lower;
    for name in own_names.iter().chain(&["noroshi"]) {
        let name = normal(name).to_lowercase();
        for part in name.split(|character: char| !character.is_alphanumeric()) {
            if part.chars().count() >= NAME_CHARACTERS_MIN {
                rest = rest.replace(part, "");
            }
        }
    }
    if rest.chars().count() < CHARACTERS_BESIDE_NAMES_MIN { Err(Weakness::Names) } else { Ok(()) }
}

fn is_common(lower: &str) -> bool {
    let stem = lower.trim_end_matches(|character: char| !character.is_alphabetic());
    let mut distinct: Vec<char> = lower.chars().collect();
    let steps: Vec<i64> = distinct
        .windows(2)
        .map(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])))
        .collect();
    // 123456789012: all but the turn from 9 to 0 are steps of one.
    let runs = steps.iter().filter(|step| step.abs() <= 1).count() + 2 >= steps.len();
    distinct.sort_unstable();
    distinct.dedup();
    stem.is_empty() || runs || distinct.len() < 4 || COMMON.contains(&stem) || COMMON.contains(&lower)
}

/// One form for what is typed alike on different machines (RFC 8265 section 4.2 asks for NFC).
fn normal(password: &str) -> String {
    password.nfc().collect()
}

/// Hashes and compares, a few at a time.
#[derive(Debug)]
pub(crate) struct Hashing {
    running: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// Compared with when there is nothing to compare with, so that an unknown login takes as long as a known one.
    decoy: String,
}

impl Hashing {
    pub(crate) fn new() -> Result<Self, Error> {
        // Nothing hashes to these bytes that anybody knows, and comparing costs the same.
        let decoy = text_of(&random::<SALT_BYTES>()?, &random::<HASH_BYTES>()?);
        Ok(Self { running: Arc::new(Semaphore::new(HASHES_MAX)), waiting: AtomicUsize::new(0), decoy })
    }

    /// The hash to store.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Error> {
        let (password, salt) = (normal(password), random::<SALT_BYTES>()?);
        self.run(move || Ok(text_of(&salt, &compute(&password, &salt, parameters()?)?))).await
    }

    /// Whether it is the password of this hash. Takes as long when there is none.
    pub(crate) async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Error> {
        let known = stored.is_some();
        // One that is too long was never set; what is compared instead costs the same as any other.
        let cut: String = password.chars().take(CHARACTERS_MAX + 1).collect();
        let (password, stored) = (normal(&cut), stored.unwrap_or(&self.decoy).to_owned());
        let same = self.run(move || {
            let (salt, hash, parameters) = parts_of(&stored)?;
            let computed = compute(&password, &salt, parameters)?;
            // Digests compare in the same time whatever differs.
            Ok(blake3::hash(&computed) == blake3::hash(&hash))
        });
        Ok(same.await? && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _place = Place::take(&self.waiting)?;
        let permit = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Error::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work itself: who gives up waiting does not make room while it still runs.
            let _permit = permit;
            work()
        });
        done.await.unwrap_or(Err(Error::Secret("the computation was stopped")))
    }
}

/// A place among those who wait, given back when dropped.
struct Place<'w>(&'w AtomicUsize);

impl<'w> Place<'w> {
    fn take(waiting: &'w AtomicUsize) -> Result<Self, Error> {
        let taken = waiting.fetch_add(1, Ordering::AcqRel);
        let place = Self(waiting);
        if taken >= HASHES_MAX + WAITING_MAX { Err(Error::Busy) } else { Ok(place) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn parameters() -> Result<Params, Error> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).map_err(|_| Error::Secret("bad parameters"))
}

fn compute(password: &str, salt: &[u8], parameters: Params) -> Result<[u8; HASH_BYTES], Error> {
    let mut hash = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .map_err(|_| Error::Secret("the password cannot be hashed"))?;
    Ok(hash)
}

/// The PHC string form, which says how it was made.
fn text_of(salt: &[u8], hash: &[u8]) -> String {
    let (salt, hash) = (BASE64_STANDARD_NO_PAD.encode(salt), BASE64_STANDARD_NO_PAD.encode(hash));
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}")
}

/// Reads [`text_of`]; other costs than today's are taken as they stand, up to four times as much.
fn parts_of(text: &str) -> Result<(Vec<u8>, Vec<u8>, Params), Error> {
    let damaged = || Error::Secret("the stored hash is damaged");
    let mut parts = text.split('$').skip(1);
    let mut part = || parts.next().ok_or_else(damaged);
    if (part()?, part()?) != ("argon2id", "v=19") {
        return Err(damaged());
    }
    let costs: Vec<u32> = part()?
        .split(',')
        .zip(["m=", "t=", "p="])
        .map(|(cost, name)| cost.strip_prefix(name).and_then(|cost| cost.parse().ok()).ok_or_else(damaged))
        .collect::<Result<_, _>>()?;
    let &[memory, passes, lanes] = costs.as_slice() else { return Err(damaged()) };
    if memory > 4 * MEMORY_KIB || passes > 4 * PASSES || lanes > 4 * LANES {
        return Err(damaged());
    }
    let parameters = Params::new(memory, passes, lanes, Some(HASH_BYTES)).map_err(|_| damaged())?;
    let mut bytes = || BASE64_STANDARD_NO_PAD.decode(part()?).map_err(|_| damaged());
    Ok((bytes()?, bytes()?, parameters))
}

/// Whether somebody signs in with a password.
pub async fn is_set(access: &Access, id: Id<base::Account>) -> Result<bool, Error> {
    Ok(sql::password(access.store.read().await?.connection(), id).await?.is_some())
}

/// Sets a new password for somebody who knows the old one, and ends their other sessions. Who has none yet (they came
/// with a passkey or from a provider) must have shown just now who they are.
pub async fn change(
    access: &Access,
    who: &Recognised,
    old: &str,
    new: &str,
    client: &Client,
    now: Timestamp,
) -> Result<(), Error> {
    let id = who.account.id;
    if is_set(access, id).await? {
        sign_in::prove(access, &who.account, old, client, now).await?;
    } else if !who.is_fresh(now) {
        return Err(Error::Refused);
    }
    check(new, &[&who.account.login, &who.account.name])?;
    let hash = access.hashing.hash(new).await?;
    let mut tx = access.store.write().await?;
    sql::put_password(tx.connection(), id, &hash, now).await?;
    let own = who.session.as_ref().map(|session| session.id);
    sql::delete_sessions_of(tx.connection(), id, own).await?;
    note(&mut tx, &themselves(id), "account.password", id, json!({}), now).await?;
    tx.commit_unnoticed().await?;
    access.cache.forget();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_password(password: &str, expected: Option<Weakness>) {
        assert_eq!(
            check(password, &["hanako.sato@naibu.example", "佐藤花子"]).err(),
            expected,
            "{password:?}"
        );
    }

    #[test]
    fn length_counts_and_composition_does_not() {
        check_password("", Some(Weakness::Short));
        check_password("kd83jf92mxq", Some(Weakness::Short));
        check_password("kd83jf92mxqw", None);
        check_password("いろはにほへとちりぬるを", None);
        check_password("the quiet harbour at dawn", None);
        check_password(&"kd83jf92".repeat(32), None);
        check_password(&("kd83jf92".repeat(32) + "x"), Some(Weakness::Long));
        check_password(&"x".repeat(10_000_000), Some(Weakness::Long));
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for common in [
            "aaaaaaaaaaaa",
            "123456789012",
            "abababababab",
            "Password1234",
            "PASSWORD2026!",
            "qwertyuiop12",
            "パスワード1234567",
            "987654321098",
            "Administrator",
            "20260401202604",
            "correcthorsebatterystaple",
        ] {
            check_password(common, Some(Weakness::Common));
        }
        for names in
            ["hanako.sato@naibu.example", "Hanako.Sato2026", "noroshi-noroshi", "佐藤花子佐藤花子1234567"]
        {
            check_password(names, Some(Weakness::Names));
        }
        check_password("hanako likes gardening", None);
    }

    #[tokio::test]
    async fn a_password_is_known_again_in_either_way_of_typing_it() {
        let hashing = Hashing::new().unwrap();
        // が as one character, and as か with a mark.
        let stored = hashing.hash("\u{304c}ngaru-no-uta").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(hashing.verify("\u{304b}\u{3099}ngaru-no-uta", Some(&stored)).await.unwrap());
        assert!(!hashing.verify("\u{304b}ngaru-no-uta", Some(&stored)).await.unwrap());
        assert!(!hashing.verify("", None).await.unwrap());
        assert!(hashing.verify("x", Some("$argon2id$v=19$m=99999999,t=2,p=1$AAAA$AAAA")).await.is_err());
        assert!(hashing.verify("x", Some("plain")).await.is_err());
    }

    #[test]
    fn argon2id_gives_the_hash_of_the_reference_implementation() {
        // From `argon2_cffi`'s and phc-winner-argon2's own tests: argon2id, v=19, m=65536, t=2, p=1.
        let parameters = Params::new(65_536, 2, 1, Some(HASH_BYTES)).unwrap();
        let hash = compute("password", b"somesalt", parameters).unwrap();
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }

    #[tokio::test]
    async fn more_attempts_than_may_wait_are_sent_away() {
        let hashing = Arc::new(Hashing::new().unwrap());
        let held = Arc::clone(&hashing.running).acquire_many_owned(2).await.unwrap();
        let attempts: Vec<_> = (0..HASHES_MAX + WAITING_MAX + 5)
            .map(|_| {
                let hashing = Arc::clone(&hashing);
                tokio::spawn(async move { hashing.verify("x", None).await })
            })
            .collect();
        // A runtime looks at its oldest task again before it has begun all of the newest.
        for _ in 0..attempts.len() {
            tokio::task::yield_now().await;
        }
        let busy = attempts.iter().filter(|attempt| attempt.is_finished()).count();
        assert_eq!(busy, 5);
        for attempt in &attempts {
            attempt.abort();
        }
        drop(held);
        for attempt in attempts {
            let _ = attempt.await;
        }
        assert!(!hashing.verify("x", None).await.unwrap());
    }
}
