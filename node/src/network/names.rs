//! The nodes that the operator named: looked up, dialled by `peers`, and looked up again when they were lost, because a
//! node that starts anew may have another port.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libp2p::PeerId;

use super::NetworkEvent;
use super::join::{Found, JoinError, find};
use super::limits;
use super::name::{PeerName, peer_address};
use super::orders::OrderError;
use super::task::{Done, Task};
use crate::peers::{MAX_NAMED, PeerAddress, WishError};

#[derive(Debug)]
struct Named {
    name: PeerName,
    /// Where it is, once that is known.
    address: Option<PeerAddress>,
    /// Which of its addresses that is, counted on from one failure to the next.
    attempt: usize,
    /// Who must answer there, when it is known.
    id: Option<PeerId>,
    next: Instant,
    wait: Duration,
    is_looked_up: bool,
    /// Whether it was there since it was looked up.
    is_reached: bool,
    /// What the operator was told last, which need not be said again.
    told: Option<String>,
}

/// All of them, by numbers that are never used again: a lookup may end after its name was taken back.
#[derive(Debug)]
pub(super) struct Names {
    named: BTreeMap<usize, Named>,
    next: usize,
}

/// A node that the operator named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedStatus {
    /// What was typed.
    pub name: String,
    /// Where it is, once that is known.
    pub address: Option<PeerAddress>,
    /// Why it is not a peer, as far as that is known.
    pub trouble: Option<String>,
}

impl Names {
    /// Returns who must answer at an address, when the operator said so.
    pub(super) fn expected(&self, address: PeerAddress) -> Option<PeerId> {
        self.named.values().find(|named| named.address == Some(address))?.id
    }

    pub(super) fn status(&self) -> Vec<NamedStatus> {
        let status = |named: &Named| NamedStatus {
            name: named.name.to_string(),
            address: named.address,
            trouble: named.told.clone(),
        };
        self.named.values().map(status).collect()
    }

    pub(super) fn new(names: Vec<PeerName>, now: Instant) -> Self {
        let mut all = Self { named: BTreeMap::new(), next: 0 };
        names.into_iter().for_each(|name| all.insert(name, now));
        all
    }

    fn find(&self, name: &PeerName) -> Option<usize> {
        self.named.iter().find(|(_, named)| named.name == *name).map(|(index, _)| *index)
    }

    /// Adds a name, or does nothing when it is there.
    fn insert(&mut self, name: PeerName, now: Instant) {
        if self.find(&name).is_some() {
            return;
        }
        let named = Named {
            name,
            address: None,
            attempt: 0,
            id: None,
            next: now,
            wait: limits::RETRY,
            is_looked_up: false,
            is_reached: false,
            told: None,
        };
        self.named.insert(self.next, named);
        self.next += 1;
    }
}

impl Task {
    /// Joins a node from now on.
    pub(super) fn add_name(&mut self, name: PeerName) -> Result<(), OrderError> {
        if self.names.named.len() >= MAX_NAMED && self.names.find(&name).is_none() {
            return Err(WishError::TooManyNamed { max: MAX_NAMED }.into());
        }
        self.names.insert(name, Instant::now());
        self.look_up_names();
        Ok(())
    }

    /// Joins it no more, and leaves it.
    pub(super) fn remove_name(&mut self, name: &PeerName) -> Result<(), OrderError> {
        let index = self.names.find(name).ok_or_else(|| OrderError::NotNamed(name.to_string()))?;
        let removed = self.names.named.remove(&index);
        let Some(address) = removed.and_then(|named| named.address) else { return Ok(()) };
        // Two names may lead to one node.
        if self.names.named.values().any(|named| named.address == Some(address)) {
            return Ok(());
        }
        if let Some((peers, _)) = self.swarm.behaviour_mut().gate.peers()
            && let Some(peer) = peers.unname(address)?
        {
            self.leave(peer, "the operator took it back");
        }
        Ok(())
    }

    /// Looks up those who are not there.
    pub(super) fn look_up_names(&mut self) {
        let now = Instant::now();
        let genesis = *self.chain.spec().genesis_hash();
        // One that we have just left is not there any more, and why is still to be told.
        let is_there = |address: &PeerAddress| {
            self.peers.values().any(|peer| peer.dialled == Some(*address) && peer.reason.is_none())
        };
        for (&index, named) in &mut self.names.named {
            if named.address.as_ref().is_some_and(is_there) {
                named.told = None;
                named.is_reached = true;
                named.wait = limits::RETRY;
                named.next = now + named.wait;
            } else if !named.is_looked_up && named.next <= now {
                named.is_looked_up = true;
                let name = named.name.clone();
                self.work.spawn(async move { Done::Found(index, find(name, genesis).await) });
            }
        }
    }

    pub(super) fn found(&mut self, index: usize, found: Result<Found, JoinError>) {
        let id = *self.swarm.local_peer_id();
        let Some(named) = self.names.named.get_mut(&index) else { return };
        named.is_looked_up = false;
        named.next = Instant::now() + named.wait;
        named.wait = (named.wait * 2).min(limits::RETRY_MOST);
        let name = named.name.clone();
        let found = match found {
            Ok(found) if found.id == Some(id) => {
                return self
                    .tell_of(index, format!("{name} is this node itself, or a copy of its data directory"));
            }
            Ok(found) => found,
            Err(error) => return self.tell_of(index, format!("cannot join {name}: {error}")),
        };
        let addresses: Vec<_> = found.addresses.iter().filter_map(peer_address).collect();
        // Where it was reached it is sought again first, and elsewhere after each failure.
        let was_reached = std::mem::take(&mut named.is_reached);
        named.attempt += usize::from(named.address.is_some() && !was_reached);
        let Some(address) = addresses.get(named.attempt % addresses.len().max(1)).copied() else {
            return self.tell_of(index, format!("cannot join {name}: no node can be dialled at its address"));
        };
        let before = named.address.replace(address);
        named.id = found.id;
        let Some((peers, _)) = self.swarm.behaviour_mut().gate.peers() else { return };
        if let Some(before) = before.filter(|before| *before != address)
            && let Err(error) = peers.unname(before)
        {
            tracing::debug!("the operator has taken it back: {error}");
        }
        let is_new = !peers.named().any(|named| named == address);
        if is_new && let Err(error) = peers.name(address) {
            self.tell_of(index, format!("cannot join {name}: {error}"));
        }
        self.dial();
    }

    /// Tells the operator what became of a dial, if the address belongs to a name.
    pub(super) fn tell_of_address(&mut self, address: PeerAddress, what: &str) {
        let mut all = self.names.named.iter();
        if let Some((index, named)) = all.find(|(_, named)| named.address == Some(address)) {
            self.tell_of(*index, format!("cannot join {}: {what}", named.name));
        }
    }

    /// Says it once.
    fn tell_of(&mut self, index: usize, text: String) {
        if let Some(named) = self.names.named.get_mut(&index)
            && named.told.as_ref() != Some(&text)
        {
            named.told = Some(text.clone());
            self.tell(NetworkEvent::Notice(text));
            self.show_status();
        }
    }
}
