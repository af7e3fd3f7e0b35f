//! Pictures of the page, for people to look at.

use anyhow::Result;

use crate::run::{cargo, run, target_dir};
use crate::setup::{may_install, setup};

/// Builds the node and takes the pictures into `target/screenshots`.
pub(crate) fn screenshots() -> Result<()> {
    if may_install() {
        setup()?;
    }
    run("node", &mut cargo(&["build", "--locked", "--release", "-p", "node"]))?;
    let folder = target_dir().join("screenshots");
    let folder = folder.to_string_lossy();
    let arguments = ["run", "--locked", "-p", "e2e", "--bin", "screenshots", "--", &folder];
    run("screenshots", cargo(&arguments).env("E2E_NODE", target_dir().join("release/node")))
}
