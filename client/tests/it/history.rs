//! The command `history`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use node::clock::Clock;

use crate::support::{Home, MINER, PASSPHRASE, RECEIVER, await_balance, start_node, start_node_with};

/// Goes two seconds further each time that somebody looks at it, so that no block waits for the time.
struct HastyClock(AtomicU64);

impl Clock for HastyClock {
    fn now(&self) -> u64 {
        self.0.fetch_add(2, Ordering::Relaxed)
    }

    fn steady(&self) -> u64 {
        self.now()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_tells_all_that_made_the_balance() {
    let (node, _directory) = start_node(Some(MINER)).await;
    let port = node.api_addr.port().to_string();
    let home = Home::new();
    home.client(&["history", RECEIVER, "--node", &port], &[]).assert_told("", "Nothing has happened");
    home.import_words();
    await_balance(&node, MINER, 20).await;
    let send = ["send", RECEIVER, "7", "--comment", "for the bread", "--yes", "--wait", "--node", &port];
    let sent = home.json(&send, &[PASSPHRASE]);

    let received = home.json_lines(&["history", RECEIVER, "--node", &port]);
    assert_eq!(received.len(), 1);
    assert_eq!((&received[0]["kind"], &received[0]["id"]), (&"transaction".into(), &sent["tx_id"]));
    assert_eq!(received[0]["height"], sent["block"]["height"]);
    let text = home.client(&["history", RECEIVER, "--node", &port], &[]);
    text.assert_said(&["Z  ", "+7  from dev1tjcx", "\"for the bread\""]);
    let own = home.client(&["history", "--node", &port], &[]);
    own.assert_said(&["-8  to dev1qqqs", "fee 1  \"for the bread\"", "+10  mining reward"]);
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_comes_in_pages_and_whole() {
    let clock = Arc::new(HastyClock(AtomicU64::new(1_800_000_000)));
    let (node, _directory) = start_node_with(Some(MINER), clock).await;
    let port = node.api_addr.port().to_string();
    let home = Home::new();
    home.import_words();
    await_balance(&node, MINER, 1_050).await;
    for (limit, expected) in [("1", 1), ("103", 103)] {
        let lines = home.json_lines(&["history", "--limit", limit, "--node", &port]);
        assert_eq!(lines.len(), expected);
        let index = |line: &serde_json::Value| line["index"].as_u64().unwrap();
        assert!(lines.is_sorted_by(|newer, older| index(newer) == index(older) + 1), "{lines:?}");
    }
    let lines = home.json_lines(&["history", "--limit", "9007199254740993", "--node", &port]);
    assert_eq!(lines.last().unwrap()["index"], 0);
    assert_eq!(home.client(&["history", "--limit", "0"], &[]).code, Some(2));
    node.stop().await.unwrap();
}
