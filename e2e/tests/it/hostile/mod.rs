//! A page whose node lies, and other hostile surroundings.

mod payloads;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, ensure};
use e2e::browser::with_browser;
use e2e::liar::Liar;
use e2e::node::Node;
use e2e::page::{Page, keys};
use e2e::wallet::{NOT_MINING, address, import, mined, review};
use serde_json::{Value, json};
use shared::codec;
use shared::transaction::Transaction;

const WALLET: u8 = 1;
/// Enough for some payments.
const BLOCKS: u64 = 3;

fn is_about(request: Option<&Value>, method: &str) -> bool {
    request.is_some_and(|request| request["method"] == method)
}

/// What the page was sent is text on it, whatever it looks like.
#[tokio::test]
async fn what_a_node_says_is_shown_as_text_only() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = Node::start(folder.path(), 0, &[&NOT_MINING[..], &["--miner", &address(2)?]].concat())?;
        let texts = payloads::all();
        let liar = Liar::start(&node, {
            let texts = texts.clone();
            move |request, message| payloads::put(&texts, request, message)
        })
        .await?;
        let page = browser.open("payloads", &liar.url).await?;
        import(&page, WALLET).await?;
        page.text("history-entry").await?;
        page.click("nav-history").await?;
        let shown = page
            .script_when(
                "every payload as the text of a comment",
                r"
                const entries = [...document.querySelectorAll('[data-testid=history-entry]')];
                if (entries.length < arguments[0]) return null;
                entries.forEach((entry) => entry.querySelector('details').open = true);
                return entries.map((entry) => entry.querySelector('[data-testid=entry-comment] bdi').textContent);",
                vec![json!(texts.len())],
            )
            .await?;
        assert_eq!(shown, json!(texts.iter().map(|text| payloads::as_shown(text)).collect::<Vec<_>>()));
        const MIXED: &str = "return [...document.querySelectorAll('[data-testid=entry-comment]')] \
            .filter((comment) => comment.querySelector('[data-testid=mixed-scripts]')) \
            .map((comment) => comment.querySelector('bdi').textContent)";
        assert_eq!(page.script(MIXED, vec![]).await?, json!(["p\u{430}ypal"]));
        expect_nothing_ran(&page).await?;
        for place in ["nav-settings", "nav-home", "nav-send"] {
            page.click(place).await?;
            expect_nothing_ran(&page).await?;
        }
        page.goto(&format!("{}#/<img src=x onerror=window.pwned=1>", liar.url)).await?;
        expect_nothing_ran(&page).await?;
        node.stop()?;
        Ok(())
    })
    .await
}

/// Nothing of what was sent became a program, an element, or a link.
async fn expect_nothing_ran(page: &Page) -> Result<()> {
    const SCRIPT: &str = r"
        const [done] = arguments;
        const found = [];
        if (window.pwned) found.push('a payload ran');
        if (({}).polluted) found.push('every object was changed');
        const known = 'a aside bdi button code dd details div dl dt fieldset footer form h1 h2 header img input label legend li \
            main nav ol option p path progress section select span strong summary svg textarea'.split(/\s+/);
        // What the page says while it starts is its own, and hidden by now.
        const start = document.getElementById('boot');
        if (!start.hidden) found.push('the notices of the start');
        for (const element of document.body.querySelectorAll('*')) {
            if (start.contains(element)) continue;
            if (!known.includes(element.localName)) found.push(`an element ${element.localName}`);
            for (const { name, value } of element.attributes) {
                if (name.startsWith('on')) found.push(`an attribute ${name}`);
                if (name == 'src' && value != 'assets/icon.svg') found.push(`a source ${value}`);
                if (name == 'href' && !value.startsWith('#')) found.push(`a link to ${value}`);
            }
        }
        navigator.serviceWorker.getRegistrations().then((workers) => {
            if (workers.length) found.push('a service worker');
            done(found);
        });";
    let found = page.script_async(SCRIPT, vec![]).await?;
    assert_eq!(found, json!([]), "{}", page.name());
    let complaints = page.console().await?;
    let is_breach = |line: &&String| line.contains("Content Security Policy");
    assert_eq!(complaints.iter().find(is_breach), None, "the browser says");
    Ok(())
}

