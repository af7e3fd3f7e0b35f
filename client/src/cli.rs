//! The command line: what can be typed. Each command's own arguments are in its file.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use shared::address::is_secret_typed;
use shared::spec::ChainSpec;

use crate::commands::{address, balance, completions, history, new, send, sign, verify, watch, words};
use crate::node::Endpoint;
use crate::problem::ErrorLine;
use crate::secrets;
use wallet_wasm::node_address::{NodeAddress, NodeAddressError};

const MORE_HELP: &str = "\
Examples:
  client                          the menu, with the node on this computer at port 1111
  client 1112                     the same at another port
  client new                      a new wallet: shows its words once and keeps them encrypted
  client balance                  its balance
  client send iron1... 50 --wait  pay 50 coins, and wait until they are in a block
  client --node 1112 balance iron1tjcxncx86admqhv0kqjpkgsa88yy6we2vweqlq

Exit codes:
  0  done
  1  refused, or failed; no coins have moved
  2  the command line makes no sense
  3  the node cannot be used: not there, silent, or on another chain; nothing was sent
  4  the wallet cannot be used: no file, no or another passphrase, or a damaged file
  5  a payment was sent, and how it ended is not known: look before you pay again";

/// A wallet for the terminal. Without a command it offers the tutorial's menu.
#[derive(Debug, Parser)]
#[command(
    name = "client",
    version,
    override_usage = "client [NODE]\n       client [OPTIONS] <COMMAND>",
    after_help = MORE_HELP
)]
pub(crate) struct Cli {
    /// The node that the menu talks to: PORT, HOST:PORT, or an address that begins with ws:// or http://
    #[arg(value_name = "NODE", value_parser = parse_menu_node, conflicts_with = "node")]
    menu_node: Option<NodeAddress>,
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What holds for every command.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The node to talk to: PORT, HOST, HOST:PORT, or an address that begins with ws:// or http:// [default: 1111]
    #[arg(long, value_name = "NODE", global = true, value_parser = parse_node)]
    pub(crate) node: Option<NodeAddress>,
    /// The chain, where no node tells: main, dev or a chain file [default: that of --node if given, else main]
    #[arg(long, value_name = "CHAIN", global = true, value_parser = parse_chain)]
    pub(crate) chain: Option<ChainSpec>,
    /// The wallet's file, the same as the page's [default: ironchain/wallet.json in the platform's data directory]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) keystore: Option<PathBuf>,
    /// A file whose first line is the wallet's passphrase; without it you are asked
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Print JSON: one object, or one a line for history and watch; errors as well, on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Options {
    /// Returns where the node is.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint { address: self.node.clone().unwrap_or_default(), chain: self.chain.clone() }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(new::New),
    Words(words::Words),
    Address(address::Address),
    Balance(balance::Balance),
    History(history::History),
    Watch(watch::Watch),
    Send(send::Send),
    Sign(sign::Sign),
    Verify(verify::Verify),
    Completions(completions::Completions),
}

impl Cli {
    /// Reads this process's command line.
    ///
    /// # Errors
    /// What is wrong with it, or the help that was asked for. A secret that was typed is not repeated.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let mut cli = Self::try_parse().map_err(hide_secrets)?;
        let conflict = |message: &str| Self::command().error(ErrorKind::ArgumentConflict, message);
        match (&cli.command, cli.menu_node.take()) {
            (Some(_), Some(_)) => {
                return Err(conflict("NODE alone is for the menu; with a command, say --node NODE"));
            }
            (None, node) => cli.options.node = node.or(cli.options.node),
            (Some(_), None) => {}
        }
        let Options { node: _, chain: _, keystore, passphrase_file, json } = &cli.options;
        let has_more = keystore.is_some() || passphrase_file.is_some() || *json;
        if cli.command.is_none() && has_more {
            return Err(conflict(
                "the menu has no options but the node and --chain; a command has to follow",
            ));
        }
        Ok(cli)
    }
}

/// Reports that a command line makes no sense, or shows the help that was asked for.
pub(crate) fn refuse(error: &clap::Error) -> ExitCode {
    let is_json = std::env::args_os().any(|argument| argument == "--json");
    let shown = if is_json && error.use_stderr() {
        let text = error.render().to_string();
        let line = ErrorLine::plain(text.trim_end().trim_start_matches("error: "), "usage");
        writeln!(io::stderr(), "{line}")
    } else {
        error.print()
    };
    match shown {
        Ok(()) => ExitCode::from(if error.use_stderr() { 2 } else { 0 }),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Replaces an error that may repeat what was typed, when a private key or its words are part of that.
fn hide_secrets(error: clap::Error) -> clap::Error {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned()).collect();
    if !is_secret_typed(&arguments, &["--keystore", "--passphrase-file", "--chain"]) {
        return error;
    }
    Cli::command().error(
        ErrorKind::InvalidValue,
        "a private key or its words were typed as part of a command, where other programs can read them and the \
         shell may keep them; remove them from its history",
    )
}

fn parse_menu_node(text: &str) -> Result<NodeAddress, String> {
    // Otherwise a mistyped command would be a computer's name.
    if text != "localhost" && !text.contains(|c: char| c.is_ascii_digit() || matches!(c, '.' | ':')) {
        return Err(format!("there is no such command; see client --help (a computer: {text}:1111)"));
    }
    parse_node(text)
}

fn parse_node(text: &str) -> Result<NodeAddress, String> {
    let node: NodeAddress = text.parse().map_err(|error: NodeAddressError| error.to_string())?;
    if node.is_encrypted {
        return Err(
            "encrypted connections are not supported yet; give an address that begins with ws://".into()
        );
    }
    Ok(node)
}

fn parse_chain(text: &str) -> Result<ChainSpec, String> {
    if let Some(spec) = ChainSpec::named(text) {
        return Ok(spec);
    }
    let file = secrets::read_file(Path::new(text));
    let file =
        file.map_err(|error| format!("it is neither main nor dev, and no file can be read there: {error}"))?;
    ChainSpec::from_toml(&file).map_err(|error| format!("the chain file cannot be used: {error}"))
}
