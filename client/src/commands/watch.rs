//! Tells of each block and of each change of an account as it happens.

use std::convert::Infallible;
use std::fmt;
use std::thread;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use shared::api::views::{AccountView, HeadView};
use shared::api::{Request, Topic};
use shared::hash::BlockHash;
use shared::spec::ChainSpec;
use wallet_wasm::WalletError;

use crate::account::Balance;
use crate::context::Context;
use crate::node::Node;
use crate::problem::Problem;
use crate::text::{plain, utc};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Show each block and each change of the balance as it happens, until Ctrl-C
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// An address in either form [default: the wallet's own; without a wallet, blocks only]
    #[arg(value_name = "ADDRESS", allow_hyphen_values = true)]
    address: Option<String>,
}

impl Watch {
    /// Only ends with an error: the first connection has to succeed, every later one is tried until it does.
    pub(crate) fn run(&self, context: &mut Context) -> Result<(), Problem> {
        let mut node = context.connect()?;
        let chain = node.chain().clone();
        let mut watcher = Watcher { owner: self.owner(context, &chain)?, chain, last: None };
        loop {
            let Err(problem) = watcher.follow(&mut node, context);
            node = reconnect(context, &watcher.chain, problem)?;
        }
    }

    /// Returns the address to watch, in the form of the chain.
    fn owner(&self, context: &Context, chain: &ChainSpec) -> Result<Option<String>, Problem> {
        match context.address_or_own(self.address.as_deref(), chain) {
            Ok(owner) => Ok(Some(owner.to_text(&chain.rules().address_prefix))),
            // A wallet that was named should be there.
            Err(Problem::NoKeystore { .. }) if context.options.keystore.is_none() => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}

/// What is watched, whatever connection it comes through.
struct Watcher {
    chain: ChainSpec,
    owner: Option<String>,
    /// The last block that was shown: a new connection begins with it again.
    last: Option<BlockHash>,
}

impl Watcher {
    /// Shows what one connection tells, until it fails.
    fn follow(&mut self, node: &mut Node, context: &Context) -> Result<Infallible, Problem> {
        let heads: u64 = node.ask(&Request::Subscribe(Topic::Heads {}))?;
        if let Some(owner) = &self.owner {
            let _subscription: u64 =
                node.ask(&Request::Subscribe(Topic::Address { address: owner.clone() }))?;
        }
        loop {
            let news = node.next_news()?;
            if news.subscription == heads {
                let head: HeadView = news.decode()?;
                if self.last.replace(head.hash) != Some(head.hash) {
                    context.report(&Seen::Head(&head))?;
                }
            } else {
                let account: AccountView = news.decode()?;
                if self.owner.as_ref() != Some(&account.address) {
                    return Err(WalletError::BadReply.into());
                }
                context.report(&Seen::Account(Balance::new(&self.chain, &account)))?;
            }
        }
    }
}

/// Connects again, after growing pauses, until the node is back. Only a node that cannot be reached can come back.
fn reconnect(context: &mut Context, chain: &ChainSpec, lost: Problem) -> Result<Node, Problem> {
    if !matches!(lost, Problem::Node(_)) {
        return Err(lost);
    }
    lost.tell(context.options.json);
    if !context.options.json {
        context.console.say("It is tried until the node is back; Ctrl-C ends this program.")?;
    }
    let mut pause = FIRST_PAUSE;
    loop {
        thread::sleep(pause);
        match context.connect() {
            Ok(node) if node.chain() == chain => return Ok(node),
            Ok(node) => return Err(WalletError::WrongChain { chain: node.chain().name().to_owned() }.into()),
            Err(Problem::Node(_)) => pause = LONGEST_PAUSE.min(2 * pause),
            Err(problem) => return Err(problem),
        }
    }
}

/// Something that happened.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Seen<'a> {
    Head(&'a HeadView),
    Account(Balance<'a>),
}

impl fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(head) => {
                let HeadView { hash, height, time, tx_count, miner, reward, disconnected, .. } = head;
                if *disconnected > 0 {
                    writeln!(f, "Another branch has more work: {disconnected} blocks are undone")?;
                }
                let s = if *tx_count == 1 { "" } else { "s" };
                write!(f, "{}  block {height}, {tx_count} transaction{s}, ", utc(*time))?;
                write!(f, "{reward} coins to {}\n{:22}{hash}", plain(miner), "")
            }
            Self::Account(balance) => balance.fmt(f),
        }
    }
}
