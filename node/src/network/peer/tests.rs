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

fn address(text: &str) -> PeerAddress {
    text.parse().unwrap()
}

#[test]
fn coming_again_brings_no_new_budget() {
    let (from, burst) = (address("9.9.9.9:1"), limits::TRANSACTION_RATE.burst as usize);
    let second = Duration::from_secs(1);
    let mut budgets = Budgets::new();
    // It takes all in its third second, and goes.
    let mut budget = budgets.of(Some(from), 0);
    assert!(budget.transactions.take_many(burst, 3 * second));
    budgets.keep(from, budget, 3 * second, 3_000);
    // Neither another port nor two at once help; a second brings what a second brings, and that is not full again.
    for other in ["9.9.9.9:2", "[::ffff:9.9.9.9]:3"] {
        let mut budget = budgets.of(Some(address(other)), 4_000);
        assert!(!budget.transactions.take_many(5_001, Duration::ZERO));
        assert!(budget.transactions.take_many(5_000, Duration::ZERO) && budget.requests.take(Duration::ZERO));
        assert!(budget.transactions.take_many(5_000, second) && !budget.transactions.take(second));
        // One that had more left makes it no more.
        budgets.keep(from, Budget::new(), Duration::ZERO, 4_000);
    }
    assert!(budgets.of(Some(address("9.9.9.8:1")), 4_000).transactions.take_many(burst, Duration::ZERO));
    assert!(budgets.of(Some(from), 14_000).transactions.take_many(burst, Duration::ZERO));
}

#[test]
fn what_is_remembered_lasts_until_every_budget_is_full() {
    let rates = [limits::REQUEST_RATE, limits::BYTE_RATE, limits::TRANSACTION_RATE, limits::MESSAGE_RATE];
    for rate in rates {
        assert!(u64::from(rate.burst) <= u64::from(rate.per_second) * limits::BUDGET_MEMORY.as_secs());
    }
}

#[test]
fn a_64_bit_prefix_has_one_budget_and_this_computer_none() {
    let mut budgets = Budgets::new();
    for (from, again, is_kept) in
        [("[2a00::1]:1", "[2a00::2]:1", true), ("127.0.0.1:1", "127.0.0.1:2", false)]
    {
        let mut budget = budgets.of(Some(address(from)), 0);
        assert!(budget.messages.take_many(limits::MESSAGE_RATE.burst as usize, Duration::ZERO));
        budgets.keep(address(from), budget, Duration::ZERO, 0);
        let mut budget = budgets.of(Some(address(again)), 0);
        assert_eq!(budget.messages.take(Duration::ZERO), !is_kept, "{from}");
    }
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

#[test]
fn what_we_ask_for_leaves_room_for_what_is_pushed() {
    let id = PeerId::random();
    let mut peer = Peer::new(id, PeerKey(1), None, None, true, false);
    peer.begin_pending((0..60_000_u32).map(tx_id).collect(), 50_000);
    let mut asked = 0;
    while let Some(Request::Transactions { ids }) = peer.next_pending() {
        asked += ids.len();
        peer.pending.answered();
    }
    assert!((24_000..50_000).contains(&asked), "{asked}");
    assert!(!peer.pending.is_done(), "the rest comes later");
    assert!(peer.budget.transactions.take_many(24_000, peer.since.elapsed()));
}

#[test]
fn who_has_nothing_that_we_take_is_asked_ever_more_seldom() {
    let mut peer = Peer::new(PeerId::random(), PeerKey(1), None, None, true, false);
    assert!(peer.is_to_be_asked());
    let pauses: Vec<_> = (0..9)
        .map(|_| {
            peer.begin_pending([tx_id(1)].into(), 10);
            peer.pending_pause.as_secs()
        })
        .collect();
    assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 600, 600, 600]);
    peer.begin_pending(VecDeque::new(), 10);
    assert_eq!(peer.pending_pause.as_secs(), 600);
}

fn tx_id(number: u32) -> TxId {
    let mut id = [0; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    TxId(id)
}
