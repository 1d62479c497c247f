//! What a browser hands over about a passkey, checked step by step as Web Authentication Level 3 says (sections 7.1 and
//! 7.2). Pure: bytes and expectations in, a verdict out.
//!
//! Attestation is not asked for and not looked at: any authenticator that verifies its user will do.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

use crate::Error;
use crate::passkey::Party;
use crate::passkey::cbor::Reader;

/// Algorithms by their COSE numbers, best first: EdDSA, ES256, and RS256 for older TPMs.
pub(crate) const ALGORITHMS: [i64; 3] = [-8, -7, -257];
/// Bytes of a credential's id (section 4, "Credential ID").
const ID_BYTES_MAX: usize = 1_023;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const MAY_BE_COPIED: u8 = 0x08;
const IS_COPIED: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;

/// The public half of a passkey, and how often it was used as far as it says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Credential {
    /// COSE number of the algorithm.
    pub algorithm: i64,
    /// The key: an Ed25519 key, an uncompressed point, or the modulus; in base64url.
    pub key: String,
    /// The exponent of an RSA key, in base64url; empty otherwise.
    pub exponent: String,
    /// The counter of the authenticator; passkeys that live on several devices keep it at 0.
    pub counter: u32,
}

/// `RegistrationResponseJSON`, as far as it is looked at.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Registration {
    pub response: RegistrationResponse,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistrationResponse {
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: String,
    pub attestation_object: String,
}

/// `AuthenticationResponseJSON`, as far as it is looked at.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Assertion {
    pub id: String,
    pub response: AssertionResponse,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: String,
    pub authenticator_data: String,
    pub signature: String,
    pub user_handle: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

/// A new passkey: its id in base64url, and its public half. `is_challenge` says whether a challenge is one of ours.
pub(crate) fn registration(
    given: &Registration,
    party: &Party,
    is_challenge: impl Fn(&str) -> bool,
) -> Result<(String, Credential), Error> {
    let client_data = decoded(&given.response.client_data_json)?;
    check_client_data(&client_data, "webauthn.create", party, is_challenge)?;
    let object = decoded(&given.response.attestation_object)?;
    let data = authenticator_data_of(&object).ok_or(Error::Passkey("its attestation cannot be read"))?;
    let (flags, counter, rest) = check_authenticator_data(data, party)?;
    if flags & HAS_CREDENTIAL == 0 {
        return Err(Error::Passkey("it brings no key"));
    }
    let (id, credential) = credential_of(rest, counter).ok_or(Error::Passkey("its key cannot be read"))?;
    if !ALGORITHMS.contains(&credential.algorithm) {
        return Err(Error::Passkey("its algorithm was not asked for"));
    }
    Ok((BASE64_URL_SAFE_NO_PAD.encode(id), credential))
}

/// Checks a use of `credential` and gives its new counter.
pub(crate) fn assertion(
    given: &Assertion,
    credential: &Credential,
    party: &Party,
    is_challenge: impl Fn(&str) -> bool,
) -> Result<u32, Error> {
    let client_data = decoded(&given.response.client_data_json)?;
    check_client_data(&client_data, "webauthn.get", party, is_challenge)?;
    let data = decoded(&given.response.authenticator_data)?;
    let (_, counter, _) = check_authenticator_data(&data, party)?;
    let signed = [&data[..], digest(&SHA256, &client_data).as_ref()].concat();
    if !is_signed(credential, &signed, &decoded(&given.response.signature)?) {
        return Err(Error::Passkey("its signature is wrong"));
    }
    // One of two copies has been used since: somebody may have cloned the authenticator.
    if (counter > 0 || credential.counter > 0) && counter <= credential.counter {
        return Err(Error::Passkey("its counter went back"));
    }
    Ok(counter)
}

/// The challenge that was answered.
pub(crate) fn challenge_of(client_data_json: &str) -> Result<String, Error> {
    let bytes = decoded(client_data_json)?;
    let data: ClientData =
        serde_json::from_slice(&bytes).map_err(|_| Error::Passkey("its client data cannot be read"))?;
    Ok(data.challenge)
}

fn decoded(text: &str) -> Result<Vec<u8>, Error> {
    BASE64_URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| Error::Passkey("it is not written in base64url"))
}

