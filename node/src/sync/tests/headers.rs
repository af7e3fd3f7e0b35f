use shared::consensus::RuleError;

use super::*;

#[test]
fn a_peer_with_more_work_is_asked_and_followed_to_its_end() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 1_300, 1);
    let mut bench = Bench::new(&empty);
    bench.connect(A, &chain);
    assert!(bench.sync.progress().is_syncing);
    let asked = bench.asked(A);
    let [(request, Request::Headers { locator })] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*locator, [chain.hash(0)]);
    let first = chain.answer(&asked[0].1);
    bench.handle(Event::Answered { peer: A, request: *request, response: first });
    assert_eq!(bench.sync.progress().headers, 500);
    bench.settle(&[(A, &chain)]);
    assert_eq!(bench.tip(), chain.tip());
    let progress = bench.sync.progress();
    assert_eq!((progress.height, progress.headers, progress.is_syncing), (1_300, 1_300, false));
    assert!(bench.faults.is_empty());
    assert_eq!(bench.sync.usage(), Usage::default());
}

#[test]
fn a_peer_with_nothing_new_is_not_asked() {
    let chain = Blocks::new(&easy_spec()).grown(0, 30, 1);
    let mut bench = Bench::new(&chain);
    bench.connect(A, &chain);
    bench.connect(B, &chain.grown(20, 0, 1));
    assert!(bench.requests.is_empty());
    assert!(!bench.sync.progress().is_syncing);
}

#[test]
fn who_never_answers_does_not_hold_up_what_others_told() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 30, 1);
    let mut bench = Bench::new(&empty);
    bench.connect(A, &chain);
    bench.connect(B, &chain.grown(30, 1, 1));
    assert!(bench.sync.progress().is_syncing && !bench.sync.is_level_with(A));
    bench.settle(&[(A, &chain)]);
    assert_eq!(bench.tip(), chain.tip());
    assert!(!bench.sync.progress().is_syncing && bench.sync.is_level_with(A));
    assert!(!bench.sync.is_level_with(B) && !bench.sync.is_level_with(C));
}

#[test]
fn who_has_told_a_part_of_its_chain_is_not_taken_for_level() {
    let empty = Blocks::new(&easy_spec());
    let (ours, theirs) = (empty.grown(0, 600, 1), empty.grown(0, 1_300, 2));
    let mut bench = Bench::new(&ours);
    bench.connect(A, &theirs);
    // What one answer holds has less work than ours.
    bench.answer(A, &theirs);
    assert_eq!(bench.sync.progress().headers, 600);
    assert!(!bench.sync.is_level_with(A));
    bench.settle(&[(A, &theirs)]);
    assert_eq!(bench.tip(), theirs.tip());
    assert!(bench.sync.is_level_with(A));
}

#[test]
fn who_is_still_asked_for_more_is_not_taken_for_level() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 600, 1);
    let mut bench = Bench::new(&empty);
    bench.connect(A, &chain);
    bench.answer(A, &chain);
    // The blocks of the first headers come sooner than the next headers.
    for _ in 0..100 {
        for (request, body) in bench.asked(A) {
            if matches!(body, Request::Blocks { .. }) {
                bench.handle(Event::Answered { peer: A, request, response: chain.answer(&body) });
            }
        }
        bench.store();
    }
    let progress = bench.sync.progress();
    assert_eq!((progress.height, progress.headers), (500, 500));
    assert!(!bench.sync.is_level_with(A));
}

/// A chain of `count` blocks that come too fast, so that each takes more work than the one before.
fn strong(start: &Blocks, count: usize, name: u64) -> Blocks {
    let mut chain = start.clone();
    (0..count).for_each(|_| chain.add(name, 1, Vec::new()));
    chain
}

