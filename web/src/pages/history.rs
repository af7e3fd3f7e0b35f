//! All that ever happened to the account.

use leptos::prelude::*;

use crate::components::{Attempt, ErrorNotice, HistoryList};
use crate::history;
use crate::locale::text;
use crate::store::store;
use crate::wallet::wallet;

/// The whole list, older pages on demand.
#[component]
pub(crate) fn History() -> impl IntoView {
    let store = store();
    let wallet = wallet();
    let attempt = Attempt::new();
    let more = move || store.history.with(|history| history.as_ref().map(history::History::next_before));
    let end = move || match more() {
        None => ().into_any(),
        Some(None)
            if store.history.with(|history| history.as_ref().is_some_and(|h| h.entries.is_empty())) =>
        {
            ().into_any()
        }
        Some(None) => view! { <p class="soft small">{text::history_all_loaded}</p> }.into_any(),
        Some(Some(_)) => view! {
            <button
                type="button"
                data-testid="load-older"
                disabled=move || attempt.is_busy.get()
                on:click=move |_| attempt.run(wallet.load_older(), |()| ())
            >
                {text::history_older}
            </button>
        }
        .into_any(),
    };
    view! {
        <div class="stack narrow">
            <h1 tabindex="-1">{text::history_title}</h1>
            <div>
                <HistoryList />
            </div>
            <ErrorNotice failure=attempt.failure />
            <div>{end}</div>
        </div>
    }
}
