//! The power is cut after every single write and sync of a run that mines, admits, reorganises and condemns: what is
//! left opens with everything that was ever acknowledged.

use std::sync::Arc;

use node::chain::{SubmitError, SubmitTransactionError};
use node::store::StoreError;
use shared::block::Block;
use shared::hash::{BlockHash, StateRoot, TxId};
use shared::spec::ChainSpec;

use crate::disk::{Disk, Op, PowerCuts, Random, Survives};
use crate::support::{ManualClock, TestChain, address, commit_to_body, easy_spec, payment, solve};

/// What a start finds: the tip, and what waits for a block.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    tip: BlockHash,
    pending: Vec<TxId>,
}

fn state(test: &TestChain) -> State {
    let view = test.chain.view();
    // No coin was made or lost.
    let sum: u64 = view.accounts.values().map(|account| account.balance).sum();
    assert_eq!(sum, 10 * view.tip.height);
    let pending = (0..6).flat_map(|number| {
        view.mempool.sent_by(&address(number)).map(|pending| *pending.transaction.id()).collect::<Vec<_>>()
    });
    State { tip: view.tip.hash, pending: pending.collect() }
}

/// A run on a disk, with the states that were acknowledged, oldest first.
struct Run {
    spec: Arc<ChainSpec>,
    disk: Disk,
    states: Vec<State>,
    /// A time after all blocks.
    now: u64,
}

/// The blocks of another branch that is one block longer than four, and an invalid one on top.
async fn other_branch(spec: &Arc<ChainSpec>, common: &[Block]) -> Vec<Block> {
    let there = TestChain::new(spec);
    there.take(common).await;
    let mut theirs = there.mine_many(4, address(3)).await;
    theirs.push(there.next_block(address(3)).await);
    let invalid = &mut theirs[4];
    invalid.coinbase.state_root = StateRoot([7; 32]);
    commit_to_body(invalid);
    solve(invalid);
    theirs
}

async fn run() -> Run {
    let (spec, disk) = (easy_spec(), Disk::default());
    let test = TestChain::on(&spec, ManualClock::new(&spec), disk.clone(), false).unwrap();
    let mut states = vec![state(&test)];
    let mut tell = |test: &TestChain| {
        states.push(state(test));
        disk.told(states.len() - 1);
    };
    let mut common = Vec::new();
    for _ in 0..3 {
        common.push(test.mine(address(0)).await);
        tell(&test);
    }
    let theirs = other_branch(&spec, &common).await;
    for nonce in 0..4 {
        test.pay(0, payment(0, address(1), nonce)).await.unwrap();
        tell(&test);
    }
    for _ in 0..3 {
        test.mine(address(2)).await;
        tell(&test);
    }
    test.pay(0, payment(0, address(1), 4)).await.unwrap();
    tell(&test);
    test.clock.advance(60);
    for block in &theirs[..4] {
        // The last of them is a reorg of three blocks, which brings four payments back.
        test.chain.submit_block(block.clone()).await.unwrap();
        tell(&test);
    }
    test.chain.submit_block(theirs[4].clone()).await.unwrap_err();
    tell(&test);
    for _ in 0..2 {
        test.mine(address(4)).await;
        tell(&test);
    }
    let now = u64::from(test.chain.view().tip.header.time);
    test.stop();
    assert_eq!(states.last().unwrap().pending.len(), 0);
    Run { spec, disk, states, now }
}

/// Opens what is left; `None` when it is told to be damaged.
fn open(run: &Run, disk: &Disk, verify: bool) -> Option<State> {
    let clock = ManualClock::new(&run.spec);
    clock.set(run.now);
    match TestChain::on(&run.spec, clock, disk.clone(), verify) {
        Ok(test) => {
            let state = state(&test);
            test.stop();
            Some(state)
        }
        Err(StoreError::Corrupt { .. }) => None,
        Err(other) => panic!("{other}"),
    }
}

/// Asserts that an image holds what was acknowledged, or the step after that.
fn check_image(run: &Run, told: usize, what: &str, disk: &Disk, verify: bool) {
    let allowed = &run.states[told..run.states.len().min(told + 2)];
    match open(run, disk, verify) {
        Some(found) => assert!(allowed.contains(&found), "{what}: {found:?} is none of {allowed:?}"),
        // A store whose making was interrupted holds nothing that could be lost.
        None => assert_eq!(told, 0, "{what}: damaged"),
    }
}

/// How many times every cut is tried: once, or as `cargo xtask long crash-images` says.
fn rounds() -> u64 {
    std::env::var("CRASH_ROUNDS").map_or(0, |rounds| rounds.parse().unwrap())
}

