//! BLK-1 to BLK-3 and TX-1 to TX-5: a block's body, whatever the accounts hold.

use std::sync::Arc;

use super::transaction::{check_comment, check_expiry, check_integers, check_shape};
use super::{CheckedTransaction, RuleError, TxError};
use crate::block::{Block, COINBASE_VERSION, Coinbase, Header, MAX_COINBASE_MESSAGE_BYTES};
use crate::codec;
use crate::hash::{BlockHash, TxId};
use crate::merkle::merkle_root;
use crate::signature::Verifier;
use crate::spec::{ChainSpec, Rules};
use crate::transaction::Transaction;

/// What a body is checked against.
#[derive(Clone, Copy)]
pub struct BodyContext<'a> {
    /// The chain.
    pub spec: &'a ChainSpec,
    /// The parent's height and 1.
    pub height: u64,
    /// Checks signatures.
    pub verifier: &'a dyn Verifier,
    /// Says whether a transaction's signature was checked before, under the same genesis. An id covers every byte of
    /// a transaction, its signature included, so nothing else can pass under it.
    pub is_verified: &'a dyn Fn(&TxId) -> bool,
}

impl core::fmt::Debug for BodyContext<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BodyContext").field("chain", &self.spec.name()).field("height", &self.height).finish()
    }
}

/// A block that keeps BLK-1 to BLK-3 and TX-1 to TX-5, with what was computed on the way. Its header was checked
/// before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedBlock {
    hash: BlockHash,
    header: Header,
    coinbase: Coinbase,
    transactions: Vec<Arc<CheckedTransaction>>,
    size: usize,
}

impl CheckedBlock {
    /// Returns the header's hash.
    #[must_use]
    pub fn hash(&self) -> &BlockHash {
        &self.hash
    }

    /// Returns the header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the coinbase.
    #[must_use]
    pub fn coinbase(&self) -> &Coinbase {
        &self.coinbase
    }

    /// Returns the height.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.coinbase.height
    }

    /// Returns the transactions in the order in which they are applied.
    #[must_use]
    pub fn transactions(&self) -> &[Arc<CheckedTransaction>] {
        &self.transactions
    }

    /// Returns the encoded size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Returns the encoding of the [`Block`] that this was.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let transactions: Vec<_> = self.transactions.iter().map(|checked| checked.transaction()).collect();
        codec::encode(&(&self.header, &self.coinbase, transactions))
    }
}

/// Checks a body whose header was checked before.
///
/// # Errors
/// The first broken rule of BLK-1 to BLK-3 and TX-1 to TX-5.
pub fn check_body(context: &BodyContext<'_>, block: Block) -> Result<CheckedBlock, RuleError> {
    let rules = context.spec.rules();
    let size = codec::encode(&block).len();
    // BLK-1: "borsh(block) is at most the chain's max_block_bytes".
    if u32::try_from(size).map_or(true, |size| size > rules.max_block_bytes) {
        return Err(RuleError::BlockTooLarge { got: size, limit: rules.max_block_bytes });
    }
    let Block { header, coinbase, transactions } = block;
    let transactions: Vec<_> = transactions.into_iter().map(CheckedTransaction::new).collect();

    // BLK-2: "merkle_root is that of the body". From here on every failure is the block's own.
    let leaves: Vec<_> =
        std::iter::once(coinbase.leaf()).chain(transactions.iter().map(|checked| checked.id().0)).collect();
    let actual = merkle_root(&leaves);
    if actual != header.merkle_root {
        return Err(RuleError::MerkleRootMismatch { expected: header.merkle_root, actual });
    }
    check_coinbase(rules, &coinbase, context.height, transactions.len())?;
    check_transactions(context, &transactions)?;
    Ok(CheckedBlock {
        hash: header.hash(),
        header,
        coinbase,
        transactions: transactions.into_iter().map(Arc::new).collect(),
        size,
    })
}

/// BLK-3: "version in force at its height, height is the parent's + 1, `tx_count`, message at most 64 bytes".
fn check_coinbase(rules: &Rules, coinbase: &Coinbase, height: u64, tx_count: usize) -> Result<(), RuleError> {
    if coinbase.version > COINBASE_VERSION {
        return Err(RuleError::UpgradeNeeded { version: coinbase.version });
    }
    let expected = rules.coinbase_version(height);
    if coinbase.version != expected {
        return Err(RuleError::CoinbaseVersion { expected, actual: coinbase.version });
    }
    if coinbase.height != height {
        return Err(RuleError::HeightMismatch { expected: height, actual: coinbase.height });
    }
    if usize::try_from(coinbase.tx_count) != Ok(tx_count) {
        return Err(RuleError::TxCountMismatch { claimed: coinbase.tx_count, actual: tx_count });
    }
    if coinbase.message.len() > MAX_COINBASE_MESSAGE_BYTES {
        return Err(RuleError::CoinbaseMessageTooLong { got: coinbase.message.len() });
    }
    Ok(())
}

/// TX-1 to TX-5, rule by rule: the cheap ones over all transactions before the first signature.
fn check_transactions(context: &BodyContext<'_>, all: &[CheckedTransaction]) -> Result<(), RuleError> {
    let check_all = |check: &dyn Fn(&Transaction) -> Result<(), TxError>| {
        check_each(all, &|checked| check(checked.transaction()))
    };
    check_all(&check_shape)?;
    check_all(&check_integers)?;
    check_all(&check_comment)?;
    check_each(all, &|checked| {
        if (context.is_verified)(checked.id()) {
            return Ok(());
        }
        checked.check_signature(context.spec.genesis_hash(), context.verifier)
    })?;
    check_all(&|transaction| check_expiry(transaction, context.height))
}

fn check_each(
    all: &[CheckedTransaction],
    check: &dyn Fn(&CheckedTransaction) -> Result<(), TxError>,
) -> Result<(), RuleError> {
    all.iter().enumerate().try_for_each(|(index, checked)| {
        check(checked).map_err(|error| RuleError::Transaction { index, error })
    })
}
