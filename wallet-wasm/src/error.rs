//! Everything that can go wrong, as plain values with a stable code.
//!
//! The page shows its own sentence for each code and its fields. The [`core::fmt::Display`] sentences are for the
//! terminal and for logs. Text that a node sent appears in [`WalletError::Refused`] only, and only as a quotation.

use serde::{Deserialize, Serialize};
use shared::address::AddressError;
use shared::api::PROTOCOL;
use shared::keys::KeyError;
use shared::transaction::{MAX_COMMENT_BYTES, MAX_INTEGER};
use shared::words::WordsError;

/// Why a command failed. As JSON: `"locked"`, or `{"word_count": {"got": 11}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum WalletError {
    /// There are neither 12 nor 24 words.
    #[error("these are {got} words; there must be 12 or 24: look for one that is missing or doubled")]
    WordCount {
        /// How many there are.
        got: usize,
    },
    /// A word is not on the list.
    #[error("word {position}, \"{word}\", is not on the list of words{}", hint(suggestion.as_deref()))]
    UnknownWord {
        /// From 1.
        position: usize,
        /// As it was typed.
        word: String,
        /// The word of the list that looks most like it.
        suggestion: Option<String>,
    },
    /// Every word is on the list, but they do not belong together.
    #[error("these words do not belong together: one of them is wrong, or two have changed places")]
    WordsChecksum,
    /// A private key could not be imported.
    #[error("{problem}")]
    BadKey {
        /// What is wrong with it.
        problem: KeyError,
    },
    /// A keystore could not be read.
    #[error("{problem}")]
    BadKeystore {
        /// What is wrong with it.
        problem: KeystoreProblem,
    },
    /// A passphrase is too short to encrypt a keystore with.
    #[error("the passphrase is too short: use at least {least} characters")]
    PassphraseTooShort {
        /// The least number of characters.
        least: usize,
    },
    /// The keystore did not open. Whether it is the passphrase or the file cannot be told apart.
    #[error(
        "the passphrase is wrong, or the keystore was damaged; try again, or restore the wallet from its words"
    )]
    WrongPassphrase,
    /// The browser or system gives no randomness, so nothing secret can be made.
    #[error(
        "no randomness is available, so no key can be made or used safely; restart the browser or the computer"
    )]
    NoRandomness,

    /// There is no wallet yet.
    #[error("there is no wallet yet: create or import one first")]
    NoWallet,
    /// A wallet exists already; a new one would replace it.
    #[error("there is a wallet already: forget it first, after a backup")]
    WalletExists,
    /// The keys are locked.
    #[error("the wallet is locked: unlock it with its passphrase first")]
    Locked,

    /// The receiver is not an address of this chain.
    #[error("{problem}")]
    BadAddress {
        /// What is wrong with it.
        problem: AddressError,
    },
    /// A payment of nothing.
    #[error("the amount is zero: send at least 1 coin")]
    AmountZero,
    /// Amount, fee or their sum is beyond what the chain can express.
    #[error("amount and fee together may be at most {MAX_INTEGER} coins")]
    AmountTooLarge,
    /// The account cannot pay for it.
    #[error(
        "{need} coins are needed, and {have} can be spent: send less, or wait for coins that are on their way"
    )]
    InsufficientFunds {
        /// Amount and fee.
        need: u64,
        /// The confirmed balance without what pending payments take.
        have: u64,
    },
    /// The comment does not fit.
    #[error("the comment has {got} bytes and may have {MAX_COMMENT_BYTES}: shorten it")]
    CommentTooLong {
        /// Its length in bytes of UTF-8.
        got: usize,
    },
    /// The comment holds a line break or another control character.
    #[error("character {position} of the comment is a control character, such as a line break: remove it")]
    CommentControlCharacter {
        /// From 1, in characters.
        position: usize,
    },
    /// Nothing was prepared, or what was prepared has been sent.
    #[error("there is no prepared payment: it was sent already, or was never made")]
    NothingPrepared,
    /// Since the payment was prepared, the account has changed so that it would not be valid.
    #[error("the account has changed since this payment was prepared: look at it again and confirm it anew")]
    AccountChanged,

    /// There is no session with the node.
    #[error("the node cannot be reached; it is tried again by itself, check that it is running")]
    NotConnected,
    /// The node did not answer in time. For a payment: it may or may not have arrived.
    #[error("the node did not answer within {seconds} seconds; whether it took the request is not known")]
    Timeout {
        /// How long was waited.
        seconds: u32,
    },
    /// The node is on a chain that this wallet does not know.
    #[error("the node is on another chain (it says \"{}\"), so nothing will be signed", quotable(chain))]
    WrongChain {
        /// What the node calls it. Text from outside.
        chain: String,
    },
    /// The node speaks another version of the protocol.
    #[error(
        "the node speaks version {node} of the protocol and this program version {PROTOCOL}, so nothing will be \
         signed: update whichever is older"
    )]
    WrongProtocol {
        /// The node's version.
        node: u32,
    },
    /// The node said no.
    #[error("the node refused: \"{}\"{}", quotable(message), rule_note(rule.as_deref()))]
    Refused {
        /// The rule's id, such as `TX-6`, when it is one of the chain's. Text from outside.
        rule: Option<String>,
        /// The node's sentence. Text from outside: show it as quoted text only.
        message: String,
    },
    /// The node's answer makes no sense, so nothing was done on the strength of it.
    #[error("the node's answer makes no sense; it may be of another version, or broken: try another node")]
    BadReply,
    /// The page sent something that is not a command, or not in order.
    #[error("the wallet did not understand a command: reload the page")]
    BadCommand,
}

