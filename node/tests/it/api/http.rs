//! HTTP: who is answered, and what the answers carry.

use node::api::ApiConfig;
use serde_json::json;
use shared::codec;
use tokio_tungstenite::tungstenite::Error as WsError;

use super::{HttpReply, TestApi, config};
use crate::support::easy_spec;

/// The status that a refused handshake got.
fn status(error: &WsError) -> u16 {
    match error {
        WsError::Http(response) => response.status().as_u16(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_name_that_somebody_else_owns_is_not_answered() {
    let api =
        TestApi::with_config(&easy_spec(), ApiConfig { hosts: vec!["node.example".to_owned()], ..config() })
            .await;
    let port = api.address.port();
    for host in ["localhost", "127.0.0.1", "[::1]", "192.168.7.7", "Node.Example"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            assert_eq!(HttpReply::parse(&api.exchange(request.as_bytes()).await).status, 200, "{host}");
            assert!(api.try_connect("/ws", &[("host", &host)]).await.is_ok(), "{host}");
        }
    }
    for host in ["evil.test", "evil.test:80", "127.0.0.1.nip.io", "localhost.", "localhost.evil.test"] {
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        assert_eq!(HttpReply::parse(&api.exchange(request.as_bytes()).await).status, 403, "{host}");
        for path in ["/ws", "/"] {
            let error = api.try_connect(path, &[("host", host)]).await.err().unwrap();
            assert_eq!(status(&error), 403, "{host}");
        }
    }
    for request in [
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        "GET http://evil.test/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    ] {
        assert_eq!(HttpReply::parse(&api.exchange(request.as_bytes()).await).status, 403, "{request}");
    }
    api.stop().await;
}

#[tokio::test]
async fn pages_of_strangers_cannot_open_sessions() {
    let config = ApiConfig { origins: vec!["https://wallet.example".to_owned()], ..config() };
    let api = TestApi::with_config(&easy_spec(), config).await;
    let own = format!("http://{}", api.address);
    for origin in [own.as_str(), "null", "http://localhost:3000", "https://wallet.example"] {
        for path in ["/ws", "/"] {
            let mut client = api.try_connect(path, &[("origin", origin)]).await.unwrap();
            assert!(client.call("get_info", json!({})).await.is_ok(), "{origin}");
        }
    }
    for origin in ["http://evil.test", "https://wallet.example.evil.test", "http://192.168.1.1", ""] {
        for path in ["/ws", "/"] {
            let error = api.try_connect(path, &[("origin", origin)]).await.err().unwrap();
            assert_eq!(status(&error), 403, "{origin}");
        }
    }
    api.stop().await;
}

#[tokio::test]
async fn every_response_carries_the_security_headers() {
    let api = TestApi::new(&easy_spec()).await;
    for path in
        ["/", "/index.html", "/nothing", "/ws", "/block/0", "/../../etc/passwd", "//etc", "/%2e%2e%2f"]
    {
        let reply = api.get(path, "").await;
        assert_eq!(
            reply.header("content-security-policy"),
            Some(
                "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; \
                 img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; \
                 frame-ancestors 'none'"
            ),
            "{path}"
        );
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("x-frame-options"), Some("deny"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(reply.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
        assert!(reply.header("access-control-allow-origin").is_none(), "{path}");
    }
    api.stop().await;
}

#[tokio::test]
async fn only_what_exists_is_found() {
    let spec = easy_spec();
    let api = TestApi::new(&spec).await;
    let absent = "0".repeat(64);
    for path in [
        "/nothing",
        "/assets",
        "/assets/",
        "/assets/../index.html",
        "/../../etc/passwd",
        "//etc/passwd",
        "/%2e%2e/",
        "/index.html/",
        "/pkg/",
        "/block/",
        "/block/00",
        "/block/zz",
        &format!("/block/{absent}"),
        &format!("/block/{absent}/"),
        &format!("/{}", "a".repeat(8000)),
    ] {
        assert_eq!(api.get(path, "").await.status, 404, "{path}");
    }
    let genesis = api.get(&format!("/block/{}", spec.genesis_hash()), "").await;
    assert_eq!((genesis.status, &genesis.body), (200, &codec::encode(spec.genesis())));
    assert_eq!(genesis.header("content-type"), Some("application/octet-stream"));
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "BREW"] {
        let request = format!("{method} / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let reply = HttpReply::parse(&api.exchange(request.as_bytes()).await);
        assert!(matches!(reply.status, 400 | 405), "{method}: {reply:?}");
    }
    let head = b"HEAD / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let reply = HttpReply::parse(&api.exchange(head).await);
    assert_eq!((reply.status, reply.body.len()), (200, 0));
    assert_ne!(reply.header("content-length"), Some("0"));
    api.stop().await;
}

#[tokio::test]
async fn a_handshake_must_be_right() {
    let api = TestApi::new(&easy_spec()).await;
    let upgrade = |more: &str| format!("connection: upgrade\r\nupgrade: websocket\r\n{more}");
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let version = "sec-websocket-version: 13\r\n";
    for headers in [
        String::new(),
        upgrade(""),
        upgrade(key),
        upgrade(version),
        upgrade(&format!("{key}sec-websocket-version: 8\r\n")),
        upgrade(&format!("{version}sec-websocket-key: short\r\n")),
        format!("upgrade: websocket\r\n{key}{version}"),
        format!("connection: upgrade\r\nupgrade: h2c\r\n{key}{version}"),
    ] {
        let request = format!("GET /ws HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        let mut stream = tokio::net::TcpStream::connect(api.address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
        tokio::io::AsyncWriteExt::shutdown(&mut stream).await.unwrap();
        let reply = HttpReply::parse(&super::read_to_end(&mut stream).await);
        assert_eq!((reply.status, reply.header("sec-websocket-version")), (426, Some("13")), "{headers}");
    }
    // No extension is agreed on, least of all compression.
    let offer = [("sec-websocket-extensions", "permessage-deflate")];
    assert!(api.try_connect("/ws", &offer).await.is_ok());
    api.stop().await;
}

#[cfg(not(feature = "page"))]
#[tokio::test]
async fn a_node_without_its_page_says_so() {
    let api = TestApi::new(&easy_spec()).await;
    let reply = api.get("/", "").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    assert!(reply.text().contains("built without its wallet page"));
    api.stop().await;
}
