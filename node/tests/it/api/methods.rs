//! Every method, in both envelopes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shared::codec;
use shared::hash::TxId;
use shared::transaction::{Transaction, TransactionBody};

use super::{Client, TestApi};
use crate::support::{TestChain, address, easy_spec, key, payment, sign};

const PREFIX: &str = "dev";

/// What the tutorial's client sends for a signed transaction.
fn tutorial_transaction(from: usize, transaction: &Transaction) -> Value {
    let TransactionBody { amount, fee, nonce, expires_at, comment, receiver, .. } = &transaction.body;
    json!({
        "request": "transaction",
        "address": key(from).public_key().tutorial_address(),
        "receiver": receiver.to_text(PREFIX),
        "amount": amount, "fee": fee, "nonce": nonce, "expires_at": expires_at, "comment": comment,
        "signature": STANDARD.encode(&transaction.signature),
    })
}

fn hex_of(transaction: &Transaction) -> Value {
    json!({"transaction": hex::encode(codec::encode(transaction))})
}

/// Asks the same in both envelopes, checks that the answers are the same, and returns them.
pub(super) async fn in_both(client: &mut Client, method: &str, params: Value) -> Value {
    let result = client.call(method, params.clone()).await.unwrap();
    let mut message = params;
    message["request"] = json!(method);
    assert_eq!(client.ask(&message.to_string()).await, result, "{method}");
    message["id"] = json!("mine");
    let mut reply = client.ask(&message.to_string()).await;
    assert_eq!(reply["id"].take(), "mine");
    reply.as_object_mut().unwrap().remove("id");
    assert_eq!(reply, result, "{method}");
    result
}

#[tokio::test]
async fn what_a_chain_holds_is_told_in_both_envelopes() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    let blocks = api.chain.mine_many(3, address(0)).await;
    let body = TransactionBody {
        amount: 7,
        fee: 2,
        comment: "für <b>dich</b>".to_owned(),
        ..payment(0, address(1), 0)
    };
    let tx_id = api.chain.pay(0, body).await.unwrap();
    let block = api.chain.mine(address(0)).await;
    let pending_id = api.chain.pay(0, payment(0, address(1), 1)).await.unwrap();
    let (hash, sender, receiver) =
        (block.header.hash().to_string(), address(0).to_text(PREFIX), address(1).to_text(PREFIX));
    let mut client = api.connect().await;

    let info = in_both(&mut client, "get_info", json!({})).await;
    assert_eq!(info["chain"], "easy");
    assert_eq!(info["genesis_hash"], spec.genesis_hash().to_string());
    assert_eq!((&info["height"], &info["tip"]), (&json!(4), &json!(hash)));
    // Two hashes a block, and genesis counts.
    assert_eq!(info["work"], "0xa");
    assert_eq!(
        (&info["target_block_time"], &info["mempool_size"], &info["protocol"]),
        (&json!(2), &json!(1), &json!(1))
    );

    let balance = in_both(&mut client, "get_balance", json!({"address": receiver})).await;
    assert_eq!(balance, json!({"address": receiver, "balance": 7}));
    let tutorial = key(1).public_key().tutorial_address();
    let balance = in_both(&mut client, "get_balance", json!({"address": tutorial})).await;
    assert_eq!(balance, json!({"address": tutorial, "balance": 7}));
    let unknown = address(2).to_text(PREFIX).to_uppercase();
    let balance = in_both(&mut client, "get_balance", json!({"address": unknown})).await;
    assert_eq!(balance, json!({"address": unknown, "balance": 0}));

    let account = in_both(&mut client, "get_account", json!({"address": sender})).await;
    assert_eq!(account["balance"], 4 * 10 + 2 - 9);
    assert_eq!(
        (&account["nonce"], &account["next_nonce"], &account["pending_out"]),
        (&json!(1), &json!(2), &json!(2))
    );
    assert_eq!((&account["height"], &account["block_hash"]), (&json!(4), &json!(hash)));
    assert_eq!(account["history_len"], 5);
    assert_eq!(account["history_head"], api.chain.chain.view().account(&address(0)).history_head.to_string());
    assert_eq!(account["pending"][0]["tx_id"], pending_id.to_string());

    let confirmed = in_both(&mut client, "get_transaction", json!({"tx_id": tx_id})).await;
    assert_eq!(
        confirmed,
        json!({
            "transaction": {
                "tx_id": tx_id, "sender": sender, "receiver": receiver, "amount": 7, "fee": 2, "nonce": 0,
                "expires_at": 0, "comment": "für <b>dich</b>",
            },
            "status": "confirmed", "block_hash": hash, "height": 4, "time": block.header.time, "confirmations": 1,
        })
    );
    let pending = in_both(&mut client, "get_transaction", json!({"tx_id": pending_id})).await;
    assert_eq!(pending["status"], "pending");

    let by_height = in_both(&mut client, "get_block", json!({"height": 4})).await;
    assert_eq!(by_height, in_both(&mut client, "get_block", json!({"hash": hash})).await);
    assert_eq!((&by_height["hash"], &by_height["confirmations"]), (&json!(hash), &json!(1)));
    assert_eq!(by_height["prev_hash"], blocks[2].header.hash().to_string());
    assert_eq!((&by_height["reward"], &by_height["miner"]), (&json!(12), &json!(sender)));
    assert_eq!(by_height["size"], codec::encode(&block).len());
    assert_eq!(by_height["transactions"], json!([confirmed["transaction"]]));
    let genesis = in_both(&mut client, "get_block", json!({"height": 0})).await;
    assert_eq!((&genesis["confirmations"], &genesis["reward"]), (&json!(5), &json!(0)));

    let raw = api.get(&format!("/block/{hash}"), "").await;
    assert_eq!((raw.status, raw.body), (200, codec::encode(&block)));
    api.stop().await;
}

