use std::collections::BTreeSet;

use crate::sync::PeerKey;

use super::super::{Direction, Gift, PeerLimits, Peers, Refusal, Role, Saved, WishError};
use super::{address, admit, at, peers};

#[test]
fn two_connections_with_one_address() {
    let mut peers = peers();
    admit(&mut peers, 1, "9.9.9.9:1", at(0));
    admit(&mut peers, 2, "[::ffff:9.9.9.9]:2", at(0));
    let key = address("9.9.9.9:3").ban_key();
    let refusal = Refusal::TooManyOfAddress { key, max: 2 };
    assert_eq!(peers.may_connect(address("9.9.9.9:3"), at(0)), Err(refusal.clone()));
    let result = peers.connected(PeerKey(3), address("9.9.9.9:3"), Direction::Inbound, at(0));
    assert_eq!(result, Err(refusal));
    peers.disconnected(PeerKey(1), at(0));
    admit(&mut peers, 3, "9.9.9.9:3", at(0));
    for key in 10..50 {
        admit(&mut peers, key, "127.0.0.1:5", at(0));
    }
}

/// Fills all places from three addresses' worth of groups, after twenty honest peers that came long before.
fn full() -> Peers {
    let mut peers = peers();
    for n in 0..20 {
        admit(&mut peers, n, &format!("{}.1.1.1:1", 20 + n), at(n));
        peers.answered(PeerKey(n), 50);
        peers.brought(PeerKey(n), Gift::Block, at(1_000 + n));
    }
    for n in 20..112 {
        admit(&mut peers, n, &format!("9.{}.{n}.1:1", n % 3), at(2_000 + n));
        // Nearer than anybody honest.
        peers.answered(PeerKey(n), 1);
        peers.brought(PeerKey(n), Gift::Transaction, at(3_000 + n));
    }
    peers
}

#[test]
fn when_all_places_are_taken_the_newcomer_gets_one_and_the_useful_stay() {
    let mut peers = full();
    let mut gone = BTreeSet::new();
    for n in 0..60 {
        let from = format!("{}.2.2.2:1", 100 + n);
        gone.insert(admit(&mut peers, 200 + n, &from, at(5_000 + n)).unwrap());
        assert_eq!(peers.list(at(6_000)).filter(|peer| peer.role == Role::Inbound).count(), 112);
    }
    assert_eq!(gone.len(), 60);
    assert!(gone.iter().all(|peer| peer.0 >= 20), "{gone:?}");
}

#[test]
fn a_node_with_few_places_keeps_the_peers_that_it_has() {
    let limits = PeerLimits { inbound: 10, ..PeerLimits::default() };
    let mut peers = Peers::new(limits, [7; 32], Saved::default(), at(0));
    for n in 0..10 {
        admit(&mut peers, n, &format!("{}.1.1.1:1", 20 + n), at(n));
        peers.answered(PeerKey(n), 50);
    }
    assert_eq!(peers.may_connect(address("9.9.9.9:1"), at(20)), Err(Refusal::Full { max: 10 }));
}

#[test]
fn eight_and_two_are_dialled_each_in_another_group() {
    let mut peers = peers();
    for group in 0..12 {
        for host in 0..5 {
            peers.found(address(&format!("20.{group}.1.{host}:11111")));
        }
    }
    let dials = peers.next_dials(at(0));
    let roles = |role| dials.iter().filter(|dial| dial.role == role).count();
    assert_eq!((roles(Role::Full), roles(Role::BlockOnly), dials.len()), (8, 2, 10));
    let groups: BTreeSet<_> = dials.iter().map(|dial| dial.address.group()).collect();
    assert_eq!(groups.len(), 10);
    assert_eq!(peers.next_dials(at(1)), []);

    // Who leaves is replaced by somebody of another group.
    for (key, dial) in (0..).zip(&dials) {
        assert_eq!(peers.connected(PeerKey(key), dial.address, Direction::Outbound, at(2)), Ok(None));
        peers.greeted(PeerKey(key), at(2));
    }
    peers.disconnected(PeerKey(9), at(3));
    let next = peers.next_dials(at(3));
    assert_eq!(next.len(), 1);
    assert!(
        next[0].role == dials[9].role
            && !dials[..9].iter().any(|d| d.address.group() == next[0].address.group())
    );
}

