//! Answers to other nodes' questions, from the store and from what waits for a block. It runs on threads where reading
//! may take its time, and never on the event loop.

use shared::block::{Block, HEADER_BYTES};
use shared::codec;
use shared::transaction::Transaction;

use crate::chain::ChainHandle;
use crate::store::StoreError;
use crate::wire::{
    MAX_BLOCKS, MAX_HEADERS, MAX_LOCATOR_HASHES, MAX_MESSAGE_BYTES, MAX_PENDING_IDS, MAX_REASON_BYTES,
    MAX_TRANSACTIONS, Request, Response,
};

/// A variant, a count, and for each element a length: what a message has beside its elements.
const FRAME_BYTES: usize = 5;
const LENGTH_BYTES: usize = 4;

/// Says what is wrong with a question that no honest node asks.
pub(super) fn fault(request: &Request) -> Option<&'static str> {
    match request {
        Request::Hello(_) | Request::PendingIds => None,
        Request::Headers { locator } => {
            (locator.len() > MAX_LOCATOR_HASHES).then_some("a locator that is too long")
        }
        Request::Blocks { hashes } => {
            (hashes.is_empty() || hashes.len() > MAX_BLOCKS).then_some("no blocks, or too many")
        }
        Request::BlockTransactions { indexes, .. } => {
            let is_rising = indexes.iter().zip(indexes.iter().skip(1)).all(|(index, next)| index < next);
            (indexes.is_empty() || !is_rising).then_some("no transactions of a block, or not in order")
        }
        Request::Transactions { ids } => {
            (ids.is_empty() || ids.len() > MAX_TRANSACTIONS).then_some("no transactions, or too many")
        }
        Request::Farewell { reason, .. } => {
            (reason.len() > MAX_REASON_BYTES).then_some("a farewell that is too long")
        }
    }
}

/// An answer, and what it takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) response: Response,
    /// Bytes that were sent, or read from the disk where those are more.
    pub(super) cost: usize,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self { cost: size(&response), response }
    }
}

impl Answer {
    fn after_reading(response: Response, bytes: usize) -> Self {
        let answer = Self::from(response);
        Self { cost: answer.cost.max(bytes), ..answer }
    }
}

/// Returns the answer to a question that has no [`fault`]; `None` to a hello and a farewell, which are
/// not answered from here.
pub(super) fn answer(chain: &ChainHandle, request: Request) -> Result<Option<Answer>, StoreError> {
    Ok(Some(match request {
        Request::Hello(_) | Request::Farewell { .. } => return Ok(None),
        Request::Headers { locator } => {
            let snapshot = chain.snapshot()?;
            let from = snapshot.fork_height(&locator)? + 1;
            let most = u64::try_from(MAX_HEADERS).unwrap_or(u64::MAX);
            Response::Headers(snapshot.best_headers(from, most)?).into()
        }
        Request::Blocks { hashes } => {
            let snapshot = chain.snapshot()?;
            let (mut blocks, mut bytes) = (Vec::new(), FRAME_BYTES);
            for hash in hashes {
                let Some(block) = snapshot.block(&hash)? else { break };
                bytes += LENGTH_BYTES + block.bytes.len();
                if bytes > MAX_MESSAGE_BYTES && !blocks.is_empty() {
                    break;
                }
                blocks.push(block.bytes);
            }
            // With the one that had no room.
            Answer::after_reading(Response::Blocks(blocks), bytes)
        }
        Request::BlockTransactions { block, indexes } => {
            let block = chain.snapshot()?.block(&block)?;
            let bytes = block.as_ref().map_or(0, |block| block.bytes.len());
            let block = block.and_then(|block| codec::decode::<Block>(&block.bytes).ok());
            let transactions = block.and_then(|block| select(block, &indexes)).unwrap_or_default();
            Answer::after_reading(Response::BlockTransactions(transactions), bytes)
        }
        Request::PendingIds => {
            let view = chain.view();
            Response::PendingIds(
                view.mempool.iter().take(MAX_PENDING_IDS).map(|pending| *pending.transaction.id()).collect(),
            )
            .into()
        }
        Request::Transactions { ids } => {
            let view = chain.view();
            let mut bytes = FRAME_BYTES;
            let found = ids.iter().filter_map(|id| view.mempool.get(id)).take_while(|pending| {
                bytes += pending.transaction.size();
                bytes <= MAX_MESSAGE_BYTES
            });
            Response::Transactions(found.map(|pending| pending.transaction.transaction().clone()).collect())
                .into()
        }
    }))
}

/// Takes some transactions out of a block; `None` when it has not as many.
fn select(block: Block, indexes: &[u32]) -> Option<Vec<Transaction>> {
    let mut transactions: Vec<_> = block.transactions.into_iter().map(Some).collect();
    indexes.iter().map(|index| transactions.get_mut(usize::try_from(*index).ok()?)?.take()).collect()
}

/// Returns about how many bytes an answer has.
pub(super) fn size(answer: &Response) -> usize {
    let sum = |transactions: &[Transaction]| transactions.iter().map(transaction_bytes).sum::<usize>();
    FRAME_BYTES
        + match answer {
            Response::Hello(hello) => hello.agent.len() + 80,
            Response::Headers(headers) => headers.len() * HEADER_BYTES,
            Response::Blocks(blocks) => blocks.iter().map(|block| LENGTH_BYTES + block.len()).sum(),
            Response::PendingIds(ids) => ids.len() * 32,
            Response::BlockTransactions(transactions) | Response::Transactions(transactions) => {
                sum(transactions)
            }
        }
}

/// Returns about how many bytes a transaction has, without encoding it.
pub(super) fn transaction_bytes(Transaction { body, signature }: &Transaction) -> usize {
    /// Version, receiver, four integers and three lengths.
    const FIXED: usize = 1 + 20 + 4 * 8 + 3 * LENGTH_BYTES;
    FIXED + body.sender.len() + body.comment.len() + signature.len()
}

#[cfg(test)]
mod tests;
