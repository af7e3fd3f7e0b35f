//! What a connected block brings to the indexes, and sums by which the rows of whole indexes are compared.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use shared::block::HEADER_BYTES;
use shared::codec;
use shared::consensus::CheckedBlock;
use shared::ledger::Connected;

use super::tables::Place;

/// A row of the index of transactions.
pub(super) type TransactionRow = ([u8; 32], Place);
/// A row of the histories: address and index, place, and the head before it.
pub(super) type HistoryRow = (([u8; 20], u64), Place, [u8; 32]);

/// Returns where each transaction of a block is found, which is at these `places`.
pub(super) fn transaction_rows(
    block: &CheckedBlock,
    places: &[Place],
) -> impl Iterator<Item = TransactionRow> {
    let ids = block.transactions().iter().map(|transaction| *transaction.id().as_bytes());
    ids.zip(places.iter().copied())
}

/// Returns the entries of histories that a block makes.
pub(super) fn history_rows(
    block: &CheckedBlock,
    connected: &Connected,
    places: &[Place],
) -> impl Iterator<Item = HistoryRow> {
    let height = block.height();
    connected.records.iter().map(move |record| {
        let place = record.transaction.and_then(|index| places.get(index)).copied();
        let key = (record.address.0, record.index);
        (key, place.unwrap_or((height, 0, 0)), *record.head_before.as_bytes())
    })
}

/// Returns where in the encoded block each transaction is.
pub(super) fn places(block: &CheckedBlock) -> Vec<Place> {
    // Header, coinbase, and the count of transactions as a u32 come first.
    let mut offset = HEADER_BYTES + codec::encode(block.coinbase()).len() + 4;
    let place = |transaction: &std::sync::Arc<shared::consensus::CheckedTransaction>| {
        let start = offset;
        offset += transaction.size();
        (block.height(), narrow(start), narrow(transaction.size()))
    };
    block.transactions().iter().map(place).collect()
}

fn narrow(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("an offset in a block fits because BLK-1 limits blocks to a u32 of bytes")
}

/// How many rows there are, and a sum over them that no order changes. That damage leaves it as it was has a chance of
/// 1 in 2^64.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RowSum {
    pub(crate) count: u64,
    sum: u64,
}

impl RowSum {
    pub(super) fn add(&mut self, row: impl Hash) {
        let mut hasher = DefaultHasher::new();
        row.hash(&mut hasher);
        self.count += 1;
        self.sum = self.sum.wrapping_add(hasher.finish());
    }
}

/// The indexes of the best chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct IndexSums {
    pub(crate) transactions: RowSum,
    pub(crate) history: RowSum,
}

impl IndexSums {
    /// Adds what a block brings.
    pub(crate) fn connect(&mut self, block: &CheckedBlock, connected: &Connected) {
        let places = places(block);
        transaction_rows(block, &places).for_each(|row| self.transactions.add(row));
        history_rows(block, connected, &places).for_each(|row| self.history.add(row));
    }
}
