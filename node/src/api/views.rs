//! From the chain's types to what clients are shown.

use borsh::BorshSerialize;
use shared::address::Address;
use shared::api::PROTOCOL;
use shared::api::views::{
    AccountView, BlockView, ForkBlockView, ForkView, ForksView, HeadView, HistoryEntryView, HistoryEvent,
    HistoryView, InfoView, MempoolPageView, NodeView, PeerAddressView, TransactionView,
};
use shared::block::Block;
use shared::codec;
use shared::hash::{BlockHash, TxId};
use shared::spec::ChainSpec;
use shared::transaction::Transaction;

use crate::chain::{Branch, Fork, Forks, HeadChange, View};
use crate::headers::Node;
use crate::mempool::{MempoolView, Pending, Rank};
use crate::miner::MinerHandle;
use crate::network::NetworkHandle;
use crate::page;
use crate::store::{self, HistoryPage};

/// An account's view shows at most this many pending transactions: all that it may send, and the oldest of those
/// that it receives, which anybody can make many of.
const MAX_PENDING_SHOWN: usize = 100;

pub(super) fn info(spec: &ChainSpec, view: &View, network: Option<&NetworkHandle>) -> InfoView {
    InfoView {
        chain: spec.name().to_owned(),
        genesis_hash: *spec.genesis_hash(),
        height: view.tip.height,
        headers: network.and_then(NetworkHandle::copies_to),
        tip: view.tip.hash,
        work: format!("0x{}", view.tip.work),
        target_block_time: spec.rules().block_time,
        mempool_size: to_u64(view.mempool.len()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: PROTOCOL,
        page_sha256: page::program_sha256().map(str::to_owned),
        peer: network.map(|network| PeerAddressView {
            id: network.id().to_string(),
            port: network.address().port(),
            announced: network.announced().iter().map(ToString::to_string).collect(),
        }),
    }
}

pub(super) fn forks(forks: &Forks) -> ForksView {
    // Real chains are far below 128 bits.
    let work = |node: &Node, fork: &Fork| {
        node.work.to_u128_saturating().saturating_sub(fork.from.work.to_u128_saturating())
    };
    let percent = |fork: &Fork| {
        let own = fork.blocks.last().map_or(0, |last| work(last, fork));
        let percent = own.saturating_mul(100) / work(&forks.tip, fork).max(1);
        u64::try_from(percent).unwrap_or(u64::MAX)
    };
    let branches = forks.branches.iter().map(|fork| ForkView {
        fork_height: fork.from.height,
        fork_hash: fork.from.hash,
        is_invalid: fork.blocks.last().is_some_and(|last| last.is_condemned),
        work_percent: percent(fork),
        blocks: fork
            .blocks
            .iter()
            .map(|block| ForkBlockView { hash: block.hash, height: block.height, time: block.time })
            .collect(),
    });
    ForksView { height: forks.tip.height, tip: forks.tip.hash, branches: branches.collect() }
}

pub(super) fn account(spec: &ChainSpec, view: &View, address: &Address) -> AccountView {
    let account = view.account(address);
    let sent = view.mempool.sent_by(address);
    let received = view.mempool.sent_to(address);
    let pending =
        sent.chain(received).take(MAX_PENDING_SHOWN).map(|pending| self::pending(spec, pending)).collect();
    AccountView {
        address: address.to_text(prefix(spec)),
        balance: account.balance,
        nonce: account.nonce,
        history_len: account.history_len,
        history_head: account.history_head,
        height: view.tip.height,
        block_hash: view.tip.hash,
        next_nonce: view.mempool.next_nonce(address, account.nonce),
        pending_out: view.mempool.pending_out(address),
        pending,
    }
}

/// `change` is the move that led to the tip, when that is news.
pub(super) fn head(spec: &ChainSpec, view: &View, change: Option<&HeadChange>) -> HeadView {
    let tip = &view.tip;
    // Of a tip that was extended by one block there is nothing more to say.
    let moved = change.filter(|change| change.disconnected.count > 0 || change.connected.count > 1);
    let hashes = |branch: fn(&HeadChange) -> &Branch| {
        moved.map_or_else(Vec::new, |moved| branch(moved).hashes.clone())
    };
    HeadView {
        hash: tip.hash,
        height: tip.height,
        time: tip.header.time,
        bits: tip.header.bits.0,
        tx_count: tip.coinbase.tx_count,
        miner: tip.coinbase.miner.to_text(prefix(spec)),
        reward: tip.coinbase.reward,
        disconnected: change.map_or(0, |change| change.disconnected.count),
        disconnected_hashes: hashes(|moved| &moved.disconnected),
        connected_hashes: hashes(|moved| &moved.connected),
    }
}

pub(super) fn transaction(spec: &ChainSpec, id: &TxId, transaction: &Transaction) -> TransactionView {
    let body = &transaction.body;
    TransactionView {
        tx_id: *id,
        sender: body.sender_address().to_text(prefix(spec)),
        receiver: body.receiver.to_text(prefix(spec)),
        amount: body.amount,
        fee: body.fee,
        nonce: body.nonce,
        expires_at: body.expires_at,
        comment: body.comment.clone(),
    }
}

pub(super) fn pending(spec: &ChainSpec, pending: &Pending) -> TransactionView {
    transaction(spec, pending.transaction.id(), pending.transaction.transaction())
}

pub(super) fn mempool_page(
    spec: &ChainSpec,
    mempool: &MempoolView,
    after: Option<Rank>,
    limit: usize,
) -> MempoolPageView {
    let mut rest = mempool.below(after);
    let mut last = None;
    let entries = rest
        .by_ref()
        .take(limit)
        .map(|(rank, pending)| {
            last = Some(rank);
            self::pending(spec, pending)
        })
        .collect();
    MempoolPageView {
        count: to_u64(mempool.len()),
        bytes: to_u64(mempool.bytes()),
        entries,
        next: rest.next().and(last).map(Rank::to_string),
    }
}

pub(super) fn history(spec: &ChainSpec, address: &Address, height: u64, page: HistoryPage) -> HistoryView {
    let entry = |item: store::HistoryItem| HistoryEntryView {
        index: item.index,
        height: item.height,
        time: item.time,
        event: match item.event {
            store::HistoryEvent::Transaction(tx) => {
                let id = tx.id();
                HistoryEvent::Transaction { id, view: transaction(spec, &id, &tx) }
            }
            store::HistoryEvent::Reward { block_hash, reward } => {
                HistoryEvent::Reward { id: block_hash, reward }
            }
        },
    };
    HistoryView {
        address: address.to_text(prefix(spec)),
        history_len: page.history_len,
        entries: page.items.into_iter().map(entry).collect(),
        head_before: page.head_before,
        height,
    }
}

pub(super) fn block(
    spec: &ChainSpec,
    hash: BlockHash,
    block: &Block,
    size: usize,
    confirmations: u64,
) -> BlockView {
    let Block { header, coinbase, transactions } = block;
    BlockView {
        hash,
        height: coinbase.height,
        confirmations,
        size: to_u64(size),
        version: header.version,
        prev_hash: header.prev_hash,
        merkle_root: header.merkle_root,
        time: header.time,
        bits: header.bits.0,
        nonce: header.nonce,
        miner: coinbase.miner.to_text(prefix(spec)),
        reward: coinbase.reward,
        state_root: coinbase.state_root,
        chain_root: coinbase.chain_root,
        extra_nonce: format!("{:#x}", coinbase.extra_nonce),
        message: hex::encode(&coinbase.message),
        transactions: transactions.iter().map(|tx| transaction(spec, &tx.id(), tx)).collect(),
    }
}

pub(super) fn node(spec: &ChainSpec, miner: &MinerHandle) -> NodeView {
    let mining = miner.mining();
    NodeView {
        payout: mining.payout.map(|address| address.to_text(prefix(spec))),
        threads: to_u64(mining.threads),
        processors: to_u64(std::thread::available_parallelism().map_or(1, usize::from)),
        hash_rate: miner.hash_rate().per_second(),
    }
}

/// Returns the hex of a value's encoding.
pub(super) fn to_hex(value: &impl BorshSerialize) -> String {
    hex::encode(codec::encode(value))
}

/// Returns what this chain's addresses begin with.
pub(super) fn prefix(spec: &ChainSpec) -> &str {
    &spec.rules().address_prefix
}

pub(super) fn to_u64(count: usize) -> u64 {
    u64::try_from(count).expect("a count fits into 64 bits because no address space is larger")
}
