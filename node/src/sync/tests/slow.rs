//! Lines that bring only so much.

use super::*;

/// An answer on its way.
struct Answer {
    peer: PeerKey,
    request: RequestKey,
    response: Response,
    bytes_left: u64,
    until_ms: u64,
}

/// Our line, which those who answer at the same time share.
struct Line {
    bytes_per_s: u64,
    /// Of a peer whose own line brings less.
    own: BTreeMap<PeerKey, u64>,
    /// How many blocks each peer has brought.
    brought: BTreeMap<PeerKey, usize>,
    answers: Vec<Answer>,
}

impl Line {
    fn new(bytes_per_s: u64) -> Self {
        Self { bytes_per_s, own: BTreeMap::new(), brought: BTreeMap::new(), answers: Vec::new() }
    }

    /// Lets half a second go by. Peers answer what they have `chain` for, if they answer at all.
    fn tick(&mut self, bench: &mut Bench, chain: &Blocks, mute: &[PeerKey]) {
        for (peer, request, body) in std::mem::take(&mut bench.requests) {
            let mut response = chain.answer(&body);
            if let Response::Blocks(blocks) = &mut response {
                // Two full ones fit.
                blocks.truncate(2);
            }
            let bytes = match &response {
                Response::Headers(headers) => headers.len() * 80,
                Response::Blocks(blocks) => blocks.iter().map(Vec::len).sum(),
                other => panic!("nobody asked for {other:?}"),
            };
            let until_ms = bench.now.ms + bench.limits[&request];
            let bytes_left = if mute.contains(&peer) { u64::MAX } else { bytes as u64 };
            self.answers.push(Answer { peer, request, response, bytes_left, until_ms });
        }
        bench.now.ms += 500;
        let is_mute = |answer: &Answer| answer.bytes_left == u64::MAX;
        let sharers = self.answers.iter().filter(|answer| !is_mute(answer)).count() as u64;
        for mut answer in std::mem::take(&mut self.answers) {
            if !is_mute(&answer) {
                let share = self.bytes_per_s / sharers;
                let share = self.own.get(&answer.peer).map_or(share, |own| share.min(*own));
                answer.bytes_left = answer.bytes_left.saturating_sub(share / 2);
            }
            let Answer { peer, request, .. } = answer;
            if !is_mute(&answer) {
                bench.handle(Event::Began { peer, request });
            }
            if answer.bytes_left == 0 {
                if let Response::Blocks(blocks) = &answer.response {
                    *self.brought.entry(peer).or_default() += blocks.len();
                }
                bench.handle(Event::Answered { peer, request, response: answer.response });
            } else if bench.now.ms >= answer.until_ms {
                bench.handle(Event::Failed { peer, request });
            } else {
                self.answers.push(answer);
            }
        }
        bench.store();
        bench.handle(Event::Tick);
        for peer in std::mem::take(&mut bench.disconnected) {
            bench.handle(Event::Disconnected { peer });
            self.answers.retain(|answer| answer.peer != peer);
        }
    }

    /// Lets time go by until the whole chain is there.
    fn copy(&mut self, bench: &mut Bench, chain: &Blocks, mute: &[PeerKey], most_s: u64) {
        let begin_ms = bench.now.ms;
        while bench.tip() != chain.tip() {
            self.tick(bench, chain, mute);
            let s = (bench.now.ms - begin_ms) / 1_000;
            assert!(s < most_s, "{s} s, and at {}", bench.sync.progress().height);
        }
    }
}

/// Blocks of a megabyte.
fn full_blocks(count: usize) -> Blocks {
    let mut chain = Blocks::new(&easy_spec());
    let transactions = vec![transaction(1); 1_700];
    (0..count).for_each(|_| chain.add(1, 2, transactions.clone()));
    chain
}

fn bytes(chain: &Blocks) -> u64 {
    chain.0.iter().map(|block| codec::encode(block).len() as u64).sum()
}

