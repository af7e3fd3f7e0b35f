//! The program itself is killed: in the middle of a write while it mines alone and takes payments, or copies a longer
//! chain and leaves its own blocks for it; and at random instants while it copies and while it starts. What it told by
//! its API is there when it runs again.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use node::store::STORE_FILE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use shared::codec;
use shared::spec::ChainSpec;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::cycles;
use crate::disk::Random;
use crate::network::TestNode;
use crate::process::{self, Process};
use crate::support::{DEADLINE, ManualClock, address, payment, sign};

/// Any hash is good enough, so that blocks come when they are wanted; the program makes one a second, as it stamps none
/// ahead of its clock.
const CHAIN: &str = "name = \"kill\"\naddress_prefix = \"kill\"\nblock_time = 2\ndifficulty_window = 10\n\
     limit_bits = 0x207fffff\nsubsidy = 10\nmax_block_bytes = 1_000_000\nupgrades = []\n\
     [genesis]\ntime = 1790000000\nmessage = \"Hello kill!\"\n";
/// Blocks of the longer chain before anybody copies it.
const BLOCKS: usize = 500;
/// By how many blocks it grows before each copying.
const GROWTH: usize = 6;
/// And before the last one in a directory: more than the program mines alone in all its lives there.
const LAST_GROWTH: usize = 50;
/// Cycles in one directory.
const CYCLES: u64 = 10;
/// A session that ends with the program.
struct Session {
    socket: WebSocketStream<TcpStream>,
    last_id: u64,
}

impl Session {
    async fn open(at: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(at).await.ok()?;
        let (socket, _) = client_async(format!("ws://{at}/ws"), stream).await.ok()?;
        Some(Self { socket, last_id: 0 })
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(DEADLINE, self.socket.next()).await.expect("the node speaks or is dead")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Asks, and returns the reply; what is told meanwhile is noted.
    async fn call(&mut self, method: &str, params: Value, notes: &mut Notes) -> Option<Value> {
        self.last_id += 1;
        let request = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params});
        self.socket.send(Message::text(request.to_string())).await.ok()?;
        loop {
            let message = self.next().await?;
            if message["id"] == self.last_id {
                return Some(message);
            }
            notes.take(&message);
        }
    }
}

/// What the program told.
#[derive(Debug, Default)]
struct Notes {
    /// Its last tip.
    tip: Option<String>,
    height: u64,
    /// Payments that it took.
    paid: BTreeSet<String>,
    /// Whether no payment was made at the tip.
    is_news: bool,
}

impl Notes {
    fn take(&mut self, message: &Value) {
        let head = &message["params"]["result"];
        if let (Some(hash), Some(height)) = (head["hash"].as_str(), head["height"].as_u64()) {
            (self.tip, self.height) = (Some(hash.to_owned()), height);
            self.is_news = true;
        }
    }

    /// Asks a program that was started again for everything; `None` when it died meanwhile.
    async fn check(&mut self, session: &mut Session) -> Option<()> {
        if let Some(tip) = self.tip.clone() {
            let reply = session.call("get_block", json!({ "hash": tip }), self).await?;
            assert!(reply["result"].is_object(), "the block {tip} was told and is lost: {reply}");
        }
        for tx_id in self.paid.clone() {
            let reply = session.call("get_transaction", json!({ "tx_id": tx_id }), self).await?;
            assert!(reply["result"].is_object(), "the payment {tx_id} was taken and is lost: {reply}");
        }
        Some(())
    }

    /// Pays once at each new tip, until the program dies or tells of the height `until`.
    async fn work(&mut self, at: SocketAddr, spec: &ChainSpec, until: u64) -> Option<()> {
        let mut session = Session::open(at).await?;
        self.check(&mut session).await?;
        session.call("subscribe", json!({ "topic": "heads" }), self).await?;
        while self.height < until {
            if std::mem::take(&mut self.is_news) {
                self.pay(&mut session, spec).await?;
            } else {
                let message = session.next().await?;
                self.take(&message);
            }
        }
        Some(())
    }

