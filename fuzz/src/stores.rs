//! A store on disk, and what may have become of its bytes.

use std::path::Path;
use std::sync::Arc;

use arbitrary::Arbitrary;
use node::chain::{self, ChainHandle, Options};
use node::clock::SystemClock;
use node::store::{STORE_FILE, Store, StoreError};
use node::verifier::AwsLcVerifier;
use redb::StorageBackend as _;
use redb::backends::InMemoryBackend;
use shared::address::Address;
use shared::block::Block;
use shared::codec::decode;
use shared::consensus::{BodyContext, check_body};
use shared::spec::ChainSpec;
use shared::state::Account;

use crate::folder;

/// Bytes that are not what was written. Every page is looked at first, as it is in small files: in larger ones the engine
/// itself may abort at a page of its own that is not what it wrote.
#[derive(Debug, Arbitrary)]
pub struct Damage {
    /// Where, from the file's beginning and modulo its length, and which bits.
    flips: Vec<(u32, u8)>,
    /// Whether the file ends before its end.
    cut: Option<u32>,
}

/// A store with blocks, payments and their undo data, and the accounts at each height.
pub struct Whole {
    spec: Arc<ChainSpec>,
    bytes: Vec<u8>,
    accounts: Vec<Vec<(Address, Account)>>,
}

impl Whole {
    /// Makes it of the test vectors' chain.
    pub fn new() -> Self {
        let spec = Arc::new(ChainSpec::dev());
        let directory = folder();
        let accounts = fill(directory.path(), &spec);
        let bytes = std::fs::read(directory.path().join(STORE_FILE)).expect("the store was closed");
        Self { spec, bytes, accounts }
    }

    /// Opens what the damage leaves and reads all of it: either somebody is told, or the balances are right.
    pub fn open(&self, damage: &Damage) {
        let Ok((chain, thread)) = self.start(damage) else { return };
        let height = usize::try_from(chain.view().tip.height).expect("heights are small here");
        assert_eq!(Some(&accounts_of(&chain)), self.accounts.get(height));
        // Errors are what is expected of damage; a panic is not.
        if let Ok(snapshot) = chain.snapshot() {
            for height in 0..self.accounts.len() as u64 {
                let hash = snapshot.hash_at(height).ok().flatten();
                let _block = hash.map(|hash| snapshot.block(&hash));
            }
            for (address, _) in self.accounts.last().into_iter().flatten() {
                let _account = snapshot.account(address);
                let _history = snapshot.history(address, None, None, 100);
            }
            let _headers = snapshot.best_headers(0, 100);
        }
        drop(chain);
        if let Err(chain::ChainThreadError::Panicked) = thread.join() {
            panic!("the chain thread panicked");
        }
    }

    fn start(&self, damage: &Damage) -> Result<(ChainHandle, chain::ChainThread), StoreError> {
        let mut bytes = self.bytes.clone();
        for &(position, bits) in &damage.flips {
            let position = position as usize % bytes.len();
            bytes[position] ^= bits;
        }
        if let Some(cut) = damage.cut {
            // An empty file is refused before anything is opened.
            bytes.truncate((cut as usize % bytes.len()).max(1));
        }
        let disk = InMemoryBackend::new();
        disk.set_len(bytes.len() as u64).expect("memory has no end here");
        disk.write(0, &bytes).expect("memory has no end here");
        // The store looks whether its file is still there before it calls anything durable; nothing is written here.
        let store = Store::open_on(disk, Path::new(STORE_FILE), &self.spec, true)?;
        chain::start(Arc::clone(&self.spec), store, Arc::new(SystemClock), Options::default())
    }
}

impl Default for Whole {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes a store of the test vectors' chain, and returns the accounts at each height.
pub(crate) fn fill(directory: &Path, spec: &Arc<ChainSpec>) -> Vec<Vec<(Address, Account)>> {
    let (chain, thread) = open(directory, spec);
    let mut accounts = vec![Vec::new()];
    for block in blocks() {
        let height = block.coinbase.height;
        let context = BodyContext { spec, height, verifier: &AwsLcVerifier, is_verified: &|_| false };
        let block = check_body(&context, block).expect("the vectors' blocks are valid");
        chain.blocking_submit_blocks(vec![block]).expect("the vectors' blocks are valid");
        accounts.push(accounts_of(&chain));
    }
    drop(chain);
    thread.join().expect("nothing is damaged yet");
    accounts
}

/// Opens the store in a directory that nothing has damaged.
pub(crate) fn open(directory: &Path, spec: &Arc<ChainSpec>) -> (ChainHandle, chain::ChainThread) {
    let store = Store::open(directory, spec).expect("there is a whole store, or none");
    chain::start(Arc::clone(spec), store, Arc::new(SystemClock), Options::default()).expect("it is whole")
}

pub(crate) fn accounts_of(chain: &ChainHandle) -> Vec<(Address, Account)> {
    chain.view().accounts.iter().map(|(address, account)| (*address, *account)).collect()
}

pub(crate) fn blocks() -> Vec<Block> {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../../shared/vectors/chain.json"))
        .expect("the vectors are valid JSON");
    let blocks = vectors["blocks"].as_array().into_iter().flatten();
    let bytes = blocks.map(|block| hex::decode(block["block"].as_str().unwrap_or_default()));
    let decoded = bytes.map(|bytes| decode(&bytes.expect("the vectors are hex")));
    decoded.map(|block| block.expect("the vectors' blocks are encoded right")).collect()
}
