//! The Merkle mountain range over all headers (`docs/protocol.md`, section 5). It carries work, times and targets, so
//! that a short proof can show the work of a long chain (`FlyClient`, Bünz et al., 2020).

use borsh::{BorshDeserialize, BorshSerialize};

use crate::block::Header;
use crate::codec;
use crate::hash::{ChainRoot, tagged};
use crate::pow::{CompactTarget, CompactTargetError, Work};

/// A run of headers: 80 bytes when encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ChainNode {
    hash: [u8; 32],
    work: Work,
    first_time: u32,
    last_time: u32,
    first_bits: CompactTarget,
    last_bits: CompactTarget,
}

impl ChainNode {
    /// Returns the node of one header.
    ///
    /// # Errors
    /// When the header's `bits` are not a legal target.
    pub fn of_header(header: &Header) -> Result<Self, CompactTargetError> {
        Ok(Self {
            hash: header.hash().0,
            work: header.bits.target()?.work(),
            first_time: header.time,
            last_time: header.time,
            first_bits: header.bits,
            last_bits: header.bits,
        })
    }

    /// Returns the node of the run `left`, then `right`.
    #[must_use]
    pub fn merge(left: &Self, right: &Self) -> Self {
        Self {
            hash: tagged("ironchain/chain-node", &[&codec::encode(left), &codec::encode(right)]),
            work: left.work.saturating_add(right.work),
            first_time: left.first_time,
            last_time: right.last_time,
            first_bits: left.first_bits,
            last_bits: right.last_bits,
        }
    }
}

/// The range over the first `count` headers, as its peaks: as many as `count` has one bits.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ChainRange {
    count: u64,
    peaks: Vec<ChainNode>,
}

impl ChainRange {
    /// Returns the range over no headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns over how many headers this is.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the work of all headers.
    #[must_use]
    pub fn work(&self) -> Work {
        self.peaks.iter().fold(Work::ZERO, |sum, peak| sum.saturating_add(peak.work))
    }

    /// Appends a header's node.
    pub fn push(&mut self, leaf: ChainNode) {
        let mut node = leaf;
        for _ in 0..self.count.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = ChainNode::merge(&left, &node);
            }
        }
        self.peaks.push(node);
        // One a block: 2^64 of them cannot be made.
        self.count = self.count.saturating_add(1);
    }

    /// Returns the root: the peaks merged from the right, and the count. Of no headers it is 32 zeros.
    #[must_use]
    pub fn root(&self) -> ChainRoot {
        let bagged = self.peaks.iter().rev().copied().reduce(|right, peak| ChainNode::merge(&peak, &right));
        bagged.map_or(ChainRoot::default(), |node| {
            ChainRoot(tagged("ironchain/chain-root", &[&codec::encode(&node), &self.count.to_le_bytes()]))
        })
    }
}

#[cfg(test)]
mod tests;
