//! What will be signed, shown whole.

use leptos::prelude::*;
use wallet_wasm::WalletError;
use wallet_wasm::protocol::PaymentView;

use crate::browser;
use crate::checks::{self, Acquaintance};
use crate::components::{AddressText, Attempt, FormEnd, Kind, Note, TextField, coins, foreign};
use crate::locale::{Text, text};
use crate::route::Route;
use crate::store::store;
use crate::wallet::{Failure, wallet};

#[component]
pub(super) fn Confirm(payment: PaymentView) -> impl IntoView {
    let store = store();
    let wallet = wallet();
    let attempt = Attempt::new();
    let sent = StoredValue::new(payment.clone());
    let leave = move |tx_id| {
        store.payment.sent(tx_id, sent.get_value());
        // Unless the reader has gone elsewhere meanwhile.
        if matches!(store.route.get_untracked(), Route::Send | Route::Confirm) {
            browser::replace_fragment(Route::Sent.fragment());
        }
    };
    // The node's answer was late, but the payment had arrived.
    Effect::new(move || {
        let is_late = matches!(attempt.failure.get(), Some(Failure::Wallet(WalletError::Timeout { .. })));
        if let Some(tx_id) = is_late.then(|| sent.with_value(|payment| store.find_payment(payment))).flatten()
        {
            leave(tx_id);
        }
    });
    let (fee, is_fee_unusual) = (payment.fee, checks::is_fee_unusual(payment.amount, payment.fee));
    let typed_fee = RwSignal::new(String::new());
    let is_unconfirmed =
        move || is_fee_unusual && typed_fee.with(|typed| crate::amount::parse(typed) != Ok(fee));
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if untrack(is_unconfirmed) {
            return;
        }
        attempt.run(wallet.send(), leave);
    };
    view! {
        <h1 tabindex="-1">{text::confirm_title}</h1>
        <p class="lead">{text::confirm_lead}</p>
        <form class="sheet stack" on:submit=on_submit>
            <div class="stack-tight">
                <h2 class="label">{text::confirm_to}</h2>
                <AddressText address=payment.receiver.clone() testid="confirm-to" />
                <Receiver address=payment.receiver.clone() />
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
            <Show when=move || is_fee_unusual>
                <TextField
                    id="confirm-fee-typed"
                    label=text::confirm_type_fee
                    value=typed_fee
                    kind=Kind::Digits
                    note=Signal::derive(|| Note::hint(text::confirm_type_fee_hint()))
                />
            </Show>
            <FormEnd
                attempt
                label=text::confirm_submit
                testid="confirm-submit"
                busy_label=text::confirm_sending as Text
                is_blocked=Signal::derive(is_unconfirmed)
            >
                <a class="button" href=Route::Send.fragment() data-testid="confirm-back">
                    {text::confirm_back}
                </a>
            </FormEnd>
        </form>
    }
}

/// What the history says of the receiver: whether it is known, or only looks so.
#[component]
fn Receiver(address: String) -> impl IntoView {
    let store = store();
    let acquaintance = Memo::new(move |_| {
        let own = store.address();
        let partners = store
            .history
            .with(|history| history.as_ref().map(crate::history::History::partners).unwrap_or_default());
        checks::acquaintance(&address, partners.iter().map(String::as_str).chain(own.as_deref()))
    });
    move || match acquaintance.get() {
        Acquaintance::Known => ().into_any(),
        Acquaintance::New => view! { <p class="soft small">{text::confirm_new_receiver}</p> }.into_any(),
        Acquaintance::LookAlike(known) => view! {
            <div class="notice notice-danger" role="alert" data-testid="look-alike">
                <p>{text::confirm_look_alike}</p>
                <p class="long-text">{known}</p>
            </div>
        }
        .into_any(),
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
            <dd data-testid="confirm-chain">{payment.chain}</dd>
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
    let is_unusual = checks::is_fee_unusual(payment.amount, payment.fee);
    let warnings: [(bool, Text); 3] = [
        (is_unusual, text::confirm_unusual_fee),
        (!is_unusual && payment.fee > payment.amount, text::confirm_high_fee),
        (payment.replaces.is_some(), text::confirm_replaces),
    ];
    let due = warnings.into_iter().filter(|(is_due, _)| *is_due);
    due.map(|(_, warning)| view! { <p class="notice notice-warn">{warning}</p> }).collect_view()
}
