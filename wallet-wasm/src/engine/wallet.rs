//! The commands that make, open and close wallets.

use rand_core::TryCryptoRng;
use shared::words::Words;
use zeroize::Zeroizing;

use super::{Engine, Sink, post};
use crate::entropy;
use crate::error::WalletError;
use crate::protocol::{DrillAnswer, Event, Reply, Task};

impl<R: TryCryptoRng> Engine<R> {
    pub(super) fn open(
        &mut self,
        node_url: String,
        keystore: Option<&str>,
        sink: Sink<'_>,
    ) -> Result<Reply, WalletError> {
        if core::mem::replace(&mut self.is_started, true) {
            return Err(WalletError::BadCommand);
        }
        // A keystore that cannot be read must not keep the page from the node.
        let loaded = keystore.map_or(Ok(()), |keystore| self.vault.load(keystore));
        self.show_wallet(sink);
        self.session.start(node_url);
        loaded.map(|()| Reply::Done)
    }

    pub(super) fn new_words(&mut self, count: u8) -> Result<Reply, WalletError> {
        let length = match count {
            12 => 16,
            24 => 32,
            _ => return Err(WalletError::WordCount { got: count.into() }),
        };
        entropy::check(&mut self.rng)?;
        let mut entropy = Zeroizing::new(vec![0_u8; length]);
        self.rng.try_fill_bytes(&mut entropy).or(Err(WalletError::NoRandomness))?;
        let words = Words::from_entropy(&entropy)?;
        Ok(Reply::Words { words: words.words().map(str::to_owned).collect() })
    }

    pub(super) fn create(
        &mut self,
        words: &str,
        bip39_passphrase: &str,
        passphrase: &str,
        sink: Sink<'_>,
    ) -> Result<Reply, WalletError> {
        let words = Words::parse(words)?;
        let progress = &mut |task, percent| post_progress(task, percent, sink);
        let keystore = self.vault.create(&words, bip39_passphrase, passphrase, &mut self.rng, progress)?;
        Ok(self.made(keystore, sink))
    }

    pub(super) fn import_keystore(
        &mut self,
        keystore: &str,
        passphrase: &str,
        sink: Sink<'_>,
    ) -> Result<Reply, WalletError> {
        let progress = &mut |task, percent| post_progress(task, percent, sink);
        let keystore = self.vault.import_keystore(keystore, passphrase, progress)?;
        Ok(self.made(keystore, sink))
    }

    pub(super) fn import_key(
        &mut self,
        key: &str,
        passphrase: &str,
        sink: Sink<'_>,
    ) -> Result<Reply, WalletError> {
        let progress = &mut |task, percent| post_progress(task, percent, sink);
        let keystore = self.vault.import_key(key, passphrase, &mut self.rng, progress)?;
        Ok(self.made(keystore, sink))
    }

    fn made(&mut self, keystore: String, sink: Sink<'_>) -> Reply {
        self.show_wallet(sink);
        Reply::Keystore { keystore }
    }

    pub(super) fn drill(&mut self, answers: Vec<DrillAnswer>, sink: Sink<'_>) -> Result<Reply, WalletError> {
        let wrong = self.vault.drill(&answers);
        for answer in answers {
            drop(Zeroizing::new(answer.word));
        }
        // Too many answers lock the vault.
        if wrong == Err(WalletError::Locked) {
            self.show_wallet(sink);
        }
        Ok(Reply::Drill { wrong: wrong? })
    }

    pub(super) fn unlock(&mut self, passphrase: &str, sink: Sink<'_>) -> Result<Reply, WalletError> {
        let progress = &mut |task, percent| post_progress(task, percent, sink);
        self.vault.unlock(passphrase, progress)?;
        self.show_wallet(sink);
        Ok(Reply::Done)
    }

    pub(super) fn lock(&mut self, sink: Sink<'_>) -> Reply {
        self.vault.lock();
        self.show_wallet(sink);
        Reply::Done
    }

    pub(super) fn forget(&mut self, sink: Sink<'_>) -> Reply {
        self.vault.forget();
        self.forget_payments(sink);
        self.account = None;
        self.history_asked = None;
        self.show_wallet(sink);
        Reply::Done
    }
}

/// Checks words without making keys.
pub(super) fn check_words(words: &str) -> Result<Reply, WalletError> {
    Words::parse(words)?;
    Ok(Reply::Done)
}

fn post_progress(task: Task, percent: u8, sink: Sink<'_>) {
    post(Event::Progress { task, percent }, sink);
}
