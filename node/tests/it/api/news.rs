//! Subscriptions.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use node::api::ApiConfig;
use serde_json::json;
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::{Client, TestApi, config};
use crate::support::{TestChain, address, easy_spec, payment};

const PREFIX: &str = "dev";

#[tokio::test]
async fn tips_are_told_as_they_come() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    let mut client = api.connect().await;
    let id = client.call("subscribe", json!({"topic": "heads"})).await.unwrap().as_u64().unwrap();
    let head = client.news(id).await;
    assert_eq!((&head["height"], &head["hash"]), (&json!(0), &json!(spec.genesis_hash())));
    for height in 1..=3 {
        let block = api.chain.mine(address(0)).await;
        let head = client.news(id).await;
        assert_eq!(
            head,
            json!({
                "hash": block.header.hash(), "height": height, "time": block.header.time, "bits": block.header.bits,
                "tx_count": 0, "miner": address(0).to_text(PREFIX), "reward": 10, "disconnected": 0,
            })
        );
    }
    // A longer branch from genesis on.
    let other = TestChain::new(&spec);
    let branch = other.mine_many(4, address(1)).await;
    api.chain.take(&branch).await;
    let head = client.news(id).await;
    assert_eq!((&head["height"], &head["disconnected"]), (&json!(4), &json!(3)));
    assert_eq!(head["hash"], json!(branch[3].header.hash()));

    assert_eq!(client.call("unsubscribe", json!({"id": id})).await.unwrap(), true);
    assert_eq!(client.call("unsubscribe", json!({"id": id})).await.unwrap(), false);
    api.chain.mine(address(0)).await;
    // The next message is the reply, so nothing was pushed.
    assert_eq!(client.call("get_info", json!({})).await.unwrap()["height"], 5);
    api.stop().await;
    other.stop();
}

#[tokio::test]
async fn an_account_is_told_when_blocks_or_the_mempool_change_it() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    api.chain.mine(address(0)).await;
    let mut client = api.connect().await;
    // In the tutorial's envelope, and by the tutorial's address.
    let tutorial = crate::support::key(1).public_key().tutorial_address();
    let subscribe = json!({"request": "subscribe", "topic": "address", "address": tutorial});
    let id = client.ask(&subscribe.to_string()).await["result"].as_u64().unwrap();
    let account = client.news(id).await;
    assert_eq!((&account["balance"], &account["address"]), (&json!(0), &json!(address(1).to_text(PREFIX))));

    let tx_id = api.chain.pay(0, payment(0, address(1), 0)).await.unwrap();
    let account = client.news(id).await;
    assert_eq!((&account["balance"], &account["pending"][0]["tx_id"]), (&json!(0), &json!(tx_id)));
    assert_eq!((&account["pending_out"], &account["next_nonce"]), (&json!(0), &json!(0)));

    let block = api.chain.mine(address(0)).await;
    let account = client.news(id).await;
    assert_eq!((&account["balance"], &account["pending"]), (&json!(1), &json!([])));
    assert_eq!((&account["height"], &account["block_hash"]), (&json!(2), &json!(block.header.hash())));

    // A block that does not touch it is not told.
    api.chain.mine(address(0)).await;
    api.chain.mine(address(1)).await;
    let account = client.news(id).await;
    assert_eq!((&account["balance"], &account["height"]), (&json!(11), &json!(4)));
    api.stop().await;
}

#[tokio::test]
async fn subscriptions_are_limited_and_checked() {
    let api = TestApi::new(&easy_spec()).await;
    let mut client = api.connect().await;
    for params in [
        json!({"topic": "weather"}),
        json!({"topic": "address"}),
        json!({"topic": "address", "address": "x"}),
    ] {
        assert_eq!(client.call("subscribe", params).await.unwrap_err()["code"], -32602);
    }
    for number in 1..=64 {
        let id = client.call("subscribe", json!({"topic": "heads"})).await.unwrap();
        assert_eq!(id, number);
        client.news(number).await;
    }
    let error = client.call("subscribe", json!({"topic": "heads"})).await.unwrap_err();
    assert_eq!((&error["code"], &error["data"]["rule"]), (&json!(-32005), &json!("API-2")));
    assert_eq!(error["message"], "a session has at most 64 subscriptions; end one of them first");
    assert_eq!(client.call("unsubscribe", json!({"id": 7})).await.unwrap(), true);
    let id = client.call("subscribe", json!({"topic": "heads"})).await.unwrap();
    assert_eq!(id, 65, "an id is never used twice");
    api.stop().await;
}

