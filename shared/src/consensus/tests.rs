use super::transaction::{check_comment, check_expiry, check_integers, check_shape};
use super::*;
use crate::address::Address;
use crate::block::{Block, Header};
use crate::codec;
use crate::hash::{BlockHash, MerkleRoot};
use crate::merkle::merkle_root;
use crate::pow::{Ancestry, CompactTarget};
use crate::signature::RsaVerifier;
use crate::spec::ChainSpec;
use crate::transaction::{MAX_INTEGER, Transaction, TransactionBody};

#[derive(serde::Deserialize)]
struct Chain {
    blocks: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    block: String,
}

/// The blocks of the vectors, on dev.
fn blocks() -> Vec<Block> {
    let chain: Chain = serde_json::from_str(include_str!("../../vectors/chain.json")).unwrap();
    chain.blocks.iter().map(|vector| codec::decode(&hex::decode(&vector.block).unwrap()).unwrap()).collect()
}

/// Block 3, with what the rules know of its parent.
fn third() -> (Block, Ancestry) {
    let blocks = blocks();
    let (grandparent, parent) = (blocks[0].header, blocks[1].header);
    let ancestry =
        Ancestry { bits: parent.bits, time: parent.time, grandparent_time: Some(grandparent.time) };
    (blocks[2].clone(), ancestry)
}

fn check_third(change: impl FnOnce(&mut Header)) -> Result<(), RuleError> {
    let (block, ancestry) = third();
    let mut header = block.header;
    change(&mut header);
    check_header_alone(&header)?;
    check_header(ChainSpec::dev().rules(), &header, &header.hash(), &ancestry, u64::from(header.time))
}

/// The first block with transactions.
fn payments() -> Block {
    blocks().into_iter().find(|block| !block.transactions.is_empty()).unwrap()
}

fn check(block: Block) -> Result<CheckedBlock, RuleError> {
    let spec = ChainSpec::dev();
    let height = payments().coinbase.height;
    let context = BodyContext { spec: &spec, height, verifier: &RsaVerifier, is_verified: &|_| false };
    check_body(&context, block)
}

/// Checks the first block with transactions after a change that its Merkle root commits to.
fn check_changed(change: impl FnOnce(&mut Block)) -> RuleError {
    let mut block = payments();
    change(&mut block);
    block.header.merkle_root = root(&block);
    check(block).unwrap_err()
}

fn root(block: &Block) -> MerkleRoot {
    let ids = block.transactions.iter().map(|transaction| transaction.id().0);
    merkle_root(&std::iter::once(block.coinbase.leaf()).chain(ids).collect::<Vec<_>>())
}

#[test]
fn hdr_1_version() {
    let version = 0x2000_0001;
    let error = check_third(|header| header.version = version).unwrap_err();
    assert_eq!(error, RuleError::HeaderVersion { version });
    assert_eq!((error.id(), error.verdict()), ("HDR-1", Verdict::Invalid));
    for version in [0, 0x4000_0000, 0x6000_0000, u32::MAX] {
        assert_eq!(check_third(|header| header.version = version), Err(RuleError::HeaderVersion { version }));
    }
    let rolled = Header { version: 0x3fff_e000, ..third().0.header };
    assert_eq!(check_header_alone(&rolled), Ok(()));
}

#[test]
fn hdr_2_verdicts_of_the_header_trees_errors() {
    let prev_hash = BlockHash([1; 32]);
    let unknown = RuleError::UnknownParent { prev_hash };
    let invalid = RuleError::InvalidParent { prev_hash };
    assert_eq!((unknown.id(), unknown.verdict()), ("HDR-2", Verdict::NotNow));
    assert_eq!((invalid.id(), invalid.verdict()), ("HDR-2", Verdict::Invalid));
}

