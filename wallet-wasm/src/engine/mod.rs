//! The wallet as a state machine: commands and what the socket says go in, effects come out.
//!
//! It has no clock, socket or randomness of its own, so that a test drives it natively exactly as a web worker does.
//! This file takes in and gives out; `payments` signs and submits, `steering` steers the node, `network` asks for others, `wallet` makes, opens and
//! closes wallets, `blocks` fetches the latest blocks.

mod blocks;
mod network;
mod payments;
mod steering;
mod wallet;

use rand_core::TryCryptoRng;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use shared::api::views::{AccountView, HistoryView, TransactionStatusView};
use shared::api::{Request, Topic};
use shared::hash::{HistoryHead, TxId};
use zeroize::Zeroizing;

use self::blocks::EarlierBlock;
use self::payments::Payments;
use crate::error::WalletError;
use crate::payment::Draft;
use crate::protocol::{Command, Connection, Event, FromWorker, Reply, ToWorker};
use crate::session::{self, Session, SocketId};
use crate::vault::Vault;

/// Addresses are shown for this chain until the node has said which one it is on.
const DEFAULT_PREFIX: &str = "iron";
/// How many entries of the history are fetched at a time.
const HISTORY_PAGE: u64 = 50;

/// What happened outside.
#[derive(Debug)]
pub enum Input {
    /// The page sent a command.
    Command(ToWorker),
    /// Something happened at the socket.
    Session(session::Input),
    /// The time of an [`Effect::SetTimer`] has passed.
    Timer(Timer),
}

/// What a timer is for. None is ever cancelled: one that came too late means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The session's.
    Session(session::Timer),
    /// The page should have an answer about this payment by now.
    Submit(TxId),
    /// The node was too busy for this payment before.
    Resubmit(TxId),
}

/// What is to be done outside.
#[derive(Debug)]
pub enum Effect {
    /// Tell the page.
    Post(FromWorker),
    /// Open a socket, and forget any former one.
    OpenSocket {
        /// Its number in [`session::Input`].
        socket: SocketId,
        /// Where to.
        url: String,
    },
    /// Send a text frame through the open socket.
    SendText(String),
    /// Close the socket.
    CloseSocket,
    /// Report the timer after this many milliseconds.
    SetTimer(Timer, u32),
}

/// Carries out an effect at once: progress must reach the page while a key is being made. Nothing may be put into the
/// engine from within.
pub type Sink<'a> = &'a mut dyn FnMut(Effect);

/// See the module.
#[derive(Debug)]
pub struct Engine<R> {
    rng: R,
    vault: Vault,
    session: Session<Asked>,
    is_started: bool,
    /// What the node said last of the current account, in this connection.
    account: Option<AccountView>,
    /// The state of the history that was last asked for, in this connection.
    history_asked: Option<HistoryHead>,
    /// The blocks below the tip were asked for, in this connection.
    has_asked_blocks: bool,
    payments: Payments,
}

/// What a request to the node is for. `id` is the number of the page's command.
#[derive(Debug)]
enum Asked {
    OlderHistory {
        id: u32,
    },
    NewestHistory,
    EarlierBlock(EarlierBlock),
    Transaction {
        id: u32,
        tx_id: TxId,
    },
    Authorize {
        id: u32,
    },
    Node {
        id: u32,
    },
    Network {
        id: u32,
        kind: network::Kind,
    },
    /// To submit a payment.
    Submit {
        tx_id: TxId,
    },
    /// Whether a payment that was submitted twice and then refused is known after all.
    Lookup {
        tx_id: TxId,
        refusal: WalletError,
    },
    /// The account after a payment was accepted.
    Settled {
        tx_id: TxId,
    },
}

impl<R: TryCryptoRng> Engine<R> {
    /// Makes an engine without a wallet and without a session. All randomness comes from `rng`.
    #[must_use]
    pub fn new(rng: R) -> Self {
        Self {
            rng,
            vault: Vault::default(),
            session: Session::new(),
            is_started: false,
            account: None,
            history_asked: None,
            has_asked_blocks: false,
            payments: Payments::default(),
        }
    }

