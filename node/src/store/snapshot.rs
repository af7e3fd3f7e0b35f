//! A consistent picture of the store, for readers.

use std::path::Path;
use std::sync::Arc;

use borsh::BorshDeserialize;
use redb::{ReadTransaction, ReadableDatabase, ReadableTable};
use shared::address::Address;
use shared::block::{Coinbase, HEADER_BYTES, Header};
use shared::hash::{BlockHash, HistoryHead, TxId};
use shared::state::Account;
use shared::transaction::Transaction;

use super::index::IndexSums;
use super::load::decode;
use super::quiet::{Quiet, guard};
use super::tables::{ACCOUNTS, BEST, BLOCKS, HEADERS, HISTORY, Place, TRANSACTIONS};
use super::{Engine, Reader, StoreError};

/// The store at one moment. Dropping it frees what it holds.
pub struct Snapshot {
    transaction: Quiet<ReadTransaction>,
    path: Arc<Path>,
}

/// A stored block of any branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlock {
    /// Genesis is 0.
    pub height: u64,
    /// Whether it is on the best chain.
    pub is_best: bool,
    /// Its encoding.
    pub bytes: Vec<u8>,
}

/// A transaction of the best chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTransaction {
    /// The transaction.
    pub transaction: Transaction,
    /// Its block's height.
    pub height: u64,
    /// Its block's hash.
    pub block_hash: BlockHash,
    /// Its block's time, Unix seconds.
    pub time: u32,
}

/// A page of an account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// How many entries the account has in all.
    pub history_len: u64,
    /// Newest first, without gaps.
    pub items: Vec<HistoryItem>,
    /// The account's history head before the oldest of `items`.
    pub head_before: HistoryHead,
}

/// One entry of an account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryItem {
    /// From 0, in order.
    pub index: u64,
    /// The block's height.
    pub height: u64,
    /// The block's time, Unix seconds.
    pub time: u32,
    /// What happened.
    pub event: HistoryEvent,
}

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryEvent {
    /// It sent or received this.
    Transaction(Box<Transaction>),
    /// It mined a block.
    Reward {
        /// The block's hash.
        block_hash: BlockHash,
        /// Subsidy and fees, in whole coins.
        reward: u64,
    },
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Reader {
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let path = Arc::clone(&self.path);
        guard(&self.path, || match self.database.begin_read() {
            Ok(transaction) => Ok(Snapshot { transaction: Quiet::new(transaction), path }),
            Err(error) => Err(StoreError::explain(&path, error.into())),
        })
    }
}