#[test]
fn hdr_3_target() {
    let expected = third().0.header.bits;
    for actual in [CompactTarget(0), CompactTarget(expected.0 + 1), CompactTarget(0x1f00_ffff)] {
        let error = check_third(|header| header.bits = actual).unwrap_err();
        assert_eq!(error, RuleError::TargetMismatch { expected, actual });
        assert_eq!((error.id(), error.verdict()), ("HDR-3", Verdict::Invalid));
    }
}

#[test]
fn hdr_4_work() {
    let (block, _) = third();
    let header = Header { nonce: block.header.nonce.wrapping_add(1), ..block.header };
    let error = check_third(|header| header.nonce = header.nonce.wrapping_add(1)).unwrap_err();
    assert_eq!(error, RuleError::InsufficientWork { hash: header.hash(), bits: header.bits });
    assert_eq!((error.id(), error.verdict()), ("HDR-4", Verdict::Invalid));
    assert_eq!(check_third(|_| ()), Ok(()));
}

#[test]
fn hdr_5_time_is_after_the_parents() {
    let (block, ancestry) = third();
    let rules = ChainSpec::dev().rules().clone();
    // The hash is passed in, so that a header without work can break the rule after HDR-4.
    let easy = BlockHash::default();
    for time in [0, ancestry.time - 1, ancestry.time] {
        let header = Header { time, ..block.header };
        let error = check_header(&rules, &header, &easy, &ancestry, u64::MAX).unwrap_err();
        assert_eq!(error, RuleError::TimeNotAfterParent { time, parent_time: ancestry.time });
        assert_eq!((error.id(), error.verdict()), ("HDR-5", Verdict::Invalid));
    }
}

#[test]
fn hdr_6_time_is_not_far_ahead() {
    let (block, ancestry) = third();
    let (rules, header) = (ChainSpec::dev().rules().clone(), block.header);
    let latest = u64::from(header.time);
    let at = |now| check_header(&rules, &header, &header.hash(), &ancestry, now);
    assert_eq!(at(latest - 8), Ok(()));
    let error = at(latest - 9).unwrap_err();
    assert_eq!(error, RuleError::TimeAhead { time: header.time, latest: latest - 1 });
    assert_eq!((error.id(), error.verdict()), ("HDR-6", Verdict::NotNow));
}

#[test]
fn a_checked_block_is_the_block_that_it_was() {
    let block = payments();
    let checked = check(block.clone()).unwrap();
    assert_eq!((checked.hash(), checked.header()), (&block.header.hash(), &block.header));
    assert_eq!((checked.coinbase(), checked.height()), (&block.coinbase, block.coinbase.height));
    let bytes = codec::encode(&block);
    assert_eq!((checked.size(), checked.encode()), (bytes.len(), bytes));
    let transactions = checked.transactions().iter().map(|transaction| transaction.transaction());
    assert!(transactions.eq(&block.transactions));
}

#[test]
fn blk_1_size() {
    let mut block = payments();
    let payment = block.transactions[0].clone();
    block.transactions.extend([payment.clone(), payment]);
    let got = codec::encode(&block).len();
    let check_within = |max_block_bytes| {
        let rules = crate::spec::Rules { max_block_bytes, ..ChainSpec::dev().rules().clone() };
        let spec = ChainSpec::new("small", rules, 0, "").unwrap();
        let height = block.coinbase.height;
        let context = BodyContext { spec: &spec, height, verifier: &RsaVerifier, is_verified: &|_| true };
        check_body(&context, block.clone()).unwrap_err()
    };
    let limit = u32::try_from(got).unwrap() - 1;
    let error = check_within(limit);
    assert_eq!(error, RuleError::BlockTooLarge { got, limit });
    assert_eq!((error.id(), error.verdict()), ("BLK-1", Verdict::BadBody));
    // With a byte more it is small enough, and only its Merkle root is wrong.
    assert_eq!(check_within(limit + 1).id(), "BLK-2");
}

#[test]
fn blk_2_the_body_is_the_headers() {
    let mut block = payments();
    let expected = block.header.merkle_root;
    block.transactions.push(block.transactions[0].clone());
    let error = check(block.clone()).unwrap_err();
    assert_eq!(error, RuleError::MerkleRootMismatch { expected, actual: root(&block) });
    assert_eq!((error.id(), error.verdict()), ("BLK-2", Verdict::BadBody));
    assert!(check(payments()).is_ok());
}

