//! Gossip, broken by hand.

use node::wire::TransactionAnnouncement;
use shared::codec;

use super::gossip::{self, Gossip, message, publish, topic, unsigned};
use super::judged::gossiping;
use super::victim::Victim;
use super::wire::Peer;
use crate::network::TestNode;
use crate::support::{DEADLINE, ManualClock, address, easy_spec, payment, sign};
use node::network::NetworkEvent;
use tokio::sync::broadcast;
use tokio::time::timeout;

/// Waits until a peer is gone, and returns why.
pub(super) async fn reason(events: &mut broadcast::Receiver<NetworkEvent>) -> String {
    let reason = async {
        loop {
            if let NetworkEvent::Left { reason, .. } = events.recv().await.unwrap() {
                return reason.unwrap_or_default();
            }
        }
    };
    timeout(DEADLINE, reason).await.expect("the peer is left")
}

#[tokio::test(flavor = "multi_thread")]
async fn gossip_that_is_wrong_in_itself_costs_the_connection() {
    let spec = easy_spec();
    let node = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
    let mut events = node.node.network.events();
    let topic = topic(&spec, "transactions");
    for what in ["unsigned", "another's", "no number", "ours"] {
        let mut peer = Peer::greeted(node.node.network.address(), &spec).await;
        let gossip = Gossip::open(&mut peer, &spec).await;
        let own = peer.key.public().to_peer_id().to_bytes();
        for number in 0..4_u64 {
            let data = number.to_be_bytes();
            let bytes = match what {
                "unsigned" => unsigned(&own, &data, &data, &topic),
                // Signed, but not by the one that it names.
                "another's" => {
                    let other = Peer::connect(node.node.network.address(), &spec).await;
                    let from = other.key.public().to_peer_id().to_bytes();
                    let signed = message(&peer.key, &data, number, &topic);
                    [gossip::field(1, &from), signed[gossip::field(1, &own).len()..].to_vec()].concat()
                }
                "no number" => {
                    let without =
                        [gossip::field(1, &own), gossip::field(2, &data), gossip::field(4, topic.as_bytes())];
                    gossip::signed(&peer.key, &without.concat())
                }
                // Not signed by the node, and yet in its name.
                _ => unsigned(&node.node.network.id().to_bytes(), &data, &data, &topic),
            };
            drop(gossip.send(&mut peer, &publish(&bytes)).await);
        }
        assert_eq!(reason(&mut events).await, "gossip that nobody can have meant", "{what}");
        peer.is_left().await;
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_is_judged_once_whatever_number_it_has() {
    let spec = easy_spec();
    let (node, mut peer, gossip) = gossiping(&spec, 1).await;
    let transaction = sign(&spec, 0, payment(0, address(1), 0));
    let id = transaction.id();
    let data = codec::encode(&TransactionAnnouncement { transactions: vec![transaction] });
    let topic = topic(&spec, "transactions");
    for number in 0..300 {
        let rpc = publish(&message(&peer.key, &data, number, &topic));
        gossip.send(&mut peer, &rpc).await.unwrap();
    }
    assert!(peer.is_heard().await);
    let mut views = node.node.chain.watch();
    let waits = views.wait_for(|view| view.mempool.get(&id).is_some());
    timeout(DEADLINE, waits).await.unwrap().unwrap();
    let peers = node.node.network.peers().await.unwrap().peers;
    assert_eq!(peers.iter().map(|peer| peer.score).collect::<Vec<_>>(), [0]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_of_ours_is_blamed() {
    let spec = easy_spec();
    let node = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
    let mut events = node.node.network.events();
    for name in ["transactions", "blocks"] {
        let mut peer = Peer::greeted(node.node.network.address(), &spec).await;
        let gossip = Gossip::open(&mut peer, &spec).await;
        for number in 0..2_u64 {
            let bytes = message(&peer.key, &[9; 100], number, &topic(&spec, name));
            gossip
                .send(&mut peer, &publish(&[bytes, gossip::field(9, &number.to_be_bytes())].concat()))
                .await
                .unwrap();
            let bytes = message(&peer.key, &number.to_be_bytes(), number, &topic(&spec, name));
            drop(gossip.send(&mut peer, &publish(&bytes)).await);
        }
        assert_eq!(reason(&mut events).await, "a message that cannot be decoded");
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_and_controls_without_end_are_not_kept() {
    let victim = Victim::start(&["--threads", "0"]).await;
    let mut peer = Peer::greeted(victim.p2p, &victim.spec).await;
    let gossip = Gossip::open(&mut peer, &victim.spec).await;
    // What every connection needs for the first time is not counted.
    let blocks = topic(&victim.spec, "blocks");
    for backoff in [0, 60, u64::MAX] {
        gossip.send(&mut peer, &gossip::prune(&blocks, backoff)).await.unwrap();
    }
    assert!(peer.is_heard().await);
    let before = victim.memory();
    // A control message has at most 16 KiB.
    let mut number = 0_u64;
    for round in 0..1_000 {
        let mut rpc = Vec::new();
        while rpc.len() < 15 << 10 {
            let novel = format!("a topic that nobody has heard of, {number}");
            number += 1;
            rpc.extend(match round % 4 {
                0 => gossip::graft(&novel),
                1 => gossip::prune(&novel, u64::MAX),
                2 => gossip::subscribe(&novel),
                _ => gossip::ihave(&novel, &[number.to_be_bytes().to_vec()]),
            });
        }
        gossip.send(&mut peer, &rpc).await.unwrap();
    }
    assert!(peer.is_heard().await);
    // Whole messages as well: 20 MB, each signed and of another topic.
    for number in 0..40 {
        let bytes = message(&peer.key, &vec![7; 500 << 10], number, &format!("topic {number}"));
        gossip.send(&mut peer, &publish(&bytes)).await.unwrap();
    }
    assert!(peer.is_heard().await);
    let after = victim.memory();
    println!("{number} topics; memory {before} to {after}");
    assert!(after.saturating_sub(before) < 14 << 20, "from {before} to {after}");
    let peers = victim.call("get_peers").await;
    assert_eq!(peers["peers"].as_array().unwrap().len(), 1, "{peers}");
    // One that is too long ends the stream, and costs nothing.
    drop(gossip.send(&mut peer, &vec![0; 600 << 10]).await);
    assert!(peer.is_heard().await);
    victim.stop();
}
