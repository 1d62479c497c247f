//! The installation's own key: a file in the data directory that only its owner can read.
//!
//! It seals what must be read back (the secrets of authenticator apps), marks the devices that signed in before, and
//! keys the digests of what is short enough to be guessed (recovery codes). Somebody with a copy of the database alone
//! has none of these.

use std::fmt;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::Error;
use crate::secret::random;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// Everybody but the owner.
const OTHERS: u32 = 0o077;

/// 256 random bits that stay in the data directory.
pub struct Key([u8; KEY_BYTES]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// Reads the key file, or makes it at the first start. One that others may read is refused.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let refused = |reason: String| Error::Key { path: path.display().to_string(), reason };
        match fs::read_to_string(path) {
            Ok(text) => {
                let mode = fs::metadata(path).map_err(|error| refused(error.to_string()))?.mode();
                if mode & OTHERS != 0 {
                    return Err(refused(format!("its mode is {:o}; chmod 600 it", mode & 0o777)));
                }
                let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.trim()).ok();
                let bytes = bytes.and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok());
                bytes.map(Self).ok_or_else(|| refused("it does not hold a key".into()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = Self::random()?;
                key.write(path).map_err(|error| refused(error.to_string()))?;
                // If another process was quicker, its key is the key.
                Self::open(path)
            }
            Err(error) => Err(refused(error.to_string())),
        }
    }

    /// A key that is kept nowhere: what it seals cannot be opened after the process ends. For tests and demonstrations.
    pub fn random() -> Result<Self, Error> {
        random().map(Self)
    }

    /// Written aside and linked to its name, so that nobody reads half a key and none is overwritten.
    fn write(&self, path: &Path) -> std::io::Result<()> {
        let aside = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        writeln!(file, "{}", BASE64_URL_SAFE_NO_PAD.encode(self.0))?;
        file.sync_all()?;
        let linked = fs::hard_link(&aside, path);
        fs::remove_file(&aside)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }

    /// Encrypts something for one owner; for another owner it does not open.
    pub(crate) fn seal(&self, owner: &str, plain: &[u8]) -> Result<String, Error> {
        let nonce = random::<NONCE_BYTES>()?;
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: owner.as_bytes() })
            .map_err(|_| Error::Secret("it cannot be sealed"))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what [`Key::seal`] made.
    pub(crate) fn unseal(&self, owner: &str, sealed: &str) -> Result<Vec<u8>, Error> {
        let foreign = || Error::Secret("it was sealed with another key");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| foreign())?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(foreign)?;
        let payload = Payload { msg: sealed, aad: owner.as_bytes() };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| foreign())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&blake3::derive_key("noroshi access seal v1", &self.0).into())
    }

    /// A digest that only this installation can make. Compare with `==`, which takes the same time for every value.
    pub(crate) fn mark(&self, context: &'static str, text: &str) -> blake3::Hash {
        blake3::keyed_hash(&blake3::derive_key(context, &self.0), text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_file_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.key");
        let first = Key::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(Key::open(&path).unwrap().0, first.0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Key::open(&path).unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "x").unwrap();
        assert!(matches!(Key::open(&path), Err(Error::Key { .. })));
    }

    #[test]
    fn what_is_sealed_opens_for_its_owner_with_its_key_only() {
        let (key, other) = (Key::random().unwrap(), Key::random().unwrap());
        let sealed = key.seal("account_1", b"secret").unwrap();
        assert_eq!(key.unseal("account_1", &sealed).unwrap(), b"secret");
        assert_ne!(sealed, key.seal("account_1", b"secret").unwrap());
        for refused in [
            key.unseal("account_2", &sealed),
            other.unseal("account_1", &sealed),
            key.unseal("account_1", &sealed[1..]),
            key.unseal("account_1", ""),
        ] {
            assert!(matches!(refused, Err(Error::Secret(_))));
        }
    }
}
