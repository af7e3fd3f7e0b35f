//! What the page and its worker say to each other: plain values, sent as JSON text.
//!
//! The page sends a [`ToWorker`]; the worker answers each with one [`FromWorker::Reply`] of the same `id`, and sends
//! [`FromWorker::Event`] whenever something changes. No key ever travels; words and passphrases go to the worker only,
//! except that new words are shown once in [`Reply::Words`].

use serde::{Deserialize, Serialize};
use shared::api::views::{
    AccountView, BansView, ForksView, HeadView, HistoryView, InfoView, NodeView, PeersView,
    TransactionStatusView,
};
use shared::hash::TxId;

use crate::error::WalletError;

/// A command with the number that its reply will carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToWorker {
    /// Chosen by the page, never used twice.
    pub id: u32,
    /// What to do.
    pub command: Command,
}

/// What the page asks of its worker.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Starts the session with the node and takes in the stored keystore. The first command, once.
    Open {
        /// Such as `ws://127.0.0.1:1111/ws`.
        node_url: String,
        /// The stored keystore, if there is one. Reply: [`Reply::Done`].
        keystore: Option<String>,
    },
    /// Makes new words; nothing is kept. Reply: [`Reply::Words`].
    NewWords {
        /// 12 or 24.
        count: u8,
    },
    /// Checks words without making keys. Reply: [`Reply::Done`], or an error that says which word is wrong.
    CheckWords {
        /// Separated by white space.
        words: String,
    },
    /// Makes the keys of these words, encrypts them, and unlocks. Sends [`Event::Progress`].
    /// Reply: [`Reply::Keystore`], which the page must store.
    Create {
        /// Separated by white space.
        words: String,
        /// BIP-39's optional passphrase, usually empty.
        bip39_passphrase: String,
        /// What encrypts the keystore.
        passphrase: String,
    },
    /// Takes over a keystore file after its passphrase opened it. Reply: [`Reply::Keystore`].
    ImportKeystore {
        /// The file's text.
        keystore: String,
        /// Its passphrase.
        passphrase: String,
    },
    /// Takes over one private key (PEM, or the tutorial's base64). Reply: [`Reply::Keystore`].
    ImportKey {
        /// The key's text.
        key: String,
        /// What encrypts the keystore.
        passphrase: String,
    },
    /// Compares words by their position with those of the open keystore, so that a person can show to have written
    /// them down, and the page need not keep them. Reply: [`Reply::Drill`].
    Drill {
        /// What the person wrote down.
        answers: Vec<DrillAnswer>,
    },
    /// Opens the keystore. Reply: [`Reply::Done`].
    Unlock {
        /// What encrypts the keystore.
        passphrase: String,
    },
    /// Forgets all keys until the next [`Command::Unlock`]; balances stay visible. Reply: [`Reply::Done`].
    Lock,
    /// Forgets keys and keystore, for a page that starts anew. Reply: [`Reply::Done`].
    Forget,
    /// Builds a payment without signing it, with the next nonce. Reply: [`Reply::Prepared`].
    Prepare {
        /// As typed: bech32m or tutorial address.
        receiver: String,
        /// Whole coins.
        amount: u64,
        /// Whole coins.
        fee: u64,
        /// At most 256 bytes without control characters.
        comment: String,
    },
    /// Signs and submits exactly what was last prepared. Reply: [`Reply::Sent`] once the node has accepted it.
    Send,
    /// Asks for older history of the current account. Reply: [`Reply::History`].
    History {
        /// Only entries with an index below this.
        before: Option<u64>,
    },
    /// Asks for one transaction. Reply: [`Reply::Transaction`].
    Transaction {
        /// Its id.
        tx_id: TxId,
    },
    /// Asks for the branches beside the best chain. Reply: [`Reply::Forks`].
    Forks,
    /// Steers the node. Reply: [`Reply::Node`].
    Steer(Steering),
    /// Looks at the node's connections to others, or changes them. Reply: [`Reply::Peers`] or [`Reply::Bans`].
    Peers(PeerOrder),
}

