//! Two chain threads mine apart, and one of them learns of the other's blocks.

use std::sync::Arc;

use node::chain::{Branch, HeadChange, Options, SubmitError, Submitted};
use node::store::{HistoryPage, StoreError, StoredTransaction};
use redb::ReadableTable as _;
use shared::address::Address;
use shared::block::Block;
use shared::consensus::RuleError;
use shared::hash::{BlockHash, StateRoot, TxId};
use shared::spec::ChainSpec;
use shared::state::Account;

use crate::support::{TestChain, address, commit_to_body, easy_spec, payment, solve};

/// Everything that the store says of the best chain and its accounts.
#[derive(Debug, PartialEq)]
struct Dump {
    best: Vec<BlockHash>,
    accounts: Vec<(Address, Account, HistoryPage)>,
    transactions: Vec<Option<StoredTransaction>>,
}

fn dump(test: &TestChain, ids: &[TxId]) -> Dump {
    let (snapshot, view) = (test.chain.snapshot().unwrap(), test.chain.view());
    assert_eq!(snapshot.tip().unwrap(), (view.tip.height, view.tip.hash));
    assert_eq!(snapshot.hash_at(view.tip.height + 1).unwrap(), None);
    let account = |address: &Address| {
        let account = snapshot.account(address).unwrap();
        assert_eq!(account, view.account(address));
        (*address, account, snapshot.history(address, None, None, usize::MAX).unwrap())
    };
    Dump {
        best: (0..=view.tip.height).map(|height| snapshot.hash_at(height).unwrap().unwrap()).collect(),
        // All keys that tests use, so that accounts that should be gone are seen.
        accounts: (0..6).map(|number| account(&address(number))).collect(),
        transactions: ids.iter().map(|id| snapshot.transaction(id).unwrap()).collect(),
    }
}

/// The common start of both: key 0 has 30 coins.
async fn common(spec: &Arc<ChainSpec>, options: Options) -> (TestChain, TestChain) {
    let (here, there) = (TestChain::with_options(spec, options), TestChain::with_options(spec, options));
    let blocks = here.mine_many(3, address(0)).await;
    there.take(&blocks).await;
    (here, there)
}

/// Mines `depth` blocks here, with payments in the first of them, and one more there; then joins them.
async fn check_reorg(depth: usize, options: Options) {
    let spec = easy_spec();
    let (here, there) = common(&spec, options).await;
    let confirmed = here.pay(0, payment(0, address(1), 0)).await.unwrap();
    let ours = here.mine_many(depth, address(2)).await;
    let pending = here.pay(0, payment(0, address(1), 1)).await.unwrap();
    let old_tip = here.chain.view().tip.hash;
    assert_eq!(here.balance(1), 1);

    let theirs = there.mine_many(depth + 1, address(3)).await;
    let (last, before) = theirs.split_last().unwrap();
    for block in before {
        here.clock.advance(2);
        assert_eq!(here.chain.submit_block(block.clone()).await.unwrap(), Submitted::SideBranch);
    }
    assert_eq!(here.chain.view().tip.hash, old_tip);
    let mut events = here.chain.events();
    assert_eq!(here.chain.submit_block(last.clone()).await.unwrap(), Submitted::Best);

    let event = events.recv().await.unwrap();
    let depth = u64::try_from(depth).unwrap();
    let hashes = |blocks: &[Block]| blocks.iter().map(|block| block.header.hash()).collect::<Vec<_>>();
    let (disconnected, connected) = (hashes(&ours), hashes(&theirs));
    let disconnected = Branch { count: depth, hashes: disconnected };
    // No more than the last hundred are named.
    let connected =
        Branch { count: depth + 1, hashes: connected[connected.len().saturating_sub(100)..].to_vec() };
    assert_eq!(event.head, Some(HeadChange { old_tip, disconnected, connected }));
    assert_eq!(event.touched.iter().copied().collect::<std::collections::BTreeSet<_>>(), {
        [address(0), address(1), address(2), address(3)].into()
    });
    let ids = [confirmed, pending];
    assert_eq!(dump(&here, &ids), dump(&there, &ids));
    // Both payments wait again, in their order, and are mined again.
    let mempool = here.chain.view().mempool.clone();
    assert_eq!(
        mempool.sent_by(&address(0)).map(|pending| *pending.transaction.id()).collect::<Vec<_>>(),
        ids
    );

    let here = here.restart();
    assert_eq!(dump(&here, &ids), dump(&there, &ids));
    assert_eq!(here.chain.view().mempool.len(), 2);
    let block = here.mine(address(4)).await;
    assert_eq!(block.transactions.iter().map(shared::transaction::Transaction::id).collect::<Vec<_>>(), ids);
    there.take(&[block]).await;
    assert_eq!(dump(&here, &ids), dump(&there, &ids));
    assert!(here.chain.view().mempool.is_empty());
}

