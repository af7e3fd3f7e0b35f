//! Making, importing, watching and unlocking a wallet in the page.

use anyhow::{Context as _, Result, ensure};
use e2e::page::Page;
use e2e::wallet::{PASSPHRASE, choose_passphrase};

use super::{NewWallet, secrets};

/// Imports words. A wrong one is named; while the key is made, the page shows progress and goes on drawing.
pub(crate) async fn import(page: &Page, wallet: &NewWallet) -> Result<()> {
    page.click("welcome-import").await?;
    let mut words = wallet.words.clone();
    "zebraa".clone_into(&mut words[6]);
    page.paste("import-words", &words.join(" ")).await?;
    let names_the_word = |note: &str| note.contains("Word 7, “zebraa”") && note.contains("“zebra”");
    page.text_when("import-words-note", "the wrong word", names_the_word).await?;
    page.paste("import-words", &wallet.words.join(" ")).await?;
    page.text_when("import-words-note", "good", |note| note.contains("belong together")).await?;
    choose_passphrase(page).await?;
    watch_frames(page).await?;
    page.click("import-submit").await?;
    let address = page.text_when("address", "an address", |text| text.starts_with("dev1")).await?;
    assert_eq!(address, wallet.address, "the page derives another key than the node from the same words");
    expect_frames(page).await
}

/// Makes a new wallet, with the drill. Returns its words and its address.
pub(crate) async fn create(page: &Page) -> Result<(Vec<String>, String)> {
    page.click("welcome-create").await?;
    page.text_when("word-24", "a word", |word| !word.trim().is_empty()).await?;
    let mut words = Vec::new();
    for position in 1..=24 {
        words.push(page.text(&format!("word-{position}")).await?.trim().to_owned());
    }
    // So that it means something when they are not found there later.
    ensure!(
        secrets::holds_words(page.source().await?.as_bytes(), &words),
        "the words are not found: {words:?}"
    );
    page.click("words-written").await?;
    choose_passphrase(page).await?;
    watch_frames(page).await?;
    page.click("create-submit").await?;
    page.text("drill-submit").await?;
    expect_frames(page).await?;
    drill(page, &words).await?;
    page.gone("drill-banner").await?;
    page.gone("word-1").await?;
    let address = page.text_when("address", "an address", |text| text.starts_with("dev1")).await?;
    Ok((words, address))
}

/// Answers the drill, first with a mistake.
async fn drill(page: &Page, words: &[String]) -> Result<()> {
    const IDS: &str = "return [...document.querySelectorAll('input')].map(e => e.dataset.testid)";
    let ids: Vec<String> = serde_json::from_value(page.script(IDS, vec![]).await?)?;
    let position = |id: &String| id.strip_prefix("drill-input-")?.parse::<usize>().ok();
    let positions: Vec<_> = ids.iter().filter_map(position).collect();
    assert_eq!(positions.len(), 3, "three words are asked for: {ids:?}");
    for position in &positions {
        page.fill(&format!("drill-input-{position}"), &words[position - 1]).await?;
    }
    let wrong = format!("drill-input-{}", positions[1]);
    page.fill(&wrong, "wrong").await?;
    page.click("drill-submit").await?;
    page.text_when(&format!("{wrong}-note"), "an error", |note| note.contains("is not word")).await?;
    page.fill(&wrong, &words[positions[1] - 1].to_uppercase()).await?;
    page.click("drill-submit").await
}

/// From now on the page counts the frames that it draws while it shows progress.
async fn watch_frames(page: &Page) -> Result<()> {
    const SCRIPT: &str = r#"
        window.framesDrawn = 0;
        const count = () => {
            if (document.querySelector('[data-testid="progress"]')) window.framesDrawn += 1;
            requestAnimationFrame(count);
        };
        requestAnimationFrame(count);"#;
    page.script(SCRIPT, vec![]).await?;
    Ok(())
}

/// A page that is blocked by its work draws the progress once at most, when the work is done.
async fn expect_frames(page: &Page) -> Result<()> {
    let frames = page.script("return window.framesDrawn", vec![]).await?;
    ensure!(frames.as_u64() >= Some(3), "only {frames} frames were drawn while the key was made");
    Ok(())
}

/// Waits until the balance has grown at least twice and reached `least`, without a reload.
pub(crate) async fn watch_grow(page: &Page, least: u64) -> Result<()> {
    page.script("window.isTheSamePage = true", vec![]).await?;
    let first = balance(page).await?;
    let second = wait_for_more(page, first).await?;
    wait_for_more(page, second.max(least - 1)).await?;
    page.text_when("not-checked", "said", |badge| badge.contains("not checked yet")).await?;
    page.script_when("page that was never loaded again", "return window.isTheSamePage", vec![]).await?;
    Ok(())
}

async fn wait_for_more(page: &Page, than: u64) -> Result<u64> {
    let is_more = |value: &str| value.parse().is_ok_and(|balance: u64| balance > than);
    let value = page.attribute_when("balance", "data-value", &format!("above {than}"), is_more).await?;
    Ok(value.parse()?)
}

/// Waits until the page shows exactly this balance.
pub(crate) async fn wait_for_balance(page: &Page, coins: u64) -> Result<()> {
    page.click("nav-home").await?;
    let coins = coins.to_string();
    page.attribute_when("balance", "data-value", &coins, |value| value == coins).await?;
    Ok(())
}

/// Returns the balance that the page shows.
pub(crate) async fn balance(page: &Page) -> Result<u64> {
    let value = page
        .attribute_when("balance", "data-value", "a number", |value| value.parse::<u64>().is_ok())
        .await?;
    value.parse().context("no balance")
}

/// Returns the height that the page shows.
pub(crate) async fn height(page: &Page) -> Result<u64> {
    page.click("nav-home").await?;
    let height = page.text_when("tip-height", "a number", |text| text.parse::<u64>().is_ok()).await?;
    height.parse().context("no height")
}

/// Waits until the page shows this height or a greater one.
pub(crate) async fn wait_for_height(page: &Page, least: u64) -> Result<()> {
    let is_reached = |text: &str| text.parse().is_ok_and(|height: u64| height >= least);
    page.text_when("tip-height", &format!("at least {least}"), is_reached).await?;
    Ok(())
}

/// Loads the page again: it is locked, says so when the passphrase is wrong, and shows the same wallet after the
/// right one.
pub(crate) async fn unlock_after_reload(page: &Page, address: &str, coins: u64) -> Result<()> {
    page.reload().await?;
    page.fill("unlock-passphrase", "grey heron over the weir at 8").await?;
    page.click("unlock-submit").await?;
    page.text_when("error", "about the passphrase", |text| text.contains("passphrase is wrong")).await?;
    page.fill("unlock-passphrase", PASSPHRASE).await?;
    page.click("unlock-submit").await?;
    wait_for_balance(page, coins).await?;
    assert_eq!(page.text("address").await?, address);
    Ok(())
}
