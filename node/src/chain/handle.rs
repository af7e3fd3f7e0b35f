//! The door to the chain thread. Cloning it is cheap; when the last one is dropped the thread commits what is
//! queued and returns.

use std::sync::Arc;

use shared::address::Address;
use shared::block::Block;
use shared::consensus::{CheckedBlock, CheckedTransaction};
use shared::hash::BlockHash;
use shared::ledger::BlockTemplate;
use shared::spec::ChainSpec;
use shared::state_tree::AccountProof;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::error::{ChainError, RefusedBlock, SubmitError, SubmitTransactionError, TemplateError};
use super::view::{ChainEvent, Forks, View};
use crate::headers::HeaderTree;
use crate::store::{Reader, Snapshot, StoreError};

/// Where the chain thread sends an answer. Dropping it without one means that the thread has ended.
pub(super) type Reply<T, E> = oneshot::Sender<Result<T, E>>;

/// What the chain thread can be asked to do.
#[derive(Debug)]
pub(super) enum Command {
    Transaction(Arc<CheckedTransaction>, Reply<(), SubmitTransactionError>),
    Block(Box<Block>, Source, Reply<Submitted, SubmitError>),
    Blocks(Vec<CheckedBlock>, Reply<(), RefusedBlock>),
    Template(Address, Reply<BlockTemplate, TemplateError>),
    Check(Arc<CheckedTransaction>, Reply<(), SubmitTransactionError>),
    Prove(Address, Reply<(BlockHash, AccountProof), ChainError>),
    Forks(Reply<Forks, ChainError>),
    RememberMiner(Address, Reply<(), ChainError>),
    Headers(Reply<HeaderTree, ChainError>),
}

/// Why a block came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Somebody offers it.
    Offered,
    /// It was asked for, because of the header that it has or those that build on it.
    Requested,
}

/// What became of a block that was accepted. Each is said only after the block is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// It is the new tip.
    Best,
    /// It is valid as far as is known, and stored; its branch has not more work than the best chain.
    SideBranch,
    /// It was stored before.
    Known,
}

/// A sender of commands to the chain thread, and a reader of what it publishes.
#[derive(Debug, Clone)]
pub struct ChainHandle {
    pub(super) spec: Arc<ChainSpec>,
    /// To the chain thread. Bounded: when it is full, those who submit wait. Closing it ends the thread.
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) view: watch::Receiver<Arc<View>>,
    /// From the chain thread. A receiver that lags behind by `EVENT_CAPACITY` is told that it lost some.
    pub(super) events: broadcast::WeakSender<ChainEvent>,
    pub(super) reader: Reader,
}

