//! Running the client, and a node for it.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;

use node::clock::{Clock, SystemClock};
use node::{Config, RunningNode};
use serde_json::Value;
use shared::address::Address;
use shared::spec::ChainSpec;
use tempfile::TempDir;

/// The protocol's first test key, and the addresses of it and of another one on dev.
pub(crate) const WORDS: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                                abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                                abandon art";
/// The address of [`WORDS`] on dev.
pub(crate) const MINER: &str = "dev1tjcxncx86admqhv0kqjpkgsa88yy6we2wetq2a";
/// An address whose words nobody has.
pub(crate) const RECEIVER: &str = "dev1qqqsyqcyq5rqwzqfpg9scrgwpugpzysntnjsy8";
pub(crate) const KEYSTORE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../wallet-wasm/vectors/keystore.json");

/// Of the wallets that tests make.
pub(crate) const PASSPHRASE: &str = "correct hörse";

/// What the client said and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) output: String,
    pub(crate) errors: String,
    pub(crate) code: Option<i32>,
}

impl Run {
    /// Fails unless all of `parts` were said in this order and the program ended well.
    #[track_caller]
    pub(crate) fn assert_said(&self, parts: &[&str]) {
        let mut rest = self.output.as_str();
        for part in parts {
            let Some((_, after)) = rest.split_once(part) else {
                panic!("{part:?} is missing in:\n{}\n{}", self.output, self.errors)
            };
            rest = after;
        }
        assert_eq!((self.code, self.errors.as_str()), (Some(0), ""), "{}", self.output);
    }
}

/// A directory for what a wallet keeps, and its client.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Returns where a file of this name is.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// Runs the client as somebody whose home this is.
    pub(crate) fn client(&self, arguments: &[&str], lines: &[&str]) -> Run {
        run(&self.0, arguments, lines)
    }

    /// As [`Self::client`], and returns the one JSON object that it prints.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str], lines: &[&str]) -> Value {
        let run = self.client(&[arguments, &["--json"]].concat(), lines);
        assert_eq!((run.code, run.errors.as_str()), (Some(0), ""), "{run:?}");
        serde_json::from_str(&run.output).unwrap()
    }

    /// As [`Self::json`], for a command that prints an object a line.
    #[track_caller]
    pub(crate) fn json_lines(&self, arguments: &[&str]) -> Vec<Value> {
        let run = self.client(&[arguments, &["--json"]].concat(), &[]);
        assert_eq!((run.code, run.errors.as_str()), (Some(0), ""), "{run:?}");
        run.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// As [`Self::json`], for what must fail with this exit code: returns the error.
    #[track_caller]
    pub(crate) fn json_error(&self, arguments: &[&str], lines: &[&str], code: i32) -> Value {
        let run = self.client(&[arguments, &["--json"]].concat(), lines);
        assert_eq!((run.code, run.output.as_str()), (Some(code), ""), "{run:?}");
        serde_json::from_str(&run.errors).unwrap()
    }

    /// Starts the client with `--json` and lets it run.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut child = spawn(&self.0, &[arguments, &["--json"]].concat());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    /// Makes the wallet of [`WORDS`] here.
    pub(crate) fn import_words(&self) {
        let run = self.client(&["new", "--import"], &[WORDS, PASSPHRASE]);
        assert_eq!(run.code, Some(0), "{run:?}");
    }
}

impl Run {
    /// Fails unless exactly `output` was printed, and this was said besides.
    #[track_caller]
    pub(crate) fn assert_told(&self, output: &str, said: &str) {
        assert_eq!((self.code, self.output.as_str()), (Some(0), output), "{self:?}");
        assert!(self.errors.contains(said), "{self:?}");
    }
}

/// Runs the client with these arguments and lines, to its end, as somebody without a wallet.
pub(crate) fn client(arguments: &[&str], lines: &[&str]) -> Run {
    run(&tempfile::tempdir().unwrap(), arguments, lines)
}

fn run(home: &TempDir, arguments: &[&str], lines: &[&str]) -> Run {
    let mut child = spawn(home, arguments);
    let mut input = child.stdin.take().unwrap();
    // It may end before it has read everything.
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let written = input.write_all(lines.as_bytes());
    drop((written, input));
    let Output { stdout, stderr, status } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { output: text(stdout), errors: text(stderr), code: status.code() }
}

fn spawn(home: &TempDir, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_client"))
        .args(arguments)
        .current_dir(home)
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A client that prints a JSON object a line until it is dropped.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    /// Waits for the next line that `is_wanted`.
    pub(crate) fn next(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.lines.next().unwrap().unwrap();
            let value = serde_json::from_str(&line).unwrap();
            if is_wanted(&value) {
                return value;
            }
        }
    }

    /// Waits for the next line on standard error.
    pub(crate) fn next_error(&mut self) -> Value {
        let mut line = String::new();
        BufReader::new(self.child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Returns a port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A node on dev with a store of its own, which mines for `miner` as fast as the rules allow.
pub(crate) async fn start_node(miner: Option<&str>) -> (RunningNode, TempDir) {
    start_node_with(miner, Arc::new(SystemClock)).await
}

/// As [`start_node`], by a clock of its own.
pub(crate) async fn start_node_with(miner: Option<&str>, clock: Arc<dyn Clock>) -> (RunningNode, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (start_node_at(0, &directory, miner, clock).await, directory)
}

/// As [`start_node_with`], at a port (0: any) with the store in `directory`.
pub(crate) async fn start_node_at(
    port: u16,
    directory: &TempDir,
    miner: Option<&str>,
    clock: Arc<dyn Clock>,
) -> RunningNode {
    start_config(
        Config { port, ..Config::new(Arc::new(ChainSpec::dev()), directory.path().to_owned()) },
        miner,
        clock,
    )
    .await
}

/// Starts a node of any chain, which mines as fast as it can.
pub(crate) async fn start_config(
    mut config: Config,
    miner: Option<&str>,
    clock: Arc<dyn Clock>,
) -> RunningNode {
    config.hash_limit = None;
    if let Some(miner) = miner {
        config.miner = Some(Address::parse(miner, &config.spec.rules().address_prefix).unwrap());
        config.threads = 1;
    }
    node::open(config).await.unwrap().start(clock).unwrap()
}

/// Waits until an account on dev has at least this many coins.
pub(crate) async fn await_balance(node: &RunningNode, address: &str, least: u64) {
    let address = Address::parse(address, "dev").unwrap();
    let has_it = |view: &Arc<node::chain::View>| {
        view.accounts.get(&address).is_some_and(|account| account.balance >= least)
    };
    drop(node.chain.watch().wait_for(has_it).await.unwrap());
}
