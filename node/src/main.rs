//! The program `node`: reads the command line, runs a node until it is told to stop, and says what went wrong.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use node::cli::{self, Cli, Log, Task};
use node::clock::{Clock as _, SystemClock};
use node::config::Config;
use node::console::{self, Console, LogWriter, Start};
use node::offline::{self, OfflineError, Progress, Report};
use node::words;
use node::{OpenNode, RunningNode};
use shared::spec::ChainSpec;
use tracing_subscriber::EnvFilter;

/// Why the program ends, for whoever reads it.
type Failure = Box<dyn Error + Send + Sync>;

/// How the shell reports a program that Ctrl-C ended at once.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let mut console = Console::new();
    match run(&mut console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console.error(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn run(console: &mut Console) -> Result<(), Failure> {
    cli::refuse_secrets()?;
    match Cli::parse().into_task()? {
        Task::Words(spec) => show_new_words(*console, &spec),
        Task::Completions(shell) => Ok(cli::print_completions(shell)?),
        Task::Check(store) => work(console, "checked", |report| {
            offline::check(&store.data_dir, &store.spec, SystemClock.now(), report)
        }),
        Task::Export(store, file) => {
            work(console, "exported", |report| offline::export(&store.data_dir, &store.spec, &file, report))
        }
        Task::Import(store, file) => work(console, "imported", |report| {
            offline::import(&store.data_dir, &store.spec, &file, Arc::new(SystemClock), report)
        }),
        Task::Run(run) => {
            start_log(run.log, console);
            let runtime = tokio::runtime::Runtime::new()?;
            let result = runtime.block_on(run_node(*console, run.config));
            // Whatever has not ended by now was given its time.
            runtime.shutdown_background();
            result
        }
    }
}

/// Does something with a store, and shows how far it has come.
fn work(
    console: &mut Console,
    verb: &'static str,
    task: impl FnOnce(Report<'_>) -> Result<Progress, OfflineError>,
) -> Result<(), Failure> {
    start_log(Log { filter: EnvFilter::new("warn"), is_json: false }, console);
    let mut meter = console.meter(verb);
    let done = task(&mut |progress| meter.show(progress))?;
    meter.finish(done);
    Ok(())
}

fn show_new_words(console: Console, spec: &ChainSpec) -> Result<(), Failure> {
    let wallet = words::new_wallet()?;
    let address = wallet.address.to_text(&spec.rules().address_prefix);
    console.words(&wallet.words, &address, "To let a node mine for it, pass the address to --miner.")?;
    Ok(())
}

async fn run_node(console: Console, config: Config) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    // On a thread of its own, because it may take a while to open a large store, or to show words on a terminal that is
    // held up, and a thread that waits for signals must be left. An end in the middle is no worse than a power cut.
    let runtime = tokio::runtime::Handle::current();
    let starting = tokio::task::spawn_blocking(move || runtime.block_on(start(console, config)));
    let (config, mut node) = tokio::select! {
        biased;
        () = signals.next() => {
            say(move || console.stopped_early()).await;
            return Ok(());
        }
        started = starting => started??,
    };
    announce(console, config, &node);
    tokio::select! {
        biased;
        () = signals.next() => say(move || console.stopping()).await,
        () = node.broken() => {}
    }
    let views = node.chain.watch();
    tokio::select! {
        biased;
        stopped = node.stop() => stopped?,
        () = signals.next() => exit_at_once(),
    }
    let height = views.borrow().tip.height;
    say(move || console.stopped(height)).await;
    Ok(())
}

/// Starts the node.
async fn start(console: Console, config: Config) -> Result<(Config, RunningNode), Failure> {
    let mut open = node::open(config.clone()).await?;
    if config.threads > 0 && open.miner().is_none() && console::is_terminal() {
        make_miner(console, &config, &mut open)?;
    }
    let mut meter = console.meter("read");
    let node = open.start_with(Arc::new(SystemClock), &mut |loading| meter.show_loading(loading))?;
    meter.clear();
    Ok((config, node))
}

/// Says something about the end, on a thread of its own: a terminal that is held up (Ctrl-S) must not prevent it.
async fn say(what: impl FnOnce() + Send + 'static) {
    const LIMIT: Duration = Duration::from_millis(500);
    // Who cannot be told is not waited for.
    drop(tokio::time::timeout(LIMIT, tokio::task::spawn_blocking(what)).await);
}

/// Makes the words that the rewards belong to. They are shown before the address is kept: rewards must never go to
/// words that nobody has seen.
fn make_miner(console: Console, config: &Config, open: &mut OpenNode) -> Result<(), Failure> {
    let wallet = words::new_wallet()?;
    let address = wallet.address.to_text(&config.spec.rules().address_prefix);
    console.words(&wallet.words, &address, "This node mines for that address from now on.")?;
    open.set_miner(wallet.address)?;
    Ok(())
}

/// Shows what has started, and from then on a line a block.
fn announce(console: Console, config: Config, node: &RunningNode) {
    let (events, network) = (node.chain.events(), node.network.events());
    let (address, height) = (node.api_addr, node.chain.view().tip.height);
    let control = node.control.clone();
    // A thread of its own, because a terminal that is held up (Ctrl-S) must not keep the node from stopping. It ends
    // with the chain; a node that cannot have it works as well without.
    let show = move || {
        let miner = control.miner.mining().payout;
        console.start(&Start {
            address,
            token: control.token.reveal(),
            chain: config.spec.name(),
            block_time: config.spec.rules().block_time,
            data_dir: &config.data_dir,
            height,
            miner: miner.map(|miner| miner.to_text(&config.spec.rules().address_prefix)),
            threads: config.threads,
            hash_limit: config.hash_limit.map(Into::into),
            copies_first: !config.network.peers.is_empty(),
            starts_in: u64::from(config.spec.genesis().header.time).saturating_sub(SystemClock.now()),
        });
        let rate = control.miner.hash_rate().clone();
        drop(control);
        show_on_a_thread("peers", move || console.follow_network(network));
        console.follow(events, &rate);
    };
    show_on_a_thread("console", show);
}

fn show_on_a_thread(name: &str, show: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(show) {
        tracing::warn!(%error, "nothing will be shown of what the node does");
    }
}

/// Logs to standard error, and panics as well: the parts that panic are named there before the node stops.
fn start_log(log: Log, console: &mut Console) {
    let lines = tracing_subscriber::fmt().with_ansi(false);
    if log.is_json {
        // With what people would read on standard output.
        let console_lines = console::JSON_FILTER.parse();
        let filter =
            log.filter.add_directive(console_lines.expect("the filter is one because it is a constant"));
        lines.with_env_filter(filter).with_writer(LogWriter::json()).json().flatten_event(true).init();
        console.use_json();
    } else {
        lines.with_env_filter(log.filter).with_writer(LogWriter::text()).init();
    }
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(thread, place, "panicked: {}", panic.payload_as_str().unwrap_or("no reason given"));
        // Some damage ends the program here, and nothing else would say what to do.
        if place.contains("redb-") {
            tracing::error!(
                "this is the engine of the store, so its file may be damaged: `node check` with the same PORT, --chain \
                 and --data-dir looks at all of it"
            );
        }
    }));
}

#[allow(
    clippy::exit,
    reason = "whoever presses Ctrl-C twice does not want to wait; the store survives a kill"
)]
fn exit_at_once() {
    std::process::exit(INTERRUPTED);
}

/// The signals that ask a program to end.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    /// `None` where whoever started the program lets it ignore the end of the terminal, as `nohup` does.
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    #[cfg(windows)]
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for the next of them.
    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            Some(_) = async { self.hangup.as_mut()?.recv().await } => {}
        }
    }

    /// Waits for the next of them.
    #[cfg(windows)]
    async fn next(&mut self) {
        self.interrupt.recv().await;
    }
}

/// Returns whether the program was started with SIGHUP ignored. Only Linux says so without unsafe code; elsewhere the
/// signal always stops the node.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    // A hexadecimal mask, whose lowest bit is signal 1.
    let mask = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(line.trim(), 16).ok()
    };
    std::fs::read_to_string("/proc/self/status").ok().and_then(mask).is_some_and(|ignored| ignored & 1 == 1)
}
