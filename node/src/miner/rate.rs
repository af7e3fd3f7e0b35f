//! How fast the miner hashes: the measured rate, and the limit that a user may set.

use std::collections::VecDeque;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The rate is the mean over this time: long enough to be calm, short enough to show what closing a program did.
const WINDOW: Duration = Duration::from_secs(10);

/// The measured hash rate, readable by anybody; 0 while nothing is mined.
#[derive(Debug, Clone, Default)]
pub struct HashRate(Arc<AtomicU64>);

impl HashRate {
    /// Returns the hashes per second over the last ten seconds.
    #[must_use]
    pub fn per_second(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, per_second: u64) {
        self.0.store(per_second, Ordering::Relaxed);
    }
}

/// What all threads have done since they began; it only grows.
#[derive(Debug, Default)]
pub(super) struct Done {
    hashes: AtomicU64,
    /// The time that it took, of every thread, with the rests that a limit demands. Not the time in which a thread
    /// waits for a job or for the clock: a chain that runs ahead of the clock makes the computer no slower.
    nanos: AtomicU64,
}

impl Done {
    pub(super) fn add(&self, hashes: u64, time: Duration) {
        self.hashes.fetch_add(hashes, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn get(&self) -> (u64, u64) {
        (self.hashes.load(Ordering::Relaxed), self.nanos.load(Ordering::Relaxed))
    }
}

/// Turns what was done into a rate.
#[derive(Debug)]
pub(super) struct Meter {
    threads: NonZeroUsize,
    /// When, how many hashes, and how many nanoseconds of work.
    samples: VecDeque<(Instant, u64, u64)>,
}

impl Meter {
    pub(super) fn new(threads: NonZeroUsize) -> Self {
        Self { threads, samples: VecDeque::new() }
    }

    /// Takes what was done by `now` and returns the hashes per second since the oldest sample of the window.
    pub(super) fn sample(&mut self, now: Instant, done: &Done) -> u64 {
        let (hashes, nanos) = done.get();
        self.samples.push_back((now, hashes, nanos));
        while let [_, (second, ..), ..] = self.samples.make_contiguous()
            && now.saturating_duration_since(*second) >= WINDOW
        {
            self.samples.pop_front();
        }
        let Some((_, hashes_before, nanos_before)) = self.samples.front() else { return 0 };
        let nanos = u128::from(nanos.saturating_sub(*nanos_before));
        let rate =
            u128::from(hashes.saturating_sub(*hashes_before)) * self.threads.get() as u128 * 1_000_000_000;
        u64::try_from(rate.checked_div(nanos).unwrap_or(0)).unwrap_or(u64::MAX)
    }
}

/// One thread's share of `--hash-limit`.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// Hashes per second of all threads together.
    limit: NonZeroU64,
    threads: NonZeroUsize,
    /// When the hashes done so far are paid for.
    due: Instant,
}

impl Pace {
    /// A thread that was held up may catch up on this much, so that a busy computer does not lower the rate; more
    /// would be a burst above the limit.
    const SLACK: Duration = Duration::from_millis(100);

    pub(super) fn new(limit: NonZeroU64, threads: NonZeroUsize, now: Instant) -> Self {
        Self { limit, threads, due: now }
    }

    /// Returns how many hashes to do at a time: a fiftieth of a second's share, so that the processor's load is even.
    pub(super) fn batch(&self) -> u64 {
        (self.limit.get() / self.threads.get() as u64 / 50).max(1)
    }

    /// Charges `hashes` done by `now` and returns how long to rest.
    pub(super) fn charge(&mut self, hashes: u64, now: Instant) -> Duration {
        let nanos =
            u128::from(hashes) * self.threads.get() as u128 * 1_000_000_000 / u128::from(self.limit.get());
        let cost = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let earliest = now.checked_sub(Self::SLACK).unwrap_or(now);
        self.due = self.due.max(earliest).checked_add(cost).unwrap_or(now);
        self.due.saturating_duration_since(now)
    }
}
