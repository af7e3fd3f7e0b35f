//! A peer made by hand: TCP, multistream-select, Noise and yamux, each of which can be broken alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, WriteHalf};
use libp2p::core::upgrade::OutboundConnectionUpgrade as _;
use libp2p::identity::Keypair;
use libp2p::noise;
use libp2p::tcp::tokio::TcpStream;
use node::wire::{Hello, Request, Response, protocol_name};
use shared::codec;
use shared::spec::ChainSpec;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// As that of all tests, which the benchmarks that use this do not have.
const DEADLINE: Duration = Duration::from_mins(2);

/// What comes out of Noise.
pub(super) type Channel = noise::Output<TcpStream>;

pub(super) const DATA: u8 = 0;
pub(super) const WINDOW_UPDATE: u8 = 1;
pub(super) const PING: u8 = 2;
pub(super) const GO_AWAY: u8 = 3;
pub(super) const SYN: u16 = 1;
pub(super) const ACK: u16 = 2;
pub(super) const FIN: u16 = 4;
const HEAD_BYTES: usize = 12;
/// What may be sent on a stream before the node gives more.
const WINDOW: u64 = 256 << 10;

/// A frame of yamux.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u16,
    pub(super) stream: u32,
    /// Of the body in data, else a number.
    pub(super) length: u32,
    pub(super) body: Vec<u8>,
}

impl Frame {
    pub(super) fn data(flags: u16, stream: u32, body: Vec<u8>) -> Self {
        let length = u32::try_from(body.len()).unwrap();
        Self { kind: DATA, flags, stream, length, body }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0, self.kind];
        bytes.extend(self.flags.to_be_bytes());
        bytes.extend(self.stream.to_be_bytes());
        bytes.extend(self.length.to_be_bytes());
        bytes.extend(&self.body);
        bytes
    }

    async fn read(io: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut head = [0; HEAD_BYTES];
        io.read_exact(&mut head).await?;
        let number = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap());
        let (kind, flags) = (head[1], u16::from_be_bytes([head[2], head[3]]));
        let mut body = vec![0; if kind == DATA { number(8) as usize } else { 0 }];
        io.read_exact(&mut body).await?;
        Ok(Self { kind, flags, stream: number(4), length: number(8), body })
    }
}

/// A number of as many bytes as it needs, the last seven bits first.
pub(super) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// What one who opens a connection or a stream says to have it for `protocol`; who agrees says the same.
pub(super) fn proposal(protocol: &str) -> Vec<u8> {
    let line = |text: &str| [varint(text.len() as u64 + 1), text.as_bytes().to_vec(), vec![b'\n']].concat();
    [line("/multistream/1.0.0"), line(protocol)].concat()
}

pub(super) async fn connect(at: SocketAddr) -> TcpStream {
    TcpStream(timeout(DEADLINE, tokio::net::TcpStream::connect(at)).await.unwrap().unwrap())
}

async fn negotiate(io: &mut (impl AsyncRead + AsyncWrite + Unpin), protocol: &str) -> io::Result<()> {
    let proposal = proposal(protocol);
    io.write_all(&proposal).await?;
    io.flush().await?;
    let mut answer = vec![0; proposal.len()];
    io.read_exact(&mut answer).await?;
    if answer == proposal { Ok(()) } else { Err(io::Error::other("it does not agree")) }
}

/// Goes as far as Noise leads.
pub(super) async fn secure(mut socket: TcpStream, key: &Keypair) -> io::Result<Channel> {
    negotiate(&mut socket, "/noise").await?;
    let noise = noise::Config::new(key).unwrap();
    let (_, channel) = noise.upgrade_outbound(socket, "/noise").await.map_err(io::Error::other)?;
    Ok(channel)
}

type Writer = Arc<Mutex<WriteHalf<Channel>>>;

async fn write(writer: &Writer, bytes: &[u8]) -> io::Result<()> {
    let mut writer = writer.lock().await;
    writer.write_all(bytes).await?;
    writer.flush().await
}

/// Answers pings, which every node that is left alone sends.
#[derive(Default)]
struct Pong {
    streams: BTreeSet<u32>,
}

impl Pong {
    fn answer(&mut self, frame: &Frame) -> Option<Frame> {
        let ping = proposal("/ipfs/ping/1.0.0");
        if frame.kind == DATA && frame.body.windows(ping.len()).any(|part| part == ping) {
            self.streams.insert(frame.stream);
            return Some(Frame::data(ACK, frame.stream, ping));
        }
        let is_ping = frame.kind == DATA && !frame.body.is_empty() && self.streams.contains(&frame.stream);
        is_ping.then(|| Frame::data(0, frame.stream, frame.body.clone()))
    }
}

