//! The end of every form.

use leptos::prelude::*;

use super::attempt::{Attempt, ErrorNotice};
use super::progress::Progress;
use crate::locale::Text;

/// What went wrong, then the button that sends the form and whatever else is to be pressed; while the form is being
/// carried out, its progress in their place.
#[component]
pub(crate) fn FormEnd(
    attempt: Attempt,
    /// What the button says.
    label: Text,
    /// The button's `data-testid`.
    testid: &'static str,
    /// What the button says meanwhile, for what is done in a moment and has no progress to show.
    #[prop(optional)]
    busy_label: Option<Text>,
    /// The form cannot be sent yet.
    #[prop(optional, into)]
    is_blocked: Signal<bool>,
    /// Other buttons and links.
    #[prop(optional)]
    children: Option<ChildrenFn>,
) -> impl IntoView {
    let is_busy = attempt.is_busy;
    let shown = move || if is_busy.get() { busy_label.unwrap_or(label)() } else { label() };
    let children = StoredValue::new(children);
    view! {
        <ErrorNotice failure=attempt.failure />
        <Show when=move || busy_label.is_some() || !is_busy.get() fallback=|| view! { <Progress /> }>
            <div class="row actions">
                <button
                    type="submit"
                    class="primary"
                    data-testid=testid
                    disabled=move || is_busy.get() || is_blocked.get()
                >
                    {shown}
                </button>
                {children.with_value(|children| children.as_ref().map(|children| children()))}
            </div>
        </Show>
    }
}
