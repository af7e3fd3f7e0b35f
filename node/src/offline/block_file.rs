//! The file that blocks are exported to: 16 bytes of magic, the genesis hash, then for each block from height 1 on its
//! length (u32, little-endian), a checksum and its encoding; a length of 0 ends it.
//!
//! The checksum is the first 8 bytes of SHA-256 over length and encoding. It finds damage where it is, before any rule
//! is asked; what a block is worth, its own proof of work says.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use shared::codec::DecodeError;
use shared::hash::BlockHash;
use shared::spec::ChainSpec;

const MAGIC: &[u8; 16] = b"ironchain-blocks";
const START_BYTES: u64 = 48;
const CHECKSUM_BYTES: usize = 8;

/// The file of blocks cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FileError {
    /// Something else begins like this.
    #[error("{} is not a file of blocks; `node export FILE` makes one", path.display())]
    NotBlocks {
        /// The file.
        path: PathBuf,
    },
    /// It belongs to a chain with another genesis block.
    #[error(
        "{} holds blocks of the chain with genesis block {found}, not of the one asked for ({expected}); choose its \
         chain with --chain", path.display()
    )]
    OtherChain {
        /// The file.
        path: PathBuf,
        /// The genesis hash in the file.
        found: BlockHash,
        /// The genesis hash of the chain that was asked for.
        expected: BlockHash,
    },
    /// A block's bytes are not those that were written.
    #[error(
        "{} is damaged at byte {offset}, in the block after {before} others; what came before it is good. Copy the \
         file again from where it came", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the block begins.
        offset: u64,
        /// How many blocks stand before it.
        before: u64,
    },
    /// The bytes are those that were written, but no block.
    #[error(
        "{} holds no block of height {height}: {error}; it was made by another program or another version of this one",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which block.
        height: u64,
        /// What the decoder met.
        error: DecodeError,
    },
    /// The file has no end.
    #[error(
        "{} ends after {before} blocks, in the middle of the export; those are good. Finish it with `node export`, or \
         copy it again", path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// How many whole blocks it holds.
        before: u64,
    },
    /// An export would cut it off.
    #[error(
        "{} holds {file} whole blocks, and the chain to export ends after {chain}; nothing was changed. Take the file's \
         blocks in with `node import`, or export to another file", path.display()
    )]
    Longer {
        /// The file.
        path: PathBuf,
        /// How many whole blocks it holds.
        file: u64,
        /// The height of the chain's last block.
        chain: u64,
    },
    /// The operating system refused.
    #[error("cannot use {}: {source}; check the path, its rights and the room on its disk", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
}

fn checksum(block: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = Sha256::new().chain_update(length(block).to_le_bytes()).chain_update(block).finalize();
    let mut checksum = [0; CHECKSUM_BYTES];
    checksum.copy_from_slice(&digest[..CHECKSUM_BYTES]);
    checksum
}

fn length(block: &[u8]) -> u32 {
    u32::try_from(block.len()).expect("a block's length fits because BLK-1 limits blocks to a u32 of bytes")
}

/// Reads blocks one after another.
#[derive(Debug)]
pub(super) struct BlockReader {
    file: BufReader<File>,
    path: PathBuf,
    max_block_bytes: u32,
    /// Where the next block begins.
    offset: u64,
    /// How many blocks were read.
    count: u64,
    has_ended: bool,
}

impl BlockReader {
    /// Opens a file of `spec`'s chain.
    pub(super) fn open(path: &Path, spec: &ChainSpec) -> Result<Self, FileError> {
        let file = File::open(path).map_err(|error| io_error(path, error))?;
        Self::begin(file, path, spec)
    }

    fn begin(file: File, path: &Path, spec: &ChainSpec) -> Result<Self, FileError> {
        let mut reader = Self {
            file: BufReader::with_capacity(1 << 20, file),
            path: path.to_owned(),
            max_block_bytes: spec.rules().max_block_bytes,
            offset: START_BYTES,
            count: 0,
            has_ended: false,
        };
        let (mut magic, mut genesis) = ([0; 16], [0; 32]);
        let is_whole = reader.fill(&mut magic)? && reader.fill(&mut genesis)?;
        if !is_whole || magic != *MAGIC {
            return Err(FileError::NotBlocks { path: path.to_owned() });
        }
        let (found, expected) = (BlockHash(genesis), *spec.genesis_hash());
        if found != expected {
            return Err(FileError::OtherChain { path: path.to_owned(), found, expected });
        }
        Ok(reader)
    }