#[test]
fn blk_3_coinbase() {
    let height = payments().coinbase.height;
    let actual = payments().transactions.len();
    let claimed = u32::try_from(actual).unwrap() + 1;
    let cases = [
        (
            check_changed(|block| block.coinbase.version = 0),
            RuleError::CoinbaseVersion { expected: 1, actual: 0 },
        ),
        (
            check_changed(|block| block.coinbase.height += 1),
            RuleError::HeightMismatch { expected: height, actual: height + 1 },
        ),
        (check_changed(|block| block.coinbase.tx_count += 1), RuleError::TxCountMismatch { claimed, actual }),
        (
            check_changed(|block| block.coinbase.message = vec![0; 65]),
            RuleError::CoinbaseMessageTooLong { got: 65 },
        ),
    ];
    for (error, expected) in cases {
        assert_eq!(error, expected);
        assert_eq!((error.id(), error.verdict()), ("BLK-3", Verdict::Invalid));
    }
    let upgrade = check_changed(|block| block.coinbase.version = 2);
    assert_eq!(upgrade, RuleError::UpgradeNeeded { version: 2 });
    assert_eq!((upgrade.id(), upgrade.verdict()), ("BLK-3", Verdict::NotNow));
}

#[test]
fn tx_1_shape() {
    let change = |change: fn(&mut Transaction)| {
        let mut transaction = payments().transactions[0].clone();
        change(&mut transaction);
        check_shape(&transaction).unwrap_err()
    };
    let cases = [
        (change(|tx| tx.body.version = 2), TxError::Version { version: 2 }),
        (change(|tx| tx.body.sender.push(1)), TxError::ModulusLength { got: 257 }),
        (change(|tx| tx.body.sender.clear()), TxError::ModulusLength { got: 0 }),
        (change(|tx| tx.body.sender[0] &= 0x7f), TxError::ModulusShape),
        (change(|tx| tx.body.sender[255] &= 0xfe), TxError::ModulusShape),
        (change(|tx| tx.signature.truncate(255)), TxError::SignatureLength { got: 255, expected: 256 }),
        (change(|tx| tx.signature.clear()), TxError::SignatureLength { got: 0, expected: 256 }),
        (change(|tx| tx.body.amount = 0), TxError::AmountZero),
    ];
    for (error, expected) in cases {
        assert_eq!(error, expected);
        assert_eq!(error.id(), "TX-1");
    }
}

#[test]
fn tx_2_integers() {
    let change = |change: fn(&mut TransactionBody)| {
        let mut transaction = payments().transactions[0].clone();
        change(&mut transaction.body);
        check_integers(&transaction)
    };
    let at_most = |body: &mut TransactionBody| (body.amount, body.fee) = (MAX_INTEGER - 1, 1);
    assert_eq!(change(at_most), Ok(()));
    assert_eq!(change(|body| body.nonce = MAX_INTEGER), Ok(()));
    assert_eq!(change(|body| body.expires_at = MAX_INTEGER), Ok(()));
    let cases = [
        (
            change(|body| (body.amount, body.fee) = (MAX_INTEGER, 1)),
            TxError::CostTooLarge { amount: MAX_INTEGER, fee: 1 },
        ),
        (
            change(|body| (body.amount, body.fee) = (u64::MAX, 1)),
            TxError::CostTooLarge { amount: u64::MAX, fee: 1 },
        ),
        (change(|body| body.nonce = MAX_INTEGER + 1), TxError::NonceTooLarge { nonce: MAX_INTEGER + 1 }),
        (change(|body| body.expires_at = u64::MAX), TxError::ExpiryTooLarge { expires_at: u64::MAX }),
    ];
    for (result, expected) in cases {
        let error = result.unwrap_err();
        assert_eq!(error, expected);
        assert_eq!(error.id(), "TX-2");
    }
}

