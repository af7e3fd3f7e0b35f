//! The bar for what takes a moment.

use leptos::prelude::*;

use crate::locale::text;
use crate::store::store;
use crate::wording;

/// Shows how far the worker has come.
#[component]
pub(crate) fn Progress() -> impl IntoView {
    let progress = store().progress;
    let label = move || progress.get().map_or_else(text::progress_waiting, |(task, _)| wording::task(task));
    let percent = move || progress.get().map_or(0, |(_, percent)| percent).to_string();
    view! {
        <div class="stack-tight" data-testid="progress" role="status">
            <label for="progress-bar">{label}</label>
            <progress id="progress-bar" max="100" value=percent></progress>
        </div>
    }
}
