//! Random trees of blocks that arrive in a random order: which tip is chosen, and what is left of the branches that
//! were chosen before.

mod deep;
mod dump;
mod tree;

use std::collections::BTreeMap;
use std::sync::Arc;

use node::chain::{Options, SubmitError};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use shared::pow::Work;
use shared::spec::ChainSpec;

use crate::disk::Disk;
use crate::support::{ManualClock, TestChain, address, easy_spec};
use dump::{Table, dump};
use tree::{Grown, KEYS, arrivals, grow, plans};

/// A chain thread on a disk in memory, whose clock is after all blocks.
fn open(spec: &Arc<ChainSpec>, options: Options, disk: &Disk, all: &[Grown]) -> TestChain {
    let clock = ManualClock::new(spec);
    clock.set(all.iter().map(|grown| u64::from(grown.block.header.time)).max().unwrap());
    TestChain::on_with(spec, options, clock, disk.clone(), false).unwrap()
}

/// The tip that must be chosen after `arrived`: of the valid blocks with the most work the first.
fn expected_tip(spec: &ChainSpec, all: &[Grown], arrived: &[usize]) -> shared::hash::BlockHash {
    let mut best = (*spec.genesis_hash(), Work::ZERO);
    for grown in arrived.iter().map(|index| &all[*index]).filter(|grown| grown.is_valid) {
        if grown.work > best.1 {
            best = (grown.hash(), grown.work);
        }
    }
    best.0
}

/// Submits all blocks in the order of `order`. After each the tip is the right one, also when the thread begins anew
/// before the block at `restart`.
async fn submit_all(
    spec: &Arc<ChainSpec>,
    options: Options,
    disk: &Disk,
    (all, order): (&[Grown], &[usize]),
    restart: usize,
) -> TestChain {
    let mut test = open(spec, options, disk, all);
    for (position, index) in order.iter().enumerate() {
        if position == restart {
            test.stop();
            test = open(spec, options, disk, all);
        }
        match test.chain.submit_block(all[*index].block.clone()).await {
            Ok(_) => {}
            Err(SubmitError::Store(error)) => panic!("block {index}: {error}"),
            Err(_) if !all[*index].is_valid => {}
            Err(error) => panic!("block {index}: {error}"),
        }
        assert_eq!(test.chain.view().tip.hash, expected_tip(spec, all, &order[..=position]));
    }
    test
}

/// The blocks from genesis to the tip, and then all others.
fn straight(all: &[Grown], tip: usize) -> Vec<usize> {
    let mut best: Vec<_> = std::iter::successors(Some(tip), |index| all[*index].parent).collect();
    best.reverse();
    let others: Vec<_> = (0..all.len()).filter(|index| !best.contains(index)).collect();
    [best, others].concat()
}

/// Asserts that a store that went to and fro holds what one holds that never left its best chain.
fn assert_same(
    walked: &mut BTreeMap<&'static str, Table>,
    straight: &mut BTreeMap<&'static str, Table>,
    is_undo_kept: bool,
) {
    let (undo, straight_undo) = (walked.remove("undo").unwrap(), straight.remove("undo").unwrap());
    if is_undo_kept {
        assert_eq!(undo, straight_undo);
    } else {
        // What became too old on one branch does not come back on another; what is left is right.
        assert!(undo.iter().all(|entry| straight_undo.contains(entry)));
    }
    assert_eq!(walked, straight);
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Tries as many as `cargo xtask long forks` wants, or a sample.
fn check<S: Strategy>(strategy: S, test: impl Fn(S::Value)) {
    let cases = std::env::var("RANDOM_TREES").map_or(24, |cases| cases.parse().unwrap());
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let result = TestRunner::new(config).run(&strategy, |value| {
        test(value);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn the_order_of_arrival_decides_among_equals_alone() {
    let orders = vec(vec(any::<u64>(), 10), 2..4);
    check((plans(10, false), orders, 0..20_usize), |(plans, orders, restart)| {
        let spec = easy_spec();
        let all = grow(&spec, &plans);
        let most = all.iter().filter(|grown| grown.is_valid).map(|grown| grown.work).max();
        let is_clear = all.iter().filter(|grown| grown.is_valid && Some(grown.work) == most).count() == 1;
        let mut tips = Vec::new();
        for ranks in &orders {
            let order = arrivals(&all, ranks);
            let (disk, options) = (Disk::default(), Options::default());
            let test = block_on(submit_all(&spec, options, &disk, (&all, &order), restart));
            tips.push(test.chain.view().tip.hash);
            test.stop();
        }
        assert!(!is_clear || tips.iter().all(|tip| *tip == tips[0]), "{tips:?}");
    });
}

#[test]
fn a_store_holds_what_its_best_chain_gives_and_no_trace_of_the_way() {
    let undo_depth = prop_oneof![2 => Just(10_000), 1 => 1..4_u64];
    let ranks = vec(any::<u64>(), 24);
    check((plans(24, true), ranks, 0..48_usize, undo_depth), |(plans, ranks, restart, undo_depth)| {
        let spec = easy_spec();
        let all = grow(&spec, &plans);
        let options = Options { undo_depth, ..Options::default() };
        let (walked, went_straight) = (Disk::default(), Disk::default());
        block_on(async {
            let order = arrivals(&all, &ranks);
            let here = submit_all(&spec, options, &walked, (&all, &order), restart).await;
            let tip = here.chain.view().tip.hash;
            let tip = all.iter().position(|grown| grown.hash() == tip).unwrap();
            let order = straight(&all, tip);
            let there = submit_all(&spec, options, &went_straight, (&all, &order), usize::MAX).await;
            assert_eq!(here.chain.view().accounts, there.chain.view().accounts);

            // What came back to the mempool makes a block that the other takes as well.
            there.take(&[here.mine(address(KEYS)).await]).await;
            assert_eq!(here.chain.view().tip, there.chain.view().tip);
            here.stop();
            there.stop();
        });
        let (mut walked, mut straight) = (dump(&walked), dump(&went_straight));
        // Only who left a branch has its transactions again.
        walked.remove("mempool");
        straight.remove("mempool");
        assert_same(&mut walked, &mut straight, undo_depth == 10_000);
    });
}
