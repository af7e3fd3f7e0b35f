use std::sync::Arc;

use shared::spec::ChainSpec;

use super::*;
use crate::headers::HeaderTree;
use crate::sync::Limits;

#[test]
fn what_a_peer_calls_itself_is_shown_short_and_without_control_characters() {
    assert_eq!(plain("ironchain/0.1.0"), "ironchain/0.1.0");
    assert_eq!(plain("a\x1b[2Jb\r\nc\u{7f}\u{85}\0"), "a[2Jbc");
    assert_eq!(plain("a\u{202e}b\u{200b}c\u{2066}d\u{feff}\u{2028}"), "abcd");
    assert_eq!(plain(&"ü".repeat(10_000)).chars().count(), 200);
}

#[test]
fn whoever_came_but_said_nothing_is_shown_to_nobody() {
    let address = "9.9.9.9:11111".parse().ok();
    let mut peer = Peer::new(PeerId::random(), PeerKey(1), address, None, true, false);
    let spec = Arc::new(ChainSpec::dev());
    let sync = Sync::new(Arc::clone(&spec), HeaderTree::new(&spec), Limits::default());
    assert_eq!(peer.status(&sync), None);
    let agent = format!("a\n{}", "ü".repeat(100));
    peer.hello = Some(Hello { agent, height: 7, tip: Default::default(), work: [0; 32] });
    let status = peer.status(&sync).unwrap();
    assert_eq!((status.agent, status.height), (format!("a{}", "ü".repeat(63)), 7));
    assert_eq!(status.address, "9.9.9.9:11111".parse().ok());
}
