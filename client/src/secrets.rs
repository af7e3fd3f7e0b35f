//! The secrets of a wallet: new ones, and those that its owner has already, however they are kept.

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::Path;

use getrandom::SysRng;
use getrandom::rand_core::TryRng as _;
use shared::keys::SigningKey;
use shared::words::Words;
use wallet_wasm::WalletError;
use wallet_wasm::error::KeystoreProblem;
use wallet_wasm::keystore::{Keystore, Secrets};
use zeroize::Zeroizing;

use crate::console::Console;
use crate::problem::Problem;

/// A key file takes 3 kB, a keystore a few more.
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// Reads how many words a wallet has.
pub(crate) fn parse_word_count(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|count| matches!(count, 12 | 24)).ok_or("a wallet has 12 or 24 words")
}

/// Makes 12 or 24 words that nobody had before.
pub(crate) fn make(word_count: usize) -> Result<Secrets, WalletError> {
    // Three words hold 32 bits and a bit of the checksum.
    let mut entropy = Zeroizing::new(vec![0; word_count / 3 * 4]);
    SysRng.try_fill_bytes(entropy.as_mut_slice()).or(Err(WalletError::NoRandomness))?;
    Ok(Secrets::of_words(&Words::from_entropy(entropy.as_slice())?, ""))
}

/// Returns the words, or nothing for an imported key.
pub(crate) fn words(secrets: &Secrets) -> &str {
    secrets.words.as_ref().map_or("", |secret| &secret.words)
}

/// Asks for words, a key file, a keystore file or the tutorial's bare key. An empty answer gives up.
pub(crate) fn ask<I: BufRead, O: Write>(console: &mut Console<I, O>) -> Result<Option<Secrets>, Problem> {
    let typed = console.ask_secret("Your words, or the name of a key file (not shown while you type):")?;
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    if !Path::new(typed).is_file() {
        // One word alone is a file that is not there, or a key in base64.
        if typed.split_whitespace().nth(1).is_some() {
            let words = Words::parse(typed).map_err(WalletError::from)?;
            return Ok(Some(Secrets::of_words(&words, "")));
        }
        return match SigningKey::import(typed) {
            Ok(key) => Ok(Some(Secrets::of_key(&key))),
            Err(_) if !typed.starts_with("MII") => {
                fs::metadata(typed).map_err(|source| Problem::File { source })?;
                Err(KeystoreProblem::NotAKeystore.into())
            }
            Err(error) => Err(WalletError::from(error).into()),
        };
    }
    let text = read_file(Path::new(typed)).map_err(|source| Problem::File { source })?;
    if !text.trim_start().starts_with('{') {
        let key = SigningKey::import(&text).map_err(WalletError::from)?;
        return Ok(Some(Secrets::of_key(&key)));
    }
    let keystore = Keystore::parse(&text)?;
    Ok(Some(keystore.open(&console.ask_secret("The keystore's passphrase:")?)?))
}

/// Returns the key of the first account.
pub(crate) fn first_key(secrets: &Secrets) -> Result<SigningKey, Problem> {
    let keys = secrets.signing_keys(|_| ())?;
    Ok(keys.into_iter().next().ok_or(KeystoreProblem::Content)?)
}

/// Reads a small file of text.
pub(crate) fn read_file(path: &Path) -> io::Result<Zeroizing<String>> {
    if fs::metadata(path)?.len() > MAX_FILE_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read_to_string(path).map(Zeroizing::new)
}