#[test]
fn a_slow_line_brings_all_blocks_and_nobody_is_blamed() {
    let chain = full_blocks(20);
    for peers in [1, 3, 10] {
        for bits_per_s in [250_000, 500_000, 2_000_000, 8_000_000] {
            let mut bench = Bench::new(&Blocks::new(&easy_spec()));
            // Headers, which would come between, have just been asked for.
            bench.now.ms = 30_000;
            bench.handle(Event::Tick);
            (1..=peers).for_each(|peer| bench.connect(PeerKey(peer), &chain));
            let least_s = bytes(&chain) * 8 / bits_per_s;
            Line::new(bits_per_s / 8).copy(&mut bench, &chain, &[], least_s * 3 / 2 + 120);
            assert!(bench.faults.is_empty(), "{peers} peers, {bits_per_s} bit/s: {:?}", bench.faults);
            assert!(bench.sync.peers.len() as u64 == peers, "somebody was let go");
        }
    }
}

#[test]
fn who_is_mute_is_found_out_on_any_line() {
    let chain = full_blocks(20);
    for bits_per_s in [500_000, 2_000_000, 100_000_000] {
        let mut bench = Bench::new(&Blocks::new(&easy_spec()));
        [A, B, C].iter().for_each(|peer| bench.connect(*peer, &chain));
        let mut line = Line::new(bits_per_s / 8);
        // B tells its headers, and nothing after.
        while bench.sync.progress().headers < 20 {
            line.tick(&mut bench, &chain, &[]);
        }
        let least_s = bytes(&chain) * 8 / bits_per_s;
        line.copy(&mut bench, &chain, &[B], least_s * 3 / 2 + 120);
        for _ in 0..1_000 {
            line.tick(&mut bench, &chain, &[B]);
        }
        assert_eq!(bench.faults, [(B, Fault::Slow)], "{bits_per_s} bit/s");
        assert!(bench.sync.peers.contains_key(&A) && bench.sync.peers.contains_key(&C));
    }
}

#[test]
fn a_peer_with_a_slow_line_is_asked_for_less_and_kept() {
    let chain = full_blocks(40);
    let mut bench = Bench::new(&Blocks::new(&easy_spec()));
    [A, B].iter().for_each(|peer| bench.connect(*peer, &chain));
    let mut line = Line { own: BTreeMap::from([(B, 150_000)]), ..Line::new(1_000_000) };
    line.copy(&mut bench, &chain, &[], 200);
    assert!(line.brought[&B] > 2, "{:?}", line.brought);
    assert!(bench.faults.is_empty(), "{:?}", bench.faults);
    assert_eq!(bench.sync.peers.len(), 2);
}

#[test]
fn what_is_not_wanted_any_more_keeps_nothing_out_of_a_slow_line() {
    let start = Blocks::new(&easy_spec()).grown(0, 20, 1);
    let (withheld, honest) = (start.grown(20, 5, 2), start.grown(20, 8, 3));
    let mut bench = Bench::new(&start);
    bench.connect(A, &withheld);
    bench.answer(A, &withheld);
    // It begins each answer and ends none, so our line seems to be slow.
    while bench.sync.downloads.line.pace.is_full() {
        for (request, _) in bench.asked(A) {
            bench.handle(Event::Began { peer: A, request });
        }
        bench.wait(500);
    }
    assert!(bench.asked(A).iter().any(|(_, body)| matches!(body, Request::Blocks { .. })));
    bench.connect(B, &honest);
    bench.settle(&[(B, &honest)]);
    assert_eq!(bench.tip(), honest.tip());
}

#[test]
fn who_was_late_is_asked_for_nothing_while_others_answer() {
    let start = Blocks::new(&easy_spec()).grown(0, 20, 1);
    let chain = start.grown(20, 6, 2);
    let mut bench = Bench::new(&start);
    bench.connect(A, &chain);
    bench.answer(A, &chain);
    // It begins its answers and ends none, and was late with several blocks and with one.
    for _ in 0..2 {
        for (request, _) in bench.asked(A) {
            bench.handle(Event::Began { peer: A, request });
        }
        if bench.now.ms > 10_000 {
            bench.connect(B, &chain);
        }
        bench.wait(10_000);
    }
    bench.settle(&[(B, &chain)]);
    assert_eq!((bench.asked(A), bench.tip()), (Vec::new(), chain.tip()));
}
