//! The store on disk: one redb file with blocks, headers, accounts, undo data, indexes and the mempool.
//!
//! One writer (the chain thread), any number of readers with snapshots. It judges nothing: it keeps what the chain
//! thread tells it, one atomic durable write a block or reorg.

mod batch;
mod error;
mod index;
mod load;
mod quiet;
mod room;
mod rows;
mod snapshot;
mod tables;
#[cfg(test)]
mod tests;
mod upgrade;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, Durability, ReadableDatabase};
use shared::address::Address;
use shared::codec;
use shared::spec::ChainSpec;

pub(crate) use batch::Batch;
pub use error::StoreError;
pub(crate) use index::IndexSums;
pub(crate) use load::StoredHeader;
pub use snapshot::{HistoryEvent, HistoryItem, HistoryPage, Snapshot, StoredBlock, StoredTransaction};

use quiet::{Quiet, guard};
use room::Room;
use tables::{META, SCHEMA};

/// The store's file inside the data directory.
pub const STORE_FILE: &str = "chain.redb";

/// How the name of a store begins that is still being made; the maker's process follows.
const UNFINISHED: &str = "chain.new-";

/// Bytes of redb's page cache. Balances are answered from memory; this serves blocks and histories, and an idle node
/// shall stay below 40 MiB in all.
const CACHE_BYTES: usize = 16 << 20;

/// The size of a file up to which every page of it is verified when it is opened. What the engine does with a page of
/// its own that is not what it wrote ranges from an error to an abort; looking at all of a larger file would keep its
/// user waiting, so there it is left to `node check`.
const VERIFIED_BYTES: u64 = 64 << 20;

/// What the engine says inside of this module; it becomes a [`StoreError`] at its border.
type Engine<T> = Result<T, redb::Error>;

/// The write side of the store.
#[derive(Debug)]
pub struct Store {
    reader: Reader,
}

/// The read side of the store. Cloning it is cheap.
#[derive(Clone)]
pub(crate) struct Reader {
    database: Arc<Quiet<Database>>,
    path: Arc<Path>,
    room: Arc<Room>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Reader {
    /// Returns whether the disk has what may be needed to write `new` bytes of blocks and to connect or disconnect `old`
    /// bytes of stored ones.
    pub(crate) fn has_room(&self, new: u64, old: u64) -> bool {
        room::has_room(&self.path, new, old)
    }

    /// Returns an error when the disk has not; it is [`Reader::trouble`] for a while.
    pub(crate) fn check_room(&self, new: u64, old: u64) -> Result<(), StoreError> {
        self.room.check(&self.path, new, old)
    }

    /// Returns an error while the disk is too full for whatever may come, or for something that came of late.
    pub(crate) fn trouble(&self) -> Result<(), StoreError> {
        self.room.trouble(&self.path)
    }

    /// Runs what reads a store for the first time, which may be damaged.
    pub(crate) fn guard<T>(&self, read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        guard(&self.path, read)
    }
}

fn existing_file(directory: &Path) -> Result<PathBuf, StoreError> {
    let file = directory.join(STORE_FILE);
    match std::fs::metadata(&file) {
        // The engine would take an empty file for a new one, and nobody would learn that the old one is gone.
        Ok(metadata) if metadata.len() == 0 => {
            Err(StoreError::Corrupt { path: file, what: "it is empty".to_owned() })
        }
        Ok(_) => Ok(file),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(StoreError::Missing { path: file }),
        Err(error) => Err(StoreError::explain_io(file, error)),
    }
}

/// Removes the stores in `directory` whose makers were killed. One that is still being made is removed as well: another
/// store has its name by now.
fn remove_unfinished(directory: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Gives the file `new` the name `file`, durably, unless there is one of that name.
fn publish(new: &Path, file: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(new, file) {
        // Not every disk knows links.
        Err(error) if error.kind() != ErrorKind::AlreadyExists && !file.exists() => {
            std::fs::rename(new, file)?;
        }
        Ok(()) | Err(_) => remove(new)?,
    }
    // The name is in the directory, and as durable as that.
    #[cfg(unix)]
    std::fs::File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

impl Store {
    /// Opens the store of `spec`'s chain in the directory `path`, and makes both when they are not there.
    ///
    /// # Errors
    /// When the store is locked, damaged, of a newer version or of another chain, or the disk refuses.
    pub fn open(path: &Path, spec: &ChainSpec) -> Result<Self, StoreError> {
        std::fs::create_dir_all(path).map_err(|error| StoreError::explain_io(path.to_owned(), error))?;
        let file = path.join(STORE_FILE);
        if !file.exists() {
            Self::make(&file, spec)?;
        }
        let store = Self::open_existing(path, spec)?;
        if let Err(error) = remove_unfinished(path) {
            tracing::warn!("what an earlier start left in {} cannot be removed: {error}", path.display());
        }
        Ok(store)
    }

    /// Makes a store under another name first, so that one whose making was interrupted never passes for one that was
    /// damaged, nor the other way round. The name is this process's own, and what another one has made meanwhile stays.
    fn make(file: &Path, spec: &ChainSpec) -> Result<(), StoreError> {
        let explain = |error| StoreError::explain_io(file.to_owned(), error);
        let new = file.with_file_name(format!("{UNFINISHED}{}", std::process::id()));
        remove(&new).map_err(explain)?;
        drop(Self::open_with(&new, spec, |builder| builder.create(&new))?);
        publish(&new, file).map_err(explain)
    }

    /// Opens a store that is there.
    ///
    /// # Errors
    /// As [`Store::open`], and when there is none.
    pub fn open_existing(path: &Path, spec: &ChainSpec) -> Result<Self, StoreError> {
        let file = existing_file(path)?;
        let bytes =
            std::fs::metadata(&file).map_err(|error| StoreError::explain_io(file.clone(), error))?.len();
        let is_small = bytes <= VERIFIED_BYTES;
        Self::open_with(&file, spec, |builder| builder.set_check_integrity_on_open(is_small).open(&file))
    }

    /// Opens a store that is there after having looked at every page of its file.
    ///
    /// # Errors
    /// As [`Store::open_existing`], and when a page is not what was written.
    pub fn open_whole(path: &Path, spec: &ChainSpec) -> Result<Self, StoreError> {
        let file = existing_file(path)?;
        Self::open_with(&file, spec, |builder| builder.set_check_integrity_on_open(true).open(&file))
    }

    /// Opens the store that `backend` holds, and looks at every page first if `verify`; `file` is what it is called and
    /// must exist.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_on(
        backend: impl redb::StorageBackend,
        file: &Path,
        spec: &ChainSpec,
        verify: bool,
    ) -> Result<Self, StoreError> {
        Self::open_with(file, spec, |builder| {
            builder.set_check_integrity_on_open(verify).create_with_backend(backend)
        })
    }

    fn open_with(
        file: &Path,
        spec: &ChainSpec,
        open: impl FnOnce(&mut redb::Builder) -> Result<Database, redb::DatabaseError>,
    ) -> Result<Self, StoreError> {
        guard(file, || {
            let database = open(Database::builder().set_cache_size(CACHE_BYTES))
                .map_err(|error| StoreError::explain(file, error.into()))?;
            let database = Arc::new(Quiet::new(database));
            let store = Self { reader: Reader { database, path: file.into(), room: Arc::default() } };
            if store.is_new()? {
                store.initialize(spec)?;
            }
            store.check_chain(spec)?;
            store.upgrade(&upgrade::STEPS)?;
            Ok(store)
        })
    }

    /// Returns the store's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.reader.path
    }

    /// Returns the address that earns the rewards, once it is known.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn miner(&self) -> Result<Option<Address>, StoreError> {
        let bytes = self.meta(tables::META_MINER)?;
        Ok(bytes.and_then(|bytes| <[u8; 20]>::try_from(bytes).ok()).map(Address))
    }

