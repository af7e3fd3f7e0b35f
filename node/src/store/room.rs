//! The room on the disk. After a write that failed the engine neither reads nor writes until it is opened again, so it
//! is better not to begin one.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::StoreError;

/// Bytes for whatever is small, as thousands of transactions are, and other programs may write as well.
const LEAST_BYTES: u64 = 32 << 20;
/// Bytes that new blocks take for each of their own: their undo data and their rows come along, and the engine rounds
/// the pages of large values up to a power of two.
const GROWTH: u64 = 4;
/// Bytes that are written anew for each byte of a block that is connected or disconnected: of the smallest transaction's
/// 577 bytes come five rows, and each may be on a page of its own (4 KiB), which is not changed in place.
const REWRITING: u64 = 40;
/// Bytes for each byte of the file that a write takes at most, however many blocks it moves: every page is written anew,
/// and there are rows and undo data of blocks that had none.
const WHOLE: u64 = 3;

/// What the disk was too full for.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// The most that was needed and not there; 0 when there was room since.
    missed: AtomicU64,
}

impl Room {
    /// Returns an error when the disk of `file` has less than may be needed to write `new` bytes of blocks and to connect
    /// or disconnect `old` bytes of others. The first of such errors is logged, and that there is room again.
    pub(super) fn check(&self, file: &Path, new: u64, old: u64) -> Result<(), StoreError> {
        // Where the system does not tell, a write will.
        let free = free_bytes(file).unwrap_or(u64::MAX);
        let needed = needed(new, old, std::fs::metadata(file).map_or(0, |metadata| metadata.len()));
        if free < needed {
            let error = no_room(file, free, needed);
            if self.missed.fetch_max(needed, Ordering::Relaxed) == 0 {
                tracing::error!("{error}");
            }
            return Err(error);
        }
        let missed = self.missed.load(Ordering::Relaxed);
        if missed > 0 && free >= missed && self.missed.swap(0, Ordering::Relaxed) > 0 {
            tracing::warn!("there is room on the disk again, and everything goes on");
        }
        Ok(())
    }

    /// Returns an error when the disk of `file` has less than is always needed, or than was missed.
    pub(super) fn trouble(&self, file: &Path) -> Result<(), StoreError> {
        let free = free_bytes(file).unwrap_or(u64::MAX);
        let needed = self.missed.load(Ordering::Relaxed).max(LEAST_BYTES);
        if free < needed { Err(no_room(file, free, needed)) } else { Ok(()) }
    }
}

fn no_room(file: &Path, free: u64, needed: u64) -> StoreError {
    StoreError::NoRoom { path: file.to_owned(), free, needed }
}

fn needed(new: u64, old: u64, file: u64) -> u64 {
    let rewritten = new.saturating_add(old).saturating_mul(REWRITING).min(file.saturating_mul(WHOLE));
    new.saturating_mul(GROWTH).saturating_add(rewritten).saturating_add(LEAST_BYTES)
}

/// Returns the bytes that this user may still write to the disk of `path`.
#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}
