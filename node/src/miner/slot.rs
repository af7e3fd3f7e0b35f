//! Where the coordinator leaves the current job for the mining threads.
//!
//! A job carries a generation. Replacing it wakes every thread that waits and is noticed, by one atomic load, by every
//! thread that hashes. One block at most is taken from a job: the first thread that solves it claims it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The current job of type `J`, shared by the coordinator and all threads.
#[derive(Debug)]
pub(super) struct Slot<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
    /// Written only under the lock. Threads read it without the lock, and only to learn that they should stop: what
    /// they then work on they get under the lock. So no ordering is needed.
    generation: AtomicU64,
}

#[derive(Debug)]
struct State<J> {
    job: Option<Arc<J>>,
    stopped: bool,
}

impl<J> Slot<J> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State { job: None, stopped: false }),
            changed: Condvar::new(),
            generation: AtomicU64::new(0),
        }
    }

    /// Replaces the job; with `None` the threads rest.
    pub(super) fn publish(&self, job: Option<Arc<J>>) {
        self.replace(&mut self.lock(), job);
    }

    /// Ends every thread.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        self.replace(&mut state, None);
    }

    /// Waits for a job and returns it with its generation; `None` when the threads shall end.
    pub(super) fn next(&self) -> Option<(u64, Arc<J>)> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(job) = &state.job {
                return Some((self.generation.load(Ordering::Relaxed), Arc::clone(job)));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns whether the job of `generation` is still the one to work on.
    pub(super) fn is_current(&self, generation: u64) -> bool {
        self.generation.load(Ordering::Relaxed) == generation
    }

    /// Waits until `time` has passed or the job of `generation` is replaced; returns whether it is still current.
    pub(super) fn sleep(&self, generation: u64, time: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), time, |_| self.is_current(generation));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.is_current(generation)
    }

    /// Claims the job of `generation` as solved: true for exactly one caller, and then no thread works on it any more.
    pub(super) fn claim(&self, generation: u64) -> bool {
        let mut state = self.lock();
        let current = self.is_current(generation);
        if current {
            self.replace(&mut state, None);
        }
        current
    }

    fn replace(&self, state: &mut State<J>, job: Option<Arc<J>>) {
        state.job = job;
        self.generation.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// No code panics while it holds this lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
