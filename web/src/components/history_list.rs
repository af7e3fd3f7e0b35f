//! The account's list of payments and rewards, as lines of a statement.

use std::collections::BTreeSet;

use leptos::prelude::*;
use shared::api::views::{HistoryEntryView, HistoryEvent, TransactionView};
use shared::hash::TxId;

use super::figures::{coins, digits};
use super::foreign::foreign;
use super::icons::{Icon, icon};
use super::mine_here::MineHere;
use crate::browser;
use crate::format::shorten;
use crate::history::{self, Line};
use crate::locale::text;
use crate::store::{Control, Store, store};

/// Shows the newest lines: all, or at most `limit`.
#[component]
pub(crate) fn HistoryList(#[prop(optional)] limit: Option<usize>) -> impl IntoView {
    let store = store();
    let lines = Memo::new(move |_| {
        let pending = store.account.with(|account| account.as_ref().map(|account| account.pending.clone()));
        let mut lines = store.history.with(|history| {
            history
                .as_ref()
                .map_or_else(Vec::new, |history| history::lines(&pending.unwrap_or_default(), history))
        });
        lines.truncate(limit.unwrap_or(usize::MAX));
        lines
    });
    let opened = Opened(StoredValue::default());
    view! {
        <ol data-testid="history-list" aria-label=text::history_label>
            <For
                each=move || lines.get()
                key=Line::key
                children=move |line| view! { <Entry line opened /> }
            />
        </ol>
        <Show when=move || lines.with(Vec::is_empty)>
            <Empty />
        </Show>
    }
}

/// The payments whose lines are open: they stay so when a block, or another one, confirms them.
#[derive(Debug, Clone, Copy)]
struct Opened(StoredValue<BTreeSet<TxId>>);

impl Opened {
    fn has(self, tx_id: &TxId) -> bool {
        self.0.with_value(|opened| opened.contains(tx_id))
    }

    fn set(self, tx_id: TxId, is_open: bool) {
        self.0.update_value(|opened| {
            if is_open {
                opened.insert(tx_id);
            } else {
                opened.remove(&tx_id);
            }
        });
    }
}

/// What to do while there is nothing.
#[component]
fn Empty() -> impl IntoView {
    let store = store();
    let command = move || {
        let address = store.address().unwrap_or_default();
        // The port decides which store the node uses; main is the chain that it takes by itself.
        let chain = match store.chain() {
            Some(chain) if chain.name() != "main" => format!(" --chain {}", chain.name()),
            _ => String::new(),
        };
        let port = store.node.with(|node| node.address.port);
        format!("cargo run --release -- {port}{chain} --miner {address}")
    };
    let way_to_coins = move || match store.control.get() {
        Control::Granted(node) if node.threads > 0 && node.payout == store.address() => {
            view! { <p>{text::history_empty_soon}</p> }.into_any()
        }
        Control::Granted(node) => view! {
            <p>{text::history_empty_own}</p>
            <MineHere node />
        }
        .into_any(),
        Control::None | Control::Refused => view! {
            <p>{text::history_empty_note}</p>
            <p class="long-text"><code>{command}</code></p>
        }
        .into_any(),
    };
    let content = move || {
        if store.history.with(Option::is_none) {
            return text::history_loading().into_any();
        }
        view! {
            <p><strong>{text::history_empty}</strong></p>
            {way_to_coins}
        }
        .into_any()
    };
    view! {
        <div class="empty" data-testid="history-empty">
            {content}
        </div>
    }
}

/// What a line means to the account that reads it.
struct Meaning {
    icon: Icon,
    what: What,
    change: Change,
}

/// What a line tells.
#[derive(Debug, Clone)]
enum What {
    OwnPayment,
    SentTo(String),
    ReceivedFrom(String),
    Reward { height: u64 },
}

impl What {
    fn sentence(&self) -> AnyView {
        match self {
            Self::OwnPayment => text::history_self_payment().into_any(),
            Self::SentTo(receiver) => around(&text::history_sent(PLACE), receiver).into_any(),
            Self::ReceivedFrom(sender) => around(&text::history_received(PLACE), sender).into_any(),
            Self::Reward { height } => text::history_reward(height).into_any(),
        }
    }
}

/// Stands where an address belongs; no text of the page holds it.
const PLACE: char = '\u{fffc}';

/// Puts a shortened address, which is not broken into lines, into its sentence.
fn around(sentence: &str, address: &str) -> impl IntoView + use<> {
    let (before, after) = sentence.split_once(PLACE).unwrap_or((sentence, ""));
    let (before, after) = (before.to_owned(), after.to_owned());
    view! { {before} <span class="shortened">{foreign(&shorten(address))}</span> {after} }
}

/// What a line does to the balance.
enum Change {
    Gain(u64),
    Loss(u64),
}

