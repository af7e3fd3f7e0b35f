//! A session with a node, as a program has it.

use std::marker::PhantomData;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde::de::DeserializeOwned;
use shared::api::rpc::{ServerMessage, encode_request};
use shared::api::views::{HeadView, InfoView, NodeView};
use shared::api::{Request, Token, Topic};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// How long a network may take for a block or for an answer before a test gives up. Generous: a node that is alone may
/// need a minute for a block, and one that lost its peers asks for them again once a minute.
const LIVENESS: Duration = Duration::from_mins(5);

/// A session that asks, and waits for each answer. A refusal is an error that can be downcast to `RpcError`.
#[derive(Debug)]
pub struct Api {
    socket: WebSocket<TcpStream>,
    last_id: u64,
}

impl Api {
    /// Opens a session on a connection to the node at `address`.
    ///
    /// # Errors
    /// When that is no node.
    pub fn open((stream, address): (TcpStream, SocketAddr)) -> Result<Self> {
        stream.set_read_timeout(Some(LIVENESS))?;
        stream.set_write_timeout(Some(LIVENESS))?;
        stream.set_nodelay(true)?;
        let (socket, _) = client(format!("ws://{address}/ws"), stream)
            .map_err(|error| anyhow::anyhow!("no session with {address}: {error}"))?;
        Ok(Self { socket, last_id: 0 })
    }

    /// Shows the control token.
    ///
    /// # Errors
    /// When it is not the node's.
    pub fn authorize(&mut self, token: &str) -> Result<()> {
        let is_known: bool = self.ask(&Request::Authorize { token: Token(token.to_owned()) })?;
        ensure!(is_known, "the token was not accepted");
        Ok(())
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// When it is refused, or no answer comes.
    pub fn ask<T: DeserializeOwned>(&mut self, request: &Request) -> Result<T> {
        self.last_id += 1;
        self.socket.send(Message::text(encode_request(self.last_id, request)))?;
        loop {
            if let ServerMessage::Reply { id, result } = self.read()?
                && id == Some(self.last_id)
            {
                return Ok(serde_json::from_str(result?.get())?);
            }
        }
    }

    /// Asks what chain this is and how far it has come.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn info(&mut self) -> Result<InfoView> {
        self.ask(&Request::GetInfo {})
    }

    /// Lets so many threads of the node mine. The session must have shown its token.
    ///
    /// # Errors
    /// When the node refuses.
    pub fn set_mining(&mut self, threads: u64) -> Result<()> {
        let view: NodeView = self.ask(&Request::SetMining { threads })?;
        ensure!(view.threads == threads, "the node mines with {} threads", view.threads);
        Ok(())
    }

    /// Follows the tip of the chain from now on.
    ///
    /// # Errors
    /// When the node refuses.
    pub fn follow(self) -> Result<Heads> {
        self.subscribe(Topic::Heads {})
    }

    /// Hears of a topic from now on.
    ///
    /// # Errors
    /// When the node refuses.
    pub fn subscribe<T>(mut self, topic: Topic) -> Result<News<T>> {
        let _: u64 = self.ask(&Request::Subscribe(topic))?;
        Ok(News { api: self, kind: PhantomData })
    }

    fn read(&mut self) -> Result<ServerMessage> {
        loop {
            match self.socket.read()? {
                Message::Text(text) => return Ok(ServerMessage::parse(&text)?),
                Message::Close(_) => bail!("the node has closed the session"),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

/// What a node says of a topic, how it is now first.
#[derive(Debug)]
pub struct News<T> {
    api: Api,
    kind: PhantomData<T>,
}

/// The tips of a node's chain.
pub type Heads = News<HeadView>;

impl<T: DeserializeOwned> News<T> {
    /// Waits for the news for which `is_wanted` is true; `what` names it in the error.
    ///
    /// # Errors
    /// When `is_wanted` fails, or what is wanted does not come in time.
    pub fn wait(&mut self, what: &str, mut is_wanted: impl FnMut(&T) -> Result<bool>) -> Result<T> {
        let deadline = Instant::now() + LIVENESS;
        while Instant::now() < deadline {
            let news = self.next().with_context(|| format!("waited for {what}"))?;
            if is_wanted(&news)? {
                return Ok(news);
            }
        }
        bail!("waited for {what}, and nothing new has brought it in {} s", LIVENESS.as_secs())
    }

    fn next(&mut self) -> Result<T> {
        loop {
            if let ServerMessage::Notification { result, .. } = self.api.read()? {
                return Ok(serde_json::from_str(result.get())?);
            }
        }
    }
}
