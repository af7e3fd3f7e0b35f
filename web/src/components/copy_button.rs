//! A button that copies.

use core::time::Duration;

use leptos::prelude::*;

use crate::browser;
use crate::locale::{Text, text};

/// How long the button says what came of it.
const SAID_FOR: Duration = Duration::from_secs(2);

/// Copies a text, and says whether that worked.
#[component]
pub(crate) fn CopyButton(
    #[prop(into)] value: Signal<String>,
    label: Text,
    /// The `data-testid`.
    testid: &'static str,
) -> impl IntoView {
    let outcome = RwSignal::new(None::<bool>);
    let on_click = move |_| {
        let value = value.get_untracked();
        leptos::task::spawn_local(async move {
            let is_copied = browser::copy(&value).await;
            outcome.try_set(Some(is_copied));
            let forget = move || {
                outcome.try_set(None);
            };
            set_timeout(forget, SAID_FOR);
        });
    };
    let shown = move || match outcome.get() {
        None => label(),
        Some(true) => text::receive_copied(),
        Some(false) => text::receive_copy_failed(),
    };
    view! {
        <button type="button" class="copy" data-testid=testid on:click=on_click>
            <span aria-live="polite">{shown}</span>
        </button>
    }
}
