//! Blocks that are offered together, and blocks that are not worth to be kept.

use std::sync::Arc;

use node::chain::{Options, RefusedBlock, SubmitError, Submitted};
use node::verifier::AwsLcVerifier;
use shared::block::Block;
use shared::consensus::{BodyContext, CheckedBlock, RuleError, check_body};
use shared::hash::StateRoot;
use shared::pow::Work;
use shared::spec::ChainSpec;

use crate::support::{TestChain, address, commit_to_body, easy_spec, payment, solve};

/// Checks the bodies of blocks that follow each other, the first of which has height `from`.
pub(crate) fn checked(spec: &ChainSpec, from: u64, blocks: &[Block]) -> Vec<CheckedBlock> {
    let check = |(height, block): (u64, &Block)| {
        let body = BodyContext { spec, height, verifier: &AwsLcVerifier, is_verified: &|_| false };
        check_body(&body, block.clone()).unwrap()
    };
    (from..).zip(blocks).map(check).collect()
}

/// Another chain thread whose clock has reached the time of `blocks`.
fn another(spec: &Arc<ChainSpec>, blocks: &[Block]) -> TestChain {
    let test = TestChain::new(spec);
    test.clock.set(u64::from(blocks.last().unwrap().header.time));
    test
}

#[tokio::test]
async fn blocks_together_are_one_event() {
    let spec = easy_spec();
    let there = TestChain::new(&spec);
    let mut blocks = there.mine_many(3, address(0)).await;
    there.pay(0, payment(0, address(1), 0)).await.unwrap();
    blocks.extend(there.mine_many(3, address(2)).await);

    let here = another(&spec, &blocks);
    let mut events = here.chain.events();
    here.chain.submit_blocks(checked(&spec, 1, &blocks)).await.unwrap();
    let change = events.recv().await.unwrap().head.unwrap();
    assert_eq!((change.disconnected.count, change.connected.count), (0, 6));
    assert_eq!(change.connected.hashes, blocks.iter().map(|block| block.header.hash()).collect::<Vec<_>>());
    assert!(events.try_recv().is_err());
    assert_eq!(here.chain.view().accounts, there.chain.view().accounts);

    // What is known already is no reason to refuse the rest, nor an event.
    blocks.extend(there.mine_many(1, address(2)).await);
    here.clock.advance(2);
    here.chain.submit_blocks(checked(&spec, 1, &blocks)).await.unwrap();
    assert_eq!(events.recv().await.unwrap().head.unwrap().connected.count, 1);
    assert_eq!(here.restart().chain.view().tip, there.chain.view().tip);
}

#[tokio::test]
async fn those_before_the_first_refused_one_are_kept() {
    let spec = easy_spec();
    let mut blocks = TestChain::new(&spec).mine_many(4, address(0)).await;
    blocks[2].coinbase.state_root = StateRoot([7; 32]);
    commit_to_body(&mut blocks[2]);
    solve(&mut blocks[2]);
    let condemned = blocks[2].header.hash();

    let here = another(&spec, &blocks);
    let mut bodies = checked(&spec, 1, &blocks[..3]);
    let RefusedBlock { index, error } = here.chain.submit_blocks(bodies.clone()).await.unwrap_err();
    assert_eq!(index, 2);
    assert!(matches!(error, SubmitError::Invalid(RuleError::StateRootMismatch { .. })), "{error:?}");
    let here = here.restart();
    assert_eq!(here.height(), 2);
    let RefusedBlock { index, error } = here.chain.submit_blocks(bodies.split_off(2)).await.unwrap_err();
    assert_eq!(index, 0);
    assert!(matches!(error, SubmitError::Condemned { hash } if hash == condemned), "{error:?}");
}

