//! Random blocks: payments between few accounts on a parent of one's choice, and now and then some damage.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use shared::block::{Block, Coinbase, Header};
use shared::hash::{BlockHash, ChainRoot, MerkleRoot, StateRoot};
use shared::pow::CompactTarget;
use shared::spec::ChainSpec;
use shared::transaction::{Transaction, TransactionBody};

use super::chain::{After, NaiveChain};
use super::naive::{self, Accounts};
use crate::support::{address, modulus, sign};

/// Keys 0 to 3 send; all of these receive and mine.
pub(crate) const ACCOUNTS: u8 = 6;

#[derive(Debug, Clone)]
pub(crate) struct Payment {
    sender: u8,
    receiver: u8,
    amount: Amount,
    fee: u64,
    /// Added to the right nonce.
    nonce_off: i64,
    /// Added to the height; `None` never expires.
    expires_in: Option<i64>,
    comment: String,
}

#[derive(Debug, Clone, Copy)]
enum Amount {
    Few(u64),
    /// Everything that is left after the fee.
    All,
    /// One coin more than that.
    TooMuch,
}

/// What is wrong with a block, besides its payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    HeaderVersion,
    RollingVersion,
    Parent,
    CondemnedParent,
    Bits,
    Work,
    Time,
    Ahead,
    MerkleRoot,
    CoinbaseVersion(u8),
    Height,
    TxCount,
    LongMessage,
    TxVersion,
    Modulus(usize),
    SignatureLength,
    Signature,
    ForeignSignature,
    NoAmount,
    Overflow,
    HighNonce,
    LateExpiry,
    Comment(char),
    LongComment,
    Twice,
    Swapped,
    Reward(i64),
    StateRoot,
    ChainRoot,
}

const DAMAGES: [Damage; 34] = [
    Damage::HeaderVersion,
    Damage::RollingVersion,
    Damage::Parent,
    Damage::CondemnedParent,
    Damage::Bits,
    Damage::Work,
    Damage::Time,
    Damage::Ahead,
    Damage::MerkleRoot,
    Damage::CoinbaseVersion(0),
    Damage::CoinbaseVersion(2),
    Damage::Height,
    Damage::TxCount,
    Damage::LongMessage,
    Damage::TxVersion,
    Damage::Modulus(0),
    Damage::Modulus(255),
    Damage::Modulus(256),
    Damage::SignatureLength,
    Damage::Signature,
    Damage::ForeignSignature,
    Damage::NoAmount,
    Damage::Overflow,
    Damage::HighNonce,
    Damage::LateExpiry,
    Damage::Comment('\u{7f}'),
    Damage::Comment('\u{a0}'),
    Damage::LongComment,
    Damage::Twice,
    Damage::Swapped,
    Damage::Reward(1),
    Damage::Reward(-1),
    Damage::StateRoot,
    Damage::ChainRoot,
];

/// One block to make and to judge.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// How many blocks back from the best tip the parent is, along its chain.
    back: usize,
    miner: u8,
    seconds: u32,
    payments: Vec<Payment>,
    damage: Option<Damage>,
}

fn payment() -> impl Strategy<Value = Payment> {
    let amount = prop_oneof![
        8 => (1..4_u64).prop_map(Amount::Few),
        2 => Just(Amount::All),
        1 => Just(Amount::TooMuch),
    ];
    let nonce_off = prop_oneof![30 => Just(0), 1 => Just(-1), 1 => Just(1)];
    let expires_in = prop_oneof![20 => Just(None), 2 => (0..3_i64).prop_map(Some), 1 => Just(Some(-1))];
    let comment = select(&["", "a", "鐵鏈"][..]).prop_map(str::to_owned);
    (0..4_u8, 0..ACCOUNTS, amount, 0..3_u64, nonce_off, expires_in, comment).prop_map(
        |(sender, receiver, amount, fee, nonce_off, expires_in, comment)| Payment {
            sender,
            receiver,
            amount,
            fee,
            nonce_off,
            expires_in,
            comment,
        },
    )
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let back = prop_oneof![6 => Just(0), 2 => Just(1), 1 => Just(2), 1 => 3..9_usize];
    let seconds = prop_oneof![4 => 1..4_u32, 1 => Just(150), 1 => Just(500), 1 => Just(5_000)];
    let damage = proptest::option::weighted(0.35, select(&DAMAGES[..]));
    // Seven transactions do not fit.
    (back, 0..ACCOUNTS, seconds, vec(payment(), 0..8), damage)
        .prop_map(|(back, miner, seconds, payments, damage)| Step { back, miner, seconds, payments, damage })
}

impl Step {
    /// Makes the block, and the time at which it is judged.
    pub(crate) fn build(&self, chain: &NaiveChain) -> (Block, u64) {
        let tip = &chain.valid[&chain.best];
        let parent = tip.headers[tip.headers.len().saturating_sub(1 + self.back)];
        let after = &chain.valid[&naive::sha256d(&crate::support::bytes_of(&parent))];
        let spec = &chain.spec;
        let height = after.height() + 1;
        let mut accounts = after.accounts.clone();
        let transactions: Vec<_> =
            self.payments.iter().map(|payment| payment.build(spec, &mut accounts, height)).collect();
        let mut block = self.coinbase(spec, after, transactions);
        let undamaged = block.clone();
        self.damage.iter().for_each(|damage| damage.to_transactions(&mut block, spec));
        if block.transactions != undamaged.transactions {
            let transactions = std::mem::take(&mut block.transactions);
            block = self.coinbase(spec, after, transactions);
        }
        self.damage.iter().for_each(|damage| damage.to_coinbase(&mut block.coinbase));
        block.header.merkle_root = MerkleRoot(naive::body_root(&block));
        block.header.bits = CompactTarget(naive::next_bits(spec, &after.headers, block.header.time));
        self.damage.iter().for_each(|damage| damage.to_header(&mut block.header, &parent));
        if let (Some(Damage::CondemnedParent), Some(hash)) = (self.damage, chain.condemned.first()) {
            block.header.prev_hash = BlockHash(*hash);
        }
        let wants_work = self.damage != Some(Damage::Work);
        while naive::has_work(&block.header) != wants_work {
            block.header.nonce += 1;
        }
        let slack = if self.damage == Some(Damage::Ahead) { 9 } else { 8 };
        (block.clone(), u64::from(block.header.time) - slack)
    }

