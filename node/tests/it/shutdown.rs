//! Start, stop and start again: in this process, and as the program with its signals.

use std::sync::Arc;
use std::time::Instant;

use node::miner::Mining;
use node::store::{STORE_FILE, Store};
use node::{Config, StartError};
use rustix::process::Signal;
use shared::spec::ChainSpec;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::process::{self, run};
use crate::store::set_schema;
use crate::support::{DEADLINE, address};

fn miner() -> String {
    address(0).to_text(&ChainSpec::dev().rules().address_prefix)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_stops_with_clients_connected_and_frees_port_and_store() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::new(Arc::new(ChainSpec::dev()), directory.path().to_owned());
    for _ in 0..3 {
        let node = node::start(config.clone()).await.unwrap();
        config.port = node.api_addr.port();
        // One says nothing at all, as many a browser's spare connection; the other keeps its own after an answer.
        // They are accepted in turn, so the answer means that the silent one is the node's as well.
        let mut silent = TcpStream::connect(node.api_addr).await.unwrap();
        let mut idle = TcpStream::connect(node.api_addr).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        idle.read_u8().await.unwrap();
        tokio::time::timeout(DEADLINE, node.stop()).await.unwrap().unwrap();
        let mut bytes = Vec::new();
        tokio::time::timeout(DEADLINE, idle.read_to_end(&mut bytes)).await.unwrap().unwrap();
        bytes.clear();
        tokio::time::timeout(DEADLINE, silent.read_to_end(&mut bytes)).await.unwrap().unwrap();
        assert_eq!(bytes, b"");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mining_node_keeps_its_chain_and_its_address() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::new(Arc::new(ChainSpec::dev()), directory.path().to_owned());
    config.threads = 1;
    config.miner = Some(address(0));
    let node = node::start(config.clone()).await.unwrap();
    let mut views = node.chain.watch();
    drop(tokio::time::timeout(DEADLINE, views.wait_for(|view| view.tip.height >= 1)).await.unwrap().unwrap());
    node.stop().await.unwrap();
    let stopped = views.borrow().tip.clone();

    config.miner = None;
    config.threads = 0;
    let open = node::open(config.clone()).await.unwrap();
    assert_eq!(open.miner(), Some(address(0)));
    let node = open.start(Arc::new(node::clock::SystemClock)).unwrap();
    assert_eq!(node.control.miner.mining(), Mining { payout: Some(address(0)), threads: 0 });
    assert_eq!(node.chain.view().tip, stopped);
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_told_before_anything_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = Config::new(Arc::new(ChainSpec::dev()), directory.path().join("data"));
    config.port = taken.local_addr().unwrap().port();
    let Err(StartError::PortInUse { host, port, .. }) = node::start(config.clone()).await else {
        panic!("the port was not refused");
    };
    assert_eq!((host, port), ("127.0.0.1".to_owned(), config.port));
    assert!(!config.data_dir.exists());
}

#[test]
fn signals_stop_the_program_in_order_and_the_chain_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = process::start(directory.path(), &["--miner", &miner()]);
    let address = node.address();
    drop(std::net::TcpStream::connect(address).unwrap());
    node.block(2);
    let ended = node.stop();
    let height = ended.stdout.split("Stopped at height ").nth(1).unwrap();
    let height: u64 = height.split(';').next().unwrap().parse().unwrap();
    assert!(height >= 2);
    assert_eq!(ended.stderr, "");

    // It remembers the address, and where the chain was.
    let mut node = process::start(directory.path(), &[]);
    node.line(|line| line.split_whitespace().eq(["height", &height.to_string()]));
    node.line(|line| line.contains(&miner()));
    node.block(height + 1);
    node.signal(Signal::TERM);
    let ended = node.end();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stdout.contains("everything is stored"));
}