#[test]
fn answers_that_are_no_chain_from_what_was_named_are_wrong() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 501, 1);
    let headers = |heights: &[usize]| heights.iter().map(|height| chain.header(*height)).collect();
    let too_many: Vec<usize> = (1..=501).collect();
    for (answer, why) in [
        (headers(&[1, 3]), "headers that are no chain"),
        (headers(&[2, 3]), "headers that follow nothing that was named"),
        (headers(&too_many), "more headers than an answer may hold"),
    ] {
        let mut bench = Bench::new(&empty);
        bench.connect(A, &chain);
        bench.reply(A, Response::Headers(answer));
        assert_eq!(bench.faults, [(A, Fault::WrongAnswer(why))]);
        assert_eq!(bench.sync.progress().headers, 0);
    }
    let mut bench = Bench::new(&empty);
    bench.connect(A, &chain);
    bench.reply(A, Response::Blocks(Vec::new()));
    assert_eq!(bench.faults, [(A, Fault::WrongAnswer("it answers another question"))]);
    assert!(!bench.sync.progress().is_syncing);
}

#[test]
fn a_header_that_breaks_a_rule_is_blamed_and_nothing_of_its_answer_is_kept() {
    let empty = Blocks::new(&easy_spec());
    let mut chain = empty.grown(0, 5, 1);
    chain.0[5].header.bits = CompactTarget(0x2000_ffff);
    solve(&mut chain.0[5].header);
    let expected = easy_spec().rules().limit_bits;
    let mut bench = Bench::new(&empty);
    bench.connect(A, &chain);
    bench.answer(A, &chain);
    let error = RuleError::TargetMismatch { expected, actual: CompactTarget(0x2000_ffff) };
    assert_eq!(bench.faults, [(A, Fault::Header(error))]);
    assert_eq!(bench.sync.progress().headers, 0);
    assert_eq!(bench.sync.usage(), Usage::default());
}

#[test]
fn headers_of_the_future_wait_without_blame() {
    let empty = Blocks::new(&easy_spec());
    let mut chain = empty.grown(0, 3, 1);
    chain.add(1, 2_000_000, Vec::new());
    let mut bench = Bench::new(&empty);
    bench.connect(A, &chain);
    bench.settle(&[(A, &chain)]);
    assert_eq!(bench.tip(), chain.hash(3));
    bench.now.unix_s += 1_000_000;
    bench.wait(30_000);
    bench.settle(&[(A, &chain)]);
    assert_eq!(bench.tip(), chain.tip());
    assert!(bench.faults.is_empty());
}

/// A chain whose last blocks lie `seconds` and more in the future of a bench.
fn early(start: &Blocks, seconds: u32) -> Blocks {
    let mut chain = start.clone();
    let last = chain.header(chain.height()).time - chain.header(0).time;
    chain.add(7, 1_000_000 + seconds - last, Vec::new());
    chain.add(7, 2, Vec::new());
    chain
}

#[test]
fn who_tells_of_the_future_is_not_level_and_we_are_not_done() {
    let trunk = Blocks::new(&easy_spec()).grown(0, 3, 1);
    let chain = early(&trunk, 3_600);
    let mut bench = Bench::new(&Blocks::new(&easy_spec()));
    bench.connect(A, &chain);
    bench.settle(&[(A, &chain)]);
    assert_eq!(bench.tip(), trunk.tip());
    assert!(bench.sync.progress().is_syncing && !bench.sync.is_level_with(A));
    assert_eq!(bench.sync.seconds_ahead(A), Some(3_602));
    // It is asked again as soon as our clock is right.
    bench.now.unix_s += 3_600;
    bench.wait(500);
    bench.settle(&[(A, &chain)]);
    assert_eq!(bench.tip(), chain.tip());
    assert!(!bench.sync.progress().is_syncing && bench.sync.is_level_with(A));
    assert_eq!(bench.sync.seconds_ahead(A), None);
    // Whoever was level once goes on.
    let later = early(&chain, 3_600 + 60);
    bench.announce(A, 1, &later.grown(chain.height() + 1, 0, 7), Vec::new());
    assert_eq!(bench.sync.seconds_ahead(A), Some(60));
    assert!(!bench.sync.progress().is_syncing);
    assert!(bench.faults.is_empty());
}

