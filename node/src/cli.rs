//! The command line: what can be typed, and its translation into a [`Config`].

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use shared::address::{Address, AddressError};
use shared::spec::ChainSpec;
use tracing_subscriber::EnvFilter;

use crate::config::{self, Config, DEFAULT_HOST, DEFAULT_PORT};

const EXAMPLES: &str = "\
Examples:
  node                          main chain, wallet at http://127.0.0.1:1111/
  node 1112                     the same on another port, with a store of its own
  node --chain dev              a chain for trying things: a block every two seconds
  node --miner iron1...         mine for an address that you have
  node --threads 0              follow the chain without mining
  node words                    make the words of a new wallet
  node check                    validate the stored chain from its first block on
  node export chain.blocks      write it to a file
  node import chain.blocks 1112 take it into the store of a node on another port";

/// A node of Ironchain: keeps the chain, mines, and serves the wallet page.
#[derive(Debug, Parser)]
#[command(name = "node", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<CliCommand>,
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Make the 24 words of a new wallet, show them once with their address, and end
    Words,
    /// Validate a stored chain from its first block on, by every rule
    Check(StoreArgs),
    /// Write a stored chain's blocks to a file; one that was begun before is continued
    Export(FileArgs),
    /// Take the blocks of a file into a store, by every rule; those that it has already are skipped
    Import(FileArgs),
}

/// A store that no node is running on.
#[derive(Debug, Args)]
struct StoreArgs {
    /// The port of the node that the store belongs to
    #[arg(value_name = "PORT", default_value_t = DEFAULT_PORT, value_parser = parse_port)]
    port: u16,
    /// Where the chain is stored [default: ironchain/CHAIN/PORT in the platform's data directory]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct FileArgs {
    /// The file of blocks
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
struct ChainArgs {
    /// The chain to follow: main or dev
    #[arg(long, value_name = "CHAIN", default_value = "main", global = true)]
    chain: String,
}

#[derive(Debug, Args)]
struct NodeArgs {
    /// The port of the wallet page; 0 for any free one
    #[arg(value_name = "PORT", default_value_t = DEFAULT_PORT, value_parser = parse_port)]
    port: u16,
    /// The interface to serve on; 0.0.0.0 lets other computers in
    #[arg(long, value_name = "HOST", default_value = DEFAULT_HOST)]
    host: String,
    /// Who earns the rewards; remembered for the next start [default: the remembered one, else new words are made]
    // A private key may begin with dashes, and must reach our own check to be refused without being shown.
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    miner: Option<String>,
    /// How many threads mine, at low priority; 0 for none [default: half of the processor's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(..=1024))]
    threads: Option<u16>,
    /// The most hashes per second of all threads; 0 for no limit [default: 100000 on dev, no limit elsewhere]
    #[arg(long, value_name = "N")]
    hash_limit: Option<u64>,
    /// Where the chain is stored [default: ironchain/CHAIN/PORT in the platform's data directory]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// What to log on standard error: error, warn, info, debug, trace, or a filter like node=debug,warn
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: String,
}

/// What was asked for.
#[derive(Debug)]
pub enum Task {
    /// Make words and end.
    Words(Arc<ChainSpec>),
    /// Run a node.
    Run(Box<Run>),
    /// Validate a store.
    Check(StoreTask),
    /// Write a store's blocks to a file.
    Export(StoreTask, PathBuf),
    /// Take a file's blocks into a store.
    Import(StoreTask, PathBuf),
}

/// A store to work on.
#[derive(Debug)]
pub struct StoreTask {
    /// Its chain.
    pub spec: Arc<ChainSpec>,
    /// Its directory.
    pub data_dir: PathBuf,
}

/// A node to run.
#[derive(Debug)]
pub struct Run {
    /// How it runs.
    pub config: Config,
    /// What it logs.
    pub log: EnvFilter,
}

/// Something that was typed makes no sense. It never repeats what may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// No such chain.
    #[error("there is no chain {name:?}; this program knows main and dev")]
    UnknownChain {
        /// What was typed.
        name: String,
    },
    /// `--miner` is not an address of the chain.
    #[error("--miner: {0}")]
    Miner(AddressError),
    /// A private key or its words stand somewhere in the command line.
    #[error(
        "a private key or its words were given on the command line, where other programs can read them and the shell \
         may keep them; remove them from its history, and pass an address to --miner instead"
    )]
    PrivateKey,
    /// There is no place for the store.
    #[error("cannot find your home directory to keep the chain in; say where with --data-dir DIR")]
    NoHome,
    /// `--log` is not a filter.
    #[error("--log: {reason}; use error, warn, info, debug or trace, or a filter like node=debug,warn")]
    Log {
        /// What the parser said.
        reason: String,
    },
}

