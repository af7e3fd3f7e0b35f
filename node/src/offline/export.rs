//! Copies the best chain into a file of blocks.

use std::path::Path;

use shared::spec::ChainSpec;

use super::block_file::BlockWriter;
use super::check::Stored;
use super::{OfflineError, Progress, Report};
use crate::store::Store;

/// Blocks between two reports.
const REPORT_BLOCKS: u64 = 1_000;

/// Writes the best chain of the store in the directory `path` to `file`. What is in it already, from an export before,
/// is not written again, and what is of another branch or damaged is replaced. Returns the height of its last block.
///
/// # Errors
/// When the store or the file cannot be used, or the file holds more blocks than the chain; then it stays as it was.
pub fn export(
    path: &Path,
    spec: &ChainSpec,
    file: &Path,
    report: Report<'_>,
) -> Result<Progress, OfflineError> {
    let store = Store::open_existing(path, spec)?;
    let snapshot = store.reader().snapshot()?;
    let (tip, _) = snapshot.tip()?;
    // All of it: a body may be forged below a header that is right.
    let is_current = |height, block: &[u8]| -> Result<bool, OfflineError> {
        let stored = Stored::best(&store, &snapshot, height)?;
        let is_same = stored.bytes == block;
        if !is_same {
            // The store's may be the one that is damaged, and then the file keeps what it has.
            stored.check(spec, &store)?;
        }
        Ok(is_same)
    };
    let (mut writer, written) = BlockWriter::open(file, spec, tip, is_current)?;
    let mut progress = Progress { height: written, last: Some(tip), n_transactions: 0 };
    while progress.height < tip {
        let height = progress.height + 1;
        writer.write(&Stored::best(&store, &snapshot, height)?.bytes)?;
        progress.height = height;
        if height.is_multiple_of(REPORT_BLOCKS) {
            report(progress);
        }
    }
    writer.finish()?;
    Ok(progress)
}
