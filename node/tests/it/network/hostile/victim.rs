//! A node in a process of its own, so that its memory can be read.

use std::net::SocketAddr;

use serde_json::{Value, json};
use shared::spec::ChainSpec;
use tempfile::TempDir;

use crate::api::Client;
use crate::process::{self, Process};

/// The program, on the chain for development.
pub(super) struct Victim {
    process: Process,
    pub(super) spec: ChainSpec,
    /// Of its API.
    pub(super) api: SocketAddr,
    /// For other nodes.
    pub(super) p2p: SocketAddr,
    token: String,
    _directory: TempDir,
}

impl Victim {
    pub(super) async fn start(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut process = process::start(directory.path(), &[&["--p2p-port", "0"], arguments].concat());
        let line = process.line(|line| line.contains("http://"));
        let (_, link) = line.split_once("http://").unwrap();
        let (api, token) = link.split_once("/#token=").unwrap();
        let (api, token): (SocketAddr, _) = (api.parse().unwrap(), token.to_owned());
        let info = Client::connect(api).await.call("get_info", json!({})).await.unwrap();
        let port = info["peer"]["port"].as_u64().unwrap().try_into().unwrap();
        let p2p = SocketAddr::new(api.ip(), port);
        Self { process, spec: ChainSpec::dev(), api, p2p, token, _directory: directory }
    }

    /// Asks its API, as the one who started it.
    pub(super) async fn call(&self, method: &str) -> Value {
        let mut client = Client::connect(self.api).await;
        client.call("authorize", json!({ "token": self.token })).await.unwrap();
        client.call(method, json!({})).await.unwrap()
    }

    /// Waits until it has mined the block at `height`.
    pub(super) fn block(&mut self, height: u64) {
        tokio::task::block_in_place(|| self.process.block(height));
    }

    /// Bytes of memory that are its own.
    pub(super) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Stops it; it must not have panicked anywhere. Returns what it logged.
    pub(super) fn stop(self) -> String {
        let ended = self.process.stop();
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        ended.stderr
    }
}
