//! The way through all states.

use anyhow::Result;
use e2e::browser::Browser;
use e2e::liar::Liar;
use e2e::node::Node;
use e2e::page::Page;
use e2e::pair::{self, Pair};
use e2e::wallet::{NOT_MINING, address, choose_passphrase, import, mined, review, unlock, words};
use serde_json::{Value, json};

use crate::album::Album;

/// So much of a history that the overview is full.
const BLOCKS: u64 = 12;

/// Takes all pictures.
pub(crate) async fn take(browser: &Browser, album: &Album) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (miner, other) = (address(1)?, address(2)?);
    let node = mined(folder.path(), &miner, BLOCKS)?;
    let page = browser.open("wallet", &node.url).await?;
    make(album, &page).await?;
    open(album, &page, &words(1)?).await?;
    wallet(album, &page, &other).await?;
    // What was just sent gets mined.
    let port = node.port()?;
    node.stop()?;
    page.attribute_when("connection", "data-state", "waiting", |state| state == "waiting").await?;
    album.take(&page, "no-node").await?;
    let node = Node::start(folder.path(), port, &["--chain", "dev"])?;
    page.attribute_when("sent", "data-state", "confirmed", |state| state == "confirmed").await?;
    node.stop()?;
    let node = Node::start(folder.path(), port, &NOT_MINING)?;
    page.attribute_when("connection", "data-state", "connected", |state| state == "connected").await?;
    album.take(&page, "sent-confirmed").await?;
    home(album, &page).await?;
    lies(album, browser, &node, &other).await?;
    node.stop()?;
    network(album, browser).await
}

/// Other nodes, and what is left when two meet.
async fn network(album: &Album, browser: &Browser) -> Result<()> {
    let pair = Pair::start().await?;
    let page = pair::open(browser, "network", &pair.node).await?;
    album.take(&page, "network-alone").await?;
    page.click("tab-branches").await?;
    page.attribute_when("forks-lead", "data-count", "none", |count| count == "0").await?;
    album.take(&page, "branches-none").await?;
    page.click("tab-nodes").await?;
    pair.join(&page).await?;
    page.text_when("peer-latency", "measured", |text| text.ends_with(" ms")).await?;
    page.fill("ban-address", "203.0.113.7").await?;
    page.fill("ban-reason", "asks for everything twice").await?;
    page.click("ban-submit").await?;
    page.text("ban").await?;
    page.fill("add-node", "192.0.2.1:1111").await?;
    page.click("add-submit").await?;
    page.text_when("named", "both", |text| text.contains("192.0.2.1")).await?;
    page.fill("ban-address", "nonsense").await?;
    page.click("ban-submit").await?;
    album.take(&page, "network").await?;
    album.take_large(&page, "network").await?;
    page.click("tab-branches").await?;
    page.text("branch").await?;
    album.take(&page, "branches").await?;
    album.take_large(&page, "branches").await?;
    page.goto(&pair.other.url).await?;
    page.click("foot-network").await?;
    page.text("network-closed").await?;
    album.take(&page, "network-closed").await?;
    pair.stop()
}

/// The first visit, up to an empty wallet.
async fn make(album: &Album, page: &Page) -> Result<()> {
    page.text("welcome-create").await?;
    album.take(page, "welcome").await?;
    page.click("welcome-create").await?;
    page.text_when("word-24", "a word", |word| !word.trim().is_empty()).await?;
    album.take(page, "create-words").await?;
    page.click("words-written").await?;
    page.fill("passphrase", "too few words").await?;
    page.fill("passphrase-repeat", "other").await?;
    album.take(page, "create-passphrase").await?;
    choose_passphrase(page).await?;
    page.click("create-submit").await?;
    page.text("drill-submit").await?;
    album.take(page, "drill").await?;
    page.click("drill-later").await?;
    page.text("drill-banner").await?;
    page.text("history-empty").await?;
    album.take(page, "home-empty").await?;
    page.click("nav-send").await?;
    page.text("send-nothing").await?;
    album.take(page, "send-nothing").await?;
    page.click("nav-settings").await?;
    page.text("forget-word").await?;
    album.take(page, "settings").await?;
    page.fill("forget-word", "forget").await?;
    page.click("forget-submit").await?;
    page.text("welcome-import").await?;
    Ok(())
}

