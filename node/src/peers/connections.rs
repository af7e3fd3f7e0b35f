//! The connections that there are.

use std::net::IpAddr;

use crate::rate::{Rate, TokenBucket};
use crate::sync::{Now, PeerKey};

use super::address::{PeerAddress, Scope};
use super::evict::{self, Candidate};
use super::score::Score;
use super::{BLAME_MS, Direction, Gift, PeerState, Peers, Refusal, Role};

/// An address that a peer tells costs so many tokens.
pub(super) const ADDRESS_TOKENS: usize = 10;
/// So it may tell as many at once as one source may have in the book, and then one in ten seconds, as in Bitcoin Core.
const ADDRESS_RATE: Rate =
    Rate { per_second: 1, burst: (super::book::MAX_NEW_OF_SOURCE * ADDRESS_TOKENS) as u32 };

/// One of them.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) address: PeerAddress,
    pub(super) role: Role,
    since: Now,
    /// It said hello, and is of our chain.
    pub(super) is_greeted: bool,
    pub(super) score: Score,
    latency_ms: Option<u32>,
    block_ms: Option<u64>,
    transaction_ms: Option<u64>,
    told_by: Option<IpAddr>,
    pub(super) addresses: TokenBucket,
}

impl Connection {
    /// Returns whether it can only be disconnected.
    pub(super) fn is_exempt(&self) -> bool {
        self.role == Role::Named || self.address.scope() == Scope::Loopback
    }
}

impl Peers {
    /// Decides on somebody who connects to us, before anything is spent on it.
    ///
    /// # Errors
    /// When it is banned, has enough connections, or all places are taken by better ones.
    pub fn may_connect(&self, address: PeerAddress, now: Now) -> Result<(), Refusal> {
        self.place_for(address, now).map(drop)
    }

    /// Takes note of a connection, and returns who has to make room for it. It is outbound when it comes of a
    /// [`super::Dial`], or of a dial that was somebody else's idea: that one gets a place if there is a free one.
    ///
    /// # Errors
    /// As [`Peers::may_connect`]; the connection is to be closed, and [`Peers::disconnected`] need not be called.
    pub fn connected(
        &mut self,
        peer: PeerKey,
        address: PeerAddress,
        direction: Direction,
        now: Now,
    ) -> Result<Option<PeerKey>, Refusal> {
        let dialled = self.dialling.remove(&address);
        let (role, evicted) = match (direction, dialled) {
            (Direction::Inbound, _) => (Role::Inbound, self.place_for(address, now)?),
            (Direction::Outbound, Some(Role::Named)) => (Role::Named, None),
            (Direction::Outbound, Some(role)) => {
                self.check_ban(address, now)?;
                (role, None)
            }
            (Direction::Outbound, None) => {
                self.check_ban(address, now)?;
                let max = self.limits.full;
                if self.count(Role::Full) >= max {
                    return Err(Refusal::Full { max });
                }
                if self.taken_groups().contains(&address.group()) {
                    return Err(Refusal::TakenNetwork { address });
                }
                (Role::Full, None)
            }
        };
        if let Some(evicted) = evicted {
            self.depart(evicted, now);
        }
        let told_by = match role {
            Role::Full | Role::BlockOnly => self.book.get(&address).and_then(|entry| entry.source),
            Role::Inbound | Role::Named => None,
        };
        let connection = Connection {
            address,
            role,
            since: now,
            is_greeted: false,
            score: Score::default(),
            latency_ms: None,
            block_ms: None,
            transaction_ms: None,
            told_by,
            addresses: TokenBucket::new(ADDRESS_RATE),
        };
        self.connections.insert(peer, connection);
        Ok(evicted)
    }

    /// Notes that a peer's hello has come and names our chain.
    pub fn greeted(&mut self, peer: PeerKey, now: Now) {
        let Some(connection) = self.connections.get_mut(&peer) else { return };
        connection.is_greeted = true;
        match connection.role {
            Role::Full | Role::BlockOnly => self.book.reached(connection.address, now.unix_s),
            Role::Named => self.named.reached(&connection.address),
            // Its port is not the one it listens at.
            Role::Inbound => {}
        }
    }

