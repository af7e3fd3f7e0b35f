//! What is left of a wallet's secrets in the memory of the page and its worker.

mod secrets;

use anyhow::{Result, ensure};
use e2e::browser::with_browser;
use e2e::copy::Copy;
use e2e::node::Node;
use e2e::page::Page;
use e2e::wallet::{PASSPHRASE, address, unlock};
use serde_json::json;
use shared::keys::SigningKey;
use shared::words::Words;

use self::secrets::Secrets;
use crate::story::{DEV, NewWallet, payment, wallet};

/// Keeps hold of the memory of every program that the page and its workers start, and searches it when asked.
const SPY: &str = include_str!("spy.js");

/// A wallet is made, pays, is locked, opened and locked: the key is there while it is open, and nothing afterwards.
#[tokio::test]
async fn a_locked_wallet_leaves_no_secret_in_memory() -> Result<()> {
    with_browser(async |browser| {
        let (folder, copy) = (tempfile::tempdir()?, Copy::with_program()?);
        let node = Node::start_on_terminal(folder.path(), 0, &DEV)?;
        let miner = NewWallet::read(&node)?;
        let words = Words::parse(&miner.words.join(" "))?;
        let key = SigningKey::from_seed(&words.seed(""), 0);
        let secrets = Secrets::of(&words, &key, PASSPHRASE)?;

        let page = browser.open("memory", "about:blank").await?;
        page.run_first(SPY).await?;
        let server = copy.serve()?;
        page.goto(&format!("{}#/?node=127.0.0.1:{}", server.url, node.port()?)).await?;
        wallet::import(&page, &miner).await?;
        wallet::watch_grow(&page, 60).await?;
        page.click("nav-send").await?;
        payment::send(&page, &miner.address, &address(2)?).await?;
        for _ in 0..2 {
            expect_open(&page, &secrets).await?;
            page.click("lock").await?;
            page.text("unlock-passphrase").await?;
            assert_eq!(search(&page, "worker", &secrets).await?, [""; 0], "the locked wallet's worker");
            assert_eq!(search(&page, "page", &secrets).await?, [""; 0], "the locked wallet's page");
            unlock(&page).await?;
        }
        node.stop()?;
        Ok(())
    })
    .await
}

/// The worker of an open wallet holds what it needs, which shows that the search finds it; the page holds nothing.
async fn expect_open(page: &Page, secrets: &Secrets) -> Result<()> {
    let found = search(page, "worker", secrets).await?;
    for needed in ["p", "q", "d", "words"] {
        ensure!(
            found.iter().any(|name| name == needed),
            "{needed} is not found in the worker, only {found:?}"
        );
    }
    for passing in ["seed", "passphrase"] {
        ensure!(!found.iter().any(|name| name == passing), "the {passing} stays in the worker");
    }
    assert_eq!(search(page, "page", secrets).await?, [""; 0], "the open wallet's page");
    Ok(())
}

/// Returns the names of the secrets of which any part is in the memory of `program`: "page" or "worker".
async fn search(page: &Page, program: &str, secrets: &Secrets) -> Result<Vec<String>> {
    const SCRIPT: &str = "const [program, parts, done] = arguments; \
        searchMemory(program, parts).then(done, (error) => done(String(error)))";
    let found = page.script_async(SCRIPT, vec![json!(program), json!(secrets.parts())]).await?;
    let mut found: Vec<String> = serde_json::from_value(found)?;
    found.sort();
    found.dedup();
    Ok(found)
}
