//! Several nodes as real processes in a network that is cut and mended: what must hold when it is whole again, and a
//! demonstration for people. `cargo xtask` starts it.

#![allow(clippy::print_stdout, reason = "a tool for the terminal")]

mod deep;
mod demo;
mod meeting;
mod payments;
mod propagation;
mod random;
mod schedule;
mod team;

use anyhow::{Context as _, Result};
use clap::Parser;
use e2e::lan;

/// Real nodes in a network that is cut and mended.
#[derive(Debug, Parser)]
enum Story {
    /// Plays one schedule of cuts, kills and payments.
    Schedule {
        /// Decides everything that is left to chance.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Starts three nodes whose links you can cut.
    Demo,
    /// Measures how long a full block takes along a line of nodes.
    Propagation,
    /// Joins two halves that have mined more than a hundred blocks apart.
    DeepReorg,
    /// Lets two nodes find each other, and one ban the other.
    Meeting,
}

fn main() -> Result<()> {
    let story = Story::parse();
    // A browser must reach the pages of the demonstration.
    if !matches!(story, Story::Demo) {
        lan::enter()?;
    }
    match story {
        Story::Demo => demo::show(),
        Story::Schedule { seed } => {
            println!("seed {seed}");
            schedule::play(seed).with_context(|| format!("the schedule of seed {seed} failed"))
        }
        Story::Propagation => propagation::measure(),
        Story::DeepReorg => deep::play(),
        Story::Meeting => meeting::play(),
    }
}
