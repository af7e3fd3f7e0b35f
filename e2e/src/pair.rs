//! Two nodes that mined apart, so that a branch is left when they meet.

use std::fs;

use anyhow::{Context as _, Result};
use shared::spec::ChainSpec;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::chain::build;
use crate::node::Node;
use crate::page::Page;
use crate::wallet::{NOT_MINING, key};

/// Each would find the other again, however it was left.
const NAMED_ONLY: &str = "[limits]\noutbound-peers = 0\nblock-only-peers = 0\n";
/// Blocks of the node whose page is looked at.
pub const SHORT: usize = 3;
/// Blocks of the other one.
pub const LONG: usize = 8;

/// Two nodes of chain dev, of which neither mines or knows the other.
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
        for (miner, (folder, blocks)) in (1..).zip(folders.iter().zip([SHORT, LONG])) {
            let miner = key(miner)?.public_key().address();
            build(folder.path(), ChainSpec::dev(), vec![miner; blocks]).await?;
        }
        let config = folders[0].path().join("peers.toml");
        fs::write(&config, NAMED_ONLY)?;
        let config = config.to_str().context("a path without a name")?;
        let arguments = [&NOT_MINING[..], &["--config", config]].concat();
        let [node, other] = folders.each_ref().map(|folder| Node::start(folder.path(), 0, &arguments));
        Ok(Self { node: node?, other: other?, _folders: folders })
    }

    /// Joins them through the page of the first, which shows the other nodes.
    ///
    /// # Errors
    /// When they do not meet.
    pub async fn join(&self, page: &Page) -> Result<()> {
        page.fill("add-node", &name(&self.other)?).await?;
        page.click("add-submit").await?;
        page.text_when("named-state", "there", |text| text == "Connected").await?;
        page.text_when("peer-height", "that of its chain", |text| text == LONG.to_string()).await?;
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
