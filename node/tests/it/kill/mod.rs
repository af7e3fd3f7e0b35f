//! A process that mines, admits and reorganises is killed at random instants, half of them between the begin and the
//! end of a sync, and again while it recovers. Its parent keeps a journal of what it was told is durable, and counts where
//! the kills fell.

mod program;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use node::chain::SubmitTransactionError;
use redb::StorageBackend;
use redb::backends::FileBackend;
use shared::hash::{BlockHash, TxId};
use shared::spec::ChainSpec;

use crate::disk::{Disk, Random};
use crate::support::{ManualClock, TestChain, address, easy_spec, payment};

/// Where the process that is killed works, and the number that its steps come from.
const DIRECTORY: &str = "KILL_DIRECTORY";
const SEED: &str = "KILL_SEED";
/// Steps of the process when nobody kills it.
const STEPS: usize = 12;

/// A file that tells on standard output when a sync begins and ends.
#[derive(Debug)]
struct Marked(FileBackend);

impl StorageBackend for Marked {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        tell("@sync");
        // Time to be killed here, also where a disk is quick.
        std::thread::sleep(Duration::from_millis(1));
        self.0.sync_data()?;
        tell("@synced");
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        self.0.write(offset, data)
    }

    fn close(&self) -> Result<(), std::io::Error> {
        self.0.close()
    }
}

fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

/// Opens the store; one that is not there is made under another name first, as the node does it.
fn open(spec: &Arc<ChainSpec>, directory: &Path) -> TestChain {
    let (file, new) = (directory.join("chain"), directory.join("new"));
    if !file.exists() {
        drop(std::fs::remove_file(&new));
        open_file(spec, &new).stop();
        std::fs::rename(&new, &file).unwrap();
    }
    open_file(spec, &file)
}

fn open_file(spec: &Arc<ChainSpec>, path: &Path) -> TestChain {
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path).unwrap();
    let clock = ManualClock::new(spec);
    // Long after everything that a run may mine.
    clock.advance(100_000_000);
    TestChain::on(spec, clock, Marked(FileBackend::new(file).unwrap()), false).unwrap()
}

/// A chain thread in memory with the blocks of `test` but for the last `depth`.
async fn fork(spec: &Arc<ChainSpec>, test: &TestChain, depth: u64) -> TestChain {
    let other = TestChain::on(spec, ManualClock::new(spec), Disk::default(), false).unwrap();
    let snapshot = test.chain.snapshot().unwrap();
    for height in 1..=test.height() - depth {
        let hash = snapshot.hash_at(height).unwrap().unwrap();
        let bytes = snapshot.block(&hash).unwrap().unwrap().bytes;
        other.take(&[shared::codec::decode(&bytes).unwrap()]).await;
    }
    other
}

