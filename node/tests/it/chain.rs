//! Blocks one after another, and blocks that are wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use node::chain::{Branch, HeadChange, SubmitError, Submitted};
use node::store::HistoryEvent;
use shared::address::Address;
use shared::block::Block;
use shared::codec;
use shared::consensus::{RuleError, TxError};
use shared::hash::{BlockHash, HistoryHead, StateRoot, TxId};
use shared::pow::CompactTarget;
use shared::spec::ChainSpec;
use shared::state::{Account, HistoryEntry};
use shared::transaction::TransactionBody;

use crate::support::{TestChain, address, commit_to_body, easy_spec, payment, sign, solve, spec_with};

#[derive(serde::Deserialize)]
struct Vectors {
    blocks: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    hash: BlockHash,
    block: String,
    tx_ids: Vec<TxId>,
    accounts: BTreeMap<String, AccountVector>,
}

#[derive(serde::Deserialize)]
struct AccountVector {
    balance: u64,
    nonce: u64,
    history_len: u64,
    history_head: HistoryHead,
}

impl Vector {
    fn block(&self) -> Block {
        codec::decode(&hex::decode(&self.block).unwrap()).unwrap()
    }

    fn accounts(&self) -> Vec<(Address, Account)> {
        let account = |(address, vector): (&String, &AccountVector)| {
            let AccountVector { balance, nonce, history_len, history_head } = *vector;
            let address = Address(hex::decode(address).unwrap().try_into().unwrap());
            (address, Account { balance, nonce, history_len, history_head })
        };
        self.accounts.iter().map(account).collect()
    }
}

fn vectors() -> Vec<Vector> {
    let vectors: Vectors = serde_json::from_str(include_str!("../../../shared/vectors/chain.json")).unwrap();
    vectors.blocks
}

/// Everything that the store says of the vectors' blocks.
fn check_store(test: &TestChain, vectors: &[Vector]) {
    let snapshot = test.chain.snapshot().unwrap();
    let last = vectors.last().unwrap();
    assert_eq!(snapshot.tip().unwrap(), (12, last.hash));
    for (height, vector) in (1..).zip(vectors) {
        let stored = snapshot.block(&vector.hash).unwrap().unwrap();
        assert_eq!((stored.height, stored.is_best), (height, true));
        assert_eq!(hex::encode(&stored.bytes), vector.block);
        assert_eq!(snapshot.hash_at(height).unwrap(), Some(vector.hash));
        for (id, transaction) in vector.tx_ids.iter().zip(vector.block().transactions) {
            let found = snapshot.transaction(id).unwrap().unwrap();
            assert_eq!(found.transaction, transaction);
            assert_eq!((found.height, found.block_hash), (height, vector.hash));
        }
    }
    for (address, account) in last.accounts() {
        assert_eq!(snapshot.account(&address).unwrap(), account);
        check_history(test, &address, &account);
    }
}

/// Pages through a history, and adds its entries up to the account's history head.
fn check_history(test: &TestChain, address: &Address, account: &Account) {
    let snapshot = test.chain.snapshot().unwrap();
    let mut before = None;
    let mut head_after = account.history_head;
    let mut next_index = account.history_len;
    while next_index > 0 {
        let page = snapshot.history(address, before, None, 2).unwrap();
        assert_eq!(page.history_len, account.history_len);
        let mut head = page.head_before;
        for item in page.items.iter().rev() {
            let entry = match &item.event {
                HistoryEvent::Transaction(transaction) => HistoryEntry::Transaction(transaction.id()),
                HistoryEvent::Reward { reward, .. } => HistoryEntry::Reward { reward: *reward },
            };
            head = entry.extend(head, item.height);
        }
        assert_eq!(head, head_after);
        for item in &page.items {
            next_index -= 1;
            assert_eq!(item.index, next_index);
        }
        head_after = page.head_before;
        before = Some(next_index);
    }
    assert_eq!(head_after, HistoryHead::default());
}

