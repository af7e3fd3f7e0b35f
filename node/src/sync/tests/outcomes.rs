use shared::consensus::RuleError;

use super::*;

const BAD: RuleError = RuleError::HeightMismatch { expected: 1, actual: 2 };

fn bad_body() -> RuleError {
    RuleError::MerkleRootMismatch { expected: MerkleRoot::default(), actual: MerkleRoot::default() }
}

#[test]
fn a_bad_body_is_blamed_on_who_delivered_it_and_the_right_one_is_taken() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 3, 1);
    let mut bench = Bench::new(&empty);
    bench.connect(A, &chain);
    bench.answer(A, &chain);
    bench.connect(B, &chain);
    bench.answer(A, &chain);
    bench.judge(vec![Outcome::Stored, Outcome::BadBody(bad_body()), Outcome::Skipped]);
    assert_eq!(bench.faults, [(A, Fault::Body(bad_body()))]);
    assert!(bench.asked(A).is_empty(), "whoever lied is not asked again");
    bench.settle(&[(B, &chain)]);
    assert_eq!(bench.tip(), chain.tip());
    assert_eq!(bench.faults.len(), 1);
}

#[test]
fn hanging_up_before_the_verdict_evades_no_blame() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 3, 1);
    let mut bench = Bench::new(&empty);
    bench.connect(A, &chain);
    bench.answer(A, &chain);
    bench.answer(A, &chain);
    bench.handle(Event::Disconnected { peer: A });
    bench.judge(vec![Outcome::Stored, Outcome::BadBody(bad_body()), Outcome::Skipped]);
    assert_eq!(bench.faults, [(A, Fault::Body(bad_body()))]);
}

#[test]
fn an_invalid_block_condemns_what_follows_without_fetching_it() {
    let trunk = Blocks::new(&easy_spec()).grown(0, 100, 1);
    let mut bench = Bench::new(&trunk);
    let bad = trunk.grown(50, 151, 2);
    bench.connect(A, &bad);
    bench.connect(B, &trunk);
    bench.answer(A, &bad);
    let headers = bench.sync.progress().headers;
    assert_eq!(headers, 201);
    // The blocks that A was asked for first; the very first of them is wrong.
    let (request, body) = bench.asked(A).swap_remove(0);
    bench.handle(Event::Answered { peer: A, request, response: bad.answer(&body) });
    let count = bench.submits[0].1.len();
    let mut outcomes = vec![Outcome::Skipped; count];
    outcomes[0] = Outcome::Invalid(BAD);
    bench.judge(outcomes);
    assert_eq!(bench.faults, [(A, Fault::Block(BAD))]);
    let progress = bench.sync.progress();
    assert_eq!((progress.height, progress.headers, progress.is_syncing), (100, 100, false));
    // Those who insist are let go, and nothing is fetched again.
    bench.handle(Event::Disconnected { peer: A });
    bench.connect(C, &bad);
    for _ in 0..400 {
        for (request, body) in bench.asked(C) {
            assert!(matches!(body, Request::Headers { .. }));
            bench.handle(Event::Answered { peer: C, request, response: bad.answer(&body) });
        }
        bench.answer(B, &trunk);
        bench.wait(500);
    }
    assert_eq!(bench.tip(), trunk.tip());
    assert_eq!(bench.faults.len(), 1);
    assert!(bench.disconnected.contains(&C));
}

#[test]
fn who_follows_a_condemned_chain_is_asked_again_and_let_go_if_it_insists() {
    let trunk = Blocks::new(&easy_spec()).grown(0, 10, 1);
    let bad = trunk.grown(10, 3, 2);
    let mut bench = Bench::new(&trunk);
    bench.connect(A, &bad);
    bench.answer(A, &bad);
    bench.connect(B, &bad);
    bench.answer(A, &bad);
    bench.judge(vec![Outcome::Invalid(BAD), Outcome::Skipped, Outcome::Skipped]);
    assert_eq!(bench.faults, [(A, Fault::Block(BAD))], "nobody else is to blame");
    // B was deceived, and has another chain by now.
    let good = trunk.grown(10, 4, 3);
    bench.settle(&[(B, &good)]);
    assert_eq!(bench.tip(), good.tip());
    assert!(bench.disconnected.is_empty());
}

#[test]
fn a_condemned_block_is_not_followed() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 3, 1);
    let mut bench = Bench::new(&empty);
    bench.connect(A, &chain);
    bench.answer(A, &chain);
    bench.answer(A, &chain);
    bench.judge(vec![Outcome::Condemned, Outcome::Skipped, Outcome::Skipped]);
    assert_eq!(bench.faults, [(A, Fault::Condemned)]);
    assert_eq!(bench.sync.progress().headers, 0);
}

