//! What goes wrong, and what liars do without being asked.

use std::sync::Arc;

use super::chain::{INVALID, announcement};
use super::liar::Lie;
use super::world::{Happening, World, orphan};

/// Something goes wrong every so often, on average.
const TROUBLE_MS: u64 = 8_000;

impl World {
    /// Something goes wrong: a connection, a node, the net, a clock.
    pub(super) fn trouble(&mut self) {
        if self.is_quiet {
            return;
        }
        let wait = self.random.wait_ms(TROUBLE_MS);
        self.at(wait, Happening::Trouble);
        let node = self.random.below(self.nodes.len());
        match self.random.below(8) {
            0..=2 => {
                if let Some(end) = self.random_end() {
                    self.cut(end);
                }
            }
            3 => {
                let down_ms = self.random.between(100, 20_000);
                self.crash(node, down_ms);
            }
            4 => {
                for node in 0..self.nodes.len() {
                    self.nodes[node].group = u8::from(self.random.chance(50));
                }
                self.cut_between_groups();
            }
            5 | 6 => self.heal(),
            // A block time is two seconds, so up to eight are within what others take.
            _ => self.nodes[node].skew_s = [-30, -5, 0, 5, 7, 40][self.random.below(6)],
        }
    }

    /// Everything is well again.
    pub(super) fn quiet(&mut self) {
        self.is_quiet = true;
        self.heal();
        for node in 0..self.nodes.len() {
            self.nodes[node].skew_s = 0;
            self.restart(node);
        }
    }

    fn heal(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.group = 0);
    }

    /// What a liar does at each tick.
    pub(super) fn lie_unasked(&mut self, node: usize) {
        let Some(lie) = self.nodes[node].lie.filter(|_| self.is_mining) else { return };
        match lie {
            Lie::Floods => {
                for _ in 0..20 {
                    let mut block = orphan(&self.setting.spec, self.random.next());
                    if self.random.chance(30) {
                        block.header.nonce = block.header.nonce.wrapping_add(1);
                    }
                    self.gossip(node, None, &Arc::new(announcement(&block)));
                }
            }
            // A fifth of what the whole network mines.
            Lie::Invalid if self.is_its_turn() => self.mine(node, INVALID),
            Lie::InvalidSide | Lie::Flaps if self.is_its_turn() => {
                let chain = &self.nodes[node].chain;
                let tip = chain.blocks.get(&chain.tip()).map(|block| block.header.prev_hash);
                if let Some(parent) = tip {
                    self.mine_on(node, &parent, if lie == Lie::Flaps { &[] } else { INVALID });
                }
            }
            _ => {}
        }
    }

    fn is_its_turn(&mut self) -> bool {
        let ticks = (5 * self.setting.interval_ms / 500).max(1);
        self.random.next().is_multiple_of(ticks)
    }
}
