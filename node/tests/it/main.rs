//! Tests of the node's parts together: real threads, real stores in temporary directories, a clock set by hand.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly, and its helpers are not known as tests")]
#![allow(clippy::print_stdout, reason = "long runs tell their figures, and one test speaks to its parent")]

mod api;
mod blocks;
mod chain;
#[cfg(unix)]
mod cli;
mod crash;
mod damage;
mod disk;
mod forks;
#[cfg(unix)]
mod full_disk;
#[cfg(unix)]
mod kill;
mod memory;
mod mempool;
mod mining;
mod network;
mod offline;
#[cfg(unix)]
mod process;
mod reorg;
#[cfg(unix)]
mod shutdown;
mod simulation;
mod store;
mod support;
#[cfg(unix)]
mod system;
mod templates;