    /// Takes in what happened, and gives the effects to `sink` in the order in which they are to be carried out.
    pub fn handle(&mut self, input: Input, sink: Sink<'_>) {
        match input {
            Input::Command(ToWorker { id, command }) => {
                if let Some(result) = self.on_command(id, command, sink).transpose() {
                    reply(id, result, sink);
                }
            }
            Input::Session(input) => self.on_session(input),
            Input::Timer(Timer::Session(timer)) => self.on_session(session::Input::Timer(timer)),
            Input::Timer(Timer::Submit(tx_id)) => self.on_submit_deadline(tx_id, sink),
            Input::Timer(Timer::Resubmit(tx_id)) => self.submit(tx_id),
        }
        while let Some(output) = self.session.next_output() {
            self.on_output(output, sink);
        }
    }

    fn on_session(&mut self, input: session::Input) {
        // Randomness only spreads the session's pauses, so that it does no harm if there is none.
        let random = self.rng.try_next_u32().unwrap_or_default();
        self.session.handle(input, random);
    }

    /// Carries a command out. Returns `None` when the answer has to wait for the node.
    fn on_command(
        &mut self,
        id: u32,
        command: Command,
        sink: Sink<'_>,
    ) -> Result<Option<Reply>, WalletError> {
        match command {
            Command::Open { node_url, keystore } => self.open(node_url, keystore.as_deref(), sink).map(Some),
            Command::NewWords { count } => self.new_words(count).map(Some),
            Command::CheckWords { words } => wallet::check_words(&Zeroizing::new(words)).map(Some),
            Command::Create { words, bip39_passphrase, passphrase } => {
                let [words, bip39_passphrase, passphrase] =
                    [words, bip39_passphrase, passphrase].map(Zeroizing::new);
                self.create(&words, &bip39_passphrase, &passphrase, sink).map(Some)
            }
            Command::ImportKeystore { keystore, passphrase } => {
                self.import_keystore(&keystore, &Zeroizing::new(passphrase), sink).map(Some)
            }
            Command::ImportKey { key, passphrase } => {
                let [key, passphrase] = [key, passphrase].map(Zeroizing::new);
                self.import_key(&key, &passphrase, sink).map(Some)
            }
            Command::Drill { answers } => self.drill(answers, sink).map(Some),
            Command::Unlock { passphrase } => self.unlock(&Zeroizing::new(passphrase), sink).map(Some),
            Command::Lock => Ok(Some(self.lock(sink))),
            Command::Forget => Ok(Some(self.forget(sink))),
            Command::Prepare { receiver, amount, fee, comment } => {
                let draft = Draft { receiver: &receiver, amount, fee, comment: &comment };
                self.prepare(&draft).map(Some)
            }
            Command::Send => self.send(id, sink).map(|()| None),
            Command::History { before } => {
                self.ask_history(before, Asked::OlderHistory { id }).map(|()| None)
            }
            Command::Transaction { tx_id } => {
                let asked = Asked::Transaction { id, tx_id };
                self.session.ask(&Request::GetTransaction { tx_id }, asked).map(|()| None)
            }
            Command::Forks => self.ask_forks(id).map(|()| None),
            Command::Peers(order) => self.order(id, order).map(|()| None),
            Command::Steer(steering) => self.steer(id, steering).map(|()| None),
        }
    }

    fn on_output(&mut self, output: session::Output<Asked>, sink: Sink<'_>) {
        match output {
            session::Output::Open { socket, url } => sink(Effect::OpenSocket { socket, url }),
            session::Output::Send(text) => sink(Effect::SendText(text)),
            session::Output::Close => sink(Effect::CloseSocket),
            session::Output::SetTimer(timer, after_ms) => {
                sink(Effect::SetTimer(Timer::Session(timer), after_ms));
            }
            session::Output::Connection(connection) => self.on_connection(connection, sink),
            session::Output::Info(info) => post(Event::Info(Box::new(info)), sink),
            session::Output::Head(head) => self.on_head(head, sink),
            session::Output::Account(account) => self.on_account(account, sink),
            session::Output::Reply(asked, result) => self.on_reply(asked, result, sink),
        }
    }

    fn on_connection(&mut self, connection: Connection, sink: Sink<'_>) {
        let is_connected = connection == Connection::Connected;
        post(Event::Connection(connection), sink);
        self.account = None;
        self.history_asked = None;
        self.has_asked_blocks = false;
        if is_connected {
            // Addresses look different on another chain.
            self.show_wallet(sink);
            self.submit_again();
        }
    }

