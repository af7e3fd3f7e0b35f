use std::collections::BTreeMap;

use super::*;
use crate::block::Block;
use crate::codec;
use crate::consensus::{BodyContext, CheckedBlock, RuleError, TxError, Verdict, check_body, check_header};
use crate::hash::{ChainRoot, HistoryHead, TxId};
use crate::pow::{Ancestry, CompactTarget};
use crate::signature::RsaVerifier;
use crate::transaction::{MAX_INTEGER, Transaction};

#[derive(serde::Deserialize)]
struct Vectors {
    blocks: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    height: u64,
    hash: BlockHash,
    time: u32,
    bits: CompactTarget,
    block: String,
    tx_ids: Vec<TxId>,
    state_root: StateRoot,
    chain_root: ChainRoot,
    accounts: BTreeMap<String, AccountVector>,
}

#[derive(serde::Deserialize)]
struct AccountVector {
    balance: u64,
    nonce: u64,
    history_len: u64,
    history_head: HistoryHead,
}

fn vectors() -> Vec<Vector> {
    let vectors: Vectors = serde_json::from_str(include_str!("../../vectors/chain.json")).unwrap();
    vectors.blocks
}

fn block(vector: &Vector) -> Block {
    codec::decode(&hex::decode(&vector.block).unwrap()).unwrap()
}

fn address(text: &str) -> Address {
    Address(hex::decode(text).unwrap().try_into().unwrap())
}

fn checked(spec: &ChainSpec, height: u64, block: Block) -> Result<CheckedBlock, RuleError> {
    let context = BodyContext { spec, height, verifier: &RsaVerifier, is_verified: &|_| false };
    check_body(&context, block)
}

/// The ledger after `count` blocks of the vectors, and the next one, unchecked.
fn after(count: usize) -> (Ledger, Block) {
    let spec = Arc::new(ChainSpec::dev());
    let mut ledger = Ledger::new(Arc::clone(&spec));
    let vectors = vectors();
    for vector in &vectors[..count] {
        ledger.connect(&checked(&spec, vector.height, block(vector)).unwrap()).unwrap();
    }
    (ledger, block(&vectors[count]))
}

/// Gives `block` the Merkle root of its body, as a miner that lies elsewhere would.
fn seal(mut block: Block) -> Block {
    let leaves: Vec<_> =
        std::iter::once(block.coinbase.leaf()).chain(block.transactions.iter().map(|tx| tx.id().0)).collect();
    block.header.merkle_root = crate::merkle::merkle_root(&leaves);
    block
}

/// How many blocks of the vectors come before the first one with transactions.
fn before_first_payment() -> usize {
    vectors().iter().position(|vector| !vector.tx_ids.is_empty()).unwrap()
}

