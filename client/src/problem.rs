//! Why a command came to nothing.

use std::io;

use shared::address::AddressError;
use wallet_wasm::WalletError;
use wallet_wasm::error::KeystoreProblem;

use crate::node::AskError;

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// There is nobody to answer questions: the input has ended.
    #[error("the input has ended")]
    Ended,
    /// The terminal or the pipe is gone.
    #[error("the terminal cannot be used: {0}")]
    Console(#[from] io::Error),
    #[error(transparent)]
    Node(#[from] AskError),
    #[error(transparent)]
    Wallet(#[from] WalletError),
    #[error("cannot read the file: {source}; check its name and whether you may read it")]
    File { source: io::Error },
}

impl From<AddressError> for Problem {
    fn from(error: AddressError) -> Self {
        Self::Wallet(error.into())
    }
}

impl From<KeystoreProblem> for Problem {
    fn from(problem: KeystoreProblem) -> Self {
        Self::Wallet(problem.into())
    }
}
