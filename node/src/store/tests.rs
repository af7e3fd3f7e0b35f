use std::sync::Arc;

use redb::{ReadableTable as _, ReadableTableMetadata as _};
use shared::address::Address;
use shared::consensus::{BodyContext, check_body};
use shared::ledger::Ledger;
use shared::pow::Ancestry;
use shared::spec::ChainSpec;

use super::rows::{MOST, Rows};
use super::tables::{META_SCHEMA, TRANSACTIONS};
use super::upgrade::Step;
use super::{Batch, Engine, IndexSums, Store, StoreError, publish};
use crate::verifier::AwsLcVerifier;

fn one(batch: &Batch) -> Engine<()> {
    batch.put_meta("one", b"1")
}

fn two(batch: &Batch) -> Engine<()> {
    batch.put_meta("two", b"2")
}

fn failing(_: &Batch) -> Engine<()> {
    Err(redb::Error::Corrupted("a step that fails".to_owned()))
}

/// Upgrades, and returns what the store is then: its version, and which steps were made.
fn upgraded(store: &Store, steps: &[Step]) -> (Result<(), StoreError>, u32, [bool; 2]) {
    let result = store.upgrade(steps);
    let meta = |name| store.meta(name).unwrap();
    let version = u32::from_le_bytes(meta(META_SCHEMA).unwrap().try_into().unwrap());
    (result, version, [meta("one").is_some(), meta("two").is_some()])
}

#[test]
fn an_older_store_is_upgraded_step_by_step_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Store::open(directory.path(), &ChainSpec::dev());
    let store = open().unwrap();
    assert!(matches!(upgraded(&store, &[]), (Ok(()), 1, [false, false])));
    // A step that fails takes those before it along.
    let (result, version, made) = upgraded(&store, &[one, failing]);
    assert!(matches!(result, Err(StoreError::Corrupt { .. })), "{result:?}");
    assert_eq!((version, made), (1, [false, false]));
    drop(store);

    let store = open().unwrap();
    assert!(matches!(upgraded(&store, &[one]), (Ok(()), 2, [true, false])));
    // What was done is not done again.
    assert!(matches!(upgraded(&store, &[failing, two]), (Ok(()), 3, [true, true])));
    assert!(matches!(upgraded(&store, &[failing, failing]), (Ok(()), 3, _)));
    // And what does not know the last step leaves it alone.
    let (result, version, _) = upgraded(&store, &[failing]);
    assert!(matches!(result, Err(StoreError::NewerSchema { found: 3, supported: 2, .. })), "{result:?}");
    assert_eq!(version, 3);
    drop(store);
    let error = open().unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 3, supported: 1, .. }), "{error}");
}

#[test]
fn what_is_connected_and_taken_off_in_one_write_leaves_nothing() {
    let (directory, spec) = (tempfile::tempdir().unwrap(), Arc::new(ChainSpec::dev()));
    let store = Store::open(directory.path(), &spec).unwrap();
    let (mut ledger, miner) = (Ledger::new(Arc::clone(&spec)), Address([7; 20]));
    let genesis = spec.genesis().header;
    let tip = Ancestry { bits: genesis.bits, time: genesis.time, grandparent_time: None };
    let template = ledger.propose(tip, miner, Vec::new()).unwrap();
    let block = template.block(template.header(0, genesis.time + 1, genesis.bits), 0);
    let context = BodyContext { spec: &spec, height: 1, verifier: &AwsLcVerifier, is_verified: &|_| false };
    let block = check_body(&context, block).unwrap();
    let connected = ledger.connect(&block).unwrap();

    let rows = || {
        let snapshot = store.reader().snapshot().unwrap();
        let IndexSums { transactions, history } = snapshot.index_sums().unwrap();
        let sizes = (transactions.count, history.count);
        (snapshot.account(&miner).unwrap().balance, sizes, snapshot.tip().unwrap().0)
    };
    store
        .write(|batch| {
            batch.connect(&block, &connected, &ledger, 10)?;
            batch.disconnect(&block, &connected.undo)
        })
        .unwrap();
    assert_eq!(rows(), (0, (0, 0), 0));
    store.write(|batch| batch.connect(&block, &connected, &ledger, 10)).unwrap();
    assert_eq!(rows(), (10, (0, 1), 1));
}

#[test]
fn rows_that_are_kept_back_are_written_before_they_fill_the_memory() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), &ChainSpec::dev()).unwrap();
    let (transaction, rows) = (store.reader.database.begin_write().unwrap(), Rows::default());
    let mut most = 0;
    for number in 0..150_000_u32 {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&number.to_le_bytes());
        rows.put_transaction(id, (u64::from(number), 0, 0));
        rows.write_many(&transaction).unwrap();
        most = most.max(rows.count());
    }
    assert!(most < MOST && rows.count() > 0, "{most}");
    rows.write(&transaction).unwrap();
    // The last one counts.
    rows.put_transaction([0; 32], (7, 7, 7));
    rows.put_transaction([0; 32], (8, 8, 8));
    rows.write(&transaction).unwrap();
    let table = transaction.open_table(TRANSACTIONS).unwrap();
    assert_eq!((table.len().unwrap(), rows.count()), (150_000, 0));
    assert_eq!(table.get(&[0; 32]).unwrap().unwrap().value(), (8, 8, 8));
}

#[test]
fn what_a_killed_start_left_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let there = |name| directory.path().join(name).exists();
    for name in ["chain.new-1", "notes.new", "chain.old"] {
        std::fs::write(directory.path().join(name), "half").unwrap();
    }
    let store = Store::open(directory.path(), &ChainSpec::dev()).unwrap();
    assert!(!there("chain.new-1") && there("notes.new") && there("chain.old"));
    // Who is still making one loses it, and finds the other one locked.
    publish(&directory.path().join("chain.new-2"), store.path()).unwrap();
    let error = Store::open(directory.path(), &ChainSpec::dev()).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
}

#[test]
fn a_store_that_another_process_made_meanwhile_stays() {
    let directory = tempfile::tempdir().unwrap();
    let [new, file] = ["new", "file"].map(|name| directory.path().join(name));
    for (before, after) in [(None, "ours"), (Some("theirs"), "theirs")] {
        if let Some(before) = before {
            std::fs::write(&file, before).unwrap();
        }
        std::fs::write(&new, "ours").unwrap();
        publish(&new, &file).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
        assert!(!new.exists());
    }
}
