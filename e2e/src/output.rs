//! What a program writes, as it comes.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::LIVENESS;

/// The text that a program has written so far, collected by a thread of its own so that the program never waits.
#[derive(Debug)]
pub struct Output(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    written: Mutex<Written>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Written {
    text: String,
    ended: bool,
}

impl Output {
    /// Collects everything that comes from `reader`, until it ends or fails.
    #[must_use]
    pub fn follow(mut reader: impl Read + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let output = Self(Arc::clone(&shared));
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            // The reading side of a terminal fails when the last writer is gone: that is its end.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                bytes.extend_from_slice(&buffer[..count]);
                shared.lock().text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
                shared.changed.notify_all();
            }
            shared.lock().ended = true;
            shared.changed.notify_all();
        });
        output
    }

    /// Returns what has been written so far.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.lock().text.clone()
    }

    /// Waits until `find` finds something in what has been written so far. `what` names it in the error.
    ///
    /// # Errors
    /// When the program ends, or time is up, without it.
    pub fn wait<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + LIVENESS;
        let mut written = self.0.lock();
        loop {
            if let Some(found) = find(&written.text) {
                return Ok(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if written.ended || left.is_zero() {
                let why = if written.ended { "the program has ended" } else { "time is up" };
                bail!("{why}, and there is no {what} in what it wrote:\n{}", written.text);
            }
            written = self.0.changed.wait_timeout(written, left).expect(UNPOISONED).0;
        }
    }

    /// Waits until nothing more can come, which is when the program has ended.
    ///
    /// # Errors
    /// When time is up.
    pub fn wait_for_end(&self) -> Result<()> {
        let written = self.0.lock();
        let (written, timeout) =
            self.0.changed.wait_timeout_while(written, LIVENESS, |written| !written.ended).expect(UNPOISONED);
        if timeout.timed_out() {
            bail!("the program does not end; it wrote:\n{}", written.text);
        }
        Ok(())
    }
}

const UNPOISONED: &str = "the lock is sound because nobody panics while holding it";

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().expect(UNPOISONED)
    }
}
