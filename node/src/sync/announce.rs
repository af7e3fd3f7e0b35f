//! Announced blocks: checked, put together from the transactions that wait here anyway, and judged before they travel on.

use std::sync::Arc;

use shared::block::{Coinbase, Header};
use shared::codec;
use shared::consensus::{RuleError, check_header_alone};
use shared::hash::{BlockHash, TxId};
use shared::merkle::merkle_root;
use shared::transaction::Transaction;

use super::download::Stage;
use super::machine::{Question, Sync};
use super::peer::{Headers, Start};
use super::{Action, Delivered, Fault, MessageKey, PeerKey, Verdict};
use crate::wire::{BlockAnnouncement, Request};

/// Announced blocks that are put together at a time. Blocks come one by one, so more are forks or somebody's game.
const MAX_ASSEMBLIES: usize = 16;
/// Submits without an answer, beyond which what is announced must wait to be fetched: a block takes a few milliseconds.
const MAX_ANNOUNCED_SUBMITS: usize = 16;
/// Whoever announces a block should have its transactions at hand; after this time the whole block is fetched.
pub(super) const ASSEMBLY_MS: u64 = 2_000;
/// No transaction is smaller: modulus and signature alone have 256 bytes each.
const MIN_TRANSACTION_BYTES: usize = 512;
/// When who announced a block fails to deliver it, so many others are asked for its header, to find out who else has it.
const ASK_OTHERS: usize = 3;

/// An announced block that waits for transactions, or for its parent.
#[derive(Debug)]
pub(super) struct Assembly {
    peer: PeerKey,
    message: MessageKey,
    header: Header,
    coinbase: Coinbase,
    ids: Vec<TxId>,
    transactions: Vec<Option<Arc<Transaction>>>,
    since_ms: u64,
    /// Rises from one to the next.
    number: u64,
}

impl Sync {
    /// Takes an announcement.
    pub(super) fn announced(
        &mut self,
        key: PeerKey,
        message: MessageKey,
        announcement: BlockAnnouncement,
        found: Vec<Option<Arc<Transaction>>>,
    ) {
        let hash = announcement.header.hash();
        if !self.peers.contains_key(&key) {
            // It went before its news came.
            return self.actions.push(Action::Verdict { message, verdict: Verdict::Ignore });
        }
        match self.check_announced(key, &hash, &announcement) {
            Ok(()) => self.assemble(key, message, hash, announcement, found),
            Err(fault) => {
                let verdict = if fault.is_some() { Verdict::Reject } else { Verdict::Ignore };
                if let Some(fault) = fault {
                    self.blame(key, fault);
                }
                self.actions.push(Action::Verdict { message, verdict });
            }
        }
    }

    /// Decides whether a block is to be put together; the cheap checks first. `Err(None)` is nobody's fault.
    fn check_announced(
        &mut self,
        key: PeerKey,
        hash: &BlockHash,
        announcement: &BlockAnnouncement,
    ) -> Result<(), Option<Fault>> {
        let header = &announcement.header;
        let prev_hash = header.prev_hash;
        if let Some(node) = self.known.get(hash) {
            let is_condemned = node.is_condemned;
            if is_condemned {
                return Err(Some(Fault::Condemned));
            }
            self.has_more(key, hash);
            if self.known.is_stored(hash) {
                return Err(None);
            }
        }
        let Some(parent) = self.known.get(&prev_hash) else {
            check_work_alone(header, hash, self.spec.rules().limit_bits)
                .map_err(|error| Some(Fault::Header(error)))?;
            // Else one header with work would do for any number of announcements.
            self.check_list(announcement)?;
            if let Some(peer) = self.peers.get_mut(&key) {
                peer.want_headers(self.now.ms, Start::Best);
            }
            return Err(None);
        };
        if parent.is_condemned {
            return Err(Some(Fault::Header(RuleError::InvalidParent { prev_hash })));
        }
        let trail = self.known.trail(&prev_hash).ok_or(None)?;
        let next = match trail.step(self.spec.rules(), header, *hash, self.now.unix_s) {
            Ok(next) => next,
            Err(RuleError::TimeAhead { .. }) => {
                self.note_ahead(key, trail, &[(*hash, *header)]);
                return Err(None);
            }
            Err(error) => return Err(Some(Fault::Header(error))),
        };
        self.check_list(announcement)?;
        if next.work < self.known.least_work(self.limits.side_branch_depth) {
            return Err(None);
        }
        if next.work > self.known.best().work {
            self.known.insert(*hash, header);
            self.best_changed();
        }
        if self.known.get(hash).is_some() {
            self.vouch(key, *hash);
        } else {
            self.has_more(key, &prev_hash);
        }
        let is_on_its_way = matches!(self.downloads.stage(hash), Some(Stage::Here { .. } | Stage::Submitted));
        let is_too_much = self.submits.len() >= MAX_ANNOUNCED_SUBMITS;
        if is_on_its_way || is_too_much || self.assemblies.contains_key(hash) { Err(None) } else { Ok(()) }
    }

