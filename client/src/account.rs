//! What a node says of an account.

use std::fmt;

use serde::Serialize;
use shared::address::Address;
use shared::api::Request;
use shared::api::views::AccountView;
use shared::hash::BlockHash;
use shared::spec::ChainSpec;
use wallet_wasm::WalletError;
use wallet_wasm::payment::spendable;

use crate::node::{AskError, Node};
use crate::problem::Problem;

/// Reads an address of the chain, in either form.
pub(crate) fn parse_address(text: &str, chain: &ChainSpec) -> Result<Address, Problem> {
    Ok(Address::parse_any(text.trim(), &chain.rules().address_prefix)?)
}

/// Asks for all of an account.
pub(crate) fn ask(node: &mut Node, owner: &Address) -> Result<AccountView, AskError> {
    let address = owner.to_text(&node.chain().rules().address_prefix);
    let account: AccountView = node.ask(&Request::GetAccount { address: address.clone() })?;
    if account.address == address { Ok(account) } else { Err(WalletError::BadReply.into()) }
}

/// What an account has, and what is on its way. All numbers are whole coins.
#[derive(Debug, Serialize)]
pub(crate) struct Balance<'a> {
    chain: &'a str,
    address: &'a str,
    /// Confirmed.
    balance: u64,
    /// Confirmed, without what pending payments take.
    spendable: u64,
    pending_in: u64,
    pending_out: u64,
    /// The tip that all of this holds at.
    height: u64,
    block_hash: BlockHash,
}

impl<'a> Balance<'a> {
    pub(crate) fn new(chain: &'a ChainSpec, account: &'a AccountView) -> Self {
        let incoming = account.pending.iter().filter(|pending| pending.receiver == account.address);
        Self {
            chain: chain.name(),
            address: &account.address,
            balance: account.balance,
            spendable: spendable(account),
            pending_in: incoming.fold(0, |sum, pending| sum.saturating_add(pending.amount)),
            pending_out: account.pending_out,
            height: account.height,
            block_hash: account.block_hash,
        }
    }
}

impl fmt::Display for Balance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Balance: {} coins (at height {})", self.balance, self.height)?;
        if self.pending_out > 0 {
            write!(f, "\nWaiting for a block, going out: {} coins", self.pending_out)?;
        }
        if self.pending_in > 0 {
            write!(f, "\nWaiting for a block, coming in: {} coins", self.pending_in)?;
        }
        Ok(())
    }
}
