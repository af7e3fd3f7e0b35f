//! Does what `sync` wants done, and tells it what came of it.

use std::sync::Arc;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use shared::block::Block;
use shared::codec;
use shared::consensus::{BodyContext, CheckedBlock, RuleError, Verdict as RuleVerdict, check_body};
use shared::hash::{BlockHash, MerkleRoot};
use shared::spec::ChainSpec;

use super::task::{Asked, Done, Task};
use crate::chain::{ChainHandle, RefusedBlock, SubmitError, View};
use crate::peers::Gift;
use crate::sync::{Action, Delivered, Event, Outcome, SubmitKey, Verdict};
use crate::verifier::AwsLcVerifier;

impl Task {
    /// Tells `sync` the news, and does what it wants until nothing is left to tell.
    pub(super) fn follow(&mut self) {
        while let Some(event) = self.news.pop_front() {
            for action in self.sync.handle(self.timer.now(), event) {
                self.act(action);
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Request { peer, request, body } => {
                if !self.ask(peer, Asked::Sync(peer, request), body) {
                    tracing::debug!(?peer, "a question comes too late: the peer is gone");
                }
            }
            Action::Submit { submit, blocks } => {
                self.submitting.extend(blocks.iter().map(|block| block.hash));
                self.work.spawn(judge(self.chain.clone(), submit, blocks));
            }
            Action::Verdict { message, verdict } => {
                let Some(judged) = self.judging.remove(&message) else { return };
                if verdict == Verdict::Accept {
                    // It reaches everybody by gossip.
                    self.announced = judged.block;
                    let key = self.peers.get(&judged.source).map(|peer| peer.key);
                    if let (Some(key), Some((peers, now))) = (key, self.swarm.behaviour_mut().gate.peers()) {
                        peers.brought(key, Gift::Block, now);
                    }
                }
                self.judge(&judged.id, &judged.source, verdict);
            }
            Action::Blame { peer, fault } => self.blame(peer, &fault),
            Action::Disconnect { peer, reason } => self.leave(peer, reason),
        }
    }

    pub(super) fn submitted(&mut self, submit: SubmitKey, hashes: &[BlockHash], outcomes: Vec<Outcome>) {
        self.news.push_back(Event::Submitted { submit, outcomes });
        // With its verdicts, which say what is announced already.
        self.follow();
        for hash in hashes {
            self.submitting.remove(hash);
        }
        if !self.sync.progress().is_syncing {
            self.announce_tip();
        }
    }
}

/// Has blocks judged: bodies in parallel here, the rest by the chain thread.
async fn judge(chain: ChainHandle, submit: SubmitKey, blocks: Vec<Delivered>) -> Done {
    let hashes: Vec<_> = blocks.iter().map(|block| block.hash).collect();
    let count = blocks.len();
    let (spec, view) = (Arc::clone(chain.spec()), chain.view());
    let check = move || blocks.into_par_iter().map(|block| check(&spec, &view, &block)).collect::<Vec<_>>();
    // A panic is in the log; nothing was looked at then.
    let checked = tokio::task::spawn_blocking(check).await.unwrap_or_default();
    let mut good = Vec::new();
    let mut failed = None;
    for checked in checked {
        match checked {
            Ok(block) => good.push(block),
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
    }
    let mut outcomes = vec![Outcome::Stored; good.len()];
    let submitted = if good.is_empty() { Ok(()) } else { chain.submit_blocks(good).await };
    match (submitted, failed) {
        (Err(RefusedBlock { index, error }), _) => {
            outcomes.truncate(index);
            outcomes.push(outcome(error));
        }
        (Ok(()), Some(failure)) => outcomes.push(condemn(&chain, failure).await),
        (Ok(()), None) => {}
    }
    outcomes.resize(count, Outcome::Skipped);
    Done::Submitted(submit, hashes, outcomes)
}

/// A body that breaks a rule.
struct Failure {
    /// `None` when the bytes are no block.
    block: Option<Box<Block>>,
    error: Box<RuleError>,
}

/// Does what needs no other block.
fn check(spec: &ChainSpec, view: &View, delivered: &Delivered) -> Result<CheckedBlock, Failure> {
    let block: Block = codec::decode(&delivered.bytes).map_err(|error| {
        tracing::debug!(hash = %delivered.hash, "what was sent is no block: {error}");
        // Bytes that are no block have no Merkle root, whatever the header has.
        let (expected, actual) = (MerkleRoot([0; 32]), MerkleRoot([0; 32]));
        Failure { block: None, error: Box::new(RuleError::MerkleRootMismatch { expected, actual }) }
    })?;
    let body = BodyContext {
        spec,
        height: delivered.height,
        verifier: &AwsLcVerifier,
        is_verified: &|id| view.mempool.get(id).is_some(),
    };
    // Decoded again where it is wrong, rather than copied where it is right.
    let again = || codec::decode(&delivered.bytes).ok().map(Box::new);
    check_body(&body, block).map_err(|error| Failure { block: again(), error: Box::new(error) })
}

/// Returns what to say of a body that broke a rule. One that condemns the block is for the chain thread to judge, which
/// remembers it.
async fn condemn(chain: &ChainHandle, Failure { block, error }: Failure) -> Outcome {
    match (block, error.verdict()) {
        (_, RuleVerdict::BadBody) | (None, _) => Outcome::BadBody(*error),
        (Some(_), RuleVerdict::NotNow) => Outcome::Undecided,
        (Some(block), RuleVerdict::Invalid) => {
            chain.submit_block(*block).await.map_or_else(outcome, |_| Outcome::Stored)
        }
    }
}

fn outcome(error: SubmitError) -> Outcome {
    match error {
        SubmitError::Invalid(error) => Outcome::Invalid(error),
        SubmitError::BadBody(error) => Outcome::BadBody(error),
        SubmitError::Condemned { .. } => Outcome::Condemned,
        SubmitError::Undecided(_) | SubmitError::TooLittleWork { .. } => Outcome::Undecided,
        // Our own trouble, of which the chain thread tells.
        SubmitError::Store(_) | SubmitError::Stopped => Outcome::Skipped,
    }
}
