//! The network: connections to other nodes, and everything between them, `sync` and the chain.
//!
//! One task owns the swarm, the state machine that follows the best chain, and what is known of each peer. It judges
//! nothing by itself: `sync` decides what to ask for and whom to believe, the chain thread alone says what is valid.
//! What takes long (signatures, reading blocks) runs on threads of its own, in bounded numbers.
//!
//! Others see a [`NetworkHandle`]: who is there, how far the chain has come, and what an operator should hear.

mod answering;
mod behaviour;
mod blocks;
mod codec;
mod connections;
mod driver;
mod event;
mod finder;
mod frames;
mod gate;
mod gossip;
mod identity;
mod join;
mod limits;
mod meter;
mod muxer;
mod name;
mod names;
mod notices;
mod orders;
mod outbox;
mod peer;
mod pending;
mod requests;
mod saves;
mod serve;
mod task;
mod transactions;
mod turns;
mod unsent;

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, Swarm};
use shared::spec::ChainSpec;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::timeout;

use crate::peers::PeerLimits;
use crate::sync::Progress;

pub use self::event::{NetworkEvent, PeerStatus};
pub use self::identity::{IdentityError, KEY_FILE};
pub use self::name::{PeerName, PeerNameError};
pub use self::names::NamedStatus;
pub use self::orders::OrderError;
pub(crate) use self::task::Surroundings;

use self::behaviour::Behaviour;
use self::meter::Meter;
use self::name::{multiaddr, socket};

/// What is said to operators that a slow reader may be behind before it loses the oldest.
const EVENT_CAPACITY: usize = 256;
/// To get the port, which the system gives at once.
const LISTEN_LIMIT: Duration = Duration::from_secs(5);

/// How a node meets others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkConfig {
    /// The port for other nodes; 0 for any free one.
    pub port: u16,
    /// Whether any free one does as well when that is taken, because nobody asked for it.
    pub or_any_port: bool,
    /// Nodes to join, and to join again whenever they were lost.
    pub peers: Vec<PeerName>,
    /// Addresses at which others can dial this node, beside the one it listens on.
    pub announce: Vec<Multiaddr>,
    /// Whether to look for nodes on the local network, and be found there.
    pub discover: bool,
    /// How many connections there may be.
    pub limits: PeerLimits,
}

/// The network cannot start, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The port belongs to another program.
    #[error(
        "cannot listen for other nodes on {address}: the port is in use, perhaps by another node; stop that program or \
         choose another one with --p2p-port (0: any free one)"
    )]
    PortInUse {
        /// What was asked for.
        address: SocketAddr,
    },
    /// The system does not let us listen.
    #[error("cannot listen for other nodes on {address}: {reason}; choose another port with --p2p-port")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        reason: String,
    },
    /// The node's key cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The engine refused its own settings.
    #[error("the network cannot be set up: {0}; this is a mistake in the program, please report it")]
    Engine(String),
    /// A thread that helps panicked; its message is in the log.
    #[error(
        "a helper of the network broke down; this is a mistake in the program, please report it with the lines above"
    )]
    Broken,
    /// The chain thread has ended.
    #[error("the chain has stopped")]
    ChainStopped,
}

/// A network that has its port and its key.
pub(crate) struct Listening {
    swarm: Swarm<Behaviour>,
    meter: Meter,
    config: NetworkConfig,
    /// Where it listens; the port is the real one also when 0 was asked for.
    address: SocketAddr,
}

impl std::fmt::Debug for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listening").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Takes the port at `ip`, with the key in `directory`, which is made at the first start.
pub(crate) async fn listen(
    mut config: NetworkConfig,
    spec: &ChainSpec,
    ip: IpAddr,
    directory: &Path,
) -> Result<Listening, NetworkError> {
    let key = identity::load_or_make(directory)?;
    let meter = Meter::default();
    let mut swarm = behaviour::swarm(key, spec, config.discover, &meter)?;
    let mut address = SocketAddr::new(ip, config.port);
    let port = match take_port(&mut swarm, address).await {
        Err(NetworkError::PortInUse { address: taken }) if config.or_any_port => {
            tracing::warn!(
                "{taken} is in use, so other nodes are listened for on another port; --p2p-port chooses one"
            );
            address.set_port(0);
            take_port(&mut swarm, address).await?
        }
        port => port?,
    };
    address.set_port(port);
    if ip == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        // All interfaces are meant, and here those of IPv6 alone are taken.
        listen_on(&mut swarm, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port()))?;
    }
    config.announce = join::resolve(&config.announce, *spec.genesis_hash()).await;
    for announced in &config.announce {
        swarm.add_external_address(announced.clone());
    }
    Ok(Listening { swarm, meter, config, address })
}

