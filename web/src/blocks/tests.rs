use shared::api::views::HeadView;
use shared::hash::BlockHash;

use super::{Blocks, KEPT};

fn head(height: u64, branch: u8, disconnected: u64) -> HeadView {
    let mut hash = [branch; 32];
    hash[..8].copy_from_slice(&height.to_le_bytes());
    HeadView {
        hash: BlockHash(hash),
        height,
        time: 0,
        bits: 0,
        tx_count: 0,
        miner: "iron1a".into(),
        reward: 10,
        disconnected,
        disconnected_hashes: Vec::new(),
        connected_hashes: Vec::new(),
    }
}

fn strip(heads: impl IntoIterator<Item = HeadView>) -> Blocks {
    let mut blocks = Blocks::default();
    heads.into_iter().for_each(|head| blocks.push(head));
    blocks
}

fn heights(blocks: &Blocks) -> Vec<u64> {
    blocks.iter().map(|block| block.height).collect()
}

#[test]
fn blocks_line_up_and_the_oldest_leave() {
    let blocks = strip((1..=10).map(|height| head(height, 0, 0)));
    assert_eq!(heights(&blocks), [10, 9, 8, 7, 6, 5]);
    assert_eq!(heights(&blocks).len(), KEPT);
    assert_eq!(heights(&strip([head(3, 0, 0), head(3, 0, 0)])), [3], "the same tip again");
}

#[test]
fn a_gap_starts_the_strip_anew() {
    assert_eq!(heights(&strip([head(3, 0, 0), head(4, 0, 0), head(7, 0, 0)])), [7]);
}

#[test]
fn a_reorg_removes_what_it_undid() {
    let mut blocks = strip([head(3, 0, 0), head(4, 0, 0), head(4, 1, 1)]);
    assert_eq!(heights(&blocks), [4, 3]);
    assert_eq!(blocks.tip(), Some(&head(4, 1, 1)));
    blocks.push(head(6, 2, 1));
    assert_eq!(heights(&blocks), [6], "block 5 of the new branch was never seen");
    blocks.push(head(5, 3, 9));
    assert_eq!(heights(&blocks), [5]);
}

#[test]
fn after_a_break_only_the_same_tip_keeps_the_strip() {
    let mut blocks = strip([head(3, 0, 0), head(4, 0, 0)]);
    blocks.miss();
    blocks.push(head(4, 0, 0));
    assert_eq!(heights(&blocks), [4, 3]);
    blocks.miss();
    blocks.push(head(5, 1, 0));
    assert_eq!(heights(&blocks), [5], "block 4 may have been replaced meanwhile");
}

#[test]
fn blocks_below_the_oldest_fill_the_strip() {
    let mut blocks = strip([head(9, 0, 0), head(10, 0, 0)]);
    for height in [8, 6, 7, 7, 6, 5, 4] {
        blocks.push_earlier(head(height, 0, 0));
    }
    assert_eq!(heights(&blocks), [10, 9, 8, 7, 6, 5]);
    assert_eq!(blocks.iter().count(), KEPT);
}

#[test]
fn nothing_is_below_no_block() {
    let mut blocks = Blocks::default();
    blocks.push_earlier(head(3, 0, 0));
    assert!(heights(&blocks).is_empty());
}
