//! Ironchain's chores, as `cargo xtask NAME`. Every command is shown before it runs, and every part's time after.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod bench;
mod check;
mod fuzz;
mod long;
mod moduli;
mod mutants;
mod network;
mod page;
mod reproducible;
mod run;
mod screenshots;
mod setup;
mod spread;
mod test;
mod tidy;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Chores of the Ironchain workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Installs what only the tests need: a browser with its driver and a Chinese font, Python packages, the WASM test
    /// runner, axe-core.
    Setup,
    /// Runs what needs no test: tidiness, formatting, lints (native and WASM), documentation, licences and sources.
    Check,
    /// Checks what no compiler sees: names, texts and tables that must agree. Takes no time.
    Tidy,
    /// Builds the wallet page beside web/index.html: for any static server, and to be opened by double click.
    Page,
    /// Runs every test: native, WASM in a browser, real processes, a real browser, the Python client.
    Test {
        /// Only this part.
        #[arg(value_enum)]
        part: Option<test::Part>,
    },
    /// Feeds random inputs to everything that reads bytes or texts from outside, and to the ledger.
    Fuzz {
        /// Only this target.
        target: Option<String>,
        /// How long, each.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Runs what takes hours, and writes its result to `docs/results/`.
    #[command(subcommand)]
    Long(long::Long),
    /// Measures and prints tables.
    Bench {
        /// Only this part.
        #[arg(value_enum)]
        part: Option<bench::Part>,
        /// How many full blocks are checked, imported or copied.
        #[arg(long)]
        blocks: Option<u32>,
    },
    /// Shows something that is for people to see.
    #[command(subcommand)]
    Demo(network::Demo),
    /// Takes pictures of every page and state: light and dark, phone and desktop, in each language.
    Screenshots,
}

fn main() -> Result<()> {
    let started = std::time::Instant::now();
    match Arguments::parse().chore {
        Chore::Setup => setup::setup()?,
        Chore::Check => check::check()?,
        Chore::Tidy => tidy::tidy()?,
        Chore::Page => page::page()?,
        Chore::Test { part } => test::test(part)?,
        Chore::Fuzz { target, seconds } => {
            drop(fuzz::fuzz(fuzz::Build::Quick, target.as_deref(), seconds)?);
        }
        Chore::Long(chore) => long::long(chore)?,
        Chore::Bench { part, blocks } => bench::bench(part, blocks)?,
        Chore::Demo(demo) => network::demo(&demo)?,
        Chore::Screenshots => screenshots::screenshots()?,
    }
    println!("\nall done in {:.0?}", started.elapsed());
    Ok(())
}
