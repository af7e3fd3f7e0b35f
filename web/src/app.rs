//! The whole page: it starts the worker and the clock, follows the fragment, and shows the page for it.

use core::time::Duration;

use leptos::prelude::*;

use crate::browser;
use crate::components::Frame;
use crate::locale::text;
use crate::pages;
use crate::route::Page;
use crate::store::Store;
use crate::wallet::Wallet;

/// Everything.
#[component]
pub(crate) fn App() -> impl IntoView {
    let store = Store::new();
    provide_context(store);
    let wallet = Wallet::start(store);
    provide_context(wallet);
    set_interval(move || store.tick(), Duration::from_secs(1));
    let on_hash = window_event_listener(leptos::ev::hashchange, move |_| store.follow_fragment());
    let on_storage = window_event_listener(leptos::ev::storage, move |event| {
        leptos::task::spawn_local(async move { wallet.follow_other_tab(event.key().as_deref()).await });
    });
    on_cleanup(move || {
        on_hash.remove();
        on_storage.remove();
    });

    let page = Memo::new(move |_| {
        let is_drill_due = store.is_drill_due.get();
        store.wallet.with(|wallet| store.route.get().page(wallet.as_ref(), is_drill_due))
    });
    Effect::new(move |_| {
        page.track();
        browser::enter_page();
    });
    Effect::new(move |_| browser::name_document(&text::app_title(title(page.get())), text::language_tag()));
    let shown = move || match page.get() {
        Page::Opening => view! { <pages::Opening /> }.into_any(),
        Page::Welcome => view! { <pages::Welcome /> }.into_any(),
        Page::Node => view! { <pages::NodeSettings /> }.into_any(),
        Page::Create => view! { <pages::Create /> }.into_any(),
        Page::Import => view! { <pages::Import /> }.into_any(),
        Page::Unlock => view! { <pages::Unlock /> }.into_any(),
        Page::Drill => view! { <pages::Drill /> }.into_any(),
        Page::Home => view! { <pages::Home /> }.into_any(),
        Page::Receive => view! { <pages::Receive /> }.into_any(),
        Page::Send => view! { <pages::Send /> }.into_any(),
        Page::History => view! { <pages::History /> }.into_any(),
        Page::Network => view! { <pages::Network /> }.into_any(),
        Page::Forks => view! { <pages::Forks /> }.into_any(),
        Page::Settings => view! { <pages::Settings /> }.into_any(),
    };
    view! { <Frame page>{shown}</Frame> }
}

fn title(page: Page) -> &'static str {
    match page {
        Page::Opening => text::app_opening(),
        Page::Welcome => text::welcome_title(),
        Page::Node => text::node_title(),
        Page::Create => text::create_title(),
        Page::Import => text::import_title(),
        Page::Unlock => text::unlock_title(),
        Page::Drill => text::drill_title(),
        Page::Home => text::home_title(),
        Page::Receive => text::receive_title(),
        Page::Send => text::send_title(),
        Page::History => text::history_title(),
        Page::Network => text::network_title(),
        Page::Forks => text::forks_title(),
        Page::Settings => text::settings_title(),
    }
}
