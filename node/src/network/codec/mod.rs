//! Requests and answers as bytes of a stream: one borsh message, and the stream ends. Nothing is reserved before it has
//! arrived, and nothing longer than its limit is read.

use std::io::{self, Error, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use borsh::{BorshDeserialize, BorshSerialize};
use futures_util::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use libp2p::StreamProtocol;
use libp2p::request_response::Codec;
use shared::codec;
use tokio::time::timeout;

use super::limits;
use crate::wire::{Request, Response};

/// The longest request: a thousand ids and the rest, or a locator, or the positions of a full block's transactions.
pub(super) const MAX_REQUEST_BYTES: usize = 64 << 10;

/// Reads and writes the messages of [`crate::wire`].
#[derive(Debug, Clone)]
pub(super) struct MessageCodec {
    /// What an answer has at most: it depends on the chain, whose blocks must fit.
    pub(super) max_response_bytes: usize,
    /// How long the answer to the question that is asked may take. Each question has a codec of its own.
    answer_within: Duration,
    has_begun: Arc<AtomicBool>,
}

/// What came is no question. It is handed on as if it were one: of a question that cannot be read nobody is told, so
/// nobody would be blamed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// A question on its way.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// Our own can be read.
    pub(super) body: Result<Request, Malformed>,
    /// How long its answer may take, all of it; of one that others ask, how long we may.
    pub(super) answer_within: Duration,
    /// Set when the first bytes of its answer are here. It is a mere sign, and orders nothing.
    pub(super) has_begun: Arc<AtomicBool>,
}

impl From<Request> for Question {
    fn from(body: Request) -> Self {
        Self { body: Ok(body), answer_within: limits::REQUEST, has_begun: Arc::default() }
    }
}

impl MessageCodec {
    pub(super) fn new(max_response_bytes: usize) -> Self {
        Self { max_response_bytes, answer_within: limits::REQUEST, has_begun: Arc::default() }
    }
}

impl Codec for MessageCodec {
    type Protocol = StreamProtocol;
    type Request = Question;
    type Response = Response;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Question>
    where
        T: AsyncRead + Unpin + Send,
    {
        let body = match within(limits::REQUEST, read(io, MAX_REQUEST_BYTES)).await {
            Err(error) if error.kind() == ErrorKind::InvalidData => Err(Malformed),
            read => Ok(read?),
        };
        Ok(Question { body, answer_within: limits::ANSWER, has_begun: Arc::default() })
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Response>
    where
        T: AsyncRead + Unpin + Send,
    {
        let began = || self.has_begun.store(true, Ordering::Relaxed);
        let bytes = within(self.answer_within, read_bytes(io, self.max_response_bytes, began)).await?;
        if bytes.is_empty() {
            // Who is too busy to answer ends the stream, and says nothing wrong.
            return Err(Error::new(ErrorKind::UnexpectedEof, "no answer"));
        }
        decode(&bytes)
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        Question { body, answer_within, has_begun }: Question,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        (self.answer_within, self.has_begun) = (answer_within, has_begun);
        let body = body.or(Err(Error::from(ErrorKind::InvalidData)))?;
        within(limits::REQUEST, write(io, &body)).await
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        response: Response,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        let bytes = codec::encode(&response);
        // Both would be kept for as long as the other side does not read.
        drop(response);
        io.write_all(&bytes).await
    }
}

/// Gives up after a time, so that what has not come yet takes nothing away from what comes next.
async fn within<T>(time: Duration, io: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(time, io).await.unwrap_or_else(|_| Err(Error::new(ErrorKind::TimedOut, "it takes too long")))
}

async fn read<T: BorshDeserialize>(io: &mut (impl AsyncRead + Unpin), limit: usize) -> io::Result<T> {
    decode(&read_bytes(io, limit, || ()).await?)
}

async fn read_bytes(
    io: &mut (impl AsyncRead + Unpin),
    limit: usize,
    began: impl FnOnce(),
) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0];
    if io.read(&mut bytes).await? == 0 {
        return Ok(Vec::new());
    }
    began();
    // With the first one a byte more, so that more is seen to be too much.
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    io.take(most).read_to_end(&mut bytes).await?;
    if bytes.len() > limit {
        return Err(Error::new(ErrorKind::InvalidData, "a message above the limit"));
    }
    Ok(bytes)
}

/// What ends before its end was cut off, as by whoever gave up on a slow line, and is nobody's fault.
fn decode<T: BorshDeserialize>(bytes: &[u8]) -> io::Result<T> {
    let mut rest = Rest { bytes, is_short: false };
    match T::deserialize_reader(&mut rest) {
        Ok(message) if rest.bytes.is_empty() => Ok(message),
        Ok(_) => Err(Error::new(ErrorKind::InvalidData, "more than a message")),
        Err(_) if rest.is_short => Err(Error::new(ErrorKind::UnexpectedEof, "a message that was cut off")),
        Err(error) => Err(Error::new(ErrorKind::InvalidData, error.to_string())),
    }
}

/// The bytes that were not read yet.
struct Rest<'a> {
    bytes: &'a [u8],
    /// Whether more was asked for than there is.
    is_short: bool,
}

impl io::Read for Rest<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.is_short |= self.bytes.len() < into.len();
        io::Read::read(&mut self.bytes, into)
    }
}

async fn write(io: &mut (impl AsyncWrite + Unpin), message: &impl BorshSerialize) -> io::Result<()> {
    io.write_all(&codec::encode(message)).await
}

#[cfg(test)]
mod tests;
