//! Checking, exporting and importing a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use node::chain::SubmitError;
use node::clock::Clock as _;
use node::offline::{FileError, OfflineError, Progress, check, export, import};
use node::store::{STORE_FILE, StoreError};
use redb::{Database, ReadableTable as _, TableDefinition, WriteTransaction};
use sha2::{Digest as _, Sha256};
use shared::block::{Block, HEADER_BYTES};
use shared::codec;
use shared::consensus::RuleError;
use shared::hash::{BlockHash, StateRoot, TxId};
use shared::spec::ChainSpec;
use tempfile::TempDir;

use crate::support::{ManualClock, TestChain, address, commit_to_body, easy_spec, payment, solve};

/// A store with 30 blocks and 20 payments, and the clock's time after the last.
async fn store(spec: &Arc<ChainSpec>) -> (TempDir, Vec<Block>, u64) {
    let test = TestChain::new(spec);
    let mut blocks = test.mine_many(10, address(0)).await;
    for nonce in 0..20 {
        test.pay(0, payment(0, address(1), nonce)).await.unwrap();
        blocks.push(test.mine(address(2)).await);
    }
    let now = u64::from(test.chain.view().tip.header.time);
    let (directory, _) = test.stop();
    (directory, blocks, now)
}

fn quiet(_: Progress) {}

