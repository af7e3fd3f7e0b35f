//! Who goes when every inbound place is taken.
//!
//! As in Bitcoin Core (`SelectNodeToEvict`): an attacker who fills all places must be better than honest peers in
//! several ways at once, each of which costs something else, to drive them out.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::sync::PeerKey;

use super::address::Group;

/// Groups that are kept, by a lot that nobody outside knows: an attacker cannot aim at them.
const N_GROUPS: usize = 4;
/// Peers that are kept because they answer fastest: an attacker cannot be near everywhere.
const N_FASTEST: usize = 8;
/// Peers that are kept because they brought us a block or a transaction last.
const N_USEFUL: usize = 4;

/// A peer that came to us.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) peer: PeerKey,
    pub(super) group: Group,
    /// The lot of its group.
    pub(super) rank: u64,
    /// Its best round trip, when it was measured.
    pub(super) latency_ms: Option<u32>,
    /// When it brought us a valid block last.
    pub(super) block_ms: Option<u64>,
    /// When it brought us a valid transaction last.
    pub(super) transaction_ms: Option<u64>,
    pub(super) since_ms: u64,
}

/// Returns who has to go, or `None` when everybody is worth keeping: of the group with most peers the one that came
/// last.
pub(super) fn choose(mut candidates: Vec<Candidate>) -> Option<PeerKey> {
    protect(&mut candidates, N_GROUPS, |peer| Some(peer.rank));
    protect(&mut candidates, N_FASTEST, |peer| peer.latency_ms);
    protect(&mut candidates, N_USEFUL, |peer| peer.transaction_ms.map(Reverse));
    protect(&mut candidates, N_USEFUL, |peer| peer.block_ms.map(Reverse));
    let half = candidates.len() / 2;
    protect(&mut candidates, half, |peer| Some(peer.since_ms));

    let mut groups: BTreeMap<Group, Vec<(u64, PeerKey)>> = BTreeMap::new();
    for peer in candidates {
        groups.entry(peer.group).or_default().push((peer.since_ms, peer.peer));
    }
    let youngest = |group: &Vec<(u64, PeerKey)>| group.iter().max().copied();
    let largest = groups.values().max_by_key(|group| (group.len(), youngest(group)))?;
    youngest(largest).map(|(_, peer)| peer)
}

/// Takes the first `n` by `key` out of `candidates`; those without a key are not among them.
fn protect<K: Ord>(candidates: &mut Vec<Candidate>, n: usize, key: impl Fn(&Candidate) -> Option<K>) {
    candidates.sort_by_key(|peer| {
        let key = key(peer);
        (key.is_none(), key, peer.peer)
    });
    let n_with_key = candidates.iter().take_while(|peer| key(peer).is_some()).count();
    candidates.drain(..n.min(n_with_key));
}
