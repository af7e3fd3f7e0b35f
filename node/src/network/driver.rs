//! Does what `sync` wants done, and tells it what came of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use shared::hash::BlockHash;

use super::blocks;
use super::codec::Question;
use super::task::{Asked, Done, Task};
use crate::peers::Gift;
use crate::sync::{Action, Event, Outcome, SubmitKey, Verdict};

impl Task {
    /// Tells `sync` the news, and does what it wants until nothing is left to tell.
    pub(super) fn follow(&mut self) {
        while let Some(event) = self.news.pop_front() {
            for action in self.sync.handle(self.timer.now(), event) {
                self.act(action);
            }
        }
    }

    /// Tells `sync` which answers have begun to come.
    pub(super) fn tell_what_began(&mut self) {
        for asked in self.asked.values() {
            if let Asked::Sync(peer, request, has_begun) = asked
                && has_begun.swap(false, Ordering::Relaxed)
            {
                self.news.push_back(Event::Began { peer: *peer, request: *request });
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Request { peer, request, body, limit_ms } => {
                let has_begun = Arc::default();
                let asked = Asked::Sync(peer, request, Arc::clone(&has_begun));
                let question =
                    Question { body: Ok(body), answer_within: Duration::from_millis(limit_ms), has_begun };
                if !self.ask(peer, asked, question) {
                    tracing::debug!(?peer, "a question comes too late: the peer is gone");
                }
            }
            Action::Submit { submit, blocks } => {
                self.submitting.extend(blocks.iter().map(|block| block.hash));
                let (chain, turn) = (self.chain.clone(), self.submission_turns.next());
                self.work.spawn(async move {
                    let hashes = blocks.iter().map(|block| block.hash).collect();
                    Done::Submitted(submit, hashes, blocks::judge(chain, blocks, turn).await)
                });
            }
            Action::Verdict { message, verdict } => {
                let Some(judged) = self.judging.remove(&message) else { return };
                if verdict == Verdict::Accept {
                    // It reaches everybody by gossip.
                    self.announced = judged.block;
                    let key = self.peers.get(&judged.source).map(|peer| peer.key);
                    if let (Some(key), Some((peers, now))) = (key, self.swarm.behaviour_mut().gate.peers()) {
                        peers.brought(key, Gift::Block, now);
                    }
                }
                self.judge(&judged.id, &judged.source, verdict);
            }
            Action::Blame { peer, fault } => self.blame(peer, &fault),
            Action::Disconnect { peer, reason } => self.leave(peer, reason),
        }
    }

    pub(super) fn submitted(&mut self, submit: SubmitKey, hashes: &[BlockHash], outcomes: Vec<Outcome>) {
        self.tell_of_upgrade(hashes, &outcomes);
        self.news.push_back(Event::Submitted { submit, outcomes });
        // With its verdicts, which say what is announced already.
        self.follow();
        for hash in hashes {
            self.submitting.remove(hash);
        }
        if !self.sync.progress().is_syncing {
            self.announce_tip();
        }
    }
}
