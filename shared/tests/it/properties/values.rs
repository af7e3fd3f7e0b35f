//! Any value of each type that has an encoding, sensible or not.

use std::ops::Range;

use proptest::array::uniform32;
use proptest::collection::vec;
use proptest::prelude::*;
use shared::address::Address;
use shared::block::{Block, Coinbase, Header};
use shared::chain_root::{ChainNode, ChainRange};
use shared::hash::{BlockHash, ChainRoot, HistoryHead, MerkleRoot, StateRoot};
use shared::ledger::Undo;
use shared::merkle::MerkleProof;
use shared::pow::CompactTarget;
use shared::spec::Rules;
use shared::state::Account;
use shared::state_tree::AccountProof;
use shared::transaction::{Transaction, TransactionBody};

pub(super) fn hash() -> impl Strategy<Value = [u8; 32]> {
    uniform32(any::<u8>())
}

pub(super) fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(Address)
}

pub(super) fn header() -> impl Strategy<Value = Header> {
    (any::<u32>(), hash(), hash(), any::<u32>(), any::<u32>(), any::<u32>()).prop_map(
        |(version, prev_hash, merkle_root, time, bits, nonce)| Header {
            version,
            prev_hash: BlockHash(prev_hash),
            merkle_root: MerkleRoot(merkle_root),
            time,
            bits: CompactTarget(bits),
            nonce,
        },
    )
}

pub(super) fn coinbase() -> impl Strategy<Value = Coinbase> {
    let numbers = (any::<u8>(), any::<u64>(), any::<u64>(), any::<u32>(), any::<u64>());
    (numbers, address(), hash(), hash(), vec(any::<u8>(), 0..70)).prop_map(
        |((version, height, reward, tx_count, extra_nonce), miner, state_root, chain_root, message)| {
            Coinbase {
                version,
                height,
                miner,
                reward,
                tx_count,
                state_root: StateRoot(state_root),
                chain_root: ChainRoot(chain_root),
                extra_nonce,
                message,
            }
        },
    )
}

pub(super) fn transaction() -> impl Strategy<Value = Transaction> {
    let numbers = (any::<u8>(), any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
    let texts = (vec(any::<u8>(), 0..40), any::<String>(), vec(any::<u8>(), 0..40));
    (numbers, address(), texts).prop_map(
        |((version, amount, fee, nonce, expires_at), receiver, (sender, comment, signature))| Transaction {
            body: TransactionBody { version, sender, receiver, amount, fee, nonce, expires_at, comment },
            signature,
        },
    )
}

pub(super) fn block() -> impl Strategy<Value = Block> {
    (header(), coinbase(), vec(transaction(), 0..4)).prop_map(|(header, coinbase, transactions)| Block {
        header,
        coinbase,
        transactions,
    })
}

pub(super) fn account() -> impl Strategy<Value = Account> {
    (any::<u64>(), any::<u64>(), any::<u64>(), hash()).prop_map(|(balance, nonce, history_len, head)| {
        Account { balance, nonce, history_len, history_head: HistoryHead(head) }
    })
}

pub(super) fn merkle_proof() -> impl Strategy<Value = MerkleProof> {
    (any::<u32>(), any::<u32>(), vec(any::<u8>(), 0..100), vec(hash(), 0..5))
        .prop_map(|(index, count, leaf, siblings)| MerkleProof { index, count, leaf, siblings })
}

pub(super) fn account_proof() -> impl Strategy<Value = AccountProof> {
    let leaf = proptest::option::of((hash(), hash()));
    (proptest::option::of(account()), leaf, vec(hash(), 0..5))
        .prop_map(|(value, leaf, siblings)| AccountProof { value, leaf, siblings })
}

/// Headers as they may stand in a chain: with legal bits.
pub(super) fn legal_headers(count: Range<usize>) -> impl Strategy<Value = Vec<Header>> {
    let legal = (header(), 0x0001_0000..0x0080_0000_u32, 3..33_u32)
        .prop_map(|(header, mantissa, size)| Header { bits: CompactTarget(size << 24 | mantissa), ..header });
    vec(legal, count)
}

pub(super) fn range_of(headers: &[Header]) -> ChainRange {
    let mut range = ChainRange::new();
    for header in headers {
        range.push(ChainNode::of_header(header).expect("the bits are legal"));
    }
    range
}

pub(super) fn chain_range() -> impl Strategy<Value = ChainRange> {
    legal_headers(0..40).prop_map(|headers| range_of(&headers))
}

pub(super) fn undo() -> impl Strategy<Value = Undo> {
    (vec((address(), proptest::option::of(account())), 0..5), legal_headers(0..9))
        .prop_map(|(accounts, headers)| Undo { accounts, headers: range_of(&headers) })
}

pub(super) fn rules() -> impl Strategy<Value = Rules> {
    let numbers = (any::<u32>(), any::<u32>(), any::<u32>(), any::<u64>(), any::<u32>());
    (any::<String>(), numbers, vec(any::<(u64, u8)>(), 0..4)).prop_map(
        |(
            address_prefix,
            (block_time, difficulty_window, limit_bits, subsidy, max_block_bytes),
            upgrades,
        )| {
            let limit_bits = CompactTarget(limit_bits);
            Rules {
                address_prefix,
                block_time,
                difficulty_window,
                limit_bits,
                subsidy,
                max_block_bytes,
                upgrades,
            }
        },
    )
}
