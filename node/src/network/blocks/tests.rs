use std::time::Duration;

use shared::address::Address;
use shared::block::Coinbase;
use shared::merkle::merkle_root;
use shared::pow::CompactTarget;
use shared::spec::Rules;
use tempfile::TempDir;
use tokio::time::timeout;

use super::*;
use crate::chain::{self, ChainThread};
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

/// Starts a chain of its own.
fn start(spec: &Arc<ChainSpec>, options: chain::Options) -> (TempDir, ChainHandle, ChainThread) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), spec).unwrap();
    let (chain, thread) = chain::start(Arc::clone(spec), store, Arc::new(SystemClock), options).unwrap();
    (directory, chain, thread)
}

/// Makes a block on the tip, whose coinbase `change` may spoil.
async fn make(chain: &ChainHandle, change: impl FnOnce(&mut Coinbase)) -> Block {
    let template = chain.template(Address::default()).await.unwrap();
    let time = template.ancestry().time + 1;
    let bits = template.bits(chain.spec().rules(), time).unwrap();
    let mut block = template.block(template.header(0, time, bits), 0);
    change(&mut block.coinbase);
    block.header.merkle_root = merkle_root(&[block.coinbase.leaf()]);
    while !bits.target().unwrap().is_met_by(&block.header.hash()) {
        block.header.nonce += 1;
    }
    block
}

/// Mines a block on the tip.
async fn mine(chain: &ChainHandle) -> Block {
    let block = make(chain, |_| ()).await;
    chain.submit_block(block.clone()).await.unwrap();
    block
}

#[tokio::test]
async fn a_group_that_is_checked_sooner_does_not_overtake_its_parents() {
    let spec = easy_spec();
    let (_here, chain, thread) = start(&spec, chain::Options::default());
    let [parent, child] = [mine(&chain).await, mine(&chain).await].map(|block| delivered(&block));
    drop(chain);
    thread.join().unwrap();

    let (_there, chain, thread) = start(&spec, chain::Options::default());
    let mut turns = Turns::default();
    let (first, second) = (turns.next(), turns.next());
    let mut early = tokio::spawn(judge(chain.clone(), vec![child], second));
    // It would come to an end in a fraction of this time if it did not wait; on a slow computer nothing fails.
    assert!(timeout(Duration::from_millis(300), &mut early).await.is_err(), "it did not wait");
    assert_eq!(judge(chain.clone(), vec![parent], first).await, [Outcome::Stored]);
    assert_eq!(early.await.unwrap(), [Outcome::Stored]);
    assert_eq!(chain.view().tip.height, 2);
    drop(chain);
    thread.join().unwrap();
}

#[tokio::test]
async fn a_group_that_comes_to_nothing_does_not_hold_up_the_next() {
    let spec = easy_spec();
    let (_directory, chain, thread) = start(&spec, chain::Options::default());
    let mut turns = Turns::default();
    drop(turns.next());
    let nothing = Delivered { bytes: Vec::new(), ..delivered(spec.genesis()) };
    let outcomes = judge(chain.clone(), vec![nothing], turns.next()).await;
    assert!(matches!(outcomes[..], [Outcome::BadBody(_)]), "{outcomes:?}");
    assert_eq!(judge(chain.clone(), vec![delivered(spec.genesis())], turns.next()).await.len(), 1);
    drop(chain);
    thread.join().unwrap();
}

#[tokio::test]
async fn a_block_of_a_newer_version_is_told_apart() {
    let spec = easy_spec();
    let (_directory, chain, thread) = start(&spec, chain::Options::default());
    let newer = delivered(&make(&chain, |coinbase| coinbase.version = 2).await);
    let mut turns = Turns::default();
    let outcomes = judge(chain.clone(), vec![newer.clone(), newer], turns.next()).await;
    assert_eq!(outcomes, [Outcome::UpgradeNeeded, Outcome::Skipped]);
    drop(chain);
    thread.join().unwrap();
}

#[tokio::test]
async fn an_invalid_block_far_below_the_tip_is_condemned_when_it_was_asked_for() {
    let spec = easy_spec();
    let options = chain::Options { side_branch_depth: 3, ..chain::Options::default() };
    let (_directory, chain, thread) = start(&spec, options);
    let wrong = make(&chain, |coinbase| coinbase.height = 2).await;
    for _ in 0..5 {
        mine(&chain).await;
    }
    // Nobody has to take it: it is on a branch that costs next to nothing.
    let offered = chain.submit_block(wrong.clone()).await.unwrap_err();
    assert!(matches!(offered, SubmitError::TooLittleWork { .. }), "{offered:?}");

    let mut turns = Turns::default();
    let wrong = || Delivered { height: 1, ..delivered(&wrong) };
    let outcomes = judge(chain.clone(), vec![wrong()], turns.next()).await;
    assert!(matches!(outcomes[..], [Outcome::Invalid(_)]), "{outcomes:?}");
    let outcomes = judge(chain.clone(), vec![wrong()], turns.next()).await;
    assert!(matches!(outcomes[..], [Outcome::Condemned]), "{outcomes:?}");
    drop(chain);
    thread.join().unwrap();
}

#[test]
fn a_full_disk_is_told_apart_from_other_trouble_of_ours() {
    let no_room = StoreError::NoRoom { path: "chain.redb".into(), free: 1, needed: 2 };
    assert_eq!(outcome(SubmitError::Store(no_room)), Outcome::NoRoom);
    assert_eq!(outcome(SubmitError::Stopped), Outcome::Skipped);
}
