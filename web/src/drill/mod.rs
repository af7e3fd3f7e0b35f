//! Which words the restore drill asks for.

/// How many words a drill asks for.
pub(crate) const ASKED: usize = 3;

/// Chooses [`ASKED`] different positions among `count` words, in ascending order, counted from 1.
///
/// `random` yields numbers in 0..1. It need not be unpredictable: the drill guards against haste, not an attacker.
pub(crate) fn positions(count: u8, mut random: impl FnMut() -> f64) -> Vec<u8> {
    let mut left = (1..=count).collect::<Vec<_>>();
    let mut chosen = Vec::new();
    while chosen.len() < ASKED && !left.is_empty() {
        // The product is below the length, up to rounding, and a negative or odd number becomes 0.
        let index = (random() * left.len() as f64) as usize;
        chosen.push(left.remove(index.min(left.len() - 1)));
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests;
