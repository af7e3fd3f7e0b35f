//! What the targets share: the properties that hold whatever comes in.

use std::path::Path;

use borsh::{BorshDeserialize, BorshSerialize};
use shared::codec::{decode, encode};
use tempfile::TempDir;

pub mod accounts;
pub mod block_files;
pub mod blocks;
pub mod mempools;
pub mod stores;

/// What decodes encodes to the same bytes.
pub fn canonical<T: BorshSerialize + BorshDeserialize>(bytes: &[u8]) -> Option<T> {
    let value = decode::<T>(bytes).ok()?;
    assert_eq!(encode(&value), bytes);
    Some(value)
}

/// Calls `read` with the bytes as text, if they are one.
pub fn as_text(bytes: &[u8], read: impl FnOnce(&str)) {
    if let Ok(text) = core::str::from_utf8(bytes) {
        read(text);
    }
}

/// Makes a folder for small files, in memory where the system has such a place: no target is about power cuts.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("the system has room for small files")
}
