//! Makes the words of a new wallet. Only the program's first start and `node words` do that, and only the console
//! shows them: they are never stored and never logged.

use shared::address::Address;
use shared::keys::SigningKey;
use shared::words::Words;
use zeroize::Zeroizing;

/// New words, and the address of their first account.
#[derive(Debug)]
pub struct NewWallet {
    /// The 24 words.
    pub words: Words,
    /// Account 0 of these words, without a passphrase.
    pub address: Address,
}

/// The system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot make words: the system gives no random numbers ({0}); pass --miner with an address made elsewhere"
)]
pub struct NoRandomness(getrandom::Error);

/// Makes 24 words from the system's randomness. The key is derived to learn its address, which takes a few tenths
/// of a second, and dropped.
///
/// # Errors
/// When the system gives no randomness.
pub fn new_wallet() -> Result<NewWallet, NoRandomness> {
    let mut entropy = Zeroizing::new([0_u8; 32]);
    getrandom::fill(entropy.as_mut_slice()).map_err(NoRandomness)?;
    let words =
        Words::from_entropy(entropy.as_slice()).expect("32 bytes make words because that is 256 bits");
    let address = SigningKey::from_seed(&words.seed(""), 0).public_key().address();
    Ok(NewWallet { words, address })
}
