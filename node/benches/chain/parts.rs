//! The parts.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use node::chain::{self, ChainHandle, ChainThread, Options, View};
use node::clock::Clock;
use node::offline::{self, Progress};
use node::store::Store;
use node::verifier::AwsLcVerifier;
use rayon::ThreadPoolBuilder;
use shared::block::Block;
use shared::codec;
use shared::consensus::{BodyContext, CheckedBlock, CheckedTransaction, check_body};
use shared::ledger::Ledger;
use shared::signature::Verifier as _;
use shared::spec::ChainSpec;
use shared::transaction::Transaction;

use crate::made::{FULL, Made};
use crate::program::{Running, chain_file, free_ports, program};
use crate::{row, size, timed};

/// Full blocks of the chain that is checked and imported when nobody says otherwise: 38,400 transactions.
const BLOCKS: usize = 24;
/// Blocks that are applied one after another, and how often all of them are: 210 in all.
const APPLIED: usize = 15;
const ROUNDS: usize = 14;
/// Blocks that are on disk when a node starts, and accounts.
const MANY: usize = 100_000;
const ACCOUNTS: usize = 1_000_000;
/// Blocks that are undone.
const DEPTH: usize = 100;

/// A clock that is far ahead of every block.
struct Later;

impl Clock for Later {
    fn now(&self) -> u64 {
        u64::from(u32::MAX)
    }

    fn steady(&self) -> u64 {
        self.now()
    }
}

pub(crate) fn quiet(_: Progress) {}

pub(crate) fn start(spec: &Arc<ChainSpec>, directory: &Path) -> (ChainHandle, ChainThread) {
    let store = Store::open(directory, spec).unwrap();
    chain::start(Arc::clone(spec), store, Arc::new(Later), Options::default()).unwrap()
}

