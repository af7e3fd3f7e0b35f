//! Chance that a seed repeats: SplitMix64 (Steele, Lea and Flood, 2014).

/// A row of numbers.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Returns a number below `end`, which is at least 1.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^= number >> 31;
        // Below a few hundred, the remainder is as good as even.
        usize::try_from(number % end as u64).expect("it fits because it is below a usize")
    }
}
