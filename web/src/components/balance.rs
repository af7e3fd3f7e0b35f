//! The balance, and what is on its way.

use leptos::prelude::*;
use shared::api::views::AccountView;

use super::figures::digits;
use crate::locale::text;
use crate::store::store;
use crate::wording;

/// One large number, and the badge that says that it was not checked.
#[component]
pub(crate) fn Balance() -> impl IntoView {
    let account = store().account;
    let balance = move || account.with(|account| account.as_ref().map(|account| account.balance));
    let figure = move || {
        balance()
            .map(|balance| view! { {digits(balance)} <span class="unit">{wording::coins(balance)}</span> })
    };
    view! {
        <section class="stack-tight" aria-labelledby="balance-title">
            <div class="balance-head">
                <h1 id="balance-title" tabindex="-1">{text::home_balance}</h1>
                <span class="badge" data-testid="not-checked" title=text::home_unchecked_title>
                    {text::home_unchecked}
                </span>
            </div>
            <p
                class="balance"
                data-testid="balance"
                data-value=move || balance().map(|balance| balance.to_string())
            >
                {figure}
            </p>
            <p class="balance-note" data-testid="balance-note">
                {move || account.with(|account| account.as_ref().map_or_else(|| text::home_waiting().into_any(), note))}
            </p>
        </section>
    }
}

/// What pending payments will change.
fn note(account: &AccountView) -> AnyView {
    let own = &account.address;
    let is_arriving = |sender: &str, receiver: &str| receiver == own && sender != own;
    let arriving = account.pending.iter().filter(|view| is_arriving(&view.sender, &view.receiver));
    // Amounts that pass the sum's limit are lies; saturating keeps the page alive.
    let arriving = arriving.fold(0_u64, |sum, view| sum.saturating_add(view.amount));
    let leaving = account.pending_out;
    if arriving == 0 && leaving == 0 {
        return if account.balance == 0 { "".into_any() } else { text::home_all_available().into_any() };
    }
    let available = account.balance.saturating_sub(leaving);
    let parts = [
        (arriving > 0).then(|| text::home_arriving(phrase(arriving))),
        (leaving > 0).then(|| text::home_leaving(phrase(leaving))),
        (leaving > 0).then(|| text::home_available(phrase(available))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ").into_any()
}

/// An amount inside a sentence.
fn phrase(amount: u64) -> String {
    format!("{amount} {}", wording::coins(amount))
}