/// Every way to import, and unlocking.
async fn open(album: &Album, page: &Page, words: &str) -> Result<()> {
    page.click("welcome-import").await?;
    page.text("import-words").await?;
    for (source, field) in [("file", "import-file"), ("key", "import-key")] {
        page.script("document.querySelector(arguments[0]).click()", vec![tab(source)]).await?;
        page.text(field).await?;
        album.take(page, field).await?;
    }
    page.script("document.querySelector(arguments[0]).click()", vec![tab("words")]).await?;
    page.paste("import-words", "ability zebraa").await?;
    page.text("suggestion").await?;
    album.take(page, "import-words").await?;
    page.paste("import-words", words).await?;
    choose_passphrase(page).await?;
    page.click("import-submit").await?;
    page.text("address").await?;
    page.click("lock").await?;
    page.fill("unlock-passphrase", "wrong").await?;
    page.click("unlock-submit").await?;
    page.text("error").await?;
    album.take(page, "unlock").await?;
    unlock(page).await
}

fn tab(source: &str) -> Value {
    json!(format!("[data-testid=import-tab-{source}]"))
}

/// A wallet with coins, up to a payment that was sent.
async fn wallet(album: &Album, page: &Page, other: &str) -> Result<()> {
    page.click("nav-receive").await?;
    page.click("tutorial-address-show").await?;
    page.text("tutorial-address").await?;
    album.take(page, "receive").await?;
    page.click("nav-send").await?;
    page.text("send-to").await?;
    album.take(page, "send").await?;
    page.fill("send-to", &other.replacen('q', "p", 1)).await?;
    page.fill("send-amount", "1,000").await?;
    page.paste("send-comment", "rent \u{202e}hcraM").await?;
    page.click("send-review").await?;
    album.take(page, "send-mistakes").await?;
    review(page, other, 3, 40, "rent \u{202e}hcraM").await?;
    album.take(page, "confirm-warnings").await?;
    review(page, other, 25, 1, "rent for March").await?;
    album.take(page, "confirm").await?;
    page.click("confirm-submit").await?;
    page.text("sent").await?;
    album.take(page, "sent-pending").await
}

/// A wallet with a history.
async fn home(album: &Album, page: &Page) -> Result<()> {
    review(page, &address(3)?, 7, 1, "").await?;
    page.click("confirm-submit").await?;
    page.text("sent").await?;
    page.click("nav-home").await?;
    page.text_when("tip-height", "there", |text| !text.is_empty()).await?;
    page.text("history-entry").await?;
    album.take(page, "home").await?;
    album.take_large(page, "home").await?;
    page.click("nav-history").await?;
    page.text("history-entry").await?;
    page.script("document.querySelectorAll('details')[1].open = true", vec![]).await?;
    album.take(page, "history").await
}

/// What a page shows whose node lies.
async fn lies(album: &Album, browser: &Browser, node: &Node, other: &str) -> Result<()> {
    let liar = Liar::start(node, |request, message| {
        if request.is_some_and(|request| request["method"] == "transaction") {
            let id = message["id"].take();
            let error =
                json!({ "code": -32000, "message": "Update at evil.example", "data": { "rule": "TX-7" } });
            *message = json!({ "jsonrpc": "2.0", "id": id, "error": error });
        }
    })
    .await?;
    let page = browser.open("lies", &liar.url).await?;
    import(&page, 1).await?;
    review(&page, other, 5, 1, "").await?;
    page.click("confirm-submit").await?;
    page.text("error").await?;
    album.take(&page, "refused").await?;

    let stranger = Liar::start(node, |_, message| {
        if let Some(hash) = message.pointer_mut("/result/genesis_hash") {
            *hash = json!("00".repeat(32));
        }
    })
    .await?;
    let page = browser.open("stranger", &stranger.url).await?;
    page.attribute_when("connection", "data-state", "wrong_chain", |state| state == "wrong_chain").await?;
    album.take(&page, "wrong-chain").await
}
