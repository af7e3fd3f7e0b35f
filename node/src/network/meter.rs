//! How many bytes go over the connections with each peer: counted below the encryption, so all that TCP carries but the
//! few bytes that agree on the encryption.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use futures_util::{AsyncRead, AsyncWrite, FutureExt as _, TryFutureExt as _};
use libp2p::core::UpgradeInfo;
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade};
use libp2p::{PeerId, noise};

/// Bytes both ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    /// From the other node.
    pub(super) received: u64,
    /// To it.
    pub(super) sent: u64,
}

/// Of one connection. Nothing else depends on the two numbers, so they need no order.
#[derive(Debug, Default)]
struct Counter {
    received: AtomicU64,
    sent: AtomicU64,
}

/// Knows the counters of all open connections. A copy is a handle.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter {
    /// A connection that is closed drops its counter.
    counters: Arc<Mutex<HashMap<PeerId, Vec<Weak<Counter>>>>>,
}

impl Meter {
    /// Returns an encryption whose connections are counted.
    pub(super) fn encryption(&self, noise: noise::Config) -> Metered {
        Metered { noise, meter: self.clone() }
    }

    /// Returns what went over the connections that are open with a peer.
    pub(super) fn traffic(&self, peer: &PeerId) -> Traffic {
        let counters = self.counters();
        let open = counters.get(peer).into_iter().flatten().filter_map(Weak::upgrade);
        open.fold(Traffic::default(), |sum, counter| Traffic {
            received: sum.received + counter.received.load(Ordering::Relaxed),
            sent: sum.sent + counter.sent.load(Ordering::Relaxed),
        })
    }

    /// Takes note of a connection, and forgets the ones that are closed: there are never more than the open ones.
    fn opened(&self, peer: PeerId, counter: &Arc<Counter>) {
        let mut counters = self.counters();
        counters.retain(|_, counters| {
            counters.retain(|counter| counter.strong_count() > 0);
            !counters.is_empty()
        });
        counters.entry(peer).or_default().push(Arc::downgrade(counter));
    }

    fn counters(&self) -> MutexGuard<'_, HashMap<PeerId, Vec<Weak<Counter>>>> {
        self.counters.lock().expect("the lock is sound because nobody panics while holding it")
    }
}

/// Noise over a connection that counts.
#[derive(Clone)]
pub(super) struct Metered {
    noise: noise::Config,
    meter: Meter,
}

type Upgraded<S> = Result<(PeerId, noise::Output<Counted<S>>), noise::Error>;

impl Metered {
    fn count<S, F>(
        self,
        stream: S,
        shake_hands: impl FnOnce(noise::Config, Counted<S>) -> F,
    ) -> BoxFuture<'static, Upgraded<S>>
    where
        S: 'static,
        F: Future<Output = Upgraded<S>> + Send + 'static,
    {
        let Self { noise, meter } = self;
        let counter = Arc::new(Counter::default());
        let stream = Counted { stream, counter: Arc::clone(&counter) };
        shake_hands(noise, stream).inspect_ok(move |(peer, _)| meter.opened(*peer, &counter)).boxed()
    }
}

impl UpgradeInfo for Metered {
    type Info = <noise::Config as UpgradeInfo>::Info;
    type InfoIter = <noise::Config as UpgradeInfo>::InfoIter;

    fn protocol_info(&self) -> Self::InfoIter {
        self.noise.protocol_info()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> InboundConnectionUpgrade<S> for Metered {
    type Output = (PeerId, noise::Output<Counted<S>>);
    type Error = noise::Error;
    type Future = BoxFuture<'static, Upgraded<S>>;

    fn upgrade_inbound(self, stream: S, info: Self::Info) -> Self::Future {
        self.count(stream, |noise, stream| noise.upgrade_inbound(stream, info))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> OutboundConnectionUpgrade<S> for Metered {
    type Output = (PeerId, noise::Output<Counted<S>>);
    type Error = noise::Error;
    type Future = BoxFuture<'static, Upgraded<S>>;

    fn upgrade_outbound(self, stream: S, info: Self::Info) -> Self::Future {
        self.count(stream, |noise, stream| noise.upgrade_outbound(stream, info))
    }
}

/// A stream that counts what it carries.
#[derive(Debug)]
pub(super) struct Counted<S> {
    stream: S,
    counter: Arc<Counter>,
}

/// Adds what a read or a write has carried.
fn add(counter: &AtomicU64, carried: io::Result<usize>) -> Poll<io::Result<usize>> {
    if let Ok(bytes) = carried {
        counter.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
    Poll::Ready(carried)
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let carried = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        add(&self.counter.received, carried)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let carried = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        add(&self.counter.sent, carried)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(context)
    }
}
