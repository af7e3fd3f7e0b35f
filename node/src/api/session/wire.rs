//! The socket of a session: what waits to be written, and when it is flushed.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::stream::FusedStream as _;
use futures_util::{Sink as _, SinkExt as _, Stream as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use shared::api::MAX_MESSAGE_BYTES;
use tokio::io::{AsyncWriteExt as _, copy, sink};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::Ending;
use crate::api::config::MAX_FRAMES_A_FLUSH;

/// Bytes of the buffers. Measured: an idle session takes 6 KiB with these, 134 KiB with the library's own.
const READ_BUFFER_BYTES: usize = 4 * 1024;
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// What may wait to be written: one reply, and what was buffered before it.
const MAX_WRITE_BUFFER_BYTES: usize = 1024 * 1024;

pub(super) struct Wire {
    socket: WebSocketStream<TokioIo<Upgraded>>,
    /// What goes to the socket's buffer next, when that is not full.
    outbox: VecDeque<Message>,
    /// Frames read since the last flush.
    frames_read: usize,
    needs_flush: bool,
}

/// What happened at the socket.
pub(super) enum Step {
    /// All that waited is in the socket's buffer: there is room for more.
    Drained,
    /// All that was buffered is written, or cannot be.
    Flushed(Result<(), WsError>),
    /// A frame came; `None` when none will come any more.
    Frame(Option<Result<Message, WsError>>),
}

impl Wire {
    pub(super) async fn new(upgraded: Upgraded) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        Self { socket, outbox: VecDeque::new(), frames_read: 0, needs_flush: false }
    }

    /// Returns whether nothing waits for room in the socket's buffer.
    pub(super) fn is_drained(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Queues a message. Callers wait for [`Wire::is_drained`] where they have much to say.
    pub(super) fn send(&mut self, message: Message) {
        self.outbox.push_back(message);
    }

    /// Flushes what the library itself has buffered.
    pub(super) fn flush_soon(&mut self) {
        self.needs_flush = true;
    }

    /// Writes, reads when it may and nothing waits to be written, and flushes when there is nothing to read.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, may_read: bool) -> Poll<Step> {
        let had_messages = !self.outbox.is_empty();
        while !self.outbox.is_empty() {
            if let Err(error) = ready!(Pin::new(&mut self.socket).poll_ready(cx)) {
                return Poll::Ready(Step::Flushed(Err(error)));
            }
            let Some(message) = self.outbox.pop_front() else { break };
            if let Err(error) = Pin::new(&mut self.socket).start_send(message) {
                return Poll::Ready(Step::Flushed(Err(error)));
            }
            self.needs_flush = true;
        }
        if had_messages {
            return Poll::Ready(Step::Drained);
        }
        let is_flush_due = self.needs_flush && self.frames_read >= MAX_FRAMES_A_FLUSH;
        if may_read
            && !is_flush_due
            && let Poll::Ready(frame) = Pin::new(&mut self.socket).poll_next(cx)
        {
            self.frames_read += 1;
            return Poll::Ready(Step::Frame(frame));
        }
        if self.needs_flush {
            let flushed = ready!(Pin::new(&mut self.socket).poll_flush(cx));
            self.needs_flush = false;
            self.frames_read = 0;
            return Poll::Ready(Step::Flushed(flushed));
        }
        Poll::Pending
    }

    /// Ends the session: tells the peer, and waits until it has heard. The caller limits the time.
    pub(super) async fn close(&mut self, ending: Ending) {
        let breaks_protocol = self.socket.is_terminated();
        let told = match ending {
            Ending::Gone => return,
            Ending::ByPeer => self.socket.flush().await,
            Ending::ByNode(code, reason) => {
                // A pong that the library still holds back would otherwise follow the close frame.
                match self.socket.flush().await {
                    Ok(()) => self.socket.close(Some(CloseFrame { code, reason: reason.into() })).await,
                    lost => lost,
                }
            }
        };
        if told.is_err() {
            return;
        }
        if breaks_protocol {
            // No echo can be understood. But while bytes are unread, the system would reset the connection, and the
            // peer lose the reason.
            let stream = self.socket.get_mut();
            if stream.shutdown().await.is_ok() {
                // How it ends does not matter any more.
                copy(stream, &mut sink()).await.ok();
            }
        } else {
            // What the peer had sent before it heard, and its echo.
            while let Some(Ok(_)) = self.socket.next().await {}
        }
    }
}
