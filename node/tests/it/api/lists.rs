//! Lists that a client reads piece by piece: headers and the mempool.

use serde_json::{Value, json};
use shared::block::Header;
use shared::codec;
use shared::transaction::TransactionBody;

use super::TestApi;
use super::methods::in_both;
use crate::support::{TestChain, address, easy_spec, payment};

fn hashes(reply: &Value) -> Vec<String> {
    let decode =
        |text: &Value| codec::decode::<Header>(&hex::decode(text.as_str().unwrap()).unwrap()).unwrap();
    reply["headers"].as_array().unwrap().iter().map(|text| decode(text).hash().to_string()).collect()
}

#[tokio::test]
async fn headers_are_those_of_the_best_chain() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    api.chain.mine_many(2, address(0)).await;
    let other = TestChain::new(&spec);
    let best = other.mine_many(4, address(1)).await;
    api.chain.take(&best).await;
    let mut client = api.connect().await;
    let mut expected = vec![spec.genesis_hash().to_string()];
    expected.extend(best.iter().map(|block| block.header.hash().to_string()));
    for (from, count, range) in [(0, 500, 0..5), (0, 1, 0..1), (2, 2, 2..4), (4, 500, 4..5)] {
        let reply = in_both(&mut client, "get_headers", json!({"from": from, "count": count})).await;
        assert_eq!(hashes(&reply), expected[range], "{from} {count}");
    }
    for from in [5, 9_007_199_254_740_991_u64] {
        let reply = in_both(&mut client, "get_headers", json!({"from": from, "count": 500})).await;
        assert_eq!(reply, json!({"headers": []}));
    }
    for params in [json!({"from": 0}), json!({"from": 0, "count": 0}), json!({"from": 0, "count": 501})] {
        assert_eq!(client.call("get_headers", params).await.unwrap_err()["code"], -32602);
    }
    other.stop();
    api.stop().await;
}

#[tokio::test]
async fn branches_beside_the_best_chain_are_told() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    let mut client = api.connect().await;
    let genesis = json!(spec.genesis_hash().to_string());
    let none = json!({"height": 0, "tip": genesis, "branches": []});
    assert_eq!(in_both(&mut client, "get_forks", json!({})).await, none);

    let ours = api.chain.mine_many(2, address(0)).await;
    let other = TestChain::new(&spec);
    let best = other.mine_many(3, address(1)).await;
    api.chain.take(&best).await;
    let blocks: Vec<_> = (1..)
        .zip(&ours)
        .map(|(height, block)| {
            json!({"hash": block.header.hash().to_string(), "height": height, "time": block.header.time})
        })
        .collect();
    let branch = json!({"fork_height": 0, "fork_hash": genesis, "is_invalid": false, "work_percent": 66, "blocks": blocks});
    let expected = json!({"height": 3, "tip": best[2].header.hash().to_string(), "branches": [branch]});
    assert_eq!(in_both(&mut client, "get_forks", json!({})).await, expected);
    other.stop();
    api.stop().await;
}

#[tokio::test]
async fn the_mempool_is_paged_by_what_it_pays() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    for miner in 0..3 {
        api.chain.mine_many(3, address(miner)).await;
    }
    let mut client = api.connect().await;
    let empty = in_both(&mut client, "get_mempool", json!({})).await;
    assert_eq!(empty, json!({"count": 0, "bytes": 0, "entries": []}));

    let mut expected = Vec::new();
    for (from, nonce, fee) in [(0, 0, 2), (1, 0, 5), (0, 1, 2), (2, 0, 3), (1, 1, 1)] {
        let body = TransactionBody { fee, ..payment(from, address(3), nonce) };
        expected.push((fee, api.chain.pay(from, body).await.unwrap().to_string()));
    }
    // The sort keeps the order of arrival among equals.
    expected.sort_by_key(|(fee, _)| std::cmp::Reverse(*fee));
    let ids = |page: &Value| -> Vec<Value> {
        page["entries"].as_array().unwrap().iter().map(|entry| entry["tx_id"].clone()).collect()
    };
    let expected: Vec<Value> = expected.into_iter().map(|(_, id)| json!(id)).collect();
    let all = in_both(&mut client, "get_mempool", json!({})).await;
    assert_eq!((&all["count"], &all["next"], ids(&all)), (&json!(5), &Value::Null, expected.clone()));
    assert_eq!(all["bytes"], api.chain.chain.view().mempool.bytes());

    let first = in_both(&mut client, "get_mempool", json!({"limit": 2})).await;
    assert_eq!(ids(&first), expected[..2]);
    // The place is good without the entry that it was taken from: a replacement takes that away.
    let body = TransactionBody { fee: 7, ..payment(2, address(3), 0) };
    let replacement = api.chain.pay(2, body).await.unwrap();
    let second = in_both(&mut client, "get_mempool", json!({"limit": 2, "after": first["next"]})).await;
    assert_eq!(ids(&second), expected[2..4]);
    let third = in_both(&mut client, "get_mempool", json!({"limit": 1, "after": second["next"]})).await;
    assert_eq!((ids(&third), &third["next"]), (expected[4..].to_vec(), &Value::Null));
    let newest = in_both(&mut client, "get_mempool", json!({"limit": 1})).await;
    assert_eq!(ids(&newest), [json!(replacement)]);

    for params in [json!({"after": "x"}), json!({"after": "1-"}), json!({"after": 1}), json!({"limit": 101})]
    {
        assert_eq!(client.call("get_mempool", params).await.unwrap_err()["code"], -32602);
    }
    api.stop().await;
}
