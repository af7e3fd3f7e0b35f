//! Why a command came to nothing.

use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use shared::address::AddressError;
use shared::hash::TxId;
use wallet_wasm::WalletError;
use wallet_wasm::error::KeystoreProblem;

use crate::node::{AskError, NodeError};

/// The exit codes, as the help explains them.
const FAILED: u8 = 1;
const NO_NODE: u8 = 3;
const NO_WALLET: u8 = 4;
const NOT_KNOWN: u8 = 5;

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// There is nobody to answer questions: the input has ended.
    #[error("the input has ended before everything was answered; nothing was done")]
    Ended,
    /// Whoever was asked said no.
    #[error("nothing was done, because the answer was no")]
    Declined,
    /// The terminal or the pipe is gone.
    #[error("the terminal cannot be used: {0}")]
    Console(#[from] io::Error),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// A payment was submitted, and the node has not answered.
    #[error(
        "it is not known whether the node has payment {tx_id}: {source}; look at the balance and the history before \
         you pay again"
    )]
    Unknown { tx_id: TxId, source: AskError },
    /// The node has a payment, but cannot tell what becomes of it.
    #[error("payment {tx_id} is sent, but its block was not seen: {source}; look for it in the history")]
    LostSight { tx_id: TxId, source: AskError },
    #[error("payment {tx_id} has expired without being mined: make it again, with a higher fee")]
    Expired { tx_id: TxId },
    #[error("cannot read the file: {source}; check its name and whether you may read it")]
    File { source: io::Error },
    #[error("cannot read the passphrase from {}: {source}; check the file's name and whether you may read it", .path.display())]
    PassphraseFile { path: PathBuf, source: io::Error },
    #[error(
        "there is no wallet at {}; make one with: client new, or say where yours is with --keystore FILE", .path.display()
    )]
    NoKeystore { path: PathBuf },
    #[error("there is a file at {} already, which is not overwritten; choose another with --keystore FILE", .path.display())]
    KeystoreExists { path: PathBuf },
    #[error("cannot use {} as the wallet's file: {source}; choose another with --keystore FILE", .path.display())]
    Keystore { path: PathBuf, source: io::Error },
    #[error(
        "cannot find your home directory to look for the wallet in; say where it is with --keystore FILE"
    )]
    NoHome,
    #[error(
        "a signature can only be checked with the signer's public key, and a short address does not hold it; ask for \
         the address as the tutorial writes it, which the command sign prints"
    )]
    NeedsPublicKey,
    #[error("this is not a signature in base64; copy the whole of it again")]
    NotASignature,
    #[error(
        "the signature is NOT valid: somebody else signed, another text, or for another chain than {chain}; compare \
         each, and name another chain with --chain"
    )]
    WrongSignature { chain: String },
    #[error("the two passphrases differ; nothing was written, try again")]
    PassphrasesDiffer,
}

impl Problem {
    /// Reports it on standard error, in one line, and returns how the program ends.
    pub(crate) fn tell(&self, is_json: bool) -> ExitCode {
        // Nobody reads what this program says any more, so that it can only end.
        if !matches!(self, Self::Console(_)) {
            let error = match self {
                Self::Wallet(WalletError::WrongChain { .. }) => {
                    format!("{self}; name the chain with --chain: main, dev or its chain file")
                }
                _ => self.to_string(),
            };
            let line = ErrorLine { error: error.clone(), detail: self.detail() };
            let mut errors = io::stderr();
            let told = if is_json { writeln!(errors, "{line}") } else { writeln!(errors, "Error: {error}") };
            // The exit code tells it as well.
            drop(told);
        }
        ExitCode::from(self.codes().0)
    }

    /// Returns the exit code that the help promises, and the code that JSON has; a [`WalletError`] has its own.
    fn codes(&self) -> (u8, &'static str) {
        match self {
            Self::Console(_) => (FAILED, "terminal"),
            Self::Ended => (FAILED, "input_ended"),
            Self::Declined => (FAILED, "declined"),
            Self::File { .. } => (FAILED, "file"),
            Self::PassphrasesDiffer => (FAILED, "passphrases_differ"),
            Self::Expired { .. } => (FAILED, "expired"),
            Self::NeedsPublicKey => (FAILED, "needs_public_key"),
            Self::NotASignature => (FAILED, "not_a_signature"),
            Self::WrongSignature { .. } => (FAILED, "wrong_signature"),
            Self::Wallet(
                WalletError::BadReply | WalletError::WrongChain { .. } | WalletError::WrongProtocol { .. },
            ) => (NO_NODE, ""),
            Self::Wallet(WalletError::WrongPassphrase | WalletError::BadKeystore { .. }) => (NO_WALLET, ""),
            Self::Wallet(_) => (FAILED, ""),
            Self::Node(NodeError::Unreachable { .. }) => (NO_NODE, "unreachable"),
            Self::Node(NodeError::NotANode { .. }) => (NO_NODE, "not_a_node"),
            Self::Node(NodeError::Silent) => (NO_NODE, "silent"),
            Self::Node(NodeError::Lost) => (NO_NODE, "lost"),
            Self::PassphraseFile { .. } => (NO_WALLET, "passphrase_file"),
            Self::NoKeystore { .. } => (NO_WALLET, "no_keystore"),
            Self::KeystoreExists { .. } => (NO_WALLET, "keystore_exists"),
            Self::Keystore { .. } => (NO_WALLET, "keystore_file"),
            Self::NoHome => (NO_WALLET, "no_home"),
            Self::Unknown { .. } => (NOT_KNOWN, "unknown"),
            Self::LostSight { .. } => (NOT_KNOWN, "lost_sight"),
        }
    }

    fn detail(&self) -> Detail<'_> {
        match self {
            Self::Wallet(error) => Detail::Wallet(error),
            Self::Unknown { tx_id, .. } | Self::LostSight { tx_id, .. } | Self::Expired { tx_id } => {
                Detail::Own { code: self.codes().1, tx_id: Some(*tx_id) }
            }
            _ => Detail::Own { code: self.codes().1, tx_id: None },
        }
    }
}

/// Returns the code of an error and the facts that belong to it, which it has as `code` or as `{code: facts}`.
fn flat<S: Serializer>(error: &WalletError, serializer: S) -> Result<S::Ok, S::Error> {
    let (code, facts) = match serde_json::to_value(error).map_err(S::Error::custom)? {
        Value::Object(error) => error.into_iter().next().unwrap_or_default(),
        code => (code.as_str().unwrap_or_default().to_owned(), Value::Null),
    };
    let mut flat = Map::from_iter([("code".to_owned(), code.into())]);
    if let Value::Object(facts) = facts {
        flat.extend(facts);
    }
    flat.serialize(serializer)
}

/// An error as JSON: its sentence, its stable code, and the facts that belong to it.
#[derive(Serialize)]
pub(crate) struct ErrorLine<'a> {
    error: String,
    #[serde(flatten)]
    detail: Detail<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    /// Has a code of its own.
    Wallet(#[serde(serialize_with = "flat")] &'a WalletError),
    Own {
        code: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        tx_id: Option<TxId>,
    },
}

impl ErrorLine<'_> {
    /// Makes an error without facts.
    pub(crate) fn plain(error: &str, code: &'static str) -> Self {
        Self { error: error.to_owned(), detail: Detail::Own { code, tx_id: None } }
    }
}

impl fmt::Display for ErrorLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).or(Err(fmt::Error))?)
    }
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Node(error) => Self::Node(error),
            AskError::Wallet(error) => Self::Wallet(error),
        }
    }
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
