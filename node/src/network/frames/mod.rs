//! Yamux keeps each frame that nobody has read yet in an allocation of its own, and counts only the bytes inside: a
//! mebibyte in frames of one byte takes fifty times as much memory. Small frames, and frames without a body, which cost a
//! turn each, are therefore read no faster than honest nodes send them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep};

use super::limits;
use crate::rate::TokenBucket;

/// Version, type, flags, stream, and the length of a body.
const HEAD_BYTES: usize = 12;
/// The type of frames that have a body.
const DATA: u8 = 0;

/// What comes before yamux: the same bytes, but small frames in their time.
pub(super) struct Throttled<C> {
    io: C,
    head: [u8; HEAD_BYTES],
    /// Bytes of the head that were read.
    filled: usize,
    /// Bytes of the body that were not.
    body: usize,
    /// A small frame was read and not paid for.
    owes: bool,
    frames: TokenBucket,
    since: Instant,
    pause: Pin<Box<Sleep>>,
}

impl<C> Throttled<C> {
    /// Throttles what comes from `io`.
    pub(super) fn new(io: C) -> Self {
        let frames = TokenBucket::new(limits::FRAME_RATE);
        let pause = Box::pin(sleep(limits::FRAME_PAUSE));
        let since = Instant::now();
        Self { io, head: [0; HEAD_BYTES], filled: 0, body: 0, owes: false, frames, since, pause }
    }

    /// Waits until the frame before is paid for.
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.owes {
            if self.frames.take(self.since.elapsed()) {
                self.owes = false;
            } else {
                if self.pause.is_elapsed() {
                    self.pause.as_mut().reset(Instant::now() + limits::FRAME_PAUSE);
                }
                ready!(self.pause.as_mut().poll(context));
            }
        }
        Poll::Ready(())
    }

    /// Follows what was read, which never reaches from one part of a frame into the next.
    fn follow(&mut self, bytes: &[u8]) {
        if self.body > 0 {
            self.body = self.body.saturating_sub(bytes.len());
            return;
        }
        for (place, byte) in self.head.iter_mut().skip(self.filled).zip(bytes) {
            *place = *byte;
        }
        self.filled += bytes.len();
        if self.filled >= HEAD_BYTES {
            let [_, kind, _, _, _, _, _, _, length @ ..] = self.head;
            if kind == DATA {
                self.body = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
            }
            self.owes = self.body < limits::SMALL_FRAME;
            self.filled = 0;
        }
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for Throttled<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(context));
        let part = if self.body > 0 { self.body } else { HEAD_BYTES - self.filled };
        let length = part.min(buffer.len());
        let (buffer, _) = buffer.split_at_mut(length);
        let count = ready!(Pin::new(&mut self.io).poll_read(context, buffer))?;
        if let Some(bytes) = buffer.get(..count) {
            self.follow(bytes);
        }
        Poll::Ready(Ok(count))
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Throttled<C> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_close(context)
    }
}

#[cfg(test)]
mod tests;
