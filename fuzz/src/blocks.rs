//! Blocks that are applied and taken back.

use std::sync::Arc;

use arbitrary::Arbitrary;
use shared::block::{Block, HEADER_VERSION, Header};
use shared::consensus::{BodyContext, CheckedBlock, RuleError, check_body};
use shared::hash::{BlockHash, MerkleRoot};
use shared::ledger::{Ledger, ProposeError, Undo};
use shared::merkle::merkle_root;
use shared::pow::{Ancestry, CompactTarget};
use shared::spec::ChainSpec;

use crate::accounts::{AcceptAll, Payment, address};

/// What happens to a ledger.
#[derive(Debug, Arbitrary)]
pub enum Operation {
    Block { miner: u8, payments: Vec<Payment>, damage: Option<Damage> },
    Back,
}

/// A lie in a coinbase.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub enum Damage {
    Reward(u64),
    StateRoot,
    ChainRoot,
    Miner,
}

/// A ledger with its way back.
pub struct Chain {
    spec: Arc<ChainSpec>,
    ledger: Ledger,
    way_back: Vec<(BlockHash, Undo)>,
}

impl Chain {
    pub fn new() -> Self {
        let spec = Arc::new(ChainSpec::dev());
        Self { ledger: Ledger::new(Arc::clone(&spec)), spec, way_back: Vec::new() }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Runs one operation; coins come from subsidies alone, and a refused block changes nothing.
    pub fn run(&mut self, operation: &Operation) {
        match operation {
            Operation::Back => {
                if let Some((parent, undo)) = self.way_back.pop() {
                    self.ledger.disconnect(parent, undo);
                }
            }
            Operation::Block { miner, payments, damage } => self.mine(*miner, payments, *damage),
        }
        let supply: u64 = self.ledger.accounts().values().map(|account| account.balance).sum();
        assert_eq!(supply, self.ledger.height() * self.spec.rules().subsidy);
        assert_eq!(self.ledger.height(), self.way_back.len() as u64);
    }

    fn mine(&mut self, miner: u8, payments: &[Payment], damage: Option<Damage>) {
        let before = (self.ledger.state_root(), self.ledger.headers().clone());
        let mut nonces = std::collections::BTreeMap::new();
        let transactions: Vec<_> = payments
            .iter()
            .filter_map(|payment| {
                let sender = payment.sender();
                let next = nonces.entry(sender).or_insert_with(|| self.ledger.account(&sender).nonce);
                let built = payment.build(&self.spec, *next)?;
                *next += 1;
                Some(built)
            })
            .collect();
        let ancestry = Ancestry { bits: self.spec.rules().limit_bits, time: 0, grandparent_time: None };
        let proposed = self.ledger.propose(ancestry, address(miner), transactions);
        assert_eq!(self.ledger.state_root(), before.0, "a proposal changes nothing");
        let template = match proposed {
            Ok(template) => template,
            Err(ProposeError::Rule(_) | ProposeError::Reward { .. }) => return,
        };
        let header = template.header(0, 1, CompactTarget(0x1f00_ffff));
        let mut block = template.block(header, 0);
        if let Some(damage) = damage {
            damage.apply(&mut block);
        }
        let is_damaged = block != template.block(header, 0);
        block.header = sealed(&block);
        match self.checked(block).and_then(|block| self.ledger.connect(&block)) {
            Ok(connected) => {
                assert!(!is_damaged);
                self.way_back.push((*template.prev_hash(), connected.undo));
            }
            // A valid proposal may still be too large or expired.
            Err(_) => assert_eq!((self.ledger.state_root(), self.ledger.headers()), (before.0, &before.1)),
        }
    }

    fn checked(&self, block: Block) -> Result<CheckedBlock, RuleError> {
        let height = self.ledger.height() + 1;
        let context = BodyContext { spec: &self.spec, height, verifier: &AcceptAll, is_verified: &|_| false };
        check_body(&context, block)
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

/// The header that commits to the body, as a miner that lies elsewhere would make it.
fn sealed(block: &Block) -> Header {
    let ids = block.transactions.iter().map(|transaction| transaction.id().0);
    let leaves: Vec<_> = std::iter::once(block.coinbase.leaf()).chain(ids).collect();
    let MerkleRoot(root) = merkle_root(&leaves);
    Header { version: HEADER_VERSION, merkle_root: MerkleRoot(root), ..block.header }
}

impl Damage {
    fn apply(self, block: &mut Block) {
        let coinbase = &mut block.coinbase;
        match self {
            Self::Reward(reward) => coinbase.reward = reward,
            Self::StateRoot => coinbase.state_root.0[0] ^= 1,
            Self::ChainRoot => coinbase.chain_root.0[0] ^= 1,
            Self::Miner => coinbase.miner.0[0] ^= 1,
        }
    }
}
