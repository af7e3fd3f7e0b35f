//! The pages about the network: other nodes, bans, and the branches beside the best chain.

use anyhow::{Result, ensure};
use e2e::browser::with_browser;
use e2e::node::Node;
use e2e::page::Page;
use e2e::pair::{Pair, name, open};
use e2e::wallet::{NOT_MINING, address};
use serde_json::json;

async fn number(page: &Page, id: &str, what: &str, is_right: impl Fn(u64) -> bool) -> Result<u64> {
    let text = page.text_when(id, what, |text| text.parse().is_ok_and(&is_right)).await?;
    Ok(text.parse()?)
}

/// Two nodes that mined apart meet through the page of one: each sees the other, and the shorter chain is a branch.
#[tokio::test]
async fn nodes_that_meet_see_each_other_and_what_is_left_of_the_shorter_chain() -> Result<()> {
    with_browser(async |browser| {
        let pair = Pair::start().await?;
        let page = open(browser, "peers", &pair.node).await?;
        page.text_when("peer-count", "none", |text| text == "0").await?;
        page.click("tab-branches").await?;
        page.attribute_when("forks-lead", "data-count", "none", |count| count == "0").await?;
        page.text_when("forks-lead", "about none", |text| text.contains("No branch")).await?;
        page.click("tab-nodes").await?;

        pair.join(&page).await?;
        page.text_when("add-node", "empty again", str::is_empty).await?;
        page.attribute_when("peer", "data-role", "named", |role| role == "named").await?;
        page.text_when("peer-latency", "measured", |text| text.ends_with(" ms")).await?;
        for id in ["peer-in", "peer-out"] {
            // The chain has gone over it, or the way to ask for it.
            page.text_when(id, "some bytes", |text| text.ends_with("B") && text != "0 B").await?;
        }
        page.text_when("peer-agent", "the program", |text| text.starts_with("ironchain/")).await?;

        page.click("tab-branches").await?;
        page.attribute_when("branch", "data-length", "three", |length| length == "3").await?;
        page.text_when("branch-outcome", "about its work", |text| text.contains("Less work")).await?;
        let tip = page.text("branch-tip").await?;
        ensure!(tip.starts_with("00") && tip.len() == 64, "{tip} is no block hash");
        let drawn = "return document.querySelectorAll('[data-testid=branch] .block').length";
        assert_eq!(page.script(drawn, vec![]).await?, json!(3));

        // The one that was dialled has it among those that came, and hears that it has its chain now.
        let theirs = open(browser, "theirs", &pair.other).await?;
        theirs.attribute_when("peer", "data-role", "inbound", |role| role == "inbound").await?;
        number(&theirs, "peer-height", "known", |height| height >= 3).await?;

        page.click("tab-nodes").await?;
        page.click("named-remove").await?;
        page.text_when("peer-count", "none", |text| text == "0").await?;
        theirs.text_when("peer-count", "none", |text| text == "0").await?;
        pair.stop()
    })
    .await
}

/// A peer's height is not that of its hello for ever, and a line that changes stays the line that it is.
#[tokio::test]
async fn a_peers_height_grows_with_its_chain() -> Result<()> {
    with_browser(async |browser| {
        let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let miner = address(2)?;
        let other = Node::start(there.path(), 0, &["--chain", "dev", "--miner", &miner, "--threads", "1"])?;
        let node = Node::start(here.path(), 0, &[&NOT_MINING[..], &["--peer", &name(&other)?]].concat())?;
        let page = open(browser, "grows", &node).await?;
        let first = number(&page, "peer-height", "there", |_| true).await?;
        page.script("document.querySelector('[data-testid=peer]').isTheSame = true", vec![]).await?;
        number(&page, "peer-height", "higher", |height| height > first).await?;
        let same = "return document.querySelector('[data-testid=peer]').isTheSame";
        assert_eq!(page.script(same, vec![]).await?, json!(true));
        node.stop()?;
        other.stop()?;
        Ok(())
    })
    .await
}

/// A ban is given, shown with its reason, kept by the node, and lifted.
#[tokio::test]
async fn bans_are_given_shown_and_lifted() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = Node::start(folder.path(), 0, &NOT_MINING)?;
        let port = node.port()?;
        let page = open(browser, "bans", &node).await?;
        page.text("bans-empty").await?;
        for (typed, said) in [("", "Enter"), ("example.org", "not an IP"), ("127.0.0.1:7", "This computer")] {
            page.fill("ban-address", typed).await?;
            page.click("ban-submit").await?;
            page.text_when("ban-address-note", "an error", |note| note.contains(said)).await?;
        }
        page.fill("ban-address", "203.0.113.7:11111").await?;
        page.fill("ban-reason", "too loud <b>\u{202e}").await?;
        page.click("ban-submit").await?;
        let reason = page.text("ban-reason-shown").await?;
        assert_eq!(reason, "too loud <b>U+202E");
        page.text_when("ban", "that address", |text| text.contains("203.0.113.7")).await?;

        // It outlives the node, and the page asks for the token of the new one.
        node.stop()?;
        let node = Node::start(folder.path(), port, &NOT_MINING)?;
        page.text_when("network-closed", "about the token", |text| text.contains("new one")).await?;
        page.goto(&format!("{}#/network?token={}", node.url, node.token)).await?;
        page.text_when("ban-reason-shown", "still there", |text| text.starts_with("too loud")).await?;
        page.click("unban").await?;
        page.text("bans-empty").await?;
        node.stop()?;
        Ok(())
    })
    .await
}

/// Whoever has no token is told what it takes; the branches are for everybody.
#[tokio::test]
async fn without_the_token_the_page_says_how_to_get_in() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = Node::start(folder.path(), 0, &NOT_MINING)?;
        let page = browser.open("no-token", &node.url).await?;
        page.click("foot-network").await?;
        page.text_when("network-closed", "about the link", |text| text.contains("open the link")).await?;
        assert_eq!(page.text_now("peers").await?, None);
        page.click("tab-branches").await?;
        page.attribute_when("forks-lead", "data-count", "none", |count| count == "0").await?;
        page.click("network-back").await?;
        page.text("welcome-create").await?;
        node.stop()?;
        Ok(())
    })
    .await
}

/// A node of a chain that the page does not know is said to be one, and nothing is asked of it.
#[tokio::test]
async fn a_chain_of_ones_own_is_said_to_be_unknown() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("class.toml");
        std::fs::copy(e2e::root().join("docs/examples/class.toml"), &file)?;
        let data = folder.path().join("data");
        let node = Node::start(&data, 0, &["--chain", &file.to_string_lossy(), "--threads", "0"])?;
        let page = browser.open("own-chain", &format!("{}#/network?token={}", node.url, node.token)).await?;
        page.attribute_when("connection", "data-state", "wrong_chain", |state| state == "wrong_chain")
            .await?;
        page.text_when("connection", "in words", |text| text == "Unknown chain").await?;
        page.text_when("connection-banner", "in words", |text| text.contains("does not know")).await?;
        page.text_when("network-closed", "in words", |text| text.contains("does not know")).await?;
        node.stop()?;
        Ok(())
    })
    .await
}
