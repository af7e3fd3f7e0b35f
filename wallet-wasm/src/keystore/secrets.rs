//! What a keystore protects.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use shared::keys::{KeyProgress, SigningKey};
use shared::words::Words;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::KeystoreProblem;

/// A wallet derives its accounts from words one after another; more than this nobody has made.
const MAX_ACCOUNTS: u32 = 1_000;

/// The secrets of a wallet, overwritten on drop and hidden from `Debug`.
#[derive(Default, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// What the first accounts are derived from.
    pub words: Option<WordsSecret>,
    /// Imported keys, whose accounts follow: PKCS#1 in base64.
    pub keys: Vec<String>,
}

/// Words and what belongs to them.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct WordsSecret {
    /// Separated by one space.
    pub words: String,
    /// BIP-39's optional passphrase, usually empty.
    pub bip39_passphrase: String,
    /// How many accounts are in use, from number 0 on.
    pub accounts: u32,
}

impl Secrets {
    /// Returns the secrets of a wallet with the first account of `words`.
    #[must_use]
    pub fn of_words(words: &Words, bip39_passphrase: &str) -> Self {
        const LONGEST_WORD_AND_SPACE: usize = 9;
        let mut text = String::with_capacity(24 * LONGEST_WORD_AND_SPACE);
        for word in words.words() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        let words = WordsSecret { words: text, bip39_passphrase: bip39_passphrase.to_owned(), accounts: 1 };
        Self { words: Some(words), keys: Vec::new() }
    }

    /// Returns the secrets of a wallet with one imported key.
    #[must_use]
    pub fn of_key(key: &SigningKey) -> Self {
        Self { words: None, keys: vec![STANDARD.encode(key.to_pkcs1_der())] }
    }

    /// Makes all keys, in the order of the accounts. A key from words takes a good part of a second; `progress` is
    /// called many times during each.
    ///
    /// # Errors
    /// [`KeystoreProblem::Content`].
    pub fn signing_keys(
        &self,
        mut progress: impl FnMut(KeyProgress),
    ) -> Result<Vec<SigningKey>, KeystoreProblem> {
        let mut keys = Vec::new();
        if let Some(secret) = &self.words {
            let words = Words::parse(&secret.words).or(Err(KeystoreProblem::Content))?;
            let seed = words.seed(&secret.bip39_passphrase);
            if secret.accounts > MAX_ACCOUNTS {
                return Err(KeystoreProblem::Content);
            }
            for account in 0..secret.accounts {
                keys.push(SigningKey::from_seed_with_progress(&seed, account, &mut progress));
            }
        }
        for key in &self.keys {
            keys.push(SigningKey::import(key).or(Err(KeystoreProblem::Content))?);
        }
        Ok(keys)
    }

    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let words =
            self.words.as_ref().map_or(0, |words| words.words.len() + 6 * words.bip39_passphrase.len());
        let keys: usize = self.keys.iter().map(|key| key.len() + 3).sum();
        // It has its final size from the start: growing would leave copies of the secrets behind.
        let mut json = Zeroizing::new(Vec::with_capacity(words + keys + 128));
        serde_json::to_writer(&mut *json, self)
            .expect("secrets are JSON because all of their keys are strings");
        json
    }

    pub(super) fn from_json(json: &[u8]) -> Result<Self, KeystoreProblem> {
        serde_json::from_slice(json).or(Err(KeystoreProblem::Content))
    }
}

impl core::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secrets(hidden)")
    }
}

impl core::fmt::Debug for WordsSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("WordsSecret(hidden)")
    }
}