#[tokio::test]
async fn a_reorg_of_one_block() {
    check_reorg(1, Options::default()).await;
}

#[tokio::test]
async fn a_reorg_of_six_blocks() {
    check_reorg(6, Options::default()).await;
}

#[tokio::test]
async fn a_reorg_of_a_hundred_blocks() {
    check_reorg(100, Options::default()).await;
}

#[tokio::test]
async fn a_reorg_as_deep_as_the_undo_data() {
    check_reorg(4, Options { undo_depth: 4, ..Options::default() }).await;
}

#[tokio::test]
async fn a_reorg_deeper_than_the_undo_data_replays_the_chain() {
    check_reorg(5, Options { undo_depth: 4, ..Options::default() }).await;
}

#[tokio::test]
async fn the_first_of_two_equal_branches_stays() {
    let spec = easy_spec();
    let (here, there) = common(&spec, Options::default()).await;
    here.mine_many(2, address(1)).await;
    let theirs = there.mine_many(2, address(2)).await;
    let before = dump(&here, &[]);
    here.take(&theirs).await;
    assert_eq!(dump(&here, &[]), before);
    let here = here.restart();
    assert_eq!(dump(&here, &[]), before);

    // A block on the other branch decides.
    let decision = there.mine(address(2)).await;
    here.take(&[decision]).await;
    assert_eq!(dump(&here, &[]), dump(&there, &[]));
}

#[tokio::test]
async fn a_reorg_and_back_leaves_no_trace() {
    let spec = easy_spec();
    let (here, there) = common(&spec, Options::default()).await;
    let id = here.pay(0, payment(0, address(1), 0)).await.unwrap();
    let ours = here.mine_many(2, address(2)).await;
    let before = dump(&here, &[id]);
    let theirs = there.mine_many(3, address(3)).await;
    here.take(&theirs).await;
    assert_eq!(here.balance(1), 0);

    // Somebody who never saw the others extends our branch until it has the most work.
    let third = TestChain::new(&spec);
    third.take(&dump_blocks(&here, &before.best[1..=3])).await;
    third.take(&ours).await;
    let more = third.mine_many(2, address(2)).await;
    here.take(&more).await;
    assert_eq!(dump(&here, &[id]), dump(&third, &[id]));
    assert_eq!(dump(&here, &[id]).best[..=5], before.best);
    assert!(here.chain.view().mempool.is_empty());
}

fn dump_blocks(test: &TestChain, hashes: &[BlockHash]) -> Vec<Block> {
    let snapshot = test.chain.snapshot().unwrap();
    let block = |hash| shared::codec::decode(&snapshot.block(hash).unwrap().unwrap().bytes).unwrap();
    hashes.iter().map(block).collect()
}

/// A branch of valid headers whose second block has a wrong state root, or of two blocks more.
fn poison(blocks: &mut [Block]) {
    blocks[1].coinbase.state_root = StateRoot([7; 32]);
    for index in 1..blocks.len() {
        blocks[index].header.prev_hash = blocks[index - 1].header.hash();
        commit_to_body(&mut blocks[index]);
        solve(&mut blocks[index]);
    }
}