#[tokio::test]
async fn the_vectors_give_their_accounts_also_after_a_restart() {
    let vectors = vectors();
    let test = TestChain::new(&Arc::new(ChainSpec::dev()));
    for vector in &vectors {
        test.take(&[vector.block()]).await;
        let view = test.chain.view();
        assert_eq!(view.tip.hash, vector.hash);
        let accounts: Vec<_> = view.accounts.iter().map(|(address, account)| (*address, *account)).collect();
        assert_eq!(accounts, vector.accounts());
    }
    check_store(&test, &vectors);
    let before = test.chain.view();

    let test = test.restart();
    let after = test.chain.view();
    assert_eq!(after.tip, before.tip);
    assert_eq!(after.accounts, before.accounts);
    check_store(&test, &vectors);
}

#[tokio::test]
async fn histories_page_in_both_directions() {
    let test = TestChain::new(&easy_spec());
    test.mine_many(5, address(0)).await;
    let snapshot = test.chain.snapshot().unwrap();
    let indexes = |before, after, limit| {
        let page = snapshot.history(&address(0), before, after, limit).unwrap();
        page.items.iter().map(|item| item.index).collect::<Vec<_>>()
    };
    assert_eq!(indexes(None, None, 2), [4, 3]);
    assert_eq!(indexes(Some(3), None, 2), [2, 1]);
    assert_eq!(indexes(None, Some(1), 2), [3, 2]);
    assert_eq!(indexes(Some(4), Some(1), 100), [3, 2]);
    assert_eq!(indexes(Some(0), None, 2), [0_u64; 0]);
    assert_eq!(indexes(None, Some(4), 2), [0_u64; 0]);
    assert_eq!(indexes(Some(u64::MAX), Some(u64::MAX), 2), [0_u64; 0]);

    let account = test.chain.view().account(&address(0));
    let page = snapshot.history(&address(0), None, Some(4), 2).unwrap();
    assert_eq!(page.head_before, account.history_head);
    let nobody = snapshot.history(&address(1), None, None, 2).unwrap();
    assert_eq!((nobody.history_len, nobody.items.len()), (0, 0));
    assert_eq!(nobody.head_before, HistoryHead::default());
}

#[tokio::test]
async fn a_block_is_known_once_it_was_accepted() {
    let test = TestChain::new(&easy_spec());
    let block = test.mine(address(0)).await;
    assert_eq!(test.chain.submit_block(block).await.unwrap(), Submitted::Known);
    let genesis = test.chain.spec().genesis().clone();
    assert_eq!(test.chain.submit_block(genesis).await.unwrap(), Submitted::Known);
    assert_eq!(test.height(), 1);
}

#[tokio::test]
async fn a_block_without_its_parent_is_undecided() {
    let spec = easy_spec();
    let blocks = TestChain::new(&spec).mine_many(2, address(0)).await;
    let test = TestChain::new(&spec);
    test.clock.advance(60);
    let prev_hash = blocks[0].header.hash();
    let error = test.chain.submit_block(blocks[1].clone()).await.unwrap_err();
    assert!(
        matches!(error, SubmitError::Undecided(RuleError::UnknownParent { prev_hash: hash }) if hash == prev_hash)
    );
    test.take(&blocks).await;
    assert_eq!(test.height(), 2);
}

#[tokio::test]
async fn a_block_of_the_future_is_undecided_until_its_time_comes() {
    let test = TestChain::new(&easy_spec());
    let block = test.next_block(address(0)).await;
    let time = block.header.time;
    let latest = u64::from(time) - 1;
    test.clock.set(latest - 8);
    let error = test.chain.submit_block(block.clone()).await.unwrap_err();
    assert!(matches!(error, SubmitError::Undecided(error) if error == RuleError::TimeAhead { time, latest }));
    test.clock.advance(1);
    assert_eq!(test.chain.submit_block(block).await.unwrap(), Submitted::Best);
}