impl Snapshot {
    /// Returns the height and hash of the best chain's last block.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn tip(&self) -> Result<(u64, BlockHash), StoreError> {
        self.read(|transaction| {
            let best = transaction.open_table(BEST)?;
            let last = best.last()?.map(|(height, hash)| (height.value(), BlockHash(*hash.value())));
            last.ok_or_else(|| redb::Error::Corrupted("the best chain has no blocks".to_owned()))
        })
    }

    /// Returns a block of any branch.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn block(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, StoreError> {
        self.read(|transaction| {
            let Some(bytes) = block_bytes(transaction, hash, <[u8]>::to_vec)? else { return Ok(None) };
            let height = coinbase(&bytes)?.height;
            let is_best = hash_at(transaction, height)? == Some(*hash);
            Ok(Some(StoredBlock { height, is_best, bytes }))
        })
    }

    /// Returns whether the store has a block, of any branch.
    pub(crate) fn contains(&self, hash: &BlockHash) -> Result<bool, StoreError> {
        self.read(|transaction| Ok(block_bytes(transaction, hash, |_| ())?.is_some()))
    }

    /// Returns how many bytes a block has, of any branch; 0 when it is not there.
    pub(crate) fn block_size(&self, hash: &BlockHash) -> Result<u64, StoreError> {
        self.read(|transaction| Ok(block_bytes(transaction, hash, |bytes| bytes.len() as u64)?.unwrap_or(0)))
    }

    /// Returns the hash and encoding of the best chain's block at `height`.
    pub(crate) fn best_block(&self, height: u64) -> Result<Option<(BlockHash, Vec<u8>)>, StoreError> {
        self.read(|transaction| {
            let Some(hash) = hash_at(transaction, height)? else { return Ok(None) };
            Ok(block_bytes(transaction, &hash, <[u8]>::to_vec)?.map(|bytes| (hash, bytes)))
        })
    }

    /// Returns what the indexes hold. It reads all of them.
    pub(crate) fn index_sums(&self) -> Result<IndexSums, StoreError> {
        self.read(|read| {
            let mut sums = IndexSums::default();
            for entry in read.open_table(TRANSACTIONS)?.iter()? {
                let (id, place) = entry?;
                sums.transactions.add((id.value(), place.value()));
            }
            for entry in read.open_table(HISTORY)?.iter()? {
                let (key, value) = entry?;
                let (place, head_before) = value.value();
                sums.history.add((key.value(), place, head_before));
            }
            Ok(sums)
        })
    }

    /// Returns the hash of the best chain's block at `height`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn hash_at(&self, height: u64) -> Result<Option<BlockHash>, StoreError> {
        self.read(|transaction| hash_at(transaction, height))
    }

    /// Returns at most `count` headers of the best chain, from the one at height `from` on; none beyond the tip.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn best_headers(&self, from: u64, count: u64) -> Result<Vec<Header>, StoreError> {
        self.read(|read| {
            let (best, headers) = (read.open_table(BEST)?, read.open_table(HEADERS)?);
            let hashes = best.range(from..from.saturating_add(count))?;
            let found = hashes.map(|entry| {
                let (height, hash) = entry?;
                // Not by way of the blocks, which may be a million times as large.
                if let Some(value) = headers.get((height.value(), hash.value()))? {
                    return decode(value.value().0, "a header");
                }
                // Genesis alone has no entry of its own.
                let missing = || redb::Error::Corrupted(format!("block {} is missing", height.value()));
                block_bytes(read, &BlockHash(*hash.value()), header)?.ok_or_else(missing)?
            });
            found.collect()
        })
    }

    /// Returns the height of the first of `hashes` that is on the best chain; 0 when none is.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn fork_height(&self, hashes: &[BlockHash]) -> Result<u64, StoreError> {
        self.read(|read| {
            for hash in hashes {
                if let Some(coinbase) = block_bytes(read, hash, coinbase)? {
                    let height = coinbase?.height;
                    if hash_at(read, height)? == Some(*hash) {
                        return Ok(height);
                    }
                }
            }
            Ok(0)
        })
    }

    /// Returns a transaction of the best chain.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn transaction(&self, id: &TxId) -> Result<Option<StoredTransaction>, StoreError> {
        self.read(|read| {
            let place = read.open_table(TRANSACTIONS)?.get(id.as_bytes())?.map(|value| value.value());
            let Some(place) = place else { return Ok(None) };
            let found = with_block_at(read, place.0, |block_hash, bytes| {
                let transaction = transaction_at(bytes, place)?;
                if transaction.id() != *id {
                    return Err(redb::Error::Corrupted(format!(
                        "the index of {id} leads to another transaction"
                    )));
                }
                Ok(StoredTransaction { transaction, height: place.0, block_hash, time: header(bytes)?.time })
            });
            found.map(Some)
        })
    }

    /// Returns an account at this snapshot's tip; one that was never touched is all zeros.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn account(&self, address: &Address) -> Result<Account, StoreError> {
        self.read(|transaction| account(transaction, address))
    }

    /// Returns at most `limit` entries of an account's history: of those with an index below `before` and above
    /// `after`, the newest; when only `after` is given, the oldest. Either way the newest comes first.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn history(
        &self,
        address: &Address,
        before: Option<u64>,
        after: Option<u64>,
        limit: usize,
    ) -> Result<HistoryPage, StoreError> {
        self.read(|read| {
            let account = account(read, address)?;
            let end = before.unwrap_or(u64::MAX).min(account.history_len);
            let start = after.map_or(0, |after| after.saturating_add(1)).min(end);
            let count = (end - start).min(u64::try_from(limit).unwrap_or(u64::MAX));
            let pages_upwards = before.is_none() && after.is_some();
            let range = if pages_upwards { start..start + count } else { end - count..end };

            let table = read.open_table(HISTORY)?;
            let mut items = Vec::new();
            for entry in table.range((&address.0, range.start)..(&address.0, range.end))?.rev() {
                let (key, value) = entry?;
                items.push(history_item(read, key.value().1, value.value().0)?);
            }
            let head_before =
                table.get((&address.0, range.start))?.map(|value| HistoryHead(*value.value().1));
            Ok(HistoryPage {
                history_len: account.history_len,
                items,
                // Above the newest entry, that is the head itself.
                head_before: head_before.unwrap_or(account.history_head),
            })
        })
    }

    /// Runs a read and explains what the engine says when it fails.
    pub(super) fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Engine<T>) -> Result<T, StoreError> {
        let read = || read(&self.transaction).map_err(|error| StoreError::explain(&self.path, error));
        guard(&self.path, read)
    }
}