#[tokio::test]
async fn a_reorg_among_them_keeps_what_came_before() {
    let spec = easy_spec();
    let (ours, theirs) = (TestChain::new(&spec), TestChain::new(&spec));
    let ours = ours.mine_many(3, address(0)).await;
    let mut theirs = theirs.mine_many(6, address(1)).await;
    let here = another(&spec, &theirs);
    let mut both = checked(&spec, 1, &ours);
    both.extend(checked(&spec, 1, &theirs));
    here.chain.submit_blocks(both).await.unwrap();
    assert_eq!((here.height(), here.balance(0), here.balance(1)), (6, 0, 60));

    // A branch that would have the most work, had it not an invalid block: the old one stays, in memory and on disk.
    theirs[1].coinbase.state_root = StateRoot([7; 32]);
    for index in 1..theirs.len() {
        theirs[index].header.prev_hash = theirs[index - 1].header.hash();
        commit_to_body(&mut theirs[index]);
        solve(&mut theirs[index]);
    }
    let mut both = checked(&spec, 1, &ours);
    both.extend(checked(&spec, 2, &theirs[1..]));
    let here = another(&spec, &theirs);
    here.chain.submit_blocks(checked(&spec, 1, &theirs[..1])).await.unwrap();
    let RefusedBlock { index, error } = here.chain.submit_blocks(both).await.unwrap_err();
    // Three of ours are the best; the third after the fork of the others would overtake them.
    assert_eq!(index, 5);
    assert!(matches!(error, SubmitError::Invalid(RuleError::InvalidParent { .. })), "{error:?}");
    assert_eq!((here.height(), here.balance(0), here.balance(1)), (3, 30, 0));
    let here = here.restart();
    assert_eq!((here.height(), here.balance(0), here.balance(1)), (3, 30, 0));
    here.mine(address(1)).await;
}

#[tokio::test]
async fn a_body_that_was_checked_for_another_height_is_condemned() {
    let spec = easy_spec();
    let mut blocks = TestChain::new(&spec).mine_many(2, address(0)).await;
    blocks[1].coinbase.height = 7;
    commit_to_body(&mut blocks[1]);
    solve(&mut blocks[1]);
    let here = another(&spec, &blocks);
    here.take(&blocks[..1]).await;
    let refused = here.chain.submit_blocks(checked(&spec, 7, &blocks[1..])).await.unwrap_err();
    assert!(
        matches!(refused.error, SubmitError::Invalid(error) if error == RuleError::HeightMismatch { expected: 2, actual: 7 })
    );
    let error = here.chain.submit_block(blocks[1].clone()).await.unwrap_err();
    assert!(matches!(error, SubmitError::Condemned { .. }));
}

#[tokio::test]
async fn a_cheap_branch_is_kept_only_where_it_was_asked_for() {
    let spec = easy_spec();
    let options = Options { side_branch_depth: 3, ..Options::default() };
    let (here, there) = (TestChain::with_options(&spec, options), TestChain::new(&spec));
    here.mine_many(5, address(0)).await;
    let theirs = there.mine_many(6, address(1)).await;
    here.clock.set(u64::from(theirs[5].header.time));

    // Three below the tip of height 5 the best chain had the work of three blocks, genesis included.
    let one = spec.genesis().header.bits.target().unwrap().work();
    let sum = |count: usize| std::iter::repeat_n(one, count).fold(Work::ZERO, Work::saturating_add);
    let error = here.chain.submit_block(theirs[0].clone()).await.unwrap_err();
    assert!(
        matches!(error, SubmitError::TooLittleWork { work, least } if work == sum(2) && least == sum(3)),
        "{error:?}"
    );
    assert!(here.chain.snapshot().unwrap().block(&theirs[0].header.hash()).unwrap().is_none());

    // Nothing is held against the branch: it wins once somebody asks for all of it.
    here.chain.submit_blocks(checked(&spec, 1, &theirs[..1])).await.unwrap();
    assert_eq!(here.chain.submit_block(theirs[1].clone()).await.unwrap(), Submitted::SideBranch);
    here.take(&theirs[2..]).await;
    assert_eq!(here.chain.view().tip.hash, theirs[5].header.hash());
}
