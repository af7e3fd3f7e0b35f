//! The miner against a real chain thread, on a chain whose target two hashes meet and a clock that stands until it
//! is set: so the clock alone decides how many blocks can be found.

use std::num::NonZeroUsize;
use std::sync::Arc;

use node::chain::{ChainHandle, Submitted};
use node::miner::{self, HashRate, Miner, MinerConfig, MinerError};
use shared::spec::ChainSpec;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{DEADLINE, ManualClock, TestChain, address, easy_spec, payment, spec_with};

/// Who is paid by the miner under test, and by blocks that come from elsewhere.
const MINER: usize = 0;
const OTHER: usize = 1;

struct Mining {
    token: CancellationToken,
    task: JoinHandle<Result<(), MinerError>>,
}

impl Mining {
    fn start(test: &TestChain, threads: usize) -> Self {
        let config = MinerConfig {
            address: address(MINER),
            threads: NonZeroUsize::new(threads).unwrap(),
            hash_limit: None,
        };
        let clock = Arc::<ManualClock>::clone(&test.clock);
        let miner = Miner::start(test.chain.clone(), &config, clock, HashRate::default()).unwrap();
        let token = CancellationToken::new();
        Self { task: tokio::spawn(miner.run(token.clone())), token }
    }

    async fn stop(self) {
        self.token.cancel();
        tokio::time::timeout(DEADLINE, self.task).await.unwrap().unwrap().unwrap();
    }
}

async fn reach(chain: &ChainHandle, height: u64) {
    let mut views = chain.watch();
    let reached = views.wait_for(|view| view.tip.height >= height);
    drop(tokio::time::timeout(DEADLINE, reached).await.expect("no block came in time").unwrap());
}

fn genesis_time(spec: &ChainSpec) -> u64 {
    u64::from(spec.genesis().header.time)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stamps_the_clock_and_never_ahead_of_it() {
    let spec = easy_spec();
    let test = TestChain::new(&spec);
    let mining = Mining::start(&test, 2);
    for height in 1..=20 {
        // A second makes room for one block. Stamping ahead of the clock would make more.
        test.clock.advance(1);
        reach(&test.chain, height).await;
        let tip = test.chain.view().tip.clone();
        assert_eq!((tip.height, u64::from(tip.header.time)), (height, genesis_time(&spec) + height));
        assert_eq!(tip.coinbase.miner, address(MINER));
    }
    mining.stop().await;
    assert_eq!(test.height(), 20);
    assert_eq!(test.balance(MINER), 20 * spec.rules().subsidy);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_a_tip_that_comes_from_elsewhere() {
    let test = TestChain::new(&easy_spec());
    let mining = Mining::start(&test, 2);
    for round in 0..10 {
        // Both race for the same second, and whoever is first is built upon.
        let block = test.next_block(address(OTHER)).await;
        let outcome = test.chain.submit_block(block).await.unwrap();
        assert!(matches!(outcome, Submitted::Best | Submitted::SideBranch), "{outcome:?}");
        reach(&test.chain, 2 * round + 1).await;
        test.clock.advance(10);
        reach(&test.chain, 2 * round + 2).await;
    }
    mining.stop().await;
    let view = test.chain.view();
    let blocks = view.account(&address(MINER)).history_len + view.account(&address(OTHER)).history_len;
    assert_eq!(blocks, view.tip.height);
    assert!(view.account(&address(MINER)).history_len >= 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_mines_the_transactions_of_the_mempool() {
    let test = TestChain::new(&easy_spec());
    test.mine(address(MINER)).await;
    let mining = Mining::start(&test, 1);
    test.pay(MINER, payment(MINER, address(OTHER), 0)).await.unwrap();
    // The block that is being searched may be older than the payment. The one after it is not.
    for _ in 0..2 {
        let height = test.height();
        test.clock.advance(10);
        reach(&test.chain, height + 1).await;
    }
    mining.stop().await;
    assert_eq!(test.balance(OTHER), 1);
    assert_eq!(test.chain.view().account(&address(MINER)).nonce, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_searches_a_new_target_when_silence_makes_the_chain_easier() {
    // As dev, where 65,536 hashes are the least work.
    let spec = spec_with(|rules| rules.limit_bits = ChainSpec::dev().rules().limit_bits);
    let test = TestChain::new(&spec);
    let mining = Mining::start(&test, 2);
    let mut time = genesis_time(&spec);
    for height in 1..=3 {
        time += 1;
        test.clock.set(time);
        reach(&test.chain, height).await;
    }
    let before = test.chain.view().tip.header.bits.target().unwrap();
    // 480 silent seconds double a target that is below the limit by now.
    test.clock.set(time + 480);
    reach(&test.chain, 4).await;
    mining.stop().await;
    let tip = test.chain.view().tip.clone();
    assert_eq!(u64::from(tip.header.time), time + 480);
    assert!(tip.header.bits.target().unwrap() > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_while_it_waits_for_the_clock_and_while_it_hashes() {
    let waiting = TestChain::new(&easy_spec());
    Mining::start(&waiting, 4).stop().await;
    assert_eq!(waiting.height(), 0);
    // A target that nobody meets.
    let spec = spec_with(|rules| rules.limit_bits = shared::pow::CompactTarget(0x0301_0000));
    let hashing = TestChain::new(&spec);
    hashing.clock.advance(1);
    Mining::start(&hashing, 4).stop().await;
    assert_eq!(hashing.height(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_steered_while_it_runs() {
    let test = TestChain::new(&easy_spec());
    let idle = miner::Mining { payout: None, threads: 0 };
    let clock = Arc::<ManualClock>::clone(&test.clock);
    let (handle, task) =
        miner::control(test.chain.clone(), idle, None, clock, watch::channel(true).1).unwrap();
    let token = CancellationToken::new();
    let task = tokio::spawn(task.run(token.clone()));
    // Threads without an address rest, and so does an address without threads.
    assert_eq!(handle.set_threads(2).await.unwrap(), miner::Mining { payout: None, threads: 2 });
    assert_eq!(handle.set_threads(0).await.unwrap(), idle);
    let payout = Some(address(MINER));
    let paid = miner::Mining { payout, threads: 0 };
    assert_eq!(handle.set_payout(address(MINER)).await.unwrap(), paid);
    assert_eq!((handle.mining(), test.height()), (paid, 0));

    let mut height = 0;
    for (number, threads) in [(MINER, 1), (OTHER, 3), (MINER, 2)] {
        handle.set_threads(threads).await.unwrap();
        handle.set_payout(address(number)).await.unwrap();
        height += 1;
        test.clock.advance(1);
        reach(&test.chain, height).await;
        assert_eq!(test.chain.view().tip.coinbase.miner, address(number));
    }
    handle.set_threads(0).await.unwrap();
    token.cancel();
    tokio::time::timeout(DEADLINE, task).await.unwrap().unwrap().unwrap();
    // A miner that is gone obeys nobody.
    assert_eq!(handle.set_threads(1).await.unwrap_err().to_string(), "the node is stopping");
    // The address is remembered as --miner is.
    let (directory, _) = test.stop();
    let store = node::store::Store::open(directory.path(), &easy_spec()).unwrap();
    assert_eq!(store.miner().unwrap(), payout);
}
