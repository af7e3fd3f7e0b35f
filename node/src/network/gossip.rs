//! What is pushed to everybody: new blocks without their transactions, and new transactions.

use std::sync::Arc;

use libp2p::PeerId;
use libp2p::gossipsub::{self, MessageAcceptance, MessageId, PublishError};
use shared::block::Block;
use shared::codec;
use shared::hash::BlockHash;

use super::limits;
use super::task::{Done, Judged, Task};
use super::transactions::Origin;
use crate::chain::{ChainEvent, ChainHandle};
use crate::mempool::Change;
use crate::sync::{Event, Fault, MessageKey, PeerKey, Verdict};
use crate::wire::{BlockAnnouncement, MAX_HEADERS, MAX_TRANSACTIONS, TransactionAnnouncement};

impl Task {
    pub(super) fn gossip_event(&mut self, event: gossipsub::Event) {
        let gossipsub::Event::Message { propagation_source, message_id, message } = event else { return };
        let peer = self.peers.get_mut(&propagation_source).filter(|peer| peer.hello.is_some());
        let Some(peer) = peer else {
            return self.judge(&message_id, &propagation_source, Verdict::Ignore);
        };
        let key = peer.key;
        if !peer.budget.messages.take(peer.since.elapsed()) {
            self.judge(&message_id, &propagation_source, Verdict::Ignore);
            return self.blame(key, &Fault::Flood("messages"));
        }
        let is_understood = if message.topic == self.topics.blocks.hash() {
            self.block_announced(propagation_source, &message_id, &message.data)
        } else {
            self.transactions_announced(propagation_source, key, &message_id, &message.data)
        };
        if !is_understood {
            self.judge(&message_id, &propagation_source, Verdict::Reject);
            self.blame(key, &Fault::Malformed);
        }
    }

    /// Hands a block's announcement to `sync`, with what we have of its transactions.
    fn block_announced(&mut self, source: PeerId, id: &MessageId, data: &[u8]) -> bool {
        let Ok(announcement) = codec::decode::<BlockAnnouncement>(data) else { return false };
        let Some(peer) = self.peers.get(&source).map(|peer| peer.key) else { return true };
        if self.judging.len() >= limits::VERDICTS
            && let Some((_, oldest)) = self.judging.pop_first()
        {
            self.judge(&oldest.id, &oldest.source, Verdict::Ignore);
        }
        let (view, block) = (self.chain.view(), announcement.header.hash());
        let find =
            |id| view.mempool.get(id).map(|pending| Arc::new(pending.transaction.transaction().clone()));
        let found =
            if self.sync.has(&block) { Vec::new() } else { announcement.tx_ids.iter().map(find).collect() };
        self.last_key += 1;
        let message = MessageKey(self.last_key);
        self.judging.insert(message, Judged { id: id.clone(), source, block });
        self.news.push_back(Event::Announced { peer, message, announcement: Box::new(announcement), found });
        true
    }

    fn transactions_announced(&mut self, source: PeerId, key: PeerKey, id: &MessageId, data: &[u8]) -> bool {
        let announcement = codec::decode::<TransactionAnnouncement>(data);
        let Some(TransactionAnnouncement { transactions }) =
            announcement.ok().filter(|announcement| announcement.transactions.len() <= MAX_TRANSACTIONS)
        else {
            return false;
        };
        self.admit(Origin::Gossip(source, key, id.clone()), transactions);
        true
    }

    /// Says whether a message travels on.
    pub(super) fn judge(&mut self, id: &MessageId, source: &PeerId, verdict: Verdict) {
        let acceptance = match verdict {
            Verdict::Accept => MessageAcceptance::Accept,
            Verdict::Ignore => MessageAcceptance::Ignore,
            Verdict::Reject => MessageAcceptance::Reject,
        };
        if !self.swarm.behaviour_mut().gossip.report_message_validation_result(id, source, acceptance) {
            tracing::debug!("a verdict came too late for gossip");
        }
    }

