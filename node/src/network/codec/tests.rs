use futures_util::io::Cursor;
use futures_util::stream::pending;
use futures_util::{FutureExt as _, TryStreamExt as _};
use shared::hash::TxId;
use tokio::time::Instant;

use super::*;
use crate::wire::MAX_TRANSACTIONS;

fn read_all<T: BorshDeserialize>(bytes: &[u8], limit: usize) -> io::Result<T> {
    read(&mut Cursor::new(bytes), limit)
        .now_or_never()
        .expect("nothing is waited for because all bytes are there")
}

fn written(message: &impl BorshSerialize) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    write(&mut bytes, message).now_or_never().unwrap().unwrap();
    bytes.into_inner()
}

#[test]
fn a_message_is_all_of_the_stream() {
    // The longest request that an honest node asks.
    let request = Request::Transactions { ids: vec![TxId([7; 32]); MAX_TRANSACTIONS] };
    let bytes = written(&request);
    assert_eq!(read_all::<Request>(&bytes, MAX_REQUEST_BYTES).unwrap(), request);
    let kind = |bytes: &[u8]| read_all::<Request>(bytes, MAX_REQUEST_BYTES).unwrap_err().kind();
    for bad in [&[&bytes[..], &[0]].concat(), &[200][..]] {
        assert_eq!(kind(bad), ErrorKind::InvalidData);
    }
    // Whoever gives up in the middle of it said nothing wrong.
    for length in 0..bytes.len() {
        assert_eq!(kind(&bytes[..length]), ErrorKind::UnexpectedEof, "{length}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_of_as_a_question() {
    let mut codec = MessageCodec::new(1_000);
    let mut question = |bytes: &[u8]| {
        let protocol = StreamProtocol::new("/test");
        let read = codec.read_request(&protocol, &mut Cursor::new(bytes.to_vec())).now_or_never();
        read.expect("all bytes are there").map(|question| question.body).map_err(|error| error.kind())
    };
    let whole = written(&Request::PendingIds);
    assert_eq!(question(&whole), Ok(Ok(Request::PendingIds)));
    for bad in [&[200][..], &[&whole[..], &[0]].concat(), &[0; MAX_REQUEST_BYTES + 1]] {
        assert_eq!(question(bad), Ok(Err(Malformed)));
    }
    assert_eq!(question(&[]), Err(ErrorKind::UnexpectedEof));
}

#[tokio::test]
async fn no_answer_is_no_malformed_one() {
    let mut codec = MessageCodec::new(1_000);
    let mut answer = |bytes: &[u8]| {
        let protocol = StreamProtocol::new("/test");
        let read = codec.read_response(&protocol, &mut Cursor::new(bytes.to_vec())).now_or_never();
        read.expect("all bytes are there").unwrap_err().kind()
    };
    assert_eq!(answer(&[]), ErrorKind::UnexpectedEof);
    assert_eq!(answer(&[200]), ErrorKind::InvalidData);
}

#[test]
fn a_message_above_the_limit_is_not_even_decoded() {
    let request = Request::Transactions { ids: vec![TxId([7; 32]); 10] };
    let bytes = written(&request);
    assert_eq!(read_all::<Request>(&bytes, bytes.len()).unwrap(), request);
    let error = read_all::<Request>(&bytes, bytes.len() - 1).unwrap_err();
    assert_eq!(error.to_string(), "a message above the limit");
    // However much more would follow.
    let endless = futures_util::io::repeat(1);
    let mut counted = Counted { inner: endless, bytes: 0 };
    let read = read::<Response>(&mut counted, 1_000).now_or_never().unwrap();
    assert_eq!((read.unwrap_err().to_string().as_str(), counted.bytes), ("a message above the limit", 1_001));
}

/// Counts what was taken.
struct Counted<T> {
    inner: T,
    bytes: usize,
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        buffer: &mut [u8],
    ) -> std::task::Poll<io::Result<usize>> {
        let polled = std::pin::Pin::new(&mut self.inner).poll_read(context, buffer);
        if let std::task::Poll::Ready(Ok(count)) = polled {
            self.bytes += count;
        }
        polled
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_has_the_time_of_its_question_and_no_more() {
    for (question, s) in [
        (Question { answer_within: Duration::from_secs(40), ..Request::PendingIds.into() }, 40),
        (Question { answer_within: Duration::from_secs(2), ..Request::PendingIds.into() }, 2),
        (Request::PendingIds.into(), 10),
    ] {
        let mut codec = MessageCodec::new(1_000);
        let protocol = StreamProtocol::new("/test");
        codec.write_request(&protocol, &mut Cursor::new(Vec::new()), question).await.unwrap();
        let mut silence = pending::<io::Result<Vec<u8>>>().into_async_read();
        let begun = Instant::now();
        let error = codec.read_response(&protocol, &mut silence).await.unwrap_err();
        assert_eq!((error.kind(), begun.elapsed().as_secs()), (ErrorKind::TimedOut, s));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_begins_is_told_from_silence() {
    let protocol = StreamProtocol::new("/test");
    for (bytes, has_begun) in [(vec![0], true), (Vec::new(), false)] {
        let mut codec = MessageCodec::new(1_000);
        let question = Question::from(Request::PendingIds);
        let sign = Arc::clone(&question.has_begun);
        codec.write_request(&protocol, &mut Cursor::new(Vec::new()), question).await.unwrap();
        let mut answer = Cursor::new(bytes).chain(pending::<io::Result<Vec<u8>>>().into_async_read());
        codec.read_response(&protocol, &mut answer).await.unwrap_err();
        assert_eq!(sign.load(Ordering::Relaxed), has_begun);
    }
}