fn refusal(count: usize, change: impl FnOnce(&mut Block)) -> RuleError {
    let (mut ledger, mut block) = after(count);
    let before = ledger.clone();
    let height = ledger.height() + 1;
    change(&mut block);
    let spec = Arc::clone(&ledger.spec);
    let error = checked(&spec, height, seal(block)).and_then(|block| ledger.connect(&block)).unwrap_err();
    assert_eq!(ledger.state_root(), before.state_root(), "a refused block changes nothing");
    assert_eq!(ledger.accounts(), before.accounts());
    assert_eq!(ledger.headers(), before.headers());
    error
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn twelve_blocks_give_the_accounts_of_the_vectors() {
    let spec = Arc::new(ChainSpec::dev());
    let mut ledger = Ledger::new(Arc::clone(&spec));
    let mut parent = spec.genesis().header;
    let mut grandparent_time = None;
    for vector in vectors() {
        let block = block(&vector);
        let header = block.header;
        let ancestry = Ancestry { bits: parent.bits, time: parent.time, grandparent_time };
        assert_eq!((header.hash(), header.time, header.bits), (vector.hash, vector.time, vector.bits));
        check_header(spec.rules(), &header, &vector.hash, &ancestry, u64::from(vector.time)).unwrap();
        assert_eq!(ledger.headers().root(), vector.chain_root);

        let block = checked(&spec, vector.height, block).unwrap();
        assert_eq!(block.transactions().iter().map(|tx| *tx.id()).collect::<Vec<_>>(), vector.tx_ids);
        ledger.connect(&block).unwrap();
        assert_eq!(ledger.state_root(), vector.state_root);
        assert_eq!(ledger.accounts().len(), vector.accounts.len());
        for (text, expected) in vector.accounts {
            let account = ledger.account(&address(&text));
            let AccountVector { balance, nonce, history_len, history_head } = expected;
            assert_eq!(account, Account { balance, nonce, history_len, history_head });
            let proof = ledger.prove(&address(&text));
            assert_eq!(proof.verify(&address(&text), &vector.state_root), Ok(account));
        }
        grandparent_time = Some(parent.time);
        parent = header;
    }
    assert_eq!(ledger.height(), 12);
}

#[test]
fn taking_back_every_block_leads_back_to_genesis() {
    let spec = Arc::new(ChainSpec::dev());
    let mut ledger = Ledger::new(Arc::clone(&spec));
    let mut steps = Vec::new();
    for vector in vectors() {
        let block = checked(&spec, vector.height, block(&vector)).unwrap();
        let before =
            (*ledger.tip(), ledger.state_root(), ledger.accounts().clone(), ledger.headers().clone());
        let connected = ledger.connect(&block).unwrap();
        let undo: Undo = codec::decode(&codec::encode(&connected.undo)).unwrap();
        steps.push((before, undo));
    }
    for ((tip, state_root, accounts, headers), undo) in steps.into_iter().rev() {
        ledger.disconnect(tip, undo);
        assert_eq!(
            (ledger.tip(), ledger.state_root(), ledger.accounts(), ledger.headers()),
            (&tip, state_root, &accounts, &headers)
        );
    }
    assert_eq!(ledger.state_root(), crate::state_tree::EMPTY_ROOT);
}

#[test]
fn a_stored_ledger_is_restored() {
    let (ledger, _) = after(8);
    let restored = Ledger::restore(
        Arc::clone(&ledger.spec),
        *ledger.tip(),
        ledger.accounts().clone(),
        codec::decode(&codec::encode(ledger.headers())).unwrap(),
    );
    assert_eq!(restored.state_root(), ledger.state_root());
    assert_eq!(restored.height(), 8);
}

#[test]
fn a_proposed_block_connects() {
    let count = before_first_payment();
    let (mut ledger, original) = after(count);
    let spec = Arc::clone(&ledger.spec);
    let parent = block(&vectors()[count - 1]).header;
    let ancestry = Ancestry { bits: parent.bits, time: parent.time, grandparent_time: Some(parent.time - 1) };
    let transactions = checked(&spec, ledger.height() + 1, original.clone()).unwrap().transactions().to_vec();
    let root = ledger.state_root();
    let template = ledger.propose(ancestry, original.coinbase.miner, transactions).unwrap();
    assert_eq!(*template.prev_hash(), original.header.prev_hash);
    let ids = template.transactions().iter().map(|transaction| *transaction.id());
    assert!(ids.eq(original.transactions.iter().map(Transaction::id)));
    assert_eq!(ledger.state_root(), root, "a proposal changes nothing");

    let bits = template.bits(spec.rules(), parent.time + 1).unwrap();
    for extra_nonce in [0, 7, u64::MAX] {
        let header = template.header(extra_nonce, parent.time + 1, bits);
        let block = checked(&spec, template.height(), template.block(header, extra_nonce)).unwrap();
        ledger.clone().connect(&block).unwrap();
    }
}

#[test]
fn hdr_2_a_block_follows_the_tip() {
    let (mut ledger, _) = after(3);
    let spec = Arc::clone(&ledger.spec);
    let skipped = checked(&spec, 6, block(&vectors()[5])).unwrap();
    let error = ledger.connect(&skipped).unwrap_err();
    assert_eq!(error, RuleError::UnknownParent { prev_hash: skipped.header().prev_hash });
    assert_eq!((error.id(), error.verdict()), ("HDR-2", Verdict::NotNow));
}

#[test]
fn tx_6_a_repeated_transaction_is_refused() {
    let count = before_first_payment();
    let error = refusal(count, |block| {
        block.transactions.push(block.transactions[0].clone());
        block.coinbase.tx_count += 1;
    });
    let (ledger, block) = after(count);
    let sender = block.transactions[0].body.sender_address();
    let same = block.transactions.iter().filter(|tx| tx.body.sender_address() == sender).count() as u64;
    let nonce = ledger.account(&sender).nonce;
    let expected = TxError::NonceTooLow { expected: nonce + same, actual: nonce };
    assert_eq!(error, RuleError::Transaction { index: block.transactions.len(), error: expected });
}

#[test]
fn tx_6_a_gap_is_reported_before_tx_7() {
    let count = before_first_payment();
    let (mut ledger, block) = after(count);
    let spec = Arc::clone(&ledger.spec);
    let sender = block.transactions[0].body.sender_address();
    let checked = checked(&spec, ledger.height() + 1, block).unwrap();
    let poor = Account { balance: 0, nonce: MAX_INTEGER, ..ledger.account(&sender) };
    ledger.accounts.insert(sender, poor);
    let error = ledger.connect(&checked).unwrap_err();
    let expected = TxError::NonceTooLow { expected: MAX_INTEGER, actual: 0 };
    assert_eq!(error, RuleError::Transaction { index: 0, error: expected });
}

#[test]
fn tx_7_an_overdraft_is_refused() {
    let count = before_first_payment();
    let (mut ledger, block) = after(count);
    let spec = Arc::clone(&ledger.spec);
    let payment = block.transactions[0].body.clone();
    let checked = checked(&spec, ledger.height() + 1, block).unwrap();
    let available = payment.cost().unwrap() - 1;
    let poor = Account { balance: available, ..ledger.account(&payment.sender_address()) };
    ledger.accounts.insert(payment.sender_address(), poor);
    let error = ledger.connect(&checked).unwrap_err();
    let expected = TxError::InsufficientBalance { needed: available + 1, available };
    assert_eq!(error, RuleError::Transaction { index: 0, error: expected });
    assert_eq!((error.id(), error.verdict()), ("TX-7", Verdict::Invalid));
}

#[test]
fn coins_that_arrive_in_a_block_can_be_spent_after_and_not_before() {
    let (mut ledger, fifth) = after(4);
    let transactions = checked(&ledger.spec, 5, fifth).unwrap().transactions().to_vec();
    let [first, second, _] = transactions.as_slice() else { panic!("block 5 has three payments") };
    let sender = *second.sender();
    assert_eq!(first.transaction().body.receiver, sender);
    ledger.accounts.remove(&sender);
    let parent = block(&vectors()[3]).header;
    let ancestry = Ancestry { bits: parent.bits, time: parent.time, grandparent_time: None };
    let mut propose = |transactions| ledger.propose(ancestry, sender, transactions).map(|_| ());
    assert_eq!(propose(vec![Arc::clone(first), Arc::clone(second)]), Ok(()));
    let error = TxError::InsufficientBalance { needed: second.cost(), available: 0 };
    let expected = ProposeError::Rule(RuleError::Transaction { index: 0, error });
    assert_eq!(propose(vec![Arc::clone(second), Arc::clone(first)]), Err(expected));
}

#[test]
fn tx_7_no_balance_exceeds_the_largest_integer() {
    let count = before_first_payment();
    let (mut ledger, block) = after(count);
    let spec = Arc::clone(&ledger.spec);
    let receiver = block.transactions[0].body.receiver;
    let miner = block.coinbase.miner;
    let payment = checked(&spec, ledger.height() + 1, block).unwrap();
    let rich = Account { balance: MAX_INTEGER, ..ledger.account(&receiver) };

    let mut to_receiver = ledger.clone();
    to_receiver.accounts.insert(receiver, rich);
    let expected = TxError::BalanceTooLarge { address: receiver };
    assert_eq!(to_receiver.connect(&payment), Err(RuleError::Transaction { index: 0, error: expected }));
    let balance = MAX_INTEGER - payment.transactions()[0].transaction().body.amount;
    to_receiver.accounts.insert(receiver, Account { balance, ..rich });
    // Nothing is wrong with it now but that somebody else's state is not the coinbase's.
    assert!(matches!(to_receiver.connect(&payment), Err(RuleError::StateRootMismatch { .. })));

    let (mut to_miner, empty) = after(0);
    let empty = checked(&spec, 1, empty).unwrap();
    to_miner.accounts.insert(miner, rich);
    let address = empty.coinbase().miner;
    to_miner.accounts.insert(address, rich);
    assert_eq!(to_miner.connect(&empty), Err(RuleError::MinerBalanceTooLarge { address }));
    ledger.connect(&payment).unwrap();
}

#[test]
fn blk_4_the_reward_is_exact() {
    let (_, block) = after(2);
    for actual in [block.coinbase.reward - 1, block.coinbase.reward + 1, u64::MAX] {
        let error = refusal(2, |block| block.coinbase.reward = actual);
        assert_eq!(error, RuleError::RewardMismatch { expected: u128::from(block.coinbase.reward), actual });
        assert_eq!((error.id(), error.verdict()), ("BLK-4", Verdict::Invalid));
    }
}

#[test]
fn blk_5_the_chain_root_is_right() {
    let (ledger, _) = after(2);
    let actual = ChainRoot([1; 32]);
    let error = refusal(2, |block| block.coinbase.chain_root = actual);
    assert_eq!(error, RuleError::ChainRootMismatch { expected: ledger.headers().root(), actual });
    assert_eq!((error.id(), error.verdict()), ("BLK-5", Verdict::Invalid));
}

#[test]
fn blk_6_the_state_root_is_right() {
    let (_, block) = after(2);
    let actual = StateRoot([1; 32]);
    let error = refusal(2, |block| block.coinbase.state_root = actual);
    assert_eq!(error, RuleError::StateRootMismatch { expected: block.coinbase.state_root, actual });
    assert_eq!((error.id(), error.verdict()), ("BLK-6", Verdict::Invalid));
}
