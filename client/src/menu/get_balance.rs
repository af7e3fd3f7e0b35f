//! Asks the node for the balance of an address.

use std::io::{BufRead, Write};

use crate::account::{self, Balance};
use crate::console::Console;
use crate::node::{Endpoint, Node};
use crate::problem::Problem;

pub(crate) fn run<I: BufRead, O: Write>(
    endpoint: &Endpoint,
    console: &mut Console<I, O>,
) -> Result<(), Problem> {
    let mut node = Node::connect(endpoint)?;
    let chain = node.chain().clone();
    let question = "Address (Enter alone goes back):";
    let Some(owner) = console.ask_until(question, |text| account::parse_address(text, &chain))? else {
        return Ok(());
    };
    let account = account::ask(&mut node, &owner)?;
    console.say(Balance::new(&chain, &account))
}
