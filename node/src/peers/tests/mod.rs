mod addresses;
mod bans;
mod book;
mod connections;
mod eclipse;
mod random;

use crate::sync::{Now, PeerKey};

use super::{Direction, PeerAddress, PeerLimits, Peers, Saved};

/// 2026-11-22.
const START_S: u64 = 1_795_305_600;

fn at(seconds: u64) -> Now {
    Now { ms: seconds * 1_000, unix_s: START_S + seconds }
}

fn address(text: &str) -> PeerAddress {
    text.parse().unwrap()
}

fn peers() -> Peers {
    Peers::new(PeerLimits::default(), [7; 32], Saved::default(), at(0))
}

/// Lets somebody in.
fn admit(peers: &mut Peers, key: u64, from: &str, now: Now) -> Option<PeerKey> {
    peers.connected(PeerKey(key), address(from), Direction::Inbound, now).unwrap()
}

/// SplitMix64: numbers that differ from each other, and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}