#[tokio::test]
async fn a_wrong_header_is_invalid_and_nothing_is_remembered_of_it() {
    let test = TestChain::new(&easy_spec());
    let good = test.next_block(address(0)).await;
    let wrong = |change: &dyn Fn(&mut Block)| {
        let mut block = good.clone();
        change(&mut block);
        block
    };
    let parent_time = test.chain.view().tip.header.time;
    let cases = [
        ("HDR-1", wrong(&|block| block.header.version = 1)),
        ("HDR-3", wrong(&|block| block.header.bits = CompactTarget(0x1f00_ffff))),
        (
            "HDR-4",
            wrong(&|block| {
                while block.header.bits.target().unwrap().is_met_by(&block.header.hash()) {
                    block.header.nonce += 1;
                }
            }),
        ),
        (
            "HDR-5",
            wrong(&|block| {
                block.header.time = parent_time;
                solve(block);
            }),
        ),
    ];
    for (id, block) in cases {
        for _ in 0..2 {
            match test.chain.submit_block(block.clone()).await {
                Err(SubmitError::Invalid(error)) => assert_eq!(error.id(), id),
                other => panic!("{id}: {other:?}"),
            }
        }
    }
    assert_eq!(test.chain.submit_block(good).await.unwrap(), Submitted::Best);
}

#[tokio::test]
async fn a_body_that_is_not_the_headers_says_nothing_of_the_header() {
    let spec = spec_with(|rules| rules.max_block_bytes = 1_500);
    let test = TestChain::new(&spec);
    test.mine(address(0)).await;
    test.pay(0, payment(0, address(1), 0)).await.unwrap();
    let good = test.next_block(address(0)).await;

    let mut large = good.clone();
    large.transactions = vec![good.transactions[0].clone(); 3];
    let mut other = good.clone();
    other.transactions.clear();
    let mut repeated = good.clone();
    repeated.transactions.push(good.transactions[0].clone());
    for (id, block) in [("BLK-1", large), ("BLK-2", other), ("BLK-2", repeated)] {
        match test.chain.submit_block(block).await {
            Err(SubmitError::BadBody(error)) => assert_eq!(error.id(), id),
            other => panic!("{id}: {other:?}"),
        }
    }
    assert_eq!(test.chain.submit_block(good).await.unwrap(), Submitted::Best);
}

/// Submits a block whose header commits to a wrong body, and a child of it.
async fn check_condemned(test: TestChain, block: Block, expected: RuleError) -> TestChain {
    let before = test.chain.view();
    let hash = block.header.hash();
    let error = test.chain.submit_block(block.clone()).await.unwrap_err();
    assert!(matches!(&error, SubmitError::Invalid(error) if *error == expected), "{error:?}");

    // Neither it nor what builds on it is ever taken, also after a restart.
    let mut child = block.clone();
    child.header.prev_hash = hash;
    child.header.time += 2;
    test.clock.advance(2);
    solve(&mut child);
    let test = test.restart();
    let error = test.chain.submit_block(block).await.unwrap_err();
    assert!(matches!(error, SubmitError::Condemned { hash: condemned } if condemned == hash), "{error:?}");
    let error = test.chain.submit_block(child).await.unwrap_err();
    assert!(
        matches!(error, SubmitError::Invalid(RuleError::InvalidParent { prev_hash }) if prev_hash == hash),
        "{error:?}"
    );
    let after = test.chain.view();
    assert_eq!((&after.tip, &after.accounts), (&before.tip, &before.accounts));
    test
}

