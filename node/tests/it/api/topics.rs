//! Subscriptions to a transaction and to the mempool.

use std::time::Duration;

use node::api::ApiConfig;
use serde_json::{Value, json};
use shared::hash::TxId;
use shared::transaction::TransactionBody;

use super::{Client, TestApi, config};
use crate::support::{TestChain, address, easy_spec, payment};

async fn follow(client: &mut Client, id: TxId) -> u64 {
    client.call("subscribe", json!({"topic": "transaction", "tx_id": id})).await.unwrap().as_u64().unwrap()
}

/// Waits for the next news of a transaction and returns its status.
async fn status(client: &mut Client, subscription: u64, id: TxId) -> Value {
    let mut news = client.news(subscription).await;
    assert_eq!(news["tx_id"], json!(id));
    news["status"].take()
}

/// The id of a payment before anybody has seen it.
fn id_of(api: &TestApi, body: TransactionBody) -> TxId {
    *crate::support::signed(api.chain.chain.spec(), 0, body).id()
}

#[tokio::test]
async fn a_transaction_is_followed_into_a_block_and_out_of_it() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    let start = api.chain.mine_many(2, address(0)).await;
    let other = TestChain::new(&spec);
    other.take(&start).await;
    let mut client = api.connect().await;
    let body = payment(0, address(1), 0);
    let id = id_of(&api, body.clone());
    let topic = follow(&mut client, id).await;
    assert_eq!(client.news(topic).await, json!({"tx_id": id, "status": "unknown"}));
    api.chain.pay(0, body).await.unwrap();
    assert_eq!(status(&mut client, topic, id).await, "pending");
    let block = api.chain.mine(address(0)).await;
    let mut confirmed = json!({
        "tx_id": id, "status": "confirmed", "block_hash": block.header.hash(), "height": 3,
        "time": block.header.time, "confirmations": 1,
    });
    assert_eq!(client.news(topic).await, confirmed);
    // Blocks on top of it are no news. Whoever asks later is told where it is now.
    api.chain.mine(address(0)).await;
    let late = follow(&mut client, id).await;
    confirmed["confirmations"] = json!(2);
    assert_eq!(client.news(late).await, confirmed);
    assert_eq!(client.call("unsubscribe", json!({"id": late})).await.unwrap(), true);
    // Another branch without it: it waits again, and is mined there.
    api.chain.take(&other.mine_many(3, address(2)).await).await;
    assert_eq!(status(&mut client, topic, id).await, "pending");
    let block = api.chain.mine(address(2)).await;
    let news = client.news(topic).await;
    assert_eq!((&news["height"], &news["block_hash"]), (&json!(6), &json!(block.header.hash())));
    // In the tutorial's envelope, and for a session that does not follow it any more.
    assert_eq!(client.call("unsubscribe", json!({"id": topic})).await.unwrap(), true);
    let subscribe = json!({"request": "subscribe", "topic": "transaction", "tx_id": id});
    let topic = client.ask(&subscribe.to_string()).await["result"].as_u64().unwrap();
    assert_eq!(status(&mut client, topic, id).await, "confirmed");
    other.stop();
    api.stop().await;
}

#[tokio::test]
async fn it_is_told_why_a_transaction_is_gone() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    let other = TestChain::new(&spec);
    other.take(&api.chain.mine_many(2, address(0)).await).await;
    let mut client = api.connect().await;
    // Another one with its nonce pays more.
    let id = api.chain.pay(0, payment(0, address(1), 0)).await.unwrap();
    let topic = follow(&mut client, id).await;
    assert_eq!(status(&mut client, topic, id).await, "pending");
    let by = api.chain.pay(0, TransactionBody { fee: 2, ..payment(0, address(1), 0) }).await.unwrap();
    assert_eq!(client.news(topic).await, json!({"tx_id": id, "status": "replaced", "by": by}));
    // A block from elsewhere has another one with its nonce.
    let topic = follow(&mut client, by).await;
    assert_eq!(status(&mut client, topic, by).await, "pending");
    other.pay(0, payment(0, address(2), 0)).await.unwrap();
    api.chain.take(&[other.mine(address(2)).await]).await;
    assert_eq!(client.news(topic).await, json!({"tx_id": by, "status": "replaced"}));
    // Its last height passes.
    let body = TransactionBody { expires_at: 4, ..payment(0, address(1), 1) };
    let id = id_of(&api, body.clone());
    let topic = follow(&mut client, id).await;
    assert_eq!(status(&mut client, topic, id).await, "unknown");
    api.chain.pay(0, body).await.unwrap();
    assert_eq!(status(&mut client, topic, id).await, "pending");
    api.chain.take(&other.mine_many(1, address(2)).await).await;
    assert_eq!(client.news(topic).await, json!({"tx_id": id, "status": "expired"}));
    // A branch on which its sender never had anything.
    let id = api.chain.pay(0, payment(0, address(1), 1)).await.unwrap();
    let topic = follow(&mut client, id).await;
    assert_eq!(status(&mut client, topic, id).await, "pending");
    api.chain.mine(address(2)).await;
    assert_eq!(status(&mut client, topic, id).await, "confirmed");
    let poor = TestChain::new(&spec);
    api.chain.take(&poor.mine_many(6, address(3)).await).await;
    assert_eq!(client.news(topic).await, json!({"tx_id": id, "status": "dropped"}));
    other.stop();
    poor.stop();
    api.stop().await;
}

