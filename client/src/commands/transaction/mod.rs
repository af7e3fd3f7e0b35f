//! Makes a payment: asks for all that belongs to it, shows it, signs it here, sends it, and waits for its block.

use std::fs;
use std::io::{BufRead, Write};
use std::path::Path;

use getrandom::SysRng;
use shared::api::views::{HeadView, SubmittedView, TransactionStatus, TransactionStatusView};
use shared::api::{Request, Topic};
use shared::codec;
use shared::hash::TxId;
use shared::keys::SigningKey;
use shared::transaction::{MAX_INTEGER, Transaction};
use shared::words::Words;
use wallet_wasm::WalletError;
use wallet_wasm::error::KeystoreProblem;
use wallet_wasm::keystore::Keystore;
use wallet_wasm::payment::{Draft, Payment};
use zeroize::Zeroizing;

use super::get_balance::{account, parse_address, say_balance};
use crate::address::NodeAddress;
use crate::console::Console;
use crate::node::{AskError, Node, NodeError};
use crate::problem::Problem;

/// A key file takes 3 kB, a keystore a few more.
const MAX_FILE_BYTES: u64 = 256 * 1024;
/// What a payment pays the miner unless another fee is typed.
const DEFAULT_FEE: u64 = 1;

pub(crate) fn run<I: BufRead, O: Write>(
    address: &NodeAddress,
    console: &mut Console<I, O>,
) -> Result<(), Problem> {
    let mut node = Node::connect(address)?;
    let Some(key) = ask_key(console)? else { return Ok(()) };
    let owner = key.public_key().address();
    let before = account(&mut node, &owner)?;
    console.say(format_args!("Your address: {}", before.address))?;
    say_balance(console, &before)?;

    let Some(payment) = ask_payment(console, &mut node, &key)? else { return Ok(()) };
    say_payment(console, &payment)?;
    if !matches!(console.ask("Sign and send this? [y/N]")?.as_str(), "y" | "Y" | "yes") {
        return console.say("Nothing was signed.");
    }
    // Typing takes time, in which the account may have changed or the connection been lost.
    node = Node::connect(address)?;
    let now = account(&mut node, &owner)?;
    payment.check_again(node.chain(), &now)?;
    let signature =
        key.sign(&payment.body().signing_bytes(payment.genesis()), &mut SysRng).map_err(WalletError::from)?;
    drop(key);
    let transaction = Transaction { body: payment.body().clone(), signature };
    submit(address, &mut node, console, &transaction)?;
    wait(&mut node, console, transaction.id())
}

/// Asks for words, a key file, a keystore file or the tutorial's bare key. An empty answer gives up.
fn ask_key<I: BufRead, O: Write>(console: &mut Console<I, O>) -> Result<Option<SigningKey>, Problem> {
    let typed = console.ask_secret("Your words, or the name of a key file (not shown while you type):")?;
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    if !Path::new(typed).is_file() {
        // One word alone is a file that is not there, or a key in base64.
        if typed.split_whitespace().nth(1).is_some() {
            let words = Words::parse(typed).map_err(WalletError::from)?;
            return Ok(Some(SigningKey::from_seed(&words.seed(""), 0)));
        }
        return match SigningKey::import(typed) {
            Ok(key) => Ok(Some(key)),
            Err(_) if !typed.starts_with("MII") => {
                fs::metadata(typed).map_err(|source| Problem::File { source })?;
                Err(KeystoreProblem::NotAKeystore.into())
            }
            Err(error) => Err(WalletError::from(error).into()),
        };
    }
    let text = read_file(Path::new(typed))?;
    if !text.trim_start().starts_with('{') {
        return Ok(Some(SigningKey::import(&text).map_err(WalletError::from)?));
    }
    let keystore = Keystore::parse(&text)?;
    let secrets = keystore.open(&console.ask_secret("The keystore's passphrase:")?)?;
    let keys = secrets.signing_keys(|_| ())?;
    Ok(Some(keys.into_iter().next().ok_or(KeystoreProblem::Content)?))
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, Problem> {
    let too_large = std::io::ErrorKind::FileTooLarge;
    fs::metadata(path)
        .and_then(|metadata| if metadata.len() > MAX_FILE_BYTES { Err(too_large.into()) } else { Ok(()) })
        .and_then(|()| fs::read_to_string(path))
        .map(Zeroizing::new)
        .map_err(|source| Problem::File { source })
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
        let fee = console.ask_until("Fee for the miner in coins [1]:", parse_coins)?.unwrap_or(DEFAULT_FEE);
        let comment = console.ask("Comment, public for ever [none]:")?;
        let draft = Draft { receiver: &receiver, amount, fee, comment: &comment };
        let account = account(node, &sender.address())?;
        match Payment::prepare(&chain, &account, sender, &draft) {
            Ok(payment) => return Ok(Some(payment)),
            // Another node could help, another draft cannot.
            Err(error @ WalletError::BadReply) => return Err(error.into()),
            Err(error) => console.say(format_args!("Error: {error}"))?,
        }
    }
}

