//! The inner loop: SHA-256d over one header with many nonces (`docs/protocol.md`, sections 1 and 6, HDR-4).
//!
//! Pure: no clock, no threads. Of a header's 80 bytes the first 64 do not change with time, bits or nonce, so their
//! compression (the "midstate") is computed once and every attempt costs two compressions instead of three.

use std::ops::Range;

use sha2::block_api::compress256;
use shared::block::{HEADER_BYTES, Header};
use shared::hash::{BlockHash, SHA256_INITIAL_STATE};
use shared::pow::{CompactTarget, Target};

/// Where the tail's part of the header ends and the padding begins.
const TAIL_BYTES: usize = HEADER_BYTES - 64;
/// Where time, bits and nonce stand in the tail, after the last four bytes of the Merkle root.
const TIME_AT: usize = 4;
const BITS_AT: usize = 8;
const NONCE_AT: usize = 12;

/// One header, prepared for trying nonces.
#[derive(Debug, Clone)]
pub(super) struct Search {
    midstate: [u32; 8],
    /// Bytes 64 to 79 of the header, and SHA-256's padding for a message of 80 bytes.
    tail: [u8; 64],
    /// SHA-256's block for a message of 32 bytes; its first half is overwritten by each first hash.
    second: [u8; 64],
    target: Target,
    /// The four most significant bytes of the target.
    target_top: u32,
}

impl Search {
    /// Prepares `header`, whose nonce does not matter and whose `bits` the difficulty rule gave.
    pub(super) fn new(header: &Header) -> Self {
        let bytes = header.to_bytes();
        let mut head = [0; 64];
        head.copy_from_slice(&bytes[..64]);
        let mut midstate = SHA256_INITIAL_STATE;
        compress256(&mut midstate, &[head]);
        let mut tail = padded(HEADER_BYTES);
        tail[..TAIL_BYTES].copy_from_slice(&bytes[64..]);
        let target = expand(header.bits);
        Self { midstate, tail, second: padded(32), target, target_top: top(target) }
    }

    /// Changes the two fields that depend on the clock; the midstate stays as it is.
    pub(super) fn set_time(&mut self, time: u32, bits: CompactTarget) {
        self.target = expand(bits);
        self.target_top = top(self.target);
        self.tail[TIME_AT..BITS_AT].copy_from_slice(&time.to_le_bytes());
        self.tail[BITS_AT..NONCE_AT].copy_from_slice(&bits.0.to_le_bytes());
    }

    /// Tries `nonces` in order and returns the first that meets the target.
    pub(super) fn run(&mut self, nonces: Range<u64>) -> Option<u32> {
        for nonce in nonces {
            // A nonce has 32 bits; the range is wider only so that its end can lie behind the last one.
            let Ok(nonce) = u32::try_from(nonce) else { break };
            self.tail[NONCE_AT..TAIL_BYTES].copy_from_slice(&nonce.to_le_bytes());
            let mut state = self.midstate;
            compress256(&mut state, std::slice::from_ref(&self.tail));
            for (place, word) in self.second.chunks_exact_mut(4).zip(state) {
                place.copy_from_slice(&word.to_be_bytes());
            }
            state = SHA256_INITIAL_STATE;
            compress256(&mut state, std::slice::from_ref(&self.second));
            // The hash is a little-endian number, so its top four bytes are the last word. Nearly every attempt
            // ends here, without building the 256-bit number.
            if state[7].swap_bytes() <= self.target_top && self.target.is_met_by(&hash_of(state)) {
                return Some(nonce);
            }
        }
        None
    }
}

/// Returns the last block of a message of `length` bytes, as SHA-256 pads it, without the message's own bytes.
fn padded(length: usize) -> [u8; 64] {
    let mut block = [0; 64];
    block[length % 64] = 0x80;
    block[56..].copy_from_slice(&(length as u64 * 8).to_be_bytes());
    block
}

fn expand(bits: CompactTarget) -> Target {
    bits.target().expect("the bits are legal because the difficulty rule makes no others")
}

/// Returns the four most significant bytes of a target.
fn top(target: Target) -> u32 {
    let [a, b, c, d, ..] = target.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

fn hash_of(state: [u32; 8]) -> BlockHash {
    let mut bytes = [0; 32];
    for (place, word) in bytes.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    BlockHash(bytes)
}
