//! The blocks below the first tip.

use serde_json::{Value, json};
use shared::api::views::HeadView;
use shared::hash::{BlockHash, sha256};

use super::Stage;
use crate::protocol::Event;

fn hash(height: u64) -> BlockHash {
    BlockHash(sha256(&height.to_le_bytes()))
}

fn head(height: u64) -> HeadView {
    HeadView {
        hash: hash(height),
        height,
        time: 1_795_305_630,
        bits: 0x1e0f_ffff,
        tx_count: 0,
        miner: "iron1a".into(),
        reward: 10,
        disconnected: 0,
        disconnected_hashes: Vec::new(),
        connected_hashes: Vec::new(),
    }
}

fn block(height: u64) -> Value {
    let root = "00".repeat(32);
    json!({
        "hash": hash(height), "height": height, "confirmations": 1, "size": 300, "version": 0x2000_0000,
        "prev_hash": hash(height - 1), "merkle_root": root, "time": 1_795_305_630, "bits": 0x1e0f_ffff, "nonce": 0,
        "miner": "iron1a", "reward": 10, "state_root": root, "chain_root": root, "extra_nonce": "00",
        "message": "", "transactions": [],
    })
}

#[test]
fn the_first_tip_brings_the_blocks_below_it() {
    let mut stage = Stage::ready();
    stage.push(1, &head(1_000));
    let (id, params) = stage.request("get_block");
    assert_eq!(params, json!({"height": 999}));
    stage.answer(id, &block(999));
    // From then on by the parent's hash, over whatever happens to the chain meanwhile.
    for height in [998, 997, 996, 995] {
        let (id, params) = stage.request("get_block");
        assert_eq!(params, json!({"hash": hash(height)}));
        stage.answer(id, &block(height));
    }
    let earlier = [999, 998, 997, 996, 995].map(|height| Event::EarlierBlock(head(height)));
    assert_eq!(stage.events, [vec![Event::Head(head(1_000))], earlier.to_vec()].concat());
    stage.push(1, &head(1_001));
    assert!(stage.sent.is_empty(), "they are asked for once in a connection: {:?}", stage.sent);
}

#[test]
fn the_row_ends_at_genesis_and_at_a_block_that_was_not_asked_for() {
    let mut stage = Stage::ready();
    stage.push(1, &head(0));
    assert!(stage.sent.is_empty());

    let mut stage = Stage::ready();
    stage.push(1, &head(1_000));
    let (id, _) = stage.request("get_block");
    stage.answer(id, &block(998));
    assert_eq!(stage.events, [Event::Head(head(1_000))]);
    assert!(stage.sent.is_empty());
}
