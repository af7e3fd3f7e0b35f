//! Everything that a store holds, byte for byte.

use std::collections::BTreeMap;

use redb::{
    Database, Key, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition,
    TableHandle as _, Value,
};

use crate::disk::Disk;

/// Keys and values of one table, in order.
pub(crate) type Table = Vec<(Vec<u8>, Vec<u8>)>;

/// The tables by name. Those of a store that was left in order; free pages and the shape of trees do not count.
pub(crate) fn dump(disk: &Disk) -> BTreeMap<&'static str, Table> {
    let database = Database::builder().create_with_backend(Disk::with(disk.bytes())).unwrap();
    let transaction = database.begin_read().unwrap();
    let tables = BTreeMap::from([
        table::<&str, &[u8]>(&transaction, "meta"),
        table::<&[u8; 32], &[u8]>(&transaction, "blocks"),
        table::<(u64, &[u8; 32]), (&[u8; 80], bool)>(&transaction, "headers"),
        table::<u64, &[u8; 32]>(&transaction, "best"),
        table::<&[u8; 20], &[u8; 56]>(&transaction, "accounts"),
        table::<u64, &[u8]>(&transaction, "undo"),
        table::<&[u8; 32], (u64, u32, u32)>(&transaction, "transactions"),
        table::<(&[u8; 20], u64), ((u64, u32, u32), &[u8; 32])>(&transaction, "history"),
        table::<u64, (u64, &[u8])>(&transaction, "mempool"),
    ]);
    let mut names: Vec<_> = transaction.list_tables().unwrap().map(|table| table.name().to_owned()).collect();
    names.sort();
    assert!(
        tables.keys().copied().eq(names.iter().map(String::as_str)),
        "a table is missing here: {names:?}"
    );
    tables
}

fn table<K: Key + 'static, V: Value + 'static>(
    transaction: &ReadTransaction,
    name: &'static str,
) -> (&'static str, Table) {
    let table = transaction.open_table(TableDefinition::<K, V>::new(name)).unwrap();
    let entry = |entry: Result<(redb::AccessGuard<'_, K>, redb::AccessGuard<'_, V>), _>| {
        let (key, value) = entry.unwrap();
        let (key, value) = (key.value(), value.value());
        (K::as_bytes(&key).as_ref().to_vec(), V::as_bytes(&value).as_ref().to_vec())
    };
    (name, table.iter().unwrap().map(entry).collect())
}
