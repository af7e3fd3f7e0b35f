//! Those who do not belong together, and what is said of it.

use node::network::KEY_FILE;
use tokio::net::TcpListener;

use super::TestNode;
use crate::support::{ManualClock, easy_spec, spec_with};

/// Waits for what is told of the peer that the node was given.
async fn trouble(node: &TestNode) -> String {
    let status = node.sees(|status| status.named.iter().any(|named| named.trouble.is_some())).await;
    assert!(status.peers.is_empty(), "{status:?}");
    status.named[0].trouble.clone().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_chain_is_refused_by_name_and_not_banned() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let other_spec = spec_with(|rules| rules.subsidy = 11);
    let first = TestNode::start(&spec, &clock, &[]).await;
    for name in [first.name(), first.peer_name()] {
        let other = TestNode::start(&other_spec, &clock, &[name]).await;
        let trouble = trouble(&other).await;
        for part in ["it follows another chain", &spec.genesis_hash().to_string(), "--chain"] {
            assert!(trouble.contains(part), "{trouble}");
        }
        let directory = other.stop().await;
        // What is written at the end names nobody.
        let saved = std::fs::read_to_string(directory.path().join("peers.json")).unwrap();
        assert!(saved.contains("\"bans\": []"), "{saved}");
    }
    first.has_peers(0).await;
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_told_to_join_itself_says_so() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    // Free a moment ago; nothing else here listens at ports of its choice.
    let free = async || TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (api, own) = (free().await, free().await);
    for name in [api.to_string(), format!("/ip4/127.0.0.1/tcp/{}", own.port())] {
        let directory = tempfile::tempdir().unwrap();
        let node = TestNode::start_in(directory, &spec, &clock, &[name], |config| {
            (config.port, config.network.port) = (api.port(), own.port());
        })
        .await;
        let trouble = trouble(&node).await;
        assert!(trouble.contains("this node itself"), "{trouble}");
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_node_is_taken_for_the_node() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let first = TestNode::start(&spec, &clock, &[]).await;
    let directory = tempfile::tempdir().unwrap();
    std::fs::copy(first.path().join(KEY_FILE), directory.path().join(KEY_FILE)).unwrap();
    let copy = TestNode::start_in(directory, &spec, &clock, &[first.name()], |_| ()).await;
    let trouble = trouble(&copy).await;
    assert!(trouble.contains("a copy of its data directory"), "{trouble}");
    copy.stop().await;
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_no_node_is_told_plainly() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let node = TestNode::start(&spec, &clock, &[nobody.to_string()]).await;
    let text = trouble(&node).await;
    assert!(text.contains(&format!("cannot join {nobody}: nothing answers there")), "{text}");
    node.stop().await;

    // A node's port for other nodes, taken for its page.
    let first = TestNode::start(&spec, &clock, &[]).await;
    let wrong = TestNode::start(&spec, &clock, &[first.node.network.address().to_string()]).await;
    let text = trouble(&wrong).await;
    assert!(
        text.contains("give the address of a node's wallet page") || text.contains("did not answer"),
        "{text}"
    );
    wrong.stop().await;
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_another_key_is_not_the_one_that_was_named() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let (first, second) =
        (TestNode::start(&spec, &clock, &[]).await, TestNode::start(&spec, &clock, &[]).await);
    let name = format!("{}/p2p/{}", first.peer_name(), second.node.network.id());
    let third = TestNode::start(&spec, &clock, &[name]).await;
    let trouble = trouble(&third).await;
    for part in ["another node answers", &first.node.network.id().to_string()] {
        assert!(trouble.contains(part), "{trouble}");
    }
    for node in [third, second, first] {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_at_once_may_have_banned_us() {
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = door.local_addr().unwrap();
    let shut = tokio::spawn(async move {
        while let Ok((caller, _)) = door.accept().await {
            drop(caller);
        }
    });
    let node = TestNode::start(&spec, &clock, &[format!("/ip4/127.0.0.1/tcp/{}", at.port())]).await;
    let trouble = trouble(&node).await;
    assert!(trouble.contains("ended the connection at once: perhaps it has banned"), "{trouble}");
    node.stop().await;
    shut.abort();
}
