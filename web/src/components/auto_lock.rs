//! Locking by itself.

use leptos::ev;
use leptos::prelude::*;

use crate::idle::{self, Due};
use crate::locale::text;
use crate::store::store;
use crate::wallet::wallet;

/// Locks an open wallet that nobody uses, and says so before. Whatever is done on the page keeps it open.
#[component]
pub(crate) fn AutoLock() -> impl IntoView {
    let (store, wallet) = (store(), wallet());
    let last_used = RwSignal::new(store.now.get_untracked());
    let use_now = move || last_used.set(store.now.get_untracked());
    let listeners = [
        window_event_listener(ev::pointerdown, move |_| use_now()),
        window_event_listener(ev::pointermove, move |_| use_now()),
        window_event_listener(ev::keydown, move |_| use_now()),
        window_event_listener(ev::wheel, move |_| use_now()),
    ];
    on_cleanup(move || listeners.into_iter().for_each(|listener| listener.remove()));
    let is_open = Memo::new(move |_| store.is_unlocked());
    let due = Memo::new(move |_| {
        let idle_seconds = store.now.get().saturating_sub(last_used.get());
        if is_open.get() { idle::due(idle_seconds, store.auto_lock_minutes.get()) } else { Due::Nothing }
    });
    Effect::new(move |_| {
        if due.get() == Due::Lock {
            leptos::task::spawn_local(async move {
                // It fails only when the worker has stopped, and then the page says so.
                drop(wallet.lock().await);
            });
        }
    });
    view! {
        <Show when=move || due.get() == Due::Warning>
            <div class="notice banner notice-warn" role="alert" data-testid="auto-lock-banner">
                <p>{text::banner_auto_lock}</p>
            </div>
        </Show>
    }
}
