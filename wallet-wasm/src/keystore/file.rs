//! The JSON of a keystore, and what it may contain.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use shared::keys::PublicKey;

use super::{NONCE_BYTES, SALT_BYTES};
use crate::error::KeystoreProblem;

const VERSION: u32 = 1;
const KDF_NAME: &str = "argon2id";
const CIPHER_NAME: &str = "xchacha20poly1305";
/// Far more than the largest wallet needs; checked before anything is parsed.
const MAX_TEXT_BYTES: usize = 256 * 1024;

/// OWASP's least for Argon2id: 19 MiB and 2 passes. Below it, guessing passphrases is cheap.
const MIN_MEMORY_KIB: u32 = 19 * 1024;
const MIN_PASSES: u32 = 2;
/// More would make opening a file an attack on the machine that opens it.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 10;
const MAX_LANES: u32 = 4;

/// In which form addresses stand in the file, whatever chain they are used on. They are there for people; the
/// public keys count.
const ADDRESS_PREFIX: &str = "iron";

/// The whole file, field by field.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    version: u32,
    pub(super) kdf: Kdf,
    cipher: String,
    pub(super) nonce: Base64,
    accounts: Vec<FileAccount>,
    pub(super) ciphertext: Base64,
}

/// How the passphrase becomes a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kdf {
    name: String,
    /// Memory in KiB.
    pub(super) m_kib: u32,
    /// Passes over the memory.
    pub(super) t: u32,
    /// Lanes.
    pub(super) p: u32,
    pub(super) salt: Base64,
}

/// An account, in clear so that its balance can be shown before the keystore is opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAccount {
    address: String,
    /// The public key in the tutorial's form.
    public_key: String,
}

/// Bytes that are base64 in JSON. One value has one text.
#[derive(Debug, Clone)]
pub(super) struct Base64(pub(super) Vec<u8>);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Kdf {
    pub(super) fn new(m_kib: u32, t: u32, p: u32, salt: [u8; SALT_BYTES]) -> Self {
        Self { name: KDF_NAME.to_owned(), m_kib, t, p, salt: Base64(salt.to_vec()) }
    }

    fn check(&self) -> Result<(), KeystoreProblem> {
        if self.m_kib > MAX_MEMORY_KIB || self.t > MAX_PASSES || self.p > MAX_LANES {
            return Err(KeystoreProblem::TooCostly);
        }
        if self.m_kib < MIN_MEMORY_KIB || self.t < MIN_PASSES || self.p == 0 {
            return Err(KeystoreProblem::TooWeak);
        }
        Ok(())
    }
}

impl File {
    pub(super) fn new(kdf: Kdf, nonce: [u8; NONCE_BYTES], public_keys: &[PublicKey]) -> Self {
        let account = |key: &PublicKey| FileAccount {
            address: key.address().to_text(ADDRESS_PREFIX),
            public_key: key.tutorial_address(),
        };
        Self {
            version: VERSION,
            kdf,
            cipher: CIPHER_NAME.to_owned(),
            nonce: Base64(nonce.to_vec()),
            accounts: public_keys.iter().map(account).collect(),
            ciphertext: Base64(Vec::new()),
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, KeystoreProblem> {
        /// What every version has; the rest may differ.
        #[derive(Deserialize)]
        struct AnyVersion {
            version: u32,
            kdf: AnyKdf,
            cipher: String,
        }
        #[derive(Deserialize)]
        struct AnyKdf {
            name: String,
        }
        if text.len() > MAX_TEXT_BYTES {
            return Err(KeystoreProblem::NotAKeystore);
        }
        let any: AnyVersion = serde_json::from_str(text).or(Err(KeystoreProblem::NotAKeystore))?;
        if any.version != VERSION {
            return Err(KeystoreProblem::Version { version: any.version, known: VERSION });
        }
        if any.kdf.name != KDF_NAME || any.cipher != CIPHER_NAME {
            return Err(KeystoreProblem::Algorithm);
        }
        let file: Self = serde_json::from_str(text).or(Err(KeystoreProblem::NotAKeystore))?;
        file.kdf.check()?;
        if file.kdf.salt.0.len() != SALT_BYTES || file.nonce.0.len() != NONCE_BYTES {
            return Err(KeystoreProblem::NotAKeystore);
        }
        Ok(file)
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).expect("a keystore is JSON because all of its keys are strings")
    }

    /// Returns what the cipher authenticates: everything but the ciphertext, always in the same form.
    pub(super) fn authenticated(&self) -> Vec<u8> {
        let header = Self { ciphertext: Base64(Vec::new()), ..self.clone() };
        serde_json::to_vec(&header).expect("a keystore is JSON because all of its keys are strings")
    }

    /// Returns the accounts' public keys: at least one, each with its own address beside it.
    pub(super) fn public_keys(&self) -> Result<Vec<PublicKey>, KeystoreProblem> {
        if self.accounts.is_empty() {
            return Err(KeystoreProblem::NotAKeystore);
        }
        self.accounts
            .iter()
            .map(|account| {
                PublicKey::from_tutorial_address(&account.public_key)
                    .ok()
                    .filter(|key| key.address().to_text(ADDRESS_PREFIX) == account.address)
                    .ok_or(KeystoreProblem::NotAKeystore)
            })
            .collect()
    }
}