#[test]
fn what_cannot_be_judged_now_is_given_again_with_patience_that_grows() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 1, 1);
    for outcome in [Outcome::Undecided, Outcome::UpgradeNeeded, Outcome::NoRoom, Outcome::Skipped] {
        let mut bench = Bench::new(&empty);
        bench.connect(A, &chain);
        bench.answer(A, &chain);
        for patience in [2_000, 4_000, 8_000] {
            bench.answer(A, &chain);
            bench.judge(vec![outcome.clone()]);
            bench.wait(patience - 500);
            assert!(bench.requests.is_empty(), "{patience}");
            bench.wait(500);
            assert_eq!(bench.requests.len(), 1, "{patience}");
        }
        bench.settle(&[(A, &chain)]);
        assert_eq!(bench.tip(), chain.tip());
        assert!(bench.faults.is_empty());
    }
}

#[test]
fn when_there_is_room_again_it_is_used_within_a_minute() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 1, 1);
    for (outcome, longest) in [(Outcome::NoRoom, 60_000), (Outcome::Undecided, 300_000)] {
        let mut bench = Bench::new(&empty);
        bench.connect(A, &chain);
        bench.answer(A, &chain);
        let is_asked =
            |bench: &Bench| bench.requests.iter().any(|(_, _, body)| matches!(body, Request::Blocks { .. }));
        for patience in [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000] {
            bench.answer(A, &chain);
            bench.judge(vec![outcome.clone()]);
            let begun_ms = bench.now.ms;
            while !is_asked(&bench) {
                bench.answer(A, &chain);
                bench.wait(500);
            }
            assert_eq!(bench.now.ms - begun_ms, patience.min(longest));
        }
        bench.settle(&[(A, &chain)]);
        assert_eq!(bench.tip(), chain.tip());
        assert!(bench.faults.is_empty());
    }
}

#[test]
fn blocks_from_elsewhere_are_not_fetched() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 3, 1);
    let mut bench = Bench::new(&empty);
    bench.handle(Event::Stored { headers: (1..=3).map(|height| chain.header(height)).collect() });
    assert_eq!(bench.tip(), chain.tip());
    bench.connect(A, &chain);
    assert!(bench.requests.is_empty());
}

#[test]
fn who_withholds_the_best_chain_holds_nobody_up_for_long() {
    for begins in [false, true] {
        let start = Blocks::new(&easy_spec()).grown(0, 20, 1);
        let (withheld, mut honest) = (start.grown(20, 5, 2), start.clone());
        let mut bench = Bench::new(&start);
        bench.connect(B, &start);
        bench.connect(A, &withheld);
        let (mut behind_ms, mut waited_ms) = (0, 0);
        while bench.disconnected.is_empty() {
            assert!(waited_ms < 120_000, "{begins}: it is kept for ever");
            if waited_ms % 20_000 == 0 && honest.height() < 24 {
                honest = honest.grown(honest.height(), 1, 3);
                bench.announce(B, waited_ms, &honest, Vec::new());
            }
            for (request, body) in bench.asked(A) {
                match body {
                    Request::Headers { .. } => {
                        let response = withheld.answer(&body);
                        bench.handle(Event::Answered { peer: A, request, response });
                    }
                    _ if begins => bench.handle(Event::Began { peer: A, request }),
                    _ => {}
                }
            }
            bench.settle(&[(B, &honest)]);
            behind_ms = if bench.tip() == honest.tip() { 0 } else { behind_ms + 500 };
            assert!(behind_ms < 30_000, "{begins}: behind for long, after {waited_ms} ms");
            waited_ms += 500;
            bench.wait(500);
        }
        assert_eq!(bench.disconnected, [A]);
        assert_eq!(bench.faults.is_empty(), begins, "{:?}", bench.faults);
        bench.handle(Event::Disconnected { peer: A });
        bench.settle(&[(B, &honest)]);
        assert_eq!(bench.tip(), honest.tip());
    }
}

#[test]
fn a_peer_that_goes_leaves_its_questions_to_others() {
    let empty = Blocks::new(&easy_spec());
    let chain = empty.grown(0, 20, 1);
    let mut bench = Bench::new(&empty);
    bench.connect(A, &chain);
    bench.answer(A, &chain);
    bench.handle(Event::Disconnected { peer: A });
    assert_eq!(bench.sync.usage().requests, 0);
    bench.requests.clear();
    // Its headers are kept until there is somebody who could have their blocks.
    bench.connect(B, &chain);
    bench.settle(&[(B, &chain)]);
    assert_eq!(bench.tip(), chain.tip());
}