/// What the page asks of the node that served it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Steering {
    /// Shows the control token, without which the node refuses the others. Once in each connection.
    Authorize {
        /// From the link that the node shows at its start.
        token: String,
    },
    /// Only looks.
    Look,
    /// Changes how many threads mine.
    SetMining {
        /// 0 for none.
        threads: u64,
    },
    /// Changes who earns the rewards.
    SetPayout {
        /// bech32m or tutorial address.
        address: String,
    },
}

/// What the page asks about the node's connections to others, after [`Steering::Authorize`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerOrder {
    /// Who is there. Reply: [`Reply::Peers`].
    Look,
    /// Connects to a node. Reply: [`Reply::Peers`].
    Add {
        /// As on the node's command line.
        address: String,
    },
    /// Connects to it no more. Reply: [`Reply::Peers`].
    Remove {
        /// As it was added.
        address: String,
    },
    /// Bans an address. Reply: [`Reply::Bans`].
    Ban {
        /// An IP address.
        address: String,
        /// For how long.
        seconds: u64,
        /// Why, for the list; the node has a sentence of its own for none.
        reason: Option<String>,
    },
    /// Ends a ban. Reply: [`Reply::Bans`].
    Unban {
        /// As the list has it.
        address: String,
    },
}

/// One word as a person wrote it down.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillAnswer {
    /// From 1, as [`Reply::Words`] counts.
    pub position: u8,
    /// The word; case and surrounding white space do not matter.
    pub word: String,
}

/// What the worker answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It is done; there is nothing to tell.
    Done,
    /// New words, to be shown once.
    Words {
        /// 12 or 24 of them.
        words: Vec<String>,
    },
    /// Which answers of a drill were wrong.
    Drill {
        /// Their positions; empty when all were right.
        wrong: Vec<u8>,
    },
    /// The encrypted keystore, safe to store and to download.
    Keystore {
        /// JSON text.
        keystore: String,
    },
    /// A payment, ready to be confirmed by a person.
    Prepared(PaymentView),
    /// The node has accepted the payment.
    Sent {
        /// Its id.
        tx_id: TxId,
    },
    /// A page of history.
    History(HistoryView),
    /// A transaction and where it is.
    Transaction(TransactionStatusView),
    /// How the node is set now.
    Node(NodeView),
    /// The branches beside the best chain.
    Forks(ForksView),
    /// The node's connections to others.
    Peers(PeersView),
    /// Whom the node bans.
    Bans(BansView),
}

/// Exactly what will be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentView {
    /// The chain's name.
    pub chain: String,
    /// bech32m.
    pub sender: String,
    /// bech32m, whatever was typed.
    pub receiver: String,
    /// Whole coins.
    pub amount: u64,
    /// Whole coins.
    pub fee: u64,
    /// Amount and fee.
    pub total: u64,
    /// The sender's nonce.
    pub nonce: u64,
    /// The last height whose block may hold it; 0 never expires.
    pub expires_at: u64,
    /// For the receiver, public for ever.
    pub comment: String,
    /// The confirmed balance before.
    pub balance: u64,
    /// What will be left once this and everything that this account has pending is mined. Coins that are on their
    /// way to it do not count.
    pub balance_after: u64,
    /// A payment with the same nonce that this wallet has signed before and that the node does not have: only one of
    /// the two can ever be mined. A page must show this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<TxId>,
}

/// What the worker tells unasked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// How the session with the node is.
    Connection(Connection),
    /// What wallet there is.
    Wallet(WalletView),
    /// The node's chain.
    Info(Box<InfoView>),
    /// The chain's new tip.
    Head(HeadView),
    /// The parent of the last block that was told of, below the first tip of a connection.
    EarlierBlock(HeadView),
    /// The current account, at once and after each change. What the node says; nothing of it is checked yet.
    Account(AccountView),
    /// The newest page of the current account's history, at once and after each change.
    History(HistoryView),
    /// A long task goes on.
    Progress {
        /// Which.
        task: Task,
        /// 0 to 100.
        percent: u8,
    },
}

