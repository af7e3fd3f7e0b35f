//! One WebSocket session: requests in, replies and news out, with everything bounded.
//!
//! All frames that are ready are read and answered before the socket is flushed once. Replies leave in the order of
//! the requests. While the peer does not take in what waits for it, nothing more is read from it.

mod mempool_news;
mod reply;
mod subscriptions;
mod wire;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt as _, StreamExt as _, future};
use hyper::upgrade::Upgraded;
use shared::api::rpc::{self, RpcError};
use shared::api::views::Answer;
use shared::api::{Call, Incoming, Request, Token};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};

use self::subscriptions::{News, Subscriptions};
use self::wire::{Step, Wire};
use super::config::{CONTROL_RATE, MAX_IN_FLIGHT, MAX_WRONG_SIGNATURES, MAX_WRONG_TOKENS};
use super::methods::{self, Work};
use super::{Client, Server, views};
use crate::rate::TokenBucket;

/// Why a session ends.
enum Ending {
    /// The peer is gone: nobody is left to be told.
    Gone,
    /// The peer closed the session, and waits for the echo.
    ByPeer,
    /// This side closes it, and tells the peer why.
    ByNode(CloseCode, &'static str),
}

impl Ending {
    /// A peer that takes in less than what happens.
    const SLOW_READER: Self = Self::ByNode(
        CloseCode::Policy,
        "too slow: news were lost, connect again and ask for the present state",
    );

    fn of_error(error: &WsError) -> Self {
        match error {
            WsError::Capacity(_) => Self::ByNode(CloseCode::Size, "a message is at most 262144 bytes"),
            WsError::Utf8(_) => Self::ByNode(CloseCode::Invalid, "text must be UTF-8"),
            WsError::Protocol(_) => Self::ByNode(CloseCode::Protocol, "not the WebSocket protocol"),
            _ => Self::Gone,
        }
    }
}

struct Session {
    server: Arc<Server>,
    client: Arc<Client>,
    wire: Wire,
    subscriptions: Subscriptions,
    /// Replies that are being made, in the order of the requests; `None` when nobody waits for one.
    replies: FuturesOrdered<BoxFuture<'static, Option<String>>>,
    /// The last of `replies` must leave before anything else: it may be large, or names a subscription.
    must_drain: bool,
    /// Whether the peer gave a sign of life since it was last asked for one.
    is_alive: bool,
    /// How many of the bytes that came are known to be no part of an unfinished message.
    finished_bytes: u64,
    /// Pings and pongs that the peer may still send.
    control_frames: TokenBucket,
    /// Whether the peer has shown the control token.
    is_authorized: bool,
    /// How many tokens it showed that were none.
    n_wrong_tokens: u32,
    /// How many signatures it sent that were none, which cost the most to find out.
    n_wrong_signatures: u32,
}

/// Serves a session until one side ends it.
pub(super) async fn run(server: Arc<Server>, client: Arc<Client>, upgraded: Upgraded) {
    let mut session = Session {
        wire: Wire::new(upgraded).await,
        subscriptions: Subscriptions::new(Arc::clone(&server)),
        server,
        finished_bytes: client.bytes_read(),
        client,
        replies: FuturesOrdered::new(),
        must_drain: false,
        is_alive: true,
        control_frames: TokenBucket::new(CONTROL_RATE),
        is_authorized: false,
        n_wrong_tokens: 0,
        n_wrong_signatures: 0,
    };
    let Err(ending) = session.serve().await;
    let limit = session.server.config.close_timeout;
    if timeout(limit, session.wire.close(ending)).await.is_err() {
        tracing::debug!("a peer did not close its side in time");
    }
}

impl Session {
    /// Works until the session ends.
    async fn serve(&mut self) -> Result<std::convert::Infallible, Ending> {
        let token = self.server.token.clone();
        let mut stopped = std::pin::pin!(token.cancelled());
        let period = self.server.config.ping_interval;
        let mut ping = interval_at(Instant::now() + period, period);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if !self.must_drain && self.wire.is_drained() {
                self.subscriptions.take_news(|news| match news {
                    News::Now(text) => self.wire.send(Message::text(text)),
                    News::Later(text) => {
                        self.replies.push_back(text);
                        self.must_drain = true;
                    }
                });
            }
            let is_drained = self.wire.is_drained();
            let may_read = !self.must_drain && self.replies.len() < MAX_IN_FLIGHT;
            let Self { wire, subscriptions, replies, .. } = self;
            tokio::select! {
                biased;
                () = &mut stopped => return Err(Ending::ByNode(CloseCode::Away, "the node is stopping")),
                _ = ping.tick() => self.ask_for_life()?,
                noted = subscriptions.changed() => noted?,
                Some(reply) = replies.next(), if is_drained => self.on_reply(reply),
                step = future::poll_fn(|cx| wire.poll(cx, may_read)) => match step {
                    Step::Drained => {}
                    Step::Flushed(flushed) => flushed.or(Err(Ending::Gone))?,
                    Step::Frame(frame) => self.on_frame(frame)?,
                },
            }
        }
    }

