//! Control of the node, for whoever has the token that it printed.

use serde_json::{Value, json};

use super::{Client, TestApi};
use crate::support::{address, easy_spec};

const PREFIX: &str = "dev";
/// What is refused without the token.
const PRIVILEGED: [&str; 9] = [
    "get_node",
    "set_payout",
    "set_mining",
    "get_peers",
    "add_peer",
    "remove_peer",
    "get_bans",
    "ban",
    "unban",
];

fn params(method: &str) -> Value {
    match method {
        "set_payout" => json!({"address": address(0).to_text(PREFIX)}),
        "set_mining" => json!({"threads": 1}),
        "add_peer" | "remove_peer" => json!({"address": "127.0.0.1:1111"}),
        "ban" | "unban" => json!({"address": "9.9.9.9"}),
        _ => json!({}),
    }
}

async fn assert_refused(client: &mut Client) {
    for method in PRIVILEGED {
        assert_eq!(client.call(method, params(method)).await.unwrap_err()["code"], -32010, "{method}");
        let mut message = params(method);
        message["request"] = json!(method);
        let reply = client.ask(&message.to_string()).await;
        assert!(reply["error"].as_str().unwrap().contains("authorize"), "{reply}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_about_peers_are_read_before_anything_else() {
    let api = TestApi::new(&easy_spec()).await;
    let mut client = api.connect().await;
    client.call("authorize", json!({"token": api.control.token.reveal()})).await.unwrap();
    for (method, params) in [
        ("add_peer", json!({"address": "nobody"})),
        ("remove_peer", json!({"address": ""})),
        ("ban", json!({"address": "example.org"})),
        ("ban", json!({"address": "9.9.9.9", "seconds": 0})),
        ("ban", json!({"address": "9.9.9.9", "seconds": 31_536_001})),
        ("unban", json!({"address": "9.9.9.9/8"})),
        ("get_bans", json!({"after": "x"})),
        ("get_bans", json!({"limit": 101})),
    ] {
        let error = client.call(method, params.clone()).await.unwrap_err();
        assert_eq!(error["code"], -32602, "{method} {params}");
    }
    // What is right reaches the network, which this API has none of.
    for address in ["9.9.9.9", "9.9.9.9:11111", "[2a00::1]:11111", "2a00::/64", "::ffff:9.9.9.9"] {
        let error = client.call("ban", json!({"address": address})).await.unwrap_err();
        assert!(error["message"].as_str().unwrap().contains("without connections"), "{address}: {error}");
    }
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_token_steers_the_miner() {
    let api = TestApi::new(&easy_spec()).await;
    let token = api.control.token.reveal();
    assert_eq!((token.len(), hex::decode(token).unwrap().len()), (32, 16));
    let mut client = api.connect().await;
    assert_refused(&mut client).await;
    assert_eq!(client.call("authorize", json!({"token": token})).await.unwrap(), true);
    let node = client.call("get_node", json!({})).await.unwrap();
    assert_eq!((&node["payout"], &node["threads"], &node["hash_rate"]), (&Value::Null, &json!(0), &json!(0)));
    assert!(node["processors"].as_u64().unwrap() >= 1);

    let node = client.call("set_payout", params("set_payout")).await.unwrap();
    assert_eq!((&node["payout"], &node["threads"]), (&params("set_payout")["address"], &json!(0)));
    let heads = client.call("subscribe", json!({"topic": "heads"})).await.unwrap().as_u64().unwrap();
    assert_eq!(client.news(heads).await["height"], 0);
    api.chain.clock.advance(1);
    // It reacts at once; whether the block or the reply is told first is open.
    client.send(r#"{"request":"set_mining","threads":1}"#).await;
    let (first, second) = (client.next().await, client.next().await);
    let (head, reply) = if first["method"].is_null() { (second, first) } else { (first, second) };
    assert_eq!(reply["threads"], 1, "{reply}");
    assert_eq!(head["params"]["result"]["miner"], params("set_payout")["address"], "{head}");
    assert_eq!(client.call("set_mining", json!({"threads": 0})).await.unwrap()["threads"], 0);

    // Another session of the same client begins without any rights.
    assert_refused(&mut api.connect().await).await;
    // In the tutorial's envelope and in a batch, where what comes first counts for what follows.
    let mut client = api.connect().await;
    let reply = client.ask(&json!({"request": "authorize", "token": token, "id": 7}).to_string()).await;
    assert_eq!(reply, json!({"result": true, "id": 7}));
    let call =
        |method: &str, params: Value| json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let batch = json!([call("authorize", json!({"token": token})), call("get_node", json!({}))]);
    let replies = api.connect().await.ask(&batch.to_string()).await;
    assert_eq!((&replies[0]["result"], &replies[1]["result"]["threads"]), (&json!(true), &json!(0)));
    api.stop().await;
}

#[tokio::test]
async fn orders_are_bounded_like_the_command_line() {
    let api = TestApi::new(&easy_spec()).await;
    let mut client = api.connect().await;
    client.call("authorize", json!({"token": api.control.token.reveal()})).await.unwrap();
    for threads in [json!(1025), json!(-1), json!(1.0), json!("1"), Value::Null] {
        let error = client.call("set_mining", json!({"threads": threads})).await.unwrap_err();
        assert_eq!(error["code"], -32602, "{error}");
    }
    for address in ["", "dev1", &address(0).to_text("iron")] {
        let error = client.call("set_payout", json!({"address": address})).await.unwrap_err();
        assert_eq!(error["code"], -32602, "{error}");
    }
    let node = client.call("get_node", json!({})).await.unwrap();
    assert_eq!((&node["payout"], &node["threads"]), (&Value::Null, &json!(0)));
    api.stop().await;
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_few_are_looked_at() {
    let api = TestApi::new(&easy_spec()).await;
    let token = api.control.token.reveal();
    let mut client = api.connect().await;
    let longer = format!("{token}0");
    let upper = token.to_uppercase();
    let last = format!("{}x", &token[..31]);
    for wrong in ["", &token[..31], longer.as_str(), last.as_str(), "0"] {
        let error = client.call("authorize", json!({"token": wrong})).await.unwrap_err();
        assert_eq!(error["code"], -32011, "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(wrong.len() < 2 || !message.contains(wrong), "{message}");
    }
    assert!(upper == token || !api.control.token.is(&upper));
    assert_refused(&mut client).await;
    // From now on not even the right one helps.
    let error = client.call("authorize", json!({"token": token})).await.unwrap_err();
    assert_eq!((&error["code"], &error["data"]["rule"]), (&json!(-32005), &json!("API-1")));
    assert!(error["message"].as_str().unwrap().starts_with("rate_limited: "), "{error}");
    assert_refused(&mut client).await;
    assert_eq!(api.connect().await.call("authorize", json!({"token": token})).await.unwrap(), true);
    // Where a text might be logged, the token is not.
    assert_eq!(format!("{:?}", api.control.token), "ControlToken(hidden)");
    let request = shared::api::Request::Authorize { token: shared::api::Token(token.to_owned()) };
    assert_eq!(format!("{request:?}"), "Authorize { token: Token(hidden) }");
    api.stop().await;
}

#[tokio::test]
async fn every_origin_needs_the_token() {
    let api = TestApi::new(&easy_spec()).await;
    let own = format!("http://{}", api.address);
    for origin in [&[][..], &[("origin", own.as_str())], &[("origin", "null")]] {
        assert_refused(&mut api.try_connect("/ws", origin).await.unwrap()).await;
    }
    api.stop().await;
}
