//! Import from a wallet file.

use leptos::prelude::*;
use wallet_wasm::protocol::Command;

use super::{Finish, go_home};
use crate::browser;
use crate::components::{Attempt, Kind, Note, TextField};
use crate::locale::{Text, text};
use crate::wallet::wallet;

/// A wallet file has a few kilobytes; a hundred keys do not make a megabyte.
const MAX_FILE_BYTES: f64 = 1_000_000.0;

/// The file's text, once it was chosen, or why there is none.
type Chosen = Option<Result<String, Text>>;

#[component]
pub(super) fn FromFile() -> impl IntoView {
    let wallet = wallet();
    let chosen = RwSignal::new(Chosen::None);
    let passphrase = RwSignal::new(String::new());
    let is_tried = RwSignal::new(false);
    let attempt = Attempt::new();
    let on_file = move |event: leptos::ev::Event| {
        let Some(file) = browser::chosen_file(&event_target(&event)) else { return chosen.set(None) };
        if file.size() > MAX_FILE_BYTES {
            return chosen.set(Some(Err(text::import_file_large)));
        }
        leptos::task::spawn_local(async move {
            let read = browser::read_file(file).await;
            chosen.try_set(Some(read.ok_or(text::import_file_unreadable)));
        });
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        is_tried.set(true);
        let typed = passphrase.get_untracked();
        if let (Some(Ok(keystore)), false) = (chosen.get_untracked(), typed.is_empty()) {
            attempt.run(wallet.make(Command::ImportKeystore { keystore, passphrase: typed }), go_home);
        }
    };
    on_cleanup(move || drop(passphrase.try_set(String::new())));
    let file_error = move || match chosen.get() {
        Some(Err(error)) => Some(error()),
        None if is_tried.get() => Some(text::import_file_missing()),
        _ => None,
    };
    let note = move || {
        let is_missing = is_tried.get() && passphrase.with(String::is_empty);
        if is_missing { Note::Error(text::passphrase_empty().to_owned()) } else { Note::hint("") }
    };
    view! {
        <form class="sheet stack" on:submit=on_submit>
            <div class="field">
                <label for="import-file">{text::import_file}</label>
                <input
                    id="import-file"
                    data-testid="import-file"
                    type="file"
                    accept="application/json,.json"
                    aria-describedby="import-file-note"
                    on:change=on_file
                />
                <p
                    id="import-file-note"
                    class="field-note"
                    class:field-error=move || file_error().is_some()
                    aria-live="polite"
                >
                    {move || file_error().unwrap_or_else(text::import_file_hint)}
                </p>
            </div>
            <TextField
                id="passphrase"
                label=text::import_file_passphrase
                value=passphrase
                kind=Kind::Passphrase
                note=Signal::derive(note)
            />
            <Finish attempt />
        </form>
    }
}
