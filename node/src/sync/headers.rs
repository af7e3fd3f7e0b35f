//! Headers: whom to ask, what to think of the answer.

use shared::block::Header;
use shared::consensus::RuleError;
use shared::hash::BlockHash;

use super::known::{MAX_SIDE_HEADERS, Trail};
use super::machine::{Question, Sync};
use super::peer::{Headers, Start};
use super::search::{Search, Taken};
use super::{Fault, PeerKey};
use crate::wire::{MAX_HEADERS, Request};

/// A peer that told only what others told before is asked on after this time: they may be quicker.
const FOLLOWER_MS: u64 = 2_000;

/// Headers, each the parent of the next, with their hashes.
pub(super) type Hashed = (BlockHash, Header);

/// An answer, checked as far as it can be.
struct Walked {
    /// The new ones, with where each leads.
    steps: Vec<(Trail, Header)>,
    /// It is as long as an answer may be, so there are more.
    is_full: bool,
    /// There are more, but our clock says: not now.
    is_cut: bool,
}

impl Sync {
    /// Asks all peers whose time has come.
    pub(super) fn ask_for_headers(&mut self) {
        let is_due = |headers: &Headers| matches!(headers, Headers::Wanted(at_ms) if *at_ms <= self.now.ms);
        let due = self.peers.iter().filter(|(_, peer)| is_due(&peer.headers));
        let due: Vec<_> = due.map(|(key, _)| *key).collect();
        for key in due {
            let Some(peer) = self.peers.get(&key) else { continue };
            let locator = match (&peer.search, peer.start) {
                (Some(search), _) => {
                    let mut locator = vec![search.end().hash];
                    locator.extend(self.known.locator(&search.fork().hash, true));
                    locator.dedup();
                    locator
                }
                (None, Start::After(last)) => self.known.locator(&last, true),
                (None, Start::Best) => self.locator(),
            };
            let request = self.ask(key, Question::Headers, Request::Headers { locator });
            if let Some(peer) = self.peers.get_mut(&key) {
                peer.asked_ms = self.now.ms;
                peer.headers = Headers::Asked { request, again: false };
            }
        }
    }

    /// Takes an answer.
    pub(super) fn take_headers(&mut self, key: PeerKey, headers: Vec<Header>) {
        let Some(peer) = self.peers.get_mut(&key) else { return };
        let again = matches!(peer.headers, Headers::Asked { again: true, .. });
        peer.headers = Headers::Idle;
        peer.is_heard = true;
        if again {
            peer.want_headers(self.now.ms, Start::Best);
        }
        if headers.len() > MAX_HEADERS {
            return self.blame(key, Fault::WrongAnswer("more headers than an answer may hold"));
        }
        let headers: Vec<Hashed> = headers.into_iter().map(|header| (header.hash(), header)).collect();
        let is_chain = headers.windows(2).all(|pair| pair[1].1.prev_hash == pair[0].0);
        if !is_chain {
            return self.blame(key, Fault::WrongAnswer("headers that are no chain"));
        }
        let search = self.peers.get_mut(&key).and_then(|peer| peer.search.take());
        let Some((_, first)) = headers.first() else { return self.told_nothing(key) };
        match search {
            Some(search) if search.end().hash == first.prev_hash => self.search_on(key, search, headers),
            Some(_) => {
                // Its chain may have changed meanwhile, but not each time.
                self.was_empty(key, "it tells another chain each time");
                self.take_connected(key, headers);
            }
            None => self.take_connected(key, headers),
        }
    }

    /// Nothing follows what we named, so its chain has no more work than ours.
    fn told_nothing(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(&key) else { return };
        peer.ahead = None;
        if peer.claimed_work > self.known.best().work {
            self.blame(key, Fault::CheapHeaders);
        }
    }

    /// Takes headers that begin at one that is known.
    fn take_connected(&mut self, key: PeerKey, headers: Vec<Hashed>) {
        let new = headers.iter().position(|(hash, _)| self.known.get(hash).is_none());
        let new = new.unwrap_or(headers.len());
        let fork = if new == 0 { headers[0].1.prev_hash } else { headers[new - 1].0 };
        let Some(trail) = self.known.trail(&fork) else {
            return self.blame(key, Fault::WrongAnswer("headers that follow nothing that was named"));
        };
        if self.known.get(&fork).is_some_and(|node| node.is_condemned) {
            // Somebody deceived it as well, or it obeys other rules.
            return self.was_empty(key, "its chain was found to be invalid");
        }
        let Some(walked) = self.walk(key, trail, &headers[new..], headers.len()) else { return };
        let end = walked.steps.last().map_or(trail, |(trail, _)| *trail);
        if end.work > self.known.best().work {
            self.keep(key, walked.steps.iter().map(|(trail, header)| (trail.hash, *header)));
        } else {
            self.vouch(key, fork);
        }
        if walked.is_cut {
            return;
        }
        let is_kept = self.known.get(&end.hash).is_some();
        if walked.is_full && is_kept {
            let wait = if walked.steps.is_empty() { FOLLOWER_MS } else { 0 };
            self.go_on(key, wait, end.hash);
        } else if walked.is_full {
            let mut search = Search::new(trail);
            walked.steps.iter().for_each(|(trail, _)| search.look(*trail));
            self.search_further(key, search);
        } else {
            self.ended_with(key, &end);
        }
    }

