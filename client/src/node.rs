//! A connection to a node that waits for each answer.

use std::collections::VecDeque;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use shared::api::Request;
use shared::api::rpc::{ServerMessage, encode_request};
use shared::api::views::InfoView;
use shared::spec::ChainSpec;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{HandshakeError, Message, WebSocket, client};
use wallet_wasm::WalletError;
use wallet_wasm::session::REQUEST_TIMEOUT_SECONDS;
use wallet_wasm::session::read_info;

use wallet_wasm::node_address::NodeAddress;

const DIAL_LIMIT: Duration = Duration::from_secs(5);
const ANSWER_LIMIT: Duration = Duration::from_secs(REQUEST_TIMEOUT_SECONDS as u64);
/// No answer of a node is larger; what is, is not a node's.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// The node cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeError {
    #[error("cannot reach the node at {address}: {source}; start it with: cargo run --release -- {}", .address.port)]
    Unreachable { address: NodeAddress, source: io::Error },
    #[error("what answers at {address} is not a node of Ironchain; check the port")]
    NotANode { address: NodeAddress },
    #[error("the node has not answered for {} seconds; it may be overloaded, try again", ANSWER_LIMIT.as_secs())]
    Silent,
    #[error("the connection to the node was lost; check that it is running, and try again")]
    Lost,
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Wallet(#[from] WalletError),
}

/// What a subscription told.
pub(crate) struct News {
    /// What `subscribe` answered.
    pub(crate) subscription: u64,
    result: Box<RawValue>,
}

impl News {
    /// Reads it as the view that belongs to the subscription's topic.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, AskError> {
        decode(&self.result)
    }
}

/// Where a node is, and which chain it must be on; `None` for any that this program knows.
#[derive(Debug, Default)]
pub(crate) struct Endpoint {
    pub(crate) address: NodeAddress,
    pub(crate) chain: Option<ChainSpec>,
}

/// An open connection to a node on a known chain.
pub(crate) struct Node {
    socket: WebSocket<TcpStream>,
    chain: ChainSpec,
    last_id: u64,
    /// What subscriptions told while an answer was awaited.
    news: VecDeque<News>,
}

impl Node {
    /// Connects, and makes sure that the node is on the right chain.
    pub(crate) fn connect(endpoint: &Endpoint) -> Result<Self, AskError> {
        let Endpoint { address, chain } = endpoint;
        let unreachable = |source| NodeError::Unreachable { address: address.clone(), source };
        let not_a_node = || NodeError::NotANode { address: address.clone() };
        let stream = dial(address).map_err(unreachable)?;
        let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE_BYTES));
        let socket = match client::client_with_config(address.url(), stream, Some(config)) {
            Ok((socket, _)) => socket,
            Err(HandshakeError::Interrupted(_)) => return Err(NodeError::Silent.into()),
            Err(HandshakeError::Failure(tungstenite::Error::Io(error))) if is_timeout(&error) => {
                return Err(NodeError::Silent.into());
            }
            Err(HandshakeError::Failure(_)) => return Err(not_a_node().into()),
        };
        let mut node = Self { socket, chain: ChainSpec::main(), last_id: 0, news: VecDeque::new() };
        let said: Result<Box<RawValue>, _> = node.ask(&Request::GetInfo {});
        let info = said.and_then(|raw| Ok(read_info(&raw)?)).map_err(|error| match error {
            AskError::Wallet(WalletError::WrongProtocol { .. }) | AskError::Node(_) => error,
            AskError::Wallet(_) => not_a_node().into(),
        })?;
        let known = || vec![ChainSpec::main(), ChainSpec::dev()];
        node.chain = chain
            .clone()
            .map_or_else(known, |chain| vec![chain])
            .into_iter()
            .find(|chain| *chain.genesis_hash() == info.genesis_hash)
            .ok_or(WalletError::WrongChain { chain: info.chain })?;
        Ok(node)
    }

    /// Returns the chain that the node is on.
    pub(crate) fn chain(&self) -> &ChainSpec {
        &self.chain
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, request: &Request) -> Result<T, AskError> {
        self.last_id += 1;
        let text = encode_request(self.last_id, request);
        self.socket.send(Message::text(text)).map_err(|error| explain(&error))?;
        loop {
            match self.read()? {
                ServerMessage::Reply { id, result } if id == Some(self.last_id) => {
                    let raw = result.map_err(|error| WalletError::Refused {
                        rule: error.rule().map(str::to_owned),
                        message: error.message,
                    })?;
                    return decode(&raw);
                }
                // To a request that was given up.
                ServerMessage::Reply { .. } => {}
                ServerMessage::Notification { subscription, result } => {
                    self.news.push_back(News { subscription, result });
                }
            }
        }
    }

    /// Waits for the next news of any subscription, however long that takes.
    pub(crate) fn next_news(&mut self) -> Result<News, AskError> {
        loop {
            if let Some(news) = self.news.pop_front() {
                return Ok(news);
            }
            match self.read() {
                Ok(ServerMessage::Notification { subscription, result }) => {
                    return Ok(News { subscription, result });
                }
                Ok(ServerMessage::Reply { .. }) => {}
                // No news is no fault, if the node is still there.
                Err(AskError::Node(NodeError::Silent)) => drop(self.ask::<InfoView>(&Request::GetInfo {})?),
                Err(error) => return Err(error),
            }
        }
    }

    fn read(&mut self) -> Result<ServerMessage, AskError> {
        loop {
            match self.socket.read().map_err(|error| explain(&error))? {
                Message::Text(text) => {
                    return ServerMessage::parse(&text).or(Err(WalletError::BadReply.into()));
                }
                Message::Close(_) => return Err(NodeError::Lost.into()),
                Message::Binary(_) => return Err(WalletError::BadReply.into()),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

/// Tries every address that the host has.
fn dial(address: &NodeAddress) -> io::Result<TcpStream> {
    let mut last_error = io::Error::new(io::ErrorKind::NotFound, "this name has no address");
    for address in (address.host.as_str(), address.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, DIAL_LIMIT) {
            Ok(stream) => {
                stream.set_read_timeout(Some(ANSWER_LIMIT))?;
                stream.set_write_timeout(Some(ANSWER_LIMIT))?;
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last_error = error,
        }
    }
    Err(last_error)
}

fn explain(error: &tungstenite::Error) -> NodeError {
    match error {
        tungstenite::Error::Io(error) if is_timeout(error) => NodeError::Silent,
        _ => NodeError::Lost,
    }
}

/// Returns whether an error is how this system reports that a socket's time limit has passed.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn decode<T: DeserializeOwned>(raw: &RawValue) -> Result<T, AskError> {
    serde_json::from_str(raw.get()).or(Err(WalletError::BadReply.into()))
}
