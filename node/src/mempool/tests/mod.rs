mod properties;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imbl::OrdMap;
use shared::address::Address;
use shared::consensus::{CheckedTransaction, TxError, check_transaction};
use shared::signature::Verifier;
use shared::spec::ChainSpec;
use shared::state::Account;
use shared::transaction::{TRANSACTION_VERSION, Transaction, TransactionBody};

use super::{AdmissionError, Change, Context, Limits, Mempool, OVERHEAD_BYTES, Pending};

/// Signatures are none of the mempool's business.
struct Trusting;

impl Verifier for Trusting {
    fn verify(&self, _modulus: &[u8], _message: &[u8], _signature: &[u8]) -> bool {
        true
    }
}

/// Everybody from `a` on has so many coins.
const COINS: u64 = 1_000;

fn modulus(name: u8) -> Vec<u8> {
    let mut modulus = vec![name; 256];
    (modulus[0], modulus[255]) = (0x80, 1);
    modulus
}

fn address(name: u8) -> Address {
    Address::of_modulus(&modulus(name))
}

fn body(sender: u8, nonce: u64) -> TransactionBody {
    TransactionBody {
        version: TRANSACTION_VERSION,
        sender: modulus(sender),
        receiver: address(b'z'),
        amount: 10,
        fee: 1,
        nonce,
        expires_at: 0,
        comment: String::new(),
    }
}

fn checked(body: TransactionBody) -> Arc<CheckedTransaction> {
    let transaction = Transaction { body, signature: vec![1; 256] };
    Arc::new(check_transaction(&ChainSpec::dev(), &Trusting, transaction).unwrap())
}

fn paying(sender: u8, nonce: u64, fee: u64) -> TransactionBody {
    TransactionBody { fee, ..body(sender, nonce) }
}

/// A mempool with the accounts, height and time around it.
struct Test {
    mempool: Mempool,
    accounts: OrdMap<Address, Account>,
    next_height: u64,
    now: u64,
}

impl Test {
    fn new(limits: Limits) -> Self {
        let account = Account { balance: COINS, ..Account::default() };
        let accounts = (b'a'..=b'f').map(|name| (address(name), account)).collect();
        Self { mempool: Mempool::new(limits), accounts, next_height: 100, now: 1_000_000 }
    }

    fn admit(&mut self, body: TransactionBody) -> Result<(), AdmissionError> {
        let Self { mempool, accounts, next_height, now } = self;
        mempool.admit(checked(body), &Context { accounts, next_height: *next_height, now: *now })
    }

    fn account(&mut self, name: u8) -> &mut Account {
        self.accounts.get_mut(&address(name)).unwrap()
    }

    fn follow(&mut self, touched: &[u8], left: Vec<TransactionBody>) {
        let Self { mempool, accounts, next_height, now } = self;
        let touched: BTreeSet<_> = touched.iter().map(|name| address(*name)).collect();
        let left = left.into_iter().map(checked).collect();
        mempool.follow(&touched, left, &Context { accounts, next_height: *next_height, now: *now });
    }

    /// What a sender has pending, as (nonce, fee).
    fn sent(&self, sender: u8) -> Vec<(u64, u64)> {
        self.mempool.view().sent_by(&address(sender)).map(|sent| (sent.nonce(), sent.fee())).collect()
    }

    /// Compares every index with what the view says.
    fn check_indexes(&self) {
        let view = self.mempool.view();
        let all: Vec<_> = view.iter().collect();
        assert_eq!(all.len(), view.len());
        assert_eq!(all.len(), view.below(None).count());
        assert_eq!(all.len(), self.mempool.by_number.len());
        assert_eq!(view.bytes(), all.iter().map(|pending| pending.transaction.size()).sum::<usize>());
        for pending in all {
            assert_eq!(view.get(pending.transaction.id()), Some(pending));
            assert!(view.touching(pending.receiver()).contains(pending));
            assert!(view.touching(pending.sender()).contains(pending));
            let first = view.sent_by(pending.sender()).next().unwrap();
            let account = self.accounts.get(pending.sender()).unwrap();
            assert_eq!(first.nonce(), account.nonce);
            assert!(view.pending_out(pending.sender()) <= account.balance);
        }
    }
}