/// Listens, and returns the port that it got.
async fn take_port(swarm: &mut Swarm<Behaviour>, address: SocketAddr) -> Result<u16, NetworkError> {
    listen_on(swarm, address)?;
    let port = async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::NewListenAddr { address: bound, .. } => {
                    if let Some(bound) = socket(&bound) {
                        return Ok(bound.port());
                    }
                }
                SwarmEvent::ListenerClosed { reason: Err(error), .. } => return Err(refused(address, error)),
                _ => {}
            }
        }
    };
    timeout(LISTEN_LIMIT, port).await.unwrap_or_else(|_| Err(refused(address, "it takes too long")))
}

fn listen_on(swarm: &mut Swarm<Behaviour>, address: SocketAddr) -> Result<(), NetworkError> {
    // libp2p hides what the system said below errors of its own, so we ask the system ourselves first.
    if let Err(error) = std::net::TcpListener::bind(address) {
        return Err(match error.kind() {
            ErrorKind::AddrInUse => NetworkError::PortInUse { address },
            _ => refused(address, error),
        });
    }
    swarm.listen_on(multiaddr(address)).map(drop).map_err(|error| refused(address, error))
}

fn refused(address: SocketAddr, reason: impl std::fmt::Display) -> NetworkError {
    NetworkError::Listen { address, reason: reason.to_string() }
}

/// What everybody else may know of the network. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct NetworkHandle {
    id: PeerId,
    address: SocketAddr,
    announced: Arc<[Multiaddr]>,
    status: watch::Receiver<Arc<Status>>,
    /// From the network's task, which ends when the node stops.
    events: broadcast::WeakSender<NetworkEvent>,
    is_ready: watch::Receiver<bool>,
    /// To the network's task, which answers each when it is carried out.
    orders: mpsc::Sender<orders::Order>,
}

/// The network at one moment.
#[derive(Debug, Clone)]
pub struct Status {
    /// All peers that said hello, by how long they are there.
    pub peers: Vec<PeerStatus>,
    /// The nodes that the operator named at the start.
    pub named: Vec<NamedStatus>,
    /// How far the chain has come.
    pub progress: Progress,
    /// Many of its blocks are missing.
    pub is_far_behind: bool,
}

impl NetworkHandle {
    /// Returns the height of the best headers, whose work is checked, while many of their blocks are missing.
    #[must_use]
    pub fn copies_to(&self) -> Option<u64> {
        let status = self.status.borrow();
        status.is_far_behind.then_some(status.progress.headers)
    }

    /// Returns the node's id in the network.
    #[must_use]
    pub fn id(&self) -> PeerId {
        self.id
    }

    /// Returns where the node listens for others.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the addresses that the operator says it can be dialled at.
    #[must_use]
    pub fn announced(&self) -> &[Multiaddr] {
        &self.announced
    }

    /// Returns who is there now and how far the chain has come.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status.borrow())
    }

    /// Returns a receiver that is told of every change, and may skip some.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Status>> {
        self.status.clone()
    }

    /// Returns a receiver of what an operator should hear from now on. It is closed when the node stops.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<NetworkEvent> {
        self.events.upgrade().map_or_else(|| broadcast::channel(1).1, |events| events.subscribe())
    }

    /// Returns a receiver that becomes true once mining makes sense: the named peers' chain was copied, or there is
    /// nobody to copy it from.
    pub(crate) fn ready(&self) -> watch::Receiver<bool> {
        self.is_ready.clone()
    }
}
