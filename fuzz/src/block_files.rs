//! Files of blocks, as they may come from elsewhere.

use std::path::Path;
use std::sync::Arc;

use arbitrary::Arbitrary;
use node::clock::SystemClock;
use node::offline::{FileError, OfflineError, export, import};
use sha2::{Digest as _, Sha256};
use shared::address::Address;
use shared::codec::encode;
use shared::spec::ChainSpec;
use shared::state::Account;
use tempfile::TempDir;

use crate::folder;
use crate::stores::{accounts_of, blocks, fill, open};

/// What begins a file: its magic and the genesis hash.
const START_BYTES: usize = 48;
const CHECKSUM_BYTES: usize = 8;

/// What a file is made of.
#[derive(Debug, Arbitrary)]
pub struct BlockFile {
    /// What stands where magic and genesis hash belong.
    start: Option<Vec<u8>>,
    parts: Vec<Part>,
}

#[derive(Debug, Arbitrary)]
enum Part {
    /// A block of the vectors' chain, from height 1 on, and which bits of it are others.
    Block {
        number: u8,
        flips: Vec<(u16, u8)>,
        has_checksum: bool,
    },
    /// What may be no block at all.
    Bytes {
        bytes: Vec<u8>,
        has_checksum: bool,
    },
    End,
}

/// A store whose blocks a file may hold.
pub struct Source {
    spec: Arc<ChainSpec>,
    directory: TempDir,
    blocks: Vec<Vec<u8>>,
    accounts: Vec<Vec<(Address, Account)>>,
    exported: Vec<u8>,
}

impl Source {
    /// Makes it of the test vectors' chain.
    pub fn new() -> Self {
        let spec = Arc::new(ChainSpec::dev());
        let directory = folder();
        let accounts = fill(directory.path(), &spec);
        let mut source = Self {
            spec,
            directory,
            blocks: blocks().iter().map(encode).collect(),
            accounts,
            exported: Vec::new(),
        };
        let folder = folder();
        let file = folder.path().join("blocks");
        source.export(&file).expect("a whole store is exported");
        source.exported = read(&file);
        source
    }

    fn export(&self, file: &Path) -> Result<(), OfflineError> {
        export(self.directory.path(), &self.spec, file, &mut |_| ()).map(drop)
    }

    /// Imports the file, and lets an export go on with it.
    pub fn try_file(&self, made: &BlockFile) {
        let folder = folder();
        let (file, imported) = (folder.path().join("blocks"), folder.path().join("store"));
        let bytes = self.bytes(made);
        std::fs::write(&file, &bytes).expect("the system has room for a small file");

        // Whatever was wrong with it: what came before that is there, and it is right.
        let _result = import(&imported, &self.spec, &file, Arc::new(SystemClock), &mut |_| ());
        let (chain, thread) = open(&imported, &self.spec);
        let height = usize::try_from(chain.view().tip.height).expect("heights are small here");
        assert_eq!(Some(&accounts_of(&chain)), self.accounts.get(height));
        drop(chain);
        thread.join().expect("nothing is damaged");

        match self.export(&file) {
            Ok(()) => assert!(read(&file) == self.exported, "the export did not mend the file"),
            Err(OfflineError::File(
                FileError::NotBlocks { .. } | FileError::OtherChain { .. } | FileError::Longer { .. },
            )) => {
                assert!(read(&file) == bytes, "the export changed what is not its own");
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn bytes(&self, made: &BlockFile) -> Vec<u8> {
        let start = made.start.as_deref().unwrap_or(&self.exported[..START_BYTES.min(self.exported.len())]);
        let mut bytes = start.to_vec();
        for part in &made.parts {
            match part {
                Part::Block { number, flips, has_checksum } => {
                    let mut block = self.blocks[usize::from(*number) % self.blocks.len()].clone();
                    for &(position, bits) in flips {
                        let position = usize::from(position) % block.len();
                        block[position] ^= bits;
                    }
                    append(&mut bytes, &block, *has_checksum);
                }
                Part::Bytes { bytes: block, has_checksum } => append(&mut bytes, block, *has_checksum),
                Part::End => bytes.extend([0; 4]),
            }
        }
        bytes
    }
}

impl Default for Source {
    fn default() -> Self {
        Self::new()
    }
}

fn append(bytes: &mut Vec<u8>, block: &[u8], has_checksum: bool) {
    let length = u32::try_from(block.len()).expect("inputs are small").to_le_bytes();
    bytes.extend(length);
    if has_checksum {
        let digest = Sha256::new().chain_update(length).chain_update(block).finalize();
        bytes.extend(&digest[..CHECKSUM_BYTES]);
    }
    bytes.extend(block);
}

fn read(file: &Path) -> Vec<u8> {
    std::fs::read(file).expect("the file was just written")
}
