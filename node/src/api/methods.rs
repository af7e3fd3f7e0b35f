//! What each request does.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use shared::address::Address;
use shared::api::rpc::RpcError;
use shared::api::views::{
    Answer, BalanceView, HeadersView, TransactionNews, TransactionStatus, TransactionStatusView,
};
use shared::api::{Request, rpc};
use shared::block::Block;
use shared::codec;
use shared::consensus::TxError;
use shared::hash::{BlockHash, TxId};

use super::{Server, peers, proofs, submit, views};
use crate::chain::{ChainError, TransactionChange};
use crate::mempool::RankError;
use crate::miner::{ControlError, MinerHandle, Mining};
use crate::store::{Snapshot, StoreError};

/// Entries of a page, unless told otherwise.
const DEFAULT_PAGE: usize = 20;

pub(super) type Result<T> = std::result::Result<T, RpcError>;

/// The answer to a request, or the work that leads to it.
#[expect(
    clippy::large_enum_variant,
    reason = "most answers are known at once; a box would cost each an allocation"
)]
pub(super) enum Work {
    /// It is known.
    Done(Result<Answer>),
    /// Something is being changed: a transaction is on its way to the mempool, say. Many may be, and their answers
    /// are small.
    Change(BoxFuture<'static, Result<Answer>>),
    /// Something is read, mostly from the store. Its answer may be large, so it is made when it can leave.
    Read(BoxFuture<'static, Result<Answer>>),
}

impl Work {
    /// Returns whether a signature was looked at and is none.
    pub(super) fn has_wrong_signature(&self) -> bool {
        let rule = match self {
            Self::Done(Err(error)) => error.rule(),
            Self::Done(Ok(Answer::Check(check))) => check.rule.as_deref(),
            Self::Done(Ok(_)) | Self::Change(_) | Self::Read(_) => None,
        };
        rule == Some(TxError::Signature.id())
    }
}

/// Begins to answer any request but those for subscriptions, which are the session's.
pub(super) fn begin(server: &Arc<Server>, request: Request) -> Work {
    try_begin(server, request).unwrap_or_else(|error| Work::Done(Err(error)))
}

fn try_begin(server: &Arc<Server>, request: Request) -> Result<Work> {
    let spec = server.chain.spec();
    let done = |answer: Answer| Ok(Work::Done(Ok(answer)));
    match request {
        Request::GetInfo {} => {
            done(Answer::Info(views::info(spec, &server.chain.view(), server.control.network.as_ref())))
        }
        Request::GetBalance { address: text } => {
            let balance = server.chain.view().account(&parse_address(server, &text)?).balance;
            done(Answer::Balance(BalanceView { address: text, balance }))
        }
        Request::GetAccount { address } => {
            let address = parse_address(server, &address)?;
            done(Answer::Account(views::account(spec, &server.chain.view(), &address)))
        }
        Request::GetHistory { address, before, after, limit } => {
            let address = parse_address(server, &address)?;
            let limit = page_limit(limit);
            Ok(read(server, move |server, snapshot| {
                let (height, _) = stored(snapshot.tip())?;
                let page = stored(snapshot.history(&address, before, after, limit))?;
                Ok(Answer::History(views::history(server.chain.spec(), &address, height, page)))
            }))
        }
        Request::GetTransaction { tx_id } => Ok(get_transaction(server, tx_id)),
        Request::GetBlock { hash, height } => {
            Ok(read(server, move |server, snapshot| get_block(server, snapshot, hash, height)))
        }
        Request::GetHeaders { from, count } => Ok(read(server, move |_, snapshot| {
            let headers = stored(snapshot.best_headers(from, count))?;
            Ok(Answer::Headers(HeadersView { headers: headers.iter().map(views::to_hex).collect() }))
        })),
        Request::GetForks {} => Ok(get_forks(server)),
        Request::GetMempool { after, limit } => {
            let after = after.map(|after| after.parse()).transpose();
            let after = after.map_err(|error: RankError| invalid(format!("\"after\" is {error}")))?;
            let server = Arc::clone(server);
            let page = async move {
                let (spec, view) = (server.chain.spec(), server.chain.view());
                Ok(Answer::Mempool(views::mempool_page(spec, &view.mempool, after, page_limit(limit))))
            };
            Ok(Work::Read(page.boxed()))
        }
        Request::GetAccountProof { address } => Ok(proofs::account(server, parse_address(server, &address)?)),
        Request::GetTransactionProof { tx_id } => {
            proofs::check_mined(server, &tx_id)?;
            Ok(read(server, move |server, snapshot| proofs::transaction(server, snapshot, tx_id)))
        }
        Request::Transaction { transaction } => submit::submit(server, submit::decode(&transaction)?),
        Request::Payment(payment) => {
            let transaction = payment.to_transaction(views::prefix(spec));
            submit::submit(server, transaction.map_err(|error| invalid(error.to_string()))?)
        }
        Request::CheckTransaction { transaction } => Ok(submit::check(server, submit::decode(&transaction)?)),
        Request::GetNode {} => done(Answer::Node(views::node(spec, &server.control.miner))),
        Request::SetPayout { address } => {
            let address = parse_address(server, &address)?;
            Ok(steer(server, async move |miner| miner.set_payout(address).await))
        }
        Request::SetMining { threads } => {
            let threads = u16::try_from(threads).or(Err(invalid("too many threads".to_owned())))?;
            Ok(steer(server, async move |miner| miner.set_threads(threads).await))
        }
        Request::GetPeers {} => {
            peers::order(server, async move |network| network.peers().await.map(Answer::Peers))
        }
        Request::AddPeer { address } => peers::join(server, &address, true),
        Request::RemovePeer { address } => peers::join(server, &address, false),
        Request::GetBans { after, limit } => peers::bans(server, after.as_deref(), limit),
        Request::Ban { address, seconds, reason } => peers::ban(server, &address, seconds, reason),
        Request::Unban { address } => peers::unban(server, &address),
        Request::Authorize { .. } | Request::Subscribe(_) | Request::Unsubscribe { .. } => {
            Err(RpcError::new(rpc::INVALID_REQUEST, "this belongs to a WebSocket session".to_owned()))
        }
    }
}

/// Gives the miner an order.
fn steer<F>(server: &Arc<Server>, order: impl FnOnce(MinerHandle) -> F) -> Work
where
    F: Future<Output = std::result::Result<Mining, ControlError>> + Send + 'static,
{
    let ordered = order(server.control.miner.clone());
    let server = Arc::clone(server);
    let answer = async move {
        match ordered.await {
            Ok(_) => Ok(Answer::Node(views::node(server.chain.spec(), &server.control.miner))),
            Err(ControlError::Chain(error)) => Err(chain_failed(&error)),
            Err(error @ ControlError::Miner(_)) => Err(RpcError::new(rpc::INTERNAL_ERROR, error.to_string())),
        }
    };
    Work::Change(answer.boxed())
}

pub(super) fn page_limit(limit: Option<u64>) -> usize {
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(DEFAULT_PAGE)
}

/// Reads an address in either form.
pub(super) fn parse_address(server: &Server, text: &str) -> Result<Address> {
    Address::parse_any(text, views::prefix(server.chain.spec())).map_err(|error| invalid(error.to_string()))
}

fn get_transaction(server: &Arc<Server>, id: TxId) -> Work {
    if let Some(answer) = pending_transaction(server, &id) {
        return Work::Done(Ok(answer));
    }
    read(server, move |server, snapshot| {
        let Some(found) = stored(snapshot.transaction(&id))? else {
            // A reorg may have brought it back to the mempool in the meantime.
            return pending_transaction(server, &id).ok_or_else(|| no_transaction(&id));
        };
        let (tip_height, _) = stored(snapshot.tip())?;
        Ok(Answer::Transaction(TransactionStatusView {
            transaction: views::transaction(server.chain.spec(), &id, &found.transaction),
            status: TransactionStatus::Confirmed {
                block_hash: found.block_hash,
                height: found.height,
                time: found.time,
                confirmations: confirmations(tip_height, found.height),
            },
        }))
    })
}

/// Says where a transaction is, or what became of it; `change` is the last that was heard. `None` when there will be
/// newer news, or the store failed.
pub(super) async fn transaction_news(
    server: Arc<Server>,
    id: TxId,
    change: Option<TransactionChange>,
) -> Option<TransactionNews> {
    let is_pending = move |server: &Server| server.chain.view().mempool.get(&id).is_some();
    if is_pending(&server) {
        return Some(TransactionNews::Pending);
    }
    let find = move |server: &Server, snapshot: &Snapshot| -> Result<Option<TransactionNews>> {
        let Some(found) = stored(snapshot.transaction(&id))? else {
            return Ok(match change {
                // A reorg brought it back to the mempool in the meantime.
                _ if is_pending(server) => Some(TransactionNews::Pending),
                None => Some(TransactionNews::Unknown),
                Some(TransactionChange::Replaced(by)) => Some(TransactionNews::Replaced { by }),
                Some(TransactionChange::Expired) => Some(TransactionNews::Expired),
                Some(TransactionChange::Dropped) => Some(TransactionNews::Dropped),
                Some(TransactionChange::Waits | TransactionChange::Confirmed) => None,
            });
        };
        let (tip_height, _) = stored(snapshot.tip())?;
        Ok(Some(TransactionNews::Confirmed {
            block_hash: found.block_hash,
            height: found.height,
            time: found.time,
            confirmations: confirmations(tip_height, found.height),
        }))
    };
    with_snapshot(server, find).await.and_then(std::convert::identity).ok().flatten()
}

pub(super) fn no_transaction(id: &TxId) -> RpcError {
    RpcError::new(rpc::NOT_FOUND, format!("no transaction {id} is pending or on the best chain"))
}

fn pending_transaction(server: &Server, id: &TxId) -> Option<Answer> {
    let view = server.chain.view();
    let transaction = view.mempool.get(id)?.transaction.transaction();
    Some(Answer::Transaction(TransactionStatusView {
        transaction: views::transaction(server.chain.spec(), id, transaction),
        status: TransactionStatus::Pending,
    }))
}

fn get_forks(server: &Arc<Server>) -> Work {
    let server = Arc::clone(server);
    let forks = async move {
        let forks = server.chain.forks().await.map_err(|error| chain_failed(&error))?;
        Ok(Answer::Forks(views::forks(&forks)))
    };
    Work::Read(forks.boxed())
}

fn get_block(
    server: &Server,
    snapshot: &Snapshot,
    hash: Option<BlockHash>,
    height: Option<u64>,
) -> Result<Answer> {
    let not_found = || RpcError::new(rpc::NOT_FOUND, "this node has no such block".to_owned());
    let at_height = match height {
        Some(height) => stored(snapshot.hash_at(height))?,
        None => None,
    };
    let hash = hash.or(at_height).ok_or_else(not_found)?;
    let found = stored(snapshot.block(&hash))?.ok_or_else(not_found)?;
    let (tip_height, _) = stored(snapshot.tip())?;
    let confirmations = if found.is_best { confirmations(tip_height, found.height) } else { 0 };
    let block = decode_block(&hash, &found.bytes)?;
    Ok(Answer::Block(views::block(server.chain.spec(), hash, &block, found.bytes.len(), confirmations)))
}

pub(super) fn decode_block(hash: &BlockHash, bytes: &[u8]) -> Result<Block> {
    codec::decode(bytes).map_err(|error| {
        tracing::error!(%hash, %error, "a stored block cannot be decoded");
        RpcError::new(rpc::INTERNAL_ERROR, "this node's store is damaged".to_owned())
    })
}

fn confirmations(tip_height: u64, height: u64) -> u64 {
    tip_height.saturating_sub(height).saturating_add(1)
}

/// Runs a read on a thread that may wait for the disk.
fn read(
    server: &Arc<Server>,
    read: impl FnOnce(&Server, &Snapshot) -> Result<Answer> + Send + 'static,
) -> Work {
    let work = with_snapshot(Arc::clone(server), move |server, snapshot| read(server, snapshot));
    Work::Read(async { work.await.unwrap_or_else(Err) }.boxed())
}

/// Runs `read` on a thread that may wait for the disk, when it is its turn.
pub(super) async fn with_snapshot<T: Send + 'static>(
    server: Arc<Server>,
    read: impl FnOnce(&Server, &Snapshot) -> T + Send + 'static,
) -> Result<T> {
    let _turn = server.store_reads.acquire().await.or(Err(stopping()))?;
    let reader = Arc::clone(&server);
    let read = tokio::task::spawn_blocking(move || {
        let snapshot = stored(reader.chain.snapshot())?;
        Ok(read(&reader, &snapshot))
    });
    read.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a read from the store broke down");
        Err(RpcError::new(rpc::INTERNAL_ERROR, "this node could not read its store".to_owned()))
    })
}

pub(super) fn stored<T>(read: std::result::Result<T, StoreError>) -> Result<T> {
    read.map_err(|error| store_failed(&error))
}

/// The client is told that it was the disk; the path and the reason are the operator's.
pub(super) fn store_failed(error: &StoreError) -> RpcError {
    tracing::error!(%error, "the store failed");
    let message = "this node's store failed, see its log; try again later or ask another node";
    RpcError::new(rpc::INTERNAL_ERROR, message.to_owned())
}

pub(super) fn chain_failed(error: &ChainError) -> RpcError {
    match error {
        ChainError::Store(error) => store_failed(error),
        ChainError::Stopped => stopping(),
    }
}

pub(super) fn stopping() -> RpcError {
    RpcError::new(rpc::INTERNAL_ERROR, "the node is stopping; try again when it is back".to_owned())
}

pub(super) fn invalid(message: String) -> RpcError {
    RpcError::new(rpc::INVALID_PARAMS, message)
}
