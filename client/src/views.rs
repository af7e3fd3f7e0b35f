//! What is shown of a wallet, for people and for programs.

use std::fmt;

use serde::Serialize;
use shared::keys::PublicKey;
use shared::spec::ChainSpec;

const COLUMNS: usize = 4;

/// Who can be paid, in both forms.
#[derive(Debug, Serialize)]
pub(crate) struct AddressView {
    chain: String,
    address: String,
    tutorial_address: String,
}

impl AddressView {
    pub(crate) fn new(key: &PublicKey, chain: &ChainSpec) -> Self {
        Self {
            chain: chain.name().to_owned(),
            address: key.address().to_text(&chain.rules().address_prefix),
            tutorial_address: key.tutorial_address(),
        }
    }
}

impl fmt::Display for AddressView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chain, address, tutorial_address } = self;
        writeln!(f, "Address on the chain {chain}: {address}")?;
        write!(f, "The same as the tutorial writes it: {tutorial_address}")
    }
}

/// New words and the address that they give. It has no `Debug`, because it is a secret.
#[derive(Serialize)]
pub(crate) struct WordsView<'a> {
    /// Separated by one space.
    pub(crate) words: &'a str,
    #[serde(flatten)]
    pub(crate) address: AddressView,
}

impl fmt::Display for WordsView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.words.split(' ').collect();
        let count = words.len();
        writeln!(
            f,
            "\nThese {count} words are your wallet. Write them down, in order: they are shown only now, and"
        )?;
        writeln!(f, "whoever has them has your coins.\n")?;
        for (row, words) in words.chunks(COLUMNS).enumerate() {
            for (column, word) in words.iter().enumerate() {
                write!(f, "{:>3}. {word:<10}", row * COLUMNS + column + 1)?;
            }
            writeln!(f)?;
        }
        write!(f, "\n{}", self.address)
    }
}
