//! Payments from the draft to the node's word that it has them.
//!
//! A payment that was signed is submitted until the node has answered, over lost connections too: the same bytes have
//! the same id, so that it can be mined only once however often it is submitted.

use std::collections::BTreeMap;

use rand_core::TryCryptoRng;
use shared::api::Request;
use shared::api::rpc::RATE_LIMIT;
use shared::api::views::TransactionStatusView;
use shared::codec;
use shared::hash::{BlockHash, TxId};

use super::{Asked, Effect, Engine, Sink, Timer, reply};
use crate::error::WalletError;
use crate::payment::{Draft, Payment};
use crate::protocol::Reply;

/// How long to wait when the node has taken too many requests: it lets one through each 20 ms.
const BUSY_PAUSE_MS: u32 = 1_000;
/// A page gets an answer after this long at the latest; submitting goes on.
const ANSWER_AFTER_SECONDS: u32 = 30;

/// Everything that is under way.
#[derive(Debug, Default)]
pub(super) struct Payments {
    prepared: Option<Payment>,
    /// What was signed with which nonce on which chain, so that no nonce is used twice without saying so.
    signed: BTreeMap<(BlockHash, u64), TxId>,
    submissions: BTreeMap<TxId, Submission>,
}

/// A signed payment that the node has not yet answered for.
#[derive(Debug)]
struct Submission {
    genesis: BlockHash,
    nonce: u64,
    /// Hex of the transaction.
    transaction: String,
    /// The page's command, until it has its answer.
    command: Option<u32>,
    /// How often it was sent to the node.
    attempts: u32,
}

impl<R: TryCryptoRng> Engine<R> {
    pub(super) fn prepare(&mut self, draft: &Draft<'_>) -> Result<Reply, WalletError> {
        self.payments.prepared = None;
        let sender = self.vault.public_key().ok_or(WalletError::NoWallet)?;
        let chain = self.session.chain().ok_or_else(|| self.session.problem())?;
        let account = self.account.as_ref().ok_or(WalletError::NotConnected)?;
        let payment = Payment::prepare(chain, account, sender, draft)?;
        let mut view = payment.view().clone();
        view.replaces = self.payments.signed.get(&(*payment.genesis(), view.nonce)).copied();
        self.payments.prepared = Some(payment);
        Ok(Reply::Prepared(view))
    }

    pub(super) fn send(&mut self, id: u32, sink: Sink<'_>) -> Result<(), WalletError> {
        let payment = self.payments.prepared.as_ref().ok_or(WalletError::NothingPrepared)?;
        let chain = self.session.chain().ok_or_else(|| self.session.problem())?;
        let account = self.account.as_ref().ok_or(WalletError::NotConnected)?;
        payment.check_again(chain, account)?;
        let genesis = *payment.genesis();
        let transaction = self.vault.sign(payment.body().clone(), &genesis, &mut self.rng)?;
        self.payments.prepared = None;
        let (tx_id, nonce) = (transaction.id(), transaction.body.nonce);
        self.payments.signed.insert((genesis, nonce), tx_id);
        self.drop_replaced(&genesis, nonce, sink);
        let submission = Submission {
            genesis,
            nonce,
            transaction: hex::encode(codec::encode(&transaction)),
            command: Some(id),
            attempts: 0,
        };
        self.payments.submissions.insert(tx_id, submission);
        sink(Effect::SetTimer(Timer::Submit(tx_id), 1_000 * ANSWER_AFTER_SECONDS));
        self.submit(tx_id);
        Ok(())
    }

    /// Forgets everything, when the wallet is forgotten.
    pub(super) fn forget_payments(&mut self, sink: Sink<'_>) {
        for submission in core::mem::take(&mut self.payments).submissions.into_values() {
            if let Some(id) = submission.command {
                reply(id, Err(WalletError::NoWallet), sink);
            }
        }
    }

