//! With the program, everything works as with a node's own page.

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use e2e::browser::with_browser;
use e2e::copy::Copy;
use e2e::node::Node;
use e2e::page::Page;
use e2e::wallet::{NOT_MINING, PASSPHRASE, address, import, unlock};

use super::expect_connected;
use crate::story::{DEV, NewWallet, payment, secrets, wallet};

#[tokio::test]
async fn by_double_click() -> Result<()> {
    with_browser(async |browser| {
        let (folder, copy) = (tempfile::tempdir()?, Copy::with_program()?);
        let node = Node::start_on_terminal(folder.path(), 0, &DEV)?;
        let miner = NewWallet::read(&node)?;
        let port = node.port()?;

        let page = browser.open("file", &copy.file_url("index.html", "")?).await?;
        page.text_when("node", "about the usual node", |text| text.contains("127.0.0.1:1111")).await?;
        // Another can be chosen before there is a wallet.
        page.click("node").await?;
        page.text("node-source").await?;
        page.click("node-back").await?;
        page.text("welcome-create").await?;
        page.goto(&copy.file_url("index.html", &format!("#/?node=ws://127.0.0.1:{port}"))?).await?;
        page.text_when("link-banner", "a warning", |text| text.contains(&format!("127.0.0.1:{port}")))
            .await?;
        expect_connected(&page, port).await?;
        let href = page.script("return location.href", vec![]).await?;
        ensure!(href.as_str().is_some_and(|url| url.ends_with("index.html#/")), "the link stays: {href}");

        // Vault, live updates, a payment.
        wallet::import(&page, &miner).await?;
        wallet::watch_grow(&page, 60).await?;
        let receiver = address(8)?;
        page.click("nav-send").await?;
        payment::send(&page, &miner.address, &receiver).await?;
        page.attribute_when("sent", "data-state", "confirmed", |state| state == "confirmed").await?;

        // The link holds for this tab, and what is chosen for every visit.
        page.reload().await?;
        unlock(&page).await?;
        page.text("link-banner").await?;
        page.click("nav-settings").await?;
        page.text_when("backup-origin", "about files", |text| text.contains("opened as files")).await?;
        page.click("node-connect").await?;
        unlock(&page).await?;
        page.gone("link-banner").await?;
        expect_connected(&page, port).await?;

        another_file_reads_nothing_secret(&page, &copy, &miner.words).await?;
        for line in page.console().await? {
            ensure!(
                !line.starts_with("SEVERE") || line.contains("127.0.0.1:1111"),
                "the browser says: {line}"
            );
        }
        Ok(())
    })
    .await
}

/// All files share one storage.
async fn another_file_reads_nothing_secret(page: &Page, copy: &Copy, words: &[String]) -> Result<()> {
    std::fs::write(copy.path("other.html"), "<!doctype html><title>other</title>")?;
    page.goto(&copy.file_url("other.html", "")?).await?;
    secrets::not_in_browser(page, words, PASSPHRASE).await
}

