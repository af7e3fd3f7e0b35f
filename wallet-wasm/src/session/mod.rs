//! The session with a node, as a state machine without sockets, clocks or randomness of its own.
//!
//! It dials, makes sure that the node speaks this protocol and is on a chain that this program knows, subscribes, matches answers to requests,
//! and starts anew with growing pauses whenever the connection is lost. [`Input`]s go in through [`Session::handle`],
//! [`Output`]s are taken out with [`Session::next_output`] until there is none.
//!
//! A node that does not answer a request in time, or answers nonsense, counts as lost: one way to recover for all.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use shared::api::rpc::{RpcError, ServerMessage, encode_request};
use shared::api::views::{AccountView, HeadView, InfoView};
use shared::api::{PROTOCOL, Request, Topic};
use shared::spec::ChainSpec;

use crate::error::WalletError;
use crate::protocol::Connection;

/// An answer takes milliseconds; a node that needs this long will not answer any more.
pub const REQUEST_TIMEOUT_SECONDS: u32 = 10;
/// How often a quiet connection is tested. Many routers forget connections that are silent for a minute.
const HEARTBEAT_MS: u32 = 20_000;
const FIRST_PAUSE_MS: u32 = 500;
const LONGEST_PAUSE_MS: u32 = 15_000;

/// Numbers the sockets from 1, so that what a former one still reports is recognised and ignored.
pub type SocketId = u32;

/// What happened outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The socket is ready.
    Opened(SocketId),
    /// A text frame came.
    Text(SocketId, String),
    /// The socket could not be opened, or is closed.
    Closed(SocketId),
    /// The time of a [`Output::SetTimer`] has passed.
    Timer(Timer),
}

/// What a timer is for. None is ever cancelled: one that came too late means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The socket should be open by now.
    Dial(SocketId),
    /// The request should be answered by now.
    Request(u64),
    /// Time to test the connection.
    Heartbeat(SocketId),
    /// Time to dial again, after this socket.
    Reconnect(SocketId),
}

/// What is to be done or to be known outside. `T` is what the owner recognises its requests by.
#[derive(Debug)]
pub enum Output<T> {
    /// Open a socket, and forget any former one.
    Open {
        /// Its number in [`Input`].
        socket: SocketId,
        /// Where to.
        url: String,
    },
    /// Send a text frame through the open socket.
    Send(String),
    /// Close the socket.
    Close,
    /// Report [`Input::Timer`] after this many milliseconds.
    SetTimer(Timer, u32),
    /// How the session is.
    Connection(Connection),
    /// The node's chain: at once when connected, then regularly.
    Info(InfoView),
    /// Of [`Topic::Heads`].
    Head(HeadView),
    /// Of [`Topic::Address`].
    Account(AccountView),
    /// What came of a request. Every request gets exactly one.
    Reply(T, Result<Box<RawValue>, WalletError>),
}

/// See the module.
#[derive(Debug)]
pub struct Session<T> {
    url: String,
    chains: [ChainSpec; 2],
    state: State,
    /// The current or the last socket.
    socket: SocketId,
    /// How often in a row the connection was lost before it had lived for a heartbeat.
    failures: u32,
    last_id: u64,
    asked: BTreeMap<u64, Asked<T>>,
    wanted: Vec<Topic>,
    subscribed: Vec<Subscribed>,
    outputs: VecDeque<Output<T>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Not started, or between two sockets.
    Idle,
    Dialling,
    /// The socket is open, and the node has not yet said what chain it is on.
    Greeting,
    /// On the chain with this place in `chains`.
    Connected(usize),
    /// On a chain that the node calls by this name.
    WrongChain(String),
    /// The node speaks this version of the protocol, and this program another.
    WrongProtocol(u32),
}

#[derive(Debug)]
enum Asked<T> {
    Info,
    Subscribe(Topic),
    Unsubscribe,
    Owner(T),
}

#[derive(Debug)]
struct Subscribed {
    topic: Topic,
    /// `None` until the node has answered.
    id: Option<u64>,
}

impl<T> Session<T> {
    /// Makes a session that does nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            url: String::new(),
            chains: [ChainSpec::main(), ChainSpec::dev()],
            state: State::Idle,
            socket: 0,
            failures: 0,
            last_id: 0,
            asked: BTreeMap::new(),
            wanted: Vec::new(),
            subscribed: Vec::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Begins to connect to `url`, such as `ws://127.0.0.1:1111/ws`, and never gives up.
    pub fn start(&mut self, url: String) {
        self.url = url;
        self.dial();
    }

    /// Returns the chain that the node is on, while connected.
    #[must_use]
    pub fn chain(&self) -> Option<&ChainSpec> {
        match self.state {
            State::Connected(chain) => self.chains.get(chain),
            _ => None,
        }
    }