    /// A list that the header does not commit to was changed on the way, by who sent it.
    fn check_list(&self, announcement: &BlockAnnouncement) -> Result<(), Option<Fault>> {
        let BlockAnnouncement { header, coinbase, tx_ids } = announcement;
        let leaves: Vec<_> = std::iter::once(coinbase.leaf()).chain(tx_ids.iter().map(|id| id.0)).collect();
        let most =
            usize::try_from(self.spec.rules().max_block_bytes).unwrap_or(usize::MAX) / MIN_TRANSACTION_BYTES;
        if tx_ids.len() > most || merkle_root(&leaves) != header.merkle_root {
            return Err(Some(Fault::Announcement));
        }
        Ok(())
    }

    /// Notes that a peer has a block, if that says more than what is known of it.
    fn has_more(&mut self, key: PeerKey, hash: &BlockHash) {
        let work = |hash: &BlockHash| self.known.get(hash).map(|node| node.work);
        let own = self.peers.get(&key).and_then(|peer| peer.own);
        if own.and_then(|own| work(&own)) < work(hash) {
            self.vouch(key, *hash);
        }
    }

    fn assemble(
        &mut self,
        key: PeerKey,
        message: MessageKey,
        hash: BlockHash,
        announcement: BlockAnnouncement,
        mut found: Vec<Option<Arc<Transaction>>>,
    ) {
        let BlockAnnouncement { header, coinbase, tx_ids: ids } = announcement;
        found.resize(ids.len(), None);
        let missing = (0..).zip(&found).filter(|(_, found)| found.is_none());
        let indexes: Vec<u32> = missing.map(|(index, _)| index).collect();
        if self.assemblies.len() >= MAX_ASSEMBLIES {
            let oldest = self.assemblies.iter().min_by_key(|(_, assembly)| assembly.number);
            if let Some(oldest) = oldest.map(|(hash, _)| *hash) {
                self.drop_assembly(&oldest);
            }
        }
        let (number, since_ms) = (self.next_key(), self.now.ms);
        let assembly =
            Assembly { peer: key, message, header, coinbase, ids, transactions: found, since_ms, number };
        self.assemblies.insert(hash, assembly);
        if indexes.is_empty() {
            self.complete(&hash);
        } else {
            let body = Request::BlockTransactions { block: hash, indexes };
            self.ask(key, Question::Transactions(hash), body);
        }
    }

    /// Submits a block if nothing of it is missing any more, and its parent is stored.
    fn complete(&mut self, hash: &BlockHash) {
        let is_complete = self.assemblies.get(hash).is_some_and(|assembly| {
            self.known.is_stored(&assembly.header.prev_hash)
                && assembly.transactions.iter().all(Option::is_some)
        });
        let Some(assembly) = is_complete.then(|| self.assemblies.remove(hash)).flatten() else { return };
        let transactions: Vec<_> = assembly.transactions.iter().flatten().map(|found| &**found).collect();
        let bytes = codec::encode(&(&assembly.header, &assembly.coinbase, transactions));
        let parent = self.known.get(&assembly.header.prev_hash);
        let height = parent.map_or(0, |parent| parent.height + 1);
        let announced = (assembly.message, assembly.header);
        self.submit_announced(assembly.peer, announced, Delivered { hash: *hash, height, bytes });
    }

