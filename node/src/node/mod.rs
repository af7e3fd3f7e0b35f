//! Starts the parts of a node and stops them in order. The only file that starts long-lived tasks.
//!
//! Start: listen, open the store, then the chain thread, then network, API and miner. Stop: cancel the token, so that
//! sessions and connections are closed and the miner ends; drop every handle of the chain, so that its thread commits what is queued and
//! returns. A task that ends before that, by an error, a panic or for no reason at all, is a reason to stop.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use shared::address::Address;
use tokio::net::TcpListener;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::api::{self, Control, ControlToken, TokenError};
use crate::chain::{self, ChainHandle, Loading};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, DEFAULT_PORT};
use crate::miner::{self, MinerError, Mining};
use crate::network::{self, Listening, NetworkError, NetworkHandle, Surroundings};
use crate::store::{Store, StoreError};

/// A stop that takes longer than this has failed: the last commit takes milliseconds, a close frame a second.
const STOP_LIMIT: Duration = Duration::from_secs(5);
/// The name of the task that all others need.
const CHAIN: &str = "chain";

/// A node cannot start. Each message has the fact, the likely cause and the next step.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port belongs to another program.
    #[error(
        "cannot listen on {host}:{port}: the port is in use, perhaps by another node; stop that program or choose \
         another port, for example: node {other}"
    )]
    PortInUse {
        /// The host that was asked for.
        host: String,
        /// The port that was asked for.
        port: u16,
        /// A port to try.
        other: u16,
    },
    /// Ports below 1024 are for the administrator on most systems.
    #[error(
        "cannot listen on {host}:{port}: this user may not; choose a port above 1023, for example: node {other}"
    )]
    PortForbidden {
        /// The host that was asked for.
        host: String,
        /// The port that was asked for.
        port: u16,
        /// A port to try.
        other: u16,
    },
    /// The host is not this computer, or nothing at all.
    #[error(
        "cannot listen on {host:?}: {source}; --host takes an address of this computer, or 0.0.0.0 for all of them"
    )]
    Host {
        /// The host that was asked for.
        host: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network cannot start.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The miner cannot start.
    #[error(transparent)]
    Miner(#[from] MinerError),
    /// There is no control token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// A running node has broken down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// A task ended with an error.
    #[error("the {task} failed: {reason}")]
    Failed {
        /// The task.
        task: &'static str,
        /// What it said.
        reason: String,
    },
    /// A task ended without having been asked to.
    #[error("the {task} ended unexpectedly; this is a mistake in the program, please report it")]
    Ended {
        /// The task.
        task: &'static str,
    },
    /// A task panicked.
    #[error("the {task} broke down; this is a mistake in the program, please report it with the lines above")]
    Panicked {
        /// The task.
        task: &'static str,
    },
    /// Tasks did not end in time.
    #[error("the node did not stop within {} seconds and was ended; what was accepted is stored", .limit.as_secs())]
    Stuck {
        /// The time that they had.
        limit: Duration,
    },
}

impl NodeError {
    fn task(&self) -> Option<&'static str> {
        match self {
            Self::Failed { task, .. } | Self::Ended { task } | Self::Panicked { task } => Some(task),
            Self::Stuck { .. } => None,
        }
    }
}

/// A node that has its port and its store, so that little is left that can go wrong.
#[derive(Debug)]
pub struct OpenNode {
    config: Config,
    listener: TcpListener,
    address: SocketAddr,
    store: Store,
    network: Listening,
    miner: Option<Address>,
}

/// Takes the port and opens the store.
///
/// # Errors
/// When the port or the store cannot be had.
pub async fn open(config: Config) -> Result<OpenNode, StartError> {
    let listener = TcpListener::bind((config.host.as_str(), config.port))
        .await
        .map_err(|error| explain_listen(&config, error))?;
    let address =
        listener.local_addr().map_err(|source| StartError::Host { host: config.host.clone(), source })?;
    let store = Store::open(&config.data_dir, &config.spec)?;
    let miner = store.miner()?;
    let network =
        network::listen(config.network.clone(), &config.spec, address.ip(), &config.data_dir).await?;
    let mut node = OpenNode { miner, config, listener, address, store, network };
    if let Some(miner) = node.config.miner {
        node.set_miner(miner)?;
    }
    Ok(node)
}

/// Opens and starts a node with the computer's clock.
///
/// # Errors
/// As [`open`] and [`OpenNode::start`].
pub async fn start(config: Config) -> Result<RunningNode, StartError> {
    open(config).await?.start(Arc::new(SystemClock))
}

impl OpenNode {
    /// Returns who earns the rewards, when it is known.
    #[must_use]
    pub fn miner(&self) -> Option<Address> {
        self.miner
    }

