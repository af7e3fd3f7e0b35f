//! What will be signed, shown whole.

use leptos::prelude::*;
use wallet_wasm::protocol::PaymentView;

use crate::components::{AddressText, Attempt, ErrorNotice, coins, foreign};
use crate::locale::{Text, text};
use crate::store::{Step, store};
use crate::wallet::wallet;
use crate::wording::quoted;

#[component]
pub(super) fn Confirm(payment: PaymentView) -> impl IntoView {
    let step = store().payment.step;
    let wallet = wallet();
    let attempt = Attempt::new();
    let sent = StoredValue::new(payment.clone());
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let payment = sent.get_value();
        attempt.run(wallet.send(), move |tx_id| step.set(Step::Sent { tx_id, payment }));
    };
    view! {
        <h1 tabindex="-1">{text::confirm_title}</h1>
        <p class="lead">{text::confirm_lead}</p>
        <form class="sheet stack" on:submit=on_submit>
            <div class="stack-tight">
                <h3>{text::confirm_to}</h3>
                <AddressText address=payment.receiver.clone() testid="confirm-to" />
            </div>
            <dl class="figure-facts">
                <div>
                    <dt>{text::confirm_amount}</dt>
                    <dd data-testid="confirm-amount">{coins(payment.amount)}</dd>
                </div>
                <div>
                    <dt>{text::confirm_fee}</dt>
                    <dd data-testid="confirm-fee">{coins(payment.fee)}</dd>
                </div>
                <div class="total">
                    <dt>{text::confirm_total}</dt>
                    <dd data-testid="confirm-total">{coins(payment.total)}</dd>
                </div>
                <div>
                    <dt class="soft">{text::confirm_after}</dt>
                    <dd class="soft" data-testid="confirm-after">{coins(payment.balance_after)}</dd>
                </div>
            </dl>
            <Details payment=payment.clone() />
            <Warnings payment />
            <ErrorNotice failure=attempt.failure />
            <div class="row actions">
                <button
                    type="submit"
                    class="primary"
                    data-testid="confirm-submit"
                    disabled=move || attempt.is_busy.get()
                >
                    {move || if attempt.is_busy.get() { text::confirm_sending() } else { text::confirm_submit() }}
                </button>
                <button
                    type="button"
                    data-testid="confirm-back"
                    disabled=move || attempt.is_busy.get()
                    on:click=move |_| step.set(Step::Form)
                >
                    {text::confirm_back}
                </button>
            </div>
        </form>
    }
}

/// The rest of what is signed.
#[component]
fn Details(payment: PaymentView) -> impl IntoView {
    let comment = if payment.comment.is_empty() {
        view! { <span class="soft">{text::confirm_no_comment}</span> }.into_any()
    } else {
        foreign(&payment.comment).into_any()
    };
    let expires_at = payment.expires_at;
    let expiry = move || match expires_at {
        0 => text::confirm_expires_never().to_owned(),
        height => text::confirm_expires_block(height),
    };
    view! {
        <dl class="facts">
            <dt>{text::confirm_comment}</dt>
            <dd data-testid="confirm-comment">{comment}</dd>
            <dt>{text::confirm_from}</dt>
            <dd class="long-text" data-testid="confirm-from">{payment.sender}</dd>
            <dt>{text::confirm_chain}</dt>
            <dd data-testid="confirm-chain">{quoted(&payment.chain)}</dd>
            <dt>{text::confirm_number}</dt>
            <dd data-testid="confirm-nonce">{payment.nonce}</dd>
            <dt>{text::confirm_expires}</dt>
            <dd data-testid="confirm-expires">{expiry}</dd>
        </dl>
    }
}

/// What one should think about twice.
#[component]
fn Warnings(payment: PaymentView) -> impl IntoView {
    let warnings: [(bool, Text); 2] = [
        (payment.fee > payment.amount, text::confirm_high_fee),
        (payment.replaces.is_some(), text::confirm_replaces),
    ];
    let due = warnings.into_iter().filter(|(is_due, _)| *is_due);
    due.map(|(_, warning)| view! { <p class="notice notice-warn">{warning}</p> }).collect_view()
}
