//! The real program in processes of its own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use shared::spec::ChainSpec;

/// Between two questions for the height.
const PAUSE: Duration = Duration::from_millis(20);
/// A node that has not copied the chain by then never will.
const PATIENCE: Duration = Duration::from_hours(2);
/// Milliseconds in which Linux counts what processors have done.
const TICK_MS: u64 = 10;

/// Returns a command of the real program that says nothing unless something is wrong.
pub(crate) fn program(data: &Path, chain: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_node"));
    command.args(arguments).arg("--chain").arg(chain).arg("--data-dir").arg(data);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// A node that does not mine.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it with what [`program`] returned, and waits until it answers at its `port`.
    pub(crate) fn start(mut command: Command, port: u16) -> Self {
        let running = Self(command.args(["--threads", "0"]).spawn().unwrap());
        wait_for(port, 0);
        running
    }

    /// Returns a size of its memory as the system calls it, in MiB.
    pub(crate) fn memory(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    /// Returns the time that processors have worked for it so far.
    pub(crate) fn processor_time(&self) -> Duration {
        processor_time(self.0.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Runs a command to its end, and returns the time that processors have worked for it.
pub(crate) fn run(mut command: Command) -> Duration {
    let mut child = command.spawn().unwrap();
    // Its figures are there until its end was taken note of.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(Pid::from_child(&child)), options).unwrap();
    let time = processor_time(child.id());
    assert!(child.wait().unwrap().success());
    time
}

fn processor_time(process: u32) -> Duration {
    // After the name in brackets come the state and numbers; those of user and system are the 14th and 15th in all.
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * TICK_MS)
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
pub(crate) fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    let listeners = [(); COUNT].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
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
