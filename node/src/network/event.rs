//! What an operator hears of the network, and sees of a peer.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use libp2p::PeerId;

use crate::sync::Progress;

/// Something that an operator should hear. What came from outside has no control characters any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkEvent {
    /// A peer said hello.
    Joined(Box<PeerStatus>),
    /// It has gone.
    Left {
        /// Where it was.
        address: Option<SocketAddr>,
        /// Why, when that is known.
        reason: Option<String>,
    },
    /// How far the chain has come, about once a second as long as blocks are missing, and once when none is any more.
    Syncing(Progress),
    /// A sentence about a peer that the operator named, or about the node's own way to the network.
    Notice(String),
}

/// A peer that said hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// Its id.
    pub id: PeerId,
    /// The other end of the connection; for one that came to us not where it can be dialled.
    pub address: Option<SocketAddr>,
    /// Whether it came to us.
    pub is_inbound: bool,
    /// Whether the operator named it.
    pub is_named: bool,
    /// Its program and version, as it says.
    pub agent: String,
    /// Its tip's height, as it said in its hello, or as its announcements, answers and questions have shown since.
    pub height: u64,
    /// How long a ping takes; `None` before the first.
    pub latency: Option<Duration>,
    /// How long it has been there.
    pub connected_for: Duration,
}

impl fmt::Display for NetworkEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |address: &Option<SocketAddr>| {
            address.map_or_else(|| "somewhere".to_owned(), |address| address.to_string())
        };
        match self {
            Self::Joined(peer) => {
                let PeerStatus { address, is_inbound, agent, height, .. } = &**peer;
                let how = if *is_inbound { "joined us" } else { "is our peer" };
                write!(f, "{} {how} ({agent}, at height {height})", place(address))
            }
            Self::Left { address, reason: Some(reason) } => write!(f, "{} is gone: {reason}", place(address)),
            Self::Left { address, reason: None } => write!(f, "{} is gone", place(address)),
            Self::Syncing(Progress { height, headers, .. }) => write!(f, "{height} of {headers} blocks"),
            Self::Notice(text) => f.write_str(text),
        }
    }
}
