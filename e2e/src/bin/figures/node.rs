//! The node: how large it is, how fast it starts, how much memory it takes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use e2e::node::Node;
use e2e::setting;

use crate::RUNS;
use crate::table::Table;

pub(crate) const IDLE: [&str; 4] = ["--chain", "dev", "--threads", "0"];
const MIB: f64 = 1024.0 * 1024.0;
/// After so long a node that nobody asks has done all that it does at the start.
const SETTLED: Duration = Duration::from_secs(3);

/// The program on disk, and the page's WASM as the node sends it.
pub(crate) fn sizes(table: &mut Table, data_dir: &Path) -> Result<()> {
    let program = setting("E2E_NODE")?;
    table.value("program `node`, page included", bytes(std::fs::metadata(program)?.len()) / MIB, "MiB");
    let node = Node::start(data_dir, 0, &IDLE)?;
    for (name, encoding) in [("as it is", "identity"), ("gzip", "gzip"), ("brotli", "br")] {
        let size = get(&node, "/pkg/web_bg.wasm", encoding)?;
        table.value(&format!("page's WASM, {name}"), bytes(size) / 1024.0, "KiB");
    }
    node.stop()?;
    Ok(())
}

/// From the start of the process to the first answered request, and the memory of a node that has nothing to do.
pub(crate) fn start_and_memory(table: &mut Table, n_blocks: u64, data_dir: &Path) -> Result<()> {
    let chain = if n_blocks == 0 { "empty chain".to_owned() } else { format!("{n_blocks} blocks") };
    let mut times = Vec::new();
    let mut sizes = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        let node = Node::start(data_dir, 0, &IDLE)?;
        get(&node, "/", "br")?;
        ensure!(node.output.text().contains(&format!("height   {n_blocks}\n")), "the node has another chain");
        times.push(started.elapsed().as_secs_f64() * 1000.0);
        sizes.push(resident(&node)?);
        node.stop()?;
    }
    table.spread(&format!("start to first answer, {chain}"), times, "ms");
    table.spread(&format!("resident memory after the first answer, {chain}"), sizes, "MiB");
    let node = Node::start(data_dir, 0, &IDLE)?;
    std::thread::sleep(SETTLED);
    table.value(&format!("resident memory when idle, {chain}"), resident(&node)?, "MiB");
    node.stop()?;
    Ok(())
}

/// Returns the memory that a node's process holds, in MiB.
fn resident(node: &Node) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u32 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(f64::from(kib) / 1024.0)
}

/// Asks for a file and returns the size of the body as it was sent.
fn get(node: &Node, path: &str, encoding: &str) -> Result<u64> {
    let authority = node.url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(authority)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n"
    )?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply)?;
    let end = reply.windows(4).position(|window| window == b"\r\n\r\n").context("no end of the head")?;
    ensure!(reply.starts_with(b"HTTP/1.1 200"), "no {path}: {}", String::from_utf8_lossy(&reply[..end]));
    Ok((reply.len() - end - 4) as u64)
}

#[allow(clippy::cast_precision_loss, reason = "a size that is printed with one digit")]
fn bytes(count: u64) -> f64 {
    count as f64
}