/// Opens a session whose receive buffer is small, with as many subscriptions for tips as there may be.
async fn slow_reader(api: &TestApi) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(api.address).await.unwrap();
    let url = format!("ws://{}/ws", api.address);
    let (socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    let mut client = Client { socket, last_id: 0 };
    for number in 1..=64 {
        client.call("subscribe", json!({"topic": "heads"})).await.unwrap();
        client.news(number).await;
    }
    client
}

#[tokio::test]
async fn a_slow_reader_is_told_to_begin_anew() {
    let limit = Duration::from_mins(1);
    let config = ApiConfig { write_timeout: limit, close_timeout: limit, ..config() };
    let api = TestApi::with_config(&easy_spec(), config).await;
    let mut slow = slow_reader(&api).await;
    let mut healthy = api.connect().await;
    // Each block is some 28 KiB of news for the slow one: enough for every buffer on the way, and 64 more.
    for _ in 0..320 {
        api.chain.mine(address(0)).await;
        assert!(healthy.call("get_info", json!({})).await.is_ok());
    }
    let close = slow.closed().await.unwrap();
    assert_eq!(close.code, CloseCode::Policy);
    assert_eq!(close.reason, "too slow: news were lost, connect again and ask for the present state");
    drop(healthy);
    api.stop().await;
}

#[tokio::test]
async fn a_peer_that_takes_nothing_in_is_cut_off() {
    let short = Duration::from_millis(200);
    let config = ApiConfig { write_timeout: short, close_timeout: short, ..config() };
    let api = TestApi::with_config(&easy_spec(), config).await;
    let mut client = api.connect().await;
    // It asks, and never reads. While it does not, it is not read from either, so its own sending stops in the end.
    let batch = vec![r#"{"jsonrpc":"2.0","id":1,"method":"get_block","params":{"height":0}}"#; 20].join(",");
    let question = Message::text(format!("[{batch}]"));
    let asks = async { while client.socket.send(question.clone()).await.is_ok() {} };
    super::in_time(asks).await;
    assert!(!matches!(client.socket.next().await, Some(Ok(Message::Close(_)))));
    api.stop().await;
}

#[tokio::test]
async fn a_session_without_a_sign_of_life_is_closed() {
    let config = ApiConfig { ping_interval: Duration::from_millis(50), ..config() };
    let api = TestApi::with_config(&easy_spec(), config).await;
    let mut living = api.connect().await;
    let mut dead = api.connect().await;
    // Reading answers the pings. The dead one is not read from until the other has been asked often.
    for _ in 0..5 {
        let pinged = async { while !matches!(living.socket.next().await, Some(Ok(Message::Ping(_)))) {} };
        super::in_time(pinged).await;
        assert!(living.call("get_info", json!({})).await.is_ok());
    }
    let close = dead.closed().await.unwrap();
    assert_eq!(
        (close.code, close.reason.as_str()),
        (CloseCode::Policy, "no answer to a ping, or a message left unfinished")
    );
    api.stop().await;
}

#[tokio::test]
async fn a_stop_says_goodbye() {
    let api = TestApi::new(&easy_spec()).await;
    let mut client = api.connect().await;
    let id = client.call("subscribe", json!({"topic": "heads"})).await.unwrap().as_u64().unwrap();
    client.news(id).await;
    api.token.cancel();
    let close = client.closed().await.unwrap();
    assert_eq!((close.code, close.reason.as_str()), (CloseCode::Away, "the node is stopping"));
    let address = api.address;
    api.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
