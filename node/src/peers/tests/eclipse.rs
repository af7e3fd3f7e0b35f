//! An attacker with many identities on few addresses wants to be all neighbours of a node that restarts.
//!
//! The victim has lived among honest nodes and is then given as many addresses as the attacker likes: its own, and
//! others where nobody is, so that honest ones drown. Then it restarts and fills its places.

use std::collections::BTreeMap;

use crate::sync::PeerKey;

use super::super::{Direction, PeerAddress, PeerLimits, Peers, Role, Saved};
use super::{Numbers, address, at};

/// The victim's world.
struct World {
    honest: Vec<PeerAddress>,
    /// The attacker's nodes: 200 identities on three addresses, each at another port.
    hostile: Vec<PeerAddress>,
    numbers: Numbers,
    next_key: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let mut any_ip = |ports: std::ops::Range<u16>| {
            let (a, b, c) = (20 + numbers.below(80), numbers.below(250), numbers.below(250));
            ports.map(move |port| address(&format!("{a}.{b}.{c}.1:{port}")))
        };
        let hostile = (0..3).flat_map(|_| any_ip(11_111..11_178)).take(200).collect();
        let honest = (0..300).flat_map(|_| any_ip(11_111..11_112)).collect();
        Self { honest, hostile, numbers, next_key: 0 }
    }

    fn key(&mut self) -> PeerKey {
        self.next_key += 1;
        PeerKey(self.next_key)
    }

    fn any_honest(&mut self) -> PeerAddress {
        let n = self.numbers.below(self.honest.len() as u64);
        self.honest[usize::try_from(n).unwrap()]
    }

    /// Lets the victim dial for so many seconds. A fifth of the honest nodes is away.
    fn dial(&mut self, victim: &mut Peers, from: u64, seconds: u64) {
        for second in (from..from + seconds).step_by(5) {
            for dial in victim.next_dials(at(second)) {
                let is_there = if self.honest.contains(&dial.address) {
                    self.numbers.below(5) > 0
                } else {
                    self.hostile.contains(&dial.address)
                };
                if is_there {
                    let key = self.key();
                    victim.connected(key, dial.address, Direction::Outbound, at(second)).unwrap();
                    victim.greeted(key, at(second));
                } else {
                    victim.dial_failed(dial.address, at(second));
                }
            }
        }
    }

    /// Honest neighbours come and tell of others.
    fn live_in_peace(&mut self, victim: &mut Peers) {
        for _ in 0..20 {
            let (key, from) = (self.key(), self.any_honest());
            drop(victim.connected(key, from, Direction::Inbound, at(0)));
            for _ in 0..20 {
                let told = self.any_honest();
                victim.heard(key, told, at(0)).ok();
            }
        }
    }

    /// The attacker's identities come one after another, tell all they can, and come again under the next name. After
    /// four times its share of the book more of the same changes nothing.
    fn poison(&mut self, victim: &mut Peers, from: u64) {
        for n in 0..12 {
            let hostile = self.hostile[n * 61 % 200];
            let now = at(from + n as u64);
            let key = self.key();
            if victim.connected(key, hostile, Direction::Inbound, now).is_err() {
                continue;
            }
            for round in 0..80 {
                let told = if round % 2 == 0 {
                    self.hostile[usize::try_from(self.numbers.below(200)).unwrap()]
                } else {
                    let (a, b) = (100 + self.numbers.below(60), self.numbers.below(250));
                    address(&format!("{a}.{b}.1.1:11111"))
                };
                victim.heard(key, told, now).ok();
            }
            victim.disconnected(key, now);
        }
    }

    /// Returns how many of the connections of a role are with honest nodes, and how many there are.
    fn honest_of(&self, victim: &Peers, role: Role) -> (usize, usize) {
        let of_role: Vec<_> = victim.list(at(0)).filter(|peer| peer.role == role).collect();
        let honest = of_role.iter().filter(|peer| self.honest.contains(&peer.address)).count();
        (honest, of_role.len())
    }
}

fn seed(n: u64) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&n.to_le_bytes());
    seed
}

/// Returns how many of the eight neighbours are honest after the attack, if there are eight.
fn attack(run: u64, lived_before: bool) -> Option<usize> {
    let mut world = World::new(run);
    let mut victim = Peers::new(PeerLimits::default(), seed(run), Saved::default(), at(0));
    world.live_in_peace(&mut victim);
    if lived_before {
        world.dial(&mut victim, 0, 300);
    }
    world.poison(&mut victim, 1_000);
    let saved = victim.saved(at(2_000));
    let mut victim = Peers::new(PeerLimits::default(), seed(run + 1_000_000), saved, at(3_000));
    // Ten minutes: dead addresses cost time, and nothing else.
    world.dial(&mut victim, 3_000, 600);
    let (honest, all) = world.honest_of(&victim, Role::Full);
    (all == 8).then_some(honest)
}

/// Counts the runs by their honest neighbours.
fn attacks(n: u64, lived_before: bool) -> BTreeMap<Option<usize>, u64> {
    let mut runs = BTreeMap::new();
    for run in 0..n {
        *runs.entry(attack(run, lived_before)).or_default() += 1;
    }
    runs
}

#[test]
fn a_restarted_node_keeps_honest_neighbours() {
    let runs = attacks(1_000, true);
    let good: u64 = runs.iter().filter(|(honest, _)| honest.is_some_and(|n| n >= 2)).map(|(_, n)| n).sum();
    assert!(good >= 990, "{runs:?}");
}

#[test]
fn so_does_one_that_never_reached_anybody() {
    let runs = attacks(100, false);
    let good: u64 = runs.iter().filter(|(honest, _)| honest.is_some_and(|n| n >= 2)).map(|(_, n)| n).sum();
    assert!(good >= 99, "{runs:?}");
}
