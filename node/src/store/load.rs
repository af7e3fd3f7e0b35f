//! What the chain thread reads when it starts.

use imbl::OrdMap;
use redb::{ReadableTable, ReadableTableMetadata as _};
use shared::address::Address;
use shared::block::Header;
use shared::codec;
use shared::hash::BlockHash;
use shared::ledger::Undo;
use shared::state::Account;
use shared::transaction::Transaction;

use super::snapshot::Snapshot;
use super::tables::{ACCOUNTS, HEADERS, MEMPOOL, UNDO};
use super::{Engine, StoreError};

/// A header of any branch.
#[derive(Debug)]
pub(crate) struct StoredHeader {
    pub(crate) hash: BlockHash,
    pub(crate) header: Header,
    pub(crate) is_condemned: bool,
}

/// A transaction of the mempool.
#[derive(Debug)]
pub(crate) struct StoredPending {
    pub(crate) number: u64,
    /// Unix seconds.
    pub(crate) arrived_at: u64,
    pub(crate) transaction: Transaction,
}

/// Entries between two reports: some milliseconds' worth.
const REPORT_ENTRIES: u64 = 4_096;

/// Counts how many of `all` entries were read.
fn counted(all: u64, mut tell: impl FnMut(u64, u64)) -> impl FnMut() {
    let mut done = 0;
    move || {
        done += 1;
        if done % REPORT_ENTRIES == 0 || done == all {
            tell(done, all);
        }
    }
}

impl Snapshot {
    /// Hands all headers but genesis to `take`, parents before children; `tell` hears how many of how many.
    pub(crate) fn headers(
        &self,
        mut take: impl FnMut(StoredHeader),
        tell: impl FnMut(u64, u64),
    ) -> Result<(), StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(HEADERS)?;
            let mut count = counted(table.len()?, tell);
            for entry in table.iter()? {
                count();
                let (key, value) = entry?;
                let ((_, hash), (bytes, is_condemned)) = (key.value(), value.value());
                let hash = BlockHash(*hash);
                let header: Header = decode(bytes, "a header")?;
                if header.hash() != hash {
                    return Err(redb::Error::Corrupted(format!("header {hash} is another one")));
                }
                take(StoredHeader { hash, header, is_condemned });
            }
            Ok(())
        })
    }

    /// Returns all accounts at the tip; `tell` hears how many of how many are read.
    pub(crate) fn accounts(
        &self,
        tell: impl FnMut(u64, u64),
    ) -> Result<OrdMap<Address, Account>, StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(ACCOUNTS)?;
            let mut count = counted(table.len()?, tell);
            let entries = table.iter()?.map(|entry| {
                count();
                let (key, value) = entry?;
                Ok((Address(*key.value()), decode(value.value(), "an account")?))
            });
            entries.collect()
        })
    }

    /// Returns the undo data of the best chain's block at `height`.
    pub(crate) fn undo(&self, height: u64) -> Result<Option<Undo>, StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(UNDO)?;
            table.get(height)?.map(|value| decode(value.value(), "undo data")).transpose()
        })
    }

    /// Returns the mempool in the order of arrival.
    pub(crate) fn pending(&self) -> Result<Vec<StoredPending>, StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(MEMPOOL)?;
            let entries = table.iter()?.map(|entry| {
                let (key, value) = entry?;
                let (arrived_at, bytes) = value.value();
                let transaction = decode(bytes, "a pending transaction")?;
                Ok(StoredPending { number: key.value(), arrived_at, transaction })
            });
            entries.collect()
        })
    }
}

/// Decodes what this program wrote.
pub(super) fn decode<T: borsh::BorshDeserialize>(bytes: &[u8], what: &str) -> Engine<T> {
    codec::decode(bytes).map_err(|error| redb::Error::Corrupted(format!("{what}: {error}")))
}
