use super::*;

/// Returns the questions for blocks, by peer.
fn block_requests(bench: &mut Bench) -> Vec<(PeerKey, RequestKey, Vec<BlockHash>)> {
    let all = std::mem::take(&mut bench.requests).into_iter();
    let blocks = all.filter_map(|(peer, request, body)| match body {
        Request::Blocks { hashes } => Some((peer, request, hashes)),
        _ => None,
    });
    blocks.collect()
}

/// A node that knows all headers of `chain`, and peers that have it, none of which was asked for blocks yet but `first`.
fn with_headers(chain: &Blocks, first: PeerKey, others: &[PeerKey]) -> Bench {
    let mut bench = Bench::new(&Blocks::new(&easy_spec()));
    bench.connect(first, chain);
    while bench.requests.iter().any(|(_, _, body)| matches!(body, Request::Headers { .. })) {
        let (headers, rest) = std::mem::take(&mut bench.requests)
            .into_iter()
            .partition(|(_, _, body)| matches!(body, Request::Headers { .. }));
        bench.requests = rest;
        let headers: Vec<_> = headers;
        for (peer, request, body) in headers {
            bench.handle(Event::Answered { peer, request, response: chain.answer(&body) });
        }
    }
    others.iter().for_each(|peer| bench.connect(*peer, chain));
    bench
}

#[test]
fn several_peers_are_asked_for_different_blocks_within_the_window() {
    let chain = Blocks::new(&easy_spec()).grown(0, 300, 1);
    let mut bench = with_headers(&chain, A, &[B, C]);
    let asked = block_requests(&mut bench);
    for peer in [A, B, C] {
        assert_eq!(asked.iter().filter(|(to, ..)| *to == peer).count(), 2, "{peer:?}");
    }
    let mut hashes: Vec<_> = asked.iter().flat_map(|(_, _, hashes)| hashes.clone()).collect();
    assert!(asked.iter().all(|(_, _, hashes)| hashes.len() <= 16));
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 96, "nothing is asked for twice");
}

#[test]
fn a_peer_is_asked_only_for_what_it_called_its_own() {
    let chain = Blocks::new(&easy_spec()).grown(0, 200, 1);
    let mut bench = with_headers(&chain, A, &[]);
    bench.requests.clear();
    bench.connect(B, &chain.grown(40, 3, 2));
    bench.connect(C, &chain.grown(35, 0, 1));
    for (peer, _, hashes) in block_requests(&mut bench) {
        let highest =
            hashes.iter().filter_map(|hash| bench.sync.known.get(hash)).map(|node| node.height).max();
        match peer {
            C => assert!(highest <= Some(35), "{highest:?}"),
            // Where its branch leaves ours it was not known to be, so it is asked for nothing.
            other => assert_eq!(other, A),
        }
    }
}

#[test]
fn blocks_are_submitted_in_order_whatever_comes_first() {
    let chain = Blocks::new(&easy_spec()).grown(0, 32, 1);
    let mut bench = with_headers(&chain, A, &[]);
    let asked = bench.asked(A);
    assert_eq!(asked.len(), 2);
    let (request, body) = &asked[1];
    bench.handle(Event::Answered { peer: A, request: *request, response: chain.answer(body) });
    assert!(bench.submits.is_empty());
    assert!(bench.sync.usage().buffered_bytes > 0);
    let (request, body) = &asked[0];
    bench.handle(Event::Answered { peer: A, request: *request, response: chain.answer(body) });
    let heights: Vec<_> = bench.submits[0].1.iter().map(|block| block.height).collect();
    assert_eq!(heights, (1..=32).collect::<Vec<_>>());
    bench.judge(vec![Outcome::Stored; 32]);
    assert_eq!(bench.sync.usage(), Usage::default());
}

#[test]
fn a_short_answer_is_completed_by_the_next_one() {
    let chain = Blocks::new(&easy_spec()).grown(0, 10, 1);
    let mut bench = with_headers(&chain, A, &[]);
    let asked = bench.asked(A);
    let Response::Blocks(mut blocks) = chain.answer(&asked[0].1) else { panic!("blocks") };
    blocks.truncate(4);
    bench.handle(Event::Answered { peer: A, request: asked[0].0, response: Response::Blocks(blocks) });
    bench.settle(&[(A, &chain)]);
    assert_eq!(bench.tip(), chain.tip());
    assert!(bench.faults.is_empty());
}

#[test]
fn a_wrong_block_is_blamed_and_asked_of_another() {
    let chain = Blocks::new(&easy_spec()).grown(0, 5, 1);
    let wrong = |hashes: &[BlockHash]| Response::Blocks(vec![codec::encode(&chain.0[0]); hashes.len()]);
    let mut bench = with_headers(&chain, A, &[B]);
    let asked = block_requests(&mut bench);
    let [(A, request, hashes)] = asked.as_slice() else { panic!("{asked:?}") };
    bench.handle(Event::Answered { peer: A, request: *request, response: wrong(hashes) });
    assert_eq!(bench.faults, [(A, Fault::WrongAnswer("another block than was asked for"))]);
    bench.settle(&[(B, &chain)]);
    assert_eq!(bench.tip(), chain.tip());
    assert_eq!(bench.faults.len(), 1);
}

