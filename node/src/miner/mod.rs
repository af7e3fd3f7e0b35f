//! The miner: searches the block after the tip on threads of low priority, and hands what it finds to the chain.
//!
//! One coordinator task fetches templates from the chain thread and leaves them in a slot for the mining threads. A
//! new tip takes the old template away at once, so that no thread works on a stale parent for longer than one batch
//! of hashes. The chain thread alone judges what was found. [`MinerHandle`] steers all of it while the node runs.

mod control;
mod rate;
mod search;
mod slot;
mod worker;

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use shared::address::Address;
use shared::block::Block;
use shared::hash::BlockHash;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

pub use self::control::{ControlError, MinerHandle, MinerTask, Mining, control};
pub use self::rate::HashRate;
use self::rate::{Done, Meter, Pace};
use self::slot::Slot;
use self::worker::{Report, Shared, Worker};
use crate::chain::{ChainHandle, SubmitError, TemplateError};
use crate::clock::Clock;

/// How often the hash rate is measured, and how often at most new transactions make a new template: each costs the
/// chain thread time, and a second's delay is little beside a block's.
const TICK: Duration = Duration::from_secs(1);

/// What to mine for, and how hard.
#[derive(Debug, Clone)]
pub struct MinerConfig {
    /// Who is paid.
    pub address: Address,
    /// The number of threads.
    pub threads: NonZeroUsize,
    /// The most hashes per second of all threads together; `None` for no limit.
    pub hash_limit: Option<NonZeroU64>,
}

/// The miner cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum MinerError {
    /// The system gave no thread.
    #[error("cannot start a mining thread: {0}; the system's limit may be reached, so try fewer --threads")]
    Thread(std::io::Error),
    /// The system gave no random number to begin the search at.
    #[error("cannot get a random number from the system: {0}")]
    Randomness(getrandom::Error),
    /// A mining thread panicked.
    #[error("a mining thread broke down; this is a mistake in the program, please report it")]
    Died,
    /// There is no block to search.
    #[error(transparent)]
    Template(TemplateError),
    /// The chain thread has ended.
    #[error("the chain has stopped")]
    ChainStopped,
}

/// The coordinator and its threads. Dropping it ends the threads.
pub struct Miner {
    chain: ChainHandle,
    address: Address,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// From the threads. Each sends one block a job at most, and its own death.
    reports: mpsc::Receiver<Report>,
    rate: HashRate,
    meter: Meter,
    /// The parent of the template in the slot.
    parent: Option<BlockHash>,
    /// Whether the mempool changed, or a block was refused, since the template was made.
    outdated: bool,
}

impl Miner {
    /// Starts the threads, which rest until [`Miner::run`] gives them work. It keeps `rate` up to date.
    ///
    /// # Errors
    /// When the system gives no thread or no random number.
    pub fn start(
        chain: ChainHandle,
        config: &MinerConfig,
        clock: Arc<dyn Clock>,
        rate: HashRate,
    ) -> Result<Self, MinerError> {
        // Two nodes that mine for one address at the same time begin at different extra nonces.
        let first = getrandom::u64().map_err(MinerError::Randomness)?;
        let shared = Arc::new(Shared {
            spec: Arc::clone(chain.spec()),
            slot: Slot::new(),
            extra_nonces: AtomicU64::new(first),
            done: Done::default(),
            clock,
        });
        let n_threads = config.threads;
        let (sender, reports) = mpsc::channel(n_threads.get().saturating_add(2));
        let mut miner = Self {
            chain,
            address: config.address,
            shared,
            threads: Vec::with_capacity(n_threads.get()),
            reports,
            rate,
            meter: Meter::new(n_threads),
            parent: None,
            outdated: false,
        };
        for index in 0..n_threads.get() {
            let pace = config.hash_limit.map(|limit| Pace::new(limit, n_threads, Instant::now()));
            let worker = Worker { shared: Arc::clone(&miner.shared), pace, reports: sender.clone() };
            let thread = std::thread::Builder::new().name(format!("miner-{index}")).spawn(|| worker.run());
            miner.threads.push(thread.map_err(MinerError::Thread)?);
        }
        Ok(miner)
    }

    /// Mines until `token` is cancelled, and ends the threads.
    ///
    /// # Errors
    /// When a thread or the chain has broken down.
    pub async fn run(mut self, token: CancellationToken) -> Result<(), MinerError> {
        let result = self.coordinate(token).await;
        self.shared.slot.stop();
        self.rate.set(0);
        for thread in self.threads.drain(..) {
            // A batch of hashes takes milliseconds, so each thread sees the stop soon.
            let joined = tokio::task::spawn_blocking(|| thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                return Err(MinerError::Died);
            }
        }
        result
    }

    async fn coordinate(&mut self, token: CancellationToken) -> Result<(), MinerError> {
        let mut views = self.chain.watch();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.renew().await?;
        loop {
            tokio::select! {
                biased;
                () = token.cancelled() => return Ok(()),
                changed = views.changed() => {
                    changed.or(Err(MinerError::ChainStopped))?;
                    let tip = views.borrow_and_update().tip.hash;
                    if self.parent == Some(tip) {
                        self.outdated = true;
                    } else {
                        self.renew().await?;
                    }
                }
                Some(report) = self.reports.recv() => match report {
                    Report::Found(block) => self.submit(*block).await?,
                    Report::Died => return Err(MinerError::Died),
                },
                _ = ticks.tick() => {
                    self.rate.set(self.meter.sample(Instant::now(), &self.shared.done));
                    if self.outdated {
                        self.renew().await?;
                    }
                }
            }
        }
    }

    /// Takes the old template away and fetches a new one.
    async fn renew(&mut self) -> Result<(), MinerError> {
        // While only transactions were added, the old template is worth working on until the new one is there.
        if self.parent.is_some_and(|parent| parent != self.chain.view().tip.hash) {
            self.shared.slot.publish(None);
        }
        let template = match self.chain.template(self.address).await {
            // What could not be stored is not worth searching. The next tick asks again.
            Err(TemplateError::Store(_)) => {
                self.shared.slot.publish(None);
                self.outdated = true;
                return Ok(());
            }
            template => template.map_err(MinerError::Template)?,
        };
        self.parent = Some(*template.prev_hash());
        self.outdated = false;
        self.shared.slot.publish(Some(Arc::new(template)));
        Ok(())
    }

    /// Hands a found block to the chain. On success the new tip brings the next template; otherwise the next tick
    /// does, so that a template that is always refused cannot keep the chain thread busy.
    async fn submit(&mut self, block: Block) -> Result<(), MinerError> {
        let (hash, height) = (block.header.hash(), block.coinbase.height);
        match self.chain.submit_block(block).await {
            Ok(outcome) => tracing::info!(%hash, height, ?outcome, "mined a block"),
            Err(SubmitError::Stopped) => return Err(MinerError::ChainStopped),
            // The chain thread tells why. If it ends by this, the next question is not answered.
            Err(SubmitError::Store(error)) => tracing::debug!(%hash, height, %error, "a block was lost"),
            Err(error) => {
                tracing::error!(%hash, height, "our own block was refused and its reward is lost: {error}")
            }
        }
        self.outdated = true;
        Ok(())
    }
}

impl Drop for Miner {
    fn drop(&mut self) {
        self.shared.slot.stop();
    }
}

impl std::fmt::Debug for Miner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Miner").field("address", &self.address).field("threads", &self.threads.len()).finish()
    }
}

#[cfg(test)]
mod tests;
