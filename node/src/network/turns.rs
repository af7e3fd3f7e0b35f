//! Work that runs side by side, and whose results reach the chain in the order in which it was begun.

use tokio::sync::oneshot;

/// Hands out the turns.
#[derive(Debug)]
pub(super) struct Turns {
    /// Done, or dropped, when the last one is over.
    last: oneshot::Receiver<()>,
}

/// When it is this work's turn. Dropping it is the next one's.
#[derive(Debug)]
pub(super) struct Turn {
    before: oneshot::Receiver<()>,
    over: oneshot::Sender<()>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { last: oneshot::channel().1 }
    }
}

impl Turns {
    pub(super) fn next(&mut self) -> Turn {
        let (over, last) = oneshot::channel();
        Turn { before: std::mem::replace(&mut self.last, last), over }
    }
}

impl Turn {
    /// Waits for the turn, and returns what ends it.
    pub(super) async fn come(self) -> impl Send {
        // The one before ends its turn by dropping, whatever became of it.
        drop(self.before.await);
        self.over
    }
}
