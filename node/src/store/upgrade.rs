//! From the schema of an older version of the program to this one's, step by step.
//!
//! Whatever changes, the table of facts keeps its name and shape, so that every version can tell every other.

use super::tables::{META_SCHEMA, SCHEMA};
use super::{Batch, Engine, Store, StoreError};

/// Turns what one version wrote into what the next one reads.
pub(super) type Step = fn(&Batch) -> Engine<()>;

/// The first leads from version 1 to 2, and so on: a new version does not compile without its step.
pub(super) const STEPS: [Step; SCHEMA as usize - 1] = [];

impl Store {
    /// Takes the store to the version that `steps` lead to, in one write: it is there, or everything is as it was.
    pub(super) fn upgrade(&self, steps: &[Step]) -> Result<(), StoreError> {
        let schema = self.meta(META_SCHEMA)?.and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        let found = schema.map(u32::from_le_bytes).filter(|found| *found > 0);
        let found = found.ok_or_else(|| self.corrupt("it names no schema version".to_owned()))?;
        let supported = u32::try_from(steps.len() + 1).unwrap_or(u32::MAX);
        let missing = usize::try_from(found - 1).ok().and_then(|done| steps.get(done..));
        let missing = missing.ok_or_else(|| {
            let path = self.path().to_owned();
            StoreError::NewerSchema { path, found, supported }
        })?;
        if missing.is_empty() {
            return Ok(());
        }
        self.write(|batch| {
            missing.iter().try_for_each(|step| step(batch))?;
            batch.put_meta(META_SCHEMA, &supported.to_le_bytes())
        })?;
        tracing::info!(from = found, to = supported, "the store was upgraded to a new schema");
        Ok(())
    }
}
