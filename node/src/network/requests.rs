//! Questions and answers, both ways.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::time::Instant;

use libp2p::PeerId;
use libp2p::request_response::{self, OutboundFailure, OutboundRequestId};

use super::codec::{Malformed, Question};
use super::limits;
use super::peer::Peer;
use super::pending::Pending;
use super::serve::{self, Answer};
use super::task::{Asked, Asker, Done, Task};
use super::transactions::Origin;
use crate::peers::Role;
use crate::sync::{Event, Fault, PeerKey};
use crate::wire::{MAX_PENDING_IDS, Request, Response};

impl Task {
    pub(super) fn message_event(&mut self, event: request_response::Event<Question, Response>) {
        use request_response::Message;

        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                Message::Request { request_id, request, channel } => {
                    self.asked_by(Asker { id: peer, question: request_id, channel }, request.body);
                }
                Message::Response { request_id, response } => self.answered(peer, request_id, response),
            },
            request_response::Event::OutboundFailure { peer, request_id, error, .. } => {
                self.unanswered(&peer, request_id, &error);
            }
            request_response::Event::InboundFailure { peer, request_id, error, .. } => {
                self.unsent.remove(&request_id);
                tracing::debug!(%peer, "an answer was not sent: {error}");
            }
            request_response::Event::ResponseSent { request_id, .. } => self.unsent.remove(&request_id),
        }
    }

    fn asked_by(&mut self, asker: Asker, question: Result<Request, Malformed>) {
        let id = asker.id;
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let key = peer.key;
        if !peer.budget.requests.take(peer.since.elapsed()) {
            return self.blame(key, &Fault::Flood("questions"));
        }
        let Ok(request) = question else { return self.blame(key, &Fault::Malformed) };
        if let Request::Hello(hello) = request {
            let answer = Response::Hello(self.hello());
            self.send_answer(asker, Some(answer.into()));
            return self.greeted(id, hello);
        }
        // Whom we dialled has our hello already, and its answer may be overtaken by its first question.
        if peer.is_inbound && peer.hello.is_none() {
            return self.blame(key, &Fault::WrongQuestion("before its hello"));
        }
        if let Some(fault) = serve::fault(&request) {
            return self.blame(key, &Fault::WrongQuestion(fault));
        }
        if let Request::Farewell { banned_until, reason } = &request {
            return self.sent_away(key, *banned_until, reason);
        }
        if let Request::Headers { locator } = &request
            && let Some(tip) = locator.first()
        {
            self.sync.showed(key, tip);
        }
        if !self.answering.begin(id) {
            tracing::debug!(%id, "too busy to answer");
            return;
        }
        let chain = self.chain.clone();
        self.work.spawn_blocking(move || {
            let answer = serve::answer(&chain, request).unwrap_or_else(|error| {
                tracing::warn!("another node's question is not answered: {error}");
                None
            });
            Done::Answer(asker, answer)
        });
    }

    /// Sends an answer that was made, if the peer may still cost that much.
    pub(super) fn send_answer(&mut self, asker: Asker, answer: Option<Answer>) {
        let Asker { id, question, channel } = asker;
        let (Some(Answer { response, cost }), Some(peer)) = (answer, self.peers.get_mut(&id)) else { return };
        let bytes = serve::size(&response);
        if !peer.budget.bytes.take_many(cost, peer.since.elapsed()) {
            let key = peer.key;
            return self.blame(key, &Fault::Flood("bytes"));
        }
        if !self.unsent.has_room(id, bytes) {
            tracing::debug!(%id, "it has not read what it asked for before");
            return;
        }
        if self.swarm.behaviour_mut().messages.send_response(channel, response).is_err() {
            tracing::debug!(%id, "an answer came too late");
            return;
        }
        self.unsent.insert(question, id, bytes);
    }

    /// Asks a peer; `false` when it is gone.
    pub(super) fn ask(&mut self, key: PeerKey, asked: Asked, question: impl Into<Question>) -> bool {
        let Some(id) = self.keys.get(&key) else { return false };
        let request = self.swarm.behaviour_mut().messages.send_request(id, question.into());
        self.asked.insert(request, asked);
        true
    }

    fn answered(&mut self, id: PeerId, request: OutboundRequestId, response: Response) {
        let Some(asked) = self.asked.remove(&request) else { return };
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let key = peer.key;
        match (asked, response) {
            (Asked::Hello, Response::Hello(hello)) => self.greeted(id, hello),
            (Asked::Sync(peer, request, _), response) => {
                // The peer may have come again since.
                if peer == key {
                    self.news.push_back(Event::Answered { peer, request, response });
                }
            }
            (Asked::Pending, Response::PendingIds(ids)) if ids.len() <= MAX_PENDING_IDS => {
                let view = self.chain.view();
                let unknown = ids.into_iter().filter(|id| view.mempool.get(id).is_none()).collect();
                peer.begin_pending(unknown, self.most_pending);
                self.ask_next_pending(key);
            }
            (Asked::Pending, Response::Transactions(transactions))
                if transactions.len() <= peer.pending.asked() =>
            {
                peer.pending.answered();
                self.admit(Origin::Answer(key), transactions);
                self.ask_next_pending(key);
            }
            (Asked::Hello | Asked::Pending, _) => self.blame(key, &Fault::WrongAnswer("to another question")),
        }
    }

    fn unanswered(&mut self, id: &PeerId, request: OutboundRequestId, error: &OutboundFailure) {
        // Whether some of it came matters now.
        self.tell_what_began();
        let Some(asked) = self.asked.remove(&request) else { return };
        let Some(peer) = self.peers.get_mut(id) else { return };
        let key = peer.key;
        tracing::debug!(%id, "a question is not answered: {error}");
        match asked {
            // Who it is instead, `identify` tells, or the time of the hellos ends.
            Asked::Hello => {}
            Asked::Sync(peer, request, _) if peer == key => {
                self.news.push_back(Event::Failed { peer, request })
            }
            Asked::Sync(..) => {}
            Asked::Pending => peer.pending = Pending::Done,
        }
        if let OutboundFailure::Io(error) = error
            && error.kind() == ErrorKind::InvalidData
        {
            self.blame(key, &Fault::Malformed);
        }
    }

    /// Asks new peers which transactions wait there, once our own chain is as far as theirs; one that told us something
    /// whose predecessors did not reach us; and when nobody was asked for a while, whoever was asked longest ago: an
    /// announcement may have been lost, and then nobody else would ever take the sender's later ones.
    pub(super) fn ask_what_waits(&mut self) {
        if self.sync.progress().is_syncing {
            return;
        }
        // What they could not be asked for when the last answer came.
        let keys: Vec<_> = self.keys.keys().copied().collect();
        keys.into_iter().for_each(|key| self.ask_next_pending(key));
        let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers() else { return };
        // Whom we have for blocks alone shall not learn of us by what we ask.
        let full: BTreeSet<_> =
            peers.list(now).filter(|peer| peer.role != Role::BlockOnly).map(|peer| peer.peer).collect();
        let peers = self.peers.values().filter(|peer| peer.hello.is_some() && full.contains(&peer.key));
        let peers: Vec<_> = peers.collect();
        let last = peers.iter().filter_map(|peer| peer.pending_asked).max();
        let is_time = last.is_some_and(|last| last.elapsed() >= limits::ASK_AGAIN);
        let rested = peers.iter().filter(|peer| is_time && peer.may_be_asked());
        let longest_ago = rested.min_by_key(|peer| (peer.pending_asked, peer.key));
        let due = peers.iter().filter(|peer| peer.is_to_be_asked());
        for key in due.chain(longest_ago).map(|peer| peer.key).collect::<BTreeSet<_>>() {
            self.ask(key, Asked::Pending, Request::PendingIds);
            if let Some(peer) = self.keys.get(&key).and_then(|id| self.peers.get_mut(id)) {
                (peer.pending, peer.pending_asked) = (Pending::Ids, Some(Instant::now()));
                peer.has_more = false;
            }
        }
    }

    fn ask_next_pending(&mut self, key: PeerKey) {
        let peer = self.keys.get(&key).and_then(|id| self.peers.get_mut(id));
        if let Some(request) = peer.and_then(Peer::next_pending) {
            self.ask(key, Asked::Pending, request);
        }
    }
}
