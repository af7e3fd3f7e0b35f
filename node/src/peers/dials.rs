//! Whom to dial.

use std::collections::BTreeSet;

use crate::sync::{Now, PeerKey};

use super::address::{BanKey, Group, PeerAddress, Scope};
use super::connections::Connection;
use super::expiring::Expiring;
use super::{Dial, Peers, Role, WishError};

/// No address is dialled more often than this, whoever names it and whatever the port: else strangers could aim us at
/// a victim.
const DIAL_PAUSE_MS: u64 = 60_000;
/// Far more than are wanted within that time. Who dials for strangers dials no more.
const MAX_RECENT: usize = 4_096;

/// Who was dialled within the last minute.
#[derive(Debug)]
pub(crate) struct RecentDials(Expiring<(BanKey, u16), ()>);

impl RecentDials {
    pub(crate) fn new() -> Self {
        Self(Expiring::new(MAX_RECENT))
    }

    pub(crate) fn insert(&mut self, address: PeerAddress, now_ms: u64) {
        self.0.expire(now_ms);
        self.0.insert(place(address), (), now_ms.saturating_add(DIAL_PAUSE_MS));
    }

    /// Notes that an address is dialled, unless it was within the last minute or there is no room to remember it.
    pub(crate) fn try_insert(&mut self, address: PeerAddress, now_ms: u64) -> bool {
        self.0.expire(now_ms);
        let may = !self.contains(address, now_ms) && self.0.len() < MAX_RECENT;
        if may {
            self.insert(address, now_ms);
        }
        may
    }

    pub(crate) fn contains(&self, address: PeerAddress, now_ms: u64) -> bool {
        self.0.get(&place(address), now_ms).is_some()
    }
}

/// Addresses of our own that are remembered: interfaces, and names that a router gives us.
const MAX_OWN: usize = 64;

impl Peers {
    /// Returns whom to dial now: who was named by the operator, the neighbours of before the restart, then others of
    /// groups that we have no connection to. Each must end in [`Peers::connected`] or [`Peers::dial_failed`].
    pub fn next_dials(&mut self, now: Now) -> Vec<Dial> {
        let mut dials = Vec::new();
        for address in self.named.due(now.ms) {
            let is_open = self.connections.values().any(|c| c.role == Role::Named && c.address == address);
            if !is_open && !self.dialling.contains_key(&address) {
                dials.push(self.dial(address, Role::Named, now));
            }
        }
        // Blocks first: these connections protect from being cut off.
        for (role, max) in [(Role::BlockOnly, self.limits.block_only), (Role::Full, self.limits.full)] {
            for _ in self.count(role)..max {
                let Some(address) = self.choose(role, now) else { break };
                dials.push(self.dial(address, role, now));
            }
        }
        dials
    }

    /// Notes that a dial led to no connection.
    pub fn dial_failed(&mut self, address: PeerAddress, now: Now) {
        match self.dialling.remove(&address) {
            Some(Role::Named) => self.named.ended(&address, now.ms),
            Some(Role::Full | Role::BlockOnly | Role::Inbound) => self.count_failure(&address),
            None => {}
        }
    }

    /// Connects to somebody from now on, again and again, until the node stops. A ban of it ends.
    ///
    /// # Errors
    /// When too many are named.
    pub fn name(&mut self, address: PeerAddress) -> Result<(), WishError> {
        self.named.insert(address)?;
        self.bans.remove(&address.ban_key());
        Ok(())
    }

    /// Connects to somebody no more, and returns the connection to close.
    ///
    /// # Errors
    /// When nobody named it.
    pub fn unname(&mut self, address: PeerAddress) -> Result<Option<PeerKey>, WishError> {
        self.named.remove(&address)?;
        let is_it = |c: &&Connection| c.role == Role::Named && c.address == address;
        Ok(self.connections.iter().find(|(_, c)| is_it(c)).map(|(peer, _)| *peer))
    }

    /// Notes that an address is our own, so that nobody makes us dial ourselves.
    pub fn is_ourselves(&mut self, address: PeerAddress) {
        self.book.remove(&address);
        if self.own.len() < MAX_OWN {
            self.own.insert(address);
        }
    }

    /// Yields whom the operator named.
    pub fn named(&self) -> impl Iterator<Item = PeerAddress> {
        self.named.iter()
    }

    /// Counts a failed attempt, if somebody else can be reached: else it is our own line that is dead, and an hour
    /// without it must not empty the book.
    pub(super) fn count_failure(&mut self, address: &PeerAddress) {
        if self.connections.values().any(|connection| connection.is_greeted) {
            self.book.failed(address);
        }
    }

    fn dial(&mut self, address: PeerAddress, role: Role, now: Now) -> Dial {
        self.dialling.insert(address, role);
        self.dialled.insert(address, now.ms);
        self.book.tried(&address, now.unix_s);
        Dial { address, role }
    }

    fn choose(&mut self, role: Role, now: Now) -> Option<PeerAddress> {
        let taken = self.taken_groups();
        let is_wanted = |address: PeerAddress| {
            !taken.contains(&address.group())
                && !self.own.contains(&address)
                && !self.dialled.contains(address, now.ms)
                && self.bans.get(&address.ban_key(), now.unix_s).is_none()
        };
        while role == Role::BlockOnly
            && let Some(anchor) = self.anchors.pop()
        {
            if is_wanted(anchor) {
                return Some(anchor);
            }
        }
        self.book.choose(&mut self.draw, now.unix_s, is_wanted)
    }

    /// Returns the groups that we are connected to or dial.
    pub(super) fn taken_groups(&self) -> BTreeSet<Group> {
        let outbound = self.connections.values().filter(|connection| connection.role != Role::Inbound);
        outbound
            .map(|c| c.address.group())
            .chain(self.dialling.keys().map(|address| address.group()))
            .collect()
    }
}

/// Returns what is dialled at most once a minute: an address, but on this computer each port is another node.
fn place(address: PeerAddress) -> (BanKey, u16) {
    let port = if address.scope() == Scope::Loopback { address.port() } else { 0 };
    (address.ban_key(), port)
}
