//! Takes the blocks of a file into a store, by every rule.

use std::path::Path;
use std::sync::Arc;

use shared::block::{Block, HEADER_BYTES};
use shared::codec;
use shared::consensus::{BodyContext, CheckedBlock, check_body};
use shared::hash::{BlockHash, sha256d};
use shared::spec::ChainSpec;

use super::block_file::BlockReader;
use super::pipeline::{self, GROUP_BLOCKS, GROUP_BYTES};
use super::{FileError, OfflineError, Progress, Report};
use crate::chain::{self, ChainHandle, Options, RefusedBlock, SubmitError};
use crate::clock::Clock;
use crate::store::Store;
use crate::verifier::AwsLcVerifier;

/// Imports the blocks of `file` into the store in the directory `path`, which is made when it is not there. Blocks that
/// it has already are skipped, so an import that was interrupted goes on where it was. Returns the height of the last
/// block in the file, and how many transactions were new.
///
/// # Errors
/// The first block that is refused, or that store or file cannot be used. What came before is imported.
pub fn import(
    path: &Path,
    spec: &Arc<ChainSpec>,
    file: &Path,
    clock: Arc<dyn Clock>,
    report: Report<'_>,
) -> Result<Progress, OfflineError> {
    let mut reader = BlockReader::open(file, spec)?;
    let store = Store::open(path, spec)?;
    let (chain, thread) = chain::start(Arc::clone(spec), store, clock, Options::default())?;
    let imported = run(&mut reader, spec, file, &chain, report);
    drop(chain);
    thread.join()?;
    imported
}

fn run(
    reader: &mut BlockReader,
    spec: &ChainSpec,
    file: &Path,
    chain: &ChainHandle,
    report: Report<'_>,
) -> Result<Progress, OfflineError> {
    let mut progress = Progress { height: 0, last: None, n_transactions: 0 };
    // An error of the file counts once all blocks before it are imported.
    let mut file_error = None;
    pipeline::run(
        || {
            // A snapshot for each group: a long one would keep all the space that is freed meanwhile.
            let known = chain.snapshot()?;
            let (mut group, mut bytes) = (Vec::new(), 0);
            while file_error.is_none() && group.len() < GROUP_BLOCKS && bytes < GROUP_BYTES {
                match reader.next() {
                    Ok(Some(block)) => {
                        let hash = BlockHash(sha256d(block.get(..HEADER_BYTES).unwrap_or_default()));
                        if !known.contains(&hash)? {
                            bytes += block.len();
                            group.push((reader.count(), block));
                        }
                    }
                    Ok(None) => break,
                    Err(error) => file_error = Some(error),
                }
            }
            Ok(group)
        },
        |(height, bytes)| (height, prepare(spec, file, height, &bytes)),
        |group| {
            let (mut heights, mut blocks, mut failure) = (Vec::new(), Vec::new(), None);
            for (height, prepared) in group {
                match prepared {
                    Ok(block) => {
                        heights.push(height);
                        blocks.push(block);
                    }
                    Err(error) => {
                        failure = Some(error);
                        break;
                    }
                }
            }
            let n_transactions: usize = blocks.iter().map(|block| block.transactions().len()).sum();
            if let Err(RefusedBlock { index, error }) = chain.blocking_submit_blocks(blocks) {
                return Err(refused(file, heights.get(index).copied().unwrap_or(0), error));
            }
            progress.n_transactions += u64::try_from(n_transactions).unwrap_or(u64::MAX);
            if let Some(last) = heights.last() {
                progress.height = *last;
                report(progress);
            }
            failure.map_or(Ok(()), Err)
        },
    )?;
    // All that is left of the file was known.
    progress.height = reader.count();
    file_error.map_or(Ok(progress), |error: FileError| Err(error.into()))
}

/// Does what needs no other block.
fn prepare(spec: &ChainSpec, file: &Path, height: u64, bytes: &[u8]) -> Result<CheckedBlock, OfflineError> {
    let malformed = |error| FileError::Malformed { path: file.to_owned(), height, error };
    let block: Block = codec::decode(bytes).map_err(malformed)?;
    let body = BodyContext { spec, height, verifier: &AwsLcVerifier, is_verified: &|_| false };
    check_body(&body, block).map_err(|error| refused(file, height, error.into()))
}

fn refused(file: &Path, height: u64, error: SubmitError) -> OfflineError {
    match error {
        // The file is not to blame.
        SubmitError::Store(error) => OfflineError::Store(error),
        error => OfflineError::Refused { path: file.to_owned(), height, error: Box::new(error) },
    }
}
