//! What many tests do with a wallet before they come to their point.

use std::path::Path;

use anyhow::Result;
use shared::keys::SigningKey;
use shared::words::Words;

use crate::node::Node;
use crate::page::Page;

/// What the tests' wallets are encrypted with.
pub const PASSPHRASE: &str = "grey heron over the weir at 7";
/// A node that does not mine keeps a payment pending for as long as one looks at it.
pub const NOT_MINING: [&str; 4] = ["--chain", "dev", "--threads", "0"];

/// Returns 24 words that are made of one byte repeated. Only the chain for tests ever sees their key.
///
/// # Errors
/// Never, for this length.
pub fn words(byte: u8) -> Result<String> {
    Ok(Words::from_entropy(&[byte; 32])?.words().collect::<Vec<_>>().join(" "))
}

/// Returns the key of these words.
///
/// # Errors
/// As [`words`].
pub fn key(byte: u8) -> Result<SigningKey> {
    Ok(SigningKey::from_seed(&Words::from_entropy(&[byte; 32])?.seed(""), 0))
}

/// Returns the address of these words on chain dev.
///
/// # Errors
/// As [`words`].
pub fn address(byte: u8) -> Result<String> {
    Ok(key(byte)?.public_key().address().to_text("dev"))
}

/// Mines so many blocks of chain dev to `miner`, and starts a node on them that leaves it at that.
///
/// # Errors
/// When a node does not start or stop.
pub fn mined(data: &Path, miner: &str, blocks: u64) -> Result<Node> {
    let node = Node::start(data, 0, &["--chain", "dev", "--miner", miner])?;
    let begins = format!("{blocks} ");
    let is_long = |text: &str| text.lines().any(|line| line.trim().starts_with(&begins)).then_some(());
    node.output.wait("chain", is_long)?;
    node.stop()?;
    Node::start(data, 0, &NOT_MINING)
}

/// Chooses the passphrase.
///
/// # Errors
/// When nobody asks for one.
pub async fn choose_passphrase(page: &Page) -> Result<()> {
    page.fill("passphrase", PASSPHRASE).await?;
    page.fill("passphrase-repeat", PASSPHRASE).await
}

/// Imports the wallet of [`words`], from the welcome page to the overview.
///
/// # Errors
/// When it does not come to that.
pub async fn import(page: &Page, byte: u8) -> Result<()> {
    page.click("welcome-import").await?;
    page.paste("import-words", &words(byte)?).await?;
    choose_passphrase(page).await?;
    page.click("import-submit").await?;
    page.text_when("address", "an address", |text| text.starts_with("dev1")).await?;
    Ok(())
}

/// Opens a locked wallet.
///
/// # Errors
/// When it does not open.
pub async fn unlock(page: &Page) -> Result<()> {
    page.fill("unlock-passphrase", PASSPHRASE).await?;
    page.click("unlock-submit").await?;
    page.gone("unlock-passphrase").await
}

/// Fills the form for a payment and goes on to its confirmation.
///
/// # Errors
/// When the form refuses it.
pub async fn review(page: &Page, to: &str, amount: u64, fee: u64, comment: &str) -> Result<()> {
    page.click("nav-send").await?;
    page.fill("send-to", to).await?;
    page.fill("send-amount", &amount.to_string()).await?;
    page.fill("send-fee", &fee.to_string()).await?;
    page.paste("send-comment", comment).await?;
    page.click("send-review").await?;
    page.text_when("confirm-to", to, |shown| shown == to).await?;
    Ok(())
}
