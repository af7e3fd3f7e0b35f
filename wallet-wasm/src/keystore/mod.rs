//! The encrypted container of a wallet's secrets: one JSON file, the same for the page and for the terminal.
//!
//! `{version, kdf, cipher, nonce, accounts, ciphertext}`: Argon2id makes a key of the passphrase, XChaCha20-Poly1305
//! encrypts [`Secrets`] with it, and everything else in the file is authenticated, so that no parameter and no
//! address can be changed. Binary fields are base64. Key derivation is bounded before any work is done.

mod file;
mod secrets;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand_core::TryCryptoRng;
use shared::keys::PublicKey;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use self::file::{Base64, File, Kdf};
pub use self::secrets::{Secrets, WordsSecret};
use crate::error::{KeystoreProblem, WalletError};

/// A passphrase that encrypts a keystore has at least this many characters. It is little: the page advises more.
pub const MIN_PASSPHRASE_CHARS: usize = 8;

/// RFC 9106's second recommended option, in KiB: 64 MiB fit into a phone's browser.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;

/// Checks that a passphrase may encrypt a new keystore.
///
/// # Errors
/// [`WalletError::PassphraseTooShort`].
pub fn check_passphrase(passphrase: &str) -> Result<(), WalletError> {
    if passphrase.chars().count() < MIN_PASSPHRASE_CHARS {
        return Err(WalletError::PassphraseTooShort { least: MIN_PASSPHRASE_CHARS });
    }
    Ok(())
}

/// A closed keystore: it tells its accounts, and opens with the passphrase.
#[derive(Debug, Clone)]
pub struct Keystore {
    file: File,
    public_keys: Vec<PublicKey>,
}

impl Keystore {
    /// Encrypts `secrets`, which give the keys of `public_keys`, in that order.
    ///
    /// # Errors
    /// [`WalletError::PassphraseTooShort`] or [`WalletError::NoRandomness`].
    pub fn seal<R: TryCryptoRng>(
        secrets: &Secrets,
        public_keys: Vec<PublicKey>,
        passphrase: &str,
        rng: &mut R,
    ) -> Result<Self, WalletError> {
        check_passphrase(passphrase)?;
        let kdf = Kdf::new(MEMORY_KIB, PASSES, LANES, random::<SALT_BYTES, R>(rng)?);
        let nonce = random::<NONCE_BYTES, R>(rng)?;
        let mut file = File::new(kdf, nonce, &public_keys);
        let plaintext = secrets.to_json();
        let sealed = cipher(&file.kdf, passphrase)
            .encrypt(&XNonce::from(nonce), Payload { msg: &plaintext, aad: &file.authenticated() })
            .expect("encryption succeeds because the plaintext is far shorter than the cipher's limit");
        file.ciphertext = Base64(sealed);
        Ok(Self { file, public_keys })
    }

    /// Reads a keystore file. Nothing in it is believed yet but its shape; [`Self::open`] authenticates it.
    ///
    /// # Errors
    /// All of [`KeystoreProblem`] but [`KeystoreProblem::Content`].
    pub fn parse(text: &str) -> Result<Self, KeystoreProblem> {
        let file = File::parse(text)?;
        let public_keys = file.public_keys()?;
        Ok(Self { file, public_keys })
    }

    /// Returns the file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.file.to_text()
    }

    /// Returns the public keys of the accounts, at least one.
    #[must_use]
    pub fn public_keys(&self) -> &[PublicKey] {
        &self.public_keys
    }

    /// Decrypts the secrets.
    ///
    /// # Errors
    /// [`WalletError::WrongPassphrase`], also for a file that was changed: the two cannot be told apart.
    /// [`KeystoreProblem::Content`] when another program encrypted something else.
    pub fn open(&self, passphrase: &str) -> Result<Secrets, WalletError> {
        let nonce = XNonce::try_from(self.file.nonce.0.as_slice()).or(Err(KeystoreProblem::NotAKeystore))?;
        let payload = Payload { msg: &self.file.ciphertext.0, aad: &self.file.authenticated() };
        let plaintext = cipher(&self.file.kdf, passphrase)
            .decrypt(&nonce, payload)
            .map(Zeroizing::new)
            .or(Err(WalletError::WrongPassphrase))?;
        Ok(Secrets::from_json(&plaintext)?)
    }
}

/// Derives the key of the file from the passphrase. Takes about 0.2 s on purpose.
fn cipher(kdf: &Kdf, passphrase: &str) -> XChaCha20Poly1305 {
    // As BIP-39 does: the same passphrase may be typed as different bytes on another system.
    let mut normal = Zeroizing::new(String::with_capacity(4 * passphrase.len()));
    normal.extend(passphrase.nfkd());
    let params = Params::new(kdf.m_kib, kdf.t, kdf.p, Some(32))
        .expect("Argon2 takes these parameters because they are within its bounds and were checked");
    let mut key = Zeroizing::new([0_u8; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(normal.as_bytes(), &kdf.salt.0, key.as_mut_slice())
        .expect("Argon2 takes this salt because its length was checked");
    XChaCha20Poly1305::new((&*key).into())
}

fn random<const N: usize, R: TryCryptoRng>(rng: &mut R) -> Result<[u8; N], WalletError> {
    let mut bytes = [0; N];
    rng.try_fill_bytes(&mut bytes).or(Err(WalletError::NoRandomness))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
