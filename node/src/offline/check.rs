//! Validates a store from genesis, and believes nothing in it.

use std::path::Path;
use std::sync::Arc;

use shared::block::{Block, Header};
use shared::codec;
use shared::consensus::{
    BodyContext, CheckedBlock, RuleError, Verdict, check_body, check_header, check_header_alone,
};
use shared::hash::BlockHash;
use shared::ledger::Ledger;
use shared::pow::Ancestry;
use shared::spec::ChainSpec;

use super::pipeline::{self, GROUP_BLOCKS, GROUP_BYTES};
use super::{OfflineError, Progress, Report};
use crate::chain::load_tree;
use crate::headers::Node;
use crate::store::{IndexSums, Snapshot, Store, StoreError};
use crate::verifier::AwsLcVerifier;

/// A stored block.
pub(super) struct Stored {
    height: u64,
    hash: BlockHash,
    pub(super) bytes: Vec<u8>,
}

/// The same, taken apart.
struct Prepared {
    height: u64,
    hash: BlockHash,
    header: Header,
    body: Result<CheckedBlock, RuleError>,
}

impl Stored {
    /// Reads the block of the best chain at `height`.
    pub(super) fn best(store: &Store, snapshot: &Snapshot, height: u64) -> Result<Self, StoreError> {
        let (hash, bytes) = snapshot
            .best_block(height)?
            .ok_or_else(|| store.corrupt(format!("block {height} is missing")))?;
        Ok(Self { height, hash, bytes })
    }

    /// Checks all of it that needs no other block.
    pub(super) fn check(&self, spec: &ChainSpec, store: &Store) -> Result<(), StoreError> {
        let Prepared { height, hash, body, .. } = prepare(spec, store, self)?;
        body.map_err(|error| store.corrupt(format!("block {hash} of height {height}: {error}")))?;
        Ok(())
    }
}

/// Validates the best chain of the store in the directory `path` by every rule, what the store derives from it, and what
/// a start or the next reorg needs besides.
/// `now` is in Unix seconds. Returns how far it came: to the tip.
///
/// # Errors
/// The first block that breaks a rule, or damage.
pub fn check(
    path: &Path,
    spec: &Arc<ChainSpec>,
    now: u64,
    report: Report<'_>,
) -> Result<Progress, OfflineError> {
    // The engine looks at every page of the file first: nothing of it is read again without need.
    let store = Store::open_whole(path, spec)?;
    let snapshot = store.reader().snapshot()?;
    let (tip, _) = snapshot.tip()?;
    let mut next_height = 1;
    let mut replay = Replay::new(spec, &store, &snapshot, now, tip);
    pipeline::run(
        || next_group(&store, &snapshot, &mut next_height, tip),
        |stored| prepare(spec, &store, &stored),
        |group| {
            for prepared in group {
                replay.take(prepared?)?;
            }
            report(replay.progress);
            Ok(())
        },
    )?;
    replay.compare()?;
    check_beside(spec, &store, &snapshot)?;
    Ok(replay.progress)
}

/// Checks what the best chain says nothing of, and a start or the next reorg needs: all headers, the blocks of other
/// branches, and what waits to be mined.
fn check_beside(spec: &ChainSpec, store: &Store, snapshot: &Snapshot) -> Result<(), StoreError> {
    let (tree, _) = load_tree(spec, store, snapshot, &mut |_| ())?;
    for (_, &Node { height, hash, .. }) in tree.nodes().filter(|(_, node)| !node.is_condemned) {
        if snapshot.hash_at(height)? == Some(hash) {
            continue;
        }
        let missing = || store.corrupt(format!("block {hash} of height {height} is missing"));
        let bytes = snapshot.block(&hash)?.ok_or_else(missing)?.bytes;
        Stored { height, hash, bytes }.check(spec, store)?;
    }
    snapshot.pending().map(drop)
}

fn next_group(
    store: &Store,
    snapshot: &Snapshot,
    next_height: &mut u64,
    tip: u64,
) -> Result<Vec<Stored>, OfflineError> {
    let (mut group, mut bytes) = (Vec::new(), 0);
    while *next_height <= tip && group.len() < GROUP_BLOCKS && bytes < GROUP_BYTES {
        let stored = Stored::best(store, snapshot, *next_height)?;
        bytes += stored.bytes.len();
        group.push(stored);
        *next_height += 1;
    }
    Ok(group)
}

