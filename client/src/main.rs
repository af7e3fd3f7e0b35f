//! Ironchain's wallet for the terminal: the tutorial's client and its menu when started bare, and a command for each
//! thing that a wallet does, for people and for scripts.
//!
//! Sockets, files and the terminal are this program's own; keys, messages and every check come from `wallet-wasm`
//! and `shared`. What a command found out goes to standard output; questions and errors go to standard error.

mod account;
mod cli;
mod coins;
mod commands;
mod console;
mod context;
mod keystore_file;
mod menu;
mod node;
mod payment;
mod problem;
mod secrets;
mod text;
mod views;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::console::Console;
use crate::context::Context;
use crate::problem::Problem;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return cli::refuse(&error),
    };
    let is_json = cli.options.json;
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => problem.tell(is_json),
    }
}

fn run(cli: Cli) -> Result<(), Problem> {
    let Some(command) = cli.command else {
        return menu::run(&cli.options.endpoint(), &mut Console::on_output());
    };
    let mut context = Context::new(cli.options);
    match command {
        Command::Words(args) => args.run(&mut context),
        Command::New(args) => args.run(&mut context),
        Command::Address(args) => args.run(&mut context),
        Command::Balance(args) => args.run(&mut context),
        Command::History(args) => args.run(&mut context),
        Command::Watch(args) => args.run(&mut context),
        Command::Send(args) => args.run(&mut context),
        Command::Sign(args) => args.run(&mut context),
        Command::Verify(args) => args.run(&mut context),
        Command::Completions(args) => args.run(&mut context),
    }
}
