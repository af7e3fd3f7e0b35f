//! The way through all states.

use std::path::Path;

use anyhow::Result;
use e2e::browser::Browser;
use e2e::liar::Liar;
use e2e::node::Node;
use e2e::page::Page;
use serde_json::{Value, json};
use shared::keys::SigningKey;
use shared::words::Words;

use crate::album::Album;

const PASSPHRASE: &str = "grey heron over the weir at 7";
/// A node that does not mine keeps a payment pending for as long as pictures take.
const NOT_MINING: [&str; 4] = ["--chain", "dev", "--threads", "0"];
/// So much of a history that the overview is full.
const BLOCKS: u64 = 12;

/// Takes all pictures.
pub(crate) async fn take(browser: &Browser, album: &Album) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let words = Words::from_entropy(&[1; 32])?;
    let text = words.words().collect::<Vec<_>>().join(" ");
    let (miner, other) = (address(1)?, address(2)?);
    let node = mined(folder.path(), &miner)?;
    let page = browser.open("wallet", &node.url).await?;
    make(album, &page).await?;
    open(album, &page, &text).await?;
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
    lies(album, browser, &node, &text, &other).await?;
    node.stop()?;
    Ok(())
}

fn address(byte: u8) -> Result<String> {
    let key = SigningKey::from_seed(&Words::from_entropy(&[byte; 32])?.seed(""), 0);
    Ok(key.public_key().address().to_text("dev"))
}

/// Mines a short chain, and starts a node on it that leaves it so.
fn mined(data: &Path, miner: &str) -> Result<Node> {
    let node = Node::start(data, 0, &["--chain", "dev", "--miner", miner])?;
    let is_long =
        |text: &str| text.lines().any(|line| line.trim().starts_with(&format!("{BLOCKS} "))).then_some(());
    node.output.wait("chain", is_long)?;
    node.stop()?;
    Node::start(data, 0, &NOT_MINING)
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

async fn choose_passphrase(page: &Page) -> Result<()> {
    page.fill("passphrase", PASSPHRASE).await?;
    page.fill("passphrase-repeat", PASSPHRASE).await
}

async fn unlock(page: &Page) -> Result<()> {
    page.fill("unlock-passphrase", PASSPHRASE).await?;
    page.click("unlock-submit").await?;
    page.text("address").await?;
    Ok(())
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
    page.fill("send-to", other).await?;
    page.fill("send-amount", "3").await?;
    page.fill("send-fee", "40").await?;
    page.click("send-review").await?;
    page.text("confirm-to").await?;
    album.take(page, "confirm-warnings").await?;
    page.click("confirm-back").await?;
    page.fill("send-amount", "25").await?;
    page.fill("send-fee", "1").await?;
    page.paste("send-comment", "rent for March").await?;
    page.click("send-review").await?;
    page.text("confirm-to").await?;
    album.take(page, "confirm").await?;
    page.click("confirm-submit").await?;
    page.text("sent").await?;
    album.take(page, "sent-pending").await
}

/// A wallet with a history.
async fn home(album: &Album, page: &Page) -> Result<()> {
    pay(page, &address(3)?, "7", "").await?;
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

async fn pay(page: &Page, to: &str, amount: &str, comment: &str) -> Result<()> {
    page.click("nav-send").await?;
    page.fill("send-to", to).await?;
    page.fill("send-amount", amount).await?;
    page.paste("send-comment", comment).await?;
    page.click("send-review").await?;
    page.click("confirm-submit").await
}

/// What a page shows whose node lies.
async fn lies(album: &Album, browser: &Browser, node: &Node, words: &str, other: &str) -> Result<()> {
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
    page.click("welcome-import").await?;
    page.paste("import-words", words).await?;
    choose_passphrase(&page).await?;
    page.click("import-submit").await?;
    page.text("address").await?;
    pay(&page, other, "5", "").await?;
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
