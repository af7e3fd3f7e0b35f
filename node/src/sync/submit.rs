//! What the chain is given, and what follows from its answer.

use shared::block::Header;
use shared::hash::BlockHash;

use super::download::Stage;
use super::known::MAX_SIDE_HEADERS;
use super::machine::Sync;
use super::peer::Start;
use super::{Action, Delivered, Fault, MessageKey, Outcome, PeerKey, SubmitKey, Verdict};

/// Blocks that were fetched are submitted in groups of so many at most, so that one durable write serves them all.
const MAX_SUBMIT_BLOCKS: usize = 512;
/// And of so many bytes: six answers.
const MAX_SUBMIT_BYTES: usize = 12 << 20;
/// Groups without an answer: one is judged while the next is decoded.
const MAX_SUBMITS: usize = 2;
/// When the chain cannot judge or store what it was given, it is given again after this time,
const MIN_RESUME_MS: u64 = 2_000;
/// which doubles each time up to this.
const MAX_RESUME_MS: u64 = 300_000;
/// or to this, when only the disk was full: somebody makes room and waits for it to be used, and what is fetched in vain is
/// no more than 32 MiB.
const MAX_NO_ROOM_MS: u64 = 60_000;

/// A block that the chain has.
#[derive(Debug)]
pub(super) struct Submission {
    hash: BlockHash,
    /// Who delivered its bytes.
    peer: PeerKey,
    /// The announcement that waits for the verdict, and its header, which may not be worth keeping yet.
    announced: Option<(MessageKey, Header)>,
}

/// How long nothing is fetched because the chain could not take it.
#[derive(Debug, Default)]
pub(super) struct Pause {
    pub(super) until_ms: u64,
    last_ms: u64,
}

impl Pause {
    fn begin(&mut self, now_ms: u64, most_ms: u64) {
        self.last_ms = (self.last_ms * 2).clamp(MIN_RESUME_MS, most_ms);
        self.until_ms = now_ms + self.last_ms;
    }
}

impl Sync {
    /// Submits the blocks that came, as long as there is none missing between.
    pub(super) fn submit_in_order(&mut self) {
        while self.submits.values().filter(|group| is_ordered(group)).count() < MAX_SUBMITS {
            let mut group = Vec::new();
            let mut bytes_left = MAX_SUBMIT_BYTES;
            for (_, hash) in self.downloads.waiting().take(MAX_SUBMIT_BLOCKS) {
                let Some(Stage::Here { peer, bytes }) = self.downloads.stage(&hash) else { break };
                let Some(left) = bytes_left.checked_sub(bytes.len()) else { break };
                bytes_left = left;
                group.push(Submission { hash, peer: *peer, announced: None });
            }
            if group.is_empty() {
                return;
            }
            let blocks = group.iter().filter_map(|submission| {
                let stage = self.downloads.remove(&submission.hash);
                let Some(Stage::Here { bytes, .. }) = stage else { return None };
                self.downloads.set_submitted(submission.hash);
                let height = self.known.get(&submission.hash)?.height;
                Some(Delivered { hash: submission.hash, height, bytes })
            });
            let blocks = blocks.collect();
            self.submit(group, blocks);
        }
    }

    /// Submits a block that was put together from an announcement.
    pub(super) fn submit_announced(
        &mut self,
        peer: PeerKey,
        announced: (MessageKey, Header),
        block: Delivered,
    ) {
        self.downloads.set_submitted(block.hash);
        self.submit(vec![Submission { hash: block.hash, peer, announced: Some(announced) }], vec![block]);
    }

    fn submit(&mut self, group: Vec<Submission>, blocks: Vec<Delivered>) {
        let submit = SubmitKey(self.next_key());
        self.submits.insert(submit, group);
        self.actions.push(Action::Submit { submit, blocks });
    }

