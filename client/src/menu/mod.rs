//! The tutorial's menu.

mod generate_address;
mod get_balance;
mod transaction;

use std::io::{BufRead, Write};

use crate::console::Console;
use crate::node::Endpoint;
use crate::problem::Problem;

const MENU: &str = "
1: generate_address  make a new wallet
2: get_balance       ask the node for the balance of an address
3: transaction       sign a payment and send it
q: quit";

/// Offers the commands until the person quits or the input ends.
///
/// # Errors
/// Only [`Problem::Console`]: there is nobody left to tell of it.
pub(crate) fn run<I: BufRead, O: Write>(
    endpoint: &Endpoint,
    console: &mut Console<I, O>,
) -> Result<(), Problem> {
    console.say(format_args!("Ironchain wallet. Node: {}", endpoint.address))?;
    loop {
        match choose(endpoint, console) {
            Ok(true) => {}
            Ok(false) | Err(Problem::Ended) => return Ok(()),
            Err(problem @ Problem::Console(_)) => return Err(problem),
            Err(problem) => console.say(format_args!("Error: {problem}"))?,
        }
    }
}

/// Carries out one command. Returns whether to go on.
fn choose<I: BufRead, O: Write>(endpoint: &Endpoint, console: &mut Console<I, O>) -> Result<bool, Problem> {
    console.say(MENU)?;
    match console.ask("Command:")?.as_str() {
        "1" | "generate_address" => generate_address::run(endpoint, console)?,
        "2" | "get_balance" => get_balance::run(endpoint, console)?,
        "3" | "transaction" => transaction::run(endpoint, console)?,
        "q" | "quit" | "exit" => return Ok(false),
        "" => {}
        _ => console.say("Error: there is no such command; type 1, 2, 3 or q")?,
    }
    Ok(true)
}
