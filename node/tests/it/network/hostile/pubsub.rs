//! Gossip, broken by hand.

use std::collections::BTreeMap;

use node::wire::TransactionAnnouncement;
use shared::block::HEADER_BYTES;
use shared::codec;

use super::gossip::{self, Gossip, message, publish, topic, unsigned};
use super::payments::gossiping;
use super::victim::Victim;
use super::wire::{ACK, Frame, Peer, WINDOW_UPDATE};
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

/// Bytes of which a stream's first window, of 256 KiB, holds no more than a message less.
const FULL: usize = (256 << 10) - (1 << 10);

/// What the node gossips to a peer.
struct Ear {
    stream: u32,
    said: Vec<u8>,
}

impl Ear {
    /// Agrees to the stream that the node opens for it, which then has room for 256 KiB.
    async fn open(peer: &mut Peer) -> Self {
        let protocol = format!("{}/", peer.protocol("gossip"));
        let mut proposals: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        loop {
            let frame = timeout(DEADLINE, peer.frames.recv()).await.unwrap().unwrap();
            let proposal = proposals.entry(frame.stream).or_default();
            proposal.extend(frame.body);
            // Ours have odd numbers.
            let is_it = frame.stream % 2 == 0
                && proposal.windows(protocol.len()).any(|part| part == protocol.as_bytes());
            if is_it && proposal.ends_with(b"\n") {
                peer.send(&Frame::data(ACK, frame.stream, proposal.clone()).bytes()).await.unwrap();
                return Self { stream: frame.stream, said: Vec::new() };
            }
        }
    }

    /// Gives room for more.
    async fn widen(&self, peer: &Peer) {
        let more = Frame { kind: WINDOW_UPDATE, stream: self.stream, length: 64 << 20, ..Frame::default() };
        peer.send(&more.bytes()).await.unwrap();
    }

    /// Listens until something was said.
    async fn hear(&mut self, peer: &mut Peer, what: &[u8]) {
        let mut heard = 0;
        while !self.said[heard..].windows(what.len()).any(|part| part == what) {
            // It may have begun.
            heard = self.said.len().saturating_sub(what.len());
            self.next(peer).await;
        }
    }

    async fn next(&mut self, peer: &mut Peer) {
        let frame = timeout(DEADLINE, peer.frames.recv()).await.expect("the node says it").unwrap();
        if frame.stream == self.stream {
            self.said.extend(frame.body);
        }
    }

    /// Returns how many messages of the topic were said.
    fn count(&self, topic: &str) -> usize {
        let is_name = |part: &&[u8]| *part == topic.as_bytes();
        self.said.windows(topic.len()).filter(is_name).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_read_gossip_has_no_more_than_256_messages_waiting() {
    /// Some 650 announcements fill the room that a stream has at first.
    const ANNOUNCED: usize = 1_200;
    let spec = easy_spec();
    let node = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
    let blocks = topic(&spec, "blocks");
    let mut ears = Vec::new();
    for _ in 0..2 {
        let mut peer = Peer::greeted(node.node.network.address(), &spec).await;
        Gossip::open(&mut peer, &spec).await;
        let ear = Ear::open(&mut peer).await;
        ears.push((peer, ear));
    }
    let [(reader, listening), (silent, full)] = &mut ears[..] else { panic!("two") };
    listening.widen(reader).await;
    let header = |hash| {
        let block = node.node.chain.snapshot().unwrap().block(&hash).unwrap().unwrap();
        block.bytes[..HEADER_BYTES].to_vec()
    };
    // Whoever reads has heard it all, so the other one was told as much as it ever is.
    while listening.count(&blocks) < ANNOUNCED {
        let tip = node.mine(100, address(0)).await;
        listening.hear(reader, &header(tip)).await;
    }

    while full.said.len() < FULL {
        full.next(silent).await;
    }
    let before = full.count(&blocks);
    full.widen(silent).await;
    // Once one of them has gone, there is room for another one, which comes last.
    while full.count(&blocks) == before {
        full.next(silent).await;
    }
    let last = node.mine(1, address(0)).await;
    full.hear(silent, &header(last)).await;
    let waited = full.count(&blocks) - before;
    // One was on its way, the last one came later, and there may be word of what went by. On a busy computer it may be
    // less: what has waited for five seconds is dropped.
    assert!(waited <= 264, "{waited}");
    node.stop().await;
}
