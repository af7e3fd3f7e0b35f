//! From the name of a node to where it can be dialled: asks its API, when that is what is known of it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use libp2p::{Multiaddr, PeerId};
use serde::Deserialize;
use shared::api::views::InfoView;
use shared::hash::BlockHash;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

use super::name::{PeerName, multiaddr};

/// For each step; a node that is busy answers within a fraction of it.
const STEP: Duration = Duration::from_secs(5);
/// The answer has less than 1 KiB.
const MAX_ANSWER_BYTES: usize = 16 << 10;

/// A node that can be dialled.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) addresses: Vec<Multiaddr>,
    /// Who must answer there, when it is known.
    pub(super) id: Option<PeerId>,
}

/// A node cannot be dialled. Each message completes "cannot join NAME: ".
#[derive(Debug, thiserror::Error)]
pub(super) enum JoinError {
    #[error("no such host ({0}); check the name")]
    Host(io::Error),
    #[error("nothing answers there ({0}); is that node running, and is its --host reachable from here?")]
    Unreachable(io::Error),
    #[error("it did not answer in time; is that a node's wallet page?")]
    Slow,
    #[error("what answers there is no Ironchain node ({0}); give the address of a node's wallet page")]
    NoNode(String),
    #[error(
        "it follows another chain, {name} with genesis {theirs}, and this node {ours}; start one of them with the \
         other's --chain"
    )]
    OtherChain { name: String, theirs: BlockHash, ours: BlockHash },
    #[error("it does not tell its peer address, so it is alone or of an older version; update it")]
    NoPeerAddress,
}

/// Finds where `name` can be dialled.
pub(super) async fn find(name: PeerName, genesis: BlockHash) -> Result<Found, JoinError> {
    match name {
        PeerName::Peer { host, port, id } => {
            let addresses = lookup(&host, port).await?.into_iter().map(multiaddr).collect();
            Ok(Found { addresses, id })
        }
        PeerName::Api { host, port } => ask(&host, port, genesis).await,
    }
}

/// Replaces host names by what they lead to now: nobody looks up a name for a stranger.
pub(super) async fn resolve(announced: &[Multiaddr], genesis: BlockHash) -> Vec<Multiaddr> {
    let mut resolved = Vec::new();
    for address in announced {
        match address.to_string().parse() {
            Ok(name) => match find(name, genesis).await {
                Ok(found) => resolved.extend(found.addresses),
                Err(error) => tracing::warn!("{address} is not announced: {error}"),
            },
            Err(error) => tracing::warn!("{address} is not announced: {error}"),
        }
    }
    resolved
}

async fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, JoinError> {
    let found = timeout(STEP, lookup_host((host, port))).await.or(Err(JoinError::Slow))?;
    let found: Vec<_> = found.map_err(JoinError::Host)?.collect();
    if found.is_empty() { Err(JoinError::Host(io::ErrorKind::NotFound.into())) } else { Ok(found) }
}

async fn ask(host: &str, port: u16, genesis: BlockHash) -> Result<Found, JoinError> {
    let addresses = lookup(host, port).await?;
    let stream = timeout(STEP, TcpStream::connect(&*addresses)).await.or(Err(JoinError::Slow))?;
    let stream = stream.map_err(JoinError::Unreachable)?;
    // By IP address, which every node accepts as its own name.
    let address = stream.peer_addr().map_err(JoinError::Unreachable)?;
    let info = timeout(STEP, get_info(stream, address)).await.or(Err(JoinError::Slow))?;
    let info = info.map_err(|error| JoinError::NoNode(error.to_string()))?;
    let InfoView { chain: name, genesis_hash: theirs, peer, .. } = info;
    if theirs != genesis {
        return Err(JoinError::OtherChain { name, theirs, ours: genesis });
    }
    let peer = peer.ok_or(JoinError::NoPeerAddress)?;
    let id = peer.id.parse().or(Err(JoinError::NoNode("its peer id is none".to_owned())))?;
    // Whatever interface it listens on: it is where its API is. What it announces may be nearer.
    let announced = peer.announced.iter().filter_map(|address| address.parse().ok());
    let addresses =
        [multiaddr(SocketAddr::new(address.ip(), peer.port))].into_iter().chain(announced).collect();
    Ok(Found { addresses, id: Some(id) })
}

async fn get_info(stream: TcpStream, address: SocketAddr) -> Result<InfoView, tungstenite::Error> {
    #[derive(Deserialize)]
    struct Reply {
        result: InfoView,
    }
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MAX_ANSWER_BYTES))
        .max_frame_size(Some(MAX_ANSWER_BYTES));
    let (mut socket, _) =
        client_async_with_config(format!("ws://{address}/ws"), stream, Some(limits)).await?;
    socket.send(Message::text(r#"{"jsonrpc":"2.0","id":1,"method":"get_info"}"#)).await?;
    while let Some(message) = socket.next().await {
        if let Message::Text(text) = message? {
            let reply: Result<Reply, _> = serde_json::from_str(&text);
            return reply.map(|reply| reply.result).map_err(|error| io::Error::other(error).into());
        }
    }
    Err(tungstenite::Error::ConnectionClosed)
}