#[test]
fn who_is_named_is_dialled_again_and_again() {
    let mut peers = peers();
    let named = address("127.0.0.1:11111");
    peers.name(named).unwrap();
    let mut dialled = Vec::new();
    for second in 0..1_000 {
        for dial in peers.next_dials(at(second)) {
            assert_eq!((dial.address, dial.role), (named, Role::Named));
            dialled.push(second);
            peers.dial_failed(named, at(second));
        }
    }
    // Twice the pause each time, and then a minute.
    let expected: Vec<_> = [0, 2, 6, 14, 30].into_iter().chain((62..1_000).step_by(60)).collect();
    assert_eq!(dialled, expected);
    peers.next_dials(at(2_000));
    peers.connected(PeerKey(1), named, Direction::Outbound, at(2_000)).unwrap();
    peers.greeted(PeerKey(1), at(2_000));
    assert_eq!(peers.next_dials(at(3_000)), []);
    peers.disconnected(PeerKey(1), at(3_000));
    assert_eq!(peers.next_dials(at(3_002)).len(), 1);
    peers.connected(PeerKey(2), named, Direction::Outbound, at(3_002)).unwrap();
    assert_eq!(peers.unname(named), Ok(Some(PeerKey(2))));
    assert_eq!(peers.unname(named), Err(WishError::NotNamed(named)));
}

#[test]
fn who_is_named_is_not_banned_and_a_ban_ends_with_the_name() {
    let mut peers = peers();
    let named = address("9.9.9.9:11111");
    peers.ban(named.ban_key(), "x", 60, at(0)).unwrap();
    peers.name(named).unwrap();
    assert_eq!(peers.bans(at(0)).count(), 0);
    assert_eq!(peers.next_dials(at(0)).len(), 1);
    peers.connected(PeerKey(1), named, Direction::Outbound, at(0)).unwrap();
    let sentence = peers.blame(PeerKey(1), &crate::sync::Fault::Announcement, at(0)).unwrap();
    assert_eq!((sentence.close, sentence.ban), (BTreeSet::from([PeerKey(1)]), None));
    peers.disconnected(PeerKey(1), at(0));
    // Not at once again.
    assert_eq!(peers.next_dials(at(299)), []);
    assert_eq!(peers.next_dials(at(300)).len(), 1);
    for n in 0..63 {
        peers.name(address(&format!("8.8.8.8:{}", 1 + n))).unwrap();
    }
    assert_eq!(peers.name(address("8.8.4.4:1")), Err(WishError::TooManyNamed { max: 64 }));
}

#[test]
fn somebody_elses_dial_gets_a_free_place_only() {
    let limits = PeerLimits { full: 1, ..PeerLimits::default() };
    let mut peers = Peers::new(limits, [7; 32], Saved::default(), at(0));
    let connect =
        |peers: &mut Peers, key, to| peers.connected(PeerKey(key), address(to), Direction::Outbound, at(0));
    assert_eq!(connect(&mut peers, 1, "8.8.8.8:1"), Ok(None));
    assert_eq!(connect(&mut peers, 2, "9.9.9.9:1"), Err(Refusal::Full { max: 1 }));
}

#[test]
fn somebody_elses_dials_get_one_place_in_each_network() {
    let mut peers = Peers::new(PeerLimits::default(), [7; 32], Saved::default(), at(0));
    let connect =
        |peers: &mut Peers, key, to| peers.connected(PeerKey(key), address(to), Direction::Outbound, at(0));
    assert_eq!(connect(&mut peers, 1, "8.8.8.8:1"), Ok(None));
    let refusal = Refusal::TakenNetwork { address: address("8.8.4.4:1") };
    assert_eq!(connect(&mut peers, 2, "8.8.4.4:1"), Err(refusal));
    assert_eq!(connect(&mut peers, 3, "9.9.9.9:1"), Ok(None));
}