/// Changes a store as a fault would that keeps the pages' checksums right.
fn alter(directory: &Path, change: impl FnOnce(&WriteTransaction)) {
    let database = Database::open(directory.join(STORE_FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
}

/// Changes one record of it.
fn change<K: redb::Key + 'static>(
    directory: &Path,
    table: TableDefinition<'_, K, &'static [u8]>,
    key: K::SelfType<'_>,
    change: impl FnOnce(&mut Vec<u8>),
) {
    alter(directory, |transaction| {
        let mut table = transaction.open_table(table).unwrap();
        let mut bytes = table.get(&key).unwrap().unwrap().value().to_vec();
        change(&mut bytes);
        table.insert(&key, bytes.as_slice()).unwrap();
    });
}

#[tokio::test]
async fn a_good_store_is_good_to_its_tip() {
    let spec = easy_spec();
    let (directory, _, now) = store(&spec).await;
    let done = check(directory.path(), &spec, now, &mut quiet).unwrap();
    assert_eq!(done, Progress { height: 30, last: Some(30), n_transactions: 20 });
    // A clock that is behind is no reason to condemn anything, but a reason to say so.
    let error = check(directory.path(), &spec, now - 9, &mut quiet).unwrap_err();
    assert!(
        matches!(&error, OfflineError::Undecided { height: 30, error, .. } if error.id() == "HDR-6"),
        "{error}"
    );
    assert!(!error.to_string().contains("invalid"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let error = check(empty.path(), &spec, now, &mut quiet).unwrap_err();
    assert!(matches!(&error, OfflineError::Store(StoreError::Missing { .. })), "{error}");
}

#[tokio::test]
async fn the_first_block_that_fails_is_named() {
    let spec = easy_spec();
    let (directory, mut blocks, now) = store(&spec).await;
    let block = &mut blocks[17];
    let hash = block.header.hash();
    let table: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("blocks");
    change(directory.path(), table, hash.as_bytes(), |bytes| {
        block.transactions[0].signature[7] ^= 1;
        *bytes = codec::encode(block);
    });
    let error = check(directory.path(), &spec, now, &mut quiet).unwrap_err();
    assert!(
        matches!(&error, OfflineError::Block { height: 18, hash: found, .. } if *found == hash),
        "{error}"
    );
    assert!(error.to_string().contains("BLK-2") && error.to_string().contains("move it away"), "{error}");
}

#[tokio::test]
async fn a_block_on_another_parent_is_invalid_and_not_merely_undecided() {
    let spec = easy_spec();
    let (directory, blocks, now) = store(&spec).await;
    let database = Database::open(directory.path().join(STORE_FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    let best: TableDefinition<'_, u64, &[u8; 32]> = TableDefinition::new("best");
    let hash = blocks[19].header.hash();
    transaction.open_table(best).unwrap().insert(18, hash.as_bytes()).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = check(directory.path(), &spec, now, &mut quiet).unwrap_err();
    assert!(
        matches!(&error, OfflineError::Block { height: 18, hash: found, error, .. }
            if *found == hash && error.id() == "HDR-2"),
        "{error}"
    );
}

#[tokio::test]
async fn accounts_and_indexes_that_the_blocks_do_not_give_are_found() {
    const ACCOUNTS: TableDefinition<'_, &[u8; 20], &[u8; 56]> = TableDefinition::new("accounts");
    const TRANSACTIONS: TableDefinition<'_, &[u8; 32], Place> = TableDefinition::new("transactions");
    const HISTORY: TableDefinition<'_, HistoryKey, (Place, &[u8; 32])> = TableDefinition::new("history");
    type Place = (u64, u32, u32);
    type HistoryKey = (&'static [u8; 20], u64);
    type Change = fn(&WriteTransaction, &TxId);

    let changes: [(Change, &str); 4] = [
        (
            |transaction, _| drop(transaction.open_table(ACCOUNTS).unwrap().insert(&[9; 20], &[9; 56])),
            "the account dev1",
        ),
        (
            |transaction, id| drop(transaction.open_table(TRANSACTIONS).unwrap().remove(id.as_bytes())),
            "19 transactions are indexed, the blocks hold 20",
        ),
        // As many as there should be, and one of them leads elsewhere.
        (
            |transaction, id| {
                drop(transaction.open_table(TRANSACTIONS).unwrap().insert(id.as_bytes(), (12, 200, 500)));
            },
            "the index of transactions is not what the blocks give",
        ),
        (
            |transaction, _| {
                let (mut history, key) = (transaction.open_table(HISTORY).unwrap(), (&address(2).0, 1));
                let place = history.get(key).unwrap().unwrap().value().0;
                history.insert(key, (place, &[7; 32])).unwrap();
            },
            "the index of history entries is not what the blocks give",
        ),
    ];
    let spec = easy_spec();
    for (change, told) in changes {
        let (directory, blocks, now) = store(&spec).await;
        let id = blocks[12].transactions[0].id();
        alter(directory.path(), |transaction| change(transaction, &id));
        let error = check(directory.path(), &spec, now, &mut quiet).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[tokio::test]
async fn undo_data_that_would_lead_elsewhere_or_nowhere_is_found() {
    let spec = easy_spec();
    let undo: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("undo");
    let (directory, _, now) = store(&spec).await;
    // A bit of the last account that it brings back.
    change(directory.path(), undo, 20, |bytes| *bytes.last_mut().unwrap() ^= 1);
    let error = check(directory.path(), &spec, now, &mut quiet).unwrap_err();
    assert!(error.to_string().contains("the undo data of block 20 is not what the block gives"), "{error}");

    let (directory, blocks, now) = store(&spec).await;
    // The oldest goes in time.
    let remove = |height: u64| {
        alter(directory.path(), |transaction| {
            drop(transaction.open_table(undo).unwrap().remove(height).unwrap().unwrap());
        });
        check(directory.path(), &spec, now, &mut quiet).map_err(|error| error.to_string())
    };
    remove(1).unwrap();
    for height in [20, blocks.len() as u64] {
        let error = remove(height).unwrap_err();
        // The first that is missing is told.
        assert!(error.contains("the undo data of block 20 is missing"), "{error}");
    }
    for height in (2..20).chain(21..blocks.len() as u64) {
        drop(remove(height));
    }
    // Without any, not even the tip could be left.
    let error = check(directory.path(), &spec, now, &mut quiet).unwrap_err().to_string();
    assert!(error.contains(&format!("the undo data of block {} is missing", blocks.len())), "{error}");
}

#[tokio::test]
async fn what_only_a_start_or_a_reorg_would_miss_is_found() {
    const HEADERS: TableDefinition<'_, HeaderKey, (&[u8; HEADER_BYTES], bool)> =
        TableDefinition::new("headers");
    const MEMPOOL: TableDefinition<'_, u64, (u64, &[u8])> = TableDefinition::new("mempool");
    const BLOCKS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("blocks");
    type HeaderKey = (u64, &'static [u8; 32]);
    type Change = fn(&WriteTransaction, &BlockHash, &BlockHash);

    let changes: [(Change, &str); 5] = [
        (
            |transaction, best, _| {
                drop(transaction.open_table(HEADERS).unwrap().remove((3, best.as_bytes())).unwrap());
            },
            "has no parent",
        ),
        (
            |transaction, best, _| {
                let (mut headers, key) = (transaction.open_table(HEADERS).unwrap(), (3, best.as_bytes()));
                let header = *headers.get(key).unwrap().unwrap().value().0;
                headers.insert(key, (&header, true)).unwrap();
            },
            "is marked as invalid",
        ),
        (
            |transaction, _, side| {
                let mut blocks = transaction.open_table(BLOCKS).unwrap();
                let mut bytes = blocks.get(side.as_bytes()).unwrap().unwrap().value().to_vec();
                *bytes.last_mut().unwrap() ^= 1;
                blocks.insert(side.as_bytes(), bytes.as_slice()).unwrap();
            },
            "block 4: ",
        ),
        (
            |transaction, _, side| {
                drop(transaction.open_table(BLOCKS).unwrap().remove(side.as_bytes()).unwrap());
            },
            "of height 4 is missing",
        ),
        (
            |transaction, _, _| {
                transaction.open_table(MEMPOOL).unwrap().insert(7, (0, [1_u8].as_slice())).unwrap();
            },
            "a pending transaction",
        ),
    ];
    let spec = easy_spec();
    for (change, told) in changes {
        let (here, there) = (TestChain::new(&spec), TestChain::new(&spec));
        let common = here.mine_many(3, address(0)).await;
        there.take(&common).await;
        here.mine_many(2, address(1)).await;
        let side = there.mine(address(2)).await;
        here.chain.submit_block(side.clone()).await.unwrap();
        let (directory, clock) = here.stop();
        check(directory.path(), &spec, clock.now(), &mut quiet).unwrap();
        let (best, side) = (common[2].header.hash(), side.header.hash());
        alter(directory.path(), |transaction| change(transaction, &best, &side));
        let error = check(directory.path(), &spec, clock.now(), &mut quiet).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
}

fn exported(spec: &Arc<ChainSpec>, directory: &Path) -> PathBuf {
    let file = directory.join("blocks");
    export(directory, spec, &file, &mut quiet).unwrap();
    file
}

#[tokio::test]
async fn what_is_exported_is_imported_by_every_rule() {
    let spec = easy_spec();
    let (directory, _, now) = store(&spec).await;
    let file = exported(&spec, directory.path());
    let clock = ManualClock::new(&spec);
    clock.set(now);
    let copy = tempfile::tempdir().unwrap();
    let done = import(copy.path(), &spec, &file, clock.clone(), &mut quiet).unwrap();
    assert_eq!(done, Progress { height: 30, last: None, n_transactions: 20 });
    assert_eq!(check(copy.path(), &spec, now, &mut quiet).unwrap().n_transactions, 20);
    // Nothing is left to do.
    let done = import(copy.path(), &spec, &file, clock, &mut quiet).unwrap();
    assert_eq!(done, Progress { height: 30, last: None, n_transactions: 0 });
    // The copy gives the same file.
    let again = exported(&spec, copy.path());
    assert!(std::fs::read(again).unwrap() == std::fs::read(file).unwrap());

    let other = tempfile::tempdir().unwrap();
    let error = import(
        other.path(),
        &Arc::new(ChainSpec::dev()),
        &directory.path().join("blocks"),
        ManualClock::new(&spec),
        &mut quiet,
    );
    assert!(matches!(error.unwrap_err(), OfflineError::File(FileError::OtherChain { .. })));
    let error =
        import(other.path(), &spec, &directory.path().join(STORE_FILE), ManualClock::new(&spec), &mut quiet);
    assert!(matches!(error.unwrap_err(), OfflineError::File(FileError::NotBlocks { .. })));
}

#[tokio::test]
async fn a_file_that_ends_early_is_finished_and_one_that_is_damaged_mended() {
    let spec = easy_spec();
    let (directory, _, now) = store(&spec).await;
    let file = exported(&spec, directory.path());
    let whole = std::fs::read(&file).unwrap();
    let clock = ManualClock::new(&spec);
    clock.set(now);
    let copy = tempfile::tempdir().unwrap();

    let mut last_height = 0;
    for part in 1..8 {
        std::fs::write(&file, &whole[..whole.len() * part / 8]).unwrap();
        let error = import(copy.path(), &spec, &file, clock.clone(), &mut quiet).unwrap_err();
        let OfflineError::File(FileError::Truncated { before, .. }) = error else { panic!("{error}") };
        assert!(before > last_height);
        last_height = before;
        // What came before the end is imported.
        assert_eq!(check(copy.path(), &spec, now, &mut quiet).unwrap().height, before);
    }
    assert_eq!(exported(&spec, directory.path()), file);
    assert!(std::fs::read(&file).unwrap() == whole);

    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&file, &damaged).unwrap();
    let fresh = tempfile::tempdir().unwrap();
    let error = import(fresh.path(), &spec, &file, clock.clone(), &mut quiet).unwrap_err();
    let OfflineError::File(FileError::Damaged { before, .. }) = error else { panic!("{error}") };
    assert_eq!(check(fresh.path(), &spec, now, &mut quiet).unwrap().height, before);
    exported(&spec, directory.path());
    assert!(std::fs::read(&file).unwrap() == whole);

    // So is a body that somebody forged below its header, with a checksum that is right.
    let mut forged = whole.clone();
    let length = u32::from_le_bytes(forged[48..52].try_into().unwrap());
    let block = 60..60 + length as usize;
    forged[block.end - 1] ^= 1;
    let digest = Sha256::new().chain_update(length.to_le_bytes()).chain_update(&forged[block]).finalize();
    forged[52..60].copy_from_slice(&digest[..8]);
    std::fs::write(&file, &forged).unwrap();
    let error = import(fresh.path(), &spec, &file, clock.clone(), &mut quiet);
    assert!(error.is_ok(), "the block is there already: {error:?}");
    exported(&spec, directory.path());
    assert!(std::fs::read(&file).unwrap() == whole);

    // A length that lies is refused before anything is reserved for it.
    let mut lying = whole;
    lying[48..52].copy_from_slice(&u32::MAX.to_le_bytes());
    std::fs::write(&file, &lying).unwrap();
    let error = import(fresh.path(), &spec, &file, clock, &mut quiet).unwrap_err();
    assert!(matches!(error, OfflineError::File(FileError::Damaged { before: 0, offset: 48, .. })));
}

#[tokio::test]
async fn an_export_follows_a_reorg() {
    let spec = easy_spec();
    let (here, there) = (TestChain::new(&spec), TestChain::new(&spec));
    here.mine_many(5, address(0)).await;
    let theirs = there.mine_many(6, address(1)).await;
    let (directory, clock) = here.stop();
    let file = exported(&spec, directory.path());
    clock.set(u64::from(theirs[5].header.time));
    let (their_directory, _) = there.stop();
    let their_file = exported(&spec, their_directory.path());
    import(directory.path(), &spec, &their_file, clock, &mut quiet).unwrap();
    assert_eq!(exported(&spec, directory.path()), file);
    assert!(std::fs::read(file).unwrap() == std::fs::read(their_file).unwrap());
}

#[tokio::test]
async fn an_export_takes_nothing_from_a_file_that_it_could_not_give_back() {
    let spec = easy_spec();
    let (directory, blocks, _) = store(&spec).await;
    let file = exported(&spec, directory.path());
    let whole = std::fs::read(&file).unwrap();
    let refused = |directory: &Path| {
        let error = export(directory, &spec, &file, &mut quiet).unwrap_err();
        assert!(std::fs::read(&file).unwrap() == whole, "{error}");
        error
    };

    // A chain that is shorter: another branch, and a new one.
    let other = TestChain::new(&spec);
    other.mine_many(3, address(3)).await;
    for (shorter, height) in [(other.stop().0, 3), (TestChain::new(&spec).stop().0, 0)] {
        let error = refused(shorter.path());
        assert!(
            matches!(error, OfflineError::File(FileError::Longer { file: 30, chain, .. }) if chain == height)
        );
    }
    // A store that is damaged itself: a body, and one that is gone.
    let table: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("blocks");
    let hash = blocks[11].header.hash();
    change(directory.path(), table, hash.as_bytes(), |bytes| *bytes.last_mut().unwrap() ^= 1);
    assert!(matches!(refused(directory.path()), OfflineError::Store(StoreError::Corrupt { .. })));
    alter(directory.path(), |transaction| {
        drop(transaction.open_table(table).unwrap().remove(hash.as_bytes()).unwrap());
    });
    let error = refused(directory.path());
    assert!(error.to_string().contains("block 12 is missing"), "{error}");
}

#[tokio::test]
async fn an_invalid_block_in_a_file_is_refused_and_those_before_it_are_kept() {
    let spec = easy_spec();
    let (directory, mut blocks, now) = store(&spec).await;
    let clock = ManualClock::new(&spec);
    clock.set(now);
    // A block that the ledger refuses, in a store that is made of it: exported as it is, whatever it is worth.
    let (height, old_hash) = (20, blocks[19].header.hash());
    blocks[19].coinbase.state_root = StateRoot([7; 32]);
    commit_to_body(&mut blocks[19]);
    solve(&mut blocks[19]);
    let (bytes, hash) = (codec::encode(&blocks[19]), blocks[19].header.hash());
    let database = Database::open(directory.path().join(STORE_FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let table: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("blocks");
        let mut table = transaction.open_table(table).unwrap();
        table.remove(old_hash.as_bytes()).unwrap();
        table.insert(hash.as_bytes(), bytes.as_slice()).unwrap();
        let best: TableDefinition<'_, u64, &[u8; 32]> = TableDefinition::new("best");
        transaction.open_table(best).unwrap().insert(height, hash.as_bytes()).unwrap();
    }
    transaction.commit().unwrap();
    drop(database);
    let file = exported(&spec, directory.path());
    let copy = tempfile::tempdir().unwrap();
    let error = import(copy.path(), &spec, &file, clock, &mut quiet).unwrap_err();
    let OfflineError::Refused { height: found, error, .. } = error else { panic!("{error}") };
    assert_eq!(found, height);
    assert!(matches!(*error, SubmitError::Invalid(RuleError::StateRootMismatch { .. })), "{error}");
    assert_eq!(check(copy.path(), &spec, now, &mut quiet).unwrap().height, height - 1);
}
