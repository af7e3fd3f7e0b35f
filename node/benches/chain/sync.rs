//! A second node that copies the chain of the first, against an import of the same blocks. Both are the real program,
//! in processes of their own; what goes between them is counted on its way.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use node::offline;
use node::store::STORE_FILE;
use shared::codec;
use shared::spec::ChainSpec;

use crate::made::{FULL, Made};
use crate::parts::{quiet, stored};
use crate::{row, timed};

/// Blocks without transactions.
const EMPTY_BLOCKS: usize = 100_000;
/// Blocks that are full: 160,000 transactions, which take about two minutes to sign.
const FULL_BLOCKS: usize = 100;
/// Between two questions for the height.
const PAUSE: Duration = Duration::from_millis(20);
/// A node that has not copied the chain by then never will.
const PATIENCE: Duration = Duration::from_mins(30);

pub(crate) fn sync() {
    let mut made = Made::new();
    for _ in 0..EMPTY_BLOCKS {
        made.mine(made.keys[0].address, Vec::new());
    }
    println!("  {EMPTY_BLOCKS} empty blocks");
    compare(&made);
    let mut made = Made::new();
    made.fund();
    made.fill(FULL_BLOCKS);
    println!("  {FULL_BLOCKS} full blocks, {} transactions", FULL_BLOCKS * FULL);
    compare(&made);
}

fn compare(made: &Made) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    fs::write(path("bench.toml"), chain_file(&made.spec)).unwrap();
    stored(made, &path("first"));
    offline::export(&path("first"), &made.spec, &path("blocks"), &mut quiet).unwrap();
    let blocks = made.blocks.len();
    let transactions: usize = made.blocks.iter().map(|block| block.transactions.len()).sum();
    let rates = |what: &str, time| {
        row(&format!("{what}, blocks"), blocks, time);
        if transactions > 0 {
            row(&format!("{what}, transactions"), transactions, time);
        }
    };

    let import = || {
        let mut import =
            program(&path("imported"), &path("bench.toml"), &["import", &shown(&path("blocks"))]);
        assert!(import.status().unwrap().success());
    };
    let ((), import) = timed(import);
    rates("node import", import);

    let [api, peer, second_api, second_peer] = free_ports();
    let ports = |api: u16, peer: u16| [api.to_string(), "--p2p-port".to_owned(), peer.to_string()];
    let first = ports(api, peer);
    let _first =
        Running::start(program(&path("first"), &path("bench.toml"), &first.each_ref().map(|a| &**a)));
    wait_for(api, 0);
    let counter = Counter::start(peer);
    let mut second = ports(second_api, second_peer).to_vec();
    second.extend(["--peer".to_owned(), format!("/ip4/127.0.0.1/tcp/{}", counter.port)]);
    let second: Vec<_> = second.iter().map(String::as_str).collect();
    let copy = || {
        let running = Running::start(program(&path("second"), &path("bench.toml"), &second));
        wait_for(second_api, blocks);
        running
    };
    let (second, sync) = timed(copy);
    rates("sync", sync);
    println!("  sync runs at {:.2} of the speed of import", import.as_secs_f64() / sync.as_secs_f64());
    let encoded: usize = made.blocks.iter().map(|block| codec::encode(block).len()).sum();
    let (wire, disk) = (counter.bytes.load(Ordering::Relaxed), fs::metadata(path("second").join(STORE_FILE)));
    println!(
        "  bytes on the wire {wire}, of the blocks {encoded}, of the store {}; memory of the second node at most {}",
        disk.unwrap().len(),
        second.most_memory()
    );
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Returns a command of the real program that says nothing unless something is wrong.
pub(crate) fn program(data: &Path, chain: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_node"));
    command.args(arguments).args(["--chain", &shown(chain), "--data-dir", &shown(data)]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// A node that does not mine.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        Self(command.args(["--threads", "0"]).spawn().unwrap())
    }

    fn most_memory(&self) -> String {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Waits until a node has so many blocks.
pub(crate) fn wait_for(port: u16, height: usize) {
    let started = Instant::now();
    while self::height(port).is_none_or(|now| now < height) {
        assert!(started.elapsed() < PATIENCE, "the node is at {:?}", self::height(port));
        std::thread::sleep(PAUSE);
    }
}

fn height(port: u16) -> Option<usize> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET /health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).ok()?;
    let body: serde_json::Value = serde_json::from_str(reply.split_once("\r\n\r\n")?.1).ok()?;
    usize::try_from(body["height"].as_u64()?).ok()
}

/// Returns ports that were free a moment ago.
pub(crate) fn free_ports() -> [u16; 4] {
    let listeners = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// Passes connections on and counts their bytes.
struct Counter {
    port: u16,
    bytes: Arc<AtomicU64>,
}

impl Counter {
    fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, bytes) = (listener.local_addr().unwrap().port(), Arc::<AtomicU64>::default());
        let count = Arc::clone(&bytes);
        std::thread::spawn(move || {
            for from in listener.incoming().flatten() {
                let to = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], to))).unwrap();
                for (from, to) in [(&from, &to), (&to, &from)] {
                    let (from, to, count) =
                        (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(&count));
                    std::thread::spawn(move || pump(from, to, &count));
                }
            }
        });
        Self { port, bytes }
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, count: &AtomicU64) {
    from.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        count.fetch_add(read as u64, Ordering::Relaxed);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // Fails when the other side has ended already.
    drop(to.shutdown(Shutdown::Both));
}

/// Returns the chain file of a chain.
pub(crate) fn chain_file(spec: &ChainSpec) -> String {
    let (rules, genesis) = (spec.rules(), spec.genesis());
    format!(
        "name = {:?}\naddress_prefix = {:?}\nblock_time = {}\ndifficulty_window = {}\nlimit_bits = {}\n\
         subsidy = {}\nmax_block_bytes = {}\nupgrades = []\n[genesis]\ntime = {}\nmessage = {:?}\n",
        spec.name(),
        rules.address_prefix,
        rules.block_time,
        rules.difficulty_window,
        rules.limit_bits.0,
        rules.subsidy,
        rules.max_block_bytes,
        genesis.header.time,
        String::from_utf8_lossy(&genesis.coinbase.message),
    )
}
