//! The real programs together, as people use them: a browser, the terminal wallet, a client that somebody else wrote.

mod axe;
mod client;
mod copies;
mod hostile;
mod http;
mod keyboard;
mod looks;
mod origins;
mod python;
mod story;

use anyhow::Result;
use shared::keys::SigningKey;
use shared::words::Words;

/// Returns the key of words that are made of one byte repeated. Only the chain for tests ever sees it.
fn key_of_words(byte: u8) -> Result<SigningKey> {
    Ok(SigningKey::from_seed(&Words::from_entropy(&[byte; 32])?.seed(""), 0))
}