    /// Remembers the address that earns the rewards.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn set_miner(&self, address: &Address) -> Result<(), StoreError> {
        self.write(|batch| batch.put_meta(tables::META_MINER, &address.0))
    }

    pub(crate) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Runs `fill` in one write transaction and makes it durable; nothing is written when it fails.
    pub(crate) fn write(&self, fill: impl FnOnce(&Batch) -> Engine<()>) -> Result<(), StoreError> {
        let batch = self.begin()?;
        self.run(|| fill(&batch))?;
        self.commit(batch)
    }

    /// Begins a write transaction, which has no effect unless it is committed.
    pub(crate) fn begin(&self) -> Result<Batch, StoreError> {
        let begin = || -> Engine<Batch> {
            let mut transaction = self.reader.database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            // Two phases: whatever a power cut leaves of the last commit, the one before it is whole.
            transaction.set_two_phase_commit(true);
            // And the next start need not walk the whole file to repair it. It costs nothing that can be measured.
            transaction.set_quick_repair(true);
            Ok(Batch::new(transaction))
        };
        self.run(begin)
    }

    /// Makes `batch` durable. Fails as well when nobody would find it again.
    pub(crate) fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.run(|| batch.commit())?;
        // What is written to a file without a name is lost with the process, and no error would ever tell.
        let path = &self.reader.path;
        if path.exists() { Ok(()) } else { Err(StoreError::Gone { path: path.to_path_buf() }) }
    }

    /// Runs what uses the engine, and explains what it says.
    pub(crate) fn run<T>(&self, act: impl FnOnce() -> Engine<T>) -> Result<T, StoreError> {
        let path = &self.reader.path;
        guard(path, || act().map_err(|error| StoreError::explain(path, error)))
    }

    /// Says what is wrong with the file's content.
    pub(crate) fn corrupt(&self, what: String) -> StoreError {
        StoreError::Corrupt { path: self.reader.path.to_path_buf(), what }
    }

    fn is_new(&self) -> Result<bool, StoreError> {
        let is_new = || -> Engine<bool> {
            let transaction = self.reader.database.begin_read()?;
            Ok(transaction.list_tables()?.next().is_none())
        };
        self.run(is_new)
    }

    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let read = || -> Engine<Option<Vec<u8>>> {
            let transaction = self.reader.database.begin_read()?;
            Ok(transaction.open_table(META)?.get(name)?.map(|value| value.value().to_vec()))
        };
        self.run(read)
    }

    /// Makes all tables, so that readers find them, and puts genesis in.
    fn initialize(&self, spec: &ChainSpec) -> Result<(), StoreError> {
        self.write(|batch| {
            batch.create_tables()?;
            batch.put_meta(tables::META_SCHEMA, &SCHEMA.to_le_bytes())?;
            batch.put_meta(tables::META_GENESIS, spec.genesis_hash().as_bytes())?;
            batch.put_genesis(spec.genesis_hash(), &codec::encode(spec.genesis()))
        })
    }

    fn check_chain(&self, spec: &ChainSpec) -> Result<(), StoreError> {
        let found = self.meta(tables::META_GENESIS)?.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        match found.map(shared::hash::BlockHash) {
            Some(found) if found == *spec.genesis_hash() => Ok(()),
            Some(found) => Err(StoreError::OtherChain {
                path: self.reader.path.to_path_buf(),
                found,
                expected: *spec.genesis_hash(),
            }),
            None => Err(self.corrupt("it names no genesis block".to_owned())),
        }
    }
}