#[tokio::test]
async fn a_wrong_body_that_the_header_commits_to_is_condemned() {
    let spec = easy_spec();
    let mut test = TestChain::new(&spec);
    test.mine(address(0)).await;

    let rewrite = |block: &Block, change: &dyn Fn(&mut Block)| {
        let mut block = block.clone();
        change(&mut block);
        block.coinbase.tx_count = u32::try_from(block.transactions.len()).unwrap();
        commit_to_body(&mut block);
        solve(&mut block);
        block
    };
    let good = test.next_block(address(0)).await;
    let with = |transaction| rewrite(&good, &|block| block.transactions = vec![Clone::clone(&transaction)]);
    let transaction = |error| RuleError::Transaction { index: 0, error };

    let state_root = good.coinbase.state_root;
    let chain_root = good.coinbase.chain_root;
    let mut forged = sign(&spec, 0, payment(0, address(1), 0));
    forged.body.amount = 2;
    let gap = sign(&spec, 0, payment(0, address(1), 1));
    let overdraft = sign(&spec, 0, TransactionBody { amount: 10, ..payment(0, address(1), 0) });
    let expired = sign(&spec, 0, TransactionBody { expires_at: 1, ..payment(0, address(1), 0) });
    let cases = [
        (
            rewrite(&good, &|block| block.coinbase.height = 7),
            RuleError::HeightMismatch { expected: 2, actual: 7 },
        ),
        (with(forged), transaction(TxError::Signature)),
        (with(expired), transaction(TxError::Expired { expires_at: 1, height: 2 })),
        (with(gap), transaction(TxError::NonceTooHigh { expected: 0, actual: 1 })),
        (with(overdraft), transaction(TxError::InsufficientBalance { needed: 11, available: 10 })),
        (
            rewrite(&good, &|block| block.coinbase.reward = 11),
            RuleError::RewardMismatch { expected: 10, actual: 11 },
        ),
        (
            rewrite(&good, &|block| block.coinbase.chain_root = shared::hash::ChainRoot([1; 32])),
            RuleError::ChainRootMismatch { expected: chain_root, actual: shared::hash::ChainRoot([1; 32]) },
        ),
        (
            rewrite(&good, &|block| block.coinbase.state_root = StateRoot([1; 32])),
            RuleError::StateRootMismatch { expected: state_root, actual: StateRoot([1; 32]) },
        ),
    ];
    for (block, expected) in cases {
        test = check_condemned(test, block, expected).await;
    }
    test.mine(address(0)).await;
}

#[tokio::test]
async fn what_was_verified_for_the_mempool_is_checked_again_in_a_block() {
    let mut test = TestChain::new(&easy_spec());
    test.mine(address(0)).await;
    test.pay(0, payment(0, address(1), 0)).await.unwrap();
    let pending = test.next_block(address(2)).await;
    let mut redirected = pending.transactions[0].clone();
    redirected.body.receiver = address(2);
    let repeated = vec![pending.transactions[0].clone(); 2];
    let twice = TxError::NonceTooLow { expected: 1, actual: 0 };
    for (transactions, index, error) in [(vec![redirected], 0, TxError::Signature), (repeated, 1, twice)] {
        let mut block = Block { transactions, ..pending.clone() };
        block.coinbase.tx_count = u32::try_from(block.transactions.len()).unwrap();
        commit_to_body(&mut block);
        solve(&mut block);
        test = check_condemned(test, block, RuleError::Transaction { index, error }).await;
    }
}

#[tokio::test]
async fn a_payment_to_oneself_costs_the_fee_and_the_miner_gets_it_back() {
    let test = TestChain::new(&easy_spec());
    test.mine_many(2, address(0)).await;
    let body = |amount, nonce| TransactionBody { amount, ..payment(0, address(0), nonce) };
    // All that there is.
    test.pay(0, body(19, 0)).await.unwrap();
    test.mine(address(1)).await;
    assert_eq!((test.balance(0), test.balance(1)), (19, 11));
    for nonce in 1..4 {
        test.pay(0, body(5, nonce)).await.unwrap();
    }
    let block = test.mine(address(0)).await;
    assert_eq!((block.transactions.len(), block.coinbase.reward), (3, 13));
    assert_eq!((test.balance(0), test.balance(1)), (29, 11));
    assert_eq!(test.chain.view().account(&address(0)).nonce, 4);
}

#[tokio::test]
async fn the_view_and_the_events_tell_of_every_block() {
    let test = TestChain::new(&easy_spec());
    let mut events = test.chain.events();
    let old_tip = *test.chain.spec().genesis_hash();
    let block = test.mine(address(3)).await;

    let event = events.recv().await.unwrap();
    assert_eq!(event.view.tip.hash, block.header.hash());
    assert_eq!(event.touched.iter().copied().collect::<Vec<_>>(), [address(3)]);
    let connected = Branch { count: 1, hashes: vec![block.header.hash()] };
    assert_eq!(event.head, Some(HeadChange { old_tip, disconnected: Branch::default(), connected }));

    let mut watch = test.chain.watch();
    assert_eq!(watch.borrow_and_update().tip.hash, block.header.hash());
    test.stop();
    assert!(watch.changed().await.is_err());
    assert!(events.recv().await.is_err());
}