    /// Submits what the last connection left open, once there is a new one.
    pub(super) fn submit_again(&mut self) {
        let open: Vec<TxId> = self.payments.submissions.keys().copied().collect();
        for tx_id in open {
            self.submit(tx_id);
        }
    }

    pub(super) fn submit(&mut self, tx_id: TxId) {
        let Some(submission) = self.payments.submissions.get_mut(&tx_id) else { return };
        // The node may be on another chain by now.
        if self.session.chain().is_none_or(|chain| *chain.genesis_hash() != submission.genesis) {
            return;
        }
        let request = Request::Transaction { transaction: submission.transaction.clone() };
        // Without a connection, the next one submits it again.
        if self.session.ask(&request, Asked::Submit { tx_id }).is_ok() {
            submission.attempts += 1;
        }
    }

    /// Takes back what a newer payment with the same nonce replaces: both at once would be a race.
    fn drop_replaced(&mut self, genesis: &BlockHash, nonce: u64, sink: Sink<'_>) {
        self.payments.submissions.retain(|_, old| {
            let is_replaced = old.genesis == *genesis && old.nonce == nonce;
            if let (true, Some(id)) = (is_replaced, old.command) {
                reply(id, Err(WalletError::AccountChanged), sink);
            }
            !is_replaced
        });
    }

    pub(super) fn on_submitted(&mut self, tx_id: TxId, result: Result<(), WalletError>, sink: Sink<'_>) {
        let Some(submission) = self.payments.submissions.get(&tx_id) else { return };
        match result {
            // The page learns of it when the account shows it, so that the next payment gets the next nonce.
            Ok(()) => match self.current_address() {
                Some(address) => {
                    let asked = Asked::Settled { tx_id };
                    if self.session.ask(&Request::GetAccount { address }, asked).is_err() {
                        self.finish_submission(tx_id, Ok(()), sink);
                    }
                }
                None => self.finish_submission(tx_id, Ok(()), sink),
            },
            // That says nothing about the payment.
            Err(WalletError::Refused { rule: Some(rule), .. }) if rule == RATE_LIMIT => {
                sink(Effect::SetTimer(Timer::Resubmit(tx_id), BUSY_PAUSE_MS));
            }
            // An earlier attempt may have arrived, and be mined by now, so that this one was not welcome.
            Err(refusal @ WalletError::Refused { .. }) if submission.attempts > 1 => {
                let asked = Asked::Lookup { tx_id, refusal };
                // Without a connection, the next one submits it again.
                drop(self.session.ask(&Request::GetTransaction { tx_id }, asked));
            }
            Err(refusal @ WalletError::Refused { .. }) => self.finish_submission(tx_id, Err(refusal), sink),
            // No answer: the next connection submits it again.
            Err(_) => {}
        }
    }

    pub(super) fn on_looked_up(
        &mut self,
        tx_id: TxId,
        result: Result<TransactionStatusView, WalletError>,
        refusal: WalletError,
        sink: Sink<'_>,
    ) {
        match result {
            Ok(_) => self.finish_submission(tx_id, Ok(()), sink),
            Err(WalletError::Refused { .. } | WalletError::BadReply) => {
                self.finish_submission(tx_id, Err(refusal), sink);
            }
            // No answer: the next connection submits it again.
            Err(_) => {}
        }
    }

    pub(super) fn finish_submission(&mut self, tx_id: TxId, result: Result<(), WalletError>, sink: Sink<'_>) {
        if let Some(id) = self.payments.submissions.remove(&tx_id).and_then(|submission| submission.command) {
            reply(id, result.map(|()| Reply::Sent { tx_id }), sink);
        }
    }

    pub(super) fn on_submit_deadline(&mut self, tx_id: TxId, sink: Sink<'_>) {
        let command = self.payments.submissions.get_mut(&tx_id).and_then(|open| open.command.take());
        if let Some(id) = command {
            reply(id, Err(WalletError::Timeout { seconds: ANSWER_AFTER_SECONDS }), sink);
        }
    }
}
