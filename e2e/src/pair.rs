//! Two nodes that mined apart, so that a branch is left when they meet.

use std::fs;

use anyhow::{Context as _, Result};
use shared::spec::ChainSpec;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::chain::build;
use crate::node::Node;
use crate::page::Page;
use crate::wallet::{self, NOT_MINING, key};

/// Each would find the other again, however it was left.
const NAMED_ONLY: &str = "[limits]\noutbound-peers = 0\nblock-only-peers = 0\n";
/// Whose words mine on which of the two, and who mined what both have: the first.
pub const MINERS: [u8; 2] = [1, 2];
/// Blocks that both have.
pub const COMMON: usize = 2;
/// What the node mined apart whose page is looked at.
pub const SHORT: usize = 3;
/// What the other one did.
pub const LONG: usize = 8;

/// Two nodes of chain dev, of which neither mines or knows the other. They would mine for [`MINERS`].
#[derive(Debug)]
pub struct Pair {
    /// It has the chain with less work.
    pub node: Node,
    /// It has the other one.
    pub other: Node,
    _folders: [TempDir; 2],
}

impl Pair {
    /// Starts them.
    ///
    /// # Errors
    /// When a node does not start.
    pub async fn start() -> Result<Self> {
        let folders = [tempfile::tempdir()?, tempfile::tempdir()?];
        let address = |miner| Ok::<_, anyhow::Error>(key(miner)?.public_key().address());
        for (miner, (folder, blocks)) in MINERS.into_iter().zip(folders.iter().zip([SHORT, LONG])) {
            let miners = [vec![address(MINERS[0])?; COMMON], vec![address(miner)?; blocks]].concat();
            build(folder.path(), ChainSpec::dev(), miners).await?;
        }
        let config = folders[0].path().join("peers.toml");
        fs::write(&config, NAMED_ONLY)?;
        let config = config.to_str().context("a path without a name")?;
        let start = |folder: &TempDir, miner| {
            let miner = wallet::address(miner)?;
            let arguments = [&NOT_MINING[..], &["--config", config, "--miner", &miner]].concat();
            Node::start(folder.path(), 0, &arguments)
        };
        let (node, other) = (start(&folders[0], MINERS[0])?, start(&folders[1], MINERS[1])?);
        Ok(Self { node, other, _folders: folders })
    }

    /// Joins them through the page of the first, which shows the other nodes.
    ///
    /// # Errors
    /// When they do not meet.
    pub async fn join(&self, page: &Page) -> Result<()> {
        page.fill("add-node", &name(&self.other)?).await?;
        page.click("add-submit").await?;
        page.text_when("named-state", "there", |text| text == "Connected").await?;
        page.text_when("peer-height", "that of its chain", |text| text == (COMMON + LONG).to_string())
            .await?;
        Ok(())
    }

    /// Stops them.
    ///
    /// # Errors
    /// When one does not stop in order.
    pub fn stop(self) -> Result<()> {
        self.node.stop()?;
        self.other.stop()?;
        Ok(())
    }
}

/// Returns what a node is called where it is added.
///
/// # Errors
/// When it has no port.
pub fn name(node: &Node) -> Result<String> {
    Ok(format!("127.0.0.1:{}", node.port()?))
}

/// Opens a node's page about other nodes as its operator does, who has no wallet here.
///
/// # Errors
/// When it does not show them.
pub async fn open(browser: &Browser, title: &str, node: &Node) -> Result<Page> {
    let page = browser.open(title, &format!("{}#/network?token={}", node.url, node.token)).await?;
    page.text("peer-count").await?;
    Ok(page)
}