/// A peer that speaks yamux.
pub(super) struct Peer {
    pub(super) key: Keypair,
    spec: ChainSpec,
    writer: Writer,
    /// What the node says. It ends with the connection.
    pub(super) frames: mpsc::UnboundedReceiver<Frame>,
    /// How much more it takes, by stream.
    credit: watch::Receiver<BTreeMap<u32, u64>>,
    sent: BTreeMap<u32, u64>,
    /// The beginnings of questions, by stream: the node asks several at once.
    heard: BTreeMap<u32, Vec<u8>>,
    last_stream: Option<u32>,
    reader: AbortHandle,
}

impl Peer {
    /// Connects, and goes as far as every honest peer goes before it says anything.
    pub(super) async fn connect(at: SocketAddr, spec: &ChainSpec) -> Self {
        Self::over(connect(at).await, spec, true).await.unwrap()
    }

    /// Does so over a socket; whether it answers pings is to be said.
    pub(super) async fn over(socket: TcpStream, spec: &ChainSpec, pongs: bool) -> io::Result<Self> {
        Self::with_key(socket, spec, pongs, Keypair::generate_ed25519()).await
    }

    pub(super) async fn with_key(
        socket: TcpStream,
        spec: &ChainSpec,
        pongs: bool,
        key: Keypair,
    ) -> io::Result<Self> {
        let mut channel = secure(socket, &key).await?;
        negotiate(&mut channel, "/yamux/1.0.0").await?;
        let (mut reader, writer) = channel.split();
        let writer = Arc::new(Mutex::new(writer));
        let (answers, mut pong) = (Arc::clone(&writer), pongs.then(Pong::default));
        let (sender, frames) = mpsc::unbounded_channel();
        let (more, credit) = watch::channel(BTreeMap::new());
        let reader = tokio::spawn(async move {
            while let Ok(frame) = Frame::read(&mut reader).await {
                if frame.kind == WINDOW_UPDATE {
                    more.send_modify(|credit| {
                        *credit.entry(frame.stream).or_default() += u64::from(frame.length)
                    });
                }
                if let Some(answer) = pong.as_mut().and_then(|pong| pong.answer(&frame)) {
                    let answers = Arc::clone(&answers);
                    // The node may not read what we say before it has said more itself.
                    tokio::spawn(async move { write(&answers, &answer.bytes()).await });
                }
                // Whoever does not listen any more still keeps the node from waiting.
                drop(sender.send(frame));
            }
        });
        let (sent, heard, reader) = (BTreeMap::new(), BTreeMap::new(), reader.abort_handle());
        Ok(Self { key, spec: spec.clone(), writer, frames, credit, sent, heard, last_stream: None, reader })
    }

    /// Connects and says hello.
    pub(super) async fn greeted(at: SocketAddr, spec: &ChainSpec) -> Self {
        let mut peer = Self::connect(at, spec).await;
        peer.greet().await;
        peer
    }

    pub(super) async fn greet(&mut self) {
        let answer = self.ask(&Request::Hello(hello(&self.spec))).await;
        assert!(matches!(answer, Some(Response::Hello(_))), "{answer:?}");
    }

    /// Reads nothing any more. It notices the end only when it sends.
    pub(super) fn stop_reading(&self) {
        self.reader.abort();
    }

    pub(super) fn protocol(&self, name: &str) -> String {
        protocol_name(&self.spec, name)
    }

    pub(super) async fn send(&self, bytes: &[u8]) -> io::Result<()> {
        timeout(DEADLINE, write(&self.writer, bytes)).await.expect("the node reads what is sent, or leaves")
    }

    /// Says nothing more.
    pub(super) async fn close(&self) -> io::Result<()> {
        if self.frames.is_closed() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        timeout(DEADLINE, self.writer.lock().await.close()).await.expect("the node reads, or leaves")
    }

    /// Returns the next number of a stream of ours.
    pub(super) fn next_stream(&mut self) -> u32 {
        let next = self.last_stream.map_or(1, |last| last.wrapping_add(2));
        self.last_stream = Some(next);
        next
    }

