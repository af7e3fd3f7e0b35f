//! What can be wrong with the store, in words for the operator: fact, likely cause, next step.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use shared::hash::BlockHash;

/// The store cannot be opened, read or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Two nodes must not write one store.
    #[error(
        "cannot open the store {}: it is locked, most likely by another running node; stop that node or choose \
         another directory with --data-dir", path.display()
    )]
    Locked {
        /// The store's file.
        path: PathBuf,
    },
    /// There is none.
    #[error(
        "there is no store {}; say which one with the node's PORT, --chain or --data-dir, as when it was started",
        path.display()
    )]
    Missing {
        /// The file that is not there.
        path: PathBuf,
    },
    /// A later version of this program wrote it.
    #[error(
        "cannot open the store {}: its schema is version {found}, and this program knows versions up to \
         {supported}; start a newer version of the program, or choose another directory with --data-dir",
        path.display()
    )]
    NewerSchema {
        /// The store's file.
        path: PathBuf,
        /// The version in the file.
        found: u32,
        /// The newest version that this program knows.
        supported: u32,
    },
    /// It belongs to a chain with another genesis block.
    #[error(
        "cannot use the store {}: it holds the chain with genesis block {found}, not the one asked for \
         ({expected}); choose the chain that it belongs to with --chain, or another directory with --data-dir",
        path.display()
    )]
    OtherChain {
        /// The store's file.
        path: PathBuf,
        /// The genesis hash in the file.
        found: BlockHash,
        /// The genesis hash of the chain that was asked for.
        expected: BlockHash,
    },
    /// The file is damaged, or no store at all.
    #[error(
        "the store {} is damaged or not a store: {what}; the cause may be a failing disk or another program that \
         wrote to the file; move the file away and start again to build a new one (keys are not in it)",
        path.display()
    )]
    Corrupt {
        /// The store's file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// The file was removed or moved while it was in use.
    #[error(
        "the store {} is gone: it was removed or moved while the node was using it; put it back, or start again to \
         build a new one (keys are not in it)", path.display()
    )]
    Gone {
        /// The store's file.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("cannot write the store {}: the disk is full; free some space and start again", path.display())]
    DiskFull {
        /// The store's file.
        path: PathBuf,
    },
    /// There is so little room left that a write might fail in its middle; nothing was written.
    #[error(
        "the disk is nearly full: {} has {} MiB left, less than the {} MiB that the store {} may need; what has no \
         room is refused until some space is freed",
        path.parent().unwrap_or(path).display(), free >> 20, needed >> 20, path.display()
    )]
    NoRoom {
        /// The store's file.
        path: PathBuf,
        /// The bytes that are left.
        free: u64,
        /// The bytes that should be.
        needed: u64,
    },
    /// The operating system refused.
    #[error(
        "cannot use the store {}: {source}; check that the directory exists, that this user may write there and \
         that the disk is healthy, or choose another directory with --data-dir", path.display()
    )]
    Io {
        /// The store's file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<std::io::Error>,
    },
    /// The engine refused, for a reason that none of the others names.
    #[error(
        "the store {} failed: {source}; start the node again, and if this repeats move the file away",
        path.display()
    )]
    Engine {
        /// The store's file.
        path: PathBuf,
        /// What the engine said.
        source: Arc<redb::Error>,
    },
}

impl StoreError {
    /// Explains what the engine said of the file at `path`.
    pub(super) fn explain(path: &Path, error: redb::Error) -> Self {
        let path = path.to_owned();
        match error {
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => Self::Locked { path },
            redb::Error::Corrupted(what) => Self::Corrupt { path, what },
            redb::Error::Io(source) => Self::explain_io(path, source),
            error @ (redb::Error::TableTypeMismatch { .. }
            | redb::Error::TypeDefinitionChanged { .. }
            | redb::Error::TableDoesNotExist(_)
            | redb::Error::TableIsMultimap(_)
            | redb::Error::UpgradeRequired(_)) => Self::Corrupt { path, what: error.to_string() },
            error => Self::Engine { path, source: Arc::new(error) },
        }
    }

    /// Explains what the operating system said of `path`.
    pub(super) fn explain_io(path: PathBuf, source: std::io::Error) -> Self {
        match source.kind() {
            // The engine reports so a file that does not begin or end as its own do.
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                Self::Corrupt { path, what: source.to_string() }
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { path, source: Arc::new(source) },
        }
    }
}
