//! What a node can be told, as it is written: one list for the command line, the environment and the configuration
//! file, so that all three know the same names.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand as _};
use serde::Deserialize;
use shared::address::is_secret_typed;
use shared::api::MAX_MINING_THREADS;

use super::limits::{LimitSettings, within};
use super::{CliCommand, CliError};

/// Every setting; what is not given is `None` or empty.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Settings {
    /// The port of the wallet page; 0 for any free one [default: 1111]
    #[arg(value_name = "PORT", env = "IRONCHAIN_PORT", hide_env_values = true, value_parser = parse_port)]
    #[serde(deserialize_with = "within::<_, _, 0, 65_535>")]
    pub(super) port: Option<u16>,
    /// A node to join: the address of its wallet page, like 127.0.0.1:1111, or its peer address
    #[arg(value_name = "PEER")]
    #[serde(skip)]
    pub(super) join: Option<String>,
    /// A file with settings, in TOML
    #[arg(long, value_name = "FILE", env = "IRONCHAIN_CONFIG", hide_env_values = true)]
    #[serde(skip)]
    pub(super) config: Option<PathBuf>,
    /// The chain to follow: main, dev, or a file that describes one [default: main]
    #[arg(long, value_name = "CHAIN", env = "IRONCHAIN_CHAIN", hide_env_values = true, global = true)]
    pub(super) chain: Option<String>,
    /// The interface to serve on; 0.0.0.0 lets other computers in [default: 127.0.0.1]
    #[arg(long, value_name = "HOST", env = "IRONCHAIN_HOST", hide_env_values = true)]
    pub(super) host: Option<String>,
    /// Who earns the rewards; remembered for the next start [default: the remembered one, else new words are made]
    // A private key may begin with dashes, and must reach our own check to be refused without being shown.
    #[arg(hide_env_values = true)]
    #[arg(long, value_name = "ADDRESS", env = "IRONCHAIN_MINER", allow_hyphen_values = true)]
    pub(super) miner: Option<String>,
    /// How many threads mine, at low priority; 0 for none [default: half of the processor's]
    #[arg(long, value_name = "N", env = "IRONCHAIN_THREADS", hide_env_values = true, value_parser = parse_threads)]
    #[serde(deserialize_with = "within::<_, _, 0, MAX_MINING_THREADS>")]
    pub(super) threads: Option<u16>,
    /// The most hashes per second of all threads; 0 for no limit [default: 100000 on dev, no limit elsewhere]
    #[arg(long, value_name = "N", env = "IRONCHAIN_HASH_LIMIT", hide_env_values = true, value_parser = parse_hash_limit)]
    #[serde(deserialize_with = "within::<_, _, 0, 9_007_199_254_740_991>")]
    pub(super) hash_limit: Option<u64>,
    /// Where the chain is stored [default: ironchain/CHAIN/PORT in the platform's data directory]
    #[arg(long, value_name = "DIR", env = "IRONCHAIN_DATA_DIR", hide_env_values = true)]
    pub(super) data_dir: Option<PathBuf>,
    /// Another name by which browsers may reach this node; may be given several times
    #[arg(hide_env_values = true)]
    #[arg(long, value_name = "NAME", env = "IRONCHAIN_ALLOW_HOST", value_delimiter = ',')]
    pub(super) allow_host: Vec<String>,
    /// The origin of another page that may talk to this node, like https://example.org; several times as well
    #[arg(hide_env_values = true)]
    #[arg(long, value_name = "ORIGIN", env = "IRONCHAIN_ALLOW_ORIGIN", value_delimiter = ',')]
    pub(super) allow_origin: Vec<String>,
    /// Another node to join, named like PEER; may be given several times
    #[arg(hide_env_values = true)]
    #[arg(long, value_name = "PEER", env = "IRONCHAIN_PEER", value_delimiter = ',')]
    pub(super) peer: Vec<String>,
    /// The port for other nodes; 0 for any free one [default: PORT + 10000]
    #[arg(long, value_name = "PORT", env = "IRONCHAIN_P2P_PORT", hide_env_values = true, value_parser = parse_port)]
    #[serde(deserialize_with = "within::<_, _, 0, 65_535>")]
    pub(super) p2p_port: Option<u16>,
    /// An address at which others can dial this node, like /ip4/203.0.113.5/tcp/11111; several times as
    /// well; a host name, as in /dns4/node.example.org/tcp/11111, is looked up at the start
    #[arg(hide_env_values = true)]
    #[arg(long, value_name = "ADDRESS", env = "IRONCHAIN_ANNOUNCE", value_delimiter = ',')]
    pub(super) announce: Vec<String>,
    /// Look for nodes of the local network (mDNS), and be found there if --host lets other computers in
    #[arg(long, env = "IRONCHAIN_DISCOVER", hide_env_values = true)]
    pub(super) discover: bool,
    /// What to log on standard error: error, warn, info, debug, trace, or a filter like node=debug,warn; with json
    /// among them, everything is logged as one JSON object a line [default: warn]
    #[arg(long, value_name = "LEVEL", env = "IRONCHAIN_LOG", hide_env_values = true)]
    pub(super) log: Option<String>,
    /// How much a node takes on; in the file alone.
    #[arg(skip)]
    pub(super) limits: LimitSettings,
}

impl Settings {
    /// The options that take a path, which may be made of any words.
    pub(super) const PATHS: [&str; 3] = ["--config", "--data-dir", "--chain"];

    /// Reads a configuration file.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let shown = || path.to_owned();
        let text =
            std::fs::read_to_string(path).map_err(|source| CliError::ConfigFile { path: shown(), source })?;
        toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            // The parser may repeat what it read.
            let values: Vec<String> = text.split(['"', '\'', '\n', '=']).map(str::to_owned).collect();
            if is_secret_typed(&values, &[]) {
                return CliError::ConfigSecret { path: shown() };
            }
            CliError::Config { path: shown(), line, reason: error.message().to_owned() }
        })
    }

    /// Fills in what was not given from `other`.
    pub(super) fn or(self, other: Self) -> Self {
        let or = |own: Vec<String>, other| if own.is_empty() { other } else { own };
        Self {
            port: self.port.or(other.port),
            join: self.join,
            config: None,
            chain: self.chain.or(other.chain),
            host: self.host.or(other.host),
            miner: self.miner.or(other.miner),
            threads: self.threads.or(other.threads),
            hash_limit: self.hash_limit.or(other.hash_limit),
            data_dir: self.data_dir.or(other.data_dir),
            allow_host: or(self.allow_host, other.allow_host),
            allow_origin: or(self.allow_origin, other.allow_origin),
            peer: or(self.peer, other.peer),
            p2p_port: self.p2p_port.or(other.p2p_port),
            announce: or(self.announce, other.announce),
            discover: self.discover || other.discover,
            log: self.log.or(other.log),
            limits: other.limits,
        }
    }
}

pub(super) fn parse_port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_error| {
        if CliCommand::has_subcommand(text) {
            "a command comes first and its options after it, for example: node check --chain dev"
        } else {
            "expected a port number from 1 to 65535, or 0 for any free port"
        }
    })
}

fn parse_threads(text: &str) -> Result<u16, String> {
    let threads = text.parse().ok().filter(|threads| u64::from(*threads) <= MAX_MINING_THREADS);
    threads
        .ok_or_else(|| format!("expected a number of threads from 0 to {MAX_MINING_THREADS}, for example 2"))
}

fn parse_hash_limit(text: &str) -> Result<u64, &'static str> {
    text.parse()
        .or(Err("expected a whole number of hashes per second, for example 1000000, or 0 for no limit"))
}