    /// Notes that a connection is gone.
    pub fn disconnected(&mut self, peer: PeerKey, now: Now) {
        let Some((address, role, is_greeted)) = self.depart(peer, now) else { return };
        if role == Role::Named {
            self.named.ended(&address, now.ms);
        } else if role != Role::Inbound && !is_greeted {
            self.count_failure(&address);
        }
    }

    /// Ends a connection, whose peer can still be blamed for a while if it said hello: before that it delivers nothing.
    fn depart(&mut self, peer: PeerKey, now: Now) -> Option<(PeerAddress, Role, bool)> {
        let connection = self.connections.remove(&peer)?;
        let (address, role, is_greeted) = (connection.address, connection.role, connection.is_greeted);
        self.departed.expire(now.ms);
        if is_greeted {
            self.departed.insert(peer, connection, now.ms.saturating_add(BLAME_MS));
        }
        Some((address, role, is_greeted))
    }

    /// Notes how long a peer took to answer a ping.
    pub fn answered(&mut self, peer: PeerKey, latency_ms: u32) {
        if let Some(connection) = self.connections.get_mut(&peer) {
            connection.latency_ms =
                Some(connection.latency_ms.map_or(latency_ms, |best| best.min(latency_ms)));
        }
    }

    /// Notes what a peer was the first to bring.
    pub fn brought(&mut self, peer: PeerKey, gift: Gift, now: Now) {
        if let Some(connection) = self.connections.get_mut(&peer) {
            let last = match gift {
                Gift::Block => &mut connection.block_ms,
                Gift::Transaction => &mut connection.transaction_ms,
            };
            *last = Some(now.ms);
        }
    }

    /// Yields all connections.
    pub fn list(&self, now: Now) -> impl Iterator<Item = PeerState> {
        self.connections.iter().map(move |(peer, connection)| PeerState {
            peer: *peer,
            address: connection.address,
            role: connection.role,
            since_s: connection.since.unix_s,
            latency_ms: connection.latency_ms,
            points: self.points_of(connection, now),
            told_by: connection.told_by,
        })
    }

    /// Returns how many connections of a role there are; those that are being dialled count.
    pub(super) fn count(&self, role: Role) -> usize {
        let roles = self.connections.values().map(|connection| &connection.role);
        roles.chain(self.dialling.values()).filter(|of| **of == role).count()
    }

    /// Returns the points that decide on a connection: those of its address, if that can be banned.
    fn points_of(&self, connection: &Connection, now: Now) -> u32 {
        let of_address = self.scores.get(&connection.address.ban_key(), now.ms);
        let score =
            of_address.filter(|_| !connection.is_exempt()).map_or(connection.score, |(_, score)| *score);
        score.points(now.ms)
    }

    fn check_ban(&self, address: PeerAddress, now: Now) -> Result<(), Refusal> {
        match self.bans.get(&address.ban_key(), now.unix_s) {
            Some((_, ban)) => Err(Refusal::Banned(ban.clone())),
            None => Ok(()),
        }
    }

    /// Returns who has to make room for an inbound connection.
    fn place_for(&self, address: PeerAddress, now: Now) -> Result<Option<PeerKey>, Refusal> {
        self.check_ban(address, now)?;
        let (key, max) = (address.ban_key(), self.limits.per_ip);
        let of_key =
            self.connections.values().filter(|connection| connection.address.ban_key() == key).count();
        if of_key >= max && address.scope() != Scope::Loopback {
            return Err(Refusal::TooManyOfAddress { key, max });
        }
        let max = self.limits.inbound;
        let inbound = self.connections.iter().filter(|(_, connection)| connection.role == Role::Inbound);
        let candidates: Vec<_> =
            inbound.map(|(peer, connection)| self.candidate(*peer, connection)).collect();
        if candidates.len() < max {
            return Ok(None);
        }
        evict::choose(candidates).map(Some).ok_or(Refusal::Full { max })
    }

    fn candidate(&self, peer: PeerKey, connection: &Connection) -> Candidate {
        let group = connection.address.group();
        Candidate {
            peer,
            group,
            rank: self.draw.rank(&shared::codec::encode(&group)),
            latency_ms: connection.latency_ms,
            block_ms: connection.block_ms,
            transaction_ms: connection.transaction_ms,
            since_ms: connection.since.ms,
        }
    }
}