    /// Returns how much more the node takes on a stream.
    pub(super) fn window(&self, stream: u32) -> u64 {
        WINDOW + self.credit.borrow().get(&stream).unwrap_or(&0) - self.sent.get(&stream).unwrap_or(&0)
    }

    /// Opens a stream for a protocol with the first thing that is said on it.
    pub(super) async fn open(&mut self, protocol: &str, flags: u16, message: &[u8]) -> io::Result<u32> {
        let stream = self.next_stream();
        let body = [&proposal(protocol), message].concat();
        self.sent.insert(stream, body.len() as u64);
        self.send(&Frame::data(SYN | flags, stream, body).bytes()).await?;
        Ok(stream)
    }

    /// Says more on a stream, as fast as the node takes it.
    pub(super) async fn say(&mut self, stream: u32, bytes: &[u8]) -> io::Result<()> {
        for part in bytes.chunks(64 << 10) {
            let sent = self.sent.entry(stream).or_default();
            *sent += part.len() as u64;
            let has_room = |credit: &BTreeMap<u32, u64>| WINDOW + credit.get(&stream).unwrap_or(&0) >= *sent;
            let waited =
                timeout(DEADLINE, self.credit.wait_for(has_room)).await.expect("the node takes it or leaves");
            waited.map(drop).map_err(io::Error::other)?;
            self.send(&Frame::data(0, stream, part.to_vec()).bytes()).await?;
        }
        Ok(())
    }

    /// Asks, and waits for the answer; `None` when the node gives none.
    pub(super) async fn ask(&mut self, request: &Request) -> Option<Response> {
        let protocol = self.protocol("sync");
        let stream = self.open(&protocol, FIN, &codec::encode(request)).await.ok()?;
        let mut said = Vec::new();
        loop {
            let frame = timeout(DEADLINE, self.frames.recv()).await.expect("the node answers or leaves")?;
            if frame.stream == stream {
                said.extend(frame.body);
                // The end, or a reset.
                if frame.flags & !(SYN | ACK) != 0 {
                    return codec::decode(said.strip_prefix(proposal(&protocol).as_slice())?).ok();
                }
            }
        }
    }

    /// Waits for a question of the node's; `None` when it leaves instead.
    pub(super) async fn asked(&mut self) -> Option<(u32, Request)> {
        let named = proposal(&self.protocol("sync"));
        loop {
            let frame = timeout(DEADLINE, self.frames.recv()).await.expect("the node asks or leaves")?;
            let all = self.heard.entry(frame.stream).or_default();
            let had_name = all.starts_with(&named);
            all.extend(&frame.body);
            let Some(question) = all.strip_prefix(named.as_slice()) else { continue };
            if frame.flags & FIN != 0 {
                let question = codec::decode(question).unwrap();
                self.heard.remove(&frame.stream);
                return Some((frame.stream, question));
            }
            if !had_name {
                // It goes on once we agree.
                self.send(&Frame::data(ACK, frame.stream, named.clone()).bytes()).await.ok()?;
            }
        }
    }

    /// Answers a question.
    pub(super) async fn answer(&mut self, stream: u32, answer: &Response) -> io::Result<()> {
        self.sent.insert(stream, proposal(&self.protocol("sync")).len() as u64);
        self.say(stream, &codec::encode(answer)).await?;
        self.send(&Frame::data(FIN, stream, Vec::new()).bytes()).await
    }

    /// Waits until the node has read everything that was sent; returns false when it left instead.
    pub(super) async fn is_heard(&mut self) -> bool {
        const MARK: u32 = 0x1001_cafe;
        let ping = Frame { kind: PING, flags: SYN, stream: 0, length: MARK, body: Vec::new() };
        if self.send(&ping.bytes()).await.is_err() {
            return false;
        }
        let is_pong = |frame: &Frame| (frame.kind, frame.flags, frame.length) == (PING, ACK, MARK);
        while let Some(frame) =
            timeout(DEADLINE, self.frames.recv()).await.expect("the node answers or leaves")
        {
            if is_pong(&frame) {
                return true;
            }
        }
        false
    }

    /// Waits until the node leaves.
    pub(super) async fn is_left(&mut self) {
        let left = async { while self.frames.recv().await.is_some() {} };
        timeout(DEADLINE, left).await.expect("the node leaves");
    }
}

/// What a peer says of itself that has nothing.
pub(super) fn hello(spec: &ChainSpec) -> Hello {
    Hello { agent: "hostile/1".to_owned(), height: 0, tip: *spec.genesis_hash(), work: [0; 32] }
}
