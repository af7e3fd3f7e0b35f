use crate::sync::{Fault, Now, PeerKey};

use super::super::{Direction, PeerAddress, PeerLimits, Peers, Role, Saved};
use super::{Numbers, START_S, address};

/// Few addresses of every kind, so that everything meets.
fn any_address(numbers: &mut Numbers) -> PeerAddress {
    let (a, b) = (numbers.below(6), 1 + numbers.below(3));
    address(&match numbers.below(4) {
        0 => format!("127.0.0.1:{b}"),
        1 => format!("192.168.1.{a}:{b}"),
        2 => format!("[2a0{a}::{b}]:1"),
        _ => format!("2{a}.{a}.1.{b}:1"),
    })
}

fn any_fault(numbers: &mut Numbers) -> Fault {
    match numbers.below(4) {
        0 => Fault::Announcement,
        1 => Fault::Malformed,
        _ => Fault::Slow,
    }
}

/// Does one of all things that can happen.
fn step(peers: &mut Peers, numbers: &mut Numbers, now: Now) {
    let peer = PeerKey(numbers.below(40));
    let at = any_address(numbers);
    match numbers.below(12) {
        0..3 => {
            // A connection has a key of its own.
            if peers.list(now).all(|state| state.peer != peer) {
                drop(peers.connected(peer, at, Direction::Inbound, now));
            }
        }
        3 | 4 => {
            for dial in peers.next_dials(now) {
                let peer = PeerKey(1_000 + numbers.below(1_000_000));
                if numbers.below(2) == 0 {
                    peers.dial_failed(dial.address, now);
                } else if peers.connected(peer, dial.address, Direction::Outbound, now).is_ok() {
                    peers.greeted(peer, now);
                }
            }
        }
        5 => {
            let open: Vec<_> = peers.list(now).map(|state| state.peer).collect();
            if !open.is_empty() {
                peers.disconnected(open[usize::try_from(numbers.below(open.len() as u64)).unwrap()], now);
            }
        }
        6 => {
            let fault = any_fault(numbers);
            for peer in peers.blame(peer, &fault, now).into_iter().flat_map(|sentence| sentence.close) {
                peers.disconnected(peer, now);
            }
        }
        7 => {
            peers.heard(peer, at, now).ok();
        }
        8 => {
            peers.name(at).ok();
        }
        9 => {
            peers.unname(at).ok();
        }
        10 => {
            let sentence = peers.ban(at.ban_key(), "", numbers.below(100), now);
            for peer in sentence.into_iter().flat_map(|sentence| sentence.close) {
                peers.disconnected(peer, now);
            }
        }
        _ => drop(peers.unban(at.ban_key())),
    }
}

#[test]
fn whatever_happens_under_whatever_limits_they_hold() {
    for seed in 0..60 {
        let mut numbers = Numbers(seed);
        let mut any = |n| usize::try_from(numbers.below(n)).unwrap();
        let limits = PeerLimits { full: any(4), block_only: any(3), inbound: any(30), per_ip: any(4) };
        let mut now = Now { ms: 0, unix_s: START_S };
        let mut peers = Peers::new(limits, [7; 32], Saved::default(), now);
        for _ in 0..1_000 {
            step(&mut peers, &mut numbers, now);
            let passed = numbers.below(20);
            now = Now { ms: now.ms + passed * 1_000, unix_s: now.unix_s + passed };
            let count = |role| peers.list(now).filter(|state| state.role == role).count();
            assert!(count(Role::Inbound) <= limits.inbound, "seed {seed}");
            assert!(count(Role::Full) <= limits.full, "seed {seed}");
            assert!(count(Role::BlockOnly) <= limits.block_only, "seed {seed}");
            let saved = peers.saved(now);
            for state in peers.list(now).filter(|state| state.role != Role::Named) {
                let key = state.address.ban_key();
                assert!(saved.bans.iter().all(|ban| ban.address != key), "seed {seed}: {key} is connected");
            }
        }
        let saved = peers.saved(now);
        let again = Peers::new(limits, [8; 32], saved.clone(), now);
        assert_eq!(again.saved(now).bans, saved.bans, "seed {seed}");
        assert_eq!(again.saved(now).book, saved.book, "seed {seed}");
    }
}
