//! Keys with which a contact is written to in secret: kept as text, named by fingerprint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Digest as _;
use sha2::Digest as _;

use crate::read::shown;
use crate::reason::{Reason, What};

/// The longest key or certificate: an RSA key of 4096 bits with a picture is about 12 KiB.
const BYTES_MAX: usize = 16 * 1024;
const PGP_BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const PGP_END: &str = "-----END PGP PUBLIC KEY BLOCK-----";
const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";

/// An armoured public key with unix line ends, or nothing. A private key is refused: it would be lost to everybody
/// who may read the registry.
pub(super) fn openpgp(written: &str) -> Result<String, Reason> {
    checked(written, What::OpenPgp, |text| openpgp_fingerprint(text).is_some())
}

/// A certificate in PEM with unix line ends, or nothing.
pub(super) fn smime(written: &str) -> Result<String, Reason> {
    checked(written, What::Certificate, |text| certificate_fingerprint(text).is_some())
}

fn checked(written: &str, what: What, is_right: fn(&str) -> bool) -> Result<String, Reason> {
    let text = written.trim().replace("\r\n", "\n");
    let printable = text.chars().all(|character| character == '\n' || !character.is_control());
    if text.is_empty()
        || (text.len() <= BYTES_MAX && printable && !text.contains("PRIVATE") && is_right(&text))
    {
        return Ok(text);
    }
    Err(Reason::NotA { written: shown(text.lines().next().unwrap_or_default()), what })
}

/// The SHA-256 fingerprint of a PEM certificate in hexadecimal; `None` when the text is none.
pub fn certificate_fingerprint(pem: &str) -> Option<String> {
    let body = between(pem, PEM_BEGIN, PEM_END)?;
    let der = decode(body)?;
    // A certificate is an ASN.1 SEQUENCE; what is in it is for whoever encrypts to judge.
    der.starts_with(&[0x30]).then(|| hex(&sha2::Sha256::digest(&der)))
}

/// The fingerprint of the first key of an armoured OpenPGP key: SHA-1 for version 4, SHA-256 for version 6
/// (RFC 9580 section 5.5.4). `None` when the text is no such key.
pub fn openpgp_fingerprint(armoured: &str) -> Option<String> {
    let inner = between(armoured, PGP_BEGIN, PGP_END)?.trim_start_matches('\n');
    // Headers such as `Comment: …` end with an empty line.
    let body = if inner.lines().next()?.contains(": ") { inner.split_once("\n\n")?.1 } else { inner };
    // The checksum is a line of its own that begins with `=`.
    let radix: String = body.lines().take_while(|line| !line.starts_with('=')).collect();
    let packets = decode(&radix)?;
    let key = first_public_key(&packets)?;
    let length = key.len();
    match key.first()? {
        4 => {
            let mut hasher = sha1::Sha1::new();
            hasher.update([0x99]);
            hasher.update(u16::try_from(length).ok()?.to_be_bytes());
            hasher.update(key);
            Some(hex(&hasher.finalize()))
        }
        6 => {
            let mut hasher = sha2::Sha256::new();
            hasher.update([0x9b]);
            hasher.update(u32::try_from(length).ok()?.to_be_bytes());
            hasher.update(key);
            Some(hex(&hasher.finalize()))
        }
        _ => None,
    }
}

/// The body of the first packet, which must be a public key (RFC 9580 section 4.2).
fn first_public_key(packets: &[u8]) -> Option<&[u8]> {
    const PUBLIC_KEY: u8 = 6;
    let (&header, rest) = packets.split_first()?;
    let (tag, length, rest) = if header & 0xc0 == 0xc0 {
        let (&first, after) = rest.split_first()?;
        match first {
            0..=191 => (header & 0x3f, usize::from(first), after),
            192..=223 => {
                let (&second, after) = after.split_first()?;
                (header & 0x3f, (usize::from(first) - 192) * 256 + usize::from(second) + 192, after)
            }
            255 => {
                (header & 0x3f, usize::try_from(u32::from_be_bytes(*after.first_chunk()?)).ok()?, &after[4..])
            }
            // A public key has no partial lengths.
            224..=254 => return None,
        }
    } else if header & 0xc0 == 0x80 {
        let tag = (header >> 2) & 0x0f;
        match header & 3 {
            0 => (tag, usize::from(*rest.first()?), rest.get(1..)?),
            1 => (tag, usize::from(u16::from_be_bytes(*rest.first_chunk()?)), rest.get(2..)?),
            2 => (tag, usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?, rest.get(4..)?),
            _ => return None,
        }
    } else {
        return None;
    };
    (tag == PUBLIC_KEY).then_some(())?;
    rest.get(..length)
}

fn between<'t>(text: &'t str, begin: &str, end: &str) -> Option<&'t str> {
    text.trim().strip_prefix(begin)?.strip_suffix(end)
}

fn decode(radix: &str) -> Option<Vec<u8>> {
    let joined: String = radix.split_whitespace().collect();
    STANDARD.decode(joined).ok().filter(|bytes| !bytes.is_empty())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample key of RFC 9580 appendix A.1 (version 4), armoured without checksum.
    const V4: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----

xjMEU/NfCxYJKwYBBAHaRw8BAQdAPwmJlL3ZFu1AUxl5NOSofIBzOhKA1i+AEJku
Q+47JAY=
-----END PGP PUBLIC KEY BLOCK-----";

    #[test]
    fn an_openpgp_key_is_named_by_the_fingerprint_the_standard_gives() {
        let expected = "C959BDBAFA32A2F89A153B678CFDE12197965A9A";
        assert_eq!(openpgp_fingerprint(V4).as_deref(), Some(expected));
        let commented =
            V4.replace("\n\nxjME", "\nComment: sample\n\nxjME").replace("JAY=\n", "JAY=\n=abcd\n");
        assert_eq!(openpgp_fingerprint(&commented).as_deref(), Some(expected));
        assert_eq!(openpgp(&format!("{V4}\r\n")).unwrap(), V4);
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        for wrong in [
            "key".to_owned(),
            V4.replace("PUBLIC", "PRIVATE"),
            V4.replace("xjME", "zzzz"),
            V4.replace("xjME", "xjMD"),
            "-----BEGIN PGP PUBLIC KEY BLOCK-----\n-----END PGP PUBLIC KEY BLOCK-----".to_owned(),
            "x".repeat(BYTES_MAX + 1),
        ] {
            assert!(openpgp(&wrong).is_err(), "{wrong}");
        }
        assert!(smime("-----BEGIN CERTIFICATE-----\nMDA=\n-----END CERTIFICATE-----").is_ok());
        assert!(smime("-----BEGIN CERTIFICATE-----\nAAA=\n-----END CERTIFICATE-----").is_err());
        assert!(smime("-----BEGIN PRIVATE KEY-----\nMDA=\n-----END PRIVATE KEY-----").is_err());
    }
}