    /// Gives transactions the coinbase that they deserve, if they deserve one.
    fn coinbase(&self, spec: &ChainSpec, after: &After, transactions: Vec<Transaction>) -> Block {
        let parent = after.headers[after.headers.len() - 1];
        let fees =
            transactions.iter().fold(0_u64, |sum, transaction| sum.saturating_add(transaction.body.fee));
        let coinbase = Coinbase {
            version: 1,
            height: after.height() + 1,
            miner: address(self.miner),
            reward: spec.rules().subsidy.saturating_add(fees),
            tx_count: transactions.len() as u32,
            state_root: StateRoot::default(),
            chain_root: ChainRoot(naive::chain_root(&after.headers)),
            extra_nonce: 0,
            message: vec![self.miner; usize::from(self.miner) * 64 / usize::from(ACCOUNTS - 1)],
        };
        let header = Header {
            version: 0x2000_0000,
            prev_hash: BlockHash(naive::sha256d(&crate::support::bytes_of(&parent))),
            merkle_root: MerkleRoot::default(),
            time: parent.time + self.seconds,
            bits: CompactTarget(0),
            nonce: 0,
        };
        let mut block = Block { header, coinbase, transactions };
        if let Ok(accounts) = naive::apply(spec, &after.accounts, &block) {
            block.coinbase.state_root = StateRoot(naive::state_root(&accounts));
        }
        block
    }
}

impl Payment {
    fn build(&self, spec: &ChainSpec, accounts: &mut Accounts, height: u64) -> Transaction {
        let account = accounts.get(&address(self.sender).0).cloned().unwrap_or_default();
        let left = u64::try_from(account.balance).expect("TX-7").saturating_sub(self.fee);
        let amount = match self.amount {
            Amount::Few(amount) => amount,
            Amount::All => left.max(1),
            Amount::TooMuch => left + 1,
        };
        let body = TransactionBody {
            version: 1,
            sender: modulus(self.sender),
            receiver: address(self.receiver),
            amount,
            fee: self.fee,
            nonce: account.nonce.saturating_add_signed(self.nonce_off),
            expires_at: self.expires_in.map_or(0, |after| height.saturating_add_signed(after)),
            comment: self.comment.clone(),
        };
        let transaction = signed(body, spec);
        let mut attempt = accounts.clone();
        if naive::transfer(&mut attempt, &transaction, height).is_ok() {
            *accounts = attempt;
        }
        transaction
    }
}

fn signed(body: TransactionBody, spec: &ChainSpec) -> Transaction {
    let signature = sign(&body.sender, &naive::signing_bytes(&body, &spec.genesis_hash().0));
    Transaction { body, signature }
}

impl Damage {
    fn to_transactions(self, block: &mut Block, spec: &ChainSpec) {
        let Some(first) = block.transactions.first_mut() else { return };
        let mut body = first.body.clone();
        match self {
            Self::TxVersion => body.version = 2,
            Self::Modulus(256) => body.sender.push(1),
            Self::Modulus(index) => body.sender[index] ^= 0x81,
            Self::NoAmount => body.amount = 0,
            Self::Overflow => body.fee = u64::MAX,
            Self::HighNonce => body.nonce = 1 << 53,
            Self::LateExpiry => body.expires_at = 1 << 53,
            Self::Comment(c) => body.comment.push(c),
            Self::LongComment => body.comment = "鐵".repeat(86),
            Self::SignatureLength => return first.signature.truncate(255),
            Self::Signature => return first.signature[7] ^= 1,
            Self::ForeignSignature => {
                first.signature = sign(&body.sender, &naive::signing_bytes(&body, &[0; 32]));
                return;
            }
            Self::Twice => return block.transactions.push(block.transactions[0].clone()),
            Self::Swapped => return block.transactions.reverse(),
            _ => return,
        }
        *first = signed(body, spec);
    }

    fn to_coinbase(self, coinbase: &mut Coinbase) {
        match self {
            Self::CoinbaseVersion(version) => coinbase.version = version,
            Self::Height => coinbase.height += 1,
            Self::TxCount => coinbase.tx_count += 1,
            Self::LongMessage => coinbase.message = vec![0; 65],
            Self::Reward(more) => coinbase.reward = coinbase.reward.saturating_add_signed(more),
            Self::StateRoot => coinbase.state_root.0[31] ^= 1,
            Self::ChainRoot => coinbase.chain_root.0[0] ^= 1,
            _ => {}
        }
    }

    fn to_header(self, header: &mut Header, parent: &Header) {
        match self {
            Self::HeaderVersion => header.version = 0x2000_0001,
            Self::RollingVersion => header.version |= 0x1fff_e000,
            Self::Parent => header.prev_hash.0[0] ^= 1,
            Self::Bits => header.bits.0 -= 1,
            Self::Time => header.time = parent.time,
            Self::MerkleRoot => header.merkle_root.0[0] ^= 1,
            _ => {}
        }
    }
}
