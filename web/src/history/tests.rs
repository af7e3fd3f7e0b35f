use shared::api::views::{HistoryEntryView, HistoryEvent, HistoryView, TransactionView};
use shared::hash::{BlockHash, HistoryHead, TxId};

use wallet_wasm::protocol::PaymentView;

use super::{History, Line, find_payment, lines};

fn reward(index: u64) -> HistoryEntryView {
    HistoryEntryView {
        index,
        height: index + 1,
        time: 0,
        event: HistoryEvent::Reward { id: BlockHash([u8::try_from(index).unwrap(); 32]), reward: 10 },
    }
}

fn payment(id: u8) -> TransactionView {
    TransactionView {
        tx_id: TxId([id; 32]),
        sender: "iron1a".into(),
        receiver: "iron1b".into(),
        amount: 50,
        fee: 1,
        nonce: 0,
        expires_at: 0,
        comment: String::new(),
    }
}

fn page(entries: Vec<HistoryEntryView>, history_len: u64) -> HistoryView {
    let head_before = HistoryHead::default();
    HistoryView { address: "iron1a".into(), history_len, entries, head_before, height: history_len }
}

fn indices(history: &History) -> Vec<u64> {
    history.entries.iter().map(|entry| entry.index).collect()
}

#[test]
fn older_pages_stay_when_new_entries_arrive() {
    let mut history = History::default();
    history.renew(page(vec![reward(5), reward(4)], 6));
    history.extend(page(vec![reward(3), reward(2)], 6));
    assert_eq!(indices(&history), [5, 4, 3, 2]);
    assert_eq!(history.next_before(), Some(2));
    history.renew(page(vec![reward(6), reward(5)], 7));
    assert_eq!(indices(&history), [6, 5, 4, 3, 2]);
    history.extend(page(vec![reward(1), reward(0)], 7));
    assert_eq!(history.next_before(), None);
}

#[test]
fn a_gap_or_a_reorg_drops_what_may_be_wrong() {
    let mut history = History::default();
    history.renew(page(vec![reward(3), reward(2)], 4));
    history.renew(page(vec![reward(9), reward(8)], 10));
    assert_eq!(indices(&history), [9, 8], "entries 4 to 7 are missing in between");

    history.extend(page(vec![reward(7), reward(6)], 10));
    let mut other = reward(8);
    other.event = HistoryEvent::Reward { id: BlockHash([99; 32]), reward: 10 };
    history.renew(page(vec![other.clone(), reward(7)], 9));
    assert_eq!(history.entries, [other, reward(7)], "the old entry 8 was undone");
}

#[test]
fn a_shorter_or_empty_history_replaces_all() {
    let mut history = History::default();
    history.renew(page(vec![reward(1), reward(0)], 2));
    history.renew(page(vec![], 0));
    assert_eq!(history, History::default());
}

#[test]
fn an_older_page_that_does_not_fit_is_ignored() {
    let mut history = History::default();
    history.extend(page(vec![reward(1)], 2));
    assert_eq!(indices(&history), Vec::<u64>::new());
    history.renew(page(vec![reward(5)], 6));
    history.extend(page(vec![reward(3)], 6));
    assert_eq!(indices(&history), [5]);
}

#[test]
fn pending_lines_come_first_and_never_twice() {
    let mut history = History::default();
    let confirmed = HistoryEntryView {
        index: 0,
        height: 7,
        time: 0,
        event: HistoryEvent::Transaction { id: TxId([1; 32]), view: payment(1) },
    };
    history.renew(page(vec![confirmed.clone()], 1));
    let expected = [Line::Pending(payment(3)), Line::Pending(payment(2)), Line::Confirmed(confirmed)];
    assert_eq!(lines(&[payment(1), payment(2), payment(3)], &history), expected);
}

#[test]
fn a_signed_payment_is_found_by_all_that_was_shown_of_it() {
    let signed = PaymentView {
        chain: "main".into(),
        sender: "iron1a".into(),
        receiver: "iron1b".into(),
        amount: 50,
        fee: 1,
        total: 51,
        nonce: 0,
        expires_at: 0,
        comment: String::new(),
        balance: 100,
        balance_after: 49,
        replaces: None,
    };
    let mut history = History::default();
    assert_eq!(find_payment(&[], &history, &signed), None);
    assert_eq!(find_payment(&[payment(7)], &history, &signed), Some(TxId([7; 32])));
    let mut other = payment(8);
    other.comment = "another".into();
    assert_eq!(find_payment(&[other], &history, &signed), None);
    let event = HistoryEvent::Transaction { id: TxId([9; 32]), view: payment(9) };
    history.renew(page(vec![HistoryEntryView { index: 0, height: 1, time: 0, event }], 1));
    assert_eq!(find_payment(&[], &history, &signed), Some(TxId([9; 32])));
}
