//! When what is known of others is written down, and in which order. Strangers can earn bans by the thousand: the event
//! loop waits for the disk only when an operator waits too, and at the end.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::peer_file::{self, PeerFileError};
use crate::peers::Saved;

/// However many bans there are, they are written so often, and a ban no later.
const SOON: Duration = Duration::from_secs(2);
/// Addresses and neighbours can be learnt again.
const REST: Duration = Duration::from_mins(5);

/// See the module.
#[derive(Debug)]
pub(super) struct Saves {
    file: Arc<PeerFile>,
    /// The number of the last one.
    number: u64,
    begun: Instant,
    has_bans: bool,
    /// Whether one is written aside.
    is_running: bool,
}

/// The file, which may be written from several threads.
#[derive(Debug)]
struct PeerFile {
    data_dir: PathBuf,
    /// The number of the newest that was written.
    newest: Mutex<u64>,
}

impl PeerFile {
    /// Writes, unless something newer was written.
    fn write(&self, number: u64, saved: &Saved) -> Result<(), PeerFileError> {
        // A number is right whatever panicked.
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if number > *newest {
            peer_file::save(&self.data_dir, saved)?;
            *newest = number;
        }
        Ok(())
    }
}

impl Saves {
    pub(super) fn new(data_dir: PathBuf, now: Instant) -> Self {
        let file = Arc::new(PeerFile { data_dir, newest: Mutex::new(0) });
        Self { file, number: 0, begun: now, has_bans: false, is_running: false }
    }

    /// Notes that somebody was banned.
    pub(super) fn banned(&mut self) {
        self.has_bans = true;
    }

    /// Returns whether something is to be written aside.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let pause = if self.has_bans { SOON } else { REST };
        !self.is_running && now.saturating_duration_since(self.begun) >= pause
    }

    /// Returns what writes on another thread; [`Saves::ended`] must follow.
    pub(super) fn aside(
        &mut self,
        saved: Saved,
        now: Instant,
    ) -> impl FnOnce() -> Result<(), PeerFileError> + Send + use<> {
        self.is_running = true;
        let (file, number) = (Arc::clone(&self.file), self.next(now));
        move || file.write(number, &saved)
    }

    /// Notes that what was written aside is.
    pub(super) fn ended(&mut self) {
        self.is_running = false;
    }

    /// Writes at once, after whatever is being written.
    pub(super) fn at_once(&mut self, saved: &Saved, now: Instant) -> Result<(), PeerFileError> {
        let number = self.next(now);
        self.file.write(number, saved)
    }

    fn next(&mut self, now: Instant) -> u64 {
        self.number += 1;
        (self.begun, self.has_bans) = (now, false);
        self.number
    }
}

#[cfg(test)]
mod tests;