/// How the session with the node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// Dialling.
    Connecting,
    /// Talking.
    Connected,
    /// Gone; dialling again after a pause.
    Waiting {
        /// The pause's length.
        retry_ms: u32,
    },
    /// The node is on a chain that this page does not know: nothing will be signed.
    WrongChain {
        /// What the node calls it.
        chain: String,
    },
    /// The node speaks another version of the protocol than this page: nothing will be signed.
    WrongProtocol {
        /// The node's version.
        node: u32,
    },
}

/// What wallet the worker holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalletView {
    /// No keystore.
    Absent,
    /// A keystore, closed.
    Locked {
        /// Its accounts.
        accounts: Vec<WalletAccountView>,
    },
    /// A keystore, open.
    Unlocked {
        /// Its accounts.
        accounts: Vec<WalletAccountView>,
    },
}

/// One account of the wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletAccountView {
    /// bech32m for the node's chain, or for main before the node is known.
    pub address: String,
    /// The form that the tutorial prints.
    pub tutorial_address: String,
}

/// A task that takes long enough to show its progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Searching for primes.
    MakingKey,
    /// Deriving the keystore's key from the passphrase.
    Encrypting,
}

/// What the worker sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromWorker {
    /// The answer to one command.
    Reply {
        /// The command's number.
        id: u32,
        /// What came of it.
        result: Result<Reply, WalletError>,
    },
    /// Something changed.
    Event(Event),
}

// Commands and replies hold secrets, so only their kind may ever reach a log.
impl core::fmt::Debug for Command {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Open { .. } => "Open",
            Self::NewWords { .. } => "NewWords",
            Self::CheckWords { .. } => "CheckWords",
            Self::Create { .. } => "Create",
            Self::ImportKeystore { .. } => "ImportKeystore",
            Self::ImportKey { .. } => "ImportKey",
            Self::Drill { .. } => "Drill",
            Self::Unlock { .. } => "Unlock",
            Self::Lock => "Lock",
            Self::Forget => "Forget",
            Self::Prepare { .. } => "Prepare",
            Self::Send => "Send",
            Self::History { .. } => "History",
            Self::Transaction { .. } => "Transaction",
            Self::Forks => "Forks",
            Self::Steer(_) => "Steer",
            Self::Peers(_) => "Peers",
        })
    }
}

impl core::fmt::Debug for Steering {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Authorize { .. } => "Authorize(hidden)",
            Self::Look => "Look",
            Self::SetMining { .. } => "SetMining",
            Self::SetPayout { .. } => "SetPayout",
        })
    }
}

impl core::fmt::Debug for DrillAnswer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "DrillAnswer({}, hidden)", self.position)
    }
}

impl core::fmt::Debug for Reply {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Done => f.write_str("Done"),
            Self::Words { words } => write!(f, "Words({} hidden)", words.len()),
            Self::Drill { wrong } => f.debug_tuple("Drill").field(wrong).finish(),
            Self::Keystore { .. } => f.write_str("Keystore"),
            Self::Prepared(payment) => f.debug_tuple("Prepared").field(payment).finish(),
            Self::Sent { tx_id } => f.debug_tuple("Sent").field(tx_id).finish(),
            Self::History(history) => f.debug_tuple("History").field(history).finish(),
            Self::Transaction(transaction) => f.debug_tuple("Transaction").field(transaction).finish(),
            Self::Node(node) => f.debug_tuple("Node").field(node).finish(),
            Self::Forks(forks) => f.debug_tuple("Forks").field(forks).finish(),
            Self::Peers(peers) => f.debug_tuple("Peers").field(peers).finish(),
            Self::Bans(bans) => f.debug_tuple("Bans").field(bans).finish(),
        }
    }
}
