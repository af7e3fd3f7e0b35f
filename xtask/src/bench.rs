//! Figures, measured and never asserted: machines are shared and noisy.

use anyhow::Result;
use clap::ValueEnum;

use crate::run::{cargo, run, target_dir};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Sizes, memory, starts, and the page in a browser.
    Programs,
    /// Updates, memory and rebuilding of the tree over a million accounts.
    StateTree,
    /// Validating a store from genesis, by stage.
    Check,
    /// Importing blocks with every index, and the store's size.
    Import,
    /// A full block whose transactions wait in the mempool, with one sender and with many.
    Apply,
    /// A reorg of 100 full blocks.
    Reorg,
    /// A start with 100,000 blocks on disk.
    Restart,
    /// A node that copies the chain of another, against an import of the same blocks.
    Sync,
    /// How long an honest client waits for an answer, idle and under attack.
    Attack,
}

/// Measures one part, or all.
pub(crate) fn bench(part: Option<Part>) -> Result<()> {
    match part {
        None => Part::value_variants().iter().try_for_each(|part| measure(*part)),
        Some(part) => measure(part),
    }
}

fn measure(part: Part) -> Result<()> {
    match part {
        Part::Programs => programs(),
        Part::StateTree => {
            run("state tree", &mut cargo(&["bench", "--locked", "-p", "shared", "--bench", "state_tree"]))
        }
        Part::Check => chain("check"),
        Part::Import => chain("import"),
        Part::Apply => chain("apply"),
        Part::Reorg => chain("reorg"),
        Part::Restart => chain("restart"),
        Part::Sync => chain("sync"),
        Part::Attack => chain("attack"),
    }
}

fn programs() -> Result<()> {
    run("programs", &mut cargo(&["build", "--locked", "--release", "-p", "node", "-p", "client"]))?;
    let arguments = ["run", "--locked", "--release", "-p", "e2e", "--bin", "figures"];
    run("figures", cargo(&arguments).env("E2E_NODE", target_dir().join("release/node")))
}

/// Runs a part of the node's own figures.
fn chain(part: &str) -> Result<()> {
    let arguments =
        ["bench", "--locked", "-p", "node", "--no-default-features", "--bench", "chain", "--", part];
    run(part, &mut cargo(&arguments))
}
