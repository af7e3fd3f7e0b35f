//! Figures, measured and never asserted: machines are shared and noisy.

use anyhow::Result;
use clap::ValueEnum;

use crate::network;
use crate::run::{cargo, run, target_dir};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Sizes, memory, starts, and the page in a browser.
    Programs,
    /// Updates, memory, rebuilding and proofs of the tree over a million accounts, and proofs in a full block.
    StateTree,
    /// Validating a store from genesis, by stage.
    Check,
    /// Importing blocks with every index, and the store's size.
    Import,
    /// A full block whose transactions wait in the mempool, with one sender and with many.
    Apply,
    /// A reorg of 100 full blocks.
    Reorg,
    /// A start with 100,000 blocks on disk, and one with 1,000,000 accounts.
    Restart,
    /// How soon a miner works on a block from elsewhere.
    Switch,
    /// A node that copies the chain of another, against an import of the same blocks.
    Sync,
    /// How long an honest client waits for an answer, idle and under attack.
    Attack,
    /// The memory of a node with a hundred peers.
    Peers,
    /// How far a store grows that is written and read at the same time.
    Readers,
    /// How long a full block takes along a line of five nodes.
    Propagation,
}

/// Measures one part, or all; `blocks` is how many full blocks are checked, imported or copied.
pub(crate) fn bench(part: Option<Part>, blocks: Option<u32>) -> Result<()> {
    match part {
        None => Part::value_variants().iter().try_for_each(|part| measure(*part, blocks)),
        Some(part) => measure(part, blocks),
    }
}

fn measure(part: Part, blocks: Option<u32>) -> Result<()> {
    let chain = |part| chain(part, blocks);
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
        Part::Switch => chain("switch"),
        Part::Sync => chain("sync"),
        Part::Attack => chain("attack"),
        Part::Peers => chain("peers"),
        Part::Readers => chain("readers"),
        Part::Propagation => network::propagation(),
    }
}

fn programs() -> Result<()> {
    run("programs", &mut cargo(&["build", "--locked", "--release", "-p", "node", "-p", "client"]))?;
    let arguments = ["run", "--locked", "--release", "-p", "e2e", "--bin", "figures"];
    run("figures", cargo(&arguments).env("E2E_NODE", target_dir().join("release/node")))
}

/// Runs a part of the node's own figures.
fn chain(part: &str, blocks: Option<u32>) -> Result<()> {
    let arguments =
        ["bench", "--locked", "-p", "node", "--no-default-features", "--bench", "chain", "--", part];
    let blocks = blocks.map(|blocks| format!("--blocks={blocks}"));
    run(part, cargo(&arguments).args(blocks))
}
