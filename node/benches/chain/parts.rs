//! The parts.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use node::chain::{self, ChainHandle, ChainThread, Options};
use node::clock::Clock;
use node::offline::{self, Progress};
use node::store::{STORE_FILE, Store};
use node::verifier::AwsLcVerifier;
use rayon::ThreadPoolBuilder;
use shared::block::Block;
use shared::codec;
use shared::consensus::{BodyContext, CheckedBlock, check_body};
use shared::ledger::Ledger;
use shared::signature::Verifier as _;
use shared::spec::ChainSpec;
use shared::transaction::Transaction;

use crate::made::{FULL, Made};
use crate::{row, timed};

/// Full blocks of the chain that is checked and imported: 38,400 transactions.
const BLOCKS: usize = 24;
/// Blocks that are on disk when a node starts.
const MANY: usize = 100_000;
/// Blocks that are undone.
const DEPTH: usize = 100;

/// A clock that is far ahead of every block.
struct Later;

impl Clock for Later {
    fn now(&self) -> u64 {
        u64::from(u32::MAX)
    }
}

pub(crate) fn quiet(_: Progress) {}

fn start(spec: &Arc<ChainSpec>, directory: &Path) -> (ChainHandle, ChainThread) {
    let store = Store::open(directory, spec).unwrap();
    chain::start(Arc::clone(spec), store, Arc::new(Later), Options::default()).unwrap()
}

fn stop((chain, thread): (ChainHandle, ChainThread)) {
    drop(chain);
    thread.join().unwrap();
}

/// Puts blocks on disk.
pub(crate) fn stored(made: &Made, directory: &Path) {
    let running = start(&made.spec, directory);
    for group in made.checked().chunks(4_096) {
        running.0.blocking_submit_blocks(group.to_vec()).unwrap();
    }
    stop(running);
}

fn full_chain() -> Made {
    let mut made = Made::new();
    made.fund();
    made.fill(BLOCKS);
    made
}

fn with_threads<T: Send>(count: usize, act: impl FnOnce() -> T + Send) -> T {
    ThreadPoolBuilder::new().num_threads(count).build().unwrap().install(act)
}

/// What a transaction costs by stage, on one thread.
fn stages(made: &Made) {
    let n_transactions = BLOCKS * FULL;
    let spec = &made.spec;
    let all = || made.blocks.iter().flat_map(|block| &block.transactions);
    let verify = |Transaction { body, signature }: &Transaction| {
        AwsLcVerifier.verify(&body.sender, &body.signing_bytes(spec.genesis_hash()), signature)
    };
    let (valid, bare) = timed(|| all().all(verify));
    assert!(valid);
    row("signatures alone (aws-lc)", n_transactions, bare);
    let encoded: Vec<_> = made.blocks.iter().map(codec::encode).collect();
    let (blocks, time) =
        timed(|| encoded.iter().map(|bytes| codec::decode(bytes).unwrap()).collect::<Vec<Block>>());
    row("decode", n_transactions, time);
    let check = |(height, block): (u64, Block)| {
        let body = BodyContext { spec, height, verifier: &AwsLcVerifier, is_verified: &|_| true };
        check_body(&body, block).unwrap()
    };
    let (checked, time) = timed(|| (1..).zip(blocks).map(check).collect::<Vec<CheckedBlock>>());
    row("ids, addresses, Merkle roots, rules", n_transactions, time);
    let mut ledger = Ledger::new(Arc::clone(spec));
    let ((), time) = timed(|| checked.iter().for_each(|block| drop(ledger.connect(block).unwrap())));
    row("accounts, histories, state tree", n_transactions, time);
}

pub(crate) fn check() {
    let made = full_chain();
    let directory = tempfile::tempdir().unwrap();
    stored(&made, directory.path());
    stages(&made);
    for threads in [1, 2] {
        let run = || offline::check(directory.path(), &made.spec, made.now(), &mut quiet).unwrap();
        let (done, time) = timed(|| with_threads(threads, run));
        assert_eq!(done.n_transactions, (BLOCKS * FULL) as u64);
        row(&format!("node check, {threads} threads"), BLOCKS * FULL, time);
    }
}