    /// Takes the chain's answer.
    pub(super) fn submitted(&mut self, submit: SubmitKey, outcomes: Vec<Outcome>) {
        let Some(group) = self.submits.remove(&submit) else { return };
        let mut outcomes = outcomes.into_iter();
        let mut is_refused = false;
        for submission in group {
            self.downloads.remove(&submission.hash);
            let outcome = outcomes.next().unwrap_or(Outcome::Skipped);
            // What comes after a refused one was not looked at, whatever is wrong with it.
            let is_innocent = is_refused && outcome == Outcome::Skipped;
            is_refused |= !matches!(outcome, Outcome::Stored);
            let verdict = if is_innocent { Verdict::Ignore } else { self.judged(&submission, outcome) };
            if let Some((message, _)) = submission.announced {
                self.actions.push(Action::Verdict { message, verdict });
            }
        }
        self.best_changed();
    }

    /// Draws the consequences of one block's outcome.
    fn judged(&mut self, submission: &Submission, outcome: Outcome) -> Verdict {
        let Submission { hash, peer, announced } = *submission;
        if let Some((_, header)) = announced
            && matches!(outcome, Outcome::Stored | Outcome::Invalid(_) | Outcome::Condemned)
        {
            self.known.insert(hash, &header);
        }
        match outcome {
            Outcome::Stored => {
                let is_new_tip = self.note_stored(&hash);
                // What is only stored was not applied yet: who passes it on would vouch for what nobody has checked.
                if is_new_tip { Verdict::Accept } else { Verdict::Ignore }
            }
            Outcome::BadBody(error) => {
                self.blame(peer, Fault::Body(error));
                Verdict::Reject
            }
            Outcome::Invalid(error) => {
                self.condemn(&hash);
                self.blame(peer, Fault::Block(error));
                Verdict::Reject
            }
            Outcome::Condemned => {
                self.condemn(&hash);
                self.blame(peer, Fault::Condemned);
                Verdict::Reject
            }
            Outcome::NoRoom => self.put_off(announced.is_some(), MAX_NO_ROOM_MS),
            Outcome::Undecided | Outcome::UpgradeNeeded | Outcome::Skipped => {
                self.put_off(announced.is_some(), MAX_RESUME_MS)
            }
        }
    }

    /// Tries again later. What was announced is one block, and no reason to hold back all others.
    fn put_off(&mut self, is_announced: bool, most_ms: u64) -> Verdict {
        if !is_announced {
            self.pause.begin(self.now.ms, most_ms);
        }
        Verdict::Ignore
    }

    /// Notes that a block is stored; returns whether it is the new tip.
    fn note_stored(&mut self, hash: &BlockHash) -> bool {
        self.pause = Pause::default();
        self.downloads.went_on();
        let old_tip = self.known.tip().hash;
        self.known.stored(hash);
        self.parent_stored(hash);
        self.known.tip().hash != old_tip
    }

    /// Marks a block and its descendants as invalid. Who called them its own may have been deceived: it is asked again.
    fn condemn(&mut self, hash: &BlockHash) {
        self.known.condemn(hash);
        self.most_side_headers = MAX_SIDE_HEADERS;
        let now = self.now.ms;
        for peer in self.peers.values_mut() {
            let own = peer.own.and_then(|own| self.known.get(&own));
            if own.is_some_and(|node| node.is_condemned) {
                peer.own = None;
                peer.want_headers(now, Start::Best);
            }
        }
    }

    /// Notes blocks that came to the chain by another way.
    pub(super) fn stored_elsewhere(&mut self, headers: &[Header]) {
        for header in headers {
            let hash = header.hash();
            if self.known.store(hash, header) {
                self.drop_assembly(&hash);
                self.parent_stored(&hash);
            }
        }
        self.best_changed();
    }
}

/// Returns whether a group was fetched, and not announced.
fn is_ordered(group: &[Submission]) -> bool {
    group.iter().all(|submission| submission.announced.is_none())
}
