//! One file a command.

pub(crate) mod generate_address;
pub(crate) mod get_balance;
pub(crate) mod transaction;
