//! A node that lies: it stands before a real one, serves its page, and changes what it says to wallets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, client_async};

use crate::node::Node;

/// Changes a message to the wallet. A reply comes with the request that it answers, a notification with none.
pub trait Lie: Fn(Option<&Value>, &mut Value) + Send + Sync + 'static {}

impl<F: Fn(Option<&Value>, &mut Value) + Send + Sync + 'static> Lie for F {}

/// A running liar. It ends when it is dropped.
#[derive(Debug)]
pub struct Liar {
    /// Its page, with a slash at the end.
    pub url: String,
    heard: Arc<Mutex<Vec<Value>>>,
    task: JoinHandle<()>,
}

impl Liar {
    /// Stands before `truth`, and changes everything that it says by `lie`.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(truth: &Node, lie: impl Lie) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let truth = format!("127.0.0.1:{}", truth.port()?);
        let heard = Arc::<Mutex<Vec<Value>>>::default();
        let (lie, listens) = (Arc::new(lie), Arc::clone(&heard));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (truth, lie, heard) = (truth.clone(), Arc::clone(&lie), Arc::clone(&listens));
                // A connection that fails has been closed by the browser or by the node: its end is seen by the page.
                tokio::spawn(async move { drop(serve(stream, &truth, &*lie, &heard).await) });
            }
        });
        Ok(Self { url, heard, task })
    }

    /// Returns what wallets have asked by this method so far.
    #[must_use]
    pub fn heard(&self, method: &str) -> Vec<Value> {
        let heard = self.heard.lock().expect(UNPOISONED);
        heard.iter().filter(|request| request["method"] == method).cloned().collect()
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const UNPOISONED: &str = "the lock is sound because nobody panics while holding it";

/// Passes files on as they are, and tells wallets lies.
async fn serve(mut stream: TcpStream, truth: &str, lie: &impl Lie, heard: &Mutex<Vec<Value>>) -> Result<()> {
    // A browser sends the head of a request at once.
    let mut head = [0; 4096];
    let length = stream.peek(&mut head).await?;
    let head = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
    let mut node = TcpStream::connect(truth).await?;
    if !head.contains("upgrade: websocket") {
        copy_bidirectional(&mut stream, &mut node).await?;
        return Ok(());
    }
    let mut wallet = accept_async(stream).await?;
    let (mut node, _) = client_async(format!("ws://{truth}/ws"), node).await?;
    let mut asked = HashMap::new();
    loop {
        tokio::select! {
            message = wallet.next() => match message.context("the wallet is gone")?? {
                Message::Text(text) => {
                    let request: Value = serde_json::from_str(&text)?;
                    heard.lock().expect(UNPOISONED).push(request.clone());
                    asked.insert(request["id"].to_string(), request);
                    node.send(Message::Text(text)).await?;
                }
                other => node.send(other).await?,
            },
            message = node.next() => match message.context("the node is gone")?? {
                Message::Text(text) => {
                    let mut message: Value = serde_json::from_str(&text)?;
                    lie(asked.get(&message["id"].to_string()), &mut message);
                    wallet.send(Message::text(message.to_string())).await?;
                }
                other => wallet.send(other).await?,
            },
        }
    }
}
