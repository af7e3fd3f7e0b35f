//! Requests and answers as bytes of a stream: one borsh message, and the stream ends. Nothing is reserved before it has
//! arrived, and nothing longer than its limit is read.

use std::io::{self, Error, ErrorKind};

use borsh::{BorshDeserialize, BorshSerialize};
use futures_util::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use libp2p::StreamProtocol;
use libp2p::request_response::Codec;
use shared::codec;

use crate::wire::{Request, Response};

/// The longest request: a thousand ids and the rest, or a locator, or the positions of a full block's transactions.
pub(super) const MAX_REQUEST_BYTES: usize = 64 << 10;

/// Reads and writes the messages of [`crate::wire`].
#[derive(Debug, Clone)]
pub(super) struct MessageCodec {
    /// What an answer has at most: it depends on the chain, whose blocks must fit.
    pub(super) max_response_bytes: usize,
}

impl Codec for MessageCodec {
    type Protocol = StreamProtocol;
    type Request = Request;
    type Response = Response;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Request>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io, MAX_REQUEST_BYTES).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Response>
    where
        T: AsyncRead + Unpin + Send,
    {
        let bytes = read_bytes(io, self.max_response_bytes).await?;
        if bytes.is_empty() {
            // Who is too busy to answer ends the stream, and says nothing wrong.
            return Err(Error::new(ErrorKind::UnexpectedEof, "no answer"));
        }
        decode(&bytes)
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Request) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, &request).await
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

async fn read<T: BorshDeserialize>(io: &mut (impl AsyncRead + Unpin), limit: usize) -> io::Result<T> {
    decode(&read_bytes(io, limit).await?)
}

async fn read_bytes(io: &mut (impl AsyncRead + Unpin), limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more, so that more is seen to be too much.
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    io.take(most).read_to_end(&mut bytes).await?;
    if bytes.len() > limit {
        return Err(Error::new(ErrorKind::InvalidData, "a message above the limit"));
    }
    Ok(bytes)
}

fn decode<T: BorshDeserialize>(bytes: &[u8]) -> io::Result<T> {
    codec::decode(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error.to_string()))
}

async fn write(io: &mut (impl AsyncWrite + Unpin), message: &impl BorshSerialize) -> io::Result<()> {
    io.write_all(&codec::encode(message)).await
}

#[cfg(test)]
mod tests;
