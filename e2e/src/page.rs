//! A page in the browser, used as a person uses it: what is on it, typing, and pressing. Whatever is not there yet is
//! waited for.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, Locator};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use crate::LIVENESS;

/// How often a condition is looked at: no slower than a person would notice, and no burden on the page.
const GLANCE: Duration = Duration::from_millis(50);
/// Keys that are no plain characters, as WebDriver names them.
pub mod keys {
    /// To the next element.
    pub const TAB: &str = "\u{e004}";
    /// To the previous element: the shift key, tab, and all keys up.
    pub const SHIFT_TAB: &str = "\u{e008}\u{e004}\u{e000}";
    /// Sends a form, presses a link or a button.
    pub const ENTER: &str = "\u{e007}";
    /// Presses a button, opens what is folded.
    pub const SPACE: &str = " ";
    /// Copies a field's whole text: the control key, "a", "c", and all keys up.
    pub const COPY_ALL: &str = "\u{e009}ac\u{e000}";
    /// Pastes: the control key, "v", and all keys up.
    pub const PASTE: &str = "\u{e009}v\u{e000}";
    /// To the next choice.
    pub const RIGHT: &str = "\u{e014}";
}

/// "Select everything", as keys: the control key, "a", and all keys up.
const SELECT_ALL: &str = "\u{e009}a\u{e000}";
const BACKSPACE: &str = "\u{e003}";

/// A page. Its elements are named by their `data-testid`.
#[derive(Debug, Clone)]
pub struct Page {
    name: String,
    client: Client,
    /// What was read from the browser's logs so far, which forget what was read.
    logs: Arc<Mutex<Logs>>,
    _profile: Arc<TempDir>,
}

#[derive(Debug, Default)]
struct Logs {
    console: Vec<String>,
    requests: Vec<String>,
}

impl Page {
    pub(crate) fn new(name: &str, client: Client, profile: TempDir) -> Self {
        Self { name: name.to_owned(), client, logs: Arc::default(), _profile: Arc::new(profile) }
    }

    /// Returns the name that the test gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Loads an address.
    ///
    /// # Errors
    /// When it does not load.
    pub async fn goto(&self, url: &str) -> Result<()> {
        self.client.goto(url).await.with_context(|| format!("{}: cannot load {url}", self.name))
    }

    /// Loads the page again, as the button does.
    ///
    /// # Errors
    /// When it does not load.
    pub async fn reload(&self) -> Result<()> {
        self.client.refresh().await.with_context(|| format!("{}: cannot reload", self.name))
    }

