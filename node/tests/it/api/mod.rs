//! The API over real sockets, on a real chain thread with a real store.

mod check;
mod control;
mod hostile;
mod http;
mod lists;
mod methods;
mod news;
mod proofs;
mod sizes;
mod topics;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use node::api::{self, ApiConfig, Control, ControlToken};
use node::miner::{self, MinerError, Mining};
use serde_json::{Value, json};
use shared::spec::ChainSpec;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_util::sync::CancellationToken;

use crate::support::{ManualClock, TestChain};

/// Nothing takes so long unless it never comes.
const DEADLINE: Duration = Duration::from_secs(20);

/// The defaults, without patience for clients that do not hear that it is over: most tests' do not listen.
fn config() -> ApiConfig {
    ApiConfig { close_timeout: Duration::from_millis(100), ..ApiConfig::new("127.0.0.1") }
}

/// An API with its chain.
struct TestApi {
    chain: TestChain,
    control: Control,
    address: SocketAddr,
    token: CancellationToken,
    serving: JoinHandle<()>,
    mining: JoinHandle<Result<(), MinerError>>,
}

impl TestApi {
    async fn new(spec: &Arc<ChainSpec>) -> Self {
        Self::with_config(spec, config()).await
    }

    async fn with_config(spec: &Arc<ChainSpec>, config: ApiConfig) -> Self {
        let chain = TestChain::new(spec);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let token = CancellationToken::new();
        let idle = Mining { payout: None, threads: 0 };
        let clock = Arc::<ManualClock>::clone(&chain.clock);
        let (miner, task) =
            miner::control(chain.chain.clone(), idle, None, clock, watch::channel(true).1).unwrap();
        let mining = tokio::spawn(task.run(token.clone()));
        let control = Control { token: ControlToken::new().unwrap(), miner, network: None };
        let serving = api::serve(listener, chain.chain.clone(), control.clone(), config, token.clone());
        Self { chain, control, address, token, serving: tokio::spawn(serving), mining }
    }

    async fn connect(&self) -> Client {
        self.try_connect("/ws", &[]).await.unwrap()
    }

    /// Opens a session, with more headers.
    async fn try_connect(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Client, WsError> {
        Client::try_connect(self.address, path, headers).await
    }

    /// Sends bytes on a connection of their own, and returns everything that comes back until it is closed.
    async fn exchange(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The other side may close before it has read everything.
        if stream.write_all(bytes).await.is_err() {
            return Vec::new();
        }
        read_to_end(&mut stream).await
    }

    /// As [`Self::exchange`], for a GET whose connection is not kept.
    async fn get(&self, path: &str, headers: &str) -> HttpReply {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
        HttpReply::parse(&self.exchange(request.as_bytes()).await)
    }

    /// Stops the API as the node does, then the chain.
    async fn stop(self) {
        self.token.cancel();
        in_time(self.serving).await.unwrap();
        in_time(self.mining).await.unwrap().unwrap();
        self.chain.stop();
    }
}

/// Reads until the other side closes, however it does.
async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = in_time(stream.read(&mut buffer)).await {
        bytes.extend_from_slice(&buffer[..read]);
    }
    bytes
}

async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future).await.expect("it comes in time")
}

/// A response, taken apart.
#[derive(Debug)]
struct HttpReply {
    status: u16,
    /// In lower case.
    head: String,
    body: Vec<u8>,
}

impl HttpReply {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a response has a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let find = |line: &'_ str| line.split_once(": ").filter(|(key, _)| *key == name).is_some();
        let line = self.head.lines().find(|line| find(line))?;
        line.split_once(": ").map(|(_, value)| value)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A session, seen from the client.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    last_id: u64,
}

impl Client {
    pub(crate) async fn connect(node: SocketAddr) -> Self {
        Self::try_connect(node, "/ws", &[]).await.unwrap()
    }

    async fn try_connect(
        node: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, WsError> {
        let stream = TcpStream::connect(node).await.unwrap();
        let mut request = format!("ws://{node}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (socket, _) = in_time(tokio_tungstenite::client_async(request, stream)).await?;
        Ok(Self { socket, last_id: 0 })
    }

    pub(crate) async fn send(&mut self, text: &str) {
        in_time(self.socket.send(Message::text(text))).await.unwrap();
    }

    /// Returns the next message, which must be JSON.
    async fn next(&mut self) -> Value {
        loop {
            match in_time(self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no message: {other:?}"),
            }
        }
    }

    /// Sends one message and returns the next one that comes.
    async fn ask(&mut self, text: &str) -> Value {
        self.send(text).await;
        self.next().await
    }

    /// Calls a method by JSON-RPC; the reply must be the next message.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.last_id += 1;
        let request = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params});
        let mut reply = self.ask(&request.to_string()).await;
        assert_eq!(reply["jsonrpc"], "2.0", "{reply}");
        assert_eq!(reply["id"], self.last_id, "{reply}");
        match reply["error"].take() {
            Value::Null => Ok(reply["result"].take()),
            error => Err(error),
        }
    }

    /// Waits for a subscription's next push and returns its result.
    async fn news(&mut self, subscription: u64) -> Value {
        let mut message = self.next().await;
        assert_eq!(message["method"], "subscription", "{message}");
        assert_eq!(message["params"]["id"], subscription, "{message}");
        message["params"]["result"].take()
    }

    /// Waits until the server closes the session, and returns what it says; other messages are dropped.
    pub(crate) async fn closed(&mut self) -> Option<CloseFrame> {
        loop {
            match in_time(self.socket.next()).await {
                Some(Ok(Message::Close(frame))) => {
                    // The echo leaves with the next read. The other side may not have waited for it.
                    drop(in_time(self.socket.next()).await);
                    return frame;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}