    async fn pay(&mut self, session: &mut Session, spec: &ChainSpec) -> Option<()> {
        let payer = address(0).to_text(&spec.rules().address_prefix);
        let account = session.call("get_account", json!({ "address": payer }), self).await?;
        let nonce = account["result"]["next_nonce"].as_u64().unwrap();
        let transaction = sign(spec, 0, payment(0, address(1), nonce));
        let hex = hex::encode(codec::encode(&transaction));
        let reply = session.call("transaction", json!({ "transaction": hex }), self).await?;
        // Refused when there are no coins yet.
        if let Some(tx_id) = reply["result"]["tx_id"].as_str() {
            self.paid.insert(tx_id.to_owned());
        }
        Some(())
    }
}

/// What the program does when it is killed, and when that is.
#[derive(Debug, Clone, Copy)]
enum Life {
    /// In the middle of the first write after so long.
    MinesAlone(Duration),
    /// The longer chain, until it tells of a height.
    Copies(u64),
    /// The longer chain, and as above.
    CopiesFor(Duration),
    Starts(Duration),
}

/// How long a kill waits for a write: a program that has copied everything has nothing to write.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Kills the program `id` in the middle of its first write to the store in `directory` after so long. Returns whether it
/// came to that.
fn strike(id: u32, directory: &Path, after: Duration) -> bool {
    // The instant is what is tried here: nothing waits for it.
    std::thread::sleep(after);
    let (store, began) = (directory.join(STORE_FILE), Instant::now());
    let mut is_in_write = false;
    while !is_in_write && began.elapsed() < PATIENCE {
        is_in_write = process::is_syncing(id, &store);
    }
    kill_process(Pid::from_raw(id.try_into().unwrap()).unwrap(), Signal::KILL).unwrap();
    is_in_write
}

/// The program in its directory, and the longer chain that it copies.
struct Story {
    spec: Arc<ChainSpec>,
    chain_file: PathBuf,
    other: TestNode,
    directory: TempDir,
    notes: Notes,
    kills: u64,
    /// Kills in the middle of a write.
    writing: u64,
    /// Kills before it had the longer chain.
    copying: u64,
    /// Tips that it had told, and left for the longer chain in the end.
    left: u64,
    paid: usize,
    /// Directories that it ended with.
    settled: u64,
}

impl Story {
    async fn begin(folder: &Path) -> Self {
        let chain_file = folder.join("kill.toml");
        std::fs::write(&chain_file, CHAIN).unwrap();
        let spec = Arc::new(ChainSpec::from_toml(CHAIN).unwrap());
        let other = TestNode::start(&spec, &ManualClock::new(&spec), &[]).await;
        other.mine(BLOCKS, address(0)).await;
        let (directory, notes) = (tempfile::tempdir().unwrap(), Notes::default());
        Self {
            spec,
            chain_file,
            other,
            directory,
            notes,
            kills: 0,
            writing: 0,
            copying: 0,
            left: 0,
            paid: 0,
            settled: 0,
        }
    }

    fn start(&self, mines_alone: bool) -> Process {
        let miner = address(2).to_text(&self.spec.rules().address_prefix);
        let (chain, peer) = (self.chain_file.to_str().unwrap(), self.other.peer_name());
        let mut arguments = vec!["--chain", chain, "--miner", &miner, "--p2p-port", "0", "--hash-limit", "0"];
        if mines_alone {
            arguments.extend(["--threads", "1"]);
        } else {
            arguments.extend(["--threads", "0", "--peer", &peer]);
        }
        process::start(self.directory.path(), &arguments)
    }