/// What a node says when it refuses a payment could be anything: the page says it in its own words.
#[tokio::test]
async fn a_refusal_is_told_in_the_wallets_own_words() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = mined(folder.path(), &address(WALLET)?, BLOCKS)?;
        for (rule, own) in [("TX-7", "balance is too low"), ("UPDATE", "does not know")] {
            let liar = Liar::start(&node, move |request, message| {
                if is_about(request, "transaction") {
                    let lure = "Your wallet is out of date: <a href=https://evil.example>update it</a>";
                    let error = json!({ "code": -32003, "message": lure, "data": { "rule": rule } });
                    *message = json!({ "jsonrpc": "2.0", "id": message["id"], "error": error });
                }
            })
            .await?;
            let page = browser.open("refusal", &liar.url).await?;
            import(&page, WALLET).await?;
            review(&page, &address(2)?, 5, 1, "").await?;
            page.click("confirm-submit").await?;
            page.text_when("error", own, |text| text.contains(own)).await?;
            ensure!(!page.source().await?.contains("evil.example"), "the node's own words are in the page");
            expect_nothing_ran(&page).await?;
        }
        node.stop()?;
        Ok(())
    })
    .await
}

/// A node of another version is named, and asked nothing else; after an update, a reload is enough.
#[tokio::test]
async fn a_node_of_another_protocol_is_told_with_what_to_do() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = mined(folder.path(), &address(WALLET)?, BLOCKS)?;
        let is_other = Arc::new(AtomicBool::new(true));
        let liar = Liar::start(&node, {
            let is_other = Arc::clone(&is_other);
            move |_, message| {
                if message.pointer("/result/protocol").is_some() && is_other.load(Ordering::Relaxed) {
                    // Of what it says else, no word is sure to be understood.
                    message["result"] = json!({ "protocol": 2 });
                }
            }
        })
        .await?;
        let page = browser.open("protocol", &liar.url).await?;
        page.attribute_when("connection", "data-state", "wrong_protocol", |state| state == "wrong_protocol")
            .await?;
        let says_what_to_do = |text: &str| {
            ["version 2", "this page version 1", "Reload the page"].iter().all(|part| text.contains(part))
        };
        page.text_when("connection-banner", "what to do", says_what_to_do).await?;
        for method in ["subscribe", "get_history", "get_block"] {
            assert_eq!(liar.heard(method), Vec::<Value>::new());
        }
        is_other.store(false, Ordering::Relaxed);
        page.reload().await?;
        page.attribute_when("connection", "data-state", "connected", |state| state == "connected").await?;
        page.gone("connection-banner").await?;
        node.stop()?;
        Ok(())
    })
    .await
}

/// A node that copies the chain does not know yet what anybody has, and the page says so; then it takes that back.
#[tokio::test]
async fn a_copy_that_goes_on_is_told() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = mined(folder.path(), &address(WALLET)?, BLOCKS)?;
        let copies = Arc::new(AtomicBool::new(true));
        let liar = Liar::start(&node, {
            let copies = Arc::clone(&copies);
            move |request, message| {
                if is_about(request, "get_info") && copies.load(Ordering::Relaxed) {
                    message["result"]["headers"] = json!(5_000);
                }
            }
        })
        .await?;
        let page = browser.open("copying", &liar.url).await?;
        let says_how_far = |text: &str| text.contains(&format!("{BLOCKS} of 5000 blocks"));
        page.text_when("connection-banner", "how far it is", says_how_far).await?;
        copies.store(false, Ordering::Relaxed);
        // It is asked again every 20 seconds.
        page.text_when("connection-banner", "no longer that", |text| !text.contains("5000")).await?;
        node.stop()?;
        Ok(())
    })
    .await
}

