//! The tutorial's story, with two people in two browsers and a node that is stopped and started.

pub(crate) mod payment;
pub(crate) mod secrets;
pub(crate) mod wallet;

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use e2e::browser::with_browser;
use e2e::node::Node;
use e2e::page::Page;
use e2e::wallet::{NOT_MINING, PASSPHRASE};

use self::wallet::{balance, height};

pub(crate) const DEV: [&str; 2] = ["--chain", "dev"];
/// What the node writes above new words.
const WORDS_FOLLOW: &str = "are the key of a new wallet:";
/// What dev pays for a block.
const SUBSIDY: u64 = 10;

#[tokio::test]
async fn the_whole_story() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let data = folder.path();
        let node = Node::start_on_terminal(data, 0, &DEV)?;
        let (url, port) = (node.url.clone(), node.port()?);
        let miner = NewWallet::read(&node)?;

        // Alice imports the miner's words and watches the rewards come in; Bob makes a wallet of his own.
        let alice = browser.open("alice", &url).await?;
        wallet::import(&alice, &miner).await?;
        wallet::watch_grow(&alice, 6 * SUBSIDY).await?;
        let bob = browser.open("bob", &url).await?;
        let (bobs_words, bobs_address) = wallet::create(&bob).await?;
        assert_eq!(balance(&bob).await?, 0);
        for page in [&alice, &bob] {
            page.script("window.isTheSamePage = true", vec![]).await?;
        }

        // The node goes away and comes back, and the pages notice by themselves.
        stop(node, &[&alice, &bob], &miner).await?;
        let node = restart(data, port, &NOT_MINING, &[&alice, &bob]).await?;

        // Alice pays Bob. Nothing is mined, so the payment is pending, and Bob still has nothing.
        payment::refuse_mistakes(&alice, &bobs_address).await?;
        let tx_id = payment::send(&alice, &miner.address, &bobs_address).await?;
        payment::expect_pending(&alice, &bob, &tx_id).await?;

        // The pending payment survives a restart, and is mined after it.
        stop(node, &[&alice, &bob], &miner).await?;
        let before = height(&bob).await?;
        let node = restart(data, port, &DEV, &[&alice, &bob]).await?;
        payment::expect_mined(&alice, &bob, &tx_id).await?;
        wallet::wait_for_height(&bob, before + 2).await?;

        // Everything is still there after one more restart, and every coin is accounted for.
        stop(node, &[&alice, &bob], &miner).await?;
        let node = restart(data, port, &NOT_MINING, &[&alice, &bob]).await?;
        let mined = height(&bob).await? * SUBSIDY;
        wallet::wait_for_balance(&alice, mined - payment::AMOUNT).await?;
        wallet::wait_for_balance(&bob, payment::AMOUNT).await?;
        payment::expect_in_both_histories(&alice, &bob, &tx_id).await?;
        for page in [&alice, &bob] {
            page.script_when("page that was never loaded again", "return window.isTheSamePage", vec![])
                .await?;
        }
        wallet::unlock_after_reload(&bob, &bobs_address, payment::AMOUNT).await?;

        for (page, words) in [(&alice, &miner.words), (&bob, &bobs_words)] {
            secrets::not_in_browser(page, words, PASSPHRASE).await?;
            secrets::not_in_folder(data, words)?;
            secrets::nothing_suspicious_logged(page, &url).await?;
        }
        node.stop()?;
        Ok(())
    })
    .await
}

/// The words that a node has made, with their address.
#[derive(Debug)]
pub(crate) struct NewWallet {
    pub(crate) words: Vec<String>,
    pub(crate) address: String,
}

impl NewWallet {
    /// Reads them from the terminal, where they are shown once.
    pub(crate) fn read(node: &Node) -> Result<Self> {
        let text = node.output.text();
        let mut parts = text.split(WORDS_FOLLOW);
        let shown = parts.nth(1).context("the node shows no words")?;
        ensure!(parts.next().is_none(), "the words are shown twice:\n{text}");
        let (table, rest) = shown.split_once("\n  address").context("no address below the words")?;
        let cells: Vec<_> = table.split_whitespace().collect();
        let mut words = Vec::new();
        for cell in cells.chunks(2) {
            let [position, word] = cell else { anyhow::bail!("no word in {cell:?}:\n{text}") };
            words.push((position.parse::<usize>()?, (*word).to_owned()));
        }
        words.sort();
        ensure!(words.iter().map(|(position, _)| *position).eq(1..=24), "not 24 words:\n{text}");
        let words = words.into_iter().map(|(_, word)| word).collect();
        let address = rest.split_whitespace().next().context("no address")?.to_owned();
        Ok(Self { words, address })
    }
}

/// Ends the node as Ctrl-C does. The pages say that it is away and when they try again.
async fn stop(node: Node, pages: &[&Page], miner: &NewWallet) -> Result<()> {
    let is_first = node.output.text().contains(WORDS_FOLLOW);
    let text = node.stop()?;
    ensure!(text.contains("everything is stored"), "the node did not end in order:\n{text}");
    let shows_words = secrets::holds_words(text.as_bytes(), &miner.words);
    ensure!(shows_words == is_first, "the words are not shown at the first start only:\n{text}");
    for page in pages {
        page.attribute_when("connection", "data-state", "waiting", |state| state == "waiting").await?;
        let is_retry = |text: &str| text.contains("next attempt is in") || text.contains("Trying again");
        page.text_when("connection-banner", "a note about the retry", is_retry).await?;
    }
    Ok(())
}

/// Starts the node again where it was. The pages connect by themselves.
async fn restart(data: &Path, port: u16, arguments: &[&str], pages: &[&Page]) -> Result<Node> {
    let node = Node::start(data, port, arguments)?;
    for page in pages {
        page.attribute_when("connection", "data-state", "connected", |state| state == "connected").await?;
    }
    Ok(node)
}
