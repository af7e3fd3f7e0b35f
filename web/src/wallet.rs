//! The wallet service: the only way from the page to the worker.
//!
//! Its methods outlive the page that called them: what the worker replies is stored even when another page is shown
//! by then.

use std::collections::HashMap;

use futures_channel::oneshot;
use leptos::prelude::*;
use shared::hash::TxId;
use wallet_wasm::WalletError;
use wallet_wasm::protocol::{
    Command, Connection, DrillAnswer, Event, FromWorker, PaymentView, PeerOrder, Reply, Steering, ToWorker,
};

use crate::browser::{self, Core, Item};
use crate::history::History;
use crate::store::{Control, Store};

/// Why the worker did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It says why.
    Wallet(WalletError),
    /// The node did not do what its operator asked.
    Declined,
    /// It stopped, or never started.
    Stopped,
}

impl From<WalletError> for Failure {
    fn from(error: WalletError) -> Self {
        Self::Wallet(error)
    }
}

/// How many words a new wallet gets: 256 bits, as much as anything here is worth.
const NEW_WORDS: u8 = 24;

type Answer = oneshot::Sender<Result<Reply, WalletError>>;

/// Who waits for which reply.
#[derive(Debug, Default)]
struct Waiting {
    last_id: u32,
    answers: HashMap<u32, Answer>,
}

/// A handle to the worker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wallet {
    store: Store,
    waiting: StoredValue<Waiting, LocalStorage>,
    core: StoredValue<Option<Core>, LocalStorage>,
}

/// Returns the wallet that [`crate::app`] provides.
pub(crate) fn wallet() -> Wallet {
    expect_context()
}

impl Wallet {
    /// Starts the worker, and the session with the node.
    pub(crate) fn start(store: Store) -> Self {
        let this = Self {
            store,
            waiting: StoredValue::new_local(Waiting::default()),
            core: StoredValue::new_local(None),
        };
        match Core::start(move |text| this.receive(&text), move || this.stop()) {
            Ok(core) => this.core.set_value(Some(core)),
            Err(_) => this.stop(),
        }
        let keystore = store.keystore.get_untracked();
        let node_url = store.node.with_untracked(|node| node.address.url());
        leptos::task::spawn_local(async move {
            let opened = this.call(Command::Open { node_url, keystore }).await;
            if let Err(failure) = opened {
                store.unreadable.set(Some(failure));
            }
        });
        this
    }

    /// Makes new words, which nobody keeps.
    pub(crate) async fn new_words(self) -> Result<Vec<String>, Failure> {
        match self.call(Command::NewWords { count: NEW_WORDS }).await? {
            Reply::Words { words } => Ok(words),
            _ => Err(self.misunderstood()),
        }
    }

    /// Makes a wallet of new words; the drill is due until it is passed.
    pub(crate) async fn create(self, words: String, passphrase: String) -> Result<(), Failure> {
        // Before the wallet is unlocked, because then the page asks whether the drill is due.
        self.set_drill_due(true);
        let created = self.make(Command::Create { words, bip39_passphrase: String::new(), passphrase }).await;
        if created.is_err() {
            self.set_drill_due(false);
        }
        created
    }

    /// Takes over a wallet by a command that is answered with a keystore, and stores that.
    pub(crate) async fn make(self, command: Command) -> Result<(), Failure> {
        // Another tab may have made a wallet meanwhile, which this one must not take the place of.
        if browser::load(Item::Keystore) != self.store.keystore.get_untracked() {
            return Err(WalletError::WalletExists.into());
        }
        let Reply::Keystore { keystore } = self.call(command).await? else {
            return Err(self.misunderstood());
        };
        self.store.is_unsaved.set(!browser::store(Item::Keystore, &keystore));
        browser::remove(Item::WordsShown);
        self.store.keystore.set(Some(keystore));
        self.store.unreadable.set(None);
        Ok(())
    }

    /// Compares words with those of the open wallet, and returns the positions of the wrong ones.
    pub(crate) async fn drill(self, answers: Vec<DrillAnswer>) -> Result<Vec<u8>, Failure> {
        match self.call(Command::Drill { answers }).await? {
            Reply::Drill { wrong } => {
                if wrong.is_empty() {
                    self.set_drill_due(false);
                }
                Ok(wrong)
            }
            _ => Err(self.misunderstood()),
        }
    }

    /// Opens the stored wallet.
    pub(crate) async fn unlock(self, passphrase: String) -> Result<(), Failure> {
        self.call(Command::Unlock { passphrase }).await.map(drop)
    }

    /// Forgets the keys until the wallet is unlocked again.
    pub(crate) async fn lock(self) -> Result<(), Failure> {
        self.call(Command::Lock).await.map(drop)
    }

    /// The same in every tab.
    pub(crate) async fn lock_everywhere(self) -> Result<(), Failure> {
        // A browser that stores nothing has no other tab with this wallet.
        browser::store(Item::LockedAt, &browser::now_ms().to_string());
        self.lock().await
    }

    /// Follows what another tab has done to what both store. `key` is what changed; none stands for everything.
    pub(crate) async fn follow_other_tab(self, key: Option<&str>) {
        let is_drill_due = browser::load(Item::DrillDue).is_some();
        self.store.is_drill_due.set(is_drill_due);
        if Item::Keystore.is(key) && browser::load(Item::Keystore) != self.store.keystore.get_untracked() {
            // It was forgotten, or another has taken its place: nothing here holds any more.
            drop(self.call(Command::Forget).await);
            browser::reload();
        } else if Item::LockedAt.is(key) {
            // It fails only when the worker has stopped, and then the page says so.
            drop(self.lock().await);
        }
    }

