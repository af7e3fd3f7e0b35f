//! A wallet made and a payment sent without a mouse.

use anyhow::{Context as _, Result, bail, ensure};
use e2e::browser::with_browser;
use e2e::node::Node;
use e2e::page::{Page, keys};
use e2e::pair::{Pair, name, open};
use e2e::wallet::{NOT_MINING, PASSPHRASE, address};
use serde_json::json;

/// More elements than any page has.
const FAR: usize = 80;

#[tokio::test]
async fn everything_from_new_words_to_a_payment_works_by_keyboard() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let data = folder.path();
        let node = Node::start(data, 0, &[&NOT_MINING[..], &["--miner", &address(1)?]].concat())?;
        let port = node.port()?;
        let page = browser.open("keyboard", &node.url).await?;
        page.text("welcome-create").await?;
        let own = create(&page).await?;
        // The new wallet earns some coins.
        node.stop()?;
        let node = Node::start(data, port, &["--chain", "dev", "--miner", &own])?;
        page.attribute_when("balance", "data-value", "some coins", |value| {
            value.parse().is_ok_and(|coins: u64| coins >= 20)
        })
        .await?;
        pay(&page).await?;
        lock(&page).await?;
        node.stop()?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn other_nodes_are_added_banned_and_looked_at_by_keyboard() -> Result<()> {
    with_browser(async |browser| {
        let pair = Pair::start().await?;
        let page = open(browser, "keyboard-network", &pair.node).await?;
        press(&page, "add-node", &name(&pair.other)?).await?;
        press(&page, "add-submit", keys::SPACE).await?;
        page.text("peer").await?;
        press(&page, "ban-address", "203.0.113.7").await?;
        press(&page, "ban-reason", "too loud").await?;
        page.press(keys::ENTER).await?;
        page.text_when("ban-reason-shown", "the reason", |text| text == "too loud").await?;
        press(&page, "unban", keys::SPACE).await?;
        page.text("bans-empty").await?;
        press(&page, "tab-branches", keys::ENTER).await?;
        page.text("branch").await?;
        pair.stop()
    })
    .await
}

async fn create(page: &Page) -> Result<String> {
    press(page, "welcome-create", keys::ENTER).await?;
    page.text_when("word-24", "a word", |word| !word.trim().is_empty()).await?;
    let mut words = Vec::new();
    for position in 1..=24 {
        words.push(page.text(&format!("word-{position}")).await?.trim().to_owned());
    }
    press(page, "words-written", keys::SPACE).await?;
    page.text("create-submit").await?;
    press(page, "passphrase", PASSPHRASE).await?;
    press(page, "passphrase-repeat", PASSPHRASE).await?;
    press(page, "create-submit", keys::ENTER).await?;
    page.text("drill-submit").await?;
    for _ in 0..3 {
        let id = go(page, |id| id.starts_with("drill-input-")).await?;
        let position: usize = id.trim_start_matches("drill-input-").parse()?;
        page.press(words.get(position - 1).context("no such word")?).await?;
    }
    // A form is sent from its last field as well.
    page.press(keys::ENTER).await?;
    page.gone("drill-submit").await?;
    page.text_when("address", "an address", |text| text.starts_with("dev1")).await
}

async fn pay(page: &Page) -> Result<()> {
    press(page, "nav-send", keys::ENTER).await?;
    page.text("send-review").await?;
    press(page, "send-to", &address(2)?).await?;
    press(page, "send-amount", "5").await?;
    press(page, "send-review", keys::SPACE).await?;
    page.text("confirm-submit").await?;
    press(page, "confirm-submit", keys::ENTER).await?;
    // Its line is another from then on.
    page.attribute_when("sent", "data-state", "confirmed", |state| state == "confirmed").await?;
    press(page, "nav-history", keys::ENTER).await?;
    page.text("history-entry").await?;
    // A line is opened by its summary, which has no name of its own.
    page.press(keys::TAB).await?;
    go(page, |id| id == "summary").await?;
    page.press(keys::SPACE).await?;
    page.script_when("open line", "return document.querySelector('details[open]') != null", vec![]).await?;
    Ok(())
}

async fn lock(page: &Page) -> Result<()> {
    press(page, "lock", keys::SPACE).await?;
    page.text("unlock-submit").await?;
    // The page begins in its field.
    ensure!(focused(page).await? == "unlock-passphrase", "the page does not begin in its only field");
    page.press(&format!("{PASSPHRASE}{}", keys::ENTER)).await?;
    page.gone("unlock-submit").await
}

/// Goes to an element with the Tab key and types there.
async fn press(page: &Page, id: &str, typed: &str) -> Result<()> {
    go(page, |here| here == id).await?;
    page.press(typed).await
}

/// Goes on with the Tab key until the cursor is where it is meant to be; at each step one sees where it is.
async fn go(page: &Page, is_there: impl Fn(&str) -> bool) -> Result<String> {
    let mut passed = Vec::new();
    for _ in 0..FAR {
        page.press(keys::TAB).await?;
        let here = focused(page).await?;
        if is_there(&here) {
            return Ok(here);
        }
        passed.push(here);
    }
    bail!("the Tab key leads nowhere but to {passed:?}")
}

/// Returns the name of the element with the cursor, or what kind of element it is.
async fn focused(page: &Page) -> Result<String> {
    const SCRIPT: &str = r"
        const element = document.activeElement;
        const name = element.dataset.testid ?? element.localName;
        if (element == document.body) return [name, true];
        // The choices of a group are hidden behind their labels.
        const shown = element.type == 'radio' ? element.closest('label') : element;
        const { outlineStyle, outlineWidth } = getComputedStyle(shown);
        return [name, outlineStyle != 'none' && parseFloat(outlineWidth) >= 2 && shown.checkVisibility()];";
    let result = page.script(SCRIPT, vec![]).await?;
    let name = result[0].as_str().context("nothing has the cursor")?.to_owned();
    ensure!(result[1] == json!(true), "one does not see that the cursor is at {name}");
    Ok(name)
}