fn meaning_of_payment(view: &TransactionView, own: &str) -> Meaning {
    match (view.sender == own, view.receiver == own) {
        (true, true) => Meaning { icon: Icon::Own, what: What::OwnPayment, change: Change::Loss(view.fee) },
        (true, false) => Meaning {
            icon: Icon::Outgoing,
            what: What::SentTo(view.receiver.clone()),
            change: Change::Loss(view.amount.saturating_add(view.fee)),
        },
        (false, _) => Meaning {
            icon: Icon::Incoming,
            what: What::ReceivedFrom(view.sender.clone()),
            change: Change::Gain(view.amount),
        },
    }
}

/// One line, with everything about it a press away.
#[component]
fn Entry(line: Line, opened: Opened) -> impl IntoView {
    let own = store().address_untracked().unwrap_or_default();
    match line {
        Line::Pending(view) => payment_entry(view, None, &own, opened).into_any(),
        Line::Confirmed(HistoryEntryView { height, time, event, .. }) => match event {
            HistoryEvent::Transaction { view, .. } => {
                payment_entry(view, Some((height, time)), &own, opened).into_any()
            }
            HistoryEvent::Reward { id, reward } => {
                let meaning = Meaning {
                    icon: Icon::Reward,
                    what: What::Reward { height },
                    change: Change::Gain(reward),
                };
                let more = hash_fact(&id.to_string());
                view! {
                    <li class="entry" data-testid="history-entry" data-state="confirmed">
                        <details>
                            {summary(meaning, Some((height, time)), "")} <div class="entry-more">{more}</div>
                        </details>
                    </li>
                }
                .into_any()
            }
        },
    }
}

/// A payment; `place` is the height and time of its block, once it is in one.
fn payment_entry(
    view: TransactionView,
    place: Option<(u64, u32)>,
    own: &str,
    opened: Opened,
) -> impl IntoView + use<> {
    let tx_id = view.tx_id;
    let mut meaning = meaning_of_payment(&view, own);
    if place.is_none() {
        meaning.icon = Icon::Pending;
    }
    view! {
        <li
            class="entry"
            data-testid="history-entry"
            data-state=if place.is_some() { "confirmed" } else { "pending" }
            data-tx=view.tx_id.to_string()
        >
            <details
                open=opened.has(&tx_id)
                on:toggle=move |event| opened.set(tx_id, event_target::<web_sys::HtmlElement>(&event).has_attribute("open"))
            >
                {summary(meaning, place, &view.comment)} <div class="entry-more">{payment_facts(&view)}</div>
            </details>
        </li>
    }
}

/// What is seen of a line at once.
fn summary(meaning: Meaning, place: Option<(u64, u32)>, comment: &str) -> impl IntoView + use<> {
    let store = store();
    let state = move || match place {
        None => text::history_pending().to_owned(),
        Some((height, _)) => confirmations(store, height),
    };
    let when = move || place.map(|(_, time)| browser::date_time(time, text::language_tag()));
    let gap = (place.is_some() && !comment.is_empty()).then_some(" · ");
    let comment = (!comment.is_empty()).then(|| foreign(comment));
    let amount = match meaning.change {
        Change::Gain(coins) => {
            view! { <span class="entry-amount entry-in">"+" {digits(coins)}</span> }.into_any()
        }
        Change::Loss(coins) => view! { <span class="entry-amount">"−" {digits(coins)}</span> }.into_any(),
    };
    view! {
        <summary>
            <span class="entry-sign">{icon(meaning.icon)}</span>
            <span>
                <span class="entry-what">{move || meaning.what.sentence()}</span>
                <span class="entry-sub">{when} {gap} {comment}</span>
            </span>
            <span class="entry-figures">
                {amount} <span class="entry-sub" data-testid="entry-state">{state}</span>
            </span>
        </summary>
    }
}

/// Names how deep a block is by now.
pub(crate) fn confirmations(store: Store, height: u64) -> String {
    let tip = store.blocks.with(|blocks| blocks.tip().map_or(height, |tip| tip.height));
    match tip.saturating_sub(height).saturating_add(1) {
        1 => text::history_confirmations_one().to_owned(),
        count => text::history_confirmations(count),
    }
}

fn payment_facts(view: &TransactionView) -> impl IntoView + use<> {
    let comment = (!view.comment.is_empty()).then(|| {
        view! {
            <dt>{text::history_comment}</dt>
            <dd data-testid="entry-comment">{foreign(&view.comment)}</dd>
        }
    });
    view! {
        <dl class="facts">
            <dt>{text::history_from}</dt>
            <dd class="long-text">{view.sender.clone()}</dd>
            <dt>{text::history_to}</dt>
            <dd class="long-text">{view.receiver.clone()}</dd>
            <dt>{text::history_amount}</dt>
            <dd>{coins(view.amount)}</dd>
            <dt>{text::history_fee}</dt>
            <dd>{coins(view.fee)}</dd>
            {comment}
            <dt>{text::history_number}</dt>
            <dd>{view.nonce}</dd>
            <dt>{text::history_id}</dt>
            <dd class="long-text">{view.tx_id.to_string()}</dd>
        </dl>
    }
}

fn hash_fact(hash: &str) -> impl IntoView + use<> {
    view! {
        <dl class="facts">
            <dt>{text::history_block_hash}</dt>
            <dd class="long-text">{hash.to_owned()}</dd>
        </dl>
    }
}
