//! Messages that were valid until something in them was changed, by the thousand, at every layer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::io::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::identity::Keypair;
use libp2p::tcp::tokio::TcpStream;
use node::wire::{Hello, Request};
use shared::codec;
use shared::spec::ChainSpec;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::gossip::{Gossip, message, publish, topic};
use super::mutate::{Corpus, mutate, mutate_frame, pick};
use super::victim::Victim;
use super::wire::{DATA, FIN, Frame, Peer, SYN, connect, hello, proposal, secure};
use crate::process;
use crate::simulation::random::{Random, mix};
use crate::support::{DEADLINE, address};

/// What a memory allocator and a few more blocks may make of a node. Hundreds of bytes for each id that ever came
/// would be more, in a million messages.
const DRIFT: u64 = 24 << 20;
/// Connections at the same time.
const AT_ONCE: usize = 16;
/// How long one waits for a question.
const PATIENCE: Duration = Duration::from_millis(300);
/// Messages of one connection; few get so far.
const PER_CONNECTION: usize = 40;

/// What all connections share.
struct Attack {
    at: SocketAddr,
    spec: ChainSpec,
    corpus: Corpus,
    seed: u64,
    sent: AtomicUsize,
}

impl Attack {
    /// Sends what one connection sends. Which, depends on its number alone.
    async fn connection(&self, number: usize) {
        let mut random = Random::new(mix(self.seed ^ number as u64));
        match random.below(10) {
            0..3 => self.in_clear(&mut random).await,
            3 => self.last_of_noise(&mut random).await,
            4 => self.first_after_noise(&mut random).await,
            5 | 6 => self.frames(&mut random).await,
            7 | 8 => self.streams(&mut random).await,
            _ => self.answers(&mut random).await,
        }
    }

