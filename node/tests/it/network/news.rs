//! Blocks and transactions on their way.

use super::TestNode;
use crate::support::{ManualClock, address, easy_spec, payment, signed};

#[tokio::test(flavor = "multi_thread")]
async fn blocks_travel_both_ways_and_over_a_third() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let first = TestNode::start(&spec, &clock, &[]).await;
    let second = TestNode::start(&spec, &clock, &[first.name()]).await;
    let third = TestNode::start(&spec, &clock, &[second.name()]).await;
    third.has_peers(1).await;
    for miner in [&first, &third, &second, &first, &third] {
        let tip = miner.mine(1, address(0)).await;
        for node in [&first, &second, &third] {
            node.reaches(tip).await;
        }
    }
    for node in [third, second, first] {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_to_one_node_is_mined_by_another() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let first = TestNode::start(&spec, &clock, &[]).await;
    first.mine(1, address(0)).await;
    // One waits before anybody joins, the others come later.
    let pay = async |node: &TestNode, nonce| {
        let transaction = signed(&spec, 0, payment(0, address(1), nonce));
        let id = *transaction.id();
        node.node.chain.submit_transaction(transaction).await.unwrap();
        id
    };
    let early = pay(&first, 0).await;
    let second = TestNode::start(&spec, &clock, &[first.name()]).await;
    second.holds(&[early]).await;
    let later = pay(&second, 1).await;
    first.holds(&[later]).await;
    let last = pay(&first, 2).await;
    second.holds(&[last]).await;

    let tip = second.mine(1, address(2)).await;
    first.reaches(tip).await;
    let view = first.node.chain.view();
    assert_eq!((view.tip.coinbase.tx_count, view.mempool.len()), (3, 0));
    assert_eq!((view.account(&address(1)).balance, view.account(&address(2)).balance), (3, 13));
    second.stop().await;
    first.stop().await;
}