fn account(transaction: &ReadTransaction, address: &Address) -> Engine<Account> {
    match transaction.open_table(ACCOUNTS)?.get(&address.0)? {
        Some(value) => decode(value.value(), "an account"),
        None => Ok(Account::default()),
    }
}

fn hash_at(transaction: &ReadTransaction, height: u64) -> Engine<Option<BlockHash>> {
    Ok(transaction.open_table(BEST)?.get(height)?.map(|value| BlockHash(*value.value())))
}

/// Hands the encoded block to `take` without copying it.
fn block_bytes<T>(
    transaction: &ReadTransaction,
    hash: &BlockHash,
    take: impl FnOnce(&[u8]) -> T,
) -> Engine<Option<T>> {
    Ok(transaction.open_table(BLOCKS)?.get(hash.as_bytes())?.map(|value| take(value.value())))
}

/// Hands the best chain's block at `height` to `take`; an index pointed there, so it must exist.
fn with_block_at<T>(
    transaction: &ReadTransaction,
    height: u64,
    take: impl FnOnce(BlockHash, &[u8]) -> Engine<T>,
) -> Engine<T> {
    let missing = || redb::Error::Corrupted(format!("block {height} is missing"));
    let hash = hash_at(transaction, height)?.ok_or_else(missing)?;
    block_bytes(transaction, &hash, |bytes| take(hash, bytes))?.ok_or_else(missing)?
}

fn history_item(read: &ReadTransaction, index: u64, place: Place) -> Engine<HistoryItem> {
    let (height, _, length) = place;
    with_block_at(read, height, |block_hash, bytes| {
        let event = if length == 0 {
            HistoryEvent::Reward { block_hash, reward: coinbase(bytes)?.reward }
        } else {
            HistoryEvent::Transaction(Box::new(transaction_at(bytes, place)?))
        };
        Ok(HistoryItem { index, height, time: header(bytes)?.time, event })
    })
}

/// Decodes one transaction out of an encoded block.
fn transaction_at(block: &[u8], (height, offset, length): Place) -> Engine<Transaction> {
    let range = usize::try_from(offset).ok().zip(usize::try_from(length).ok());
    let bytes = range.and_then(|(offset, length)| block.get(offset..)?.get(..length));
    let missing = || redb::Error::Corrupted(format!("block {height} is shorter than its index says"));
    decode(bytes.ok_or_else(missing)?, "a transaction")
}

fn header(block: &[u8]) -> Engine<Header> {
    decode(block.get(..HEADER_BYTES).unwrap_or_default(), "a header")
}

fn coinbase(block: &[u8]) -> Engine<Coinbase> {
    let mut rest = block.get(HEADER_BYTES..).unwrap_or_default();
    // What follows the coinbase is not of interest here.
    Coinbase::deserialize(&mut rest).map_err(|error| redb::Error::Corrupted(format!("a coinbase: {error}")))
}