fn check_client_data(
    bytes: &[u8],
    kind: &str,
    party: &Party,
    is_challenge: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let data: ClientData =
        serde_json::from_slice(bytes).map_err(|_| Error::Passkey("its client data cannot be read"))?;
    if data.kind != kind {
        return Err(Error::Passkey("it was made for something else"));
    }
    if data.origin != party.origin || data.cross_origin {
        return Err(Error::Passkey("it was made for another site"));
    }
    if !is_challenge(&data.challenge) {
        return Err(Error::Passkey("its challenge is not ours or too old"));
    }
    Ok(())
}

/// Flags, counter and what follows, of authenticator data (section 6.1) made for us with its user verified.
fn check_authenticator_data<'d>(data: &'d [u8], party: &Party) -> Result<(u8, u32, &'d [u8]), Error> {
    let short = || Error::Passkey("its data are too short");
    let (site, rest) = data.split_first_chunk::<32>().ok_or_else(short)?;
    let (&flags, rest) = rest.split_first().ok_or_else(short)?;
    let (counter, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
    if site != digest(&SHA256, party.id.as_bytes()).as_ref() {
        return Err(Error::Passkey("it was made for another site"));
    }
    if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
        return Err(Error::Passkey("its user was not verified"));
    }
    if flags & IS_COPIED != 0 && flags & MAY_BE_COPIED == 0 {
        return Err(Error::Passkey("it was copied and says that it cannot be"));
    }
    Ok((flags, u32::from_be_bytes(*counter), rest))
}

/// The authenticator data inside an attestation object (section 6.5).
fn authenticator_data_of(object: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(object);
    let mut data = None;
    for _ in 0..reader.map()? {
        match reader.text()? {
            "authData" => data = Some(reader.bytes()?),
            _ => reader.skip()?,
        }
    }
    data
}

/// The id and the key of attested credential data (section 6.5.1).
fn credential_of(data: &[u8], counter: u32) -> Option<(&[u8], Credential)> {
    let (_model, rest) = data.split_first_chunk::<16>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length == 0 || length > ID_BYTES_MAX {
        return None;
    }
    let (id, rest) = rest.split_at_checked(length)?;
    Some((id, key_of(rest, counter)?))
}

/// A COSE key (RFC 9052 section 7, RFC 9053 section 7, RFC 8230 section 4).
fn key_of(bytes: &[u8], counter: u32) -> Option<Credential> {
    let mut reader = Reader::new(bytes);
    let (mut kind, mut algorithm, mut curve) = (None, None, None);
    let (mut first, mut second) = (None, None);
    for _ in 0..reader.map()? {
        match reader.integer()? {
            1 => kind = Some(reader.integer()?),
            3 => algorithm = Some(reader.integer()?),
            // For an RSA key -1 is the modulus and -2 the exponent; otherwise the curve and the coordinates.
            -1 if kind == Some(3) => first = Some(reader.bytes()?),
            -2 if kind == Some(3) => second = Some(reader.bytes()?),
            -1 => curve = Some(reader.integer()?),
            -2 => first = Some(reader.bytes()?),
            -3 => second = Some(reader.bytes()?),
            _ => reader.skip()?,
        }
    }
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let (key, exponent) = match (kind?, algorithm?, curve, first?, second) {
        (1, -8, Some(6), key, None) if key.len() == 32 => (encode(key), String::new()),
        (2, -7, Some(1), x, Some(y)) if x.len() == 32 && y.len() == 32 => {
            (encode(&[&[4][..], x, y].concat()), String::new())
        }
        (3, -257, None, modulus, Some(exponent)) if (256..=1_024).contains(&modulus.len()) => {
            (encode(modulus), encode(exponent))
        }
        _ => return None,
    };
    Some(Credential { algorithm: algorithm?, key, exponent, counter })
}

fn is_signed(credential: &Credential, message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(exponent)) = (decoded(&credential.key), decoded(&credential.exponent)) else {
        return false;
    };
    let verified = match credential.algorithm {
        -8 => UnparsedPublicKey::new(&ED25519, &key).verify(message, signature),
        -7 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key).verify(message, signature),
        -257 => RsaPublicKeyComponents { n: &key, e: &exponent }.verify(
            &RSA_PKCS1_2048_8192_SHA256,
            message,
            signature,
        ),
        _ => return false,
    };
    verified.is_ok()
}
