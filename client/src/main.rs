//! Ironchain's wallet for the terminal: the tutorial's client and its menu.
//!
//! Sockets, files and the terminal are this program's own; keys, messages and every check come from `wallet-wasm`
//! and `shared`. A private key is used and forgotten; nothing is stored.

mod address;
mod commands;
mod console;
mod menu;
mod node;
mod problem;

use std::process::ExitCode;

use clap::Parser as _;

use crate::address::NodeAddress;
use crate::console::Console;

const EXAMPLES: &str = "\
Examples:
  client                          the node on this computer, at port 1111
  client 1112                     the same at another port
  client 192.168.0.7:1111         a node on another computer
  client ws://example.org/ws      a node by its whole address";

/// A wallet for the terminal: makes addresses, asks for balances, and signs and sends payments.
#[derive(Debug, clap::Parser)]
#[command(name = "client", version, after_help = EXAMPLES)]
struct Cli {
    /// The node to talk to: PORT, HOST, HOST:PORT, or an address that begins with ws:// or http://
    #[arg(value_name = "NODE", default_value = "1111")]
    node: NodeAddress,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut console = Console::of_this_process();
    match menu::run(&cli.node, &mut console) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads what this program says any more, so that it can only end.
        Err(_) => ExitCode::FAILURE,
    }
}
