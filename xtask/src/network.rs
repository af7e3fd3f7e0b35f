//! Real nodes in a network that is cut and mended.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::run::{cargo, command, run, target_dir};

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
            Stories::build(Profile::Dev)?.tell("demonstration", &["demo"])
        }
    }
}

/// Measures how long a full block takes along a line of nodes.
pub(crate) fn propagation() -> Result<()> {
    build_node()?;
    // Its payments are signed by the story itself, by the thousand.
    Stories::build(Profile::Release)?.tell("propagation", &["propagation"])
}

/// Plays so many schedules, from the first seed on, and a deep reorg.
pub(crate) fn schedules(first_seed: u64, count: u64) -> Result<Value> {
    build_node()?;
    let stories = Stories::build(Profile::Dev)?;
    stories.tell("deep reorg", &["deep-reorg"])?;
    for seed in first_seed..first_seed + count {
        stories.tell("schedule", &["schedule", "--seed", &seed.to_string()])?;
    }
    Ok(json!({ "first_seed": first_seed, "schedules": count, "deep_reorgs": 1, "failures": 0 }))
}

/// Builds the node without its page.
fn build_node() -> Result<()> {
    run("node", &mut cargo(&["build", "--locked", "--release", "-p", "node", "--no-default-features"]))
}

/// How a program is built.
#[derive(Debug, Clone, Copy)]
enum Profile {
    Dev,
    Release,
}

/// The program that starts nodes and cuts their links.
struct Stories(PathBuf);

impl Stories {
    /// Builds it as the native tests are built, so that they share what it needs.
    fn build(profile: Profile) -> Result<Self> {
        let arguments = ["build", "--locked", "--workspace", "--no-default-features", "--bin", "network"];
        let (folder, flag) = match profile {
            Profile::Dev => ("debug", None),
            Profile::Release => ("release", Some("--release")),
        };
        run("network", cargo(&arguments).args(flag))?;
        Ok(Self(target_dir().join(folder).join("network")))
    }

    fn tell(&self, name: &str, story: &[&str]) -> Result<()> {
        run(name, command(&self.0, story).env("E2E_NODE", target_dir().join("release/node")))
    }
}
