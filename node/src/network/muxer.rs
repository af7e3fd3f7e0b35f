//! Yamux, which carries many streams over one connection, within our limits: on what a peer can make us keep for it, and
//! on how long it can keep a connection that we end.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::iter::{Once, once};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_util::{AsyncRead, AsyncWrite};
use libp2p::core::StreamMuxer;
use libp2p::core::muxing::StreamMuxerEvent;
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo};
use tokio::time::{Sleep, sleep};
use yamux::{Config, Connection, ConnectionError, Mode, Stream};

use super::frames::Throttled;
use super::limits;

/// Makes a [`Muxer`] of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Yamux;

impl UpgradeInfo for Yamux {
    type Info = &'static str;
    type InfoIter = Once<Self::Info>;

    fn protocol_info(&self) -> Self::InfoIter {
        once("/yamux/1.0.0")
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> InboundConnectionUpgrade<C> for Yamux {
    type Output = Muxer<C>;
    type Error = Infallible;
    type Future = Ready<Result<Muxer<C>, Infallible>>;

    fn upgrade_inbound(self, io: C, _: Self::Info) -> Self::Future {
        ready(Ok(Muxer::new(io, Mode::Server)))
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> OutboundConnectionUpgrade<C> for Yamux {
    type Output = Muxer<C>;
    type Error = Infallible;
    type Future = Ready<Result<Muxer<C>, Infallible>>;

    fn upgrade_outbound(self, io: C, _: Self::Info) -> Self::Future {
        ready(Ok(Muxer::new(io, Mode::Client)))
    }
}

/// A connection of many streams.
pub(super) struct Muxer<C> {
    connection: Connection<Throttled<C>>,
    /// Streams that came while nobody asked for one: no more than there may be.
    came: VecDeque<Stream>,
    /// Who asked when there was none.
    waits: Option<Waker>,
    /// From when the connection is closed.
    goodbye: Option<Pin<Box<Sleep>>>,
}

impl<C: AsyncRead + AsyncWrite + Unpin> Muxer<C> {
    fn new(io: C, mode: Mode) -> Self {
        let mut config = Config::default();
        config.set_max_num_streams(limits::STREAMS);
        config.set_max_connection_receive_window(Some(limits::UNREAD_BYTES));
        Self {
            connection: Connection::new(Throttled::new(io), config, mode),
            came: VecDeque::new(),
            waits: None,
            goodbye: None,
        }
    }

    /// Does what is to be done on the connection, until a stream comes.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Stream, ConnectionError>> {
        self.connection.poll_next_inbound(context).map(|next| next.unwrap_or(Err(ConnectionError::Closed)))
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> StreamMuxer for Muxer<C> {
    type Substream = Stream;
    type Error = ConnectionError;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Stream, ConnectionError>> {
        if let Some(stream) = self.came.pop_front() {
            return Poll::Ready(Ok(stream));
        }
        let next = self.poll_next(context);
        if next.is_pending() {
            self.waits = Some(context.waker().clone());
        }
        next
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Stream, ConnectionError>> {
        self.connection.poll_new_outbound(context)
    }

    /// Yamux says goodbye before it closes. Whoever does not read would keep its place with that for as long as it
    /// likes, even when it is banned.
    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        if let Poll::Ready(closed) = self.connection.poll_close(context) {
            return Poll::Ready(closed);
        }
        let goodbye = self.goodbye.get_or_insert_with(|| Box::pin(sleep(limits::GOODBYE)));
        goodbye.as_mut().poll(context).map(Ok)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<StreamMuxerEvent, ConnectionError>> {
        match self.poll_next(context) {
            Poll::Ready(Ok(stream)) => {
                self.came.push_back(stream);
                if let Some(waits) = self.waits.take() {
                    waits.wake();
                }
                // There may be more to do, but others have their turn first.
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }
}
