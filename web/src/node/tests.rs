use super::*;

fn address(text: &str) -> NodeAddress {
    text.parse().unwrap()
}

#[test]
fn the_node_is_found_in_the_written_order() {
    let own = Some(address("192.168.1.5:1111"));
    for (own, link, chosen, expected, source) in [
        (own, Some("evil.test"), Some("chosen.test"), "192.168.1.5:1111", Source::Own),
        (None, Some("ws://linked.test:7/"), Some("chosen.test"), "linked.test:7", Source::Link),
        (None, None, Some("chosen.test"), "chosen.test:1111", Source::Chosen),
        (None, None, None, "127.0.0.1:1111", Source::Usual),
        (None, Some("no address"), Some("javascript://1"), "127.0.0.1:1111", Source::Usual),
    ] {
        let found = Node::find(own, link, chosen);
        assert_eq!((found.address.to_string().as_str(), found.source), (expected, source));
    }
}

#[test]
fn an_encrypted_page_reaches_encrypted_and_local_nodes_only() {
    for (text, is_mixed) in
        [("192.168.1.5", true), ("wss://192.168.1.5", false), ("127.0.0.1:1111", false), ("[::1]:1", false)]
    {
        let node = Node { address: address(text), source: Source::Chosen };
        assert_eq!(node.is_mixed_content(true), is_mixed, "{text}");
        assert!(!node.is_mixed_content(false), "{text}");
    }
}
