//! The messages between wallet and node (`docs/protocol.md`, section 9), typed once for both ends.
//!
//! [`Request`] is what a client may ask, [`views`] is what it gets; [`rpc`] and [`tutorial`] are the two envelopes.
//! A server reads a frame with [`Incoming::parse`] and answers each [`Call`] in the envelope that it came in.

mod incoming;
mod json;
mod request;
pub mod rpc;
pub mod tutorial;
pub mod views;

/// The version of the protocol that this software speaks. A node says its own in [`views::InfoView::protocol`].
pub const PROTOCOL: u32 = 1;

pub use incoming::{Call, Incoming, MAX_BATCH};
pub use json::{MAX_DEPTH, MAX_MESSAGE_BYTES, ShapeError};
pub use request::{
    MAX_BAN_SECONDS, MAX_HEADERS, MAX_MINING_THREADS, MAX_PAGE, ParamsError, Request, Token, Topic,
};
