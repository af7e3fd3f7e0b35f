//! Lists that a client reads piece by piece: headers and the mempool.

use serde_json::{Value, json};
use shared::block::Header;
use shared::codec;

use super::TestApi;
use super::methods::in_both;
use crate::support::{TestChain, address, easy_spec};

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
