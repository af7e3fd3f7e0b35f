//! The wallet's core: keystore, vault and the session with a node, without a user interface.
//!
//! Everything but `js` is plain Rust without clocks, sockets or randomness of its own, so that it runs and is tested
//! natively; `js` drives it inside a web worker. The page and the worker speak [`protocol`]. A private key never
//! leaves [`vault`].

#![warn(missing_docs)]

pub mod engine;
pub mod entropy;
pub mod error;
#[cfg(target_arch = "wasm32")]
pub mod js;
pub mod keystore;
pub mod node_address;
pub mod payment;
pub mod protocol;
pub mod session;
pub mod vault;

pub use error::WalletError;

#[cfg(test)]
mod tests;
