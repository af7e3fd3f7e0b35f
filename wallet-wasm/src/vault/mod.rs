//! Where the keys are: in memory while unlocked, and nowhere else.
//!
//! The vault signs; it never returns a secret, except encrypted in a keystore. Keys are overwritten when it is locked
//! or dropped.

use rand_core::TryCryptoRng;
use shared::hash::BlockHash;
use shared::keys::{KeyProgress, PublicKey, SigningKey};
use shared::transaction::{Transaction, TransactionBody};
use shared::words::Words;

use crate::entropy;
use crate::error::{KeystoreProblem, WalletError};
use crate::keystore::{Keystore, Secrets, check_passphrase};
use crate::protocol::{DrillAnswer, Task, WalletAccountView, WalletView};

/// A person needs three answers, and some more tries; guessing one word takes 2,048.
const MAX_DRILL_ANSWERS: usize = 60;

/// Takes what a long task reports: 0 at first, then always more, and 100 in the end.
pub type OnProgress<'a> = &'a mut dyn FnMut(Task, u8);

/// A wallet's keystore and, while unlocked, its keys.
#[derive(Debug, Default)]
pub struct Vault {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Absent,
    Locked(Keystore),
    Unlocked(Keystore, Opened),
}

#[derive(Debug)]
struct Opened {
    secrets: Secrets,
    /// They belong to the keystore's accounts, in that order.
    keys: Vec<SigningKey>,
    /// How many answers to drills were given.
    drilled: usize,
}

impl Opened {
    /// Makes the keys of the accounts.
    fn new(secrets: Secrets, progress: OnProgress<'_>) -> Result<Self, WalletError> {
        let mut shown = 0;
        progress(Task::MakingKey, shown);
        let keys = secrets.signing_keys(|done| {
            let percent = key_percent(done);
            if percent > shown {
                shown = percent;
                progress(Task::MakingKey, percent);
            }
        })?;
        if shown < 100 {
            progress(Task::MakingKey, 100);
        }
        Ok(Self { secrets, keys, drilled: 0 })
    }

    fn public_keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.keys.iter().map(SigningKey::public_key)
    }
}

impl Vault {
    /// Takes in a stored keystore, closed.
    ///
    /// # Errors
    /// [`WalletError::WalletExists`], or what is wrong with the file.
    pub fn load(&mut self, keystore: &str) -> Result<(), WalletError> {
        self.check_absent()?;
        self.state = State::Locked(Keystore::parse(keystore)?);
        Ok(())
    }

    /// Makes a wallet of words, unlocked, and returns its keystore's text.
    ///
    /// # Errors
    /// [`WalletError::WalletExists`], those of words, of the passphrase, and [`WalletError::NoRandomness`].
    pub fn create<R: TryCryptoRng>(
        &mut self,
        words: &Words,
        bip39_passphrase: &str,
        passphrase: &str,
        rng: &mut R,
        progress: OnProgress<'_>,
    ) -> Result<String, WalletError> {
        self.seal(Secrets::of_words(words, bip39_passphrase), passphrase, rng, progress)
    }

    /// Makes a wallet of one private key (PEM, or the tutorial's base64), unlocked, and returns its keystore's text.
    ///
    /// # Errors
    /// [`WalletError::WalletExists`], [`WalletError::BadKey`], those of the passphrase, and
    /// [`WalletError::NoRandomness`].
    pub fn import_key<R: TryCryptoRng>(
        &mut self,
        key: &str,
        passphrase: &str,
        rng: &mut R,
        progress: OnProgress<'_>,
    ) -> Result<String, WalletError> {
        self.check_absent()?;
        self.seal(Secrets::of_key(&SigningKey::import(key)?), passphrase, rng, progress)
    }

    fn seal<R: TryCryptoRng>(
        &mut self,
        secrets: Secrets,
        passphrase: &str,
        rng: &mut R,
        progress: OnProgress<'_>,
    ) -> Result<String, WalletError> {
        self.check_absent()?;
        check_passphrase(passphrase)?;
        entropy::check(rng)?;
        let opened = Opened::new(secrets, progress)?;
        progress(Task::Encrypting, 0);
        let public_keys = opened.public_keys().cloned().collect();
        let keystore = Keystore::seal(&opened.secrets, public_keys, passphrase, rng)?;
        progress(Task::Encrypting, 100);
        let text = keystore.to_text();
        self.state = State::Unlocked(keystore, opened);
        Ok(text)
    }

    /// Takes over a keystore file, unlocked, and returns its text.
    ///
    /// # Errors
    /// [`WalletError::WalletExists`], what is wrong with the file, and [`WalletError::WrongPassphrase`].
    pub fn import_keystore(
        &mut self,
        keystore: &str,
        passphrase: &str,
        progress: OnProgress<'_>,
    ) -> Result<String, WalletError> {
        self.check_absent()?;
        let keystore = Keystore::parse(keystore)?;
        let opened = open(&keystore, passphrase, progress)?;
        let text = keystore.to_text();
        self.state = State::Unlocked(keystore, opened);
        Ok(text)
    }

    /// Opens the keystore, also one that is open already.
    ///
    /// # Errors
    /// [`WalletError::NoWallet`], [`WalletError::WrongPassphrase`] or [`KeystoreProblem::Content`].
    pub fn unlock(&mut self, passphrase: &str, progress: OnProgress<'_>) -> Result<(), WalletError> {
        let keystore = self.keystore().ok_or(WalletError::NoWallet)?;
        let opened = open(keystore, passphrase, progress)?;
        let keystore = keystore.clone();
        self.state = State::Unlocked(keystore, opened);
        Ok(())
    }

