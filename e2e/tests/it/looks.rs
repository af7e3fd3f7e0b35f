//! What the page does by itself or between its pages: steps, locking, other tabs.

use anyhow::{Result, ensure};
use e2e::browser::with_browser;
use e2e::node::Node;
use e2e::page::Page;
use e2e::wallet::{NOT_MINING, PASSPHRASE, address, choose_passphrase, import, mined, review, unlock};

const WALLET: u8 = 1;

fn idle_node(folder: &std::path::Path) -> Result<Node> {
    Node::start(folder, 0, &[&NOT_MINING[..], &["--miner", &address(WALLET)?]].concat())
}

/// Words that were shown before a reload are void, and the page says so; "back" walks through the steps.
#[tokio::test]
async fn words_that_became_no_wallet_are_said_to_be_void() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = idle_node(folder.path())?;
        let page = browser.open("words", &node.url).await?;
        page.click("welcome-create").await?;
        let first = words(&page).await?;
        assert_eq!(page.text_now("words-void").await?, None);
        page.click("words-written").await?;
        page.text("create-submit").await?;
        page.back().await?;
        assert_eq!(words(&page).await?, first, "going back shows the same words");
        page.reload().await?;
        page.text("words-void").await?;
        ensure!(words(&page).await? != first, "the words were kept somewhere");
        page.click("words-written").await?;
        choose_passphrase(&page).await?;
        page.click("create-submit").await?;
        page.click("drill-later").await?;
        page.text("drill-banner").await?;
        page.click("nav-settings").await?;
        page.fill("forget-word", "forget").await?;
        page.click("forget-submit").await?;
        page.click("welcome-create").await?;
        words(&page).await?;
        assert_eq!(page.text_now("words-void").await?, None, "the words before became a wallet");
        node.stop()?;
        Ok(())
    })
    .await
}

async fn words(page: &Page) -> Result<String> {
    page.text_when("word-24", "a word", |word| !word.trim().is_empty()).await?;
    page.text("words-list").await
}

/// A payment's steps are places, so that "back" leads to the form with all that was typed.
#[tokio::test]
async fn back_leads_from_the_confirmation_to_the_form() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = mined(folder.path(), &address(WALLET)?, 2)?;
        let page = browser.open("steps", &node.url).await?;
        import(&page, WALLET).await?;
        // The blocks below the tip are there as well, and nothing is said of the age of what nobody mines.
        let two = "return document.querySelectorAll('[data-testid=block]').length >= 3";
        page.script_when("chain of three blocks", two, vec![]).await?;
        review(&page, &address(2)?, 5, 1, "for the bread").await?;
        page.back().await?;
        page.text_when("send-amount", "as it was", |text| text == "5").await?;
        page.script("history.forward()", vec![]).await?;
        page.text("confirm-submit").await?;
        node.stop()?;
        page.attribute_when("connection", "data-state", "waiting", |state| state == "waiting").await?;
        page.click("confirm-submit").await?;
        page.text_when("error", "about the node", |text| text.contains("cannot be reached")).await?;
        Ok(())
    })
    .await
}

/// A wallet that nobody uses warns, stays open when it is used, and locks when it is not.
#[tokio::test]
async fn a_wallet_that_nobody_uses_locks_itself() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = idle_node(folder.path())?;
        let page = browser.open("idle", &node.url).await?;
        import(&page, WALLET).await?;
        let pass = async |seconds: u32| {
            let script = format!("const now = Date.now; Date.now = () => now.call(Date) + {seconds} * 1000");
            page.script(&script, vec![]).await
        };
        pass(275).await?;
        page.text("auto-lock-banner").await?;
        page.click("nav-settings").await?;
        page.gone("auto-lock-banner").await?;
        pass(301).await?;
        page.text("unlock-submit").await?;
        unlock(&page).await?;
        // Who wants another time has it on the next visit too.
        const CHOOSE: &str = "const time = document.querySelector('[data-testid=auto-lock]'); \
            time.value = '60'; time.dispatchEvent(new Event('change', { bubbles: true }))";
        page.text("auto-lock").await?;
        page.script(CHOOSE, vec![]).await?;
        page.reload().await?;
        unlock(&page).await?;
        let chosen = "return document.querySelector('[data-testid=auto-lock]')?.value == '60'";
        page.script_when("choice of an hour", chosen, vec![]).await?;
        node.stop()?;
        Ok(())
    })
    .await
}

/// Two tabs show one wallet.
#[tokio::test]
async fn what_one_tab_locks_or_forgets_is_closed_in_the_other() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = idle_node(folder.path())?;
        let page = browser.open("tabs", &node.url).await?;
        import(&page, WALLET).await?;
        page.open_tab(&node.url).await?;
        unlock(&page).await?;
        page.click("lock").await?;
        page.text("unlock-submit").await?;
        page.turn_to_tab(0).await?;
        page.text("unlock-submit").await?;
        unlock(&page).await?;
        page.turn_to_tab(1).await?;
        unlock(&page).await?;
        page.click("nav-settings").await?;
        page.fill("forget-word", "forget").await?;
        page.click("forget-submit").await?;
        page.text("welcome-import").await?;
        page.turn_to_tab(0).await?;
        page.text("welcome-import").await?;

        // Two wallets at once: the second must not take the first one's place.
        page.click("welcome-create").await?;
        words(&page).await?;
        page.turn_to_tab(1).await?;
        import(&page, 2).await?;
        let kept = page.script(KEPT, vec![]).await?;
        page.turn_to_tab(0).await?;
        page.text("unlock-submit").await?;
        assert_eq!(page.script(KEPT, vec![]).await?, kept);
        ensure!(!kept.to_string().contains(PASSPHRASE), "the passphrase is stored");
        node.stop()?;
        Ok(())
    })
    .await
}

const KEPT: &str = "return localStorage.getItem('ironchain.keystore')";