impl ChainHandle {
    /// Returns the chain's specification.
    #[must_use]
    pub fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    /// Returns the newest view. Never waits for the chain thread.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.borrow())
    }

    /// Returns a receiver that is told of every new view, and may skip some.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<View>> {
        self.view.clone()
    }

    /// Returns a receiver of every change from now on. It is closed when the chain thread ends.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<ChainEvent> {
        // When the thread has ended, a channel without a sender is what its receivers would hold as well.
        self.events.upgrade().map_or_else(|| broadcast::channel(1).1, |events| events.subscribe())
    }

    /// Offers a transaction to the mempool; returns when it is durable there.
    ///
    /// # Errors
    /// When the mempool refuses it, the disk fails or the node stops.
    pub async fn submit_transaction(
        &self,
        transaction: CheckedTransaction,
    ) -> Result<(), SubmitTransactionError> {
        self.queue_transaction(transaction).await.await.unwrap_or(Err(SubmitTransactionError::Stopped))
    }

    /// Queues a transaction for the mempool, behind all that are queued already. The answer says what became of it, and
    /// is dropped when the node stops.
    pub(crate) async fn queue_transaction(
        &self,
        transaction: CheckedTransaction,
    ) -> oneshot::Receiver<Result<(), SubmitTransactionError>> {
        let (reply, answer) = oneshot::channel();
        // What cannot be sent is dropped, and the reply with it.
        drop(self.commands.send(Command::Transaction(Arc::new(transaction), reply)).await);
        answer
    }

    /// Says what [`ChainHandle::submit_transaction`] would, and changes nothing.
    ///
    /// # Errors
    /// When the mempool would refuse it, or the node stops.
    pub async fn check_transaction(
        &self,
        transaction: CheckedTransaction,
    ) -> Result<(), SubmitTransactionError> {
        let ask = |reply| Command::Check(Arc::new(transaction), reply);
        self.ask(ask).await.unwrap_or(Err(SubmitTransactionError::Stopped))
    }

    /// Proves what `address` has after the tip, whose hash comes with the proof.
    ///
    /// # Errors
    /// When the node stops.
    pub async fn prove_account(&self, address: Address) -> Result<(BlockHash, AccountProof), ChainError> {
        self.ask(|reply| Command::Prove(address, reply)).await.unwrap_or(Err(ChainError::Stopped))
    }

    /// Returns the branches beside the best chain.
    ///
    /// # Errors
    /// When the node stops.
    pub async fn forks(&self) -> Result<Forks, ChainError> {
        self.ask(Command::Forks).await.unwrap_or(Err(ChainError::Stopped))
    }

    /// Offers a block that nobody asked for; returns when it is durable.
    ///
    /// # Errors
    /// When it breaks a rule, cannot be judged now, the disk fails or the node stops.
    pub async fn submit_block(&self, block: Block) -> Result<Submitted, SubmitError> {
        self.block(block, Source::Offered).await
    }

    /// Offers a block that was asked for, whatever little work its branch has by itself: what builds on it may have more.
    ///
    /// # Errors
    /// As [`ChainHandle::submit_block`].
    pub(crate) async fn submit_requested_block(&self, block: Block) -> Result<Submitted, SubmitError> {
        self.block(block, Source::Requested).await
    }

    async fn block(&self, block: Block, source: Source) -> Result<Submitted, SubmitError> {
        let command = |reply| Command::Block(Box::new(block), source, reply);
        self.ask(command).await.unwrap_or(Err(SubmitError::Stopped))
    }

    /// Offers blocks that were asked for, because their headers are known to be worth it: checked bodies, parents
    /// before children. Returns when all are durable, which takes one write as long as they extend the best chain.
    ///
    /// # Errors
    /// Which one is the first that breaks a rule, cannot be judged now, or meets a failing disk or a stopping node.
    pub async fn submit_blocks(&self, blocks: Vec<CheckedBlock>) -> Result<(), RefusedBlock> {
        let stopped = RefusedBlock { index: 0, error: SubmitError::Stopped };
        self.queue_blocks(blocks).await.await.unwrap_or(Err(stopped))
    }

    /// Queues blocks as [`ChainHandle::submit_blocks`] does, behind all that are queued already. The answer says what
    /// became of them, and is dropped when the node stops.
    pub(crate) async fn queue_blocks(
        &self,
        blocks: Vec<CheckedBlock>,
    ) -> oneshot::Receiver<Result<(), RefusedBlock>> {
        let (reply, answer) = oneshot::channel();
        // What cannot be sent is dropped, and the reply with it.
        drop(self.commands.send(Command::Blocks(blocks, reply)).await);
        answer
    }

    /// Does the same from a thread that runs no event loop, and blocks it.
    ///
    /// # Errors
    /// As [`ChainHandle::submit_blocks`].
    pub fn blocking_submit_blocks(&self, blocks: Vec<CheckedBlock>) -> Result<(), RefusedBlock> {
        let stopped = RefusedBlock { index: 0, error: SubmitError::Stopped };
        let (reply, answer) = oneshot::channel();
        if self.commands.blocking_send(Command::Blocks(blocks, reply)).is_err() {
            return Err(stopped);
        }
        answer.blocking_recv().unwrap_or(Err(stopped))
    }

    /// Returns a block on the tip for `miner` that only lacks its time, bits and nonce: valid transactions, highest
    /// fee rates first, within the chain's block size.
    ///
    /// # Errors
    /// When the node stops, or the miner can hold no more coins.
    pub async fn template(&self, miner: Address) -> Result<BlockTemplate, TemplateError> {
        self.ask(|reply| Command::Template(miner, reply)).await.unwrap_or(Err(TemplateError::Stopped))
    }

    /// Remembers in the store who earns the rewards; returns when it is durable.
    ///
    /// # Errors
    /// When the disk fails or the node stops.
    pub async fn remember_miner(&self, miner: Address) -> Result<(), ChainError> {
        self.ask(|reply| Command::RememberMiner(miner, reply)).await.unwrap_or(Err(ChainError::Stopped))
    }

    /// Returns a copy of the tree of all headers whose blocks are stored or condemned: 200 bytes for each.
    ///
    /// # Errors
    /// When the node stops.
    pub(crate) async fn headers(&self) -> Result<HeaderTree, ChainError> {
        self.ask(Command::Headers).await.unwrap_or(Err(ChainError::Stopped))
    }

    /// Returns a consistent picture of blocks, transactions and histories on disk, at least as new as
    /// [`ChainHandle::view`] was before. It holds disk space until it is dropped, so drop it soon.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.reader.snapshot()
    }

    /// Returns why nothing can be accepted: the disk is nearly full, or the chain thread has ended.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        if self.commands.is_closed() {
            return Some("the node is stopping".to_owned());
        }
        self.reader.trouble().err().map(|error| error.to_string())
    }

    /// Sends a command and waits for its answer; `None` when the thread has ended.
    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.ok()?;
        answer.await.ok()
    }
}
