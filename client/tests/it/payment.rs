//! The command `send`, against a node that mines.

use std::fs;

use serde_json::Value;

use crate::support::{Home, MINER, PASSPHRASE, RECEIVER, await_balance, start_node};

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_confirmed_signed_and_mined() {
    let (node, _directory) = start_node(Some(MINER)).await;
    let port = node.api_addr.port().to_string();
    let home = Home::new();
    home.import_words();
    await_balance(&node, MINER, 30).await;
    let send = ["send", RECEIVER, "7", "--fee", "2", "--comment", "for the bread", "--node", &port];

    let declined = home.client(&send, &["n"]);
    assert_eq!((declined.code, declined.output.as_str()), (Some(1), ""));
    for line in ["Chain      dev", "Amount     7 coins", "Fee        2 coins", "Comment    for the bread"] {
        assert!(declined.errors.contains(line), "{declined:?}");
    }
    let refused = home.json_error(&send, &["y", "wrong passphrase"], 4);
    assert_eq!(refused["code"], "wrong_passphrase");

    let sent = home.client(&[&send[..], &["--wait"]].concat(), &["y", PASSPHRASE]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(sent.output.starts_with("Mined in block "), "{sent:?}");
    assert!(sent.output.contains(&format!(": 7 coins to {RECEIVER}\nIts id: ")), "{sent:?}");

    fs::write(home.path("passphrase"), PASSPHRASE).unwrap();
    let unattended = ["--yes", "--passphrase-file", "passphrase", "--node", &port, "--wait"];
    let sent = home.json(&[&["send", RECEIVER, "3"][..], &unattended].concat(), &[]);
    assert_eq!((&sent["payment"]["nonce"], &sent["payment"]["fee"]), (&Value::from(1), &Value::from(1)));
    assert!(sent["block"]["height"].is_u64(), "{sent}");

    let balance = home.json(&["balance", RECEIVER, "--node", &port], &[]);
    assert_eq!((&balance["balance"], &balance["chain"]), (&Value::from(10), &Value::from("dev")));
    let own = home.json(&["balance", "--node", &port], &[]);
    assert_eq!(own["address"], MINER);
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_without_waiting_is_pending() {
    let (node, _directory) = start_node(Some(MINER)).await;
    let port = node.api_addr.port().to_string();
    let home = Home::new();
    home.import_words();
    await_balance(&node, MINER, 20).await;
    let sent = home.json(&["send", RECEIVER, "1", "--yes", "--node", &port], &[PASSPHRASE]);
    assert_eq!((sent["tx_id"].as_str().unwrap().len(), sent.get("block")), (64, None));
    await_balance(&node, RECEIVER, 1).await;
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_paid_is_said_before_the_passphrase() {
    let (node, _directory) = start_node(None).await;
    let port = node.api_addr.port().to_string();
    let home = Home::new();
    home.import_words();
    let send = |arguments: &[&str], code| {
        home.json_error(&[&["send", "--node", &port], arguments].concat(), &[], code)
    };
    let error = send(&[RECEIVER, "5"], 1);
    assert_eq!((&error["code"], &error["need"]), (&Value::from("insufficient_funds"), &Value::from(6)));
    assert_eq!(send(&[RECEIVER, "0"], 1)["code"], "amount_zero");
    assert_eq!(send(&["iron1tjcxncx86admqhv0kqjpkgsa88yy6we2vweqlq", "5"], 1)["code"], "bad_address");
    assert_eq!(send(&[RECEIVER, "0.5"], 2)["code"], "usage");
    assert_eq!(send(&[RECEIVER, "5", "--chain", "main"], 3)["code"], "wrong_chain");
    node.stop().await.unwrap();
}
