//! How often somebody may do something.

/// One of what is counted, in the unit of the levels: rates are in thousandths a second and time in milliseconds.
const ONE: u64 = 1_000_000;

/// Fills up with time and is emptied by use. Exact, however often it is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    milli_per_s: u64,
    capacity: u64,
    level: u64,
    at_ms: u64,
}

impl Bucket {
    /// Returns a full bucket that holds `capacity` and regains `milli_per_s` thousandths a second.
    pub(super) fn new(capacity: u32, milli_per_s: u64, now_ms: u64) -> Self {
        let capacity = u64::from(capacity) * ONE;
        Self { milli_per_s, capacity, level: capacity, at_ms: now_ms }
    }

    /// Takes `amount` out when there is as much, and tells whether there was.
    pub(super) fn take(&mut self, amount: u32, now_ms: u64) -> bool {
        let gained = now_ms.saturating_sub(self.at_ms).saturating_mul(self.milli_per_s);
        self.level = self.level.saturating_add(gained).min(self.capacity);
        self.at_ms = self.at_ms.max(now_ms);
        match self.level.checked_sub(u64::from(amount) * ONE) {
            Some(level) => {
                self.level = level;
                true
            }
            None => false,
        }
    }
}
