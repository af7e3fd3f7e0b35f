//! How many bytes a connection costs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use node::peers::PeerLimits;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::TestNode;
use crate::support::{DEADLINE, ManualClock, address, easy_spec};

/// What both sides say before they encrypt: the names of the protocols that they agree on, which nobody counts.
const BEFORE_ENCRYPTION: u64 = 64;
/// No block is smaller: a header and its coinbase.
const LEAST_BLOCK: u64 = 200;

/// Passes bytes on to a node and back, and counts them.
#[derive(Debug, Default)]
struct Relay {
    up: AtomicU64,
    down: AtomicU64,
}

impl Relay {
    async fn start(to: SocketAddr) -> (Arc<Self>, SocketAddr) {
        let relay = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&relay);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let relay = Arc::clone(&shared);
                tokio::spawn(async move {
                    let (from, to) =
                        (stream.into_split(), TcpStream::connect(to).await.unwrap().into_split());
                    tokio::join!(pass(from.0, to.1, &relay.up), pass(to.0, from.1, &relay.down))
                });
            }
        });
        (relay, address)
    }

    fn counted(&self) -> [u64; 2] {
        [&self.down, &self.up].map(|counter| counter.load(Ordering::SeqCst))
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, counter: &AtomicU64) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        counter.fetch_add(count as u64, Ordering::SeqCst);
        if to.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
}

/// What a node says of its only peer is what went over the wire.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_a_peer_are_those_of_the_wire() {
    let spec = easy_spec();
    let clock = ManualClock::new(&spec);
    // No other way than the one through the relay.
    let keeps_to_named = |config: &mut node::Config| {
        config.network.limits = PeerLimits { full: 0, block_only: 0, ..PeerLimits::default() };
    };
    let start = async |peers: &[String]| {
        TestNode::start_in(tempfile::tempdir().unwrap(), &spec, &clock, peers, keeps_to_named).await
    };
    let full = start(&[]).await;
    let tip = full.mine(40, address(0)).await;
    let (relay, place) = Relay::start(full.node.network.address()).await;
    let copy = start(&[format!("/ip4/{}/tcp/{}", place.ip(), place.port())]).await;
    copy.reaches(tip).await;
    let traffic = async |node: &TestNode| {
        let peers = node.node.network.peers().await.unwrap().peers;
        [peers[0].bytes_in, peers[0].bytes_out]
    };
    let all = async {
        let mut ticks = copy.node.network.watch();
        let passed = relay.counted();
        // What the relay has passed on arrives.
        let mut counted = traffic(&copy).await;
        while (0..2).any(|way| counted[way] + BEFORE_ENCRYPTION < passed[way]) {
            ticks.changed().await.unwrap();
            counted = traffic(&copy).await;
        }
        // And what the node has sent comes to the relay.
        while (0..2).any(|way| counted[way] > relay.counted()[way]) {
            ticks.changed().await.unwrap();
        }
        // The other end counts the same the other way round.
        let mut theirs = traffic(&full).await;
        while theirs[0] < counted[1] || theirs[1] < counted[0] {
            ticks.changed().await.unwrap();
            theirs = traffic(&full).await;
        }
        counted
    };
    let [received, sent] = timeout(DEADLINE, all).await.unwrap();
    assert!(received > 40 * LEAST_BLOCK, "{received} bytes do not hold the chain");
    assert!(sent > 0 && sent < received, "{sent} bytes were enough to ask for {received}");
    copy.stop().await;
    full.stop().await;
}