    /// Goes on with headers that are not kept yet.
    fn search_on(&mut self, key: PeerKey, mut search: Search, headers: Vec<Hashed>) {
        let Some(walked) = self.walk(key, *search.end(), &headers, headers.len()) else { return };
        if search.is_second_time() {
            return self.keep_search(key, search, walked);
        }
        walked.steps.iter().for_each(|(trail, _)| search.look(*trail));
        if search.end().work > self.known.best().work {
            search.begin_again();
            self.search_further(key, search);
        } else if walked.is_full && !walked.is_cut {
            self.search_further(key, search);
        } else {
            let (fork, end) = (search.fork().hash, *search.end());
            self.vouch(key, fork);
            if !walked.is_cut {
                self.ended_with(key, &end);
            }
        }
    }

    /// Keeps what comes for the second time.
    fn keep_search(&mut self, key: PeerKey, mut search: Search, walked: Walked) {
        let mut steps = walked.steps.into_iter();
        for (trail, header) in steps.by_ref() {
            match search.take(trail, header) {
                Taken::More(headers) if headers.is_empty() => {}
                Taken::More(headers) => self.keep(key, headers.into_iter()),
                Taken::All(headers) => {
                    // What follows in this answer is as good as any other answer.
                    self.keep(
                        key,
                        headers.into_iter().chain(steps.map(|(trail, header)| (trail.hash, header))),
                    );
                    let last = self.peers.get(&key).and_then(|peer| peer.own);
                    if let Some(last) = last.filter(|_| walked.is_full && !walked.is_cut) {
                        self.go_on(key, 0, last);
                    }
                    return;
                }
                Taken::Others => return self.was_empty(key, "it tells another chain each time"),
            }
        }
        if walked.is_full && !walked.is_cut {
            self.search_further(key, search);
        } else {
            self.was_empty(key, "it tells a shorter chain than before");
        }
    }

    /// Checks headers that follow `trail`; blames who sent them and returns `None` when one breaks a rule.
    fn walk(&mut self, key: PeerKey, mut trail: Trail, headers: &[Hashed], told: usize) -> Option<Walked> {
        let mut walked =
            Walked { steps: Vec::with_capacity(headers.len()), is_full: told == MAX_HEADERS, is_cut: false };
        for (place, (hash, header)) in headers.iter().enumerate() {
            match trail.step(self.spec.rules(), header, *hash, self.now.unix_s) {
                Ok(next) => trail = next,
                Err(RuleError::TimeAhead { .. }) => {
                    self.note_ahead(key, trail, headers.get(place..).unwrap_or_default());
                    walked.is_cut = true;
                    break;
                }
                Err(error) => {
                    self.blame(key, Fault::Header(error));
                    return None;
                }
            }
            walked.steps.push((trail, *header));
        }
        if let Some(peer) = self.peers.get_mut(&key).filter(|_| !walked.is_cut) {
            peer.ahead = None;
        }
        Some(walked)
    }

    /// Keeps headers that a peer calls its own.
    fn keep(&mut self, key: PeerKey, headers: impl Iterator<Item = Hashed>) {
        let mut last = None;
        for (hash, header) in headers {
            if !self.known.insert(hash, &header) {
                break;
            }
            last = Some(hash);
        }
        self.best_changed();
        if let Some(last) = last {
            self.vouch(key, last);
        }
    }

    /// Notes that a peer called the chain up to `last` its own.
    pub(super) fn vouch(&mut self, key: PeerKey, last: BlockHash) {
        if let Some(peer) = self.peers.get_mut(&key) {
            let before = peer.own.replace(last);
            peer.shown = Some(last);
            let is_left = |before: BlockHash| !self.known.leads_to(&before, &last);
            if self.most_side_headers > MAX_SIDE_HEADERS && before.is_some_and(is_left) {
                self.most_side_headers = MAX_SIDE_HEADERS;
            }
        }
        self.find_reach(key);
    }

    /// Asks for what follows `last`, the end of a full answer whose headers are all known now.
    fn go_on(&mut self, key: PeerKey, wait_ms: u64, last: BlockHash) {
        let height = self.known.get(&last).map_or(0, |node| node.height);
        // Where others have led us further along the same chain, go on from there.
        let is_passed = self.known.best().hash != last && self.known.is_on_best(&last);
        let Some(peer) = self.peers.get_mut(&key) else { return };
        // Whoever tells the same again and again is not asked on.
        if height > peer.told_height {
            peer.told_height = height;
            peer.want_headers(
                self.now.ms + wait_ms,
                if is_passed { Start::Best } else { Start::After(last) },
            );
        }
    }

    fn search_further(&mut self, key: PeerKey, search: Search) {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.search = Some(search);
            peer.want_headers(self.now.ms, Start::Best);
        }
    }

    /// A peer's chain ends here; it should have the work that was claimed.
    fn ended_with(&mut self, key: PeerKey, end: &Trail) {
        if self.peers.get(&key).is_some_and(|peer| peer.claimed_work > end.work) {
            self.blame(key, Fault::CheapHeaders);
        }
    }
}
