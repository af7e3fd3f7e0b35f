//! What a session wants to hear of, and what happened since it was last told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::pending;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use shared::address::Address;
use shared::api::Topic as RequestedTopic;
use shared::api::rpc::{self, RpcError};
use shared::api::views::{Answer, HeadView, TransactionNewsView};
use shared::hash::TxId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep_until;

use super::Ending;
use super::mempool_news::MempoolNews;
use crate::api::config::{MAX_QUEUED_HEADS, MAX_SUBSCRIPTIONS};
use crate::api::{Server, methods, views};
use crate::chain::{ChainEvent, TransactionChange};

/// The subscriptions of one session.
///
/// Of an account or a transaction only the latest state counts, so that its news take no room however long they wait.
/// Tips are told one by one; a peer that lets too many of them wait is ended.
pub(super) struct Subscriptions {
    server: Arc<Server>,
    topics: BTreeMap<u64, Topic>,
    last_id: u64,
    /// From the chain thread; there is none while there are no subscriptions, so that a session without any sleeps.
    events: Option<Receiver<ChainEvent>>,
    /// Tips that were not told yet, oldest first.
    heads: VecDeque<HeadView>,
    /// Subscriptions whose present value was not told yet.
    untold: BTreeSet<u64>,
    /// For the one subscription of the mempool that there may be.
    mempool: Option<MempoolNews>,
    /// News of the mempool are due, and wait for room only.
    is_mempool_due: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Heads,
    Account(Address),
    Transaction {
        id: TxId,
        /// What became of it last.
        change: Option<TransactionChange>,
    },
    Mempool,
}

/// A message to the peer.
pub(super) enum News {
    Now(String),
    /// It is read from the store first; `None` when something newer will be told.
    Later(BoxFuture<'static, Option<String>>),
}

impl Subscriptions {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self {
            server,
            topics: BTreeMap::new(),
            last_id: 0,
            events: None,
            heads: VecDeque::new(),
            untold: BTreeSet::new(),
            mempool: None,
            is_mempool_due: false,
        }
    }

    /// Begins to listen; the present value will be told first. Returns the subscription's id.
    pub(super) fn subscribe(&mut self, topic: &RequestedTopic) -> Result<u64, RpcError> {
        if self.topics.len() >= MAX_SUBSCRIPTIONS {
            let message =
                format!("a session has at most {MAX_SUBSCRIPTIONS} subscriptions; end one of them first");
            return Err(RpcError::limited(rpc::SUBSCRIPTION_LIMIT, message));
        }
        let topic = match topic {
            RequestedTopic::Heads {} => Topic::Heads,
            RequestedTopic::Address { address } => {
                Topic::Account(methods::parse_address(&self.server, address)?)
            }
            RequestedTopic::Transaction { tx_id } => Topic::Transaction { id: *tx_id, change: None },
            RequestedTopic::Mempool {} if self.mempool.is_some() => {
                let message = "this session is told of the mempool already; once is enough";
                return Err(RpcError::limited(rpc::SUBSCRIPTION_LIMIT, message.to_owned()));
            }
            RequestedTopic::Mempool {} => Topic::Mempool,
        };
        // Before the present value is read, so that nothing falls in between.
        self.events.get_or_insert_with(|| self.server.chain.events());
        self.last_id += 1;
        self.topics.insert(self.last_id, topic);
        if topic == Topic::Mempool {
            self.mempool = Some(MempoolNews::new(&self.server.chain.view()));
        } else {
            self.untold.insert(self.last_id);
        }
        Ok(self.last_id)
    }

    /// Ends a subscription; returns whether there was one of this id.
    pub(super) fn unsubscribe(&mut self, id: u64) -> bool {
        self.untold.remove(&id);
        let topic = self.topics.remove(&id);
        if !self.topics.values().any(|topic| *topic == Topic::Heads) {
            self.heads.clear();
        }
        if topic == Some(Topic::Mempool) {
            self.mempool = None;
            self.is_mempool_due = false;
        }
        if self.topics.is_empty() {
            self.events = None;
        }
        topic.is_some()
    }

