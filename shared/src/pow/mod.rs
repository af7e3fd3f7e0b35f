//! Targets, work and the difficulty rule (`docs/protocol.md`, section 7).

use borsh::{BorshDeserialize, BorshSerialize};
use ruint::{Uint, aliases::U256};
use serde::{Deserialize, Serialize};

use crate::hash::BlockHash;
use crate::spec::Rules;

/// Wide enough for a 256-bit target times N·T + 100·T, and for every shift of the emergency rule.
type U512 = Uint<512, 8>;

/// A target in Bitcoin's compact form: one byte of length, three bytes of mantissa ("bits").
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct CompactTarget(pub u32);

/// A block's hash, read as a little-endian number, must not exceed this. Lower is harder; at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target(U256);

/// The expected number of hashes that a block, or a chain of them, took to make.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work(U256);

/// A compact target is negative, zero, too large or not in its shortest form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{bits:#010x} is not the canonical compact form of a target of at least 1")]
pub struct CompactTargetError {
    /// What was refused.
    pub bits: u32,
}

impl CompactTarget {
    /// Expands to the full target.
    ///
    /// # Errors
    /// When this is not the canonical form of a target ≥ 1.
    pub fn target(self) -> Result<Target, CompactTargetError> {
        let [m0, m1, m2, size] = self.0.to_le_bytes();
        let mantissa = U256::from(u32::from_le_bytes([m0, m1, m2, 0]));
        let size = usize::from(size);
        let value = if size <= 3 {
            mantissa.checked_shr(shift_bits(3_usize.saturating_sub(size)))
        } else {
            mantissa.checked_shl(shift_bits(size.saturating_sub(3)))
        };
        value
            .filter(|value| !value.is_zero())
            .map(Target)
            .filter(|target| target.compact() == self)
            .ok_or(CompactTargetError { bits: self.0 })
    }
}

fn shift_bits(bytes: usize) -> usize {
    bytes.saturating_mul(8)
}

impl Target {
    /// Returns the target as 32 big-endian bytes.
    #[must_use]
    pub fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// Returns the compact form; bits below the mantissa are dropped.
    #[must_use]
    pub fn compact(self) -> CompactTarget {
        let bits = self.0.bit_len();
        let mut size = bits.div_ceil(8);
        let mut mantissa: u32 = if size <= 3 {
            self.0
                .wrapping_to::<u32>()
                .wrapping_shl(u32::try_from(shift_bits(3_usize.saturating_sub(size))).unwrap_or(0))
        } else {
            self.0.wrapping_shr(shift_bits(size.saturating_sub(3))).wrapping_to()
        };
        // The mantissa's top bit is a sign in Bitcoin's form, so such a number moves up by one byte.
        if mantissa & 0x0080_0000 != 0 {
            mantissa = mantissa.wrapping_shr(8);
            size = size.saturating_add(1);
        }
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        CompactTarget(size.wrapping_shl(24) | mantissa)
    }

    /// Returns whether `hash` is work enough for this target.
    #[must_use]
    pub fn is_met_by(self, hash: &BlockHash) -> bool {
        U256::from_le_bytes(*hash.as_bytes()) <= self.0
    }

    /// Returns ⌊2^256 / (target + 1)⌋.
    #[must_use]
    pub fn work(self) -> Work {
        // 2^256 does not fit, but ⌊2^256 / (t + 1)⌋ = ⌊(2^256 − 1 − t) / (t + 1)⌋ + 1. A target of 2^256 − 1, which
        // no compact form can express, would be one hash.
        let divisor = self.0.checked_add(U256::ONE);
        let quotient = divisor.and_then(|divisor| (!self.0).checked_div(divisor)).unwrap_or_default();
        Work(quotient.saturating_add(U256::ONE))
    }
}

impl Work {
    /// Nothing.
    pub const ZERO: Self = Self(U256::ZERO);

    /// Returns the sum, or the largest value when it leaves 256 bits.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Returns the number as 32 little-endian bytes, as proofs and stores hold it.
    #[must_use]
    pub fn to_le_bytes(self) -> [u8; 32] {
        self.0.to_le_bytes()
    }

    /// Reads what [`Work::to_le_bytes`] wrote.
    #[must_use]
    pub fn from_le_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_le_bytes(bytes))
    }

    /// Returns the number of hashes, or `u128::MAX` when it is larger: for views only.
    #[must_use]
    pub fn to_u128_saturating(self) -> u128 {
        u128::try_from(self.0).unwrap_or(u128::MAX)
    }
}

impl core::fmt::Display for Work {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::LowerHex::fmt(&self.0, f)
    }
}

impl BorshSerialize for Work {
    fn serialize<W: borsh::io::Write>(&self, writer: &mut W) -> borsh::io::Result<()> {
        BorshSerialize::serialize(&self.to_le_bytes(), writer)
    }
}

impl BorshDeserialize for Work {
    fn deserialize_reader<R: borsh::io::Read>(reader: &mut R) -> borsh::io::Result<Self> {
        <[u8; 32]>::deserialize_reader(reader).map(Self::from_le_bytes)
    }
}

/// What the difficulty rule needs to know of the chain that a block extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ancestry {
    /// The parent's `bits`.
    pub bits: CompactTarget,
    /// The parent's `time`.
    pub time: u32,
    /// The grandparent's `time`; `None` when the parent is genesis.
    pub grandparent_time: Option<u32>,
}

/// Returns the `bits` that a block stamped `time` must carry.
///
/// WTEMA on the parent's solve time, then one doubling of the target for every 240·T of silence, so that a chain
/// recovers from the loss of nearly all its miners. `time` before the parent's counts as no silence.
///
/// # Errors
/// When `parent.bits` is not a legal compact target, which no valid parent has.
pub fn next_bits(rules: &Rules, parent: &Ancestry, time: u32) -> Result<CompactTarget, CompactTargetError> {
    let block_time = u64::from(rules.block_time);
    let mut target = widen(parent.bits.target()?);
    if let Some(grandparent_time) = parent.grandparent_time {
        let longest = block_time.saturating_mul(100);
        let solve = u64::from(parent.time.saturating_sub(grandparent_time)).clamp(1, longest);
        let window = block_time.saturating_mul(u64::from(rules.difficulty_window));
        let weight = window.saturating_add(solve).saturating_sub(block_time);
        target = target
            .saturating_mul(U512::from(weight))
            .checked_div(U512::from(window))
            .unwrap_or_default()
            .max(U512::ONE);
    }
    let silence = u64::from(time.saturating_sub(parent.time));
    let doublings = silence.checked_div(block_time.saturating_mul(240)).unwrap_or(0);
    // 256 doublings lift a target of 1 above every limit; more would only overflow.
    let doublings = usize::try_from(doublings.min(256)).unwrap_or(256);
    let limit = widen(rules.limit_bits.target()?);
    let target = target.checked_shl(doublings).unwrap_or(U512::MAX).min(limit);
    Ok(Target(U256::from_limbs_slice(target.as_limbs().get(..4).unwrap_or_default())).compact())
}

fn widen(target: Target) -> U512 {
    U512::from(target.0)
}

#[cfg(test)]
mod tests;
