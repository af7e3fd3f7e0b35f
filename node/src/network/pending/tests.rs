use super::*;

fn ids(count: u32) -> VecDeque<TxId> {
    let id = |number: u32| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        TxId(id)
    };
    (0..count).map(id).collect()
}

/// Asks for everything; returns what was asked for, question by question.
fn all(mut pending: Pending) -> Vec<Vec<TxId>> {
    let mut questions = Vec::new();
    while let Some(Request::Transactions { ids }) = pending.next(|_| true) {
        assert_eq!(pending.asked(), ids.len());
        assert!(pending.next(|_| true).is_none(), "one question at a time");
        pending.answered();
        questions.push(ids);
    }
    assert!(pending.is_done());
    questions
}

#[test]
fn no_more_is_asked_for_than_can_be_kept_and_other_ones_each_time() {
    let mut from = 0;
    let everything = all(Pending::begin(ids(2_500), 50_000, &mut from));
    assert_eq!(everything.iter().map(Vec::len).collect::<Vec<_>>(), [1_000, 1_000, 500]);
    assert_eq!(from, 0);
    let mut seen = Vec::new();
    for _ in 0..5 {
        let part = all(Pending::begin(ids(2_500), 600, &mut from)).concat();
        assert_eq!(part.len(), 600);
        seen.extend(part);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 2_500);
}

#[test]
fn what_cannot_be_asked_now_is_asked_later() {
    let mut pending = Pending::begin(ids(10), 10, &mut 0);
    assert!(pending.next(|count| count < 10).is_none());
    assert!(!pending.is_done());
    assert!(pending.next(|count| count == 10).is_some());
}
