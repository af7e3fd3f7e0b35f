//! `check_transaction` says what `transaction` would.

use serde_json::{Value, json};
use shared::codec;
use shared::spec::ChainSpec;
use shared::transaction::{Transaction, TransactionBody};

use super::{Client, TestApi};
use crate::support::{address, easy_spec, payment, sign, spec_with};

fn hex_of(transaction: &Transaction) -> Value {
    json!({"transaction": hex::encode(codec::encode(transaction))})
}

fn unsigned(body: &TransactionBody) -> Value {
    hex_of(&Transaction { body: body.clone(), signature: Vec::new() })
}

/// Checks it unsigned and signed, submits it, and returns the verdict that all of them agree on.
async fn agreed(client: &mut Client, spec: &ChainSpec, from: usize, body: TransactionBody) -> Value {
    let signed = hex_of(&sign(spec, from, body.clone()));
    let verdict = client.call("check_transaction", unsigned(&body)).await.unwrap();
    assert_eq!(client.call("check_transaction", signed.clone()).await.unwrap(), verdict);
    match client.call("transaction", signed.clone()).await {
        Ok(_) => {
            assert_eq!((&verdict["verdict"], &verdict["rule"]), (&json!("valid"), &Value::Null));
            // What is accepted twice is checked as valid, and with the same place.
            assert_eq!(client.call("check_transaction", signed).await.unwrap(), verdict);
            assert_eq!(client.call("check_transaction", unsigned(&body)).await.unwrap(), verdict);
        }
        Err(error) => {
            assert_ne!(verdict["verdict"], "valid", "{error}");
            assert_eq!(
                (&verdict["rule"], &verdict["message"]),
                (&error["data"]["rule"], &error["message"]),
                "{verdict}"
            );
            assert_eq!(verdict["expected_block"], Value::Null);
        }
    }
    verdict
}

#[tokio::test]
async fn a_check_says_what_submission_would() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    api.chain.mine_many(20, address(0)).await;
    let mut client = api.connect().await;
    let body = |nonce| payment(0, address(1), nonce);
    let cases = [
        ("invalid", "TX-1", TransactionBody { amount: 0, ..body(0) }),
        ("invalid", "TX-1", TransactionBody { version: 2, ..body(0) }),
        ("invalid", "TX-2", TransactionBody { fee: u64::MAX, ..body(0) }),
        ("invalid", "TX-3", TransactionBody { comment: "\u{7}".to_owned(), ..body(0) }),
        ("invalid", "TX-5", TransactionBody { expires_at: 20, ..body(0) }),
        ("not_now", "TX-6", body(1)),
        ("not_now", "TX-7", TransactionBody { amount: 200, ..body(0) }),
        ("not_now", "MEM-2", TransactionBody { fee: 0, ..body(0) }),
    ];
    for (verdict, rule, body) in cases {
        let view = agreed(&mut client, &spec, 0, body).await;
        assert_eq!((&view["verdict"], &view["rule"]), (&json!(verdict), &json!(rule)), "{view}");
    }
    for nonce in 0..64 {
        assert_eq!(agreed(&mut client, &spec, 0, body(nonce)).await["verdict"], "valid");
    }
    assert_eq!(agreed(&mut client, &spec, 0, body(64)).await["rule"], "MEM-4");
    let other_amount = TransactionBody { amount: 2, ..body(3) };
    let view = agreed(&mut client, &spec, 0, other_amount.clone()).await;
    assert_eq!((&view["verdict"], &view["rule"]), (&json!("not_now"), &json!("MEM-3")));
    assert_eq!(
        agreed(&mut client, &spec, 0, TransactionBody { fee: 2, ..other_amount }).await["verdict"],
        "valid"
    );
    api.chain.mine(address(0)).await;
    let view = agreed(&mut client, &spec, 0, body(3)).await;
    assert_eq!((&view["verdict"], &view["rule"]), (&json!("invalid"), &json!("TX-6")));
    api.stop().await;
}

#[tokio::test]
async fn what_is_not_signed_is_never_kept() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    api.chain.mine(address(0)).await;
    let mut client = api.connect().await;
    let body = payment(0, address(1), 0);
    let view = client.call("check_transaction", unsigned(&body)).await.unwrap();
    assert_eq!(view, json!({"verdict": "valid", "expected_block": 2}));
    let in_tutorial = json!({"request": "check_transaction", "transaction": unsigned(&body)["transaction"]});
    assert_eq!(client.ask(&in_tutorial.to_string()).await, view);
    assert_eq!(api.chain.chain.view().mempool.len(), 0);
    assert_eq!(client.call("transaction", unsigned(&body)).await.unwrap_err()["data"]["rule"], "TX-1");
    // A signature that is there is checked, also one of zeros or of another chain.
    let other_chain = sign(&ChainSpec::dev(), 0, body.clone()).signature;
    for signature in [vec![0; 256], vec![0; 255], other_chain] {
        let forged = hex_of(&Transaction { body: body.clone(), signature });
        let view = client.call("check_transaction", forged.clone()).await.unwrap();
        let error = client.call("transaction", forged).await.unwrap_err();
        assert_eq!((&view["verdict"], &view["rule"]), (&json!("invalid"), &error["data"]["rule"]));
    }
    for transaction in ["", "zz", "00", &"00".repeat(2049)] {
        let error = client.call("check_transaction", json!({"transaction": transaction})).await.unwrap_err();
        assert_eq!(error["code"], -32602, "{error}");
    }
    assert_eq!(api.chain.chain.view().mempool.len(), 0);
    api.stop().await;
}

#[tokio::test]
async fn the_expected_block_follows_from_what_pays_more() {
    // Room for three transactions of 577 bytes.
    let spec = spec_with(|rules| rules.max_block_bytes = 2_000);
    let api = TestApi::new(&spec).await;
    for miner in 0..3 {
        api.chain.mine_many(3, address(miner)).await;
    }
    let mut client = api.connect().await;
    for (nonce, fee) in [(0, 5), (1, 5), (2, 5), (3, 1)] {
        api.chain.pay(0, TransactionBody { fee, ..payment(0, address(3), nonce) }).await.unwrap();
    }
    let mut expected = async |from, nonce, fee| {
        let body = TransactionBody { fee, ..payment(from, address(3), nonce) };
        let view = client.call("check_transaction", unsigned(&body)).await.unwrap();
        view["expected_block"].as_u64().unwrap_or_else(|| panic!("{view}"))
    };
    assert_eq!(expected(1, 0, 6).await, 10, "it pays most");
    assert_eq!(expected(1, 0, 5).await, 11, "three pay as much and came first");
    assert_eq!(expected(1, 0, 1).await, 11, "the fourth comes first as well");
    // What must come first holds it back.
    assert_eq!(expected(0, 4, 6).await, 11);
    api.chain.pay(1, TransactionBody { fee: 4, ..payment(1, address(3), 0) }).await.unwrap();
    api.chain.pay(1, TransactionBody { fee: 3, ..payment(1, address(3), 1) }).await.unwrap();
    assert_eq!(expected(2, 0, 1).await, 12);
    // A replacement takes the place of what it replaces.
    assert_eq!(expected(0, 3, 2).await, 11);
    // And so it comes.
    for height in [10, 11] {
        let block = api.chain.mine(address(2)).await;
        assert_eq!((block.coinbase.height, block.transactions.len()), (height, 3));
    }
    api.stop().await;
}
