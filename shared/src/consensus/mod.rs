//! The rules that decide whether a block or a transaction is valid (`docs/protocol.md`, section 6).
//!
//! Cheap checks come first: whoever wants signatures to be checked must have paid for work at the right target. The
//! first failing rule in the order of the rules' table is the one reported, whichever transaction breaks it. What a
//! block does to accounts (TX-6, TX-7, BLK-4 to BLK-6) is in [`crate::ledger`].

mod admission;
mod body;
mod error;
mod header;
mod transaction;

pub use admission::check_admission;
pub(crate) use admission::{check_funds, check_nonce};
pub use body::{BodyContext, CheckedBlock, check_body};
pub use error::{RuleError, TxError, Verdict};
pub use header::{check_header, check_header_alone};
pub use transaction::{CheckedTransaction, check_transaction};

#[cfg(test)]
mod tests;
