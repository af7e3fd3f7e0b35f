use libp2p::swarm::ListenError;

use super::*;
use crate::clock::SystemClock;

fn gate() -> Gate {
    let mut gate = Gate::closed();
    let timer = Timer::new(Arc::new(SystemClock));
    gate.open(PeerLimits::default(), [7; 32], Saved::default(), timer);
    gate
}

fn comes(gate: &mut Gate, number: usize, from: &str) -> bool {
    let (id, here) = (ConnectionId::new_unchecked(number), "/ip4/9.9.9.1/tcp/1".parse().unwrap());
    gate.handle_pending_inbound_connection(id, &here, &from.parse().unwrap()).is_ok()
}

#[test]
fn nobody_comes_in_before_the_node_has_started() {
    assert!(!comes(&mut Gate::closed(), 0, "/ip4/9.9.9.9/tcp/1"));
    assert!(comes(&mut gate(), 0, "/ip4/9.9.9.9/tcp/1"));
}

#[test]
fn one_address_holds_a_few_of_the_places_in_front_of_the_door() {
    let mut gate = gate();
    let came = (0..100).filter(|port| comes(&mut gate, *port, &format!("/ip4/9.9.9.9/tcp/{}", 1 + port)));
    assert_eq!(came.count(), limits::PENDING_OF_ADDRESS);
    // Nor in another notation; whoever else comes finds a place.
    assert!(!comes(&mut gate, 100, "/ip6/::ffff:9.9.9.9/tcp/1"));
    assert!(comes(&mut gate, 101, "/ip4/9.9.9.8/tcp/1"));
    let came = (200..300).filter(|n| comes(&mut gate, *n, &format!("/ip6/2a00::{n}/tcp/1")));
    assert_eq!(came.count(), limits::PENDING_OF_ADDRESS);
    // All nodes of this computer have one address.
    assert_eq!((300..332).filter(|n| comes(&mut gate, *n, "/ip4/127.0.0.1/tcp/1")).count(), 32);
}

#[test]
fn a_place_is_free_again_when_its_handshake_ends_in_whatever_way() {
    let mut gate = gate();
    let from: Multiaddr = "/ip4/9.9.9.9/tcp/1".parse().unwrap();
    for round in 0..100 {
        let ids = (0..limits::PENDING_OF_ADDRESS).map(|n| 10 * round + n);
        for id in ids {
            assert!(comes(&mut gate, id, "/ip4/9.9.9.9/tcp/1"), "{round}");
            let connection_id = ConnectionId::new_unchecked(id);
            if id % 2 == 0 {
                let came =
                    gate.handle_established_inbound_connection(connection_id, PeerId::random(), &from, &from);
                assert!(came.is_ok());
            } else {
                gate.on_swarm_event(FromSwarm::ListenFailure(ListenFailure {
                    local_addr: &from,
                    send_back_addr: &from,
                    error: &ListenError::Aborted,
                    connection_id,
                    peer_id: None,
                }));
            }
        }
    }
}
