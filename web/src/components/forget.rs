//! Forgetting the wallet, with a typed confirmation.

use leptos::prelude::*;

use super::attempt::{Attempt, ErrorNotice};
use super::field::{Kind, Note, TextField};
use crate::browser;
use crate::locale::text;
use crate::route::Route;
use crate::wallet::wallet;

/// Removes the wallet from this browser once its owner has typed a word.
#[component]
pub(crate) fn ForgetWallet() -> impl IntoView {
    let wallet = wallet();
    let attempt = Attempt::new();
    let typed = RwSignal::new(String::new());
    let is_confirmed = move || typed.with(|typed| typed.trim().to_lowercase() == text::forget_word());
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if untrack(is_confirmed) {
            attempt.run(wallet.forget(), |()| browser::set_fragment(Route::Home.fragment()));
        }
    };
    view! {
        <form class="stack" on:submit=on_submit>
            <p class="soft">{text::forget_text}</p>
            <TextField
                id="forget-word"
                label=Signal::derive(|| text::forget_label(text::forget_word()))
                value=typed
                kind=Kind::Exact
                note=Note::hint("")
            />
            <ErrorNotice failure=attempt.failure />
            <div>
                <button
                    type="submit"
                    class="danger"
                    data-testid="forget-submit"
                    disabled=move || !is_confirmed() || attempt.is_busy.get()
                >
                    {text::forget_submit}
                </button>
            </div>
        </form>
    }
}
