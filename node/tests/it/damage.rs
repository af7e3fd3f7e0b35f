//! Stores with a bit that is not what was written: told, or harmless.

use std::collections::BTreeMap;
use std::sync::Arc;

use node::chain::{SubmitError, SubmitTransactionError};
use node::store::{STORE_FILE, Store, StoreError};
use shared::address::Address;
use shared::block::Block;
use shared::consensus::RuleError;
use shared::hash::TxId;
use shared::spec::ChainSpec;
use shared::state::Account;

use crate::disk::{Disk, Random};
use crate::support::{ManualClock, TestChain, address, easy_spec, payment};

/// A store with every kind of record, and what it must say.
struct Whole {
    spec: Arc<ChainSpec>,
    bytes: Vec<u8>,
    /// The accounts by height.
    accounts: BTreeMap<u64, Vec<(Address, Account)>>,
    mined: Vec<TxId>,
    /// A branch that leaves the best chain below its last two blocks, and overtakes it.
    branch: Vec<Block>,
    now: u64,
}

fn accounts(test: &TestChain) -> Vec<(Address, Account)> {
    test.chain.view().accounts.iter().map(|(address, account)| (*address, *account)).collect()
}

async fn whole() -> Whole {
    let (spec, disk) = (easy_spec(), Disk::default());
    let test = TestChain::on(&spec, ManualClock::new(&spec), disk.clone(), true).unwrap();
    let there = TestChain::new(&spec);
    let mut by_height = BTreeMap::from([(0, Vec::new())]);
    let mut mined = Vec::new();
    for nonce in 0..10 {
        there.take(&[test.mine(address(0)).await]).await;
        by_height.insert(test.height(), accounts(&test));
        mined.push(test.pay(0, payment(0, address(1), nonce)).await.unwrap());
    }
    let branch = there.mine_many(3, address(3)).await;
    for _ in 0..2 {
        test.mine(address(2)).await;
        by_height.insert(test.height(), accounts(&test));
    }
    test.take(&branch[..2]).await;
    test.pay(0, payment(0, address(1), 10)).await.unwrap();
    let now = u64::from(branch[2].header.time) + 60;
    test.stop();
    Whole { spec, bytes: disk.bytes(), accounts: by_height, mined, branch, now }
}

/// Opens a damaged store and uses all of it; says whether something was told.
async fn use_all(whole: &Whole, bytes: Vec<u8>, what: &str) -> bool {
    let clock = ManualClock::new(&whole.spec);
    clock.set(whole.now);
    let test = match TestChain::on(&whole.spec, clock, Disk::with(bytes), true) {
        Ok(test) => test,
        Err(
            StoreError::Corrupt { .. }
            | StoreError::Engine { .. }
            | StoreError::OtherChain { .. }
            | StoreError::NewerSchema { .. },
        ) => return true,
        Err(other) => panic!("{what}: {other}"),
    };
    // Never a wrong balance.
    assert_eq!(accounts(&test), whole.accounts[&test.height()], "{what}");
    // Nor an older chain.
    assert_eq!(test.height(), 12, "{what}");
    let mut is_told = false;
    let snapshot = test.chain.snapshot().unwrap();
    for height in 0..=test.height() {
        let hash = snapshot.hash_at(height);
        is_told |= hash.map(|hash| hash.map(|hash| snapshot.block(&hash).is_err())).is_err();
    }
    for id in &whole.mined {
        match snapshot.transaction(id) {
            Ok(found) => assert!(found.is_none_or(|found| found.transaction.id() == *id), "{what}"),
            Err(_) => is_told = true,
        }
    }
    for number in 0..6 {
        is_told |= snapshot.history(&address(number), None, None, 100).is_err();
    }
    drop(snapshot);
    match test.pay(0, payment(0, address(4), 11)).await {
        Ok(_) | Err(SubmitTransactionError::Refused(_)) => {}
        Err(SubmitTransactionError::Store(_) | SubmitTransactionError::Stopped) => is_told = true,
    }
    // A reorg reads undo data and stored blocks. What is damaged must not condemn what is valid.
    for block in &whole.branch {
        match test.chain.submit_block(block.clone()).await {
            Ok(_) => {}
            Err(SubmitError::Store(_) | SubmitError::Stopped | SubmitError::Undecided(_)) => is_told = true,
            // The mark of a condemned header is one bit on the disk.
            Err(SubmitError::Condemned { .. }) => {}
            Err(SubmitError::Invalid(RuleError::InvalidParent { .. })) => {}
            Err(other) => panic!("{what}: {other}"),
        }
    }
    let sum: u64 = test.chain.view().accounts.values().map(|account| account.balance).sum();
    assert_eq!(sum, 10 * test.height(), "{what}");
    test.end();
    is_told
}

/// As many flips as `cargo xtask long bit-flips` wants, or a sample.
fn flips() -> usize {
    std::env::var("BIT_FLIPS").map_or(200, |flips| flips.parse().unwrap())
}

#[tokio::test]
async fn a_bit_that_flips_is_told_or_harmless() {
    let whole = whole().await;
    assert!(!use_all(&whole, whole.bytes.clone(), "nothing flipped").await);
    // Most of the file is room for what comes; flips there would prove nothing.
    let used: Vec<_> = (0..whole.bytes.len() / 512)
        .filter(|sector| whole.bytes[sector * 512..][..512].iter().any(|byte| *byte != 0))
        .collect();
    let (mut random, mut told, n_flips) = (Random(1), 0, flips());
    for _ in 0..n_flips {
        let (position, bit) = (used[random.below(used.len())] * 512 + random.below(512), random.below(8));
        let mut bytes = whole.bytes.clone();
        bytes[position] ^= 1 << bit;
        told += usize::from(use_all(&whole, bytes, &format!("bit {bit} of byte {position}")).await);
    }
    println!("figures: {n_flips} flips: {told} told, {} harmless", n_flips - told);
    assert!(told > 0);
}

#[tokio::test]
async fn a_file_that_is_empty_cut_or_longer_is_told_or_whole() {
    let whole = whole().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(STORE_FILE);
    std::fs::write(&file, "").unwrap();
    let error = Store::open(directory.path(), &whole.spec).unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { what, .. } if what.contains("empty")), "{error}");
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 0);

    // A store whose making was interrupted is made anew.
    std::fs::remove_file(&file).unwrap();
    std::fs::write(file.with_extension(format!("new-{}", std::process::id())), b"half of it").unwrap();
    drop(Store::open(directory.path(), &whole.spec).unwrap());

    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let error = Store::open(directory.path(), &whole.spec).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");

    for extra in [1, 512, 4_096, 1 << 20] {
        let mut longer = whole.bytes.clone();
        longer.extend(std::iter::repeat_n(0xa5, extra));
        use_all(&whole, longer, &format!("{extra} bytes too many")).await;
    }
    for length in (1..whole.bytes.len()).step_by(whole.bytes.len() / 40) {
        let is_told = use_all(&whole, whole.bytes[..length].to_vec(), &format!("cut at {length}")).await;
        assert!(is_told, "cut at {length}");
    }
}