#[tokio::test]
async fn a_block_that_is_not_on_the_best_chain_has_no_confirmations() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    let stale = api.chain.mine_many(2, address(0)).await;
    let other = TestChain::new(&spec);
    api.chain.take(&other.mine_many(3, address(1)).await).await;
    let mut client = api.connect().await;
    for block in stale {
        let params = json!({"hash": block.header.hash()});
        let view = in_both(&mut client, "get_block", params).await;
        assert_eq!((&view["height"], &view["confirmations"]), (&json!(block.coinbase.height), &json!(0)));
    }
    other.stop();
    api.stop().await;
}

#[tokio::test]
async fn a_history_is_paged_and_adds_up() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    api.chain.mine_many(5, address(0)).await;
    api.chain.pay(0, payment(0, address(0), 0)).await.unwrap();
    api.chain.mine(address(1)).await;
    let mut client = api.connect().await;
    let who = address(0).to_text(PREFIX);
    let page = in_both(&mut client, "get_history", json!({"address": who})).await;
    assert_eq!(
        (&page["history_len"], &page["height"], &page["address"]),
        (&json!(6), &json!(6), &json!(who))
    );
    let index = |page: &Value| -> Vec<u64> {
        page["entries"].as_array().unwrap().iter().map(|entry| entry["index"].as_u64().unwrap()).collect()
    };
    assert_eq!(index(&page), [5, 4, 3, 2, 1, 0]);
    assert_eq!(page["head_before"], "0".repeat(64));
    assert_eq!(
        (&page["entries"][0]["kind"], &page["entries"][0]["view"]["sender"]),
        (&json!("transaction"), &json!(who))
    );
    assert_eq!((&page["entries"][1]["kind"], &page["entries"][1]["reward"]), (&json!("reward"), &json!(10)));

    let newest = in_both(&mut client, "get_history", json!({"address": who, "limit": 2})).await;
    assert_eq!(index(&newest), [5, 4]);
    let older = in_both(&mut client, "get_history", json!({"address": who, "before": 4, "limit": 100})).await;
    assert_eq!(index(&older), [3, 2, 1, 0]);
    let newer = in_both(&mut client, "get_history", json!({"address": who, "after": 3})).await;
    assert_eq!(index(&newer), [5, 4]);
    let none =
        in_both(&mut client, "get_history", json!({"address": who, "after": 9_007_199_254_740_991_u64}))
            .await;
    assert_eq!(index(&none), [0_u64; 0]);
    let nobody = in_both(&mut client, "get_history", json!({"address": address(2).to_text(PREFIX)})).await;
    assert_eq!((&nobody["history_len"], index(&nobody)), (&json!(0), vec![]));
    api.stop().await;
}

