//! Lists what happened to an account.

use std::fmt;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;
use shared::api::views::{HistoryEntryView, HistoryEvent, HistoryView, TransactionView};
use shared::api::{MAX_PAGE, Request};
use shared::hash::TxId;
use wallet_wasm::WalletError;

use crate::account;
use crate::context::Context;
use crate::node::{AskError, Node};
use crate::problem::Problem;
use crate::text::{plain, utc};

/// List what the wallet or an address sent, received and mined, newest first
#[derive(Debug, Args)]
pub(crate) struct History {
    /// An address in either form [default: the wallet's own]
    #[arg(value_name = "ADDRESS", allow_hyphen_values = true)]
    address: Option<String>,
    /// At most so many entries
    #[arg(long, value_name = "N", default_value = "20", value_parser = RangedU64ValueParser::<u64>::new().range(1..))]
    limit: u64,
}

impl History {
    pub(crate) fn run(&self, context: &mut Context) -> Result<(), Problem> {
        let mut node = context.connect()?;
        let owner = context.address_or_own(self.address.as_deref(), node.chain())?;
        let account = account::ask(&mut node, &owner)?;
        let owner = &account.address;
        let mut left = self.limit;
        for view in account.pending.iter().rev() {
            if left == 0 {
                return Ok(());
            }
            context
                .report(&Line { owner, entry: Entry::Pending { kind: "pending", id: view.tx_id, view } })?;
            left -= 1;
        }
        let mut before = None;
        while left > 0 && before != Some(0) {
            let page = page(&mut node, owner, before, left.min(MAX_PAGE))?;
            for entry in &page {
                context.report(&Line { owner, entry: Entry::Mined(entry) })?;
                left -= 1;
            }
            let Some(oldest) = page.last() else { break };
            before = Some(oldest.index);
        }
        if left == self.limit && !context.options.json {
            context.console.say("Nothing has happened at this address yet.")?;
        }
        Ok(())
    }
}

/// Asks for the entries before an index.
fn page(
    node: &mut Node,
    owner: &str,
    before: Option<u64>,
    limit: u64,
) -> Result<Vec<HistoryEntryView>, AskError> {
    let request = Request::GetHistory { address: owner.to_owned(), before, after: None, limit: Some(limit) };
    let HistoryView { address, entries, .. } = node.ask(&request)?;
    // Only a list that goes down comes to an end.
    let is_descending = entries.is_sorted_by(|newer, older| newer.index > older.index);
    let begins_below = before.is_none_or(|before| entries.first().is_none_or(|newest| newest.index < before));
    let is_sound = address == owner && is_descending && begins_below && entries.len() as u64 <= limit;
    if is_sound { Ok(entries) } else { Err(WalletError::BadReply.into()) }
}

/// An entry, and whose history it is part of.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip)]
    owner: &'a str,
    #[serde(flatten)]
    entry: Entry<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    Pending {
        /// Tells it from the others, which have `transaction` or `reward` here.
        kind: &'static str,
        id: TxId,
        view: &'a TransactionView,
    },
    Mined(&'a HistoryEntryView),
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Entry::Pending { view, .. } => {
                write!(f, "{:<20}  {:>8}  {}", "waiting for a block", "", Moved { view, owner: self.owner })
            }
            Entry::Mined(entry) => {
                write!(f, "{:<20}  {:>8}  ", utc(entry.time), entry.height)?;
                match &entry.event {
                    HistoryEvent::Reward { reward, .. } => {
                        write!(f, "{:>10}  mining reward", format!("+{reward}"))
                    }
                    HistoryEvent::Transaction { view, .. } => Moved { view, owner: self.owner }.fmt(f),
                }
            }
        }
    }
}

/// What a transaction did to the balance of one of its two accounts.
struct Moved<'a> {
    view: &'a TransactionView,
    owner: &'a str,
}

impl fmt::Display for Moved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TransactionView { sender, receiver, amount, fee, comment, .. } = self.view;
        if sender != self.owner {
            write!(f, "{:>10}  from {}", format!("+{amount}"), plain(sender))?;
        } else if receiver == self.owner {
            write!(f, "{:>10}  to itself: {amount}, fee {fee}", format!("-{fee}"))?;
        } else {
            let total = amount.saturating_add(*fee);
            write!(f, "{:>10}  to {}, fee {fee}", format!("-{total}"), plain(receiver))?;
        }
        if comment.is_empty() { Ok(()) } else { write!(f, "  \"{}\"", plain(comment)) }
    }
}
