//! A mempool, and the accounts that it follows.

use std::collections::BTreeSet;
use std::sync::Arc;

use arbitrary::Arbitrary;
use imbl::OrdMap;
use node::mempool::{Context, Limits, Mempool};
use shared::address::Address;
use shared::consensus::CheckedTransaction;
use shared::spec::ChainSpec;
use shared::state::Account;

use crate::accounts::{Payment, address};

/// What happens to a mempool.
#[derive(Debug, Arbitrary)]
pub enum Operation {
    /// A payment comes whose nonce follows so many that wait.
    Admit {
        payment: Payment,
        after: u8,
    },
    /// A block of what so many bytes hold.
    Mine {
        max_bytes: u16,
    },
    /// A reorg takes the last block back.
    Leave,
    Wait {
        seconds: u8,
    },
}

/// The accounts before a block, and what is in it.
type Mined = (OrdMap<Address, Account>, Vec<Arc<CheckedTransaction>>);

/// A mempool with the chain that it follows.
pub struct Walk {
    spec: ChainSpec,
    mempool: Mempool,
    accounts: OrdMap<Address, Account>,
    blocks: Vec<Mined>,
    now: u64,
}

/// Small enough to be reached.
const LIMITS: Limits = Limits { bytes: 12_000, count: 9, per_sender: 5, lifetime_s: 100, least_fee: 1 };

impl Walk {
    pub fn new() -> Self {
        let account = Account { balance: 1_000, ..Account::default() };
        let accounts = (0..4).map(|number| (address(number), account)).collect();
        Self {
            spec: ChainSpec::dev(),
            mempool: Mempool::new(LIMITS),
            accounts,
            blocks: Vec::new(),
            now: 1_000_000,
        }
    }

    /// Runs one operation; what waits stays within the limits and makes a valid block whatever happened.
    pub fn run(&mut self, operation: &Operation) {
        match operation {
            Operation::Admit { payment, after } => self.admit(payment, (*after).into()),
            Operation::Mine { max_bytes } => self.mine((*max_bytes).into()),
            Operation::Leave => {
                if let Some((accounts, left)) = self.blocks.pop() {
                    self.accounts = accounts;
                    self.follow(left);
                }
            }
            Operation::Wait { seconds } => {
                self.now += u64::from(*seconds);
                let Self { mempool, accounts, blocks, now, .. } = self;
                mempool.expire(&context(accounts, blocks, *now));
            }
        }
        let view = self.mempool.view();
        assert!(self.mempool.memory_bytes() <= LIMITS.bytes && view.len() <= LIMITS.count);
        applied(&self.accounts, &self.mempool.select(usize::MAX));
        assert_eq!(self.mempool.select(usize::MAX).len(), view.len());
    }

    fn admit(&mut self, payment: &Payment, after: u64) {
        let nonce = self.accounts[&payment.sender()].nonce + after % 8;
        let Some(transaction) = payment.build(&self.spec, nonce) else { return };
        let before: Vec<_> = self.mempool.view().iter().cloned().collect();
        let Self { mempool, accounts, blocks, now, .. } = self;
        let context = context(accounts, blocks, *now);
        let checked = mempool.check(Arc::clone(&transaction), &context);
        let admitted = mempool.admit(transaction, &context);
        assert_eq!(checked, admitted);
        if admitted.is_err() {
            assert!(mempool.view().iter().eq(&before), "a refusal changed something");
        }
    }

    fn mine(&mut self, max_bytes: usize) {
        let selected = self.mempool.select(max_bytes);
        let after = applied(&self.accounts, &selected);
        let before = std::mem::replace(&mut self.accounts, after);
        self.blocks.push((before, selected));
        self.follow(Vec::new());
    }

    fn follow(&mut self, left: Vec<Arc<CheckedTransaction>>) {
        let touched: BTreeSet<_> = self.accounts.keys().copied().collect();
        let Self { mempool, accounts, blocks, now, .. } = self;
        mempool.follow(&touched, left, &context(accounts, blocks, *now));
    }
}

impl Default for Walk {
    fn default() -> Self {
        Self::new()
    }
}

fn context<'a>(accounts: &'a OrdMap<Address, Account>, blocks: &[Mined], now: u64) -> Context<'a> {
    Context { accounts, next_height: blocks.len() as u64 + 1, now }
}

/// Returns the accounts after these payments, each of which must be valid where it stands.
fn applied(
    accounts: &OrdMap<Address, Account>,
    transactions: &[Arc<CheckedTransaction>],
) -> OrdMap<Address, Account> {
    let mut after = accounts.clone();
    for transaction in transactions {
        let body = &transaction.transaction().body;
        let sender = after.get_mut(&body.sender_address()).expect("a stranger pays nothing");
        assert_eq!(sender.nonce, body.nonce);
        sender.balance =
            sender.balance.checked_sub(body.amount + body.fee).expect("all that waits is covered");
        sender.nonce += 1;
    }
    after
}