    fn count(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    async fn in_clear(&self, random: &mut Random) {
        let mut bytes = pick(random, &self.corpus.clear).clone();
        mutate(random, &mut bytes);
        self.finish(connect(self.at).await, &bytes).await;
    }

    /// Sends the last bytes and reads until the node is done with them.
    async fn finish(&self, mut socket: impl AsyncReadAndWrite, bytes: &[u8]) {
        self.count();
        // It may have left already.
        drop(socket.write_all(bytes).await);
        drop(socket.close().await);
        let mut said = Vec::new();
        drop(timeout(DEADLINE, socket.read_to_end(&mut said)).await.expect("the node answers or leaves"));
    }

    async fn last_of_noise(&self, random: &mut Random) {
        let mut socket: TcpStream = connect(self.at).await;
        let mut answer = vec![0; proposal("/noise").len() + 2];
        let first = [proposal("/noise"), vec![0, 32], vec![random.next() as u8; 32]].concat();
        if socket.write_all(&first).await.is_err() || socket.read_exact(&mut answer).await.is_err() {
            return self.count();
        }
        let mut last: Vec<u8> = (0..168).map(|_| random.next() as u8).collect();
        last[..2].copy_from_slice(&[0, 166]);
        mutate(random, &mut last);
        self.finish(socket, &last).await;
    }

    async fn first_after_noise(&self, random: &mut Random) {
        let Ok(channel) = secure(connect(self.at).await, &Keypair::generate_ed25519()).await else {
            return;
        };
        let mut bytes = proposal("/yamux/1.0.0");
        mutate(random, &mut bytes);
        self.finish(channel, &bytes).await;
    }

    /// A connection with everything that honest peers do before they say anything; `None` when the node has no place.
    async fn peer(&self, says_hello: bool) -> Option<Peer> {
        let mut peer = Peer::over(connect(self.at).await, &self.spec, true).await.ok()?;
        if says_hello {
            // More work than the node has, so that it asks.
            let hello = Hello { height: 1 << 40, work: [1; 32], ..hello(&self.spec) };
            peer.ask(&Request::Hello(hello)).await?;
        }
        Some(peer)
    }

    /// Says that this is all, and waits until the node is done with it.
    async fn leave(&self, mut peer: Peer) {
        // It may have left already.
        drop(peer.close().await);
        peer.is_left().await;
    }

    async fn frames(&self, random: &mut Random) {
        let Some(mut peer) = self.peer(random.chance(50)).await else { return };
        for _ in 0..PER_CONNECTION {
            let mut frame = pick(random, &self.corpus.frames).clone();
            if frame.kind == DATA && frame.flags & SYN != 0 {
                frame.stream = peer.next_stream();
            }
            if peer.send(&mutate_frame(random, &mut frame)).await.is_err() {
                break;
            }
            self.count();
        }
        self.leave(peer).await;
    }

    async fn streams(&self, random: &mut Random) {
        let Some(mut peer) = self.peer(random.chance(70)).await else { return };
        for _ in 0..PER_CONNECTION {
            let (protocol, message) = pick(random, &self.corpus.streams);
            let (mut protocol, mut message) = (protocol.clone().into_bytes(), message.clone());
            if random.chance(15) {
                mutate(random, &mut protocol)
            } else {
                mutate(random, &mut message)
            }
            let protocol = String::from_utf8_lossy(&protocol).into_owned();
            if peer.open(&protocol, FIN, &message).await.is_err() {
                break;
            }
            self.count();
        }
        self.leave(peer).await;
    }

    /// Waits to be asked, and answers.
    async fn answers(&self, random: &mut Random) {
        let Some(mut peer) = self.peer(true).await else { return };
        let protocol = peer.protocol("sync");
        let question = proposal(&protocol);
        for _ in 0..PER_CONNECTION {
            // It asks only some of those who promise so much.
            let Ok(Some(frame)) = timeout(PATIENCE, peer.frames.recv()).await else { break };
            if !frame.body.windows(question.len()).any(|part| part == question) {
                continue;
            }
            let mut answer = pick(random, &self.corpus.answers).clone();
            mutate(random, &mut answer);
            let body = [question.clone(), answer].concat();
            if peer.send(&Frame::data(FIN, frame.stream, body).bytes()).await.is_err() {
                break;
            }
            self.count();
        }
        self.leave(peer).await;
    }
}

trait AsyncReadAndWrite: futures_util::AsyncRead + futures_util::AsyncWrite + Unpin {}
impl<T: futures_util::AsyncRead + futures_util::AsyncWrite + Unpin> AsyncReadAndWrite for T {}

/// Lets connections come until so many messages were sent.
async fn send(attack: &Arc<Attack>, next: &mut usize, messages: usize) {
    let mut connections = JoinSet::new();
    while attack.sent.load(Ordering::Relaxed) < messages {
        if connections.len() >= AT_ONCE {
            connections.join_next().await.unwrap().unwrap();
        }
        let (number, attack) = (*next, Arc::clone(attack));
        *next += 1;
        connections.spawn(async move { attack.connection(number).await });
    }
    while let Some(ended) = connections.join_next().await {
        ended.unwrap();
    }
}

/// Peers that stay where they are after what nobody forgives, each in another way.
async fn insisting(at: SocketAddr, spec: &ChainSpec) -> Vec<Peer> {
    let too_long = Request::Headers { locator: vec![*spec.genesis_hash(); 102] };
    let questions = [(2, vec![0xff]), (5, codec::encode(&too_long))];
    let mut peers = Vec::new();
    for (times, question) in questions {
        let mut peer = Peer::greeted(at, spec).await;
        for _ in 0..times {
            drop(peer.open(&peer.protocol("sync"), FIN, &question).await);
        }
        peers.push(peer);
    }
    for name in ["blocks", "transactions"] {
        let mut peer = Peer::greeted(at, spec).await;
        let gossip = Gossip::open(&mut peer, spec).await;
        for number in 0..2_u8 {
            let bytes = message(&peer.key, &[0xff, number], number.into(), &topic(spec, name));
            drop(gossip.send(&mut peer, &publish(&bytes)).await);
        }
        peers.push(peer);
    }
    peers
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_messages_harm_nobody() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let messages = number("HOSTILE_MESSAGES").unwrap_or(20_000) as usize;
    let seed = number("HOSTILE_SEED").unwrap_or(1);
    println!("seed {seed} (HOSTILE_SEED), {messages} messages (HOSTILE_MESSAGES)");
    let miner = address(0).to_text("dev");
    let victim = Victim::start(&["--miner", &miner, "--threads", "1"]).await;
    let (spec, corpus) = (victim.spec.clone(), Corpus::new(&victim.spec));
    let attack = Arc::new(Attack { at: victim.p2p, spec, corpus, seed, sent: AtomicUsize::new(0) });
    // What every connection needs for the first time is not counted.
    let mut next = 0;
    send(&attack, &mut next, messages / 20).await;
    let before = victim.memory();
    send(&attack, &mut next, messages / 4).await;

    let directory = tempfile::tempdir().unwrap();
    let mut honest = process::start(directory.path(), &[&victim.api.to_string(), "--threads", "0"]);
    let height = victim.call("get_info").await["height"].as_u64().unwrap();
    let attacking = {
        let attack = Arc::clone(&attack);
        tokio::spawn(async move { send(&attack, &mut next, messages).await })
    };
    // It was mined since, and came between all this.
    tokio::task::block_in_place(|| honest.block(height + 1));
    attacking.await.unwrap();

    let after = victim.memory();
    println!("figures: {} sent, memory {before} to {after}", attack.sent.load(Ordering::Relaxed));
    assert!(after.saturating_sub(before) < DRIFT, "from {before} to {after} bytes");
    // Only who did no harm is still there, however much the others would like to be.
    let mut harmless = Peer::greeted(victim.p2p, &victim.spec).await;
    for mut peer in insisting(victim.p2p, &victim.spec).await {
        peer.is_left().await;
    }
    let peers = victim.call("get_peers").await["peers"].take();
    let hostile = peers.as_array().unwrap().iter().filter(|peer| peer["agent"] == "hostile/1");
    assert_eq!((hostile.count(), peers.as_array().unwrap().len()), (1, 2), "{peers}");
    assert!(harmless.is_heard().await);
    honest.stop();
    // Not a line for each.
    let log = victim.stop();
    assert!(log.lines().count() < 500, "{log}");
}