    /// Goes back, as the button does.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn back(&self) -> Result<()> {
        Ok(self.client.back().await?)
    }

    /// Opens `url` in another tab of the same profile, and turns to it.
    ///
    /// # Errors
    /// When it does not load.
    pub async fn open_tab(&self, url: &str) -> Result<()> {
        let tab = self.client.new_window(true).await?;
        self.client.switch_to_window(tab.handle).await?;
        self.goto(url).await
    }

    /// Turns to the tab with this number, counted from 0 in the order in which they were opened.
    ///
    /// # Errors
    /// When there is none.
    pub async fn turn_to_tab(&self, number: usize) -> Result<()> {
        let tab = self.client.windows().await?.into_iter().nth(number).context("there is no such tab")?;
        Ok(self.client.switch_to_window(tab).await?)
    }

    /// Runs a script and returns what it returns.
    ///
    /// # Errors
    /// When it throws.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.client.execute(script, arguments).await.with_context(|| format!("{}: {script}", self.name))
    }

    /// Runs a script and returns what it passes to the function that is its last argument.
    ///
    /// # Errors
    /// When it throws, or does not end in time.
    pub async fn script_async(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        let result = self.client.execute_async(script, arguments).await;
        result.with_context(|| format!("{}: {script}", self.name))
    }

    /// Runs a script in every document that is loaded from now on, before the document's own.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn run_first(&self, script: &str) -> Result<()> {
        self.chrome("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await?;
        Ok(())
    }

    /// Gives a command of the Chrome DevTools Protocol, and returns what it returns.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn chrome(&self, command: &str, parameters: Value) -> Result<Value> {
        let body = json!({ "cmd": command, "params": parameters });
        let result = self.client.issue_cmd(ChromeCommand { path: "goog/cdp/execute", body }).await;
        result.with_context(|| format!("{}: {command}", self.name))
    }

    /// Presses keys, one after another, wherever the cursor is. What is no plain character is named as in
    /// [`keys`].
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn press(&self, keys: &str) -> Result<()> {
        self.client.active_element().await?.send_keys(keys).await?;
        Ok(())
    }

    /// Waits until `script` returns something else than null, false and undefined, and returns that. `what` says what
    /// is waited for.
    ///
    /// # Errors
    /// When it throws, or time is up.
    pub async fn script_when(&self, what: &str, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.wait(what, async || match self.script(script, arguments.clone()).await? {
            value @ (Value::Null | Value::Bool(false)) => Ok(Err(value.to_string())),
            value => Ok(Ok(value)),
        })
        .await
    }

    /// Waits for an element and returns its text, or its value if something can be typed into it.
    ///
    /// # Errors
    /// When it does not appear.
    pub async fn text(&self, id: &str) -> Result<String> {
        self.text_when(id, "there", |_| true).await
    }

    /// Waits until an element has a text that is right, and returns the text. `what` says what is right.
    ///
    /// # Errors
    /// When time is up.
    pub async fn text_when(&self, id: &str, what: &str, is_right: impl Fn(&str) -> bool) -> Result<String> {
        self.wait(&format!("{id} that is {what}"), async || {
            Ok(match self.text_now(id).await? {
                Some(text) if is_right(&text) => Ok(text),
                text => Err(format!("{text:?}")),
            })
        })
        .await
    }

    /// Waits until an element has an attribute whose value is right, and returns the value. `what` says what is right.
    ///
    /// # Errors
    /// When time is up.
    pub async fn attribute_when(
        &self,
        id: &str,
        name: &str,
        what: &str,
        is_right: impl Fn(&str) -> bool,
    ) -> Result<String> {
        const SCRIPT: &str = "return document.querySelector(arguments[0])?.getAttribute(arguments[1])";
        self.wait(&format!("{id} whose {name} is {what}"), async || {
            let value = self.script(SCRIPT, vec![json!(selector(id)), json!(name)]).await?;
            Ok(value.as_str().filter(|value| is_right(value)).map(str::to_owned).ok_or(value.to_string()))
        })
        .await
    }

    /// Returns an element's text or value; `None` when it is not there or not visible.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn text_now(&self, id: &str) -> Result<Option<String>> {
        const SCRIPT: &str = r"
            const element = document.querySelector(arguments[0]);
            if (!element || !element.checkVisibility()) return null;
            return element.matches('input, textarea') ? element.value : element.innerText;";
        Ok(self.script(SCRIPT, vec![json!(selector(id))]).await?.as_str().map(str::to_owned))
    }

    /// Waits until an element is not there, or not visible.
    ///
    /// # Errors
    /// When it stays.
    pub async fn gone(&self, id: &str) -> Result<()> {
        self.wait(&format!("page without {id}"), async || {
            let text = self.text_now(id).await?;
            Ok(text.map_or(Ok(()), |text| Err(format!("{text:?}"))))
        })
        .await
    }

    /// Presses an element, as soon as it can be pressed.
    ///
    /// # Errors
    /// When it cannot be pressed.
    pub async fn click(&self, id: &str) -> Result<()> {
        self.wait(&format!("{id} that can be pressed"), async || {
            // Not there yet, disabled, replaced meanwhile, or covered.
            Ok(self.try_click(id).await.map_err(|error| error.to_string()))
        })
        .await
    }

    async fn try_click(&self, id: &str) -> Result<()> {
        let element = self.client.find(Locator::Css(&selector(id))).await?;
        ensure!(element.is_enabled().await?, "it is disabled");
        Ok(element.click().await?)
    }

    /// Types a text into an element in place of what is there, as soon as it can be pressed.
    ///
    /// # Errors
    /// When nothing can be typed into it.
    pub async fn fill(&self, id: &str, text: &str) -> Result<()> {
        let keys = if text.is_empty() { BACKSPACE } else { text };
        let keys = format!("{SELECT_ALL}{keys}");
        self.wait(&format!("{id} that takes what is typed"), async || {
            Ok(self.try_fill(id, &keys).await.map_err(|error| error.to_string()))
        })
        .await
    }

    async fn try_fill(&self, id: &str, keys: &str) -> Result<()> {
        self.try_click(id).await?;
        Ok(self.client.find(Locator::Css(&selector(id))).await?.send_keys(keys).await?)
    }

    /// Puts a text into an element in one go, as from the clipboard, in place of what is there.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn paste(&self, id: &str, text: &str) -> Result<()> {
        self.fill(id, "").await?;
        self.script("document.execCommand('insertText', false, arguments[0])", vec![json!(text)]).await?;
        Ok(())
    }

    /// Looks again and again until `look` finds something; until then it says what is there instead.
    async fn wait<T>(&self, what: &str, look: impl AsyncFn() -> Result<Result<T, String>>) -> Result<T> {
        let deadline = Instant::now() + LIVENESS;
        loop {
            match look().await? {
                Ok(found) => return Ok(found),
                Err(instead) if Instant::now() > deadline => {
                    bail!("{}: time is up, and there is no {what}; instead: {instead}", self.name)
                }
                Err(_) => tokio::time::sleep(GLANCE).await,
            }
        }
    }

    /// Returns all that the page and its worker have written to the console, the browser's complaints included.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn console(&self) -> Result<Vec<String>> {
        self.read_logs().await?;
        Ok(self.logs.lock().expect(UNPOISONED).console.clone())
    }

    /// Returns the addresses of everything that the page has requested, sockets included.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn requests(&self) -> Result<Vec<String>> {
        self.read_logs().await?;
        Ok(self.logs.lock().expect(UNPOISONED).requests.clone())
    }

    async fn read_logs(&self) -> Result<()> {
        let read = |log| ChromeCommand { path: "se/log", body: json!({ "type": log }) };
        let console = self.client.issue_cmd(read("browser")).await?;
        let performance = self.client.issue_cmd(read("performance")).await?;
        let mut logs = self.logs.lock().expect(UNPOISONED);
        for entry in console.as_array().context("no log")? {
            logs.console.push(format!("{}: {}", text_of(entry, "/level"), text_of(entry, "/message")));
        }
        for entry in performance.as_array().context("no log")? {
            let event: Value = serde_json::from_str(&text_of(entry, "/message"))?;
            // The browser's own first page.
            if text_of(&event, "/message/params/documentURL").starts_with("chrome:") {
                continue;
            }
            match text_of(&event, "/message/method").as_str() {
                "Network.requestWillBeSent" => {
                    logs.requests.push(text_of(&event, "/message/params/request/url"))
                }
                "Network.webSocketCreated" => logs.requests.push(text_of(&event, "/message/params/url")),
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns a picture of the page, as PNG.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn screenshot(&self) -> Result<Vec<u8>> {
        Ok(self.client.screenshot().await?)
    }

    /// Returns the page as HTML.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn source(&self) -> Result<String> {
        Ok(self.client.source().await?)
    }

    pub(crate) async fn close(self) -> Result<()> {
        Ok(self.client.close().await?)
    }
}

const UNPOISONED: &str = "the lock is sound because nobody panics while holding it";

fn selector(id: &str) -> String {
    format!("[data-testid=\"{id}\"]")
}

fn text_of(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A command that only chromedriver knows.
#[derive(Debug)]
struct ChromeCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for ChromeCommand {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/{}", session_id.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _request_url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
