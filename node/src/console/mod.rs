//! What the program shows: the start, one line a block, the words of a new wallet, and errors. The only module that
//! writes to the terminal; it alone ever shows words.
//!
//! Nothing from outside reaches it but numbers and hashes, and log lines lose their control characters on the way.

mod log;
mod meter;

use std::io::{self, IsTerminal as _, Write};
use std::time::Instant;

use shared::words::Words;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tracing::info;
use zeroize::Zeroizing;

use crate::chain::{ChainEvent, HeadChange, Tip};
use crate::miner::HashRate;
use crate::network::NetworkEvent;
use crate::offline;
use crate::rate::{Rate, TokenBucket};
use crate::sync::Progress;

pub use log::LogWriter;
use log::plain;
pub use meter::Meter;

/// A reorg that undoes more blocks than this is an alarm (`docs/protocol.md`, section 6).
const ALARM_DEPTH: u64 = 6;
/// And more than this a loud one.
const LOUD_ALARM_DEPTH: u64 = 1_000;

/// Peers that come and go are told so often, so that nobody fills a log by coming again and again.
const COMINGS: Rate = Rate { per_second: 1, burst: 100 };

/// Room for 24 words and what is said about them.
const WORDS_TEXT_BYTES: usize = 4096;

/// The filter that lets through what the console says as JSON.
pub const JSON_FILTER: &str = "console=info";

/// What a node that has just started says about itself.
#[derive(Debug)]
pub struct Start<'a> {
    /// The port and host that the page is served on, as part of a link.
    pub address: std::net::SocketAddr,
    /// The control token, which goes into the link.
    pub token: &'a str,
    /// The chain's name.
    pub chain: &'a str,
    /// The seconds that a block should take.
    pub block_time: u32,
    /// The data directory.
    pub data_dir: &'a std::path::Path,
    /// The last block.
    pub height: u64,
    /// Who earns the rewards, when it is known.
    pub miner: Option<String>,
    /// How many threads mine; 0 for none.
    pub threads: usize,
    /// The most hashes per second.
    pub hash_limit: Option<u64>,
    /// Whether mining waits until the chain of given peers is copied.
    pub copies_first: bool,
    /// The seconds until the chain begins; 0 when it has begun.
    pub starts_in: u64,
}

/// Standard output; or the log, where everything is JSON.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    colour: bool,
    json: bool,
}

