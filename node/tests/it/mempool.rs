//! The mempool behind a chain thread: durable, following the tip, and feeding blocks.

use std::collections::BTreeSet;
use std::sync::Arc;

use node::chain::{Options, SubmitTransactionError};
use node::clock::Clock as _;
use node::mempool::{AdmissionError, Limits};
use shared::consensus::TxError;
use shared::transaction::TransactionBody;

use crate::support::{TestChain, address, easy_spec, key, payment, sign, signed};

fn refusal(result: Result<shared::hash::TxId, SubmitTransactionError>) -> AdmissionError {
    match result {
        Err(SubmitTransactionError::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_admitted_survives_a_restart() {
    let test = TestChain::new(&easy_spec());
    test.mine_many(2, address(0)).await;
    let first = test.pay(0, payment(0, address(1), 0)).await.unwrap();
    let second = test.pay(0, payment(0, address(1), 1)).await.unwrap();
    let replaced = test.pay(0, TransactionBody { fee: 5, ..payment(0, address(1), 0) }).await.unwrap();
    let before = test.chain.view().mempool.clone();
    assert_eq!((before.len(), before.get(&first)), (2, None));

    let test = test.restart();
    let after = test.chain.view().mempool.clone();
    assert!(before.iter().eq(after.iter()));
    assert_eq!(after.bytes(), before.bytes());
    let block = test.mine(address(1)).await;
    assert_eq!(block.transactions.iter().map(|tx| tx.id()).collect::<Vec<_>>(), [replaced, second]);
    assert_eq!(test.balance(1), 10 + 2 + 6);
    assert!(test.restart().chain.view().mempool.is_empty());
}

#[tokio::test]
async fn a_mined_transaction_cannot_be_replayed() {
    let spec = easy_spec();
    let test = TestChain::new(&spec);
    test.mine(address(0)).await;
    let body = payment(0, address(1), 0);
    test.pay(0, body.clone()).await.unwrap();
    test.mine(address(2)).await;
    let error = refusal(test.pay(0, body).await);
    assert_eq!(error, AdmissionError::Rule(TxError::NonceTooLow { expected: 1, actual: 0 }));
    assert_eq!(error.id(), "TX-6");
}

#[tokio::test]
async fn an_account_that_was_emptied_keeps_its_nonce() {
    let test = TestChain::new(&easy_spec());
    test.mine(address(0)).await;
    let all = TransactionBody { amount: 9, ..payment(0, address(1), 0) };
    test.pay(0, all.clone()).await.unwrap();
    test.mine(address(2)).await;
    assert_eq!(test.balance(0), 0);
    // It has as many coins again as when it signed.
    let test = test.restart();
    test.mine(address(0)).await;
    let error = refusal(test.pay(0, all).await);
    assert_eq!(error, AdmissionError::Rule(TxError::NonceTooLow { expected: 1, actual: 0 }));
}

#[tokio::test]
async fn submissions_at_once_are_all_durable_and_told_of() {
    let spec = easy_spec();
    let test = TestChain::new(&spec);
    for sender in 0..6 {
        test.mine_many(6, address(sender)).await;
    }
    let mut events = test.chain.events();
    let mut submissions = tokio::task::JoinSet::new();
    for sender in 0..6 {
        let transactions: Vec<_> =
            (0..20).map(|nonce| signed(&spec, sender, payment(sender, address(sender + 1), nonce))).collect();
        let chain = test.chain.clone();
        submissions.spawn(async move {
            for transaction in transactions {
                let id = *transaction.id();
                chain.submit_transaction(transaction).await.unwrap();
                assert!(chain.view().mempool.get(&id).is_some());
            }
        });
    }
    while let Some(done) = submissions.join_next().await {
        done.unwrap();
    }
    let mut touched = BTreeSet::new();
    while touched.len() < 7 {
        let event = events.recv().await.unwrap();
        assert_eq!(event.head, None);
        touched.extend(event.touched.iter().copied());
    }
    assert_eq!(touched, (0..7).map(address).collect());

    let test = test.restart();
    assert_eq!(test.chain.view().mempool.len(), 120);
    let block = test.mine(address(8)).await;
    assert_eq!(block.transactions.len(), 120);
    assert_eq!(test.balance(8), 10 + 120);
}

#[tokio::test]
async fn what_waits_for_a_day_is_dropped() {
    let test = TestChain::new(&easy_spec());
    test.mine(address(0)).await;
    let start = test.chain.view().tip.header.time;
    test.clock.set(u64::from(start));
    test.pay(0, payment(0, address(1), 0)).await.unwrap();
    test.clock.advance(24 * 60 * 60 - 1);
    test.chain.template(address(0)).await.unwrap();
    assert_eq!(test.chain.view().mempool.len(), 1);

    test.clock.advance(1);
    let mut events = test.chain.events();
    assert!(test.chain.template(address(0)).await.unwrap().transactions().is_empty());
    let event = events.recv().await.unwrap();
    assert!(event.view.mempool.is_empty());
    assert_eq!(*event.touched, BTreeSet::from([address(0), address(1)]));
    assert!(test.restart().chain.view().mempool.is_empty());
}

#[tokio::test]
async fn what_is_too_old_at_the_start_is_dropped() {
    let test = TestChain::new(&easy_spec());
    test.mine(address(0)).await;
    test.pay(0, payment(0, address(1), 0)).await.unwrap();
    test.clock.advance(24 * 60 * 60);
    let test = test.restart();
    assert!(test.chain.view().mempool.is_empty());
    test.clock.set(0);
    assert!(test.restart().chain.view().mempool.is_empty());
}

#[tokio::test]
async fn a_clock_that_jumps_takes_nothing_from_those_who_wait() {
    const YEARS: u64 = 10 * 365 * 24 * 60 * 60;
    let test = TestChain::new(&easy_spec());
    test.mine(address(0)).await;
    let now = test.clock.now();
    for (nonce, unix_s) in [(0, now), (1, now + YEARS), (2, now - YEARS), (3, 0), (4, u64::MAX)] {
        test.clock.set(unix_s);
        test.pay(0, payment(0, address(1), nonce)).await.unwrap();
        assert_eq!(test.chain.view().mempool.len() as u64, nonce + 1, "at {unix_s}");
    }
    // A day is a day, whatever the clock says.
    test.clock.set(0);
    test.clock.advance(24 * 60 * 60);
    test.mine(address(2)).await;
    assert!(test.chain.view().mempool.is_empty());
}

#[tokio::test]
async fn a_full_block_is_filled_by_fee_and_never_too_large() {
    let spec = crate::support::spec_with(|rules| rules.max_block_bytes = 2_500);
    let test = TestChain::new(&spec);
    for sender in 0..6 {
        test.mine(address(sender)).await;
    }
    for sender in 0..6 {
        let fee = u64::try_from(sender).unwrap() + 1;
        test.pay(sender, TransactionBody { fee, ..payment(sender, address(7), 0) }).await.unwrap();
    }
    let block = test.mine(address(8)).await;
    assert!(shared::codec::encode(&block).len() <= 2_500);
    assert_eq!(block.transactions.iter().map(|tx| tx.body.fee).collect::<Vec<_>>(), [6, 5, 4]);
    let block = test.mine(address(8)).await;
    assert_eq!(block.transactions.iter().map(|tx| tx.body.fee).collect::<Vec<_>>(), [3, 2, 1]);
}

#[tokio::test]
async fn another_miners_block_makes_pending_transactions_fit_again() {
    let spec = easy_spec();
    let (here, there) = (TestChain::new(&spec), TestChain::new(&spec));
    there.take(&here.mine_many(2, address(0)).await).await;
    // Here both of 9 coins wait; there the first one was replaced by one of 15.
    for nonce in 0..2 {
        here.pay(0, TransactionBody { amount: 8, ..payment(0, address(1), nonce) }).await.unwrap();
    }
    there.pay(0, TransactionBody { amount: 14, ..payment(0, address(1), 0) }).await.unwrap();
    here.take(&[there.mine(address(2)).await]).await;
    assert!(here.chain.view().mempool.is_empty());
    assert!(here.restart().chain.view().mempool.is_empty());
}

#[tokio::test]
async fn lower_limits_at_a_restart_evict_the_cheapest() {
    let spec = easy_spec();
    let test = TestChain::new(&spec);
    for sender in 0..3 {
        test.mine(address(sender)).await;
    }
    for sender in 0..3 {
        let fee = u64::try_from(sender).unwrap() + 1;
        test.pay(sender, TransactionBody { fee, ..payment(sender, address(7), 0) }).await.unwrap();
    }
    let (directory, clock) = test.stop();
    let store = node::store::Store::open(directory.path(), &spec).unwrap();
    let limits = Limits { count: 2, ..Limits::default() };
    let options = Options { mempool: limits, ..Options::default() };
    let (chain, thread) = node::chain::start(Arc::clone(&spec), store, clock, options).unwrap();
    let mut fees: Vec<_> = chain.view().mempool.iter().map(|pending| pending.fee()).collect();
    fees.sort_unstable();
    assert_eq!(fees, [2, 3]);
    drop(chain);
    thread.join().unwrap();
}

#[test]
fn the_verifier_refuses_what_does_not_fit() {
    use node::verifier::AwsLcVerifier;
    use shared::signature::{RsaVerifier, Verifier};

    let spec = easy_spec();
    let transaction = sign(&spec, 0, payment(0, address(1), 0));
    let message = transaction.body.signing_bytes(spec.genesis_hash());
    let modulus = key(0).public_key().modulus().to_vec();
    let signature = transaction.signature;
    let flipped = |bytes: &[u8], index: usize| {
        let mut bytes = bytes.to_vec();
        bytes[index] ^= 1;
        bytes
    };
    let longer = |bytes: &[u8]| [&[0], bytes].concat();
    let cases = [
        (modulus.clone(), message.clone(), signature.clone(), true),
        (modulus.clone(), flipped(&message, 30), signature.clone(), false),
        (modulus.clone(), message.clone(), flipped(&signature, 100), false),
        (modulus.clone(), message.clone(), longer(&signature), false),
        (modulus.clone(), message.clone(), vec![0xff; 256], false),
        (modulus.clone(), message.clone(), vec![0; 256], false),
        (modulus.clone(), message.clone(), Vec::new(), false),
        (flipped(&modulus, 0), message.clone(), signature.clone(), false),
        (flipped(&modulus, 255), message.clone(), signature.clone(), false),
        (longer(&modulus), message.clone(), longer(&signature), false),
        (Vec::new(), message.clone(), Vec::new(), false),
        (vec![0xff; 1024], message, vec![1; 1024], false),
    ];
    for (index, (modulus, message, signature, expected)) in cases.iter().enumerate() {
        assert_eq!(AwsLcVerifier.verify(modulus, message, signature), *expected, "case {index}");
        assert_eq!(RsaVerifier.verify(modulus, message, signature), *expected, "case {index}");
    }
}
