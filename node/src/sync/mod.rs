//! How a node follows the chain with the most work that its peers know: which headers to ask for, whose blocks to
//! fetch, whom to believe, when to give up on somebody. Pure: events come in, actions go out; it knows no socket, no
//! disk, no thread and no clock, so that a simulation can run a thousand of them.
//!
//! Headers come first: whoever wants a block to be fetched has shown its work. A chain of headers that has no more work
//! than the best one known is not even kept; it is looked at in passing until it has, and then asked for again. Bodies
//! are fetched from several peers at once and handed on in order. A peer is asked only for blocks of a chain that it
//! called its own, so whoever delivers an invalid one answers for it, and nobody for what others told.

use std::sync::Arc;

use shared::block::Header;
use shared::consensus::RuleError;
use shared::hash::BlockHash;
use shared::transaction::Transaction;

use crate::wire::{BlockAnnouncement, Hello, Request, Response};

mod ahead;
mod announce;
mod download;
mod headers;
mod known;
mod late;
mod machine;
mod pace;
mod peer;
mod search;
mod submit;
#[cfg(test)]
mod tests;

pub use machine::{Limits, Sync, Usage};

/// A connection. A peer that comes again has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey(pub u64);

/// A question that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey(pub u64);

/// Blocks that the chain is asked to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubmitKey(pub u64);

/// A message that was gossiped to us and waits for a verdict before it travels on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey(pub u64);

/// The time of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds of a clock that never goes back; for deadlines.
    pub ms: u64,
    /// The computer's clock, Unix seconds; for HDR-6 alone.
    pub unix_s: u64,
}

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// A peer said hello. Nothing else comes from it before.
    Connected {
        /// The peer.
        peer: PeerKey,
        /// What it said.
        hello: Hello,
    },
    /// A peer has gone. Its questions have no answer any more.
    Disconnected {
        /// The peer.
        peer: PeerKey,
    },
    /// A peer answered.
    Answered {
        /// The peer.
        peer: PeerKey,
        /// The question.
        request: RequestKey,
        /// The answer; its counts were not checked yet.
        response: Response,
    },
    /// The first bytes of an answer are here; a peer that sends none is not slow.
    Began {
        /// The peer.
        peer: PeerKey,
        /// The question.
        request: RequestKey,
    },
    /// There will be no answer: it timed out, was cut off or made no sense.
    Failed {
        /// The peer.
        peer: PeerKey,
        /// The question.
        request: RequestKey,
    },
    /// A peer passed on news of a block.
    Announced {
        /// Who passed it on to us.
        peer: PeerKey,
        /// What to name in the verdict.
        message: MessageKey,
        /// The news.
        announcement: Box<BlockAnnouncement>,
        /// Of its transactions those that we have, by position.
        found: Vec<Option<Arc<Transaction>>>,
    },
    /// The chain judged what it was given.
    Submitted {
        /// What it was given.
        submit: SubmitKey,
        /// For each block, in order.
        outcomes: Vec<Outcome>,
    },
    /// Blocks that came to the chain by another way, mined here or from the API; parents first.
    Stored {
        /// Their headers.
        headers: Vec<Header>,
    },
    /// Time went by. At least every 500 ms.
    Tick,
}

/// What the chain said to a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored, and durable.
    Stored,
    /// These bytes are not that header's body.
    BadBody(RuleError),
    /// It is wrong for ever.
    Invalid(RuleError),
    /// It, or one it builds on, was found to be wrong before.
    Condemned,
    /// It cannot be judged now.
    Undecided,
    /// It obeys rules that this program is too old to know, which says nothing against it.
    UpgradeNeeded,
    /// Our disk has no room for it.
    NoRoom,
    /// It was not looked at, because of one before it or because of our own trouble.
    Skipped,
}

/// Something has to be done.
#[derive(Debug)]
pub enum Action {
    /// Ask a peer.
    Request {
        /// Whom.
        peer: PeerKey,
        /// How the answer is named.
        request: RequestKey,
        /// What.
        body: Request,
        /// After how many milliseconds an answer that is not complete is not worth waiting for: nobody looks at it any more.
        limit_ms: u64,
    },
    /// Give blocks to the chain, each one's parent before it or stored; [`Event::Submitted`] tells what it said.
    Submit {
        /// How they are named.
        submit: SubmitKey,
        /// The blocks.
        blocks: Vec<Delivered>,
    },
    /// Say whether a message may travel on.
    Verdict {
        /// The message.
        message: MessageKey,
        /// Whether.
        verdict: Verdict,
    },
    /// A peer misbehaved.
    Blame {
        /// Who; it may have gone since.
        peer: PeerKey,
        /// How.
        fault: Fault,
    },
    /// A peer is of no use; nobody is to blame.
    Disconnect {
        /// Who.
        peer: PeerKey,
        /// Why, for the log.
        reason: &'static str,
    },
}

/// A block whose header is known to be worth it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The hash of its header.
    pub hash: BlockHash,
    /// Its height, by its header's place in the tree.
    pub height: u64,
    /// Its encoding, unchecked beyond the header.
    pub bytes: Vec<u8>,
}

/// What to do with a gossiped message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It travels on.
    Accept,
    /// It does not, and nobody is to blame.
    Ignore,
    /// It does not, and who sent it is to blame.
    Reject,
}

/// What a peer did wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A header that breaks a rule.
    #[error("a header breaks {}: {}", .0.id(), .0)]
    Header(RuleError),
    /// A block that breaks a rule.
    #[error("a block breaks {}: {}", .0.id(), .0)]
    Block(RuleError),
    /// A body that does not belong to its header.
    #[error("a block's body breaks {}: {}", .0.id(), .0)]
    Body(RuleError),
    /// A block, or a header that builds on one, that was found to be wrong before.
    #[error("a block that is known to be invalid")]
    Condemned,
    /// An announcement whose list of transactions its header does not commit to.
    #[error("an announcement that does not fit its header")]
    Announcement,
    /// A transaction that breaks a rule whatever the chain's state.
    #[error("an invalid transaction: {0}")]
    Transaction(shared::consensus::TxError),
    /// An answer to something else, too long, or in the wrong order.
    #[error("a wrong answer: {0}")]
    WrongAnswer(&'static str),
    /// A question that no honest node asks.
    #[error("a wrong question: {0}")]
    WrongQuestion(&'static str),
    /// Headers on end that never have enough work.
    #[error("headers without enough work")]
    CheapHeaders,
    /// Too many questions, messages or bytes.
    #[error("too much: {0}")]
    Flood(&'static str),
    /// No answer in time, again and again.
    #[error("too slow")]
    Slow,
    /// Gossip that breaks the rules of gossip, such as messages without a valid signature, again and again.
    #[error("gossip that nobody can have meant")]
    Gossip,
    /// Bytes that are no message.
    #[error("a message that cannot be decoded")]
    Malformed,
}

/// How far this node is. Only of what is validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The height of the best chain whose blocks are stored.
    pub height: u64,
    /// The height of the best chain of headers.
    pub headers: u64,
    /// Whether blocks of a better chain are known to be missing, or no peer has told yet, or not more than our clock lets us
    /// take.
    pub is_syncing: bool,
}
