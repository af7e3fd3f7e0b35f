//! Where the node gets the time from, so that tests can set it.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Returns the seconds since 1970-01-01 00:00 UTC.
    fn now(&self) -> u64;

    /// Returns seconds of a clock that nobody sets: only differences mean something.
    fn steady(&self) -> u64;
}

/// When [`Clock::steady`] was asked first, and what it said: so much that whatever arrived before has a time as well.
static STEADY: LazyLock<(Instant, u64)> = LazyLock::new(|| (Instant::now(), 1 << 40));

/// The computer's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        // A clock before 1970 is not set at all: the chain's rules will say that every block is in its future.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    fn steady(&self) -> u64 {
        let (start, seconds) = &*STEADY;
        seconds + start.elapsed().as_secs()
    }
}
