//! What an operator does while the node runs.

use std::sync::Arc;

use node::network::OrderError;
use node::peers::{BAN_S, BanKey, PeerLimits, WishError};
use shared::api::views::{PeerRole, PeersView};

use super::TestNode;
use crate::support::{ManualClock, easy_spec};

fn key(text: &str) -> BanKey {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_added_seen_and_removed() {
    let spec = easy_spec();
    let clock = ManualClock::new(&spec);
    // Only whom an operator named is dialled: each would find the other again, however it was left.
    let keeps_to_named = |config: &mut node::Config| {
        config.network.limits = PeerLimits { full: 0, block_only: 0, ..PeerLimits::default() };
    };
    let start =
        async || TestNode::start_in(tempfile::tempdir().unwrap(), &spec, &clock, &[], keeps_to_named).await;
    let (other, node) = (start().await, start().await);
    assert_eq!(node.node.network.peers().await, Ok(PeersView::default()));

    let name: node::network::PeerName = other.name().parse().unwrap();
    node.node.network.add(name.clone()).await.unwrap();
    // Once is enough.
    let peers = node.node.network.add(name.clone()).await.unwrap();
    assert_eq!(peers.named.len(), 1);
    node.has_peers(1).await;
    other.has_peers(1).await;
    let peers = node.node.network.peers().await.unwrap();
    let (peer, named) = (&peers.peers[0], &peers.named[0]);
    assert_eq!((&named.name, named.is_connected, &named.trouble), (&other.name(), true, &None));
    assert_eq!((peer.role, &peer.id), (PeerRole::Named, &other.node.network.id().to_string()));
    assert_eq!((peer.address.clone(), peer.score), (other.node.network.address().to_string(), 0));
    let theirs = other.node.network.peers().await.unwrap();
    assert_eq!(theirs.peers[0].role, PeerRole::Inbound);
    assert_eq!((theirs.peers[0].id.clone(), theirs.named.len()), (node.node.network.id().to_string(), 0));

    assert_eq!(node.node.network.remove(name.clone()).await.unwrap().named, []);
    node.has_peers(0).await;
    other.has_peers(0).await;
    let refused = node.node.network.remove(name.clone()).await;
    assert_eq!(refused, Err(OrderError::NotNamed(other.name())));
    other.stop().await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bans_are_listed_page_by_page_and_outlive_the_node() {
    let spec = easy_spec();
    let clock = ManualClock::new(&spec);
    let node = TestNode::start(&spec, &clock, &[]).await;
    let network = &node.node.network;
    // Whoever is told so finds it there after the power failed.
    let is_saved = |key: BanKey| {
        let saved = std::fs::read_to_string(node.path().join("peers.json")).unwrap();
        saved.contains(&format!("\"{key}\""))
    };
    for ip in ["9.9.9.9", "8.8.8.8", "2a00::1", "::ffff:7.7.7.7"] {
        network.ban(key(ip), BAN_S, "too loud".to_owned()).await.unwrap();
        assert!(is_saved(key(ip)), "{ip}");
    }
    let first = network.bans(None, 3).await.unwrap();
    let addresses: Vec<_> = first.entries.iter().map(|ban| ban.address.as_str()).collect();
    assert_eq!((first.count, addresses), (4, vec!["7.7.7.7", "8.8.8.8", "9.9.9.9"]));
    assert_eq!(first.next.as_deref(), Some("9.9.9.9"));
    let rest = network.bans(Some(key("9.9.9.9")), 3).await.unwrap();
    assert_eq!((rest.entries.len(), rest.next), (1, None));
    assert_eq!(
        (rest.entries[0].address.as_str(), rest.entries[0].reason.as_str()),
        ("2a00::/64", "too loud")
    );
    assert_eq!(rest.entries[0].until - rest.entries[0].since, BAN_S);

    assert_eq!(network.unban(key("8.8.8.8")).await.unwrap().count, 3);
    assert!(!is_saved(key("8.8.8.8")));
    let again = network.unban(key("8.8.8.8")).await;
    assert_eq!(again, Err(OrderError::Wish(WishError::NotBanned(key("8.8.8.8")))));
    let own = network.ban(key("127.0.0.1"), BAN_S, String::new()).await;
    assert_eq!(own, Err(OrderError::Wish(WishError::Loopback)));

    let directory = node.stop().await;
    let node = TestNode::start_in(directory, &spec, &clock, &[], |_| ()).await;
    let kept = node.node.network.bans(None, 10).await.unwrap();
    let addresses: Vec<_> = kept.entries.iter().map(|ban| ban.address.as_str()).collect();
    assert_eq!(addresses, ["7.7.7.7", "9.9.9.9", "2a00::/64"]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_list_is_no_reason_not_to_start() {
    let spec = easy_spec();
    let clock = ManualClock::new(&spec);
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("peers.json"), "{").unwrap();
    let node = TestNode::start_in(directory, &spec, &Arc::clone(&clock), &[], |_| ()).await;
    assert_eq!(node.node.network.bans(None, 10).await.unwrap().count, 0);
    assert!(node.path().join("peers.json.damaged").exists());
    node.stop().await;
}
