//! Three nodes on this computer, with a page each, whose links a person cuts and mends.

mod command;
mod screen;

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;

use anyhow::{Context as _, Result};
use e2e::api::Api;
use e2e::lan::Lan;
use e2e::wallet;
use shared::api::views::HeadView;

use self::command::Command;
use self::screen::Screen;

const NODES: usize = 3;
const FIRST_PORT: u16 = 1111;
/// Where a node listens for others, after its page's port.
const PEER_OFFSET: u16 = 10_000;
/// More than a person types, and three nodes mine, while a line is printed; then they wait.
const EVENTS: usize = 64;

/// What the demonstration hears of.
enum Event {
    /// A line that was typed.
    Line(String),
    /// Ctrl-C, or the end of what is typed.
    End,
    /// A node has another tip.
    Head(usize, HeadView),
    /// A node does not answer any more.
    Lost(usize, anyhow::Error),
}

/// Shows it, until somebody ends it.
pub(crate) fn show() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("ironchain-demo").tempdir()?;
    let lan = Lan::on_loopback(free_addresses()?.into_iter())?;
    let (events, happenings) = mpsc::sync_channel(EVENTS);
    listen(events.clone());
    println!("Three nodes of chain dev, each connected to both others. Open their pages:\n");
    let mut nodes = Vec::new();
    for node in 0..NODES {
        let number = u8::try_from(node + 1).context("few nodes")?;
        let miner = wallet::address(number)?;
        let arguments = ["--chain", "dev", "--threads", "1", "--miner", &miner].map(str::to_owned);
        let peers: Vec<_> = (0..node).collect();
        let started = lan.start(node, &peers, &folder.path().join(format!("node{number}")), &arguments)?;
        println!("  {number}  {}#token={}", started.url, started.token);
        println!("     mines for the wallet of these words, which are no secret; import them to have coins:");
        println!("     {}\n", wallet::words(number)?);
        nodes.push(started);
        follow(node, lan.connect(node)?, events.clone());
    }
    println!("{}", command::HELP);
    let mut screen = Screen::new(NODES);
    for event in happenings {
        match event {
            Event::Head(node, head) => screen.head(node, &head),
            Event::Lost(node, error) => screen.say(&format!("node {} has stopped: {error}", node + 1)),
            Event::End => break,
            Event::Line(line) => match Command::parse(&line, NODES) {
                Ok(Command::Quit) => break,
                Ok(Command::Help) => screen.answer(command::HELP),
                Ok(Command::Heal) => {
                    for (a, b) in pairs() {
                        lan.set_link(a, b, true)?;
                    }
                    screen.heal();
                }
                Ok(Command::Cut(pairs)) => {
                    for (a, b) in &pairs {
                        lan.set_link(*a, *b, false)?;
                    }
                    screen.cut(&pairs);
                }
                Err(problem) => screen.answer(&problem),
            },
        }
    }
    println!("\nEnded; nothing of it is kept.");
    Ok(())
}

fn pairs() -> impl Iterator<Item = (usize, usize)> {
    (0..NODES).flat_map(|a| (a + 1..NODES).map(move |b| (a, b)))
}

/// Returns the first free ports from the usual one on, with those for other nodes.
fn free_addresses() -> Result<Vec<(SocketAddr, SocketAddr)>> {
    let loopback = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    let is_free = |port: &u16| {
        [*port, port + PEER_OFFSET].into_iter().all(|port| TcpListener::bind(loopback(port)).is_ok())
    };
    let ports: Vec<_> = (FIRST_PORT..FIRST_PORT + 1_000).filter(is_free).take(NODES).collect();
    anyhow::ensure!(ports.len() == NODES, "no ports are free from {FIRST_PORT} on; end what uses them");
    Ok(ports.into_iter().map(|port| (loopback(port), loopback(port + PEER_OFFSET))).collect())
}

/// Hears what is typed, and Ctrl-C.
fn listen(events: mpsc::SyncSender<Event>) {
    let interrupts = events.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime
            && runtime.block_on(tokio::signal::ctrl_c()).is_ok()
        {
            // Nobody hears it when the demonstration has ended by itself.
            drop(interrupts.send(Event::End));
        }
    });
    std::thread::spawn(move || {
        let lines = std::io::stdin().lines().map_while(Result::ok).map(Event::Line);
        for event in lines.chain([Event::End]) {
            if events.send(event).is_err() {
                break;
            }
        }
    });
}

/// Hears of the tips of a node.
fn follow(node: usize, connection: (std::net::TcpStream, SocketAddr), events: mpsc::SyncSender<Event>) {
    std::thread::spawn(move || {
        let follow = || {
            Api::open(connection)?.follow()?.wait("the end", |head| {
                events.send(Event::Head(node, head.clone()))?;
                Ok(false)
            })
        };
        if let Err(error) = follow() {
            // Nobody hears it when the demonstration has ended.
            drop(events.send(Event::Lost(node, error)));
        }
    });
}
