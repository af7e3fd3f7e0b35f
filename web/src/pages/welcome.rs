//! The first visit.

use leptos::prelude::*;

use super::save_backup;
use crate::components::Mark;
use crate::locale::text;
use crate::route::Route;
use crate::store::store;
use crate::wording;

/// Until the worker has spoken, for a fraction of a second. If it never will, the banner says so.
#[component]
pub(crate) fn Opening() -> impl IntoView {
    let is_stopped = store().is_stopped;
    view! {
        <div class="boot" role="status">
            <p class="boot-wait">{move || (!is_stopped.get()).then(text::app_opening)}</p>
        </div>
    }
}

/// Create or import.
#[component]
pub(crate) fn Welcome() -> impl IntoView {
    let store = store();
    let unreadable = move || {
        store.unreadable.get().filter(|_| store.keystore.with(Option::is_some)).map(|failure| {
            view! {
                <div class="notice notice-danger" role="alert" data-testid="unreadable">
                    <p>{text::welcome_unreadable}</p>
                    <p>{wording::failure(&failure)}</p>
                    <div>
                        <button type="button" on:click=move |_| { save_backup(store); }>
                            {text::welcome_unreadable_save}
                        </button>
                    </div>
                </div>
            }
        })
    };
    view! {
        <div class="stack narrow">
            <Mark size=72 />
            <h1 tabindex="-1">{text::welcome_title}</h1>
            <p class="lead">{text::welcome_lead}</p>
            {unreadable}
            <div class="choices">
                <a class="choice" href=Route::Create.fragment() data-testid="welcome-create">
                    <strong>{text::welcome_create}</strong>
                    <span class="soft">{text::welcome_create_note}</span>
                </a>
                <a class="choice" href=Route::Import.fragment() data-testid="welcome-import">
                    <strong>{text::welcome_import}</strong>
                    <span class="soft">{text::welcome_import_note}</span>
                </a>
            </div>
        </div>
    }
}
