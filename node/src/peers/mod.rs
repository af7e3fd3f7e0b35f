//! Whom this node knows, whom it dials, whom it lets in and whom it sends away. Pure: it knows no socket, no file and
//! no clock, and its choices come from a seed that is passed in, so that a simulation can replay them.
//!
//! What the network does with it:
//!
//! | when | call |
//! |---|---|
//! | it starts, and before it stops (also every few minutes, and after a ban) | [`Peers::new`], [`Peers::saved`] |
//! | every second or so | [`Peers::next_dials`]; each of them ends in `connected` or `dial_failed` |
//! | somebody connects to us, before anything is spent on it | [`Peers::may_connect`] |
//! | a connection is there | [`Peers::connected`], which may name somebody who has to make room |
//! | its hello has come and names our chain | [`Peers::greeted`] |
//! | it is gone | [`Peers::disconnected`] |
//! | it tells of an address, its own or another's | [`Peers::heard`] |
//! | it answered a ping; it brought a valid block or transaction first | [`Peers::answered`], [`Peers::brought`] |
//! | it misbehaved | [`Peers::blame`], which may send it, and all that share its address, away |
//! | it sends us away | [`Peers::sent_us_away`] |
//! | an address turns out to be our own | [`Peers::is_ourselves`] |
//! | the operator says so | [`Peers::name`], [`Peers::unname`], [`Peers::ban`], [`Peers::unban`] |
//!
//! **This computer and the peers that the operator named are never banned**, only disconnected: a class whose nodes all
//! run on one laptop would lose its network to a single faulty one, and what the operator asked for holds.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::sync::{Fault, Now, PeerKey};

pub use address::{AddressError, BanKey, Group, PeerAddress, Scope};
pub(crate) use dials::RecentDials;
pub(crate) use expiring::Expiring;
pub use named::MAX_NAMED;
pub use saved::{Ban, SAVED_VERSION, Saved, SavedAddress};
pub use score::{MAX_POINTS, points};

use book::{Book, Entry};
use connections::ADDRESS_TOKENS;
use draw::Draw;
use named::Named;
use score::Score;

mod address;
mod book;
mod connections;
mod dials;
mod draw;
mod evict;
mod expiring;
mod named;
mod saved;
mod score;
#[cfg(test)]
mod tests;

/// How long a ban lasts unless the operator says otherwise.
pub const BAN_S: u64 = 24 * 3_600;
/// The longest ban: a year.
pub const MAX_BAN_S: u64 = 365 * 24 * 3_600;
/// Bans that are kept: 2 MB, and as many as an attacker with a /50 of IPv6 addresses can earn.
pub const MAX_BANS: usize = 20_000;
/// Characters of a ban's reason.
pub(crate) const MAX_REASON_CHARS: usize = 200;
/// Who has gone can be blamed for so long: what it delivered may still be judged then.
const BLAME_MS: u64 = 60_000;
/// Those who have gone and can be blamed: all that can come and go while the chain judges one group of blocks.
const MAX_DEPARTED: usize = 4_096;
/// Neighbours that are dialled first after a restart.
const MAX_ANCHORS: usize = 2;

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerLimits {
    /// That we open and use for everything. Eight: enough that one honest one is among them (the
    /// simulation among this module's tests).
    pub full: usize,
    /// That we open beside these and ask for blocks alone. They are the neighbours that are dialled first after a restart.
    pub block_only: usize,
    /// That others open to us.
    pub inbound: usize,
    /// With one address; this computer has no limit.
    pub per_ip: usize,
}

impl Default for PeerLimits {
    fn default() -> Self {
        Self { full: 8, block_only: 2, inbound: 112, per_ip: 2 }
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Somebody opened it to us.
    Inbound,
    /// We opened it, for everything.
    Full,
    /// We opened it, for blocks only.
    BlockOnly,
    /// The operator asked for it.
    Named,
}

/// Who opened a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The other one.
    Inbound,
    /// We.
    Outbound,
}

/// Somebody to connect to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dial {
    /// Where.
    pub address: PeerAddress,
    /// What for.
    pub role: Role,
}

/// What a peer brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gift {
    /// A valid block that we did not have.
    Block,
    /// A valid transaction that we did not have.
    Transaction,
}

/// A connection is not wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is banned.
    #[error("{} is banned until Unix time {}: {}", .0.address, .0.until, .0.reason)]
    Banned(Ban),
    /// There are enough with this address.
    #[error("there are {max} connections with {key}; no more are allowed")]
    TooManyOfAddress {
        /// Whose.
        key: BanKey,
        /// The limit.
        max: usize,
    },
    /// All places are taken by better ones.
    #[error("all {max} places are taken")]
    Full {
        /// How many.
        max: usize,
    },
    /// We have chosen another one of its network, and one owner must not get several places that we choose.
    #[error("there is a connection to the network of {address} already")]
    TakenNetwork {
        /// Whom it is about.
        address: PeerAddress,
    },
}