#[tokio::test]
async fn a_transaction_is_taken_in_every_form() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    api.chain.mine_many(3, address(0)).await;
    let mut client = api.connect().await;
    let by_nonce: Vec<Transaction> =
        (0..4).map(|nonce| sign(&spec, 0, payment(0, address(1), nonce))).collect();
    let tx_id = |nonce: usize| json!(by_nonce[nonce].id());

    let accepted = client.call("transaction", hex_of(&by_nonce[0])).await.unwrap();
    assert_eq!((&accepted["result"], &accepted["tx_id"]), (&json!(true), &tx_id(0)));
    assert_eq!(accepted["result_message"], "The transaction is accepted and waits for a block.");

    let reply = client.ask(&tutorial_transaction(0, &by_nonce[1]).to_string()).await;
    assert_eq!((&reply["result"], &reply["tx_id"]), (&json!(true), &tx_id(1)));

    let mut fields = tutorial_transaction(0, &by_nonce[2]);
    fields.as_object_mut().unwrap().remove("request");
    assert_eq!(client.call("transaction", fields).await.unwrap()["tx_id"], tx_id(2));

    let mut by_hex = hex_of(&by_nonce[3]);
    by_hex["request"] = json!("transaction");
    assert_eq!(client.ask(&by_hex.to_string()).await["tx_id"], tx_id(3));

    // To send it again costs nothing and changes nothing.
    let again = client.call("transaction", hex_of(&by_nonce[0])).await.unwrap();
    assert_eq!((&again["result"], &again["tx_id"]), (&json!(true), &tx_id(0)));
    assert_eq!(api.chain.chain.view().mempool.len(), 4);
    api.chain.mine(address(2)).await;
    assert_eq!(api.chain.balance(1), 4);
    api.stop().await;
}