    /// Takes the transactions that were missing.
    pub(super) fn take_transactions(&mut self, key: PeerKey, hash: BlockHash, answer: Vec<Transaction>) {
        let Some(assembly) = self.assemblies.get_mut(&hash) else { return };
        let is_unknown = answer.is_empty();
        let mut answer = answer.into_iter();
        let places = assembly.transactions.iter_mut().zip(&assembly.ids);
        let mut is_right = true;
        for (place, id) in places.filter(|(place, _)| place.is_none()) {
            match answer.next().filter(|transaction| transaction.id() == *id) {
                Some(transaction) => *place = Some(Arc::new(transaction)),
                None => is_right = false,
            }
        }
        if is_right && answer.next().is_none() {
            return self.complete(&hash);
        }
        self.drop_assembly(&hash);
        if is_unknown {
            self.was_empty(key, "it does not have the blocks that it announces");
        } else {
            self.blame(key, Fault::WrongAnswer("other transactions than were asked for"));
        }
    }

    /// Goes on with those that waited for this block, their parent.
    pub(super) fn parent_stored(&mut self, parent: &BlockHash) {
        let children = self.assemblies.iter().filter(|(_, assembly)| assembly.header.prev_hash == *parent);
        let children: Vec<_> = children.map(|(hash, _)| *hash).collect();
        children.iter().for_each(|child| self.complete(child));
    }

    /// Gives up putting a block together; it may be fetched whole.
    pub(super) fn drop_assembly(&mut self, hash: &BlockHash) {
        let Some(assembly) = self.assemblies.remove(hash) else { return };
        self.requests.retain(|_, asked| !matches!(&asked.question, Question::Transactions(of) if of == hash));
        self.actions.push(Action::Verdict { message: assembly.message, verdict: Verdict::Ignore });
        if self.known.is_stored(hash) {
            return;
        }
        let (now, who) = (self.now.ms, assembly.peer);
        let others =
            self.peers.iter_mut().filter(|(key, peer)| **key != who && peer.headers == Headers::Idle);
        for (_, peer) in others.take(ASK_OTHERS) {
            peer.want_headers(now, Start::Best);
        }
    }

    pub(super) fn drop_late_assemblies(&mut self) {
        let now = self.now.ms;
        let late = self.assemblies.iter().filter(|(_, assembly)| now >= assembly.since_ms + ASSEMBLY_MS);
        let late: Vec<_> = late.map(|(hash, _)| *hash).collect();
        late.iter().for_each(|hash| self.drop_assembly(hash));
    }

    pub(super) fn drop_assemblies_of(&mut self, key: PeerKey) {
        let theirs = self.assemblies.iter().filter(|(_, assembly)| assembly.peer == key);
        let theirs: Vec<_> = theirs.map(|(hash, _)| *hash).collect();
        theirs.iter().for_each(|hash| self.drop_assembly(hash));
    }
}

/// HDR-1, and of HDR-4 what can be said without a parent: whoever makes us ask for headers has paid for a block of the
/// easiest kind at least.
fn check_work_alone(
    header: &Header,
    hash: &BlockHash,
    limit: shared::pow::CompactTarget,
) -> Result<(), RuleError> {
    check_header_alone(header)?;
    let is_met = |bits: shared::pow::CompactTarget| bits.target().is_ok_and(|target| target.is_met_by(hash));
    if is_met(header.bits) && is_met(limit) {
        Ok(())
    } else {
        Err(RuleError::InsufficientWork { hash: *hash, bits: header.bits })
    }
}