    /// Returns the positions of the answers that are not the keystore's words.
    ///
    /// Whoever may ask without end learns the words, so the vault locks after 60 answers.
    ///
    /// # Errors
    /// [`WalletError::NoWallet`], [`WalletError::Locked`], and [`WalletError::BadCommand`] when the wallet was not
    /// made from words.
    pub fn drill(&mut self, answers: &[DrillAnswer]) -> Result<Vec<u8>, WalletError> {
        let opened = match &mut self.state {
            State::Absent => return Err(WalletError::NoWallet),
            State::Locked(_) => return Err(WalletError::Locked),
            State::Unlocked(_, opened) => opened,
        };
        opened.drilled = opened.drilled.saturating_add(answers.len());
        if opened.drilled > MAX_DRILL_ANSWERS {
            self.lock();
            return Err(WalletError::Locked);
        }
        let words = &opened.secrets.words.as_ref().ok_or(WalletError::BadCommand)?.words;
        let is_wrong = |answer: &&DrillAnswer| {
            let word =
                usize::from(answer.position).checked_sub(1).and_then(|index| words.split(' ').nth(index));
            word.is_none_or(|word| !word.eq_ignore_ascii_case(answer.word.trim()))
        };
        Ok(answers.iter().filter(is_wrong).map(|answer| answer.position).collect())
    }

    /// Forgets the keys and keeps the keystore.
    pub fn lock(&mut self) {
        self.state = match core::mem::take(&mut self.state) {
            State::Unlocked(keystore, _) => State::Locked(keystore),
            state @ (State::Absent | State::Locked(_)) => state,
        };
    }

    /// Forgets keys and keystore.
    pub fn forget(&mut self) {
        self.state = State::Absent;
    }

    /// Returns the public key of the current account, if there is a wallet.
    #[must_use]
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.keystore()?.public_keys().first()
    }

    /// Returns what may be shown; addresses have the chain's `prefix`.
    #[must_use]
    pub fn view(&self, prefix: &str) -> WalletView {
        let accounts = |keystore: &Keystore| {
            let account = |key: &PublicKey| WalletAccountView {
                address: key.address().to_text(prefix),
                tutorial_address: key.tutorial_address(),
            };
            keystore.public_keys().iter().map(account).collect()
        };
        match &self.state {
            State::Absent => WalletView::Absent,
            State::Locked(keystore) => WalletView::Locked { accounts: accounts(keystore) },
            State::Unlocked(keystore, _) => WalletView::Unlocked { accounts: accounts(keystore) },
        }
    }

    /// Signs a payment of one of this wallet's accounts for the chain that begins with `genesis`. The signature has
    /// been verified when this returns.
    ///
    /// # Errors
    /// [`WalletError::NoWallet`], [`WalletError::Locked`], [`WalletError::AccountChanged`] when the sender is not
    /// this wallet's, [`WalletError::NoRandomness`], and [`WalletError::BadKey`] when the computer made a mistake.
    pub fn sign<R: TryCryptoRng>(
        &self,
        body: TransactionBody,
        genesis: &BlockHash,
        rng: &mut R,
    ) -> Result<Transaction, WalletError> {
        let opened = match &self.state {
            State::Absent => return Err(WalletError::NoWallet),
            State::Locked(_) => return Err(WalletError::Locked),
            State::Unlocked(_, opened) => opened,
        };
        let key = opened
            .keys
            .iter()
            .find(|key| key.public_key().modulus() == body.sender)
            .ok_or(WalletError::AccountChanged)?;
        entropy::check(rng)?;
        let signature = key.sign(&body.signing_bytes(genesis), rng)?;
        Ok(Transaction { body, signature })
    }

    fn keystore(&self) -> Option<&Keystore> {
        match &self.state {
            State::Absent => None,
            State::Locked(keystore) | State::Unlocked(keystore, _) => Some(keystore),
        }
    }

    fn check_absent(&self) -> Result<(), WalletError> {
        match self.state {
            State::Absent => Ok(()),
            State::Locked(_) | State::Unlocked(..) => Err(WalletError::WalletExists),
        }
    }
}

/// Opens a keystore and makes the keys of its accounts.
fn open(keystore: &Keystore, passphrase: &str, progress: OnProgress<'_>) -> Result<Opened, WalletError> {
    progress(Task::Encrypting, 0);
    let secrets = keystore.open(passphrase)?;
    progress(Task::Encrypting, 100);
    let opened = Opened::new(secrets, progress)?;
    if !opened.public_keys().eq(keystore.public_keys()) {
        return Err(KeystoreProblem::Content.into());
    }
    Ok(opened)
}

/// Estimates how much of a key is made. How many numbers must be tested is luck, 80 on average, so the estimate
/// slows down as it nears its end, and half is sure once the first prime is found.
fn key_percent(done: KeyProgress) -> u8 {
    const MOST: u32 = 95;
    const HALF_WAY: u32 = 40;
    let guess = MOST.saturating_mul(done.tested) / done.tested.saturating_add(HALF_WAY);
    let sure = 50 * u32::from(done.primes);
    u8::try_from(guess.max(sure).min(100)).unwrap_or(100)
}

#[cfg(test)]
mod tests;
