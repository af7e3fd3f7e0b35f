//! From answers to the text of a reply, whose length is bounded.

use futures_util::future::join_all;
use shared::api::Call;
use shared::api::rpc::{self, RpcError};
use shared::api::views::Answer;

use crate::api::config::MAX_REPLY_BYTES;
use crate::api::methods::Work;

/// More than any refusal takes, whose longest part is an id of 64 bytes that are escaped.
const MAX_REFUSAL_BYTES: usize = 1024;

/// Encodes the reply to one call.
pub(super) fn encode(call: &Call, answer: &Result<Answer, RpcError>) -> Option<String> {
    encode_within(call, answer, MAX_REPLY_BYTES)
}

/// Waits for the answer to one call and encodes it.
pub(super) async fn finish(call: Call, work: Work) -> Option<String> {
    encode(&call, &wait(work).await)
}

/// Waits for the answers to a batch and encodes them in its order; `None` when nobody waits for any.
pub(super) async fn finish_batch(begun: Vec<(Call, Work)>) -> Option<String> {
    // Changes all at once, so that submissions share a write to the disk. Reads one by one, so that only one of their
    // answers is in memory that may be too large for the reply.
    let changed = begun.into_iter().map(|(call, work)| async {
        match work {
            Work::Change(change) => (call, Work::Done(change.await)),
            work @ (Work::Done(_) | Work::Read(_)) => (call, work),
        }
    });
    let calls = join_all(changed).await;
    let mut replies = String::new();
    // The brackets, and in place of each that follows a refusal with its comma.
    let mut reserved = 2 + calls.len() * MAX_REFUSAL_BYTES;
    for (call, work) in calls {
        reserved -= MAX_REFUSAL_BYTES;
        let room = MAX_REPLY_BYTES.saturating_sub(replies.len() + reserved);
        if let Some(reply) = encode_within(&call, &wait(work).await, room) {
            replies.push(if replies.is_empty() { '[' } else { ',' });
            replies.push_str(&reply);
        }
    }
    (!replies.is_empty()).then(|| replies + "]")
}

async fn wait(work: Work) -> Result<Answer, RpcError> {
    match work {
        Work::Done(answer) => answer,
        Work::Change(answer) | Work::Read(answer) => answer.await,
    }
}

fn encode_within(call: &Call, answer: &Result<Answer, RpcError>, room: usize) -> Option<String> {
    let reply = call.reply(answer)?;
    if reply.len() <= room {
        return Some(reply);
    }
    let message = format!(
        "the reply is larger than {MAX_REPLY_BYTES} bytes; ask for less at once, or for a block by HTTP: GET /block/HASH"
    );
    call.reply(&Err(RpcError::limited(rpc::REPLY_LIMIT, message)))
}
