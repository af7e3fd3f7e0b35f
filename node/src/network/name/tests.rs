use super::*;

fn api(host: &str, port: u16) -> PeerName {
    PeerName::Api { host: host.to_owned(), port }
}

#[test]
fn the_address_of_a_page_names_a_node() {
    for (text, expected) in [
        ("127.0.0.1:1111", api("127.0.0.1", 1111)),
        (" localhost:1112 ", api("localhost", 1112)),
        ("[::1]:1111", api("::1", 1111)),
        ("http://192.168.1.5:1111/#token=ab", api("192.168.1.5", 1111)),
        ("ws://node.example.org:80/ws", api("node.example.org", 80)),
    ] {
        assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
        assert_eq!(expected.to_string().parse(), Ok(expected), "{text}");
    }
}

#[test]
fn so_does_a_multiaddr() {
    let id = "12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo";
    let peer = |host: &str, id: Option<&str>| {
        let id = id.map(|id| id.parse().unwrap());
        Ok(PeerName::Peer { host: host.to_owned(), port: 11_111, id })
    };
    assert_eq!("/ip4/203.0.113.5/tcp/11111".parse(), peer("203.0.113.5", None));
    assert_eq!(format!("/ip6/::1/tcp/11111/p2p/{id}").parse(), peer("::1", Some(id)));
    assert_eq!("/dns4/node.example.org/tcp/11111".parse(), peer("node.example.org", None));
}

#[test]
fn nothing_else_does() {
    for text in [
        "",
        "1111",
        "127.0.0.1",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        ":1111",
        "a b:1",
        "[::1:1111",
        "::1:1111",
        "[x]:1",
        "/ip4/1.2.3.4",
        "/ip4/1.2.3.4/udp/1",
        "/ip4/1.2.3.4/tcp/0",
        "/ip4/1.2.3.4/tcp/1/ws",
        "/tcp/1",
        "/x",
        "ü:1",
    ] {
        assert_eq!(text.parse::<PeerName>(), Err(PeerNameError), "{text}");
    }
}

#[test]
fn an_address_has_one_form() {
    let socket_of = |text: &str| socket(&text.parse().unwrap());
    let mapped = socket_of("/ip6/::ffff:1.2.3.4/tcp/5").unwrap();
    assert_eq!(mapped, socket_of("/ip4/1.2.3.4/tcp/5").unwrap());
    assert_eq!(multiaddr(mapped), "/ip4/1.2.3.4/tcp/5".parse().unwrap());
    assert_eq!(multiaddr("[::ffff:1.2.3.4]:5".parse().unwrap()), "/ip4/1.2.3.4/tcp/5".parse().unwrap());
    for text in ["/ip4/1.2.3.4/udp/5", "/dns4/a.org/tcp/5", "/ip4/1.2.3.4/tcp/5/ws", "/memory/5"] {
        assert_eq!(socket_of(text), None, "{text}");
    }
}
