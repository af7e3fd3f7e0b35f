//! Figures of the chain on disk, of mining on it and of copying it, a table for each part: `check`, `import`, `apply`,
//! `reorg`, `restart`, `switch`, `sync`, `attack`, `peers`, `readers`. Measured and never asserted. The chain is one of its
//! own: a target that two hashes meet, and a subsidy that pays for everything.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for the terminal")]

mod attack;
mod made;
mod parts;
mod peers;
mod program;
mod readers;
mod size;
mod switch;
mod sync;

use std::time::{Duration, Instant};

use clap::Parser as _;

/// What is asked for.
#[derive(Debug, clap::Parser)]
struct Arguments {
    /// Only these parts.
    parts: Vec<String>,
    /// How many full blocks are checked, imported or copied.
    #[arg(long)]
    blocks: Option<usize>,
    /// What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Measures one part, with as many full blocks as were asked for.
type Measure = fn(Option<usize>);

fn main() {
    let Arguments { parts: wanted, blocks, bench: _ } = Arguments::parse();
    let parts: [(&str, Measure); 10] = [
        ("check", parts::check),
        ("import", parts::import),
        ("apply", |_| parts::apply()),
        ("reorg", |_| parts::reorg()),
        ("restart", |_| parts::restart()),
        ("switch", |_| switch::switch()),
        ("sync", sync::sync),
        ("attack", |_| attack::attack()),
        ("peers", |_| peers::peers()),
        ("readers", |_| readers::readers()),
    ];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("\n{name}");
            part(blocks);
        }
    }
}

/// Runs `act` and returns what it gives, with how long it took.
fn timed<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let value = act();
    (value, started.elapsed())
}

/// Prints a row: what was done `count` times in `time`.
fn row(what: &str, count: usize, time: Duration) {
    let seconds = time.as_secs_f64();
    let (rate, each) = (count as f64 / seconds, seconds * 1e6 / count as f64);
    println!("  {what:<52} {rate:>12.0} /s {each:>10.2} us each {seconds:>8.2} s");
}
