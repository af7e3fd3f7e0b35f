//! Figures, measured and never asserted: machines are shared and noisy.

use anyhow::Result;

use crate::run::{cargo, run, target_dir};

/// Builds the programs and measures them.
pub(crate) fn bench() -> Result<()> {
    run("programs", &mut cargo(&["build", "--locked", "--release", "-p", "node", "-p", "client"]))?;
    let arguments = ["run", "--locked", "--release", "-p", "e2e", "--bin", "figures"];
    run("figures", cargo(&arguments).env("IRONCHAIN_NODE", target_dir().join("release/node")))
}