/// An address that a peer told us was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// The peer is not connected.
    #[error("it comes from nobody")]
    Stranger,
    /// It told too many.
    #[error("its sender told of too many addresses")]
    TooMany,
    /// Its network is none of the sender's.
    #[error("{0} lies in a network that its sender cannot know")]
    OutOfScope(PeerAddress),
    /// It is banned.
    #[error("{0} is banned")]
    Banned(PeerAddress),
    /// It is our own.
    #[error("{0} is this node itself")]
    Own(PeerAddress),
}

/// The operator's wish cannot be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// This computer cannot be banned.
    #[error("this computer cannot be banned: its nodes all share one address; disconnect the node instead")]
    Loopback,
    /// There are enough.
    #[error("{max} peers are named already; remove one of them first")]
    TooManyNamed {
        /// The limit.
        max: usize,
    },
    /// It is not there.
    #[error("{0} is not banned")]
    NotBanned(BanKey),
    /// It is not there.
    #[error("{0} was not named")]
    NotNamed(PeerAddress),
}

/// Somebody has to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Whose connections to close: the peer's, and all that share its address when it is banned.
    pub close: BTreeSet<PeerKey>,
    /// The ban, unless the peer is on this computer or was named by the operator.
    pub ban: Option<Ban>,
}

/// A connection, for those who look on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerState {
    /// Its key.
    pub peer: PeerKey,
    /// The other end; an inbound one's port is of no use to anybody else.
    pub address: PeerAddress,
    /// What it is for.
    pub role: Role,
    /// Since when, Unix seconds.
    pub since_s: u64,
    /// The shortest round trip, when it was measured.
    pub latency_ms: Option<u32>,
    /// Its points; at [`MAX_POINTS`] it goes.
    pub points: u32,
    /// Who told us of its address; `None` when it came by itself, was named or was found by ourselves.
    pub told_by: Option<IpAddr>,
}

/// All of it.
#[derive(Debug)]
pub struct Peers {
    limits: PeerLimits,
    draw: Draw,
    connections: BTreeMap<PeerKey, connections::Connection>,
    /// Those that ended, by milliseconds.
    departed: Expiring<PeerKey, connections::Connection>,
    /// Who is being dialled.
    dialling: BTreeMap<PeerAddress, Role>,
    dialled: RecentDials,
    /// By milliseconds.
    scores: Expiring<BanKey, Score>,
    /// By Unix seconds.
    bans: Expiring<BanKey, Ban>,
    book: Book,
    named: Named,
    /// Where we are reached ourselves.
    own: BTreeSet<PeerAddress>,
    /// The neighbours of before the restart that were not dialled yet.
    anchors: Vec<PeerAddress>,
    /// The neighbours of before the restart, as long as there are no new ones.
    old_anchors: Vec<PeerAddress>,
}

impl Peers {
    /// Begins with what was saved, of which nothing is trusted. `seed` decides every choice and must be secret.
    #[must_use]
    pub fn new(limits: PeerLimits, seed: [u8; 32], saved: Saved, now: Now) -> Self {
        let mut anchors = saved.anchors;
        anchors.truncate(MAX_ANCHORS);
        let mut peers = Self {
            limits,
            draw: Draw::new(seed),
            connections: BTreeMap::new(),
            departed: Expiring::new(MAX_DEPARTED),
            dialling: BTreeMap::new(),
            dialled: RecentDials::new(),
            scores: Expiring::new(MAX_BANS),
            bans: Expiring::new(MAX_BANS),
            book: Book::default(),
            named: Named::default(),
            own: BTreeSet::new(),
            old_anchors: anchors.clone(),
            anchors,
        };
        for ban in saved.bans.into_iter().filter(|ban| ban.until > now.unix_s && !ban.address.is_loopback()) {
            peers.insert_ban(ban, now);
        }
        for saved in saved.book {
            let SavedAddress { address, told_by: source, reached: reached_s, tried: tried_s, failures } =
                saved;
            peers.book.insert(address, Entry { source, reached_s, tried_s, failures });
        }
        peers
    }

    /// Returns what a later node begins with.
    #[must_use]
    pub fn saved(&self, now: Now) -> Saved {
        let mut anchors: Vec<_> = self
            .connections
            .values()
            .filter(|connection| connection.role == Role::BlockOnly && connection.is_greeted)
            .map(|connection| connection.address)
            .take(MAX_ANCHORS)
            .collect();
        if anchors.is_empty() {
            anchors.clone_from(&self.old_anchors);
        }
        let book = self.book.iter().map(|(address, entry)| SavedAddress {
            address,
            told_by: entry.source,
            reached: entry.reached_s,
            tried: entry.tried_s,
            failures: entry.failures,
        });
        Saved {
            version: SAVED_VERSION,
            bans: self.bans(now).cloned().collect(),
            book: book.collect(),
            anchors,
        }
    }

