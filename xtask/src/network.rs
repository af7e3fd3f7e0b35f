//! Real nodes in a network that is cut and mended.

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::run::{cargo, run, target_dir};

/// Something to look at.
#[derive(Debug, Subcommand)]
pub(crate) enum Demo {
    /// Starts three nodes on this computer, with a page each, whose links you cut and heal: confirmations fall,
    /// payments wait again, and return.
    Network,
}

/// Shows it.
pub(crate) fn demo(demo: &Demo) -> Result<()> {
    match demo {
        Demo::Network => {
            run("node", &mut cargo(&["build", "--locked", "--release", "-p", "node"]))?;
            tell("demonstration", &[], &["demo"])
        }
    }
}

/// Measures how long a full block takes along a line of nodes.
pub(crate) fn propagation() -> Result<()> {
    build_node()?;
    // Its payments are signed by the story itself, by the thousand.
    tell("propagation", &["--release"], &["propagation"])
}

/// Plays so many schedules, from the first seed on, and a deep reorg.
pub(crate) fn schedules(first_seed: u64, count: u64) -> Result<Value> {
    build_node()?;
    tell("deep reorg", &[], &["deep-reorg"])?;
    for seed in first_seed..first_seed + count {
        tell("schedule", &[], &["schedule", "--seed", &seed.to_string()])?;
    }
    Ok(json!({ "first_seed": first_seed, "schedules": count, "deep_reorgs": 1, "failures": 0 }))
}

/// Builds the node without its page.
fn build_node() -> Result<()> {
    run("node", &mut cargo(&["build", "--locked", "--release", "-p", "node", "--no-default-features"]))
}

fn tell(name: &str, flags: &[&str], story: &[&str]) -> Result<()> {
    let arguments = [&["run", "--locked", "-p", "e2e", "--bin", "network"], flags, &["--"], story].concat();
    run(name, cargo(&arguments).env("E2E_NODE", target_dir().join("release/node")))
}