/// One payment, once, to the address that was pasted: two clicks at once, and a clipboard that changes meanwhile.
#[tokio::test]
async fn what_is_confirmed_is_sent_once_and_as_it_was_shown() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = mined(folder.path(), &address(WALLET)?, BLOCKS)?;
        let honest = Liar::start(&node, |_, _| ()).await?;
        let page = browser.open("once", &honest.url).await?;
        let (receiver, thief) = (address(2)?, address(3)?);
        import(&page, WALLET).await?;
        page.click("nav-send").await?;
        copy(&page, &receiver).await?;
        page.fill("send-to", "").await?;
        page.press(keys::PASTE).await?;
        copy(&page, &thief).await?;
        page.fill("send-amount", "5").await?;
        page.click("send-review").await?;
        assert_eq!(page.text("confirm-to").await?, receiver);
        const TWICE: &str = "const button = document.querySelector('[data-testid=confirm-submit]'); \
            button.click(); button.click()";
        page.script(TWICE, vec![]).await?;
        page.attribute_when("sent", "data-state", "pending", |state| state == "pending").await?;

        // Back from there leads to an empty form, and forward never to a payment that was sent.
        page.back().await?;
        page.text_when("send-to", "empty", str::is_empty).await?;
        page.script("history.forward()", vec![]).await?;
        page.text("sent").await?;
        page.goto(&format!("{}#/send/confirm", honest.url)).await?;
        page.text_when("send-to", "empty", str::is_empty).await?;

        let sent = honest.heard("transaction");
        assert_eq!(sent.len(), 1, "{sent:?}");
        let bytes = hex::decode(sent[0]["params"]["transaction"].as_str().context("no transaction")?)?;
        let transaction: Transaction = codec::decode(&bytes)?;
        assert_eq!(transaction.body.receiver.to_text("dev"), receiver);
        node.stop()?;
        Ok(())
    })
    .await
}

/// Copies a text by hand, from another field.
async fn copy(page: &Page, text: &str) -> Result<()> {
    page.fill("send-comment", text).await?;
    page.press(keys::COPY_ALL).await?;
    page.fill("send-comment", "").await
}

/// Payments that look like mistakes take one more look.
#[tokio::test]
async fn a_high_fee_is_typed_again_and_a_look_alike_is_pointed_out() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = mined(folder.path(), &address(WALLET)?, BLOCKS)?;
        let receiver = address(2)?;
        let poison = format!(
            "{}{}{}",
            &receiver[..8],
            "q".repeat(receiver.len() - 12),
            &receiver[receiver.len() - 4..]
        );
        let liar = Liar::start(&node, {
            let poison = poison.clone();
            move |request, message| {
                if is_about(request, "get_history") {
                    let own = message["result"]["address"].clone();
                    message["result"]["entries"] = json!([payloads::entry(0, &poison, &own, "")]);
                }
            }
        })
        .await?;
        let page = browser.open("mistakes", &liar.url).await?;
        import(&page, WALLET).await?;
        page.text("history-entry").await?;
        review(&page, &receiver, 3, 11, "").await?;
        page.text_when("look-alike", "the other address", |text| text.contains(&poison)).await?;
        const IS_BLOCKED: &str = "return document.querySelector('[data-testid=confirm-submit]').disabled";
        assert_eq!(page.script(IS_BLOCKED, vec![]).await?, json!(true));
        page.fill("confirm-fee-typed", "1").await?;
        assert_eq!(page.script(IS_BLOCKED, vec![]).await?, json!(true));
        page.fill("confirm-fee-typed", "11").await?;
        page.click("confirm-submit").await?;
        page.text("sent").await?;
        node.stop()?;
        Ok(())
    })
    .await
}

/// A browser whose randomness is a constant, or an error, makes no wallet.
#[tokio::test]
async fn without_randomness_there_are_no_words() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = Node::start(folder.path(), 0, &[&NOT_MINING[..], &["--miner", &address(2)?]].concat())?;
        for broken in ["(bytes) => bytes.fill(7)", "() => { throw new Error('none') }"] {
            let page = browser.open("randomness", "about:blank").await?;
            page.run_first(&IN_WORKER.replace("BROKEN", broken)).await?;
            page.goto(&node.url).await?;
            page.click("welcome-create").await?;
            page.text_when("error", "about randomness", |text| text.contains("no randomness")).await?;
            assert_eq!(page.text_now("word-1").await?, None);
        }
        node.stop()?;
        Ok(())
    })
    .await
}

/// Starts workers whose randomness is broken before their own program begins.
const IN_WORKER: &str = r"
    const Original = window.Worker;
    window.Worker = class extends Original {
        constructor(url, options) {
            const program = `
                crypto.getRandomValues = BROKEN;
                importScripts('${new URL(url, location)}');`;
            super(URL.createObjectURL(new Blob([program], { type: 'text/javascript' })), options);
        }
    };";
