//! Blocks that lie in the future by this computer's clock. One of two clocks is wrong then, and it may be ours: so we have
//! not copied the chain of who told of them, and are not done as long as nobody tells of another one.

use super::headers::Hashed;
use super::known::Trail;
use super::machine::Sync;
use super::peer::{Headers, Peer, Start};
use super::{PeerKey, Progress};

/// That keeps us for so long. Time enough to set a clock; and whoever mines ahead of the time, alone with us, must not
/// keep us from mining for ever.
const PATIENCE_MS: u64 = 600_000;

/// What of a peer's chain our clock does not let us take, in Unix seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead {
    /// `None` once that time has come and it was asked again.
    first_s: Option<u64>,
    last_s: u64,
    /// When it was seen first.
    since_ms: u64,
}

impl Sync {
    /// Returns how many seconds the last known block of a peer lies in the future, when that is too much to take it.
    #[must_use]
    pub fn seconds_ahead(&self, peer: PeerKey) -> Option<u64> {
        let ahead = self.peers.get(&peer)?.ahead?;
        Some(ahead.last_s.saturating_sub(self.now.unix_s))
    }

    /// Returns how far this node is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        // As long as nobody was heard. One who never answers must not keep us from what the others have told.
        let unheard = !self.peers.is_empty() && self.peers.values().all(|peer| !peer.is_heard);
        let is_early = !self.was_level && self.peers.values().any(|peer| self.keeps_us(peer));
        Progress {
            height: self.known.tip().height,
            headers: self.known.best().height,
            is_syncing: unheard || !self.is_at_best() || is_early && !self.is_level_with_somebody(),
        }
    }

    /// Returns whether a peer has told all of its chain, and we have the best one that we know.
    #[must_use]
    pub fn is_level_with(&self, peer: PeerKey) -> bool {
        let is_level =
            |peer: &Peer| has_told_all(peer) && (!self.keeps_us(peer) || self.is_level_with_somebody());
        self.is_at_best() && self.peers.get(&peer).is_some_and(is_level)
    }

    /// Remembers that we were level once: whatever our clock says later, others have seen what we have.
    pub(super) fn note_level(&mut self) {
        self.was_level = self.was_level || self.is_at_best() && self.is_level_with_somebody();
    }

    /// Returns whether some peer has told all of its chain, and nothing of it is too early.
    fn is_level_with_somebody(&self) -> bool {
        self.peers.values().any(|peer| has_told_all(peer) && peer.ahead.is_none())
    }

    fn keeps_us(&self, peer: &Peer) -> bool {
        peer.ahead.is_some_and(|ahead| self.now.ms.saturating_sub(ahead.since_ms) < PATIENCE_MS)
    }

    /// Takes note of headers of the future that follow `trail`. Only those with work count: time is cheap.
    pub(super) fn note_ahead(&mut self, key: PeerKey, mut trail: Trail, headers: &[Hashed]) {
        let steps = headers.iter().map_while(|(hash, header)| {
            trail = trail.step(self.spec.rules(), header, *hash, u64::MAX).ok()?;
            Some(u64::from(header.time))
        });
        let times: Vec<_> = steps.collect();
        let (first_s, Some(last_s)) = (times.first().copied(), times.last().copied()) else { return };
        if let Some(peer) = self.peers.get_mut(&key) {
            let since_ms = peer.ahead.map_or(self.now.ms, |before| before.since_ms);
            peer.ahead = Some(Ahead { first_s, last_s, since_ms });
        }
    }

    /// Asks again whom our clock does not contradict any more.
    pub(super) fn ask_whose_time_has_come(&mut self) {
        let latest_s = self.now.unix_s + 4 * u64::from(self.spec.rules().block_time);
        let now = self.now.ms;
        for peer in self.peers.values_mut().filter(|peer| peer.headers == Headers::Idle) {
            let first_s = peer.ahead.as_mut().and_then(|ahead| ahead.first_s.take_if(|s| *s <= latest_s));
            if first_s.is_some() {
                peer.want_headers(now, Start::Best);
            }
        }
    }
}

fn has_told_all(peer: &Peer) -> bool {
    peer.is_heard && peer.search.is_none() && peer.headers == Headers::Idle
}
