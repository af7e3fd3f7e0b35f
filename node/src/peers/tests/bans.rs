use std::collections::BTreeSet;

use shared::consensus::{RuleError, TxError};
use shared::hash::BlockHash;

use crate::sync::{Fault, Now, PeerKey};

use super::super::{
    BAN_S, Ban, BanKey, Direction, MAX_BAN_S, MAX_BANS, Peers, Refusal, Saved, Sentence, WishError, points,
};
use super::{START_S, address, admit, at, peers};

const KEY: PeerKey = PeerKey(1);

fn slow() -> Fault {
    Fault::Slow
}

fn invalid() -> Fault {
    Fault::Transaction(TxError::AmountZero)
}

fn condemning() -> Fault {
    Fault::Announcement
}

#[test]
fn every_fault_has_its_price() {
    let hash = BlockHash([1; 32]);
    let version = RuleError::HeaderVersion { version: 9 };
    for (fault, expected) in [
        (Fault::Header(version.clone()), 100),
        (Fault::Block(version.clone()), 100),
        (Fault::Body(version), 100),
        // What may become valid later is nobody's fault.
        (Fault::Header(RuleError::UnknownParent { prev_hash: hash }), 0),
        (Fault::Announcement, 100),
        (Fault::Condemned, 20),
        (invalid(), 50),
        (Fault::WrongAnswer("x"), 50),
        (Fault::CheapHeaders, 50),
        (Fault::Malformed, 50),
        (Fault::Gossip, 100),
        (Fault::WrongQuestion("x"), 20),
        (Fault::Flood("x"), 10),
        (Fault::Slow, 10),
    ] {
        assert_eq!(points(&fault), expected, "{fault}");
        // And whoever looks on sees it.
        let mut peers = peers();
        admit(&mut peers, 1, "9.9.9.9:1", at(0));
        let sentence = peers.blame(KEY, &fault, at(0));
        assert_eq!(sentence.is_some(), expected >= 100, "{fault}");
        if expected < 100 {
            assert_eq!(peers.list(at(0)).next().unwrap().points, expected, "{fault}");
        }
    }
}

#[test]
fn the_worst_is_banned_at_once_and_told_why() {
    let mut peers = peers();
    admit(&mut peers, 1, "[::ffff:9.9.9.9]:1", at(0));
    admit(&mut peers, 2, "9.9.9.9:2", at(0));
    admit(&mut peers, 3, "9.9.9.8:1", at(0));
    let ban = Ban {
        address: BanKey::V4([9, 9, 9, 9].into()),
        since: START_S + 5,
        until: START_S + 5 + BAN_S,
        reason: "an announcement that does not fit its header".to_owned(),
    };
    let close = BTreeSet::from([KEY, PeerKey(2)]);
    assert_eq!(
        peers.blame(KEY, &condemning(), at(5)),
        Some(Sentence { close: close.clone(), ban: Some(ban.clone()) })
    );
    for peer in close {
        peers.disconnected(peer, at(5));
    }
    // Neither another port nor another notation helps.
    for from in ["9.9.9.9:7", "[::ffff:9.9.9.9]:8"] {
        assert_eq!(peers.may_connect(address(from), at(6)), Err(Refusal::Banned(ban.clone())));
    }
    assert_eq!(peers.may_connect(address("9.9.9.7:1"), at(6)), Ok(()));
    assert_eq!(peers.may_connect(address("9.9.9.9:7"), at(5 + BAN_S)), Ok(()));
}

#[test]
fn coming_again_clears_nothing_but_time_does() {
    let mut peers = peers();
    for (key, from, now) in [(1, "9.9.9.9:1", at(0)), (2, "[::ffff:9.9.9.9]:2", at(36))] {
        admit(&mut peers, key, from, now);
        assert_eq!(peers.blame(PeerKey(key), &invalid(), now), None);
        peers.disconnected(PeerKey(key), now);
    }
    // 50 + 50, less one for 36 seconds.
    admit(&mut peers, 3, "9.9.9.9:3", at(36));
    assert_eq!(peers.list(at(36)).next().unwrap().points, 99);
    assert_eq!(peers.list(at(72)).next().unwrap().points, 98);
    assert_eq!(peers.list(at(7_200)).next().unwrap().points, 0);
    assert!(peers.blame(PeerKey(3), &slow(), at(72)).is_some());
}

