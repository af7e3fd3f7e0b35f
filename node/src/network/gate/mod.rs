//! The door: asks `peers` about everybody who comes, before anything is spent on the connection, and counts those who
//! have not said yet who they are.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, ListenFailure, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

use super::limits;
use super::name::peer_address;
use crate::clock::Clock;
use crate::peers::{BanKey, PeerAddress, PeerLimits, Peers, Refusal, Saved, Scope};
use crate::sync::Now;

/// The time of events: one clock that never goes back, and the computer's.
#[derive(Clone)]
pub(super) struct Timer {
    clock: Arc<dyn Clock>,
    started: Instant,
}

impl Timer {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, started: Instant::now() }
    }

    pub(super) fn now(&self) -> Now {
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { ms, unix_s: self.clock.now() }
    }
}

/// Whom this node knows, wants and refuses, as a part of the swarm.
pub(super) struct Gate {
    /// `None` until the node has started; nobody comes in before.
    open: Option<(Peers, Timer)>,
    /// Whose the connections are that came and have no encryption yet.
    pending: BTreeMap<ConnectionId, BanKey>,
}

impl Gate {
    pub(super) fn closed() -> Self {
        Self { open: None, pending: BTreeMap::new() }
    }

    /// Lets people in, with what was `saved` of before.
    pub(super) fn open(&mut self, limits: PeerLimits, seed: [u8; 32], saved: Saved, timer: Timer) {
        let peers = Peers::new(limits, seed, saved, timer.now());
        self.open = Some((peers, timer));
    }

    /// Returns what is known of others, with the time; `None` before the node has started.
    pub(super) fn peers(&mut self) -> Option<(&mut Peers, Now)> {
        self.open.as_mut().map(|(peers, timer)| (peers, timer.now()))
    }

    /// Refuses an address that holds its share of the places in front of the door. This computer has no limit, as for
    /// those behind it.
    fn may_wait(&self, address: PeerAddress) -> Result<(), Refusal> {
        let (key, max) = (address.ban_key(), limits::PENDING_OF_ADDRESS);
        let of_key = self.pending.values().filter(|of| **of == key).count();
        if of_key >= max && address.scope() != Scope::Loopback {
            return Err(Refusal::TooManyOfAddress { key, max });
        }
        Ok(())
    }
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let (peers, now) = self.peers().ok_or_else(|| ConnectionDenied::new("the node is still starting"))?;
        let address = peer_address(remote).ok_or_else(|| ConnectionDenied::new("it comes from nowhere"))?;
        peers.may_connect(address, now).map_err(ConnectionDenied::new)?;
        self.may_wait(address).map_err(ConnectionDenied::new)?;
        self.pending.insert(connection, address.ban_key());
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.pending.remove(&connection);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ListenFailure(ListenFailure { connection_id, .. }) = event {
            self.pending.remove(&connection_id);
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
