//! The wallet page without a node.

use anyhow::Result;

use crate::run::{cargo, run};

/// Builds `web/pkg`. A program of its own does it, so that no other chore waits for what it is made of.
pub(crate) fn page() -> Result<()> {
    run("page", &mut cargo(&["run", "--quiet", "--locked", "-p", "page-builder"]))
}
