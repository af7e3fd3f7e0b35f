use shared::spec::ChainSpec;

use super::tables::META_SCHEMA;
use super::upgrade::Step;
use super::{Batch, Engine, Store, StoreError};

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