    fn ask_for_life(&mut self) -> Result<(), Ending> {
        if !self.is_alive {
            return Err(Ending::ByNode(
                CloseCode::Policy,
                "no answer to a ping, or a message left unfinished",
            ));
        }
        self.is_alive = false;
        self.wire.send(Message::Ping(Bytes::new()));
        Ok(())
    }

    fn on_reply(&mut self, reply: Option<String>) {
        if let Some(text) = reply {
            self.wire.send(Message::text(text));
        }
        self.must_drain &= !self.replies.is_empty();
    }

    /// Notes a sign of life: a message, or a control frame while no message is unfinished. Otherwise one that never
    /// ends would be held for ever.
    fn note_life(&mut self, frame: Option<&Result<Message, WsError>>) {
        /// Opcode, length and mask.
        const CONTROL_HEAD_BYTES: u64 = 6;
        let read = self.client.bytes_read();
        if let Some(Ok(Message::Ping(payload) | Message::Pong(payload))) = frame {
            // The library does not tell of fragments; but this frame is all that came, if no other is unfinished.
            self.finished_bytes += CONTROL_HEAD_BYTES + views::to_u64(payload.len());
            self.is_alive |= read <= self.finished_bytes;
        } else {
            // What was read ahead is taken for finished: some kilobytes at most, until the next message.
            self.finished_bytes = read;
            self.is_alive = true;
        }
    }

    fn on_frame(&mut self, frame: Option<Result<Message, WsError>>) -> Result<(), Ending> {
        self.note_life(frame.as_ref());
        match frame {
            None => Err(Ending::Gone),
            Some(Err(error)) => Err(Ending::of_error(&error)),
            Some(Ok(Message::Text(text))) => {
                self.on_text(&text);
                if self.n_wrong_signatures < MAX_WRONG_SIGNATURES {
                    return Ok(());
                }
                Err(Ending::ByNode(
                    CloseCode::Policy,
                    "too many wrong signatures: sign with the sender's key",
                ))
            }
            Some(Ok(Message::Binary(_))) => {
                Err(Ending::ByNode(CloseCode::Unsupported, "send JSON in text frames"))
            }
            Some(Ok(Message::Close(_))) => Err(Ending::ByPeer),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                // The pong was queued by the library; who sends too many is not worth one.
                self.wire.flush_soon();
                if self.control_frames.take(self.client.since.elapsed()) {
                    Ok(())
                } else {
                    Err(Ending::ByNode(CloseCode::Policy, "rate_limited: too many control frames"))
                }
            }
        }
    }

    fn on_text(&mut self, text: &str) {
        let reply = match Incoming::parse(text) {
            Incoming::One(call) => {
                let work = self.begin(&call);
                match work {
                    Work::Done(answer) if self.replies.is_empty() => {
                        self.must_drain = false;
                        return self.on_reply(reply::encode(&call, &answer));
                    }
                    work => reply::finish(call, work).boxed(),
                }
            }
            Incoming::Batch(calls) => {
                let begun: Vec<(Call, Work)> = calls
                    .into_iter()
                    .map(|call| {
                        let work = self.begin(&call);
                        (call, work)
                    })
                    .collect();
                reply::finish_batch(begun).boxed()
            }
        };
        self.replies.push_back(reply);
    }

    /// Begins to answer one call.
    fn begin(&mut self, call: &Call) -> Work {
        if !self.client.may_ask() {
            let message = "rate_limited: too many requests; wait a second, or ask for several things at once less often";
            return Work::Done(Err(RpcError::limited(rpc::RATE_LIMIT, message.to_owned())));
        }
        match &call.request {
            Err(error) => Work::Done(Err(error.clone())),
            Ok(Request::Authorize { token }) => Work::Done(self.authorize(token)),
            Ok(request) if request.is_privileged() && !self.is_authorized => {
                let message = "only who started the node may do this: open the link that it printed, or send \
                               authorize with the token from there";
                Work::Done(Err(RpcError::new(rpc::UNAUTHORIZED, message.to_owned())))
            }
            Ok(Request::Subscribe(topic)) => {
                self.must_drain = true;
                Work::Done(self.subscriptions.subscribe(topic).map(Answer::Subscribed))
            }
            Ok(Request::Unsubscribe { id }) => {
                Work::Done(Ok(Answer::Unsubscribed(self.subscriptions.unsubscribe(*id))))
            }
            Ok(request) => {
                let work = methods::begin(&self.server, request.clone());
                self.must_drain |= matches!(work, Work::Read(_));
                self.n_wrong_signatures += u32::from(work.has_wrong_signature());
                work
            }
        }
    }

    fn authorize(&mut self, token: &Token) -> Result<Answer, RpcError> {
        if self.n_wrong_tokens >= MAX_WRONG_TOKENS {
            let message = "rate_limited: too many wrong tokens; connect again";
            return Err(RpcError::limited(rpc::RATE_LIMIT, message.to_owned()));
        }
        if self.server.control.token.is(&token.0) {
            self.is_authorized = true;
            return Ok(Answer::Authorized(true));
        }
        self.n_wrong_tokens += 1;
        let message = "this is not the node's token; a new one is printed at each start, in the page's link";
        Err(RpcError::new(rpc::WRONG_TOKEN, message.to_owned()))
    }
}
