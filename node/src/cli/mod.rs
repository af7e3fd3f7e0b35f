//! The command line, the environment and the configuration file: what can be said, and its translation into a
//! [`Config`].

mod error;
mod limits;
mod settings;

use std::io::{self, Write as _};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use libp2p::Multiaddr;
use shared::address::{Address, is_secret_typed};
use shared::spec::ChainSpec;
use tracing_subscriber::EnvFilter;

pub use self::error::CliError;
use self::settings::{Settings, parse_port};
use crate::api::ApiConfig;
use crate::chain::Options;
use crate::config::{self, Config, DEFAULT_HOST, DEFAULT_PORT, default_p2p_port};
use crate::network::{NetworkConfig, PeerName};
use crate::page;
use crate::peers::PeerLimits;

const MORE_HELP: &str = "\
The command line counts first, then the environment (IRONCHAIN_...), then the configuration file.
That is TOML with the names above, without the dashes before them, and a table [limits] of how much
the node takes on: docs/examples/node.toml has them all.

Examples:
  node                          main chain, wallet at http://127.0.0.1:1111/
  node 1112                     the same on another port, with a store of its own
  node 1112 127.0.0.1:1111      join that node: copy its chain, then mine with it
  node --chain dev              a chain for trying things: a block every two seconds
  node --chain class.toml       a chain of your own
  node --miner iron1...         mine for an address that you have
  node --threads 0              follow the chain without mining
  node words                    make the words of a new wallet
  node check                    validate the stored chain from its first block on
  node export chain.blocks      write it to a file
  node import chain.blocks 1112 take it into the store of a node on another port";

/// A node of Ironchain: keeps the chain, mines, and serves the wallet page.
#[derive(Debug, Parser)]
#[command(
    name = "node",
    version,
    long_version = long_version(),
    override_usage = "node [PORT] [PEER] [OPTIONS]\n       node <COMMAND>",
    after_help = MORE_HELP,
    args_conflicts_with_subcommands = true,
    args_override_self = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<CliCommand>,
    #[command(flatten)]
    settings: Settings,
}

/// What anybody needs to tell two builds apart.
fn long_version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let page = page::program_sha256().map_or_else(|| "none".to_owned(), |hash| format!("SHA-256 {hash}"));
        format!("{}\nprogram of the wallet page: {page}", env!("CARGO_PKG_VERSION"))
    });
    &TEXT
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
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
}

/// A store that no node is running on.
#[derive(Debug, Args)]
struct StoreArgs {
    /// The port of the node that the store belongs to
    #[arg(value_name = "PORT", env = "IRONCHAIN_PORT", hide_env_values = true, default_value_t = DEFAULT_PORT, value_parser = parse_port)]
    port: u16,
    /// Where the chain is stored [default: ironchain/CHAIN/PORT in the platform's data directory]
    #[arg(long, value_name = "DIR", env = "IRONCHAIN_DATA_DIR", hide_env_values = true)]
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

/// What was asked for.
#[derive(Debug)]
pub enum Task {
    /// Make words and end.
    Words(Arc<ChainSpec>),
    /// Print what a shell needs to complete this program's commands, and end.
    Completions(Shell),
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
    pub log: Log,
}

/// What is logged, and how.
#[derive(Debug)]
pub struct Log {
    /// What.
    pub filter: EnvFilter,
    /// One JSON object a line, for machines; what people would read on standard output is among them.
    pub is_json: bool,
}

/// Refuses a command line or an environment that holds a private key or its words, before a parser can repeat them
/// in a message.
///
/// # Errors
/// [`CliError::PrivateKey`].
pub fn refuse_secrets() -> Result<(), CliError> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let arguments: Vec<String> = std::env::args_os().skip(1).map(text).collect();
    // Of the variables that the parser reads; others may begin alike and say anything.
    let command = Cli::command();
    let variables: Vec<String> = command
        .get_arguments()
        .filter_map(|argument| Some((argument.get_long()?, std::env::var_os(argument.get_env()?)?)))
        .map(|(option, value)| format!("--{option}={}", text(value)))
        .collect();
    let is_secret = |typed: &[String]| is_secret_typed(typed, &Settings::PATHS);
    if is_secret(&arguments) || is_secret(&variables) { Err(CliError::PrivateKey) } else { Ok(()) }
}

/// Prints a completion script.
///
/// # Errors
/// When nobody takes it.
pub fn print_completions(shell: Shell) -> io::Result<()> {
    // Writing to a pipe that is closed would panic in there.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "node", &mut script);
    let mut output = io::stdout();
    output.write_all(&script)?;
    output.flush()
}

