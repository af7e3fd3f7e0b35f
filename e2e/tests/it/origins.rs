//! The page and the node under names that are not this computer's own. The tests' browser finds every name that ends
//! in `.test` here.

use anyhow::{Result, ensure};
use e2e::browser::with_browser;
use e2e::copy::Copy;
use e2e::node::Node;
use e2e::wallet::{NOT_MINING, address, import, mined, review};
use serde_json::json;

const WALLET: u8 = 1;

/// Over plain HTTP from another name a browser withholds much from a page, its own cryptography first of all.
#[tokio::test]
async fn the_wallet_works_where_the_browser_trusts_no_page() -> Result<()> {
    with_browser(async |browser| {
        let folder = tempfile::tempdir()?;
        mined(folder.path(), &address(WALLET)?, 2)?.stop()?;
        let node =
            Node::start(folder.path(), 0, &[&NOT_MINING[..], &["--allow-host", "wallet.test"]].concat())?;

        let page = browser.open("insecure", &format!("http://wallet.test:{}/", node.port()?)).await?;
        let trusted = page.script("return [isSecureContext, typeof crypto.subtle]", vec![]).await?;
        assert_eq!(trusted, json!([false, "undefined"]), "this test needs a page that is not trusted");
        import(&page, WALLET).await?;
        review(&page, &address(2)?, 5, 1, "").await?;
        page.click("confirm-submit").await?;
        page.attribute_when("sent", "data-state", "pending", |state| state == "pending").await?;
        node.stop()?;
        Ok(())
    })
    .await
}

/// Neither does a page from elsewhere get a session, nor does a name that somebody else owns lead to the node's page.
#[tokio::test]
async fn strangers_get_nothing() -> Result<()> {
    with_browser(async |browser| {
        let (folder, copy) = (tempfile::tempdir()?, Copy::without_program()?);
        let node = Node::start(folder.path(), 0, &NOT_MINING)?;
        let (port, server) = (node.port()?, copy.serve()?);

        let page = browser.open("stranger", &server.url.replace("127.0.0.1", "stranger.test")).await?;
        // A session that was refused before it opened ends with code 1006 and was never open.
        let talk = r"
            const [url, done] = arguments;
            const socket = new WebSocket(url);
            let opened = false;
            socket.onopen = () => { opened = true; socket.close(); };
            socket.onclose = (event) => done([opened, event.code]);";
        let url = format!("ws://127.0.0.1:{port}/ws");
        let answer = page.script_async(talk, vec![json!(url)]).await?;
        assert_eq!(answer, json!([false, 1006]));

        page.goto(&format!("http://stranger.test:{port}/")).await?;
        let text = page.script("return document.body.textContent", vec![]).await?;
        ensure!(text.to_string().contains("does not answer to that name"), "it says: {text}");
        ensure!(page.text_now("welcome-create").await?.is_none(), "the page is shown to strangers");
        node.stop()?;
        Ok(())
    })
    .await
}
