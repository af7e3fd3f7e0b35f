//! Peers that promise much and send little, or take their time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::io::{AsyncReadExt as _, AsyncWriteExt as _};
use node::wire::{Hello, Request};
use tokio::time::{interval, timeout};

use super::gossip::Gossip;
use super::judged::{node_at, outer_ip};
use super::victim::Victim;
use super::wire::{DATA, FIN, Frame, Peer, SYN, connect, hello, proposal};
use crate::network::TestNode;
use crate::support::{DEADLINE, ManualClock, easy_spec};

/// Says something before the handshake, and waits until it is refused.
async fn is_refused(at: SocketAddr, said: Vec<u8>) {
    let mut socket = connect(at).await;
    drop(socket.write_all(&said).await);
    let mut answer = Vec::new();
    drop(timeout(DEADLINE, socket.read_to_end(&mut answer)).await.expect("the node leaves"));
    assert!(answer.len() < 1 << 10, "{}", answer.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn large_messages_before_the_handshake_are_not_waited_for() {
    let victim = Victim::start(&["--threads", "0"]).await;
    drop(Peer::greeted(victim.p2p, &victim.spec).await);
    let before = victim.memory();
    let noise = |length: u16, sent: usize| {
        [proposal("/noise"), length.to_be_bytes().to_vec(), vec![1; sent]].concat()
    };
    let kinds = [
        // A name of a protocol without end, with as many bytes as its length may claim and with one.
        [&[0xff, 0x7f][..], &[b'/'; 16_383]].concat(),
        vec![0xff, 0x7f, b'/'],
        vec![0xff; 2_000],
        noise(u16::MAX, 65_535),
        noise(u16::MAX, 1),
        noise(0, 0),
        Vec::new(),
    ];
    join_all((0..100).map(|number| is_refused(victim.p2p, kinds[number % kinds.len()].clone()))).await;
    let after = victim.memory();
    println!("memory {before} to {after}");
    assert!(after.saturating_sub(before) < 10 << 20, "from {before} to {after}");
    drop(Peer::greeted(victim.p2p, &victim.spec).await);
    victim.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_peers_that_promise_the_largest_messages_cost_little() {
    let victim = Victim::start(&["--threads", "0"]).await;
    let mut peers = Vec::new();
    for _ in 0..100 {
        peers.push(Peer::greeted(victim.p2p, &victim.spec).await);
    }
    let before = victim.memory();
    for (number, peer) in peers.iter_mut().enumerate() {
        match number % 4 {
            // A question for all the blocks that its count can name.
            0 => drop(peer.open(&peer.protocol("sync"), 0, &[2, 0xff, 0xff, 0xff, 0xff, 1]).await.unwrap()),
            // A gossiped message of 512 KiB.
            1 => Gossip::open(peer, &victim.spec).await.begin(peer, 512 << 10, &[1]).await.unwrap(),
            // A message of kad of 16 KiB.
            2 => drop(peer.open(&peer.protocol("kad"), 0, &[0xff, 0x7f, 1]).await.unwrap()),
            // A frame of 1 MiB.
            _ => {
                let frame = Frame { kind: DATA, flags: SYN, stream: 1, length: 1 << 20, body: vec![1] };
                peer.send(&frame.bytes()).await.unwrap();
            }
        }
    }
    for (number, peer) in peers.iter_mut().enumerate() {
        // Whoever is in the middle of a frame cannot say anything else.
        assert!(number % 4 == 3 || peer.is_heard().await);
    }
    let after = victim.memory();
    println!("memory {before} to {after}");
    assert!(after.saturating_sub(before) < 10 << 20, "from {before} to {after}");
    victim.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_that_says_nothing_keeps_nobody_out() {
    let Some(ip) = outer_ip() else {
        println!("SKIPPED: this computer has loopback addresses alone");
        return;
    };
    let spec = easy_spec();
    let (everywhere, own): (IpAddr, IpAddr) = match ip {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::LOCALHOST.into()),
    };
    let (node, at) = node_at(&spec, everywhere).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(connect(SocketAddr::new(ip, at.port())).await);
    }
    // Another address finds a place, and so does this one once its own have had their time.
    drop(Peer::greeted(SocketAddr::new(own, at.port()), &spec).await);
    for socket in &mut silent {
        let ended = timeout(DEADLINE, socket.read_to_end(&mut Vec::new())).await;
        drop(ended.expect("the node leaves"));
    }
    drop(Peer::greeted(SocketAddr::new(ip, at.port()), &spec).await);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_again_outlives_the_connection_that_died() {
    let spec = easy_spec();
    let node = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
    let at = node.node.network.address();
    let mut dead = Peer::over(connect(at).await, &spec, false).await.unwrap();
    dead.greet().await;
    let mut again = Peer::with_key(connect(at).await, &spec, true, dead.key.clone()).await.unwrap();
    dead.is_left().await;
    assert!(again.is_heard().await);
    node.has_peers(1).await;
    node.stop().await;
}

/// Sends a byte every now and then, until the node has enough of it.
async fn drip(mut peer: Peer, stream: u32) {
    let mut ticks = interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            frame = peer.frames.recv() => match frame {
                // The end, or a reset, of what drips.
                Some(frame) if frame.stream == stream && frame.flags >= FIN => return,
                Some(_) => {}
                None => return,
            },
            _ = ticks.tick() => {
                if peer.send(&Frame::data(0, stream, vec![0]).bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_drips_is_not_waited_for_longer_than_others() {
    let spec = easy_spec();
    let node = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
    let at = node.node.network.address();
    // A handshake in pieces.
    let handshake = async {
        let (mut reader, mut writer) = connect(at).await.split();
        let said = proposal("/noise");
        let mut ticks = interval(Duration::from_millis(300));
        let writes = async {
            for byte in said {
                ticks.tick().await;
                if writer.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
        };
        let mut answer = Vec::new();
        let (ended, ()) = futures_util::future::join(reader.read_to_end(&mut answer), writes).await;
        drop(ended);
    };
    // A question in pieces, and an answer.
    let question = async {
        let mut peer = Peer::greeted(at, &spec).await;
        let stream = peer.open(&peer.protocol("sync"), 0, &[1, 1, 0, 0, 0]).await.unwrap();
        drip(peer, stream).await;
    };
    let answer = async {
        let mut peer = Peer::connect(at, &spec).await;
        let hello = Hello { height: 1 << 20, work: [1; 32], ..hello(&spec) };
        peer.ask(&Request::Hello(hello)).await.unwrap();
        let named = proposal(&peer.protocol("sync"));
        let asked = loop {
            let frame = timeout(DEADLINE, peer.frames.recv()).await.unwrap().unwrap();
            if frame.body.windows(named.len()).any(|part| part == named) {
                break frame.stream;
            }
        };
        peer.send(&Frame::data(0, asked, [named, vec![1, 0xff]].concat()).bytes()).await.unwrap();
        drip(peer, asked).await;
    };
    let all = async { tokio::join!(handshake, question, answer) };
    timeout(DEADLINE, all).await.expect("the node ends all of them");
    node.stop().await;
}
