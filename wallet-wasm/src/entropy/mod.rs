//! A test of the randomness before anything depends on it.
//!
//! A browser extension or a broken system may put a constant in the place of randomness (CVE-2023-31290 shows what
//! that costs). No test can tell good randomness from bad in general; this one finds the sources that have failed.

use rand_core::TryCryptoRng;

use crate::error::WalletError;

/// Two samples of a good source are equal once in 2^256 times.
const SAMPLE_BYTES: usize = 32;

/// Draws two samples that are used for nothing else.
///
/// # Errors
/// [`WalletError::NoRandomness`] when the source gives nothing, repeats itself, or gives one byte over and over.
pub fn check<R: TryCryptoRng>(rng: &mut R) -> Result<(), WalletError> {
    let mut samples = [[0_u8; SAMPLE_BYTES]; 2];
    for sample in &mut samples {
        rng.try_fill_bytes(sample).or(Err(WalletError::NoRandomness))?;
        if sample.iter().all(|byte| *byte == sample[0]) {
            return Err(WalletError::NoRandomness);
        }
    }
    if samples[0] == samples[1] { Err(WalletError::NoRandomness) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
