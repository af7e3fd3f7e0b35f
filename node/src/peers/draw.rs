//! Choices that nobody outside can foresee.

use shared::hash::tagged;

/// Draws numbers from a seed; the same seed gives the same numbers.
#[derive(Clone)]
pub(super) struct Draw {
    seed: [u8; 32],
    count: u64,
}

impl std::fmt::Debug for Draw {
    /// Hides the seed: whoever knows it knows whom we dial next.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draw").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Draw {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { seed, count: 0 }
    }

    /// Returns a number below `n`; 0 when `n` is 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.count += 1;
        let hash = tagged("ironchain/peers/draw", &[&self.seed, &self.count.to_le_bytes()]);
        let (number, _) =
            hash.split_first_chunk().expect("a hash has 32 bytes because SHA-256 gives as many");
        // Of 64 bits the remainder favours no number of addresses noticeably.
        usize::try_from(u64::from_le_bytes(*number) % (n.max(1) as u64))
            .expect("it fits because it is below a `usize`")
    }

    /// Returns a number that belongs to `bytes`, the same each time.
    pub(super) fn rank(&self, bytes: &[u8]) -> u64 {
        let hash = tagged("ironchain/peers/rank", &[&self.seed, bytes]);
        let (number, _) =
            hash.split_first_chunk().expect("a hash has 32 bytes because SHA-256 gives as many");
        u64::from_le_bytes(*number)
    }
}