async fn follow_mempool(client: &mut Client) -> u64 {
    client.call("subscribe", json!({"topic": "mempool"})).await.unwrap().as_u64().unwrap()
}

#[tokio::test]
async fn the_mempool_is_told_by_its_changes() {
    let spec = easy_spec();
    let config = ApiConfig { mempool_news_interval: Duration::ZERO, ..config() };
    let api = TestApi::with_config(&spec, config).await;
    api.chain.mine_many(3, address(0)).await;
    let first = api.chain.pay(0, payment(0, address(1), 0)).await.unwrap();
    let bytes = api.chain.chain.view().mempool.bytes();
    let mut client = api.connect().await;
    let topic = follow_mempool(&mut client).await;
    let present = json!({"count": 1, "bytes": bytes, "added": [], "removed": [], "is_complete": false});
    assert_eq!(client.news(topic).await, present);

    let second = api.chain.pay(0, payment(0, address(1), 1)).await.unwrap();
    let news = client.news(topic).await;
    assert_eq!((&news["count"], &news["bytes"]), (&json!(2), &json!(2 * bytes)));
    assert_eq!((&news["added"][0]["tx_id"], &news["removed"]), (&json!(second), &json!([])));
    let third = api.chain.pay(0, TransactionBody { fee: 2, ..payment(0, address(1), 1) }).await.unwrap();
    let news = client.news(topic).await;
    assert_eq!((&news["count"], &news["added"][0]["tx_id"]), (&json!(2), &json!(third)));
    assert_eq!(news["removed"], json!([{"tx_id": second, "reason": "replaced"}]));
    // A block is told by what it takes; one that takes nothing is no news.
    api.chain.mine(address(1)).await;
    let mut news = client.news(topic).await;
    assert_eq!((&news["count"], &news["bytes"], &news["added"]), (&json!(0), &json!(0), &json!([])));
    let removed = news["removed"].take();
    let mut ids = [first, third].map(|id| json!({"tx_id": id, "reason": "confirmed"}));
    ids.sort_by_key(|entry| removed.as_array().unwrap().iter().position(|other| other == entry));
    assert_eq!(removed, json!(ids));
    api.chain.mine(address(1)).await;
    // Once a session is enough, and it can be ended.
    let error = client.call("subscribe", json!({"topic": "mempool"})).await.unwrap_err();
    assert_eq!((&error["code"], &error["data"]["rule"]), (&json!(-32005), &json!("API-2")));
    assert_eq!(client.call("unsubscribe", json!({"id": topic})).await.unwrap(), true);
    api.chain.pay(0, payment(0, address(1), 2)).await.unwrap();
    let topic = follow_mempool(&mut client).await;
    assert_eq!(client.news(topic).await["count"], 1);
    api.stop().await;
}

#[tokio::test]
async fn many_changes_of_the_mempool_are_few_messages() {
    let spec = easy_spec();
    let patient = ApiConfig { mempool_news_interval: Duration::from_hours(1), ..config() };
    let api = TestApi::with_config(&spec, patient).await;
    let mut start = api.chain.mine_many(13, address(0)).await;
    start.extend(api.chain.mine_many(13, address(1)).await);
    let other = TestChain::new(&spec);
    other.take(&start).await;
    let mut client = api.connect().await;
    let topic = follow_mempool(&mut client).await;
    assert_eq!(client.news(topic).await["count"], 0);
    for nonce in 0..101 {
        let (from, nonce) = if nonce < 51 { (0, nonce) } else { (1, nonce - 51) };
        api.chain.pay(from, payment(from, address(2), nonce)).await.unwrap();
    }
    // An hour has not passed, so what comes next is a reply.
    assert_eq!(client.call("get_info", json!({})).await.unwrap()["mempool_size"], 101);
    api.stop().await;

    // A reorg brings them all back at once: more than a message holds.
    let impatient = ApiConfig { mempool_news_interval: Duration::ZERO, ..config() };
    let api = TestApi::with_config(&spec, impatient).await;
    api.chain.take(&start).await;
    for nonce in 0..101 {
        let (from, nonce) = if nonce < 51 { (0, nonce) } else { (1, nonce - 51) };
        api.chain.pay(from, payment(from, address(2), nonce)).await.unwrap();
    }
    let mut client = api.connect().await;
    let topic = follow_mempool(&mut client).await;
    assert_eq!(client.news(topic).await["count"], 101);
    api.chain.mine(address(3)).await;
    let news = client.news(topic).await;
    assert_eq!((&news["count"], &news["is_complete"]), (&json!(0), &json!(true)));
    assert_eq!(news["removed"].as_array().unwrap().len(), 101);
    api.chain.take(&other.mine_many(2, address(3)).await).await;
    let news = client.news(topic).await;
    assert_eq!((&news["count"], &news["is_complete"]), (&json!(101), &json!(false)));
    assert_eq!((&news["added"], &news["removed"]), (&json!([]), &json!([])));
    other.stop();
    api.stop().await;
}
