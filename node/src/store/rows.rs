//! Rows whose keys are ids and addresses. One by one they would rewrite pages all over the store, and often the same
//! pages again; many in key order visit each page once.

use std::cell::RefCell;
use std::collections::BTreeMap;

use redb::WriteTransaction;

use super::Engine;
use super::tables::{ACCOUNTS, HISTORY, Place, TRANSACTIONS};

/// Rows that are kept back: about 10 MB, and more than a dozen full blocks have.
pub(super) const MOST: usize = 100_000;

/// Rows that are written later. Of several for one key the last one counts.
#[derive(Debug, Default)]
pub(super) struct Rows {
    tables: RefCell<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    accounts: BTreeMap<[u8; 20], [u8; 56]>,
    transactions: BTreeMap<[u8; 32], Place>,
    history: BTreeMap<([u8; 20], u64), (Place, [u8; 32])>,
}

impl Rows {
    pub(super) fn put_account(&self, address: [u8; 20], account: [u8; 56]) {
        self.tables.borrow_mut().accounts.insert(address, account);
    }

    pub(super) fn put_transaction(&self, id: [u8; 32], place: Place) {
        self.tables.borrow_mut().transactions.insert(id, place);
    }

    pub(super) fn put_history(&self, key: ([u8; 20], u64), place: Place, head_before: [u8; 32]) {
        self.tables.borrow_mut().history.insert(key, (place, head_before));
    }

    /// Writes them when they are many.
    pub(super) fn write_many(&self, transaction: &WriteTransaction) -> Engine<()> {
        if self.count() >= MOST { self.write(transaction) } else { Ok(()) }
    }

    /// Writes them all, and keeps none.
    pub(super) fn write(&self, transaction: &WriteTransaction) -> Engine<()> {
        // What changes the mempool alone touches no other table.
        if self.count() == 0 {
            return Ok(());
        }
        let Tables { accounts, transactions, history } = self.tables.take();
        let mut table = transaction.open_table(ACCOUNTS)?;
        for (address, account) in &accounts {
            table.insert(address, account)?;
        }
        let mut table = transaction.open_table(TRANSACTIONS)?;
        for (id, place) in &transactions {
            table.insert(id, *place)?;
        }
        let mut table = transaction.open_table(HISTORY)?;
        for ((address, index), (place, head_before)) in &history {
            table.insert((address, *index), (*place, head_before))?;
        }
        Ok(())
    }

    /// Returns how many are kept back.
    pub(super) fn count(&self) -> usize {
        let tables = self.tables.borrow();
        tables.accounts.len() + tables.transactions.len() + tables.history.len()
    }
}
