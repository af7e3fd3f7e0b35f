//! The nodes of a story, and what all of them together are asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use e2e::api::{Api, Heads};
use e2e::chain;
use e2e::lan::Lan;
use e2e::node::Node;
use e2e::output::Output;
use e2e::wallet::key;
use shared::address::Address;
use shared::api::Request;
use shared::api::views::{BalanceView, BlockView, HeadView};
use shared::hash::BlockHash;
use shared::spec::ChainSpec;
use tempfile::TempDir;

/// Hashes a second that each node may try: all stories of one machine share its processor.
const HASH_LIMIT: u32 = 600;
/// How long before now the chain begins, in seconds: room for blocks that are made and not waited for.
const PAST: u64 = 3_600;
/// The words of a node's miner are made of this byte and those after it, away from those of the payers.
const FIRST_MINER: u8 = 100;

/// Rewards of each payer before a story begins: more than all its payments cost, so that none is lost for the lack of
/// coins that were earned on the losing side of a cut.
const REWARDS: usize = 6;

/// What a team's chain is like.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rules {
    /// A block in two seconds when seven nodes mine.
    Paced,
    /// Any hash is good enough, so that a block comes when one is wanted.
    Roomy,
}

/// Nodes on one chain, in one network. They mine to addresses of their own.
#[derive(Debug)]
pub(crate) struct Team {
    pub(crate) lan: Lan,
    pub(crate) spec: ChainSpec,
    folder: TempDir,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    data: PathBuf,
    miner: Address,
    node: Option<Node>,
}

impl Team {
    /// Makes a network with a chain of its own. Nobody runs yet.
    pub(crate) fn new(count: u8, rules: Rules) -> Result<Self> {
        let lan = Lan::new(usize::from(count))?;
        println!("{count} nodes, in {}", lan.kind());
        let folder = tempfile::Builder::new().prefix("ironchain-network").tempdir()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let limit = match rules {
            Rules::Paced => "0x1f0fffff",
            Rules::Roomy => "0x207fffff",
        };
        let text = format!(
            "name = \"team\"\naddress_prefix = \"team\"\nblock_time = 2\ndifficulty_window = 10\n\
             limit_bits = {limit}\nsubsidy = 1000000\nmax_block_bytes = 1_000_000\nupgrades = []\n\
             [genesis]\ntime = {}\nmessage = \"Hello team!\"\n",
            now - PAST
        );
        let spec = ChainSpec::from_toml(&text)?;
        fs::write(folder.path().join("team.toml"), text)?;
        let member = |node: u8| {
            let data = folder.path().join(format!("node{node}"));
            Ok(Member { data, miner: key(FIRST_MINER + node)?.public_key().address(), node: None })
        };
        let members = (0..count).map(member).collect::<Result<_>>()?;
        Ok(Self { lan, spec, folder, members })
    }

    pub(crate) fn count(&self) -> usize {
        self.members.len()
    }

    /// Where a node keeps its chain.
    pub(crate) fn data(&self, node: usize) -> &Path {
        &self.members[node].data
    }

    /// Gives all nodes a chain on which each of `miners` has earned some rewards.
    pub(crate) fn found(&self, miners: &[Address]) -> Result<()> {
        let miners = miners.repeat(REWARDS);
        tokio::runtime::Runtime::new()?.block_on(chain::build(self.data(0), self.spec.clone(), miners))?;
        (1..self.count()).try_for_each(|node| self.copy(0, node))
    }

    /// Gives the node `to` the chain of `from`. Neither runs.
    pub(crate) fn copy(&self, from: usize, to: usize) -> Result<()> {
        fs::create_dir(self.data(to))?;
        for entry in fs::read_dir(self.data(from))? {
            let entry = entry?;
            fs::copy(entry.path(), self.data(to).join(entry.file_name()))?;
        }
        Ok(())
    }

    /// Starts a node, which mines, and joins all that have smaller numbers.
    pub(crate) fn start(&mut self, node: usize) -> Result<()> {
        self.start_with(node, &(0..node).collect::<Vec<_>>(), &["--threads", "1"])
    }

    /// Starts a node, which joins `peers` and does not mine.
    pub(crate) fn start_idle(&mut self, node: usize, peers: &[usize]) -> Result<()> {
        self.start_with(node, peers, &["--threads", "0"])
    }

    /// Starts a node, which was told of nobody and does not mine.
    pub(crate) fn start_looking_around(&mut self, node: usize) -> Result<()> {
        self.start_with(node, &[], &["--threads", "0", "--discover"])
    }

