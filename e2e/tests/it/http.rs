//! The page over HTTP, as the real node serves it from inside its program.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, ensure};
use e2e::node::Node;

/// A response, taken apart.
#[derive(Debug)]
struct Reply {
    status: u16,
    /// In lower case.
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name))
            .map(|(_, value)| value)
    }
}

/// Sends a GET on a connection of its own; `headers` end in line breaks.
fn get(node: &Node, path: &str, headers: &str) -> Result<Reply> {
    let mut stream = TcpStream::connect(("127.0.0.1", node.port()?))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").context("a response has a head")?;
    let head = String::from_utf8(bytes[..end].to_vec())?.to_lowercase();
    let status = head.split(' ').nth(1).context("a response has a status")?.parse()?;
    Ok(Reply { status, head, body: bytes[end + 4..].to_vec() })
}

#[test]
fn the_page_is_served_as_browsers_want_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(&folder.path().join("data"), 0, &["--chain", "dev", "--threads", "0"])?;
    let index = get(&node, "/", "accept-encoding: gzip, deflate, br\r\n")?;
    assert_eq!((index.status, index.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(
        (index.header("cache-control"), index.header("content-encoding")),
        (Some("no-store"), Some("br"))
    );
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "deny"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(index.header(name), Some(value));
    }
    let policy = index.header("content-security-policy").context("a policy")?;
    ensure!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let plain = get(&node, "/index.html", "")?;
    assert_eq!((plain.body.starts_with(b"<!doctype html>"), plain.header("content-encoding")), (true, None));

    for path in ["/boot.js", "/worker.js", "/pkg/web.js"] {
        let reply = get(&node, path, "")?;
        assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-cache")), "{path}");
        ensure!(
            reply.header("content-type").is_some_and(|mime| mime.starts_with("text/javascript")),
            "{path}"
        );
    }
    let wasm = "/pkg/web_bg.wasm";
    let raw = get(&node, wasm, "accept-encoding: identity, br;q=0, gzip;q=0.0\r\n")?;
    assert_eq!(
        (raw.header("content-type"), raw.header("content-encoding")),
        (Some("application/wasm"), None)
    );
    assert_eq!(&raw.body[..4], b"\0asm");
    let gzip = get(&node, wasm, "accept-encoding: GZIP\r\n")?;
    assert_eq!((gzip.header("content-encoding"), &gzip.body[..2]), (Some("gzip"), &b"\x1f\x8b"[..]));
    let brotli = get(&node, wasm, "accept-encoding: gzip;q=1.0, br;q=0.5\r\n")?;
    assert_eq!(brotli.header("content-encoding"), Some("br"));
    ensure!(brotli.body.len() < gzip.body.len() && gzip.body.len() < raw.body.len());

    let tag = raw.header("etag").context("a tag")?;
    assert_eq!(raw.header("vary"), Some("accept-encoding"));
    let known = get(&node, wasm, &format!("if-none-match: \"other\", W/{tag}\r\n"))?;
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, Some(tag)));
    assert_eq!(get(&node, wasm, "if-none-match: \"other\"\r\n")?.status, 200);
    // Nothing but the page's own files, and never from the disk.
    for path in ["/assets", "/pkg/", "/pkg/../Cargo.toml", "/%2e%2e/etc/passwd", "//etc/passwd"] {
        let reply = get(&node, path, "")?;
        assert_eq!((reply.status, reply.header("x-frame-options")), (404, Some("deny")), "{path}");
    }
    node.stop()?;
    Ok(())
}