    /// Sets and remembers who earns the rewards.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn set_miner(&mut self, miner: Address) -> Result<(), StoreError> {
        if self.miner != Some(miner) {
            self.store.set_miner(&miner)?;
            self.miner = Some(miner);
        }
        Ok(())
    }

    /// Starts every part. It mines when there are threads and an address for the rewards.
    ///
    /// # Errors
    /// When the store is damaged or the system gives no threads.
    pub fn start(self, clock: Arc<dyn Clock>) -> Result<RunningNode, StartError> {
        self.start_with(clock, &mut |_| ())
    }

    /// The same; `tell` hears how much of the store is read.
    ///
    /// # Errors
    /// As [`OpenNode::start`].
    pub fn start_with(
        self,
        clock: Arc<dyn Clock>,
        tell: &mut dyn FnMut(Loading),
    ) -> Result<RunningNode, StartError> {
        let Self { config, listener, address, store, network, miner } = self;
        let (chain, chain_thread) =
            chain::start_with(Arc::clone(&config.spec), store, Arc::clone(&clock), config.chain, tell)?;
        let mining = Mining { payout: miner, threads: config.threads };
        let token = CancellationToken::new();
        let surroundings = Surroundings {
            chain: chain.clone(),
            clock: Arc::clone(&clock),
            data_dir: config.data_dir,
            side_branch_depth: config.chain.side_branch_depth,
            most_pending: config.chain.mempool.count,
        };
        let (network, network_task) = network.start(surroundings, token.clone());
        let ready = network.ready();
        let (miner, miner_task) = miner::control(chain.clone(), mining, config.hash_limit, clock, ready)?;
        let mut node = RunningNode {
            chain,
            api_addr: address,
            control: Control { token: ControlToken::new()?, miner, network: Some(network.clone()) },
            network,
            token,
            tasks: JoinSet::new(),
            names: HashMap::new(),
            failure: None,
        };
        let task = node.tasks.spawn_blocking(|| chain_thread.join().map_err(|error| error.to_string()));
        node.names.insert(task.id(), CHAIN);

        let task = node.tasks.spawn(async { network_task.await.map_err(|error| error.to_string()) });
        node.names.insert(task.id(), "network");

        let (chain, control, token) = (node.chain.clone(), node.control.clone(), node.token.clone());
        let api = api::serve(listener, chain, control, config.api, token);
        let task = node.tasks.spawn(async {
            api.await;
            Ok(())
        });
        node.names.insert(task.id(), "API");

        let token = node.token.clone();
        let task = node.tasks.spawn(async { miner_task.run(token).await.map_err(|error| error.to_string()) });
        node.names.insert(task.id(), "miner");
        Ok(node)
    }
}

/// A node with all its parts. Dropping it without [`RunningNode::stop`] ends them in no order.
#[derive(Debug)]
pub struct RunningNode {
    /// The chain.
    pub chain: ChainHandle,
    /// Where wallets connect to; the port is the real one also when 0 was asked for.
    pub api_addr: SocketAddr,
    /// What may steer the node: the token that lets a session do so, the network and the miner.
    pub control: Control,
    /// Who is connected, and how far the chain has come.
    pub network: NetworkHandle,
    token: CancellationToken,
    tasks: JoinSet<Result<(), String>>,
    names: HashMap<Id, &'static str>,
    /// Why the node must stop.
    failure: Option<NodeError>,
}

type Ended = Result<(Id, Result<(), String>), JoinError>;

impl RunningNode {
    /// Waits until a part breaks down, which none does by itself. Then [`RunningNode::stop`] is to be called.
    pub async fn broken(&mut self) {
        // The set is never empty here, because a task that ended left a failure.
        while self.failure.is_none()
            && let Some(ended) = self.tasks.join_next_with_id().await
        {
            self.failure = judge(&self.names, ended, false);
        }
    }

    /// Stops every part in order and returns when everything is stored.
    ///
    /// # Errors
    /// Why a part had broken down, or that one did not stop in time.
    pub async fn stop(self) -> Result<(), NodeError> {
        let Self { chain, token, mut tasks, names, mut failure, .. } = self;
        token.cancel();
        // Network, API and miner drop theirs as they end; with the last one the chain thread commits and returns.
        drop(chain);
        let drain = async {
            while let Some(ended) = tasks.join_next_with_id().await {
                let later = judge(&names, ended, true);
                // Whoever needs the chain fails with it, so its own reason tells more.
                if failure.is_none() || later.as_ref().is_some_and(|later| later.task() == Some(CHAIN)) {
                    failure = later;
                }
            }
        };
        if tokio::time::timeout(STOP_LIMIT, drain).await.is_err() {
            tasks.abort_all();
            return Err(failure.unwrap_or(NodeError::Stuck { limit: STOP_LIMIT }));
        }
        failure.map_or(Ok(()), Err)
    }
}

/// Returns what is wrong with the end of a task; while `stopping`, a clean end is right.
fn judge(names: &HashMap<Id, &'static str>, ended: Ended, stopping: bool) -> Option<NodeError> {
    let id = match &ended {
        Ok((id, _)) => *id,
        Err(error) => error.id(),
    };
    let task = names.get(&id).copied().unwrap_or("node");
    match ended {
        Ok((_, Ok(()))) if stopping => None,
        Ok((_, Ok(()))) => Some(NodeError::Ended { task }),
        Ok((_, Err(reason))) => Some(NodeError::Failed { task, reason }),
        Err(_) => Some(NodeError::Panicked { task }),
    }
}

fn explain_listen(config: &Config, source: std::io::Error) -> StartError {
    let (host, port) = (config.host.clone(), config.port);
    // The next port, and never one that needs rights or does not exist.
    let other = port.checked_add(1).unwrap_or(DEFAULT_PORT).max(DEFAULT_PORT);
    match source.kind() {
        ErrorKind::AddrInUse => StartError::PortInUse { host, port, other },
        ErrorKind::PermissionDenied => StartError::PortForbidden { host, port, other },
        _ => StartError::Host { host, source },
    }
}

#[cfg(test)]
mod tests;
