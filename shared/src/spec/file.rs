//! Chain files: a chain of one's own as TOML (`docs/protocol.md`, section 8).

use serde::Deserialize;

use super::{ChainSpec, Rules, SpecError};
use crate::pow::CompactTarget;

/// A chain file describes no chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFileError {
    /// It is not TOML, or has other keys than a chain has.
    #[error("line {line}: {reason}")]
    Text {
        /// Counted from 1.
        line: usize,
        /// What the parser said.
        reason: String,
    },
    /// The name belongs to a chain that everybody knows.
    #[error("name {name:?}: that is a built-in chain; give yours another name")]
    BuiltIn {
        /// The name.
        name: String,
    },
    /// Such a chain cannot be.
    #[error(transparent)]
    Spec(#[from] SpecError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainFile {
    name: String,
    address_prefix: String,
    block_time: u32,
    difficulty_window: u32,
    limit_bits: CompactTarget,
    subsidy: u64,
    max_block_bytes: u32,
    #[serde(default)]
    upgrades: Vec<(u64, u8)>,
    genesis: GenesisTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GenesisTable {
    time: u32,
    message: String,
}

impl ChainSpec {
    /// Reads a chain from the text of a chain file.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn from_toml(text: &str) -> Result<Self, ChainFileError> {
        let file: ChainFile = toml::from_str(text).map_err(|error| ChainFileError::Text {
            line: line_of(text, &error),
            reason: error.message().to_owned(),
        })?;
        if Self::named(&file.name).is_some() {
            return Err(ChainFileError::BuiltIn { name: file.name });
        }
        let rules = Rules {
            address_prefix: file.address_prefix,
            block_time: file.block_time,
            difficulty_window: file.difficulty_window,
            limit_bits: file.limit_bits,
            subsidy: file.subsidy,
            max_block_bytes: file.max_block_bytes,
            upgrades: file.upgrades,
        };
        Ok(Self::new(&file.name, rules, file.genesis.time, &file.genesis.message)?)
    }
}

/// Returns the line, from 1, that an error of TOML is about.
fn line_of(text: &str, error: &toml::de::Error) -> usize {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    before.matches('\n').count().saturating_add(1)
}
