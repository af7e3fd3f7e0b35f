//! What will be signed, shown whole.

use leptos::prelude::*;
use wallet_wasm::protocol::PaymentView;

use crate::components::{AddressText, Attempt, ErrorNotice, coins, foreign};
use crate::locale::text;
use crate::store::{Step, store};
use crate::wallet::wallet;
use crate::wording::quoted;

#[component]
pub(super) fn Confirm(payment: PaymentView) -> impl IntoView {
    let t = text();
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
        <h1 tabindex="-1">{t.confirm_title()}</h1>
        <p class="lead">{t.confirm_lead()}</p>
        <form class="sheet stack" on:submit=on_submit>
            <div class="stack-tight">
                <h3>{t.confirm_to()}</h3>
                <AddressText address=payment.receiver.clone() testid="confirm-to" />
            </div>
            <dl class="figure-facts">
                <div>
                    <dt>{t.confirm_amount()}</dt>
                    <dd data-testid="confirm-amount">{coins(payment.amount)}</dd>
                </div>
                <div>
                    <dt>{t.confirm_fee()}</dt>
                    <dd data-testid="confirm-fee">{coins(payment.fee)}</dd>
                </div>
                <div class="total">
                    <dt>{t.confirm_total()}</dt>
                    <dd data-testid="confirm-total">{coins(payment.total)}</dd>
                </div>
                <div>
                    <dt class="soft">{t.confirm_after()}</dt>
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
                    {t.confirm_submit()}
                </button>
                <button
                    type="button"
                    data-testid="confirm-back"
                    disabled=move || attempt.is_busy.get()
                    on:click=move |_| step.set(Step::Form)
                >
                    {t.confirm_back()}
                </button>
            </div>
        </form>
    }
}

/// The rest of what is signed.
#[component]
fn Details(payment: PaymentView) -> impl IntoView {
    let t = text();
    let comment = if payment.comment.is_empty() {
        view! { <span class="soft">{t.confirm_no_comment()}</span> }.into_any()
    } else {
        foreign(&payment.comment).into_any()
    };
    let expiry = match payment.expires_at {
        0 => t.confirm_expires_never().to_owned(),
        height => t.confirm_expires_block(height),
    };
    view! {
        <dl class="facts">
            <dt>{t.confirm_comment()}</dt>
            <dd data-testid="confirm-comment">{comment}</dd>
            <dt>{t.confirm_from()}</dt>
            <dd class="long-text" data-testid="confirm-from">{payment.sender}</dd>
            <dt>{t.confirm_chain()}</dt>
            <dd data-testid="confirm-chain">{quoted(&payment.chain)}</dd>
            <dt>{t.confirm_number()}</dt>
            <dd data-testid="confirm-nonce">{payment.nonce}</dd>
            <dt>{t.confirm_expires()}</dt>
            <dd data-testid="confirm-expires">{expiry}</dd>
        </dl>
    }
}

/// What one should think about twice.
#[component]
fn Warnings(payment: PaymentView) -> impl IntoView {
    let t = text();
    let high_fee = (payment.fee > payment.amount).then(|| t.confirm_high_fee());
    let replaces = payment.replaces.map(|_| t.confirm_replaces());
    let warnings = [high_fee, replaces].into_iter().flatten();
    warnings.map(|warning| view! { <p class="notice notice-warn">{warning}</p> }).collect_view()
}
