use std::time::Duration;

use shared::address::Address;
use shared::pow::CompactTarget;
use shared::spec::Rules;

use super::*;
use crate::chain;
use crate::clock::SystemClock;
use crate::network::turns::Turns;
use crate::store::Store;

/// Dev, with a target that two hashes meet.
fn easy_spec() -> Arc<ChainSpec> {
    let dev = ChainSpec::dev();
    let rules = Rules { limit_bits: CompactTarget(0x207f_ffff), ..dev.rules().clone() };
    Arc::new(ChainSpec::new("easy", rules, dev.genesis().header.time, "a chain for tests").unwrap())
}

fn delivered(block: &Block) -> Delivered {
    Delivered { hash: block.header.hash(), height: block.coinbase.height, bytes: codec::encode(block) }
}

/// Mines a block on the tip.
async fn mine(chain: &ChainHandle) -> Block {
    let template = chain.template(Address::default()).await.unwrap();
    let time = template.ancestry().time + 1;
    let bits = template.bits(chain.spec().rules(), time).unwrap();
    let mut header = template.header(0, time, bits);
    while !bits.target().unwrap().is_met_by(&header.hash()) {
        header.nonce += 1;
    }
    let block = template.block(header, 0);
    chain.submit_block(block.clone()).await.unwrap();
    block
}

#[tokio::test]
async fn a_group_that_is_checked_sooner_does_not_overtake_its_parents() {
    let spec = easy_spec();
    let start = || {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), &spec).unwrap();
        let options = chain::Options::default();
        let (chain, thread) = chain::start(Arc::clone(&spec), store, Arc::new(SystemClock), options).unwrap();
        (directory, chain, thread)
    };
    let (_here, chain, thread) = start();
    let [parent, child] = [mine(&chain).await, mine(&chain).await].map(|block| delivered(&block));
    drop(chain);
    thread.join().unwrap();

    let (_there, chain, thread) = start();
    let mut turns = Turns::default();
    let (first, second) = (turns.next(), turns.next());
    let early = tokio::spawn(judge(chain.clone(), vec![child], second));
    // Time enough to be checked, and to reach the chain.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!early.is_finished());
    assert_eq!(judge(chain.clone(), vec![parent], first).await, [Outcome::Stored]);
    assert_eq!(early.await.unwrap(), [Outcome::Stored]);
    assert_eq!(chain.view().tip.height, 2);
    drop(chain);
    thread.join().unwrap();
}

#[tokio::test]
async fn a_group_that_comes_to_nothing_does_not_hold_up_the_next() {
    let spec = easy_spec();
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), &spec).unwrap();
    let options = chain::Options::default();
    let (chain, thread) = chain::start(Arc::clone(&spec), store, Arc::new(SystemClock), options).unwrap();
    let mut turns = Turns::default();
    drop(turns.next());
    let nothing = Delivered { bytes: Vec::new(), ..delivered(spec.genesis()) };
    let outcomes = judge(chain.clone(), vec![nothing], turns.next()).await;
    assert!(matches!(outcomes[..], [Outcome::BadBody(_)]), "{outcomes:?}");
    assert_eq!(judge(chain.clone(), vec![delivered(spec.genesis())], turns.next()).await.len(), 1);
    drop(chain);
    thread.join().unwrap();
}