#[tokio::test]
async fn a_refusal_names_the_rule_in_both_envelopes() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    api.chain.mine_many(2, address(0)).await;
    let mut client = api.connect().await;
    let body = || payment(0, address(1), 0);
    let other_chain = shared::spec::ChainSpec::dev();
    let mut flipped = sign(&spec, 0, body());
    flipped.body.amount = 2;
    let cases = [
        ("TX-1", sign(&spec, 0, TransactionBody { amount: 0, ..body() })),
        ("TX-3", sign(&spec, 0, TransactionBody { comment: "\u{7}".to_owned(), ..body() })),
        ("TX-4", flipped),
        ("TX-4", sign(&other_chain, 0, body())),
        ("TX-5", sign(&spec, 0, TransactionBody { expires_at: 1, ..body() })),
        ("TX-6", sign(&spec, 0, TransactionBody { nonce: 1, ..body() })),
        ("TX-7", sign(&spec, 0, TransactionBody { amount: 20, fee: 1, ..body() })),
        ("MEM-2", sign(&spec, 0, TransactionBody { fee: 0, ..body() })),
    ];
    for (rule, transaction) in &cases {
        let error = client.call("transaction", hex_of(transaction)).await.unwrap_err();
        assert_eq!((&error["code"], &error["data"]["rule"]), (&json!(-32003), &json!(rule)), "{error}");
        let reply = client.ask(&tutorial_transaction(0, transaction).to_string()).await;
        assert_eq!(reply, json!({"result": false, "result_message": error["message"], "rule": rule}));
    }
    let poor = client.call("transaction", hex_of(&cases[6].1)).await.unwrap_err();
    assert_eq!(poor["message"], "amount and fee come to 21 coins, but only 20 are available");

    // A replay, after the first one was mined.
    let mined = sign(&spec, 0, body());
    client.call("transaction", hex_of(&mined)).await.unwrap();
    api.chain.mine(address(2)).await;
    let error = client.call("transaction", hex_of(&mined)).await.unwrap_err();
    assert_eq!(error["data"]["rule"], "TX-6");
    assert_eq!(api.chain.balance(1), 1);
    api.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_explained() {
    let api = TestApi::new(&easy_spec()).await;
    let mut client = api.connect().await;
    let good = address(0).to_text(PREFIX);
    let other_chain = address(0).to_text("iron");
    let mistyped = format!("{}x", &good[..good.len() - 1]);
    let private = STANDARD.encode(&*key(0).to_pkcs1_der());
    for (text, part) in [
        ("", "enter an address"),
        (other_chain.as_str(), "another chain"),
        (mistyped.as_str(), "typing error"),
        (private.as_str(), "private key"),
    ] {
        let error = client.call("get_balance", json!({"address": text})).await.unwrap_err();
        assert_eq!(error["code"], -32602, "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(part), "{message}");
        assert!(text.is_empty() || !message.contains(text), "it is not repeated: {message}");
        let reply = client.ask(&json!({"request": "get_balance", "address": text}).to_string()).await;
        assert_eq!(reply, json!({"error": message}));
    }
    for transaction in ["", "0", "zz", "00", &"00".repeat(2049)] {
        let error = client.call("transaction", json!({"transaction": transaction})).await.unwrap_err();
        assert_eq!(error["code"], -32602, "{error}");
    }
    let not_found = json!(-32001);
    let id = TxId([7; 32]);
    assert_eq!(client.call("get_transaction", json!({"tx_id": id})).await.unwrap_err()["code"], not_found);
    assert_eq!(client.call("get_block", json!({"hash": id})).await.unwrap_err()["code"], not_found);
    for height in [1, 9_007_199_254_740_991_u64] {
        assert_eq!(client.call("get_block", json!({"height": height})).await.unwrap_err()["code"], not_found);
    }
    assert_eq!(client.ask(r#"{"request":"dance"}"#).await, json!({"message": "Unknown command."}));
    assert_eq!(client.call("dance", json!({})).await.unwrap_err()["code"], -32601);
    api.stop().await;
}

#[tokio::test]
async fn a_batch_is_answered_in_one_message_and_in_order() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    api.chain.mine_many(3, address(0)).await;
    let mut client = api.connect().await;
    let call = |id: usize, method: &str, params: Value| json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    let mut batch: Vec<Value> = (0..5)
        .map(|nonce| {
            let transaction = sign(&spec, 0, payment(0, address(1), u64::try_from(nonce).unwrap()));
            call(nonce, "transaction", hex_of(&transaction))
        })
        .collect();
    batch.push(call(5, "get_block", json!({"height": 3})));
    batch.push(call(6, "dance", json!({})));
    batch.push(json!({"jsonrpc": "2.0", "method": "get_info"}));
    batch.push(json!(7));
    batch.push(call(8, "get_info", json!({})));
    let replies = client.ask(&json!(batch).to_string()).await;
    let ids: Vec<Value> = replies.as_array().unwrap().iter().map(|reply| reply["id"].clone()).collect();
    assert_eq!(json!(ids), json!([0, 1, 2, 3, 4, 5, 6, null, 8]));
    assert!((0..5).all(|index| replies[index]["result"]["result"] == true), "{replies}");
    assert_eq!(replies[6]["error"]["code"], -32601);
    assert_eq!(replies[7]["error"]["code"], -32600);
    // All of them are notifications: nobody waits for an answer.
    client.send(r#"[{"jsonrpc":"2.0","method":"get_info"}]"#).await;
    client.send(r#"{"jsonrpc":"2.0","method":"get_info"}"#).await;
    assert_eq!(client.call("get_info", json!({})).await.unwrap()["mempool_size"], 5);
    api.stop().await;
}

#[tokio::test]
async fn replies_leave_in_the_order_of_the_requests() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    api.chain.mine_many(30, address(0)).await;
    let mut client = api.connect().await;
    // More than may be under way at once; some are known at once, some wait for the disk.
    for nonce in 0..64 {
        let transaction = sign(&spec, 0, payment(0, address(1), nonce));
        client.send(&tutorial_transaction(0, &transaction).to_string()).await;
        client.send(r#"{"request":"get_block","height":1}"#).await;
        client.send(r#"{"request":"get_info"}"#).await;
    }
    for _ in 0..64 {
        assert_eq!(client.next().await["result"], true);
        assert_eq!(client.next().await["height"], 1);
        assert_eq!(client.next().await["chain"], "easy");
    }
    api.stop().await;
}
