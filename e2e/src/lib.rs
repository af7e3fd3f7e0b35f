//! What the end-to-end tests stand on: the real programs as processes, and a real browser.
//!
//! `cargo xtask test end-to-end` builds the programs and says in the environment where they are.

pub mod api;
pub mod browser;
pub mod chain;
pub mod copy;
pub mod lan;
pub mod liar;
pub mod node;
pub mod output;
pub mod page;
pub mod pair;
pub mod wallet;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// How long anything may take before a test gives up. Generous, because machines are shared, and longer than the minute
/// after which a node dials again: it tells a slow machine from a story that does not go on, and measures nothing.
pub const LIVENESS: Duration = Duration::from_mins(2);

/// Returns what `cargo xtask` says in the environment variable `name`.
///
/// # Errors
/// When it says nothing.
pub fn setting(name: &str) -> Result<OsString> {
    std::env::var_os(name)
        .with_context(|| format!("{name} is not set; run these tests with `cargo xtask test end-to-end`"))
}

/// Returns the workspace's root.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
