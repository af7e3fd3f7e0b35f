//! A payment from its confirmation to its block.

use std::fmt;
use std::io::{BufRead, Write};

use getrandom::SysRng;
use serde::Serialize;
use shared::api::views::{HeadView, SubmittedView, TransactionStatus, TransactionStatusView};
use shared::api::{Request, Topic};
use shared::codec;
use shared::hash::{BlockHash, TxId};
use shared::keys::SigningKey;
use shared::transaction::Transaction;
use wallet_wasm::WalletError;
use wallet_wasm::payment::Payment;
use wallet_wasm::protocol::PaymentView;

use crate::account;
use crate::console::Console;
use crate::node::{AskError, Endpoint, Node};
use crate::problem::Problem;

/// What a payment pays the miner unless another fee is chosen, in coins: the least that nodes relay.
pub(crate) const DEFAULT_FEE: u64 = 1;

/// Shows exactly what will be signed, and asks whether to go on.
pub(crate) fn confirm<I: BufRead, O: Write>(
    console: &mut Console<I, O>,
    payment: &Payment,
) -> Result<bool, Problem> {
    console.say(Summary(payment.view()))?;
    Ok(matches!(console.ask("Sign and send this? [y/N]")?.as_str(), "y" | "Y" | "yes"))
}

/// Exactly what will be signed, for people.
pub(crate) struct Summary<'a>(pub(crate) &'a PaymentView);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = self.0;
        writeln!(f, "\nThis is what you sign:")?;
        writeln!(f, "  Chain      {}", view.chain)?;
        writeln!(f, "  From       {}", view.sender)?;
        writeln!(f, "  To         {}", view.receiver)?;
        writeln!(f, "  Amount     {} coins", view.amount)?;
        writeln!(f, "  Fee        {} coins", view.fee)?;
        writeln!(f, "  Total      {} coins, which leaves {}", view.total, view.balance_after)?;
        writeln!(f, "  Comment    {}", if view.comment.is_empty() { "none" } else { &view.comment })?;
        writeln!(f, "  Number     {}, valid up to height {}", view.nonce, view.expires_at)
    }
}

/// Signs a payment and submits it through a new connection: since it was prepared, the account may have changed or
/// the old connection been lost.
///
/// # Errors
/// [`Problem::Unknown`] when the node may have it; all others mean that it does not.
pub(crate) fn send(
    endpoint: &Endpoint,
    payment: &Payment,
    key: &SigningKey,
) -> Result<(Node, TxId), Problem> {
    let mut node = Node::connect(endpoint)?;
    let now = account::ask(&mut node, &key.public_key().address())?;
    payment.check_again(node.chain(), &now)?;
    let signing_bytes = payment.body().signing_bytes(payment.genesis());
    let signature = key.sign(&signing_bytes, &mut SysRng).map_err(WalletError::from)?;
    let transaction = Transaction { body: payment.body().clone(), signature };
    let request = Request::Transaction { transaction: hex::encode(codec::encode(&transaction)) };
    let tx_id = transaction.id();
    match node.ask::<SubmittedView>(&request) {
        Ok(_) => Ok((node, tx_id)),
        Err(AskError::Wallet(refusal @ WalletError::Refused { .. })) => Err(refusal.into()),
        Err(_) => match submit_again(endpoint, &request, tx_id) {
            Ok(node) => Ok((node, tx_id)),
            Err(AskError::Wallet(refusal @ WalletError::Refused { .. })) => Err(refusal.into()),
            Err(source) => Err(Problem::Unknown { tx_id, source }),
        },
    }
}

/// Submits once more what the node did not answer. The same bytes can only be mined once.
fn submit_again(endpoint: &Endpoint, request: &Request, tx_id: TxId) -> Result<Node, AskError> {
    let mut node = Node::connect(endpoint)?;
    match node.ask::<SubmittedView>(request) {
        Ok(_) => Ok(node),
        // The first attempt may have arrived, and be mined by now.
        Err(AskError::Wallet(refusal @ WalletError::Refused { .. })) => match status(&mut node, tx_id) {
            Ok(_) => Ok(node),
            Err(AskError::Wallet(WalletError::Refused { .. })) => Err(refusal.into()),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// The block that holds a payment.
#[derive(Debug, Serialize)]
pub(crate) struct Mined {
    pub(crate) block_hash: BlockHash,
    pub(crate) height: u64,
    /// Unix seconds.
    pub(crate) time: u32,
}

/// Waits until a payment is in a block, and returns where. The connection is of no other use afterwards.
///
/// # Errors
/// [`Problem::Expired`] when it can be in no block any more, [`Problem::LostSight`] when the node is of no help.
pub(crate) fn wait(mut node: Node, tx_id: TxId, expires_at: u64) -> Result<Mined, Problem> {
    let lost_sight = |source| Problem::LostSight { tx_id, source };
    let _subscription: u64 = node.ask(&Request::Subscribe(Topic::Heads {})).map_err(lost_sight)?;
    loop {
        // The current head comes first, so that no block is missed.
        let head: HeadView = node.next_news().and_then(|news| news.decode()).map_err(lost_sight)?;
        let status = status(&mut node, tx_id).map_err(lost_sight)?.status;
        if let TransactionStatus::Confirmed { block_hash, height, time, .. } = status {
            return Ok(Mined { block_hash, height, time });
        }
        if head.height >= expires_at {
            return Err(Problem::Expired { tx_id });
        }
    }
}

/// Asks where a payment is.
fn status(node: &mut Node, tx_id: TxId) -> Result<TransactionStatusView, AskError> {
    let status: TransactionStatusView = node.ask(&Request::GetTransaction { tx_id })?;
    if status.transaction.tx_id == tx_id { Ok(status) } else { Err(WalletError::BadReply.into()) }
}
