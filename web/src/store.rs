//! The one store of signals: what the worker told, and what was typed. Pages read it, [`crate::wallet`] writes it.

use leptos::prelude::*;
use shared::api::views::{AccountView, BansView, ForksView, InfoView, NodeView, PeersView};
use shared::hash::TxId;
use shared::spec::ChainSpec;
use wallet_wasm::node_address::NodeAddress;
use wallet_wasm::protocol::{Connection, Event, PaymentView, Task, WalletView};

use crate::blocks::Blocks;
use crate::browser::{self, Item};
use crate::history::{self, History};
use crate::idle;
use crate::node::Node;
use crate::route::{Fragment, Route};
use crate::wallet::Failure;

/// Everything that the page shows. A copy is a handle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Store {
    /// What the fragment asks for.
    pub(crate) route: RwSignal<Route>,
    /// The clock in Unix seconds, by the second.
    pub(crate) now: RwSignal<u64>,
    /// The node that the page talks to.
    pub(crate) node: RwSignal<Node>,
    /// A link named a node, in vain: this page has one of its own, or that was no address.
    pub(crate) is_link_ignored: RwSignal<bool>,
    /// Whether this tab may steer the node, and how that is set.
    pub(crate) control: RwSignal<Control>,
    /// The node's connections to others, once this tab may see them.
    pub(crate) peers: RwSignal<Option<PeersView>>,
    /// Whom the node bans, likewise.
    pub(crate) bans: RwSignal<Option<BansView>>,
    /// The branches beside the best chain.
    pub(crate) forks: RwSignal<Option<ForksView>>,
    /// How the session with the node is.
    pub(crate) connection: RwSignal<Connection>,
    /// When the node is, or was last, tried again, in Unix seconds; `None` while it answers.
    pub(crate) retry_at: RwSignal<Option<u64>>,
    /// The worker stopped; only a reload helps.
    pub(crate) is_stopped: RwSignal<bool>,
    /// Why the stored keystore could not be taken in.
    pub(crate) unreadable: RwSignal<Option<Failure>>,
    /// `None` until the worker has spoken.
    pub(crate) wallet: RwSignal<Option<WalletView>>,
    /// The encrypted keystore, for storing and for the backup.
    pub(crate) keystore: RwSignal<Option<String>>,
    /// The browser refused to store the keystore.
    pub(crate) is_unsaved: RwSignal<bool>,
    /// The words of a wallet that was made here were not yet shown to be written down.
    pub(crate) is_drill_due: RwSignal<bool>,
    /// After how many minutes without use the wallet locks itself; 0 for never.
    pub(crate) auto_lock_minutes: RwSignal<u32>,
    /// The node's chain.
    pub(crate) info: RwSignal<Option<InfoView>>,
    /// The latest blocks.
    pub(crate) blocks: RwSignal<Blocks>,
    /// The current account, as the node tells it.
    pub(crate) account: RwSignal<Option<AccountView>>,
    /// Its history; `None` until it was heard of.
    pub(crate) history: RwSignal<Option<History>>,
    /// A long task, and its percentage.
    pub(crate) progress: RwSignal<Option<(Task, u8)>>,
    /// A payment on its way from the form to the chain.
    pub(crate) payment: Payment,
}

/// Whether this tab may steer the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Control {
    /// It has no token, or the node has not taken it yet.
    None,
    /// The node did not take its token.
    Refused,
    /// It may, and the node is set like this.
    Granted(NodeView),
}

/// A payment that is being typed, confirmed, or was just sent. It survives changes of the page and of the session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payment {
    pub(crate) receiver: RwSignal<String>,
    pub(crate) amount: RwSignal<String>,
    pub(crate) fee: RwSignal<String>,
    pub(crate) comment: RwSignal<String>,
    pub(crate) step: RwSignal<Step>,
}

/// How far a payment has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is being typed.
    Form,
    /// It is shown as it will be signed.
    Confirm(PaymentView),
    /// The node has accepted it.
    Sent { tx_id: TxId, payment: PaymentView },
}

/// The fee that the form begins with: the least that nodes pass on.
const DEFAULT_FEE: &str = "1";

impl Payment {
    fn new() -> Self {
        Self {
            receiver: RwSignal::default(),
            amount: RwSignal::default(),
            fee: RwSignal::new(DEFAULT_FEE.to_owned()),
            comment: RwSignal::default(),
            step: RwSignal::new(Step::Form),
        }
    }

    /// Shows what was sent, and empties the form for the next payment.
    pub(crate) fn sent(self, tx_id: TxId, payment: PaymentView) {
        self.reset();
        self.step.set(Step::Sent { tx_id, payment });
    }