/// One step: a block, a payment, or a branch that is longer by one. Each is announced, done, and told.
async fn step(spec: &Arc<ChainSpec>, test: &TestChain, random: &mut Random) {
    match random.below(4) {
        // So rich that the rewards which reorgs take away never leave a payment without cover.
        0 | 1 if test.balance(0) > 300 && test.chain.view().mempool.len() < 10 => {
            let account = test.chain.view().account(&address(0));
            let nonce = test.chain.view().mempool.next_nonce(&address(0), account.nonce);
            match test.pay(0, payment(0, address(1), nonce)).await {
                Ok(id) => tell(&format!("@paid {}", hex::encode(id.as_bytes()))),
                Err(SubmitTransactionError::Refused(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        2 if test.height() > 3 => {
            let depth = u64::try_from(1 + random.below(3)).unwrap();
            let other = fork(spec, test, depth).await;
            for _ in 0..=depth {
                let block = other.mine(address(2 + random.below(4))).await;
                tell(&format!("@next {}", hex::encode(block.header.hash().as_bytes())));
                test.chain.submit_block(block).await.unwrap();
            }
            tell(&format!("@tip {}", hex::encode(test.chain.view().tip.hash.as_bytes())));
            other.stop();
        }
        _ => {
            let block = test.next_block(address(0)).await;
            tell(&format!("@next {}", hex::encode(block.header.hash().as_bytes())));
            test.chain.submit_block(block).await.unwrap();
            tell(&format!("@tip {}", hex::encode(test.chain.view().tip.hash.as_bytes())));
        }
    }
}

/// The process that is killed; run by itself, it takes some steps and ends.
#[tokio::test]
async fn the_process_that_is_killed() {
    let own = tempfile::tempdir().unwrap();
    let directory = std::env::var_os(DIRECTORY);
    let steps = if directory.is_some() { usize::MAX } else { STEPS };
    let directory = directory.map_or_else(|| own.path().to_owned(), Into::into);
    let seed = std::env::var(SEED).map_or(0, |seed| seed.parse().unwrap());
    let (spec, mut random) = (easy_spec(), Random(seed));
    let test = open(&spec, &directory);
    tell("@open");
    for _ in 0..steps {
        step(&spec, &test, &mut random).await;
    }
    let tip = test.chain.view().tip.clone();
    test.stop();
    assert_eq!(open(&spec, &directory).chain.view().tip, tip);
}

/// What the parent knows.
#[derive(Debug)]
pub(crate) struct Journal {
    /// The last tip that was told, and those that may have come after it.
    tips: Vec<BlockHash>,
    /// All payments that were ever accepted.
    paid: BTreeSet<TxId>,
}

fn hash(hex: &str) -> [u8; 32] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

impl Journal {
    /// Of a chain that has not begun.
    pub(crate) fn new(spec: &ChainSpec) -> Self {
        Self { tips: vec![*spec.genesis_hash()], paid: BTreeSet::new() }
    }

    pub(crate) fn note(&mut self, line: &str) {
        match line.split_once(' ') {
            Some(("@paid", id)) => drop(self.paid.insert(TxId(hash(id)))),
            Some(("@next", tip)) => self.tips.push(BlockHash(hash(tip))),
            Some(("@tip", tip)) => self.tips = vec![BlockHash(hash(tip))],
            _ => {}
        }
    }

    /// Compares with what is on the disk.
    pub(crate) fn check(&mut self, spec: &Arc<ChainSpec>, directory: &Path) {
        let test = open(spec, directory);
        let (view, snapshot) = (test.chain.view(), test.chain.snapshot().unwrap());
        assert!(self.tips.contains(&view.tip.hash), "{:?} of {self:?}", view.tip);
        for id in &self.paid {
            let is_there = view.mempool.get(id).is_some() || snapshot.transaction(id).unwrap().is_some();
            assert!(is_there, "{id} is lost at height {}", view.tip.height);
        }
        let sum: u64 = view.accounts.values().map(|account| account.balance).sum();
        assert_eq!(sum, 10 * view.tip.height);
        self.tips = vec![view.tip.hash];
        drop(snapshot);
        test.stop();
    }
}

/// Returns a command that starts the process in `directory`; it works until something stops it.
pub(crate) fn command(directory: &Path, seed: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kill::the_process_that_is_killed", "--nocapture"]);
    command.env(DIRECTORY, directory).env(SEED, seed.to_string()).stdout(Stdio::piped());
    command
}

/// When to kill.
#[derive(Debug, Clone, Copy)]
enum Aim {
    /// As soon as so many syncs have begun.
    Sync(usize),
    /// After so many milliseconds, whatever it does then.
    After(u64),
}

/// Where kills fell.
#[derive(Debug, Default)]
struct Hits {
    /// Between the begin and the end of a sync.
    sync: u64,
    /// Before the store was open.
    recovery: u64,
}

/// Kills one process and notes what it said before.
fn kill(directory: &Path, seed: u64, aim: Aim, journal: &mut Journal, hits: &mut Hits) {
    // It takes away nothing that it makes elsewhere.
    let mut child = command(directory, seed).env("TMPDIR", directory).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let timer = match aim {
        Aim::After(milliseconds) => {
            let pid = rustix::process::Pid::from_child(&child);
            Some(std::thread::spawn(move || {
                // The instant is what is tried here: nothing waits for it.
                std::thread::sleep(Duration::from_millis(milliseconds));
                rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            }))
        }
        Aim::Sync(_) => None,
    };
    let (mut syncs, mut is_syncing, mut is_open) = (0, false, false);
    for line in output.lines() {
        let line = line.unwrap();
        journal.note(&line);
        match line.as_str() {
            "@sync" => {
                (syncs, is_syncing) = (syncs + 1, true);
                if matches!(aim, Aim::Sync(wanted) if wanted == syncs) {
                    child.kill().unwrap();
                }
            }
            "@synced" => is_syncing = false,
            "@open" => is_open = true,
            _ => {}
        }
    }
    hits.sync += u64::from(is_syncing);
    hits.recovery += u64::from(!is_open);
    if let Some(timer) = timer {
        timer.join().unwrap();
    }
    let status = child.wait().unwrap();
    assert!(!status.success() && status.code().is_none(), "it ended by itself: {status}");
}

/// As many kills as `cargo xtask long kill` wants, or a sample.
fn cycles() -> u64 {
    std::env::var("KILLS").map_or(20, |kills| kills.parse().unwrap())
}

#[test]
fn a_process_that_is_killed_at_any_instant_loses_nothing_it_told() {
    let spec = easy_spec();
    let mut directory = tempfile::tempdir().unwrap();
    let mut journal = Journal::new(&spec);
    let (mut random, cycles, mut hits) = (Random(cycles()), cycles(), Hits::default());
    for cycle in 0..cycles {
        // A chain of its own now and then, so that making a store is tried as well and forks stay quick.
        if cycle % 25 == 0 {
            directory = tempfile::tempdir().unwrap();
            journal = Journal::new(&spec);
        }
        let aim = |random: &mut Random| {
            if random.below(2) == 0 {
                Aim::Sync(1 + random.below(40))
            } else {
                Aim::After(20 + random.next() % 400)
            }
        };
        let first = aim(&mut random);
        kill(directory.path(), random.next(), first, &mut journal, &mut hits);
        // The next one dies while it recovers from that.
        let second = if cycle % 2 == 0 { Aim::Sync(1) } else { Aim::After(random.next() % 40) };
        kill(directory.path(), random.next(), second, &mut journal, &mut hits);
        journal.check(&spec, directory.path());
    }
    println!("figures: {} kills, {hits:?}, {} payments in the last journal", 2 * cycles, journal.paid.len());
    // Else the run has shown nothing.
    assert!(hits.sync * 4 >= 2 * cycles && hits.recovery > 0, "{hits:?} of {cycles}");
}
