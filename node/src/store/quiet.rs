//! What the engine panics on. It does so on some damaged files, and again when what belongs to them is dropped.

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::StoreError;

/// Runs what uses the engine and turns a panic into an error. Nothing that was half done may be used after that.
pub(super) fn guard<T>(file: &Path, act: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_panic| {
        Err(StoreError::Corrupt { path: file.to_owned(), what: "its pages contradict each other".to_owned() })
    })
}

/// Something of the engine's that is dropped without a panic: whoever used it was told already.
pub(super) struct Quiet<T>(Option<T>);

impl<T> Quiet<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(Some(value))
    }

    pub(super) fn into_inner(mut self) -> T {
        self.0.take().expect("the value is there because only this and drop take it")
    }
}

impl<T> Deref for Quiet<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("the value is there because only into_inner and drop take it")
    }
}

impl<T> Drop for Quiet<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        drop(catch_unwind(AssertUnwindSafe(|| drop(value))));
    }
}
