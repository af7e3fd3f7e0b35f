//! The API: WebSocket sessions, the wallet page and raw blocks, on one port (`docs/protocol.md`, section 9).
//!
//! It reads the chain through its handle and submits what clients signed; it owns no state of the chain and can
//! change nothing else. [`serve`] is called by `node/mod.rs`; it returns when the token was cancelled and every
//! connection is closed.

mod config;
mod connections;
mod control;
mod http;
mod methods;
mod origin;
mod peers;
mod proofs;
mod session;
mod stall;
mod submit;
mod views;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::config::ApiConfig;
use self::config::{MAX_HEAD_BYTES, MAX_HEADERS, MAX_STORE_READS};
use self::connections::{Connections, Place};
pub use self::control::{Control, ControlToken, TokenError};
use self::stall::StallGuard;
use crate::chain::ChainHandle;
pub use crate::rate::Rate;
use crate::rate::TokenBucket;

/// What all connections share.
struct Server {
    chain: ChainHandle,
    control: Control,
    config: ApiConfig,
    /// Cancelled when the node stops.
    token: CancellationToken,
    /// Connections and sessions, so that the stop can wait for them.
    tasks: TaskTracker,
    connections: Arc<Connections>,
    /// Reads from the store that may still begin.
    store_reads: Semaphore,
}

impl Server {
    fn new(chain: ChainHandle, control: Control, config: ApiConfig, token: CancellationToken) -> Self {
        Self {
            chain,
            control,
            connections: Connections::new(config.max_connections, config.max_connections_per_ip),
            config,
            token,
            tasks: TaskTracker::new(),
            store_reads: Semaphore::new(MAX_STORE_READS),
        }
    }
}

/// What is known of the peer of one connection.
struct Client {
    /// Frees the place when the connection ends.
    _place: Place,
    since: Instant,
    bucket: Mutex<TokenBucket>,
    /// All bytes that came from it.
    bytes_read: Arc<AtomicU64>,
}

impl Client {
    /// Counts a request; returns false when there were too many.
    fn may_ask(&self) -> bool {
        // A bucket is right at every point where a holder could panic.
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(self.since.elapsed())
    }

    /// Returns how many bytes came from it.
    fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }
}

/// Serves wallets on `listener` until `token` is cancelled; returns when all of them are disconnected.
pub async fn serve(
    listener: TcpListener,
    chain: ChainHandle,
    control: Control,
    config: ApiConfig,
    token: CancellationToken,
) {
    let server = Arc::new(Server::new(chain, control, config, token.clone()));
    token.run_until_cancelled(accept(&listener, &server)).await;
    drop(listener);
    server.tasks.close();
    server.tasks.wait().await;
}

/// Accepts connections for ever.
async fn accept(listener: &TcpListener, server: &Arc<Server>) {
    const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);
    let mut pause = SHORTEST_PAUSE;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                pause = SHORTEST_PAUSE;
                admit(server, stream, peer);
            }
            // The peer was gone before it was accepted: that is its own affair.
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                // Out of file descriptors or memory. To try again at once would only burn the processor.
                tracing::warn!(%error, "cannot accept connections; raise the limit of open files if this repeats");
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}

fn admit(server: &Arc<Server>, stream: TcpStream, peer: SocketAddr) {
    if let Some(place) = server.connections.admit(peer.ip()) {
        server.tasks.spawn(connection(Arc::clone(server), stream, place));
    } else {
        // One attempt to say why; an empty socket takes so few bytes at once.
        let refusal =
            b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
            Too many connections to this node: close some, or try again later.\n";
        if let Err(error) = stream.try_write(refusal) {
            tracing::debug!(%peer, %error, "a connection above the limit was dropped");
        }
    }
}

/// Serves one connection until it ends or becomes a session.
async fn connection(server: Arc<Server>, stream: TcpStream, place: Place) {
    let config = &server.config;
    let mut byte = [0];
    let first_byte = timeout(config.first_byte_timeout, stream.peek(&mut byte));
    if !matches!(server.token.run_until_cancelled(first_byte).await, Some(Ok(Ok(1)))) {
        return;
    }
    // Answers are small and awaited: none shall be held back to be joined with the next.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was lost");
        return;
    }
    let rate = if place.is_loopback() { config.loopback_rate } else { config.rate };
    let bucket = Mutex::new(TokenBucket::new(rate));
    let bytes_read = Arc::default();
    let io = TokioIo::new(StallGuard::new(stream, config.write_timeout, Arc::clone(&bytes_read)));
    let client = Arc::new(Client { _place: place, since: Instant::now(), bucket, bytes_read });
    let service = service_fn(|request| http::respond(Arc::clone(&server), Arc::clone(&client), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // It runs from the end of the request before, so it also ends connections that are kept but not used.
        .header_read_timeout(config.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(io, service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = match server.token.run_until_cancelled(connection.as_mut()).await {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            timeout(config.close_timeout, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

#[cfg(test)]
mod tests;