#[test]
fn who_tells_of_the_future_keeps_nobody_for_long_and_not_beside_others() {
    let trunk = Blocks::new(&easy_spec()).grown(0, 3, 1);
    let chain = early(&trunk, 3_600);
    for is_alone in [true, false] {
        let mut bench = Bench::new(&trunk);
        bench.connect(A, &chain);
        bench.settle(&[(A, &chain)]);
        assert!(bench.sync.progress().is_syncing && !bench.sync.is_level_with(A));
        if is_alone {
            for _ in 0..599 {
                bench.wait(1_000);
                bench.settle(&[(A, &chain)]);
                assert!(bench.sync.progress().is_syncing);
            }
            bench.wait(1_000);
            bench.settle(&[(A, &chain)]);
        } else {
            bench.connect(B, &trunk);
        }
        assert!(!bench.sync.progress().is_syncing && bench.sync.is_level_with(A), "alone: {is_alone}");
        assert!(bench.faults.is_empty());
    }
}

#[test]
fn endless_cheap_headers_are_looked_at_and_forgotten() {
    let empty = Blocks::new(&easy_spec());
    let ours = strong(&empty, 150, 1);
    let cheap = empty.grown(0, 1_300, 2);
    assert!(cheap.work() < ours.work());
    let mut bench = Bench::new(&ours);
    // It claims less than we have, so it is asked only because each is asked now and then.
    bench.connect(A, &cheap);
    bench.wait(30_000);
    bench.answer(A, &cheap);
    let usage = bench.sync.usage();
    assert_eq!((usage.side_headers, usage.search_bytes), (0, 500 * 32));
    bench.settle(&[(A, &cheap)]);
    assert_eq!(bench.sync.usage(), Usage::default());
    assert!(bench.faults.is_empty());
    assert_eq!(bench.sync.progress().headers, 150);

    // The same from one that claimed to have more.
    let mut hello = cheap.hello();
    hello.work = [1; 32];
    bench.handle(Event::Connected { peer: B, hello });
    bench.settle(&[(B, &cheap)]);
    assert_eq!(bench.faults, [(B, Fault::CheapHeaders)]);
    assert_eq!(bench.sync.usage(), Usage::default());
}

#[test]
fn a_search_that_finds_more_work_takes_the_same_headers_the_second_time() {
    let empty = Blocks::new(&easy_spec());
    let ours = strong(&empty, 100, 1);
    let better = strong(&empty.grown(0, 1_300, 2), 120, 2);
    assert!(better.work() > ours.work());
    let mut bench = Bench::new(&ours);
    bench.connect(A, &better);
    bench.settle(&[(A, &better)]);
    assert_eq!(bench.tip(), better.tip());
    assert!(bench.faults.is_empty());
}

#[test]
fn other_headers_the_second_time_are_not_kept() {
    let empty = Blocks::new(&easy_spec());
    let ours = strong(&empty, 100, 1);
    let shown = strong(&empty.grown(0, 450, 2), 120, 2);
    // As long, and as cheap as they come.
    let given = empty.grown(0, 570, 3);
    let mut bench = Bench::new(&ours);
    bench.connect(A, &shown);
    bench.answer(A, &shown);
    bench.answer(A, &shown);
    for _ in 0..4 {
        bench.answer(A, &given);
    }
    assert_eq!(bench.sync.progress().headers, 100);
    assert_eq!(bench.sync.usage().side_headers, 0);
}

#[test]
fn whoever_tells_nothing_new_is_not_asked_on() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 700, 1);
    let mut bench = Bench::new(&chain);
    let mut hello = chain.grown(0, 701, 2).hello();
    hello.tip = BlockHash([7; 32]);
    // Once empty, once the same full answer again and again.
    bench.handle(Event::Connected { peer: A, hello: hello.clone() });
    bench.handle(Event::Connected { peer: B, hello });
    bench.reply(A, Response::Headers(Vec::new()));
    assert_eq!(bench.faults, [(A, Fault::CheapHeaders)]);
    let same: Vec<Header> = (1..=500).map(|height| chain.header(height)).collect();
    let mut answers = 0;
    for _ in 0..20 {
        for (request, _) in bench.asked(B) {
            let response = Response::Headers(same.clone());
            bench.handle(Event::Answered { peer: B, request, response });
            answers += 1;
        }
        bench.wait(1_000);
    }
    assert_eq!(answers, 2);
    assert!(bench.requests.is_empty());
}

