//! Which of several branches is the best one, whatever the order in which they come.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::super::known::Known;
use super::*;

/// A header on another one, genesis or one before it in the list, and how hard it was to find.
fn tree() -> impl Strategy<Value = Vec<Header>> {
    vec((any::<Index>(), 0..3_usize), 1..24).prop_map(|made| {
        let genesis = easy_spec().genesis().header;
        let mut headers: Vec<Header> = Vec::new();
        for (number, (parent, hardness)) in (0..).zip(made) {
            let parent = match parent.index(headers.len() + 1) {
                0 => genesis.hash(),
                other => headers[other - 1].hash(),
            };
            let bits = [0x207f_ffff, 0x203f_ffff, 0x201f_ffff][hardness];
            headers.push(Header { prev_hash: parent, nonce: number, bits: CompactTarget(bits), ..genesis });
        }
        headers
    })
}

/// Lets the headers come as `order` says, each as soon as its parent is there, and condemns one of them once so many others
/// have come.
fn known(headers: &[Header], order: &[usize], condemned: Option<BlockHash>, others: usize) -> Known {
    let mut known = Known::new(HeaderTree::new(&easy_spec()));
    let (mut waiting, mut condemned, mut count) = (order.to_vec(), condemned, 0);
    while !waiting.is_empty() {
        waiting.retain(|at| {
            let header = &headers[*at];
            let is_stored = at % 2 == 1 && known.store(header.hash(), header);
            let is_there = is_stored || known.insert(header.hash(), header);
            count += usize::from(is_there);
            // Once: what comes on top of it later is condemned by that.
            if let Some(hash) = condemned.filter(|hash| count > others && known.get(hash).is_some()) {
                known.condemn(&hash);
                condemned = None;
            }
            !is_there
        });
    }
    if let Some(hash) = condemned {
        known.condemn(&hash);
    }
    known
}

proptest! {
    /// The most work wins. Of equals any may be the best, so only their work is the same.
    #[test]
    fn the_best_chain_does_not_depend_on_the_order_of_arrival(
        (headers, orders) in tree().prop_flat_map(|headers| {
            let order = Just((0..headers.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(headers), [order.clone(), order])
        }),
        condemned in proptest::option::of(any::<Index>()),
        moments in any::<[u8; 2]>(),
    ) {
        let condemned = condemned.map(|at| at.get(&headers).hash());
        let mut works = vec![work(easy_spec().genesis().header.bits)];
        let mut names = vec![easy_spec().genesis().header.hash()];
        let mut bad = Vec::new();
        let mut most = works[0];
        for header in &headers {
            let parent = names.iter().position(|hash| *hash == header.prev_hash).unwrap();
            let sum = works[parent].saturating_add(work(header.bits));
            let hash = header.hash();
            if Some(hash) == condemned || bad.contains(&header.prev_hash) {
                bad.push(hash);
            } else {
                most = most.max(sum);
            }
            works.push(sum);
            names.push(hash);
        }
        for (order, moment) in orders.iter().zip(moments) {
            let known = known(&headers, order, condemned, usize::from(moment) % 24);
            prop_assert_eq!(known.best().work, most);
            prop_assert!(!known.best().is_condemned && !bad.contains(&known.best().hash));
            for (name, sum) in names.iter().zip(&works) {
                let node = known.get(name);
                prop_assert_eq!(node.map(|node| node.work), Some(*sum));
                prop_assert_eq!(node.map(|node| node.is_condemned), Some(bad.contains(name)));
            }
        }
    }
}
