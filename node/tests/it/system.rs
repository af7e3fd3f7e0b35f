//! What the system runs out of, and signals at bad moments: the program with little room, few descriptors, no right to
//! write, and many sessions.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use shared::spec::ChainSpec;

use crate::process::{self, Process, run};
use crate::support::address;

fn miner() -> String {
    address(0).to_text(&ChainSpec::dev().rules().address_prefix)
}

/// Asks over HTTP and returns status and body.
pub(crate) fn get(node: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(node).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let reply = String::from_utf8_lossy(&reply);
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Opens a WebSocket that never says anything again.
fn session(node: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(node).unwrap();
    let request = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    stream
}

#[test]
fn health_is_told_to_a_supervisor() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = process::start(directory.path(), &["--threads", "0"]);
    let (status, body) = get(node.address(), "/health");
    let health: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200);
    assert_eq!(
        (&health["status"], &health["chain"], &health["height"]),
        (&"ok".into(), &"dev".into(), &0.into())
    );
    assert!(health["tip_age"].is_u64() && health["version"].is_string(), "{health}");
    node.stop();
}

#[test]
fn a_nearly_full_disk_is_told_and_everything_goes_on_when_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=80m none \"$D\" && head -c 60000000 /dev/zero > \"$D/filler\"";
    let arguments = ["--miner", &miner(), "--hash-limit", "0"];
    let Some(mut node) = process::start_with_mount(directory.path(), &arguments, mount) else { return };
    let at = node.address();
    let told = node.error_line(|line| line.contains("ERROR"));
    assert!(told.contains("the disk is nearly full") && told.contains("until some space is freed"), "{told}");
    let (status, body) = get(at, "/health");
    assert!(
        status == 503 && body.contains("nearly full") && body.contains("\"height\":0"),
        "{status}: {body}"
    );
    // Whoever reads is served.
    let genesis = ChainSpec::dev().genesis_hash().to_string();
    assert_eq!(get(at, &format!("/block/{genesis}")).0, 200);

    let inside = format!("/proc/{}/root{}/filler", node.id(), directory.path().display());
    std::fs::remove_file(inside).unwrap();
    node.error_line(|line| line.contains("there is room on the disk again"));
    node.block(1);
    assert_eq!(get(at, "/health").0, 200);
    let ended = node.stop();
    assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
}

#[test]
fn a_directory_that_cannot_be_written_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let mount = "mount --bind \"$D\" \"$D\" && mount -o remount,ro,bind \"$D\"";
    let fresh = process::start_with_mount(directory.path(), &[], mount);
    let Some(fresh) = fresh else { return };
    let told = |node: Process| {
        let ended = node.end();
        assert_eq!((ended.status.code(), ended.stderr.lines().count()), (Some(1), 1), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("Read-only file system") && ended.stderr.contains("--data-dir"),
            "{}",
            ended.stderr
        );
    };
    told(fresh);
    let mut node = process::start(directory.path(), &["--threads", "0"]);
    node.address();
    node.stop();
    told(process::start_with_mount(directory.path(), &[], mount).unwrap());
}

#[test]
fn without_descriptors_it_waits_and_serves_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = process::start_with_descriptors(directory.path(), &["--threads", "0"], 64);
    let at = node.address();
    let connections: Vec<_> = (0..100).map(|_| TcpStream::connect(at).unwrap()).collect();
    let told = node.error_line(|line| line.contains("cannot accept connections"));
    assert!(told.contains("raise the limit of open files"), "{told}");
    drop(connections);
    assert_eq!(get(at, "/health").0, 200);
    let ended = node.stop();
    // It pauses for longer and longer instead of trying all the time.
    assert!(ended.stderr.lines().count() < 100, "{}", ended.stderr.lines().count());
}

#[test]
fn it_stops_with_a_thousand_sessions_that_say_nothing() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut node = process::start(directory.path(), &["--miner", &miner()]);
    let at = node.address();
    let sessions: Vec<_> = (0..1_000).map(|_| session(at)).collect();
    node.signal(Signal::TERM);
    // It would fail if this took longer than its own limit.
    let ended = node.end();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stdout.contains("everything is stored"), "{}", ended.stdout);
    drop(sessions);
}

#[test]
fn a_second_interrupt_ends_it_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = process::start(directory.path(), &["--threads", "0"]);
    // It waits for the answer to its close frame, which does not come.
    let session = session(node.address());
    node.signal(Signal::INT);
    node.line(|line| line.contains("Press Ctrl-C again"));
    node.signal(Signal::INT);
    let ended = node.end();
    assert_eq!(ended.status.code(), Some(130), "{}", ended.stderr);
    drop(session);
}

#[test]
fn a_link_to_a_directory_is_followed() {
    let directory = tempfile::tempdir().unwrap();
    let (real, link) = (directory.path().join("real"), directory.path().join("link"));
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let mut node = process::start(&link, &["--threads", "0"]);
    node.address();
    assert!(real.join(node::store::STORE_FILE).exists());
    // The same store by its other name is as locked as ever.
    let second = run(&["0", "--chain", "dev", "--data-dir", real.to_str().unwrap()]);
    assert!(second.stderr.contains("locked, most likely by another running node"), "{}", second.stderr);
    node.stop();
}
