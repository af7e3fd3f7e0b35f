//! Stores that cannot be used, and what the operator is told.

use std::path::Path;

use node::store::{STORE_FILE, Store, StoreError};
use redb::{Database, TableDefinition};
use shared::spec::ChainSpec;

use crate::support::{TestChain, address, easy_spec};

/// Writes into a store as another version of the program, or a fault, would.
fn meddle(directory: &Path, change: impl FnOnce(&redb::WriteTransaction)) {
    let database = Database::open(directory.join(STORE_FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
}

/// Makes the store in `directory` one of another version.
pub(crate) fn set_schema(directory: &Path, version: u32) {
    meddle(directory, |transaction| {
        let meta: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
        transaction.open_table(meta).unwrap().insert("schema", version.to_le_bytes().as_slice()).unwrap();
    });
}

#[tokio::test]
async fn a_store_that_is_in_use_is_locked() {
    let test = TestChain::new(&easy_spec());
    let error = Store::open(test.path(), &easy_spec()).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("another running node"), "{error}");
    assert!(error.to_string().contains("--data-dir"), "{error}");
    // Once the other one is gone it opens.
    let (directory, _) = test.stop();
    Store::open(directory.path(), &easy_spec()).unwrap();
}

#[test]
fn a_store_that_was_removed_is_missed() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), &ChainSpec::dev()).unwrap();
    store.set_miner(&address(1)).unwrap();
    std::fs::remove_file(directory.path().join(STORE_FILE)).unwrap();
    let error = store.set_miner(&address(2)).unwrap_err();
    assert!(matches!(error, StoreError::Gone { .. }), "{error}");
    assert!(error.to_string().contains("removed or moved"), "{error}");
}

#[test]
fn a_store_of_another_chain_is_told_by_its_genesis() {
    let directory = tempfile::tempdir().unwrap();
    drop(Store::open(directory.path(), &ChainSpec::dev()).unwrap());
    let error = Store::open(directory.path(), &ChainSpec::main()).unwrap_err();
    assert!(
        matches!(&error, StoreError::OtherChain { found, expected, .. }
            if found == ChainSpec::dev().genesis_hash() && expected == ChainSpec::main().genesis_hash()),
        "{error}"
    );
    Store::open(directory.path(), &ChainSpec::dev()).unwrap();
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    drop(Store::open(directory.path(), &ChainSpec::dev()).unwrap());
    set_schema(directory.path(), 2);
    let error = Store::open(directory.path(), &ChainSpec::dev()).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 2, supported: 1, .. }), "{error}");
}

#[test]
fn a_file_that_is_no_store_is_told_and_kept() {
    for content in [b"garbage".repeat(10_000), b"x".to_vec(), vec![0; 100_000]] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(STORE_FILE);
        std::fs::write(&file, &content).unwrap();
        let error = Store::open(directory.path(), &ChainSpec::dev()).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
        assert!(std::fs::read(&file).unwrap() == content);
    }
}

#[tokio::test]
async fn a_truncated_store_is_corrupt() {
    let test = TestChain::new(&easy_spec());
    test.mine_many(20, address(0)).await;
    let (directory, _) = test.stop();
    let file = directory.path().join(STORE_FILE);
    let whole = std::fs::read(&file).unwrap();
    for part in 1..8 {
        std::fs::write(&file, &whole[..whole.len() * part / 8]).unwrap();
        let error = Store::open(directory.path(), &easy_spec()).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{part}/8: {error}");
    }
}

#[tokio::test]
async fn accounts_that_do_not_give_the_tips_root_are_corrupt() {
    let test = TestChain::new(&easy_spec());
    test.mine_many(3, address(0)).await;
    let result = test.restart_with(|directory| {
        meddle(directory, |transaction| {
            let accounts: TableDefinition<'_, &[u8; 20], &[u8; 56]> = TableDefinition::new("accounts");
            let mut accounts = transaction.open_table(accounts).unwrap();
            // A million coins for nothing.
            let mut account = [0; 56];
            account[..8].copy_from_slice(&1_000_000_u64.to_le_bytes());
            accounts.insert(&address(1).0, &account).unwrap();
        });
    });
    let error = result.unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { what, .. } if what.contains("state root")), "{error}");
}

#[tokio::test]
async fn an_undecodable_record_is_corrupt_and_no_panic() {
    let test = TestChain::new(&easy_spec());
    test.mine_many(3, address(0)).await;
    let result = test.restart_with(|directory| {
        meddle(directory, |transaction| {
            let undo: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("undo");
            transaction.open_table(undo).unwrap().insert(3, b"nonsense".as_slice()).unwrap();
        });
    });
    assert!(matches!(result.unwrap_err(), StoreError::Corrupt { .. }));
}

#[test]
fn a_directory_that_cannot_be_made_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("data"), &ChainSpec::dev()).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
}

#[test]
fn the_miner_is_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), &ChainSpec::dev()).unwrap();
    assert_eq!(store.miner().unwrap(), None);
    store.set_miner(&address(0)).unwrap();
    store.set_miner(&address(1)).unwrap();
    drop(store);
    let store = Store::open(directory.path(), &ChainSpec::dev()).unwrap();
    assert_eq!(store.miner().unwrap(), Some(address(1)));
}
