//! How much other nodes may cost, each with its reason.

use std::time::Duration;

use crate::rate::Rate;

/// Connections that came to us. `peers` allows 112 nodes and makes room by sending somebody away: 16 are the places in
/// between, and each may have two.
pub(super) const INBOUND: u32 = 2 * (112 + 16);
/// Two nodes that dial each other at the same moment have two for a while, and either may go; and who comes again may have
/// one that is dead.
pub(super) const CONNECTIONS_PER_PEER: u32 = 2;
/// Connections that are being made.
pub(super) const PENDING_INBOUND: u32 = 32;
pub(super) const PENDING_OUTBOUND: u32 = 32;
/// Of those that came, with one address: as many as may stay, and one that hangs for each of them. Eight addresses would
/// have to be renewed all the time to keep everybody else out.
pub(super) const PENDING_OF_ADDRESS: usize = 4;
/// Of all memory: beyond it new connections are refused.
pub(super) const MEMORY_SHARE: f64 = 0.9;
/// Encryption, and after it the hellos.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(5);
/// To read why it has to go, and go.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);
/// For the last words on a connection that we end.
pub(super) const GOODBYE: Duration = Duration::from_secs(2);
/// A question, all of it, and its answer if nothing else is said.
pub(super) const REQUEST: Duration = Duration::from_secs(10);
/// The longest that an answer may take, which is a block alone on a slow line; and a little more, because each side has a
/// clock of its own.
pub(super) const ANSWER: Duration = Duration::from_secs(45);
/// A connection that nothing is spoken on: none, because pings tell whether somebody is there.
pub(super) const IDLE: Duration = Duration::MAX;
/// Tells latency, and that the other one is still there.
pub(super) const PING: Duration = Duration::from_secs(15);
/// How often others are asked for nodes that we do not know.
pub(super) const LOOK_AROUND: Duration = Duration::from_mins(5);
/// Streams of one connection: a few of each protocol, and the requests.
pub(super) const STREAMS: usize = 64;
/// Bytes that one connection may have sent us before we read them: a quarter of a mebibyte for each stream, and as much
/// again for those that bring much from afar. With 16 MiB under way, a line of 100 ms brings a gigabit a second.
pub(super) const UNREAD_BYTES: usize = 32 << 20;
/// Bytes of a frame below which what it costs to keep one matters: some 60 bytes.
pub(super) const SMALL_FRAME: usize = 256;
/// Small frames of one connection. Opening a stream, asking and ending it takes a handful, and nobody asks a thousand
/// times a second: copying 100,000 blocks took 1,100 of them. In the 45 seconds that an answer may take, 220,000 can come
/// behind its question: 14 MB.
pub(super) const FRAME_RATE: Rate = Rate { per_second: 4_000, burst: 40_000 };
/// What is read too early waits so long.
pub(super) const FRAME_PAUSE: Duration = Duration::from_millis(10);
/// Streams of one connection whose protocol is still being agreed on.
pub(super) const NEGOTIATIONS: usize = 32;
/// Requests of one connection at once, both ways together: sync has two under way, and the rest is rare.
pub(super) const REQUESTS_AT_ONCE: usize = 16;

/// A gossiped message: transactions that were gathered, or the ids of a block's.
pub(super) const GOSSIP_BYTES: usize = 512 << 10;
/// Seconds that a message is kept for a verdict and for those who ask for it again.
pub(super) const GOSSIP_HEARTBEATS: usize = 20;
/// How long a message is known to have been here.
pub(super) const GOSSIP_MEMORY: Duration = Duration::from_mins(2);
/// How long the score of one that left is kept. Its reason is a link that breaks: whoever wants to get rid of a bad score
/// comes with a new id, and hundreds of bytes for each of those would fill memory.
pub(super) const GOSSIP_SCORE_MEMORY: Duration = Duration::from_secs(30);
/// Messages that may wait for one peer; what comes then it does not get.
pub(super) const GOSSIP_QUEUE: usize = 256;
/// The score of gossip below which nothing of a peer is listened to: three messages that are wrong in themselves, such as
/// one with another's signature.
pub(super) const UNHEARD: f64 = -80.0;
/// Blocks that wait for a verdict; when there are more, the oldest gets none.
pub(super) const VERDICTS: usize = 1_024;
/// When no peer was asked for so long what waits there, one is: an answer has 32 bytes for each transaction, 1.6 MB in
/// the worst case.
pub(super) const ASK_AGAIN: Duration = Duration::from_mins(1);
/// One that told us something whose predecessors we lack is asked no more often than this.
pub(super) const ASK_FOR_GAP: Duration = Duration::from_secs(5);
/// When nothing of what was fetched was taken, that doubles each time, up to this.
pub(super) const ASK_FOR_GAP_MOST: Duration = Duration::from_mins(10);
/// Transactions are gathered for so long, or up to so many bytes, before they are announced.
pub(super) const GATHER: Duration = Duration::from_millis(100);
pub(super) const GATHER_BYTES: usize = 256 << 10;
/// A transaction of the largest key with the longest comment has 1.4 KiB.
pub(super) const TRANSACTION_BYTES: usize = 2 << 10;

/// What one peer may ask. Who copies a chain of small blocks asks for 128 at a time and for headers in between: 270
/// questions a second were measured on one computer. What large blocks cost is in the bytes.
pub(super) const REQUEST_RATE: Rate = Rate { per_second: 1_000, burst: 4_000 };
/// Bytes of answers to one peer, or what was read from the disk for them: a gigabit network is no faster.
pub(super) const BYTE_RATE: Rate = Rate { per_second: 128 << 20, burst: 256 << 20 };
/// Transactions of one peer whose signatures are checked: less than a tenth of what one processor can do, after a
/// mempool's worth at once.
pub(super) const TRANSACTION_RATE: Rate = Rate { per_second: 5_000, burst: 50_000 };
/// Of these we leave so many to what a peer pushes when we ask it for more: it is not to blame for what we ask.
pub(super) const UNASKED_TRANSACTIONS: usize = 25_000;
/// Gossiped messages of one peer, its own and those that it passes on.
pub(super) const MESSAGE_RATE: Rate = Rate { per_second: 500, burst: 2_000 };
/// What is left of them is remembered for so long after a peer left, for whoever comes from its address next: the longest
/// that one of them takes to be full again.
pub(super) const BUDGET_MEMORY: Duration = Duration::from_secs(10);
/// Addresses of which it is remembered: 1 MB, and more than can come and go in that time.
pub(super) const BUDGETS: usize = 4_096;
/// Messages with transactions that are being judged at once, whoever sent them; what comes then is not looked at. A
/// hundred of the largest have 50 MB.
pub(super) const ADMISSIONS: usize = 100;
/// Bytes of answers that a peer has not read yet, and of all of them: an honest one asks three questions for blocks at
/// once, of 2 MiB each. Whoever asks then gets none.
pub(super) const UNSENT_BYTES: usize = 16 << 20;
pub(super) const ALL_UNSENT_BYTES: usize = 256 << 20;
/// Answers that are being made at once, in threads of their own; whoever asks then gets none.
pub(super) const ANSWERS: usize = 64;
/// Of those to one peer. An honest one asks for headers, for blocks three times, for what waits and for what a new block
/// lacks, all at once at most.
pub(super) const ANSWERS_OF_PEER: usize = 6;

/// A named peer that is not there is tried again after this, doubling up to the most.
pub(super) const RETRY: Duration = Duration::from_secs(1);
pub(super) const RETRY_MOST: Duration = Duration::from_mins(1);
/// A miner with named peers that cannot be reached waits for them so long.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
