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
    assert_eq!(bench.sync.usage(), super::super::Usage::default());
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
