//! What goes wrong, and what liars do without being asked.

use std::sync::Arc;

use shared::transaction::{Transaction, TransactionBody};

use super::chain::announcement;
use super::liar::Lie;
use super::wallet;
use super::world::{Happening, Message, World, orphan};

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
        self.setting.loss_percent = 0;
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
        let is_heard = self.is_lying && !self.nodes[node].ends.is_empty();
        let Some(lie) = self.nodes[node].lie.filter(|_| is_heard) else { return };
        match lie {
            Lie::Floods => {
                for _ in 0..20 {
                    let mut block = orphan(&self.setting.spec, self.random.next());
                    if self.random.chance(30) {
                        block.header.nonce = block.header.nonce.wrapping_add(1);
                    }
                    self.gossip(node, None, &Message::Block(Arc::new(announcement(&block))));
                }
            }
            // A fifth of what the whole network mines.
            Lie::Invalid if self.is_its_turn() => self.mine(node),
            Lie::InvalidSide | Lie::Flaps if self.is_its_turn() => {
                let chain = &self.nodes[node].chain;
                let tip = chain.blocks.get(&chain.tip()).map(|block| block.header().prev_hash);
                if let Some(parent) = tip {
                    self.mine_on(node, &parent, Vec::new());
                }
            }
            Lie::BadSignatures if self.random.chance(20) => {
                let nonce = self.own_nonce(node) + self.random.between(0, 3);
                let mut bad = wallet::sign(&self.setting.spec, wallet::payment(node, nonce, 5));
                bad.signature[self.random.below(256)] ^= 1;
                self.announce_payments(node, vec![bad]);
            }
            Lie::FloodsPayments => {
                for _ in 0..10 {
                    let worthless = (0..10).map(|_| self.worthless(node)).collect();
                    self.announce_payments(node, worthless);
                }
            }
            Lie::Replays => self.replay(node),
            _ => {}
        }
    }

    fn own_nonce(&self, node: usize) -> u64 {
        self.nodes[node].chain.ledger.account(&wallet::address(node)).nonce
    }

    /// Makes a payment that nobody needs to look into to know that it cannot be admitted.
    fn worthless(&mut self, node: usize) -> Transaction {
        let nonce = self.own_nonce(node);
        let body = match self.random.below(4) {
            0 => wallet::payment(1_000 + self.random.below(1_000_000), 0, 5),
            1 => wallet::payment(node, nonce + self.random.between(1_000, 2_000), 5),
            2 => TransactionBody { amount: 1 << 50, ..wallet::payment(node, nonce, 5) },
            _ => TransactionBody { expires_at: 1, ..wallet::payment(node, nonce, 5) },
        };
        Transaction { body, signature: vec![1; 256] }
    }

    /// Repeats a mined payment, replaces an own one without paying for it, and leaves a gap before another.
    fn replay(&mut self, node: usize) {
        let chain = &self.nodes[node].chain;
        let recent = chain.best.iter().rev().take(10).filter_map(|hash| chain.blocks.get(hash));
        let mined = recent.flat_map(|block| block.transactions()).next();
        let mut again: Vec<_> = mined.map(|mined| mined.transaction().clone()).into_iter().collect();
        let nonce = self.own_nonce(node);
        let fee = self.random.between(20, 100);
        let own = [(nonce, fee), (nonce, fee + 1), (nonce, fee + 2), (nonce + 7, fee)];
        again.extend(
            own.map(|(nonce, fee)| wallet::sign(&self.setting.spec, wallet::payment(node, nonce, fee))),
        );
        for transaction in again {
            self.announce_payments(node, vec![transaction]);
        }
    }

    fn is_its_turn(&mut self) -> bool {
        let ticks = (5 * self.setting.interval_ms / 500).max(1);
        self.random.next().is_multiple_of(ticks)
    }
}
