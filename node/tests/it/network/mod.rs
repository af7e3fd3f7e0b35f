//! Nodes that talk with each other: whole ones, on this computer's own addresses, with blocks mined on the spot.

mod bytes;
#[cfg(target_os = "linux")]
mod hostile;
mod join;
mod news;
mod orders;
#[cfg(unix)]
mod processes;
mod refused;

use std::path::Path;
use std::sync::Arc;

use node::network::{NetworkConfig, Status};
use node::{Config, RunningNode};
use shared::address::Address;
use shared::block::Block;
use shared::hash::{BlockHash, TxId};
use shared::spec::ChainSpec;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::support::{DEADLINE, ManualClock, solve};

/// A whole node that mines when it is told to.
pub(crate) struct TestNode {
    pub(crate) node: RunningNode,
    clock: Arc<ManualClock>,
    spec: Arc<ChainSpec>,
    directory: TempDir,
}

impl TestNode {
    /// Starts a node that joins `peers`.
    pub(crate) async fn start(spec: &Arc<ChainSpec>, clock: &Arc<ManualClock>, peers: &[String]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), spec, clock, peers, |_| ()).await
    }

    async fn start_in(
        directory: TempDir,
        spec: &Arc<ChainSpec>,
        clock: &Arc<ManualClock>,
        peers: &[String],
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = Config::new(Arc::clone(spec), directory.path().to_owned());
        let peers = peers.iter().map(|peer| peer.parse().unwrap()).collect();
        config.network = NetworkConfig { peers, ..NetworkConfig::default() };
        change(&mut config);
        let node = node::open(config).await.unwrap().start(Arc::<ManualClock>::clone(clock)).unwrap();
        Self { node, clock: Arc::clone(clock), spec: Arc::clone(spec), directory }
    }

    /// What others join by.
    fn name(&self) -> String {
        self.node.api_addr.to_string()
    }

    pub(crate) fn peer_name(&self) -> String {
        let address = self.node.network.address();
        format!("/ip4/{}/tcp/{}", address.ip(), address.port())
    }

    fn tip(&self) -> BlockHash {
        self.node.chain.view().tip.hash
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Mines the next blocks.
    pub(crate) async fn mine(&self, count: usize, miner: Address) -> BlockHash {
        for _ in 0..count {
            let template = self.node.chain.template(miner).await.unwrap();
            let time = template.ancestry().time + self.spec.rules().block_time;
            self.clock.reach(u64::from(time));
            let bits = template.bits(self.spec.rules(), time).unwrap();
            let mut block: Block = template.block(template.header(0, time, bits), 0);
            solve(&mut block);
            self.node.chain.submit_block(block).await.unwrap();
        }
        self.tip()
    }

    /// Waits until a block is the tip.
    async fn reaches(&self, tip: BlockHash) {
        let mut views = self.node.chain.watch();
        let reached = timeout(DEADLINE, views.wait_for(|view| view.tip.hash == tip)).await;
        assert!(matches!(reached, Ok(Ok(_))), "{:?}", self.node.network.status());
    }

    /// Waits until all these transactions wait for a block.
    async fn holds(&self, ids: &[TxId]) {
        let mut views = self.node.chain.watch();
        let all = views.wait_for(|view| ids.iter().all(|id| view.mempool.get(id).is_some()));
        timeout(DEADLINE, all).await.unwrap().unwrap();
    }

    /// Waits until the network is as it should be.
    async fn sees(&self, wanted: impl FnMut(&Arc<Status>) -> bool) -> Arc<Status> {
        let mut status = self.node.network.watch();
        let seen = timeout(DEADLINE, status.wait_for(wanted)).await;
        match seen {
            Ok(Ok(status)) => Arc::clone(&status),
            _ => panic!("{:?}", self.node.network.status()),
        }
    }

    /// Waits until so many peers said hello.
    async fn has_peers(&self, count: usize) {
        self.sees(|status| status.peers.len() == count).await;
    }

    pub(crate) async fn stop(self) -> TempDir {
        self.node.stop().await.unwrap();
        self.directory
    }
}
