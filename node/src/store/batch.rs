//! One write transaction: what it means for the tables that a block is stored, connected or disconnected.

use redb::{ReadableTable, WriteTransaction};
use shared::block::{HEADER_BYTES, Header};
use shared::codec;
use shared::consensus::CheckedBlock;
use shared::hash::BlockHash;
use shared::ledger::{Connected, Ledger, Undo};
use shared::state::Account;
use shared::transaction::Transaction;

use super::Engine;
use super::index::{history_rows, places, transaction_rows};
use super::load::decode;
use super::quiet::Quiet;
use super::rows::Rows;
use super::tables::{ACCOUNTS, BEST, BLOCKS, HEADERS, HISTORY, MEMPOOL, META, TRANSACTIONS, UNDO};

/// Writes that become durable together, or not at all.
pub(crate) struct Batch {
    transaction: Quiet<WriteTransaction>,
    rows: Rows,
}

impl Batch {
    pub(super) fn new(transaction: WriteTransaction) -> Self {
        Self { transaction: Quiet::new(transaction), rows: Rows::default() }
    }

    pub(super) fn commit(self) -> Engine<()> {
        self.rows.write(&self.transaction)?;
        Ok(self.transaction.into_inner().commit()?)
    }

    pub(super) fn create_tables(&self) -> Engine<()> {
        self.transaction.open_table(META)?;
        self.transaction.open_table(BLOCKS)?;
        self.transaction.open_table(HEADERS)?;
        self.transaction.open_table(MEMPOOL)?;
        self.create_chain_tables()
    }

    /// Makes the tables that describe the best chain alone.
    fn create_chain_tables(&self) -> Engine<()> {
        self.transaction.open_table(BEST)?;
        self.transaction.open_table(ACCOUNTS)?;
        self.transaction.open_table(UNDO)?;
        self.transaction.open_table(TRANSACTIONS)?;
        self.transaction.open_table(HISTORY)?;
        Ok(())
    }

    pub(super) fn put_meta(&self, name: &str, value: &[u8]) -> Engine<()> {
        self.transaction.open_table(META)?.insert(name, value)?;
        Ok(())
    }

    pub(super) fn put_genesis(&self, hash: &BlockHash, bytes: &[u8]) -> Engine<()> {
        self.transaction.open_table(BLOCKS)?.insert(hash.as_bytes(), bytes)?;
        self.transaction.open_table(BEST)?.insert(0, hash.as_bytes())?;
        Ok(())
    }

    /// Stores a block of any branch.
    pub(crate) fn put_block(&self, block: &CheckedBlock, bytes: &[u8]) -> Engine<()> {
        self.transaction.open_table(BLOCKS)?.insert(block.hash().as_bytes(), bytes)?;
        self.put_header(block.height(), block.hash(), block.header(), false)
    }

    /// Remembers a header, and whether its block is condemned for ever.
    pub(crate) fn put_header(
        &self,
        height: u64,
        hash: &BlockHash,
        header: &Header,
        is_condemned: bool,
    ) -> Engine<()> {
        let mut headers = self.transaction.open_table(HEADERS)?;
        headers.insert((height, hash.as_bytes()), (&header.to_bytes(), is_condemned))?;
        Ok(())
    }

    /// Condemns a stored block: its body is of no use any more.
    pub(crate) fn condemn(&self, height: u64, hash: &BlockHash) -> Engine<()> {
        self.transaction.open_table(BLOCKS)?.remove(hash.as_bytes())?;
        let mut headers = self.transaction.open_table(HEADERS)?;
        let key = (height, hash.as_bytes());
        let header: Option<[u8; HEADER_BYTES]> = headers.get(key)?.map(|value| *value.value().0);
        if let Some(header) = header {
            headers.insert(key, (&header, true))?;
        }
        Ok(())
    }