impl Console {
    /// Returns the console; it is coloured on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
    #[must_use]
    pub fn new() -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colour: is_terminal() && !no_color, json: false }
    }

    /// From now on everything but words goes to the log.
    pub fn use_json(&mut self) {
        self.json = true;
    }

    /// Begins to show how far a task has come; `verb` says what was done, as in "checked".
    #[must_use]
    pub fn meter(self, verb: &'static str) -> Meter {
        Meter::new(verb, self.json)
    }

    /// Shows where the wallet is and what the node does.
    pub fn start(self, start: &Start<'_>) {
        let Start { chain, height, miner, threads, starts_in, .. } = start;
        if self.json {
            // Without the token: a log is read by many.
            let (wallet, data_dir) = (link(start.address), start.data_dir.display());
            info!(target: "console", wallet, chain, height, %data_dir, miner, threads, starts_in, "started");
        } else {
            show(&self.start_text(start));
        }
        if *starts_in > 0 {
            tracing::warn!(
                "the chain {chain} begins in {}, by this computer's clock; until then no block is valid: wait, or set the \
                 clock if it is wrong",
                span(*starts_in)
            );
        }
    }

    fn start_text(self, start: &Start<'_>) -> String {
        let mut text = format!("\n{} {}\n\n", self.bold("Ironchain"), env!("CARGO_PKG_VERSION"));
        let mut line = |name: &str, value: &str| {
            text += &format!("  {}{value}\n", self.dim(&format!("{name:<9}")));
        };
        line("wallet", &self.accent(&format!("{}#token={}", link(start.address), start.token)));
        line("chain", &format!("{}, a block every {} seconds", start.chain, start.block_time));
        line("height", &start.height.to_string());
        line("data", &plain(&start.data_dir.display().to_string()));
        match (&start.miner, start.threads) {
            (_, 0) => line(
                "mining",
                "off, because of --threads 0; to begin, set the threads in the page that the link opens, or start again \
                 without",
            ),
            (None, _) => {
                line("mining", "off, because no address is known: pass --miner ADDRESS to earn the rewards")
            }
            (Some(miner), threads) => {
                let limit = start.hash_limit.map_or_else(String::new, |n| format!(", at most {}", hashes(n)));
                line("miner", miner);
                let when = if start.copies_first { ", once the peer's chain is copied" } else { "" };
                let threads = counted(u64::try_from(threads).unwrap_or(u64::MAX), "thread");
                line("threads", &format!("{threads} at low priority{limit}{when}"));
            }
        }
        line("network", &format!("others join with: node PORT {}", join(start.address)));
        text += "\n  Press Ctrl-C to stop.\n\n";
        text += &self.dim("    height  block              transactions    after      hash rate");
        text += "\n";
        text
    }

    /// Shows one line for every move of the tip, until the chain ends.
    pub fn follow(self, mut events: broadcast::Receiver<ChainEvent>, rate: &HashRate) {
        loop {
            match events.blocking_recv() {
                Ok(event) => {
                    // Of a chain that is being copied the progress is told.
                    if let Some(change) = event.head.as_ref().filter(|change| change.is_news()) {
                        self.tell_head(&event.view.tip, change, rate.per_second());
                    }
                }
                // The lines that were missed are told by the height of the next.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Shows who comes and goes, and how far the chain is while it is being copied, until the node stops.
    pub fn follow_network(self, mut events: broadcast::Receiver<NetworkEvent>) {
        let mut meter = None;
        let since = Instant::now();
        let mut comings = TokenBucket::new(COMINGS);
        let mut left_out = 0_u64;
        loop {
            match events.blocking_recv() {
                Ok(NetworkEvent::Syncing(Progress { height, headers, is_syncing })) => {
                    let progress = offline::Progress { height, last: Some(headers), n_transactions: 0 };
                    meter.get_or_insert_with(|| self.meter("copied")).show(progress);
                    if height >= headers && !is_syncing {
                        meter.take().into_iter().for_each(Meter::clear);
                        self.note(&format!("the chain is copied: {height} blocks"));
                    }
                }
                Ok(NetworkEvent::Joined(_) | NetworkEvent::Left { .. }) if !comings.take(since.elapsed()) => {
                    left_out += 1;
                }
                Ok(event) => {
                    if left_out > 0 {
                        self.note(&format!("{left_out} more peers came or went"));
                        left_out = 0;
                    }
                    self.note(&event.to_string());
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Says something between the lines of blocks.
    fn note(self, sentence: &str) {
        if self.json {
            info!(target: "console", "{sentence}")
        } else {
            show(&format!("            {sentence}\n"))
        }
    }

    fn tell_head(self, tip: &Tip, change: &HeadChange, hash_rate: u64) {
        if !self.json {
            return show(&self.head(tip, change, hash_rate));
        }
        let (height, hash, time, transactions) =
            (tip.height, tip.hash, tip.header.time, tip.coinbase.tx_count);
        let disconnected = change.disconnected.count;
        info!(target: "console", height, %hash, time, transactions, hash_rate, disconnected, "block");
    }

    /// Returns the line of a new tip, and before it a note when blocks were undone.
    fn head(self, tip: &Tip, change: &HeadChange, per_second: u64) -> String {
        let mut text = String::new();
        if change.disconnected.count > 0 {
            text += &self.reorg(change);
        }
        let hash = tip.hash.to_string();
        let (first, last) = (hash.get(..8).unwrap_or_default(), hash.get(56..).unwrap_or_default());
        let after = tip.parent_time.map_or(0, |before| tip.header.time.saturating_sub(before));
        let after = span(after.into());
        let rate = if per_second == 0 { "-".to_owned() } else { hashes(per_second) };
        let (height, n_transactions, gap) = (tip.height, tip.coinbase.tx_count, self.dim("…"));
        text += &format!("{height:>10}  {first}{gap}{last}  {n_transactions:>12}  {after:>8}  {rate:>12}\n");
        text
    }

    fn reorg(self, change: &HeadChange) -> String {
        let (disconnected, connected) = (change.disconnected.count, change.connected.count);
        let fact =
            format!("another branch has more work (blocks undone: {disconnected}, applied: {connected})");
        let note = match disconnected {
            depth if depth > LOUD_ALARM_DEPTH => self.accent(&format!(
                "ALARM: {fact}. This is far deeper than any accident: check payments of the last hours"
            )),
            depth if depth > ALARM_DEPTH => {
                self.accent(&format!("ALARM: {fact}. Payments with fewer confirmations may be gone"))
            }
            _ => fact,
        };
        format!("            {note}\n")
    }

    /// Shows new words with their address. `kept` says what the program does with the address.
    ///
    /// # Errors
    /// When they could not be shown: then nobody has them.
    pub fn words(self, words: &Words, address: &str, kept: &str) -> io::Result<()> {
        let text = self.words_text(words, address, kept);
        let mut out = io::stdout().lock();
        // The text ends with a line break and nothing is pending, so it is written without being buffered.
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    fn words_text(self, words: &Words, address: &str, kept: &str) -> Zeroizing<String> {
        let words = words.words().collect::<Vec<_>>();
        // It never grows, because that would leave copies of the words behind in memory.
        let mut text = Zeroizing::new(String::with_capacity(WORDS_TEXT_BYTES));
        *text += "\nThese words, in this order, are the key of a new wallet:\n\n";
        let rows = words.len().div_ceil(4);
        for row in 0..rows {
            for (index, word) in words.iter().enumerate().skip(row).step_by(rows) {
                // BIP-39's longest words have eight letters.
                *text += &format!("  {:>2} ", index + 1);
                *text += word;
                *text += " ".repeat(9_usize.saturating_sub(word.len())).as_str();
            }
            *text += "\n";
        }
        *text += &format!(
            "\n  address  {}\n\n\
             Write them on paper now: they are shown only this once and kept nowhere. Whoever has them\n\
             has the coins. To spend the rewards, import them in the wallet page.\n{kept}\n",
            self.accent(address)
        );
        text
    }

    /// Says that the node is ending.
    pub fn stopping(self) {
        // The terminal has just echoed "^C".
        let lead = if is_terminal() { "\n" } else { "" };
        self.say(&format!("{lead}Stopping. Press Ctrl-C again to end at once."));
    }

    /// Says that the node has ended in order.
    pub fn stopped(self, height: u64) {
        self.say(&format!("Stopped at height {height}; everything is stored."));
    }

    /// Says that the node has ended before its start was over.
    pub fn stopped_early(self) {
        self.say("Stopped before the start was over; nothing is lost.");
    }

    /// Says why the program ends, on standard error.
    pub fn error(self, error: &(dyn std::error::Error + 'static)) {
        if self.json {
            tracing::error!(target: "console", "{error}");
        } else {
            // Nobody is left to tell when even this fails.
            drop(writeln!(io::stderr(), "error: {}", plain(&error.to_string())));
        }
    }

    fn say(self, sentence: &str) {
        if self.json {
            info!(target: "console", "{}", sentence.trim())
        } else {
            show(&format!("{sentence}\n"))
        }
    }

    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn accent(self, text: &str) -> String {
        self.paint("33", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns whether a person sees standard output.
#[must_use]
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Writes to standard output. A reader that has gone away (`node | head`) is no reason to stop the node.
fn show(text: &str) {
    let mut out = io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Returns the page's address. A node on all interfaces is reached from here through loopback.
fn link(address: std::net::SocketAddr) -> String {
    let port = address.port();
    match address {
        address if !address.ip().is_unspecified() => format!("http://{address}/"),
        std::net::SocketAddr::V4(_) => format!("http://127.0.0.1:{port}/"),
        std::net::SocketAddr::V6(_) => format!("http://[::1]:{port}/"),
    }
}

/// Returns what others type to join. Where a node on all interfaces is reached, only its operator knows.
fn join(address: std::net::SocketAddr) -> String {
    let port = address.port();
    if address.ip().is_unspecified() {
        format!("ADDRESS-OF-THIS-COMPUTER:{port}")
    } else {
        address.to_string()
    }
}

/// Returns how many there are of something.
fn counted(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// Returns a time in a unit that keeps it short.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Returns a hash rate with a unit that keeps it short.
fn hashes(per_second: u64) -> String {
    let units = [(1_000_000_000, "GH/s"), (1_000_000, "MH/s"), (1_000, "kH/s")];
    match units.into_iter().find(|(size, _)| per_second >= *size) {
        // One digit behind the point, cut off: 1.9 is not yet 2.0.
        Some((size, unit)) => format!("{}.{} {unit}", per_second / size, per_second % size / (size / 10)),
        None => format!("{per_second} H/s"),
    }
}

#[cfg(test)]
mod tests;
