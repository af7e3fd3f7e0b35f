//! Makes a payment.

use std::fmt;

use clap::Args;
use serde::Serialize;
use shared::hash::TxId;
use wallet_wasm::payment::{Draft, Payment};
use wallet_wasm::protocol::PaymentView;

use crate::account;
use crate::coins::parse_coins;
use crate::context::{Context, first_public_key};
use crate::payment::{self, DEFAULT_FEE, Mined};
use crate::problem::Problem;

/// Send coins: shows what is signed, asks, signs here, and submits
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The receiver's address, in either form
    #[arg(value_name = "RECEIVER", allow_hyphen_values = true)]
    receiver: String,
    /// Whole coins
    #[arg(value_name = "AMOUNT", value_parser = parse_coins)]
    amount: u64,
    /// Whole coins for the miner; more is mined sooner
    #[arg(long, value_name = "COINS", default_value_t = DEFAULT_FEE, value_parser = parse_coins)]
    fee: u64,
    /// A text for the receiver, public for ever
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    comment: String,
    /// Do not ask whether to sign
    #[arg(long)]
    yes: bool,
    /// Wait for the block that holds the payment
    #[arg(long)]
    wait: bool,
}

impl Send {
    pub(crate) fn run(&self, context: &mut Context) -> Result<(), Problem> {
        let keystore = context.keystore()?;
        let sender = first_public_key(&keystore)?;
        let payment = {
            let mut node = context.connect()?;
            let account = account::ask(&mut node, &sender.address())?;
            let Self { receiver, amount, fee, comment, .. } = self;
            let draft = Draft { receiver, amount: *amount, fee: *fee, comment };
            Payment::prepare(node.chain(), &account, sender, &draft)?
        };
        if !self.yes && !payment::confirm(&mut context.console, &payment)? {
            return Err(Problem::Declined);
        }
        let key = context.unlock(&keystore)?;
        let (node, tx_id) = payment::send(&context.options.endpoint(), &payment, &key)?;
        drop(key);
        let block = if self.wait {
            context
                .console
                .say(format_args!("Sent. Its id: {tx_id}\nWaiting for the block that holds it."))?;
            Some(payment::wait(node, tx_id, payment.body().expires_at)?)
        } else {
            None
        };
        context.report(&Sent { tx_id, payment: payment.view(), block })
    }
}

/// A payment that the node has.
#[derive(Debug, Serialize)]
struct Sent<'a> {
    tx_id: TxId,
    payment: &'a PaymentView,
    /// Where it is, when that was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<Mined>,
}

impl fmt::Display for Sent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PaymentView { amount, receiver, .. } = self.payment;
        match &self.block {
            Some(Mined { height, .. }) => write!(f, "Mined in block {height}: ")?,
            None => write!(f, "Sent, and waiting for a block: ")?,
        }
        write!(f, "{amount} coins to {receiver}\nIts id: {}", self.tx_id)
    }
}