    fn start_with(&mut self, node: usize, peers: &[usize], flags: &[&str]) -> Result<()> {
        let member = &self.members[node];
        let chain = self.folder.path().join("team.toml").to_string_lossy().into_owned();
        let miner = member.miner.to_text(&self.spec.rules().address_prefix);
        let limit = HASH_LIMIT.to_string();
        let always = ["--chain", &chain, "--miner", &miner, "--hash-limit", &limit];
        let arguments: Vec<_> = always.iter().chain(flags).map(|argument| (*argument).to_owned()).collect();
        let started = self.lan.start(node, peers, &member.data, &arguments)?;
        self.members[node].node = Some(started);
        Ok(())
    }

    /// Kills a node as a power cut does.
    pub(crate) fn kill(&mut self, node: usize) {
        drop(self.members[node].node.take());
    }

    pub(crate) fn is_running(&self, node: usize) -> bool {
        self.members[node].node.is_some()
    }

    /// Mends or cuts every link between `group` and the others.
    pub(crate) fn set_border(&self, group: &[usize], is_up: bool) -> Result<()> {
        for a in 0..self.count() {
            for b in a + 1..self.count() {
                if group.contains(&a) != group.contains(&b) {
                    self.lan.set_link(a, b, is_up)?;
                }
            }
        }
        Ok(())
    }

    /// Mends every link.
    pub(crate) fn heal(&self) -> Result<()> {
        for a in 0..self.count() {
            for b in a + 1..self.count() {
                self.lan.set_link(a, b, true)?;
            }
        }
        Ok(())
    }

    pub(crate) fn api(&self, node: usize) -> Result<Api> {
        Api::open(self.lan.connect(node)?)
    }

    pub(crate) fn heads(&self, node: usize) -> Result<Heads> {
        self.api(node)?.follow()
    }

    /// Waits until the chain of `node` has grown by so many blocks.
    pub(crate) fn wait_for_blocks(&self, node: usize, count: u64) -> Result<HeadView> {
        let mut first = None;
        let what = format!("{count} more blocks at node {node}");
        self.heads(node)?.wait(&what, |head| Ok(head.height >= *first.get_or_insert(head.height) + count))
    }

    fn running(&self, node: usize) -> Result<&Node> {
        self.members[node].node.as_ref().context("the node does not run")
    }

    /// Returns what a node writes.
    pub(crate) fn output(&self, node: usize) -> Result<&Output> {
        Ok(&self.running(node)?.output)
    }

    /// Returns what lets a session steer a node.
    pub(crate) fn token(&self, node: usize) -> Result<&str> {
        Ok(&self.running(node)?.token)
    }

    /// Lets so many threads of a node mine.
    pub(crate) fn set_mining(&self, node: usize, threads: u64) -> Result<()> {
        let mut api = self.api(node)?;
        api.authorize(self.token(node)?)?;
        api.set_mining(threads).with_context(|| format!("node {node}"))
    }

    /// Waits until all nodes have one tip, and returns it. Only the first one mines on, until it has found two blocks
    /// itself: then its chain has more work than any other, and nobody adds to it.
    pub(crate) fn agree(&self) -> Result<HeadView> {
        for node in 1..self.count() {
            self.set_mining(node, 0)?;
        }
        let miner = self.members[0].miner.to_text(&self.spec.rules().address_prefix);
        let mut found = 0;
        self.heads(0)?.wait("two blocks of node 0", |head| {
            found += u32::from(head.miner == miner);
            Ok(found > 2)
        })?;
        self.set_mining(0, 0)?;
        // Its miner may have found one more in between; the next session sees it.
        let tip: HeadView = self.heads(0)?.wait("the tip of node 0", |_| Ok(true))?;
        for node in 1..self.count() {
            let what =
                format!("node {node} to have the tip of node 0, {} at height {}", tip.hash, tip.height);
            self.heads(node)?.wait(&what, |head| Ok(head.hash == tip.hash))?;
        }
        Ok(tip)
    }

    /// Checks that all nodes have the same state after `tip`, and that what `others` and the miners own is exactly
    /// what was mined.
    pub(crate) fn check_state(&self, tip: &HeadView, others: &[Address]) -> Result<()> {
        let expected = self.block(0, tip.hash)?.state_root;
        let supply = tip.height * self.spec.rules().subsidy;
        for node in 0..self.count() {
            let root = self.block(node, tip.hash)?.state_root;
            ensure!(root == expected, "node {node} has the state {root}, and node 0 {expected}");
            let mut api = self.api(node)?;
            let mut sum = 0;
            for address in self.members.iter().map(|member| &member.miner).chain(others) {
                let address = address.to_text(&self.spec.rules().address_prefix);
                let view: BalanceView = api.ask(&Request::GetBalance { address })?;
                sum += view.balance;
            }
            ensure!(
                sum == supply,
                "node {node} knows of {sum} coins at height {}: {supply} were mined",
                tip.height
            );
        }
        Ok(())
    }

    fn block(&self, node: usize, hash: BlockHash) -> Result<BlockView> {
        self.api(node)?.ask(&Request::GetBlock { hash: Some(hash), height: None })
    }
}