    /// Sends a request; its [`Output::Reply`] carries `tag`.
    ///
    /// # Errors
    /// [`WalletError::NotConnected`], [`WalletError::WrongChain`] or [`WalletError::WrongProtocol`]; then there will be
    /// no reply.
    pub fn ask(&mut self, request: &Request, tag: T) -> Result<(), WalletError> {
        match &self.state {
            State::Connected(_) => {
                self.send(request, Asked::Owner(tag));
                Ok(())
            }
            _ => Err(self.problem()),
        }
    }

    /// Returns why there is no [`Self::chain`].
    #[must_use]
    pub fn problem(&self) -> WalletError {
        match &self.state {
            State::WrongChain(chain) => WalletError::WrongChain { chain: chain.clone() },
            State::WrongProtocol(node) => WalletError::WrongProtocol { node: *node },
            State::Idle | State::Dialling | State::Greeting | State::Connected(_) => {
                WalletError::NotConnected
            }
        }
    }

    /// Says what to be told of from now on, in this connection and all later ones.
    pub fn watch(&mut self, topics: Vec<Topic>) {
        self.wanted = topics;
        self.subscribe();
    }

    /// Takes in what happened. `random` spreads the pauses of many wallets that lost the same node.
    pub fn handle(&mut self, input: Input, random: u32) {
        match input {
            Input::Opened(socket) if socket == self.socket && self.state == State::Dialling => {
                self.state = State::Greeting;
                self.send(&Request::GetInfo {}, Asked::Info);
            }
            Input::Text(socket, text) if socket == self.socket && self.state != State::Idle => {
                if self.on_text(&text).is_err() {
                    self.lose(random);
                }
            }
            Input::Closed(socket) if socket == self.socket && self.state != State::Idle => self.lose(random),
            Input::Timer(timer) => self.on_timer(timer, random),
            // From a former socket.
            Input::Opened(_) | Input::Text(..) | Input::Closed(_) => {}
        }
    }

    /// Takes out what is to be done next.
    pub fn next_output(&mut self) -> Option<Output<T>> {
        self.outputs.pop_front()
    }

    fn on_timer(&mut self, timer: Timer, random: u32) {
        match timer {
            Timer::Dial(socket) if socket == self.socket && self.state == State::Dialling => {
                self.lose(random)
            }
            Timer::Reconnect(socket) if socket == self.socket && self.state == State::Idle => self.dial(),
            Timer::Heartbeat(socket) if socket == self.socket && self.state != State::Idle => {
                self.failures = 0;
                self.send(&Request::GetInfo {}, Asked::Info);
            }
            Timer::Request(id) => {
                if let Some(asked) = self.asked.remove(&id) {
                    if let Asked::Owner(tag) = asked {
                        let error = WalletError::Timeout { seconds: REQUEST_TIMEOUT_SECONDS };
                        self.outputs.push_back(Output::Reply(tag, Err(error)));
                    }
                    self.lose(random);
                }
            }
            // Too late to mean anything.
            Timer::Dial(_) | Timer::Reconnect(_) | Timer::Heartbeat(_) => {}
        }
    }

    fn dial(&mut self) {
        self.socket = self.socket.wrapping_add(1);
        self.state = State::Dialling;
        self.outputs.push_back(Output::Connection(Connection::Connecting));
        self.outputs.push_back(Output::Open { socket: self.socket, url: self.url.clone() });
        self.set_timer(Timer::Dial(self.socket), 1_000 * REQUEST_TIMEOUT_SECONDS);
    }

    /// Gives the connection up, answers everything that was asked, and dials again after a pause.
    fn lose(&mut self, random: u32) {
        self.state = State::Idle;
        self.subscribed.clear();
        self.outputs.push_back(Output::Close);
        for asked in core::mem::take(&mut self.asked).into_values() {
            if let Asked::Owner(tag) = asked {
                self.outputs.push_back(Output::Reply(tag, Err(WalletError::NotConnected)));
            }
        }
        let retry_ms = pause_ms(self.failures, random);
        self.failures = self.failures.saturating_add(1);
        self.outputs.push_back(Output::Connection(Connection::Waiting { retry_ms }));
        self.set_timer(Timer::Reconnect(self.socket), retry_ms);
    }

    fn send(&mut self, request: &Request, asked: Asked<T>) {
        self.last_id += 1;
        self.asked.insert(self.last_id, asked);
        self.outputs.push_back(Output::Send(encode_request(self.last_id, request)));
        self.set_timer(Timer::Request(self.last_id), 1_000 * REQUEST_TIMEOUT_SECONDS);
    }

    fn set_timer(&mut self, timer: Timer, after_ms: u32) {
        self.outputs.push_back(Output::SetTimer(timer, after_ms));
    }

    fn on_text(&mut self, text: &str) -> Result<(), Nonsense> {
        match ServerMessage::parse(text).or(Err(Nonsense))? {
            ServerMessage::Reply { id, result } => match id.and_then(|id| self.asked.remove(&id)) {
                Some(asked) => self.on_reply(asked, result),
                // To a request of a former connection, or one that was not understood and so times out.
                None => Ok(()),
            },
            ServerMessage::Notification { subscription, result } => {
                self.on_notification(subscription, &result)
            }
        }
    }

