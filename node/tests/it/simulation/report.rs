//! How fast blocks spread, and how many are lost to others of the same height, by the size of the network and the time
//! between blocks. `cargo xtask long simulation-report` writes what comes of it to `docs/`.

use std::sync::Arc;

use node::peers::PeerLimits;
use serde_json::{Value, json};
use shared::pow::CompactTarget;
use shared::spec::{ChainSpec, Rules};

use super::chain::SimChain;
use super::world::{Setting, World};

/// A chain whose difficulty stays what it is: here chance decides who finds a block, and when.
fn flat_spec() -> Arc<ChainSpec> {
    let dev = ChainSpec::dev();
    let rules = Rules {
        block_time: 30,
        difficulty_window: 10_000,
        limit_bits: CompactTarget(0x207f_ffff),
        ..dev.rules().clone()
    };
    Arc::new(ChainSpec::new("flat", rules, dev.genesis().header.time, "a chain for tests").unwrap())
}

/// Lets `nodes` nodes find `blocks` blocks, one every `interval_s` on average.
fn measure(nodes: usize, interval_s: u64, blocks: u64) -> Value {
    let mut world = World::new(Setting {
        seed: nodes as u64 * 1_000 + interval_s,
        start: SimChain::new(flat_spec()),
        spec: flat_spec(),
        nodes,
        liars: Vec::new(),
        peers: PeerLimits { full: 7, block_only: 0, ..PeerLimits::default() },
        latency_ms: (10, 150),
        // Transactions were checked when they came; what remains is the state and the disk.
        judge_ms: (10, 30),
        interval_ms: interval_s * 1_000,
        // Two thousand ids, and a line of 20 Mbit/s.
        announcement_bytes: 64_000,
        bytes_per_ms: 2_500,
        cheap: Arc::default(),
        loss_percent: 0,
        pays: false,
    });
    world.is_mining = false;
    world.run(30_000);
    world.is_mining = true;
    world.run(blocks * interval_s * 1_000);
    world.is_mining = false;
    world.run(60_000);

    let mined = world.arrivals.len();
    let best = world.nodes.iter().map(|node| node.chain.height()).max().unwrap();
    let (mut half, mut most) = (Vec::new(), Vec::new());
    for (mined_ms, arrived) in world.arrivals.values() {
        let after = |percent: usize| {
            let place = (nodes * percent).div_ceil(100) - 1;
            arrived.get(place).map(|arrived_ms| arrived_ms - mined_ms)
        };
        // Those that lost did not get everywhere.
        half.extend(after(50));
        most.extend(after(95));
    }
    json!({
        "nodes": nodes,
        "interval_s": interval_s,
        "blocks": mined,
        "stale_percent": (mined - best) as f64 * 100.0 / mined as f64,
        "to_50_percent_ms": median(half),
        "to_95_percent_ms": median(most),
    })
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

#[test]
fn blocks_reach_everybody() {
    let report = std::env::var("SIMULATION_REPORT").ok();
    let (sizes, blocks): (&[usize], u64) =
        if report.is_some() { (&[10, 100, 1_000], 300) } else { (&[10, 30], 20) };
    let mut rows = Vec::new();
    for nodes in sizes {
        for interval_s in [1, 5, 30] {
            let row = measure(*nodes, interval_s, blocks);
            println!("{row}");
            assert!(row["to_95_percent_ms"].as_u64() > Some(0), "{row}: blocks did not get around");
            rows.push(row);
        }
    }
    if let Some(path) = report {
        std::fs::write(path, Value::from(rows).to_string()).unwrap();
    }
}
