//! One simulated node: what it has on its disk, what it knows, and what its peers may still cost it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use node::mempool::{Change, Context, Limits as MempoolLimits, Mempool, Pending};
use node::peers::{PeerAddress, Peers, Saved};
use node::rate::{Rate, TokenBucket};
use node::sync::{Limits, MessageKey, Now, PeerKey, RequestKey, Sync};
use node::wire::{BlockAnnouncement, Request, Response};

use super::chain::SimChain;
use super::liar::Lie;
use super::wallet::Promises;
use super::world::Setting;

/// Gossiped messages and transactions of one peer: a hundredth of the network's own, so that a flood that is too much
/// takes no longer to simulate than everything else.
const MESSAGE_RATE: Rate = Rate { per_second: 50, burst: 200 };
const TRANSACTION_RATE: Rate = Rate { per_second: 100, burst: 500 };

/// One end of a connection.
#[derive(Debug)]
pub(super) struct End {
    pub(super) node: usize,
    /// The other end.
    pub(super) twin: PeerKey,
    pub(super) latency_ms: u64,
    pub(super) is_inbound: bool,
    pub(super) is_block_only: bool,
    /// When the other one was asked what waits there.
    pub(super) asked_ms: Option<u64>,
    /// Whether it sent something that others must come before.
    pub(super) has_more: bool,
    pub(super) messages: TokenBucket,
    pub(super) transactions: TokenBucket,
}

impl End {
    pub(super) fn new(node: usize, twin: PeerKey, latency_ms: u64, is_inbound: bool) -> Self {
        let (messages, transactions) = (TokenBucket::new(MESSAGE_RATE), TokenBucket::new(TRANSACTION_RATE));
        Self {
            node,
            twin,
            latency_ms,
            is_inbound,
            is_block_only: false,
            asked_ms: None,
            has_more: false,
            messages,
            transactions,
        }
    }
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) lie: Option<Lie>,
    /// `None` while it is down.
    pub(super) sync: Option<Sync>,
    pub(super) chain: SimChain,
    /// On its disk as well.
    pub(super) mempool: Mempool,
    pub(super) peers: Peers,
    /// What its own wallet was promised.
    pub(super) promises: Promises,
    /// Its clock's error, seconds.
    pub(super) skew_s: i64,
    pub(super) group: u8,
    /// Rises with each restart.
    pub(super) life: u64,
    pub(super) ends: BTreeSet<PeerKey>,
    /// Blocks and messages that were announced.
    pub(super) seen: BTreeSet<u64>,
    pub(super) messages: BTreeMap<MessageKey, (PeerKey, Arc<BlockAnnouncement>)>,
    /// Questions of what waits elsewhere.
    pub(super) asked: BTreeSet<RequestKey>,
    pub(super) sends_until_ms: u64,
    /// Signatures of single transactions that it checked.
    pub(super) checked: u64,
}

impl Node {
    pub(super) fn new(setting: &Setting, number: usize, now: Now) -> Self {
        let lie = setting.liars.get(number).copied();
        let mut chain = setting.start.clone();
        chain.believes_all = lie.is_some_and(Lie::believes_all);
        Self {
            lie,
            sync: Some(Sync::new(Arc::clone(&setting.spec), chain.tree.clone(), Limits::default())),
            chain,
            mempool: Mempool::new(MempoolLimits::default()),
            peers: peers(setting, number, 0, Saved::default(), now),
            promises: Promises::to(number),
            skew_s: 0,
            group: 0,
            life: 0,
            ends: BTreeSet::new(),
            seen: BTreeSet::new(),
            messages: BTreeMap::new(),
            asked: BTreeSet::new(),
            sends_until_ms: 0,
            checked: 0,
        }
    }

    /// Loses everything that is not on its disk.
    pub(super) fn crash(&mut self, setting: &Setting, number: usize, now: Now) {
        self.sync = None;
        self.life += 1;
        self.peers = peers(setting, number, self.life, self.peers.saved(now), now);
        self.seen.clear();
        self.messages.clear();
        self.asked.clear();
    }

    /// Begins again with what is on its disk.
    pub(super) fn restart(&mut self, setting: &Setting, now: Now) {
        let tree = self.chain.tree.clone();
        self.sync = Some(Sync::new(Arc::clone(&setting.spec), tree, Limits::default()));
        let stored: Vec<Pending> =
            self.mempool.view().iter().map(|pending| Pending::clone(pending)).collect();
        self.mempool = Mempool::new(MempoolLimits::default());
        self.change_mempool(now, |mempool, context| mempool.restore(stored, context));
    }

    /// Changes what waits, as a chain thread does; returns what happened to it as well.
    pub(super) fn change_mempool<T>(
        &mut self,
        now: Now,
        change: impl FnOnce(&mut Mempool, &Context<'_>) -> T,
    ) -> (T, Vec<Change>) {
        let next_height = self.chain.next_height();
        let context = Context { accounts: self.chain.ledger.accounts(), next_height, now: now.unix_s };
        let changed = change(&mut self.mempool, &context);
        let changes = self.mempool.take_changes();
        for change in &changes {
            if let Change::Added(pending) = change {
                self.promises.take(&pending.transaction);
            }
        }
        (changed, changes)
    }

    /// Answers as an honest node does.
    pub(super) fn answer(&self, request: &Request) -> Response {
        let view = self.mempool.view();
        match request {
            Request::PendingIds => {
                Response::PendingIds(view.iter().map(|pending| *pending.transaction.id()).collect())
            }
            Request::Transactions { ids } => {
                let found = ids.iter().filter_map(|id| view.get(id));
                Response::Transactions(
                    found.map(|pending| pending.transaction.transaction().clone()).collect(),
                )
            }
            other => self.chain.answer(other).expect("no node says hello twice because it is asked once"),
        }
    }
}

/// Where a node listens: each in a network of its own.
pub(super) fn address_of(number: usize) -> PeerAddress {
    address(20, number, 11_111)
}

/// Where nobody listens.
pub(super) fn nowhere(number: usize) -> PeerAddress {
    address(80, number, 11_111)
}

/// From where a node dials.
pub(super) fn dials_from(number: usize) -> PeerAddress {
    address(20, number, 40_000)
}

/// The number of the node that listens at an address.
pub(super) fn listens_at(address: PeerAddress) -> Option<usize> {
    let IpAddr::V4(ip) = address.ip() else { return None };
    let [a, b, ..] = ip.octets();
    (20..80).contains(&a).then(|| usize::from(a - 20) << 8 | usize::from(b))
}

fn address(first: u8, number: usize, port: u16) -> PeerAddress {
    let [a, b] = u16::try_from(number).unwrap().to_be_bytes();
    PeerAddress::new(Ipv4Addr::new(first + a, b, 0, 1).into(), port).unwrap()
}

/// Returns whom a node knows. The operator of each names the next honest one, so that nobody is cut off for good.
fn peers(setting: &Setting, number: usize, life: u64, saved: Saved, now: Now) -> Peers {
    let mut seed = [0; 32];
    for (place, part) in seed.chunks_mut(8).zip([setting.seed, number as u64, life]) {
        place.copy_from_slice(&part.to_le_bytes());
    }
    let mut peers = Peers::new(setting.peers, seed, saved, now);
    peers.is_ourselves(address_of(number));
    let count = setting.nodes;
    let next = (1..count).map(|step| (number + step) % count).find(|other| *other >= setting.liars.len());
    if let Some(next) = next {
        peers.name(address_of(next)).unwrap();
    }
    peers
}
