//! Figures, measured and never asserted: machines are shared and noisy.

use anyhow::Result;
use clap::ValueEnum;

use crate::run::{cargo, run, target_dir};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Sizes, memory and the page.
    Programs,
    /// Updates, memory and rebuilding of the tree over a million accounts.
    StateTree,
}

/// Measures one part, or all.
pub(crate) fn bench(part: Option<Part>) -> Result<()> {
    if part.is_none_or(|part| part == Part::StateTree) {
        run("state tree", &mut cargo(&["bench", "--locked", "-p", "shared", "--bench", "state_tree"]))?;
    }
    if part.is_none_or(|part| part == Part::Programs) {
        programs()?;
    }
    Ok(())
}

fn programs() -> Result<()> {
    run("programs", &mut cargo(&["build", "--locked", "--release", "-p", "node", "-p", "client"]))?;
    let arguments = ["run", "--locked", "--release", "-p", "e2e", "--bin", "figures"];
    run("figures", cargo(&arguments).env("IRONCHAIN_NODE", target_dir().join("release/node")))
}
