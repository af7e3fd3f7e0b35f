//! The program `node`: reads the command line, runs a node until it is told to stop, and says what went wrong.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use node::cli::{self, Cli, Task};
use node::clock::{Clock as _, SystemClock};
use node::config::Config;
use node::console::{self, Console, LogWriter, Meter, Start};
use node::offline::{self, OfflineError, Progress, Report};
use node::words;
use node::{OpenNode, RunningNode};
use shared::spec::ChainSpec;
use tracing_subscriber::EnvFilter;

/// How the shell reports a program that Ctrl-C ended at once.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::error(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments = std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned());
    cli::refuse_secrets(&arguments.collect::<Vec<_>>())?;
    let console = Console::new();
    match Cli::parse().into_task()? {
        Task::Words(spec) => show_new_words(console, &spec),
        Task::Check(store) => {
            work("checked", |report| offline::check(&store.data_dir, &store.spec, SystemClock.now(), report))
        }
        Task::Export(store, file) => {
            work("exported", |report| offline::export(&store.data_dir, &store.spec, &file, report))
        }
        Task::Import(store, file) => work("imported", |report| {
            offline::import(&store.data_dir, &store.spec, &file, Arc::new(SystemClock), report)
        }),
        Task::Run(run) => {
            start_log(run.log);
            let runtime = tokio::runtime::Runtime::new()?;
            let result = runtime.block_on(run_node(console, run.config));
            // Whatever has not ended by now was given its time.
            runtime.shutdown_background();
            result
        }
    }
}

/// Does something with a store, and shows how far it has come.
fn work(
    verb: &'static str,
    task: impl FnOnce(Report<'_>) -> Result<Progress, OfflineError>,
) -> Result<(), Box<dyn Error>> {
    start_log(EnvFilter::new("warn"));
    let mut meter = Meter::new(verb);
    let done = task(&mut |progress| meter.show(progress))?;
    meter.finish(done);
    Ok(())
}

fn show_new_words(console: Console, spec: &ChainSpec) -> Result<(), Box<dyn Error>> {
    let wallet = words::new_wallet()?;
    let address = wallet.address.to_text(&spec.rules().address_prefix);
    console.words(&wallet.words, &address, "To let a node mine for it, pass the address to --miner.")?;
    Ok(())
}

async fn run_node(console: Console, config: Config) -> Result<(), Box<dyn Error>> {
    // From here on a signal means an orderly stop, also while the store is opened.
    let mut signals = Signals::new()?;
    let mut open = node::open(config.clone()).await?;
    if config.threads > 0 && open.miner().is_none() && console::is_terminal() {
        make_miner(console, &config, &mut open)?;
    }
    let miner = open.miner();
    let mut node = open.start(Arc::new(SystemClock))?;
    announce(console, &config, &node, miner.map(|miner| miner.to_text(&config.spec.rules().address_prefix)));
    tokio::select! {
        biased;
        () = signals.next() => console.stopping(),
        () = node.broken() => {}
    }
    let views = node.chain.watch();
    tokio::select! {
        biased;
        stopped = node.stop() => stopped?,
        () = signals.next() => exit_at_once(),
    }
    console.stopped(views.borrow().tip.height);
    Ok(())
}

/// Makes the words that the rewards belong to. They are shown before the address is kept: rewards must never go to
/// words that nobody has seen.
fn make_miner(console: Console, config: &Config, open: &mut OpenNode) -> Result<(), Box<dyn Error>> {
    let wallet = words::new_wallet()?;
    let address = wallet.address.to_text(&config.spec.rules().address_prefix);
    console.words(&wallet.words, &address, "This node mines for that address from now on.")?;
    open.set_miner(wallet.address)?;
    Ok(())
}

/// Shows what has started, and from then on a line a block.
fn announce(console: Console, config: &Config, node: &RunningNode, miner: Option<String>) {
    let events = node.chain.events();
    console.start(&Start {
        address: node.api_addr,
        token: node.control.token.reveal(),
        chain: config.spec.name(),
        block_time: config.spec.rules().block_time,
        data_dir: &config.data_dir,
        height: node.chain.view().tip.height,
        miner,
        threads: config.threads,
        hash_limit: config.hash_limit.map(Into::into),
    });
    let rate = node.control.miner.hash_rate().clone();
    // A thread of its own, because a terminal that is held up (Ctrl-S) must not keep the node from stopping. It ends
    // with the chain; a node that cannot have it works as well without.
    let lines = std::thread::Builder::new().name("console".to_owned());
    if let Err(error) = lines.spawn(move || console.follow(events, &rate)) {
        tracing::warn!(%error, "no line will be shown for each block");
    }
}

/// Logs to standard error, and panics as well: the parts that panic are named there before the node stops.
fn start_log(filter: EnvFilter) {
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(LogWriter).init();
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(thread, place, "panicked: {}", panic.payload_as_str().unwrap_or("no reason given"));
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
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
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
            hangup: signal(SignalKind::hangup())?,
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
            _ = self.hangup.recv() => {}
        }
    }

    /// Waits for the next of them.
    #[cfg(windows)]
    async fn next(&mut self) {
        self.interrupt.recv().await;
    }
}
