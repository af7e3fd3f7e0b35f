//! Measures what a user notices, with the release programs, and prints a table. Nothing is asserted: machines differ.

#![allow(clippy::print_stdout, reason = "a tool for the terminal")]

mod node;
mod page;
mod table;

use anyhow::Result;
use e2e::browser::with_browser;
use e2e::chain;
use shared::address::Address;
use shared::spec::ChainSpec;

use self::table::Table;

/// How long the chain of the second start is.
const BLOCKS: u64 = 1_000;
/// How often what varies is measured.
const RUNS: usize = 20;

#[tokio::main]
async fn main() -> Result<()> {
    let mut table = Table::default();
    let folder = tempfile::tempdir()?;
    node::sizes(&mut table, &folder.path().join("empty"))?;
    node::start_and_memory(&mut table, 0, &folder.path().join("empty"))?;
    let long = folder.path().join("long");
    chain::build(&long, ChainSpec::dev(), (0..BLOCKS).map(|_| Address::default())).await?;
    node::start_and_memory(&mut table, BLOCKS, &long)?;
    with_browser(async |browser| page::measure(&mut table, browser, &long).await).await?;
    println!("\n{table}");
    Ok(())
}
