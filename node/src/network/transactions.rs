//! Transactions from other nodes: the cheap checks first, signatures in parallel, and then the chain's word.

use libp2p::PeerId;
use libp2p::gossipsub::MessageId;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use shared::consensus::{CheckedTransaction, TxError, check_transaction};
use shared::hash::TxId;
use shared::transaction::Transaction;

use super::task::{Done, Task};
use super::turns::Turn;
use super::{limits, serve};
use crate::chain::{ChainHandle, SubmitTransactionError, View};
use crate::mempool::{AdmissionError, Worth};
use crate::peers::Gift;
use crate::sync::{Fault, PeerKey, Verdict};
use crate::verifier::AwsLcVerifier;

/// How transactions came to us.
#[derive(Debug)]
pub(super) enum Origin {
    /// In a gossiped message that waits for a verdict. Whoever sent it may have gone by then.
    Gossip(PeerId, PeerKey, MessageId),
    /// In an answer.
    Answer(PeerKey),
}

/// What became of them.
#[derive(Debug, Default)]
pub(super) struct Admission {
    /// Those that wait now.
    admitted: Vec<Transaction>,
    /// Those that a verdict was awaited for.
    ids: Vec<TxId>,
    /// Whether all wait now or waited before.
    is_whole: bool,
    /// Whether one would wait if its sender's earlier ones did.
    has_gap: bool,
    /// The first that no state of the chain makes valid.
    invalid: Option<TxError>,
}

impl Task {
    /// Judges transactions, if their sender may still cost that much. Whatever way they came, there is one budget; what we
    /// asked for was taken from it when we did.
    pub(super) fn admit(&mut self, origin: Origin, transactions: Vec<Transaction>) {
        let peer = match &origin {
            Origin::Gossip(id, ..) => self.peers.get_mut(id),
            Origin::Answer(key) => self.keys.get(key).and_then(|id| self.peers.get_mut(id)),
        };
        let Some(peer) = peer else { return };
        let key = peer.key;
        let is_affordable = matches!(origin, Origin::Answer(_))
            || peer.budget.transactions.take_many(transactions.len(), peer.since.elapsed());
        if !is_affordable || self.admitting >= limits::ADMISSIONS {
            if let Origin::Gossip(source, _, id) = origin {
                self.judge(&id, &source, Verdict::Ignore);
            }
            if !is_affordable {
                self.blame(key, &Fault::Flood("transactions"));
            }
            return;
        }
        self.admitting += 1;
        if matches!(origin, Origin::Gossip(..)) {
            self.relaying.extend(transactions.iter().map(Transaction::id));
        }
        let (chain, turn) = (self.chain.clone(), self.admission_turns.next());
        self.work.spawn(async move { Done::Admitted(origin, admit(chain, transactions, turn).await) });
    }

    pub(super) fn admitted(&mut self, origin: Origin, admission: Admission) {
        self.admitting -= 1;
        let Admission { admitted, ids, is_whole, has_gap, invalid } = admission;
        let (Origin::Gossip(_, key, _) | Origin::Answer(key)) = origin;
        if let (false, Some((peers, now))) = (admitted.is_empty(), self.swarm.behaviour_mut().gate.peers()) {
            peers.brought(key, Gift::Transaction, now);
        }
        if let (Origin::Answer(key), false) = (&origin, admitted.is_empty())
            && let Some(peer) = self.keys.get(key).and_then(|id| self.peers.get_mut(id))
        {
            peer.pending_pause = limits::ASK_FOR_GAP;
        }
        if let Origin::Gossip(source, _, id) = origin {
            if let Some(peer) = self.peers.get_mut(&source) {
                peer.has_more |= has_gap;
            }
            for id in &ids {
                self.relaying.remove(id);
            }
            let verdict = match (&invalid, is_whole) {
                (Some(_), _) => Verdict::Reject,
                (None, true) if !admitted.is_empty() => Verdict::Accept,
                (None, _) => Verdict::Ignore,
            };
            self.judge(&id, &source, verdict);
            // What came together with something that we do not pass on goes on by itself.
            if verdict != Verdict::Accept {
                for transaction in admitted {
                    let bytes = serve::transaction_bytes(&transaction);
                    if self.outbox.push(transaction, bytes) {
                        self.announce_transactions();
                    }
                }
            }
        }
        if let Some(error) = invalid {
            self.blame(key, &Fault::Transaction(error));
        }
    }
}

/// Judges transactions, in their order. Signatures are checked beside those of other messages, but what comes of it
/// reaches the chain in the order of arrival: a sender's transactions may be in several, and one without those before it
/// is refused.
async fn admit(chain: ChainHandle, transactions: Vec<Transaction>, turn: Turn) -> Admission {
    let view = chain.view();
    let spec = std::sync::Arc::clone(chain.spec());
    let checked = tokio::task::spawn_blocking(move || {
        let check = |transaction: Transaction| {
            let id = transaction.id();
            let worth = worth(&view, &id, &transaction);
            let checked = matches!(worth, Worth::Checking)
                .then(|| check_transaction(&spec, &AwsLcVerifier, transaction));
            (id, worth, checked.transpose())
        };
        transactions.into_par_iter().map(check).collect::<Vec<_>>()
    });
    // A panic is in the log; nothing is admitted then.
    let Ok(checked) = checked.await else { return Admission::default() };
    let mut admission = Admission { is_whole: true, ..Admission::default() };
    let mut good: Vec<CheckedTransaction> = Vec::new();
    for (id, worth, checked) in checked {
        admission.ids.push(id);
        admission.is_whole &= !matches!(worth, Worth::Nothing);
        match checked {
            Ok(checked) => good.extend(checked),
            Err(error) => admission.invalid = admission.invalid.or(Some(error)),
        }
    }
    let turn = turn.come().await;
    // All at once, so that one durable write serves them.
    let mut answers = Vec::new();
    for checked in good {
        let transaction = checked.transaction().clone();
        answers.push((transaction, chain.queue_transaction(checked).await));
    }
    drop(turn);
    for (transaction, answer) in answers {
        match answer.await {
            Ok(Ok(())) => admission.admitted.push(transaction),
            Ok(Err(SubmitTransactionError::Refused(AdmissionError::AlreadyPending { .. }))) => {}
            Ok(Err(SubmitTransactionError::Refused(error))) => {
                admission.is_whole = false;
                admission.has_gap |= matches!(error, AdmissionError::Rule(TxError::NonceTooHigh { .. }));
            }
            Ok(Err(_)) | Err(_) => admission.is_whole = false,
        }
    }
    admission
}

fn worth(view: &View, id: &TxId, transaction: &Transaction) -> Worth {
    if serve::transaction_bytes(transaction) > limits::TRANSACTION_BYTES {
        return Worth::Nothing;
    }
    view.mempool.worth(&view.accounts, view.tip.height.saturating_add(1), id, transaction)
}
