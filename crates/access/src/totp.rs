//! One-time codes of an authenticator app (RFC 6238), and recovery codes for who lost it.

use base::{Id, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use qrcodegen::{QrCode, QrCodeEcc};
use serde_json::json;
use sha1::Sha1;
use store::Tx;

use crate::account::note;
use crate::secret::random;
use crate::session::{self, Method, Recognised, themselves};
use crate::{Access, Error, sql};

/// Seconds of one time step.
pub const STEP_S: i64 = 30;
/// Digits of a code.
pub const DIGITS: usize = 6;
/// Recovery codes given out together.
pub const RECOVERY_CODES: usize = 10;
/// Steps before and after now that are taken too, for clocks that differ.
const STEPS_AROUND: i64 = 1;
/// 160 bits, as long as the hash (RFC 4226 section 4).
const SECRET_BYTES: usize = 20;
/// Characters of a recovery code: 50 bits, and its digest is keyed.
const RECOVERY_CHARACTERS: usize = 10;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Crockford's digits: nothing that looks like something else.
const RECOVERY_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What somebody needs to set up their authenticator app.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// To type in, in base32.
    pub secret: String,
    /// The same for the app, as `otpauth://`.
    pub uri: String,
    /// The same to scan, as an SVG image.
    pub svg: String,
}

/// How somebody's second factor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether codes are asked for.
    pub confirmed: bool,
    /// Recovery codes left.
    pub recovery_left: u32,
}

/// How somebody's second factor stands.
pub async fn standing(access: &Access, id: Id<base::Account>) -> Result<Standing, Error> {
    let mut read = access.store.read().await?;
    let confirmed = sql::totp(read.connection(), id).await?.is_some_and(|(_, confirmed, _)| confirmed);
    Ok(Standing { confirmed, recovery_left: sql::count_recovery(read.connection(), id).await? })
}

/// Begins, for somebody who showed just now who they are: a new secret, which counts only after [`confirm`]. Replaces
/// one that was not confirmed; one that was must be removed first.
pub async fn enrol(access: &Access, who: &Recognised, now: Timestamp) -> Result<Enrolment, Error> {
    if !who.is_fresh(now) {
        return Err(Error::Refused);
    }
    let secret = random::<SECRET_BYTES>()?;
    let sealed = access.key.seal(&who.account.id.to_string(), &secret)?;
    let mut tx = access.store.write().await?;
    session::check_proofs(&mut tx, who).await?;
    if !sql::put_totp(tx.connection(), who.account.id, &sealed).await? {
        return Err(Error::WrongState(who.account.state));
    }
    tx.commit_unnoticed().await?;
    enrolment(&who.account.login, &secret)
}

/// The enrolment that waits to be confirmed, for showing it once more after a wrong code.
pub async fn waiting(access: &Access, who: &Recognised) -> Result<Option<Enrolment>, Error> {
    let stored = sql::totp(access.store.read().await?.connection(), who.account.id).await?;
    let Some((sealed, false, _)) = stored else { return Ok(None) };
    let secret = access.key.unseal(&who.account.id.to_string(), &sealed)?;
    enrolment(&who.account.login, &secret).map(Some)
}

/// Ends the enrolment with a first right code; from now on codes are asked for. Gives the recovery codes, once.
pub async fn confirm(
    access: &Access,
    who: &Recognised,
    code: &str,
    now: Timestamp,
) -> Result<Vec<String>, Error> {
    let id = who.account.id;
    let mut tx = access.store.write().await?;
    session::check_proofs(&mut tx, who).await?;
    let stored = sql::totp(tx.connection(), id).await?;
    if !matches!(stored, Some((_, false, _))) || !use_code(access, &mut tx, id, code, now).await? {
        return Err(Error::Refused);
    }
    sql::confirm_totp(tx.connection(), id, now).await?;
    let codes = put_recovery(access, &mut tx, id).await?;
    note(&mut tx, &themselves(id), "account.totp", id, json!({ "codes": "asked for" }), now).await?;
    session::strengthen(&mut tx, who, Method::Code).await?;
    tx.commit_unnoticed().await?;
    access.cache.forget();
    Ok(codes)
}

/// Codes are no longer asked for. Only for somebody who showed just now who they are.
pub async fn remove(access: &Access, who: &Recognised, now: Timestamp) -> Result<(), Error> {
    if !who.is_fresh(now) {
        return Err(Error::Refused);
    }
    let id = who.account.id;
    let mut tx = access.store.write().await?;
    session::check_proofs(&mut tx, who).await?;
    sql::delete_totp(tx.connection(), id).await?;
    note(&mut tx, &themselves(id), "account.totp", id, json!({ "codes": "not asked for" }), now).await?;
    Ok(tx.commit_unnoticed().await?)
}

/// New recovery codes; the old ones end. Only for somebody who showed just now who they are.
pub async fn renew_recovery(access: &Access, who: &Recognised, now: Timestamp) -> Result<Vec<String>, Error> {
    let id = who.account.id;
    if !who.is_fresh(now) || !standing(access, id).await?.confirmed {
        return Err(Error::Refused);
    }
    let mut tx = access.store.write().await?;
    session::check_proofs(&mut tx, who).await?;
    let codes = put_recovery(access, &mut tx, id).await?;
    note(&mut tx, &themselves(id), "account.recovery_codes", id, json!({}), now).await?;
    tx.commit_unnoticed().await?;
    Ok(codes)
}

