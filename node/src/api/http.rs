//! HTTP: the page, raw blocks, and the way into a session.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderName, HeaderValue, IF_NONE_MATCH, REFERRER_POLICY, SEC_WEBSOCKET_VERSION, UPGRADE, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use serde::Serialize;
use shared::hash::BlockHash;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use super::{Client, Server, methods, origin, session};
use crate::clock::{Clock as _, SystemClock};
use crate::network::NetworkHandle;
use crate::page::{self, PageFile};

type Reply = Response<Full<Bytes>>;

/// What the page may load and do: only what this node serves, WASM, and WebSockets to nodes. The worker may also
/// come from a blob, for the page that is opened as a file.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; \
    style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
/// On every response, whatever it is.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 5] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY)),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// Answers one request of a connection.
pub(super) async fn respond(
    server: Arc<Server>,
    client: Arc<Client>,
    request: Request<Incoming>,
) -> Result<Reply, Infallible> {
    let mut reply = route(server, client, request).await;
    for (name, value) in SECURITY_HEADERS {
        reply.headers_mut().insert(name, value);
    }
    Ok(reply)
}

async fn route(server: Arc<Server>, client: Arc<Client>, request: Request<Incoming>) -> Reply {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let is_meant = origin::is_host_allowed(&server.config, request.headers())
        && authority.is_none_or(|authority| origin::is_authority_allowed(&server.config, authority));
    if !is_meant {
        return text(
            StatusCode::FORBIDDEN,
            "This node does not answer to that name: open it by its IP address or as localhost, or start it with \
             --allow-host and the name.",
        );
    }
    if !client.may_ask() {
        return text(StatusCode::TOO_MANY_REQUESTS, "rate_limited: too many requests; wait a second.");
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD are answered.");
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return reply;
    }
    let path = request.uri().path();
    if path == "/ws" || (path == "/" && request.headers().contains_key(UPGRADE)) {
        return open_session(server, client, request);
    }
    if let Some(hash) = path.strip_prefix("/block/") {
        return match hash.parse() {
            Ok(hash) => raw_block(server, hash).await,
            Err(_) => {
                text(StatusCode::NOT_FOUND, "A block's address is /block/ and the 64 hex digits of its hash.")
            }
        };
    }
    if path == "/health" {
        return health(&server);
    }
    match page::find(path) {
        Some(file) => page_file(file, request.headers()),
        None if path == "/" => text(StatusCode::OK, page::ABSENT),
        None => text(StatusCode::NOT_FOUND, "There is nothing here. The wallet is at /."),
    }
}

fn open_session(server: Arc<Server>, client: Arc<Client>, mut request: Request<Incoming>) -> Reply {
    if !origin::is_origin_allowed(&server.config, request.headers()) {
        return text(
            StatusCode::FORBIDDEN,
            "This node does not talk to pages of that origin: open the node's own page instead.",
        );
    }
    let accepted = match create_response_with_body(&request, Full::default) {
        Ok(accepted) if request.method() == Method::GET => accepted,
        Ok(_) | Err(_) => {
            let mut reply =
                text(StatusCode::UPGRADE_REQUIRED, "Here only WebSockets of version 13 are served.");
            reply.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
            reply.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            return reply;
        }
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let tasks = server.tasks.clone();
    tasks.spawn(async move {
        match upgrade.await {
            Ok(upgraded) => session::run(server, client, upgraded).await,
            Err(error) => tracing::debug!(%error, "a connection ended before it became a session"),
        }
    });
    accepted
}

async fn raw_block(server: Arc<Server>, hash: BlockHash) -> Reply {
    let found = methods::with_snapshot(server, move |_, snapshot| methods::stored(snapshot.block(&hash)));
    match found.await.and_then(std::convert::identity) {
        Ok(Some(block)) => {
            let mut reply = Response::new(Full::from(block.bytes));
            let headers = reply.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            // A hash has one block, for ever.
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
            reply
        }
        Ok(None) => text(StatusCode::NOT_FOUND, "This node has no such block."),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, &error.message),
    }
}

/// Says whether the node can take blocks and transactions, for a supervisor; the body says how far the chain is.
fn health(server: &Server) -> Reply {
    let is_stopping = server.token.is_cancelled().then(|| "the node is stopping".to_owned());
    let reason = is_stopping.or_else(|| server.chain.trouble());
    let view = server.chain.view();
    let (code, status) = match reason {
        None => (StatusCode::OK, "ok"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let health = Health {
        status,
        reason,
        chain: server.chain.spec().name(),
        height: view.tip.height,
        headers: server.control.network.as_ref().and_then(NetworkHandle::copies_to),
        tip_age: SystemClock.now().saturating_sub(view.tip.header.time.into()),
        version: env!("CARGO_PKG_VERSION"),
    };
    let body = serde_json::to_string(&health).expect("it is JSON because it holds texts and numbers alone");
    let mut reply = text(code, &body);
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    chain: &'a str,
    height: u64,
    /// While many blocks are copied from other nodes, the height of the best headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<u64>,
    /// Seconds since the last block's time.
    tip_age: u64,
    version: &'static str,
}

fn page_file(file: &'static PageFile, request: &HeaderMap) -> Reply {
    let is_known = request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim().trim_start_matches("W/") == file.etag);
    let (encoding, bytes) = choose_encoding(file, request);
    let mut reply = Response::new(if is_known { Full::default() } else { Full::from(bytes) });
    if is_known {
        *reply.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.mime));
    // The first file names all others: an old one with a new node would be half of each.
    let cache = if file.path == "/" { "no-store" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(ETAG, HeaderValue::from_static(file.etag));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    reply
}

/// Returns the smallest form of a file that the client accepts, and its name.
fn choose_encoding(file: &'static PageFile, request: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    let accepts = |name: &str| {
        let accepted = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        accepted.flat_map(|value| value.split(',')).any(|coding| {
            let (coding, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let is_refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
            coding.trim().eq_ignore_ascii_case(name) && !is_refused
        })
    };
    match (file.brotli, file.gzip) {
        (Some(bytes), _) if accepts("br") => (Some("br"), bytes),
        (_, Some(bytes)) if accepts("gzip") => (Some("gzip"), bytes),
        _ => (None, file.bytes),
    }
}

fn text(status: StatusCode, sentence: &str) -> Reply {
    let mut reply = Response::new(Full::from(format!("{sentence}\n")));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