#[test]
fn headers_that_peers_call_their_own_are_not_looked_through_at_each_event() {
    let empty = Blocks::new(&easy_spec());
    let mut bench = Bench::new(&empty);
    let know = |bench: &mut Bench, chain: &Blocks| {
        let new =
            chain.0[1..].iter().all(|block| bench.sync.known.insert(block.header.hash(), &block.header));
        assert!(new);
        bench.sync.best_changed();
    };
    for (peer, count) in [(A, 10_500), (B, 10_600), (C, 10_700)] {
        bench.connect(peer, &empty);
        let chain = empty.grown(0, count, peer.0);
        know(&mut bench, &chain);
        bench.sync.vouch(peer, chain.tip());
    }
    let side = |bench: &mut Bench| {
        bench.handle(Event::Tick);
        bench.sync.usage().side_headers
    };
    assert_eq!(side(&mut bench), 21_100);
    // What is nobody's stays as long as it is little,
    know(&mut bench, &empty.grown(0, 1_900, 4));
    assert_eq!(side(&mut bench), 23_000);
    know(&mut bench, &empty.grown(0, 101, 5));
    assert_eq!(side(&mut bench), 21_100);
    // or until somebody has no use for it any more.
    know(&mut bench, &empty.grown(0, 500, 6));
    assert_eq!(side(&mut bench), 21_600);
    bench.sync.vouch(A, empty.tip());
    assert_eq!(side(&mut bench), 10_600);
}

#[test]
fn one_question_at_a_time_however_much_is_announced() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 40, 1);
    let mut bench = Bench::new(&empty);
    bench.connect(A, &empty);
    for height in 2..=40 {
        bench.announce(A, height, &chain.grown(height as usize, 0, 1), Vec::new());
    }
    assert_eq!(bench.requests.len(), 1);
    assert_eq!(bench.verdicts.len(), 39);
    assert!(bench.verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Ignore));
    bench.settle(&[(A, &chain)]);
    assert_eq!(bench.tip(), chain.tip());
}

#[test]
fn of_equals_the_first_stays_and_nobody_is_asked_for_the_other() {
    let trunk = Blocks::new(&easy_spec()).grown(0, 10, 1);
    let (left, right) = (trunk.grown(10, 1, 2), trunk.grown(10, 1, 3));
    let mut bench = Bench::new(&left);
    for turn in 0..4 {
        let (peer, chain) =
            if turn % 2 == 0 { (PeerKey(10 + turn), &right) } else { (PeerKey(10 + turn), &left) };
        bench.connect(peer, chain);
        bench.settle(&[(peer, chain)]);
        assert_eq!(bench.tip(), left.tip());
        assert!(bench.requests.is_empty());
    }
    // The next block decides.
    let longer = right.grown(11, 1, 3);
    bench.connect(A, &longer);
    bench.settle(&[(A, &longer)]);
    assert_eq!(bench.tip(), longer.tip());
    assert!(bench.faults.is_empty());
}

#[test]
fn a_locator_is_dense_near_the_tip_and_ends_at_genesis() {
    let chain = Blocks::new(&easy_spec()).grown(0, 1_000, 1);
    let bench = Bench::new(&chain);
    let heights: Vec<_> = bench
        .sync
        .locator()
        .iter()
        .map(|hash| chain.0.iter().position(|block| block.header.hash() == *hash))
        .map(|height| height.expect("ours"))
        .collect();
    assert_eq!(
        heights,
        [1_000, 999, 998, 997, 996, 995, 994, 993, 992, 991, 989, 985, 977, 961, 929, 865, 737, 481, 0]
    );
}
