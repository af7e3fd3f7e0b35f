//! One mining thread: takes the current job, searches it, and claims and reports what it finds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shared::block::{Block, Header};
use shared::ledger::BlockTemplate;
use shared::pow::CompactTarget;
use shared::spec::ChainSpec;
use tokio::sync::mpsc;

use super::rate::{Done, Pace};
use super::search::Search;
use super::slot::Slot;
use crate::clock::Clock;

/// The thread looks for a new job after this many hashes: about 2 ms with SHA instructions, and a few times that
/// without, while switching within 100 ms is the goal.
const BATCH: u64 = 1 << 14;
/// How often a thread that waits for the clock looks at it.
const CLOCK_POLL: Duration = Duration::from_millis(20);
/// One more than the last nonce.
const NONCES: u64 = 1 << 32;

/// What a thread tells the coordinator.
#[derive(Debug)]
pub(super) enum Report {
    /// The solved block of the current job.
    Found(Box<Block>),
    /// The thread panicked.
    Died,
}

/// What all threads share.
pub(super) struct Shared {
    pub(super) spec: Arc<ChainSpec>,
    pub(super) slot: Slot<BlockTemplate>,
    /// The next extra nonce that nobody has searched. Each is given out once, so that no two threads, and no two
    /// jobs, ever hash the same header.
    pub(super) extra_nonces: AtomicU64,
    pub(super) done: Done,
    pub(super) clock: Arc<dyn Clock>,
}

/// One thread's own things.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) pace: Option<Pace>,
    /// To the coordinator; holds one block of a job at most, and one death a thread.
    pub(super) reports: mpsc::Sender<Report>,
}

impl Worker {
    /// Mines until the slot is stopped.
    pub(super) fn run(mut self) {
        lower_priority();
        while let Some((generation, job)) = self.shared.slot.next() {
            let Some(block) = self.solve(generation, &job) else { continue };
            if self.shared.slot.claim(generation) && self.reports.blocking_send(Report::Found(block)).is_err()
            {
                return;
            }
        }
    }

    /// Searches until a block is found; `None` when the job was replaced.
    fn solve(&mut self, generation: u64, job: &BlockTemplate) -> Option<Box<Block>> {
        loop {
            let extra_nonce = self.shared.extra_nonces.fetch_add(1, Ordering::Relaxed);
            let time = self.wait_for_clock(generation, job)?;
            let header = job.header(extra_nonce, time, self.bits(job, time));
            if let Some(header) = self.search(generation, job, header)? {
                return Some(Box::new(job.block(header, extra_nonce)));
            }
        }
    }

    /// Tries all nonces of `header`, moving its time with the clock. Returns the solved header, `Some(None)` when
    /// there is none, and `None` when the job was replaced.
    fn search(&mut self, generation: u64, job: &BlockTemplate, mut header: Header) -> Option<Option<Header>> {
        let mut search = Search::new(&header);
        let mut next = 0;
        while next < NONCES {
            let time = self.wait_for_clock(generation, job)?;
            if time != header.time {
                // The nonces go on where they are: with another time they make other headers anyway.
                header.time = time;
                header.bits = self.bits(job, time);
                search.set_time(time, header.bits);
            }
            let end = NONCES.min(next + self.pace.as_ref().map_or(BATCH, |pace| pace.batch().min(BATCH)));
            let started = Instant::now();
            let found = search.run(next..end);
            let hashes = found.map_or(end, |nonce| u64::from(nonce) + 1) - next;
            let goes_on = found.is_some() || self.rest(generation, hashes);
            self.shared.done.add(hashes, started.elapsed());
            if let Some(nonce) = found {
                return Some(Some(Header { nonce, ..header }));
            }
            if !goes_on {
                return None;
            }
            next = end;
        }
        Some(None)
    }

    fn bits(&self, job: &BlockTemplate, time: u32) -> CompactTarget {
        let bits = job.bits(self.shared.spec.rules(), time);
        bits.expect("the parent's bits are legal because the chain accepted it")
    }

    /// Returns the time to stamp: the clock's, once that is past the parent's. A block is never stamped ahead of the
    /// clock, so a clock that is behind the parent makes the miner wait. `None` when the job was replaced.
    fn wait_for_clock(&self, generation: u64, job: &BlockTemplate) -> Option<u32> {
        while self.shared.slot.is_current(generation) {
            let now = u32::try_from(self.shared.clock.now()).unwrap_or(u32::MAX);
            if now > job.ancestry().time {
                return Some(now);
            }
            self.shared.slot.sleep(generation, CLOCK_POLL);
        }
        None
    }

    /// Rests as long as the hash limit demands; returns false when the job was replaced meanwhile.
    fn rest(&mut self, generation: u64, hashes: u64) -> bool {
        let rest = self.pace.as_mut().map_or(Duration::ZERO, |pace| pace.charge(hashes, Instant::now()));
        rest.is_zero() || self.shared.slot.sleep(generation, rest)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A coordinator that is gone needs no telling, and the channel has a place for each thread's death.
            drop(self.reports.try_send(Report::Died));
        }
    }
}

/// Lets every other program go first. A system that does not allow or know this is no reason not to mine.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 19) {
        tracing::debug!(%error, "mining threads keep the normal priority");
    }
}
