//! Yamux, broken by hand.

use tokio::time::timeout;

use super::gossip::Gossip;
use super::victim::Victim;
use super::wire::{ACK, DATA, FIN, Frame, GO_AWAY, PING, Peer, SYN, WINDOW_UPDATE, connect, proposal};
use crate::network::TestNode;
use crate::support::{DEADLINE, ManualClock, easy_spec};

/// More than the first body of a stream may have.
const TOO_LONG: u32 = (256 << 10) + 1;

fn control(kind: u8, flags: u16, stream: u32, length: u32) -> Vec<u8> {
    Frame { kind, flags, stream, length, body: Vec::new() }.bytes()
}

fn breaches() -> Vec<(&'static str, Vec<u8>)> {
    let open = Frame::data(SYN, 1, proposal("/ipfs/ping/1.0.0")).bytes();
    let data = |flags, stream, length: u32| Frame::data(flags, stream, vec![0; length as usize]).bytes();
    let header = |at: usize, byte: u8| {
        let mut bytes = control(PING, SYN, 0, 1);
        bytes[at] = byte;
        bytes
    };
    vec![
        ("a window that overflows", [open.clone(), control(WINDOW_UPDATE, 0, 1, 0xffff_0000)].concat()),
        ("a stream with such a window", control(WINDOW_UPDATE, SYN, 1, u32::MAX)),
        ("a first body that is too long", data(SYN, 1, TOO_LONG)),
        ("a body that is longer than the window", [open.clone(), data(0, 1, TOO_LONG)].concat()),
        ("a body that is longer than a frame", control(DATA, SYN, 1, u32::MAX)),
        ("another version", header(0, 1)),
        ("another type", header(1, 9)),
        ("a stream that is opened twice", [open.clone(), open].concat()),
        ("a stream of the other side", data(SYN, 2, 1)),
        ("a stream without a number", data(SYN, 0, 1)),
        (
            "more streams than are allowed",
            (0..200).flat_map(|n| control(WINDOW_UPDATE, SYN, 2 * n + 1, 0)).collect(),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_of_the_multiplexer_ends_its_own_connection() {
    let spec = easy_spec();
    let node = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
    let at = node.node.network.address();
    let mut honest = Peer::greeted(at, &spec).await;
    for (what, bytes) in breaches() {
        let mut peer = Peer::connect(at, &spec).await;
        // It may have left in the middle.
        drop(peer.send(&bytes).await);
        let refused = async {
            while let Some(frame) = peer.frames.recv().await {
                if frame.kind == GO_AWAY {
                    return;
                }
            }
        };
        timeout(DEADLINE, refused).await.unwrap_or_else(|_| panic!("{what}"));
    }
    assert!(honest.is_heard().await);
    node.has_peers(1).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_never_reads_is_left_and_costs_little() {
    let victim = Victim::start(&["--threads", "0"]).await;
    // Nobody minds that it has nothing to say.
    let mut honest = Peer::greeted(victim.p2p, &victim.spec).await;
    let mut peers = Vec::new();
    for _ in 0..8 {
        let mut peer = Peer::over(connect(victim.p2p).await, &victim.spec, false).await.unwrap();
        peer.greet().await;
        Gossip::open(&mut peer, &victim.spec).await;
        peers.push(peer);
    }
    let before = victim.memory();
    let floods = peers.into_iter().enumerate().map(|(number, mut peer)| {
        tokio::spawn(async move {
            peer.stop_reading();
            // Every ping wants a pong; every question an answer.
            let pings = control(PING, SYN, 0, 7).repeat(1_000);
            let question = peer.protocol("sync");
            loop {
                let sent = match number % 2 {
                    0 => peer.send(&pings).await,
                    _ => peer.open(&question, FIN, &[4]).await.map(drop),
                };
                if sent.is_err() {
                    return;
                }
            }
        })
    });
    let mut most = 0;
    for flood in floods.collect::<Vec<_>>() {
        most = most.max(victim.memory());
        flood.await.unwrap();
    }
    println!("memory {before}, at most {most}");
    assert!(most.saturating_sub(before) < 64 << 20, "from {before} to {most}");
    let peers = victim.call("get_peers").await["peers"].take();
    assert!(peers.as_array().unwrap().len() == 1 && honest.is_heard().await, "{peers}");
    victim.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_grows_only_as_far_as_a_connection_may() {
    let spec = easy_spec();
    let node = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
    let mut peer = Peer::connect(node.node.network.address(), &spec).await;
    let ping = loop {
        let frame = timeout(DEADLINE, peer.frames.recv()).await.unwrap().unwrap();
        if (frame.kind, frame.flags) == (PING, SYN) {
            break frame.length;
        }
    };
    peer.greet().await;
    let gossip = Gossip::open(&mut peer, &spec).await;
    let rpc = vec![0; 500 << 10];
    for number in 0..150 {
        gossip.send_unknown(&mut peer, &rpc).await.unwrap();
        // Who takes so long to answer seems to be far away, and gets a larger window again and again.
        if number == 20 {
            peer.send(&control(PING, ACK, 0, ping)).await.unwrap();
        }
    }
    let window = peer.window(gossip.stream);
    println!("{window} bytes");
    // It did grow, but not beyond what all streams share.
    assert!((1 << 20..=(16 << 20) + (256 << 10)).contains(&window), "{window}");
    node.stop().await;
}