/// Uses a code of the app: right, of this step or one beside it, and of a step later than any used before.
pub(crate) async fn use_code(
    access: &Access,
    tx: &mut Tx,
    id: Id<base::Account>,
    code: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let Some((sealed, ..)) = sql::totp(tx.connection(), id).await? else { return Ok(false) };
    let secret = access.key.unseal(&id.to_string(), &sealed)?;
    let typed: String =
        code.chars().filter(|character| !character.is_whitespace()).take(DIGITS + 1).collect();
    let this = now.as_second().div_euclid(STEP_S);
    // Every step is computed and compared, so that the time taken does not say which was right.
    let mut right = None;
    for step in this - STEPS_AROUND..=this + STEPS_AROUND {
        if blake3::hash(code_at(&secret, step)?.as_bytes()) == blake3::hash(typed.as_bytes()) {
            right = Some(step);
        }
    }
    match right {
        Some(step) => sql::use_step(tx.connection(), id, step).await,
        None => Ok(false),
    }
}

/// Uses up a recovery code.
pub(crate) async fn use_recovery(
    access: &Access,
    tx: &mut Tx,
    id: Id<base::Account>,
    code: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let digest = recovery_digest(access, id, code);
    let used = sql::use_recovery(tx.connection(), id, &digest, now).await?;
    if used {
        note(tx, &themselves(id), "account.recovery_code", id, json!({}), now).await?;
    }
    Ok(used)
}

async fn put_recovery(access: &Access, tx: &mut Tx, id: Id<base::Account>) -> Result<Vec<String>, Error> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect::<Result<_, _>>()?;
    let digests: Vec<String> = codes.iter().map(|code| recovery_digest(access, id, code)).collect();
    sql::put_recovery(tx.connection(), id, &digests).await?;
    Ok(codes)
}

/// `7k3mq-x9v2d`
fn recovery_code() -> Result<String, Error> {
    let bytes = random::<RECOVERY_CHARACTERS>()?;
    let text: String =
        bytes.iter().map(|byte| char::from(RECOVERY_ALPHABET[usize::from(byte % 32)])).collect();
    let (first, second) = text.split_at(RECOVERY_CHARACTERS / 2);
    Ok(format!("{first}-{second}"))
}

/// Typed with or without hyphen, in either case, and with the letters that look like digits.
fn recovery_digest(access: &Access, id: Id<base::Account>, code: &str) -> String {
    let characters = code.chars().filter(char::is_ascii_alphanumeric).take(RECOVERY_CHARACTERS + 1);
    let normal: String = characters
        .map(|character| match character.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    access.key.mark("noroshi access recovery v1", &format!("{id}:{normal}")).to_hex().to_string()
}

/// The code of one time step (RFC 4226 section 5.3, RFC 6238 section 4.2).
fn code_at(secret: &[u8], step: i64) -> Result<String, Error> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).map_err(|_| Error::Secret("no key for a code"))?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash.last().copied().unwrap_or(0) & 0x0f);
    let number = hash
        .get(offset..)
        .and_then(|rest| rest.first_chunk::<4>())
        .map_or(0, |bytes| u32::from_be_bytes(*bytes) & 0x7fff_ffff);
    Ok(format!("{:06}", number % 1_000_000))
}

fn enrolment(login: &str, secret: &[u8]) -> Result<Enrolment, Error> {
    let secret = base32(secret);
    let login = percent_encoded(login);
    let uri = format!("otpauth://totp/Noroshi:{login}?secret={secret}&issuer=Noroshi");
    let svg = svg(&uri)?;
    Ok(Enrolment { secret, uri, svg })
}

fn base32(bytes: &[u8]) -> String {
    bytes
        .chunks(5)
        .flat_map(|chunk| {
            let mut five = [0_u8; 8];
            five[3..3 + chunk.len()].copy_from_slice(chunk);
            let number = u64::from_be_bytes(five);
            let characters = (chunk.len() * 8).div_ceil(5);
            (0..characters).map(move |place| char::from(BASE32[(number >> (35 - 5 * place)) as usize & 31]))
        })
        .collect()
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// A QR code as one path, with the four light modules around it that ISO/IEC 18004 asks for.
fn svg(text: &str) -> Result<String, Error> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)
        .map_err(|_| Error::Secret("the login is too long for a QR code"))?;
    let (size, edge) = (code.size(), 4);
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|&x| code.get_module(x, y)) {
            path.push_str(&format!("M{},{}h1v1h-1z", x + edge, y + edge));
        }
    }
    let side = size + 2 * edge;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" aria-hidden=\"true\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0,0h{side}v{side}h-{side}z\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What an app shows.
    pub(crate) fn code_of(secret: &str, at: Timestamp) -> String {
        let bits: Vec<u8> = secret
            .bytes()
            .map(|byte| BASE32.iter().position(|&known| known == byte).unwrap() as u8)
            .flat_map(|five| (0..5).rev().map(move |place| five >> place & 1))
            .collect();
        let bytes: Vec<u8> =
            bits.chunks_exact(8).map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | bit)).collect();
        code_at(&bytes, at.as_second() / STEP_S).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238 appendix B, SHA-1, the last six of its eight digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(b"12345678901234567890", second / STEP_S).unwrap(), code, "{second}");
        }
        // RFC 4226 appendix D.
        for (count, code) in ["755224", "287082", "359152", "969429", "338314", "254676"].iter().enumerate() {
            assert_eq!(code_at(b"12345678901234567890", count as i64).unwrap(), *code);
        }
    }

    #[test]
    fn secrets_are_written_as_apps_read_them() {
        for (bytes, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(bytes.as_bytes()), text); // RFC 4648 section 10, without padding
        }
        let enrolment = enrolment("佐藤@naibu.example", b"12345678901234567890").unwrap();
        assert_eq!(
            enrolment.uri,
            "otpauth://totp/Noroshi:%E4%BD%90%E8%97%A4%40naibu.example\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Noroshi"
        );
        assert!(enrolment.svg.starts_with("<svg") && enrolment.svg.len() < 60_000, "{}", enrolment.svg.len());
    }
}
