//! Replies are bounded, whatever is asked for: every method at its worst.

use serde_json::{Value, json};
use shared::transaction::TransactionBody;

use super::{Client, TestApi};
use crate::support::{address, easy_spec, payment};

const PREFIX: &str = "dev";
const LIMIT: usize = 512 * 1024;

/// Asks, and returns the length of the reply with its result or error.
async fn ask(client: &mut Client, method: &str, params: Value) -> (usize, Value) {
    let request = json!({"jsonrpc": "2.0", "id": "i".repeat(64), "method": method, "params": params});
    let reply = client.ask(&request.to_string()).await;
    (reply.to_string().len(), reply)
}

#[tokio::test]
async fn no_reply_is_larger_than_half_a_mebibyte() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    for miner in [0, 1] {
        api.chain.mine_many(13, address(miner)).await;
    }
    // JSON escapes each of these, and nothing that a comment may hold takes more room.
    let comment = "\"".repeat(256);
    let pay = async |start: u64| {
        for index in 0..104 {
            let (from, nonce) = if index < 52 { (0, start + index) } else { (1, start + index - 52) };
            let body = TransactionBody { comment: comment.clone(), ..payment(from, address(2), nonce) };
            api.chain.pay(from, body).await.unwrap();
        }
    };
    pay(0).await;
    let block = api.chain.mine(address(3)).await;
    for miner in [0, 1] {
        api.chain.mine_many(13, address(miner)).await;
    }
    pay(52).await;
    api.chain.mine(address(3)).await;
    for miner in [0, 1] {
        api.chain.mine_many(13, address(miner)).await;
    }
    pay(104).await;

    let receiver = address(2).to_text(PREFIX);
    let mut client = api.connect().await;
    let tx_id = block.transactions[103].id();
    // What fits, and the field with the most entries that there may be.
    let lists = [
        ("get_account", json!({"address": receiver}), "pending", 100),
        ("get_history", json!({"address": receiver, "limit": 100}), "entries", 100),
        ("get_mempool", json!({"limit": 100}), "entries", 100),
        // 500 of them would be 80 KiB.
        ("get_headers", json!({"from": 0, "count": 500}), "headers", 81),
        ("get_block", json!({"hash": block.header.hash()}), "transactions", 104),
    ];
    for (method, params, field, count) in &lists {
        let (length, reply) = ask(&mut client, method, params.clone()).await;
        assert_eq!(reply["result"][field].as_array().map(Vec::len), Some(*count), "{method}");
        assert!(length <= LIMIT / 2, "{method}: {length}");
    }
    for (method, params) in [
        ("get_info", json!({})),
        ("get_transaction", json!({"tx_id": tx_id})),
        ("get_account_proof", json!({"address": receiver})),
        ("get_transaction_proof", json!({"tx_id": tx_id})),
    ] {
        let (length, reply) = ask(&mut client, method, params).await;
        assert!(reply["error"].is_null() && length < 8 * 1024, "{method}: {length}");
    }

    // Together they are more: what does not fit any more is refused in its place, and what is small still comes.
    for (method, params, ..) in lists.iter().filter(|(method, ..)| *method != "get_headers") {
        let calls: Vec<Value> = (0..100)
            .map(|id| match id {
                99 => json!({"jsonrpc": "2.0", "id": id, "method": "get_info", "params": {}}),
                _ => json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}),
            })
            .collect();
        let replies = client.ask(&json!(calls).to_string()).await;
        assert!(replies.to_string().len() <= LIMIT, "{method}");
        let replies = replies.as_array().unwrap();
        assert_eq!(replies.len(), 100, "{method}");
        assert!(replies[0]["error"].is_null() && replies[99]["error"].is_null(), "{method}");
        let refused = replies.iter().filter(|reply| reply["error"]["code"] == -32005).count();
        assert!(refused > 50, "{method}: {refused}");
    }
    api.stop().await;
}
