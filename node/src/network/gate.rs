//! The door: asks `peers` about everybody who comes, before anything is spent on the connection.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

use super::name::peer_address;
use crate::clock::Clock;
use crate::peers::{PeerLimits, Peers, Saved};
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
}

impl Gate {
    pub(super) fn closed() -> Self {
        Self { open: None }
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
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let (peers, now) = self.peers().ok_or_else(|| ConnectionDenied::new("the node is still starting"))?;
        let address = peer_address(remote).ok_or_else(|| ConnectionDenied::new("it comes from nowhere"))?;
        peers.may_connect(address, now).map_err(ConnectionDenied::new)
    }

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
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

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}
