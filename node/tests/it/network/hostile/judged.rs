//! Blocks and transactions that are wrong, by every way that leads to a node, and what is counted for them.

use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use node::network::NetworkEvent;
use node::peers::{BanKey, PeerAddress, Scope};
use node::wire::{BlockAnnouncement, Hello, Request, Response};
use shared::block::Block;
use shared::codec;
use shared::spec::ChainSpec;
use tokio::time::{sleep, timeout};

use super::gossip::{Gossip, message, publish, topic};
use super::pubsub::reason;
use super::wire::{FIN, Peer, hello};
use crate::network::TestNode;
use crate::support::{DEADLINE, ManualClock, address, easy_spec, solve};

/// An address of this computer at which others could be, which is not loopback: no peer from there is ever banned.
pub(super) fn outer_ip() -> Option<IpAddr> {
    let output = Command::new("hostname").arg("-I").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut addresses = text.split_whitespace().filter_map(|address| address.parse().ok());
    addresses.find(|ip| PeerAddress::new(*ip, 1).is_ok_and(|address| address.scope() != Scope::Loopback))
}

/// A node at that address, or at loopback.
pub(super) async fn node_at(spec: &Arc<ChainSpec>, ip: IpAddr) -> (TestNode, SocketAddr) {
    let directory = tempfile::tempdir().unwrap();
    let clock = ManualClock::new(spec);
    let node = TestNode::start_in(directory, spec, &clock, &[], |config| config.host = ip.to_string()).await;
    let at = node.node.network.address();
    (node, at)
}

/// A block on the node's tip that pays its miner too much.
async fn greedy(node: &TestNode) -> Block {
    let template = node.node.chain.template(address(0)).await.unwrap();
    let time = template.ancestry().time + node.spec.rules().block_time;
    node.clock.reach(u64::from(time));
    let bits = template.bits(node.spec.rules(), time).unwrap();
    let mut block = template.block(template.header(0, time, bits), 0);
    block.coinbase.reward += 1;
    crate::support::commit_to_body(&mut block);
    solve(&mut block);
    block
}

/// Tells of a block as a peer that says so by gossip.
async fn announce(peer: &mut Peer, spec: &ChainSpec, block: &Block) {
    let gossip = Gossip::open(peer, spec).await;
    let announcement =
        BlockAnnouncement { header: block.header, coinbase: block.coinbase.clone(), tx_ids: Vec::new() };
    let bytes = message(&peer.key, &codec::encode(&announcement), 1, &topic(spec, "blocks"));
    gossip.send(peer, &publish(&bytes)).await.unwrap();
}

/// Says hello to a node with more work than it has, so that it asks for the first block.
async fn boast(at: SocketAddr, spec: &ChainSpec, block: &Block) -> Peer {
    let mut peer = Peer::connect(at, spec).await;
    // Two hashes for genesis, and two for it.
    let mut work = [0; 32];
    work[31] = 4;
    let hello = Hello { height: 1, tip: block.header.hash(), work, ..hello(spec) };
    peer.ask(&Request::Hello(hello)).await.unwrap();
    peer
}