    /// Begins with an empty form.
    pub(crate) fn reset(self) {
        for field in [self.receiver, self.amount, self.comment] {
            field.set(String::new());
        }
        self.fee.set(DEFAULT_FEE.to_owned());
        self.step.set(Step::Form);
    }

    /// Returns the step that a route shows: that of the payment, or the form where the two do not fit. So "back" and
    /// "forward" walk through the steps, and never to a payment that was sent.
    pub(crate) fn step_of(self, route: Route) -> Step {
        let step = self.step.get();
        match (route, &step) {
            (Route::Confirm, Step::Confirm(_)) | (Route::Sent, Step::Sent { .. }) => step,
            _ => Step::Form,
        }
    }
}

/// Returns the store that [`crate::app`] provides.
pub(crate) fn store() -> Store {
    expect_context()
}

fn now() -> u64 {
    (browser::now_ms() / 1000.0) as u64
}

/// What a link wants beside a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// Nothing.
    None,
    /// What is kept for this tab now.
    Taken,
    /// A node that this page does not use.
    Ignored,
}

/// Reads the fragment, keeps for this tab what it brings along, and takes that out of the address bar: a token is for
/// nobody who looks over one's shoulder, and a link's node not for the next visit.
fn take_fragment() -> (Route, Link) {
    let Fragment { route, node, token } = Fragment::parse(&browser::fragment());
    if node.is_none() && token.is_none() {
        return (route, Link::None);
    }
    browser::rewrite_fragment(route.fragment());
    let is_own = browser::own_node().is_some();
    // No other node than the one that made the token ever gets it.
    if let Some(token) = token.filter(|_| is_own) {
        browser::store(Item::Token, &token);
    }
    let link = match node.map(|node| node.parse::<NodeAddress>()) {
        None => Link::Taken,
        Some(Ok(address)) if !is_own && browser::store(Item::LinkedNode, &address.to_string()) => Link::Taken,
        Some(_) => Link::Ignored,
    };
    (route, link)
}

impl Store {
    /// Reads what the browser kept.
    pub(crate) fn new() -> Self {
        let (route, link) = take_fragment();
        let [linked, chosen] = [Item::LinkedNode, Item::Node].map(browser::load);
        Self {
            route: RwSignal::new(route),
            node: RwSignal::new(Node::find(browser::own_node(), linked.as_deref(), chosen.as_deref())),
            is_link_ignored: RwSignal::new(link == Link::Ignored),
            control: RwSignal::new(Control::None),
            peers: RwSignal::default(),
            bans: RwSignal::default(),
            forks: RwSignal::default(),
            now: RwSignal::new(now()),
            connection: RwSignal::new(Connection::Connecting),
            retry_at: RwSignal::default(),
            is_stopped: RwSignal::default(),
            unreadable: RwSignal::default(),
            wallet: RwSignal::default(),
            keystore: RwSignal::new(browser::load(Item::Keystore)),
            is_unsaved: RwSignal::default(),
            is_drill_due: RwSignal::new(browser::load(Item::DrillDue).is_some()),
            auto_lock_minutes: RwSignal::new(
                browser::load(Item::AutoLock)
                    .and_then(|text| idle::parse_minutes(&text))
                    .unwrap_or(idle::DEFAULT_MINUTES),
            ),
            info: RwSignal::default(),
            blocks: RwSignal::default(),
            account: RwSignal::default(),
            history: RwSignal::default(),
            progress: RwSignal::default(),
            payment: Payment::new(),
        }
    }

    /// Goes where the fragment leads now.
    pub(crate) fn follow_fragment(self) {
        let (route, link) = take_fragment();
        self.route.set(route);
        match link {
            Link::None => {}
            Link::Ignored => self.is_link_ignored.set(true),
            // Nothing that came from another node may stay.
            Link::Taken => browser::reload(),
        }
    }

    /// Talks to another node from now on, also on the next visit.
    pub(crate) fn choose_node(self, address: &NodeAddress) {
        // A browser that stores nothing for long does so for this tab.
        let text = address.to_string();
        if browser::store(Item::Node, &text) {
            browser::remove(Item::LinkedNode);
        } else {
            browser::store(Item::LinkedNode, &text);
        }
        browser::reload();
    }

    /// Talks no more to the node that a link chose.
    pub(crate) fn drop_link(self) {
        browser::remove(Item::LinkedNode);
        browser::reload();
    }

