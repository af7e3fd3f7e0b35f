//! Copies the best chain into a file of blocks.

use std::path::Path;

use shared::spec::ChainSpec;

use super::block_file::BlockWriter;
use super::{OfflineError, Progress, Report};
use crate::store::Store;

/// Blocks between two reports.
const REPORT_BLOCKS: u64 = 1_000;

/// Writes the best chain of the store in the directory `path` to `file`. What is in it already, from an export before,
/// is not written again. Returns the height of its last block.
///
/// # Errors
/// When the store or the file cannot be used.
pub fn export(
    path: &Path,
    spec: &ChainSpec,
    file: &Path,
    report: Report<'_>,
) -> Result<Progress, OfflineError> {
    let store = Store::open_existing(path, spec)?;
    let snapshot = store.reader().snapshot()?;
    let (tip, _) = snapshot.tip()?;
    let mut failure = None;
    // All of it: a body may be forged below a header that is right.
    let is_current = |height, block: &[u8]| {
        // A failing store ends the comparison here and the export below.
        let stored = snapshot.best_block(height).unwrap_or_else(|error| {
            failure = Some(error);
            None
        });
        Ok(stored.is_some_and(|(_, bytes)| bytes == block))
    };
    let (mut writer, written) = BlockWriter::open(file, spec, is_current)?;
    if let Some(error) = failure {
        return Err(error.into());
    }
    let mut progress = Progress { height: written, last: Some(tip), n_transactions: 0 };
    while progress.height < tip {
        let height = progress.height + 1;
        let block = snapshot.best_block(height)?;
        let (_, bytes) = block.ok_or_else(|| store.corrupt(format!("block {height} is missing")))?;
        writer.write(&bytes)?;
        progress.height = height;
        if height.is_multiple_of(REPORT_BLOCKS) {
            report(progress);
        }
    }
    writer.finish()?;
    Ok(progress)
}
