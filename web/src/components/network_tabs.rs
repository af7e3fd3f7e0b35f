//! The way between the two pages about the network.

use leptos::prelude::*;

use crate::locale::{Text, text};
use crate::route::Route;
use crate::store::store;

/// Leads to the other nodes and to the branches; and back, for who has no navigation yet.
#[component]
pub(crate) fn NetworkTabs(
    /// Where one is.
    here: Route,
) -> impl IntoView {
    let store = store();
    let tabs: [(Route, Text, &'static str); 2] = [
        (Route::Network, text::network_nodes, "tab-nodes"),
        (Route::Forks, text::forks_title, "tab-branches"),
    ];
    let tab = move |(route, label, testid): (Route, Text, &'static str)| {
        view! {
            <a href=route.fragment() data-testid=testid aria-current=(route == here).then_some("page")>
                {label}
            </a>
        }
    };
    view! {
        <div class="section-head tabs-head">
            <nav class="tabs" aria-label=text::network_title>
                {tabs.map(tab).collect_view()}
            </nav>
            <Show when=move || !store.is_unlocked()>
                <a class="small" href=Route::Home.fragment() data-testid="network-back">
                    {text::network_back}
                </a>
            </Show>
        </div>
    }
}
