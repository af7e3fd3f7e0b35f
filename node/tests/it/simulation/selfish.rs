//! A pool that keeps its blocks to itself (G9), after Eyal and Sirer, "Majority is not Enough: Bitcoin Mining is
//! Vulnerable" (Financial Cryptography 2014), against the fork choice of this project: most work, and of equals the first
//! that was seen.

use node::headers::{HeaderTree, NodeId};
use shared::block::Header;
use shared::hash::BlockHash;
use shared::spec::ChainSpec;

use super::random::Random;

/// Blocks that are found in each run.
const BLOCKS: u64 = 100_000;

/// A pool and everybody else.
struct Race {
    tree: HeaderTree,
    header: Header,
    /// The tip of the honest miners whom the pool reaches before anybody else does, and of all others.
    near: NodeId,
    far: NodeId,
    /// What the pool mines on.
    private: NodeId,
    last_number: u64,
}

impl Race {
    fn new() -> Self {
        let spec = ChainSpec::dev();
        let genesis = HeaderTree::GENESIS;
        Self {
            tree: HeaderTree::new(&spec),
            header: spec.genesis().header,
            near: genesis,
            far: genesis,
            private: genesis,
            last_number: 0,
        }
    }

    fn height(&self, id: NodeId) -> u64 {
        self.tree.node(id).height
    }

    /// Finds a block; its hash tells whose it is.
    fn found(&mut self, parent: NodeId, is_pools: bool) -> NodeId {
        self.last_number += 1;
        let mut hash = BlockHash([u8::from(is_pools); 32]);
        hash.0[..8].copy_from_slice(&self.last_number.to_le_bytes());
        self.tree.insert(parent, hash, &self.header, false)
    }

    /// Lets honest miners see blocks in this order.
    fn see(&self, tip: NodeId, blocks: [NodeId; 2]) -> NodeId {
        let more = |tip, id| if self.tree.node(id).work > self.tree.node(tip).work { id } else { tip };
        blocks.into_iter().fold(tip, more)
    }

    fn pool_finds(&mut self) {
        let is_race = self.near != self.far && self.height(self.private) == self.height(self.far);
        self.private = self.found(self.private, true);
        if is_race {
            (self.near, self.far) = (self.private, self.private);
        }
    }

    fn others_find(&mut self, is_near: bool) {
        let tip = if is_near { self.near } else { self.far };
        let lead = self.height(self.private) - self.height(tip);
        let block = self.found(tip, false);
        let shown = match lead {
            // The pool has nothing to show.
            0 => {
                (self.near, self.far, self.private) = (block, block, block);
                return;
            }
            // Everything: a race of equals, or more work than the others have.
            1 | 2 => self.private,
            // One for one.
            _ => self.tree.ancestor(self.private, lead - 1),
        };
        self.near = self.see(self.near, [shown, block]);
        self.far = self.see(self.far, [block, shown]);
    }

    /// Returns the pool's share of the blocks of the best chain.
    fn revenue(&self) -> f64 {
        let chain = self.tree.branch(HeaderTree::GENESIS, self.far);
        let pools = chain.iter().filter(|id| self.tree.node(**id).hash.0[31] == 1).count();
        pools as f64 / chain.len() as f64
    }
}

/// Equation 8 of the paper: the revenue of a pool with the share `a` of all power, when the share `g` of the others mines
/// on the pool's block in a race.
fn theory(a: f64, g: f64) -> f64 {
    let gained = a * (1.0 - a).powi(2) * (4.0 * a + g * (1.0 - 2.0 * a)) - a.powi(3);
    gained / (1.0 - a * (1.0 + (2.0 - a) * a))
}

#[test]
fn a_selfish_pool_earns_what_theory_says() {
    for (seed, power) in (1..).zip([25, 33, 40]) {
        for near in [0, 50, 100] {
            let (mut race, mut random) = (Race::new(), Random::new(seed * 1_000 + near));
            for _ in 0..BLOCKS {
                if random.chance(power) {
                    race.pool_finds();
                } else {
                    race.others_find(random.chance(near));
                }
            }
            let (revenue, theory) = (race.revenue(), theory(power as f64 / 100.0, near as f64 / 100.0));
            println!(
                "{power} % of the power, {near} % near: {revenue:.4} of the blocks, in theory {theory:.4}"
            );
            assert!((revenue / theory - 1.0).abs() < 0.02, "{power} %, {near} %: {revenue}, not {theory}");
            // The pool gains by it above (1 - g) / (3 - 2g) of the power; two of these nine lie on that line.
            let threshold = (100 - near) as f64 / (300 - 2 * near) as f64 * 100.0;
            if (power as f64 - threshold).abs() > 1.0 {
                assert_eq!(revenue > power as f64 / 100.0, power as f64 > threshold, "{power} %, {near} %");
            }
        }
    }
}