impl Cli {
    /// Checks what was said.
    ///
    /// # Errors
    /// The first thing that makes no sense.
    pub fn into_task(self) -> Result<Task, CliError> {
        let spec = || find_chain(self.settings.chain.as_deref());
        match self.command {
            Some(CliCommand::Words) => Ok(Task::Words(spec()?)),
            Some(CliCommand::Check(store)) => Ok(Task::Check(store.into_task(spec()?)?)),
            Some(CliCommand::Export(FileArgs { file, store })) => {
                Ok(Task::Export(store.into_task(spec()?)?, file))
            }
            Some(CliCommand::Import(FileArgs { file, store })) => {
                Ok(Task::Import(store.into_task(spec()?)?, file))
            }
            Some(CliCommand::Completions { shell }) => Ok(Task::Completions(shell)),
            None => {
                let file =
                    self.settings.config.as_deref().map(Settings::read).transpose()?.unwrap_or_default();
                self.settings.or(file).into_run().map(|run| Task::Run(Box::new(run)))
            }
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

impl Settings {
    fn into_run(self) -> Result<Run, CliError> {
        let spec = find_chain(self.chain.as_deref())?;
        let log = parse_log(self.log.as_deref().unwrap_or("warn"))?;
        let prefix = &spec.rules().address_prefix;
        let miner = self.miner.map(|text| Address::parse_any(text.trim(), prefix)).transpose();
        let miner = miner.map_err(CliError::Miner)?;
        let port = self.port.unwrap_or(DEFAULT_PORT);
        let data_dir = data_dir(self.data_dir, &spec, port)?;
        let hash_limit = match self.hash_limit {
            Some(limit) => NonZeroU64::new(limit),
            None => config::default_hash_limit(&spec),
        };
        let threads = self.threads.map_or_else(default_threads, usize::from);
        let host = self.host.unwrap_or_else(|| DEFAULT_HOST.to_owned());
        let (mut api, mut chain) = (ApiConfig::new(&host), Options::default());
        for name in self.allow_host {
            if name.is_empty() || name.contains(|c: char| c.is_whitespace() || matches!(c, '/' | ':')) {
                return Err(CliError::AllowHost { name });
            }
            api.hosts.push(name);
        }
        for origin in self.allow_origin {
            api.origins.push(parse_origin(origin)?);
        }
        let mut peer_limits = PeerLimits::default();
        self.limits.apply(&mut api, &mut chain.mempool, &mut peer_limits);
        let network = NetworkConfig {
            port: self.p2p_port.unwrap_or_else(|| default_p2p_port(port)),
            or_any_port: self.p2p_port.is_none(),
            peers: self.join.into_iter().chain(self.peer).map(parse_peer).collect::<Result<_, _>>()?,
            announce: self.announce.into_iter().map(parse_announced).collect::<Result<_, _>>()?,
            discover: self.discover,
            limits: peer_limits,
        };
        let config = Config { spec, host, port, data_dir, miner, threads, hash_limit, api, chain, network };
        Ok(Run { config, log })
    }
}

/// Returns the built-in chain of a name, or the chain that a file describes.
fn find_chain(name: Option<&str>) -> Result<Arc<ChainSpec>, CliError> {
    let name = name.unwrap_or("main");
    if let Some(spec) = ChainSpec::named(name) {
        return Ok(Arc::new(spec));
    }
    let text = std::fs::read_to_string(name)
        .map_err(|source| CliError::UnknownChain { name: name.to_owned(), source })?;
    let spec = ChainSpec::from_toml(&text);
    spec.map(Arc::new).map_err(|source| CliError::ChainFile { path: Path::new(name).to_owned(), source })
}

/// Reads a filter; the word `json` in it is about the form.
fn parse_log(text: &str) -> Result<Log, CliError> {
    let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let filter = parts().filter(|part| *part != "json").collect::<Vec<_>>().join(",");
    if parts().next().is_none() {
        return Err(CliError::Log { reason: "it is empty".to_owned() });
    }
    let filter = if filter.is_empty() { "warn" } else { &filter };
    // What it warns of is seldom anything that an operator can change; we tell of what is.
    let filter = if filter.contains("libp2p") { filter.to_owned() } else { format!("libp2p=error,{filter}") };
    let is_json = parts().any(|part| part == "json");
    let filter = EnvFilter::builder().parse(filter);
    Ok(Log { filter: filter.map_err(|error| CliError::Log { reason: error.to_string() })?, is_json })
}

/// Reads an origin as a browser sends it: scheme, name and perhaps port.
fn parse_origin(origin: String) -> Result<String, CliError> {
    let name = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let is_one =
        name.is_some_and(|name| !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '/'));
    if is_one { Ok(origin.to_ascii_lowercase()) } else { Err(CliError::AllowOrigin { origin }) }
}

fn parse_peer(name: String) -> Result<PeerName, CliError> {
    name.parse().map_err(|error| CliError::Peer { name, error })
}

fn parse_announced(address: String) -> Result<Multiaddr, CliError> {
    // A node is dialled there by whoever hears of it, so it is an address as a peer's is.
    match address.parse::<PeerName>() {
        Ok(PeerName::Peer { .. }) => address.trim().parse().or(Err(CliError::Announce { address })),
        Ok(PeerName::Api { .. }) | Err(_) => Err(CliError::Announce { address }),
    }
}

/// Half of the processor's threads, so that the computer stays pleasant to use; at least one.
fn default_threads() -> usize {
    (std::thread::available_parallelism().map_or(1, usize::from) / 2).max(1)
}

#[cfg(test)]
mod tests;
