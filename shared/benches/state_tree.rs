//! The state tree with a million accounts: updates in blocks of 3,000, memory, and the start of a node.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool for the terminal that takes the time"
)]

use std::time::{Duration, Instant};

use allocation_counter::measure;
use shared::hash::sha256;
use shared::state_tree::{Change, StateTree};

const ACCOUNTS: u64 = 1_000_000;
const BLOCK: u64 = 3_000;
const BLOCKS: u64 = 200;

/// Account `number` with its `version`-th value.
fn change(number: u64, version: u64) -> Change {
    let key = sha256(&number.to_le_bytes());
    (key, Some(sha256(&[number.to_le_bytes(), version.to_le_bytes()].concat())))
}

/// The updates of one block: accounts from all over the tree.
fn block(version: u64) -> Vec<Change> {
    let numbers = (0..BLOCK).map(|n| (version * BLOCK + n).wrapping_mul(0x9e37_79b9_7f4a_7c15) % ACCOUNTS);
    numbers.map(|number| change(number, version)).collect()
}

fn main() {
    let accounts: Vec<_> = (0..ACCOUNTS).map(|number| change(number, 0)).collect();
    let mut tree = StateTree::new();
    let mut built = Duration::ZERO;
    let memory = measure(|| {
        let input = accounts.clone();
        let started = Instant::now();
        tree.update(input);
        built = started.elapsed();
    });
    println!("build of {ACCOUNTS} accounts: {built:.2?}");
    println!("memory: {} bytes an account", memory.bytes_current.unsigned_abs() / ACCOUNTS);

    let blocks: Vec<_> = (1..=BLOCKS).map(block).collect();
    let mut times = Vec::new();
    for changes in blocks {
        let started = Instant::now();
        tree.update(changes);
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let total: Duration = times.iter().sum();
    let rate = (BLOCK * BLOCKS) as f64 / total.as_secs_f64();
    let at = |part: usize| times[times.len() * part / 100];
    println!("blocks of {BLOCK} updates: median {:.2?}, p99 {:.2?}; {rate:.0} updates/s", at(50), at(99));
}
