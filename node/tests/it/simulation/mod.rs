//! Whole networks in one thread, with virtual time and chance that repeats itself. Each node is the real `sync`, `peers`
//! and `mempool` with every rule of the chain ([`chain`], [`node`]); only signatures are hashes ([`wallet`]). Between them
//! are lines that delay, lose, reorder and break ([`links`]), payments ([`payments`]), crashes, wrong clocks and partitions
//! ([`trouble`]), and peers that lie ([`liar`]).
//!
//! Whatever happens, once it is over all honest nodes have the same tip and the same accounts, with exactly the coins that
//! were made; every payment that one of them admitted is in the chain once, unless it expired; none of them was blamed or
//! banned by another; and nobody held more memory than the limits say.

mod cases;
mod chain;
mod liar;
mod links;
mod node;
mod payments;
pub(crate) mod random;
mod report;
mod selfish;
mod trouble;
mod wallet;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use ::node::peers::PeerLimits;
use shared::block::Header;
use shared::hash::BlockHash;
use shared::spec::ChainSpec;

use self::chain::{SimChain, grown};
use self::liar::Lie;
use self::random::Random;
use self::world::{Happening, Setting, World};
use crate::support::spec_with;

/// How many seeds are tried on every run; `cargo xtask long simulation` tries more.
const SEEDS: u64 = 100;

/// A chain whose blocks bring more than any wallet here can spend.
static SPEC: LazyLock<Arc<ChainSpec>> = LazyLock::new(|| spec_with(|rules| rules.subsidy = 100_000));

/// What everybody has at the start: blocks that came too fast, so that each took more work than the one before.
static START: LazyLock<SimChain> = LazyLock::new(|| grown(&SPEC, 80, 1));

/// More headers than one answer holds, and less work than the start.
static CHEAP: LazyLock<Arc<Vec<(BlockHash, Header)>>> = LazyLock::new(|| {
    let chain = grown(&SPEC, 600, SPEC.rules().block_time);
    Arc::new(chain.best_headers())
});

/// How often everybody mines at the end, at most: each time all honest nodes together find more than a liar alone has.
const MOST_ROUNDS: usize = 10;

/// Returns the network of a seed: its size, its lines and its liars are a matter of chance as well.
fn setting(seed: u64) -> Setting {
    let mut random = Random::new(!seed);
    let nodes = random.between(4, 10);
    let liars = (0..nodes / 3).map(|_| Lie::ALL[random.below(Lie::ALL.len())]).collect();
    Setting {
        seed,
        spec: Arc::clone(&SPEC),
        nodes: usize::try_from(nodes).unwrap(),
        liars,
        peers: PeerLimits { full: 2, block_only: 1, ..PeerLimits::default() },
        latency_ms: (5, random.between(20, 600)),
        judge_ms: (1, 30),
        interval_ms: 2_000,
        announcement_bytes: 1_000,
        // A line of the best kind, or one of half a megabit a second.
        bytes_per_ms: [1_000, 1_000, 1_000, 60][random.below(4)],
        start: START.clone(),
        cheap: Arc::clone(&CHEAP),
        loss_percent: [0, 0, 2, 20][random.below(4)],
        pays: true,
    }
}

/// Runs a network through trouble and out of it again, and checks that its honest nodes agree.
fn run(setting: Setting) -> World {
    let seed = setting.seed;
    let mut world = World::new(setting);
    world.at(5_000, Happening::Trouble);
    world.run(80_000);
    // Peace: nobody mines, pays or lies, the net is whole, clocks are right, everybody is up.
    (world.is_mining, world.is_paying, world.is_lying) = (false, false, false);
    world.quiet();
    world.run(75_000);
    // Everybody mines what it holds, and once more as long as a liar keeps back a chain that one of them would follow.
    let honest: Vec<_> = world.honest().map(|(number, _)| number).collect();
    for _ in 0..MOST_ROUNDS {
        for number in &honest {
            world.mine(*number);
            world.run(4_000);
        }
        if !world.has_withheld() {
            break;
        }
    }
    world.run(5_000);
    let tips: BTreeSet<_> = world.honest().map(|(_, node)| node.chain.tip()).collect();
    let heights: BTreeMap<_, _> =
        world.honest().map(|(number, node)| (number, node.chain.height())).collect();
    assert_eq!(tips.len(), 1, "seed {seed}: the honest nodes do not agree; their heights are {heights:?}");
    world.check_accounts();
    world.check_bans();
    world
}

/// Which seeds to try: one that failed, or so many.
fn seeds() -> Range<u64> {
    let number = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIMULATION_SEEDS").unwrap_or(SEEDS),
    }
}

#[test]
fn honest_nodes_agree_whatever_happens() {
    let mut faults: BTreeMap<String, u64> = BTreeMap::new();
    let mut deepest_reorg = 0;
    for seed in seeds() {
        let world = run(setting(seed));
        let deepest = world.honest().map(|(_, node)| node.chain.deepest_reorg).max();
        deepest_reorg = deepest_reorg.max(deepest.unwrap());
        for (fault, count) in world.faults {
            *faults.entry(fault.split(':').next().unwrap().to_owned()).or_default() += count;
        }
    }
    println!("figures: the deepest reorg had {deepest_reorg} blocks; liars were blamed for {faults:?}");
    // Of one seed alone little can be said.
    if seeds().count() > 1 {
        assert!(faults.len() > 3, "the liars did nothing: {faults:?}");
        assert!(deepest_reorg > 3, "nothing went wrong");
    }
}

#[test]
fn each_lie_alone_keeps_no_honest_node_from_the_chain() {
    for (seed, lie) in (1_000_000..).zip(Lie::ALL) {
        let world = run(Setting { nodes: 8, liars: vec![lie; 2], ..setting(seed) });
        let blames: u64 = world.faults.values().sum();
        // These break no rule, or none that anybody sees; or they are slow, and left for others before it counts.
        let is_silent = matches!(
            lie,
            Lie::Flaps
                | Lie::InvalidSide
                | Lie::Withholds
                | Lie::Begins
                | Lie::Drips
                | Lie::Poisons
                | Lie::Replays
        );
        println!("{lie:?}: banned {:?}, for {:?}", world.bans, world.faults);
        assert!(is_silent || blames > 0, "{lie:?} was not noticed");
        assert!(is_silent || !world.bans.is_empty(), "{lie:?} is banned by nobody");
    }
}

#[test]
fn a_seed_replays_exactly() {
    for seed in [3, 14, 15] {
        assert_eq!(run(setting(seed)).trace, run(setting(seed)).trace, "seed {seed}");
    }
    assert_ne!(run(setting(3)).trace, run(setting(4)).trace);
}
