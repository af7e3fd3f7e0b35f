//! The command `watch`.

use std::sync::Arc;

use node::clock::SystemClock;
use serde_json::Value;

use crate::support::{
    Home, MINER, PASSPHRASE, RECEIVER, await_balance, free_port, start_node, start_node_at,
};

fn is(event: &'static str) -> impl Fn(&Value) -> bool {
    move |value| value["event"] == event
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_and_the_own_balance_are_shown_as_they_come() {
    let (node, _directory) = start_node(Some(MINER)).await;
    let port = node.api_addr.port().to_string();
    let home = Home::new();
    home.import_words();
    await_balance(&node, MINER, 20).await;
    let mut watch = home.start(&["watch", "--node", &port]);
    let first = watch.next(is("head"));
    assert_eq!(first["miner"], MINER);
    assert!(watch.next(is("head"))["height"].as_u64() > first["height"].as_u64());

    let mut receiver = home.start(&["watch", RECEIVER, "--node", &port]);
    assert_eq!(receiver.next(is("account"))["balance"], 0);
    home.json(&["send", RECEIVER, "7", "--yes", "--node", &port], &[PASSPHRASE]);
    receiver.next(|seen| seen["balance"] == 7);
    watch.next(|seen| is("account")(seen) && seen["address"] == MINER);
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_comes_back_is_watched_again() {
    let (node, directory) = start_node(Some(MINER)).await;
    let port = node.api_addr.port();
    // Without a wallet there are only blocks to see.
    let mut watch = Home::new().start(&["watch", "--node", &port.to_string()]);
    let before = watch.next(is("head"));
    node.stop().await.unwrap();
    assert_eq!(watch.next_error()["code"], "lost");
    let node = start_node_at(port, &directory, Some(MINER), Arc::new(SystemClock)).await;
    watch.next(|seen| seen["height"].as_u64() > before["height"].as_u64());
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_has_to_be_there() {
    let home = Home::new();
    let port = free_port().to_string();
    assert_eq!(home.json_error(&["watch", "--node", &port], &[], 3)["code"], "unreachable");
    let (node, _directory) = start_node(None).await;
    let port = node.api_addr.port().to_string();
    let watch = ["watch", "--keystore", "missing", "--node", &port];
    assert_eq!(home.json_error(&watch, &[], 4)["code"], "no_keystore");
    node.stop().await.unwrap();
}