#[test]
fn tx_3_comment() {
    let check = |comment: &str| {
        let mut transaction = payments().transactions[0].clone();
        transaction.body.comment = comment.to_owned();
        check_comment(&transaction)
    };
    assert_eq!(check(&"é".repeat(128)), Ok(()));
    assert_eq!(check(&"é".repeat(129)), Err(TxError::CommentTooLong { got: 258 }));
    for code in (0..=0x1f).chain(0x7f..=0x9f) {
        let comment = format!("é{}", char::from_u32(code).unwrap());
        assert_eq!(check(&comment), Err(TxError::CommentControlCharacter { code, position: 1 }));
    }
    assert_eq!(check("\u{a0}\u{202e}\u{feff}"), Ok(()));
    assert_eq!(TxError::CommentTooLong { got: 257 }.id(), "TX-3");
    assert_eq!(TxError::CommentControlCharacter { code: 0, position: 0 }.id(), "TX-3");
}

#[test]
fn tx_4_signature() {
    let expected = RuleError::Transaction { index: 0, error: TxError::Signature };
    let flipped = check_changed(|block| block.transactions[0].signature[100] ^= 1);
    assert_eq!(flipped, expected);
    assert_eq!(check_changed(|block| block.transactions[0].body.amount += 1), expected);
    assert_eq!((flipped.id(), flipped.verdict()), ("TX-4", Verdict::Invalid));

    let transaction = payments().transactions[0].clone();
    let elsewhere = check_transaction(&ChainSpec::main(), &RsaVerifier, transaction.clone());
    assert_eq!(elsewhere, Err(TxError::Signature));
    let checked = check_transaction(&ChainSpec::dev(), &RsaVerifier, transaction.clone()).unwrap();
    assert_eq!(checked.id(), &transaction.id());
    assert_eq!(checked.size(), codec::encode(&transaction).len());
    assert_eq!(checked.sender(), &transaction.body.sender_address());
}

#[test]
fn the_tables_order_decides_what_is_reported() {
    let error = check_changed(|block| {
        let mut second = block.transactions[0].clone();
        second.body.amount = 0;
        block.transactions[0].signature[0] ^= 1;
        block.transactions.insert(1, second);
        block.coinbase.tx_count += 1;
    });
    assert_eq!(error, RuleError::Transaction { index: 1, error: TxError::AmountZero });
}

#[test]
fn tx_5_expiry() {
    let expiring = |expires_at| {
        let mut transaction = payments().transactions[0].clone();
        transaction.body.expires_at = expires_at;
        transaction
    };
    assert_eq!(check_expiry(&expiring(0), u64::MAX), Ok(()));
    assert_eq!(check_expiry(&expiring(7), 7), Ok(()));
    let error = check_expiry(&expiring(7), 8).unwrap_err();
    assert_eq!(error, TxError::Expired { expires_at: 7, height: 8 });
    assert_eq!(error.id(), "TX-5");
}

#[test]
fn admission_reports_expiry_nonce_and_funds_in_this_order() {
    let payment = payments().transactions[0].clone();
    let nonce = payment.body.nonce;
    let checked = check_transaction(&ChainSpec::dev(), &RsaVerifier, payment).unwrap();
    let needed = checked.cost();
    assert_eq!(check_admission(&checked, 5, nonce, needed), Ok(()));
    assert_eq!(
        check_admission(&checked, 5, nonce + 1, 0),
        Err(TxError::NonceTooLow { expected: nonce + 1, actual: nonce })
    );
    assert_eq!(
        check_admission(&checked, 5, nonce, needed - 1),
        Err(TxError::InsufficientBalance { needed, available: needed - 1 })
    );
    let gap = TxError::NonceTooHigh { expected: 0, actual: 1 };
    assert_eq!(gap.id(), "TX-6");
    assert_eq!(TxError::BalanceTooLarge { address: Address::default() }.id(), "TX-7");
}