pub(crate) fn stop((chain, thread): (ChainHandle, ChainThread)) {
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

/// Returns a chain of so many full blocks, and how many transactions it has.
fn full_chain(blocks: Option<usize>) -> (Made, usize) {
    let blocks = blocks.unwrap_or(BLOCKS);
    let mut made = Made::new();
    made.fund();
    made.fill(blocks);
    (made, blocks * FULL)
}

fn with_threads<T: Send>(count: usize, act: impl FnOnce() -> T + Send) -> T {
    ThreadPoolBuilder::new().num_threads(count).build().unwrap().install(act)
}

/// What a transaction costs by stage, on one thread. Returns how long the signatures alone take.
fn stages(made: &Made, n_transactions: usize) -> Duration {
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
    bare
}

pub(crate) fn check(blocks: Option<usize>) {
    let (made, n_transactions) = full_chain(blocks);
    let directory = tempfile::tempdir().unwrap();
    stored(&made, directory.path());
    let bare = stages(&made, n_transactions);
    let times = [1, 2].map(|threads| {
        let run = || offline::check(directory.path(), &made.spec, made.now(), &mut quiet).unwrap();
        let (done, time) = timed(|| with_threads(threads, run));
        assert_eq!(done.n_transactions, n_transactions as u64);
        row(&format!("node check, {threads} threads"), n_transactions, time);
        time.as_secs_f64()
    });
    println!("  one thread runs at {:.2} of the rate of signatures alone", bare.as_secs_f64() / times[0]);
    println!("  two threads run at {:.2} of the rate of one", times[0] / times[1]);
}

pub(crate) fn import(blocks: Option<usize>) {
    let (made, n_transactions) = full_chain(blocks);
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    stored(&made, from.path());
    let file = from.path().join("blocks");
    let (_, time) = timed(|| offline::export(from.path(), &made.spec, &file, &mut quiet).unwrap());
    row("node export", n_transactions, time);
    stages(&made, n_transactions);
    let checked = made.checked();
    let other = tempfile::tempdir().unwrap();
    let running = start(&made.spec, other.path());
    let (_, time) = timed(|| running.0.blocking_submit_blocks(checked).unwrap());
    stop(running);
    row("connect and write, one durable commit", n_transactions, time);
    let run = || offline::import(to.path(), &made.spec, &file, Arc::new(Later), &mut quiet).unwrap();
    let (done, time) = timed(|| with_threads(2, run));
    assert_eq!(done.n_transactions, n_transactions as u64);
    row("node import, 2 threads and the chain's", n_transactions, time);
    size::table(to.path(), ("transaction", n_transactions));
}

/// Blocks whose transactions wait in the mempool, so that their signatures were checked before.
pub(crate) fn apply() {
    for (senders, count) in [(1, FULL / 4), (1, FULL / 2), (1, FULL), (6, FULL / 4), (6, FULL / 2), (6, FULL)]
    {
        let mut made = Made::new();
        made.fund();
        let funding = made.checked();
        let mut blocks = Vec::new();
        for _ in 0..APPLIED {
            let payments = made.payments(count, senders);
            blocks.push((payments.clone(), made.mine(made.keys[0].address, payments).clone()));
        }
        // Signing takes longest, so the same blocks are applied again and again.
        let mut times: Vec<_> = (0..ROUNDS).flat_map(|_| applied(&made.spec, &funding, &blocks)).collect();
        times.sort();
        let at = |per_cent: usize| times[times.len() * per_cent / 100];
        let what = format!("{count} transactions of {senders} senders");
        row(&format!("{what}, p50 of {}", times.len()), count, at(50));
        row(&format!("{what}, p99"), count, at(99));
    }
}

/// Applies blocks to a new store that holds `funding`, and returns how long each took.
fn applied(
    spec: &Arc<ChainSpec>,
    funding: &[CheckedBlock],
    blocks: &[(Vec<Arc<CheckedTransaction>>, Block)],
) -> Vec<Duration> {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), spec).unwrap();
    let mut options = Options::default();
    options.mempool.per_sender = FULL;
    let (chain, thread) = chain::start(Arc::clone(spec), store, Arc::new(Later), options).unwrap();
    chain.blocking_submit_blocks(funding.to_vec()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let apply = |(payments, block): &(Vec<Arc<CheckedTransaction>>, Block)| {
        runtime.block_on(async {
            // All at once, so that few durable writes serve them. Tasks begin in order.
            let submit = |payment: &Arc<CheckedTransaction>| {
                let (chain, payment) = (chain.clone(), CheckedTransaction::clone(payment));
                tokio::spawn(async move { chain.submit_transaction(payment).await })
            };
            for submitted in payments.iter().map(submit).collect::<Vec<_>>() {
                submitted.await.unwrap().unwrap();
            }
            let block = block.clone();
            let started = Instant::now();
            chain.submit_block(block).await.unwrap();
            started.elapsed()
        })
    };
    let times = blocks.iter().map(apply).collect();
    stop((chain, thread));
    times
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
    let directory = tempfile::tempdir().unwrap();
    let mut made = Made::new();
    for _ in 0..MANY {
        made.mine(made.keys[0].address, Vec::new());
    }
    stored(&made, directory.path());
    starts("100,000 blocks", &made.spec, directory.path(), |view| assert_eq!(view.tip.height, MANY as u64));
    let (whole, time) = timed(|| Store::open_whole(directory.path(), &made.spec).unwrap());
    let bytes = fs::metadata(whole.path()).unwrap().len();
    row("bytes of every page verified", usize::try_from(bytes).unwrap(), time);

    let directory = tempfile::tempdir().unwrap();
    let mut made = Made::new();
    made.fund();
    let running = start(&made.spec, directory.path());
    while running.0.view().accounts.len() < ACCOUNTS {
        running.0.blocking_submit_blocks(made.checked()).unwrap();
        made.blocks.clear();
        // In groups, which are all that is in memory.
        made.fill_unsigned(25, u64::try_from(ACCOUNTS).unwrap());
    }
    stop(running);
    let is_whole = |view: &View| assert!(view.accounts.len() >= ACCOUNTS);
    starts("1,000,000 accounts", &made.spec, directory.path(), is_whole);
}

/// Starts a node on a store, in parts and as a whole.
fn starts(what: &str, spec: &Arc<ChainSpec>, directory: &Path, is_whole: impl Fn(&View)) {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let (store, opened) = timed(|| Store::open(directory, spec).unwrap());
        let start = || chain::start(Arc::clone(spec), store, Arc::new(Later), Options::default());
        let (running, loaded) = timed(|| start().unwrap());
        is_whole(&running.0.view());
        if opened + loaded < best {
            best = opened + loaded;
            println!("  open {opened:.1?}, load {loaded:.1?}");
        }
        stop(running);
    }
    row(&format!("start with {what} on disk"), 1, best);
    let file = directory.join("bench.toml");
    fs::write(&file, chain_file(spec)).unwrap();
    let [api, peer] = free_ports();
    let ports = [&api.to_string(), "--p2p-port", &peer.to_string()];
    let program = program(directory, &file, &ports);
    let (running, time) = timed(|| Running::start(program, api));
    row("the program's first answer with them", 1, time);
    drop(running);
}
