//! A reorg that is so deep that it raises the loud alarm.

use node::chain::Options;
use shared::block::Block;
use shared::hash::TxId;

use super::dump::dump;
use super::tree::{Grown, Plan, grow};
use super::{assert_same, open};
use crate::blocks::checked;
use crate::disk::Disk;
use crate::support::{TestChain, address, easy_spec};

/// More than a thousand is a loud alarm.
const DEPTH: usize = 1_001;
/// Blocks of both branches, which give key 0 its coins.
const COMMON: usize = 3;
const PAYMENTS: usize = 12;

/// The common blocks, a branch of key 1 with a payment in each of its first blocks, and a longer one of key 2.
fn plans() -> Vec<Plan> {
    let plan = |miner| Plan { back: 0, miner, seconds: 2, payments: Vec::new(), is_valid: true };
    let mut plans = vec![plan(0); COMMON];
    plans.extend(vec![plan(1); DEPTH]);
    for plan in &mut plans[COMMON..][..PAYMENTS] {
        plan.payments.push((0, 1));
    }
    plans.extend(vec![plan(2); DEPTH + 1]);
    plans[COMMON + DEPTH].back = DEPTH;
    plans
}

async fn submit(test: &TestChain, from: usize, all: &[Grown]) {
    let blocks: Vec<Block> = all.iter().map(|grown| grown.block.clone()).collect();
    let blocks = checked(&easy_spec(), u64::try_from(from).unwrap(), &blocks);
    test.chain.submit_blocks(blocks).await.unwrap();
}

#[tokio::test]
async fn a_reorg_of_more_than_a_thousand_blocks() {
    let spec = easy_spec();
    let all = grow(&spec, &plans());
    let (common, branches) = all.split_at(COMMON);
    let (ours, theirs) = branches.split_at(DEPTH);
    let payments: Vec<TxId> =
        ours.iter().flat_map(|grown| &grown.block.transactions).map(|payment| payment.id()).collect();
    assert_eq!(payments.len(), PAYMENTS);
    // With the undo data of all these blocks, and with a replay from genesis.
    for undo_depth in [10_000, 100] {
        let options = Options { undo_depth, ..Options::default() };
        let (walked, went_straight) = (Disk::default(), Disk::default());
        let here = open(&spec, options, &walked, &all);
        submit(&here, 1, common).await;
        submit(&here, COMMON + 1, ours).await;
        assert_eq!(here.balance(1), u64::try_from(10 * DEPTH + 2 * PAYMENTS).unwrap());
        submit(&here, COMMON + 1, &theirs[..DEPTH]).await;
        assert_eq!(here.chain.view().tip.hash, ours[DEPTH - 1].hash());

        let mut events = here.chain.events();
        submit(&here, COMMON + 1 + DEPTH, &theirs[DEPTH..]).await;
        let head = events.recv().await.unwrap().head.unwrap();
        assert_eq!((head.disconnected.count, head.connected.count), (1_001, 1_002));
        assert_eq!(head.old_tip, ours[DEPTH - 1].hash());
        assert_eq!(head.disconnected.hashes.last(), Some(&head.old_tip));
        assert_eq!(here.balance(1), 0);

        let there = open(&spec, options, &went_straight, &all);
        submit(&there, 1, common).await;
        submit(&there, COMMON + 1, theirs).await;
        submit(&there, COMMON + 1, ours).await;
        // All payments wait again, and are mined again in their order.
        here.stop();
        let here = open(&spec, options, &walked, &all);
        let block = here.mine(address(4)).await;
        assert!(block.transactions.iter().map(|payment| payment.id()).eq(payments.iter().copied()));
        assert!(here.chain.view().mempool.is_empty());
        there.take(&[block]).await;
        here.stop();
        there.stop();
        assert_same(&mut dump(&walked), &mut dump(&went_straight), undo_depth == 10_000);
    }
}