    /// Waits for the next event and notes what it means, or until something is due. Nothing is lost when the future
    /// is dropped.
    ///
    /// # Errors
    /// When news were lost because the peer is too slow.
    pub(super) async fn changed(&mut self) -> Result<(), Ending> {
        let Some(events) = &mut self.events else { return pending().await };
        let due_at = self.mempool.as_ref().and_then(MempoolNews::due_at).filter(|_| !self.is_mempool_due);
        let due = async {
            match due_at {
                Some(due_at) => sleep_until(due_at).await,
                None => pending().await,
            }
        };
        let event = tokio::select! {
            biased;
            event = events.recv() => event,
            () = due => {
                self.is_mempool_due = true;
                return Ok(());
            }
        };
        match event {
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
        for (id, topic) in &mut self.topics {
            match topic {
                Topic::Account(address) if event.touched.contains(address) => {
                    self.untold.insert(*id);
                }
                Topic::Transaction { id: tx_id, change } => {
                    if let Some(news) = event.transactions.get(tx_id) {
                        *change = Some(*news);
                        self.untold.insert(*id);
                    }
                }
                Topic::Heads | Topic::Account(_) | Topic::Mempool => {}
            }
        }
        if let Some(mempool) = &mut self.mempool {
            mempool.note(event);
        }
        let hears_heads = self.topics.values().any(|topic| *topic == Topic::Heads);
        if let Some(change) = event.head.as_ref().filter(|_| hears_heads) {
            if self.heads.len() >= MAX_QUEUED_HEADS {
                return Err(Ending::SLOW_READER);
            }
            self.heads.push_back(views::head(self.server.chain.spec(), &event.view, Some(change)));
        }
        Ok(())
    }

    /// Hands out the next piece of news, if there is any: a tip, or the value of one subscription.
    pub(super) fn take_news(&mut self, mut tell: impl FnMut(News)) {
        let spec = self.server.chain.spec();
        let mut tell_now = |id: u64, answer: Answer| tell(News::Now(rpc::encode_notification(id, &answer)));
        if let Some(id) = self.untold.pop_first() {
            let view = self.server.chain.view();
            match self.topics.get(&id) {
                Some(Topic::Heads) => tell_now(id, Answer::Head(views::head(spec, &view, None))),
                Some(Topic::Account(address)) => {
                    tell_now(id, Answer::Account(views::account(spec, &view, address)));
                }
                Some(Topic::Transaction { id: tx_id, change }) => {
                    tell(News::Later(transaction_news(&self.server, id, *tx_id, *change)));
                }
                Some(Topic::Mempool) | None => {}
            }
        } else if let Some(head) = self.heads.pop_front() {
            for (id, _) in self.topics.iter().filter(|(_, topic)| **topic == Topic::Heads) {
                tell_now(*id, Answer::Head(head.clone()));
            }
        } else if let Some(mempool) = &mut self.mempool
            && let Some(news) = mempool.take(spec, self.server.config.mempool_news_interval)
        {
            self.is_mempool_due = false;
            for (id, _) in self.topics.iter().filter(|(_, topic)| **topic == Topic::Mempool) {
                tell_now(*id, Answer::MempoolNews(news.clone()));
            }
        }
    }
}

fn transaction_news(
    server: &Arc<Server>,
    subscription: u64,
    tx_id: TxId,
    change: Option<TransactionChange>,
) -> BoxFuture<'static, Option<String>> {
    let news = methods::transaction_news(Arc::clone(server), tx_id, change);
    let message = async move {
        let answer = Answer::TransactionNews(TransactionNewsView { tx_id, news: news.await? });
        Some(rpc::encode_notification(subscription, &answer))
    };
    message.boxed()
}
