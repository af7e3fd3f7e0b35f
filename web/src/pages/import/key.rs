//! Import of one private key.

use leptos::prelude::*;
use wallet_wasm::protocol::Command;

use super::{Finish, go_home};
use crate::components::{Attempt, NewPassphrase, Note, TextArea, new_passphrase};
use crate::locale::text;
use crate::wallet::wallet;

#[component]
pub(super) fn FromKey() -> impl IntoView {
    let wallet = wallet();
    let key = RwSignal::new(String::new());
    let passphrase = new_passphrase();
    let is_tried = RwSignal::new(false);
    let attempt = Attempt::new();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        is_tried.set(true);
        let typed = key.get_untracked();
        if let (false, Some(passphrase)) = (typed.trim().is_empty(), passphrase.accept()) {
            attempt.run(wallet.make(Command::ImportKey { key: typed, passphrase }), go_home);
        }
    };
    on_cleanup(move || {
        passphrase.clear();
        key.try_set(String::new());
    });
    let note = move || {
        let is_missing = is_tried.get() && key.with(|key| key.trim().is_empty());
        if is_missing {
            Note::Error(text::import_key_missing().to_owned())
        } else {
            Note::hint(text::import_key_hint())
        }
    };
    view! {
        <form class="sheet stack" on:submit=on_submit>
            <TextArea id="import-key" label=text::import_key value=key rows=6 note=Signal::derive(note) />
            <p class="notice">{text::import_key_warning}</p>
            <NewPassphrase state=passphrase />
            <Finish attempt />
        </form>
    }
}
