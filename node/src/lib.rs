//! Ironchain's node: the chain and its store, the mempool, the API and the miner (`ARCHITECTURE.md`).

pub mod api;
pub mod chain;
pub mod cli;
pub mod clock;
pub mod config;
pub mod console;
pub mod headers;
pub mod mempool;
pub mod miner;
pub mod network;
mod node;
pub mod offline;
mod page;
pub mod peer_file;
pub mod peers;
pub mod rate;
pub mod store;
pub mod sync;
pub mod verifier;
pub mod wire;
pub mod words;

pub use self::config::Config;
pub use self::node::{NodeError, OpenNode, RunningNode, StartError, open, start};
