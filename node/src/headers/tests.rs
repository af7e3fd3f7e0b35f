use shared::block::Header;
use shared::hash::BlockHash;
use shared::spec::ChainSpec;

use super::{HeaderTree, NodeId};

/// Adds a header with a hash of its own below `parent`.
fn add(tree: &mut HeaderTree, parent: NodeId, name: u8) -> NodeId {
    let above = *tree.node(parent);
    let genesis = ChainSpec::dev().genesis().header;
    let header = Header { prev_hash: above.hash, time: above.time + 2, ..genesis };
    tree.insert(parent, BlockHash([name; 32]), &header, false)
}

#[test]
fn side_branches_are_found_while_they_are_near() {
    let mut tree = HeaderTree::new(&ChainSpec::dev());
    let old_side = add(&mut tree, HeaderTree::GENESIS, 90);
    let mut best = HeaderTree::GENESIS;
    for name in 1..=20 {
        best = add(&mut tree, best, name);
    }
    let trunk = tree.ancestor(best, 10);
    let low = add(&mut tree, trunk, 91);
    let fork = add(&mut tree, trunk, 92);
    let (left, right) = (add(&mut tree, fork, 93), add(&mut tree, fork, 94));
    tree.condemn(left);
    // Highest first; both that share a block; condemned or not.
    assert_eq!(tree.side_branches(best, 10), [(trunk, left), (trunk, right), (trunk, low)]);
    assert_eq!(tree.side_branches(best, 9), []);
    assert_eq!(tree.side_branches(best, 20).last(), Some(&(HeaderTree::GENESIS, old_side)));
    // What was condemned may also lie above the best block.
    let above = add(&mut tree, best, 95);
    assert_eq!(tree.side_branches(best, 9), [(best, above)]);
}

#[test]
fn branches_fork_and_join() {
    let mut tree = HeaderTree::new(&ChainSpec::dev());
    let trunk = add(&mut tree, HeaderTree::GENESIS, 1);
    let left = add(&mut tree, trunk, 2);
    let right = add(&mut tree, trunk, 3);
    let left_tip = add(&mut tree, left, 4);

    assert_eq!(tree.fork_point(left_tip, right), trunk);
    assert_eq!(tree.fork_point(right, left_tip), trunk);
    assert_eq!(tree.fork_point(trunk, left_tip), trunk);
    assert_eq!(tree.branch(trunk, left_tip), vec![left, left_tip]);
    assert_eq!(tree.branch(left_tip, left_tip), vec![]);
    assert_eq!(tree.find(&BlockHash([3; 32])), Some(right));
    assert_eq!(tree.find(&BlockHash([9; 32])), None);
}

#[test]
fn height_and_work_add_up() {
    let mut tree = HeaderTree::new(&ChainSpec::dev());
    let one = add(&mut tree, HeaderTree::GENESIS, 1);
    let two = add(&mut tree, one, 2);

    let genesis = *tree.node(HeaderTree::GENESIS);
    assert_eq!(tree.node(two).height, 2);
    assert_eq!(tree.node(two).work, genesis.work.saturating_add(genesis.work).saturating_add(genesis.work));
    assert_eq!(tree.ancestry(one).grandparent_time, Some(genesis.time));
    assert_eq!(tree.ancestry(HeaderTree::GENESIS).grandparent_time, None);
}

#[test]
fn condemning_takes_descendants_and_only_them() {
    let mut tree = HeaderTree::new(&ChainSpec::dev());
    let trunk = add(&mut tree, HeaderTree::GENESIS, 1);
    let bad = add(&mut tree, trunk, 2);
    let good = add(&mut tree, trunk, 3);
    let child = add(&mut tree, bad, 4);
    let grandchild = add(&mut tree, child, 5);

    assert_eq!(tree.condemn(child), vec![child, grandchild]);
    assert_eq!(tree.condemn(bad), vec![bad]);
    assert_eq!(tree.condemn(bad), vec![]);
    assert!(!tree.node(good).is_condemned);
    assert!(!tree.node(trunk).is_condemned);
    let later = add(&mut tree, grandchild, 6);
    assert!(tree.node(later).is_condemned);
}

#[test]
fn what_is_dropped_takes_its_descendants_along_and_leaves_no_trace() {
    let mut tree = HeaderTree::new(&ChainSpec::dev());
    let trunk = add(&mut tree, HeaderTree::GENESIS, 1);
    let left = add(&mut tree, trunk, 2);
    let right = add(&mut tree, trunk, 3);
    add(&mut tree, left, 4);
    let right_tip = add(&mut tree, right, 5);
    let work = tree.node(right_tip).work;

    tree.retain(|id, node| id != left && node.hash != BlockHash([0; 32]));

    let name = |id: u8| BlockHash([id; 32]);
    let hashes: Vec<_> = tree.nodes().map(|(_, node)| node.hash).collect();
    assert_eq!(hashes, [*ChainSpec::dev().genesis_hash(), name(1), name(3), name(5)]);
    assert_eq!((tree.find(&name(2)), tree.find(&name(4))), (None, None));
    let tip = tree.find(&name(5)).expect("it was kept");
    assert_eq!(tree.node(tip).work, work);
    assert_eq!(tree.branch(HeaderTree::GENESIS, tip).len(), 3);
}
