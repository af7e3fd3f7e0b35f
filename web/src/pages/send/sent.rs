//! A payment that the node has accepted, until a block holds it and after.

use leptos::prelude::*;
use shared::hash::TxId;
use wallet_wasm::protocol::PaymentView;

use crate::components::{AddressText, coins, confirmations};
use crate::locale::text;
use crate::route::Route;
use crate::store::store;

#[component]
pub(super) fn Sent(tx_id: TxId, payment: PaymentView) -> impl IntoView {
    let store = store();
    let height = Memo::new(move |_| {
        let find = |history: &crate::history::History| history.find(&tx_id).map(|entry| entry.height);
        store.history.with(|history| history.as_ref().and_then(find))
    });
    let is_confirmed = move || height.get().is_some();
    let title = move || if is_confirmed() { text::sent_title_done() } else { text::sent_title() };
    let lead = move || height.get().map_or_else(|| text::sent_lead().to_owned(), text::sent_lead_done);
    let state = move || {
        height.get().map_or_else(|| text::history_pending().to_owned(), |height| confirmations(store, height))
    };
    view! {
        <div
            class="stack"
            data-testid="sent"
            data-state=move || if is_confirmed() { "confirmed" } else { "pending" }
            data-tx=tx_id.to_string()
        >
            <h1 tabindex="-1">{title}</h1>
            <p class="lead" aria-live="polite">{lead}</p>
            <div class="sheet stack">
                <dl class="figure-facts">
                    <div>
                        <dt>{text::confirm_amount}</dt>
                        <dd>{coins(payment.amount)}</dd>
                    </div>
                    <div>
                        <dt>{text::confirm_fee}</dt>
                        <dd>{coins(payment.fee)}</dd>
                    </div>
                    <div>
                        <dt>{text::sent_state}</dt>
                        <dd data-testid="sent-state">{state}</dd>
                    </div>
                </dl>
                <div class="stack-tight">
                    <h2 class="label">{text::confirm_to}</h2>
                    <AddressText address=payment.receiver testid="sent-to" />
                </div>
                <div class="stack-tight">
                    <h2 class="label">{text::history_id}</h2>
                    <p class="long-text" data-testid="sent-id">{tx_id.to_string()}</p>
                </div>
            </div>
            <div class="row actions">
                <a class="button primary" href=Route::Home.fragment() data-testid="sent-home">
                    {text::sent_home}
                </a>
                <a class="button" href=Route::Send.fragment() data-testid="send-another">
                    {text::sent_another}
                </a>
            </div>
        </div>
    }
}
