//! Who steers the miner while the node runs: a handle for those who may, and the task that obeys it.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;

use shared::address::Address;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::{HashRate, Miner, MinerConfig, MinerError};
use crate::chain::{ChainError, ChainHandle};
use crate::clock::Clock;

/// Orders that may wait; whoever gives more waits as well. People give them one by one.
const ORDER_CAPACITY: usize = 8;

/// What the miner was told to do. It mines when there are an address and threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mining {
    /// Who earns the rewards, when it is known.
    pub payout: Option<Address>,
    /// How many threads mine; 0 for none.
    pub threads: usize,
}

/// An order was not carried out, and everything is as before.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The threads could not be started.
    #[error(transparent)]
    Miner(MinerError),
    /// The address could not be remembered, or the node is stopping.
    #[error(transparent)]
    Chain(ChainError),
}

#[derive(Debug)]
enum Order {
    Payout(Address),
    Threads(u16),
}

type Reply = oneshot::Sender<Result<Mining, ControlError>>;

/// Steers the miner. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct MinerHandle {
    /// To the miner's task, which answers each when it is carried out.
    orders: mpsc::Sender<(Order, Reply)>,
    mining: watch::Receiver<Mining>,
    rate: HashRate,
}

impl MinerHandle {
    /// Returns what the miner does now.
    #[must_use]
    pub fn mining(&self) -> Mining {
        *self.mining.borrow()
    }

    /// Returns the meter of its hash rate.
    #[must_use]
    pub fn hash_rate(&self) -> &HashRate {
        &self.rate
    }

    /// Changes who earns the rewards, and remembers it in the store.
    ///
    /// # Errors
    /// When it cannot be remembered, the system gives no threads or the node stops.
    pub async fn set_payout(&self, payout: Address) -> Result<Mining, ControlError> {
        self.order(Order::Payout(payout)).await
    }

    /// Changes how many threads mine until the node stops; 0 for none.
    ///
    /// # Errors
    /// When the system gives no threads or the node stops.
    pub async fn set_threads(&self, threads: u16) -> Result<Mining, ControlError> {
        self.order(Order::Threads(threads)).await
    }

    async fn order(&self, order: Order) -> Result<Mining, ControlError> {
        let (reply, answer) = oneshot::channel();
        let stopped = || Err(ControlError::Chain(ChainError::Stopped));
        if self.orders.send((order, reply)).await.is_err() {
            return stopped();
        }
        answer.await.unwrap_or_else(|_| stopped())
    }
}

/// The task that owns the miner.
pub struct MinerTask {
    chain: ChainHandle,
    hash_limit: Option<NonZeroU64>,
    clock: Arc<dyn Clock>,
    /// Becomes true when mining makes sense.
    ready: watch::Receiver<bool>,
    orders: mpsc::Receiver<(Order, Reply)>,
    mining: watch::Sender<Mining>,
    rate: HashRate,
    /// Started, and not at work yet.
    miner: Option<Miner>,
}

/// Starts the threads of a miner, which rest until [`MinerTask::run`] and until `ready` is true; `hash_limit` is that
/// of [`MinerConfig`].
///
/// # Errors
/// When the system gives no thread or no random number.
pub fn control(
    chain: ChainHandle,
    mining: Mining,
    hash_limit: Option<NonZeroU64>,
    clock: Arc<dyn Clock>,
    ready: watch::Receiver<bool>,
) -> Result<(MinerHandle, MinerTask), MinerError> {
    let (orders, queue) = mpsc::channel(ORDER_CAPACITY);
    let (publish, watch) = watch::channel(mining);
    let rate = HashRate::default();
    let handle = MinerHandle { orders, mining: watch, rate: rate.clone() };
    let mut task =
        MinerTask { chain, hash_limit, clock, ready, orders: queue, mining: publish, rate, miner: None };
    task.miner = task.start(mining)?;
    Ok((handle, task))
}

impl MinerTask {
    /// Mines as it was told until `token` is cancelled.
    ///
    /// # Errors
    /// When a thread or the chain has broken down.
    pub async fn run(mut self, token: CancellationToken) -> Result<(), MinerError> {
        loop {
            let round = token.child_token();
            let mut working = std::pin::pin!(work(self.miner.take(), self.ready.clone(), round.clone()));
            let (next, mining, reply) = loop {
                let (order, reply) = tokio::select! {
                    biased;
                    ended = &mut working => return ended,
                    Some(order) = self.orders.recv() => order,
                };
                match self.obey(order).await {
                    Ok((miner, mining)) => break (miner, mining, reply),
                    // Whoever asked may have gone, here and below.
                    Err(error) => drop(reply.send(Err(error))),
                }
            };
            round.cancel();
            working.await?;
            self.miner = next;
            self.mining.send_replace(mining);
            drop(reply.send(Ok(mining)));
        }
    }

    /// Prepares what `order` asks for; what mines now goes on meanwhile.
    async fn obey(&self, order: Order) -> Result<(Option<Miner>, Mining), ControlError> {
        let mut mining = *self.mining.borrow();
        match order {
            Order::Payout(payout) => mining.payout = Some(payout),
            Order::Threads(threads) => mining.threads = threads.into(),
        }
        let miner = self.start(mining).map_err(ControlError::Miner)?;
        if let Order::Payout(payout) = order {
            self.chain.remember_miner(payout).await.map_err(ControlError::Chain)?;
        }
        Ok((miner, mining))
    }

    fn start(&self, mining: Mining) -> Result<Option<Miner>, MinerError> {
        let (Some(address), Some(threads)) = (mining.payout, NonZeroUsize::new(mining.threads)) else {
            return Ok(None);
        };
        let config = MinerConfig { address, threads, hash_limit: self.hash_limit };
        Miner::start(self.chain.clone(), &config, Arc::clone(&self.clock), self.rate.clone()).map(Some)
    }
}

async fn work(
    miner: Option<Miner>,
    mut ready: watch::Receiver<bool>,
    token: CancellationToken,
) -> Result<(), MinerError> {
    // Whoever would say so may have ended, and the node with it.
    let waited = token.run_until_cancelled(async { ready.wait_for(|is_ready| *is_ready).await.is_ok() });
    let is_ready = waited.await == Some(true);
    match miner {
        Some(miner) if is_ready => miner.run(token).await,
        Some(_) | None => {
            token.cancelled().await;
            Ok(())
        }
    }
}

impl std::fmt::Debug for MinerTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MinerTask").field("mining", &*self.mining.borrow()).finish_non_exhaustive()
    }
}