/// Does what needs no other block.
fn prepare(spec: &ChainSpec, store: &Store, stored: &Stored) -> Result<Prepared, StoreError> {
    let &Stored { height, hash, ref bytes } = stored;
    let block: Block =
        codec::decode(bytes).map_err(|error| store.corrupt(format!("block {height}: {error}")))?;
    if block.header.hash() != hash {
        return Err(store.corrupt(format!("block {height} is another one than {hash}")));
    }
    let body = BodyContext { spec, height, verifier: &AwsLcVerifier, is_verified: &|_| false };
    Ok(Prepared { height, hash, header: block.header, body: check_body(&body, block) })
}

/// The chain, built once more from its blocks.
struct Replay<'a> {
    spec: &'a ChainSpec,
    store: &'a Store,
    snapshot: &'a Snapshot,
    now: u64,
    ledger: Ledger,
    parent: Ancestry,
    indexes: IndexSums,
    /// Whether there was undo data so far.
    has_undo: bool,
    progress: Progress,
}

impl<'a> Replay<'a> {
    fn new(spec: &'a Arc<ChainSpec>, store: &'a Store, snapshot: &'a Snapshot, now: u64, tip: u64) -> Self {
        let genesis = spec.genesis().header;
        Self {
            spec,
            store,
            snapshot,
            now,
            ledger: Ledger::new(Arc::clone(spec)),
            parent: Ancestry { bits: genesis.bits, time: genesis.time, grandparent_time: None },
            indexes: IndexSums::default(),
            has_undo: false,
            progress: Progress { height: 0, last: Some(tip), n_transactions: 0 },
        }
    }

    fn take(&mut self, prepared: Prepared) -> Result<(), OfflineError> {
        let Prepared { height, hash, header, body } = prepared;
        let path = || self.store.path().to_owned();
        let invalid = |error| OfflineError::Block { path: path(), height, hash, error: Box::new(error) };
        let failed = |error: RuleError| match error.verdict() {
            Verdict::NotNow => OfflineError::Undecided { path: path(), height, hash, error: Box::new(error) },
            Verdict::Invalid | Verdict::BadBody => invalid(error),
        };
        check_header_alone(&header).map_err(failed)?;
        if header.prev_hash != *self.ledger.tip() {
            // Its parent is known to be another one: no clock and no newer program makes that right.
            return Err(invalid(RuleError::UnknownParent { prev_hash: header.prev_hash }));
        }
        check_header(self.spec.rules(), &header, &hash, &self.parent, self.now).map_err(failed)?;
        let block = body.map_err(failed)?;
        let connected = self.ledger.connect(&block).map_err(failed)?;
        self.parent =
            Ancestry { bits: header.bits, time: header.time, grandparent_time: Some(self.parent.time) };
        match self.snapshot.undo(height)? {
            Some(undo) if undo == connected.undo => self.has_undo = true,
            // What is old was thrown away, the oldest first, and never the tip's.
            None if !self.has_undo && self.progress.last != Some(height) => {}
            undo => {
                let what = if undo.is_some() { "not what the block gives" } else { "missing" };
                return Err(self.store.corrupt(format!("the undo data of block {height} is {what}")).into());
            }
        }
        self.indexes.connect(&block, &connected);
        self.progress.n_transactions += count(block.transactions().len());
        self.progress.height = height;
        Ok(())
    }

    /// Compares what the store says of accounts and indexes with what came of the blocks.
    fn compare(&self) -> Result<(), StoreError> {
        let stored = self.snapshot.accounts(|_, _| ())?;
        if let Some((address, _)) = stored
            .iter()
            .find(|(address, account)| self.ledger.accounts().get(*address) != Some(*account))
            .or_else(|| self.ledger.accounts().iter().find(|(address, _)| !stored.contains_key(*address)))
        {
            let address = address.to_text(&self.spec.rules().address_prefix);
            return Err(self.store.corrupt(format!("the account {address} is not what the blocks give")));
        }
        let found = self.snapshot.index_sums()?;
        for (what, found, expected) in [
            ("transactions", found.transactions, self.indexes.transactions),
            ("history entries", found.history, self.indexes.history),
        ] {
            if found.count != expected.count {
                return Err(self.store.corrupt(format!(
                    "{} {what} are indexed, the blocks hold {}",
                    found.count, expected.count
                )));
            }
            if found != expected {
                return Err(self.store.corrupt(format!("the index of {what} is not what the blocks give")));
            }
        }
        Ok(())
    }
}

fn count(items: usize) -> u64 {
    u64::try_from(items).expect("a count fits because memory has less than 2^64 bytes")
}