/// Why a keystore could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum KeystoreProblem {
    /// Not the JSON of a keystore.
    #[error("this is not a keystore file, or a part of it is missing: choose the file that the wallet saved")]
    NotAKeystore,
    /// A later version of the format.
    #[error(
        "this keystore is of version {version}, and this wallet reads version {known}: use a newer wallet"
    )]
    Version {
        /// What the file says.
        version: u32,
        /// What this wallet reads.
        known: u32,
    },
    /// Another way of encryption.
    #[error(
        "this keystore is encrypted in a way that this wallet does not know: use the wallet that made it"
    )]
    Algorithm,
    /// Key derivation that anybody could try many passphrases against.
    #[error(
        "this keystore's protection is too weak to be trusted: restore the wallet from its words instead"
    )]
    TooWeak,
    /// Key derivation that would exhaust the machine.
    #[error(
        "opening this keystore would take more memory or time than is allowed: it was not made by this wallet"
    )]
    TooCostly,
    /// The passphrase is right and the content is not a wallet.
    #[error("the keystore opened, but what it holds is not a wallet: restore the wallet from its words")]
    Content,
}

impl From<WordsError> for WalletError {
    fn from(error: WordsError) -> Self {
        match error {
            WordsError::WordCount { got } => Self::WordCount { got },
            WordsError::UnknownWord { position, word, suggestion } => {
                Self::UnknownWord { position, word, suggestion: suggestion.map(str::to_owned) }
            }
            WordsError::Checksum => Self::WordsChecksum,
            // Only entropy that this crate draws can have a wrong length.
            WordsError::EntropyLength { .. } => Self::BadCommand,
        }
    }
}

impl From<KeyError> for WalletError {
    fn from(problem: KeyError) -> Self {
        match problem {
            KeyError::Randomness => Self::NoRandomness,
            problem => Self::BadKey { problem },
        }
    }
}

impl From<AddressError> for WalletError {
    fn from(problem: AddressError) -> Self {
        Self::BadAddress { problem }
    }
}

impl From<KeystoreProblem> for WalletError {
    fn from(problem: KeystoreProblem) -> Self {
        Self::BadKeystore { problem }
    }
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(|| ": check its spelling".to_owned(), |word| format!("; did you mean \"{word}\"?"))
}

fn rule_note(rule: Option<&str>) -> String {
    rule.map_or_else(String::new, |rule| format!(" (rule {})", quotable(rule)))
}

/// Makes text from outside safe for a terminal: no control characters, so no escape sequences, and not too long.
fn quotable(text: &str) -> String {
    const MAX_CHARS: usize = 300;
    text.chars().filter(|character| !character.is_control()).take(MAX_CHARS).collect()
}
