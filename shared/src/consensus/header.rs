//! HDR-1 to HDR-6. Whether the parent is known and valid (HDR-2) only the keeper of the header tree can tell.

use crate::block::{HEADER_ROLLING_BITS, HEADER_VERSION, Header};
use crate::consensus::RuleError;
use crate::hash::BlockHash;
use crate::pow::{Ancestry, next_bits};
use crate::spec::Rules;

/// Checks what needs no other header.
///
/// # Errors
/// HDR-1.
pub fn check_header_alone(header: &Header) -> Result<(), RuleError> {
    // HDR-1: "version & !0x1fffe000 == 0x20000000".
    if header.version & !HEADER_ROLLING_BITS != HEADER_VERSION {
        return Err(RuleError::HeaderVersion { version: header.version });
    }
    Ok(())
}

/// Checks a header whose parent is known and valid. `hash` is the header's own; `now` is the local clock in Unix
/// seconds.
///
/// # Errors
/// HDR-3 to HDR-6.
pub fn check_header(
    rules: &Rules,
    header: &Header,
    hash: &BlockHash,
    parent: &Ancestry,
    now: u64,
) -> Result<(), RuleError> {
    let mismatch = |expected| RuleError::TargetMismatch { expected, actual: header.bits };
    // HDR-3: "bits is exactly what section 7 demands". A valid parent has legal bits.
    let expected = next_bits(rules, parent, header.time).map_err(|_illegal| mismatch(rules.limit_bits))?;
    if header.bits != expected {
        return Err(mismatch(expected));
    }
    // HDR-4: "block_hash as a little-endian number is at most target(bits)".
    if !header.bits.target().is_ok_and(|target| target.is_met_by(hash)) {
        return Err(RuleError::InsufficientWork { hash: *hash, bits: header.bits });
    }
    // HDR-5: "time is after the parent's".
    if header.time <= parent.time {
        return Err(RuleError::TimeNotAfterParent { time: header.time, parent_time: parent.time });
    }
    // HDR-6: "time is at most the local clock + 4 T".
    let latest = now.saturating_add(u64::from(rules.block_time).saturating_mul(4));
    if u64::from(header.time) > latest {
        return Err(RuleError::TimeAhead { time: header.time, latest });
    }
    Ok(())
}