/// Refuses a command line that holds a private key or its words, before a parser can repeat them in a message.
///
/// # Errors
/// [`CliError::PrivateKey`].
pub fn refuse_secrets(arguments: &[String]) -> Result<(), CliError> {
    let is_secret = |text: &str| Address::parse(text, "iron") == Err(AddressError::PrivateKey);
    // Words that were not quoted arrive one by one.
    let plain = |text: &&String| text.chars().all(char::is_alphabetic);
    let together = arguments.iter().filter(plain).map(String::as_str).collect::<Vec<_>>().join(" ");
    // A path may be made of any words, and no secret is typed there.
    let after = std::iter::once("").chain(arguments.iter().map(String::as_str));
    let mut values = arguments
        .iter()
        .zip(after)
        .filter(|(text, before)| *before != "--data-dir" && !text.starts_with("--data-dir="));
    if is_secret(&together) || values.any(|(text, _)| is_secret(text.trim_start_matches("--miner="))) {
        return Err(CliError::PrivateKey);
    }
    Ok(())
}

impl Cli {
    /// Checks what was typed.
    ///
    /// # Errors
    /// The first thing that makes no sense.
    pub fn into_task(self) -> Result<Task, CliError> {
        let name = self.chain.chain;
        let spec = ChainSpec::named(&name).map(Arc::new).ok_or(CliError::UnknownChain { name })?;
        match self.command {
            Some(CliCommand::Words) => Ok(Task::Words(spec)),
            Some(CliCommand::Check(store)) => Ok(Task::Check(store.into_task(spec)?)),
            Some(CliCommand::Export(FileArgs { file, store })) => {
                Ok(Task::Export(store.into_task(spec)?, file))
            }
            Some(CliCommand::Import(FileArgs { file, store })) => {
                Ok(Task::Import(store.into_task(spec)?, file))
            }
            None => self.node.into_task(spec),
        }
    }
}

impl StoreArgs {
    fn into_task(self, spec: Arc<ChainSpec>) -> Result<StoreTask, CliError> {
        let data_dir = data_dir(self.data_dir, &spec, self.port)?;
        Ok(StoreTask { spec, data_dir })
    }
}

fn data_dir(given: Option<PathBuf>, spec: &ChainSpec, port: u16) -> Result<PathBuf, CliError> {
    given.or_else(|| config::default_data_dir(spec, port)).ok_or(CliError::NoHome)
}

impl NodeArgs {
    fn into_task(self, spec: Arc<ChainSpec>) -> Result<Task, CliError> {
        let log = EnvFilter::builder()
            .parse(&self.log)
            .map_err(|error| CliError::Log { reason: error.to_string() })?;
        let prefix = &spec.rules().address_prefix;
        let miner = self.miner.map(|text| Address::parse_any(text.trim(), prefix)).transpose();
        let miner = miner.map_err(CliError::Miner)?;
        let data_dir = data_dir(self.data_dir, &spec, self.port)?;
        let hash_limit = match self.hash_limit {
            Some(limit) => NonZeroU64::new(limit),
            None => config::default_hash_limit(&spec),
        };
        let threads = self.threads.map_or_else(default_threads, usize::from);
        let config = Config { spec, host: self.host, port: self.port, data_dir, miner, threads, hash_limit };
        Ok(Task::Run(Box::new(Run { config, log })))
    }
}

/// Half of the processor's threads, so that the computer stays pleasant to use; at least one.
fn default_threads() -> usize {
    (std::thread::available_parallelism().map_or(1, usize::from) / 2).max(1)
}

fn parse_port(text: &str) -> Result<u16, &'static str> {
    text.parse().or(Err("expected a port number from 1 to 65535, or 0 for any free port"))
}
