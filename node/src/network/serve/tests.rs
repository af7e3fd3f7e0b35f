use std::sync::Arc;

use shared::hash::{BlockHash, TxId};
use shared::spec::ChainSpec;

use super::*;
use crate::chain;
use crate::clock::SystemClock;
use crate::store::Store;

#[test]
fn questions_that_no_honest_node_asks_have_a_fault() {
    let (hash, id) = (BlockHash([1; 32]), TxId([1; 32]));
    let locator = |count| Request::Headers { locator: vec![hash; count] };
    let blocks = |count| Request::Blocks { hashes: vec![hash; count] };
    let transactions = |count| Request::Transactions { ids: vec![id; count] };
    let of_block = |indexes: &[u32]| Request::BlockTransactions { block: hash, indexes: indexes.to_vec() };
    for good in [locator(0), locator(101), blocks(1), blocks(128), transactions(1), transactions(1_000)] {
        assert_eq!(fault(&good), None);
    }
    assert_eq!((fault(&of_block(&[0, 1, u32::MAX])), fault(&Request::PendingIds)), (None, None));
    for bad in [locator(102), blocks(0), blocks(129), transactions(0), transactions(1_001)] {
        assert!(fault(&bad).is_some(), "{bad:?}");
    }
    for bad in [&[][..], &[1, 1], &[2, 1]] {
        assert!(fault(&of_block(bad)).is_some(), "{bad:?}");
    }
}

#[test]
fn an_answer_costs_what_was_read_for_it_however_little_it_holds() {
    let directory = tempfile::tempdir().unwrap();
    let spec = Arc::new(ChainSpec::dev());
    let store = Store::open(directory.path(), &spec).unwrap();
    let (chain, thread) =
        chain::start(Arc::clone(&spec), store, Arc::new(SystemClock), chain::Options::default()).unwrap();
    let cost = |request| answer(&chain, request).unwrap().unwrap().cost;
    let genesis = *spec.genesis_hash();
    let of_block = |block| Request::BlockTransactions { block, indexes: vec![0] };
    let read = codec::encode(spec.genesis()).len();
    assert_eq!((cost(of_block(genesis)), cost(of_block(BlockHash([1; 32])))), (read, FRAME_BYTES));
    let blocks = Request::Blocks { hashes: vec![genesis] };
    assert_eq!(cost(blocks), FRAME_BYTES + LENGTH_BYTES + read);
    drop(chain);
    thread.join().unwrap();
}

#[test]
fn what_is_not_there_is_answered_with_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let spec = Arc::new(ChainSpec::dev());
    let store = Store::open(directory.path(), &spec).unwrap();
    let (chain, thread) =
        chain::start(Arc::clone(&spec), store, Arc::new(SystemClock), chain::Options::default()).unwrap();
    let answer = |request| answer(&chain, request).unwrap().unwrap().response;
    let (hash, genesis) = (BlockHash([1; 32]), *spec.genesis_hash());
    assert_eq!(answer(Request::Headers { locator: vec![hash; 101] }), Response::Headers(Vec::new()));
    assert_eq!(answer(Request::Blocks { hashes: vec![hash; 128] }), Response::Blocks(Vec::new()));
    // Without gaps: what comes after something unknown is not sent.
    let block = codec::encode(spec.genesis());
    let blocks = answer(Request::Blocks { hashes: vec![genesis, hash, genesis] });
    assert_eq!(blocks, Response::Blocks(vec![block]));
    for block in [hash, genesis] {
        let of_block = Request::BlockTransactions { block, indexes: vec![0, u32::MAX] };
        assert_eq!(answer(of_block), Response::BlockTransactions(Vec::new()));
    }
    let ids = vec![TxId([1; 32]); 1_000];
    assert_eq!(answer(Request::Transactions { ids }), Response::Transactions(Vec::new()));
    assert_eq!(answer(Request::PendingIds), Response::PendingIds(Vec::new()));
    drop(chain);
    thread.join().unwrap();
}
