use shared::consensus::RuleError;

use super::*;

/// A node with ten blocks, and the same chain with one more block that holds three transactions.
fn news() -> (Bench, Blocks, Vec<Option<Arc<Transaction>>>) {
    let trunk = Blocks::new(&easy_spec()).grown(0, 10, 1);
    let mut bench = Bench::new(&trunk);
    let transactions: Vec<_> = (0..3).map(transaction).collect();
    let mut chain = trunk.clone();
    chain.add(1, 2, transactions.clone());
    bench.connect(A, &trunk);
    bench.connect(B, &trunk);
    (bench, chain, transactions.into_iter().map(|transaction| Some(Arc::new(transaction))).collect())
}

const NEWS: MessageKey = MessageKey(1);

#[test]
fn a_block_whose_transactions_are_here_is_not_fetched() {
    let (mut bench, chain, found) = news();
    bench.announce(A, 1, &chain, found);
    assert!(bench.requests.is_empty());
    assert_eq!(bench.submits[0].1[0].bytes, codec::encode(&chain.0[11]));
    assert!(bench.verdicts.is_empty(), "nothing travels on before it is stored");
    bench.judge(vec![Outcome::Stored]);
    assert_eq!(bench.verdicts, [(NEWS, Verdict::Accept)]);
    assert_eq!(bench.tip(), chain.tip());
    bench.announce(B, 2, &chain, Vec::new());
    assert_eq!(bench.verdicts[1], (MessageKey(2), Verdict::Ignore));
}

#[test]
fn only_what_is_missing_is_asked_for() {
    let (mut bench, chain, mut found) = news();
    found[1] = None;
    bench.announce(A, 1, &chain, found);
    let asked = bench.asked(A);
    let [(request, body)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*body, Request::BlockTransactions { block: chain.tip(), indexes: vec![1] });
    bench.handle(Event::Answered { peer: A, request: *request, response: chain.answer(body) });
    assert_eq!(bench.submits[0].1[0].bytes, codec::encode(&chain.0[11]));
}

#[test]
fn a_list_that_does_not_fit_the_header_is_rejected() {
    let (mut bench, chain, found) = news();
    let mut announcement = Box::new(chain.announcement(11));
    announcement.tx_ids.swap(0, 1);
    bench.handle(Event::Announced { peer: A, message: NEWS, announcement, found: found.clone() });
    assert_eq!(bench.verdicts, [(NEWS, Verdict::Reject)]);
    assert_eq!(bench.faults, [(A, Fault::Announcement)]);
    // The right one is taken from another.
    bench.announce(B, 2, &chain, found);
    bench.judge(vec![Outcome::Stored]);
    assert_eq!(bench.tip(), chain.tip());
}

#[test]
fn a_header_with_work_leads_to_no_second_announcement_before_its_parent_is_known() {
    let (mut bench, chain, _) = news();
    let later = chain.grown(11, 2, 1);
    let mut announcement = Box::new(later.announcement(13));
    announcement.coinbase.reward += 1;
    bench.handle(Event::Announced { peer: A, message: NEWS, announcement, found: Vec::new() });
    assert_eq!(bench.verdicts, [(NEWS, Verdict::Reject)]);
    assert_eq!(bench.faults, [(A, Fault::Announcement)]);
    assert!(bench.requests.is_empty());
}

#[test]
fn a_header_without_work_is_rejected_before_anything_else() {
    let (mut bench, chain, _) = news();
    for prev_hash in [chain.hash(10), BlockHash([9; 32])] {
        let mut announcement = Box::new(chain.announcement(11));
        let header = &mut announcement.header;
        header.prev_hash = prev_hash;
        header.bits = CompactTarget(0x2000_ffff);
        let (hash, bits) = (header.hash(), header.bits);
        bench.handle(Event::Announced { peer: A, message: NEWS, announcement, found: Vec::new() });
        let expected = easy_spec().rules().limit_bits;
        let error = if prev_hash == chain.hash(10) {
            RuleError::TargetMismatch { expected, actual: bits }
        } else {
            RuleError::InsufficientWork { hash, bits }
        };
        assert_eq!(bench.faults.pop(), Some((A, Fault::Header(error))));
        assert_eq!(bench.verdicts.pop(), Some((NEWS, Verdict::Reject)));
    }
    assert!(bench.requests.is_empty());
}

#[test]
fn the_future_and_what_is_too_cheap_are_ignored_without_blame() {
    let trunk = Blocks::new(&easy_spec()).grown(0, 1_200, 1);
    let mut bench = Bench::new(&trunk);
    bench.connect(A, &trunk);
    let mut future = trunk.clone();
    future.add(1, 2_000_000, Vec::new());
    bench.announce(A, 1, &future, Vec::new());
    bench.announce(A, 2, &trunk.grown(3, 1, 2), Vec::new());
    assert_eq!(bench.verdicts, [(NEWS, Verdict::Ignore), (MessageKey(2), Verdict::Ignore)]);
    assert!(bench.faults.is_empty() && bench.submits.is_empty());
    assert_eq!(bench.sync.usage(), Usage::default());
}

#[test]
fn a_fork_that_is_not_better_is_stored_and_does_not_travel_on() {
    let (mut bench, chain, _) = news();
    bench.announce(A, 1, &chain.grown(9, 1, 5), Vec::new());
    bench.judge(vec![Outcome::Stored]);
    assert_eq!(bench.verdicts, [(NEWS, Verdict::Ignore)]);
    assert_eq!(bench.tip(), chain.hash(10));
}

