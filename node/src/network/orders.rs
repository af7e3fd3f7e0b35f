//! What an operator sees of the network and changes in it while the node runs.

use shared::api::views::{BanView, BansView, NamedPeerView, PeerRole, PeerView, PeersView};
use tokio::sync::oneshot;

use super::names::NamedStatus;
use super::task::Task;
use super::{NetworkHandle, PeerName};
use crate::peers::{Ban, BanKey, PeerState, Role, WishError};

/// Orders that may wait; whoever gives more waits as well. People give them one by one.
pub(super) const ORDER_CAPACITY: usize = 8;

/// An order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// It cannot be.
    #[error(transparent)]
    Wish(#[from] WishError),
    /// Nobody named that node.
    #[error("{0} is not among the peers that were added")]
    NotNamed(String),
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopped,
}

type Reply<T> = oneshot::Sender<Result<T, OrderError>>;

/// What the network's task is asked to do.
#[derive(Debug)]
pub(super) enum Order {
    Look(Reply<PeersView>),
    Add(PeerName, Reply<PeersView>),
    Remove(PeerName, Reply<PeersView>),
    /// A page of so many bans after an address.
    Bans(Option<BanKey>, usize, Reply<BansView>),
    Ban {
        key: BanKey,
        seconds: u64,
        reason: String,
        reply: Reply<BansView>,
    },
    Unban(BanKey, Reply<BansView>),
}

/// Bans that are answered to whoever looks at the peers or changed a ban.
const FIRST_PAGE: usize = 20;

impl NetworkHandle {
    /// Returns who is there.
    ///
    /// # Errors
    /// When the node stops, as all orders.
    pub async fn peers(&self) -> Result<PeersView, OrderError> {
        self.order(Order::Look).await
    }

    /// Joins a node, again and again until this one stops.
    ///
    /// # Errors
    /// When too many were added.
    pub async fn add(&self, name: PeerName) -> Result<PeersView, OrderError> {
        self.order(|reply| Order::Add(name, reply)).await
    }

    /// Leaves a node that was added or named at the start.
    ///
    /// # Errors
    /// When it was not.
    pub async fn remove(&self, name: PeerName) -> Result<PeersView, OrderError> {
        self.order(|reply| Order::Remove(name, reply)).await
    }

    /// Returns at most `limit` bans, by address, after one of them.
    ///
    /// # Errors
    /// When the node stops.
    pub async fn bans(&self, after: Option<BanKey>, limit: usize) -> Result<BansView, OrderError> {
        self.order(|reply| Order::Bans(after, limit, reply)).await
    }

    /// Bans an address, and leaves all that have it.
    ///
    /// # Errors
    /// When it is this computer's.
    pub async fn ban(&self, key: BanKey, seconds: u64, reason: String) -> Result<BansView, OrderError> {
        self.order(|reply| Order::Ban { key, seconds, reason, reply }).await
    }

    /// Ends a ban.
    ///
    /// # Errors
    /// When there is none.
    pub async fn unban(&self, key: BanKey) -> Result<BansView, OrderError> {
        self.order(|reply| Order::Unban(key, reply)).await
    }

    async fn order<T>(&self, order: impl FnOnce(Reply<T>) -> Order) -> Result<T, OrderError> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(order(reply)).await.or(Err(OrderError::Stopped))?;
        answer.await.unwrap_or(Err(OrderError::Stopped))
    }
}

impl Task {
    pub(super) fn carry_out(&mut self, order: Order) {
        match order {
            Order::Look(reply) => tell(reply, Ok(self.peers_view())),
            Order::Add(name, reply) => {
                let added = self.add_name(name);
                tell(reply, added.map(|()| self.peers_view()));
            }
            Order::Remove(name, reply) => {
                let removed = self.remove_name(&name);
                tell(reply, removed.map(|()| self.peers_view()));
            }
            Order::Bans(after, limit, reply) => tell(reply, Ok(self.bans_view(after, limit))),
            Order::Ban { key, seconds, reason, reply } => {
                let banned = self.ban(key, seconds, &reason);
                tell(reply, banned.map(|()| self.bans_view(None, FIRST_PAGE)));
            }
            Order::Unban(key, reply) => {
                let unbanned = self.unban(key);
                tell(reply, unbanned.map(|()| self.bans_view(None, FIRST_PAGE)));
            }
        }
    }

    fn ban(&mut self, key: BanKey, seconds: u64, reason: &str) -> Result<(), OrderError> {
        let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers() else { return Ok(()) };
        let sentence = peers.ban(key, reason, seconds, now)?;
        self.send_away(&sentence, reason);
        self.save();
        Ok(())
    }

    fn unban(&mut self, key: BanKey) -> Result<(), OrderError> {
        let Some((peers, _)) = self.swarm.behaviour_mut().gate.peers() else { return Ok(()) };
        peers.unban(key)?;
        self.save();
        Ok(())
    }

    fn peers_view(&mut self) -> PeersView {
        let named = self.names.status();
        let Some((known, now)) = self.swarm.behaviour_mut().gate.peers() else {
            return PeersView::default();
        };
        let mut states: Vec<_> = known.list(now).collect();
        states.sort_by_key(|state| (state.since_s, state.peer));
        let peers: Vec<_> = states.into_iter().filter_map(|state| self.peer_view(&state)).collect();
        let named = named.into_iter().map(|named| self.named_view(named)).collect();
        PeersView { peers, named, bans: self.bans_view(None, FIRST_PAGE) }
    }

    fn named_view(&self, named: NamedStatus) -> NamedPeerView {
        let is_there = |address| self.peers.values().any(|peer| peer.dialled == Some(address));
        let is_connected = named.address.is_some_and(is_there);
        NamedPeerView { name: named.name, is_connected, trouble: named.trouble.filter(|_| !is_connected) }
    }

    /// Returns what an operator may see of a peer, once it said hello.
    fn peer_view(&self, state: &PeerState) -> Option<PeerView> {
        let peer = self.keys.get(&state.peer).and_then(|id| self.peers.get(id))?;
        let status = peer.status(&self.sync)?;
        let traffic = self.meter.traffic(&peer.id);
        Some(PeerView {
            id: status.id.to_string(),
            address: state.address.to_string(),
            role: match state.role {
                Role::Inbound => PeerRole::Inbound,
                Role::Full => PeerRole::Outbound,
                Role::BlockOnly => PeerRole::BlockOnly,
                Role::Named => PeerRole::Named,
            },
            agent: status.agent,
            height: status.height,
            latency_ms: state.latency_ms.map(u64::from),
            bytes_in: traffic.received,
            bytes_out: traffic.sent,
            since: state.since_s,
            score: state.points.into(),
            told_by: state.told_by.map(|ip| ip.to_string()),
        })
    }

    fn bans_view(&mut self, after: Option<BanKey>, limit: usize) -> BansView {
        let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers() else {
            return BansView::default();
        };
        let count = peers.bans(now).count();
        let mut rest = peers.bans(now).filter(|ban| after.is_none_or(|after| ban.address > after));
        let entries: Vec<_> = rest.by_ref().take(limit).map(ban_view).collect();
        let next = rest.next().and(entries.last()).map(|last| last.address.clone());
        BansView { count: u64::try_from(count).unwrap_or(u64::MAX), entries, next }
    }
}

fn ban_view(ban: &Ban) -> BanView {
    let Ban { address, since, until, reason } = ban;
    BanView { address: address.to_string(), since: *since, until: *until, reason: reason.clone() }
}

/// Answers; who asked may have gone.
fn tell<T>(reply: Reply<T>, answer: Result<T, OrderError>) {
    drop(reply.send(answer));
}
