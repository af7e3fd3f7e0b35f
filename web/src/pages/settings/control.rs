//! Steering the node that served this page: mining, and who earns the rewards.

use leptos::prelude::*;
use shared::api::views::NodeView;
use wallet_wasm::protocol::Steering;

use crate::components::{AddressText, Attempt, ErrorNotice, usual_threads};
use crate::locale::text;
use crate::store::{Control, store};
use crate::wallet::wallet;
use crate::wording;

/// How often the hash rate is asked for while it is shown.
const LOOK_EVERY_SECONDS: u64 = 5;

/// What the node is set to, for who came by the link that it showed; for others, how to get there.
#[component]
pub(super) fn NodeControl() -> impl IntoView {
    let store = store();
    let granted = Memo::new(move |_| match store.control.get() {
        Control::Granted(node) => Some(node),
        Control::None | Control::Refused => None,
    });
    let is_granted = Memo::new(move |_| granted.with(Option::is_some));
    let hint = move || match store.control.get() {
        Control::Refused => text::control_refused(),
        Control::None | Control::Granted(_) => text::control_absent(),
    };
    view! {
        <section class="sheet stack" aria-labelledby="control-title">
            <h2 id="control-title">{text::control_title}</h2>
            <Show
                when=move || is_granted.get()
                fallback=move || view! { <p class="soft" data-testid="control-hint">{hint}</p> }
            >
                <Steer node=Signal::derive(move || granted.get()) />
            </Show>
        </section>
    }
}

#[component]
fn Steer(node: Signal<Option<NodeView>>) -> impl IntoView {
    let store = store();
    let wallet = wallet();
    let attempt = Attempt::new();
    let steer = move |steering| attempt.run(wallet.steer(steering), |()| {});
    Effect::new(move |_| {
        if store.now.get().is_multiple_of(LOOK_EVERY_SECONDS) {
            leptos::task::spawn_local(async move {
                // Without a connection there is nothing to look at, and the page says so.
                drop(wallet.steer(Steering::Look).await);
            });
        }
    });
    let threads = move || node.with(|node| node.as_ref().map_or(0, |node| node.threads));
    let payout = Memo::new(move |_| node.with(|node| node.as_ref().and_then(|node| node.payout.clone())));
    let state = move || node.with(|node| node.as_ref().map(mining));
    let switch = move |_| {
        let usual = node.with_untracked(|node| node.as_ref().map_or(1, usual_threads));
        steer(Steering::SetMining { threads: if threads() == 0 { usual } else { 0 } });
    };
    let own = move || store.address();
    let is_elsewhere = move || own().is_some() && payout.get() != own();
    let take = move |_| {
        if let Some(address) = own() {
            steer(Steering::SetPayout { address });
        }
    };
    view! {
        <dl class="facts">
            <dt>{text::control_mining}</dt>
            <dd data-testid="mining" data-threads=move || threads().to_string()>
                {state}
            </dd>
            <dt>{text::control_payout}</dt>
            <dd>
                {move || match payout.get() {
                    Some(address) if Some(&address) == own().as_ref() => view! { <p data-testid="payout">{text::control_payout_own}</p> }.into_any(),
                    Some(address) => view! { <AddressText address testid="payout" /> }.into_any(),
                    None => view! { <p data-testid="payout">{text::control_payout_none}</p> }.into_any(),
                }}
            </dd>
        </dl>
        <ErrorNotice failure=attempt.failure />
        <div class="row actions">
            <button type="button" data-testid="mining-switch" disabled=attempt.is_busy on:click=switch>
                {move || if threads() == 0 { text::control_start() } else { text::control_stop() }}
            </button>
            <Show when=is_elsewhere>
                <button type="button" data-testid="payout-take" disabled=attempt.is_busy on:click=take>
                    {text::control_take}
                </button>
            </Show>
        </div>
    }
}

/// Says how the node mines.
fn mining(node: &NodeView) -> String {
    match node {
        NodeView { threads: 0, .. } => text::control_off().to_owned(),
        NodeView { payout: None, .. } => text::control_nobody().to_owned(),
        NodeView { threads: 1, hash_rate, .. } => text::control_on_one(wording::hash_rate(*hash_rate)),
        NodeView { threads, hash_rate, .. } => text::control_on(threads, wording::hash_rate(*hash_rate)),
    }
}