async fn check_poisoned(options: Options, depth: usize) {
    let spec = easy_spec();
    let (here, there) = common(&spec, options).await;
    let id = here.pay(0, payment(0, address(1), 0)).await.unwrap();
    here.mine_many(depth, address(2)).await;
    let before = dump(&here, &[id]);

    let mut theirs = there.mine_many(depth + 2, address(3)).await;
    poison(&mut theirs);
    let prev_hash = theirs[depth - 1].header.hash();
    here.take(&theirs[..depth]).await;
    // The block that makes it the branch with the most work brings out what is wrong with its ancestor.
    here.clock.advance(60);
    let error = here.chain.submit_block(theirs[depth].clone()).await.unwrap_err();
    assert!(
        matches!(error, SubmitError::Invalid(RuleError::InvalidParent { prev_hash: parent }) if parent == prev_hash),
        "{error:?}"
    );
    assert_eq!(dump(&here, &[id]), before);

    let here = here.restart();
    assert_eq!(dump(&here, &[id]), before);
    for block in &theirs[1..=depth] {
        let error = here.chain.submit_block(block.clone()).await.unwrap_err();
        let expected = block.header.hash();
        assert!(matches!(error, SubmitError::Condemned { hash } if hash == expected), "{error:?}");
    }
    let error = here.chain.submit_block(theirs[depth + 1].clone()).await.unwrap_err();
    assert!(matches!(error, SubmitError::Invalid(RuleError::InvalidParent { .. })), "{error:?}");
    // What came before the wrong block is innocent.
    assert_eq!(here.chain.submit_block(theirs[0].clone()).await.unwrap(), Submitted::Known);
    here.mine(address(0)).await;
}

#[tokio::test]
async fn a_failed_branch_is_condemned_and_the_old_one_stays() {
    check_poisoned(Options::default(), 3).await;
}

#[tokio::test]
async fn a_failed_replay_is_condemned_and_the_old_branch_stays() {
    check_poisoned(Options { undo_depth: 2, ..Options::default() }, 3).await;
}

#[tokio::test]
async fn a_stored_header_that_is_wrong_condemns_no_block() {
    let spec = easy_spec();
    let blocks: redb::TableDefinition<'_, &[u8; 32], &[u8]> = redb::TableDefinition::new("blocks");
    // A bit in the parent's hash of a block that is left, one that is connected, and one below the fork, which a deep
    // reorg connects again.
    for (height, undo_depth) in [(4, 100), (5, 100), (2, 1)] {
        let options = Options { undo_depth, ..Options::default() };
        let (here, there) = common(&spec, options).await;
        here.mine_many(2, address(2)).await;
        let theirs = there.mine_many(3, address(3)).await;
        here.take(&theirs[..2]).await;
        let of = if height == 5 { &there } else { &here };
        let changed = of.chain.snapshot().unwrap().hash_at(height).unwrap().unwrap();
        let here = here
            .restart_with(|directory| {
                let database = redb::Database::open(directory.join(node::store::STORE_FILE)).unwrap();
                let transaction = database.begin_write().unwrap();
                let mut table = transaction.open_table(blocks).unwrap();
                let mut bytes = table.get(changed.as_bytes()).unwrap().unwrap().value().to_vec();
                bytes[10] ^= 1;
                table.insert(changed.as_bytes(), bytes.as_slice()).unwrap();
                drop(table);
                transaction.commit().unwrap();
            })
            .unwrap();
        here.clock.advance(2);
        let error = here.chain.submit_block(theirs[2].clone()).await.unwrap_err();
        assert!(matches!(error, SubmitError::Store(StoreError::Corrupt { .. })), "{height}: {error:?}");
        here.end();
    }
}

#[tokio::test]
async fn undo_data_that_is_wrong_condemns_no_block() {
    let spec = easy_spec();
    for (fork, position) in [(3, 10), (3, 75), (0, 10)] {
        let (here, there) = match fork {
            0 => (TestChain::new(&spec), TestChain::new(&spec)),
            _ => common(&spec, Options::default()).await,
        };
        here.mine_many(2, address(2)).await;
        let theirs = there.mine_many(3, address(3)).await;
        // A bit in an address, or in the range over the headers: the first block of ours is undone to something else.
        let here = here
            .restart_with(|directory| {
                let database = redb::Database::open(directory.join(node::store::STORE_FILE)).unwrap();
                let transaction = database.begin_write().unwrap();
                let undo: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("undo");
                let mut bytes = {
                    let table = transaction.open_table(undo).unwrap();
                    table.get(fork + 1).unwrap().unwrap().value().to_vec()
                };
                bytes[position] ^= 1;
                transaction.open_table(undo).unwrap().insert(fork + 1, bytes.as_slice()).unwrap();
                transaction.commit().unwrap();
            })
            .unwrap();
        here.take(&theirs[..2]).await;
        here.clock.advance(2);
        let error = here.chain.submit_block(theirs[2].clone()).await.unwrap_err();
        assert!(
            matches!(error, SubmitError::Store(StoreError::Corrupt { .. })),
            "{fork}, {position}: {error:?}"
        );
    }
}