/// What wasm-pack builds anew is not what a double click runs.
#[tokio::test]
async fn a_file_with_another_program_than_its_nodes_says_so() -> Result<()> {
    with_browser(async |browser| {
        let (folder, copy) = (tempfile::tempdir()?, Copy::with_program()?);
        let node = Node::start(folder.path(), 0, &NOT_MINING)?;
        let url = copy.file_url("index.html", &format!("#/?node=127.0.0.1:{}", node.port()?))?;
        let settings = async |name| {
            let page = browser.open(name, &url).await?;
            import(&page, 9).await?;
            page.click("nav-settings").await?;
            anyhow::Ok(page)
        };
        let page = settings("same-file").await?;
        page.text_when("node-program-hash", "the same", |text| text == "the same").await?;
        assert_eq!(page.text_now("old-page").await?, None);

        // A section that does nothing.
        let script = std::fs::read_to_string(copy.path("pkg/file.js"))?;
        let (before, rest) = script.split_once("atob(\"").context("no program")?;
        let (program, after) = rest.split_once('"').context("no end of the program")?;
        let other = [&BASE64_STANDARD.decode(program)?, &b"\0\x02\x01x"[..]].concat();
        let script = format!("{before}atob(\"{}\"{after}", BASE64_STANDARD.encode(other));
        std::fs::write(copy.path("pkg/file.js"), script)?;
        let page = settings("other-file").await?;
        page.text_when("old-page", "what to do", |text| text.contains("cargo xtask page")).await?;
        node.stop()?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn from_a_server_of_files() -> Result<()> {
    with_browser(async |browser| {
        let (folder, copy) = (tempfile::tempdir()?, Copy::with_program()?);
        // What wasm-pack does not make.
        std::fs::remove_file(copy.path("pkg/file.js"))?;
        let server = copy.serve()?;
        let node = Node::start_on_terminal(folder.path(), 0, &DEV)?;
        let miner = NewWallet::read(&node)?;
        let port = node.port()?;

        let page = browser.open("server", &format!("{}#/settings?node=127.0.0.1:{port}", server.url)).await?;
        expect_connected(&page, port).await?;
        page.click("node-back").await?;
        wallet::import(&page, &miner).await?;
        wallet::watch_grow(&page, 20).await?;
        one_program(&page, &copy).await?;
        choose(&page, port).await?;
        frames_are_refused(&page, &copy, &server.url).await
    })
    .await
}

/// Page and node show the same hash, which is that of the file.
async fn one_program(page: &Page, copy: &Copy) -> Result<()> {
    let program = std::fs::read(copy.path("pkg/web_bg.wasm"))?;
    let hash = shared::hash::sha256(&program).map(|byte| format!("{byte:02x}")).concat();
    page.click("nav-settings").await?;
    page.text_when("program-hash", &hash, |text| text == hash).await?;
    page.text_when("node-program-hash", "the same", |text| text == "the same").await?;
    Ok(())
}

/// Another node can be chosen and forgotten; what is no address is refused.
async fn choose(page: &Page, port: u16) -> Result<()> {
    for (text, reason) in [("ws://user@host:1", "Give host and port"), ("127.0.0.1:0", "from 1 to 65535")] {
        page.fill("node-address", text).await?;
        page.click("node-connect").await?;
        page.text_when("node-address-note", reason, |note| note.contains(reason)).await?;
    }
    page.fill("node-address", "localhost:9").await?;
    page.click("node-connect").await?;
    let names_node_and_command = |text: &str| {
        text.contains("No node answers at localhost:9") && text.contains("cargo run --release -- 9")
    };
    page.text_when("connection-banner", "what to do", names_node_and_command).await?;
    unlock(page).await?;
    page.click("nav-settings").await?;
    page.click("node-forget").await?;
    page.text_when("node", "the usual one", |text| text.contains("127.0.0.1:1111")).await?;
    unlock(page).await?;
    page.click("nav-settings").await?;
    page.fill("node-address", &format!("http://127.0.0.1:{port}/#token=abc")).await?;
    page.click("node-connect").await?;
    expect_connected(page, port).await
}

/// A page around the wallet could lay itself over its buttons. No header forbids it here, but the wallet does.
async fn frames_are_refused(page: &Page, copy: &Copy, url: &str) -> Result<()> {
    const SCRIPT: &str = r"
        const text = document.querySelector('iframe').contentDocument?.body?.innerText;
        return text?.includes('does not run inside another page');";
    std::fs::write(copy.path("frame.html"), "<!doctype html><iframe src=\"index.html\"></iframe>")?;
    page.goto(&format!("{url}frame.html")).await?;
    page.script_when("refusal", SCRIPT, vec![]).await.map(drop)
}

/// The page that a node has served talks to that node alone, and steers it when it was opened by the node's link.
#[tokio::test]
async fn the_page_of_a_node_steers_it() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        let node = Node::start_on_terminal(folder.path(), 0, &["--chain", "dev", "--threads", "1"])?;
        let link = format!("{}#/?node=127.0.0.1:9&token={}", node.url, node.token);
        let page = browser.open("own", &link).await?;
        page.attribute_when("connection", "data-state", "connected", |state| state == "connected").await?;
        page.text("link-ignored-banner").await?;
        ensure!(page.text_now("node").await?.is_none(), "the node's own page names another");
        let kept = page.script("return location.hash + sessionStorage['ironchain.token']", vec![]).await?;
        assert_eq!(
            kept,
            format!("#/{}", node.token),
            "the token leaves the address bar, and stays for the tab"
        );

        import(&page, 8).await?;
        page.click("nav-settings").await?;
        page.attribute_when("mining", "data-threads", "1", |threads| threads == "1").await?;
        page.text_when("payout", "the miner's address", |text| text.starts_with("dev1")).await?;
        page.click("mining-switch").await?;
        page.attribute_when("mining", "data-threads", "0", |threads| threads == "0").await?;
        page.click("payout-take").await?;
        page.text_when("payout", "this wallet", |text| text == "this wallet").await?;
        page.gone("payout-take").await?;
        // Without coins, the overview offers to earn some.
        page.click("nav-home").await?;
        page.click("mine-here").await?;
        wallet::watch_grow(&page, 10).await?;

        // A token of another start is refused, and forgotten.
        page.goto("about:blank").await?;
        page.goto(&format!("{}#token=0123456789abcdef", node.url)).await?;
        unlock(&page).await?;
        page.click("nav-settings").await?;
        page.text_when("control-hint", "about the token", |text| text.contains("did not take the token"))
            .await?;
        let kept = page.script("return sessionStorage['ironchain.token'] ?? 'nothing'", vec![]).await?;
        assert_eq!(kept, "nothing");
        Ok(())
    })
    .await
}

/// So that the same source gives the same bytes anywhere.
#[test]
fn the_program_does_not_tell_where_it_was_built() -> Result<()> {
    let program = std::fs::read(Copy::with_program()?.path("pkg/web_bg.wasm"))?;
    let holds = |text: &str| program.windows(text.len()).any(|window| window == text.as_bytes());
    ensure!(holds("/cargo/registry/"), "the program names no source at all, so that this shows nothing");
    let root = e2e::root().canonicalize()?;
    let home = std::env::home_dir();
    for place in [Some(root), home].into_iter().flatten().filter(|place| place.parent().is_some()) {
        ensure!(!holds(&format!("{}/", place.display())), "{} is in the program", place.display());
    }
    Ok(())
}
