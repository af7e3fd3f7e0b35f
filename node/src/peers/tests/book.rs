use std::collections::BTreeSet;

use crate::sync::PeerKey;

use super::super::book::{MAX_NEW, MAX_NEW_IN_GROUP, MAX_NEW_OF_SOURCE, MAX_TRIED, MAX_TRIED_IN_GROUP};
use super::super::{Direction, NotKept, PeerAddress, Peers, Role};
use super::{address, admit, at, peers};

fn known(peers: &Peers) -> Vec<PeerAddress> {
    peers.saved(at(0)).book.iter().map(|saved| saved.address).collect()
}

/// Somewhere on the Internet, each in a group of its own.
fn somewhere(n: u64) -> PeerAddress {
    address(&format!("{}.{}.1.1:11111", 20 + n / 200, n % 200))
}

#[test]
fn a_peer_tells_one_address_in_ten_seconds() {
    let mut peers = peers();
    admit(&mut peers, 1, "9.9.9.9:1", at(0));
    let told = (0..100).filter(|n| peers.heard(PeerKey(1), somewhere(*n), at(0)).is_ok()).count();
    assert_eq!(told, MAX_NEW_OF_SOURCE);
    assert_eq!(peers.heard(PeerKey(1), somewhere(101), at(9)), Err(NotKept::TooMany));
    assert_eq!(peers.heard(PeerKey(1), somewhere(101), at(10)), Ok(()));
    assert_eq!(peers.heard(PeerKey(1), somewhere(102), at(10)), Err(NotKept::TooMany));
    assert_eq!(peers.heard(PeerKey(9), somewhere(102), at(10)), Err(NotKept::Stranger));
}

#[test]
fn nobody_tells_of_a_network_that_is_nearer_than_its_own() {
    let mut peers = peers();
    for (key, from) in [(1, "9.9.9.9:1"), (2, "192.168.1.2:1"), (3, "127.0.0.1:1")] {
        admit(&mut peers, key, from, at(0));
    }
    for (told, least) in [("8.8.8.8:1", 1), ("192.168.1.9:1", 2), ("127.0.0.1:2", 3)] {
        for key in 1..=3 {
            let expected = if key >= least { Ok(()) } else { Err(NotKept::OutOfScope(address(told))) };
            assert_eq!(peers.heard(PeerKey(key), address(told), at(0)), expected, "{told} by {key}");
        }
    }
}

#[test]
fn one_source_has_its_share_and_drives_out_only_its_own() {
    let mut peers = peers();
    admit(&mut peers, 1, "9.9.9.9:1", at(0));
    peers.heard(PeerKey(1), address("8.8.8.8:1"), at(0)).unwrap();
    // The same /16, which is one source however many addresses it has; each comes with a full bucket.
    for key in 2..200 {
        let from = format!("7.7.{}.7:1", key % 100);
        peers.connected(PeerKey(key), address(&from), Direction::Inbound, at(0)).unwrap();
        for n in 0..20 {
            peers.heard(PeerKey(key), somewhere(key * 20 + n), at(0)).unwrap();
        }
        peers.disconnected(PeerKey(key), at(0));
    }
    assert_eq!(known(&peers).len(), 1 + MAX_NEW_OF_SOURCE);
    assert!(known(&peers).contains(&address("8.8.8.8:1")));
}

#[test]
fn the_book_has_an_end_and_the_greediest_gives() {
    let mut peers = peers();
    admit(&mut peers, 1, "9.9.9.9:1", at(0));
    for n in 0..10 {
        peers.heard(PeerKey(1), somewhere(n), at(0)).unwrap();
    }
    // Twenty thousand addresses of a hundred groups of sources.
    for source in 0..100 {
        let key = PeerKey(2 + source);
        peers
            .connected(key, address(&format!("{}.7.1.1:1", 20 + source)), Direction::Inbound, at(0))
            .unwrap();
        for round in 0..200 {
            let n = source * 200 + round;
            let told = address(&format!("{}.{}.{}.1:1", 20 + n % 80, 50 + n / 80 % 200, n / 16_000));
            // In ten seconds each bucket has one more.
            peers.heard(key, told, at(10 * round)).unwrap();
        }
        peers.disconnected(key, at(2_000));
    }
    let known = known(&peers);
    assert_eq!(known.len(), MAX_NEW);
    assert!((0..10).all(|n| known.contains(&somewhere(n))));
}

#[test]
fn one_group_has_its_share() {
    let mut peers = peers();
    admit(&mut peers, 1, "9.9.9.9:1", at(0));
    for n in 0..60 {
        peers.heard(PeerKey(1), address(&format!("8.8.{n}.8:1")), at(0)).unwrap();
    }
    assert_eq!(known(&peers).len(), MAX_NEW_IN_GROUP);
}

