//! A whole address.

use leptos::prelude::*;

use crate::format::address_groups;

/// Shows a whole address in groups of four. Its text is the address without gaps, so that it can be copied.
#[component]
pub(crate) fn AddressText(
    #[prop(into)] address: Signal<String>,
    /// The `data-testid`.
    testid: &'static str,
) -> impl IntoView {
    let groups = move || {
        let groups = address.with(|address| address_groups(address));
        groups.into_iter().map(|group| view! { <span>{group}</span> }).collect_view()
    };
    view! {
        <p class="address" data-testid=testid translate="no">
            {groups}
        </p>
    }
}
