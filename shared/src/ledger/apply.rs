//! What a block's transactions and reward do to accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;

use crate::address::Address;
use crate::consensus::{CheckedTransaction, RuleError, TxError, check_funds, check_nonce};
use crate::hash::HistoryHead;
use crate::state::{Account, HistoryEntry};
use crate::state_tree::{Change, tree_key};
use crate::transaction::MAX_INTEGER;

/// One entry that a block added to an account's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Whose history.
    pub address: Address,
    /// The entry's index there, from 0.
    pub index: u64,
    /// The history head before this entry.
    pub head_before: HistoryHead,
    /// The transaction's position in the block, from 0; `None` for the reward.
    pub transaction: Option<usize>,
}

/// An account before and after.
#[derive(Debug, Clone, Copy)]
pub(super) struct AccountChange {
    before: Option<Account>,
    pub(super) after: Account,
}

/// Everything that a block changes, while the accounts themselves stay as they are.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) accounts: BTreeMap<Address, AccountChange>,
    pub(super) records: Vec<Record>,
    /// The sum of all fees; 2^64 of them would fit.
    pub(super) fees: u128,
}

impl Effects {
    /// Applies `transactions` one after another.
    pub(super) fn of_transactions(
        accounts: &OrdMap<Address, Account>,
        transactions: &[Arc<CheckedTransaction>],
        height: u64,
    ) -> Result<Self, RuleError> {
        check_nonces(accounts, transactions)?;
        let mut effects = Self::default();
        for (index, transaction) in transactions.iter().enumerate() {
            effects
                .transfer(accounts, transaction, index, height)
                .map_err(|error| RuleError::Transaction { index, error })?;
        }
        Ok(effects)
    }

    /// TX-7, then the steps of section 5. Each account is read again after every write, so that a payment to oneself
    /// or to the miner sees what came before.
    fn transfer(
        &mut self,
        accounts: &OrdMap<Address, Account>,
        transaction: &CheckedTransaction,
        index: usize,
        height: u64,
    ) -> Result<(), TxError> {
        let body = &transaction.transaction().body;
        let entry = HistoryEntry::Transaction(*transaction.id());
        let (sender, receiver) = (*transaction.sender(), body.receiver);

        let account = self.account(accounts, sender);
        check_funds(transaction, account.balance)?;
        account.balance = account.balance.saturating_sub(transaction.cost());
        // TX-6 holds, and TX-2 keeps nonces below 2^53.
        account.nonce = account.nonce.saturating_add(1);

        let account = self.account(accounts, receiver);
        // Balances and amounts are at most 2^53 − 1 each, so their sum fits.
        account.balance = account.balance.saturating_add(body.amount);
        if account.balance > MAX_INTEGER {
            return Err(TxError::BalanceTooLarge { address: receiver });
        }
        self.fees = self.fees.saturating_add(u128::from(body.fee));

        self.record(accounts, sender, &entry, height, Some(index));
        if receiver != sender {
            self.record(accounts, receiver, &entry, height, Some(index));
        }
        Ok(())
    }

    /// Pays the miner.
    pub(super) fn reward(
        &mut self,
        accounts: &OrdMap<Address, Account>,
        miner: Address,
        reward: u64,
        height: u64,
    ) -> Result<(), RuleError> {
        let account = self.account(accounts, miner);
        account.balance = account
            .balance
            .checked_add(reward)
            .filter(|balance| *balance <= MAX_INTEGER)
            .ok_or(RuleError::MinerBalanceTooLarge { address: miner })?;
        self.record(accounts, miner, &HistoryEntry::Reward { reward }, height, None);
        Ok(())
    }

    fn record(
        &mut self,
        accounts: &OrdMap<Address, Account>,
        address: Address,
        entry: &HistoryEntry,
        height: u64,
        transaction: Option<usize>,
    ) {
        let account = self.account(accounts, address);
        let (index, head_before) = (account.history_len, account.history_head);
        account.record(entry, height);
        self.records.push(Record { address, index, head_before, transaction });
    }

    fn account(&mut self, accounts: &OrdMap<Address, Account>, address: Address) -> &mut Account {
        let change = self.accounts.entry(address).or_insert_with(|| {
            let before = accounts.get(&address).copied();
            AccountChange { before, after: before.unwrap_or_default() }
        });
        &mut change.after
    }

    /// Returns the changes of the state tree.
    pub(super) fn changes(&self) -> Vec<Change> {
        let change = |(address, change): (&Address, &AccountChange)| {
            (tree_key(address), Some(change.after.value_hash()))
        };
        self.accounts.iter().map(change).collect()
    }

    /// Returns the changes that take [`Effects::changes`] back.
    pub(super) fn inverse(&self) -> Vec<Change> {
        let change = |(address, change): (&Address, &AccountChange)| {
            (tree_key(address), change.before.as_ref().map(Account::value_hash))
        };
        self.accounts.iter().map(change).collect()
    }

    /// Returns every changed account as it was.
    pub(super) fn accounts_before(&self) -> Vec<(Address, Option<Account>)> {
        self.accounts.iter().map(|(address, change)| (*address, change.before)).collect()
    }
}

/// TX-6 over all transactions: nonces do not depend on balances, and this rule comes before TX-7.
fn check_nonces(
    accounts: &OrdMap<Address, Account>,
    transactions: &[Arc<CheckedTransaction>],
) -> Result<(), RuleError> {
    let mut next_nonces: BTreeMap<&Address, u64> = BTreeMap::new();
    for (index, transaction) in transactions.iter().enumerate() {
        let sender = transaction.sender();
        let next = next_nonces
            .entry(sender)
            .or_insert_with(|| accounts.get(sender).map_or(0, |account| account.nonce));
        check_nonce(transaction, *next).map_err(|error| RuleError::Transaction { index, error })?;
        *next = next.saturating_add(1);
    }
    Ok(())
}
