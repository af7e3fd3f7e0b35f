//! Connections: who comes, who is dialled, the hellos, and the end.

use std::error::Error;
use std::time::Instant;

use libp2p::core::ConnectedPoint;
use libp2p::core::upgrade::NegotiationError;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, identify, noise, ping};
use shared::transaction::MAX_INTEGER;

use super::behaviour::{BehaviourEvent, agent, protocol_version};
use super::name::{multiaddr, peer_address};
use super::peer::{Peer, plain};
use super::task::{Asked, Task};
use super::{NetworkEvent, limits};
use crate::peers::{Direction, MAX_BAN_S, PeerAddress, Sentence};
use crate::sync::{Event, Fault, PeerKey};
use crate::wire::{Hello, MAX_AGENT_BYTES, Request, WIRE_VERSION};

impl Task {
    pub(super) fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.behaviour_event(event),
            SwarmEvent::ConnectionEstablished {
                peer_id, connection_id, endpoint, num_established, ..
            } => {
                self.connected(peer_id, connection_id, &endpoint);
                self.count_connections(&peer_id, num_established.get());
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, cause, .. } => {
                let cause = cause.map(|cause| innermost(&cause));
                self.leaving.remove(&peer_id);
                self.disconnected(&peer_id, cause);
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established, .. } => {
                self.count_connections(&peer_id, num_established);
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                self.dial_failed(connection_id, &error);
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
                tracing::debug!(address = %send_back_addr, "a connection did not come about: {error}");
            }
            SwarmEvent::NewListenAddr { address, .. } => self.listens(&address),
            SwarmEvent::ListenerClosed { reason: Err(error), .. } => {
                tracing::error!("no node can connect to this one any more: {error}; start it again");
            }
            SwarmEvent::ListenerError { error, .. } => {
                tracing::warn!(
                    "a connection could not be accepted: {error}; raise the limit of open files if this repeats"
                );
            }
            _ => {}
        }
    }

    fn behaviour_event(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Messages(event) => self.message_event(event),
            BehaviourEvent::Gossip(event) => self.gossip_event(event),
            BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. }) => {
                self.identified(peer_id, &info)
            }
            BehaviourEvent::Ping(ping::Event { peer, result: Ok(latency), .. }) => {
                if let Some(peer) = self.peers.get_mut(&peer) {
                    peer.latency = Some(peer.latency.map_or(latency, |least| least.min(latency)));
                    let latency_ms = u32::try_from(latency.as_millis()).unwrap_or(u32::MAX);
                    if let Some((peers, _)) = self.swarm.behaviour_mut().gate.peers() {
                        peers.answered(peer.key, latency_ms);
                    }
                }
            }
            // The first failure in a row is not told of.
            BehaviourEvent::Ping(ping::Event { peer, connection, result: Err(failure) }) => {
                match self.peers.get(&peer).map(|peer| (peer.key, peer.n_connections)) {
                    Some((key, 1)) => self.leave(key, &plain(&format!("it answers no pings: {failure}"))),
                    // It came again, and this is the one that died.
                    Some(_) | None => drop(self.swarm.close_connection(connection)),
                }
            }
            BehaviourEvent::Mdns(libp2p::mdns::Event::Discovered(found)) => {
                if let Some((peers, _)) = self.swarm.behaviour_mut().gate.peers() {
                    found
                        .iter()
                        .filter_map(|(_, address)| peer_address(address))
                        .for_each(|address| peers.found(address));
                }
            }
            _ => {}
        }
    }

    fn count_connections(&mut self, id: &PeerId, count: u32) {
        if let Some(peer) = self.peers.get_mut(id) {
            peer.n_connections = count;
        }
    }

    /// Takes note of an address of our own.
    pub(super) fn listens(&mut self, address: &Multiaddr) {
        let behaviour = self.swarm.behaviour_mut();
        behaviour.finder.listens(address);
        if let (Some((peers, _)), Some(address)) = (behaviour.gate.peers(), peer_address(address)) {
            peers.is_ourselves(address);
        }
    }

    /// Dials whomever `peers` wants to be dialled.
    pub(super) fn dial(&mut self) {
        let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers() else { return };
        for dial in peers.next_dials(now) {
            let mut address = multiaddr((dial.address.ip(), dial.address.port()).into());
            if let Some(id) = self.names.expected(dial.address) {
                address.push(Protocol::P2p(id));
            }
            // A port of its own: two nodes of one computer would else have the same pair of ports again too soon.
            let options = DialOpts::unknown_peer_id().address(address).allocate_new_port().build();
            self.dials.insert(options.connection_id(), dial.address);
            let connection = options.connection_id();
            if let Err(error) = self.swarm.dial(options) {
                self.dial_failed(connection, &error);
            }
        }
    }

    fn dial_failed(&mut self, connection: ConnectionId, error: &DialError) {
        let Some(address) = self.dials.remove(&connection) else { return };
        let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers() else { return };
        peers.dial_failed(address, now);
        let what = match error {
            // The swarm takes the addresses that it listens at out of every dial.
            DialError::LocalPeerId { .. } | DialError::NoAddresses => {
                peers.is_ourselves(address);
                "that is this node itself, or a copy of its data directory".to_owned()
            }
            DialError::WrongPeerId { obtained, .. } => {
                format!(
                    "another node answers at {address}, {}; if it is the right one, name it without an id",
                    plain(&obtained.to_string())
                )
            }
            DialError::Transport(errors) => match errors.first() {
                // What the system calls it differs from one attempt to the next.
                Some((_, error)) if is_hung_up(error) => format!(
                    "what answers at {address} ended the connection at once: perhaps it has banned this node's address, has \
                     no place left, or is no node"
                ),
                first => {
                    let reason = first.map(|(_, error)| innermost(error)).unwrap_or_default();
                    format!(
                        "nothing answers at {address} ({reason}); is that node running, and can it be reached from here?"
                    )
                }
            },
            error => format!("no connection to {address}: {}", innermost(error)),
        };
        tracing::debug!(%address, "{what}");
        self.tell_of_address(address, &what);
    }

    fn connected(&mut self, id: PeerId, connection: ConnectionId, endpoint: &ConnectedPoint) {
        let dialled = self.dials.remove(&connection);
        let is_inbound = !endpoint.is_dialer();
        let address = dialled.or_else(|| peer_address(endpoint.get_remote_address()));
        if self.leaving.contains_key(&id) {
            if let (Some(address), Some((peers, now))) = (dialled, self.swarm.behaviour_mut().gate.peers()) {
                peers.dial_failed(address, now);
            }
            self.swarm.close_connection(connection);
            return;
        }
        if self.peers.contains_key(&id) {
            return self.connected_again(&id, connection, dialled);
        }
        self.last_key += 1;
        let key = PeerKey(self.last_key);
        let direction = if is_inbound { Direction::Inbound } else { Direction::Outbound };
        let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers() else { return };
        let admitted = match address {
            Some(address) => {
                peers.connected(key, address, direction, now).map_err(|refusal| refusal.to_string())
            }
            None => Err("it comes from nowhere".to_owned()),
        };
        match admitted {
            Ok(evicted) => {
                let is_named = address.is_some_and(|address| peers.named().any(|named| named == address));
                self.keys.insert(key, id);
                let budget = self.budgets.of(address, now.ms);
                let peer = Peer::new(id, key, address, dialled, is_inbound, is_named);
                self.peers.insert(id, Peer { budget, ..peer });
                if let Some(evicted) = evicted {
                    self.leave(evicted, "its place was needed");
                }
                if !is_inbound {
                    let hello = Request::Hello(self.hello());
                    let request = self.swarm.behaviour_mut().messages.send_request(&id, hello.into());
                    self.asked.insert(request, Asked::Hello);
                }
            }
            Err(refusal) => {
                tracing::debug!(%id, "a connection is refused: {refusal}");
                self.swarm.close_connection(connection);
            }
        }
    }

    /// We dialled each other, or the node has two addresses. It is one peer, and has one place: one that we chose counts
    /// for more than one that it took. Of two that it made we keep both: the first may be dead, and we have not noticed yet.
    fn connected_again(&mut self, id: &PeerId, connection: ConnectionId, dialled: Option<PeerAddress>) {
        let Some(address) = dialled else { return };
        let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers() else { return };
        let Some(peer) = self.peers.get_mut(id).filter(|peer| peer.is_inbound) else {
            peers.dial_failed(address, now);
            self.swarm.close_connection(connection);
            return;
        };
        let key = peer.key;
        peers.disconnected(key, now);
        match peers.connected(key, address, Direction::Outbound, now) {
            Ok(_) => {
                peer.is_inbound = false;
                peer.is_named = peers.named().any(|named| named == address);
                (peer.address, peer.dialled) = (dialled, dialled);
                if peer.hello.is_some() {
                    peers.greeted(key, now);
                }
            }
            Err(refusal) => self.leave(key, &refusal.to_string()),
        }
    }

    /// Returns what we say of ourselves.
    pub(super) fn hello(&self) -> Hello {
        let tip = &self.chain.view().tip;
        let mut work = tip.work.to_le_bytes();
        work.reverse();
        Hello { agent: agent(), height: tip.height, tip: tip.hash, work }
    }

    /// Takes note of a peer's hello. Only now anything is asked of it.
    pub(super) fn greeted(&mut self, id: PeerId, hello: Hello) {
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.hello.is_none()) else { return };
        let key = peer.key;
        // Whoever asks for the peers is promised integers that JSON carries.
        if hello.agent.len() > MAX_AGENT_BYTES || hello.height > MAX_INTEGER {
            return self.blame(key, &Fault::Malformed);
        }
        peer.hello = Some(hello.clone());
        if let Some(status) = peer.status(&self.sync) {
            self.tell(NetworkEvent::Joined(Box::new(status)));
        }
        if let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers() {
            peers.greeted(key, now);
        }
        self.news.push_back(Event::Connected { peer: key, hello });
    }

    /// Leaves those whose hello did not come in time.
    pub(super) fn leave_the_silent(&mut self) {
        let is_silent = |peer: &&Peer| peer.hello.is_none() && peer.since.elapsed() >= limits::HANDSHAKE;
        let silent: Vec<_> = self.peers.values().filter(is_silent).map(|peer| peer.key).collect();
        for key in silent {
            self.leave(key, "it did not say hello in time");
        }
    }

    /// Leaves those whose gossip is not listened to any more.
    pub(super) fn leave_the_unheard(&mut self) {
        let gossip = &self.swarm.behaviour().gossip;
        let is_unheard =
            |peer: &&Peer| gossip.peer_score(&peer.id).is_some_and(|score| score < limits::UNHEARD);
        let unheard: Vec<_> = self.peers.values().filter(is_unheard).map(|peer| peer.key).collect();
        for key in unheard {
            self.blame(key, &Fault::Gossip);
        }
    }

    fn identified(&mut self, id: PeerId, info: &identify::Info) {
        let Some(peer) = self.peers.get(&id) else { return };
        let (key, dialled) = (peer.key, peer.dialled);
        let genesis = self.chain.spec().genesis_hash();
        if let Some(difference) =
            difference(&info.protocol_version, &protocol_version(self.chain.spec()), &genesis.to_string())
        {
            tracing::info!(%id, "a node is left: {difference}");
            if let Some(address) = dialled {
                self.tell_of_address(address, &difference);
            }
            return self.leave(key, &difference);
        }
        self.heard_addresses(id, key, &info.listen_addrs);
    }

    /// Takes note of where a peer says that it can be dialled.
    fn heard_addresses(&mut self, id: PeerId, key: PeerKey, addresses: &[Multiaddr]) {
        let behaviour = self.swarm.behaviour_mut();
        let Some((peers, now)) = behaviour.gate.peers() else { return };
        for address in addresses {
            let Some(known) = peer_address(address) else { continue };
            match peers.heard(key, known, now) {
                Ok(()) => behaviour.finder.knows(&id, address.clone()),
                Err(error) => tracing::debug!("an address is not kept: {error}"),
            }
        }
    }

    /// Counts a fault, and sends away whoever has too many.
    pub(super) fn blame(&mut self, key: PeerKey, fault: &Fault) {
        let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers() else { return };
        let sentence = peers.blame(key, fault, now);
        let address = self.keys.get(&key).and_then(|id| self.peers.get(id)).and_then(|peer| peer.address);
        tracing::debug!(?address, "a peer misbehaved: {fault}");
        if let Some(sentence) = sentence {
            if let (None, Some(ban)) = (address, &sentence.ban) {
                tracing::info!("{} is banned for what it sent before it left: {fault}", ban.address);
            }
            self.send_away(&sentence, &fault.to_string());
        }
    }

    /// Forgets at once whoever has to go, and cuts the line when it was told why.
    pub(super) fn send_away(&mut self, sentence: &Sentence, reason: &str) {
        let banned_until = sentence.ban.as_ref().map(|ban| ban.until);
        if banned_until.is_some() {
            self.saves.banned();
        }
        let reason = plain(reason);
        let ours = if banned_until.is_some() { format!("banned: {reason}") } else { reason.clone() };
        for key in &sentence.close {
            let Some(id) = self.keys.get(key).copied() else { continue };
            let farewell = Request::Farewell { banned_until, reason: reason.clone() };
            self.swarm.behaviour_mut().messages.send_request(&id, farewell.into());
            self.leaving.insert(id, Instant::now() + limits::FAREWELL);
            self.disconnected(&id, Some(ours.clone()));
        }
    }

    /// Cuts the lines of those who were sent away and are still there.
    pub(super) fn cut_the_leaving(&mut self) {
        let now = Instant::now();
        let late: Vec<_> =
            self.leaving.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id).collect();
        for id in late {
            self.leaving.remove(&id);
            if self.swarm.disconnect_peer_id(id).is_err() {
                tracing::debug!(%id, "the peer has just gone by itself");
            }
        }
    }

    /// Goes as a peer wishes, and says why.
    pub(super) fn sent_away(&mut self, key: PeerKey, banned_until: Option<u64>, reason: &str) {
        let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers() else { return };
        peers.sent_us_away(key, now);
        let how = match banned_until {
            Some(until) => {
                let hours = until.saturating_sub(now.unix_s).min(MAX_BAN_S).div_ceil(3_600);
                format!("it banned this node's address for {hours} h")
            }
            None => "it sent this node away".to_owned(),
        };
        // In quotation marks: these are a stranger's words.
        let text = format!("{how}, and says: \u{201c}{}\u{201d}", plain(reason));
        let dialled = self.keys.get(&key).and_then(|id| self.peers.get(id)).and_then(|peer| peer.dialled);
        if let Some(address) = dialled {
            self.tell_of_address(address, &text);
        }
        self.leave(key, &text);
    }

    /// Closes all connections with a peer.
    pub(super) fn leave(&mut self, key: PeerKey, reason: &str) {
        let Some(peer) = self.keys.get(&key).and_then(|id| self.peers.get_mut(id)) else { return };
        peer.reason.get_or_insert_with(|| reason.to_owned());
        if self.swarm.disconnect_peer_id(peer.id).is_err() {
            tracing::debug!(?key, "the peer has just gone by itself");
        }
    }

    fn disconnected(&mut self, id: &PeerId, cause: Option<String>) {
        let Some(peer) = self.peers.remove(id) else { return };
        self.keys.remove(&peer.key);
        if let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers() {
            peers.disconnected(peer.key, now);
            if let Some(address) = peer.address {
                self.budgets.keep(address, peer.budget, peer.since.elapsed(), now.ms);
            }
        }
        let address = peer.address.map(|address| (address.ip(), address.port()).into());
        let reason = peer.reason.or(cause);
        if peer.hello.is_some() {
            self.tell(NetworkEvent::Left { address, reason });
            self.news.push_back(Event::Disconnected { peer: peer.key });
        } else {
            tracing::debug!(?address, ?reason, "a connection ended before the hellos");
        }
    }
}

/// Says how a node's protocol differs from ours; `None` when it does not. Nobody is to blame.
fn difference(theirs: &str, ours: &str, genesis: &str) -> Option<String> {
    if theirs == ours {
        return None;
    }
    let theirs = theirs.strip_prefix("/ironchain/").and_then(|rest| rest.split_once('/'));
    Some(match theirs {
        Some((their_genesis, version)) if their_genesis == genesis => {
            let version = plain(version);
            format!(
                "it speaks version {version} of the messages between nodes, and this node {WIRE_VERSION}; update the older one"
            )
        }
        Some((their_genesis, _)) => {
            let theirs = plain(their_genesis);
            format!(
                "it follows another chain, with genesis {theirs}, and this node {genesis}; start one of them with the other's --chain"
            )
        }
        None => "it is a node of another network, and not of Ironchain".to_owned(),
    })
}

/// Returns the cause at the bottom of an error: what lies above is libp2p's own way to it.
fn innermost(error: &(dyn Error + 'static)) -> String {
    plain(&causes(error).last().map(ToString::to_string).unwrap_or_default())
}

/// Returns whether there was a connection, and it ended while its encryption was agreed on.
fn is_hung_up(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| cause.is::<noise::Error>() || cause.is::<NegotiationError>())
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