    fn on_reply(&mut self, asked: Asked<T>, result: Result<Box<RawValue>, RpcError>) -> Result<(), Nonsense> {
        match asked {
            Asked::Info => self.on_info(&result.or(Err(Nonsense))?),
            Asked::Subscribe(topic) => {
                let id: u64 = decode(&result.or(Err(Nonsense))?)?;
                for subscribed in self.subscribed.iter_mut().filter(|subscribed| subscribed.topic == topic) {
                    subscribed.id = Some(id);
                }
                // It may have become unwanted in the meantime.
                self.subscribe();
                Ok(())
            }
            Asked::Unsubscribe => Ok(()),
            Asked::Owner(tag) => {
                let result = result.map_err(|error| WalletError::Refused {
                    rule: error.rule().map(str::to_owned),
                    message: error.message,
                });
                self.outputs.push_back(Output::Reply(tag, result));
                Ok(())
            }
        }
    }

    fn on_info(&mut self, raw: &RawValue) -> Result<(), Nonsense> {
        let info = match read_info(raw) {
            Ok(info) => info,
            Err(WalletError::WrongProtocol { node }) => {
                return self.greet(State::WrongProtocol(node), Connection::WrongProtocol { node });
            }
            Err(_) => return Err(Nonsense),
        };
        match self.chains.iter().position(|chain| *chain.genesis_hash() == info.genesis_hash) {
            Some(chain) => {
                self.greet(State::Connected(chain), Connection::Connected)?;
                self.outputs.push_back(Output::Info(info));
                self.subscribe();
                Ok(())
            }
            None => {
                let InfoView { chain, .. } = info;
                self.greet(State::WrongChain(chain.clone()), Connection::WrongChain { chain })
            }
        }
    }

    /// Takes in who the node says it is, which stays so for as long as the connection lasts.
    fn greet(&mut self, state: State, connection: Connection) -> Result<(), Nonsense> {
        if self.state == State::Greeting {
            self.outputs.push_back(Output::Connection(connection));
            self.state = state;
        } else if self.state != state {
            return Err(Nonsense);
        }
        self.set_timer(Timer::Heartbeat(self.socket), HEARTBEAT_MS);
        Ok(())
    }

    fn on_notification(&mut self, id: u64, result: &RawValue) -> Result<(), Nonsense> {
        let topic = self.subscribed.iter().find(|subscribed| subscribed.id == Some(id));
        match topic.map(|subscribed| &subscribed.topic) {
            Some(Topic::Heads {}) => self.outputs.push_back(Output::Head(decode(result)?)),
            Some(Topic::Address { .. }) => self.outputs.push_back(Output::Account(decode(result)?)),
            // The first two are never wanted here; the others were sent before the node learned that they no longer are.
            Some(Topic::Transaction { .. } | Topic::Mempool {}) | None => {}
        }
        Ok(())
    }

    /// Brings the node's subscriptions in line with what is wanted.
    fn subscribe(&mut self) {
        if self.chain().is_none() {
            return;
        }
        let unwanted: Vec<u64> = self
            .subscribed
            .iter()
            .filter(|subscribed| !self.wanted.contains(&subscribed.topic))
            .filter_map(|subscribed| subscribed.id)
            .collect();
        for id in unwanted {
            self.subscribed.retain(|subscribed| subscribed.id != Some(id));
            self.send(&Request::Unsubscribe { id }, Asked::Unsubscribe);
        }
        for topic in self.wanted.clone() {
            if !self.subscribed.iter().any(|subscribed| subscribed.topic == topic) {
                self.subscribed.push(Subscribed { topic: topic.clone(), id: None });
                self.send(&Request::Subscribe(topic.clone()), Asked::Subscribe(topic));
            }
        }
    }
}

impl<T> Default for Session<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The node said something that no node of this protocol says.
#[derive(Debug)]
struct Nonsense;

/// Reads what a node says of itself.
///
/// # Errors
/// [`WalletError::WrongProtocol`], or [`WalletError::BadReply`] when that is no node.
pub fn read_info(raw: &RawValue) -> Result<InfoView, WalletError> {
    /// What every version has; the rest may differ.
    #[derive(Deserialize)]
    struct AnyVersion {
        protocol: u32,
    }
    let AnyVersion { protocol } = decode(raw).or(Err(WalletError::BadReply))?;
    if protocol != PROTOCOL {
        return Err(WalletError::WrongProtocol { node: protocol });
    }
    decode(raw).or(Err(WalletError::BadReply))
}

fn decode<V: DeserializeOwned>(raw: &RawValue) -> Result<V, Nonsense> {
    serde_json::from_str(raw.get()).or(Err(Nonsense))
}

/// Doubles from half a second to 15 seconds; `random` takes off up to half.
fn pause_ms(failures: u32, random: u32) -> u32 {
    let longest = FIRST_PAUSE_MS.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE_MS);
    longest - random % (longest / 2 + 1)
}

#[cfg(test)]
mod tests;