    /// Forgets the wallet, here and in the browser's storage.
    pub(crate) async fn forget(self) -> Result<(), Failure> {
        self.call(Command::Forget).await?;
        browser::remove(Item::Keystore);
        self.set_drill_due(false);
        self.store.keystore.set(None);
        self.store.is_unsaved.set(false);
        self.store.payment.reset();
        Ok(())
    }

    /// Builds what is to be confirmed.
    pub(crate) async fn prepare(
        self,
        receiver: String,
        amount: u64,
        fee: u64,
        comment: String,
    ) -> Result<PaymentView, Failure> {
        match self.call(Command::Prepare { receiver, amount, fee, comment }).await? {
            Reply::Prepared(payment) => Ok(payment),
            _ => Err(self.misunderstood()),
        }
    }

    /// Signs and submits what was prepared last.
    pub(crate) async fn send(self) -> Result<TxId, Failure> {
        match self.call(Command::Send).await? {
            Reply::Sent { tx_id } => Ok(tx_id),
            _ => Err(self.misunderstood()),
        }
    }

    /// Loads the history's next older page, if there is one.
    pub(crate) async fn load_older(self) -> Result<(), Failure> {
        let next = |history: &Option<_>| history.as_ref().and_then(History::next_before);
        let before = self.store.history.with_untracked(next);
        match self.call(Command::History { before }).await? {
            Reply::History(page) => {
                self.store.history.update(|history| history.get_or_insert_default().extend(page));
                Ok(())
            }
            _ => Err(self.misunderstood()),
        }
    }

    /// Asks the node how it is set, or to be set otherwise, and keeps what it answers.
    pub(crate) async fn steer(self, steering: Steering) -> Result<(), Failure> {
        match self.call(Command::Steer(steering)).await? {
            Reply::Node(node) => {
                self.store.control.set(Control::Granted(node));
                Ok(())
            }
            _ => Err(self.misunderstood()),
        }
    }

    /// Asks the node about its connections to others, or to change them, and keeps what it answers.
    pub(crate) async fn order(self, order: PeerOrder) -> Result<(), Failure> {
        let reply = self.call(Command::Peers(order)).await.map_err(|failure| match failure {
            Failure::Wallet(WalletError::Refused { rule: None, .. }) => Failure::Declined,
            failure => failure,
        });
        match reply? {
            Reply::Peers(mut peers) => {
                self.store.bans.set(Some(std::mem::take(&mut peers.bans)));
                self.store.peers.set(Some(peers));
            }
            Reply::Bans(bans) => self.store.bans.set(Some(bans)),
            _ => return Err(self.misunderstood()),
        }
        Ok(())
    }

    /// Asks the node for the branches beside the best chain, and keeps them.
    pub(crate) async fn look_at_forks(self) -> Result<(), Failure> {
        match self.call(Command::Forks).await? {
            Reply::Forks(forks) => {
                self.store.forks.set(Some(forks));
                Ok(())
            }
            _ => Err(self.misunderstood()),
        }
    }

    /// Shows the node its token, if this tab has one. Each connection has to.
    async fn authorize(self) {
        let Some(token) = browser::load(Item::Token) else { return };
        // Another failure is the connection's, and the next one begins anew.
        if let Err(Failure::Wallet(WalletError::Refused { .. })) =
            self.steer(Steering::Authorize { token }).await
        {
            browser::remove(Item::Token);
            self.store.control.set(Control::Refused);
        }
    }

    fn set_drill_due(self, is_due: bool) {
        self.store.is_drill_due.set(is_due);
        if is_due {
            // If it cannot be stored, the keystore cannot either, and the page says so.
            browser::store(Item::DrillDue, "1");
        } else {
            browser::remove(Item::DrillDue);
        }
    }

    /// A reply of another kind than the command's: page and worker are not one program.
    fn misunderstood(self) -> Failure {
        self.stop();
        Failure::Stopped
    }

    /// Nothing will be answered any more.
    fn stop(self) {
        self.store.is_stopped.set(true);
        self.core.set_value(None);
        self.waiting.update_value(|waiting| waiting.answers.clear());
    }

    fn receive(self, text: &str) {
        match serde_json::from_str(text) {
            Ok(FromWorker::Event(event)) => {
                if event == Event::Connection(Connection::Connected) {
                    leptos::task::spawn_local(self.authorize());
                }
                self.store.apply(event);
            }
            Ok(FromWorker::Reply { id, result }) => {
                let answer = self.waiting.try_update_value(|waiting| waiting.answers.remove(&id)).flatten();
                if let Some(answer) = answer {
                    // Nobody waits any more when the future was dropped.
                    drop(answer.send(result));
                }
            }
            // Page and worker are one program; a text that is none of theirs means that they are not.
            Err(_) => self.stop(),
        }
    }

    async fn call(self, command: Command) -> Result<Reply, Failure> {
        let (sender, receiver) = oneshot::channel();
        let id = self.waiting.try_update_value(|waiting| {
            waiting.last_id += 1;
            waiting.answers.insert(waiting.last_id, sender);
            waiting.last_id
        });
        let message = ToWorker { id: id.ok_or(Failure::Stopped)?, command };
        let text = serde_json::to_string(&message).or(Err(Failure::Stopped))?;
        let is_sent =
            self.core.try_with_value(|core| core.as_ref().is_some_and(|core| core.send(&text).is_ok()));
        if is_sent != Some(true) {
            self.stop();
        }
        let result = receiver.await;
        self.store.progress.set(None);
        result.or(Err(Failure::Stopped))?.map_err(Failure::Wallet)
    }
}
