//! How often somebody may ask, or how much: a token bucket, pure. Its time is what any clock that never goes back has
//! counted since some moment, the same moment each time.

use std::time::Duration;

/// A rate with bursts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second in the long run, or whatever a token stands for.
    pub per_second: u32,
    /// Requests at once after a pause.
    pub burst: u32,
}

/// One bucket. A token is a request, a byte or whatever is counted; tokens come back with time.
#[derive(Debug, Clone, Copy)]
pub struct TokenBucket {
    rate: Rate,
    /// In billionths of a token, so that no fraction is lost.
    nano_tokens: u64,
    updated: Duration,
}

const NANO: u64 = 1_000_000_000;

impl TokenBucket {
    /// Returns a full bucket.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, nano_tokens: u64::from(rate.burst) * NANO, updated: Duration::ZERO }
    }

    /// Takes a token, or returns false when there is none.
    pub fn take(&mut self, now: Duration) -> bool {
        self.take_many(1, now)
    }

    /// Begins to count time anew at `now`, with what is left then.
    pub fn restart(&mut self, now: Duration) {
        self.take_many(0, now);
        self.updated = Duration::ZERO;
    }

    /// Leaves no more than `other` has, if both count time from the same moment.
    pub fn limit_to(&mut self, other: &Self) {
        self.nano_tokens = self.nano_tokens.min(other.nano_tokens);
    }

    /// Takes all of `count` tokens, or returns false and takes none.
    pub fn take_many(&mut self, count: usize, now: Duration) -> bool {
        self.take_leaving(count, 0, now)
    }

    /// Takes all of `count` tokens if at least `rest` are left then, or returns false and takes none.
    pub fn take_leaving(&mut self, count: usize, rest: usize, now: Duration) -> bool {
        let elapsed = now.saturating_sub(self.updated);
        self.updated = self.updated.max(now);
        let elapsed_ns = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        self.nano_tokens = elapsed_ns
            .saturating_mul(u64::from(self.rate.per_second))
            .saturating_add(self.nano_tokens)
            .min(u64::from(self.rate.burst) * NANO);
        let nano = |tokens: usize| u64::try_from(tokens).unwrap_or(u64::MAX).saturating_mul(NANO);
        let left = self.nano_tokens.checked_sub(nano(count)).filter(|left| *left >= nano(rest));
        self.nano_tokens = left.unwrap_or(self.nano_tokens);
        left.is_some()
    }
}

#[cfg(test)]
mod tests;
