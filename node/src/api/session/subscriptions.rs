//! What a session wants to hear of, and what happened since it was last told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::pending;

use shared::address::Address;
use shared::api::Topic as RequestedTopic;
use shared::api::rpc::{self, RpcError};
use shared::api::views::{Answer, HeadView};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_tungstenite::tungstenite::Message;

use super::Ending;
use super::wire::Wire;
use crate::api::config::{MAX_QUEUED_HEADS, MAX_SUBSCRIPTIONS};
use crate::api::views;
use crate::chain::{ChainEvent, ChainHandle};

/// The subscriptions of one session.
///
/// Of an account only the latest state counts, so that its news take no room however long they wait. Tips are told
/// one by one; a peer that lets too many of them wait is ended.
pub(super) struct Subscriptions {
    chain: ChainHandle,
    topics: BTreeMap<u64, Topic>,
    last_id: u64,
    /// From the chain thread; there is none while there are no subscriptions, so that a session without any sleeps.
    events: Option<Receiver<ChainEvent>>,
    /// Tips that were not told yet, oldest first.
    heads: VecDeque<HeadView>,
    /// Subscriptions whose present value was not told yet.
    untold: BTreeSet<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Heads,
    Account(Address),
}

impl Subscriptions {
    pub(super) fn new(chain: ChainHandle) -> Self {
        Self {
            chain,
            topics: BTreeMap::new(),
            last_id: 0,
            events: None,
            heads: VecDeque::new(),
            untold: BTreeSet::new(),
        }
    }

    /// Begins to listen; the present value will be told first. Returns the subscription's id.
    pub(super) fn subscribe(
        &mut self,
        topic: &RequestedTopic,
        parse_address: impl Fn(&str) -> Result<Address, RpcError>,
    ) -> Result<u64, RpcError> {
        if self.topics.len() >= MAX_SUBSCRIPTIONS {
            let message =
                format!("a session has at most {MAX_SUBSCRIPTIONS} subscriptions; end one of them first");
            return Err(RpcError::new(rpc::LIMIT_EXCEEDED, message));
        }
        let topic = match topic {
            RequestedTopic::Heads {} => Topic::Heads,
            RequestedTopic::Address { address } => Topic::Account(parse_address(address)?),
        };
        // Before the present value is read, so that nothing falls in between.
        self.events.get_or_insert_with(|| self.chain.events());
        self.last_id += 1;
        self.topics.insert(self.last_id, topic);
        self.untold.insert(self.last_id);
        Ok(self.last_id)
    }

    /// Ends a subscription; returns whether there was one of this id.
    pub(super) fn unsubscribe(&mut self, id: u64) -> bool {
        self.untold.remove(&id);
        let existed = self.topics.remove(&id).is_some();
        if !self.topics.values().any(|topic| *topic == Topic::Heads) {
            self.heads.clear();
        }
        if self.topics.is_empty() {
            self.events = None;
        }
        existed
    }

    /// Waits for the next event and notes what it means. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// When news were lost because the peer is too slow.
    pub(super) async fn changed(&mut self) -> Result<(), Ending> {
        let Some(events) = &mut self.events else { return pending().await };
        match events.recv().await {
            Ok(event) => self.note(&event),
            Err(RecvError::Lagged(_)) => Err(Ending::SLOW_READER),
            Err(RecvError::Closed) => {
                // The chain thread has ended, and the node is about to.
                self.events = None;
                Ok(())
            }
        }
    }

    fn note(&mut self, event: &ChainEvent) -> Result<(), Ending> {
        for (id, topic) in &self.topics {
            if matches!(topic, Topic::Account(address) if event.touched.contains(address)) {
                self.untold.insert(*id);
            }
        }
        let hears_heads = self.topics.values().any(|topic| *topic == Topic::Heads);
        if let Some(change) = event.head.as_ref().filter(|_| hears_heads) {
            if self.heads.len() >= MAX_QUEUED_HEADS {
                return Err(Ending::SLOW_READER);
            }
            self.heads.push_back(views::head(self.chain.spec(), &event.view, Some(change)));
        }
        Ok(())
    }

    /// Sends the next piece of news, if there is any: a tip, or the value of one subscription.
    pub(super) fn take_news(&mut self, wire: &mut Wire) {
        let mut tell =
            |id: u64, answer: Answer| wire.send(Message::text(rpc::encode_notification(id, &answer)));
        if let Some(id) = self.untold.pop_first() {
            let (spec, view) = (self.chain.spec(), self.chain.view());
            match self.topics.get(&id) {
                Some(Topic::Heads) => tell(id, Answer::Head(views::head(spec, &view, None))),
                Some(Topic::Account(address)) => {
                    tell(id, Answer::Account(views::account(spec, &view, address)))
                }
                None => {}
            }
        } else if let Some(head) = self.heads.pop_front() {
            for (id, _) in self.topics.iter().filter(|(_, topic)| **topic == Topic::Heads) {
                tell(*id, Answer::Head(head.clone()));
            }
        }
    }
}
