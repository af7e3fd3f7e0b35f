//! Chromium, driven by chromedriver; each page has a profile of its own.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context as _, Result, anyhow, bail};
use fantoccini::{Client, ClientBuilder};
use futures_util::FutureExt as _;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::output::Output;
use crate::page::Page;
use crate::root;

/// How Chromium is started; the tests in WASM read the same file.
const CAPABILITIES: &str = include_str!("../../shared/webdriver.json");

/// Measurements run for long inside the page.
const LONGEST_SCRIPT_MS: u32 = 10 * 60 * 1000;

/// How often Chromium is started before a test gives up: one that does not start says nothing of the page.
const STARTS: usize = 3;

/// A chromedriver with the pages that it has opened.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    address: String,
    pages: Mutex<Vec<Page>>,
}

/// Runs `test` with a browser. If it fails, what every page shows and has logged is kept in `target/e2e/`.
///
/// # Errors
/// When the test fails, by an error or by a panic, or the browser does not start.
pub async fn with_browser(test: impl AsyncFnOnce(&Browser) -> Result<()>) -> Result<()> {
    let browser = Browser::start()?;
    let result = AssertUnwindSafe(test(&browser)).catch_unwind().await;
    // The message of a panic has been shown already.
    let result = result.unwrap_or_else(|_| Err(anyhow!("the test panicked")));
    let pages = std::mem::take(&mut *browser.pages.lock().expect(UNPOISONED));
    for page in pages {
        // What the test has found counts, whatever the browser says at its end.
        if result.is_err() {
            drop(keep(&page).await);
        }
        drop(page.close().await);
    }
    result
}

impl Browser {
    fn start() -> Result<Self> {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start chromedriver; `cargo xtask setup` installs it")?;
        let output = Output::follow(driver.stdout.take().context("no standard output")?);
        let port = output.wait("port", |text| {
            let (port, _) = text.split_once("started successfully on port ")?.1.split_once('.')?;
            Some(port.to_owned())
        });
        let mut browser = Self { driver, address: String::new(), pages: Mutex::default() };
        browser.address = format!("http://127.0.0.1:{}/", port?);
        Ok(browser)
    }

    /// Opens `url` in an empty profile. `name` is for the files that a failure leaves behind.
    ///
    /// # Errors
    /// When the browser does not start or the page does not load.
    #[allow(
        clippy::print_stdout,
        reason = "whoever runs the tests should know that it took more than one start"
    )]
    pub async fn open(&self, name: &str, url: &str) -> Result<Page> {
        let mut started = self.start_chromium().await;
        for _ in 1..STARTS {
            let Err(error) = &started else { break };
            println!("Chromium did not start, and is started again: {error:#}");
            started = self.start_chromium().await;
        }
        let (client, profile) = started?;
        let page = Page::new(name, client, profile);
        self.pages.lock().expect(UNPOISONED).push(page.clone());
        page.goto(url).await?;
        Ok(page)
    }

    async fn start_chromium(&self) -> Result<(Client, TempDir)> {
        let profile = tempfile::Builder::new().prefix("ironchain-profile").tempdir()?;
        let mut capabilities: serde_json::Map<String, Value> = serde_json::from_str(CAPABILITIES)?;
        let options = capabilities.get_mut("goog:chromeOptions").context("no options of Chromium")?;
        let Some(Value::Array(arguments)) = options.get_mut("args") else {
            bail!("no arguments of Chromium")
        };
        arguments.push(json!(format!("--user-data-dir={}", profile.path().display())));
        arguments.push(json!("--window-size=1280,1000"));
        // Names for pages that are not this computer's own.
        arguments.push(json!("--host-resolver-rules=MAP *.test 127.0.0.1"));
        // The page speaks its reader's language, and the tests read English.
        arguments.push(json!("--accept-lang=en-GB"));
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL", "performance": "ALL" }));
        capabilities.insert("timeouts".into(), json!({ "script": LONGEST_SCRIPT_MS }));
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&self.address).await?;
        Ok((client, profile))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Both fail when it has ended already, and then there is nothing to do.
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

const UNPOISONED: &str = "the lock is sound because nobody panics while holding it";

async fn keep(page: &Page) -> Result<()> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let folder = target.join("e2e");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{}.png", page.name())), page.screenshot().await?)?;
    std::fs::write(folder.join(format!("{}.html", page.name())), page.source().await?)?;
    std::fs::write(folder.join(format!("{}.log", page.name())), page.console().await?.join("\n"))?;
    Ok(())
}
