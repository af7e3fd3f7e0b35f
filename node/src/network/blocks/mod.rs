//! Blocks that `sync` has fetched: the bodies checked in parallel here, the rest by the chain thread.

use std::sync::Arc;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use shared::block::Block;
use shared::codec;
use shared::consensus::{BodyContext, CheckedBlock, RuleError, Verdict, check_body};
use shared::hash::MerkleRoot;
use shared::spec::ChainSpec;

use super::turns::Turn;
use crate::chain::{ChainHandle, RefusedBlock, SubmitError, View};
use crate::store::StoreError;
use crate::sync::{Delivered, Outcome};
use crate::verifier::AwsLcVerifier;

#[cfg(test)]
mod tests;

/// Has blocks judged. Bodies are checked beside those of other groups, but they reach the chain in the order of the
/// groups: a short one must not overtake that of its parents.
pub(super) async fn judge(chain: ChainHandle, blocks: Vec<Delivered>, turn: Turn) -> Vec<Outcome> {
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
    let turn = turn.come().await;
    let answer = if good.is_empty() { None } else { Some(chain.queue_blocks(good).await) };
    drop(turn);
    let stopped = RefusedBlock { index: 0, error: SubmitError::Stopped };
    let submitted = match answer {
        Some(answer) => answer.await.unwrap_or(Err(stopped)),
        None => Ok(()),
    };
    match (submitted, failed) {
        (Err(RefusedBlock { index, error }), _) => {
            outcomes.truncate(index);
            outcomes.push(outcome(error));
        }
        (Ok(()), Some(failure)) => outcomes.push(condemn(&chain, failure).await),
        (Ok(()), None) => {}
    }
    outcomes.resize(count, Outcome::Skipped);
    outcomes
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
    if matches!(*error, RuleError::UpgradeNeeded { .. }) {
        return Outcome::UpgradeNeeded;
    }
    match (block, error.verdict()) {
        (_, Verdict::BadBody) | (None, _) => Outcome::BadBody(*error),
        (Some(_), Verdict::NotNow) => Outcome::Undecided,
        (Some(block), Verdict::Invalid) => {
            chain.submit_requested_block(*block).await.map_or_else(outcome, |_| Outcome::Stored)
        }
    }
}

fn outcome(error: SubmitError) -> Outcome {
    match error {
        SubmitError::Invalid(error) => Outcome::Invalid(error),
        SubmitError::BadBody(error) => Outcome::BadBody(error),
        SubmitError::Condemned { .. } => Outcome::Condemned,
        SubmitError::Undecided(_) | SubmitError::TooLittleWork { .. } => Outcome::Undecided,
        SubmitError::Store(StoreError::NoRoom { .. }) => Outcome::NoRoom,
        // Our own trouble, of which the chain thread tells.
        SubmitError::Store(_) | SubmitError::Stopped => Outcome::Skipped,
    }
}