#[test]
fn transactions_that_do_not_come_are_replaced_by_the_whole_block_from_others() {
    let (mut bench, chain, _) = news();
    bench.announce(A, 1, &chain, Vec::new());
    assert_eq!(bench.requests.len(), 1);
    bench.wait(2_000);
    assert_eq!(bench.verdicts, [(NEWS, Verdict::Ignore)]);
    // B is asked whether it has the block, and then for it.
    bench.settle(&[(B, &chain)]);
    for _ in 0..10 {
        bench.wait(500);
        bench.settle(&[(B, &chain)]);
    }
    assert_eq!(bench.tip(), chain.tip());
    assert!(bench.faults.is_empty());
}

#[test]
fn wrong_transactions_are_blamed_and_disturb_no_other_request() {
    let (mut bench, chain, _) = news();
    // B has told the header and is asked for the block; then C announces it and answers with rubbish.
    bench.connect(B, &chain);
    bench.answer(B, &chain);
    let whole = bench.asked(B);
    assert!(matches!(whole[0].1, Request::Blocks { .. }));
    bench.connect(C, &chain);
    bench.announce(C, 1, &chain, Vec::new());
    bench.reply(C, Response::BlockTransactions(vec![transaction(9); 3]));
    assert_eq!(bench.faults, [(C, Fault::WrongAnswer("other transactions than were asked for"))]);
    assert_eq!(bench.verdicts, [(NEWS, Verdict::Ignore)]);
    bench.handle(Event::Answered { peer: B, request: whole[0].0, response: chain.answer(&whole[0].1) });
    bench.judge(vec![Outcome::Stored]);
    assert_eq!(bench.tip(), chain.tip());
    assert_eq!(bench.faults.len(), 1);
}

#[test]
fn what_the_chain_refuses_is_rejected_and_condemned() {
    let (mut bench, chain, found) = news();
    let error = RuleError::RewardMismatch { expected: 10, actual: 0 };
    bench.announce(A, 1, &chain, found);
    bench.judge(vec![Outcome::Invalid(error.clone())]);
    assert_eq!(bench.verdicts, [(NEWS, Verdict::Reject)]);
    assert_eq!(bench.faults, [(A, Fault::Block(error))]);
    let next = chain.grown(11, 1, 1);
    bench.announce(B, 2, &next, Vec::new());
    let error = RuleError::InvalidParent { prev_hash: chain.tip() };
    assert_eq!(bench.faults[1], (B, Fault::Header(error)));
    assert_eq!(bench.verdicts[1], (MessageKey(2), Verdict::Reject));
    assert_eq!(bench.tip(), chain.hash(10));
}

#[test]
fn a_block_waits_for_its_parent_that_is_just_being_stored() {
    let (mut bench, chain, found) = news();
    let next = chain.grown(11, 1, 1);
    bench.announce(A, 1, &chain, found);
    bench.announce(A, 2, &next, Vec::new());
    assert!(bench.verdicts.is_empty());
    bench.judge(vec![Outcome::Stored]);
    bench.judge(vec![Outcome::Stored]);
    assert_eq!(bench.verdicts, [(NEWS, Verdict::Accept), (MessageKey(2), Verdict::Accept)]);
    assert_eq!(bench.tip(), next.tip());
}

/// A height is for people: it begins with the hello and follows what the peer shows, by news, answers or questions.
#[test]
fn a_peers_height_is_that_of_the_last_block_that_it_showed() {
    let spec = easy_spec();
    let ours = Blocks::new(&spec).grown(0, 10, 0);
    let theirs = ours.grown(10, 2, 0);
    let mut bench = Bench::new(&ours);
    assert_eq!(bench.sync.peer_height(A), None);
    bench.connect(A, &theirs);
    assert_eq!(bench.sync.peer_height(A), Some(12));
    bench.settle(&[(A, &theirs)]);
    assert_eq!((bench.tip(), bench.sync.peer_height(A)), (theirs.tip(), Some(12)));
    let news = theirs.grown(12, 1, 0);
    bench.announce(A, 1, &news, Vec::new());
    assert_eq!(bench.sync.peer_height(A), Some(13));
    bench.store();
    // It asks on from a block that it has from us; of what nobody knows nothing is said.
    bench.connect(B, &ours);
    assert_eq!(bench.sync.peer_height(B), Some(10));
    bench.sync.showed(B, &news.tip());
    bench.sync.showed(B, &BlockHash([7; 32]));
    assert_eq!(bench.sync.peer_height(B), Some(13));
    // A claim that nobody has shown yet is not lowered by the headers on the way to it.
    let far = news.grown(13, MAX_HEADERS + 5, 0);
    bench.connect(C, &far);
    bench.answer(C, &far);
    assert_eq!(bench.sync.peer_height(C), Some(far.height() as u64));
    // After a reorganisation to fewer but heavier blocks it may be lower.
    bench.sync.showed(A, &ours.tip());
    assert_eq!(bench.sync.peer_height(A), Some(10));
}

#[test]
fn at_most_sixteen_are_put_together_and_each_gets_its_verdict() {
    let (mut bench, chain, _) = news();
    for number in 0..40 {
        let mut fork = chain.grown(10, 0, 1);
        fork.add(100 + number, 2, vec![transaction(number)]);
        bench.announce(A, number, &fork, vec![None]);
        assert!(bench.sync.usage().assemblies <= 16);
    }
    assert_eq!(bench.verdicts.len(), 24);
    bench.handle(Event::Disconnected { peer: A });
    let mut messages: Vec<_> = bench.verdicts.iter().map(|(message, _)| message.0).collect();
    messages.sort_unstable();
    assert_eq!(messages, (0..40).collect::<Vec<_>>());
    assert_eq!(bench.sync.usage().assemblies, 0);
}
