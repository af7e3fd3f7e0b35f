//! Figures of the chain on disk and of copying it, a table for each part: `check`, `import`, `apply`, `reorg`,
//! `restart`, `sync`, `attack`. Measured and never asserted. The chain is one of its own: a target that two hashes meet, and a
//! subsidy that pays for everything.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for the terminal")]

mod attack;
mod made;
mod parts;
mod sync;

use std::time::{Duration, Instant};

fn main() {
    let wanted: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let parts: [(&str, fn()); 7] = [
        ("check", parts::check),
        ("import", parts::import),
        ("apply", parts::apply),
        ("reorg", parts::reorg),
        ("restart", parts::restart),
        ("sync", sync::sync),
        ("attack", attack::attack),
    ];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("\n{name}");
            part();
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