/// Delivers a block when the node asks for it, until it says farewell; returns until when and why.
async fn deliver(peer: &mut Peer, block: &Block) -> (Option<u64>, String) {
    while let Some((stream, question)) = peer.asked().await {
        let answer = match question {
            Request::Headers { .. } => Response::Headers(vec![block.header]),
            Request::Blocks { .. } => Response::Blocks(vec![codec::encode(block)]),
            Request::Farewell { banned_until, reason } => return (banned_until, reason),
            _ => continue,
        };
        // It may be said in between.
        drop(peer.answer(stream, &answer).await);
    }
    panic!("the node has left without a word");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_block_is_blamed_by_every_way_it_takes() {
    let Some(ip) = outer_ip() else {
        println!("SKIPPED: this computer has loopback addresses alone");
        return;
    };
    let spec = easy_spec();
    for by_gossip in [true, false] {
        let (node, at) = node_at(&spec, ip).await;
        let mut events = node.node.network.events();
        let block = greedy(&node).await;
        let mut peer = if by_gossip {
            let mut peer = Peer::greeted(at, &spec).await;
            announce(&mut peer, &spec, &block).await;
            peer
        } else {
            boast(at, &spec, &block).await
        };
        let (banned_until, told) = deliver(&mut peer, &block).await;
        // Whoever does not go is cut off.
        peer.is_left().await;
        let said = reason(&mut events).await;
        assert!(said.contains("BLK-4"), "{said}");
        let bans = node.node.network.bans(None, 10).await.unwrap();
        let [ban] = &bans.entries[..] else { panic!("{bans:?}") };
        assert_eq!(ban.address, BanKey::of(ip).to_string());
        assert_eq!(said, format!("banned: {}", ban.reason));
        assert_eq!((banned_until, &told), (Some(ban.until), &ban.reason));
        // And it does not come again, with whatever key.
        let again = Peer::over(super::wire::connect(at).await, &spec, true).await;
        assert!(again.is_err());
        // Nor after the power failed a little later. Nothing tells when the file is written, so it is looked at again and
        // again until time is up.
        let saved = async {
            let file = node.path().join("peers.json");
            while !std::fs::read_to_string(&file).is_ok_and(|saved| saved.contains(&ban.address)) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(DEADLINE, saved).await.expect("it is written down");
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_a_newer_version_is_told_and_blamed_on_nobody() {
    let spec = easy_spec();
    let (node, at) = node_at(&spec, IpAddr::from([127, 0, 0, 1])).await;
    let mut events = node.node.network.events();
    let mut block = greedy(&node).await;
    block.coinbase.version = 2;
    crate::support::commit_to_body(&mut block);
    solve(&mut block);
    let mut peer = boast(at, &spec, &block).await;
    let delivers = deliver(&mut peer, &block);
    let told = async {
        loop {
            match events.recv().await.unwrap() {
                NetworkEvent::Notice(text) => return text,
                NetworkEvent::Left { reason, .. } => panic!("{reason:?}"),
                NetworkEvent::Joined(_) | NetworkEvent::Syncing(_) => {}
            }
        }
    };
    tokio::select! {
        farewell = delivers => panic!("{farewell:?}"),
        told = timeout(DEADLINE, told) => {
            let told = told.unwrap();
            assert!(told.contains("get a newer version"), "{told}");
            assert!(told.contains(&block.header.hash().to_string()), "{told}");
        }
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_spoils_bodies_and_hangs_up_at_once_is_banned() {
    let Some(ip) = outer_ip() else {
        println!("SKIPPED: this computer has loopback addresses alone");
        return;
    };
    let spec = easy_spec();
    let (node, at) = node_at(&spec, ip).await;
    let honest = TestNode::start(&spec, &node.clock, &[]).await;
    // More than two questions hold.
    let tip = honest.mine(40, address(0)).await;
    let snapshot = honest.node.chain.snapshot().unwrap();
    let headers = snapshot.best_headers(1, 40).unwrap();
    let spoiled = |hash| {
        let mut block: Block = codec::decode(&snapshot.block(&hash).unwrap().unwrap().bytes).unwrap();
        block.coinbase.message.push(0);
        codec::encode(&block)
    };
    let mut liar = Peer::connect(at, &spec).await;
    let mut work = honest.node.chain.view().tip.work.to_le_bytes();
    work.reverse();
    liar.ask(&Request::Hello(Hello { height: 40, tip, work, ..hello(&spec) })).await.unwrap();
    // The first blocks it owes, so that nothing of the next ones can be judged before it has gone.
    let mut questions = 0;
    while questions < 3 {
        let (stream, question) = liar.asked().await.unwrap();
        let answer = match question {
            Request::Headers { .. } => Response::Headers(headers.clone()),
            Request::Blocks { hashes } => {
                questions += 1;
                if questions != 2 {
                    continue;
                }
                Response::Blocks(hashes.into_iter().map(spoiled).collect())
            }
            _ => continue,
        };
        liar.answer(stream, &answer).await.unwrap();
    }
    liar.close().await.unwrap();
    liar.is_left().await;
    node.has_peers(0).await;
    node.node.network.add(honest.name().parse().unwrap()).await.unwrap();
    node.reaches(tip).await;
    let bans = node.node.network.bans(None, 10).await.unwrap();
    let [ban] = &bans.entries[..] else { panic!("{bans:?}") };
    assert_eq!(ban.address, BanKey::of(ip).to_string());
    assert!(ban.reason.contains("BLK-2"), "{}", ban.reason);
    let again = Peer::over(super::wire::connect(at).await, &spec, true).await;
    assert!(again.is_err());
    drop(snapshot);
    node.stop().await;
    honest.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_height_that_no_reply_can_carry_is_no_hello() {
    let spec = easy_spec();
    let node = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
    let mut said = Vec::new();
    for height in [(1 << 53) - 1, 1 << 53, u64::MAX] {
        let mut peer = Peer::connect(node.node.network.address(), &spec).await;
        peer.ask(&Request::Hello(Hello { height, ..hello(&spec) })).await.unwrap();
        said.push(peer);
    }
    let [peer, others @ ..] = &mut said[..] else { panic!("three") };
    for other in others {
        other.is_left().await;
    }
    assert!(peer.is_heard().await);
    let peers = node.node.network.peers().await.unwrap().peers;
    assert_eq!(peers.iter().map(|peer| peer.height).collect::<Vec<_>>(), [(1 << 53) - 1]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_question_that_cannot_be_read_is_the_last() {
    let spec = easy_spec();
    let node = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
    let mut events = node.node.network.events();
    let mut peer = Peer::greeted(node.node.network.address(), &spec).await;
    for _ in 0..2 {
        peer.open(&peer.protocol("sync"), FIN, &[0xff]).await.unwrap();
    }
    assert_eq!(reason(&mut events).await, "a message that cannot be decoded");
    peer.is_left().await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_was_cut_off_is_nobodys_fault() {
    let spec = easy_spec();
    let node = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
    let mut peer = Peer::greeted(node.node.network.address(), &spec).await;
    let whole = codec::encode(&Request::Headers { locator: vec![*spec.genesis_hash()] });
    for length in 0..whole.len() {
        peer.open(&peer.protocol("sync"), FIN, &whole[..length]).await.unwrap();
    }
    assert!(peer.is_heard().await);
    let peers = node.node.network.peers().await.unwrap().peers;
    assert_eq!(peers.iter().map(|peer| peer.score).collect::<Vec<_>>(), [0]);
    node.stop().await;
}
