//! Clients that are broken, greedy or malicious. After each of them a healthy one is served.

use std::os::fd::AsFd as _;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use node::api::{ApiConfig, Rate};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

use super::{Client, HttpReply, TestApi, config, in_time, read_to_end};
use crate::support::easy_spec;

impl TestApi {
    async fn assert_healthy(&self) {
        let mut client = self.connect().await;
        assert_eq!(client.call("get_info", json!({})).await.unwrap()["height"], 0);
    }

    /// Opens a session, sends raw bytes in it, and returns the code that it is closed with.
    async fn close_code_after(&self, frames: &[u8]) -> Option<CloseCode> {
        let mut client = self.connect().await;
        client.socket.get_mut().write_all(frames).await.unwrap();
        client.closed().await.map(|frame| frame.code)
    }
}

/// The head of a masked frame with a mask of zeros, so that the payload stays readable.
fn frame(first_byte: u8, length: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first_byte];
    match u8::try_from(length) {
        Ok(short @ 0..=125) => bytes.push(0x80 | short),
        _ if length <= 0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

#[tokio::test]
async fn garbage_in_text_is_answered_and_the_session_goes_on() {
    let api = TestApi::new(&easy_spec()).await;
    let mut client = api.connect().await;
    let deep = "[".repeat(100_000);
    let deep_object = r#"{"a":"#.repeat(100_000 / 5);
    let long = format!(r#"{{"request":"get_balance","address":"{}"}}"#, "a".repeat(200_000));
    for text in [
        "",
        "hello",
        "{",
        "\u{0}",
        "[]",
        "null",
        "\"",
        "{}",
        "🦀",
        deep.as_str(),
        deep_object.as_str(),
        &long,
    ] {
        let reply = client.ask(text).await;
        assert!(reply["error"].is_object() || reply["error"].is_string(), "{reply}");
        assert!(reply.to_string().len() < 500, "{reply}");
    }
    assert!(client.call("get_info", json!({})).await.is_ok());
    api.stop().await;
}

#[tokio::test]
async fn every_breach_of_the_protocol_closes_with_its_code() {
    let api = TestApi::new(&easy_spec()).await;
    const TEXT: u8 = 0x81;
    let limit = 256 * 1024;
    let too_long = vec![b' '; limit + 1];
    let protocol = Some(CloseCode::Protocol);
    let cases: [(&str, Vec<u8>, Option<CloseCode>); 22] = [
        ("binary", frame(0x82, 3, b"\0\x01\x02"), Some(CloseCode::Unsupported)),
        ("one byte too long", frame(TEXT, too_long.len() as u64, &too_long), Some(CloseCode::Size)),
        ("claims 16 MiB", frame(TEXT, 16 << 20, b"x"), Some(CloseCode::Size)),
        ("claims 2^63 - 1", frame(TEXT, i64::MAX as u64, b"x"), Some(CloseCode::Size)),
        ("not UTF-8", frame(TEXT, 2, b"\xff\xfe"), Some(CloseCode::Invalid)),
        ("half a surrogate", frame(TEXT, 3, b"\xed\xa0\x80"), Some(CloseCode::Invalid)),
        ("not masked", b"\x81\x01x".to_vec(), Some(CloseCode::Protocol)),
        ("reserved opcode", frame(0x83, 0, b""), Some(CloseCode::Protocol)),
        ("compressed", frame(0xc1, 1, b"x"), Some(CloseCode::Protocol)),
        ("long ping", frame(0x89, 126, &[0; 126]), Some(CloseCode::Protocol)),
        ("continues nothing", frame(0x80, 0, b""), protocol),
        ("second reserved bit", frame(0xa1, 1, b"x"), protocol),
        ("third reserved bit", frame(0x91, 1, b"x"), protocol),
        ("reserved control opcode", frame(0x8b, 0, b""), protocol),
        ("ping in fragments", frame(0x09, 0, b""), protocol),
        ("close in fragments", frame(0x08, 0, b""), protocol),
        ("text inside of a text", [frame(0x01, 1, b"x"), frame(TEXT, 1, b"x")].concat(), protocol),
        ("half a close code", frame(0x88, 1, b"\x03"), protocol),
        ("compressed later", [frame(0x01, 1, b" "), frame(0xc0, 1, b" ")].concat(), protocol),
        (
            "not UTF-8 over two fragments",
            [frame(0x01, 1, b"\xce"), frame(0x80, 1, b"\x28")].concat(),
            Some(CloseCode::Invalid),
        ),
        (
            "a large one in pieces",
            [frame(0x01, 200_000, &[b' '; 200_000]), frame(0x80, 200_000, &[b' '; 200_000])].concat(),
            Some(CloseCode::Size),
        ),
        ("long close", frame(0x88, 126, &[b'x'; 126]), protocol),
    ];
    for (name, bytes, code) in cases {
        assert_eq!(api.close_code_after(&bytes).await, code, "{name}");
    }
    // Not WebSocket at all, and a session that is cut off.
    api.close_code_after(b"GET / HTTP/1.1\r\n\r\n").await;
    drop(api.connect().await);
    api.assert_healthy().await;
    api.stop().await;
}

#[tokio::test]
async fn fragments_count_as_one_message() {
    let api = TestApi::new(&easy_spec()).await;
    let mut client = api.connect().await;
    let text = r#"{"request":"get_info"}"#;
    for (index, byte) in text.bytes().enumerate() {
        let opcode = if index == 0 { OpCode::Data(Data::Text) } else { OpCode::Data(Data::Continue) };
        let is_last = index + 1 == text.len();
        let fragment = Frame::message(vec![byte], opcode, is_last);
        client.socket.send(Message::Frame(fragment)).await.unwrap();
    }
    assert_eq!(client.next().await["chain"], "easy");
    // Many small pieces of what is too large in the end.
    let piece = vec![b' '; 16 * 1024];
    let mut opcode = OpCode::Data(Data::Text);
    for _ in 0..17 {
        let fragment = Message::Frame(Frame::message(piece.clone(), opcode, false));
        // It may be closed before the last one.
        if client.socket.send(fragment).await.is_err() {
            break;
        }
        opcode = OpCode::Data(Data::Continue);
    }
    assert_eq!(client.closed().await.map(|frame| frame.code), Some(CloseCode::Size));
    api.stop().await;
}

/// Sends `first`, then `piece` again and again in a session until that is closed, and returns why.
async fn flood(api: &TestApi, first: &[u8], piece: &[u8], times: usize) -> Option<CloseFrame> {
    let mut client = api.connect().await;
    client.socket.get_mut().write_all(first).await.unwrap();
    let mut socket = std::net::TcpStream::from(client.socket.get_ref().as_fd().try_clone_to_owned().unwrap());
    socket.set_nonblocking(false).unwrap();
    let many = piece.repeat(1000);
    let writer = tokio::task::spawn_blocking(move || {
        let mut write = || std::io::Write::write_all(&mut socket, &many);
        (0..times / 1000).all(|_| write().is_ok())
    });
    let close = client.closed().await;
    drop(client);
    writer.await.unwrap();
    close
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_control_frames_is_ended() {
    let api = TestApi::new(&easy_spec()).await;
    let mut client = api.connect().await;
    client.socket.send(Message::Ping("hello".into())).await.unwrap();
    assert_eq!(in_time(client.socket.next()).await.unwrap().unwrap(), Message::Pong("hello".into()));
    let pings = [frame(0x89, 0, b""), frame(0x89, 125, &[b'x'; 125]), frame(0x8a, 0, b"")];
    for piece in pings {
        let close = flood(&api, b"", &piece, 200_000).await.unwrap();
        assert_eq!(
            (close.code, close.reason.as_str()),
            (CloseCode::Policy, "rate_limited: too many control frames")
        );
    }
    assert!(client.call("get_info", json!({})).await.is_ok());
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_fragments_are_one_message_that_is_too_large() {
    let api = TestApi::new(&easy_spec()).await;
    let close = flood(&api, &frame(0x01, 1, b" "), &frame(0x00, 1, b" "), 1_000_000).await.unwrap();
    assert_eq!((close.code, close.reason.as_str()), (CloseCode::Size, "a message is at most 262144 bytes"));
    // Control frames between the fragments are answered, and counted as ever.
    let piece = [frame(0x00, 1, b" "), frame(0x89, 0, b"")].concat();
    let close = flood(&api, &frame(0x01, 1, b" "), &piece, 100_000).await.unwrap();
    assert_eq!(close.code, CloseCode::Policy);
    api.assert_healthy().await;
    api.stop().await;
}

#[tokio::test]
async fn a_message_that_is_never_finished_is_no_sign_of_life() {
    let config = ApiConfig { ping_interval: Duration::from_millis(200), ..config() };
    let api = TestApi::with_config(&easy_spec(), config).await;
    let mut unfinished = api.connect().await;
    let mut living = api.connect().await;
    // In fragments, but finished; after that it answers pings alone. So does the other one, all the time.
    let whole = [frame(0x01, 2, b"{ "), frame(0x80, 1, b"}")].concat();
    living.socket.get_mut().write_all(&whole).await.unwrap();
    assert!(living.next().await["error"].is_object());
    unfinished.socket.get_mut().write_all(&frame(0x01, 1, b"{")).await.unwrap();
    let pinged = async {
        for _ in 0..5 {
            while !matches!(living.socket.next().await.unwrap().unwrap(), Message::Ping(_)) {}
        }
    };
    let (close, ()) = in_time(futures_util::future::join(unfinished.closed(), pinged)).await;
    let close = close.unwrap();
    assert_eq!(
        (close.code, close.reason.as_str()),
        (CloseCode::Policy, "no answer to a ping, or a message left unfinished")
    );
    assert!(living.call("get_info", json!({})).await.is_ok());
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_served_beside_five_hundred_slow_connections() {
    let (limit, rate) = (Duration::from_secs(2), Rate { per_second: 1_000_000, burst: 1_000_000 });
    let config =
        ApiConfig { first_byte_timeout: limit, header_timeout: limit, loopback_rate: rate, ..config() };
    let api = TestApi::with_config(&easy_spec(), config).await;
    let mut healthy = api.connect().await;
    let mut slow = JoinSet::new();
    for number in 0..500 {
        let mut stream = TcpStream::connect(api.address).await.unwrap();
        slow.spawn(async move {
            match number % 3 {
                0 => {}
                1 => {
                    let head = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(10_000));
                    let mut ticks = tokio::time::interval(Duration::from_millis(20));
                    for byte in head.bytes() {
                        ticks.tick().await;
                        if stream.write_all(&[byte]).await.is_err() {
                            break;
                        }
                    }
                }
                _ => stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap(),
            }
            read_to_end(&mut stream).await.len()
        });
    }
    while !slow.is_empty() {
        assert!(healthy.call("get_info", json!({})).await.is_ok());
        while let Some(closed) = slow.try_join_next() {
            closed.unwrap();
        }
    }
    api.stop().await;
}

#[tokio::test]
async fn too_many_requests_are_refused_by_name() {
    let rate = Rate { per_second: 1, burst: 20 };
    let api = TestApi::with_config(&easy_spec(), ApiConfig { loopback_rate: rate, ..config() }).await;
    let mut client = api.connect().await;
    let mut refusals = 0;
    for _ in 0..40 {
        if let Err(error) = client.call("get_info", json!({})).await {
            assert_eq!((&error["code"], &error["data"]["rule"]), (&json!(-32005), &json!("API-1")));
            assert!(error["message"].as_str().unwrap().starts_with("rate_limited: "), "{error}");
            refusals += 1;
        }
    }
    assert!(refusals >= 15, "{refusals}");
    // Each call of a batch counts.
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"get_info"}"#;
    let replies = client.ask(&format!("[{}]", vec![call; 100].join(","))).await;
    let refused = replies.as_array().unwrap().iter().filter(|reply| reply["error"]["code"] == -32005).count();
    assert!(refused >= 95, "{refused}");
    let reply = client.ask(r#"{"request":"get_info"}"#).await;
    assert!(reply["error"].as_str().unwrap().starts_with("rate_limited: "), "{reply}");
    // HTTP requests of one connection as well.
    let request = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(30);
    let last = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let replies = api.exchange(format!("{request}{last}").as_bytes()).await;
    let replies = String::from_utf8_lossy(&replies);
    assert!(replies.matches("HTTP/1.1 429").count() >= 10);
    // It is the connection's own limit.
    api.assert_healthy().await;
    api.stop().await;
}

#[tokio::test]
async fn what_is_not_http_is_refused_and_closed() {
    let config = ApiConfig { header_timeout: Duration::from_millis(300), ..config() };
    let api = TestApi::with_config(&easy_spec(), config).await;
    let long_header = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(20_000));
    let longer_headers = [64 << 10, 10 << 20]
        .map(|length| format!("GET /ws HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(length)));
    let many_headers = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: y\r\n".repeat(70));
    let cases: [(&str, &[u8]); 14] = [
        ("noise", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        ("text", b"hello\r\n\r\n"),
        ("HTTP/0.9", b"GET /\r\n\r\n"),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("NUL", b"GET / HTTP/1.1\r\nhost: local\0host\r\n\r\n"),
        (
            "two lengths",
            b"GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        ),
        (
            "length and chunks",
            b"GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\ntransfer-encoding: x\r\n\r\nabc",
        ),
        ("folded", b"GET / HTTP/1.1\r\nhost: localhost\r\nx: y\r\n z\r\n\r\n"),
        ("space in name", b"GET / HTTP/1.1\r\nhost : localhost\r\n\r\n"),
        ("half a head", b"GET / HTTP/1.1\r\nhost: localh"),
        ("long header", long_header.as_bytes()),
        ("64 KiB of header", longer_headers[0].as_bytes()),
        ("10 MiB of header", longer_headers[1].as_bytes()),
        ("many headers", many_headers.as_bytes()),
    ];
    for (name, bytes) in cases {
        let reply = api.exchange(bytes).await;
        // Either nothing, or one refusal.
        if !reply.is_empty() {
            let reply = HttpReply::parse(&reply);
            assert!((400..500).contains(&reply.status), "{name}: {reply:?}");
        }
    }
    api.assert_healthy().await;
    api.stop().await;
}

#[tokio::test]
async fn silent_and_dribbling_connections_are_closed() {
    let short = Duration::from_millis(100);
    let config = ApiConfig { first_byte_timeout: short, header_timeout: short, ..config() };
    let api = TestApi::with_config(&easy_spec(), config).await;
    let connect = async || TcpStream::connect(api.address).await.unwrap();

    let mut silent = connect().await;
    assert_eq!(read_to_end(&mut silent).await, b"");

    let mut half_open = connect().await;
    half_open.shutdown().await.unwrap();
    assert_eq!(read_to_end(&mut half_open).await, b"");

    let mut dribbling = connect().await;
    let (mut reader, mut writer) = dribbling.split();
    let dribble = async {
        while writer.write_all(b"x").await.is_ok() {
            tokio::task::yield_now().await
        }
    };
    let mut end = [0; 64];
    let closed = async { while reader.read(&mut end).await.is_ok_and(|read| read > 0) {} };
    tokio::select! { () = in_time(closed) => {}, () = dribble => {} }

    let mut kept = connect().await;
    kept.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let reply = HttpReply::parse(&read_to_end(&mut kept).await);
    assert_eq!(reply.status, 200);

    // A session is none of these: it may be silent for longer.
    let mut session = api.connect().await;
    let mut later = connect().await;
    read_to_end(&mut later).await;
    assert!(session.call("get_info", json!({})).await.is_ok());
    api.stop().await;
}

#[tokio::test]
async fn connections_above_the_limit_are_told_so() {
    let api = TestApi::with_config(&easy_spec(), ApiConfig { max_connections: 3, ..config() }).await;
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..3 {
        clients.push(api.connect().await);
    }
    let mut refused = TcpStream::connect(api.address).await.unwrap();
    let reply = HttpReply::parse(&read_to_end(&mut refused).await);
    assert_eq!(
        (reply.status, reply.text()),
        (503, "Too many connections to this node: close some, or try again later.\n")
    );
    clients.pop().unwrap().socket.close(None).await.unwrap();
    // The place is free once the server has seen the end.
    let again = async { while api.try_connect("/ws", &[]).await.is_err() {} };
    in_time(again).await;
    assert!(clients[0].call("get_info", json!({})).await.is_ok());
    api.stop().await;
}
