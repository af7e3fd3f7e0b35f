//! Kademlia, on a leash: whom it asks on its way is named by strangers, so it dials nobody who is nearer to us than the
//! farthest that we have to do with, and nobody twice within a minute. A stranger from the Internet must not make us knock
//! at the doors of our own house, nor again and again at somebody else's.

use std::task::{Context, Poll};
use std::time::Instant;

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::kad::{self, store::MemoryStore};
use libp2p::swarm::behaviour::{ConnectionEstablished, ExternalAddrConfirmed};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use super::name::peer_address;
use crate::peers::{RecentDials, Scope};

type Kad = kad::Behaviour<MemoryStore>;

/// See the module.
pub(super) struct Finder {
    kad: Kad,
    /// The farthest network of those that we listen to, are reached at or ever had a peer in. It never comes nearer: what
    /// strangers said stays in the tables.
    scope: Scope,
    recent: RecentDials,
    started: Instant,
}

impl Finder {
    pub(super) fn new(kad: Kad) -> Self {
        Self { kad, scope: Scope::Loopback, recent: RecentDials::new(), started: Instant::now() }
    }

    /// Takes note of an address that we listen at.
    pub(super) fn listens(&mut self, address: &Multiaddr) {
        self.reaches(address);
    }

    fn reaches(&mut self, address: &Multiaddr) {
        if let Some(address) = peer_address(address) {
            self.scope = self.scope.max(address.scope());
        }
    }

    /// Takes note of where a peer can be dialled.
    pub(super) fn knows(&mut self, id: &PeerId, address: Multiaddr) {
        self.kad.add_address(id, address);
    }
}

/// Returns whether a node in a network of `own` scope dials an address that a stranger named, and notes that it does.
fn may_dial(own: Scope, recent: &mut RecentDials, address: &Multiaddr, now_ms: u64) -> bool {
    peer_address(address).is_some_and(|address| address.scope() >= own && recent.try_insert(address, now_ms))
}

impl NetworkBehaviour for Finder {
    type ConnectionHandler = THandler<Kad>;
    type ToSwarm = kad::Event;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.kad.handle_established_inbound_connection(connection, peer, local, remote)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        let mut found = self.kad.handle_pending_outbound_connection(connection, peer, addresses, role)?;
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        found.retain(|address| may_dial(self.scope, &mut self.recent, address, now_ms));
        Ok(found)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port_use: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.kad.handle_established_outbound_connection(connection, peer, address, role, port_use)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match &event {
            // Nobody says anything before.
            FromSwarm::ConnectionEstablished(ConnectionEstablished { endpoint, .. }) => {
                self.reaches(endpoint.get_remote_address());
            }
            FromSwarm::ExternalAddrConfirmed(ExternalAddrConfirmed { addr }) => self.reaches(addr),
            _ => {}
        }
        self.kad.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        id: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.kad.on_connection_handler_event(id, connection, event);
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.kad.poll(context)
    }
}

#[cfg(test)]
mod tests;
