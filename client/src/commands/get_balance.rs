//! Asks the node for the balance of an address.

use std::io::{BufRead, Write};

use shared::address::Address;
use shared::api::Request;
use shared::api::views::AccountView;
use shared::spec::ChainSpec;

use crate::address::NodeAddress;
use crate::console::Console;
use crate::node::{AskError, Node};
use crate::problem::Problem;

pub(crate) fn run<I: BufRead, O: Write>(
    address: &NodeAddress,
    console: &mut Console<I, O>,
) -> Result<(), Problem> {
    let mut node = Node::connect(address)?;
    let chain = node.chain().clone();
    let question = "Address (Enter alone goes back):";
    let Some(owner) = console.ask_until(question, |text| parse_address(text, &chain))? else { return Ok(()) };
    let account = account(&mut node, &owner)?;
    say_balance(console, &account)
}

/// Reads an address of the chain, in either form.
pub(super) fn parse_address(text: &str, chain: &ChainSpec) -> Result<Address, Problem> {
    Ok(Address::parse_any(text, &chain.rules().address_prefix)?)
}

/// Asks for all of an account.
pub(super) fn account(node: &mut Node, owner: &Address) -> Result<AccountView, AskError> {
    let address = owner.to_text(&node.chain().rules().address_prefix);
    node.ask(&Request::GetAccount { address })
}

/// Tells what an account has, and what is on its way.
pub(super) fn say_balance<I: BufRead, O: Write>(
    console: &mut Console<I, O>,
    account: &AccountView,
) -> Result<(), Problem> {
    console.say(format_args!("Balance: {} coins (at height {})", account.balance, account.height))?;
    let incoming: u64 = account
        .pending
        .iter()
        .filter(|pending| pending.receiver == account.address)
        .fold(0, |sum, pending| sum.saturating_add(pending.amount));
    if account.pending_out > 0 {
        console.say(format_args!("Waiting for a block, going out: {} coins", account.pending_out))?;
    }
    if incoming > 0 {
        console.say(format_args!("Waiting for a block, coming in: {incoming} coins"))?;
    }
    Ok(())
}
