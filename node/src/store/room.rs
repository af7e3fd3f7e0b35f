//! The room on the disk. After a write that failed the engine neither reads nor writes until it is opened again, so it
//! is better not to begin one.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::StoreError;

/// Bytes for whatever is small, as thousands of transactions are, and other programs may write as well.
const LEAST_BYTES: u64 = 32 << 20;
/// Bytes that new blocks take for each of their own: their undo data and their rows come along, and the engine rounds
/// the pages of large values up to a power of two.
const GROWTH: u64 = 4;
/// Bytes that are written anew for each byte of a block that is connected or disconnected: of the smallest transaction's
/// 577 bytes come five rows, and each may be on a page of its own (4 KiB), which is not changed in place.
const REWRITING: u64 = 36;
/// How long something that had no room is missed; whoever still wants it asks again within this time.
const MISSED: Duration = Duration::from_mins(10);

/// What the disk was too full for.
#[derive(Debug, Default)]
pub(super) struct Room {
    missed: Mutex<Option<Missed>>,
}

#[derive(Debug, Clone, Copy)]
struct Missed {
    needed: u64,
    since: Instant,
}

impl Room {
    /// The same as [`has_room`]; that there is none is remembered and logged, and that there is some again.
    pub(super) fn check(&self, file: &Path, new: u64, old: u64) -> Result<(), StoreError> {
        let (free, needed) = (free_bytes(file), needed(file, new, old));
        let mut missed = self.missed();
        let before = missed.map(|missed| missed.needed);
        if free < needed {
            let error = no_room(file, free, needed);
            if before.is_none() {
                tracing::error!("{error}");
            }
            let needed = before.map_or(needed, |before| before.max(needed));
            *missed = Some(Missed { needed, since: Instant::now() });
            return Err(error);
        }
        if missed.take_if(|missed| free >= missed.needed).is_some() {
            tracing::warn!("there is room on the disk again, and everything goes on");
        }
        Ok(())
    }

    /// Returns an error when the disk of `file` has less than is always needed, or than was missed of late.
    pub(super) fn trouble(&self, file: &Path) -> Result<(), StoreError> {
        let free = free_bytes(file);
        let needed = self.missed().map_or(LEAST_BYTES, |missed| missed.needed);
        if free < needed { Err(no_room(file, free, needed)) } else { Ok(()) }
    }

    /// Returns what is still missed.
    fn missed(&self) -> MutexGuard<'_, Option<Missed>> {
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        missed.take_if(|missed| missed.since.elapsed() >= MISSED);
        missed
    }
}

fn no_room(file: &Path, free: u64, needed: u64) -> StoreError {
    StoreError::NoRoom { path: file.to_owned(), free, needed }
}

/// Returns whether the disk of `file` has what may be needed to write `new` bytes of blocks and to connect or disconnect
/// `old` bytes of stored ones.
pub(super) fn has_room(file: &Path, new: u64, old: u64) -> bool {
    free_bytes(file) >= needed(file, new, old)
}

/// Returns the most that a write may take.
fn needed(file: &Path, new: u64, old: u64) -> u64 {
    let file = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    // However many blocks move, no page of the file is written anew twice, and what they bring is no more than they are.
    let old = old.min(file);
    let rewritten = new.saturating_add(old).saturating_mul(REWRITING).min(file);
    [new.saturating_mul(GROWTH), old, rewritten].into_iter().fold(LEAST_BYTES, u64::saturating_add)
}

/// Returns the bytes that this user may still write to the disk of `path`; where the system does not tell, a write will.
#[cfg(unix)]
fn free_bytes(path: &Path) -> u64 {
    rustix::fs::statvfs(path).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> u64 {
    u64::MAX
}
