//! Drives the real program through its standard input, without a node and against real ones.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly, also in what its functions share")]

mod chain_file;
mod history;
mod input;
mod payment;
mod story;
mod support;
mod wallet;
mod watch;
