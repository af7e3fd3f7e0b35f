//! How long an honest client waits for an answer, while nobody else wants anything and while many want to do harm. The
//! node is the real program, in a process of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::{AsyncReadExt as _, AsyncWriteExt as _, SinkExt as _, StreamExt as _};
use node::wire::TransactionAnnouncement;
use shared::codec;
use shared::spec::ChainSpec;
use shared::transaction::Transaction;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use self::gossip::Gossip;
use self::wire::Peer;
use crate::made::Made;
use crate::parts::stored;
use crate::program::{Running, chain_file, free_ports, program, wait_for};

#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/it/network/hostile/gossip.rs"]
mod gossip;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/it/network/hostile/wire.rs"]
mod wire;

/// Questions of the honest client, one each millisecond: below what a connection may ask.
const QUESTIONS: usize = 2_000;
/// Attackers of each kind.
const ATTACKERS: usize = 4;
/// Transactions in one gossiped message.
const AT_ONCE: usize = 400;

/// What an attacker needs.
struct Target {
    spec: Arc<ChainSpec>,
    api: u16,
    peer: u16,
    /// A valid transaction, but for its signature.
    forged: Transaction,
    /// What was sent, by kind.
    sent: [AtomicUsize; 3],
}

impl Target {
    fn forged(&self, kind: usize) -> Transaction {
        let number = self.sent[kind].fetch_add(1, Ordering::Relaxed);
        let mut forged = self.forged.clone();
        forged.signature[..8].copy_from_slice(&number.to_le_bytes());
        forged
    }

    async fn session(&self) -> WebSocketStream<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.api)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        client_async(format!("ws://127.0.0.1:{}/ws", self.api), stream).await.unwrap().0
    }

    /// Wrong signatures over the API, until the node ends the session.
    async fn submit(&self) {
        let mut session = self.session().await;
        loop {
            let hex = hex::encode(codec::encode(&self.forged(0)));
            let request = format!(r#"{{"request":"transaction","transaction":"{hex}"}}"#);
            if session.send(Message::text(request)).await.is_err() || session.next().await.is_none() {
                return;
            }
        }
    }

    /// Wrong signatures by gossip, until the node leaves.
    async fn gossip(&self) {
        let at = ([127, 0, 0, 1], self.peer).into();
        let mut peer = Peer::greeted(at, &self.spec).await;
        let gossip = Gossip::open(&mut peer, &self.spec).await;
        let topic = gossip::topic(&self.spec, "transactions");
        for number in 0.. {
            let transactions = (0..AT_ONCE).map(|_| self.forged(1)).collect();
            let data = codec::encode(&TransactionAnnouncement { transactions });
            let rpc = gossip::publish(&gossip::message(&peer.key, &data, number, &topic));
            if gossip.send(&mut peer, &rpc).await.is_err() || !peer.is_heard().await {
                return;
            }
        }
    }

    /// Bytes that mean nothing, in place of a handshake.
    async fn noise(&self) {
        let number = self.sent[2].fetch_add(1, Ordering::Relaxed);
        let mut socket = wire::connect(([127, 0, 0, 1], self.peer).into()).await;
        let mut said = wire::proposal("/noise");
        said.extend(number.to_le_bytes().repeat(64));
        // The node may have left before it has read all.
        drop(socket.write_all(&said).await);
        drop(socket.close().await);
        drop(socket.read_to_end(&mut Vec::new()).await);
    }
}

/// Asks at a steady pace; returns how long the median and the slowest hundredth took.
async fn ask(target: &Target, address: &str) -> (Duration, Duration) {
    let mut session = target.session().await;
    let request = format!(r#"{{"request":"get_balance","address":"{address}"}}"#);
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut times = Vec::new();
    for _ in 0..QUESTIONS {
        ticks.tick().await;
        let started = Instant::now();
        session.send(Message::text(request.clone())).await.unwrap();
        let reply = loop {
            // Now and then it asks for a sign of life in between.
            if let Message::Text(reply) = session.next().await.unwrap().unwrap() {
                break reply;
            }
        };
        times.push(started.elapsed());
        assert!(reply.contains("balance"), "{reply}");
    }
    times.sort();
    (times[QUESTIONS / 2], times[QUESTIONS * 99 / 100])
}

pub(crate) fn attack() {
    let mut made = Made::new();
    made.fund();
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    std::fs::write(path("bench.toml"), chain_file(&made.spec)).unwrap();
    stored(&made, &path("node"));
    let [api, peer] = free_ports();
    let arguments = [api.to_string(), "--p2p-port".to_owned(), peer.to_string()];
    let command = program(&path("node"), &path("bench.toml"), &arguments.each_ref().map(|a| &**a));
    let _running = Running::start(command, api);
    wait_for(api, made.blocks.len());
    let forged = made.payments(1, 1)[0].transaction().clone();
    let sent = Default::default();
    let target = Arc::new(Target { spec: Arc::clone(&made.spec), api, peer, forged, sent });
    let address = made.keys[0].address.to_text(&made.spec.rules().address_prefix);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let idle = ask(&target, &address).await;
        let mut attackers = JoinSet::new();
        for _ in 0..ATTACKERS {
            let targets = [(); 3].map(|()| Arc::clone(&target));
            let [first, second, third] = targets;
            attackers.spawn(async move {
                loop {
                    first.submit().await;
                }
            });
            attackers.spawn(async move {
                loop {
                    second.gossip().await;
                }
            });
            attackers.spawn(async move {
                loop {
                    third.noise().await;
                }
            });
        }
        let started = Instant::now();
        let attacked = ask(&target, &address).await;
        let seconds = started.elapsed().as_secs_f64();
        attackers.shutdown().await;
        for (when, (p50, p99)) in [("idle", idle), ("under attack", attacked)] {
            println!("  get_balance, {when:<14} p50 {p50:>9.1?}   p99 {p99:>9.1?}");
        }
        let [api, gossip, noise] = target.sent.each_ref().map(|sent| sent.load(Ordering::Relaxed) as f64 / seconds);
        println!(
            "  a second: {api:.0} wrong signatures over the API, {gossip:.0} by gossip, {noise:.0} broken handshakes\n  p99 \
             under attack is {:.2} times that of the idle node",
            attacked.1.as_secs_f64() / idle.1.as_secs_f64()
        );
    });
}
