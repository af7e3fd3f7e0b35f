//! What axe-core finds wrong for people who see little, hear the page, or use other tools than a mouse.

use anyhow::{Context as _, Result};
use e2e::browser::with_browser;
use e2e::node::Node;
use e2e::page::Page;
use e2e::pair::{self, Pair};
use e2e::wallet::{address, choose_passphrase, import, mined, review, unlock};
use serde_json::{Value, json};

/// `cargo xtask setup` installs it as `e2e/npm/package-lock.json` says.
const PROGRAM: &str = "e2e/npm/node_modules/axe-core/axe.min.js";
const WALLET: u8 = 1;

#[tokio::test]
async fn no_page_shuts_anybody_out() -> Result<()> {
    let program = std::fs::read_to_string(e2e::root().join(PROGRAM))
        .context("axe-core is not installed; run `cargo xtask setup`")?;
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = mined(folder.path(), &address(WALLET)?, 3)?;
        let page = browser.open("axe", &node.url).await?;
        page.text("welcome-create").await?;
        page.script(&program, vec![]).await?;
        let mut found = Vec::new();
        first_visit(&page, &mut found).await?;
        page.click("welcome-import").await?;
        every_import(&page, &mut found).await?;
        page.click("cancel").await?;
        import(&page, WALLET).await?;
        open_wallet(&page, &mut found).await?;
        away(&page, node, &mut found).await?;
        let pair = Pair::start().await?;
        let page = pair::open(browser, "axe-network", &pair.node).await?;
        page.script(&program, vec![]).await?;
        network(&page, &pair, &mut found).await?;
        pair.stop()?;
        assert!(found.is_empty(), "axe-core finds:\n{}", found.join("\n"));
        Ok(())
    })
    .await
}

/// Looks at the page as it is now, in both schemes, and keeps what axe finds.
async fn look(page: &Page, place: &str, found: &mut Vec<String>) -> Result<()> {
    const RUN: &str = r"
        const [done] = arguments;
        const settled = Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
        settled.then(() => axe.run(document, { resultTypes: ['violations'] })).then(({ violations }) =>
            done(violations.flatMap(({ id, impact, nodes }) =>
                nodes.map(({ target, failureSummary }) => `${impact} ${id}: ${target}: ${failureSummary}`))));";
    for scheme in ["light", "dark"] {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        page.chrome("Emulation.setEmulatedMedia", json!({ "features": [feature] })).await?;
        let violations = page.script_async(RUN, vec![]).await?;
        let violations = violations.as_array().context("axe-core did not run")?;
        let said = violations.iter().filter_map(Value::as_str);
        found.extend(said.map(|violation| format!("{place}, {scheme}: {violation}")));
    }
    Ok(())
}

async fn first_visit(page: &Page, found: &mut Vec<String>) -> Result<()> {
    look(page, "welcome", found).await?;
    page.click("welcome-create").await?;
    page.text_when("word-24", "a word", |word| !word.trim().is_empty()).await?;
    look(page, "words", found).await?;
    page.click("words-written").await?;
    page.fill("passphrase", "short").await?;
    page.click("create-submit").await?;
    page.text_when("passphrase-repeat-note", "an error", |note| note.contains("differ")).await?;
    look(page, "passphrase", found).await?;
    choose_passphrase(page).await?;
    page.click("create-submit").await?;
    page.text("drill-submit").await?;
    look(page, "drill", found).await?;
    page.click("drill-later").await?;
    page.text("history-empty").await?;
    look(page, "empty overview", found).await?;
    page.click("nav-settings").await?;
    page.fill("forget-word", "forget").await?;
    look(page, "settings", found).await?;
    page.click("forget-submit").await?;
    page.text("welcome-import").await?;
    Ok(())
}

async fn every_import(page: &Page, found: &mut Vec<String>) -> Result<()> {
    page.paste("import-words", "ability zebraa").await?;
    page.text("suggestion").await?;
    look(page, "import of words", found).await?;
    for (tab, field) in [("import-tab-file", "import-file"), ("import-tab-key", "import-key")] {
        let choose = "document.querySelector(`[data-testid=${arguments[0]}]`).click()";
        page.script(choose, vec![json!(tab)]).await?;
        page.text(field).await?;
        look(page, field, found).await?;
    }
    Ok(())
}

async fn open_wallet(page: &Page, found: &mut Vec<String>) -> Result<()> {
    page.text("history-entry").await?;
    look(page, "overview", found).await?;
    page.click("nav-receive").await?;
    page.click("tutorial-address-show").await?;
    look(page, "receive", found).await?;
    page.click("nav-send").await?;
    page.fill("send-to", "nonsense").await?;
    page.fill("send-amount", "1.5").await?;
    page.click("send-review").await?;
    look(page, "mistakes", found).await?;
    review(page, &address(2)?, 3, 12, "for \u{202e} bread").await?;
    look(page, "confirmation with warnings", found).await?;
    review(page, &address(2)?, 3, 1, "").await?;
    page.click("confirm-submit").await?;
    page.text("sent").await?;
    look(page, "sent", found).await?;
    page.click("nav-history").await?;
    page.text("history-entry").await?;
    page.script("document.querySelectorAll('details').forEach((entry) => entry.open = true)", vec![]).await?;
    look(page, "history", found).await?;
    page.click("lock").await?;
    page.fill("unlock-passphrase", "wrong").await?;
    page.click("unlock-submit").await?;
    page.text("error").await?;
    page.click("unlock-forgot").await?;
    look(page, "unlock", found).await?;
    unlock(page).await?;
    page.click("nav-network").await?;
    page.text("network-closed").await?;
    look(page, "network without the token", found).await
}

async fn network(page: &Page, pair: &Pair, found: &mut Vec<String>) -> Result<()> {
    look(page, "no other node", found).await?;
    page.click("tab-branches").await?;
    page.attribute_when("forks-lead", "data-count", "none", |count| count == "0").await?;
    look(page, "no branch", found).await?;
    page.click("tab-nodes").await?;
    pair.join(page).await?;
    page.fill("ban-address", "203.0.113.7").await?;
    page.click("ban-submit").await?;
    page.text("ban").await?;
    page.fill("ban-address", "nonsense").await?;
    page.click("ban-submit").await?;
    look(page, "other nodes", found).await?;
    page.click("tab-branches").await?;
    page.text("branch").await?;
    look(page, "branches", found).await
}

async fn away(page: &Page, node: Node, found: &mut Vec<String>) -> Result<()> {
    node.stop()?;
    page.text_when("connection-banner", "about the node", |text| text.contains("does not answer")).await?;
    look(page, "no node", found).await
}
