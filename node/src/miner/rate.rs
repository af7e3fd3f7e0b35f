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

/// Turns a growing count of hashes into a rate.
#[derive(Debug, Default)]
pub(super) struct Meter {
    samples: VecDeque<(Instant, u64)>,
}

impl Meter {
    /// Takes the count at `now` and returns the hashes per second since the oldest sample of the window.
    pub(super) fn sample(&mut self, now: Instant, hashes: u64) -> u64 {
        self.samples.push_back((now, hashes));
        while let [(_, _), (second, _), ..] = self.samples.make_contiguous()
            && now.saturating_duration_since(*second) >= WINDOW
        {
            self.samples.pop_front();
        }
        let Some((since, before)) = self.samples.front() else { return 0 };
        let nanos = now.saturating_duration_since(*since).as_nanos();
        let rate = u128::from(hashes.saturating_sub(*before)) * 1_000_000_000;
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
