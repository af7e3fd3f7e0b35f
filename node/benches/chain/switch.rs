//! How soon a miner works on a block from elsewhere: its clock stands, so that it cannot find the next block before it is
//! let, and then finds it at once.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use node::chain::{self, Options};
use node::clock::Clock;
use node::miner::{HashRate, Miner, MinerConfig};
use node::store::Store;
use shared::block::Block;
use tokio_util::sync::CancellationToken;

use crate::made::{keys, spec};

/// Blocks from elsewhere.
const ROUNDS: usize = 200;

/// A clock that is set by hand.
struct Standing(AtomicU64);

impl Clock for Standing {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn steady(&self) -> u64 {
        self.now()
    }
}

pub(crate) fn switch() {
    tokio::runtime::Runtime::new().unwrap().block_on(measure());
}

async fn measure() {
    let (spec, keys, directory) = (spec(), keys(), tempfile::tempdir().unwrap());
    let clock = Arc::new(Standing(AtomicU64::new(u64::from(spec.genesis().header.time) + 1)));
    let store = Store::open(directory.path(), &spec).unwrap();
    let time: Arc<dyn Clock> = Arc::<Standing>::clone(&clock);
    let (chain, thread) =
        chain::start(Arc::clone(&spec), store, Arc::clone(&time), Options::default()).unwrap();
    let config = MinerConfig { address: keys[0].address, threads: NonZeroUsize::MIN, hash_limit: None };
    let miner = Miner::start(chain.clone(), &config, time, HashRate::default()).unwrap();
    let token = CancellationToken::new();
    let mining = tokio::spawn(miner.run(token.clone()));

    let (mut views, mut times) = (chain.watch(), Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        // Now the miner waits for the clock.
        views.wait_for(|view| u64::from(view.tip.header.time) == clock.now()).await.unwrap();
        let template = chain.template(keys[1].address).await.unwrap();
        // The chain takes blocks that are a little ahead of the clock; at their own pace they stay as easy as they are.
        let time = template.ancestry().time + spec.rules().block_time;
        let bits = template.bits(spec.rules(), time).unwrap();
        let mut block: Block = template.block(template.header(0, time, bits), 0);
        while !bits.target().unwrap().is_met_by(&block.header.hash()) {
            block.header.nonce += 1;
        }
        let hash = block.header.hash();
        let started = Instant::now();
        chain.submit_block(block).await.unwrap();
        clock.0.fetch_add(2 * u64::from(spec.rules().block_time), Ordering::Relaxed);
        views.wait_for(|view| view.tip.header.prev_hash == hash).await.unwrap();
        times.push(started.elapsed());
    }
    token.cancel();
    mining.await.unwrap().unwrap();
    drop((chain, views));
    thread.join().unwrap();
    times.sort_unstable();
    let at = |percent: usize| times[times.len() * percent / 100];
    println!(
        "  from a block from elsewhere to one on top of it, both checked and on disk, {ROUNDS} times:\n  p50 {:.1?}   p95 \
         {:.1?}   at most {:.1?}",
        at(50),
        at(95),
        times[ROUNDS - 1]
    );
}
