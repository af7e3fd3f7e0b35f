//! The difficulty rule over thousands of blocks: hash rates that come and go, and miners that lie about the time.

use shared::pow::{Ancestry, CompactTarget, Work, next_bits};
use shared::spec::ChainSpec;

/// 2^32 hashes a block, far from the chain's limit.
const START: CompactTarget = CompactTarget(0x1d00_ffff);
/// What keeps a block every 30 seconds at [`START`].
const HONEST_RATE: f64 = 4_294_967_296.0 / 30.0;
const T: f64 = 30.0;

/// Numbers that look random and are the same in every run (`SplitMix64`).
struct Dice(u64);

impl Dice {
    /// Between 0 and 1, and neither.
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) >> 11) as f64 / 9_007_199_254_740_992.0 + f64::MIN_POSITIVE
    }
}

/// How a miner stamps its block at a time, when its parent bears another.
type Stamp = fn(now: f64, parent: u32) -> u32;

/// How the liar stamps its block after this many others.
type Lie = fn(number: u32) -> Stamp;

/// As our miner does.
fn honest(now: f64, parent: u32) -> u32 {
    (now as u32).max(parent + 1)
}

/// As early as HDR-5 allows.
fn earliest(_now: f64, parent: u32) -> u32 {
    parent + 1
}

/// As late as HDR-6 allows.
fn latest(now: f64, parent: u32) -> u32 {
    ((now + 4.0 * T) as u32).max(parent + 1)
}

struct Chain {
    spec: ChainSpec,
    parent: Ancestry,
    now: f64,
    dice: Dice,
}

impl Chain {
    fn new(seed: u64) -> Self {
        let now = 1e9;
        let parent = Ancestry { bits: START, time: now as u32, grandparent_time: Some(now as u32 - 30) };
        Self { spec: ChainSpec::main(), parent, now, dice: Dice(seed) }
    }

    /// Mines one block with `rate` hashes a second; returns how long it took.
    fn mine(&mut self, rate: f64, stamp: Stamp) -> f64 {
        let started = self.now;
        loop {
            let time = stamp(self.now, self.parent.time);
            let bits =
                next_bits(self.spec.rules(), &self.parent, time).expect("legal bits have legal children");
            let found = self.now - work(bits) / rate * self.dice.roll().ln();
            // Luck has no memory: where a later stamp makes the block easier, the search begins anew.
            let easier = f64::from(self.parent.time) + (self.silences(time) + 1.0) * 240.0 * T;
            if found < easier || stamp(easier, self.parent.time) == time {
                self.now = found;
                let time = stamp(self.now, self.parent.time);
                let bits = next_bits(self.spec.rules(), &self.parent, time).expect("as above");
                self.parent = Ancestry { bits, time, grandparent_time: Some(self.parent.time) };
                return self.now - started;
            }
            self.now = easier;
        }
    }

    fn silences(&self, time: u32) -> f64 {
        (f64::from(time - self.parent.time) / (240.0 * T)).floor()
    }

    /// Mines `count` blocks; returns the average time between them, in units of T, and their average work.
    fn run(&mut self, count: u32, mut miner: impl FnMut(f64, u32) -> (f64, Stamp)) -> (f64, f64) {
        let (started, mut total) = (self.now, 0.0);
        for number in 0..count {
            let (rate, stamp) = miner(self.dice.roll(), number);
            self.mine(rate, stamp);
            total += work(self.parent.bits);
        }
        ((self.now - started) / f64::from(count) / T, total / f64::from(count))
    }
}

fn work(bits: CompactTarget) -> f64 {
    bits.target().map_or(Work::ZERO, |target| target.work()).to_u128_saturating() as f64
}

fn near(value: f64, expected: f64, tolerance: f64) -> bool {
    (value / expected - 1.0).abs() < tolerance
}

/// G1: most of the hash rate, and every lie about the time that a node lets pass.
#[test]
fn a_majority_that_lies_about_the_time_gains_no_blocks() {
    let (honest_interval, honest_work) = Chain::new(1).run(5_000, |_, _| (HONEST_RATE, honest));
    assert!(near(honest_interval, 1.0, 0.05), "{honest_interval}");
    let lies: [(&str, Lie); 4] = [
        ("always early", |_| earliest),
        ("always late", |_| latest),
        ("in turns", |number| if number % 2 == 0 { earliest } else { latest }),
        ("in long turns", |number| if number / 100 % 2 == 0 { earliest } else { latest }),
    ];
    for (name, lie) in lies {
        let (interval, work) = Chain::new(2)
            .run(5_000, |luck, number| (HONEST_RATE, if luck < 0.6 { lie(number) } else { honest }));
        assert!(interval >= 0.9, "{name}: a block every {interval} T");
        assert!(near(work, honest_work, 0.1), "{name}: {work} instead of {honest_work}");
    }
}

/// G12: a hundred times the hash rate arrives, and leaves again.
#[test]
fn a_hash_rate_that_comes_and_goes_leaves_no_harm() {
    let mut chain = Chain::new(3);
    let steady = |chain: &mut Chain, rate: f64| chain.run(500, |_, _| (rate, honest)).0;
    assert!(near(steady(&mut chain, HONEST_RATE), 1.0, 0.1));

    // Each block makes the next one at most 1/40 harder, so a factor of 100 takes at least 184 of them.
    let (arrival, _) = chain.run(300, |_, _| (100.0 * HONEST_RATE, honest));
    assert!(arrival < 1.0, "{arrival}");
    assert!(near(steady(&mut chain, 100.0 * HONEST_RATE), 1.0, 0.1));

    let left_at = chain.now;
    let slow = (0..20).filter(|_| chain.mine(HONEST_RATE, honest) > 10.0 * T).count();
    assert!(slow <= 10, "{slow} of 20 blocks took more than 10 T");
    assert!(chain.now - left_at < 24.0 * 3_600.0, "it took {} hours", (chain.now - left_at) / 3_600.0);
    assert!(near(steady(&mut chain, HONEST_RATE), 1.0, 0.1));
}

/// A chain that nearly everybody left for good: silence alone makes it easy enough for whoever stays.
#[test]
fn a_chain_outlives_the_loss_of_nearly_all_its_miners() {
    let mut chain = Chain::new(4);
    for factor in [1e3, 1e4, 1e5] {
        let mut chain = Chain { parent: chain.parent, dice: Dice(factor as u64), ..Chain::new(5) };
        let first = chain.mine(HONEST_RATE / factor, honest);
        // Without step 2 it would take `factor` times T on average.
        let halvings = factor.log2() + 3.0;
        assert!(first < halvings * 240.0 * T, "{factor}: {} hours", first / 3_600.0);
    }
    // One night without any miner.
    chain.mine(HONEST_RATE, honest);
    chain.now += 12.0 * 3_600.0;
    let first = chain.mine(HONEST_RATE, honest);
    assert!(first < T, "{first}");
    // Six doublings and a solve time of 100 T made it 220 times as easy, which takes as many blocks to wear off.
    chain.run(300, |_, _| (HONEST_RATE, honest));
    assert!(near(chain.run(500, |_, _| (HONEST_RATE, honest)).0, 1.0, 0.1));
}
