//! Connections that end when they shall. The multiplexer says goodbye before it closes, and whoever does not read would
//! keep its place with that for as long as it likes, even when it is banned.

use std::pin::Pin;
use std::task::{Context, Poll};

use libp2p::core::StreamMuxer;
use libp2p::core::muxing::StreamMuxerEvent;
use tokio::time::{Sleep, sleep};

use super::limits;

/// A multiplexer whose goodbye has a limit.
pub(super) struct Prompt<M> {
    muxer: M,
    /// From when it is closed.
    limit: Option<Pin<Box<Sleep>>>,
}

impl<M> Prompt<M> {
    pub(super) fn new(muxer: M) -> Self {
        Self { muxer, limit: None }
    }
}

impl<M: StreamMuxer + Unpin> StreamMuxer for Prompt<M> {
    type Substream = M::Substream;
    type Error = M::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<M::Substream, M::Error>> {
        Pin::new(&mut self.muxer).poll_inbound(context)
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<M::Substream, M::Error>> {
        Pin::new(&mut self.muxer).poll_outbound(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), M::Error>> {
        if let Poll::Ready(closed) = Pin::new(&mut self.muxer).poll_close(context) {
            return Poll::Ready(closed);
        }
        let limit = self.limit.get_or_insert_with(|| Box::pin(sleep(limits::GOODBYE)));
        limit.as_mut().poll(context).map(Ok)
    }

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, M::Error>> {
        Pin::new(&mut self.muxer).poll(context)
    }
}