#[test]
fn late_double_and_unasked_answers_change_nothing() {
    let chain = Blocks::new(&easy_spec()).grown(0, 5, 1);
    let mut bench = with_headers(&chain, A, &[B]);
    let asked = bench.asked(A);
    let (request, body) = &asked[0];
    // Not asked of B, and not at all.
    bench.handle(Event::Answered { peer: B, request: *request, response: chain.answer(body) });
    bench.handle(Event::Answered { peer: A, request: RequestKey(999), response: chain.answer(body) });
    assert!(bench.submits.is_empty());
    for _ in 0..2 {
        bench.handle(Event::Answered { peer: A, request: *request, response: chain.answer(body) });
    }
    assert_eq!(bench.submits.len(), 1);
    bench.handle(Event::Submitted { submit: SubmitKey(999), outcomes: vec![Outcome::Stored] });
    bench.store();
    bench.handle(Event::Failed { peer: A, request: *request });
    assert_eq!(bench.tip(), chain.tip());
    assert!(bench.faults.is_empty());
}

#[test]
fn who_does_not_have_its_own_blocks_is_left_and_in_the_end_let_go() {
    let chain = Blocks::new(&easy_spec()).grown(0, 5, 1);
    let mut bench = with_headers(&chain, A, &[]);
    for _ in 0..3 {
        for (request, body) in bench.asked(A) {
            let response = match body {
                Request::Blocks { .. } => Response::Blocks(Vec::new()),
                other => chain.answer(&other),
            };
            bench.handle(Event::Answered { peer: A, request, response });
        }
        // Nobody else has them, so their headers are forgotten, and it may tell them once more.
        assert_eq!(bench.sync.progress().headers, 0);
        bench.answer(A, &chain);
    }
    assert_eq!(bench.disconnected, [A]);
    assert!(bench.faults.is_empty());
}

#[test]
fn headers_without_blocks_do_not_keep_an_honest_chain_out() {
    let spec = easy_spec();
    let withheld = Blocks::new(&spec).grown(0, 6, 1);
    let honest = Blocks::new(&spec).grown(0, 5, 2);
    let mut bench = with_headers(&withheld, A, &[B]);
    bench.connect(C, &honest);
    for _ in 0..300 {
        bench.answer(C, &honest);
        bench.store();
        bench.wait(500);
        for peer in std::mem::take(&mut bench.disconnected) {
            bench.handle(Event::Disconnected { peer });
        }
    }
    assert_eq!(bench.tip(), honest.tip());
    let mut slow: Vec<_> = bench.faults.clone();
    slow.sort_by_key(|(peer, _)| *peer);
    assert_eq!(slow, [(A, Fault::Slow), (B, Fault::Slow)]);
}

#[test]
fn who_stalls_is_replaced_after_two_seconds_and_its_answer_is_not_awaited() {
    let chain = Blocks::new(&easy_spec()).grown(0, 5, 1);
    let mut bench = with_headers(&chain, A, &[B]);
    let stalled = bench.asked(A);
    bench.wait(1_500);
    assert!(bench.asked(B).is_empty());
    bench.wait(500);
    bench.settle(&[(B, &chain)]);
    assert_eq!(bench.tip(), chain.tip());
    let (request, body) = &stalled[0];
    bench.handle(Event::Answered { peer: A, request: *request, response: chain.answer(body) });
    assert!(bench.faults.is_empty() && bench.submits.is_empty());
}

#[test]
fn an_answer_that_drips_ends_after_ten_seconds() {
    let chain = Blocks::new(&easy_spec()).grown(0, 5, 1);
    let mut bench = with_headers(&chain, A, &[]);
    assert_eq!(bench.asked(A).len(), 1);
    bench.wait(9_500);
    assert!(bench.requests.is_empty());
    bench.wait(500);
    bench.settle(&[(A, &chain)]);
    assert_eq!(bench.tip(), chain.tip());
}

#[test]
fn what_waits_stays_below_its_limit() {
    let mut chain = Blocks::new(&easy_spec());
    for nonce in 0..60 {
        chain.add(1, 2, vec![transaction(nonce); 1_600]);
    }
    let mut bench = with_headers(&chain, A, &[B, C, PeerKey(4), PeerKey(5), PeerKey(6)]);
    let mut most = 0;
    let head = chain.hash(1);
    for _ in 0..200 {
        let (its, rest) = std::mem::take(&mut bench.requests)
            .into_iter()
            .partition(|(_, _, body)| matches!(body, Request::Blocks { hashes } if !hashes.contains(&head)));
        bench.requests = rest;
        let its: Vec<_> = its;
        for (peer, request, body) in its {
            let Response::Blocks(mut blocks) = chain.answer(&body) else { panic!("blocks") };
            blocks.truncate(2);
            bench.handle(Event::Answered { peer, request, response: Response::Blocks(blocks) });
            most = most.max(bench.sync.usage().buffered_bytes);
        }
    }
    assert!(bench.submits.is_empty(), "the first block is still missing");
    assert!((16 << 20..=32 << 20).contains(&most), "{most}");
}