    async fn kill(&mut self, life: Life) {
        let mut program = self.start(matches!(life, Life::MinesAlone(_)));
        // The instant is what is tried here: nothing waits for it.
        match life {
            Life::Starts(after) => sleep(after).await,
            Life::Copies(height) => {
                let at = tokio::task::block_in_place(|| program.address());
                self.notes.work(at, &self.spec, height).await.expect("nobody has killed it yet");
            }
            Life::MinesAlone(after) | Life::CopiesFor(after) => {
                let at = tokio::task::block_in_place(|| program.address());
                let (id, directory) = (program.id(), self.directory.path().to_owned());
                let killer = std::thread::spawn(move || strike(id, &directory, after));
                // Until it dies.
                assert_eq!(self.notes.work(at, &self.spec, u64::MAX).await, None);
                self.writing += u64::from(killer.join().unwrap());
            }
        }
        program.signal(Signal::KILL);
        let ended = tokio::task::block_in_place(|| program.end());
        assert_eq!(ended.status.signal(), Some(9), "{life:?}: {}", ended.stderr);
        let goal = self.other.node.chain.view().tip.height;
        let is_copying = matches!(life, Life::Copies(_) | Life::CopiesFor(_)) && self.notes.height < goal;
        self.copying += u64::from(is_copying);
        self.kills += 1;
    }

    /// Lets it copy everything undisturbed, looks for all that it told, and ends with its directory.
    async fn settle(&mut self) {
        self.other.mine(LAST_GROWTH, address(0)).await;
        let mut program = self.start(false);
        let at = tokio::task::block_in_place(|| program.address());
        let mut session = Session::open(at).await.unwrap();
        let (before, mut notes) = (self.notes.tip.clone(), std::mem::take(&mut self.notes));
        session.call("subscribe", json!({ "topic": "heads" }), &mut notes).await.unwrap();
        let goal = self.other.node.chain.view().tip.hash.to_string();
        let copying = async {
            while notes.tip.as_ref() != Some(&goal) {
                let message = session.next().await.unwrap();
                notes.take(&message);
            }
        };
        timeout(DEADLINE, copying).await.expect("the longer chain is copied");
        notes.check(&mut session).await.unwrap();
        self.paid += notes.paid.len();
        if let Some(before) = before {
            let reply = session.call("get_block", json!({ "hash": before }), &mut notes).await.unwrap();
            self.left += u64::from(reply["result"]["confirmations"] == 0);
        }
        program.stop();
        let checked = process::run(&[
            "check",
            "--chain",
            self.chain_file.to_str().unwrap(),
            "--data-dir",
            self.directory.path().to_str().unwrap(),
        ]);
        assert!(checked.status.success(), "{}", checked.stderr);
        self.directory = tempfile::tempdir().unwrap();
        self.settled += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_that_is_killed_loses_nothing_that_its_api_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::begin(folder.path()).await;
    let mut random = Random(cycles());
    for cycle in 0..cycles().div_ceil(2) {
        let mut within = |milliseconds| Duration::from_millis(random.next() % milliseconds);
        let life = match cycle % CYCLES {
            // Some of a chain that is new to it: coins to pay with among them.
            0 => Life::Copies(1 + random.next() % BLOCKS as u64),
            even if even % 2 == 0 => {
                story.other.mine(GROWTH, address(0)).await;
                Life::CopiesFor(within(40))
            }
            _ => Life::MinesAlone(within(2_500)),
        };
        story.kill(life).await;
        story.kill(Life::Starts(Duration::from_millis(random.next() % 100))).await;
        if cycle % CYCLES == CYCLES - 1 {
            story.settle().await;
        }
    }
    let is_whole = story.settled > 0;
    if !cycles().div_ceil(2).is_multiple_of(CYCLES) {
        story.settle().await;
    }
    let Story { kills, writing, copying, left, paid, other, .. } = story;
    println!(
        "figures: {kills} kills of the program, {writing} in a write, {copying} while it copied; {left} branches left, {paid} \
         payments"
    );
    if writing == 0 {
        println!("SKIPPED kills in a write: this disk answers at once, as memory does");
    }
    // Else a whole directory has shown nothing.
    assert!(!is_whole || left > 0 && paid > 0, "{left} {paid}");
    other.stop().await;
}