#[test]
fn hanging_up_evades_no_blame() {
    let mut peers = peers();
    // It goes before what it sent is judged, and comes again.
    for key in 1..=2 {
        admit(&mut peers, key, &format!("9.9.9.9:{key}"), at(key));
        peers.greeted(PeerKey(key), at(key));
        peers.disconnected(PeerKey(key), at(key));
    }
    admit(&mut peers, 3, "9.9.9.9:3", at(3));
    assert_eq!(peers.blame(KEY, &invalid(), at(3)), None);
    assert_eq!(peers.list(at(3)).next().unwrap().points, 50);
    let sentence = peers.blame(PeerKey(2), &invalid(), at(3)).unwrap();
    assert_eq!(sentence.close, BTreeSet::from([PeerKey(3)]));
    assert!(matches!(peers.may_connect(address("9.9.9.9:4"), at(3)), Err(Refusal::Banned(_))));
    // The rest of what it sent is no second ban, and no longer one.
    peers.disconnected(PeerKey(3), at(3));
    assert_eq!(peers.blame(PeerKey(3), &condemning(), at(10)), None);
    assert_eq!(peers.bans(at(10)).next().cloned(), sentence.ban);

    // Who said no hello has delivered nothing, and nobody is remembered for ever.
    for (key, from) in [(4, "9.9.9.8:1"), (5, "9.9.9.7:1")] {
        admit(&mut peers, key, from, at(20));
    }
    peers.greeted(PeerKey(5), at(20));
    peers.disconnected(PeerKey(4), at(20));
    peers.disconnected(PeerKey(5), at(20));
    assert_eq!(peers.blame(PeerKey(4), &condemning(), at(21)), None);
    assert_eq!(peers.blame(PeerKey(5), &condemning(), at(80)), None);
    assert_eq!(peers.bans(at(80)).count(), 1);
}

#[test]
fn whoever_was_named_and_hung_up_is_not_dialled_soon() {
    let mut peers = peers();
    let named = address("9.9.9.9:11111");
    peers.name(named).unwrap();
    peers.next_dials(at(0));
    peers.connected(KEY, named, Direction::Outbound, at(0)).unwrap();
    peers.greeted(KEY, at(0));
    peers.disconnected(KEY, at(1));
    assert_eq!(peers.blame(KEY, &condemning(), at(2)).unwrap().ban, None);
    assert_eq!(peers.next_dials(at(301)), []);
    assert_eq!(peers.next_dials(at(302)).len(), 1);
}

#[test]
fn this_computer_is_disconnected_and_not_banned() {
    let mut peers = peers();
    admit(&mut peers, 1, "127.0.0.1:1", at(0));
    admit(&mut peers, 2, "127.0.0.1:2", at(0));
    let only_it = Sentence { close: BTreeSet::from([KEY]), ban: None };
    assert_eq!(peers.blame(KEY, &condemning(), at(0)), Some(only_it));
    peers.disconnected(KEY, at(0));
    assert_eq!(peers.may_connect(address("127.0.0.1:1"), at(0)), Ok(()));
    assert_eq!(peers.blame(PeerKey(2), &slow(), at(0)), None);
    let refused = peers.ban("::1".parse().unwrap(), "x", BAN_S, at(0));
    assert_eq!(refused, Err(WishError::Loopback));
}

#[test]
fn the_operator_bans_and_forgives() {
    let mut peers = peers();
    admit(&mut peers, 1, "9.9.9.9:1", at(0));
    let key: BanKey = "9.9.9.9".parse().unwrap();
    let ban = Ban { address: key, since: START_S, until: START_S + 60, reason: "tooloud".to_owned() };
    let sentence = Sentence { close: BTreeSet::from([KEY]), ban: Some(ban.clone()) };
    assert_eq!(peers.ban(key, "too\nloud", 60, at(0)), Ok(sentence));
    assert_eq!(peers.bans(at(1)).collect::<Vec<_>>(), [&ban]);
    assert_eq!(peers.bans(at(60)).count(), 0);
    assert_eq!(peers.unban(key), Ok(ban));
    assert_eq!(peers.unban(key), Err(WishError::NotBanned(key)));
    assert_eq!(peers.may_connect(address("9.9.9.9:2"), at(1)), Ok(()));
}

#[test]
fn a_ban_ends_after_a_year_at_the_latest() {
    let key: BanKey = "9.9.9.9".parse().unwrap();
    let ban = Ban { address: key, since: 0, until: u64::MAX, reason: "x".repeat(1_000) };
    let saved = Saved { bans: vec![ban], ..Saved::default() };
    let peers = Peers::new(super::PeerLimits::default(), [0; 32], saved, at(0));
    let ban = peers.bans(at(0)).next().unwrap();
    assert_eq!((ban.until, ban.reason.len()), (START_S + MAX_BAN_S, 200));
}

#[test]
fn a_million_offenders_fill_no_memory() {
    let mut peers = peers();
    let hand_out = |n: u64| BanKey::V6(0x2a00_0000_0000_0000 | n);
    for n in 0..1_000_000 {
        // One after another, so that the first ends first.
        let now = Now { ms: n, unix_s: START_S + n / 100 };
        peers.ban(hand_out(n), "", BAN_S, now).unwrap();
    }
    let now = at(10_000);
    assert_eq!(peers.bans(now).count(), MAX_BANS);
    assert!(peers.unban(hand_out(999_999)).is_ok());
    assert!(peers.unban(hand_out(0)).is_err());
}

#[test]
fn bans_outlive_the_node() {
    let mut peers = peers();
    let key: BanKey = "2a00::1".parse().unwrap();
    peers.ban(key, "a lie", BAN_S, at(0)).unwrap();
    let saved = peers.saved(at(1));
    let text = serde_json::to_string(&saved).unwrap();
    let again =
        Peers::new(super::PeerLimits::default(), [8; 32], serde_json::from_str(&text).unwrap(), at(2));
    assert!(matches!(again.may_connect(address("[2a00::9]:1"), at(2)), Err(Refusal::Banned(_))));
    assert_eq!(again.saved(at(2)), saved);
}
