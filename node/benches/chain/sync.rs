//! A second node that copies the chain of the first, against an import of the same blocks. Both are the real program,
//! in processes of their own; what goes between them is counted on its way.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use node::offline;
use shared::codec;
use tempfile::TempDir;

use crate::made::{FULL, Made};
use crate::parts::{quiet, start, stop};
use crate::program::{Running, chain_file, free_ports, program, run, wait_for};
use crate::{row, size, timed};

/// Blocks without transactions.
const EMPTY_BLOCKS: usize = 100_000;
/// Blocks that are full when nobody says otherwise: 160,000 transactions, which take about two minutes to sign.
const FULL_BLOCKS: usize = 100;
/// Blocks that are made before they are stored: empty ones, and full ones, which take a megabyte each.
const GROUP: (usize, usize) = (4_096, 20);

pub(crate) fn sync(full_blocks: Option<usize>) {
    println!("  {EMPTY_BLOCKS} empty blocks");
    let mut made = Made::new();
    compare(&Stored::new(&mut made, EMPTY_BLOCKS, |made, left| {
        for _ in 0..left.min(GROUP.0) {
            made.mine(made.keys[0].address, Vec::new());
        }
    }));
    let count = full_blocks.unwrap_or(FULL_BLOCKS);
    println!("  {count} full blocks, {} transactions", count * FULL);
    let mut made = Made::new();
    made.fund();
    let funding = made.blocks.len();
    compare(&Stored::new(&mut made, funding + count, |made, left| made.fill(left.min(GROUP.1))));
}

/// A chain on disk, and what is in it.
struct Stored {
    folder: TempDir,
    blocks: usize,
    transactions: usize,
    /// Of all blocks.
    bytes: usize,
}

impl Stored {
    /// Lets `made` grow to `blocks` blocks, of which only the last few are ever in memory.
    fn new(made: &mut Made, blocks: usize, grow: impl Fn(&mut Made, usize)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("bench.toml"), chain_file(&made.spec)).unwrap();
        let mut stored = Self { folder, blocks: 0, transactions: 0, bytes: 0 };
        let running = start(&made.spec, &stored.path("first"));
        loop {
            running.0.blocking_submit_blocks(made.checked()).unwrap();
            stored.blocks += made.blocks.len();
            for block in made.blocks.drain(..) {
                stored.transactions += block.transactions.len();
                stored.bytes += codec::encode(&block).len();
            }
            if stored.blocks == blocks {
                break;
            }
            grow(made, blocks - stored.blocks);
        }
        stop(running);
        offline::export(&stored.path("first"), &made.spec, &stored.path("blocks"), &mut quiet).unwrap();
        stored
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a node on it, or on a part of it.
    fn run(&self, name: &str, [api, peer]: [u16; 2], more: &[&str]) -> Running {
        let (api_text, peer) = (api.to_string(), peer.to_string());
        let arguments = [&[api_text.as_str(), "--p2p-port", &peer], more].concat();
        Running::start(program(&self.path(name), &self.path("bench.toml"), &arguments), api)
    }
}

fn compare(stored: &Stored) {
    let rates = |what: &str, time| {
        row(&format!("{what}, blocks"), stored.blocks, time);
        if stored.transactions > 0 {
            row(&format!("{what}, transactions"), stored.transactions, time);
        }
    };
    let file = stored.path("blocks").to_string_lossy().into_owned();
    let import = program(&stored.path("imported"), &stored.path("bench.toml"), &["import", &file]);
    let (import_work, import) = timed(|| run(import));
    rates("node import", import);

    let [api, peer, second_api, second_peer] = free_ports();
    let first = stored.run("first", [api, peer], &[]);
    let counter = Counter::start(peer);
    let join = format!("/ip4/127.0.0.1/tcp/{}", counter.port);
    let copy = || {
        let running = stored.run("second", [second_api, second_peer], &["--peer", &join]);
        wait_for(second_api, stored.blocks);
        running
    };
    let (second, sync) = timed(copy);
    rates("sync", sync);
    println!("  sync runs at {:.2} of the speed of import", import.as_secs_f64() / sync.as_secs_f64());
    println!(
        "  processor time: import {import_work:.1?}, the node that copies {:.1?}, the one that is copied {:.1?}",
        second.processor_time(),
        first.processor_time()
    );
    let wire = counter.bytes.load(Ordering::Relaxed);
    println!("  bytes on the wire {wire}, of the blocks {}", stored.bytes);
    println!("  memory of the node that copies: at most {:.0} MiB", second.memory("VmHWM"));
    drop(second);
    let (transactions, blocks) = (("transaction", stored.transactions), ("block", stored.blocks));
    size::table(&stored.path("second"), if stored.transactions > 0 { transactions } else { blocks });
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
