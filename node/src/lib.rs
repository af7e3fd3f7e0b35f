//! Ironchain's node: the chain and its store, the mempool, the API and the miner (`ARCHITECTURE.md`).

pub mod chain;
pub mod clock;
pub mod mempool;
pub mod store;
pub mod verifier;
