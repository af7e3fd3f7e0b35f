//! Transactions that are wrong, too many or withheld, by every way that leads to a node, and what is counted for them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use node::network::NetworkEvent;
use node::wire::{Request, Response, TransactionAnnouncement};
use shared::codec;
use shared::spec::ChainSpec;
use shared::transaction::{Transaction, TransactionBody};

use super::gossip::{Gossip, message, publish, topic};
use super::judged::{node_at, outer_ip};
use super::pubsub::reason;
use super::wire::Peer;
use crate::network::TestNode;
use crate::support::{ManualClock, address, easy_spec, payment, sign, signed};

/// A node with so many blocks of one miner, and a peer that gossips with it.
pub(super) async fn gossiping(spec: &Arc<ChainSpec>, blocks: usize) -> (TestNode, Peer, Gossip) {
    let node = TestNode::start(spec, &ManualClock::new(spec), &[]).await;
    node.mine(blocks, address(0)).await;
    let mut peer = Peer::greeted(node.node.network.address(), spec).await;
    let gossip = Gossip::open(&mut peer, spec).await;
    (node, peer, gossip)
}

pub(super) fn announced(
    spec: &ChainSpec,
    peer: &Peer,
    transactions: Vec<Transaction>,
    number: u64,
) -> Vec<u8> {
    let data = codec::encode(&TransactionAnnouncement { transactions });
    publish(&message(&peer.key, &data, number, &topic(spec, "transactions")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_is_seen_in_the_score_and_the_second_is_the_last() {
    let spec = easy_spec();
    let (node, mut peer, gossip) = gossiping(&spec, 1).await;
    let mut events = node.node.network.events();
    for number in 0..2 {
        let mut transaction = sign(&spec, 0, payment(0, address(1), 0));
        transaction.signature[number] ^= 1;
        let bytes = announced(&spec, &peer, vec![transaction], number as u64);
        gossip.send(&mut peer, &bytes).await.unwrap();
        if number == 0 {
            while node.node.network.peers().await.unwrap().peers[0].score != 50 {
                tokio::task::yield_now().await;
            }
        }
    }
    let said = reason(&mut events).await;
    assert!(said.starts_with("an invalid transaction: "), "{said}");
    let farewell = loop {
        let (_, question) = peer.asked().await.expect("the node says why");
        if let Request::Farewell { banned_until, reason } = question {
            break (banned_until, reason);
        }
    };
    // This computer is sent away, and not banned.
    assert_eq!(farewell, (None, said));
    peer.is_left().await;
    node.stop().await;
}

/// A transaction that costs nothing to make, and is not worth a look at its signature.
fn cheap(number: u64) -> Transaction {
    let body = TransactionBody { sender: number.to_be_bytes().to_vec(), ..payment(0, address(1), 0) };
    Transaction { body, signature: Vec::new() }
}

/// Messages with a thousand such transactions each, of which one differs.
fn thousands(spec: &ChainSpec, peer: &Peer, numbers: Range<u64>) -> Vec<Vec<u8>> {
    let mark = 0xfeed_u64.to_be_bytes();
    let transactions = (0xfeed..0xfeed + 1_000_u64).map(cheap).collect();
    let mut data = codec::encode(&TransactionAnnouncement { transactions });
    let at = data.windows(mark.len()).position(|bytes| bytes == mark).unwrap();
    let push = |number: u64| {
        data[at..at + mark.len()].copy_from_slice(&(1 << 32 | number).to_be_bytes());
        publish(&message(&peer.key, &data, number, &topic(spec, "transactions")))
    };
    numbers.map(push).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn coming_again_brings_no_new_budget() {
    let Some(ip) = outer_ip() else {
        println!("SKIPPED: this computer has loopback addresses alone");
        return;
    };
    let spec = easy_spec();
    let (node, at) = node_at(&spec, ip).await;
    // Each time it sends less than its budget, and goes.
    for number in 0..20 {
        let Ok(mut peer) = Peer::over(super::wire::connect(at).await, &spec, true).await else { break };
        peer.greet().await;
        let gossip = Gossip::open(&mut peer, &spec).await;
        for rpc in thousands(&spec, &peer, number * 40..(number + 1) * 40) {
            if gossip.send(&mut peer, &rpc).await.is_err() {
                break;
            }
        }
        if peer.is_heard().await {
            drop(peer.close().await);
        }
        peer.is_left().await;
        node.has_peers(0).await;
    }
    let bans = node.node.network.bans(None, 10).await.unwrap();
    let reasons: Vec<_> = bans.entries.iter().map(|ban| ban.reason.as_str()).collect();
    assert_eq!(reasons, ["too much: transactions"]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_and_what_is_answered_have_one_budget() {
    let spec = easy_spec();
    let node = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
    let mut events = node.node.network.events();
    let mut peer = Peer::greeted(node.node.network.address(), &spec).await;
    let gossip = Gossip::open(&mut peer, &spec).await;
    let ids: Vec<_> = (0..50_000_u64).map(|number| cheap(number).id()).collect();
    // It asks what waits here, and gets half of what it may.
    let mut answered = 0;
    while answered < 25 {
        let (stream, question) = peer.asked().await.unwrap();
        let answer = match question {
            Request::PendingIds => Response::PendingIds(ids.clone()),
            Request::Transactions { ids } => {
                answered += 1;
                Response::Transactions((0..ids.len() as u64).map(cheap).collect())
            }
            other => panic!("{other:?}"),
        };
        peer.answer(stream, &answer).await.unwrap();
    }
    // The rest is pushed. It is made before, because the budget grows with time.
    for rpc in thousands(&spec, &peer, 0..200) {
        if gossip.send(&mut peer, &rpc).await.is_err() {
            break;
        }
    }
    assert_eq!(reason(&mut events).await, "too much: transactions");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_mempool_asks_for_what_it_can_hold_and_blames_nobody_who_holds_more() {
    const HOLDS: usize = 1_500;
    let spec = easy_spec();
    let (directory, clock) = (tempfile::tempdir().unwrap(), ManualClock::new(&spec));
    let node =
        TestNode::start_in(directory, &spec, &clock, &[], |config| config.chain.mempool.count = HOLDS).await;
    node.mine(1, address(0)).await;
    let mut peer = Peer::greeted(node.node.network.address(), &spec).await;
    let gossip = Gossip::open(&mut peer, &spec).await;
    let ids: Vec<_> = (0..50_000_u64).map(|number| cheap(number).id()).collect();
    let gap = sign(&spec, 0, payment(0, address(1), 1));
    let mut rounds: Vec<BTreeSet<_>> = Vec::new();
    while rounds.iter().map(BTreeSet::len).sum::<usize>() < 2 * HOLDS {
        let (stream, question) = peer.asked().await.unwrap();
        let answer = match question {
            Request::PendingIds => {
                rounds.push(BTreeSet::new());
                Response::PendingIds(ids.clone())
            }
            Request::Transactions { ids } => {
                let round = rounds.last_mut().unwrap();
                let answer = Response::Transactions((0..ids.len() as u64).map(cheap).collect());
                round.extend(ids);
                assert!(round.len() <= HOLDS, "{}", round.len());
                answer
            }
            other => panic!("{other:?}"),
        };
        peer.answer(stream, &answer).await.unwrap();
        // Others would have to come before, so that it asks again.
        let rpc = announced(&spec, &peer, vec![gap.clone()], rounds.len() as u64);
        gossip.send(&mut peer, &rpc).await.unwrap();
    }
    assert_eq!(rounds.len(), 2);
    assert!(rounds[0].is_disjoint(&rounds[1]));
    assert_eq!(node.node.network.peers().await.unwrap().peers[0].score, 0);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_sender_pays_is_admitted_in_the_order_of_its_messages() {
    let spec = easy_spec();
    let (node, mut peer, gossip) = gossiping(&spec, 20).await;
    let transactions: Vec<_> = (0..60).map(|nonce| sign(&spec, 0, payment(0, address(1), nonce))).collect();
    let ids: Vec<_> = transactions.iter().map(Transaction::id).collect();
    let messages: Vec<_> = transactions
        .into_iter()
        .zip(0..)
        .map(|(transaction, number)| announced(&spec, &peer, vec![transaction], number))
        .collect();
    for rpc in messages {
        gossip.send(&mut peer, &rpc).await.unwrap();
    }
    // Nobody answers the node, so what is refused now never comes again.
    node.holds(&ids).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_what_comes_later_is_asked_for_what_comes_before() {
    let spec = easy_spec();
    let (node, mut peer, gossip) = gossiping(&spec, 1).await;
    let pays: Vec<_> = (0..2).map(|nonce| sign(&spec, 0, payment(0, address(1), nonce))).collect();
    let ids: Vec<_> = pays.iter().map(Transaction::id).collect();
    let mut asked = 0;
    loop {
        match peer.asked().await.unwrap() {
            (stream, Request::PendingIds) => {
                asked += 1;
                // At first nothing waits there.
                let ids = if asked == 1 { Vec::new() } else { ids.clone() };
                peer.answer(stream, &Response::PendingIds(ids)).await.unwrap();
                if asked == 1 {
                    let rpc = announced(&spec, &peer, vec![pays[1].clone()], 0);
                    gossip.send(&mut peer, &rpc).await.unwrap();
                }
            }
            (stream, Request::Transactions { ids: wanted }) => {
                assert_eq!(wanted.iter().collect::<BTreeSet<_>>(), ids.iter().collect());
                peer.answer(stream, &Response::Transactions(pays.clone())).await.unwrap();
                break;
            }
            (_, other) => panic!("{other:?}"),
        }
    }
    node.holds(&ids).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_one_withholds_come_from_another() {
    let spec = easy_spec();
    let clock = ManualClock::new(&spec);
    let honest = TestNode::start(&spec, &clock, &[]).await;
    honest.mine(1, address(0)).await;
    let transaction = signed(&spec, 0, payment(0, address(1), 0));
    let id = *transaction.id();
    honest.node.chain.submit_transaction(transaction).await.unwrap();

    let node = TestNode::start(&spec, &clock, &[]).await;
    let mut events = node.node.network.events();
    let mut peer = Peer::greeted(node.node.network.address(), &spec).await;
    // It has it, it says, and then nothing more.
    loop {
        match peer.asked().await.unwrap() {
            (stream, Request::PendingIds) => {
                peer.answer(stream, &Response::PendingIds(vec![id])).await.unwrap();
            }
            (_, Request::Transactions { ids }) => {
                assert_eq!(ids, [id]);
                break;
            }
            (_, other) => panic!("{other:?}"),
        }
    }
    node.node.network.add(honest.name().parse().unwrap()).await.unwrap();
    node.holds(&[id]).await;
    // It was no fault of the one that was there before: its own question may still be answered.
    assert!(!matches!(events.try_recv(), Ok(NetworkEvent::Left { .. })));
    node.stop().await;
    honest.stop().await;
}
