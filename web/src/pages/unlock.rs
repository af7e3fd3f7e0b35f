//! A stored wallet, closed.

use leptos::prelude::*;

use crate::components::{Attempt, ForgetWallet, FormEnd, Kind, Note, TextField};
use crate::locale::text;
use crate::wallet::wallet;

/// Asks for the passphrase. The route stays what it was, so that unlocking leads there.
#[component]
pub(crate) fn Unlock() -> impl IntoView {
    let wallet = wallet();
    let passphrase = RwSignal::new(String::new());
    let is_tried = RwSignal::new(false);
    let attempt = Attempt::new();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        is_tried.set(true);
        let typed = passphrase.get_untracked();
        if !typed.is_empty() {
            attempt.run(wallet.unlock(typed), |()| ());
        }
    };
    on_cleanup(move || drop(passphrase.try_set(String::new())));
    let note = move || {
        let is_empty = passphrase.with(String::is_empty);
        if is_empty && is_tried.get() {
            Note::Error(text::passphrase_empty().to_owned())
        } else {
            Note::hint("")
        }
    };
    // The next attempt begins where the last one failed.
    Effect::new(move |_| {
        if attempt.failure.with(Option::is_some) {
            crate::browser::focus("unlock-passphrase");
        }
    });
    view! {
        <div class="stack narrow">
            <h1 tabindex="-1">{text::unlock_title}</h1>
            <p class="lead">{text::unlock_lead}</p>
            <form class="sheet stack" on:submit=on_submit>
                <TextField
                    id="unlock-passphrase"
                    label=text::unlock_label
                    value=passphrase
                    kind=Kind::Passphrase
                    is_first=true
                    note=Signal::derive(note)
                />
                <FormEnd attempt label=text::unlock_submit testid="unlock-submit" />
            </form>
            <details>
                <summary data-testid="unlock-forgot">{text::unlock_forgot}</summary>
                <div class="stack disclosed">
                    <p>{text::unlock_forgot_text}</p>
                    <ForgetWallet />
                </div>
            </details>
        </div>
    }
}