    /// Talks to the usual node again.
    pub(crate) fn forget_node(self) {
        browser::remove(Item::Node);
        self.drop_link();
    }

    /// Lets the clock go on.
    pub(crate) fn tick(self) {
        self.now.set(now());
    }

    /// Takes in what the worker told unasked.
    pub(crate) fn apply(self, event: Event) {
        match event {
            Event::Connection(connection) => {
                match &connection {
                    Connection::Connecting => {}
                    // Rounded up: better a second early than a countdown that hangs at zero.
                    Connection::Waiting { retry_ms } => {
                        self.retry_at.set(Some(now() + u64::from(*retry_ms).div_ceil(1000)));
                    }
                    Connection::Connected
                    | Connection::WrongChain { .. }
                    | Connection::WrongProtocol { .. } => {
                        self.retry_at.set(None);
                    }
                }
                self.blocks.update(Blocks::miss);
                self.connection.set(connection);
            }
            Event::Wallet(wallet) => self.set_wallet(wallet),
            Event::Info(info) => self.info.set(Some(*info)),
            Event::Head(head) => self.blocks.update(|blocks| blocks.push(head)),
            Event::EarlierBlock(block) => self.blocks.update(|blocks| blocks.push_earlier(block)),
            Event::Account(account) => {
                if self.is_current(&account.address) {
                    self.account.set(Some(account));
                }
            }
            Event::History(page) => {
                if self.is_current(&page.address) {
                    self.history.update(|history| history.get_or_insert_default().renew(page));
                }
            }
            Event::Progress { task, percent } => self.progress.set(Some((task, percent))),
        }
    }

    /// Returns the id of a payment that the node knows: it waits, or is in a block.
    pub(crate) fn find_payment(self, payment: &PaymentView) -> Option<TxId> {
        self.account.with(|account| {
            let pending = account.as_ref().map_or(&[][..], |account| &account.pending);
            self.history.with(|history| {
                let none = History::default();
                history::find_payment(pending, history.as_ref().unwrap_or(&none), payment)
            })
        })
    }

    fn set_wallet(self, wallet: WalletView) {
        let before = self.address_untracked();
        self.wallet.set(Some(wallet));
        if self.address_untracked() != before {
            self.account.set(None);
            self.history.set(None);
        }
    }

    fn is_current(self, address: &str) -> bool {
        self.address_untracked().is_some_and(|own| own == address)
    }

    /// Returns the current account's address, for what does not outlive it.
    pub(crate) fn address_untracked(self) -> Option<String> {
        self.wallet.with_untracked(|wallet| address_of(wallet.as_ref()))
    }

    /// Returns the current account's address.
    pub(crate) fn address(self) -> Option<String> {
        self.wallet.with(|wallet| address_of(wallet.as_ref()))
    }

    /// Returns the current account's address as the tutorial writes it.
    pub(crate) fn tutorial_address(self) -> Option<String> {
        self.wallet.with(|wallet| match wallet {
            Some(WalletView::Locked { accounts } | WalletView::Unlocked { accounts }) => {
                accounts.first().map(|account| account.tutorial_address.clone())
            }
            _ => None,
        })
    }

    /// Returns what addresses of the node's chain begin with; that of main before the node is known.
    pub(crate) fn address_prefix(self) -> String {
        self.chain().unwrap_or_else(ChainSpec::main).rules().address_prefix.clone()
    }

    /// Returns the node's chain, once it is known and one of those that this program knows.
    pub(crate) fn chain(self) -> Option<ChainSpec> {
        // By its first block, because a name is only what the node says.
        let is_nodes = |chain: &ChainSpec| {
            self.info
                .with(|info| info.as_ref().is_some_and(|info| info.genesis_hash == *chain.genesis_hash()))
        };
        [ChainSpec::main(), ChainSpec::dev()].into_iter().find(is_nodes)
    }

    /// Returns whether there is a wallet, open.
    pub(crate) fn is_unlocked(self) -> bool {
        self.wallet.with(|wallet| matches!(wallet, Some(WalletView::Unlocked { .. })))
    }

    /// Returns what can be spent: the confirmed balance without what pending payments take.
    pub(crate) fn available(self) -> Option<u64> {
        self.account.with(|account| account.as_ref().map(|a| a.balance.saturating_sub(a.pending_out)))
    }
}

fn address_of(wallet: Option<&WalletView>) -> Option<String> {
    match wallet {
        Some(WalletView::Locked { accounts } | WalletView::Unlocked { accounts }) => {
            accounts.first().map(|account| account.address.clone())
        }
        _ => None,
    }
}
