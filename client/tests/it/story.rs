//! The tutorial's story, against a node that mines.

use crate::support::{KEYSTORE, MINER, WORDS, await_balance, client, start_node};

/// Makes an address with the client itself.
fn new_address(port: &str) -> String {
    let run = client(&[port], &["1"]);
    let (_, after) = run.output.split_once("Address on the chain dev: ").unwrap();
    after.lines().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_signed_mined_and_received() {
    let (node, _directory) = start_node(Some(MINER)).await;
    let port = node.api_addr.port().to_string();
    let receiver = new_address(&port);
    await_balance(&node, MINER, 20).await;

    let refused = client(&[&port], &["3", WORDS, &receiver, "7", "", "", "n"]);
    refused.assert_said(&["Total      8 coins", "Comment    none", "Nothing was signed."]);

    let lines = ["3", WORDS, &receiver, "7", "2", "for the bread", "y", "2", &receiver];
    client(&[&port], &lines).assert_said(&[
        &format!("Your address: {MINER}"),
        "This is what you sign:",
        "Chain      dev",
        &format!("From       {MINER}"),
        &format!("To         {receiver}"),
        "Amount     7 coins",
        "Fee        2 coins",
        "Total      9 coins",
        "Comment    for the bread",
        "Number     0",
        "Sent. Its id: ",
        "Mined in block ",
        "Balance: 7 coins",
    ]);

    // The same wallet from the page's keystore file.
    let lines = ["3", KEYSTORE, "correct hörse", &receiver, "1", "1", "", "y", "2", &receiver];
    client(&[&port], &lines).assert_said(&["Number     1", "Mined in block ", "Balance: 8 coins"]);
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_node_is_told_with_its_reason() {
    let (node, _directory) = start_node(Some(MINER)).await;
    let port = node.api_addr.port().to_string();
    let receiver = new_address(&port);
    await_balance(&node, MINER, 20).await;
    let lines = ["3", WORDS, &receiver, "7", "0", "", "y"];
    client(&[&port], &lines).assert_said(&["Error: the node refused: \""]);
    node.stop().await.unwrap();
}