#[tokio::test]
async fn a_power_cut_at_any_write_or_sync_loses_nothing_acknowledged() {
    let run = run().await;
    let log = run.disk.log();
    let (rounds, mut images) = (rounds(), 0);
    // Without a wish, a sample: every ninth operation.
    let (step, rounds) = if rounds == 0 { (9, 1) } else { (1, rounds) };
    let kinds = [
        Survives::Nothing,
        Survives::Everything,
        Survives::Prefix,
        Survives::Sectors(512),
        Survives::Sectors(4_096),
    ];
    for round in 0..rounds {
        let mut random = Random(round);
        let mut cuts = PowerCuts::new(Vec::new(), &log);
        while cuts.advance() {
            if !cuts.position().is_multiple_of(step) {
                continue;
            }
            for kind in kinds {
                let what = format!("round {round}, cut {} of {}, {kind:?}", cuts.position(), log.len());
                let disk = Disk::with(cuts.image(kind, &mut random));
                let before = disk.bytes();
                check_image(&run, cuts.told(), &what, &disk, random.below(2) == 0);
                images += 1;
                // Now and then the power fails again while the store is opened.
                if random.below(8) == 0 {
                    images += check_second_cut(&run, cuts.told(), &what, before, &disk.log(), &mut random);
                }
            }
        }
    }
    println!("figures: {images} images of a run with {} operations", log.len());
}

fn check_second_cut(
    run: &Run,
    told: usize,
    what: &str,
    before: Vec<u8>,
    log: &[Op],
    random: &mut Random,
) -> usize {
    if log.is_empty() {
        return 0;
    }
    let mut cuts = PowerCuts::new(before, log);
    for _ in 0..=random.below(log.len()) {
        cuts.advance();
    }
    let kinds = [Survives::Nothing, Survives::Prefix, Survives::Sectors(512)];
    for kind in kinds {
        let what = format!("{what}; again at {} of {}, {kind:?}", cuts.position(), log.len());
        let disk = Disk::with(cuts.image(kind, random));
        check_image(run, told, &what, &disk, random.below(2) == 0);
    }
    kinds.len()
}

#[tokio::test]
async fn a_disk_that_fails_ends_the_chain_thread_and_loses_nothing_acknowledged() {
    let spec = easy_spec();
    let mut ended = 0;
    for n_operations in (0..300).step_by(7) {
        let disk = Disk::default();
        let test = TestChain::on(&spec, ManualClock::new(&spec), disk.clone(), false).unwrap();
        test.mine_many(2, address(0)).await;
        let mut told = state(&test);
        disk.fail_after(n_operations);
        let mut failed = None;
        for nonce in 0..8 {
            if let Err(error) = test.pay(0, payment(0, address(1), nonce)).await {
                assert!(matches!(error, SubmitTransactionError::Store(_) | SubmitTransactionError::Stopped));
                failed = Some(nonce);
                break;
            }
            told = state(&test);
            let Ok(template) = test.chain.template(address(0)).await else { break };
            drop(template);
            let block = test.next_block(address(0)).await;
            let submitted = test.chain.submit_block(block).await;
            if let Err(error) = submitted {
                assert!(matches!(error, SubmitError::Store(_) | SubmitError::Stopped), "{error}");
                failed = Some(nonce);
                break;
            }
            told = state(&test);
        }
        // What was not stored is not shown either.
        let shown = state(&test);
        assert_eq!(shown, told, "after {n_operations}");
        let now = u64::from(test.chain.view().tip.header.time) + 60;
        test.end();
        if failed.is_none() {
            continue;
        }
        ended += 1;
        // What a disk says after an error is worth nothing, so nothing is tried again.
        assert_eq!(disk.n_failed(), 1, "after {n_operations}");
        let clock = ManualClock::new(&spec);
        clock.set(now);
        let again = TestChain::on(&spec, clock, Disk::with(disk.bytes()), false).unwrap();
        // The step that failed may have come through nevertheless, as far as a disk can tell.
        let (height, tip) = (again.height(), state(&again));
        assert!(height >= 2 && (tip == told || height <= 11), "{n_operations}");
        if tip != told {
            let view = again.chain.view();
            let parent = view.tip.header.prev_hash;
            assert!(
                parent == told.tip || view.tip.hash == told.tip,
                "{n_operations}: {tip:?} after {told:?}"
            );
        }
        let (view, snapshot) = (again.chain.view(), again.chain.snapshot().unwrap());
        for id in &told.pending {
            let is_there = view.mempool.get(id).is_some() || snapshot.transaction(id).unwrap().is_some();
            assert!(is_there, "{n_operations}: {id} is lost");
        }
        drop(snapshot);
        again.stop();
    }
    assert!(ended > 10, "{ended}");
}
