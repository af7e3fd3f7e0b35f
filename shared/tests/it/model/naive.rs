//! The protocol page once more, as plainly as it can be said: whole histories, whole chains and whole trees, computed
//! from nothing each time. It shares the types of what is on the wire with the crate, and nothing else.

use std::collections::BTreeMap;

use ruint::Uint;
use sha2::{Digest, Sha256};
use shared::block::{Block, Header};
use shared::consensus::Verdict;
use shared::spec::ChainSpec;
use shared::transaction::{Transaction, TransactionBody};

use crate::support::{bytes_of, sign};

pub(crate) type Hash = [u8; 32];
/// Wide enough for anything that a target is multiplied with.
pub(crate) type Wide = Uint<1024, 16>;
pub(crate) type Accounts = BTreeMap<[u8; 20], Account>;

const LARGEST: u128 = (1 << 53) - 1;

/// A rule's id and what its breach means.
pub(crate) type Refusal = (&'static str, Verdict);

/// A rule's id, and whether a transaction keeps it.
type Rule<'a> = (&'static str, &'a dyn Fn(&Transaction) -> bool);

/// An account with its whole history: entries and their heights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) balance: u128,
    pub(crate) nonce: u64,
    pub(crate) history: Vec<(Hash, u64)>,
}

impl Account {
    pub(crate) fn history_head(&self) -> Hash {
        self.history.iter().fold([0; 32], |head, (entry, height)| {
            tagged("ironchain/history", &[&head[..], entry, &height.to_le_bytes()].concat())
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let balance = u64::try_from(self.balance).expect("TX-7 bounds balances");
        let length = self.history.len() as u64;
        let integers = [balance, self.nonce, length].map(u64::to_le_bytes).concat();
        [&integers[..], &self.history_head()].concat()
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

pub(crate) fn sha256d(bytes: &[u8]) -> Hash {
    sha256(&sha256(bytes))
}

fn tagged(tag: &str, bytes: &[u8]) -> Hash {
    let tag = sha256(tag.as_bytes());
    sha256(&[&tag[..], &tag, bytes].concat())
}

pub(crate) fn address(modulus: &[u8]) -> [u8; 20] {
    tagged("ironchain/address", modulus)[..20].try_into().expect("20 bytes")
}

pub(crate) fn signing_bytes(body: &TransactionBody, genesis: &Hash) -> Vec<u8> {
    [&b"ironchain-transaction-v1"[..], genesis, &bytes_of(body)].concat()
}

pub(crate) fn merkle_root(leaves: &[Hash]) -> Hash {
    if let [leaf] = leaves {
        return *leaf;
    }
    let mut split = 1;
    while split * 2 < leaves.len() {
        split *= 2;
    }
    sha256d(&[merkle_root(&leaves[..split]), merkle_root(&leaves[split..])].concat())
}

pub(crate) fn body_root(block: &Block) -> Hash {
    let mut leaves = vec![sha256d(&bytes_of(&block.coinbase))];
    leaves.extend(block.transactions.iter().map(|transaction| sha256d(&bytes_of(transaction))));
    merkle_root(&leaves)
}

pub(crate) fn state_root(accounts: &Accounts) -> Hash {
    let leaf = |(address, account): (&[u8; 20], &Account)| (sha256(address), sha256(&account.bytes()));
    state_subtree(&accounts.iter().map(leaf).collect::<Vec<_>>(), 0)
}

fn state_subtree(leaves: &[(Hash, Hash)], depth: usize) -> Hash {
    match leaves {
        [] => *b"SPARSE_MERKLE_PLACEHOLDER_HASH__",
        [(key, value)] => sha256(&[b"JMT::LeafNode", &key[..], value].concat()),
        _ => {
            let is_right = |(key, _): &(Hash, Hash)| key[depth / 8] >> (7 - depth % 8) & 1 == 1;
            let (right, left): (Vec<_>, Vec<_>) = leaves.iter().copied().partition(is_right);
            let (left, right) = (state_subtree(&left, depth + 1), state_subtree(&right, depth + 1));
            sha256(&[b"JMT::IntrnalNode", &left[..], &right].concat())
        }
    }
}

/// Hash, work, and first and last of times and bits, as bytes.
fn chain_node(headers: &[Header]) -> Vec<u8> {
    let (first, last) = (headers[0], headers[headers.len() - 1]);
    let hash = if headers.len() == 1 {
        sha256d(&bytes_of(&first))
    } else {
        let (left, right) = headers.split_at(headers.len() / 2);
        tagged("ironchain/chain-node", &[chain_node(left), chain_node(right)].concat())
    };
    node_bytes(hash, headers, first, last)
}

fn node_bytes(hash: Hash, headers: &[Header], first: Header, last: Header) -> Vec<u8> {
    let work = headers.iter().fold(Wide::ZERO, |sum, header| sum + work(header.bits.0));
    let work: [u8; 128] = work.to_le_bytes();
    let four = [first.time, last.time, first.bits.0, last.bits.0].map(u32::to_le_bytes).concat();
    [&hash[..], &work[..32], &four].concat()
}

pub(crate) fn chain_root(headers: &[Header]) -> Hash {
    let mut peaks = Vec::new();
    let mut rest = headers;
    while !rest.is_empty() {
        let (peak, after) = rest.split_at(1 << rest.len().ilog2());
        peaks.push(peak);
        rest = after;
    }
    let last = peaks.pop().expect("genesis is always there");
    let (mut bagged, mut covered) = (chain_node(last), last.len());
    for peak in peaks.into_iter().rev() {
        covered += peak.len();
        let run = &headers[headers.len() - covered..];
        let hash = tagged("ironchain/chain-node", &[chain_node(peak), bagged].concat());
        bagged = node_bytes(hash, run, run[0], run[run.len() - 1]);
    }
    bagged.extend((headers.len() as u64).to_le_bytes());
    tagged("ironchain/chain-root", &bagged)
}

pub(crate) fn target(bits: u32) -> Wide {
    let (mantissa, size) = (Wide::from(bits & 0x00ff_ffff), bits >> 24);
    if size >= 3 { mantissa << (8 * (size - 3)) } else { mantissa >> (8 * (3 - size)) }
}

pub(crate) fn compact(target: Wide) -> u32 {
    let bytes: [u8; 128] = target.to_be_bytes();
    let start = bytes.iter().position(|byte| *byte != 0).expect("a target is at least 1");
    let mut digits = bytes[start..].to_vec();
    if digits[0] >= 0x80 {
        digits.insert(0, 0);
    }
    let size = digits.len() as u32;
    digits.extend([0, 0]);
    size << 24 | u32::from_be_bytes([0, digits[0], digits[1], digits[2]])
}

pub(crate) fn work(bits: u32) -> Wide {
    (Wide::from(1) << 256) / (target(bits) + Wide::from(1))
}

/// The bits that a block stamped `time` on top of `headers` must carry.
pub(crate) fn next_bits(spec: &ChainSpec, headers: &[Header], time: u32) -> u32 {
    let (t, n) = (u64::from(spec.rules().block_time), u64::from(spec.rules().difficulty_window));
    let parent = headers[headers.len() - 1];
    let mut next = target(parent.bits.0);
    if let [.., grandparent, _] = headers {
        let solve = (i64::from(parent.time) - i64::from(grandparent.time)).clamp(1, 100 * t as i64) as u64;
        next = next * Wide::from(n * t + solve - t) / Wide::from(n * t);
        next = next.max(Wide::from(1));
    }
    let silence = u64::from(time.saturating_sub(parent.time)) / (240 * t);
    let limit = target(spec.rules().limit_bits.0);
    compact((next << silence.min(300)).min(limit))
}

/// Whether a header's hash is work enough for its bits.
pub(crate) fn has_work(header: &Header) -> bool {
    let mut hash = sha256d(&bytes_of(header));
    hash.reverse();
    Wide::from_be_slice(&hash) <= target(header.bits.0)
}

/// HDR-1 and HDR-3 to HDR-6.
pub(crate) fn check_header(
    spec: &ChainSpec,
    headers: &[Header],
    header: &Header,
    now: u64,
) -> Result<(), Refusal> {
    let parent = headers[headers.len() - 1];
    if header.bits.0 != next_bits(spec, headers, header.time) {
        return Err(("HDR-3", Verdict::Invalid));
    }
    if !has_work(header) {
        return Err(("HDR-4", Verdict::Invalid));
    }
    if header.time <= parent.time {
        return Err(("HDR-5", Verdict::Invalid));
    }
    if u64::from(header.time) > now + 4 * u64::from(spec.rules().block_time) {
        return Err(("HDR-6", Verdict::NotNow));
    }
    Ok(())
}

/// BLK-1 to BLK-3 and TX-1 to TX-5.
pub(crate) fn check_body(spec: &ChainSpec, block: &Block, height: u64) -> Result<(), Refusal> {
    if bytes_of(block).len() > spec.rules().max_block_bytes as usize {
        return Err(("BLK-1", Verdict::BadBody));
    }
    if body_root(block) != block.header.merkle_root.0 {
        return Err(("BLK-2", Verdict::BadBody));
    }
    let coinbase = &block.coinbase;
    if coinbase.version > 1 {
        return Err(("BLK-3", Verdict::NotNow));
    }
    if coinbase.version == 0
        || coinbase.height != height
        || coinbase.tx_count as usize != block.transactions.len()
        || coinbase.message.len() > 64
    {
        return Err(("BLK-3", Verdict::Invalid));
    }
    let genesis = spec.genesis_hash().0;
    let rules: [Rule<'_>; 5] = [
        ("TX-1", &|Transaction { body, signature }| {
            body.version == 1
                && [256, 384, 512].contains(&body.sender.len())
                && body.sender[0] >= 0x80
                && body.sender[body.sender.len() - 1] % 2 == 1
                && signature.len() == body.sender.len()
                && body.amount >= 1
        }),
        ("TX-2", &|Transaction { body, .. }| {
            let cost = u128::from(body.amount) + u128::from(body.fee);
            [cost, body.nonce.into(), body.expires_at.into()].iter().all(|integer| *integer <= LARGEST)
        }),
        ("TX-3", &|Transaction { body, .. }| {
            let is_control = |c: char| matches!(u32::from(c), 0..=0x1f | 0x7f..=0x9f);
            body.comment.len() <= 256 && !body.comment.chars().any(is_control)
        }),
        ("TX-4", &|Transaction { body, signature }| {
            *signature == sign(&body.sender, &signing_bytes(body, &genesis))
        }),
        ("TX-5", &|Transaction { body, .. }| body.expires_at == 0 || height <= body.expires_at),
    ];
    for (rule, holds) in rules {
        if !block.transactions.iter().all(holds) {
            return Err((rule, Verdict::Invalid));
        }
    }
    Ok(())
}

/// TX-7 and the first step of section 5, for one transaction.
pub(crate) fn transfer(
    accounts: &mut Accounts,
    transaction: &Transaction,
    height: u64,
) -> Result<(), Refusal> {
    let body = &transaction.body;
    let (sender, receiver) = (address(&body.sender), body.receiver.0);
    let (amount, fee) = (u128::from(body.amount), u128::from(body.fee));
    let id = sha256d(&bytes_of(transaction));

    let account = accounts.entry(sender).or_default();
    if account.balance < amount + fee {
        return Err(("TX-7", Verdict::Invalid));
    }
    account.balance -= amount + fee;
    account.nonce += 1;
    account.history.push((id, height));

    let account = accounts.entry(receiver).or_default();
    account.balance += amount;
    if account.balance > LARGEST {
        return Err(("TX-7", Verdict::Invalid));
    }
    if receiver != sender {
        account.history.push((id, height));
    }
    Ok(())
}

/// TX-6, TX-7 and BLK-4, and what they do to the accounts.
pub(crate) fn apply(spec: &ChainSpec, accounts: &Accounts, block: &Block) -> Result<Accounts, Refusal> {
    let mut after = accounts.clone();
    let height = block.coinbase.height;
    let mut nonces = BTreeMap::new();
    for Transaction { body, .. } in &block.transactions {
        let sender = address(&body.sender);
        let next = nonces.entry(sender).or_insert(accounts.get(&sender).map_or(0, |account| account.nonce));
        if body.nonce != *next {
            return Err(("TX-6", Verdict::Invalid));
        }
        *next += 1;
    }
    let mut fees = 0;
    for transaction in &block.transactions {
        transfer(&mut after, transaction, height)?;
        fees += u128::from(transaction.body.fee);
    }
    let reward = block.coinbase.reward;
    if u128::from(reward) != u128::from(spec.rules().subsidy) + fees {
        return Err(("BLK-4", Verdict::Invalid));
    }
    let miner = after.entry(block.coinbase.miner.0).or_default();
    miner.balance += u128::from(reward);
    if miner.balance > LARGEST {
        return Err(("TX-7", Verdict::Invalid));
    }
    let entry = [height, reward].map(u64::to_le_bytes).concat();
    miner.history.push((tagged("ironchain/coinbase", &entry), height));
    Ok(after)
}