    fn on_account(&mut self, account: AccountView, sink: Sink<'_>) {
        // What was sent before another wallet took over is of no interest.
        if self.current_address().is_none_or(|address| address != account.address) {
            return;
        }
        post(Event::Account(account.clone()), sink);
        if self.history_asked != Some(account.history_head) {
            // Without a connection there is no history; the next connection begins with an account.
            let is_asked = self.ask_history(None, Asked::NewestHistory).is_ok();
            self.history_asked = is_asked.then_some(account.history_head);
        }
        self.account = Some(account);
    }

    fn on_reply(&mut self, asked: Asked, result: Result<Box<RawValue>, WalletError>, sink: Sink<'_>) {
        match asked {
            Asked::OlderHistory { id } => {
                let history = result.and_then(|raw| self.decode_history(&raw));
                reply(id, history.map(Reply::History), sink);
            }
            Asked::NewestHistory => match result.and_then(|raw| self.decode_history(&raw)) {
                Ok(history) => post(Event::History(history), sink),
                // The next change of the account asks again.
                Err(_) => self.history_asked = None,
            },
            Asked::EarlierBlock(asked) => self.on_block(asked, result, sink),
            Asked::Transaction { id, tx_id } => {
                let status = result.and_then(|raw| decode_transaction(&raw, tx_id));
                reply(id, status.map(Reply::Transaction), sink);
            }
            Asked::Authorize { id } => self.on_authorized(id, result, sink),
            Asked::Node { id } => steering::on_node(id, result, sink),
            Asked::Network { id, kind } => network::on_answer(id, kind, result, sink),
            Asked::Submit { tx_id } => self.on_submitted(tx_id, result.map(|_| ()), sink),
            Asked::Lookup { tx_id, refusal } => {
                self.on_looked_up(
                    tx_id,
                    result.and_then(|raw| decode_transaction(&raw, tx_id)),
                    refusal,
                    sink,
                );
            }
            Asked::Settled { tx_id } => {
                if let Ok(account) = result.and_then(|raw| decode(&raw)) {
                    self.on_account(account, sink);
                }
                self.finish_submission(tx_id, Ok(()), sink);
            }
        }
    }

    fn ask_history(&mut self, before: Option<u64>, asked: Asked) -> Result<(), WalletError> {
        let address = self.current_address().ok_or(WalletError::NoWallet)?;
        let request = Request::GetHistory { address, before, after: None, limit: Some(HISTORY_PAGE) };
        self.session.ask(&request, asked)
    }

    fn decode_history(&self, raw: &RawValue) -> Result<HistoryView, WalletError> {
        let history: HistoryView = decode(raw)?;
        if self.current_address().is_none_or(|address| address != history.address) {
            return Err(WalletError::BadReply);
        }
        Ok(history)
    }

    /// Returns the address of the current account on the node's chain.
    fn current_address(&self) -> Option<String> {
        Some(self.vault.public_key()?.address().to_text(self.prefix()))
    }

    fn prefix(&self) -> &str {
        self.session.chain().map_or(DEFAULT_PREFIX, |chain| &chain.rules().address_prefix)
    }

    /// Tells the page of the wallet, and the node what to tell of.
    fn show_wallet(&mut self, sink: Sink<'_>) {
        post(Event::Wallet(self.vault.view(self.prefix())), sink);
        // In the form that is the same on every chain, because which one it will be is not known yet.
        let key = self.vault.public_key();
        let address = key.map(|key| Topic::Address { address: key.tutorial_address() });
        self.session.watch([Topic::Heads {}].into_iter().chain(address).collect());
    }
}

fn post(event: Event, sink: Sink<'_>) {
    sink(Effect::Post(FromWorker::Event(event)));
}

fn reply(id: u32, result: Result<Reply, WalletError>, sink: Sink<'_>) {
    sink(Effect::Post(FromWorker::Reply { id, result }));
}

fn decode<V: DeserializeOwned>(raw: &RawValue) -> Result<V, WalletError> {
    serde_json::from_str(raw.get()).or(Err(WalletError::BadReply))
}

fn decode_transaction(raw: &RawValue, tx_id: TxId) -> Result<TransactionStatusView, WalletError> {
    let status: TransactionStatusView = decode(raw)?;
    if status.transaction.tx_id == tx_id { Ok(status) } else { Err(WalletError::BadReply) }
}

#[cfg(test)]
mod tests;