    /// Returns how many blocks were read: the height of the last.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Returns the next block's encoding; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, FileError> {
        if self.has_ended {
            return Ok(None);
        }
        let truncated = FileError::Truncated { path: self.path.clone(), before: self.count };
        let damaged = FileError::Damaged { path: self.path.clone(), offset: self.offset, before: self.count };
        let (mut length, mut expected) = ([0; 4], [0; CHECKSUM_BYTES]);
        if !self.fill(&mut length)? {
            return Err(truncated);
        }
        let length = u32::from_le_bytes(length);
        if length == 0 {
            self.has_ended = true;
            return Ok(None);
        }
        // No more is reserved than a block may have, whatever the file claims.
        let Some(bytes) = usize::try_from(length).ok().filter(|_| length <= self.max_block_bytes) else {
            return Err(damaged);
        };
        let mut block = vec![0; bytes];
        if !self.fill(&mut expected)? || !self.fill(&mut block)? {
            return Err(truncated);
        }
        if checksum(&block) != expected {
            return Err(damaged);
        }
        self.offset += 4 + u64::from(length) + expected.len() as u64;
        self.count += 1;
        Ok(Some(block))
    }

    /// Fills `bytes`; says whether there were enough.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<bool, FileError> {
        match self.file.read_exact(bytes) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(io_error(&self.path, error)),
        }
    }
}

/// Writes blocks one after another.
#[derive(Debug)]
pub(super) struct BlockWriter {
    file: BufWriter<File>,
    path: PathBuf,
}

impl BlockWriter {
    /// Opens a file for a chain of `chain` blocks: a new one, or one that was begun before, behind its last block that
    /// `is_current` accepts.
    ///
    /// Returns how many blocks are in it.
    ///
    /// # Errors
    /// When it cannot be used, holds more blocks than the chain has, or `is_current` fails. It is as it was then.
    pub(super) fn open<E: From<FileError>>(
        path: &Path,
        spec: &ChainSpec,
        chain: u64,
        mut is_current: impl FnMut(u64, &[u8]) -> Result<bool, E>,
    ) -> Result<(Self, u64), E> {
        let explain = |error| io_error(path, error);
        let open = File::options().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = open.map_err(explain)?;
        let (mut end, mut count) = (START_BYTES, 0);
        if file.metadata().map_err(explain)?.len() == 0 {
            file.write_all(MAGIC)
                .and_then(|()| file.write_all(spec.genesis_hash().as_bytes()))
                .map_err(explain)?;
        } else {
            let mut reader = BlockReader::begin(file.try_clone().map_err(explain)?, path, spec)?;
            loop {
                match reader.next() {
                    Ok(Some(block)) => {
                        // What follows one that is not current is of another branch, and written anew.
                        let is_next = reader.count == count + 1 && reader.count <= chain;
                        if is_next && is_current(reader.count, &block)? {
                            (end, count) = (reader.offset, reader.count);
                        }
                    }
                    // So is what is unfinished or damaged.
                    Ok(None) | Err(FileError::Truncated { .. } | FileError::Damaged { .. }) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            if reader.count > chain {
                return Err(FileError::Longer { path: path.to_owned(), file: reader.count, chain }.into());
            }
        }
        file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end))).map_err(explain)?;
        Ok((Self { file: BufWriter::with_capacity(1 << 20, file), path: path.to_owned() }, count))
    }

    pub(super) fn write(&mut self, block: &[u8]) -> Result<(), FileError> {
        self.file
            .write_all(&length(block).to_le_bytes())
            .and_then(|()| self.file.write_all(&checksum(block)))
            .and_then(|()| self.file.write_all(block))
            .map_err(|error| io_error(&self.path, error))
    }

    /// Writes the end and makes all durable.
    pub(super) fn finish(mut self) -> Result<(), FileError> {
        self.file
            .write_all(&0_u32.to_le_bytes())
            .and_then(|()| self.file.flush())
            .and_then(|()| self.file.get_ref().sync_all())
            .map_err(|error| io_error(&self.path, error))
    }
}

fn io_error(path: &Path, error: io::Error) -> FileError {
    FileError::Io { path: path.to_owned(), source: Arc::new(error) }
}