    /// Puts a stored block on top of the best chain. `ledger` is after the block; undo data older than `undo_depth`
    /// blocks goes.
    pub(crate) fn connect(
        &self,
        block: &CheckedBlock,
        connected: &Connected,
        ledger: &Ledger,
        undo_depth: u64,
    ) -> Engine<()> {
        let height = block.height();
        self.transaction.open_table(BEST)?.insert(height, block.hash().as_bytes())?;

        let mut undo = self.transaction.open_table(UNDO)?;
        undo.insert(height, codec::encode(&connected.undo).as_slice())?;
        if let Some(old) = height.checked_sub(undo_depth) {
            undo.remove(old)?;
        }

        for (address, _) in &connected.undo.accounts {
            self.rows.put_account(address.0, encode_account(&ledger.account(address)));
        }
        let places = places(block);
        for (id, place) in transaction_rows(block, &places) {
            self.rows.put_transaction(id, place);
        }
        for (key, place, head_before) in history_rows(block, connected, &places) {
            self.rows.put_history(key, place, head_before);
        }
        self.rows.write_many(&self.transaction)
    }

    /// Takes the best chain's last block off; it stays stored.
    pub(crate) fn disconnect(&self, block: &CheckedBlock, undo: &Undo) -> Engine<()> {
        // What goes may be among them.
        self.rows.write(&self.transaction)?;
        self.transaction.open_table(BEST)?.remove(block.height())?;
        self.transaction.open_table(UNDO)?.remove(block.height())?;

        let mut transactions = self.transaction.open_table(TRANSACTIONS)?;
        for transaction in block.transactions() {
            transactions.remove(transaction.id().as_bytes())?;
        }

        let mut accounts = self.transaction.open_table(ACCOUNTS)?;
        let mut history = self.transaction.open_table(HISTORY)?;
        for (address, before) in &undo.accounts {
            match before {
                Some(before) => accounts.insert(&address.0, &encode_account(before))?,
                None => accounts.remove(&address.0)?,
            };
            let first = before.map_or(0, |account| account.history_len);
            history.retain_in((&address.0, first)..=(&address.0, u64::MAX), |_, _| false)?;
        }
        Ok(())
    }

    /// Takes the best chain back to genesis; all blocks stay stored.
    pub(crate) fn reset(&self, genesis: &BlockHash) -> Engine<()> {
        self.rows.write(&self.transaction)?;
        self.transaction.delete_table(BEST)?;
        self.transaction.delete_table(ACCOUNTS)?;
        self.transaction.delete_table(UNDO)?;
        self.transaction.delete_table(TRANSACTIONS)?;
        self.transaction.delete_table(HISTORY)?;
        self.create_chain_tables()?;
        self.transaction.open_table(BEST)?.insert(0, genesis.as_bytes())?;
        Ok(())
    }

    /// Reads a stored block, those of this transaction included.
    pub(crate) fn block(&self, hash: &BlockHash) -> Engine<Option<Vec<u8>>> {
        let blocks = self.transaction.open_table(BLOCKS)?;
        Ok(blocks.get(hash.as_bytes())?.map(|value| value.value().to_vec()))
    }

    /// Reads the undo data of the best chain's block at `height`; `None` when it is too old.
    pub(crate) fn undo(&self, height: u64) -> Engine<Option<Undo>> {
        let undo = self.transaction.open_table(UNDO)?;
        undo.get(height)?.map(|value| decode(value.value(), "undo data")).transpose()
    }

    /// Stores a transaction of the mempool under its arrival number; `arrived_at` is in Unix seconds.
    pub(crate) fn put_pending(&self, number: u64, arrived_at: u64, transaction: &Transaction) -> Engine<()> {
        let bytes = codec::encode(transaction);
        self.transaction.open_table(MEMPOOL)?.insert(number, (arrived_at, bytes.as_slice()))?;
        Ok(())
    }

    /// Forgets a transaction of the mempool.
    pub(crate) fn remove_pending(&self, number: u64) -> Engine<()> {
        self.transaction.open_table(MEMPOOL)?.remove(number)?;
        Ok(())
    }
}

fn encode_account(account: &Account) -> [u8; 56] {
    codec::encode(account).try_into().expect("an account fits because its fields are fixed: 3 u64 and a hash")
}