/// A text is not a number of coins.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a number of whole coins up to {MAX_INTEGER}: type digits only, such as 50")]
struct NotCoins;

fn parse_coins(text: &str) -> Result<u64, NotCoins> {
    // `parse` would take a plus sign.
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|coins| is_digits && *coins <= MAX_INTEGER).ok_or(NotCoins)
}

/// Shows exactly what will be signed.
fn say_payment<I: BufRead, O: Write>(console: &mut Console<I, O>, payment: &Payment) -> Result<(), Problem> {
    let view = payment.view();
    console.say("\nThis is what you sign:")?;
    console.say(format_args!("  Chain      {}", view.chain))?;
    console.say(format_args!("  From       {}", view.sender))?;
    console.say(format_args!("  To         {}", view.receiver))?;
    console.say(format_args!("  Amount     {} coins", view.amount))?;
    console.say(format_args!("  Fee        {} coins", view.fee))?;
    console.say(format_args!("  Total      {} coins, which leaves {}", view.total, view.balance_after))?;
    console
        .say(format_args!("  Comment    {}", if view.comment.is_empty() { "none" } else { &view.comment }))?;
    console.say(format_args!("  Number     {}, valid up to height {}\n", view.nonce, view.expires_at))
}

/// Submits a payment; if the node does not answer, once more. The same bytes can only be mined once.
fn submit<I: BufRead, O: Write>(
    address: &NodeAddress,
    node: &mut Node,
    console: &mut Console<I, O>,
    transaction: &Transaction,
) -> Result<(), Problem> {
    let tx_id = transaction.id();
    let request = Request::Transaction { transaction: hex::encode(codec::encode(transaction)) };
    match node.ask::<SubmittedView>(&request) {
        Ok(_) => {}
        Err(AskError::Node(NodeError::Silent | NodeError::Lost)) => {
            console.say("The node did not answer; the same payment is sent again.")?;
            let again = Node::connect(address).and_then(|connected| {
                *node = connected;
                match node.ask::<SubmittedView>(&request) {
                    // The first attempt may have arrived, and be mined by now.
                    Err(AskError::Wallet(refusal @ WalletError::Refused { .. })) => {
                        status(node, tx_id).map(|_| ()).or(Err(refusal.into()))
                    }
                    result => result.map(|_| ()),
                }
            });
            if let Err(error) = again {
                console.say(format_args!("It is not known whether the node has payment {tx_id}."))?;
                console.say("Ask for the balance before you pay again.")?;
                return Err(error.into());
            }
        }
        Err(error) => return Err(error.into()),
    }
    console.say(format_args!("Sent. Its id: {tx_id}"))
}

/// Waits until a payment is in a block.
fn wait<I: BufRead, O: Write>(
    node: &mut Node,
    console: &mut Console<I, O>,
    tx_id: TxId,
) -> Result<(), Problem> {
    console.say("Waiting for the block that holds it. Ctrl-C ends this program; the payment stays sent.")?;
    let subscription: u64 = node.ask(&Request::Subscribe(Topic::Heads {}))?;
    loop {
        // The current head comes first, so that no block is missed.
        let _head: HeadView = node.next_news()?;
        if let TransactionStatus::Confirmed { height, .. } = status(node, tx_id)?.status {
            let _was_there: bool = node.ask(&Request::Unsubscribe { id: subscription })?;
            return console.say(format_args!("Mined in block {height}."));
        }
    }
}

fn status(node: &mut Node, tx_id: TxId) -> Result<TransactionStatusView, AskError> {
    node.ask(&Request::GetTransaction { tx_id })
}

#[cfg(test)]
mod tests;
