//! Random trees of blocks, made without a node.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use node::verifier::AwsLcVerifier;
use proptest::collection::vec;
use proptest::prelude::*;
use shared::block::Block;
use shared::consensus::{BodyContext, CheckedTransaction, check_body};
use shared::hash::{BlockHash, StateRoot};
use shared::ledger::Ledger;
use shared::pow::{Ancestry, Work};
use shared::spec::ChainSpec;

use crate::support::{address, commit_to_body, easy_spec, payment, signed, solve};

/// Keys that mine, pay and receive.
pub(crate) const KEYS: usize = 3;

/// How one block comes about.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// How far back its parent is in the list of all blocks, genesis included.
    pub(crate) back: usize,
    pub(crate) miner: usize,
    /// After its parent. Fewer seconds make the next block harder, so that work is not height.
    pub(crate) seconds: u32,
    /// Senders and receivers. Who has no coins does not pay.
    pub(crate) payments: Vec<(usize, usize)>,
    pub(crate) is_valid: bool,
}

/// Plans of up to `count` blocks, all of them valid or not.
pub(crate) fn plans(count: usize, all_valid: bool) -> impl Strategy<Value = Vec<Plan>> {
    let seconds = prop::sample::select(&[1, 2, 2, 2, 5][..]);
    let is_valid = prop_oneof![9 => Just(true), 1 => Just(all_valid)];
    let back = prop_oneof![3 => Just(0), 3 => 0..4_usize, 1 => 0..count];
    let plan = (back, 0..KEYS, seconds, vec((0..KEYS, 0..KEYS), 0..3), is_valid).prop_map(
        |(back, miner, seconds, payments, is_valid)| Plan { back, miner, seconds, payments, is_valid },
    );
    vec(plan, 1..=count)
}

/// A block that was made.
pub(crate) struct Grown {
    pub(crate) block: Block,
    /// Where its parent is among all; `None` when that is genesis.
    pub(crate) parent: Option<usize>,
    /// Of the whole chain up to here.
    pub(crate) work: Work,
    /// It and all its ancestors are.
    pub(crate) is_valid: bool,
    ledger: Ledger,
    ancestry: Ancestry,
}

impl Grown {
    pub(crate) fn hash(&self) -> BlockHash {
        self.block.header.hash()
    }
}

/// All blocks, parents before children.
pub(crate) fn grow(spec: &Arc<ChainSpec>, plans: &[Plan]) -> Vec<Grown> {
    let mut all: Vec<Grown> = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        // Index 0 stands for genesis.
        let parent = (index - plan.back.min(index)).checked_sub(1);
        let grown = grow_one(spec, plan, index, parent, &all);
        all.push(grown);
    }
    all
}

fn grow_one(spec: &Arc<ChainSpec>, plan: &Plan, index: usize, parent: Option<usize>, all: &[Grown]) -> Grown {
    let genesis = spec.genesis().header;
    let (mut ledger, ancestry, prev_hash) = match parent.map(|parent| &all[parent]) {
        Some(above) => (above.ledger.clone(), above.ancestry, above.hash()),
        None => {
            let ancestry = Ancestry { bits: genesis.bits, time: genesis.time, grandparent_time: None };
            (Ledger::new(Arc::clone(spec)), ancestry, *spec.genesis_hash())
        }
    };
    let payments = payments(&ledger, &plan.payments);
    let template = ledger.propose(ancestry, address(plan.miner), payments).unwrap();
    let time = ancestry.time + plan.seconds;
    let bits = template.bits(spec.rules(), time).unwrap();
    // No two blocks are the same one.
    let extra_nonce = u64::try_from(index).unwrap();
    let mut block = template.block(template.header(extra_nonce, time, bits), extra_nonce);
    solve(&mut block);
    let height = ledger.height() + 1;
    let body = BodyContext { spec, height, verifier: &AwsLcVerifier, is_verified: &|_| true };
    ledger.connect(&check_body(&body, block.clone()).unwrap()).unwrap();
    let work = ledger.headers().work();

    // A wrong block, and what is built on it, is right but for this.
    if !plan.is_valid {
        block.coinbase.state_root = StateRoot([7; 32]);
        commit_to_body(&mut block);
    }
    block.header.prev_hash = prev_hash;
    solve(&mut block);
    let is_valid = plan.is_valid && parent.is_none_or(|parent| all[parent].is_valid);
    let ancestry = Ancestry { bits, time, grandparent_time: Some(ancestry.time) };
    Grown { block, parent, work, is_valid, ledger, ancestry }
}

/// Payments of one coin for those who have it, each signed once for all trees.
fn payments(ledger: &Ledger, pairs: &[(usize, usize)]) -> Vec<Arc<CheckedTransaction>> {
    type Signed = HashMap<(usize, usize, u64), Arc<CheckedTransaction>>;
    static SIGNED: LazyLock<Mutex<Signed>> = LazyLock::new(Mutex::default);
    let mut made = Vec::new();
    let mut signed_before = SIGNED.lock().unwrap();
    let mut n_sent = [0; KEYS];
    for &(sender, receiver) in pairs {
        let account = ledger.account(&address(sender));
        if account.balance < 2 * (n_sent[sender] + 1) {
            continue;
        }
        let nonce = account.nonce + n_sent[sender];
        let payment = signed_before.entry((sender, receiver, nonce)).or_insert_with(|| {
            Arc::new(signed(&easy_spec(), sender, payment(sender, address(receiver), nonce)))
        });
        made.push(Arc::clone(payment));
        n_sent[sender] += 1;
    }
    made
}

/// Puts the blocks of a tree in another order: the one with the lowest of `ranks` first, but after its parent.
pub(crate) fn arrivals(all: &[Grown], ranks: &[u64]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    while order.len() < all.len() {
        let has_arrived = |parent: Option<usize>| parent.is_none_or(|parent| order.contains(&parent));
        let ready = (0..all.len()).filter(|index| !order.contains(index) && has_arrived(all[*index].parent));
        let next = ready.min_by_key(|index| ranks[index % ranks.len()]).unwrap();
        order.push(next);
    }
    order
}
