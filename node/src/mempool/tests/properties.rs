//! Whatever comes in whatever order: what waits is always a valid continuation of the chain, within the limits.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Operation {
    Admit(Payment),
    /// A block of what this many bytes hold.
    Mine(usize),
    /// A block from elsewhere, with a payment of this sender that was never seen here.
    Foreign(u8, u64),
    /// The tip goes back by one block.
    Leave,
    Wait(u64),
    Restart,
}

#[derive(Debug, Clone)]
struct Payment {
    sender: u8,
    /// From one too low to some too high.
    nonce_off: u64,
    amount: u64,
    fee: u64,
    expires_in: Option<u64>,
    comment: usize,
}

fn operation() -> impl Strategy<Value = Operation> {
    let sender = || b'a'..=b'd';
    let expires_in = prop::option::weighted(0.3, 0..4_u64);
    let payment = (sender(), 0..8_u64, 1..300_u64, 0..12_u64, expires_in, 0..256_usize).prop_map(
        |(sender, nonce_off, amount, fee, expires_in, comment)| Payment {
            sender,
            nonce_off,
            amount,
            fee,
            expires_in,
            comment,
        },
    );
    prop_oneof![
        12 => payment.prop_map(Operation::Admit),
        2 => (0..4_000_usize).prop_map(Operation::Mine),
        1 => (sender(), 1..900_u64).prop_map(|(sender, cost)| Operation::Foreign(sender, cost)),
        2 => Just(Operation::Leave),
        1 => (0..60_u64).prop_map(Operation::Wait),
        1 => Just(Operation::Restart),
    ]
}

const LIMITS: Limits = Limits { bytes: 12_000, count: 9, per_sender: 5, lifetime_s: 100, least_fee: 1 };
const EVERYBODY: &[u8] = b"abcdz";

/// A mempool, the chain that it follows, and what a store would hold of it.
struct Walk {
    test: Test,
    /// The accounts before each block, and the payments that are in it.
    blocks: Vec<(OrdMap<Address, Account>, Vec<TransactionBody>)>,
    stored: BTreeMap<u64, Pending>,
}

impl Walk {
    fn run(&mut self, operation: Operation) {
        match operation {
            Operation::Admit(payment) => self.admit(payment),
            Operation::Mine(max_bytes) => {
                let selected = self.test.mempool.select(max_bytes);
                self.mine(selected.iter().map(|checked| checked.transaction().body.clone()).collect());
            }
            Operation::Foreign(sender, cost) => {
                let account = *self.test.account(sender);
                if account.balance > cost {
                    self.mine(vec![TransactionBody { amount: cost, ..paying(sender, account.nonce, 1) }]);
                }
            }
            Operation::Leave => {
                if let Some((accounts, left)) = self.blocks.pop() {
                    self.test.accounts = accounts;
                    self.test.next_height -= 1;
                    self.test.follow(EVERYBODY, left);
                }
            }
            Operation::Wait(seconds) => {
                self.test.now += seconds;
                let Test { mempool, accounts, next_height, now } = &mut self.test;
                mempool.expire(&Context { accounts, next_height: *next_height, now: *now });
            }
            Operation::Restart => {
                let Test { mempool, accounts, next_height, now } = &mut self.test;
                let before: Vec<_> = mempool.view().iter().cloned().collect();
                *mempool = Mempool::new(LIMITS);
                let stored = self.stored.values().cloned().collect();
                mempool.restore(stored, &Context { accounts, next_height: *next_height, now: *now });
                assert!(mempool.view().iter().eq(&before));
            }
        }
    }

    fn admit(&mut self, payment: Payment) {
        let Payment { sender, nonce_off, amount, fee, expires_in, comment } = payment;
        let nonce = self.test.account(sender).nonce + nonce_off;
        let expires_at = expires_in.map_or(0, |blocks| self.test.next_height + blocks - 1);
        let comment = "x".repeat(comment);
        let body =
            TransactionBody { amount, expires_at, comment, ..paying(sender, nonce.saturating_sub(1), fee) };
        let before: Vec<_> = self.test.mempool.view().iter().cloned().collect();
        if self.test.admit(body).is_err() {
            assert!(self.test.mempool.view().iter().eq(&before), "a refusal changed something");
        }
    }

    /// Applies payments, each of which must be valid where it stands.
    fn mine(&mut self, payments: Vec<TransactionBody>) {
        let before = self.test.accounts.clone();
        for payment in &payments {
            assert!(payment.expires_at == 0 || payment.expires_at >= self.test.next_height);
            let sender = self.test.accounts.get_mut(&payment.sender_address()).unwrap();
            assert_eq!(sender.nonce, payment.nonce);
            sender.balance = sender.balance.checked_sub(payment.amount + payment.fee).unwrap();
            sender.nonce += 1;
        }
        self.blocks.push((before, payments));
        self.test.next_height += 1;
        self.test.follow(EVERYBODY, Vec::new());
    }

    fn check(&mut self) {
        for change in self.test.mempool.take_changes() {
            match change {
                Change::Added(pending) => drop(self.stored.insert(pending.number, Pending::clone(&pending))),
                Change::Removed(pending, _) => drop(self.stored.remove(&pending.number)),
            }
        }
        self.test.check_indexes();
        let mempool = &self.test.mempool;
        assert!(self.stored.values().eq(mempool.by_number.values().map(AsRef::as_ref)));
        assert!(mempool.memory_bytes() <= LIMITS.bytes && mempool.view().len() <= LIMITS.count);
        for name in b'a'..=b'd' {
            let nonces: Vec<_> = self.test.sent(name).into_iter().map(|(nonce, _)| nonce).collect();
            let first = self.test.accounts[&address(name)].nonce;
            assert!(
                nonces.len() <= LIMITS.per_sender && nonces.iter().copied().eq((first..).take(nonces.len()))
            );
        }
    }
}

proptest! {
    #[test]
    fn what_waits_always_continues_the_chain(operations in vec(operation(), 1..48)) {
        let mut walk = Walk { test: Test::new(LIMITS), blocks: Vec::new(), stored: BTreeMap::new() };
        for operation in operations {
            walk.run(operation);
            walk.check();
        }
    }
}