    /// Takes note of what happened to the chain and to what waits.
    pub(super) fn chain_changed(&mut self, event: &ChainEvent) {
        let tip = &event.view.tip;
        if let Some(change) = &event.head
            && !self.submitting.contains(&tip.hash)
        {
            self.tell_sync(tip.height.saturating_sub(change.connected.count));
            self.announce_tip();
        }
        self.tip_height = tip.height;
        for change in &*event.mempool {
            if let Change::Added(pending) = change
                && !self.relaying.contains(pending.transaction.id())
            {
                let transaction = pending.transaction.transaction().clone();
                if self.outbox.push(transaction, pending.transaction.size()) {
                    self.announce_transactions();
                }
            }
        }
    }

    /// Does the same when so much happened that we did not see all of it. Transactions that were missed are announced by
    /// others, or learnt by whoever joins.
    pub(super) fn chain_changed_unseen(&mut self) {
        /// No accident is deeper.
        const DEPTH: u64 = 1_000;
        self.tell_sync(self.tip_height.saturating_sub(DEPTH));
        self.tip_height = self.chain.view().tip.height;
    }

    /// Tells `sync` of the best chain's blocks above `height`.
    fn tell_sync(&mut self, mut height: u64) {
        let count = u64::try_from(MAX_HEADERS).unwrap_or(u64::MAX);
        loop {
            let headers = self.chain.snapshot().and_then(|snapshot| snapshot.best_headers(height + 1, count));
            match headers {
                Ok(headers) if headers.is_empty() => return,
                Ok(headers) => {
                    height += u64::try_from(headers.len()).unwrap_or(u64::MAX);
                    self.news.push_back(Event::Stored { headers });
                }
                // The chain thread meets the same disk, and tells.
                Err(error) => return tracing::debug!("blocks cannot be read: {error}"),
            }
        }
    }

    /// Announces the tip unless everybody has heard of it.
    pub(super) fn announce_tip(&mut self) {
        let tip = self.chain.view().tip.hash;
        let is_news = self.announced != tip && !self.submitting.contains(&tip);
        if !is_news {
            return;
        }
        self.announced = tip;
        let chain = self.chain.clone();
        self.work.spawn_blocking(move || Done::Announcement(announcement(&chain, &tip)));
    }

    pub(super) fn publish_block(&mut self, announcement: Option<BlockAnnouncement>) {
        if let Some(announcement) = announcement {
            let topic = self.topics.blocks.hash();
            self.publish(topic, codec::encode(&announcement));
        }
    }

    pub(super) fn announce_transactions(&mut self) {
        let transactions = self.outbox.take();
        if !transactions.is_empty() {
            let topic = self.topics.transactions.hash();
            self.publish(topic, codec::encode(&TransactionAnnouncement { transactions }));
        }
    }

    fn publish(&mut self, topic: gossipsub::TopicHash, data: Vec<u8>) {
        match self.swarm.behaviour_mut().gossip.publish(topic, data) {
            // Alone, or said before.
            Ok(_) | Err(PublishError::NoPeersSubscribedToTopic | PublishError::Duplicate) => {}
            Err(error) => tracing::warn!("news of ours did not reach every peer: {error}"),
        }
    }
}

/// Reads what is to be announced of a stored block.
fn announcement(chain: &ChainHandle, hash: &BlockHash) -> Option<BlockAnnouncement> {
    let block = chain.snapshot().and_then(|snapshot| snapshot.block(hash));
    let block = block.inspect_err(|error| tracing::debug!("a block cannot be announced: {error}")).ok()??;
    let Block { header, coinbase, transactions } = codec::decode(&block.bytes).ok()?;
    let tx_ids = transactions.iter().map(shared::transaction::Transaction::id).collect();
    Some(BlockAnnouncement { header, coinbase, tx_ids })
}
