//! Makes a payment: asks for all that belongs to it, shows it, signs it here, sends it, and waits for its block.

use std::io::{BufRead, Write};

use shared::keys::SigningKey;
use wallet_wasm::WalletError;
use wallet_wasm::payment::{Draft, Payment};

use crate::account::{self, Balance, parse_address};
use crate::coins::parse_coins;
use crate::console::Console;
use crate::node::{Endpoint, Node};
use crate::payment;
use crate::problem::Problem;
use crate::secrets;

pub(crate) fn run<I: BufRead, O: Write>(
    endpoint: &Endpoint,
    console: &mut Console<I, O>,
) -> Result<(), Problem> {
    let mut node = Node::connect(endpoint)?;
    let Some(secrets) = secrets::ask(console)? else { return Ok(()) };
    let key = secrets::first_key(&secrets)?;
    let before = account::ask(&mut node, &key.public_key().address())?;
    console.say(format_args!("Your address: {}", before.address))?;
    console.say(Balance::new(node.chain(), &before))?;

    let Some(payment) = ask_payment(console, &mut node, &key)? else { return Ok(()) };
    if !payment::confirm(console, &payment)? {
        return console.say("Nothing was signed.");
    }
    let (node, tx_id) = payment::send(endpoint, &payment, &key)?;
    drop((secrets, key));
    console.say(format_args!("Sent. Its id: {tx_id}"))?;
    console.say("Waiting for the block that holds it. Ctrl-C ends this program; the payment stays sent.")?;
    let mined = payment::wait(node, tx_id, payment.body().expires_at)?;
    console.say(format_args!("Mined in block {}.", mined.height))
}

/// Asks for a payment until it is valid. An empty receiver or amount gives up.
fn ask_payment<I: BufRead, O: Write>(
    console: &mut Console<I, O>,
    node: &mut Node,
    key: &SigningKey,
) -> Result<Option<Payment>, Problem> {
    let chain = node.chain().clone();
    let sender = key.public_key();
    loop {
        let question = "Receiver's address (Enter alone goes back):";
        let address = |text: &str| parse_address(text, &chain).map(|_| text.to_owned());
        let Some(receiver) = console.ask_until(question, address)? else { return Ok(None) };
        let Some(amount) = console.ask_until("Amount in coins:", parse_coins)? else { return Ok(None) };
        let fee = console.ask_until("Fee for the miner in coins [1]:", parse_coins)?;
        let fee = fee.unwrap_or(payment::DEFAULT_FEE);
        let comment = console.ask("Comment, public for ever [none]:")?;
        let draft = Draft { receiver: &receiver, amount, fee, comment: &comment };
        let account = account::ask(node, &sender.address())?;
        match Payment::prepare(&chain, &account, sender, &draft) {
            Ok(payment) => return Ok(Some(payment)),
            // Another node could help, another draft cannot.
            Err(error @ WalletError::BadReply) => return Err(error.into()),
            Err(error) => console.say(format_args!("Error: {error}"))?,
        }
    }
}
