//! What the API allows. Every limit is here, with its reason.

use std::time::Duration;

use crate::rate::Rate;

/// How the API serves.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// The names in a `Host` header that are answered, besides `localhost` and every IP address. A page that found
    /// its way here by another name has been rebound to this computer by whoever owns that name.
    pub hosts: Vec<String>,
    /// The web origins that may open a session, besides this node's own page, pages on this computer and files.
    pub origins: Vec<String>,
    /// Connections at once, sessions among them. An idle session takes some kilobytes.
    pub max_connections: usize,
    /// Connections of one IP address at once; this computer's own have no such limit.
    pub max_connections_per_ip: usize,
    /// Requests a connection may make.
    pub rate: Rate,
    /// The same for this computer's own connections.
    pub loopback_rate: Rate,
    /// How long a connection may be silent before its first byte.
    pub first_byte_timeout: Duration,
    /// How long a request's head may take, from the end of the request before.
    pub header_timeout: Duration,
    /// How long a peer may take in none of what is sent to it.
    pub write_timeout: Duration,
    /// How often a session is asked for a sign of life. It is closed when it gives none until the next time, or begins
    /// a message and does not finish it.
    pub ping_interval: Duration,
    /// How long a peer may take to close its side.
    pub close_timeout: Duration,
    /// How long a session hears nothing of the mempool after it was told: at a thousand transactions a second, each
    /// would be a message to every listener otherwise.
    pub mempool_news_interval: Duration,
}

impl ApiConfig {
    /// Returns the defaults for a node that listens on `host`.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self {
            hosts: vec![host.to_owned()],
            origins: Vec::new(),
            max_connections: 4096,
            // A household or a classroom behind one address; a page takes up to seven.
            max_connections_per_ip: 32,
            rate: Rate { per_second: 50, burst: 200 },
            loopback_rate: Rate { per_second: 2000, burst: 2000 },
            first_byte_timeout: Duration::from_secs(5),
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            // Below the minute after which home routers forget a silent connection.
            ping_interval: Duration::from_secs(30),
            close_timeout: Duration::from_secs(2),
            mempool_news_interval: Duration::from_secs(1),
        }
    }
}

/// Subscriptions of one session: a wallet needs one an account and one for the chain.
pub(super) const MAX_SUBSCRIPTIONS: usize = 64;
/// Pings and pongs of one session, wherever it comes from: a browser sends one in some seconds, and a pong for each
/// of ours.
pub(super) const CONTROL_RATE: Rate = Rate { per_second: 10, burst: 100 };
/// Wrong control tokens of one session: a person may paste an old one. Of 2^128 nobody guesses one, however many
/// sessions are opened for it.
pub(super) const MAX_WRONG_TOKENS: u32 = 5;
/// Wrong signatures of one session: nobody makes one by accident but while writing a program.
pub(super) const MAX_WRONG_SIGNATURES: u32 = 100;
/// Tips that may wait for a slow reader, before it is told to begin anew.
pub(super) const MAX_QUEUED_HEADS: usize = 64;
/// Transactions that came, in one message of the mempool: a page's worth, below 100 KiB …
pub(super) const MAX_NEWS_ADDED: usize = 100;
/// … and that went: a block takes many at once, and each is 100 bytes.
pub(super) const MAX_NEWS_REMOVED: usize = 1_000;
/// Calls of one session that may wait for their answers at once; more are not read from its socket.
pub(super) const MAX_IN_FLIGHT: usize = 64;
/// Frames that are read before what was answered is flushed.
pub(super) const MAX_FRAMES_A_FLUSH: usize = 256;
/// A reply, a batch's too, is at most this many bytes.
pub(super) const MAX_REPLY_BYTES: usize = 512 * 1024;
/// Reads from the store that run at once, for all sessions together.
pub(super) const MAX_STORE_READS: usize = 8;
/// The head of a request is at most this many bytes …
pub(super) const MAX_HEAD_BYTES: usize = 16 * 1024;
/// … in at most this many headers; a browser sends some fifteen.
pub(super) const MAX_HEADERS: usize = 64;
/// A transaction is at most this many bytes; the largest that can be valid has 1,345.
pub(super) const MAX_TRANSACTION_BYTES: usize = 2048;