impl Default for Test {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

#[test]
fn transactions_queue_in_nonce_order() {
    let mut test = Test::default();
    test.admit(body(b'a', 0)).unwrap();
    test.admit(body(b'a', 1)).unwrap();
    let view = test.mempool.view();
    assert_eq!(view.next_nonce(&address(b'a'), 0), 2);
    assert_eq!(view.next_nonce(&address(b'b'), 7), 7);
    assert_eq!(view.pending_out(&address(b'a')), 22);
    assert_eq!(view.touching(&address(b'z')).len(), 2);
    test.check_indexes();
}

#[test]
fn the_same_transaction_is_pending_already() {
    let mut test = Test::default();
    test.admit(body(b'a', 0)).unwrap();
    let id = *checked(body(b'a', 0)).id();
    assert_eq!(test.admit(body(b'a', 0)), Err(AdmissionError::AlreadyPending { id }));
}

#[test]
fn a_nonce_too_low_or_too_high_is_refused() {
    let mut test = Test::default();
    test.account(b'a').nonce = 5;
    test.admit(body(b'a', 5)).unwrap();
    let low = TxError::NonceTooLow { expected: 6, actual: 4 };
    assert_eq!(test.admit(body(b'a', 4)), Err(AdmissionError::Rule(low)));
    let high = TxError::NonceTooHigh { expected: 6, actual: 7 };
    assert_eq!(test.admit(body(b'a', 7)), Err(AdmissionError::Rule(high)));
    let unknown = TxError::NonceTooHigh { expected: 0, actual: 1 };
    assert_eq!(test.admit(body(b'x', 1)), Err(AdmissionError::Rule(unknown)));
}

#[test]
fn everything_pending_is_covered_by_the_confirmed_balance() {
    let mut test = Test::default();
    test.admit(TransactionBody { amount: 899, ..body(b'a', 0) }).unwrap();
    let error = TxError::InsufficientBalance { needed: 101, available: 100 };
    let next = TransactionBody { amount: 100, ..body(b'a', 1) };
    assert_eq!(test.admit(next), Err(AdmissionError::Rule(error)));
    test.admit(TransactionBody { amount: 99, ..body(b'a', 1) }).unwrap();
    // What others send is not there before it is confirmed.
    test.admit(TransactionBody { receiver: address(b'a'), ..body(b'b', 0) }).unwrap();
    let error = TxError::InsufficientBalance { needed: 2, available: 0 };
    let next = TransactionBody { amount: 1, ..body(b'a', 2) };
    assert_eq!(test.admit(next), Err(AdmissionError::Rule(error)));
    test.check_indexes();
}

#[test]
fn a_fee_below_the_least_is_refused_by_policy() {
    let mut test = Test::default();
    let error = test.admit(paying(b'a', 0, 0)).unwrap_err();
    assert_eq!(error, AdmissionError::FeeTooLow { fee: 0, least: 1 });
    assert_eq!(error.id(), "MEM-2");
    assert!(error.to_string().contains("the least that this node relays, 1"), "{error}");
}

#[test]
fn a_replacement_pays_a_tenth_more_and_at_least_one_more() {
    for (old, least) in [(1, 2), (9, 10), (10, 11), (11, 13), (20, 22), (105, 116)] {
        let mut test = Test::default();
        test.admit(paying(b'a', 0, old)).unwrap();
        test.admit(body(b'a', 1)).unwrap();
        let error = AdmissionError::ReplacementFeeTooLow { nonce: 0, pending_fee: old, least, next_nonce: 2 };
        assert_eq!(
            test.admit(paying(b'a', 0, least - 1)).unwrap_err(),
            if least - 1 == old {
                AdmissionError::AlreadyPending { id: *checked(paying(b'a', 0, old)).id() }
            } else {
                error
            }
        );
        test.admit(paying(b'a', 0, least)).unwrap();
        assert_eq!(test.sent(b'a'), [(0, least), (1, 1)]);
        test.check_indexes();
    }
}

#[test]
fn a_replacement_must_leave_what_comes_after_it_covered() {
    let mut test = Test::default();
    test.admit(body(b'a', 0)).unwrap();
    test.admit(TransactionBody { amount: 899, ..body(b'a', 1) }).unwrap();
    // 1,000 coins, of which 900 are for nonce 1.
    let error = TxError::InsufficientBalance { needed: 101, available: 100 };
    let larger = TransactionBody { amount: 99, ..paying(b'a', 0, 2) };
    assert_eq!(test.admit(larger), Err(AdmissionError::Rule(error)));
    test.admit(TransactionBody { amount: 98, ..paying(b'a', 0, 2) }).unwrap();
    test.check_indexes();
}

#[test]
fn a_sender_has_a_limit_that_replacements_do_not_meet() {
    let mut test = Test::default();
    for nonce in 0..64 {
        test.admit(body(b'a', nonce)).unwrap();
    }
    assert_eq!(test.admit(body(b'a', 64)), Err(AdmissionError::TooManyPending { limit: 64 }));
    test.admit(paying(b'a', 63, 2)).unwrap();
    test.admit(body(b'b', 0)).unwrap();
}

#[test]
fn a_full_mempool_drops_the_cheapest_and_what_follows_it() {
    let mut test = Test::new(Limits { count: 4, ..Limits::default() });
    test.admit(paying(b'a', 0, 9)).unwrap();
    test.admit(paying(b'a', 1, 1)).unwrap();
    test.admit(paying(b'a', 2, 3)).unwrap();
    test.admit(paying(b'b', 0, 3)).unwrap();
    test.mempool.take_changes();

    // The last two of a pay 2 each on average.
    assert_eq!(test.admit(paying(b'c', 0, 2)), Err(AdmissionError::Full { fee: 2 }));
    test.admit(paying(b'c', 0, 3)).unwrap();
    assert_eq!(test.sent(b'a'), [(0, 9)]);
    assert_eq!(test.sent(b'c'), [(0, 3)]);
    let is_removal = |change: &Change| matches!(change, Change::Removed(..));
    assert_eq!(test.mempool.take_changes().iter().map(is_removal).collect::<Vec<_>>(), [true, true, false]);
    test.check_indexes();
}

#[test]
fn a_cheap_one_is_worth_what_dear_ones_behind_it_make_of_it() {
    let mut test = Test::new(Limits { count: 4, ..Limits::default() });
    let big = TransactionBody { comment: "c".repeat(200), ..paying(b'a', 0, 1) };
    test.admit(big).unwrap();
    test.admit(paying(b'a', 1, 50)).unwrap();
    test.admit(paying(b'a', 2, 60)).unwrap();
    test.admit(paying(b'b', 0, 4)).unwrap();
    // Alone the big one is the cheapest of all. Three for the price of two would be lost with it.
    test.admit(paying(b'c', 0, 5)).unwrap();
    assert_eq!((test.sent(b'a').len(), test.sent(b'b').len(), test.sent(b'c').len()), (3, 0, 1));
    test.admit(paying(b'd', 0, 40)).unwrap();
    assert_eq!((test.sent(b'a').len(), test.sent(b'c').len(), test.sent(b'd').len()), (3, 0, 1));
    // Nobody holds a place with it either: who pays more than the three on average drives them out.
    test.admit(paying(b'e', 0, 39)).unwrap();
    assert_eq!((test.sent(b'a').len(), test.sent(b'd').len(), test.sent(b'e').len()), (0, 1, 1));
    test.check_indexes();
}

#[test]
fn what_goes_pays_less_than_the_senders_own_that_would_go_next() {
    let mut test = Test::new(Limits { count: 2, ..Limits::default() });
    test.admit(paying(b'a', 0, 1)).unwrap();
    test.admit(paying(b'b', 0, 50)).unwrap();
    // With what it needs it pays 50 on average.
    assert_eq!(test.admit(paying(b'a', 1, 99)), Err(AdmissionError::Full { fee: 99 }));
    // A replacement takes no more room.
    test.admit(paying(b'a', 0, 2)).unwrap();
    test.admit(paying(b'a', 1, 99)).unwrap();
    assert_eq!((test.sent(b'a').len(), test.sent(b'b').len()), (2, 0));
    test.check_indexes();
}

#[test]
fn a_sender_loses_no_more_than_is_needed() {
    let mut test = Test::new(Limits { count: 4, ..Limits::default() });
    for nonce in 0..4 {
        test.admit(paying(b'a', nonce, 5)).unwrap();
    }
    for (sender, left) in [(b'b', 3), (b'c', 2), (b'd', 1)] {
        test.admit(paying(sender, 0, 6)).unwrap();
        assert_eq!(test.sent(b'a').len(), left);
    }
    // One that takes the room of two.
    let size = checked(body(b'a', 0)).size() + OVERHEAD_BYTES;
    let mut test = Test::new(Limits { bytes: 4 * size, ..Limits::default() });
    for nonce in 0..4 {
        test.admit(paying(b'a', nonce, 5)).unwrap();
    }
    test.admit(TransactionBody { comment: "c".repeat(200), ..paying(b'b', 0, 100) }).unwrap();
    assert_eq!((test.sent(b'a').len(), test.sent(b'b').len()), (2, 1));
    test.check_indexes();
}

#[test]
fn bytes_are_limited_as_well() {
    let size = checked(body(b'a', 0)).size() + OVERHEAD_BYTES;
    let mut test = Test::new(Limits { bytes: 2 * size, ..Limits::default() });
    test.admit(paying(b'a', 0, 5)).unwrap();
    test.admit(paying(b'b', 0, 6)).unwrap();
    let long = TransactionBody { comment: "c".repeat(200), ..paying(b'c', 0, 100) };
    test.admit(long).unwrap();
    // The longer one took the place of two.
    assert_eq!((test.sent(b'a').len(), test.sent(b'b').len(), test.sent(b'c').len()), (0, 0, 1));
    test.check_indexes();
}

#[test]
fn what_expires_by_height_goes_with_what_follows_it() {
    let mut test = Test::default();
    let error = TxError::Expired { expires_at: 99, height: 100 };
    let late = TransactionBody { expires_at: 99, ..body(b'a', 0) };
    assert_eq!(test.admit(late), Err(AdmissionError::Rule(error)));
    test.admit(body(b'a', 0)).unwrap();
    test.admit(TransactionBody { expires_at: 100, ..body(b'a', 1) }).unwrap();
    test.admit(body(b'a', 2)).unwrap();
    test.follow(&[], Vec::new());
    assert_eq!(test.sent(b'a').len(), 3);
    test.next_height = 101;
    test.follow(&[], Vec::new());
    assert_eq!(test.sent(b'a'), [(0, 1)]);
    assert!(test.mempool.by_expiry.is_empty());
    test.check_indexes();
}

#[test]
fn confirmed_transactions_leave() {
    let mut test = Test::default();
    for nonce in 0..3 {
        test.admit(body(b'a', nonce)).unwrap();
    }
    *test.account(b'a') = Account { nonce: 2, balance: 900, ..Account::default() };
    test.follow(b"a", Vec::new());
    assert_eq!(test.sent(b'a'), [(2, 1)]);
    test.check_indexes();
}

#[test]
fn what_a_smaller_balance_does_not_cover_leaves() {
    let mut test = Test::default();
    for nonce in 0..3 {
        test.admit(body(b'a', nonce)).unwrap();
    }
    test.account(b'a').balance = 32;
    test.follow(b"a", Vec::new());
    assert_eq!(test.sent(b'a'), [(0, 1), (1, 1)]);
    test.check_indexes();
}

#[test]
fn a_reorg_puts_left_transactions_below_those_that_wait() {
    let mut test = Test::default();
    test.account(b'a').nonce = 2;
    test.admit(body(b'a', 2)).unwrap();
    test.admit(paying(b'a', 3, 3)).unwrap();
    let numbers: Vec<_> = test.mempool.view().iter().map(|pending| pending.number).collect();
    // The tip moves to a branch in which a sent nothing, and b's transaction was mined as well.
    test.account(b'a').nonce = 0;
    test.account(b'b').nonce = 1;
    test.follow(b"ab", vec![body(b'a', 0), body(b'b', 0), body(b'a', 1)]);
    assert_eq!(test.sent(b'a'), [(0, 1), (1, 1), (2, 1), (3, 3)]);
    assert_eq!(test.sent(b'b'), []);
    let kept: Vec<_> = test.mempool.view().sent_by(&address(b'a')).skip(2).map(|sent| sent.number).collect();
    assert_eq!(kept, numbers);
    test.check_indexes();
}

#[test]
fn a_reorg_drops_what_is_left_with_a_gap() {
    let mut test = Test::default();
    test.account(b'a').nonce = 1;
    test.admit(body(b'a', 1)).unwrap();
    test.mempool.take_changes();
    // The left transaction pays nothing, so it does not come back.
    test.account(b'a').nonce = 0;
    test.follow(b"a", vec![paying(b'a', 0, 0)]);
    assert!(test.mempool.view().is_empty());
    assert!(test.mempool.take_changes().iter().all(|change| matches!(change, Change::Removed(..))));
}

#[test]
fn blocks_are_filled_by_fee_rate_in_nonce_order() {
    let mut test = Test::default();
    test.admit(paying(b'a', 0, 1)).unwrap();
    test.admit(paying(b'a', 1, 50)).unwrap();
    test.admit(paying(b'b', 0, 7)).unwrap();
    test.admit(paying(b'b', 1, 2)).unwrap();
    test.admit(TransactionBody { comment: "long".repeat(60), ..paying(b'c', 0, 7) }).unwrap();
    test.admit(paying(b'd', 0, 2)).unwrap();
    let select = |max_bytes| -> Vec<u64> {
        let selected = test.mempool.select(max_bytes);
        assert!(selected.iter().map(|checked| checked.size()).sum::<usize>() <= max_bytes);
        selected.iter().map(|checked| checked.transaction().body.fee).collect()
    };
    // Equal rates: who came first.
    assert_eq!(select(1_000_000), [7, 7, 2, 2, 1, 50]);
    let size = checked(body(b'a', 0)).size();
    assert_eq!(select(2 * size), [7, 2]);
    assert_eq!(select(size - 1), [0_u64; 0]);
}

#[test]
fn a_stored_mempool_comes_back_whatever_the_order_of_arrival() {
    let mut test = Test::default();
    test.admit(body(b'a', 0)).unwrap();
    test.admit(body(b'a', 1)).unwrap();
    // Its number is higher than that of nonce 1.
    test.admit(paying(b'a', 0, 2)).unwrap();
    let stored: Vec<Pending> =
        test.mempool.by_number.values().map(|pending| Pending::clone(pending)).collect();

    let mut after = Test::default();
    let context = Context { accounts: &after.accounts, next_height: 100, now: 1_000_000 };
    after.mempool.restore(stored, &context);
    assert_eq!(after.sent(b'a'), [(0, 2), (1, 1)]);
    assert_eq!(after.mempool.take_changes(), []);
    after.admit(body(b'b', 0)).unwrap();
    let highest = after.mempool.by_number.last_key_value().unwrap();
    assert_eq!((*highest.0, highest.1.sender()), (3, &address(b'b')));
    after.check_indexes();
}