/// Connects to `to` as if somebody else had dialled it, and reaches a node there.
fn reach(peers: &mut Peers, to: PeerAddress, now: u64) {
    let key = PeerKey(1_000_000);
    peers.connected(key, to, Direction::Outbound, at(now)).unwrap();
    peers.greeted(key, at(now));
    peers.disconnected(key, at(now));
}

#[test]
fn what_we_reached_is_kept_from_strangers() {
    let mut peers = peers();
    for n in 0..1_100 {
        reach(&mut peers, somewhere(n), n);
    }
    // The one that was reached longest ago went.
    assert_eq!(known(&peers).len(), MAX_TRIED);
    assert!(!known(&peers).contains(&somewhere(0)) && known(&peers).contains(&somewhere(1_099)));
    // Within one group there is less room.
    let mut neighbours = self::peers();
    for n in 0..20 {
        reach(&mut neighbours, address(&format!("9.9.9.{n}:1")), n);
    }
    let kept: Vec<_> = (12..20).map(|n| address(&format!("9.9.9.{n}:1"))).collect();
    assert_eq!(
        (kept.len(), known(&neighbours).into_iter().collect()),
        (MAX_TRIED_IN_GROUP, kept.into_iter().collect::<BTreeSet<_>>())
    );

    let reached: BTreeSet<_> = known(&peers).into_iter().collect();
    admit(&mut peers, 1, "7.7.7.7:1", at(3_000));
    for n in 0..64 {
        peers.heard(PeerKey(1), address(&format!("66.{n}.1.1:1")), at(3_000)).unwrap();
    }
    assert!(reached.is_subset(&known(&peers).into_iter().collect()));
}

#[test]
fn an_address_is_dialled_once_a_minute_whatever_its_port() {
    let mut peers = peers();
    admit(&mut peers, 1, "9.9.9.9:1", at(0));
    for port in 1..=16 {
        peers.heard(PeerKey(1), address(&format!("8.8.8.8:{port}")), at(0)).unwrap();
    }
    let mut dialled = Vec::new();
    for second in 0..600 {
        for dial in peers.next_dials(at(second)) {
            dialled.push(second);
            peers.dial_failed(dial.address, at(second));
        }
    }
    assert!(!dialled.is_empty());
    assert!(dialled.windows(2).all(|pair| pair[1] - pair[0] >= 60), "{dialled:?}");
}

#[test]
fn hopeless_addresses_are_forgotten_but_not_while_our_own_line_is_dead() {
    let mut peers = peers();
    peers.found(address("8.8.8.8:1"));
    let knock = |peers: &mut Peers, from: u64| {
        let mut n = 0;
        for minute in 0..60 {
            for dial in peers.next_dials(at(from + minute * 60)) {
                n += 1;
                peers.dial_failed(dial.address, at(from + minute * 60));
            }
        }
        n
    };
    assert!(knock(&mut peers, 0) > 3);
    assert_eq!(known(&peers), [address("8.8.8.8:1")]);
    admit(&mut peers, 1, "9.9.9.9:1", at(3_600));
    peers.greeted(PeerKey(1), at(3_600));
    assert_eq!(knock(&mut peers, 3_600), 3);
    assert_eq!(known(&peers), []);
}

#[test]
fn the_neighbours_of_before_the_restart_are_dialled_first() {
    let mut before = peers();
    for n in 0..50 {
        before.found(somewhere(n));
    }
    let mut old = BTreeSet::new();
    for (key, dial) in (0..).zip(before.next_dials(at(0))) {
        before.connected(PeerKey(key), dial.address, Direction::Outbound, at(0)).unwrap();
        before.greeted(PeerKey(key), at(0));
        if dial.role == Role::BlockOnly {
            old.insert(dial.address);
        }
    }
    let saved = before.saved(at(1));
    assert_eq!((old.len(), saved.anchors.iter().copied().collect()), (2, old.clone()));
    for seed in 0..20 {
        let mut after = Peers::new(super::PeerLimits::default(), [seed; 32], saved.clone(), at(1));
        let dials = after.next_dials(at(100));
        let block_only = dials.iter().filter(|dial| dial.role == Role::BlockOnly);
        assert_eq!(block_only.map(|dial| dial.address).collect::<BTreeSet<_>>(), old);
        assert_eq!(dials.len(), 10);
        // A node that is stopped before it reached anybody forgets nobody.
        assert_eq!(after.saved(at(101)).anchors, saved.anchors);
    }
}

#[test]
fn nobody_makes_us_dial_ourselves() {
    let mut peers = peers();
    peers.found(address("8.8.8.8:1"));
    peers.is_ourselves(address("8.8.8.8:1"));
    admit(&mut peers, 1, "9.9.9.9:1", at(0));
    let own = address("8.8.8.8:1");
    assert_eq!(peers.heard(PeerKey(1), own, at(0)), Err(NotKept::Own(own)));
    assert_eq!(peers.next_dials(at(0)), []);
}
