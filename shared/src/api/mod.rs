//! The messages between wallet and node (`docs/protocol.md`, section 9), typed once for both ends.
//!
//! [`Request`] is what a client may ask, [`views`] is what it gets, [`rpc`] and [`tutorial`] are the two envelopes.

mod request;
pub mod rpc;
pub mod tutorial;
pub mod views;

pub use request::{ParamsError, Request, Topic};
