//! Networks in which one thing alone goes on, so that it can be measured.

use std::sync::Arc;

use super::chain::grown;
use super::liar::Lie;
use super::wallet;
use super::world::{Setting, World};
use crate::support::spec_with;

/// Near nodes on lines that lose nothing.
fn calm(nodes: usize, liars: Vec<Lie>) -> Setting {
    Setting { nodes, liars, latency_ms: (5, 50), loss_percent: 0, pays: false, ..super::setting(7) }
}

#[test]
fn payments_that_a_liar_names_and_withholds_come_from_another() {
    let mut world = World::new(calm(4, vec![Lie::Withholds; 2]));
    world.is_mining = false;
    world.run(10_000);
    world.crash(3, 100_000);
    for _ in 0..10 {
        world.pay_from(2);
        world.run(200);
    }
    let paid = world.nodes[2].mempool.view().len();
    world.run(98_000);
    assert!(world.nodes[3].mempool.view().is_empty());
    for liar in 0..2 {
        assert_eq!(world.nodes[liar].mempool.view().len(), paid, "it has nothing to withhold");
    }
    world.run(5_000);
    let asked = world.ends.values().filter(|end| end.node == 3 && end.asked_ms.is_some()).count();
    assert!(asked > 1, "no liar was asked");
    assert_eq!(world.nodes[3].mempool.view().len(), paid);
}

#[test]
fn payments_get_around_when_every_announcement_is_lost() {
    let mut world = World::new(Setting { loss_percent: 100, ..calm(8, Vec::new()) });
    world.is_mining = false;
    world.run(10_000);
    for _ in 0..10 {
        world.pay_from(2);
    }
    let paid = world.nodes[2].mempool.view().len();
    world.run(600_000);
    for node in &world.nodes {
        assert_eq!(node.mempool.view().len(), paid);
    }
}

#[test]
fn a_flood_that_cannot_pay_costs_no_signature_and_ends_in_bans() {
    let mut world = World::new(calm(6, vec![Lie::FloodsPayments; 2]));
    world.run(60_000);
    world.check_bans();
    assert_eq!(world.bans.len(), 2, "{:?}", world.faults);
    for (number, node) in world.honest() {
        assert_eq!(node.checked, 0, "node {number} checked signatures");
        assert!(node.mempool.view().is_empty());
        assert!(node.chain.height() > 90, "node {number} does not follow the chain");
    }
}

#[test]
fn in_stuffed_blocks_whoever_pays_more_is_next() {
    const STUFFERS: std::ops::Range<usize> = 8..16;
    let spec = spec_with(|rules| (rules.subsidy, rules.max_block_bytes) = (100_000, 20_000));
    let start = grown(&spec, 80, 1);
    let mut world = World::new(Setting { spec: Arc::clone(&spec), start, ..calm(4, Vec::new()) });
    world.run(10_000);
    let mut blocks = 0;
    for _ in 0..10 {
        // Enough for ten blocks, all the time.
        for stuffer in STUFFERS {
            let address = wallet::address(stuffer);
            let chain_nonce = world.nodes[0].chain.ledger.account(&address).nonce;
            let mut nonce = world.nodes[0].mempool.view().next_nonce(&address, chain_nonce);
            while nonce < chain_nonce + 40 {
                world.submit(0, wallet::payment(stuffer, nonce, 10)).unwrap();
                world.run(25);
                nonce += 1;
            }
        }
        world.run(1_000);
        let nonce = world.nodes[1].chain.ledger.account(&wallet::address(1)).nonce;
        let (before, node) = (world.nodes[1].chain.height(), 1);
        world.submit(node, wallet::payment(node, nonce, 11)).unwrap();
        let is_mined =
            |world: &World| world.nodes[1].chain.ledger.account(&wallet::address(node)).nonce > nonce;
        while !is_mined(&world) {
            world.run(100);
            assert!(world.nodes[1].chain.height() < before + 2 || is_mined(&world), "it waits for too long");
        }
        let chain = &world.nodes[1].chain;
        for hash in &chain.best[before + 1..] {
            assert!(chain.blocks[hash].size() > 19_000, "a block is not full");
            blocks += 1;
        }
    }
    assert!(blocks >= 10);
}