    /// Notes an address that a peer told us, its own or another's.
    ///
    /// # Errors
    /// When it tells too many, or of a network that is none of its own: a stranger from the Internet must not make us
    /// knock at the doors of our own house.
    pub fn heard(&mut self, peer: PeerKey, address: PeerAddress, now: Now) -> Result<(), NotKept> {
        let connection = self.connections.get_mut(&peer).ok_or(NotKept::Stranger)?;
        let since_start = Duration::from_millis(now.ms);
        if !connection.addresses.take_many(ADDRESS_TOKENS, since_start) {
            return Err(NotKept::TooMany);
        }
        if address.scope() < connection.address.scope() {
            return Err(NotKept::OutOfScope(address));
        }
        let source = Some(connection.address.ip());
        if self.own.contains(&address) {
            return Err(NotKept::Own(address));
        }
        if self.bans.get(&address.ban_key(), now.unix_s).is_some() {
            return Err(NotKept::Banned(address));
        }
        self.book.insert(address, Entry { source, reached_s: None, tried_s: 0, failures: 0 });
        Ok(())
    }

    /// Notes an address that we found without anybody's word, such as on the local network.
    pub fn found(&mut self, address: PeerAddress) {
        self.book.insert(address, Entry { source: None, reached_s: None, tried_s: 0, failures: 0 });
    }

    /// Counts a fault, and returns who has to go for it. The points stay with the address, so that neither hanging up
    /// nor coming again clears them.
    pub fn blame(&mut self, peer: PeerKey, fault: &Fault, now: Now) -> Option<Sentence> {
        let earned = points(fault);
        let connection = self.connections.get_mut(&peer).or_else(|| self.departed.get_mut(&peer, now.ms))?;
        connection.score.add(earned, now.ms);
        if connection.is_exempt() {
            let is_over = connection.score.points(now.ms) >= MAX_POINTS;
            if is_over && connection.role == Role::Named {
                self.named.rejected(&connection.address, now.ms);
            }
            return is_over.then(|| Sentence { close: BTreeSet::from([peer]), ban: None });
        }
        let key = connection.address.ban_key();
        // What else it delivered before it was sent away changes nothing.
        if self.bans.get(&key, now.unix_s).is_some() {
            return None;
        }
        let mut score = self.scores.get(&key, now.ms).map(|(_, score)| *score).unwrap_or_default();
        score.add(earned, now.ms);
        self.scores.insert(key, score, score.ends_ms());
        if score.points(now.ms) < MAX_POINTS {
            return None;
        }
        self.scores.remove(&key);
        let (since, reason) = (now.unix_s, fault.to_string());
        let ban =
            self.insert_ban(Ban { address: key, since, until: since.saturating_add(BAN_S), reason }, now);
        Some(Sentence { close: self.sharing(key), ban: Some(ban) })
    }

    /// Bans somebody for `seconds`, and returns who has to go for it.
    ///
    /// # Errors
    /// When it is this computer.
    pub fn ban(&mut self, key: BanKey, reason: &str, seconds: u64, now: Now) -> Result<Sentence, WishError> {
        if key.is_loopback() {
            return Err(WishError::Loopback);
        }
        let (since, until) = (now.unix_s, now.unix_s.saturating_add(seconds));
        let ban = self.insert_ban(Ban { address: key, since, until, reason: reason.to_owned() }, now);
        Ok(Sentence { close: self.sharing(key), ban: Some(ban) })
    }

    /// Notes that a peer does not want us, so that one that was named is not asked again soon.
    pub fn sent_us_away(&mut self, peer: PeerKey, now: Now) {
        if let Some(connection) = self.connections.get(&peer)
            && connection.role == Role::Named
        {
            self.named.rejected(&connection.address, now.ms);
        }
    }

    /// Forgives somebody, points included.
    ///
    /// # Errors
    /// When it is not banned.
    pub fn unban(&mut self, key: BanKey) -> Result<Ban, WishError> {
        self.scores.remove(&key);
        self.bans.remove(&key).ok_or(WishError::NotBanned(key))
    }

    /// Yields all bans.
    pub fn bans(&self, now: Now) -> impl Iterator<Item = &Ban> {
        self.bans.iter(now.unix_s).map(|(_, _, ban)| ban)
    }

    fn insert_ban(&mut self, mut ban: Ban, now: Now) -> Ban {
        self.bans.expire(now.unix_s);
        // Also when our clock was wrong when it was given.
        ban.until = ban.until.min(now.unix_s.saturating_add(MAX_BAN_S));
        ban.reason = ban.reason.chars().filter(|c| !c.is_control()).take(MAX_REASON_CHARS).collect();
        self.bans.insert(ban.address, ban.clone(), ban.until);
        ban
    }

    /// Returns the connections that a ban ends.
    fn sharing(&self, key: BanKey) -> BTreeSet<PeerKey> {
        let shares = |connection: &connections::Connection| {
            connection.role != Role::Named && connection.address.ban_key() == key
        };
        self.connections.iter().filter(|(_, c)| shares(c)).map(|(peer, _)| *peer).collect()
    }
}
