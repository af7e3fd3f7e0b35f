//! Where something is missing, the page says what, and how to get it.

use anyhow::Result;
use e2e::browser::with_browser;
use e2e::copy::Copy;
use e2e::page::Page;

/// Waits until the page says all of this.
async fn expect(page: &Page, parts: &[&str]) -> Result<()> {
    let says_all = |text: &str| parts.iter().all(|part| text.contains(part));
    page.text_when("boot", &format!("a text with {parts:?}"), says_all).await?;
    Ok(())
}

#[tokio::test]
async fn the_program_is_missing() -> Result<()> {
    with_browser(async |browser| {
        let copy = Copy::without_program()?;
        let file = browser.open("bare-file", &copy.file_url("index.html", "")?).await?;
        expect(&file, &["cargo xtask page", "rustup", "http://127.0.0.1:1111/", "請在原始碼的資料夾裡執行"])
            .await?;
        let server = copy.serve()?;
        let page = browser.open("bare-server", &server.url).await?;
        expect(&page, &["wasm-pack build web --target web", "cargo xtask page", "程式應放在這個頁面旁的"])
            .await?;

        // Something that is no program of this page.
        std::fs::create_dir(copy.path("pkg"))?;
        std::fs::write(copy.path("pkg/web.js"), "export default () => { throw new Error('not this one') };")?;
        std::fs::write(copy.path("pkg/web_bg.wasm"), "")?;
        page.reload().await?;
        expect(&page, &["could not start", "not this one", "錢包無法啟動"]).await
    })
    .await
}
