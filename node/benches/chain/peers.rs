//! What a node needs for each of its peers. It is the real program in a process of its own; its peers are whole nodes
//! as well, all of them in this process.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use node::Config;
use node::clock::SystemClock;
use node::network::NetworkConfig;
use node::peers::PeerLimits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::made::spec;
use crate::program::{Running, chain_file, free_ports, program};

const PEERS: usize = 100;
/// After so long everybody has said what there is to say.
const SETTLED: Duration = Duration::from_secs(20);

pub(crate) fn peers() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let spec = spec();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("bench.toml"), chain_file(&spec)).unwrap();
    let [api, port] = free_ports();
    let arguments = [&api.to_string(), "--p2p-port", &port.to_string()];
    let node = Running::start(program(&path("node"), &path("bench.toml"), &arguments), api);
    std::thread::sleep(SETTLED);
    let alone = node.memory("VmRSS");
    println!("  memory without a peer    {alone:>8.1} MiB");

    // They know each other's addresses soon; what is measured is one node, so they keep to it.
    let limits = PeerLimits { full: 0, block_only: 0, inbound: 0, ..PeerLimits::default() };
    let network = NetworkConfig {
        peers: vec![format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap()],
        limits,
        ..NetworkConfig::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let running = runtime.block_on(async {
        let mut running = Vec::new();
        for number in 0..PEERS {
            let mut config = Config::new(Arc::clone(&spec), path(&number.to_string()));
            config.network = network.clone();
            running.push(node::open(config).await.unwrap().start(Arc::new(SystemClock)).unwrap());
        }
        for peer in &running {
            let mut status = peer.network.watch();
            status.wait_for(|status| status.peers.len() == 1).await.unwrap();
        }
        tokio::time::sleep(SETTLED).await;
        assert!(running.iter().all(|peer| peer.network.status().peers.len() == 1));
        running
    });
    let together = node.memory("VmRSS");
    println!("  memory with {PEERS} peers    {together:>8.1} MiB");
    println!("  each                     {:>8.1} KiB", (together - alone) * 1024.0 / PEERS as f64);
    runtime.block_on(async {
        for peer in running {
            peer.stop().await.unwrap();
        }
    });
}
