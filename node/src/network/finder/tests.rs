use libp2p::core::ConnectedPoint;

use super::*;

/// Finds nobody, because it has nobody to ask.
fn finder() -> Finder {
    let id = PeerId::random();
    Finder::new(kad::Behaviour::new(id, MemoryStore::new(id)))
}

/// Tells of a peer at an address, whoever dialled.
fn connects(finder: &mut Finder, text: &str, is_dialled: bool) {
    let address: Multiaddr = text.parse().unwrap();
    let endpoint = if is_dialled {
        ConnectedPoint::Dialer { address, role_override: Endpoint::Dialer, port_use: PortUse::New }
    } else {
        ConnectedPoint::Listener {
            local_addr: "/ip4/127.0.0.1/tcp/1".parse().unwrap(),
            send_back_addr: address,
        }
    };
    finder.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
        peer_id: PeerId::random(),
        connection_id: ConnectionId::new_unchecked(1),
        endpoint: &endpoint,
        failed_addresses: &[],
        other_established: 0,
    }));
}

/// Which of the addresses that a stranger names are dialled.
fn dials(finder: &mut Finder) -> Vec<&'static str> {
    finder.recent = RecentDials::new();
    let named = ["/ip4/127.0.0.1/tcp/22", "/ip6/::1/tcp/22", "/ip4/192.168.1.1/tcp/80", "/ip4/9.9.9.8/tcp/5"];
    let mut may = |text: &&str| {
        let peer = PeerId::random();
        finder.kad.add_address(&peer, text.parse().unwrap());
        let connection = ConnectionId::new_unchecked(2);
        let found = finder.handle_pending_outbound_connection(connection, Some(peer), &[], Endpoint::Dialer);
        !found.unwrap().is_empty()
    };
    named.into_iter().filter(|text| may(text)).collect()
}

#[test]
fn with_a_public_peer_no_doors_of_our_own_are_knocked_at() {
    let public = ["/ip4/9.9.9.8/tcp/5"];
    for is_dialled in [true, false] {
        // As a default node: it listens for this computer alone.
        let mut finder = finder();
        finder.listens(&"/ip4/127.0.0.1/tcp/1".parse().unwrap());
        assert_eq!(dials(&mut finder).len(), 4);
        connects(&mut finder, "/ip4/127.0.0.1/tcp/5", is_dialled);
        assert_eq!(dials(&mut finder).len(), 4);
        connects(&mut finder, "/ip4/192.168.1.5/tcp/5", is_dialled);
        assert_eq!(dials(&mut finder), ["/ip4/192.168.1.1/tcp/80", public[0]]);
        connects(&mut finder, "/ip4/9.9.9.9/tcp/5", is_dialled);
        assert_eq!(dials(&mut finder), public);
        // What strangers said is remembered when they have gone.
        connects(&mut finder, "/ip4/127.0.0.1/tcp/5", is_dialled);
        assert_eq!(dials(&mut finder), public);
    }
    let mut finder = finder();
    let announced = "/ip4/9.9.9.1/tcp/5".parse().unwrap();
    finder.on_swarm_event(FromSwarm::ExternalAddrConfirmed(ExternalAddrConfirmed { addr: &announced }));
    assert_eq!(dials(&mut finder), public);
}

#[test]
fn nobody_nearer_than_ourselves_is_dialled_for_a_stranger() {
    let near = ["/ip4/127.0.0.1/tcp/5", "/ip6/::1/tcp/5", "/ip6/::ffff:127.0.0.1/tcp/5"];
    let private = ["/ip4/192.168.1.1/tcp/5", "/ip4/10.0.0.1/tcp/5", "/ip6/fc00::1/tcp/5"];
    let public = ["/ip4/9.9.9.9/tcp/5", "/ip6/2a00::1/tcp/5"];
    let may = |own, text: &str| may_dial(own, &mut RecentDials::new(), &text.parse().unwrap(), 0);
    for (own, allowed, refused) in [
        (Scope::Public, &public[..], [&near[..], &private[..]].concat()),
        (Scope::Private, &[&private[..], &public[..]].concat()[..], near.to_vec()),
        (Scope::Loopback, &[&near[..], &private[..], &public[..]].concat()[..], Vec::new()),
    ] {
        assert!(allowed.iter().all(|text| may(own, text)), "{own:?}");
        assert!(!refused.iter().any(|text| may(own, text)), "{own:?}");
    }
    // What is no address of one node is dialled by nobody.
    for text in
        ["/ip4/0.0.0.0/tcp/5", "/ip4/224.0.0.1/tcp/5", "/ip4/9.9.9.9/tcp/0", "/dns4/a.org/tcp/5", "/memory/1"]
    {
        assert!(!may(Scope::Loopback, text), "{text}");
    }
}

#[test]
fn nobody_is_dialled_twice_within_a_minute_for_strangers() {
    let mut recent = RecentDials::new();
    let mut may = |text: &str, now_ms| may_dial(Scope::Loopback, &mut recent, &text.parse().unwrap(), now_ms);
    assert!(may("/ip4/9.9.9.9/tcp/5", 0));
    // Another port is the same victim; on this computer it is another node.
    for (text, is_dialled) in [
        ("/ip4/9.9.9.9/tcp/5", false),
        ("/ip4/9.9.9.9/tcp/6", false),
        ("/ip6/::ffff:9.9.9.9/tcp/5", false),
        ("/ip4/9.9.9.8/tcp/5", true),
        ("/ip4/127.0.0.1/tcp/5", true),
        ("/ip4/127.0.0.1/tcp/6", true),
        ("/ip4/127.0.0.1/tcp/5", false),
    ] {
        assert_eq!(may(text, 59_999), is_dialled, "{text}");
    }
    assert!(may("/ip4/9.9.9.9/tcp/6", 60_000));

    // Whoever names thousands at once does not make us forget the first.
    let dialled =
        (0..10_000).filter(|n| may(&format!("/ip4/20.0.{}.{}/tcp/5", n / 250, 1 + n % 250), 150_000));
    assert_eq!(dialled.count(), 4_096);
    assert!(!may("/ip4/20.0.0.1/tcp/5", 150_001));
}
