//! Where secrets must not be, and what the browser must not complain about.

use std::path::Path;

use anyhow::{Result, ensure};
use e2e::page::Page;

/// Returns whether `bytes` hold so many of the words that it cannot be by chance. Short words are found anywhere, and
/// a few long ones name things.
pub(crate) fn holds_words(bytes: &[u8], words: &[String]) -> bool {
    let long = words.iter().filter(|word| word.len() >= 5).collect::<Vec<_>>();
    let holds = |word: &&&String| {
        bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    };
    long.iter().filter(holds).count() * 2 > long.len()
}

/// Neither words nor passphrase are in anything that the browser keeps.
pub(crate) async fn not_in_browser(page: &Page, words: &[String], passphrase: &str) -> Result<()> {
    const SCRIPT: &str = "return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])";
    let stored = page.script(SCRIPT, vec![]).await?;
    let stored = stored.as_str().unwrap_or_default();
    ensure!(stored.contains("xchacha20poly1305"), "{}: no encrypted keystore in {stored}", page.name());
    ensure!(!stored.contains(passphrase), "{}: the passphrase is stored: {stored}", page.name());
    ensure!(!holds_words(stored.as_bytes(), words), "{}: the words are stored: {stored}", page.name());
    ensure!(
        !holds_words(page.source().await?.as_bytes(), words),
        "{}: the words are in the page",
        page.name()
    );
    Ok(())
}

/// The words are in no file of the node.
pub(crate) fn not_in_folder(folder: &Path, words: &[String]) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            not_in_folder(&path, words)?;
        } else {
            ensure!(!holds_words(&std::fs::read(&path)?, words), "the words are in {}", path.display());
        }
    }
    Ok(())
}

/// The page asked nobody but its node, and the browser complained of nothing but the node's absence.
pub(crate) async fn nothing_suspicious_logged(page: &Page, url: &str) -> Result<()> {
    for line in page.console().await? {
        let is_about_absence =
            line.contains("WebSocket connection to") && line.contains("ERR_CONNECTION_REFUSED");
        ensure!(is_about_absence || !line.starts_with("SEVERE"), "{}: the browser says: {line}", page.name());
        ensure!(!line.contains("Content Security Policy"), "{}: the browser says: {line}", page.name());
    }
    let socket = url.replace("http:", "ws:");
    let requests = page.requests().await?;
    ensure!(
        requests.iter().any(|request| request.ends_with("web_bg.wasm")),
        "no requests are seen: {requests:?}"
    );
    for request in requests {
        let is_own = [url, &socket, "data:"].iter().any(|start| request.starts_with(start));
        ensure!(is_own, "{}: the page asked {request}", page.name());
    }
    Ok(())
}
