//! What is done with a store while no node runs on it: check it, export its blocks to a file, import them from one.

mod block_file;
mod check;
mod export;
mod import;
mod pipeline;

use std::path::PathBuf;

use shared::consensus::RuleError;
use shared::hash::BlockHash;

use crate::chain::{ChainThreadError, SubmitError};
use crate::store::StoreError;

pub use block_file::FileError;
pub use check::check;
pub use export::export;
pub use import::import;

/// How far a task has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The height that was reached.
    pub height: u64,
    /// The last height; `None` when it is not known before the end.
    pub last: Option<u64>,
    /// How many transactions there were so far.
    pub n_transactions: u64,
}

/// Is told how far a task has come, some times a second.
pub type Report<'a> = &'a mut (dyn FnMut(Progress) + Send);

/// A task ended before its end. Each message has the fact, the likely cause and the next step.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file of blocks cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// A stored block is invalid.
    #[error(
        "block {height} of the store {} is invalid: it breaks rule {}: {error} (block {hash}); all before it are \
         valid. The file was changed, or the program that wrote it was faulty: move it away and start again, or import \
         a backup", path.display(), error.id()
    )]
    Block {
        /// The store's file.
        path: PathBuf,
        /// The first invalid block's height.
        height: u64,
        /// Its hash.
        hash: BlockHash,
        /// The rule that it breaks.
        error: Box<RuleError>,
    },
    /// A stored block cannot be judged now.
    #[error(
        "block {height} of the store {} cannot be judged now, rule {}: {error} (block {hash}); all before it are valid, \
         and nothing says that this one is not. Set this computer's clock or use a newer version of this program, and \
         check again", path.display(), error.id()
    )]
    Undecided {
        /// The store's file.
        path: PathBuf,
        /// The block's height.
        height: u64,
        /// Its hash.
        hash: BlockHash,
        /// The rule that does not let it be judged.
        error: Box<RuleError>,
    },
    /// A block of the file was refused.
    #[error(
        "the block of height {height} in the file {} was refused: {error}; those before it are imported. The file may \
         come from a faulty program or be of another branch, or this computer's clock be behind: check it with the node \
         that wrote it", path.display()
    )]
    Refused {
        /// The file of blocks.
        path: PathBuf,
        /// The height that the block names.
        height: u64,
        /// Why.
        error: Box<SubmitError>,
    },
    /// The chain thread has ended.
    #[error(transparent)]
    Chain(#[from] ChainThreadError),
}
