//! What a start reads: the header tree, the tip, the ledger and the mempool.

use std::sync::Arc;

use shared::chain_root::ChainNode;
use shared::codec;
use shared::consensus::check_transaction;
use shared::ledger::Ledger;
use shared::spec::ChainSpec;

use super::{ChainState, Changed, Options, context};
use crate::chain::view::Tip;
use crate::clock::Clock;
use crate::headers::{HeaderTree, NodeId};
use crate::mempool::{Mempool, Pending};
use crate::store::{Snapshot, Store, StoreError, StoredHeader};
use crate::verifier::AwsLcVerifier;

/// How much of what a start reads is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loading {
    /// What is being read: "headers" or "accounts".
    pub what: &'static str,
    /// How many of them are read.
    pub done: u64,
    /// How many there are.
    pub all: u64,
}

impl ChainState {
    /// Reads the chain from `store`; `tell` hears how much is read.
    pub(in crate::chain) fn load(
        spec: Arc<ChainSpec>,
        store: Store,
        clock: Arc<dyn Clock>,
        options: Options,
        tell: &mut dyn FnMut(Loading),
    ) -> Result<Self, StoreError> {
        tracing::debug!(path = %store.path().display(), "reading the chain from the store");
        let snapshot = store.reader().snapshot()?;
        let (tree, tip_id) = load_tree(&spec, &store, &snapshot, tell)?;
        let tip = load_tip(&store, &snapshot, &tree, tip_id)?;
        let ledger = load_ledger(&spec, &store, &snapshot, &tip, tell)?;
        let mut state = Self {
            spec,
            store,
            clock,
            tree,
            ledger,
            mempool: Mempool::new(options.mempool),
            options,
            tip_id,
            tip,
            changed: Changed::default(),
        };
        state.load_mempool(&snapshot)?;
        Ok(state)
    }

    fn load_mempool(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let mut restored = Vec::new();
        let mut refused = Vec::new();
        // What was there before has waited by the clock of the system; from now on nobody sets that which counts.
        let (now, steady) = (self.clock.now(), self.clock.steady());
        for stored in snapshot.pending()? {
            let waited = now.saturating_sub(stored.arrived_at);
            match check_transaction(&self.spec, &AwsLcVerifier, stored.transaction) {
                Ok(checked) => restored.push(Pending {
                    number: stored.number,
                    arrived_at: steady.saturating_sub(waited),
                    transaction: Arc::new(checked),
                }),
                Err(error) => {
                    tracing::warn!(%error, "a stored pending transaction is dropped");
                    refused.push(stored.number);
                }
            }
        }
        let context = context(&self.ledger, &*self.clock);
        self.mempool.restore(restored, &context);
        if !refused.is_empty() {
            self.store.write(|batch| refused.iter().try_for_each(|number| batch.remove_pending(*number)))?;
        }
        self.commit_mempool()?;
        self.changed = Changed::default();
        Ok(())
    }
}

/// Returns all headers and where the tip is among them.
pub(crate) fn load_tree(
    spec: &ChainSpec,
    store: &Store,
    snapshot: &Snapshot,
    tell: &mut dyn FnMut(Loading),
) -> Result<(HeaderTree, NodeId), StoreError> {
    let mut tree = HeaderTree::new(spec);
    let mut orphan = None;
    let take = |stored: StoredHeader| match tree.find(&stored.header.prev_hash) {
        Some(parent) => {
            tree.insert(parent, stored.hash, &stored.header, stored.is_condemned);
        }
        None => orphan = Some(stored.hash),
    };
    snapshot.headers(take, |done, all| tell(Loading { what: "headers", done, all }))?;
    if let Some(hash) = orphan {
        return Err(store.corrupt(format!("header {hash} has no parent")));
    }
    let (_, hash) = snapshot.tip()?;
    let tip = tree.find(&hash).ok_or_else(|| store.corrupt(format!("the tip {hash} has no header")))?;
    if tree.node(tip).is_condemned {
        return Err(store.corrupt(format!("the tip {hash} is marked as invalid")));
    }
    Ok((tree, tip))
}

fn load_tip(store: &Store, snapshot: &Snapshot, tree: &HeaderTree, id: NodeId) -> Result<Tip, StoreError> {
    let node = *tree.node(id);
    let stored = snapshot.block(&node.hash)?;
    let stored = stored.ok_or_else(|| store.corrupt(format!("the tip {} has no block", node.hash)))?;
    let block: shared::block::Block = codec::decode(&stored.bytes)
        .map_err(|error| store.corrupt(format!("block {}: {error}", node.hash)))?;
    Ok(Tip {
        hash: node.hash,
        height: node.height,
        header: block.header,
        coinbase: block.coinbase,
        work: node.work,
        parent_time: tree.ancestry(id).grandparent_time,
    })
}

/// Returns the ledger at `tip`, the stored chain's last block.
pub(super) fn load_ledger(
    spec: &Arc<ChainSpec>,
    store: &Store,
    snapshot: &Snapshot,
    tip: &Tip,
    tell: &mut dyn FnMut(Loading),
) -> Result<Ledger, StoreError> {
    if tip.height == 0 {
        return Ok(Ledger::new(Arc::clone(spec)));
    }
    // The undo data of the tip holds the headers before it; the tip's own is all that is missing.
    let undo = snapshot.undo(tip.height)?;
    let undo = undo.filter(|undo| undo.headers.root() == tip.coinbase.chain_root);
    let wrong = || store.corrupt("the tip's undo data is missing or wrong".to_owned());
    let mut headers = undo.ok_or_else(wrong)?.headers;
    let node = ChainNode::of_header(&tip.header).map_err(|error| store.corrupt(error.to_string()))?;
    headers.push(node);
    let accounts = snapshot.accounts(|done, all| tell(Loading { what: "accounts", done, all }))?;
    let ledger = Ledger::restore(Arc::clone(spec), tip.hash, accounts, headers);
    let (found, expected) = (ledger.state_root(), tip.coinbase.state_root);
    if found != expected {
        return Err(store
            .corrupt(format!("the accounts give state root {found}, block {} says {expected}", tip.height)));
    }
    Ok(ledger)
}
