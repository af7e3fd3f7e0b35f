//! Ironchain's types, codec, keys, consensus rules and messages.
//!
//! Everything here is a pure function of its arguments: no clock, no randomness (entropy is passed in), no files,
//! no sockets, no logging, no hash-map order and no floats. So the node, the wallet page and every test reach the
//! same verdict from the same bytes, natively and in WASM. The bytes and rules are described in `docs/protocol.md`;
//! each module names the section that it implements.

#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::pedantic, clippy::expect_used)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::panic,
    clippy::unreachable,
    clippy::host_endian_bytes,
    clippy::default_numeric_fallback,
    clippy::wildcard_enum_match_arm
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::default_numeric_fallback,
        clippy::expect_used,
        clippy::panic,
        clippy::string_slice,
        clippy::wildcard_enum_match_arm,
        reason = "a test may fail loudly"
    )
)]
#![allow(
    clippy::module_name_repetitions,
    reason = "`BlockHash` says more than `block::Hash` where it is used"
)]

pub mod address;
pub mod api;
pub mod block;
pub mod chain_root;
pub mod codec;
pub mod consensus;
pub mod hash;
pub mod keys;
pub mod ledger;
pub mod merkle;
pub mod pow;
pub mod signature;
pub mod spec;
pub mod state;
pub mod state_tree;
pub mod transaction;
pub mod words;

#[cfg(test)]
mod tests;
