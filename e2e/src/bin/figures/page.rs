//! The page in Chromium.

use std::path::Path;

use anyhow::{Context as _, Result};
use e2e::browser::Browser;
use e2e::node::Node;
use e2e::page::Page;
use serde_json::json;

use crate::RUNS;
use crate::node::IDLE;
use crate::table::Table;

const PASSPHRASE: &str = "only for measuring";

/// Notes when an element of interest is there for the first time, in ms since the document's navigation began, and
/// when a button was last pressed.
const STOPWATCH: &str = r#"
    window.firstSeen = {};
    const look = () => {
        for (const id of ["welcome-import", "unlock-submit", "balance"]) {
            const element = document.querySelector(`[data-testid="${id}"]`);
            if (element?.textContent.trim()) window.firstSeen[id] ??= performance.now();
        }
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
    addEventListener("click", (event) => {
        if (event.target.closest("[type=submit]")) window.pressed = performance.now();
    }, true);"#;

/// Makes keys from new words in a worker of the page's own program, one after another, and notes how long the key took
/// and how long its encryption: the worker reports the beginning and the end of both.
const MAKE_KEYS: &str = r#"
    const [runs, passphrase, done] = arguments;
    const worker = new Worker("worker.js");
    const times = { making_key: [], encrypting: [] };
    let lastId = 0, begun, answer;
    const ask = (command) => new Promise((resolve) => {
        answer = resolve;
        worker.postMessage(JSON.stringify({ id: ++lastId, command }));
    });
    worker.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.from == "reply" && message.id == lastId) return answer(message.result.Ok);
        const { event, task, percent } = message;
        if (event != "progress") return;
        if (percent == 0) begun = performance.now();
        if (percent == 100) times[task].push(performance.now() - begun);
    };
    (async () => {
        for (let run = 0; run < runs; run += 1) {
            const { words } = await ask({ do: "new_words", count: 24 });
            await ask({ do: "create", words: words.join(" "), bip39_passphrase: "", passphrase });
            await ask({ do: "forget" });
        }
        worker.terminate();
        done(times);
    })();"#;

/// Measures key generation, and how long it takes from the page's address to a balance.
pub(crate) async fn measure(table: &mut Table, browser: &Browser, data_dir: &Path) -> Result<()> {
    let node = Node::start(data_dir, 0, &IDLE)?;
    let page = browser.open("figures", &node.url).await?;
    page.text("welcome-import").await?;
    let times = page.script_async(MAKE_KEYS, vec![json!(RUNS), json!(PASSPHRASE)]).await?;
    table.spread(
        "in the page: key from 24 words",
        serde_json::from_value(times["making_key"].clone())?,
        "ms",
    );
    table.spread(
        "in the page: encrypting it (Argon2id, 64 MiB)",
        serde_json::from_value(times["encrypting"].clone())?,
        "ms",
    );
    page.run_first(STOPWATCH).await?;
    loads(table, &page, &node, "welcome-import", "no wallet yet: its choices").await?;
    make_wallet(&page).await?;
    loads(table, &page, &node, "unlock-submit", "a stored wallet: the passphrase field").await?;
    unlocks(table, &page, &node).await?;
    node.stop()?;
    Ok(())
}

async fn make_wallet(page: &Page) -> Result<()> {
    page.click("welcome-create").await?;
    page.text("word-24").await?;
    page.click("words-written").await?;
    page.fill("passphrase", PASSPHRASE).await?;
    page.fill("passphrase-repeat", PASSPHRASE).await?;
    page.click("create-submit").await?;
    page.click("drill-later").await?;
    page.text("balance").await?;
    Ok(())
}

/// Loads the page again and again, with the browser's cache as a user has it.
async fn loads(table: &mut Table, page: &Page, node: &Node, id: &str, what: &str) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        load(page, node).await?;
        times.push(first_seen(page, id).await?);
    }
    table.spread(&format!("page load, warm cache, {what}"), times, "ms");
    Ok(())
}

/// From the press of "Unlock" to the balance, and together with the load: all but the typing.
async fn unlocks(table: &mut Table, page: &Page, node: &Node) -> Result<()> {
    let (mut unlocks, mut sums) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        load(page, node).await?;
        let loaded = first_seen(page, "unlock-submit").await?;
        page.fill("unlock-passphrase", PASSPHRASE).await?;
        page.click("unlock-submit").await?;
        let shown = first_seen(page, "balance").await?;
        let pressed =
            page.script("return window.pressed", vec![]).await?.as_f64().context("nothing was pressed")?;
        unlocks.push(shown - pressed);
        sums.push(loaded + shown - pressed);
    }
    table.spread("unlock: pressing the button to the balance", unlocks, "ms");
    table.spread("page load to balance, the typing left out", sums, "ms");
    Ok(())
}

async fn load(page: &Page, node: &Node) -> Result<()> {
    page.goto("about:blank").await?;
    page.goto(&node.url).await
}

async fn first_seen(page: &Page, id: &str) -> Result<f64> {
    let seen = page.script_when(id, "return window.firstSeen[arguments[0]]", vec![json!(id)]).await?;
    seen.as_f64().with_context(|| format!("{id} was never seen"))
}
