//! The client that somebody else wrote from `docs/protocol.md` alone, against the real node.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use e2e::node::Node;
use e2e::{root, setting};

use e2e::wallet::key;

#[test]
fn an_independent_client_agrees_with_the_node() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let key = key(1)?;
    let file = folder.path().join("miner.pem");
    std::fs::write(&file, key.to_pkcs8_pem())?;
    let miner = key.public_key().address().to_text("dev");
    let node = Node::start(&folder.path().join("data"), 0, &["--chain", "dev", "--miner", &miner])?;
    let status = Command::new(setting("E2E_PYTHON")?)
        .arg(root().join("e2e/python/test_story.py"))
        .args(["--url", &node.url.replace("http:", "ws:"), "--key"])
        .arg(&file)
        .status()
        .context("cannot start Python; `cargo xtask setup` installs what it needs")?;
    ensure!(status.success(), "the independent client disagrees: {status}");
    node.stop()?;
    Ok(())
}
