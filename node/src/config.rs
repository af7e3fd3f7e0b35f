//! What a node can be told, already checked.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use shared::address::Address;
use shared::spec::ChainSpec;

use crate::api::ApiConfig;
use crate::chain::Options;
use crate::network::NetworkConfig;

/// The port that a node serves unless told otherwise: the tutorial's.
pub const DEFAULT_PORT: u16 = 1111;
/// The host that a node serves unless told otherwise: this computer only.
pub const DEFAULT_HOST: &str = "127.0.0.1";
/// Hashes per second on the chain for development: blocks every two seconds on a processor that stays idle, and so
/// honest races between several nodes on one computer.
const DEV_HASH_LIMIT: NonZeroU64 = NonZeroU64::new(100_000).unwrap();

/// How a node runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// The chain to follow.
    pub spec: Arc<ChainSpec>,
    /// The name or IP address of the interface to serve wallets on.
    pub host: String,
    /// The port to serve wallets on; 0 for any free one.
    pub port: u16,
    /// The directory of the store; it is made when it is not there.
    pub data_dir: PathBuf,
    /// Who earns the rewards. It is remembered in the store; `None` means whoever is remembered there.
    pub miner: Option<Address>,
    /// How many threads mine; 0 for none.
    pub threads: usize,
    /// The most hashes per second of all threads together; `None` for no limit.
    pub hash_limit: Option<NonZeroU64>,
    /// What the API allows.
    pub api: ApiConfig,
    /// How much the chain keeps beside the blocks themselves.
    pub chain: Options,
    /// How it meets other nodes; it listens for them on the same host.
    pub network: NetworkConfig,
}

impl Config {
    /// Returns a node that serves a free port of this computer and does not mine.
    #[must_use]
    pub fn new(spec: Arc<ChainSpec>, data_dir: PathBuf) -> Self {
        let hash_limit = default_hash_limit(&spec);
        Self {
            spec,
            host: DEFAULT_HOST.to_owned(),
            port: 0,
            data_dir,
            miner: None,
            threads: 0,
            hash_limit,
            api: ApiConfig::new(DEFAULT_HOST),
            chain: Options::default(),
            network: NetworkConfig::default(),
        }
    }
}

/// Returns the hash limit that a chain's miners keep to unless told otherwise.
#[must_use]
pub fn default_hash_limit(spec: &ChainSpec) -> Option<NonZeroU64> {
    (spec.name() == "dev").then_some(DEV_HASH_LIMIT)
}

/// Returns the port for other nodes that belongs to a port for wallets: 10,000 above it. Where there is none, or the
/// port for wallets is any free one, so is this.
#[must_use]
pub fn default_p2p_port(port: u16) -> u16 {
    if port == 0 { 0 } else { port.checked_add(10_000).unwrap_or(0) }
}

/// Returns where a node's data belongs on this platform; `None` when the user has no home directory.
#[must_use]
pub fn default_data_dir(spec: &ChainSpec, port: u16) -> Option<PathBuf> {
    let data = directories::BaseDirs::new()?.data_local_dir().join("ironchain");
    Some(data.join(spec.name()).join(port.to_string()))
}