/// Starts a node on a terminal that is held up, and ends it when it waits for `descriptor` in the middle of its start.
#[cfg(target_os = "linux")]
fn end_while_held(arguments: &[&str], descriptor: u8) {
    let directory = tempfile::tempdir().unwrap();
    let (mut node, _terminal) = process::start_on_held_terminal(directory.path(), arguments);
    let started = Instant::now();
    while !process::is_held_at(&node, descriptor) {
        assert_eq!(node.try_wait().unwrap(), None, "it ended by itself");
        assert!(started.elapsed() < DEADLINE, "it is not held up");
        std::thread::yield_now();
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&node), Signal::TERM).unwrap();
    let told = Instant::now();
    let status = loop {
        match node.try_wait().unwrap() {
            Some(status) => break status,
            None if told.elapsed() < DEADLINE => std::thread::yield_now(),
            None => {
                node.kill().unwrap();
                panic!("a terminal that is held up prevents the end");
            }
        }
    };
    assert!(status.success(), "{status}");
    // It left the store as it was.
    let mut node = process::start(directory.path(), &["--threads", "0"]);
    node.address();
    node.stop();
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_ends_the_node_in_the_middle_of_reading_its_store() {
    // The line of the log that says that it begins to read holds it there.
    end_while_held(&["--threads", "0", "--log", "node=debug"], 2);
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_ends_the_node_while_its_words_cannot_be_shown() {
    end_while_held(&["--threads", "1"], 1);
}

#[test]
#[cfg(target_os = "linux")]
fn a_hangup_that_is_ignored_stays_ignored() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = process::start_without_hangup(directory.path(), &["--miner", &miner()]);
    node.block(1);
    node.signal(Signal::HUP);
    node.block(3);
    node.stop();
    // Where it is not ignored, it stops the node in order.
    let mut node = process::start_with_hangup(directory.path(), &["--threads", "0"]);
    node.address();
    node.signal(Signal::HUP);
    let ended = node.end();
    assert!(ended.status.success() && ended.stdout.contains("Stopped at height"), "{}", ended.stdout);
}

#[test]
fn a_store_of_a_newer_version_ends_the_program_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    drop(Store::open(directory.path(), &ChainSpec::dev()).unwrap());
    set_schema(directory.path(), 2);
    for arguments in [&["0"][..], &["check"], &["export", "blocks"]] {
        let data_dir = directory.path().to_str().unwrap();
        let ended = run(&[arguments, &["--chain", "dev", "--data-dir", data_dir]].concat());
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(ended.stderr.contains("newer") && ended.stderr.contains(STORE_FILE), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
}

#[test]
fn a_killed_node_starts_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = process::start(directory.path(), &["--miner", &miner()]);
    node.block(1);
    node.signal(Signal::KILL);
    assert!(!node.end().status.success());
    let mut node = process::start(directory.path(), &["--threads", "0"]);
    let line = node.line(|line| line.trim_start().starts_with("height"));
    assert!(line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >= 1, "{line}");
    node.stop();
}

#[test]
fn two_nodes_cannot_share_a_port_or_a_store() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().to_str().unwrap();
    let mut node = process::start(directory.path(), &["--threads", "0"]);
    let port = node.address().port();

    let other = directory.path().join("other");
    let second = run(&[&port.to_string(), "--data-dir", other.to_str().unwrap()]);
    assert_eq!(second.status.code(), Some(1));
    assert_eq!((second.stdout.as_str(), second.stderr.lines().count()), ("", 1));
    assert!(second.stderr.contains(&format!("127.0.0.1:{port}: the port is in use")), "{}", second.stderr);
    assert!(second.stderr.contains("another port, for example: node "), "{}", second.stderr);

    let third = run(&["0", "--chain", "dev", "--data-dir", data_dir]);
    assert_eq!(third.status.code(), Some(1));
    assert_eq!((third.stdout.as_str(), third.stderr.lines().count()), ("", 1));
    assert!(third.stderr.contains("locked, most likely by another running node"), "{}", third.stderr);

    node.stop();
    let other_chain = run(&["0", "--chain", "main", "--data-dir", data_dir]);
    assert_eq!(other_chain.status.code(), Some(1));
    assert!(other_chain.stderr.contains("with --chain"), "{}", other_chain.stderr);
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_node() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = process::start(directory.path(), &["--miner", &miner()]);
    node.address();
    node.hang_up();
    node.signal(Signal::INT);
    let ended = node.end();
    assert!(ended.status.success(), "{}", ended.stderr);
}

#[test]
fn a_full_disk_stops_the_node_in_order_and_loses_nothing_that_was_shown() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = process::start(directory.path(), &["--threads", "0"]);
    node.address();
    node.stop();
    let bytes = std::fs::metadata(directory.path().join(STORE_FILE)).unwrap().len();

    let mining = ["--miner", &miner(), "--hash-limit", "0"];
    let mut node = process::start_with_file_limit(directory.path(), &mining, bytes);
    node.line(|line| line.contains("hash rate"));
    let ended = node.end();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stdout);
    assert!(ended.stderr.contains("error: the chain failed: cannot use the store"), "{}", ended.stderr);
    let last = ended.stdout.lines().last().unwrap().split_whitespace().next().unwrap();
    let shown: u64 = last.parse().unwrap_or(0);

    let mut node = process::start(directory.path(), &["--threads", "0"]);
    let line = node.line(|line| line.trim_start().starts_with("height"));
    let stored: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(stored >= shown, "{stored} of {shown} blocks are left");
    node.stop();
}
