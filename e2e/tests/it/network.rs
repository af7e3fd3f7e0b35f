//! Several nodes in a network that is cut and mended; the stories are the program `network`'s.

use std::process::Command;

use anyhow::{Result, ensure};

fn tell(story: &[&str]) -> Result<()> {
    let status = Command::new(env!("CARGO_BIN_EXE_network")).args(story).status()?;
    ensure!(status.success(), "{story:?} ended with {status}");
    Ok(())
}

#[test]
fn seven_nodes_agree_after_cuts_and_kills() -> Result<()> {
    tell(&["schedule", "--seed", "1"])
}

#[test]
fn a_reorg_of_more_than_a_hundred_blocks() -> Result<()> {
    tell(&["deep-reorg"])
}

#[test]
fn two_nodes_meet_and_one_bans_the_other() -> Result<()> {
    tell(&["meeting"])
}
