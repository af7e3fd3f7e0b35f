//! What can be wrong with what was said, in words for the operator.

use std::io;
use std::path::PathBuf;

use shared::address::AddressError;
use shared::spec::ChainFileError;

use crate::network::PeerNameError;

/// Something that was typed makes no sense. It never repeats what may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// No such chain.
    #[error(
        "there is no chain {name:?}: this program knows main and dev, and no chain file can be read there: {source}"
    )]
    UnknownChain {
        /// What was typed.
        name: String,
        /// Why it cannot be read as a file.
        source: io::Error,
    },
    /// The chain file describes no chain.
    #[error("the chain file {} cannot be used: {source}", path.display())]
    ChainFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ChainFileError,
    },
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {}: {source}; check its name and whether you may read it", path.display())]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The configuration file makes no sense.
    #[error("the configuration file {}, line {line}: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What the parser said.
        reason: String,
    },
    /// The configuration file holds a private key or its words, and more is wrong with it.
    #[error("the configuration file {} holds a private key or its words: take them out, the node needs no key", path.display())]
    ConfigSecret {
        /// The file.
        path: PathBuf,
    },
    /// `--miner` is not an address of the chain.
    #[error("--miner: {0}")]
    Miner(AddressError),
    /// A private key or its words stand somewhere in the command line or the environment.
    #[error(
        "a private key or its words were given on the command line or in the environment, where other programs can \
         read them and the shell may keep them; remove them from its history, and pass an address to --miner instead"
    )]
    PrivateKey,
    /// `--allow-host` is no name.
    #[error("--allow-host {name:?}: give the name alone, like wallet.example.org, without http:// and port")]
    AllowHost {
        /// What was typed.
        name: String,
    },
    /// A peer is named in no way that we know.
    #[error("the peer {name:?}: {error}")]
    Peer {
        /// What was typed.
        name: String,
        /// What is wrong with it.
        error: PeerNameError,
    },
    /// `--announce` is no address.
    #[error(
        "--announce {address:?}: give a host and a TCP port as /ip4/203.0.113.5/tcp/11111 or /dns4/node.example.org/tcp/11111"
    )]
    Announce {
        /// What was typed.
        address: String,
    },
    /// `--allow-origin` is no origin.
    #[error(
        "--allow-origin {origin:?}: give scheme and name as browsers do, like https://wallet.example.org, without a path"
    )]
    AllowOrigin {
        /// What was typed.
        origin: String,
    },
    /// There is no place for the store.
    #[error("cannot find your home directory to keep the chain in; say where with --data-dir DIR")]
    NoHome,
    /// `--log` is not a filter.
    #[error("--log: {reason}; use error, warn, info, debug or trace, a filter like node=debug,warn, or json")]
    Log {
        /// What the parser said.
        reason: String,
    },
}
