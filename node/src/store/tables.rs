//! The tables of the store. Integers are compared as numbers, so ranges of heights and indexes are in order.

use redb::TableDefinition;

/// The version of everything below. A store with a higher one is refused, one with a lower one is upgraded when it is
/// opened.
pub(super) const SCHEMA: u32 = 1;

/// Facts about the whole store, by the names below.
pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// In [`META`]: [`SCHEMA`], u32 little-endian.
pub(super) const META_SCHEMA: &str = "schema";
/// In [`META`]: the genesis hash, 32 bytes.
pub(super) const META_GENESIS: &str = "genesis";
/// In [`META`]: the address that earns the rewards, 20 bytes; absent until the first start is over.
pub(super) const META_MINER: &str = "miner";

/// Block hash → encoded block, of every branch.
pub(super) const BLOCKS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("blocks");

/// (height, block hash) → (header, condemned), of every branch but without genesis. In key order parents come before
/// children, so the header tree is read in one pass.
pub(super) const HEADERS: TableDefinition<'_, HeaderKey, HeaderValue> = TableDefinition::new("headers");
type HeaderKey = (u64, &'static [u8; 32]);
type HeaderValue = (&'static [u8; 80], bool);

/// Height → block hash on the best chain. The last one is the tip.
pub(super) const BEST: TableDefinition<'_, u64, &[u8; 32]> = TableDefinition::new("best");

/// Address → encoded account at the tip.
pub(super) const ACCOUNTS: TableDefinition<'_, &[u8; 20], &[u8; 56]> = TableDefinition::new("accounts");

/// Height → encoded undo data of that block of the best chain, for the last blocks only.
pub(super) const UNDO: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("undo");

/// Where a transaction is: (height, offset in the encoded block, length).
pub(super) type Place = (u64, u32, u32);

/// Transaction id → place, on the best chain.
pub(super) const TRANSACTIONS: TableDefinition<'_, &[u8; 32], Place> = TableDefinition::new("transactions");

/// (address, index) → (place, history head before this entry), on the best chain. A length of 0 is the reward of the
/// block at that height.
pub(super) const HISTORY: TableDefinition<'_, HistoryKey, HistoryValue> = TableDefinition::new("history");
type HistoryKey = (&'static [u8; 20], u64);
type HistoryValue = (Place, &'static [u8; 32]);

/// Arrival number → (arrival in Unix seconds, encoded transaction), of the mempool.
pub(super) const MEMPOOL: TableDefinition<'_, u64, (u64, &[u8])> = TableDefinition::new("mempool");
