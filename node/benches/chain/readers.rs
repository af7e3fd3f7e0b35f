//! What a store that is written and read at the same time grows to: pages that somebody may still read are not used again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use node::chain::ChainHandle;

use crate::made::Made;
use crate::parts::{start, stop};
use crate::size;

/// Blocks, each of which is a durable write, and their transactions.
const BLOCKS: usize = 300;
const TRANSACTIONS: usize = 100;
/// As many as the API lets read at once.
const READERS: usize = 8;
/// Entries of a page of a history.
const PAGE: usize = 100;
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) fn readers() {
    let mut made = Made::new();
    made.fund();
    for _ in 0..BLOCKS {
        let payments = made.payments(TRANSACTIONS, made.keys.len());
        made.mine(made.keys[0].address, payments);
    }
    let address = made.keys[0].address;
    let pages = |chain: &ChainHandle, is_written: &AtomicBool| {
        while !is_written.load(Ordering::Relaxed) {
            let page = chain.snapshot().unwrap().history(&address, None, None, PAGE).unwrap();
            assert!(page.items.len() <= PAGE);
        }
    };
    let one_snapshot = |chain: &ChainHandle, is_written: &AtomicBool| {
        let snapshot = chain.snapshot().unwrap();
        while !is_written.load(Ordering::Relaxed) {
            std::thread::sleep(PAUSE);
        }
        drop(snapshot);
    };
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let show = |what: &str, bytes: u64| println!("  {what:<44} {:>8.1} MiB on the disk", mib(bytes));
    println!("  {BLOCKS} blocks of {TRANSACTIONS} transactions");
    show("nobody reads", written(&made, 0, |_, _| ()));
    show(&format!("{READERS} read pages of a history all the time"), written(&made, READERS, pages));
    show("one never lets go of what it reads", written(&made, 1, one_snapshot));
}

/// Writes all blocks one by one while `count` threads `read`, and returns what they take on the disk then.
fn written(made: &Made, count: usize, read: impl Fn(&ChainHandle, &AtomicBool) + Sync) -> u64 {
    let directory = tempfile::tempdir().unwrap();
    let running = start(&made.spec, directory.path());
    let is_written = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| read(&running.0, &is_written));
        }
        for block in made.checked() {
            running.0.blocking_submit_blocks(vec![block]).unwrap();
        }
        is_written.store(true, Ordering::Relaxed);
    });
    stop(running);
    size::on_disk(directory.path())
}