pub(crate) fn import() {
    let made = full_chain();
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    stored(&made, from.path());
    let file = from.path().join("blocks");
    let (_, time) = timed(|| offline::export(from.path(), &made.spec, &file, &mut quiet).unwrap());
    row("node export", BLOCKS * FULL, time);
    let checked = made.checked();
    let other = tempfile::tempdir().unwrap();
    let running = start(&made.spec, other.path());
    let (_, time) = timed(|| running.0.blocking_submit_blocks(checked).unwrap());
    stop(running);
    row("connect and write, one durable commit", BLOCKS * FULL, time);
    let run = || offline::import(to.path(), &made.spec, &file, Arc::new(Later), &mut quiet).unwrap();
    let (done, time) = timed(|| with_threads(2, run));
    assert_eq!(done.n_transactions, (BLOCKS * FULL) as u64);
    row("node import, 2 threads and the chain's", BLOCKS * FULL, time);
    let bytes = std::fs::metadata(to.path().join(STORE_FILE)).unwrap().len();
    let blocks: usize = made.blocks.iter().map(|block| codec::encode(block).len()).sum();
    println!(
        "  store: {} bytes a transaction, of which its block {}",
        bytes / (BLOCKS * FULL) as u64,
        blocks / (BLOCKS * FULL)
    );
}

/// Full blocks whose transactions wait in the mempool, so that their signatures were checked before.
pub(crate) fn apply() {
    for (senders, count) in [(1, FULL / 4), (1, FULL / 2), (1, FULL), (6, FULL / 2), (6, FULL)] {
        let mut made = Made::new();
        made.fund();
        let directory = tempfile::tempdir().unwrap();
        stored(&made, directory.path());
        let (chain, thread) = {
            let store = Store::open(directory.path(), &made.spec).unwrap();
            let mut options = Options::default();
            options.mempool.per_sender = FULL;
            chain::start(Arc::clone(&made.spec), store, Arc::new(Later), options).unwrap()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut times: Vec<_> = (0..15)
            .map(|_| {
                let payments = made.payments(count, senders);
                let block = made.mine(made.keys[0].address, payments.clone()).clone();
                runtime.block_on(async {
                    // All at once, so that few durable writes serve them. Tasks begin in order.
                    let submit = |payment| {
                        let chain = chain.clone();
                        tokio::spawn(
                            async move { chain.submit_transaction(Arc::unwrap_or_clone(payment)).await },
                        )
                    };
                    for submitted in payments.into_iter().map(submit).collect::<Vec<_>>() {
                        submitted.await.unwrap().unwrap();
                    }
                    let started = Instant::now();
                    chain.submit_block(block).await.unwrap();
                    started.elapsed()
                })
            })
            .collect();
        times.sort();
        let (p50, p99) = (times[times.len() / 2], times[times.len() - 1]);
        row(&format!("{count} transactions of {senders} senders, p50"), count, p50);
        row(&format!("{count} transactions of {senders} senders, slowest of 15"), count, p99);
        stop((chain, thread));
    }
}

pub(crate) fn reorg() {
    let (mut ours, mut theirs) = (Made::new(), Made::new());
    ours.fund();
    theirs.fund();
    let common = ours.blocks.len();
    // Enough for the same payments on both sides; the branches differ by their miners.
    for _ in 0..DEPTH {
        let payments = ours.payments(FULL, ours.keys.len());
        ours.mine(ours.keys[0].address, payments.clone());
        theirs.mine(theirs.keys[1].address, payments);
    }
    theirs.mine(theirs.keys[1].address, Vec::new());
    let directory = tempfile::tempdir().unwrap();
    stored(&ours, directory.path());
    let running = start(&ours.spec, directory.path());
    let mut branch = theirs.checked().split_off(common);
    let last = branch.pop().unwrap();
    running.0.blocking_submit_blocks(branch).unwrap();
    let (_, time) = timed(|| running.0.blocking_submit_blocks(vec![last.clone()]).unwrap());
    assert_eq!(running.0.view().tip.hash, *last.hash());
    row(&format!("a reorg of {DEPTH} full blocks, by block"), DEPTH, time);
    stop(running);
}

pub(crate) fn restart() {
    let mut made = Made::new();
    for _ in 0..MANY {
        made.mine(made.keys[0].address, Vec::new());
    }
    let directory = tempfile::tempdir().unwrap();
    stored(&made, directory.path());
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let (store, opened) = timed(|| Store::open(directory.path(), &made.spec).unwrap());
        let start = || chain::start(Arc::clone(&made.spec), store, Arc::new(Later), Options::default());
        let (running, loaded) = timed(|| start().unwrap());
        assert_eq!(running.0.view().tip.height, MANY as u64);
        if opened + loaded < best {
            best = opened + loaded;
            println!("  open {opened:.1?}, load {loaded:.1?}");
        }
        stop(running);
    }
    row("start with 100,000 blocks on disk", 1, best);
    let (whole, time) = timed(|| Store::open_whole(directory.path(), &made.spec).unwrap());
    let bytes = std::fs::metadata(whole.path()).unwrap().len();
    row("bytes of every page verified", usize::try_from(bytes).unwrap(), time);
}
